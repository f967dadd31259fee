"""Objects in this door's words, for events and for whoever else tells of them."""

from parcela.dialects.payments import (
    payment_method_objects,
    payment_objects,
    plan_objects,
    refund_objects,
    report_objects,
    settlement_objects,
    webhook_objects,
)
from parcela.dialects.payments.wire_values import Document
from parcela.domain.money import Money
from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.payments.records import PaymentMethod
from parcela.domain.payments.refunds import Refund
from parcela.domain.payments.reports import Report
from parcela.domain.payments.settlement import Settlement
from parcela.domain.payments.webhooks import WebhookEndpoint
from parcela.operations.payments.desk import PaymentView
from parcela.operations.payments.payment_links import PaymentLinks
from parcela.operations.payments.press import ShownDisclosure
from parcela.words.words import write_amount


class WireRenderer:
    """An `ObjectRenderer` that asks the owners of the objects."""

    def __init__(self, links: PaymentLinks) -> None:
        self._links = links

    def render_payment(self, view: PaymentView) -> Document:
        """`payment`, with the addresses of its pages."""
        return payment_objects.render_payment(view, self._links)

    def render_payment_method(self, method: PaymentMethod) -> Document:
        """`payment_method`."""
        return payment_method_objects.render_payment_method(method)

    def render_offer(self, offer: PaymentOffer, disclosure: ShownDisclosure) -> Document:
        """`installment_plan`, as plans are listed."""
        return plan_objects.render_offer(offer, disclosure)

    def render_plan_list(self, shown: PlanList) -> Document:
        """`plan_list`, the object of `plan.offered`."""
        return plan_objects.render_plan_list(shown)

    def render_plan(self, plan: PaymentPlan, disclosure: ShownDisclosure) -> Document:
        """`plan`, with the address of its cardholder's page."""
        return plan_objects.render_plan(plan, disclosure, self._links)

    def render_row(self, plan: PaymentPlan, number: int) -> Document:
        """`installment`, with what remains of the plan."""
        return plan_objects.render_row(plan, number)

    def render_refund(self, refund: Refund) -> Document:
        """`refund`."""
        return refund_objects.render_refund(refund)

    def render_settlement(self, settlement: Settlement) -> Document:
        """`settlement`."""
        return settlement_objects.render_settlement(settlement)

    def render_report(self, report: Report) -> Document:
        """`report`, with the address of its content."""
        return report_objects.render_report(report, root_url=self._links.root_url)

    def render_webhook_endpoint(self, endpoint: WebhookEndpoint) -> Document:
        """`webhook_endpoint`, without its secret."""
        return webhook_objects.render_webhook_endpoint(endpoint)

    def write_amount(self, amount: Money, locale: str) -> str:
        """As on pages and papers."""
        return write_amount(amount, locale)
