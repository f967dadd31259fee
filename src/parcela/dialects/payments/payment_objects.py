"""`payment` as merchants see it (`spec/payments.md` §3)."""

from msgspec import UNSET, UnsetType

from parcela.dialects.payments.wire_values import (
    Document,
    WireObject,
    to_document,
    write_date_or_none,
    write_instant,
    write_instant_or_none,
)
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plans import PaymentPlan, PlanRow
from parcela.domain.payments.records import Payment
from parcela.operations.payments.desk import PaymentView
from parcela.operations.payments.payment_links import PaymentLinks

INTERVAL = "month"


class ScheduleRowObject(WireObject):
    """One dated payment of the shopper's plan; `tax` is how much of the fee is tax."""

    number: int
    due_date: str
    amount: int
    principal: int
    interest: int
    fee: int
    tax: int
    status: str


class UnavailableReasonObject(WireObject):
    """Why there is no plan, in the payment's language."""

    code: str
    message: str
    program: str | UnsetType = UNSET


class IgnoredFieldObject(WireObject):
    """A wish that did not count, since the issuer controls it."""

    field: str
    reason: str


class InstallmentsObject(WireObject):
    """What was asked for, and the plan that was resolved to; without one those members are null."""

    enabled: bool
    count: int | None
    interval: str
    first_payment_date: str | None
    program: str
    resolved_count: int | None
    issuer_program: str | None
    plan: str | None
    status: str | None
    total_amount: int | None
    cost_of_credit: int | None
    remaining_amount: int | None
    remaining_count: int | None
    schedule: tuple[ScheduleRowObject, ...]
    unavailable_reasons: tuple[UnavailableReasonObject, ...]
    ignored_fields: tuple[IgnoredFieldObject, ...]


class AuthenticationObject(WireObject):
    """Where 3-D Secure stands, and where the shopper is to be sent for it."""

    status: str
    redirect_url: str | None


class FeeBreakdownObject(WireObject):
    """What the payment costs its merchant."""

    processing_fee: int
    installment_fee: int
    total_fee: int


class PaymentObject(WireObject):
    """A payment; amounts are minor units."""

    id: str
    object: str
    status: str
    amount: int
    currency: str
    amount_capturable: int
    amount_captured: int
    amount_refunded: int
    amount_refund_pending: int
    capture_method: str
    description: str | None
    reference: str | None
    customer: str | None
    payment_method: str | None
    payment_method_type: str | None
    return_url: str | None
    checkout_url: str | None
    expires_at: int | None
    locale: str
    authentication: AuthenticationObject
    installments: InstallmentsObject
    fee_breakdown: FeeBreakdownObject | None
    settlement: str | None
    balance_transaction: str | None
    decline_code: str | None
    failure_message: str | None
    cancellation_reason: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


def render_payment(view: PaymentView, links: PaymentLinks) -> Document:
    """`payment`, with the addresses of its pages while they are open."""
    payment = view.payment
    checkout_url = links.find_checkout_url(payment)
    return to_document(
        PaymentObject(
            id=payment.payment_id,
            object="payment",
            status=payment.status,
            amount=payment.amount_minor,
            currency=payment.currency,
            amount_capturable=payment.authorized_minor,
            amount_captured=payment.captured_minor,
            amount_refunded=payment.refunded_minor,
            amount_refund_pending=payment.refund_pending_minor,
            capture_method=payment.capture_method,
            description=payment.description,
            reference=payment.reference,
            customer=payment.customer_id,
            payment_method=payment.payment_method_id,
            payment_method_type=_name_method_type(payment),
            return_url=payment.return_url,
            checkout_url=checkout_url,
            expires_at=None if checkout_url is None else write_instant_or_none(payment.expires_at),
            locale=payment.locale,
            authentication=AuthenticationObject(
                status=payment.authentication, redirect_url=links.find_challenge_url(payment)
            ),
            installments=_make_installments(view),
            fee_breakdown=_make_fees(payment),
            settlement=payment.settlement_id,
            balance_transaction=payment.balance_transaction_id,
            decline_code=payment.decline,
            failure_message=payment.failure_message,
            cancellation_reason=payment.cancellation_reason,
            metadata=dict(payment.metadata),
            livemode=payment.owner.is_live,
            created=write_instant(payment.created_at),
        )
    )


def _name_method_type(payment: Payment) -> str | None:
    if payment.payment_method_id is None:
        return None
    return "card" if payment.plan_id is None else "card_installment"


def _make_fees(payment: Payment) -> FeeBreakdownObject | None:
    fees = payment.fees
    if fees is None:
        return None
    return FeeBreakdownObject(
        processing_fee=fees.processing_minor,
        installment_fee=fees.installment_minor,
        total_fee=fees.total_minor,
    )


def _make_installments(view: PaymentView) -> InstallmentsObject:
    """What was asked stays as it was asked; what was not asked says what the shopper chose (§6.1)."""
    payment, plan = view.payment, view.plan
    wish = payment.wish
    first_date = wish.first_payment_date
    if first_date is None and plan is not None:
        first_date = plan.rows[0].due_date
    return InstallmentsObject(
        enabled=wish.is_enabled,
        count=wish.count if wish.count is not None else payment.resolved_count,
        interval=INTERVAL,
        first_payment_date=write_date_or_none(first_date),
        program=wish.program,
        resolved_count=payment.resolved_count,
        issuer_program=payment.issuer_program,
        plan=None if plan is None else name_plan(plan.plan_id),
        status=None if plan is None else plan.state,
        total_amount=None if plan is None else _sum_total(plan),
        cost_of_credit=None if plan is None else _sum_cost(plan),
        remaining_amount=None if plan is None else plan.remaining_minor,
        remaining_count=None if plan is None else plan.remaining_count,
        schedule=() if plan is None else tuple(make_schedule_row(row) for row in plan.rows),
        unavailable_reasons=tuple(
            UnavailableReasonObject(code=reason.code, message=reason.message, program=reason.program or UNSET)
            for reason in payment.unavailable
        ),
        ignored_fields=tuple(
            IgnoredFieldObject(field=ignored.field, reason=ignored.reason) for ignored in payment.ignored
        ),
    )


def _sum_total(plan: PaymentPlan) -> int:
    """What the shopper pays in all, by the rows as they stand now."""
    return sum(row.amount_minor for row in plan.rows)


def _sum_cost(plan: PaymentPlan) -> int:
    return sum(row.interest_minor + row.fee_minor for row in plan.rows)


def make_schedule_row(row: PlanRow) -> ScheduleRowObject:
    """A row of an accepted plan."""
    return ScheduleRowObject(
        number=row.number,
        due_date=row.due_date.isoformat(),
        amount=row.amount_minor,
        principal=row.principal_minor,
        interest=row.interest_minor,
        fee=row.fee_minor,
        tax=row.tax_minor,
        status=row.status,
    )
