"""A shop's plans as its pages say them: one sentence with what the law wants beside it, and plan cards.

All figures come from `words`, so that they are those of the checkout to the byte (`disclosures.md` §§2.1, 5).
"""

from dataclasses import dataclass

from parcela.domain.catalogue import Catalogue
from parcela.domain.disclosures.records import Creditor, FactKind
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import UnavailableReason
from parcela.operations.payments.advertised_plans import Advertised
from parcela.promo.shops import Shop
from parcela.words.disclosures.facts import PrintedFact, print_facts
from parcela.words.plan_cards import PlanCard, find_ordinary_amount, print_plan
from parcela.words.words import Words

_ADVERTISED_FACTS = frozenset({FactKind.CREDIT_WARNING, FactKind.INFORMATIVE, FactKind.SECOND_RATE})
"""Facts of a rule that advertising must carry too."""

_CONSEQUENCES = "uk_dpc"
"""The rule under which an interest-free offer says what a missed payment means (`disclosures.md` §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence, and the lines that may not be left out where it stands."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoCard:
    """A plan of the list: its facts by name, its rows, and the lines below."""

    plan: PlanCard
    lender: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promo:
    """What a page shows. `statements` are the fullest first; the last one names no figure. Without plans
    there is none, and `reasons` say why.
    """

    words: Words
    statements: tuple[Statement, ...] = ()
    cards: tuple[PromoCard, ...] = ()
    reasons: tuple[UnavailableReason, ...] = ()

    @property
    def text(self) -> str:
        """The sentence; empty where there is nothing to say."""
        return self.statements[0].text if self.statements else ""


def print_promo(advertised: Advertised, shop: Shop, words: Words) -> Promo:
    """The plans in words; the sentence is about the one with the lowest payment."""
    if not advertised.offers:
        # Several programs may have one reason: readers are told it once.
        told = {(reason.code, reason.message): reason for reason in advertised.reasons}
        return Promo(words=words, reasons=tuple(told.values()))
    cards = {id(offer): _print_card(offer, shop, words) for offer in advertised.offers}
    chosen = min(advertised.offers, key=lambda offer: (find_ordinary_amount(offer), offer.cost_minor))
    card = cards[id(chosen)]
    full = Statement(text=_say_plan(chosen, words), notes=(_write_example(chosen, card, words), *card.notes))
    brief = Statement(text=words.say("promo_title"), notes=card.notes)
    return Promo(words=words, statements=(full, brief), cards=tuple(cards.values()))


def _say_plan(offer: PaymentOffer, words: Words) -> str:
    """Only a plan without any cost is called free of interest."""
    ordinary = find_ordinary_amount(offer)
    amount = words.write_money(ordinary, offer.currency)
    if offer.cost_minor:
        return words.say("promo_from", count=offer.count, amount=amount)
    lowest = min(row.amount_minor for row in offer.rows)
    if all(row.amount_minor == lowest for row in offer.rows):
        return words.say("promo_free", count=offer.count, amount=amount)
    return words.say("promo_free_from", count=offer.count, amount=words.write_money(lowest, offer.currency))


def _print_card(offer: PaymentOffer, shop: Shop, words: Words) -> PromoCard:
    lender = find_lender(shop.catalogue, offer.provider_id)
    is_lent = offer.model is ProgramModel.LENDER
    plan = print_plan(offer, words, provider=lender if is_lent else None, zone=shop.zone)
    law = _list_law(offer, words, find_creditor(shop.catalogue, offer, words.language))
    named = tuple((fact.label, fact.text) for fact in law if fact.kind is FactKind.SECOND_RATE)
    notes = tuple(fact.text for fact in law if fact.kind is not FactKind.SECOND_RATE)
    return PromoCard(plan=plan, lender=lender, facts=_list_facts(offer, plan, words) + named, notes=notes)


def _list_facts(offer: PaymentOffer, plan: PlanCard, words: Words) -> tuple[tuple[str, str], ...]:
    """Name and text of each fact. In Japan no other rate stands beside the real one."""
    say = words.say
    interest = () if plan.interest is None else ((say("interest"), plan.interest),)
    return (
        *plan.odd,
        (say("total"), plan.total),
        (say("cost"), plan.cost),
        (plan.rate_label, plan.rate),
        *interest,
        (say("fees"), ", ".join(plan.fees) or say("no_fees")),
        (say("first_due"), plan.first_due),
    )


def _list_law(offer: PaymentOffer, words: Words, creditor: Creditor) -> list[PrintedFact]:
    wanted = set(_ADVERTISED_FACTS)
    if any(disclosure.rule_id == _CONSEQUENCES for disclosure in offer.disclosures):
        wanted.add(FactKind.LATE_PAYMENT)
    return [fact for fact in print_facts(offer, words, creditor) if fact.kind in wanted]


def _write_example(offer: PaymentOffer, card: PromoCard, words: Words) -> str:
    """All figures of the plan in one line: the representative example of advertising."""
    price = words.write_money(offer.financed_minor, offer.currency)
    named = [(words.say("promo_price"), price), *card.facts, (words.say("promo_lender"), card.lender)]
    texts = [words.say("promo_fact", label=label, text=text) for label, text in named]
    texts.insert(1, card.plan.title)
    return words.say("promo_example", facts=words.say("promo_separator").join(texts))


def find_lender(catalogue: Catalogue, provider_id: str) -> str:
    """Who lends, by the name that the catalogue has."""
    issuer = catalogue.find_issuer(provider_id)
    assert issuer is not None, "the catalogue admits no program without its issuer"
    return issuer.name
