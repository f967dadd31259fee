"""What becomes of an offer when its payer accepts it or serial numbers come in (`spec/gateway.md` §10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from parcela.domain.merchant_offers import Acceptance, CartItem, MerchantOffer, OfferState, TermsDisplay
from parcela.domain.merchant_texts import find_texts
from parcela.domain.merchants import MerchantProfile, OfferRule
from parcela.domain.order_refusals import (
    AcceptanceMissing,
    PlanCondition,
    PlanConditionUnmet,
    TermsNotAccepted,
)
from parcela.domain.orders import OrderLine
from parcela.domain.plan_conditions import (
    UsedCard,
    check_amount,
    check_card,
    check_same_amount,
    check_same_card,
    check_same_items,
    list_accepted_items,
)
from parcela.domain.programs import Program
from parcela.domain.serial_numbers import merge_serials, read_item, read_serials


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAcceptance:
    """The payer's word as it came, amount in minor units of its currency."""

    display: TermsDisplay
    amount_minor: int
    currency: str
    card: UsedCard
    lines: tuple[OrderLine, ...]
    locale: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSerials:
    """Serial numbers without acceptance; amount, currency and card only where they came along."""

    amount_minor: int | None
    currency: str | None
    card: UsedCard | None
    lines: tuple[OrderLine, ...]


def accept_terms(
    offer: MerchantOffer,
    rule: OfferRule,
    program: Program,
    given: GivenAcceptance,
    *,
    profile: MerchantProfile,
    now: datetime,
) -> MerchantOffer:
    """The offer with its payer's acceptance and the serial numbers that came with it.

    It replaces an earlier acceptance; the same one again leaves the offer as it is. Raises, in this order,
    TermsNotAccepted, and PlanConditionUnmet for CURRENCY, MINIMUM, MAXIMUM, CARD, SAME_AMOUNT, SAME_ITEMS
    (without position where the quote had articles and the request names none).
    """
    if rule.terms.acceptance_required and given.display is not TermsDisplay.TERMS_AND_ACCEPTANCE:
        raise TermsNotAccepted("the payer must accept the terms and conditions of this offer")
    check_amount(rule, program, given.amount_minor, given.currency)
    check_card(offer, given.card)
    if offer.quote.amount_minor not in (None, given.amount_minor):
        raise PlanConditionUnmet(PlanCondition.SAME_AMOUNT)
    if offer.quote.items and not given.lines:
        raise PlanConditionUnmet(PlanCondition.SAME_ITEMS)
    check_same_items(offer.quote.items, given.lines, rule)
    acceptance = _write_acceptance(offer, rule, given, profile=profile, now=now)
    accepted = replace(offer, state=OfferState.ACCEPTED, acceptance=_keep_same(offer.acceptance, acceptance))
    return _put_serials(accepted, rows=acceptance.items, lines=given.lines)


def take_serials(
    offer: MerchantOffer, rule: OfferRule, program: Program, given: GivenSerials
) -> MerchantOffer:
    """The offer with serial numbers that came without acceptance; also for one that is used.

    Raises, in this order, AcceptanceMissing where the offer needs one and has none, and PlanConditionUnmet
    for CURRENCY, MINIMUM, MAXIMUM, CARD, SAME_CARD, SAME_AMOUNT, SAME_ITEMS.
    """
    if rule.terms.acceptance_required and offer.acceptance is None:
        raise AcceptanceMissing("the payer must accept the offer first")
    check_amount(rule, program, given.amount_minor, given.currency)
    if given.card is not None:
        check_card(offer, given.card)
        check_same_card(offer, given.card)
    if given.amount_minor is not None:
        check_same_amount(offer, given.amount_minor)
    rows = offer.items or list_accepted_items(offer) or tuple(read_item(line) for line in given.lines)
    return _put_serials(offer, rows=rows, lines=given.lines)


def _write_acceptance(
    offer: MerchantOffer,
    rule: OfferRule,
    given: GivenAcceptance,
    *,
    profile: MerchantProfile,
    now: datetime,
) -> Acceptance:
    texts = find_texts(rule, profile, given.locale or offer.quote.locale)
    return Acceptance(
        accepted_at=now,
        display=given.display,
        terms_version=rule.terms.version,
        terms_text=texts.terms_text,
        acceptance_text=texts.acceptance_text,
        locale=texts.locale,
        amount_minor=given.amount_minor,
        currency=given.currency,
        items=tuple(read_item(line) for line in given.lines),
        pan_index=given.card.pan_index,
    )


def _keep_same(kept: Acceptance | None, new: Acceptance) -> Acceptance:
    """The acceptance that stands when the same one comes again, with its first time."""
    if kept is not None and replace(new, accepted_at=kept.accepted_at) == kept:
        return kept
    return new


def _put_serials(
    offer: MerchantOffer, *, rows: tuple[CartItem, ...], lines: Sequence[OrderLine]
) -> MerchantOffer:
    return replace(offer, items=rows, serials=merge_serials(rows, offer.serials, read_serials(rows, lines)))
