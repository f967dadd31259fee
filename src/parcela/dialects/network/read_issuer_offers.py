"""Reading an issuer's answer to a real-time search (`spec/network.md` §13): a foreign server's words.

An answer that is not of the agreed form is refused whole; an offer in it that breaks its schema is dropped.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from parcela.dialects.network.wire_values import (
    MAX_AMOUNT,
    Members,
    count_decimals,
    is_number,
    read_date,
    read_date_time,
    read_decimal,
    read_identifier,
    read_whole,
)
from parcela.dialects.network.write import FREQUENCIES
from parcela.dialects.network.write_offers import FEE_TYPES, FIRST_DUES, OFFER_TYPE
from parcela.dialects.strict_json import JsonValue, StrictJsonError, parse_object
from parcela.domain.countries import is_country
from parcela.domain.issuer_offers import ClaimedPayment, ClaimedProvider, IssuerOfferClaim
from parcela.domain.offers import MAX_OFFERS
from parcela.domain.terms import FeePlacement
from parcela.operations.realtime import UnreadableAnswer

_INTERVALS = {word: name for name, word in FREQUENCIES.items()}
_FEE_KINDS = {word: kind for kind, word in FEE_TYPES.items()}
_FIRST_DUES = {word: first_due for first_due, word in FIRST_DUES.items()}
# Both spellings of each stand in published samples (§5.3).
_PLACEMENTS = {
    "FRST_INSTL": FeePlacement.FIRST,
    "FIRST_INSTALLMENT": FeePlacement.FIRST,
    "SPREAD_ALL_INSTALLMENT": FeePlacement.SPREAD,
    "SPREAD_ALL_INSTL": FeePlacement.SPREAD,
}
_MAX_DECIMALS = 10
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_WEB_ADDRESS = re.compile(r"https?://[!-~]+")

Value = TypeVar("Value")


class BrokenOffer(Exception):
    """An offer breaks its schema; the text names the member, and never quotes it."""

    def __init__(self, member: str) -> None:
        super().__init__(f"{member} is missing or not as agreed")


def read_offer_list(body: bytes) -> list[JsonValue]:
    """The offers of an answer, unread. Raises UnreadableAnswer."""
    try:
        offers = parse_object(body).get("offers")
    except StrictJsonError as error:
        raise UnreadableAnswer(str(error)) from None
    if not isinstance(offers, list):
        raise UnreadableAnswer("offers is not an array")
    if len(offers) > MAX_OFFERS:
        raise UnreadableAnswer(f"there are more than {MAX_OFFERS} offers")
    return offers


def read_claim(value: JsonValue) -> IssuerOfferClaim:
    """One offer as the issuer states it. Raises BrokenOffer."""
    if not isinstance(value, dict):
        raise BrokenOffer("the offer")
    if value.get("offerType") != OFFER_TYPE or is_number(value["offerType"]):
        raise BrokenOffer("offerType")
    fee_kind = _read_word(value, "feeType", _FEE_KINDS)
    fee_value = _read_rate(value, "feeValue")
    if fee_kind is None and fee_value:
        raise BrokenOffer("feeValue")
    return IssuerOfferClaim(
        offer_id=_require(_read_text(value, "offerId", 8, 64), "offerId"),
        count=_require(_read_count(value, "tenure", 2, 99), "tenure"),
        interval=_read_word(value, "frequency", _INTERVALS),
        total_amount=_require(_read_amount(value, "totalAmount"), "totalAmount"),
        other_amount=_require(_read_amount(value, "otherInstallmentAmount"), "otherInstallmentAmount"),
        first_amount=_read_amount(value, "firstInstallmentAmount"),
        payments=_read_payments(value.get("schedulePayments")),
        first_due=_find_word(value, "firstInstallmentSchedule", _FIRST_DUES),
        apr_percent=_read_rate(value, "apr"),
        interest_percent=_read_rate(value, "interestRate"),
        fee_kind=fee_kind,
        fee_value=fee_value,
        fee_placement=_find_word(value, "feeDistribution", _PLACEMENTS),
        begin=_read_instant(value, "offerBeginDatetime"),
        end=_read_instant(value, "offerEndDatetime"),
        priority=_read_count(value, "priority", 1, 999_999),
        display_text=_read_text(value, "offerDisplayText", 3, 500),
        symbol=_read_text(value, "currencySymbol", 1, 1),
        country=_read_country(value),
        provider=_read_provider(value.get("provider")),
    )


def mentions(claim: IssuerOfferClaim, digits: str) -> bool:
    """Does a text of the offer hold this number? A card number must be neither kept nor shown."""
    provider = claim.provider
    texts = (claim.offer_id, claim.display_text, provider.name, provider.logo_url, provider.cid)
    return any(text is not None and digits in text for text in (*texts, provider.disclosure))


def _require(value: Value | None, member: str) -> Value:
    if value is None:
        raise BrokenOffer(member)
    return value


def _read_text(members: Members, name: str, shortest: int, longest: int) -> str | None:
    """A text within its length and without control characters; None when absent."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or is_number(value) or not shortest <= len(value) <= longest:
        raise BrokenOffer(name)
    if _CONTROL.search(value):
        raise BrokenOffer(name)
    return value


