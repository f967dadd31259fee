"""Reading `POST /plans`: every failing member is told, in the order of `spec/network.md` §7.1."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from parcela.dialects.network.errors import INVALID_PARAMETER, MALFORMED, PLANS, ErrorAnswer, WireError
from parcela.dialects.network.read_offers import build_merchant
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
from parcela.domain.clients import Client, ClientRole
from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.ids import Identifier
from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedRow,
    ClaimedTerms,
    PlanRequest,
)
from parcela.operations.plans import SavePlan

FREQUENCIES = {"WEEKLY": "weekly", "BIWEEKLY": "biweekly", "MONTHLY": "monthly"}

MISSING = "One or more of the required fields are missing"
OUT_OF_BOUND = "Field length is out of bound"
OUT_OF_RANGE = "Value doesn't exist / doesn't meet specified range"

_INFORMATION = "planInstallmentInformation"
_MAX_ROWS = 99
_MAX_OFFERS = 50
_BOTH_OFFERS = "Both OfferId and TransactionOffers must be present for this {} - Value must not be null"
_DATE_FORMAT = "{} date and time should be in 'YYYY-MM-DD hh:mm:ss' format only."
_STAN_LENGTH = "STAN should not be less than 1 or greater than 6. Please provide a valid STAN."
_RRN_LENGTH = "RRN should be 12 digits in length. Please provide a valid RRN."
_CODE_LENGTH = "Authorization code should be 6 digits in length. Please provide a valid Authorization code."
_LINK_LENGTH = (
    "Transaction link id should not be greater than 22. Please provide a valid transaction link id."
)
_PAN_LENGTH = "PAN should not be less than 11 and greater than 19 in length. Please provide a valid PAN."

# Member, shortest, longest, description and details of a wrong length (§16.2).
_MERCHANT_LENGTHS = {
    "name": (
        1,
        100,
        "Merchant Name validation failed-Value has incorrect length.",
        "Merchant name should not be greater than 100 in length.",
    ),
    "url": (
        1,
        50,
        "Incorrect Merchant URL length.",
        "Merchant URL should not be lesser that 1 and greater than 50 in length.",
    ),
    "mcc": (
        4,
        4,
        "Merchant Category Code is invalid. Length must match 4.",
        "Merchant Category Code length must be 4.",
    ),
    "acquirerId": (
        1,
        6,
        "Incorrect Acquirer Id length.",
        "Acquirer Id should not be less than 1 and greater than 6 in length. "
        "Please provide a valid Acquirer Id.",
    ),
    "merchantId": (
        1,
        15,
        "Incorrect Merchant Id length.",
        "Merchant id should not be lesser than 1 and greater than 15 in length.",
    ),
}
_IDENTIFIERS = frozenset({"mcc", "acquirerId", "merchantId"})


@dataclass(slots=True)
class _Reader:
    """Collects the failures of one request; every reader gives a usable value or None."""

    failures: list[WireError] = field(default_factory=list)

    def fail(self, description: str, details: str) -> None:
        self.failures.append(WireError(PLANS, INVALID_PARAMETER, description, details))

    def read_object(self, value: JsonValue, path: str, *, is_required: bool) -> Members:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.fail(MALFORMED, path)
        elif is_required:
            self.fail(MISSING, path)
        return {}

    def read_text(
        self, value: JsonValue, path: str, *, shortest: int, longest: int, is_required: bool = True
    ) -> str | None:
        if value is None:
            if is_required:
                self.fail(MISSING, path)
            return None
        if not isinstance(value, str) or is_number(value):
            self.fail(MALFORMED, path)
            return None
        if not shortest <= len(value) <= longest:
            self.fail(OUT_OF_BOUND, path)
            return None
        return value

    def read_amount(
        self, value: JsonValue, path: str, *, is_required: bool, limit: Decimal | None = MAX_AMOUNT
    ) -> Decimal | None:
        if value is None:
            if is_required:
                self.fail(MISSING, path)
            return None
        amount = read_decimal(value)
        if amount is None:
            self.fail(MALFORMED, path)
        elif amount < 0 or (limit is not None and amount > limit):
            self.fail(OUT_OF_RANGE, path)
            return None
        return amount


def read_plan_command(
    body: Members, sensitive: Members, client: Client, *, covers_purchase: bool, correlation_id: str
) -> SavePlan:
    """The command in the core's words. Raises ErrorAnswer with every failing member.

    `covers_purchase`: may this (issuer) client offer during the purchase too?
    """
    reader = _Reader()
    transaction_members = body.get("transaction")
    amount_kind = _peek_amount_kind(transaction_members)
    offer_transaction_id = reader.read_text(
        body.get("offerTransactionId"), "offerTransactionId", shortest=8, longest=40
    )
    offer_id, shown = _read_offer_ids(
        reader, body, client, is_final=amount_kind is AmountKind.FINAL, covers_purchase=covers_purchase
    )
    provider_id = _read_provider_id(reader, body.get("providerId"))
    merchant = _read_merchant(reader, body.get("merchant"))
    terms = _read_terms(reader, body.get(_INFORMATION))
    rows = _read_rows(reader, body.get("schedulePayments"))
    transaction = _read_transaction(reader, transaction_members)
    digits = _read_pan(reader, sensitive)
    if reader.failures:
        raise ErrorAnswer(400, reader.failures)
    assert offer_transaction_id is not None and provider_id is not None and digits is not None
    assert terms is not None and transaction is not None
    request = PlanRequest(
        offer_transaction_id=offer_transaction_id,
        offer_id=offer_id or "",
        shown_offer_ids=shown,
        provider_id=provider_id,
        merchant=build_merchant(merchant),
        terms=terms,
        rows=tuple(rows),
        transaction=transaction,
        pan_index=b"",
    )
    return SavePlan(digits=digits, request=request, correlation_id=correlation_id)


def _peek_amount_kind(transaction: JsonValue) -> AmountKind | None:
    value = transaction.get("amountType") if isinstance(transaction, dict) else None
    return {"PURCHASE": AmountKind.PURCHASE, "FINAL": AmountKind.FINAL}.get(
        value if isinstance(value, str) else ""
    )


def _read_offer_ids(
    reader: _Reader, body: Members, client: Client, *, is_final: bool, covers_purchase: bool
) -> tuple[str | None, tuple[str, ...] | None]:
    """The chosen offer and all that were shown; who must send both is told in §7.2, step 1."""
    offer_id, shown = body.get("offerId"), body.get("transactionOffers")
    is_partner = client.role is ClientRole.PARTNER
    needs_both = is_partner or (covers_purchase and not is_final)
    if needs_both and (offer_id is None or shown is None):
        whose = "client" if is_partner else "provider"
        reader.fail(_BOTH_OFFERS.format(whose), "Invalid input request for cardedInstallments.")
        return None, None
    chosen = reader.read_text(offer_id, "offerId", shortest=8, longest=64)
    return chosen, _read_shown(reader, shown)


def _read_shown(reader: _Reader, value: JsonValue) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        reader.fail(MALFORMED, "transactionOffers")
        return None
    if not 1 <= len(value) <= _MAX_OFFERS:
        reader.fail(OUT_OF_BOUND, "transactionOffers")
        return None
    shown = []
    for position, member in enumerate(value):
        path = f"transactionOffers[{position}]"
        found = reader.read_object(member, path, is_required=True)
        if isinstance(member, dict):
            shown.append(
                reader.read_text(found.get("offerId"), f"{path}.offerId", shortest=8, longest=64) or ""
            )
    return tuple(shown)


def _read_provider_id(reader: _Reader, value: JsonValue) -> str | None:
    if isinstance(value, str) and not is_number(value) and value and not is_uuid(value):
        reader.fail(MALFORMED, "providerId")
        return None
    return reader.read_text(value, "providerId", shortest=36, longest=36)


def _read_merchant(reader: _Reader, value: JsonValue) -> Members:
    members = reader.read_object(value, "merchant", is_required=False)
    for name in ("name", "url", "country", "mcc", "acquirerId", "merchantId"):
        found = members.get(name)
        if found is None:
            continue
        is_text = isinstance(found, str) and not is_number(found)
        if not is_text and not (name in _IDENTIFIERS and read_identifier(found) is not None):
            reader.fail(MALFORMED, f"merchant.{name}")
            continue
        assert isinstance(found, str)
        if name == "country":
            if not is_country(found):
                reader.fail("Country Code Not Supported", "merchant.country")
            continue
        shortest, longest, description, details = _MERCHANT_LENGTHS[name]
        if not shortest <= len(found) <= longest:
            reader.fail(description, details)
    return members


def _read_terms(reader: _Reader, value: JsonValue) -> ClaimedTerms | None:
    members = reader.read_object(value, _INFORMATION, is_required=True)
    if not isinstance(value, dict):
        return None
    interval = _read_frequency(reader, members.get("frequency"))
    count = _read_tenure(reader, members.get("tenure"))

    def read_amount(name: str, *, limit: Decimal | None = MAX_AMOUNT) -> Decimal | None:
        return reader.read_amount(members.get(name), f"{_INFORMATION}.{name}", is_required=False, limit=limit)

    apr_percent = read_amount("apr", limit=None)
    currency = reader.read_text(
        members.get("currency"), f"{_INFORMATION}.currency", shortest=3, longest=3, is_required=False
    )
    terms = ClaimedTerms(
        count=count or 0,
        interval=interval or "",
        apr_percent=apr_percent,
        currency=currency,
        first_amount=read_amount("firstInstallmentAmount"),
        other_amount=read_amount("otherInstallmentAmount"),
        fee_value=read_amount("feeValue"),
        total_amount=read_amount("totalAmount"),
    )
    return terms


def _read_frequency(reader: _Reader, value: JsonValue) -> str | None:
    path = f"{_INFORMATION}.frequency"
    text = reader.read_text(value, path, shortest=3, longest=20)
    if text is None:
        return None
    if text == "15DAYS":
        reader.fail("Invalid frequency - 15DAYS.", "Frequency not valid for Installments on Card.")
        return None
    if text not in FREQUENCIES:
        reader.fail(OUT_OF_RANGE, path)
        return None
    return FREQUENCIES[text]


def _read_tenure(reader: _Reader, value: JsonValue) -> int | None:
    path = f"{_INFORMATION}.tenure"
    if value is None:
        reader.fail(MISSING, path)
        return None
    number = read_decimal(value)
    if number is None:
        reader.fail(MALFORMED, path)
        return None
    if not 2 <= number <= 99:
        reader.fail(OUT_OF_RANGE, path)
        return None
    tenure = read_whole(value)
    if tenure is None:
        reader.fail(MALFORMED, path)
    return tenure


def _read_rows(reader: _Reader, value: JsonValue) -> list[ClaimedRow]:
    if value is None:
        reader.fail(MISSING, "schedulePayments")
        return []
    if not isinstance(value, list):
        reader.fail(MALFORMED, "schedulePayments")
        return []
    if not 1 <= len(value) <= _MAX_ROWS:
        reader.fail(OUT_OF_BOUND, "schedulePayments")
        return []
    rows = []
    for position, member in enumerate(value):
        row = _read_row(reader, member, f"schedulePayments[{position}]")
        if row is not None:
            rows.append(row)
    return rows


def _read_row(reader: _Reader, member: JsonValue, path: str) -> ClaimedRow | None:
    found = reader.read_object(member, path, is_required=True)
    if not isinstance(member, dict):
        return None
    number = reader.read_amount(found.get("installmentNumber"), f"{path}.installmentNumber", is_required=True)
    if number is not None and (not 1 <= number <= _MAX_ROWS or number != int(number)):
        reader.fail(OUT_OF_RANGE, f"{path}.installmentNumber")
        number = None
    amount = reader.read_amount(found.get("installmentAmount"), f"{path}.installmentAmount", is_required=True)
    text = reader.read_text(found.get("dueDate"), f"{path}.dueDate", shortest=8, longest=10)
    due_date = read_date(text) if text is not None else None
    if text is not None and due_date is None:
        reader.fail(MALFORMED, f"{path}.dueDate")
    if number is None or amount is None or due_date is None:
        return None
    return ClaimedRow(number=int(number), amount=amount, due_date=due_date)


def _read_transaction(reader: _Reader, value: JsonValue) -> CardTransaction | None:
    members = reader.read_object(value, "transaction", is_required=True)
    if not isinstance(value, dict):
        return None
    amount = reader.read_amount(members.get("amount"), "transaction.amount", is_required=True)
    currency = _read_currency(reader, members.get("currency"))
    amount_kind = _peek_amount_kind(value)
    if amount_kind is None:
        reader.fail("Incorrect value for Amount Type.", "Amount type must be 'PURCHASE' OR 'FINAL'.")
    stan = _read_code(reader, members.get("stan"), "transaction.stan", _check_stan)
    rrn = _read_code(reader, members.get("rrn"), "transaction.rrn", _check_rrn)
    code = _read_code(reader, members.get("authorizationCode"), "transaction.authorizationCode", _check_code)
    local_at = _read_instant(reader, members.get("localDateTime"), "Local Transaction", is_required=True)
    _read_instant(reader, members.get("transmissionDateTime"), "Transmission", is_required=False)
    link_id = _read_link_id(reader, members.get("transactionLinkId"))
    if amount is None or currency is None or amount_kind is None or local_at is None:
        return None
    return CardTransaction(
        amount_kind=amount_kind,
        amount=amount,
        currency=currency,
        local_at=local_at,
        local_text=str(members["localDateTime"]),
        transmitted_text=_text_or_none(members.get("transmissionDateTime")),
        stan=stan,
        rrn=rrn,
        authorization_code=code,
        transaction_link_id=link_id,
    )


def _text_or_none(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _read_currency(reader: _Reader, value: JsonValue) -> str | None:
    if value is None:
        reader.fail(MISSING, "transaction.currency")
        return None
    if not isinstance(value, str) or is_number(value):
        reader.fail(MALFORMED, "transaction.currency")
        return None
    if find_currency(value) is None:
        reader.fail("Currency Not Supported.", "Invalid transaction currency.")
        return None
    return value


def _read_code(
    reader: _Reader, value: JsonValue, path: str, check: Callable[[_Reader, str], None]
) -> Identifier | None:
    """An optional identifier of digits; an empty string counts as absent (§2.3)."""
    if value is None or (value == "" and path != "transaction.stan"):
        return None
    if not isinstance(value, str):
        reader.fail(MALFORMED, path)
        return None
    check(reader, value)
    return Identifier(str(value), is_number=is_number(value))


def _check_stan(reader: _Reader, text: str) -> None:
    if not 1 <= len(text) <= 6:
        reader.fail("Incorrect STAN length.", _STAN_LENGTH)
    elif not is_digits(text):
        reader.fail("Non-Numeric STAN.", "STAN should be numeric only.")


def _check_rrn(reader: _Reader, text: str) -> None:
    if len(text) != 12:
        reader.fail("Incorrect RRN length.", _RRN_LENGTH)
    elif not is_digits(text):
        reader.fail("Non-Numeric RRN.", "RRN should be numeric only.")


def _check_code(reader: _Reader, text: str) -> None:
    if len(text) != 6:
        reader.fail("Incorrect Auth Code length.", _CODE_LENGTH)
    elif not is_digits(text):
        reader.fail("Invalid Auth Code.", ".")


def _read_instant(reader: _Reader, value: JsonValue, what: str, *, is_required: bool) -> datetime | None:
    instant = read_date_time(value)
    if instant is None and (is_required or value is not None):
        reader.fail("Invalid datetime format.", _DATE_FORMAT.format(what))
    return instant


def _read_link_id(reader: _Reader, value: JsonValue) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or is_number(value):
        reader.fail(MALFORMED, "transaction.transactionLinkId")
        return None
    if len(value) > 22:
        reader.fail("Invalid Transaction Link Id.", _LINK_LENGTH)
    return value


def _read_pan(reader: _Reader, sensitive: Members) -> str | None:
    consumer = sensitive.get("consumer")
    value = consumer.get("primaryAccountNumber") if isinstance(consumer, dict) else consumer
    if value is None or (isinstance(value, str) and not value.strip()):
        reader.fail("PAN is present and is blank or null.", "PAN cannot blank or empty.")
    elif not isinstance(value, str) or not is_digits(value):
        reader.fail("PAN is present and is non numeric.", "PAN should be numeric only.")
    elif not 11 <= len(value) <= 19:
        reader.fail("Incorrect PAN length.", _PAN_LENGTH)
    else:
        return str(value)
    return None
