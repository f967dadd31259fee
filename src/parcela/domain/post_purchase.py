"""Installments after the purchase (`spec/network.md` §11): which card transactions can still become a plan.

Pure: a transaction is offerable, or there are reasons why not; and what a plan request repeats of it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from parcela.domain.calendar import EVERY_15_DAYS, Interval
from parcela.domain.cards import mask_card_numbers
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.eligibility import Purchase, Rule, list_reasons, screen_candidates
from parcela.domain.errors import OfferMismatch
from parcela.domain.ids import Identifier
from parcela.domain.offers import OfferQuote, PresentedOffer, is_cardable, price_offers
from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedRow,
    ClaimedTerms,
    Merchant,
    PlanRequest,
    Presentment,
)
from parcela.domain.programs import UseCase
from parcela.domain.servicing.records import AccountTransaction, TransactionFacts, TransactionState

HIDDEN_INTERVALS: frozenset[Interval] = frozenset({EVERY_15_DAYS})
"""A plan request cannot name them (`spec/network.md` §5.3), so such offers could not be accepted."""

_STAN = re.compile(r"[0-9]{1,6}")
_RRN = re.compile(r"[0-9]{12}")
_CODE = re.compile(r"[0-9]{6}")
_MCC = re.compile(r"[0-9]{4}")
_MAX_LINK = 22
_MAX_NAME, _MAX_URL, _MAX_ACQUIRER_ID, _MAX_MERCHANT_ID = 100, 50, 6, 15


class Obstacle(StrEnum):
    """What stands in the way of offers, beside the rules of the programs."""

    DECLINED = "declined"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    FINANCED = "financed"
    COUNTRY_UNKNOWN = "country_unknown"
    CARD_UNKNOWN = "card_unknown"
    SWITCHED_OFF = "switched_off"
    NO_CLIENT = "no_client"
    JUST_EXPIRED = "just_expired"


_OBSTACLE_WORDS = {
    Obstacle.DECLINED: "The purchase was declined.",
    Obstacle.REVERSED: "The merchant took the purchase back, in whole or in part.",
    Obstacle.REFUNDED: "The merchant has given money back for the purchase.",
    Obstacle.DISPUTED: "The purchase is in dispute.",
    Obstacle.FINANCED: "The purchase has a plan already.",
    Obstacle.COUNTRY_UNKNOWN: "The purchase came without the merchant's country (three letters).",
    Obstacle.CARD_UNKNOWN: "The card lies in no enabled account range of its issuer.",
    Obstacle.SWITCHED_OFF: "Offers after the purchase are switched off for the card's account range.",
    Obstacle.NO_CLIENT: "The issuer has no enabled client that offers could be shown to.",
    Obstacle.JUST_EXPIRED: "The offers shown before have just expired; there will be new ones in a minute.",
}
_RULE_WORDS = {
    Rule.CONSUMER: "No program after the purchase is meant for this card.",
    Rule.AMOUNT: "The amount lies outside the programs' limits, or cannot be split into lawful rows.",
    Rule.MCC: "The merchant's category is not one that the programs are for.",
    Rule.COUNTRY: "The merchant's country is not one that the programs are for.",
    Rule.CURRENCY: "The purchase is not in the currency of the programs.",
    Rule.MERCHANT: "The merchant is not one that the programs are for.",
    Rule.DATE: "The purchase was made before the programs began or after they ended.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a transaction has no offers: a stable code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPurchase:
    """A transaction in the words in which offers are asked for and plans are requested."""

    purchase: Purchase
    merchant: Merchant
    facts: TransactionFacts


def name_obstacle(obstacle: Obstacle) -> Reason:
    """An obstacle as a reason."""
    return Reason(code=obstacle.value, message=_OBSTACLE_WORDS[obstacle])


def name_rule(rule: Rule) -> Reason:
    """A rule of eligibility as a reason."""
    return Reason(code=f"{rule.value}_not_eligible", message=_RULE_WORDS[rule])


def find_obstacles(
    transaction: AccountTransaction, *, asked_minor: int, has_plan: bool = False
) -> list[Obstacle]:
    """What about a transaction itself rules offers out; none for one that is offerable.

    `asked_minor` is what it was authorized for. `has_plan`: a plan was made of offers shown for it, which
    the processor may not have been told yet. What was reversed in part would be taken for another purchase
    by the rule that finds a plan's transaction (`spec/network.md` §12).
    """
    if transaction.state is TransactionState.DECLINED:
        return [Obstacle.DECLINED]
    found = {
        Obstacle.REVERSED: _is_reversed(transaction, asked_minor),
        Obstacle.REFUNDED: transaction.refunded_minor > 0,
        Obstacle.DISPUTED: transaction.is_disputed,
        Obstacle.FINANCED: has_plan or transaction.plan_id is not None,
    }
    return [obstacle for obstacle, stands in found.items() if stands]


def _is_reversed(transaction: AccountTransaction, asked_minor: int) -> bool:
    if transaction.state is TransactionState.AUTHORIZED:
        return transaction.authorized_minor + transaction.cleared_minor < asked_minor
    return transaction.state is TransactionState.REVERSED


def find_offered_amount(transaction: AccountTransaction, *, asked_minor: int) -> int:
    """The amount that offers are for, in minor units: what was cleared in the end, else what was approved."""
    return transaction.cleared_minor if transaction.state is TransactionState.CLEARED else asked_minor


def describe_purchase(
    merchant: Merchant, facts: TransactionFacts, *, amount_minor: int, currency: str
) -> OfferedPurchase | None:
    """A transaction as offers are asked for it, with its own local date and time; None without a country.

    What the network's words cannot hold (§7.1) is left out, for the plan request must repeat what was shown.
    """
    known = find_currency(currency)
    assert known is not None, "an account has a currency of ISO 4217"
    told = _tell_merchant(merchant)
    if told.country is None:
        return None
    local_at = facts.local_at if facts.local_at.tzinfo else facts.local_at.replace(tzinfo=UTC)
    return OfferedPurchase(
        purchase=Purchase(
            amount=Decimal(amount_minor).scaleb(-known.exponent),
            currency=currency,
            local_at=local_at,
            country=told.country,
            mcc=None if told.mcc is None else told.mcc.text,
            merchant_id=None if told.merchant_id is None else told.merchant_id.text,
        ),
        merchant=told,
        facts=_tell_facts(replace(facts, local_at=local_at)),
    )


def _tell_merchant(merchant: Merchant) -> Merchant:
    country = merchant.country
    return Merchant(
        name=_tell_text(merchant.name, _MAX_NAME),
        url=_tell_text(merchant.url, _MAX_URL),
        country=country if country is not None and is_country(country) else None,
        mcc=merchant.mcc if merchant.mcc is not None and _MCC.fullmatch(merchant.mcc.text) else None,
        acquirer_id=_tell_identifier(merchant.acquirer_id, _MAX_ACQUIRER_ID),
        merchant_id=_tell_identifier(merchant.merchant_id, _MAX_MERCHANT_ID),
    )


def _tell_text(text: str | None, longest: int) -> str | None:
    return mask_card_numbers(text) if text and len(text) <= longest else None


def _tell_identifier(identifier: Identifier | None, longest: int) -> Identifier | None:
    return identifier if identifier is not None and 1 <= len(identifier.text) <= longest else None


def _tell_facts(facts: TransactionFacts) -> TransactionFacts:
    link_id = facts.transaction_link_id
    return replace(
        facts,
        stan=_keep(facts.stan, _STAN),
        rrn=_keep(facts.rrn, _RRN),
        authorization_code=_keep(facts.authorization_code, _CODE),
        transaction_link_id=link_id if link_id and len(link_id) <= _MAX_LINK else None,
    )


def _keep(text: str | None, form: re.Pattern[str]) -> str | None:
    return text if text is not None and form.fullmatch(text) else None


def find_range_obstacle(found: RangeCandidates | None) -> Obstacle | None:
    """What about a card's range rules offers after the purchase out."""
    if found is None:
        return Obstacle.CARD_UNKNOWN
    return None if found.account_range.allows(UseCase.POST_PURCHASE) else Obstacle.SWITCHED_OFF


