"""The facts that a country's law adds to the ten of the plan card, in words (`disclosures.md` §§2.1, 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from parcela.domain.countries import get_two_letters
from parcela.domain.disclosures.records import Creditor, FactKind, OfferDisclosure
from parcela.domain.payments.plan_texts import find_shown_label
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.taxes import TaxKind
from parcela.words.disclosures.labels import find_rate_label
from parcela.words.words import Words

PROMINENT = frozenset({FactKind.FINANCE_CHARGE, FactKind.CREDIT_WARNING})
"""To be more conspicuous than the rest: with the rate itself (12 CFR 1026.17), and the warning."""

_HUNDREDTH = Decimal("0.01")
_LOCAL_SENTENCES: Mapping[tuple[FactKind, str], str] = {
    (FactKind.WITHDRAWAL, "eu_ccd2"): "fact_withdrawal_eu",
    (FactKind.WITHDRAWAL, "eu_ccd"): "fact_withdrawal_eu",
    (FactKind.COMPLAINTS, "uk_dpc"): "fact_complaints_uk",
}
SLOTS = frozenset(
    {
        FactKind.LATE_PAYMENT,
        FactKind.PREPAYMENT,
        FactKind.WITHDRAWAL,
        FactKind.COMPLAINTS,
        FactKind.CREDIT_BUREAU,
        FactKind.PERSONALISED,
        FactKind.CREDITWORTHINESS,
    }
)
"""Facts whose words are the creditor's own where they are set (`WordingSlot` has the same names)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFact:
    """A fact with its name. `is_prominent`: shown larger than what stands around it.

    `is_neutral`: our sentence in place of one that the creditor's counsel has not given.
    """

    kind: str
    label: str
    text: str
    is_prominent: bool = False
    is_neutral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printing:
    """What a fact is printed from."""

    offer: PaymentOffer
    words: Words
    creditor: Creditor
    disclosure: OfferDisclosure

    @property
    def rate_label(self) -> str:
        if self.disclosure is self.offer.disclosures[0]:
            return find_shown_label(self.offer, self.words.language)
        return find_rate_label(self.disclosure.country, self.words.language)

    def write(self, amount_minor: int) -> str:
        return self.words.write_money(amount_minor, self.offer.currency)


def print_facts(offer: PaymentOffer, words: Words, creditor: Creditor) -> tuple[PrintedFact, ...]:
    """The facts beyond the ten, the cardholder's country first; each is said once.

    Another country's rate stands under its own name with the country.
    """
    printed: list[PrintedFact] = []
    said: set[FactKind] = set()
    for position, disclosure in enumerate(offer.disclosures):
        printing = _Printing(offer=offer, words=words, creditor=creditor, disclosure=disclosure)
        if position:
            printed.append(_print_other_rate(printing))
        for kind in disclosure.facts:
            if kind is FactKind.PERSONALISED and kind not in creditor.wording:
                # Programs offer the same to everybody; a creditor who does not says so himself.
                continue
            if kind not in said:
                said.add(kind)
                printed.append(_print_fact(kind, printing))
    return tuple(printed)


def _print_fact(kind: FactKind, printing: _Printing) -> PrintedFact:
    words, own = printing.words, printing.creditor.wording.get(kind)
    is_neutral = kind in SLOTS and own is None
    text = own if kind in SLOTS and own is not None else _WRITERS.get(kind, _write_sentence)(printing, kind)
    return PrintedFact(
        kind=kind,
        label=words.say(f"fact_label_{kind}"),
        text=text,
        is_prominent=kind in PROMINENT,
        is_neutral=is_neutral,
    )


def _print_other_rate(printing: _Printing) -> PrintedFact:
    words, disclosure = printing.words, printing.disclosure
    alpha2 = get_two_letters(disclosure.country)
    country = dict(words.list_countries()).get(alpha2, disclosure.country)
    return PrintedFact(
        kind=FactKind.RATE,
        label=words.say("fact_label_rate", label=printing.rate_label, country=country),
        text=words.write_rate(disclosure.percent, disclosure.method),
    )


