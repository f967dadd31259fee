"""Which programs a purchase may be offered, and for every other one the first rule that stopped it.

Rules and their order: `spec/network.md` §5.3, eligibility messages.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from parcela.domain.catalogue import Candidate, RangeCandidates
from parcela.domain.programs import Program, UseCase


class Rule(StrEnum):
    """The rules in the order in which they are asked and reported."""

    CONSUMER = "consumer"
    AMOUNT = "amount"
    MCC = "mcc"
    COUNTRY = "country"
    CURRENCY = "currency"
    MERCHANT = "merchant"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought, where and when. `amount` in major units; `local_at` carries its own offset."""

    amount: Decimal
    currency: str
    local_at: datetime
    country: str
    mcc: str | None = None
    merchant_id: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A program that is not offered and the first rule that stopped it."""

    program: Program
    rule: Rule


def screen_candidates(
    found: RangeCandidates, purchase: Purchase, *, use_case: UseCase, member_of: Collection[str]
) -> tuple[list[Candidate], list[Refusal]]:
    """Part a range's programs into those a purchase may be offered and those it may not.

    `member_of`: ids of the PAN lists that hold the card.
    """
    eligible: list[Candidate] = []
    refusals: list[Refusal] = []
    is_switched_on = found.account_range.allows(use_case)
    for candidate in found.candidates:
        if not is_switched_on or not _admits_consumer(candidate, found, use_case, member_of):
            refusals.append(Refusal(candidate.program, Rule.CONSUMER))
            continue
        rule = find_stopping_rule(candidate.program, purchase)
        if rule is None:
            eligible.append(candidate)
        else:
            refusals.append(Refusal(candidate.program, rule))
    return eligible, refusals


def _admits_consumer(
    candidate: Candidate, found: RangeCandidates, use_case: UseCase, member_of: Collection[str]
) -> bool:
    """Use case, card kind and PAN lists; a list restricts its group's offers in either use case."""
    rules = candidate.program.rules
    if use_case not in rules.use_cases:
        return False
    if rules.fundings and found.account_range.funding not in rules.fundings:
        return False
    return candidate.is_open or not candidate.pan_list_ids.isdisjoint(member_of)


def find_stopping_rule(program: Program, purchase: Purchase) -> Rule | None:
    """The first rule of a program that a purchase breaks.

    Amount bounds are in the program's currency, so an amount in another currency cannot break them.
    """
    rules = program.rules
    is_same_currency = program.currency == purchase.currency
    if is_same_currency and not _is_within(purchase.amount, rules.minimum, rules.maximum):
        return Rule.AMOUNT
    if not rules.mccs.admits(purchase.mcc):
        return Rule.MCC
    if not rules.countries.admits(purchase.country):
        return Rule.COUNTRY
    if not is_same_currency:
        return Rule.CURRENCY
    if not rules.merchant_ids.admits(purchase.merchant_id):
        return Rule.MERCHANT
    if rules.channels and purchase.channel not in rules.channels:
        return Rule.MERCHANT
    if not program.begin <= purchase.local_at <= program.end:
        return Rule.DATE
    return None


def _is_within(amount: Decimal, minimum: Decimal, maximum: Decimal | None) -> bool:
    return minimum <= amount and (maximum is None or amount <= maximum)


def list_reasons(refusals: Iterable[Refusal]) -> list[Rule]:
    """The rules that stopped at least one program, in their order; the consumer's alone when none stood."""
    stopped = {refusal.rule for refusal in refusals}
    return [rule for rule in Rule if rule in stopped] or [Rule.CONSUMER]
