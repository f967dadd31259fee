"""Histories of reports, refunds and days that pass, drawn by chance: the records agree after every step.

`PARCELA_TEST_HISTORIES` is how many plans are lived through; two without it.
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.collection_acts import collected, make_report, missed, report
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import MASTERCARD, advance, buy, get_payment
from tests.support.refund_acts import check_books, find_now, look

from parcela.domain.errors import Conflict, InvalidInput
from parcela.domain.servicing.refusals import AmountRefused

HISTORIES = int(os.environ.get("PARCELA_TEST_HISTORIES", "2"))
STEPS = 14


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


class History:
    """One plan, and what happens to it."""

    def __init__(self, world: PaymentsWorld, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.bought = buy(world, MASTERCARD, self.random.choice((3, 6, 12)))
        self.references = 0
        self.accepted = 0

    def see(self) -> dict[str, Any]:
        """The payment as it is."""
        return get_payment(self.world, self.bought["id"])

    def report(self) -> None:
        """Some rows, collected as they stand or missed, a few days ago."""
        held, now = self.see(), find_now(self.world)
        on = (now - timedelta(days=self.random.randrange(3))).date().isoformat()
        rows = held["installments"]["schedule"]
        chosen = self.random.sample(rows, self.random.choice((1, 1, 2)))
        self.references += 1
        told = [
            missed(row["number"], on)
            if self.random.random() < 0.35
            else collected(row["number"], on, row["amount"])
            for row in chosen
        ]
        try:
            report(self.world, self.bought, make_report(f"r{self.references}", now, *told))
        except (Conflict, InvalidInput, AmountRefused):
            assert self.see() == held
        else:
            self.accepted += 1
            after = {row["number"]: row["status"] for row in self.see()["installments"]["schedule"]}
            wanted = {row.number: "overdue" if row.amount_minor is None else "paid" for row in told}
            assert {number: after[number] for number in wanted} == wanted

    def refund(self) -> None:
        """What a preview shows is what the refund does, or a report came between and nothing happens."""
        whole = self.random.random() < 0.2
        amount = {} if whole else {"amount": self.random.randrange(1, 20000)}
        asked = {"payment": self.bought["id"], **amount}
        shown = self.world.post("/v1/refunds/preview", asked)
        if shown.status != 200:
            assert (shown.status, self.world.post("/v1/refunds", asked).status) == (422, 422), shown.body
            return
        before = self.accepted
        if self.random.random() < 0.4:
            rows_before = self.see()["installments"]
            self.report()
            is_same = self.see()["installments"] == rows_before and self.accepted == before
        else:
            is_same = True
        made = self.world.post("/v1/refunds", {**asked, "preview": shown.body["id"]})
        if made.status == 201:
            for member in ("plan", "cashBack", "interestBack", "feesBack"):
                assert made.body["effect"][member] == shown.body[member]
        else:
            assert (made.status, made.code, is_same) == (422, "preview_stale", False), made.body
        if made.status == 201 and self.random.random() < 0.3:
            assert self.world.post(f"/v1/refunds/{made.body['id']}/cancel").status == 200
            assert look(self.world, made.body)["status"] == "cancelled"

    def step(self) -> None:
        """Something happens."""
        draw = self.random.random()
        if draw < 0.45:
            self.report()
        elif draw < 0.65:
            self.refund()
        else:
            advance(self.world, days=self.random.choice((1, 8, 20, 31)))


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_records_agree_whatever_is_reported_and_refunded(payments: PaymentsWorld, seed: int) -> None:
    history = History(payments, seed)
    for _ in range(STEPS):
        history.step()
        check_books(payments)
