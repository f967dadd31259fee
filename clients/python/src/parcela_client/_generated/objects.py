"""Objects of the payments API.

Written by `python -m clients.python.generate`; do not edit.
"""

from __future__ import annotations

from typing import ClassVar

from parcela_client._objects import WireObject


class Authentication(WireObject):
    """`authentication`"""

    _known: ClassVar[frozenset[str]] = frozenset({"status", "redirectUrl"})

    status: str
    redirect_url: str | None


class BalanceTransaction(WireObject):
    """`balance_transaction`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "type",
            "source",
            "payment",
            "gross",
            "fee",
            "net",
            "currency",
            "feeDetails",
            "availableOn",
            "settlement",
            "payout",
            "created",
            "livemode",
        }
    )

    id: str
    object: str | None
    type: str
    source: str
    payment: str | None
    gross: int
    fee: int
    net: int
    currency: str
    fee_details: list[FeeDetail]
    available_on: str
    settlement: str | None
    payout: str | None
    created: int
    livemode: bool


class BillingDetails(WireObject):
    """`billing_details`"""

    _known: ClassVar[frozenset[str]] = frozenset({"name", "email", "phone", "address"})

    name: str | None
    email: str | None
    phone: str | None
    address: BillingDetailsAddress | None


class BillingDetailsAddress(WireObject):
    """`billing_details_address`"""

    _known: ClassVar[frozenset[str]] = frozenset({"line1", "city", "postalCode", "country"})

    line1: str | None
    city: str | None
    postal_code: str | None
    country: str | None


class Card(WireObject):
    """`card`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"brand", "last4", "expMonth", "expYear", "country", "funding", "fingerprint"}
    )

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str | None
    funding: str | None
    fingerprint: str


class ClockAdvance(WireObject):
    """`clock_advance`"""

    _known: ClassVar[frozenset[str]] = frozenset({"object", "now", "previous", "fired", "events", "livemode"})

    object: str
    now: int
    previous: int
    fired: list[FiredTask]
    events: int
    livemode: bool


class ClockTime(WireObject):
    """`clock_time`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"object", "now", "offsetSeconds", "due", "nextDueAt", "livemode"}
    )

    object: str
    now: int
    offset_seconds: int
    due: int
    next_due_at: int | None
    livemode: bool


class CostRate(WireObject):
    """`cost_rate`"""

    _known: ClassVar[frozenset[str]] = frozenset({"label", "value", "method", "text"})

    label: str
    value: str | None
    method: str | None
    text: str | None


class Customer(WireObject):
    """`customer`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "object", "email", "name", "reference", "metadata", "livemode", "created"}
    )

    id: str
    object: str
    email: str | None
    name: str | None
    reference: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


class DeletedObject(WireObject):
    """`deleted_object`"""

    _known: ClassVar[frozenset[str]] = frozenset({"id", "object", "deleted"})

    id: str
    object: str
    deleted: bool


class Event(WireObject):
    """`event`"""

    _known: ClassVar[frozenset[str]] = frozenset({"id", "object", "type", "created", "livemode", "data"})

    id: str
    object: str
    type: str
    created: int
    livemode: bool
    data: EventData


class EventData(WireObject):
    """`event_data`"""

    _known: ClassVar[frozenset[str]] = frozenset({"object"})

    object: WireObject


class FeeBreakdown(WireObject):
    """`fee_breakdown`"""

    _known: ClassVar[frozenset[str]] = frozenset({"processingFee", "installmentFee", "totalFee"})

    processing_fee: int
    installment_fee: int
    total_fee: int


class FeeDetail(WireObject):
    """`fee_detail`"""

    _known: ClassVar[frozenset[str]] = frozenset({"type", "amount"})

    type: str
    amount: int


class FiredTask(WireObject):
    """`fired_task`"""

    _known: ClassVar[frozenset[str]] = frozenset({"type", "count"})

    type: str
    count: int


class IgnoredField(WireObject):
    """`ignored_field`"""

    _known: ClassVar[frozenset[str]] = frozenset({"field", "reason"})

    field: str
    reason: str


