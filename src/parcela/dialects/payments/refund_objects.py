"""`refund` and `refund_preview` as merchants see them (`spec/payments.md` §§9.2 and 9.3)."""

from parcela.dialects.payments.wire_values import Document, WireObject, to_document, write_instant
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plans import PlanRow
from parcela.domain.payments.records import FeeBreakdown
from parcela.domain.payments.refunds import PlanEffect, Refund, RefundEffect, RefundPreview


class EffectRowObject(WireObject):
    """A row that is not collected yet, before or after a refund."""

    number: int
    due_date: str
    amount: int


class PlanEffectObject(WireObject):
    """What a refund does to a plan; `exact` is false where an outside issuer may report other rows."""

    id: str
    exact: bool
    before: tuple[EffectRowObject, ...]
    after: tuple[EffectRowObject, ...]
    remaining_before: int
    remaining_after: int


class FeesBackObject(WireObject):
    """What of the merchant's fees comes back."""

    processing_fee: int
    installment_fee: int
    total_fee: int


class RefundEffectObject(WireObject):
    """What a refund does beside giving back its amount."""

    plan: PlanEffectObject | None
    cash_back: int
    interest_back: int
    fees_back: FeesBackObject


class RefundObject(WireObject):
    """A refund."""

    id: str
    object: str
    payment: str
    amount: int
    currency: str
    status: str
    reason: str | None
    kind: str
    strategy: str | None
    preview: str | None
    effect: RefundEffectObject
    balance_transaction: str | None
    expected_from: str
    expected_by: str
    failure_reason: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


class RefundPreviewObject(WireObject):
    """What a refund would do; it holds until `expiresAt` unless something changes."""

    id: str
    object: str
    payment: str
    kind: str
    amount: int
    currency: str
    strategy: str | None
    maximum_partial_amount: int
    full_amount: int
    plan: PlanEffectObject | None
    cash_back: int
    interest_back: int
    fees_back: FeesBackObject
    merchant_net: int
    expected_from: str
    expected_by: str
    state_hash: str
    expires_at: int
    livemode: bool
    created: int


def render_refund(refund: Refund) -> Document:
    """`refund`."""
    effect = refund.effect
    return to_document(
        RefundObject(
            id=refund.refund_id,
            object="refund",
            payment=refund.payment_id,
            amount=effect.amount_minor,
            currency=refund.currency,
            status=refund.status,
            reason=refund.reason,
            kind=effect.kind,
            strategy=effect.strategy,
            preview=refund.preview_id,
            effect=_make_effect(effect),
            balance_transaction=refund.balance_transaction_id,
            expected_from=refund.expected_from.isoformat(),
            expected_by=refund.expected_by.isoformat(),
            failure_reason=refund.failure,
            metadata=dict(refund.metadata),
            livemode=refund.owner.is_live,
            created=write_instant(refund.created_at),
        )
    )


def render_refund_preview(preview: RefundPreview) -> Document:
    """`refund_preview`."""
    effect = preview.effect
    return to_document(
        RefundPreviewObject(
            id=preview.preview_id,
            object="refund_preview",
            payment=preview.payment_id,
            kind=effect.kind,
            amount=effect.amount_minor,
            currency=preview.currency,
            strategy=effect.strategy,
            maximum_partial_amount=preview.maximum_partial_minor,
            full_amount=preview.full_minor,
            plan=_make_plan(effect.plan),
            cash_back=effect.cash_back_minor,
            interest_back=effect.interest_back_minor,
            fees_back=_make_fees(effect.fees_back),
            merchant_net=effect.merchant_net_minor,
            expected_from=preview.expected_from.isoformat(),
            expected_by=preview.expected_by.isoformat(),
            state_hash=preview.state_hash,
            expires_at=write_instant(preview.expires_at),
            livemode=preview.owner.is_live,
            created=write_instant(preview.created_at),
        )
    )


def _make_effect(effect: RefundEffect) -> RefundEffectObject:
    return RefundEffectObject(
        plan=_make_plan(effect.plan),
        cash_back=effect.cash_back_minor,
        interest_back=effect.interest_back_minor,
        fees_back=_make_fees(effect.fees_back),
    )


def _make_plan(effect: PlanEffect | None) -> PlanEffectObject | None:
    if effect is None:
        return None
    return PlanEffectObject(
        id=name_plan(effect.plan_id),
        exact=effect.is_exact,
        before=tuple(_make_row(row) for row in effect.before),
        after=tuple(_make_row(row) for row in effect.after),
        remaining_before=effect.remaining_before_minor,
        remaining_after=effect.remaining_after_minor,
    )


def _make_row(row: PlanRow) -> EffectRowObject:
    return EffectRowObject(number=row.number, due_date=row.due_date.isoformat(), amount=row.amount_minor)


def _make_fees(fees: FeeBreakdown) -> FeesBackObject:
    return FeesBackObject(
        processing_fee=fees.processing_minor,
        installment_fee=fees.installment_minor,
        total_fee=fees.total_minor,
    )
