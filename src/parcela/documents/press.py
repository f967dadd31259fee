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
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.press import Paper, PaperContent, PaperForm, PaperKind, PressUnavailable
from parcela.words.disclosures.facts import print_facts
from parcela.words.plan_cards import print_plan
from parcela.words.tables import TEXTS
from parcela.words.words import Words

MAX_WAITING = 8
"""So many PDFs may be asked for at once in one process; more are told to come again."""

# One for the process: mail and pages have a press each, and what draws is not made for threads. A thread is
# started with the first PDF, and imports what makes it.
_PDF_MAKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="papers")

_LAYOUT = "1"
_PREFIXES = ("paper_", "fact_")


class PaperPress:
    """Prints papers. A PDF costs CPU: they are made one at a time, beside the event loop."""

    def __init__(self, *, max_waiting: int = MAX_WAITING) -> None:
        self._max_waiting = max_waiting
        self._waiting = 0

    def print_facts(self, offer: PaymentOffer, *, creditor: Creditor, language: str) -> list[dict[str, str]]:
        """The ten facts of the plan card and those of the rules, in the order shown."""
        words = Words(language)
        card = print_plan(offer, words, provider=creditor.name, zone=offer.expires_at.tzinfo or UTC)
        say = words.say
        ten = [
            ("payments", say("paper_payments"), card.title),
            *(("odd_payment", name, amount) for name, amount in card.odd),
            ("total", say("total"), card.total),
            ("cost", say("cost"), card.cost),
            ("rate", card.rate_label, card.rate),
            ("fees", say("fees"), "; ".join(card.fees) or say("no_fees")),
            ("first_due", say("first_due"), card.first_due),
            (
                "schedule",
                say("schedule"),
                "; ".join(f"{row.number}. {row.date}: {row.amount}" for row in card.rows),
            ),
            ("returns", say("returns"), card.returns),
            ("terms", say("terms"), card.terms.text),
        ]
        more = [(fact.kind, fact.label, fact.text) for fact in print_facts(offer, words, creditor)]
        return [{"fact": str(fact), "label": label, "text": text} for fact, label, text in (*ten, *more)]

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


@cache
def find_version(language: str) -> str:
    """Names layout and wording: either changed, papers of another version are made."""
    said = {key: text for key, text in TEXTS[language].items() if key.startswith(_PREFIXES)}
    sources = read_sources() + json.dumps(said, sort_keys=True, default=dict)
    return f"{_LAYOUT}.{hashlib.sha256(sources.encode()).hexdigest()[:12]}"
