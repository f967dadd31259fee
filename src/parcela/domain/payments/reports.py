"""Reports as records (`spec/payments.md` §10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from parcela.domain.payments.records import Owner


class ReportStatus(StrEnum):
    """A report is made in the background."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ReportFormat(StrEnum):
    """The form of its content."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A reconciliation report over days of the account; `end` is left out.

    `filter` holds the members by which rows are chosen, `rows` how many there are, `sha256` the digest of the
    content in hex, `failure` why there is none.
    """

    report_id: str
    owner: Owner
    status: ReportStatus
    type: str
    start: date
    end: date
    columns: tuple[str, ...]
    format: ReportFormat
    filter: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    sha256: str | None = None
    failure: str | None = None
    created_at: datetime
    ended_at: datetime | None = None
