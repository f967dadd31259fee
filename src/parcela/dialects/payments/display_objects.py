"""`display` of offers and plans: what people read of them, as finished text (`docs/payments.md`)."""

from datetime import UTC

from parcela.dialects.payments.wire_values import WireObject
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.operations.payments.press import ShownDisclosure
from parcela.words.plan_cards import PlanCard, print_accepted, print_plan
from parcela.words.words import Words


class DisplayRateObject(WireObject):
    """The cost of credit in words: its name, and the figure with its sign."""

    label: str
    text: str


class DisplayPaymentObject(WireObject):
    """A dated payment in words."""

    number: int
    date: str
    amount: str


class DisclosedRegimeObject(WireObject):
    """A country's rule of disclosure in its version, with the rate as shown and with six decimals.

    `id` null: no rule asks, and the rate stands under the local name alone. `second` is Argentina's TEA.
    """

    id: str | None
    version: str | None
    country: str
    side: str
    method: str
    label: str
    shown: str
    exact: str
    second: str | None


class DisclosedFactObject(WireObject):
    """A fact in words. `emphasis`: normal, strong, small, or large, five times the size of a small one."""

    fact: str
    label: str
    text: str
    emphasis: str


class DisclosureObject(WireObject):
    """All that must be shown of a plan before it is agreed to, in its order, the facts of the law too.

    `hash` is SHA-256 over the canonical JSON of `facts`, as in the evidence of the showing.
    """

    regimes: tuple[DisclosedRegimeObject, ...]
    facts: tuple[DisclosedFactObject, ...]
    hash: str


class DisplayObject(WireObject):
    """A plan in the words in which the hosted page and the papers show it, to be shown as they are."""

    language: str
    title: str
    total: str
    cost_of_credit: str
    rate: DisplayRateObject
    fees: tuple[str, ...]
    first_payment_date: str
    payments: tuple[DisplayPaymentObject, ...]
    disclosure: DisclosureObject


def display_offer(offer: PaymentOffer, disclosure: ShownDisclosure) -> DisplayObject:
    """An offer in words."""
    card = print_plan(offer, Words(offer.language), provider=None, zone=UTC)
    return _make_display(card, disclosure, offer.language)


def display_plan(plan: PaymentPlan, disclosure: ShownDisclosure) -> DisplayObject:
    """An accepted plan in words as it stands; its disclosure is that of the offer it was made from."""
    language = plan.offer.language
    card = print_accepted(plan, Words(language), provider=None, zone=UTC)
    return _make_display(card, disclosure, language)


def _make_display(card: PlanCard, disclosure: ShownDisclosure, language: str) -> DisplayObject:
    return DisplayObject(
        language=language,
        title=card.title,
        total=card.total,
        cost_of_credit=card.cost,
        rate=DisplayRateObject(label=card.rate_label, text=card.rate),
        fees=card.fees,
        first_payment_date=card.first_due,
        payments=tuple(
            DisplayPaymentObject(number=row.number, date=row.date, amount=row.amount) for row in card.rows
        ),
        disclosure=_make_disclosure(disclosure),
    )


def _make_disclosure(disclosure: ShownDisclosure) -> DisclosureObject:
    return DisclosureObject(
        regimes=tuple(
            DisclosedRegimeObject(
                id=one.rule_id,
                version=one.version,
                country=one.country,
                side=one.side,
                method=one.method,
                label=one.label,
                shown=one.shown,
                exact=one.exact,
                second=one.second,
            )
            for one in disclosure.regimes
        ),
        facts=tuple(
            DisclosedFactObject(fact=fact.fact, label=fact.label, text=fact.text, emphasis=fact.emphasis)
            for fact in disclosure.facts
        ),
        hash=disclosure.hash,
    )
