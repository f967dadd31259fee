"""Methods of the payments API, sync.

Written by `python -m clients.python.generate`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from parcela_client._calls import Call, quote_segment
from parcela_client._clients import Connection
from parcela_client._generated.objects import (
    BalanceTransaction,
    ClockAdvance,
    ClockTime,
    Customer,
    DeletedObject,
    Event,
    Payment,
    PaymentMethod,
    Plan,
    Refund,
    RefundPreview,
    Report,
    Settlement,
    WebhookDelivery,
    WebhookEndpoint,
)
from parcela_client._generated.parameters import (
    PaymentMethodsCreateBillingDetails,
    PaymentMethodsCreateCard,
    PaymentsConfirmInstallments,
    PaymentsConfirmTermsAcceptance,
    PaymentsCreateAuthentication,
    PaymentsCreateBillingDetails,
    PaymentsCreateInstallments,
    Range,
    ReportsCreateFilter,
    ReportsCreateInterval,
)
from parcela_client._pages import Page
from parcela_client._plan_lists import PlanList


class Payments:
    """Payments, with or without installments."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        amount: int,
        currency: str | None = None,
        description: str | None = None,
        return_url: str | None = None,
        customer: str | None = None,
        payment_method: str | None = None,
        method: Literal["card"] | None = None,
        capture_method: Literal["automatic", "manual"] | None = None,
        confirm: bool | None = None,
        installments: PaymentsCreateInstallments | None = None,
        authentication: PaymentsCreateAuthentication | None = None,
        metadata: Mapping[str, str] | None = None,
        reference: str | None = None,
        locale: str | None = None,
        billing_details: PaymentsCreateBillingDetails | None = None,
        expires_in_minutes: int | None = None,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Create a payment; without a payment method it has a `checkout_url` for the shopper."""
        call = Call(
            method="POST",
            path="/v1/payments",
            body={
                "amount": amount,
                "currency": currency,
                "description": description,
                "return_url": return_url,
                "customer": customer,
                "payment_method": payment_method,
                "method": method,
                "capture_method": capture_method,
                "confirm": confirm,
                "installments": installments,
                "authentication": authentication,
                "metadata": metadata,
                "reference": reference,
                "locale": locale,
                "billing_details": billing_details,
                "expires_in_minutes": expires_in_minutes,
            },
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Payment)

    def retrieve(self, object_id: str, /) -> Payment:
        """The payment as it is now."""
        call = Call(method="GET", path=f"/v1/payments/{quote_segment(object_id)}")
        return self._connection.call(call, Payment)

    def confirm(
        self,
        object_id: str,
        /,
        *,
        payment_method: str,
        installments: PaymentsConfirmInstallments | None = None,
        terms_acceptance: PaymentsConfirmTermsAcceptance | None = None,
        return_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Pay a pending payment with a payment method and, if wished, a plan."""
        call = Call(
            method="POST",
            path=f"/v1/payments/{quote_segment(object_id)}/confirm",
            body={
                "payment_method": payment_method,
                "installments": installments,
                "terms_acceptance": terms_acceptance,
                "return_url": return_url,
            },
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Payment)

    def capture(
        self, object_id: str, /, *, amount: int | None = None, idempotency_key: str | None = None
    ) -> Payment:
        """Take the authorized amount, or a part and release the rest."""
        call = Call(
            method="POST",
            path=f"/v1/payments/{quote_segment(object_id)}/capture",
            body={"amount": amount},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Payment)

    def cancel(
        self,
        object_id: str,
        /,
        *,
        reason: Literal["requested_by_merchant", "abandoned"] | None = None,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Stop a payment that is not captured, and its plan."""
        call = Call(
            method="POST",
            path=f"/v1/payments/{quote_segment(object_id)}/cancel",
            body={"reason": reason},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Payment)

    def list(
        self,
        *,
        status: Literal[
            "pending",
            "requires_authentication",
            "processing",
            "authorized",
            "completed",
            "partially_refunded",
            "refunded",
            "failed",
            "cancelled",
        ]
        | None = None,
        customer: str | None = None,
        reference: str | None = None,
        issuer_program: str | None = None,
        created: Range | None = None,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[Payment]:
        """Payments, newest first."""
        call = Call(
            method="GET",
            path="/v1/payments",
            query={
                "status": status,
                "customer": customer,
                "reference": reference,
                "issuer_program": issuer_program,
                "created": created,
                "limit": limit,
                "starting_after": starting_after,
                "ending_before": ending_before,
            },
        )
        return self._connection.list(call, Payment)


class PaymentMethods:
    """Cards that can be charged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        type: Literal["card"],
        card: PaymentMethodsCreateCard | None = None,
        token: str | None = None,
        billing_details: PaymentMethodsCreateBillingDetails | None = None,
        customer: str | None = None,
        idempotency_key: str | None = None,
    ) -> PaymentMethod:
        """Keep a card; its number is taken from a publishable key only."""
        call = Call(
            method="POST",
            path="/v1/payment-methods",
            body={
                "type": type,
                "card": card,
                "token": token,
                "billing_details": billing_details,
                "customer": customer,
            },
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, PaymentMethod)

    def retrieve(self, object_id: str, /) -> PaymentMethod:
        """The payment method, without the number."""
        call = Call(method="GET", path=f"/v1/payment-methods/{quote_segment(object_id)}")
        return self._connection.call(call, PaymentMethod)


