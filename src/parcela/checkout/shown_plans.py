"""A plan as the hosted page shows it: the ten facts of its card, and what the countries' rules add."""

from dataclasses import dataclass, replace

from parcela.domain.disclosures.records import FactKind
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.payments.unavailability import find_language
from parcela.operations.payments.moment import AccountMoment
from parcela.words.disclosures.facts import SLOTS, PrintedFact, print_facts
from parcela.words.plan_cards import PlanCard, print_accepted, print_plan
from parcela.words.words import Words

_LARGE_RATE_RULE = "ar_cft"
"""Its rate stands five times as large as the one beside it (`disclosures.md` §2.1)."""
_NOTES = frozenset(
    {
        FactKind.CREDIT_WARNING,
        FactKind.PERSONALISED,
        FactKind.INFORMATIVE,
        FactKind.CARD_ACCOUNT,
        FactKind.COMPONENTS,
    }
)


_RIGHTS = SLOTS | {FactKind.FURTHER_INFORMATION, FactKind.CONTINUOUS_AUTHORITY}
_KEY_NOTES = {
    "uk_dpc": frozenset({FactKind.LATE_PAYMENT, FactKind.CREDIT_BUREAU, FactKind.FURTHER_INFORMATION})
}
"""Sentences that a rule wants on the card itself: what a missed payment means (`disclosures.md` §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlan:
    """A card and the facts of the rules: figures, sentences of the card, and what is read before agreeing.

    `has_large_rate`: the rate is printed five times as large as its neighbour.
    """

    card: PlanCard
    figures: tuple[PrintedFact, ...]
    notes: tuple[PrintedFact, ...]
    rights: tuple[PrintedFact, ...]
    has_large_rate: bool


def show_offer(offer: PaymentOffer, moment: AccountMoment, words: Words) -> ShownPlan:
    """An offer with the name of whoever grants it."""
    catalogue = moment.world.catalogue(moment.owner.tenant_id)
    lender = offer.creditor or catalogue.find_issuer(offer.provider_id)
    card = print_plan(offer, words, provider=None if lender is None else lender.name, zone=moment.zone)
    facts = print_facts(offer, words, find_creditor(catalogue, offer, words.language))
    said = {(words.say("cost"), card.cost), (words.say("total"), card.total)}
    noted = _NOTES.union(*(_KEY_NOTES.get(one.rule_id or "", ()) for one in offer.disclosures))
    return ShownPlan(
        card=card,
        # What the card says by the same name already is not said again.
        figures=tuple(
            fact for fact in facts if fact.kind not in noted | _RIGHTS and (fact.label, fact.text) not in said
        ),
        notes=tuple(fact for fact in facts if fact.kind in noted),
        rights=tuple(fact for fact in facts if fact.kind in _RIGHTS - noted),
        has_large_rate=any(one.rule_id == _LARGE_RATE_RULE for one in offer.disclosures[:1]),
    )


def show_agreed(plan: PaymentPlan, moment: AccountMoment, words: Words) -> ShownPlan:
    """A plan as it was agreed, with its rows as they stand."""
    shown = show_offer(plan.offer, moment, words)
    card = print_accepted(plan, words, provider=shown.card.lender, zone=moment.zone)
    return replace(shown, card=replace(card, rate_label=shown.card.rate_label))


def find_foreign_language(locale: str | None, words: Words) -> str | None:
    """The language of texts that the payment carries with it; None where the page is in the same."""
    language = find_language(locale or words.language)
    return None if language == words.language else language
