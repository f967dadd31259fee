"""Reading `POST /offers`: member checks together, then the business checks one by one (§§5, 16.1)."""

from dataclasses import dataclass
from decimal import Decimal

from parcela.dialects.network.errors import (
    INVALID_PARAMETER,
    OFFERS,
    ErrorAnswer,
    WireError,
    refuse,
    refuse_body,
)
from parcela.dialects.network.wire_values import (
    MAX_AMOUNT,
    Members,
    count_decimals,
    is_digits,
    is_number,
    read_date_time,
    read_decimal,
    read_identifier,
)
from parcela.dialects.strict_json import JsonNumber, JsonValue
from parcela.domain.calendar import EVERY_15_DAYS
from parcela.domain.cards import mask_card_numbers, passes_luhn
from parcela.domain.catalogue import Catalogue
from parcela.domain.countries import get_main_currency, is_country
from parcela.domain.currency import find_currency
from parcela.domain.eligibility import Purchase
from parcela.domain.ids import Identifier
from parcela.domain.plans import Merchant
from parcela.operations.offers import OfferInquiry

_MERCHANT_SIZES = (
    ("name", 1, 100),
    ("url", 1, 50),
    ("country", 3, 3),
    ("mcc", 4, 4),
    ("acquirerId", 1, 6),
    ("merchantId", 1, 15),
)
_IDENTIFIERS = frozenset({"mcc", "acquirerId", "merchantId"})
_COMBINATIONS = (
    "One of the below combination of data must be present 1. If requester pass either of acquirer Id or "
    "merchant Id than country, acquirer Id and merchant Id is mandatory 2. In case of merchant name - "
    "country code is mandatory 3. In case of URL - country code is mandatory"
)


@dataclass(slots=True)
class _Reader:
    """One request's members and the failures found so far."""

    failures: list[WireError]

    def fail(self, member: str, description: str) -> None:
        self.failures.append(WireError(OFFERS, member, description))


def read_offer_inquiry(
    body: Members, sensitive: Members, catalogue: Catalogue, *, shows_15_days: bool
) -> OfferInquiry:
    """The inquiry in the core's words. Raises ErrorAnswer."""
    reader = _Reader([])
    transaction = _read_object(body.get("transaction"))
    merchant = _read_merchant_members(body.get("merchant"), sensitive)
    amount, currency = _check_transaction(reader, transaction)
    _check_merchant_members(reader, merchant)
    digits = _check_pan(reader, sensitive)
    if reader.failures:
        raise ErrorAnswer(400, reader.failures)
    assert amount is not None and currency is not None and digits is not None and transaction is not None
    local_at = read_date_time(transaction.get("localDateTime"))
    if local_at is None:
        raise refuse(OFFERS, INVALID_PARAMETER, "Local Transaction date and time must be present")
    country = _check_merchant_rules(merchant)
    _check_market(catalogue, country, currency)
    if not passes_luhn(digits):
        raise refuse(OFFERS, INVALID_PARAMETER, "PAN provided is invalid")
    facts = build_merchant(merchant)
    purchase = Purchase(
        amount=amount,
        currency=currency,
        local_at=local_at,
        country=country,
        mcc=None if facts.mcc is None else facts.mcc.text,
        merchant_id=None if facts.merchant_id is None else facts.merchant_id.text,
    )
    hidden = frozenset() if shows_15_days else frozenset({EVERY_15_DAYS})
    return OfferInquiry(digits=digits, purchase=purchase, merchant=facts, hidden_intervals=hidden)


def build_merchant(members: Members) -> Merchant:
    """The merchant of checked members. A card number in its free texts is masked: it would be stored."""
    return Merchant(
        name=_mask_text(members.get("name")),
        url=_mask_text(members.get("url")),
        country=_text(members.get("country")),
        mcc=_identifier(members.get("mcc")),
        acquirer_id=_identifier(members.get("acquirerId")),
        merchant_id=_identifier(members.get("merchantId")),
    )


def _mask_text(value: JsonValue) -> str | None:
    return mask_card_numbers(value) if isinstance(value, str) else None


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _identifier(value: JsonValue) -> Identifier | None:
    return None if value is None else read_identifier(value)


def _read_object(value: JsonValue) -> Members | None:
    if value is not None and not isinstance(value, dict):
        raise refuse_body(OFFERS)
    return value


