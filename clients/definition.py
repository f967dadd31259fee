"""What the clients call the operations of the payments API: the one table behind both of their twins.

Addresses, members and answers come from the OpenAPI document that the server serves.
"""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What an operation gives back."""

    OBJECT = "object"
    LIST = "list"
    PLANS = "plans"
    """A list with reasons for what is missing."""
    CONTENT = "content"
    """The bytes of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method of a client. `result` is the class of the answer, or of an item of the list."""

    name: str
    call: str
    result: str = ""
    shape: Shape = Shape.OBJECT
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A group of methods: an attribute of the client."""

    name: str
    about: str
    operations: tuple[Operation, ...]


RESOURCES = (
    Resource(
        name="payments",
        about="Payments, with or without installments.",
        operations=(
            Operation(
                name="create",
                call="POST /v1/payments",
                result="Payment",
                about="Create a payment; without a payment method it has a `checkout_url` for the shopper.",
            ),
            Operation(
                name="retrieve",
                call="GET /v1/payments/{}",
                result="Payment",
                about="The payment as it is now.",
            ),
            Operation(
                name="list",
                call="GET /v1/payments",
                result="Payment",
                shape=Shape.LIST,
                about="Payments, newest first.",
            ),
            Operation(
                name="confirm",
                call="POST /v1/payments/{}/confirm",
                result="Payment",
                about="Pay a pending payment with a payment method and, if wished, a plan.",
            ),
            Operation(
                name="capture",
                call="POST /v1/payments/{}/capture",
                result="Payment",
                about="Take the authorized amount, or a part and release the rest.",
            ),
            Operation(
                name="cancel",
                call="POST /v1/payments/{}/cancel",
                result="Payment",
                about="Stop a payment that is not captured, and its plan.",
            ),
        ),
    ),
    Resource(
        name="payment_methods",
        about="Cards that can be charged.",
        operations=(
            Operation(
                name="create",
                call="POST /v1/payment-methods",
                result="PaymentMethod",
                about="Keep a card; its number is taken from a publishable key only.",
            ),
            Operation(
                name="retrieve",
                call="GET /v1/payment-methods/{}",
                result="PaymentMethod",
                about="The payment method, without the number.",
            ),
        ),
    ),
    Resource(
        name="customers",
        about="People who pay again.",
        operations=(
            Operation(name="create", call="POST /v1/customers", result="Customer", about="Keep a customer."),
            Operation(name="retrieve", call="GET /v1/customers/{}", result="Customer", about="The customer."),
        ),
    ),
    Resource(
        name="installments",
        about="Plans that a shopper can choose from.",
        operations=(
            Operation(
                name="list_plans",
                call="GET /v1/installments/plans",
                result="InstallmentPlan",
                shape=Shape.PLANS,
                about="The plans of a pending payment and a payment method, in the order to show them in.",
            ),
            Operation(
                name="retrieve_plan",
                call="GET /v1/installments/plans/{}",
                result="Plan",
                about="An accepted plan as it is now.",
            ),
            Operation(
                name="download_plan_evidence",
                call="GET /v1/installments/plans/{}/evidence",
                shape=Shape.CONTENT,
                about="What was shown and accepted, byte for byte as it is kept for proof.",
            ),
        ),
    ),
    Resource(
        name="refunds",
        about="Money given back.",
        operations=(
            Operation(
                name="preview",
                call="POST /v1/refunds/preview",
                result="RefundPreview",
                about="What a refund would do to the plan, the shopper and the fees; changes nothing.",
            ),
            Operation(
                name="create",
                call="POST /v1/refunds",
                result="Refund",
                about="Give money back: all that is left, or `amount`.",
            ),
            Operation(
                name="retrieve", call="GET /v1/refunds/{}", result="Refund", about="The refund as it is now."
            ),
            Operation(
                name="list",
                call="GET /v1/refunds",
                result="Refund",
                shape=Shape.LIST,
                about="Refunds, newest first.",
            ),
            Operation(
                name="update",
                call="POST /v1/refunds/{}",
                result="Refund",
                about="Replace the refund's metadata.",
            ),
            Operation(
                name="cancel",
                call="POST /v1/refunds/{}/cancel",
                result="Refund",
                about="Withdraw a refund that is not sent yet.",
            ),
        ),
    ),
    Resource(
        name="settlements",
        about="What the merchant gets, period by period.",
        operations=(
            Operation(
                name="list",
                call="GET /v1/settlements",
                result="Settlement",
                shape=Shape.LIST,
                about="Settlements, newest first.",
            ),
            Operation(
                name="retrieve",
                call="GET /v1/settlements/{}",
                result="Settlement",
                about="The settlement as it is now.",
            ),
            Operation(
                name="list_transactions",
                call="GET /v1/settlements/{}/transactions",
                result="BalanceTransaction",
                shape=Shape.LIST,
                about="The balance transactions of a settlement.",
            ),
        ),
    ),
    Resource(
        name="balance_transactions",
        about="What changed the merchant's balance.",
        operations=(
            Operation(
                name="list",
                call="GET /v1/balance-transactions",
                result="BalanceTransaction",
                shape=Shape.LIST,
                about="Balance transactions, newest first.",
            ),
        ),
    ),
    Resource(
        name="reports",
        about="Files for the books.",
        operations=(
            Operation(
                name="create",
                call="POST /v1/reports",
                result="Report",
                about="Order a reconciliation report.",
            ),
            Operation(
                name="list",
                call="GET /v1/reports",
                result="Report",
                shape=Shape.LIST,
                about="Reports, newest first.",
            ),
            Operation(
                name="retrieve", call="GET /v1/reports/{}", result="Report", about="The report as it is now."
            ),
            Operation(
                name="download",
                call="GET /v1/reports/{}/content",
                shape=Shape.CONTENT,
                about="The file of a report that succeeded.",
            ),
        ),
    ),
    Resource(
        name="events",
        about="What happened.",
        operations=(
            Operation(
                name="list",
                call="GET /v1/events",
                result="Event",
                shape=Shape.LIST,
                about="Events, newest first.",
            ),
            Operation(
                name="retrieve",
                call="GET /v1/events/{}",
                result="Event",
                about="The event, with the object as it was then.",
            ),
            Operation(
                name="resend",
                call="POST /v1/events/{}/resend",
                result="Event",
                about="Send the event to the webhook endpoints again, under the same id.",
            ),
        ),
    ),
    Resource(
        name="webhook_endpoints",
        about="Addresses that events are sent to.",
        operations=(
            Operation(
                name="create",
                call="POST /v1/webhook-endpoints",
                result="WebhookEndpoint",
                about="Add an endpoint; its `secret` is told this once.",
            ),
            Operation(
                name="list",
                call="GET /v1/webhook-endpoints",
                result="WebhookEndpoint",
                shape=Shape.LIST,
                about="Endpoints, newest first.",
            ),
            Operation(
                name="retrieve",
                call="GET /v1/webhook-endpoints/{}",
                result="WebhookEndpoint",
                about="The endpoint.",
            ),
            Operation(
                name="update",
                call="PATCH /v1/webhook-endpoints/{}",
                result="WebhookEndpoint",
                about="Change address, events or status.",
            ),
            Operation(
                name="delete",
                call="DELETE /v1/webhook-endpoints/{}",
                result="DeletedObject",
                about="Remove the endpoint.",
            ),
            Operation(
                name="roll_secret",
                call="POST /v1/webhook-endpoints/{}/roll-secret",
                result="WebhookEndpoint",
                about="Make a new secret; the old one signs too until the overlap ends.",
            ),
            Operation(
                name="list_deliveries",
                call="GET /v1/webhook-endpoints/{}/deliveries",
                result="WebhookDelivery",
                shape=Shape.LIST,
                about="The tries to reach the endpoint, newest first.",
            ),
        ),
    ),
    Resource(
        name="test_clock",
        about="The clock of a test account.",
        operations=(
            Operation(
                name="retrieve", call="GET /v1/test/clock", result="ClockTime", about="What time it is there."
            ),
            Operation(
                name="advance",
                call="POST /v1/test/clock/advance",
                result="ClockAdvance",
                about="Go forward; everything due happens in its order.",
            ),
        ),
    ),
)

