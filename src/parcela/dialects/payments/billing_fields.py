"""Members that several requests share: billing details and a merchant's texts (`spec/payments.md` §4)."""

from typing import Any

from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Text, refuse_value
from parcela.domain.card_brands import mask_branded_numbers
from parcela.domain.payments.records import Address, BillingDetails

LINE = Text(longest=200)
EMAIL = Text(
    longest=254,
    pattern=r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+",
    expected="an e-mail address such as ana@example.com",
)
REFERENCE = Text(longest=200)

_ADDRESS = Fields(
    {
        "line1": Member(LINE, "Street and number"),
        "city": Member(LINE),
        "postalCode": Member(Text(longest=20)),
        "country": Member(
            Text(
                longest=3,
                shortest=2,
                pattern="[A-Za-z]{2,3}",
                expected="a country code of ISO 3166-1, such as DE",
            ),
            "ISO 3166-1, two or three letters",
        ),
    }
)
BILLING = Member(
    Fields(
        {
            "name": Member(LINE),
            "email": Member(EMAIL),
            "phone": Member(Text(longest=40)),
            "address": Member(_ADDRESS),
        }
    ),
    "Who pays; a lender needs name, e-mail and address",
)


def read_billing(billing: dict[str, Any] | None) -> BillingDetails | None:
    """The payer of a checked request."""
    if billing is None:
        return None
    address = billing.get("address")
    return BillingDetails(
        name=keep_plain(billing.get("name")),
        email=check_email(billing.get("email"), "billingDetails.email"),
        phone=keep_plain(billing.get("phone")),
        address=None if address is None else _read_address(address),
    )


def _read_address(address: dict[str, Any]) -> Address:
    country = address.get("country")
    return Address(
        line1=keep_plain(address.get("line1")),
        city=keep_plain(address.get("city")),
        postal_code=keep_plain(address.get("postalCode")),
        country=None if country is None else country.upper(),
    )


def keep_plain(text: str | None) -> str | None:
    """A merchant's own words as they may be kept: a card number in them is masked."""
    return None if text is None else mask_branded_numbers(text)


def read_metadata(metadata: dict[str, str] | None) -> dict[str, str]:
    """A merchant's pairs as they may be kept. Raises PaymentRefused for a name that is a card number."""
    pairs = metadata or {}
    if any(mask_branded_numbers(name) != name for name in pairs):
        raise refuse_value("metadata", "given with names without a card number in them")
    return {name: mask_branded_numbers(text) for name, text in pairs.items()}


def check_email(email: str | None, path: str) -> str | None:
    """An e-mail address as it was given. Raises PaymentRefused for a card number in it."""
    if email is not None and mask_branded_numbers(email) != email:
        raise refuse_value(path, "an address without a card number in it")
    return email


def check_plain(reference: str | None) -> str | None:
    """A merchant's own name for something. Raises PaymentRefused for a card number, which is kept nowhere."""
    if reference is not None and mask_branded_numbers(reference) != reference:
        raise refuse_value("reference", "a text without a card number in it")
    return reference
