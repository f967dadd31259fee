"""One engine for every door: a program's rows are the same in `POST /offers` and in a payment's plan."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.conftest import DemoTemplate
from tests.support.network_world import NetworkWorld, open_network_world
from tests.support.payments_world import open_payments_world
from tests.support.plan_buyers import COBRAND, LONG, MASTERCARD, add_card, buy, intend, list_plans
from tests.support.refund_acts import find_now
from tests.support.samples import load_sample

Rows = list[tuple[int, str, int]]
SHOP = {"name": "Parcela Demo Store", "country": "DEU", "mcc": "5732"}
AMOUNTS = [60000, 50001, 5000, 499999, 100003]


def list_network_rows(world: NetworkWorld, card: str, amount: int, at: datetime) -> dict[str, Rows]:
    """Rows by program, in minor units, as a partner of the network is offered them."""
    body = load_sample("offers-request")
    body["transaction"] = {
        "amount": amount / 100,
        "currency": "EUR",
        "localDateTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    body["merchant"] = SHOP
    body["sensitiveData"]["consumer"]["primaryAccountNumber"] = card
    answer = world.call(world.partner, "POST /offers", body)
    assert answer.status == 200, answer.body
    return {
        offer["offerId"]: [
            (row["installmentNumber"], row["dueDate"], int(Decimal(str(row["installmentAmount"])) * 100))
            for row in offer["schedulePayments"]
        ]
        for offer in answer.body["offers"]
    }


@pytest.mark.parametrize(
    ("card", "programs"),
    [
        (MASTERCARD, ["mastercard-3-eur", "mastercard-6-eur", "mastercard-12-eur"]),
        (LONG, ["mastercard-6-eur", "mastercard-12-eur"]),
        (COBRAND, ["acme-retail-10-eur"]),
    ],
    ids=["mastercard", "long", "cobrand"],
)
def test_plans_have_the_rows_of_the_networks_offers(
    database_url: str, demo_template: DemoTemplate, card: str, programs: list[str]
) -> None:
    home: Path = demo_template.home
    with (
        open_payments_world(database_url, home) as payments,
        open_network_world(database_url, home) as network,
    ):
        now = find_now(payments).astimezone(UTC)
        for amount in AMOUNTS:
            offered = list_network_rows(network, card, amount, now)
            payment = intend(payments, amount=amount)
            listed = list_plans(payments, payment, add_card(payments, card)).body["data"]
            shown = [
                [(row["number"], row["dueDate"], row["amount"]) for row in plan["schedule"]]
                for plan in listed
            ]
            assert sorted(offered) == sorted(programs)
            assert shown == [offered[program] for program in programs]
        count = len(shown[0])
        bought = buy(payments, card, count, amount=AMOUNTS[-1])
        rows = [(row["number"], row["dueDate"], row["amount"]) for row in bought["installments"]["schedule"]]
        assert rows == shown[0]


def test_both_follow_the_program_when_it_changes(database_url: str, demo_template: DemoTemplate) -> None:
    home: Path = demo_template.home
    with (
        open_payments_world(database_url, home) as payments,
        open_network_world(database_url, home) as network,
    ):
        three = payments.get_entry("program", "mastercard-3-eur")
        priced = payments.get_entry("program", "mastercard-12-eur").terms.rate
        terms = replace(three.terms, count=5, rate=replace(priced, value=Decimal("18.25")))
        payments.change_catalogue(replace(three, terms=terms))
        now = find_now(payments).astimezone(UTC)
        offered = list_network_rows(network, MASTERCARD, 77777, now)["mastercard-3-eur"]
        bought = buy(payments, MASTERCARD, 5, amount=77777)
        assert [
            (row["number"], row["dueDate"], row["amount"]) for row in bought["installments"]["schedule"]
        ] == offered
        # 777.77 in 5 at 18.25 % a year: 777.77 × r ÷ (1 − (1 + r)⁻⁵) with r = 0.1825 ÷ 12 is 162.7226
        assert [amount for _, _, amount in offered] == [16272] * 5
