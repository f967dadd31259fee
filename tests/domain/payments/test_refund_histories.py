"""Thousands of random plans and histories: preview, refund and the contract's own arithmetic agree.

`PLAN_HISTORIES` says how many; ten thousand take a quarter of a minute.

The other side is `tests/support/refund_model.py`, which works `spec/payments.md` §9.1 out with fractions.
"""

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from tests.domain.payments.test_refund_effects import (
    STANDARD,
    make_payment,
    make_plan,
    make_refund,
    make_rows,
)
from tests.support.refund_model import ModelEffect, ModelRow, RefundModel, price

from parcela.domain.payments.payment_decisions import decide_refunded
from parcela.domain.payments.plan_rows import apply_rows
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refund_decisions import add_pending, drop_pending
from parcela.domain.payments.refund_effects import decide_effect, find_ground, hash_ground, remake_effects
from parcela.domain.payments.refunds import Refund, RefundEffect, RefundKind, RefundStatus
from parcela.domain.payments.refusals import PaymentRefused
from parcela.domain.refund_strategy import RefundStrategy

HISTORIES = int(os.environ.get("PLAN_HISTORIES") or 2_000)
RATES = [Fraction(0), Fraction(1, 100), Fraction(3, 400), Fraction(33, 4000), Fraction(1, 24)]


