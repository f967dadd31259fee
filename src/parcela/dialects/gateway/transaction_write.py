"""Orders and their transactions in the gateway's words (`spec/gateway.md` §§11.2, 12, 13).

An answer is written from the records alone, so that a repeat and a later look get the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from parcela.dialects.gateway.calls import AnswerTree, AnswerValue
from parcela.dialects.gateway.order_words import (
    OPEN,
    ORDER,
    TRANSACTION,
    write_open_groups,
    write_words,
)
from parcela.dialects.gateway.wire_values import write_minor, write_time
from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import (
    AcquirerFacts,
    CardFace,
    ChosenPlan,
    MerchantOrder,
    OrderTotals,
    OrderTransaction,
    Outcome,
    TransactionKind,
    find_order_after,
)
from parcela.operations.orders.commands import OrderView

GATEWAY_CODES: Mapping[Outcome, str] = {
    Outcome.APPROVED: "APPROVED",
    Outcome.DECLINED: "DECLINED",
    Outcome.EXPIRED_CARD: "EXPIRED_CARD",
    Outcome.TIMED_OUT: "TIMED_OUT",
    Outcome.ACQUIRER_ERROR: "ACQUIRER_SYSTEM_ERROR",
    Outcome.FAILED: "UNSPECIFIED_FAILURE",
    Outcome.UNKNOWN: "UNKNOWN",
    Outcome.PLAN_DECLINED: "DECLINED_PAYMENT_PLAN",
    Outcome.PLAN_UNREACHABLE: "SYSTEM_ERROR",
    Outcome.LOCKED: "LOCK_FAILURE",
}
_UNDER_WAY = "PENDING"
_RESULTS = {"APPROVED": "SUCCESS", "PENDING": "PENDING", "UNKNOWN": "UNKNOWN"}

FIRST_KINDS = frozenset(
    {TransactionKind.AUTHORIZATION, TransactionKind.PAYMENT, TransactionKind.VERIFICATION}
)
"""Transactions that bring their own card and their own words of the order."""

_PRODUCT_IDS_FROM = 70
_RETRIEVED_GROUPS = ("billing", "customer", "device")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """For whom an answer is written: the merchant, and the API version that decides its members."""

    profile: MerchantProfile
    version: int


def transaction_to_answer(order: MerchantOrder, transaction: OrderTransaction, shape: Shape) -> AnswerTree:
    """One whole answer; `order` is as it was right after the transaction."""
    code = _name_code(transaction.outcome)
    is_first = transaction.kind in FIRST_KINDS
    return {
        **write_open_groups((order.details if is_first else transaction.details).get(OPEN)),
        "gatewayEntryPoint": "WEB_SERVICES_API",
        "merchant": shape.profile.merchant_id,
        "order": _write_order(order, transaction.details.get(ORDER)),
        "paymentPlan": write_plan(_find_plan(order, transaction), shape.version),
        "response": _write_response(transaction.acquirer, code),
        "result": _RESULTS.get(code, "FAILURE"),
        "sourceOfFunds": write_card(transaction.card or order.card),
        "timeOfRecord": write_time(transaction.recorded_at or transaction.created_at),
        "transaction": _write_transaction(transaction, shape.profile),
        "version": str(transaction.api_version),
    }


def order_to_answer(view: OrderView, shape: Shape) -> AnswerTree:
    """An order as it is now, at the top level, with the answers of its transactions, the oldest first."""
    order = view.order
    opened = write_open_groups(order.details.get(OPEN))
    return {
        **{name: opened[name] for name in _RETRIEVED_GROUPS if name in opened},
        **_write_order(order),
        "reference": _find_reference(view),
        "chargeback": {"amount": 0, "currency": order.currency},
        "merchant": shape.profile.merchant_id,
        "paymentPlan": write_plan(order.chosen_plan, shape.version),
        "result": "SUCCESS",
        "sourceOfFunds": write_card(order.card),
        "transaction": [
            transaction_to_answer(_see_order(order, one), one, shape) for one in view.transactions
        ],
    }


def retrieved_transaction_to_answer(
    order: MerchantOrder, transaction: OrderTransaction, shape: Shape
) -> AnswerTree:
    """The transaction's answer, with the order group as it is now (§13)."""
    answer = transaction_to_answer(_see_order(order, transaction), transaction, shape)
    return {**answer, "order": _write_order(order)}


def write_card(card: CardFace | None) -> AnswerTree | None:
    """A card as its merchant may see it: six and four digits, the month without a leading zero."""
    if card is None:
        return None
    hidden = "x" * (card.length - len(card.first_six) - len(card.last_four))
    return {
        "provided": {
            "card": {
                "brand": card.brand.upper(),
                "expiry": {"month": str(int(card.expiry_month)), "year": card.expiry_year},
                "fundingMethod": card.funding.upper(),
                "number": f"{card.first_six}{hidden}{card.last_four}",
                "scheme": card.brand.upper(),
            }
        },
        "type": "CARD",
    }


