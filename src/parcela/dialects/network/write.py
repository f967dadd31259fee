"""Writing answers: the core's records in the network's words, amounts as plain JSON numbers (§2.3).

Dates and date-times are left to the encoder, which writes RFC 3339: UTC as Z, any other offset as set up.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from parcela.domain.currency import Currency, find_currency
from parcela.domain.ids import Identifier
from parcela.domain.money import Money, format_major, format_major_trimmed
from parcela.domain.offers import OfferQuote, PresentedOffer
from parcela.domain.pan_lists import PanFailure, PanOutcome
from parcela.domain.plans import AmountKind, Merchant, Plan
from parcela.domain.terms import Fee, FeeKind, FeePlacement, FirstDue
from parcela.operations.pan_lists import PanListAnswer

FREQUENCIES = {
    "weekly": "WEEKLY",
    "biweekly": "BIWEEKLY",
    "monthly": "MONTHLY",
    "every_15_days": "15DAYS",
}
_WORDS = {"weekly": "weekly", "biweekly": "biweekly", "monthly": "monthly", "every_15_days": "15-day"}
_PAN_FAILURES = {
    PanFailure.ALREADY_PRESENT: ("Invalid.pan", "pan already present in list"),
    PanFailure.LUHN: ("Invalid.pan", "pan failed for Luhn check"),
    PanFailure.MALFORMED: ("Invalid.pan", "pan doesn't have required 11-19 digits"),
    PanFailure.OUT_OF_RANGE: ("Invalid.pan", "pan failed for account range validation"),
    PanFailure.NOT_LINKED: ("pan.not.linked", "pan not associated with the pan list"),
    PanFailure.NOT_REGISTERED: ("pan.not.registered", "pan not present"),
}
_NO_SIGN = "¤"

Wire = dict[str, object]
_encode = msgspec.json.Encoder().encode


def write_offer(priority: int, quote: OfferQuote) -> Wire:
    """One configured offer, as a partner is shown it (§5.3)."""
    program, issuer, schedule = quote.program, quote.issuer, quote.schedule
    terms, currency = program.terms, schedule.currency
    fee = terms.fees[0] if terms.fees else None
    first_due = terms.first_due is FirstDue.TRANSACTION_DATE
    first, other = write_amount(schedule.first_minor, currency), write_amount(schedule.other_minor, currency)
    return {
        "priority": priority,
        "offerId": program.offer_id,
        "offerType": "CARDED_OFFER",
        "offerDisplayText": write_display_text(quote.presented),
        "currencySymbol": currency.symbol,
        "countryCode": quote.country,
        "apr": write_number(quote.apr_percent),
        "tenure": terms.count,
        "frequency": FREQUENCIES[quote.presented.interval],
        "interestRate": write_number(terms.rate.value),
        "firstInstallmentSchedule": "TRANSACTION_DATE" if first_due else "DELAY_REPAYMENT",
        "totalAmount": write_amount(schedule.total_minor, currency),
        "firstInstallmentAmount": first,
        "otherInstallmentAmount": other,
        **_write_fee(fee),
        "offerBeginDatetime": program.begin,
        "offerEndDatetime": program.end,
        "provider": {
            "providerId": issuer.provider_id,
            "cid": program.cid or issuer.cid,
            "providerName": issuer.name,
            "providerLogoUrl": issuer.logo_url,
            "disclosure": issuer.disclosure if program.disclosure is None else program.disclosure,
        },
        "schedulePayments": [
            {
                "installmentNumber": row.number,
                # Rows 2 to n of a presented schedule are equal.
                "installmentAmount": first if row.number == 1 else other,
                "dueDate": row.due_date,
            }
            for row in schedule.rows
        ],
    }


def write_display_text(presented: PresentedOffer) -> str:
    """`<tenure> <word> payments of <symbol><other>`; without a single sign the ISO code stands (§5.3)."""
    currency = _currency_of(presented)
    sign = f"{currency.code} " if currency.symbol == _NO_SIGN else currency.symbol
    amount = format_major(Money(presented.amounts_minor[-1], currency))
    return f"{presented.count} {_WORDS[presented.interval]} payments of {sign}{amount}"


def _write_fee(fee: Fee | None) -> Wire:
    if fee is None:
        return {"feeType": "NO_FEES", "feeValue": 0, "feeDistribution": "FRST_INSTL"}
    is_first = fee.placement is FeePlacement.FIRST
    return {
        "feeType": "FIXED_AMT" if fee.kind is FeeKind.FIXED else "PRCENTG",
        "feeValue": write_number(fee.value),
        "feeDistribution": "FRST_INSTL" if is_first else "SPREAD_ALL_INSTALLMENT",
    }


def write_created_plan(plan: Plan) -> bytes:
    """The body of `POST /plans`."""
    return _encode({"planId": plan.plan_id, "status": plan.status.upper()})


def write_plan(plan: Plan) -> bytes:
    """The body of `GET /plans/{plan_id}`: never a PAN (§7.4)."""
    request = plan.request
    body: Wire = {
        "planId": plan.plan_id,
        "status": plan.status.upper(),
        "offerTransactionId": request.offer_transaction_id,
        "offerId": request.offer_id,
    }
    if request.shown_offer_ids is not None:
        body["transactionOffers"] = [{"offerId": offer_id} for offer_id in request.shown_offer_ids]
    body["providerId"] = plan.provider_id
    merchant = write_merchant(request.merchant)
    if merchant:
        body["merchant"] = merchant
    body["planInstallmentInformation"] = write_terms(plan.offer)
    rows = write_rows(plan)
    body["schedulePayments"] = rows
    body["scheduledRepayments"] = [
        {
            "amount": row["installmentAmount"],
            "dueDate": row["dueDate"],
            "installmentNumber": row["installmentNumber"],
        }
        for row in rows
    ]
    body["transaction"] = write_transaction(plan)
    return _encode(body)


def write_merchant(merchant: Merchant) -> Wire:
    """The merchant as it was sent, identifiers as strings."""
    members = {
        "name": merchant.name,
        "country": merchant.country,
        "mcc": _identifier(merchant.mcc),
        "url": merchant.url,
        "acquirerId": _identifier(merchant.acquirer_id),
        "merchantId": _identifier(merchant.merchant_id),
    }
    return {name: value for name, value in members.items() if value is not None}


def write_terms(offer: PresentedOffer) -> Wire:
    """`planInstallmentInformation` of an accepted offer."""
    currency = _currency_of(offer)
    terms: Wire = {} if offer.apr_percent is None else {"apr": write_number(offer.apr_percent)}
    return {
        **terms,
        "currency": offer.currency,
        "frequency": FREQUENCIES[offer.interval],
        "firstInstallmentAmount": write_amount(offer.amounts_minor[0], currency),
        "otherInstallmentAmount": write_amount(offer.amounts_minor[-1], currency),
        "feeValue": write_number(offer.fee_value),
        "tenure": offer.count,
        "totalAmount": write_amount(offer.total_minor, currency),
    }


def write_rows(plan: Plan) -> list[Wire]:
    """`schedulePayments` of a plan."""
    currency = _currency_of(plan.offer)
    return [
        {
            "installmentNumber": row.number,
            "installmentAmount": write_amount(row.amount_minor, currency),
            "dueDate": row.due_date,
        }
        for row in plan.installments
    ]


def write_transaction(plan: Plan) -> Wire:
    """`transaction` as it was sent."""
    transaction = plan.request.transaction
    is_purchase = transaction.amount_kind is AmountKind.PURCHASE
    members: Wire = {
        "amountType": "PURCHASE" if is_purchase else "FINAL",
        "amount": write_number(transaction.amount),
        "currency": transaction.currency,
        "stan": _identifier(transaction.stan),
        "rrn": _identifier(transaction.rrn),
        "authorizationCode": _identifier(transaction.authorization_code),
        "localDateTime": transaction.local_text,
        "transmissionDateTime": transaction.transmitted_text,
        "transactionLinkId": transaction.transaction_link_id,
    }
    return {name: value for name, value in members.items() if value is not None}


def write_pan_outcomes(outcomes: Sequence[PanOutcome]) -> bytes | None:
    """The text to encrypt: the PANs that failed, each with its error; None when none did (§8.2)."""
    failed = [
        {
            "pan": outcome.sent,
            "error": {
                "reasonCode": _PAN_FAILURES[outcome.failure][0],
                "description": _PAN_FAILURES[outcome.failure][1],
            },
        }
        for outcome in outcomes
        if outcome.failure is not None
    ]
    return _encode({"pans": failed}) if failed else None


def write_registration(answer: PanListAnswer, encrypted: str | None) -> bytes:
    """The body of a registration; counts are strings (§8.2)."""
    body: Wire = _write_counts(answer)
    if answer.pan_list is not None:
        body["panList"] = {
            "panListId": answer.pan_list.pan_list_id,
            "panListName": answer.pan_list.name,
        }
        body["accountRange"] = {
            "cid": answer.issuer.cid,
            "ica": answer.issuer.ica,
            "country": answer.range_country,
            "accountRangeLow": answer.pan_list.low,
            "accountRangeHigh": answer.pan_list.high,
        }
    if encrypted is not None:
        body["encryptedValue"] = encrypted
    return _encode(body)


def write_deregistration(answer: PanListAnswer, encrypted: str | None) -> bytes:
    """The body of a deregistration; the id stands at the top (§8.3)."""
    assert answer.pan_list is not None
    body: Wire = {"panListId": answer.pan_list.pan_list_id, **_write_counts(answer)}
    if encrypted is not None:
        body["encryptedValue"] = encrypted
    return _encode(body)


def _write_counts(answer: PanListAnswer) -> Wire:
    failed = sum(outcome.failure is not None for outcome in answer.outcomes)
    return {"successfulCount": str(len(answer.outcomes) - failed), "failureCount": str(failed)}


def _currency_of(offer: PresentedOffer) -> Currency:
    currency = find_currency(offer.currency)
    assert currency is not None
    return currency


def write_amount(minor: int, currency: Currency) -> msgspec.Raw:
    """An amount as a JSON number in major units."""
    return msgspec.Raw(format_major_trimmed(minor, currency.exponent).encode())


def write_number(value: Decimal) -> msgspec.Raw:
    """A decimal without exponent and without trailing zeros."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return msgspec.Raw(text.encode())


def _identifier(identifier: Identifier | None) -> str | None:
    return None if identifier is None else identifier.text
