"""From a presented offer to a plan: what was shown is what is accepted (`spec/network.md` §7).

`match_offer` compares a request with its presentment member by member.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from parcela.domain.cards import mask_digits
from parcela.domain.errors import OfferExpired, OfferMismatch, PlanExists
from parcela.domain.ids import Identifier, identifiers_match
from parcela.domain.offers import PresentedOffer
from parcela.domain.programs import UseCase


class AmountKind(StrEnum):
    """Where the plan's amount comes from: a purchase under way, or the posted transaction."""

    PURCHASE = "purchase"
    FINAL = "final"


class PlanStatus(StrEnum):
    """Where a plan stands; card plans start as created."""

    CREATED = "created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """The merchant as a client named it; identifiers keep the form in which they were sent."""

    name: str | None = None
    url: str | None = None
    country: str | None = None
    mcc: Identifier | None = None
    acquirer_id: Identifier | None = None
    merchant_id: Identifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedPurchase:
    """The purchase that offers were presented for. `pan_index` is the blind index of the funding PAN."""

    pan_index: bytes
    amount: Decimal
    currency: str
    local_at: datetime
    merchant: Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentment:
    """Priced offers as one client was shown them, kept word for word until one is accepted."""

    offer_transaction_id: int
    client_id: int
    use_case: UseCase
    presented_at: datetime
    purchase: PresentedPurchase
    offers: tuple[PresentedOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTerms:
    """The offer's terms as a client repeats them; `None` where it sent nothing."""

    count: int
    interval: str
    apr_percent: Decimal | None = None
    currency: str | None = None
    first_amount: Decimal | None = None
    other_amount: Decimal | None = None
    fee_value: Decimal | None = None
    total_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRow:
    """One row of the schedule as a client repeats it, amount in major units."""

    number: int
    amount: Decimal
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTransaction:
    """The card transaction of a plan. `*_text` hold date-times as sent, for repeating them unchanged."""

    amount_kind: AmountKind
    amount: Decimal
    currency: str
    local_at: datetime
    local_text: str
    transmitted_text: str | None = None
    stan: Identifier | None = None
    rrn: Identifier | None = None
    authorization_code: Identifier | None = None
    transaction_link_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """All that a client says when it saves a plan; `pan_index` is the blind index of the funding PAN."""

    offer_transaction_id: str
    offer_id: str
    shown_offer_ids: tuple[str, ...] | None
    provider_id: str
    merchant: Merchant
    terms: ClaimedTerms
    rows: tuple[ClaimedRow, ...]
    transaction: CardTransaction
    pan_index: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    """One dated row of a plan, in minor units; amount = principal + interest + fee."""

    number: int
    due_date: date
    amount_minor: int
    principal_minor: int
    interest_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An accepted offer. It keeps the request and the offer it was made of, word for word."""

    plan_id: str
    status: PlanStatus
    offer_transaction_id: int
    client_id: int
    provider_id: str
    offer: PresentedOffer
    request: PlanRequest
    installments: tuple[Installment, ...]
    created_at: datetime


def hide_card(request: PlanRequest, numbers: Collection[str]) -> PlanRequest:
    """Mask the plan's own card number where a client put it into the transaction link id.

    Other digits there are left alone, for the id is matched with the authorization's.
    """
    link_id = request.transaction.transaction_link_id
    if link_id is None or not any(number in link_id for number in numbers):
        return request
    for number in numbers:
        link_id = link_id.replace(number, mask_digits(number))
    return replace(request, transaction=replace(request.transaction, transaction_link_id=link_id))


def check_not_expired(presentment: Presentment, *, now: datetime, offer_life: timedelta) -> None:
    """Refuse a presentment older than its life (`spec/network.md` §7.2, step 5)."""
    if now - presentment.presented_at > offer_life:
        raise OfferExpired


def check_repeat(plan: Plan, request: PlanRequest) -> None:
    """A plan stands already: the same content is the same plan, any other is refused (§7.2, step 4)."""
    if not _is_same_request(plan.request, request):
        raise PlanExists


def match_offer(presentment: Presentment, request: PlanRequest) -> PresentedOffer:
    """The presented offer that a request repeats in every member; all mismatches are told together."""
    things = [thing for thing, matches in _PURCHASE_CHECKS if not matches(presentment, request)]
    offer = next((shown for shown in presentment.offers if shown.offer_id == request.offer_id), None)
    if offer is None:
        things.append("offer id")
    if not _shows_same_offers(presentment, request):
        things.append("transaction offers")
    if offer is not None:
        things += [thing for thing, matches in _OFFER_CHECKS if not matches(offer, request)]
    things += [thing for thing, matches in _MERCHANT_CHECKS if not matches(presentment, request)]
    if things:
        raise OfferMismatch(things)
    assert offer is not None
    return offer


def _shows_same_offers(presentment: Presentment, request: PlanRequest) -> bool:
    if request.shown_offer_ids is None:
        return True
    return set(request.shown_offer_ids) == {offer.offer_id for offer in presentment.offers}


def _has_same_rows(offer: PresentedOffer, request: PlanRequest) -> bool:
    claimed = {row.number: (row.amount, row.due_date) for row in request.rows}
    if len(claimed) != len(request.rows) or len(claimed) != offer.count:
        return False
    return all(
        claimed.get(number) == (offer.major(amount_minor), due_date)
        for number, (amount_minor, due_date) in enumerate(
            zip(offer.amounts_minor, offer.due_dates, strict=True), start=1
        )
    )


def _fee_value_matches(offer: PresentedOffer, request: PlanRequest) -> bool:
    """An absent fee value stands for 0 (`spec/network.md` §7.1, note 1)."""
    return (request.terms.fee_value or Decimal(0)) == offer.fee_value


PresentmentCheck = tuple[str, Callable[[Presentment, PlanRequest], bool]]
OfferCheck = tuple[str, Callable[[PresentedOffer, PlanRequest], bool]]

# The order and the words of `spec/network.md` §7.3.
_PURCHASE_CHECKS: tuple[PresentmentCheck, ...] = (
    ("transaction amount", lambda shown, asked: shown.purchase.amount == asked.transaction.amount),
    ("transaction date", lambda shown, asked: shown.purchase.local_at == asked.transaction.local_at),
    ("pan", lambda shown, asked: shown.purchase.pan_index == asked.pan_index),
    ("transaction currency", lambda shown, asked: shown.purchase.currency == asked.transaction.currency),
)
_OFFER_CHECKS: tuple[OfferCheck, ...] = (
    ("provider id", lambda offer, asked: offer.provider_id.lower() == asked.provider_id.lower()),
    ("apr", lambda offer, asked: offer.apr_percent == asked.terms.apr_percent),
    ("tenure", lambda offer, asked: offer.count == asked.terms.count),
    ("frequency", lambda offer, asked: offer.interval == asked.terms.interval),
    ("plan currency", lambda offer, asked: offer.currency == asked.terms.currency),
    (
        "first installment amount",
        lambda offer, asked: offer.major(offer.amounts_minor[0]) == asked.terms.first_amount,
    ),
    (
        "other installment amount",
        lambda offer, asked: offer.major(offer.amounts_minor[-1]) == asked.terms.other_amount,
    ),
    ("total amount", lambda offer, asked: offer.major(offer.total_minor) == asked.terms.total_amount),
    ("fee value", _fee_value_matches),
    ("schedule payments", _has_same_rows),
)
_MERCHANT_CHECKS: tuple[PresentmentCheck, ...] = (
    ("merchant country", lambda shown, asked: shown.purchase.merchant.country == asked.merchant.country),
    (
        "merchant category code",
        lambda shown, asked: identifiers_match(shown.purchase.merchant.mcc, asked.merchant.mcc),
    ),
    (
        "acquirer id",
        lambda shown, asked: identifiers_match(
            shown.purchase.merchant.acquirer_id, asked.merchant.acquirer_id
        ),
    ),
    (
        "merchant id",
        lambda shown, asked: identifiers_match(
            shown.purchase.merchant.merchant_id, asked.merchant.merchant_id
        ),
    ),
)


def _is_same_request(kept: PlanRequest, asked: PlanRequest) -> bool:
    """Equal content by `spec/network.md` §2.3: exact decimals, identifiers by value, offers as a set."""
    return (
        kept.offer_id == asked.offer_id
        and kept.pan_index == asked.pan_index
        and kept.provider_id.lower() == asked.provider_id.lower()
        and _as_set(kept.shown_offer_ids) == _as_set(asked.shown_offer_ids)
        and kept.terms == asked.terms
        and sorted(kept.rows, key=_row_number) == sorted(asked.rows, key=_row_number)
        and _is_same_merchant(kept.merchant, asked.merchant)
        and _is_same_transaction(kept.transaction, asked.transaction)
    )


def _as_set(offer_ids: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if offer_ids is None else frozenset(offer_ids)


def _row_number(row: ClaimedRow) -> int:
    return row.number


def _is_same_merchant(kept: Merchant, asked: Merchant) -> bool:
    return (
        (kept.name, kept.url, kept.country) == (asked.name, asked.url, asked.country)
        and identifiers_match(kept.mcc, asked.mcc)
        and identifiers_match(kept.acquirer_id, asked.acquirer_id)
        and identifiers_match(kept.merchant_id, asked.merchant_id)
    )


def _is_same_transaction(kept: CardTransaction, asked: CardTransaction) -> bool:
    return (
        (kept.amount_kind, kept.amount, kept.currency, kept.local_at)
        == (asked.amount_kind, asked.amount, asked.currency, asked.local_at)
        and (kept.transmitted_text, kept.transaction_link_id)
        == (asked.transmitted_text, asked.transaction_link_id)
        and identifiers_match(kept.stan, asked.stan)
        and identifiers_match(kept.rrn, asked.rrn)
        and identifiers_match(kept.authorization_code, asked.authorization_code)
    )