class History:
    """A payment in the product and in the model, step by step."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        count = chance.randint(2, 12)
        captured = chance.choice([chance.randint(60, 2_000), chance.randint(5_000, 500_000)])
        rate = chance.choice(RATES)
        parts, is_lawful = price(captured, count, rate)
        if not is_lawful:
            rate = Fraction(0)
            parts, _ = price(captured, count, rate)
        strategy, returns = chance.choice(list(RefundStrategy)), chance.random() < 0.5
        fee = chance.randint(0, 1_000)
        self.payment: Payment = make_payment(captured, fee=fee)
        self.plan: PaymentPlan = make_plan(
            make_rows(parts, collected=0),
            strategy=strategy,
            rate=(rate.numerator, rate.denominator),
            returns_interest=returns,
        )
        self.refunds: list[Refund] = []
        self.model = RefundModel(
            captured=captured,
            rows=[
                ModelRow(number=number, principal=principal, interest=interest)
                for number, (principal, interest) in enumerate(parts, 1)
            ],
            rate=rate,
            strategy=strategy,
            fee=fee,
            returns_interest=returns,
        )

    def collect(self) -> None:
        if self.model.pending or not any(row.is_open for row in self.model.rows):
            return
        self.model.collect()
        place = next(place for place, row in enumerate(self.plan.rows) if row.is_open)
        rows = list(self.plan.rows)
        rows[place] = replace(rows[place], status=RowStatus.PAID)
        self._set_rows(tuple(rows))

    def refund(self) -> None:
        chance, full = self.chance, self.model.full_amount
        if not full or self.plan.state is PlanState.CANCELLED:
            return
        amount = chance.choice([None, full, self.model.maximum, chance.randint(1, full), full + 1])
        amount = amount or chance.randint(1, full)
        if chance.random() < 0.5:
            amount = min(amount, max(1, self.model.maximum // chance.randint(1, 5)))
        ground = find_ground(self.payment, self.plan, self.refunds, schedule=STANDARD)
        assert (ground.maximum_partial_minor, ground.full_minor) == (self.model.maximum, full)
        if self.model.is_refused(amount):
            with pytest.raises(PaymentRefused) as caught:
                decide_effect(ground, amount)
            assert caught.value.details == {"maximum": self.model.maximum, "full_amount": full}
            return
        preview = decide_effect(ground, amount)
        again = find_ground(self.payment, self.plan, self.refunds, schedule=STANDARD)
        assert (decide_effect(again, amount), hash_ground(again)) == (preview, hash_ground(ground))
        wanted = self.model.decide(amount)
        check(preview, wanted, rate=self.model.rate)
        if not wanted.is_exact:
            # The contract leaves the split open; from here on the model follows the product's.
            assert preview.plan is not None
            wanted = replace(wanted, after=read_rows(preview.plan.after))
        number = len(self.refunds)
        self.refunds.append(make_refund(preview, number))
        self.model.accept(f"re_{number}", wanted)
        self.payment = add_pending(self.payment, preview.amount_minor)

    def succeed(self) -> None:
        place = self._find_pending()
        if place is None:
            return
        self.model.succeed()
        ended = replace(self.refunds[place], status=RefundStatus.SUCCEEDED)
        self.refunds[place] = ended
        self.payment = decide_refunded(self.payment, ended.effect.amount_minor)
        assert ended.effect.plan is not None
        self._set_rows(apply_rows(self.plan.rows, ended.effect.plan.after))

    def fail(self) -> None:
        pending = [one for one in self.refunds if one.status is RefundStatus.PENDING]
        if not pending:
            return
        failed = self.chance.choice(pending)
        place = self.refunds.index(failed)
        self.payment = drop_pending(self.payment, failed.effect.amount_minor)
        ground = find_ground(self.payment, self.plan, self.refunds[:place], schedule=STANDARD)
        self.refunds[place] = replace(failed, status=RefundStatus.FAILED)
        later = [one for one in self.refunds[place + 1 :] if one.status is RefundStatus.PENDING]
        for remade in remake_effects(ground, later):
            self.refunds[[one.refund_id for one in self.refunds].index(remade.refund_id)] = remade
        self.model.drop(failed.refund_id)
        for refund_id, wanted in list(self.model.pending):
            (held,) = [one for one in self.refunds if one.refund_id == refund_id]
            check(held.effect, wanted, rate=self.model.rate)
            if not wanted.is_exact:
                self._follow(refund_id, held.effect)

    def check_sums(self) -> None:
        """Identities 5 and 6 of §8.3, and the rows themselves."""
        payment, model = self.payment, self.model
        assert payment.refund_pending_minor == sum(effect.amount for _, effect in model.pending)
        assert payment.refunded_minor == sum(effect.amount for effect in model.succeeded)
        assert 0 <= payment.refunded_minor + payment.refund_pending_minor <= payment.captured_minor
        assert read_rows(self.plan.rows) == tuple(model.rows)
        fee = sum(effect.fee_back for effect in model.standing)
        assert 0 <= fee <= model.fee
        if model.full_amount == 0:
            assert fee == model.fee

    def _find_pending(self) -> int | None:
        return next(
            (place for place, one in enumerate(self.refunds) if one.status is RefundStatus.PENDING), None
        )

    def _set_rows(self, rows: tuple[PlanRow, ...]) -> None:
        state = self.plan.state
        if not any(row.is_open for row in rows):
            state = PlanState.CANCELLED if self.model.full_amount == 0 else PlanState.COMPLETED
        self.plan = replace(self.plan, rows=rows, state=state)

    def _follow(self, refund_id: str, effect: RefundEffect) -> None:
        assert effect.plan is not None
        place = [held for held, _ in self.model.pending].index(refund_id)
        wanted = replace(self.model.pending[place][1], after=read_rows(effect.plan.after))
        self.model.pending[place] = (refund_id, wanted)


def read_rows(rows: Sequence[PlanRow]) -> tuple[ModelRow, ...]:
    return tuple(
        ModelRow(
            number=row.number,
            principal=row.principal_minor,
            interest=row.interest_minor,
            is_paid=row.status is RowStatus.PAID,
        )
        for row in rows
    )


def check(effect: RefundEffect, wanted: ModelEffect, *, rate: Fraction) -> None:
    """Everything that the contract says of an effect."""
    assert effect.plan is not None
    assert (effect.amount_minor, effect.kind is RefundKind.FULL) == (wanted.amount, wanted.is_full)
    assert (effect.cash_back_minor, effect.interest_back_minor) == (wanted.cash_back, wanted.interest_back)
    assert (effect.fees_back.processing_minor, effect.fees_back.installment_minor) == (0, wanted.fee_back)
    assert read_rows(effect.plan.before) == wanted.before
    after = read_rows(effect.plan.after)
    if wanted.is_exact:
        assert after == wanted.after
    unpaid = sum(row.principal for row in wanted.before)
    assert sum(row.principal for row in after) == (
        0 if wanted.is_full else unpaid - wanted.amount + wanted.cash_back
    )
    assert all(row.principal >= 0 and row.interest >= 0 for row in after)
    assert rate or not any(row.interest for row in after)


def test_any_history_is_what_the_contract_says() -> None:
    chance = random.Random(20_261_121)
    refunds = partial = failed = exact = 0
    for _ in range(HISTORIES):
        history = History(chance)
        for _ in range(chance.randint(0, history.plan.offer.count - 1)):
            history.collect()
        for _ in range(chance.randint(2, 9)):
            chance.choice([history.refund] * 3 + [history.collect, history.succeed, history.fail])()
            history.check_sums()
        refunds += len(history.refunds)
        partial += sum(one.effect.kind is RefundKind.PARTIAL for one in history.refunds)
        failed += sum(one.status is RefundStatus.FAILED for one in history.refunds)
        exact += sum(effect.is_exact for effect in history.model.standing)
    # The histories are rich: a change of the dice that makes them poor is noticed.
    assert (
        refunds > 1.5 * HISTORIES,
        partial > 1.2 * HISTORIES,
        failed > 0.3 * HISTORIES,
        exact > HISTORIES,
    ) == (True,) * 4
