"""What stands on a paper, in words and in order, whatever form it takes (`disclosures.md` §2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from parcela.documents.isolates import isolate
from parcela.domain.disclosures.records import FactKind, WordingSlot
from parcela.domain.payments.plans import ShownTerms
from parcela.operations.payments.press import PaperContent, PaperKind
from parcela.words.disclosures.facts import PrintedFact, print_facts
from parcela.words.plan_cards import PlanCard, PrintedRow, print_plan
from parcela.words.words import Words, choose_words

_FIVE_TIMES = "ar_cft"
_RATE_AND_CHARGE = "us_reg_z"
_LATER_SLOTS = (
    WordingSlot.COMPLAINTS,
    WordingSlot.CREDIT_BUREAU,
    WordingSlot.PERSONALISED,
    WordingSlot.CREDITWORTHINESS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFact:
    """One line of facts. `emphasis` is "", "strong", or Argentina's "large" and "small", 5 to 1 (§2.1).

    `is_neutral`: our sentence in place of one that the lender's counsel has not given.
    """

    name: str
    label: str
    texts: tuple[str, ...]
    emphasis: str = ""
    is_neutral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FactGroup:
    """Facts under one heading."""

    heading: str
    facts: tuple[PaperFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPage:
    """A whole paper. `groups` stand before the schedule, `more` after it.

    `terms` are printed in full where they are not None; `accepted` says what was agreed, and when.
    """

    kind: PaperKind
    title: str
    intro: str
    warning: str | None
    is_sample: bool
    groups: tuple[FactGroup, ...]
    rows: tuple[PrintedRow, ...]
    total: str
    more: FactGroup
    terms: ShownTerms | None
    terms_name: str
    terms_direction: str
    accepted: str | None
    created: str


def lay_out(kind: PaperKind, content: PaperContent, words: Words) -> PaperPage:
    """The paper of a kind. Its rows add up to its total."""
    content = _isolate_names(content, words)
    offer, writer = content.offer, _Writer(content, words)
    is_receipt = kind is PaperKind.RECEIPT
    key_facts = FactGroup(heading=words.say("paper_key_facts"), facts=writer.list_key_facts(kind))
    parties = FactGroup(heading=words.say("paper_parties"), facts=writer.list_parties())
    more = () if is_receipt else writer.list_more(kind)
    warning = writer.printed.get(FactKind.CREDIT_WARNING)
    date, time = _write_instant(content.printed_at, content, words)
    is_agreement = kind is PaperKind.AGREEMENT
    return PaperPage(
        kind=kind,
        title=words.say(f"paper_{kind}_title"),
        intro=words.say(f"paper_{kind}_intro", shop=content.shop, date=date, time=time),
        warning=None if warning is None or is_receipt else warning.text,
        is_sample=not content.is_live,
        groups=(key_facts,) if kind is PaperKind.SHEET else (parties, key_facts),
        rows=tuple(
            PrintedRow(
                number=row.number,
                date=words.write_date(row.due_date),
                amount=words.write_money(row.amount_minor, offer.currency),
            )
            for row in content.rows
        ),
        total=words.write_money(sum(row.amount_minor for row in content.rows), offer.currency),
        more=FactGroup(heading=words.say("paper_more_facts"), facts=more),
        terms=offer.terms if is_agreement else None,
        terms_name=writer.terms_name,
        terms_direction=choose_words(offer.terms.language).direction,
        accepted=_write_acceptance(content, words) if is_agreement else None,
        created=content.printed_at.astimezone(content.zone).isoformat(timespec="seconds"),
    )


class _Writer:
    """Writes the facts of one paper; what a law names is said under the law's name (§5)."""

    def __init__(self, content: PaperContent, words: Words) -> None:
        self._content = content
        self._words = words
        offer, creditor = content.offer, content.creditor
        self._card: PlanCard = print_plan(offer, words, provider=creditor.name, zone=content.zone)
        facts = print_facts(offer, words, creditor)
        self.printed: Mapping[str, PrintedFact] = {fact.kind: fact for fact in facts}
        self._facts = facts

    @property
    def terms_name(self) -> str:
        """Which terms, in which version."""
        terms, words = self._content.offer.terms, self._words
        return words.say("paper_terms_version", id=isolate(terms.terms_id, words), version=terms.version)

    def list_key_facts(self, kind: PaperKind) -> tuple[PaperFact, ...]:
        """The first page's facts in the order of §2.2; a receipt has no more than the numbers."""
        say, offer = self._words.say, self._content.offer
        numbers = (
            self._fill(FactKind.AMOUNT_FINANCED, say("paper_credit"), self._write(offer.credit_minor)),
            self._write_duration(),
            *self._write_interest(),
            self._write_rate(),
            *self._list_printed(FactKind.SECOND_RATE),
            *(self._print(fact) for fact in self._facts if fact.kind == FactKind.RATE),
            self._fill(FactKind.FINANCE_CHARGE, say("paper_cost"), self._card.cost, emphasis="strong"),
            *self._list_printed(FactKind.TOTAL_OF_PAYMENTS),
            self._fact("total", say("paper_total_to_pay"), self._card.total, emphasis=self._total_emphasis),
            self._write_payments(),
            self._fact("fees", say("paper_fees"), *(self._card.fees or (say("paper_no_fees"),))),
        )
        if kind is PaperKind.RECEIPT:
            return numbers
        rights = tuple(
            self._write_slot(slot)
            for slot in (WordingSlot.LATE_PAYMENT, WordingSlot.WITHDRAWAL, WordingSlot.PREPAYMENT)
        )
        lenders = self._list_lenders() if kind is PaperKind.SHEET else ()
        return (*lenders, *numbers, *rights)

    @property
    def _total_emphasis(self) -> str:
        """In the United States nothing but rate and finance charge stands out (12 CFR 1026.17)."""
        is_american = any(one.rule_id == _RATE_AND_CHARGE for one in self._content.offer.disclosures)
        return "" if is_american else "strong"

    def list_parties(self) -> tuple[PaperFact, ...]:
        """Who agreed on what, and what it was paid with."""
        content, say = self._content, self._words.say
        named = (
            ("order", content.reference),
            ("payment", content.payment_id),
            ("plan", content.plan_id),
            ("card", content.card),
        )
        facts = (self._fact(name, say(f"paper_{name}"), text) for name, text in named if text is not None)
        return (*self._list_lenders(), *facts)

    def list_more(self, kind: PaperKind) -> tuple[PaperFact, ...]:
        """What the law adds beyond the key facts, what a return does, and the terms."""
        offer, say = self._content.offer, self._words.say
        later = [
            self._print(fact)
            for fact in self._facts
            if fact.kind not in _KEY_KINDS
            and fact.kind not in _LATER_SLOTS
            and (fact.label, fact.text) != (say("paper_total_to_pay"), self._card.total)
        ]
        # An agreement has every slot, a sheet those that a law asks for. That an offer was made for one
        # person is said only where the creditor says so.
        shown: set[str] = {*self.printed}
        if kind is PaperKind.AGREEMENT:
            shown |= ({*_LATER_SLOTS} - {WordingSlot.PERSONALISED}) | {*self._content.creditor.wording}
        slots = [self._write_slot(slot) for slot in _LATER_SLOTS if slot in shown]
        return (
            *later,
            *slots,
            self._fact("returns", say("paper_returns"), isolate(offer.refund_effect, self._words)),
            self._fact("terms", say("paper_terms"), self.terms_name, isolate(offer.terms.url, self._words)),
        )

    def _list_lenders(self) -> tuple[PaperFact, ...]:
        content, say = self._content, self._words.say
        creditor = content.creditor
        lender = (creditor.name, *(() if creditor.address is None else (creditor.address,)))
        return (
            self._fact("creditor", say("fact_label_creditor"), *lender),
            self._fact("shop", say("paper_shop"), content.shop),
        )

    def _write_duration(self) -> PaperFact:
        offer, words = self._content.offer, self._words
        last = words.write_date(offer.rows[-1].due_date)
        text = words.say("fact_duration", count=offer.duration_months, date=last)
        return self._fill(FactKind.DURATION, words.say("fact_label_duration"), text)

    def _write_interest(self) -> tuple[PaperFact, ...]:
        """Nothing where the law wants no other rate beside its own."""
        words, card, offer = self._words, self._card, self._content.offer
        if card.interest is None:
            return self._list_printed(FactKind.BORROWING_RATE)
        text = words.say("fact_rate_a_year", percent=card.interest)
        if offer.cost_minor and not offer.interest_percent:
            text = words.say(
                "fact_rate_with_fees", percent=card.interest, rate=card.rate, label=self._card.rate_label
            )
        return (self._fill(FactKind.BORROWING_RATE, words.say("fact_label_borrowing_rate"), text),)

    def _write_rate(self) -> PaperFact:
        is_large = any(one.method == _FIVE_TIMES for one in self._content.offer.disclosures[:1])
        return self._fact(
            "rate", self._card.rate_label, self._card.rate, emphasis="large" if is_large else "strong"
        )

    def _write_payments(self) -> PaperFact:
        say, card = self._words.say, self._card
        odd = (say("paper_line", label=name, text=amount) for name, amount in card.odd)
        first = say("paper_line", label=say("first_due"), text=card.first_due)
        return self._fact("payments", say("paper_payments"), card.title, *odd, first)

    def _write_slot(self, slot: WordingSlot) -> PaperFact:
        """The creditor's own sentence, that of the law's, or a neutral one of ours, marked."""
        printed = self.printed.get(slot)
        if printed is not None:
            return self._print(printed)
        creditor, words = self._content.creditor, self._words
        own = creditor.wording.get(slot)
        label = words.say(f"fact_label_{slot}")
        text = own or words.say(f"fact_{slot}", creditor=creditor.name, label=self._card.rate_label)
        return PaperFact(name=slot, label=label, texts=(text,), is_neutral=own is None)

    def _fill(self, kind: FactKind, label: str, text: str, *, emphasis: str = "") -> PaperFact:
        """A fact as the country's law has it, else under our own name."""
        printed = self.printed.get(kind)
        if printed is None:
            return self._fact(kind, label, text, emphasis=emphasis)
        return self._fact(kind, printed.label, printed.text, emphasis=emphasis)

    def _list_printed(self, kind: FactKind) -> tuple[PaperFact, ...]:
        printed = self.printed.get(kind)
        return () if printed is None else (self._print(printed),)

    def _print(self, fact: PrintedFact) -> PaperFact:
        emphasis = "small" if fact.kind == FactKind.SECOND_RATE else ("strong" if fact.is_prominent else "")
        return PaperFact(
            name=fact.kind,
            label=fact.label,
            texts=(fact.text,),
            emphasis=emphasis,
            is_neutral=fact.is_neutral,
        )

    def _fact(self, name: str, label: str, *texts: str, emphasis: str = "") -> PaperFact:
        return PaperFact(name=name, label=label, texts=texts, emphasis=emphasis)

    def _write(self, amount_minor: int) -> str:
        return self._words.write_money(amount_minor, self._content.offer.currency)


