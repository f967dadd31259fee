"""Papers of a plan, and the record of what was delivered (`disclosures.md` §6, `documents[]`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from parcela.domain.payments.records import Owner

PAPER_LIFE = timedelta(days=6 * 365 + 2)
"""Six years, leap days too: so long papers are kept after their plan ended, or without a plan after their
delivery (§6).
"""

MAX_PAPER_BYTES = 2 * 2**20


class PaperKind(StrEnum):
    """The sheet comes before the agreement, in good time; the receipt after it."""

    SHEET = "sheet"
    AGREEMENT = "agreement"
    RECEIPT = "receipt"


class PaperForm(StrEnum):
    """How a paper is written."""

    HTML = "html"
    PDF = "pdf"
    TEXT = "text"


class PaperWay(StrEnum):
    """How a paper reached its reader: the hosted page, the plan's own page, a letter, or the merchant.

    `record`: it was made with the acceptance, and lies with the evidence for whoever asks for it.
    """

    CHECKOUT = "checkout"
    PLAN_PAGE = "plan_page"
    MAIL = "mail"
    MERCHANT = "merchant"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRequest:
    """Which paper is wanted; `language` is a key of the tables of words."""

    kind: PaperKind
    form: PaperForm
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDelivery:
    """The first delivery of a file by one way. `plan_id` is None for what was delivered before a plan."""

    owner: Owner
    payment_id: str
    offer_id: str
    plan_id: str | None
    kind: PaperKind
    form: PaperForm
    language: str
    template_version: str
    digest: bytes
    way: PaperWay
    delivered_at: datetime