def _read_merchant_members(value: JsonValue, sensitive: Members) -> Members:
    """The merchant's members; its name may stand in the older place beside the card (§5.1)."""
    members = dict(_read_object(value) or {})
    if members.get("name") is None:
        older = sensitive.get("merchant")
        if isinstance(older, dict) and older.get("name") is not None:
            members["name"] = older["name"]
    for name, found in members.items():
        if found is None or name not in {known for known, _, _ in _MERCHANT_SIZES}:
            continue
        is_text = isinstance(found, str) and not is_number(found)
        if not is_text and not (name in _IDENTIFIERS and read_identifier(found) is not None):
            raise refuse_body(OFFERS)
    return members


def _check_transaction(reader: _Reader, transaction: Members | None) -> tuple[Decimal | None, str | None]:
    if transaction is None:
        reader.fail("transaction", "must not be null")
        return None, None
    currency = transaction.get("currency")
    if currency is not None and (not isinstance(currency, str) or isinstance(currency, JsonNumber)):
        raise refuse_body(OFFERS)
    amount = _check_amount(reader, transaction.get("amount"), currency)
    if currency is None:
        reader.fail("transaction.currency", "must not be null")
    elif len(currency) != 3:
        reader.fail("transaction.currency", "size must be between 3 and 3")
    return amount, currency


def _check_amount(reader: _Reader, value: JsonValue, currency: str | None) -> Decimal | None:
    if value is None:
        reader.fail("transaction.amount", "must not be null")
        return None
    amount = read_decimal(value)
    if amount is None:
        reader.fail("transaction.amount", "must be a number")
    elif amount <= 0:
        reader.fail("transaction.amount", "must be greater than 0")
    elif amount > MAX_AMOUNT:
        reader.fail("transaction.amount", "must be less than or equal to 1000000000000000")
    elif not _fits_currency(amount, currency):
        reader.fail("transaction.amount", "numeric value out of bounds")
    return amount


def _fits_currency(amount: Decimal, currency: str | None) -> bool:
    known = find_currency(currency) if currency is not None else None
    if known is None:
        return True
    return count_decimals(amount) <= known.exponent


def _check_merchant_members(reader: _Reader, members: Members) -> None:
    for name, shortest, longest in _MERCHANT_SIZES:
        value = members.get(name)
        if value is None:
            continue
        assert isinstance(value, str)
        if not shortest <= len(value) <= longest:
            reader.fail(f"merchant.{name}", f"size must be between {shortest} and {longest}")
        elif name == "mcc" and not is_digits(value):
            reader.fail("merchant.mcc", r'must match "^\d{4}$"')


def _check_pan(reader: _Reader, sensitive: Members) -> str | None:
    """The card number; its two failures always come together (§16.1, rows 6 and 7)."""
    consumer = sensitive.get("consumer")
    value = consumer.get("primaryAccountNumber") if isinstance(consumer, dict) else None
    if value is None and (consumer is None or isinstance(consumer, dict)):
        reader.fail("consumer.primaryAccountNumber", "must not be null")
        return None
    if isinstance(value, str) and is_digits(value) and 13 <= len(value) <= 24:
        return str(value)
    reader.fail("consumer.primaryAccountNumber", "size must be between 13 and 24")
    reader.fail("consumer.primaryAccountNumber", r'must match "^\d{13,24}$"')
    return None


def _check_merchant_rules(members: Members) -> str:
    """Which members stand together; the first match answers (§5.2). Gives the country."""
    sent = {name for name, _, _ in _MERCHANT_SIZES if members.get(name) is not None}
    country = members.get("country")
    if not sent - {"country"}:
        raise _refuse_merchant("Merchant object is empty. Country code and MCC must exist")
    has_ids = bool(sent & {"acquirerId", "merchantId"})
    if has_ids and not {"acquirerId", "merchantId", "country"} <= sent:
        if country is None and sent & {"name", "url"}:
            raise _refuse_merchant(_COMBINATIONS)
        raise _refuse_merchant("AcquirerId, MerchantId and CountryCode must be present")
    if country is None:
        raise _refuse_merchant("Country code must be present")
    assert isinstance(country, str)
    return country


def _refuse_merchant(description: str) -> ErrorAnswer:
    return refuse(OFFERS, INVALID_PARAMETER, description)


def _check_market(catalogue: Catalogue, country: str, currency: str) -> None:
    """Country and currency are known and belong together (§5.2)."""
    if not is_country(country):
        raise refuse(OFFERS, INVALID_PARAMETER, "Country Code Not Supported")
    if find_currency(currency) is None:
        raise refuse(OFFERS, INVALID_PARAMETER, "Currency Code Not Supported")
    if get_main_currency(country) != currency and not catalogue.has_market_pair(country, currency):
        raise refuse(OFFERS, INVALID_PARAMETER, "Invalid Country and Currency Pair")