class InstallmentPlan(WireObject):
    """`installment_plan`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "object",
            "offer",
            "count",
            "interval",
            "monthlyAmount",
            "firstAmount",
            "lastAmount",
            "amountFinanced",
            "totalAmount",
            "costOfCredit",
            "currency",
            "interestRate",
            "rate",
            "fees",
            "firstPaymentDate",
            "schedule",
            "program",
            "issuerProgram",
            "controlledBy",
            "requested",
            "approval",
            "refundEffect",
            "terms",
            "display",
            "expiresAt",
            "offerHash",
        }
    )

    object: str
    offer: str
    count: int
    interval: str
    monthly_amount: int
    first_amount: int
    last_amount: int
    amount_financed: int
    total_amount: int
    cost_of_credit: int
    currency: str
    interest_rate: str
    rate: CostRate
    fees: list[PlanFee]
    first_payment_date: str
    schedule: list[ScheduleRow]
    program: str
    issuer_program: str
    controlled_by: str
    requested: bool
    approval: str
    refund_effect: str
    terms: Terms
    display: InstallmentPlanDisplay
    expires_at: int
    offer_hash: str


class InstallmentPlanDisplay(WireObject):
    """`installment_plan_display`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "language",
            "title",
            "total",
            "costOfCredit",
            "rate",
            "fees",
            "firstPaymentDate",
            "payments",
            "disclosure",
        }
    )

    language: str
    title: str
    total: str
    cost_of_credit: str
    rate: CostRate
    fees: list[str]
    first_payment_date: str
    payments: list[InstallmentPlanDisplayPayments]
    disclosure: InstallmentPlanDisplayDisclosure


class InstallmentPlanDisplayDisclosure(WireObject):
    """`installment_plan_display_disclosure`"""

    _known: ClassVar[frozenset[str]] = frozenset({"regimes", "facts", "hash"})

    regimes: list[InstallmentPlanDisplayDisclosureRegimes]
    facts: list[InstallmentPlanDisplayDisclosureFacts]
    hash: str


class InstallmentPlanDisplayDisclosureFacts(WireObject):
    """`installment_plan_display_disclosure_facts`"""

    _known: ClassVar[frozenset[str]] = frozenset({"fact", "label", "text", "emphasis"})

    fact: str
    label: str
    text: str
    emphasis: str


class InstallmentPlanDisplayDisclosureRegimes(WireObject):
    """`installment_plan_display_disclosure_regimes`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "version", "country", "side", "method", "label", "shown", "exact", "second"}
    )

    id: str | None
    version: str | None
    country: str
    side: str
    method: str
    label: str
    shown: str
    exact: str
    second: str | None


class InstallmentPlanDisplayPayments(WireObject):
    """`installment_plan_display_payments`"""

    _known: ClassVar[frozenset[str]] = frozenset({"number", "date", "amount"})

    number: int
    date: str
    amount: str


class Installments(WireObject):
    """`installments`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "enabled",
            "count",
            "interval",
            "firstPaymentDate",
            "program",
            "resolvedCount",
            "issuerProgram",
            "plan",
            "status",
            "totalAmount",
            "costOfCredit",
            "remainingAmount",
            "remainingCount",
            "schedule",
            "unavailableReasons",
            "ignoredFields",
        }
    )

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
    schedule: list[ScheduleRow]
    unavailable_reasons: list[UnavailableReason]
    ignored_fields: list[IgnoredField]


