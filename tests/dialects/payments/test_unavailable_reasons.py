"""Every reason of §6.2 as it comes through the door: no empty list is unexplained."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.payments_world import PaymentsWorld
from tests.support.plan_buyers import MASTERCARD, add_card, confirm, get_payment, intend, list_plans

from parcela.domain.calendar import BIWEEKLY
from parcela.domain.programs import CodeRule

AMEX = "378282246310005"
OFFERED = ("mastercard-3-eur", "mastercard-6-eur", "mastercard-12-eur")
Change = Callable[[PaymentsWorld], None]


def leave(_: PaymentsWorld) -> None:
    """The demo world as it is."""


def change_account(**members: Any) -> Change:
    """The account otherwise."""

    def change(world: PaymentsWorld) -> None:
        account = world.get_entry("payments_account", world.credentials["account_id"])
        world.change_catalogue(replace(account, **members))

    return change


def change_program(**members: Any) -> Change:
    """The issuer's program otherwise, for a shop in France."""

    def change(world: PaymentsWorld) -> None:
        program = world.get_entry("payments_program", "mastercard_installments")
        account = world.get_entry("payments_account", world.credentials["account_id"])
        world.change_catalogue(replace(program, **members), replace(account, country="FRA"))

    return change


def change_cores(make: Callable[[Any], Any]) -> Change:
    """The core programs of the card otherwise."""

    def change(world: PaymentsWorld) -> None:
        world.change_catalogue(*(make(world.get_entry("program", name)) for name in OFFERED))

    return change


def block(core: Any) -> Any:
    return replace(core, rules=replace(core.rules, mccs=CodeRule(deny=frozenset({"5732"}))))


def end_soon(core: Any) -> Any:
    return replace(core, end=datetime.now(UTC) + timedelta(hours=23))


def pay_biweekly(core: Any) -> Any:
    return replace(core, terms=replace(core.terms, interval=BIWEEKLY))


MASTER = "mastercard_installments"
REASONS: list[tuple[str, Change, dict[str, Any], str, str, str | None]] = [
    # code, what is set up otherwise, the payment, the card, the sentence, the program
    (
        "market_not_supported",
        change_account(country="CHE"),
        {},
        MASTERCARD,
        "Installment plans are not offered in the merchant's country.",
        None,
    ),
    (
        "currency_not_supported",
        leave,
        {"currency": "GBP"},
        MASTERCARD,
        "Installment plans are not offered in this currency.",
        None,
    ),
    (
        "brand_not_participating",
        leave,
        {},
        AMEX,
        "Cards of this brand have no installment plans here.",
        None,
    ),
    (
        "amount_below_minimum",
        leave,
        {"amount": 4999},
        MASTERCARD,
        "The amount is too small: installment plans begin at €50.00.",
        MASTER,
    ),
    (
        "amount_above_maximum",
        leave,
        {"amount": 500001},
        MASTERCARD,
        "The amount is too large: installment plans end at €5,000.00.",
        MASTER,
    ),
    (
        "merchant_not_enabled",
        change_account(has_installments=False),
        {},
        MASTERCARD,
        "This merchant does not offer installment plans.",
        None,
    ),
    (
        "category_blocked",
        change_cores(block),
        {},
        MASTERCARD,
        "Installment plans are not offered for this kind of purchase.",
        MASTER,
    ),
    (
        "cross_border_not_allowed",
        change_program(allows_cross_border=False),
        {},
        MASTERCARD,
        "The card's country is not the merchant's, and the plan does not allow that.",
        MASTER,
    ),
    (
        "plans_ending",
        change_cores(end_soon),
        {},
        MASTERCARD,
        "The plans for this purchase have ended or end within a day.",
        MASTER,
    ),
    (
        "interval_not_supported",
        change_cores(pay_biweekly),
        {},
        MASTERCARD,
        "The only plans for this purchase are not monthly.",
        MASTER,
    ),
]


@pytest.mark.parametrize("row", REASONS, ids=[row[0] for row in REASONS])
def test_a_card_without_plans_is_told_why_and_pays_in_one(
    payments: PaymentsWorld, row: tuple[str, Change, dict[str, Any], str, str, str | None]
) -> None:
    code, change, members, number, sentence, program = row
    change(payments)
    payment = intend(payments, installments={"enabled": True, "count": 3, "program": "issuer"}, **members)
    card = add_card(payments, number)
    shown = list_plans(payments, payment, card)
    assert (shown.status, shown.body["data"]) == (200, [])
    first = shown.body["unavailableReasons"][0]
    assert first == {"code": code, "message": sentence, **({"program": program} if program else {})}
    refused = confirm(payments, payment, card, installments={"enabled": True, "count": 3, "required": True})
    assert (refused.status, refused.code) == (402, "no_plan_available")
    assert get_payment(payments, payment["id"])["status"] == "pending"
    done = confirm(payments, payment, card)
    assert (done.status, done.body["status"], done.body["paymentMethodType"]) == (200, "completed", "card")
    split = done.body["installments"]
    assert (split["resolvedCount"], split["issuerProgram"], split["plan"]) == (None, None, None)
    assert split["unavailableReasons"] == shown.body["unavailableReasons"]


def test_bounds_of_amounts_are_inside(payments: PaymentsWorld) -> None:
    for amount in (5000, 500000):
        payment = intend(payments, amount=amount, installments={"enabled": True, "program": "issuer"})
        shown = list_plans(payments, payment, add_card(payments, MASTERCARD)).body
        assert [plan["count"] for plan in shown["data"]] == [3, 6, 12]
        assert Decimal(shown["data"][0]["totalAmount"]) == amount
