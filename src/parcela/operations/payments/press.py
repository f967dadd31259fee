"""The port behind which papers are printed: what a plan's payer may read and keep (`disclosures.md`)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from parcela.domain.disclosures.papers import PaperForm, PaperKind
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.plans import PaymentOffer, PlanRow

__all__ = [
    "MEDIA_TYPES",
    "Creditor",
    "Paper",
    "PaperContent",
    "PaperForm",
    "PaperKind",
    "Press",
    "PressUnavailable",
]

MEDIA_TYPES: Mapping[PaperForm, str] = {
    PaperForm.HTML: "text/html; charset=utf-8",
    PaperForm.PDF: "application/pdf",
    PaperForm.TEXT: "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperContent:
    """What a paper is about. Before the agreement `plan_id` and `accepted_at` are None."""

    offer: PaymentOffer
    rows: tuple[PlanRow, ...]
    creditor: Creditor
    shop: str
    payment_id: str
    reference: str | None
    card: str
    zone: tzinfo
    is_live: bool
    printed_at: datetime
    plan_id: str | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper as it is delivered. `template_version` names the wording and the layout that made it."""

    kind: PaperKind
    form: PaperForm
    language: str
    template_version: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the file."""
        return hashlib.sha256(self.content).digest()

    @property
    def content_policy(self) -> str:
        """The Content-Security-Policy under which a browser shows it: its own style, and nothing else."""
        before, opened, rest = self.content.partition(b"<style>")
        style, closed, _ = rest.partition(b"</style>")
        allowed = "'none'"
        if self.form is PaperForm.HTML and opened and closed and b"<body" not in before:
            allowed = f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
        return (
            f"default-src 'none'; style-src {allowed}; form-action 'none'; frame-ancestors 'none';"
            " base-uri 'none'"
        )


class PressUnavailable(Exception):
    """This machine cannot make the form: a PDF needs libraries that are not Python's."""


class Press(Protocol):
    """Prints papers; the same content gives the same bytes."""

    def print_facts(self, offer: PaymentOffer, *, creditor: Creditor, language: str) -> list[dict[str, str]]:
        """The ten facts and those of the rules, as `{"fact", "label", "text"}`, in the order shown."""

    async def print_paper(
        self, kind: PaperKind, form: PaperForm, content: PaperContent, *, language: str
    ) -> Paper:
        """A paper. Raises PressUnavailable for a form that this machine cannot make."""