PART_NAMES = {
    "after": "PlanRow",
    "authentication": "Authentication",
    "before": "PlanRow",
    "billingDetails": "BillingDetails",
    "card": "Card",
    "data": "EventData",
    "feeBreakdown": "FeeBreakdown",
    "feeDetails": "FeeDetail",
    "fees": "PlanFee",
    "feesBack": "FeeBreakdown",
    "fired": "FiredTask",
    "ignoredFields": "IgnoredField",
    "installments": "Installments",
    "lines": "SettlementLine",
    "plan": "PlanEffect",
    "rate": "CostRate",
    "schedule": "ScheduleRow",
    "terms": "Terms",
    "unavailableReasons": "UnavailableReason",
}
"""Classes of objects inside objects, by the member that holds them; others are named by place."""

OBJECT_NAMES = {
    "Payment": "payment",
    "PaymentMethod": "payment_method",
    "Customer": "customer",
    "InstallmentPlan": "installment_plan",
    "Refund": "refund",
    "RefundPreview": "refund_preview",
    "Settlement": "settlement",
    "BalanceTransaction": "balance_transaction",
    "Report": "report",
    "Event": "event",
    "WebhookEndpoint": "webhook_endpoint",
}
"""Classes by the wire's `object`, so that the object of an event is read as what it is."""
