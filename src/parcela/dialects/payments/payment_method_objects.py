"""`payment_method` as merchants see it, and billing details (`spec/payments.md` §5). Never a number."""

from parcela.dialects.payments.wire_values import Document, WireObject, to_document, write_instant
from parcela.domain.payments.records import BillingDetails, PaymentMethod


class AddressObject(WireObject):
    """Where a payer lives."""

    line1: str | None
    city: str | None
    postal_code: str | None
    country: str | None


class BillingDetailsObject(WireObject):
    """Who pays."""

    name: str | None
    email: str | None
    phone: str | None
    address: AddressObject | None


class CardObject(WireObject):
    """What may be shown of a card. `country` and `funding` are null for cards of no known account range."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str | None
    funding: str | None
    fingerprint: str


class PaymentMethodObject(WireObject):
    """A kept card."""

    id: str
    object: str
    type: str
    card: CardObject
    billing_details: BillingDetailsObject | None
    customer: str | None
    livemode: bool
    created: int


def render_payment_method(method: PaymentMethod) -> Document:
    """`payment_method`."""
    card = method.card
    return to_document(
        PaymentMethodObject(
            id=method.payment_method_id,
            object="payment_method",
            type="card",
            card=CardObject(
                brand=card.brand,
                last4=card.last_four,
                exp_month=card.expiry_month,
                exp_year=card.expiry_year,
                country=card.country,
                funding=card.funding,
                fingerprint=card.fingerprint,
            ),
            billing_details=_make_billing(method.billing),
            customer=method.customer_id,
            livemode=method.owner.is_live,
            created=write_instant(method.created_at),
        )
    )


def _make_billing(billing: BillingDetails | None) -> BillingDetailsObject | None:
    if billing is None:
        return None
    address = billing.address
    return BillingDetailsObject(
        name=billing.name,
        email=billing.email,
        phone=billing.phone,
        address=None
        if address is None
        else AddressObject(
            line1=address.line1,
            city=address.city,
            postal_code=address.postal_code,
            country=address.country,
        ),
    )