class Customers:
    """People who pay again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        email: str | None = None,
        name: str | None = None,
        reference: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Customer:
        """Keep a customer."""
        call = Call(
            method="POST",
            path="/v1/customers",
            body={"email": email, "name": name, "reference": reference, "metadata": metadata},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Customer)

    def retrieve(self, object_id: str, /) -> Customer:
        """The customer."""
        call = Call(method="GET", path=f"/v1/customers/{quote_segment(object_id)}")
        return self._connection.call(call, Customer)


class Installments:
    """Plans that a shopper can choose from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_plans(self, *, payment: str, payment_method: str) -> PlanList:
        """The plans of a pending payment and a payment method, in the order to show them in."""
        call = Call(
            method="GET",
            path="/v1/installments/plans",
            query={"payment": payment, "payment_method": payment_method},
        )
        return PlanList(self._connection.call_json(call))

    def retrieve_plan(self, object_id: str, /) -> Plan:
        """An accepted plan as it is now."""
        call = Call(method="GET", path=f"/v1/installments/plans/{quote_segment(object_id)}")
        return self._connection.call(call, Plan)

    def download_plan_evidence(self, object_id: str, /) -> bytes:
        """What was shown and accepted, byte for byte as it is kept for proof."""
        call = Call(method="GET", path=f"/v1/installments/plans/{quote_segment(object_id)}/evidence")
        return self._connection.call_content(call)


