"""What a refund does to a payment and its plan: decided once, for the preview and for the refund.

`spec/payments.md` §9. Everything is integer minor units of the payment's currency.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from parcela.domain.payments.accounts import FeeSchedule
from parcela.domain.payments.fees import NO_FEES, find_fees_back
from parcela.domain.payments.plans import CollectionSource, PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.payments.records import FeeBreakdown, Payment, PaymentStatus
from parcela.domain.payments.refunds import PlanEffect, Refund, RefundEffect, RefundKind, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.refunds.strategies import RecalculatedRows, pass_taxes_on, recalculate_rows

REFUNDABLE = (PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundGround:
    """What a refund is decided on. Its totals are those of the payment, pending refunds included.

    `rows` are the rows that are not collected yet, as the pending refunds will leave them; `given_back_minor`
    is the part of the installment fee that standing refunds gave back.
    """

    payment: Payment
    plan: PaymentPlan | None
    rows: tuple[PlanRow, ...]
    schedule: FeeSchedule
    refunded_minor: int
    given_back_minor: int

    @property
    def full_minor(self) -> int:
        """All that is left of the payment."""
        return self.payment.captured_minor - self.refunded_minor

    @property
    def maximum_partial_minor(self) -> int:
        """The uncollected balance, which bounds partial refunds (§9.1); without a plan all that is left.

        It is captured − refunds − principal of collected rows. The principal of the open rows equals that,
        unless an issuer took back what it had reported of a row while a refund went by it: then the smaller
        of the two counts.
        """
        if self.plan is None:
            return self.full_minor
        open_minor = sum(row.principal_minor for row in self.rows)
        collected_minor = sum(row.principal_minor for row in self.plan.rows if row.status is RowStatus.PAID)
        return max(0, min(open_minor, self.full_minor - collected_minor))


def find_ground(
    payment: Payment, plan: PaymentPlan | None, refunds: Sequence[Refund], *, schedule: FeeSchedule
) -> RefundGround:
    """What the next refund is decided on; `refunds` are all of the payment, in the order of acceptance.

    Pending ones are reckoned on the rows as they are: one may have been collected since it was accepted.
    """
    succeeded = [refund for refund in refunds if refund.status is RefundStatus.SUCCEEDED]
    ground = RefundGround(
        payment=payment,
        plan=plan,
        rows=() if plan is None else list_changeable_rows(plan),
        schedule=schedule,
        refunded_minor=sum(refund.effect.amount_minor for refund in succeeded),
        given_back_minor=sum(refund.effect.fees_back.installment_minor for refund in succeeded),
    )
    for refund in remake_effects(ground, [one for one in refunds if one.status is RefundStatus.PENDING]):
        ground = _follow(ground, refund.effect)
    return ground


def list_changeable_rows(plan: PaymentPlan) -> tuple[PlanRow, ...]:
    """The rows that a refund may change: those not collected yet, of a plan that runs."""
    return _list_open(plan.rows) if plan.state is PlanState.ACTIVE else ()


def decide_effect(ground: RefundGround, amount_minor: int | None) -> RefundEffect:
    """What a refund of an amount, or of everything left (None), does.

    Raises PaymentRefused: PAYMENT_NOT_REFUNDABLE, then AMOUNT_TOO_LARGE.
    """
    payment = ground.payment
    if payment.status not in REFUNDABLE:
        raise PaymentRefused(
            Fault.PAYMENT_NOT_REFUNDABLE,
            f"Only a completed or partially refunded payment can be refunded; this one is {payment.status}.",
            resource=payment.payment_id,
        )
    if amount_minor is None and ground.full_minor == 0:
        raise PaymentRefused(
            Fault.PAYMENT_NOT_REFUNDABLE,
            f"Nothing is left to refund: {payment.refund_pending_minor} are given back by refunds that are "
            "pending.",
            resource=payment.payment_id,
        )
    refund_minor = ground.full_minor if amount_minor is None else amount_minor
    assert refund_minor > 0, "the door asks for 1 at least"
    is_full = refund_minor == ground.full_minor
    if not is_full and refund_minor > ground.maximum_partial_minor:
        raise refuse_amount(ground)
    return make_effect(ground, refund_minor)


def refuse_amount(ground: RefundGround) -> PaymentRefused:
    """More than a refund of this payment may be (§9.1); a partial one is bound by the uncollected balance."""
    maximum_minor, full_minor = ground.maximum_partial_minor, ground.full_minor
    return PaymentRefused(
        Fault.AMOUNT_TOO_LARGE,
        f"The largest partial refund is {maximum_minor}; the full remaining amount is {full_minor}.",
        param="amount",
        resource=ground.payment.payment_id,
        details={"maximum": maximum_minor, "full_amount": full_minor},
    )


def make_effect(ground: RefundGround, amount_minor: int) -> RefundEffect:
    """The effect of an amount that was accepted, also where an earlier refund failed since.

    What exceeds the unpaid principal goes back to the cardholder. A refund that leaves nothing of the payment
    is a full one.
    """
    kind = RefundKind.FULL if amount_minor == ground.full_minor else RefundKind.PARTIAL
    fees_back = _price_fees_back(ground, amount_minor)
    plan = ground.plan
    if plan is None:
        return RefundEffect(
            amount_minor=amount_minor,
            kind=kind,
            strategy=None,
            plan=None,
            cash_back_minor=amount_minor,
            interest_back_minor=0,
            fees_back=fees_back,
        )
    unpaid_minor = sum(row.principal_minor for row in ground.rows)
    after = _cancel_rows(ground.rows)
    if kind is RefundKind.PARTIAL:
        after = _lower_rows(plan, ground.rows, amount_minor)
    returns_interest = kind is RefundKind.FULL and plan.returns_collected_interest
    return RefundEffect(
        amount_minor=amount_minor,
        kind=kind,
        strategy=plan.strategy,
        plan=PlanEffect(
            plan_id=plan.plan_id,
            is_exact=plan.collection_source is CollectionSource.SCHEDULE,
            before=ground.rows,
            after=after,
            cancels=kind is RefundKind.FULL,
        ),
        cash_back_minor=max(0, amount_minor - unpaid_minor),
        interest_back_minor=_sum_collected_interest(plan) if returns_interest else 0,
        fees_back=fees_back,
    )


def remake_effects(ground: RefundGround, pending: Sequence[Refund]) -> list[Refund]:
    """Pending refunds with their effects recomputed one after the other: an earlier one came to nothing.

    `ground` is that of the first of them. The fees that they gave back are booked and stay.
    """
    remade = []
    for refund in pending:
        effect = make_effect(ground, refund.effect.amount_minor)
        effect = replace(effect, fees_back=refund.effect.fees_back)
        remade.append(replace(refund, effect=effect))
        ground = _follow(ground, effect)
    return remade


def hash_ground(ground: RefundGround) -> str:
    """A hash of all that an effect depends on: totals, fees, and every row with its state (§9.2)."""
    plan, payment, fees = ground.plan, ground.payment, ground.payment.fees or NO_FEES
    facts: dict[str, object] = {
        "payment": payment.payment_id,
        "status": payment.status,
        "captured": payment.captured_minor,
        "refunded": ground.refunded_minor,
        "fees": [fees.processing_minor, fees.installment_minor],
        "given_back": ground.given_back_minor,
        "fees_on_refund": ground.schedule.on_refund,
    }
    if plan is not None:
        facts["plan"] = {
            "id": plan.plan_id,
            "state": plan.state,
            "strategy": plan.strategy,
            "rate": list(plan.offer.period_rate),
            "in_advance": plan.offer.in_advance,
            "returns_interest": plan.returns_collected_interest,
            "source": plan.collection_source,
            "rows": [_describe(row) for row in plan.rows],
            "changeable": [_describe(row) for row in ground.rows],
        }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _price_fees_back(ground: RefundGround, amount_minor: int) -> FeeBreakdown:
    return find_fees_back(
        ground.schedule,
        ground.payment.fees or NO_FEES,
        captured_minor=ground.payment.captured_minor,
        refunded_before_minor=ground.refunded_minor,
        refund_minor=amount_minor,
        given_back_minor=ground.given_back_minor,
    )


def _cancel_rows(rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """A full refund asks for nothing any more."""
    return tuple(
        replace(
            row, principal_minor=0, interest_minor=0, fee_minor=0, tax_minor=0, status=RowStatus.CANCELLED
        )
        for row in rows
    )


def _lower_rows(plan: PaymentPlan, rows: Sequence[PlanRow], amount_minor: int) -> tuple[PlanRow, ...]:
    """Less principal on the rows still to come, by the plan's strategy, with new interest."""
    changed: RecalculatedRows = recalculate_rows(
        rows,
        amount_minor,
        strategy=plan.strategy,
        rate=plan.offer.period_rate,
        in_advance=plan.offer.in_advance,
    )
    taxes = pass_taxes_on([row.tax_minor for row in rows], changed)
    return tuple(
        replace(
            row,
            principal_minor=new.principal_minor,
            interest_minor=new.interest_minor,
            fee_minor=new.fee_minor,
            tax_minor=tax,
            status=_find_status(row, new.amount_minor),
        )
        for row, new, tax in zip(rows, changed.rows, taxes, strict=True)
    )


def _find_status(row: PlanRow, amount_minor: int) -> RowStatus:
    """A row that asks for nothing is cancelled; an overdue one that asks for something stays overdue."""
    if amount_minor == 0:
        return RowStatus.CANCELLED
    return RowStatus.OVERDUE if row.status is RowStatus.OVERDUE else RowStatus.DUE


def _sum_collected_interest(plan: PaymentPlan) -> int:
    return sum(row.interest_minor for row in plan.rows if row.status is RowStatus.PAID)


def _follow(ground: RefundGround, effect: RefundEffect) -> RefundGround:
    """What the refund after this one is decided on."""
    return replace(
        ground,
        rows=() if effect.plan is None else _list_open(effect.plan.after),
        refunded_minor=ground.refunded_minor + effect.amount_minor,
        given_back_minor=ground.given_back_minor + effect.fees_back.installment_minor,
    )


def _list_open(rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """A row that a refund emptied is cancelled, and stays so."""
    return tuple(row for row in rows if row.is_open)


def _describe(row: PlanRow) -> list[object]:
    return [
        row.number,
        row.due_date.isoformat(),
        row.principal_minor,
        row.interest_minor,
        row.fee_minor,
        row.status,
        *([row.tax_minor] if row.tax_minor else []),
    ]
