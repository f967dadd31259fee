"""Which card transaction a plan or a later message speaks of (`spec/network.md` §12, the processor's side).

Trace numbers are told as text or as numbers, so that leading zeros carry no meaning (§2.3). A doubt binds
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from parcela.domain.servicing.records import AccountTransaction, TransactionFacts

AMOUNT_WINDOW = timedelta(days=7)
"""Without a common identifier, purchases this far apart by their own clocks are two purchases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTransaction:
    """A transaction of the account and the amount it was asked for, in minor units."""

    transaction: AccountTransaction
    asked_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTraits:
    """What a plan or a message tells of its purchase, in minor units of the account's currency."""

    plan_id: str | None
    amount_minor: int
    facts: TransactionFacts


def find_transaction_of_plan(
    traits: PurchaseTraits, known: Iterable[KnownTransaction]
) -> AccountTransaction | None:
    """The transaction that carries the plan's id; else the one of equal amount that agrees best.

    Each identifier that both sides have must be equal; of several the one with most equal; of several such
    none. A transaction that carries another plan's id is not meant.
    """
    candidates = list(known)
    for one in candidates:
        if traits.plan_id is not None and one.transaction.plan_id == traits.plan_id:
            return one.transaction
    scored = [
        (score, one.transaction)
        for one in candidates
        if one.transaction.plan_id is None
        and traits.amount_minor in (one.asked_minor, one.transaction.cleared_minor)
        and (score := score_facts(traits.facts, one.transaction.facts)) is not None
    ]
    return _find_best(scored)


def find_transaction_of_message(
    traits: PurchaseTraits, known: Sequence[KnownTransaction]
) -> AccountTransaction | None:
    """The transaction that a clearing, reversal or refund speaks of.

    In this order: plan id, transaction link id, RRN, STAN with the amount; of several the newest, for trace
    numbers are used again.
    """
    newest_first = sorted(known, key=lambda one: one.transaction.created_at, reverse=True)
    tests: tuple[Callable[[KnownTransaction], bool], ...] = (
        lambda one: traits.plan_id is not None and one.transaction.plan_id == traits.plan_id,
        lambda one: _agree_on_link(traits.facts, one.transaction.facts) is True,
        lambda one: (
            _agree(traits.facts.rrn, one.transaction.facts.rrn) is True
            and not _is_contradicted(traits.facts, one.transaction.facts)
        ),
        lambda one: (
            _agree(traits.facts.stan, one.transaction.facts.stan) is True
            and traits.amount_minor in (one.asked_minor, one.transaction.cleared_minor)
            and not _is_contradicted(traits.facts, one.transaction.facts)
        ),
    )
    for is_meant in tests:
        for one in newest_first:
            if is_meant(one):
                return one.transaction
    return None


def score_facts(first: TransactionFacts, second: TransactionFacts) -> int | None:
    """How many identifiers are equal; None when one differs, or none is common to far-apart times."""
    answers = (
        _agree(first.stan, second.stan),
        _agree(first.rrn, second.rrn),
        _agree_on_link(first, second),
    )
    if False in answers:
        return None
    score = answers.count(True)
    return None if score == 0 and not _is_near(first.local_at, second.local_at) else score


def _find_best(scored: list[tuple[int, AccountTransaction]]) -> AccountTransaction | None:
    best = max((score for score, _ in scored), default=0)
    choices = [transaction for score, transaction in scored if score == best]
    return choices[0] if len(choices) == 1 else None


def _agree(first: str | None, second: str | None) -> bool | None:
    if not first or not second:
        return None
    if first == second:
        return True
    both = first + second
    return both.isascii() and both.isdigit() and first.lstrip("0") == second.lstrip("0")


def _agree_on_link(first: TransactionFacts, second: TransactionFacts) -> bool | None:
    if not first.transaction_link_id or not second.transaction_link_id:
        return None
    return first.transaction_link_id == second.transaction_link_id


def _is_contradicted(first: TransactionFacts, second: TransactionFacts) -> bool:
    return _agree_on_link(first, second) is False


def _is_near(first: datetime, second: datetime) -> bool:
    """By the wall clocks as written: neither side's zone is known for sure."""
    return abs(first.replace(tzinfo=None) - second.replace(tzinfo=None)) <= AMOUNT_WINDOW