class Payment(WireObject):
    """`payment`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "status",
            "amount",
            "currency",
            "amountCapturable",
            "amountCaptured",
            "amountRefunded",
            "amountRefundPending",
            "captureMethod",
            "description",
            "reference",
            "customer",
            "paymentMethod",
            "paymentMethodType",
            "returnUrl",
            "checkoutUrl",
            "expiresAt",
            "locale",
            "authentication",
            "installments",
            "feeBreakdown",
            "settlement",
            "balanceTransaction",
            "declineCode",
            "failureMessage",
            "cancellationReason",
            "metadata",
            "livemode",
            "created",
        }
    )

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
    authentication: Authentication
    installments: Installments
    fee_breakdown: FeeBreakdown | None
    settlement: str | None
    balance_transaction: str | None
    decline_code: str | None
    failure_message: str | None
    cancellation_reason: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


class PaymentMethod(WireObject):
    """`payment_method`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "object", "type", "card", "billingDetails", "customer", "livemode", "created"}
    )

    id: str
    object: str
    type: str
    card: Card
    billing_details: BillingDetails | None
    customer: str | None
    livemode: bool
    created: int


class Plan(WireObject):
    """`plan`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "payment",
            "status",
            "count",
            "interval",
            "currency",
            "amountFinanced",
            "totalAmount",
            "costOfCredit",
            "remainingAmount",
            "remainingCount",
            "interestRate",
            "rate",
            "fees",
            "schedule",
            "program",
            "issuerProgram",
            "controlledBy",
            "collectionSource",
            "held",
            "refundEffect",
            "terms",
            "display",
            "offer",
            "offerHash",
            "disclosure",
            "cardholderUrl",
            "activatedAt",
            "endedAt",
            "livemode",
            "created",
        }
    )

    id: str
    object: str
    payment: str
    status: str
    count: int
    interval: str
    currency: str
    amount_financed: int
    total_amount: int
    cost_of_credit: int
    remaining_amount: int
    remaining_count: int
    interest_rate: str
    rate: CostRate
    fees: list[PlanFee]
    schedule: list[ScheduleRow]
    program: str
    issuer_program: str
    controlled_by: str
    collection_source: str
    held: bool
    refund_effect: str
    terms: Terms
    display: PlanDisplay
    offer: str
    offer_hash: str
    disclosure: str | None
    cardholder_url: str
    activated_at: int | None
    ended_at: int | None
    livemode: bool
    created: int


class PlanDisplay(WireObject):
    """`plan_display`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "language",
            "title",
            "total",
            "costOfCredit",
            "rate",
            "fees",
            "firstPaymentDate",
            "payments",
            "disclosure",
        }
    )

    language: str
    title: str
    total: str
    cost_of_credit: str
    rate: CostRate
    fees: list[str]
    first_payment_date: str
    payments: list[PlanDisplayPayments]
    disclosure: PlanDisplayDisclosure


class PlanDisplayDisclosure(WireObject):
    """`plan_display_disclosure`"""

    _known: ClassVar[frozenset[str]] = frozenset({"regimes", "facts", "hash"})

    regimes: list[PlanDisplayDisclosureRegimes]
    facts: list[PlanDisplayDisclosureFacts]
    hash: str


class PlanDisplayDisclosureFacts(WireObject):
    """`plan_display_disclosure_facts`"""

    _known: ClassVar[frozenset[str]] = frozenset({"fact", "label", "text", "emphasis"})

    fact: str
    label: str
    text: str
    emphasis: str


class PlanDisplayDisclosureRegimes(WireObject):
    """`plan_display_disclosure_regimes`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "version", "country", "side", "method", "label", "shown", "exact", "second"}
    )

    id: str | None
    version: str | None
    country: str
    side: str
    method: str
    label: str
    shown: str
    exact: str
    second: str | None


class PlanDisplayPayments(WireObject):
    """`plan_display_payments`"""

    _known: ClassVar[frozenset[str]] = frozenset({"number", "date", "amount"})

    number: int
    date: str
    amount: str


class PlanEffect(WireObject):
    """`plan_effect`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "exact", "before", "after", "remainingBefore", "remainingAfter"}
    )

    id: str
    exact: bool
    before: list[PlanRow]
    after: list[PlanRow]
    remaining_before: int
    remaining_after: int


class PlanFee(WireObject):
    """`plan_fee`"""

    _known: ClassVar[frozenset[str]] = frozenset({"type", "amount", "trigger"})

    type: str
    amount: int
    trigger: str