def _find_word(members: Members, name: str, words: Mapping[str, Value]) -> Value | None:
    return None if members.get(name) is None else _read_word(members, name, words)


def _read_word(members: Members, name: str, words: Mapping[str, Value]) -> Value:
    value = members.get(name)
    if not isinstance(value, str) or value not in words:
        raise BrokenOffer(name)
    return words[value]


def _read_count(members: Members, name: str, lowest: int, highest: int) -> int | None:
    value = members.get(name)
    if value is None:
        return None
    number = read_whole(value)
    if number is None or not lowest <= number <= highest:
        raise BrokenOffer(name)
    return number


def _read_amount(members: Members, name: str) -> Decimal | None:
    """An amount above 0; that the currency has its decimals is the core's to see."""
    value = members.get(name)
    if value is None:
        return None
    number = read_decimal(value)
    if number is None or not 0 < number <= MAX_AMOUNT:
        raise BrokenOffer(name)
    return number


def _read_rate(members: Members, name: str) -> Decimal | None:
    """A percentage or a fee, 0 or more."""
    value = members.get(name)
    if value is None:
        return None
    number = read_decimal(value)
    if number is None or not 0 <= number <= MAX_AMOUNT:
        raise BrokenOffer(name)
    if number == 0:
        return Decimal(0)
    if count_decimals(number) > _MAX_DECIMALS:
        raise BrokenOffer(name)
    return number


def _read_instant(members: Members, name: str) -> datetime | None:
    value = members.get(name)
    if value is None:
        return None
    return _require(read_date_time(value), name)


def _read_country(members: Members) -> str | None:
    text = _read_text(members, "countryCode", 3, 3)
    if text is not None and not is_country(text):
        raise BrokenOffer("countryCode")
    return text


def _read_payments(value: JsonValue) -> tuple[ClaimedPayment, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise BrokenOffer("schedulePayments")
    return tuple([_read_payment(row) for row in value])


def _read_payment(row: JsonValue) -> ClaimedPayment:
    if not isinstance(row, dict):
        raise BrokenOffer("schedulePayments")
    text = _require(_read_text(row, "dueDate", 8, 10), "dueDate")
    return ClaimedPayment(
        number=_require(_read_count(row, "installmentNumber", 1, 99), "installmentNumber"),
        amount=_require(_read_amount(row, "installmentAmount"), "installmentAmount"),
        due_date=_require(read_date(text), "dueDate"),
    )


def _read_provider(value: JsonValue) -> ClaimedProvider:
    """How the issuer presents itself; its provider id is known already, whatever it says (§13)."""
    if value is None:
        return ClaimedProvider()
    if not isinstance(value, dict):
        raise BrokenOffer("provider")
    logo_url = _read_text(value, "providerLogoUrl", 10, 2000)
    if logo_url is not None and not _WEB_ADDRESS.fullmatch(logo_url):
        raise BrokenOffer("providerLogoUrl")
    return ClaimedProvider(
        name=_read_text(value, "providerName", 1, 100),
        logo_url=logo_url,
        cid=_read_cid(value),
        disclosure=_read_text(value, "disclosure", 0, 500),
    )


def _read_cid(members: Members) -> str | None:
    """A company id, which one published sample writes as a number (§5.3)."""
    value = members.get("cid")
    if value is None:
        return None
    found = read_identifier(value)
    if found is None or not 1 <= len(found.text) <= 20 or _CONTROL.search(found.text):
        raise BrokenOffer("cid")
    return found.text