class Refunds:
    """Money given back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def preview(
        self, *, payment: str, amount: int | None = None, idempotency_key: str | None = None
    ) -> RefundPreview:
        """What a refund would do to the plan, the shopper and the fees; changes nothing."""
        call = Call(
            method="POST",
            path="/v1/refunds/preview",
            body={"payment": payment, "amount": amount},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, RefundPreview)

    def create(
        self,
        *,
        payment: str,
        amount: int | None = None,
        reason: Literal["requested_by_customer", "duplicate", "fraudulent", "product_not_received"]
        | None = None,
        preview: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Refund:
        """Give money back: all that is left, or `amount`."""
        call = Call(
            method="POST",
            path="/v1/refunds",
            body={
                "payment": payment,
                "amount": amount,
                "reason": reason,
                "preview": preview,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Refund)

    def retrieve(self, object_id: str, /) -> Refund:
        """The refund as it is now."""
        call = Call(method="GET", path=f"/v1/refunds/{quote_segment(object_id)}")
        return self._connection.call(call, Refund)

    def update(
        self, object_id: str, /, *, metadata: Mapping[str, str], idempotency_key: str | None = None
    ) -> Refund:
        """Replace the refund's metadata."""
        call = Call(
            method="POST",
            path=f"/v1/refunds/{quote_segment(object_id)}",
            body={"metadata": metadata},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Refund)

    def cancel(self, object_id: str, /, *, idempotency_key: str | None = None) -> Refund:
        """Withdraw a refund that is not sent yet."""
        call = Call(
            method="POST",
            path=f"/v1/refunds/{quote_segment(object_id)}/cancel",
            body={},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Refund)

    def list(
        self,
        *,
        payment: str | None = None,
        status: Literal["pending", "succeeded", "failed", "cancelled"] | None = None,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[Refund]:
        """Refunds, newest first."""
        call = Call(
            method="GET",
            path="/v1/refunds",
            query={
                "payment": payment,
                "status": status,
                "limit": limit,
                "starting_after": starting_after,
                "ending_before": ending_before,
            },
        )
        return self._connection.list(call, Refund)


class Settlements:
    """What the merchant gets, period by period."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def retrieve(self, object_id: str, /) -> Settlement:
        """The settlement as it is now."""
        call = Call(method="GET", path=f"/v1/settlements/{quote_segment(object_id)}")
        return self._connection.call(call, Settlement)

    def list_transactions(
        self,
        object_id: str,
        /,
        *,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[BalanceTransaction]:
        """The balance transactions of a settlement."""
        call = Call(
            method="GET",
            path=f"/v1/settlements/{quote_segment(object_id)}/transactions",
            query={"limit": limit, "starting_after": starting_after, "ending_before": ending_before},
        )
        return self._connection.list(call, BalanceTransaction)

    def list(
        self,
        *,
        created: Range | None = None,
        currency: str | None = None,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[Settlement]:
        """Settlements, newest first."""
        call = Call(
            method="GET",
            path="/v1/settlements",
            query={
                "created": created,
                "currency": currency,
                "limit": limit,
                "starting_after": starting_after,
                "ending_before": ending_before,
            },
        )
        return self._connection.list(call, Settlement)


class BalanceTransactions:
    """What changed the merchant's balance."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        *,
        created: Range | None = None,
        type: Literal["payment", "refund", "refund_reversal", "adjustment", "payout"] | None = None,
        source: str | None = None,
        settlement: str | None = None,
        currency: str | None = None,
        payment_method_type: Literal["card", "card_installment"] | None = None,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[BalanceTransaction]:
        """Balance transactions, newest first."""
        call = Call(
            method="GET",
            path="/v1/balance-transactions",
            query={
                "created": created,
                "type": type,
                "source": source,
                "settlement": settlement,
                "currency": currency,
                "payment_method_type": payment_method_type,
                "limit": limit,
                "starting_after": starting_after,
                "ending_before": ending_before,
            },
        )
        return self._connection.list(call, BalanceTransaction)


class Reports:
    """Files for the books."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        type: Literal["reconciliation"],
        interval: ReportsCreateInterval,
        columns: Sequence[
            Literal[
                "balance_transaction_id",
                "type",
                "payment_id",
                "refund_id",
                "settlement_id",
                "payout_id",
                "created",
                "available_on",
                "currency",
                "gross",
                "processing_fee",
                "installment_fee",
                "fee",
                "net",
                "payment_method_type",
                "card_brand",
                "card_last4",
                "issuer_program",
                "resolved_count",
                "reference",
                "description",
            ]
        ]
        | None = None,
        format: Literal["csv", "json"] | None = None,
        filter: ReportsCreateFilter | None = None,
        idempotency_key: str | None = None,
    ) -> Report:
        """Order a reconciliation report."""
        call = Call(
            method="POST",
            path="/v1/reports",
            body={"type": type, "interval": interval, "columns": columns, "format": format, "filter": filter},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Report)

    def retrieve(self, object_id: str, /) -> Report:
        """The report as it is now."""
        call = Call(method="GET", path=f"/v1/reports/{quote_segment(object_id)}")
        return self._connection.call(call, Report)

    def download(self, object_id: str, /) -> bytes:
        """The file of a report that succeeded."""
        call = Call(method="GET", path=f"/v1/reports/{quote_segment(object_id)}/content")
        return self._connection.call_content(call)

    def list(
        self, *, limit: int | None = None, starting_after: str | None = None, ending_before: str | None = None
    ) -> Page[Report]:
        """Reports, newest first."""
        call = Call(
            method="GET",
            path="/v1/reports",
            query={"limit": limit, "starting_after": starting_after, "ending_before": ending_before},
        )
        return self._connection.list(call, Report)


class Events:
    """What happened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def retrieve(self, object_id: str, /) -> Event:
        """The event, with the object as it was then."""
        call = Call(method="GET", path=f"/v1/events/{quote_segment(object_id)}")
        return self._connection.call(call, Event)

    def resend(
        self, object_id: str, /, *, endpoint: str | None = None, idempotency_key: str | None = None
    ) -> Event:
        """Send the event to the webhook endpoints again, under the same id."""
        call = Call(
            method="POST",
            path=f"/v1/events/{quote_segment(object_id)}/resend",
            body={"endpoint": endpoint},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, Event)

    def list(
        self,
        *,
        type: Literal[
            "payment.created",
            "payment.requires_authentication",
            "payment.processing",
            "payment.authorized",
            "payment.completed",
            "payment.failed",
            "payment.cancelled",
            "payment.expired",
            "payment.refunded",
            "refund.created",
            "refund.succeeded",
            "refund.failed",
            "refund.updated",
            "settlement.created",
            "settlement.completed",
            "report.completed",
            "payment_method.created",
            "plan.offered",
            "plan.accepted",
            "plan.recalculated",
            "plan.cancelled",
            "plan.completed",
            "installment.due",
            "installment.paid",
            "webhook_endpoint.test",
            "refund.completed",
            "payment.succeeded",
        ]
        | None = None,
        object: str | None = None,
        created: Range | None = None,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[Event]:
        """Events, newest first."""
        call = Call(
            method="GET",
            path="/v1/events",
            query={
                "type": type,
                "object": object,
                "created": created,
                "limit": limit,
                "starting_after": starting_after,
                "ending_before": ending_before,
            },
        )
        return self._connection.list(call, Event)


class WebhookEndpoints:
    """Addresses that events are sent to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        url: str,
        enabled_events: Sequence[
            Literal[
                "*",
                "payment.created",
                "payment.requires_authentication",
                "payment.processing",
                "payment.authorized",
                "payment.completed",
                "payment.failed",
                "payment.cancelled",
                "payment.expired",
                "payment.refunded",
                "refund.created",
                "refund.succeeded",
                "refund.failed",
                "refund.updated",
                "settlement.created",
                "settlement.completed",
                "report.completed",
                "payment_method.created",
                "plan.offered",
                "plan.accepted",
                "plan.recalculated",
                "plan.cancelled",
                "plan.completed",
                "installment.due",
                "installment.paid",
                "webhook_endpoint.test",
                "refund.completed",
                "payment.succeeded",
            ]
        ]
        | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookEndpoint:
        """Add an endpoint; its `secret` is told this once."""
        call = Call(
            method="POST",
            path="/v1/webhook-endpoints",
            body={"url": url, "enabled_events": enabled_events, "description": description},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, WebhookEndpoint)

    def retrieve(self, object_id: str, /) -> WebhookEndpoint:
        """The endpoint."""
        call = Call(method="GET", path=f"/v1/webhook-endpoints/{quote_segment(object_id)}")
        return self._connection.call(call, WebhookEndpoint)

    def update(
        self,
        object_id: str,
        /,
        *,
        url: str | None = None,
        enabled_events: Sequence[
            Literal[
                "*",
                "payment.created",
                "payment.requires_authentication",
                "payment.processing",
                "payment.authorized",
                "payment.completed",
                "payment.failed",
                "payment.cancelled",
                "payment.expired",
                "payment.refunded",
                "refund.created",
                "refund.succeeded",
                "refund.failed",
                "refund.updated",
                "settlement.created",
                "settlement.completed",
                "report.completed",
                "payment_method.created",
                "plan.offered",
                "plan.accepted",
                "plan.recalculated",
                "plan.cancelled",
                "plan.completed",
                "installment.due",
                "installment.paid",
                "webhook_endpoint.test",
                "refund.completed",
                "payment.succeeded",
            ]
        ]
        | None = None,
        status: Literal["enabled", "disabled"] | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookEndpoint:
        """Change address, events or status."""
        call = Call(
            method="PATCH",
            path=f"/v1/webhook-endpoints/{quote_segment(object_id)}",
            body={"url": url, "enabled_events": enabled_events, "status": status},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, WebhookEndpoint)

    def delete(self, object_id: str, /) -> DeletedObject:
        """Remove the endpoint."""
        call = Call(method="DELETE", path=f"/v1/webhook-endpoints/{quote_segment(object_id)}")
        return self._connection.call(call, DeletedObject)

    def roll_secret(
        self, object_id: str, /, *, overlap_hours: int | None = None, idempotency_key: str | None = None
    ) -> WebhookEndpoint:
        """Make a new secret; the old one signs too until the overlap ends."""
        call = Call(
            method="POST",
            path=f"/v1/webhook-endpoints/{quote_segment(object_id)}/roll-secret",
            body={"overlap_hours": overlap_hours},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, WebhookEndpoint)

    def list_deliveries(
        self,
        object_id: str,
        /,
        *,
        limit: int | None = None,
        starting_after: str | None = None,
        ending_before: str | None = None,
    ) -> Page[WebhookDelivery]:
        """The tries to reach the endpoint, newest first."""
        call = Call(
            method="GET",
            path=f"/v1/webhook-endpoints/{quote_segment(object_id)}/deliveries",
            query={"limit": limit, "starting_after": starting_after, "ending_before": ending_before},
        )
        return self._connection.list(call, WebhookDelivery)

    def list(
        self, *, limit: int | None = None, starting_after: str | None = None, ending_before: str | None = None
    ) -> Page[WebhookEndpoint]:
        """Endpoints, newest first."""
        call = Call(
            method="GET",
            path="/v1/webhook-endpoints",
            query={"limit": limit, "starting_after": starting_after, "ending_before": ending_before},
        )
        return self._connection.list(call, WebhookEndpoint)


class TestClock:
    """The clock of a test account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def retrieve(self) -> ClockTime:
        """What time it is there."""
        call = Call(method="GET", path="/v1/test/clock")
        return self._connection.call(call, ClockTime)

    def advance(
        self,
        *,
        by: str | None = None,
        to: int | None = None,
        to_next: Literal["event"] | None = None,
        idempotency_key: str | None = None,
    ) -> ClockAdvance:
        """Go forward; everything due happens in its order."""
        call = Call(
            method="POST",
            path="/v1/test/clock/advance",
            body={"by": by, "to": to, "to_next": to_next},
            idempotency_key=idempotency_key,
        )
        return self._connection.call(call, ClockAdvance)


class Resources:
    """What a client has attributes for."""

    def __init__(self, connection: Connection) -> None:
        self.payments = Payments(connection)
        self.payment_methods = PaymentMethods(connection)
        self.customers = Customers(connection)
        self.installments = Installments(connection)
        self.refunds = Refunds(connection)
        self.settlements = Settlements(connection)
        self.balance_transactions = BalanceTransactions(connection)
        self.reports = Reports(connection)
        self.events = Events(connection)
        self.webhook_endpoints = WebhookEndpoints(connection)
        self.test_clock = TestClock(connection)