def _write_sentence(printing: _Printing, kind: FactKind) -> str:
    """A sentence of ours, by the rule where one has its own."""
    key = _LOCAL_SENTENCES.get((kind, printing.disclosure.rule_id or ""), f"fact_{kind}")
    return printing.words.say(key, creditor=printing.creditor.name, label=printing.rate_label)


def _write_creditor(printing: _Printing, _: FactKind) -> str:
    creditor = printing.creditor
    return creditor.name if creditor.address is None else f"{creditor.name}, {creditor.address}"


def _write_duration(printing: _Printing, _: FactKind) -> str:
    offer, words = printing.offer, printing.words
    last = offer.rows[-1].due_date
    return words.say("fact_duration", count=offer.duration_months, date=words.write_date(last))


def _write_borrowing_rate(printing: _Printing, _: FactKind) -> str:
    """A plan that costs fees alone never says 0 % without what the fees amount to (§5)."""
    offer, words = printing.offer, printing.words
    percent = words.write_percent(offer.interest_percent)
    if offer.interest_percent or not offer.cost_minor:
        return words.say("fact_rate_a_year", percent=percent)
    rate = words.write_rate(printing.disclosure.percent, printing.disclosure.method)
    return words.say("fact_rate_with_fees", percent=percent, rate=rate, label=printing.rate_label)


def _write_second_rate(printing: _Printing, _: FactKind) -> str:
    second = printing.disclosure.second_percent
    assert second is not None, "the rule that asks for a second rate comes with one"
    return printing.words.write_percent(second)


def _write_components(printing: _Printing, _: FactKind) -> str:
    """Each part of all payments with its share; shares add up to 100 % (CMN 4.881, art. 7)."""
    offer, words = printing.offer, printing.words
    vat = offer.find_tax(TaxKind.VAT)
    costs = {
        "fact_component_interest": sum(row.interest_minor for row in offer.rows),
        "fact_component_fees": sum(row.fee_minor - row.tax_minor for row in offer.rows),
        "fact_component_tax": offer.find_tax(TaxKind.IOF),
        # Not Brazil's: it is there where a program charges it all the same.
        **({"tax_vat": vat} if vat else {}),
    }
    shares = {name: _find_share(part, offer.total_minor) for name, part in costs.items()}
    whole = Decimal("100.00")
    parts = (
        ("fact_component_financed", offer.financed_minor, whole - sum(shares.values())),
        *((name, part, shares[name]) for name, part in costs.items()),
        ("fact_component_total", offer.total_minor, whole),
    )
    return words.say("fact_separator").join(
        words.say(
            "fact_component",
            name=words.say(name),
            amount=printing.write(amount),
            share=words.write_percent(share),
        )
        for name, amount, share in parts
    )


def _find_share(part: int, whole: int) -> Decimal:
    return (Decimal(part) * 100 / Decimal(whole)).quantize(_HUNDREDTH, ROUND_HALF_EVEN)


def _write_informative(printing: _Printing, _: FactKind) -> str:
    offer, words = printing.offer, printing.words
    date = words.write_date(offer.priced_on or offer.rows[0].due_date)
    return words.say("fact_informative", label=printing.rate_label, date=date)


_WRITERS: Mapping[FactKind, Callable[[_Printing, FactKind], str]] = {
    FactKind.CREDITOR: _write_creditor,
    FactKind.CASH_PRICE: lambda printing, _: printing.write(printing.offer.financed_minor),
    FactKind.AMOUNT_FINANCED: lambda printing, _: printing.write(printing.offer.credit_minor),
    FactKind.FINANCE_CHARGE: lambda printing, _: printing.write(printing.offer.cost_minor),
    FactKind.TOTAL_OF_PAYMENTS: lambda printing, _: printing.write(
        printing.offer.total_minor - printing.offer.paid_at_once_minor
    ),
    FactKind.TOTAL_SALE_PRICE: lambda printing, _: printing.write(printing.offer.total_minor),
    FactKind.DURATION: _write_duration,
    FactKind.BORROWING_RATE: _write_borrowing_rate,
    FactKind.SECOND_RATE: _write_second_rate,
    FactKind.COMPONENTS: _write_components,
    FactKind.INFORMATIVE: _write_informative,
}
