"""Reading a notification (`spec/network.md` §9) strictly: what is kept is a plan that can be serviced.

Every failure has the one answer 400, so the first one ends the reading; it names its member for the log.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from parcela.dialects.network.read_offers import build_merchant
from parcela.dialects.network.read_plans import FREQUENCIES
from parcela.dialects.network.wire_values import (
    MAX_AMOUNT,
    Members,
    is_digits,
    is_number,
    is_uuid,
    read_date,
    read_date_time,
    read_decimal,
    read_identifier,
    read_whole,
)
from parcela.dialects.strict_json import JsonValue
from parcela.domain.cards import mask_digits, passes_luhn
from parcela.domain.countries import is_country
from parcela.domain.currency import Currency, find_currency
from parcela.domain.money import InvalidMoney, parse_major
from parcela.domain.plans import AmountKind, Merchant
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.issuer.ports import BadRequest

_MAX_ROWS = 99
_MAX_OFFERS = 50
_AMOUNT_KINDS = {"PURCHASE": AmountKind.PURCHASE, "FINAL": AmountKind.FINAL}
_INFORMATION = "planInstallmentInformation"
_MERCHANT_SIZES = {
    "name": (1, 100),
    "url": (1, 50),
    "mcc": (4, 4),
    "acquirerId": (1, 6),
    "merchantId": (1, 15),
}
_IDENTIFIERS = frozenset({"mcc", "acquirerId", "merchantId"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """`planInstallmentInformation`; amounts are None where the network sent none."""

    interval: str
    count: int
    currency: str | None
    apr_percent: Decimal | None
    fee_value: Decimal | None
    first_amount: Decimal | None
    other_amount: Decimal | None
    total_amount: Decimal | None


def read_issuer_cid(body: Members) -> str:
    """`issuerCid`, which says whose plan it is. Raises BadRequest."""
    _read_identifier(body.get("issuerIca"), "issuerIca", longest=11)
    cid = _read_identifier(body.get("issuerCid"), "issuerCid", longest=10)
    return _require(cid, "issuerCid")


def read_notice(body: Members, sensitive: Members) -> PlanNotice:
    """The plan of a notification, its sensitive part decrypted. Raises BadRequest.

    Beyond the form of every member it demands that the plan agrees with itself: rows numbered 1 to n in
    the order of their dates, each of at least one minor unit, n the tenure, first and other amount those
    of the rows, and the rows summing to the total, which is not below the purchase.
    """
    plan_id = _require(_read_text(body.get("planId"), "planId", shortest=36, longest=36), "planId")
    _check(is_uuid(plan_id), "planId")
    merchant = _read_merchant(body.get("merchant"))
    offer_id = _require(_read_text(body.get("offerId"), "offerId", shortest=8, longest=64), "offerId")
    _check_shown_offers(body.get("transactionOffers"))
    terms = _read_terms(body.get(_INFORMATION))
    transaction = _read_object(body.get("transaction"), "transaction")
    currency = _read_currency(transaction.get("currency"))
    _check(terms.currency in (None, currency.code), f"{_INFORMATION}.currency")
    amount_minor = _read_minor(transaction.get("amount"), currency, "transaction.amount")
    rows = _read_rows(body.get("schedulePayments"), currency)
    total_minor = _check_sums(terms, rows, currency, amount_minor=amount_minor)
    digits = _read_pan(sensitive)
    return PlanNotice(
        plan_id=plan_id.lower(),
        digits=digits,
        issuer_cid=read_issuer_cid(body),
        offer_id=offer_id,
        merchant=merchant,
        currency=currency.code,
        amount_kind=_read_amount_kind(transaction.get("amountType")),
        amount_minor=amount_minor,
        total_minor=total_minor,
        interval=terms.interval,
        apr_percent=terms.apr_percent,
        fee_value=terms.fee_value,
        rows=rows,
        transaction=_read_facts(transaction, digits),
    )


def _check(holds: bool, member: str) -> None:
    if not holds:
        raise BadRequest(member)


def _require(text: str | None, member: str) -> str:
    if text is None:
        raise BadRequest(member)
    return text


def _read_object(value: JsonValue, member: str) -> Members:
    if not isinstance(value, dict):
        raise BadRequest(member)
    return value


def _read_text(value: JsonValue, member: str, *, shortest: int, longest: int) -> str | None:
    """A string within its limits; None when it is absent."""
    if value is None:
        return None
    if not isinstance(value, str) or is_number(value) or not shortest <= len(value) <= longest:
        raise BadRequest(member)
    return value


def _read_identifier(value: JsonValue, member: str, *, longest: int) -> str | None:
    """An identifier sent as a string or a number, as text; None when it is absent."""
    if value is None:
        return None
    found = read_identifier(value)
    if found is None or not 1 <= len(found.text) <= longest:
        raise BadRequest(member)
    return found.text


def _read_merchant(value: JsonValue) -> Merchant:
    if value is None:
        return Merchant()
    members = _read_object(value, "merchant")
    for name, (shortest, longest) in _MERCHANT_SIZES.items():
        found = members.get(name)
        if name in _IDENTIFIERS:
            text = _read_identifier(found, f"merchant.{name}", longest=longest)
            _check(text is None or len(text) >= shortest, f"merchant.{name}")
        else:
            _read_text(found, f"merchant.{name}", shortest=shortest, longest=longest)
    country = _read_text(members.get("country"), "merchant.country", shortest=3, longest=3)
    _check(country is None or is_country(country), "merchant.country")
    return build_merchant(members)


def _check_shown_offers(value: JsonValue) -> None:
    """The offers that were shown: checked for their form, and not needed for servicing."""
    if value is None:
        return
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_OFFERS:
        raise BadRequest("transactionOffers")
    for position, member in enumerate(value):
        path = f"transactionOffers[{position}]"
        offer_id = _read_object(member, path).get("offerId")
        _require(_read_text(offer_id, path, shortest=8, longest=64), path)


def _read_terms(value: JsonValue) -> _Terms:
    members = _read_object(value, _INFORMATION)
    frequency = members.get("frequency")
    if not isinstance(frequency, str) or frequency not in FREQUENCIES:
        raise BadRequest(f"{_INFORMATION}.frequency")
    count = read_whole(members.get("tenure"))
    # The network's own plans have 2 rows at least; a merchant's may be paid at once after a deferral.
    if count is None or not 1 <= count <= _MAX_ROWS:
        raise BadRequest(f"{_INFORMATION}.tenure")
    currency = members.get("currency")

    def read_amount(name: str) -> Decimal | None:
        amount = members.get(name)
        return None if amount is None else _read_amount(amount, f"{_INFORMATION}.{name}")

    return _Terms(
        interval=FREQUENCIES[frequency],
        count=count,
        currency=_read_text(currency, f"{_INFORMATION}.currency", shortest=3, longest=3),
        apr_percent=read_amount("apr"),
        fee_value=read_amount("feeValue"),
        first_amount=read_amount("firstInstallmentAmount"),
        other_amount=read_amount("otherInstallmentAmount"),
        total_amount=read_amount("totalAmount"),
    )


def _read_amount(value: JsonValue, member: str) -> Decimal:
    """A number of 0 to 10^15."""
    amount = read_decimal(value)
    if amount is None or not 0 <= amount <= MAX_AMOUNT:
        raise BadRequest(member)
    # Equal amounts get one spelling, so that a plan told again as 0.50 instead of 0.5 is the same plan.
    text = f"{amount:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _read_minor(value: JsonValue, currency: Currency, member: str) -> int:
    """An amount of money above 0, in minor units."""
    try:
        minor = parse_major(_read_amount(value, member), currency).minor
    except InvalidMoney:
        raise BadRequest(member) from None
    _check(minor > 0, member)
    return minor


def _read_currency(value: JsonValue) -> Currency:
    found = find_currency(value) if isinstance(value, str) and not is_number(value) else None
    if found is None:
        raise BadRequest("transaction.currency")
    return found


def _read_rows(value: JsonValue, currency: Currency) -> tuple[NoticedRow, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_ROWS:
        raise BadRequest("schedulePayments")
    rows = [_read_row(member, f"schedulePayments[{n}]", currency) for n, member in enumerate(value)]
    rows.sort(key=lambda row: row.number)
    _check([row.number for row in rows] == list(range(1, len(rows) + 1)), "schedulePayments")
    dates = [row.due_date for row in rows]
    _check(dates == sorted(set(dates)), "schedulePayments")
    return tuple(rows)


def _read_row(member: JsonValue, path: str, currency: Currency) -> NoticedRow:
    members = _read_object(member, path)
    number = read_whole(members.get("installmentNumber"))
    text = _read_text(members.get("dueDate"), f"{path}.dueDate", shortest=8, longest=10)
    due_date = None if text is None else read_date(text)
    if number is None or due_date is None:
        raise BadRequest(path)
    amount_minor = _read_minor(members.get("installmentAmount"), currency, f"{path}.installmentAmount")
    return NoticedRow(number=number, due_date=due_date, amount_minor=amount_minor)


def _check_sums(terms: _Terms, rows: tuple[NoticedRow, ...], currency: Currency, *, amount_minor: int) -> int:
    """The total of the rows, once everything that is said about it agrees."""
    _check(len(rows) == terms.count, "schedulePayments")
    total_minor = sum(row.amount_minor for row in rows)

    def agrees(said: Decimal | None, minor: int) -> bool:
        return said is None or said == Decimal(minor).scaleb(-currency.exponent)

    _check(agrees(terms.total_amount, total_minor), f"{_INFORMATION}.totalAmount")
    _check(agrees(terms.first_amount, rows[0].amount_minor), f"{_INFORMATION}.firstInstallmentAmount")
    # Rows in between may differ, by their taxes; every row has its own amount in `schedulePayments`.
    _check(agrees(terms.other_amount, rows[-1].amount_minor), f"{_INFORMATION}.otherInstallmentAmount")
    _check(total_minor >= amount_minor, "schedulePayments")
    return total_minor


def _read_amount_kind(value: JsonValue) -> AmountKind:
    kind = _AMOUNT_KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        raise BadRequest("transaction.amountType")
    return kind


def _read_facts(members: Members, digits: str) -> TransactionFacts:
    local_at = _read_instant(members.get("localDateTime"), "localDateTime")
    if local_at is None:
        raise BadRequest("transaction.localDateTime")
    return TransactionFacts(
        local_at=local_at,
        stan=_read_code(members.get("stan"), "stan", shortest=1, longest=6),
        rrn=_read_code(members.get("rrn"), "rrn", shortest=12, longest=12),
        authorization_code=_read_code(
            members.get("authorizationCode"), "authorizationCode", shortest=6, longest=6
        ),
        transaction_link_id=_read_link_id(members.get("transactionLinkId"), digits),
        transmitted_at=_read_instant(members.get("transmissionDateTime"), "transmissionDateTime"),
    )


def _read_instant(value: JsonValue, name: str) -> datetime | None:
    """A date and time; None when it is absent."""
    instant = read_date_time(value)
    if instant is None and value is not None:
        raise BadRequest(f"transaction.{name}")
    return instant


def _read_code(value: JsonValue, name: str, *, shortest: int, longest: int) -> str | None:
    """Digits, sent as a string or a number; an empty string counts as absent (§2.3)."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not is_digits(value) or not shortest <= len(value) <= longest:
        raise BadRequest(f"transaction.{name}")
    return str(value)


def _read_link_id(value: JsonValue, digits: str) -> str | None:
    """DE 105; where it holds the card's own number, that is masked, for link ids are kept in clear."""
    text = _read_text(value, "transaction.transactionLinkId", shortest=0, longest=22)
    return text.replace(digits, mask_digits(digits)) if text else None


def _read_pan(sensitive: Members) -> str:
    consumer = sensitive.get("consumer")
    value = consumer.get("primaryAccountNumber") if isinstance(consumer, dict) else None
    is_pan = isinstance(value, str) and is_digits(value) and 11 <= len(value) <= 19
    if not is_pan or not isinstance(value, str) or not passes_luhn(value):
        raise BadRequest("consumer.primaryAccountNumber")
    return str(value)
