"""The press of papers: facts and rows in words, as HTML, PDF or text (`disclosures.md` §§2.2 and 6)."""

import asyncio
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import cache, partial

from parcela.documents.html import read_sources, write_html
from parcela.documents.pages import lay_out
from parcela.documents.pdf import make_pdf
from parcela.documents.texts import write_text
from parcela.domain.disclosures.records import Creditor, FactKind
from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.press import (
    Emphasis,
    Paper,
    PaperContent,
    PaperForm,
    PaperKind,
    PressUnavailable,
    ShownFact,
)
from parcela.words.disclosures.facts import PrintedFact, print_facts
from parcela.words.plan_cards import print_plan
from parcela.words.tables import TEXTS
from parcela.words.words import Words

MAX_WAITING = 8
"""So many PDFs may be asked for at once in one process; more are told to come again."""

# One for the process: mail and pages have a press each, and what draws is not made for threads. A thread is
# started with the first PDF, and imports what makes it.
_PDF_MAKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="papers")

_LARGE_RATE_RULE = "ar_cft"
"""Its rate stands five times as large as the one beside it (`disclosures.md` §2.1)."""

_LAYOUT = "1"
_PREFIXES = ("paper_", "fact_")


class PaperPress:
    """Prints papers. A PDF costs CPU: they are made one at a time, beside the event loop."""

    def __init__(self, *, max_waiting: int = MAX_WAITING) -> None:
        self._max_waiting = max_waiting
        self._waiting = 0

    def print_facts(self, offer: PaymentOffer, *, creditor: Creditor, language: str) -> tuple[ShownFact, ...]:
        """The ten facts of the plan card and those of the rules, in the order shown.

        Beside the ten: the rate of interest where it may be said, and the lender where no rule names it.
        What a rule says in the same words as one of the ten is not said again.
        """
        words = Words(language)
        card = print_plan(offer, words, provider=creditor.name, zone=offer.expires_at.tzinfo or UTC)
        say = words.say
        more = print_facts(offer, words, creditor)
        is_named = any(fact.kind == FactKind.CREDITOR for fact in more)
        facts = [
            ("payments", say("paper_payments"), card.title),
            *(("odd_payment", name, amount) for name, amount in card.odd),
            ("total", say("total"), card.total),
            ("cost", say("cost"), card.cost),
            ("rate", card.rate_label, card.rate),
            *([] if card.interest is None else [("interest", say("interest"), card.interest)]),
            ("fees", say("fees"), "; ".join(card.fees) or say("no_fees")),
            ("first_due", say("first_due"), card.first_due),
            (
                "schedule",
                say("schedule"),
                "; ".join(f"{row.number}. {row.date}: {row.amount}" for row in card.rows),
            ),
            ("returns", say("returns"), card.returns),
            ("terms", say("terms"), card.terms.text),
            *([] if is_named else [("lender", say("fact_label_creditor"), creditor.name)]),
        ]
        large = any(one.rule_id == _LARGE_RATE_RULE for one in offer.disclosures[:1])
        stands_out = {"rate": Emphasis.LARGE if large else Emphasis.STRONG}
        ten = [
            ShownFact(fact=fact, label=label, text=text, emphasis=stands_out.get(fact, Emphasis.NORMAL))
            for fact, label, text in facts
        ]
        said = {(fact.label, fact.text) for fact in ten}
        return (*ten, *(_show_fact(fact) for fact in more if (fact.label, fact.text) not in said))

    async def print_paper(
        self, kind: PaperKind, form: PaperForm, content: PaperContent, *, language: str
    ) -> Paper:
        """A paper; the same content gives the same bytes. Raises PressUnavailable for a PDF."""
        words = Words(language)
        page = lay_out(kind, content, words)
        if form is PaperForm.TEXT:
            printed = write_text(page, words).encode()
        else:
            html = write_html(page, words)
            printed = (
                html.encode()
                if form is PaperForm.HTML
                else await self._make_pdf(html, content.offer.terms.language)
            )
        return Paper(
            kind=kind,
            form=form,
            language=language,
            template_version=find_version(language),
            content=printed,
        )

    async def _make_pdf(self, html: str, given_language: str) -> bytes:
        if self._waiting >= self._max_waiting:
            raise PressUnavailable("Too many PDF files are being made: come again in a few seconds.")
        self._waiting += 1
        try:
            work = partial(make_pdf, html, given_language=given_language)
            return await asyncio.get_running_loop().run_in_executor(_PDF_MAKER, work)
        finally:
            self._waiting -= 1


def _show_fact(fact: PrintedFact) -> ShownFact:
    emphasis = Emphasis.STRONG if fact.is_prominent else Emphasis.NORMAL
    if fact.kind == FactKind.SECOND_RATE:
        emphasis = Emphasis.SMALL
    return ShownFact(fact=str(fact.kind), label=fact.label, text=fact.text, emphasis=emphasis)


@cache
def find_version(language: str) -> str:
    """Names layout and wording: either changed, papers of another version are made."""
    said = {key: text for key, text in TEXTS[language].items() if key.startswith(_PREFIXES)}
    sources = read_sources() + json.dumps(said, sort_keys=True, default=dict)
    return f"{_LAYOUT}.{hashlib.sha256(sources.encode()).hexdigest()[:12]}"