def write_plan(plan: ChosenPlan | None, version: int) -> AnswerTree | None:
    """The chosen plan: of an offer, or of a custom plan (§§11.2, 16)."""
    if plan is None:
        return None
    if plan.offer_id is None:
        return {
            "planId": plan.program_id,
            "numberOfPayments": plan.count,
            "numberOfDeferrals": plan.deferral_months,
        }
    return {
        "deferralPeriod": plan.deferral_months or 0,
        "numberOfPayments": plan.count,
        "offerId": plan.offer_id,
        "paymentPlanProductId": plan.product_id if version >= _PRODUCT_IDS_FROM else None,
        "planId": plan.program_id,
    }


def get_currency(code: str) -> Currency:
    """The currency of a stored record."""
    currency = find_currency(code)
    assert currency is not None, "orders are made in currencies of ISO 4217 only"
    return currency


def _see_order(order: MerchantOrder, transaction: OrderTransaction) -> MerchantOrder:
    """The order right after a transaction; as it stands while the transaction is under way."""
    return order if transaction.outcome is None else find_order_after(order, transaction)


def _name_code(outcome: Outcome | None) -> str:
    return _UNDER_WAY if outcome is None else GATEWAY_CODES[outcome]


def _write_order(order: MerchantOrder, words: object = None) -> AnswerTree:
    """The order group; `words` are what a later transaction said of the order itself."""
    currency = get_currency(order.currency)
    return {
        **write_words(order.details.get(ORDER), currency),
        **write_words(words, currency),
        **_write_amounts(amount_minor=order.amount_minor, currency=currency, totals=order.totals),
        "id": order.order_id,
        "status": order.status.upper(),
        "creationTime": write_time(order.created_at),
        "lastUpdatedTime": write_time(order.updated_at),
    }


def _write_amounts(*, amount_minor: int, currency: Currency, totals: OrderTotals) -> AnswerTree:
    amount = write_minor(amount_minor, currency)
    return {
        "amount": amount,
        "currency": currency.code,
        "merchantAmount": amount,
        "merchantCurrency": currency.code,
        "totalAuthorizedAmount": write_minor(totals.authorized_minor, currency),
        "totalCapturedAmount": write_minor(totals.captured_minor, currency),
        # Parcela pays nothing out to payers.
        "totalDisbursedAmount": write_minor(0, currency),
        "totalRefundedAmount": write_minor(totals.refunded_minor, currency),
    }


def _write_response(facts: AcquirerFacts | None, code: str) -> AnswerTree:
    if facts is None:
        return {"gatewayCode": code}
    match = facts.security_code
    # The samples tell the acquirer's words with an approval alone; of others the code says enough.
    is_approved = code == GATEWAY_CODES[Outcome.APPROVED]
    return {
        "acquirerCode": facts.response_code if is_approved else None,
        "acquirerMessage": facts.message if is_approved else None,
        "cardSecurityCode": None if match is None else {"gatewayCode": match.upper()},
        "gatewayCode": code,
    }


def _write_transaction(transaction: OrderTransaction, profile: MerchantProfile) -> AnswerTree:
    words = write_words(transaction.details.get(TRANSACTION), get_currency(transaction.currency))
    told = cast("dict[str, AnswerValue]", words.pop("acquirer", {}))
    facts = transaction.acquirer or AcquirerFacts(
        acquirer_id=profile.acquirer_id,
        merchant_id=profile.acquirer_merchant_id,
        terminal_id=profile.terminal_id,
        batch=int(transaction.created_at.strftime("%Y%m%d")),
    )
    is_approved = transaction.outcome is Outcome.APPROVED
    return {
        "source": "INTERNET",
        **words,
        "acquirer": {
            **told,
            "batch": facts.batch,
            "id": facts.acquirer_id,
            "merchantId": facts.merchant_id,
            "transactionId": facts.reference,
        },
        "amount": write_minor(transaction.amount_minor, get_currency(transaction.currency)),
        "authorizationCode": facts.authorization_code if is_approved else None,
        "currency": transaction.currency,
        "id": transaction.transaction_id,
        "receipt": facts.rrn,
        "stan": facts.stan,
        "terminal": facts.terminal_id,
        "type": transaction.kind.upper(),
    }


def _find_plan(order: MerchantOrder, transaction: OrderTransaction) -> ChosenPlan | None:
    if transaction.kind in FIRST_KINDS:
        return transaction.chosen_plan
    return transaction.chosen_plan or order.chosen_plan


def _find_reference(view: OrderView) -> AnswerValue:
    """The order's own reference, else that of its first transaction."""
    details = [
        view.order.details.get(ORDER),
        *(one.details.get(TRANSACTION) for one in view.transactions[:1]),
    ]
    for words in details:
        if isinstance(words, Mapping) and isinstance(words.get("reference"), str):
            return cast(str, words["reference"])
    return None
