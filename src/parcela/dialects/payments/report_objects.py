"""Reports as they are sent (`spec/payments.md` §10)."""

from typing import Any, Literal

from parcela.dialects.payments.wire_values import Document, WireObject, to_document, write_instant
from parcela.domain.payments.reports import Report, ReportFormat, ReportStatus


class IntervalObject(WireObject, kw_only=True):
    """Days of the account; `end` is left out."""

    start: str
    end: str


class ReportObject(WireObject, kw_only=True):
    """`report`. `rows`, `sha256` (hex, of the content) and `downloadUrl` are there when it has succeeded."""

    id: str
    object: Literal["report"] = "report"
    status: ReportStatus
    type: str
    interval: IntervalObject
    columns: list[str]
    format: ReportFormat
    filter: dict[str, Any]
    rows: int | None
    sha256: str | None
    download_url: str | None
    failure_reason: str | None
    created: int
    livemode: bool


def render_report(report: Report, *, root_url: str) -> Document:
    """`report`; `root_url` is the address of this server."""
    is_made = report.status is ReportStatus.SUCCEEDED
    return to_document(
        ReportObject(
            id=report.report_id,
            status=report.status,
            type=report.type,
            interval=IntervalObject(start=report.start.isoformat(), end=report.end.isoformat()),
            columns=list(report.columns),
            format=report.format,
            filter=dict(report.filter),
            rows=report.rows,
            sha256=report.sha256,
            download_url=f"{root_url}/v1/reports/{report.report_id}/content" if is_made else None,
            failure_reason=report.failure,
            created=write_instant(report.created_at),
            livemode=report.owner.is_live,
        )
    )
