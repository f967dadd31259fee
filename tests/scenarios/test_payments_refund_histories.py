"""Random plans with refunds, failures and collections between them, through the API and PostgreSQL.

Each preview is its refund to the letter; events drive `tests/support/refund_model.py`, and payment, plan and
refunds are what it says after every step. `REFUND_HISTORIES=200` makes it long.
"""

import os
import random
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.fresh_cards import add_fresh_card
from tests.support.identities import list_identity_faults
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import BILLING, MASTERCARD, OUTSIDE
from tests.support.refund_acts import check_books, find_today, look, make_billing
from tests.support.refund_model import ModelEffect, ModelRow, RefundModel

from parcela.domain.refund_strategy import RefundStrategy

HISTORIES = int(os.environ.get("REFUND_HISTORIES", "6"))
SEED = int(os.environ.get("REFUND_SEED", "20261121"))
FAILURES = ["destination_account_closed", "technical_issue", "refund_window_expired"]
PROGRAMS = [
    # card, count, rate of a period, is it the lender's
    (MASTERCARD, 3, Fraction(0), False),
    (MASTERCARD, 6, Fraction(0), False),
    (MASTERCARD, 12, Fraction(9, 1200), False),
    (OUTSIDE, 4, Fraction(0), True),
    (OUTSIDE, 12, Fraction(99, 12000), True),
]
Row = tuple[int, int, int]