class PlanRow(WireObject):
    """`plan_row`"""

    _known: ClassVar[frozenset[str]] = frozenset({"number", "dueDate", "amount"})

    number: int
    due_date: str
    amount: int


class Refund(WireObject):
    """`refund`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "payment",
            "amount",
            "currency",
            "status",
            "reason",
            "kind",
            "strategy",
            "preview",
            "effect",
            "balanceTransaction",
            "expectedFrom",
            "expectedBy",
            "failureReason",
            "metadata",
            "livemode",
            "created",
        }
    )

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
    effect: RefundEffect
    balance_transaction: str | None
    expected_from: str
    expected_by: str
    failure_reason: str | None
    metadata: dict[str, str]
    livemode: bool
    created: int


class RefundEffect(WireObject):
    """`refund_effect`"""

    _known: ClassVar[frozenset[str]] = frozenset({"plan", "cashBack", "interestBack", "feesBack"})

    plan: PlanEffect | None
    cash_back: int
    interest_back: int
    fees_back: FeeBreakdown


class RefundPreview(WireObject):
    """`refund_preview`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "payment",
            "kind",
            "amount",
            "currency",
            "strategy",
            "maximumPartialAmount",
            "fullAmount",
            "plan",
            "cashBack",
            "interestBack",
            "feesBack",
            "merchantNet",
            "expectedFrom",
            "expectedBy",
            "stateHash",
            "expiresAt",
            "livemode",
            "created",
        }
    )

    id: str
    object: str
    payment: str
    kind: str
    amount: int
    currency: str
    strategy: str | None
    maximum_partial_amount: int
    full_amount: int
    plan: PlanEffect | None
    cash_back: int
    interest_back: int
    fees_back: FeeBreakdown
    merchant_net: int
    expected_from: str
    expected_by: str
    state_hash: str
    expires_at: int
    livemode: bool
    created: int


class Report(WireObject):
    """`report`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "status",
            "type",
            "interval",
            "columns",
            "format",
            "filter",
            "rows",
            "sha256",
            "downloadUrl",
            "failureReason",
            "created",
            "livemode",
        }
    )

    id: str
    object: str | None
    status: str
    type: str
    interval: ReportInterval
    columns: list[str]
    format: str
    filter: WireObject
    rows: int | None
    sha256: str | None
    download_url: str | None
    failure_reason: str | None
    created: int
    livemode: bool


class ReportInterval(WireObject):
    """`report_interval`"""

    _known: ClassVar[frozenset[str]] = frozenset({"start", "end"})

    start: str
    end: str


class ScheduleRow(WireObject):
    """`schedule_row`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"number", "dueDate", "amount", "principal", "interest", "fee", "tax", "status"}
    )

    number: int
    due_date: str
    amount: int
    principal: int
    interest: int
    fee: int
    tax: int
    status: str | None


class Settlement(WireObject):
    """`settlement`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "status",
            "currency",
            "periodStart",
            "periodEnd",
            "availableOn",
            "gross",
            "fees",
            "net",
            "openingBalance",
            "payoutAmount",
            "closingBalance",
            "payout",
            "lines",
            "created",
            "livemode",
        }
    )

    id: str
    object: str | None
    status: str
    currency: str
    period_start: str
    period_end: str
    available_on: str
    gross: int
    fees: int
    net: int
    opening_balance: int
    payout_amount: int
    closing_balance: int
    payout: str | None
    lines: list[SettlementLine]
    created: int
    livemode: bool


class SettlementLine(WireObject):
    """`settlement_line`"""

    _known: ClassVar[frozenset[str]] = frozenset({"type", "amount", "count"})

    type: str
    amount: int
    count: int


class Terms(WireObject):
    """`terms`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "version", "language", "url", "text", "acceptanceRequired", "acceptanceText", "acceptedAt"}
    )

    id: str
    version: str
    language: str
    url: str
    text: str | None
    acceptance_required: bool | None
    acceptance_text: str | None
    accepted_at: int | None


class UnavailableReason(WireObject):
    """`unavailable_reason`"""

    _known: ClassVar[frozenset[str]] = frozenset({"code", "message", "program"})

    code: str
    message: str
    program: str | None


