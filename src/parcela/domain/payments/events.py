"""What this door tells merchants about (`spec/payments.md` §11.1)."""

from enum import StrEnum


class EventType(StrEnum):
    """The canonical names of events."""

    PAYMENT_CREATED = "payment.created"
    PAYMENT_REQUIRES_AUTHENTICATION = "payment.requires_authentication"
    PAYMENT_PROCESSING = "payment.processing"
    PAYMENT_AUTHORIZED = "payment.authorized"
    PAYMENT_COMPLETED = "payment.completed"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_EXPIRED = "payment.expired"
    PAYMENT_REFUNDED = "payment.refunded"
    REFUND_CREATED = "refund.created"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    REFUND_UPDATED = "refund.updated"
    SETTLEMENT_CREATED = "settlement.created"
    SETTLEMENT_COMPLETED = "settlement.completed"
    REPORT_COMPLETED = "report.completed"
    PAYMENT_METHOD_CREATED = "payment_method.created"
    PLAN_OFFERED = "plan.offered"
    PLAN_ACCEPTED = "plan.accepted"
    PLAN_RECALCULATED = "plan.recalculated"
    PLAN_CANCELLED = "plan.cancelled"
    PLAN_COMPLETED = "plan.completed"
    INSTALLMENT_DUE = "installment.due"
    INSTALLMENT_PAID = "installment.paid"
    WEBHOOK_ENDPOINT_TEST = "webhook_endpoint.test"


ALIASES: dict[str, EventType] = {
    "refund.completed": EventType.REFUND_SUCCEEDED,
    "payment.succeeded": EventType.PAYMENT_COMPLETED,
}
"""Other documented names; an endpoint that asks for one receives the event under it."""
