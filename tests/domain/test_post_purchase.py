"""Which card transactions can become installments, by their own state, and what is told of them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from parcela.domain.eligibility import Rule
from parcela.domain.ids import Identifier
from parcela.domain.plans import Merchant
from parcela.domain.post_purchase import (
    Obstacle,
    describe_purchase,
    find_obstacles,
    find_offered_amount,
    name_obstacle,
    name_rule,
)
from parcela.domain.servicing.records import AccountTransaction, TransactionFacts, TransactionState

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
APPROVED = AccountTransaction(
    transaction_id="t1",
    account_id="a1",
    state=TransactionState.AUTHORIZED,
    currency="USD",
    authorized_minor=40000,
    cleared_minor=0,
    refunded_minor=0,
    merchant=Merchant(name="Globex Decor", country="USA"),
    facts=TransactionFacts(local_at=NOON),
    entry_mode=None,
    plan_id=None,
    is_disputed=False,
    created_at=NOON,
)
CLEARED = replace(APPROVED, state=TransactionState.CLEARED, authorized_minor=0, cleared_minor=40000)
REVERSED = TransactionState.REVERSED
DECLINED = TransactionState.DECLINED


@pytest.mark.parametrize(
    ("transaction", "has_plan", "obstacles", "amount_minor"),
    [
        (APPROVED, False, [], 40000),
        (CLEARED, False, [], 40000),
        # Cleared for less, and for more, than was asked for: a plan finances what was cleared.
        (replace(CLEARED, cleared_minor=36000), False, [], 36000),
        (replace(CLEARED, cleared_minor=44000), False, [], 44000),
        # Cleared in part, the rest is still to come.
        (replace(APPROVED, authorized_minor=30000, cleared_minor=10000), False, [], 40000),
        (replace(APPROVED, authorized_minor=30000), False, [Obstacle.REVERSED], 40000),
        (replace(APPROVED, state=REVERSED, authorized_minor=0), False, [Obstacle.REVERSED], 40000),
        # A declined one was never a purchase: nothing else is said of it.
        (
            replace(APPROVED, state=DECLINED, authorized_minor=0, plan_id="p1"),
            True,
            [Obstacle.DECLINED],
            40000,
        ),
        (replace(CLEARED, refunded_minor=1), False, [Obstacle.REFUNDED], 40000),
        (replace(CLEARED, is_disputed=True), False, [Obstacle.DISPUTED], 40000),
        (replace(CLEARED, plan_id="p1"), False, [Obstacle.FINANCED], 40000),
        (CLEARED, True, [Obstacle.FINANCED], 40000),
        # All that stands in the way is told.
        (
            replace(CLEARED, refunded_minor=1, plan_id="p1"),
            False,
            [Obstacle.REFUNDED, Obstacle.FINANCED],
            40000,
        ),
    ],
)
def test_what_stands_in_the_way_and_what_would_be_financed(
    transaction: AccountTransaction, has_plan: bool, obstacles: list[Obstacle], amount_minor: int
) -> None:
    assert find_obstacles(transaction, asked_minor=40000, has_plan=has_plan) == obstacles
    assert find_offered_amount(transaction, asked_minor=40000) == amount_minor


def describe(merchant: Merchant, **facts: Any) -> Any:
    given = {"local_at": NOON, **facts}
    return describe_purchase(merchant, TransactionFacts(**given), amount_minor=1000, currency="KWD")


def test_a_purchase_is_described_in_major_units_of_its_currency() -> None:
    merchant = Merchant(
        name="Globex Decor", country="KWT", mcc=Identifier("1711"), merchant_id=Identifier("7")
    )
    found = describe(merchant, stan="1", rrn="123456789012", authorization_code="000001")
    assert found.purchase.amount == Decimal("1.000")
    assert (found.purchase.country, found.purchase.mcc, found.purchase.merchant_id) == ("KWT", "1711", "7")
    assert found.merchant == merchant
    assert found.facts == TransactionFacts(
        local_at=NOON, stan="1", rrn="123456789012", authorization_code="000001"
    )


@pytest.mark.parametrize("country", [None, "", "KW", "XXX", "kwt"])
def test_without_a_country_there_is_nothing_to_ask(country: str | None) -> None:
    assert describe(Merchant(name="Globex Decor", country=country)) is None


def test_card_numbers_in_free_texts_are_masked_and_what_is_too_long_is_left_out() -> None:
    found = describe(
        Merchant(
            name="Shop 2303770000057107",
            url="https://globex.example/" + "x" * 40,
            country="KWT",
            mcc=Identifier("17"),
            acquirer_id=Identifier("1234567"),
            merchant_id=Identifier("1" * 16),
        ),
        stan="1234567",
        rrn="12345678901",
        authorization_code="12345",
        transaction_link_id="",
    )
    assert found.merchant == Merchant(name="Shop 230377******7107", country="KWT")
    assert found.facts == TransactionFacts(local_at=NOON)


def test_every_obstacle_and_every_rule_has_words_of_its_own() -> None:
    reasons = [name_obstacle(obstacle) for obstacle in Obstacle] + [name_rule(rule) for rule in Rule]
    assert (
        len({reason.code for reason in reasons})
        == len({reason.message for reason in reasons})
        == len(reasons)
    )
