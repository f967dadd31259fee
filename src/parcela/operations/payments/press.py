"""The port behind which papers are printed: what a plan's payer may read and keep (`disclosures.md`)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Protocol

import rfc8785

from parcela.domain.disclosures.papers import PaperForm, PaperKind
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.plans import PaymentOffer, PlanRow

__all__ = [
    "MEDIA_TYPES",
    "Creditor",
    "Emphasis",
    "Paper",
    "PaperContent",
    "PaperForm",
    "PaperKind",
    "Press",
    "PressUnavailable",
    "ShownDisclosure",
    "ShownFact",
    "ShownRegime",
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


class Emphasis(StrEnum):
    """How much a fact stands out: `large` is five times the size of the `small` one beside it (§2.1)."""

    NORMAL = "normal"
    STRONG = "strong"
    LARGE = "large"
    SMALL = "small"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFact:
    """A fact in words: `fact` names it in every language alike."""

    fact: str
    label: str
    text: str
    emphasis: Emphasis = Emphasis.NORMAL

    @property
    def members(self) -> dict[str, str]:
        """The fact as the evidence has it, and as it is hashed."""
        return {
            "fact": self.fact,
            "label": self.label,
            "text": self.text,
            "emphasis": str(self.emphasis),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRegime:
    """One country's rule and rate. `shown` is rounded as the rule says, `exact` has six decimals.

    `rule_id` None: no rule asks. `second` is Argentina's TEA. `country` is alpha-3.
    """

    rule_id: str | None
    version: str | None
    country: str
    side: str
    method: str
    label: str
    shown: str
    exact: str
    second: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDisclosure:
    """All facts of an offer as they are shown, those of its rules too, in their order."""

    regimes: tuple[ShownRegime, ...]
    facts: tuple[ShownFact, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON (RFC 8785) of the facts, by which two showings are compared."""
        content = rfc8785.dumps([{**fact.members} for fact in self.facts])
        return f"sha256:{hashlib.sha256(content).hexdigest()}"


class PressUnavailable(Exception):
    """This machine cannot make the form: a PDF needs libraries that are not Python's."""


class Press(Protocol):
    """Prints papers; the same content gives the same bytes."""

    def print_facts(self, offer: PaymentOffer, *, creditor: Creditor, language: str) -> tuple[ShownFact, ...]:
        """The ten facts and those of the rules, in the order shown."""

    async def print_paper(
        self, kind: PaperKind, form: PaperForm, content: PaperContent, *, language: str
    ) -> Paper:
        """A paper. Raises PressUnavailable for a form that this machine cannot make."""