class WebhookDelivery(WireObject):
    """`webhook_delivery`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"id", "object", "type", "status", "nextAttemptAt", "reason", "attempts", "created", "livemode"}
    )

    id: str
    object: str
    type: str
    status: str
    next_attempt_at: int | None
    reason: str | None
    attempts: list[WebhookDeliveryAttempts]
    created: int
    livemode: bool


class WebhookDeliveryAttempts(WireObject):
    """`webhook_delivery_attempts`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {"number", "at", "outcome", "statusCode", "durationMs", "error", "nextAttemptAt", "reason"}
    )

    number: int
    at: int
    outcome: str
    status_code: int | None
    duration_ms: int | None
    error: str | None
    next_attempt_at: int | None
    reason: str | None


class WebhookEndpoint(WireObject):
    """`webhook_endpoint`"""

    _known: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "object",
            "url",
            "description",
            "status",
            "disabledReason",
            "enabledEvents",
            "created",
            "livemode",
            "secret",
        }
    )

    id: str
    object: str
    url: str
    description: str | None
    status: str
    disabled_reason: str | None
    enabled_events: list[str]
    created: int
    livemode: bool
    secret: str | None


BalanceTransaction._parts = {"feeDetails": FeeDetail}
BillingDetails._parts = {"address": BillingDetailsAddress}
ClockAdvance._parts = {"fired": FiredTask}
Event._parts = {"data": EventData}
InstallmentPlan._parts = {
    "rate": CostRate,
    "fees": PlanFee,
    "schedule": ScheduleRow,
    "terms": Terms,
    "display": InstallmentPlanDisplay,
}
InstallmentPlanDisplay._parts = {
    "rate": CostRate,
    "payments": InstallmentPlanDisplayPayments,
    "disclosure": InstallmentPlanDisplayDisclosure,
}
InstallmentPlanDisplayDisclosure._parts = {
    "regimes": InstallmentPlanDisplayDisclosureRegimes,
    "facts": InstallmentPlanDisplayDisclosureFacts,
}
Installments._parts = {
    "schedule": ScheduleRow,
    "unavailableReasons": UnavailableReason,
    "ignoredFields": IgnoredField,
}
Payment._parts = {
    "authentication": Authentication,
    "installments": Installments,
    "feeBreakdown": FeeBreakdown,
}
PaymentMethod._parts = {"card": Card, "billingDetails": BillingDetails}
Plan._parts = {
    "rate": CostRate,
    "fees": PlanFee,
    "schedule": ScheduleRow,
    "terms": Terms,
    "display": PlanDisplay,
}
PlanDisplay._parts = {"rate": CostRate, "payments": PlanDisplayPayments, "disclosure": PlanDisplayDisclosure}
PlanDisplayDisclosure._parts = {"regimes": PlanDisplayDisclosureRegimes, "facts": PlanDisplayDisclosureFacts}
PlanEffect._parts = {"before": PlanRow, "after": PlanRow}
Refund._parts = {"effect": RefundEffect}
RefundEffect._parts = {"plan": PlanEffect, "feesBack": FeeBreakdown}
RefundPreview._parts = {"plan": PlanEffect, "feesBack": FeeBreakdown}
Report._parts = {"interval": ReportInterval}
Settlement._parts = {"lines": SettlementLine}
WebhookDelivery._parts = {"attempts": WebhookDeliveryAttempts}
WireObject._kinds["payment"] = Payment
WireObject._kinds["payment_method"] = PaymentMethod
WireObject._kinds["customer"] = Customer
WireObject._kinds["installment_plan"] = InstallmentPlan
WireObject._kinds["refund"] = Refund
WireObject._kinds["refund_preview"] = RefundPreview
WireObject._kinds["settlement"] = Settlement
WireObject._kinds["balance_transaction"] = BalanceTransaction
WireObject._kinds["report"] = Report
WireObject._kinds["event"] = Event
WireObject._kinds["webhook_endpoint"] = WebhookEndpoint
