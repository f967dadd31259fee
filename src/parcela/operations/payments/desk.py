"""What the operations of this door are given: the engine, the outside world as ports, the door's words."""

from dataclasses import dataclass, field
from typing import Protocol

from parcela.domain.money import Money
from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.payments.records import Payment, PaymentMethod
from parcela.domain.payments.refunds import Refund
from parcela.domain.payments.reports import Report
from parcela.domain.payments.settlement import Settlement
from parcela.domain.payments.webhook_urls import WebhookReach
from parcela.domain.payments.webhooks import WebhookEndpoint
from parcela.operations.acquiring import Acquirer
from parcela.operations.engine import Engine
from parcela.operations.payments.authenticating import Authenticator, FrictionlessAuthenticator
from parcela.operations.payments.lending import Lender
from parcela.operations.payments.plan_issuers import PlanIssuer
from parcela.operations.payments.press import Press, ShownDisclosure
from parcela.store.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment with its plan, as it is shown."""

    payment: Payment
    plan: PaymentPlan | None = None


class ObjectRenderer(Protocol):
    """Objects in the door's words: events carry them as they were at their moment."""

    def render_payment(self, view: PaymentView) -> Document:
        """`payment`."""

    def render_payment_method(self, method: PaymentMethod) -> Document:
        """`payment_method`."""

    def render_offer(self, offer: PaymentOffer, disclosure: ShownDisclosure) -> Document:
        """`installment_plan`, as plans are listed."""

    def render_plan_list(self, shown: PlanList) -> Document:
        """`plan_list`, the object of `plan.offered`: what was shown, without rows and terms."""

    def render_plan(self, plan: PaymentPlan, disclosure: ShownDisclosure) -> Document:
        """`plan`, the object of `plan.*` events."""

    def render_row(self, plan: PaymentPlan, number: int) -> Document:
        """`installment`, the object of `installment.*` events, with what remains of the plan."""

    def render_refund(self, refund: Refund) -> Document:
        """`refund`."""

    def render_settlement(self, settlement: Settlement) -> Document:
        """`settlement`."""

    def render_report(self, report: Report) -> Document:
        """`report`."""

    def render_webhook_endpoint(self, endpoint: WebhookEndpoint) -> Document:
        """`webhook_endpoint`, without its secret."""

    def write_amount(self, amount: Money, locale: str) -> str:
        """An amount as people read it in the language that serves a locale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsDesk:
    """Everything an operation needs beside its moment and its command."""

    engine: Engine
    acquirer: Acquirer
    plan_issuer: PlanIssuer
    lender: Lender
    renderer: ObjectRenderer
    press: Press
    root_url: str
    webhook_reach: WebhookReach = field(default_factory=WebhookReach)
    authenticator: Authenticator = field(default_factory=FrictionlessAuthenticator)