@pytest.fixture(scope="module")
def payments(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """One world for all histories: they share the account's balance and clock."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened
    demo_template.server.drop_database(name)


class RefundHistory:
    """A payment with a plan, beside its model."""

    def __init__(self, world: PaymentsWorld, chance: random.Random, strategy: RefundStrategy) -> None:
        self.world, self.chance = world, chance
        card, count, rate, is_lent = chance.choice(PROGRAMS)
        amount = chance.choice([chance.randint(5_000, 9_000), chance.randint(5_000, 200_000)])
        self.position = self._find_position()
        wish: dict[str, Any] = {"enabled": True, "count": count}
        if is_lent:
            wish["program"] = "vinr_bnpl"
        elif chance.random() < 0.5 and not rate:
            wish["firstPaymentDate"] = find_today(world)
        body = {
            "amount": amount,
            "paymentMethod": add_fresh_card(world, card),
            "installments": wish,
            "billingDetails": make_billing(BILLING["email"]),
        }
        answer = world.post("/v1/payments", body)
        assert (answer.status, answer.body.get("status")) == (201, "completed"), answer.raw
        self.payment: Mapping[str, Any] = answer.body
        plan = answer.body["installments"]
        assert plan["resolvedCount"] == count
        self.plan_id = plan["plan"]
        self.model = RefundModel(
            captured=amount,
            rows=[
                ModelRow(number=row["number"], principal=row["principal"], interest=row["interest"])
                for row in plan["schedule"]
            ],
            rate=rate,
            strategy=strategy,
            fee=answer.body["feeBreakdown"]["installmentFee"],
            returns_interest=is_lent,
        )
        self.refunds = 0
        self._follow_events()
        self.check()

    def refund(self) -> None:
        """Previewed, and then accepted as it was previewed, or refused as the preview was."""
        model, chance = self.model, self.chance
        amount = chance.choice([None, model.maximum, chance.randint(1, max(1, model.maximum)), 1])
        amount = chance.randint(1, model.captured) if amount == 0 or chance.random() < 0.1 else amount
        wanted = {"payment": self.payment["id"]} | ({} if amount is None else {"amount": amount})
        preview = self.world.post("/v1/refunds/preview", wanted)
        if model.is_refused(amount) or look(self.world, self.payment)["status"] == "refunded":
            refused = self.world.post("/v1/refunds", wanted)
            assert (preview.status, refused.status, preview.code) == (422, 422, refused.code)
            if refused.code == "amount_too_large":
                details = {"maximum": model.maximum, "full_amount": model.full_amount}
                assert preview.error["details"] == refused.error["details"] == details
            return
        assert preview.status == 200, preview.raw
        shown = preview.body
        assert (shown["maximumPartialAmount"], shown["fullAmount"]) == (model.maximum, model.full_amount)
        expected = model.decide(amount)
        failing = {"parcela_simulate_failure": chance.choice(FAILURES)} if chance.random() < 0.3 else {}
        body = {**wanted, "preview": shown["id"], "metadata": failing}
        made = self.world.post("/v1/refunds", body)
        assert made.status == 201, made.raw
        effect = made.body["effect"]
        assert effect == {name: shown[name] for name in ("plan", "cashBack", "interestBack", "feesBack")}
        assert shown["merchantNet"] == -made.body["amount"] + effect["feesBack"]["totalFee"]
        if not expected.is_exact:
            pytest.fail("amounts of these sizes have a lawful split")
        model.accept(made.body["id"], expected)
        self.refunds += 1

    def withdraw(self) -> None:
        """One of the pending refunds is cancelled, if it is still young enough."""
        if not self.model.pending:
            return
        refund_id = self.chance.choice(self.model.pending)[0]
        answer = self.world.post(f"/v1/refunds/{refund_id}/cancel")
        assert answer.status in (200, 422), answer.raw

    def pass_time(self) -> None:
        by = self.chance.choice(["PT30M", "P3D", "P9D", "P1M"])
        answer = self.world.post("/v1/test/clock/advance", {"by": by})
        assert answer.status == 200, answer.raw

    def step(self) -> None:
        self.chance.choice([self.refund, self.refund, self.withdraw, self.pass_time, self.pass_time])()
        self._follow_events()
        self.check()

    def check(self) -> None:
        """Payment, plan and refunds are what the model says."""
        payment, model = look(self.world, self.payment), self.model
        refunded = sum(effect.amount for effect in model.succeeded)
        assert (payment["amountRefunded"], payment["amountRefundPending"]) == (
            refunded,
            sum(effect.amount for _, effect in model.pending),
        )
        status = "partially_refunded" if refunded else "completed"
        assert payment["status"] == ("refunded" if refunded == model.captured else status)
        plan = payment["installments"]
        assert [_read(row) for row in plan["schedule"]] == [
            (row.number, row.principal, row.interest) for row in model.rows
        ]
        assert [row["number"] for row in plan["schedule"] if row["status"] == "paid"] == [
            row.number for row in model.rows if row.is_paid
        ]
        assert plan["remainingAmount"] == sum(row.amount for row in model.rows if row.is_open)
        for refund_id, effect in model.pending:
            _check_refund(self.world.get(f"/v1/refunds/{refund_id}").body, effect)
        check_books(self.world)

    def _follow_events(self) -> None:
        """Tell the model what happened to the payment, in the order of the events."""
        rows = self.world.fetch(
            "SELECT position, type, object_id, body ->> 'status' AS status FROM payments_event"
            " WHERE position > $1 ORDER BY position",
            self.position,
        )
        own = {refund_id for refund_id, _ in self.model.pending}
        for row in rows:
            self.position = row["position"]
            if row["type"] == "installment.paid" and row["object_id"] == self.plan_id:
                self.model.collect()
            elif row["object_id"] in own and row["type"] == "refund.succeeded":
                assert self.model.pending[0][0] == row["object_id"]
                self.model.succeed()
            elif row["object_id"] in own and row["status"] in ("failed", "cancelled"):
                self.model.drop(row["object_id"])

    def _find_position(self) -> int:
        (found,) = self.world.fetch("SELECT coalesce(max(position), 0) AS last FROM payments_event")
        return int(found["last"])


def _read(row: Mapping[str, Any]) -> Row:
    assert row["amount"] == row["principal"] + row["interest"]
    return row["number"], row["principal"], row["interest"]


def _check_refund(refund: Mapping[str, Any], wanted: ModelEffect) -> None:
    effect = refund["effect"]
    assert (refund["amount"], refund["kind"]) == (wanted.amount, "full" if wanted.is_full else "partial")
    assert (effect["cashBack"], effect["interestBack"]) == (wanted.cash_back, wanted.interest_back)
    assert effect["feesBack"]["totalFee"] == wanted.fee_back
    assert [(row["number"], row["amount"]) for row in effect["plan"]["before"]] == [
        (row.number, row.amount) for row in wanted.before
    ]
    assert [(row["number"], row["amount"]) for row in effect["plan"]["after"]] == [
        (row.number, row.amount) for row in wanted.after
    ]


def set_strategies(world: PaymentsWorld, strategy: RefundStrategy) -> None:
    """The same strategy for the issuer's and the lender's program."""
    entries = [world.get_entry("payments_program", name) for name in ("mastercard_installments", "vinr_bnpl")]
    changed = [replace(entry, refund_strategy=strategy) for entry in entries]
    kept = [new for new, old in zip(changed, entries, strict=True) if new != old]
    if kept:
        world.change_catalogue(*kept)


@pytest.mark.parametrize("strategy", list(RefundStrategy))
def test_any_history_of_refunds_is_what_the_contract_says(
    payments: PaymentsWorld, strategy: RefundStrategy
) -> None:
    chance = random.Random(f"{SEED} {strategy}")
    set_strategies(payments, strategy)
    refunds = 0
    for _ in range(HISTORIES // 3):
        history = RefundHistory(payments, chance, strategy)
        for _ in range(chance.randint(6, 12)):
            history.step()
        refunds += history.refunds
    # The histories are rich: one without refunds would show nothing.
    assert refunds >= HISTORIES // 3
    assert list_identity_faults(payments) == []