def price_purchase(
    found: RangeCandidates, purchase: Purchase, *, member_of: Collection[str]
) -> tuple[list[OfferQuote], list[Rule]]:
    """The offers of a purchase that has been made, or the rules that left none.

    `member_of`: ids of the PAN lists that hold the card.
    """
    shown = tuple(
        candidate
        for candidate in found.candidates
        if is_cardable(candidate.program.terms) and candidate.program.terms.interval not in HIDDEN_INTERVALS
    )
    offered = replace(found, candidates=shown)
    eligible, refusals = screen_candidates(
        offered, purchase, use_case=UseCase.POST_PURCHASE, member_of=member_of
    )
    quotes, unpriced = price_offers(offered, eligible, purchase)
    return quotes, [] if quotes else list_reasons([*refusals, *unpriced])


def repeat_offer(presentment: Presentment, offer_id: str, facts: TransactionFacts) -> PlanRequest:
    """The plan request that accepts a presented offer for the transaction with these facts.

    Raises OfferMismatch for an offer that was not shown.
    """
    offer = next((shown for shown in presentment.offers if shown.offer_id == offer_id), None)
    if offer is None:
        raise OfferMismatch(["offer id"])
    purchase = presentment.purchase
    return PlanRequest(
        offer_transaction_id=str(presentment.offer_transaction_id),
        offer_id=offer_id,
        shown_offer_ids=None,
        provider_id=offer.provider_id,
        merchant=purchase.merchant,
        terms=_repeat_terms(offer),
        rows=tuple(_repeat_rows(offer)),
        transaction=CardTransaction(
            amount_kind=AmountKind.FINAL,
            amount=purchase.amount,
            currency=purchase.currency,
            local_at=purchase.local_at,
            local_text=_write_instant(purchase.local_at),
            transmitted_text=_write_instant(facts.transmitted_at) if facts.transmitted_at else None,
            stan=_identify(facts.stan),
            rrn=_identify(facts.rrn),
            authorization_code=_identify(facts.authorization_code),
            transaction_link_id=facts.transaction_link_id,
        ),
        pan_index=presentment.purchase.pan_index,
    )


def _repeat_terms(offer: PresentedOffer) -> ClaimedTerms:
    return ClaimedTerms(
        count=offer.count,
        interval=offer.interval,
        apr_percent=offer.apr_percent,
        currency=offer.currency,
        first_amount=offer.major(offer.amounts_minor[0]),
        other_amount=offer.major(offer.amounts_minor[-1]),
        fee_value=offer.fee_value,
        total_amount=offer.major(offer.total_minor),
    )


def _repeat_rows(offer: PresentedOffer) -> Sequence[ClaimedRow]:
    return [
        ClaimedRow(number=number, amount=offer.major(amount_minor), due_date=due_date)
        for number, (amount_minor, due_date) in enumerate(
            zip(offer.amounts_minor, offer.due_dates, strict=True), start=1
        )
    ]


def _identify(text: str | None) -> Identifier | None:
    return None if text is None else Identifier(text)


def _write_instant(instant: datetime) -> str:
    """RFC 3339, UTC as Z."""
    return instant.isoformat().replace("+00:00", "Z")
