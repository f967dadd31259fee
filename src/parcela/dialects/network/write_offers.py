"""Writing the answer of `POST /offers`: configured offers or an issuer's own, and why not others (§5.3)."""

from collections.abc import Iterator

import msgspec

from parcela.dialects.network.write import (
    FREQUENCIES,
    Wire,
    write_amount,
    write_display_text,
    write_number,
    write_offer,
)
from parcela.domain.currency import find_currency
from parcela.domain.eligibility import Rule
from parcela.domain.issuer_offers import IssuerOffer
from parcela.domain.terms import FeeKind, FeePlacement, FirstDue
from parcela.operations.offers import OfferAnswer

OFFER_TYPE = "CARDED_EXTERNAL_REALTIME"
FEE_TYPES = {None: "NO_FEES", FeeKind.FIXED: "FIXED_AMT", FeeKind.PERCENT: "PRCENTG"}
FIRST_DUES = {FirstDue.TRANSACTION_DATE: "TRANSACTION_DATE", FirstDue.AFTER_INTERVAL: "DELAY_REPAYMENT"}
_PLACEMENTS = {FeePlacement.FIRST: "FRST_INSTL", FeePlacement.SPREAD: "SPREAD_ALL_INSTALLMENT"}
_REASONS = {
    Rule.CONSUMER: ("consumer.not.eligible", "Consumer is not eligible for Installments"),
    Rule.AMOUNT: ("amount.not.qualify", "Purchase Amount does not qualify for Installments"),
    Rule.MCC: ("mcc.not.eligible", "Merchant Category Code is not eligible for Installments"),
    Rule.COUNTRY: ("country.not.eligible", "Merchant Country is not eligible for Installments"),
    Rule.CURRENCY: ("currency.not.eligible", "Transaction Currency is not eligible for Installments"),
    Rule.MERCHANT: ("merchant.not.eligible", "Merchant is not eligible for Installments"),
    Rule.DATE: ("date.not.eligible", "Transaction Date is not eligible for Installments"),
}
_UNAVAILABLE = ("realtime.offers.unavailable", "Issuer offers are not available; standard offers are shown")

_encode = msgspec.json.Encoder().encode


def write_offers(answer: OfferAnswer) -> bytes:
    """The body of `POST /offers`."""
    if answer.issuer_offers:
        offers = [write_issuer_offer(rank, offer) for rank, offer in enumerate(answer.issuer_offers, start=1)]
    else:
        offers = [write_offer(rank, quote) for rank, quote in enumerate(answer.quotes, start=1)]
    body: Wire = {
        "total": len(offers),
        "offerTransactionId": str(answer.offer_transaction_id),
        "offers": offers,
    }
    if not offers or answer.is_issuer_unavailable:
        body["eligibilityMessages"] = [
            {"reasonCode": code, "message": message} for code, message in _list_messages(answer)
        ]
    return _encode(body)


def _list_messages(answer: OfferAnswer) -> Iterator[tuple[str, str]]:
    for rule in answer.reasons:
        yield _REASONS[rule]
    if answer.is_issuer_unavailable:
        yield _UNAVAILABLE


def write_issuer_offer(priority: int, offer: IssuerOffer) -> Wire:
    """An issuer's own offer: what it said, and what §13 fills in for it."""
    claim, presented, issuer = offer.claim, offer.presented, offer.issuer
    currency = find_currency(presented.currency)
    assert currency is not None
    members: Wire = {
        "priority": priority,
        "offerId": presented.offer_id,
        "offerType": OFFER_TYPE,
        "offerDisplayText": claim.display_text or write_display_text(presented),
        "currencySymbol": claim.symbol or currency.symbol,
        "countryCode": claim.country,
        "apr": None if claim.apr_percent is None else write_number(claim.apr_percent),
        "tenure": presented.count,
        "frequency": FREQUENCIES[presented.interval],
        "interestRate": None if claim.interest_percent is None else write_number(claim.interest_percent),
        "firstInstallmentSchedule": None if claim.first_due is None else FIRST_DUES[claim.first_due],
        "totalAmount": write_amount(presented.total_minor, currency),
        "firstInstallmentAmount": write_amount(presented.amounts_minor[0], currency),
        "otherInstallmentAmount": write_amount(presented.amounts_minor[-1], currency),
        "feeType": FEE_TYPES[claim.fee_kind],
        "feeValue": None if claim.fee_value is None else write_number(claim.fee_value),
        "feeDistribution": None if claim.fee_placement is None else _PLACEMENTS[claim.fee_placement],
        "offerBeginDatetime": offer.begin,
        "offerEndDatetime": offer.end,
        "provider": {
            "providerId": issuer.provider_id,
            "cid": claim.provider.cid or issuer.cid,
            "providerName": claim.provider.name or issuer.name,
            "providerLogoUrl": claim.provider.logo_url or issuer.logo_url,
            "disclosure": _choose(claim.provider.disclosure, issuer.disclosure),
        },
        "schedulePayments": [
            {
                "installmentNumber": number,
                "installmentAmount": write_amount(amount_minor, currency),
                "dueDate": due_date,
            }
            for number, (amount_minor, due_date) in enumerate(
                zip(presented.amounts_minor, presented.due_dates, strict=True), start=1
            )
        ],
    }
    return {name: value for name, value in members.items() if value is not None}


def _choose(said: str | None, configured: str) -> str:
    """Terms that the issuer leaves out of an answer are those of its set-up; empty ones are its word."""
    return configured if said is None else said
