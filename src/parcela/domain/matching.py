"""Which plan an authorization belongs to, and which authorization a later message speaks of.

Rules of `spec/network.md` §12. A plan is bound to one authorization; a doubt is left to a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from parcela.domain.ids import Identifier


class MatchOutcome(StrEnum):
    """What the search for a plan came to."""

    MATCHED = "matched"
    NONE = "none"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalMessage:
    """The message that a later one speaks of (ISO 8583, DE 90), as its text gives it.

    `transmitted` is DE 7 of that message, `MMDDhhmmss`.
    """

    message_type: str
    stan: Identifier
    transmitted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFacts:
    """What an authorization says of its purchase; the amount is in minor units.

    `pan_index` is the blind index of the funding PAN. `transmitted` is DE 7 and `acquirer_id` DE 32: they
    tell one authorization from another, and are no part of the comparison with plans. `original` is set
    when the message names another one.
    """

    pan_index: bytes
    amount_minor: int
    currency: str
    stan: Identifier | None = None
    rrn: Identifier | None = None
    transaction_link_id: str | None = None
    transmitted: str | None = None
    acquirer_id: str | None = None
    original: OriginalMessage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePlan:
    """A plan that might be meant: made for this card, and bound to no authorization yet."""

    plan_id: str
    provider_id: str
    pan_index: bytes
    amount_minor: int
    currency: str
    created_at: datetime
    stan: Identifier | None = None
    rrn: Identifier | None = None
    transaction_link_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDecision:
    """The outcome; `plan` for a match, `choices` for a person where several plans are equally likely."""

    outcome: MatchOutcome
    plan: CandidatePlan | None = None
    choices: tuple[CandidatePlan, ...] = ()


def decide_match(
    purchase: PurchaseFacts, candidates: Iterable[CandidatePlan], *, now: datetime, window: timedelta
) -> MatchDecision:
    """The one plan that fits; of several, the one with most optional values equal (`spec/network.md` §12)."""
    scored = [
        (score, plan)
        for plan in candidates
        if (score := _score(purchase, plan, now=now, window=window)) is not None
    ]
    if not scored:
        return MatchDecision(outcome=MatchOutcome.NONE)
    best = max(score for score, _ in scored)
    choices = tuple(sorted((plan for score, plan in scored if score == best), key=lambda plan: plan.plan_id))
    if len(choices) > 1:
        return MatchDecision(outcome=MatchOutcome.AMBIGUOUS, choices=choices)
    return MatchDecision(outcome=MatchOutcome.MATCHED, plan=choices[0], choices=choices)


def _score(purchase: PurchaseFacts, plan: CandidatePlan, *, now: datetime, window: timedelta) -> int | None:
    """How many optional values are equal; None when the plan cannot be meant."""
    if now - plan.created_at > window:
        return None
    wanted = (purchase.pan_index, purchase.amount_minor, purchase.currency)
    if (plan.pan_index, plan.amount_minor, plan.currency) != wanted:
        return None
    answers = (
        _agree(purchase.stan, plan.stan),
        _agree(purchase.rrn, plan.rrn),
        _agree_on_link(purchase, plan.transaction_link_id),
    )
    return None if False in answers else answers.count(True)


def _agree(first: Identifier | None, second: Identifier | None) -> bool | None:
    """Equal by `spec/network.md` §2.3, or not; None when a side has no value."""
    return None if first is None or second is None else first.matches(second)


def _agree_on_link(purchase: PurchaseFacts, link_id: str | None) -> bool | None:
    if not purchase.transaction_link_id or not link_id:
        return None
    return purchase.transaction_link_id == link_id


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAuthorization:
    """An authorization that was asked about before."""

    authorization_id: str
    amount_minor: int
    currency: str
    stan: Identifier | None = None
    rrn: Identifier | None = None
    transaction_link_id: str | None = None
    transmitted: str | None = None
    acquirer_id: str | None = None


def find_same_purchase(
    purchase: PurchaseFacts, known: Sequence[KnownAuthorization]
) -> KnownAuthorization | None:
    """The authorization of the same card that this message repeats or speaks of; the newest comes first.

    In this order: the transaction link id, the original data elements, the message itself (STAN and
    transmission time), the RRN, and, for a question without any of them, the same question. An amount may
    differ: completions and reversals can be for less.
    """
    for is_same in (_has_same_link, _is_original, _is_same_message, _has_same_rrn, _is_same_question):
        found = next((one for one in known if is_same(purchase, one)), None)
        if found is not None:
            return found
    return None


def _has_same_link(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    return _agree_on_link(purchase, known.transaction_link_id) is True


def _is_contradicted(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    """Two link ids that differ, or the same trace numbers of another acquirer, name two purchases."""
    if _agree_on_link(purchase, known.transaction_link_id) is False:
        return True
    acquirers = {purchase.acquirer_id, known.acquirer_id} - {None}
    return len(acquirers) > 1


def _is_original(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    original = purchase.original
    if original is None or known.stan is None or _is_contradicted(purchase, known):
        return False
    return original.stan.matches(known.stan) and original.transmitted == known.transmitted


def _is_same_message(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    if purchase.transmitted is None or purchase.transmitted != known.transmitted:
        return False
    is_same = _agree(purchase.stan, known.stan) is True and _agree(purchase.rrn, known.rrn) is not False
    return is_same and not _is_contradicted(purchase, known)


def _has_same_rrn(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    return _agree(purchase.rrn, known.rrn) is True and not _is_contradicted(purchase, known)


def _is_same_question(purchase: PurchaseFacts, known: KnownAuthorization) -> bool:
    """Equal in all that a question may hold; trace numbers without a time may have been used before."""
    if purchase.original is not None or purchase.transmitted != known.transmitted:
        return False
    return (
        (purchase.amount_minor, purchase.currency) == (known.amount_minor, known.currency)
        and (purchase.stan is None) == (known.stan is None)
        and (purchase.rrn is None) == (known.rrn is None)
        and (purchase.transaction_link_id or None) == (known.transaction_link_id or None)
        and _agree(purchase.stan, known.stan) is not False
        and _agree(purchase.rrn, known.rrn) is not False
        and not _is_contradicted(purchase, known)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationQuestion:
    """A card message as it asks for its plan; `digits` is the funding or token PAN that it carries.

    `may_bind` is false for reversals: they speak of a purchase and never begin one.
    """

    digits: str = field(repr=False)
    amount_minor: int
    currency: str
    stan: Identifier | None = None
    rrn: Identifier | None = None
    transaction_link_id: str | None = None
    transmitted: str | None = None
    acquirer_id: str | None = None
    original: OriginalMessage | None = None
    may_bind: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMatch:
    """The answer to a question. `authorization_id` is set once the authorization is on record."""

    outcome: MatchOutcome
    plan_id: str | None = None
    authorization_id: str | None = None