_KEY_KINDS: frozenset[str] = frozenset(
    {
        FactKind.CREDITOR,
        FactKind.AMOUNT_FINANCED,
        FactKind.DURATION,
        FactKind.BORROWING_RATE,
        FactKind.RATE,
        FactKind.SECOND_RATE,
        FactKind.FINANCE_CHARGE,
        FactKind.TOTAL_OF_PAYMENTS,
        FactKind.LATE_PAYMENT,
        FactKind.WITHDRAWAL,
        FactKind.PREPAYMENT,
        FactKind.CREDIT_WARNING,
    }
)
"""Facts that stand before the schedule."""


def _isolate_names(content: PaperContent, words: Words) -> PaperContent:
    """Names and given sentences may run the other way than the page."""
    creditor = content.creditor
    return replace(
        content,
        shop=isolate(content.shop, words),
        reference=None if content.reference is None else isolate(content.reference, words),
        card=isolate(content.card, words),
        creditor=replace(
            creditor,
            name=isolate(creditor.name, words),
            address=None if creditor.address is None else isolate(creditor.address, words),
            wording={slot: isolate(text, words) for slot, text in creditor.wording.items()},
        ),
    )


def _write_acceptance(content: PaperContent, words: Words) -> str | None:
    if content.accepted_at is None:
        return None
    date, time = _write_instant(content.accepted_at, content, words)
    return words.say("paper_confirmed", date=date, time=time)


def _write_instant(at: datetime, content: PaperContent, words: Words) -> tuple[str, str]:
    local = at.astimezone(content.zone)
    return words.write_date(local.date()), words.write_time(local)
