"""Reports and their content, and the rows that go into one."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.records import Owner
from parcela.domain.payments.report_files import ReportRow
from parcela.domain.payments.reports import Report, ReportFormat, ReportStatus
from parcela.store.database import SWEEP_TIMEOUT_S, Connection
from parcela.store.documents import encode_document
from parcela.store.payments.balance import RowFilter
from parcela.store.payments.paging import Listing, list_page

_REPORTS = Listing(table="payments_report", id_column="report_id")
_decode_filter = msgspec.json.Decoder(dict[str, str]).decode

_SELECT_ROWS = """
SELECT b.position, b.balance_transaction_id, b.kind AS type, b.payment_id,
    CASE WHEN b.kind IN ('refund', 'refund_reversal') THEN b.source_id END AS refund_id,
    b.settlement_id, b.payout_id, floor(extract(epoch FROM b.created_at))::bigint AS created,
    b.available_on::text AS available_on, b.currency, b.gross_minor AS gross,
    b.processing_fee_minor AS processing_fee, b.installment_fee_minor AS installment_fee,
    b.processing_fee_minor + b.installment_fee_minor AS fee,
    b.gross_minor - b.processing_fee_minor - b.installment_fee_minor AS net,
    b.payment_method_type, m.card ->> 'brand' AS card_brand, m.card ->> 'last_four' AS card_last4,
    p.issuer_program, p.resolved_count, p.reference, p.description
FROM ({rows}) AS b
LEFT JOIN payment p ON (p.tenant_id, p.payment_id) = (b.tenant_id, b.payment_id)
LEFT JOIN payment_method m ON (m.tenant_id, m.payment_method_id) = (p.tenant_id, p.payment_method_id)
ORDER BY b.position"""


@dataclass(frozen=True, slots=True)
class RowSpan:
    """How many rows there are, between which positions; both 0 when there is none."""

    count: int
    first: int
    last: int


async def insert_report(connection: Connection, report: Report) -> None:
    """Write a report that is still to be made."""
    await connection.execute(
        "INSERT INTO payments_report (tenant_id, report_id, client_id, is_live, type, status, period_start,"
        " period_end, columns, format, filter, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        report.owner.tenant_id,
        report.report_id,
        report.owner.client_id,
        report.owner.is_live,
        report.type,
        report.status,
        report.start,
        report.end,
        list(report.columns),
        report.format,
        encode_document(dict(report.filter)),
        report.created_at,
    )


async def end_report(connection: Connection, report: Report) -> None:
    """Write what became of a report that was pending."""
    ended = await connection.fetchval(
        "UPDATE payments_report SET status = $3, rows = $4, sha256 = $5, failure = $6, ended_at = $7"
        " WHERE tenant_id = $1 AND report_id = $2 AND status = 'pending' RETURNING true",
        report.owner.tenant_id,
        report.report_id,
        report.status,
        report.rows,
        report.sha256,
        report.failure,
        report.ended_at,
    )
    assert ended, f"{report.report_id} was pending"


async def insert_part(connection: Connection, report: Report, *, number: int, content: bytes) -> None:
    """Write a part of a report's content; parts are numbered from 1."""
    await connection.execute(
        "INSERT INTO payments_report_part (tenant_id, report_id, number, content) VALUES ($1, $2, $3, $4)",
        report.owner.tenant_id,
        report.report_id,
        number,
        content,
    )


async def delete_parts(connection: Connection, report: Report) -> None:
    """Forget the parts of a report that was left half-way."""
    await connection.execute(
        "DELETE FROM payments_report_part WHERE tenant_id = $1 AND report_id = $2",
        report.owner.tenant_id,
        report.report_id,
    )


async def find_report(connection: Connection, owner: Owner, report_id: str) -> Report | None:
    """One report of the owner's."""
    row = await connection.fetchrow(
        "SELECT * FROM payments_report"
        " WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 AND report_id = $4",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        report_id,
    )
    return None if row is None else _read(row)


async def list_reports(connection: Connection, owner: Owner, *, page: PageRequest) -> Page[Report]:
    """A page of reports, the newest first. Raises PaymentRefused for a foreign cursor."""
    return await list_page(connection, owner, _REPORTS, page=page, read=_read)


async def get_content(connection: Connection, report: Report) -> bytes:
    """The whole content of a report that succeeded."""
    rows = await connection.fetch(
        "SELECT content FROM payments_report_part WHERE tenant_id = $1 AND report_id = $2 ORDER BY number",
        report.owner.tenant_id,
        report.report_id,
        timeout=SWEEP_TIMEOUT_S,
    )
    return b"".join(row["content"] for row in rows)


async def find_span(connection: Connection, owner: Owner, wanted: RowFilter) -> RowSpan:
    """How many rows a filter leaves, and where they are."""
    values, where = _write_filter(owner, wanted)
    row = await connection.fetchrow(
        "SELECT count(*) AS count, coalesce(min(position), 0) AS first, coalesce(max(position), 0) AS last"
        f" FROM balance_row WHERE {where}",
        *values,
        timeout=SWEEP_TIMEOUT_S,
    )
    assert row is not None
    return RowSpan(row["count"], row["first"], row["last"])


async def list_report_rows(
    connection: Connection, owner: Owner, wanted: RowFilter, *, span: RowSpan, after: int, limit: int
) -> tuple[Sequence[ReportRow], int]:
    """Rows of a span by the names of their columns, the oldest first, and the position of the last one."""
    values, where = _write_filter(owner, wanted)
    first = len(values) + 1
    inner = (
        f"SELECT * FROM balance_row WHERE {where} AND position > ${first} AND position <= ${first + 1}"
        f" ORDER BY position LIMIT ${first + 2}"
    )
    rows = await connection.fetch(
        _SELECT_ROWS.format(rows=inner), *values, after, span.last, limit, timeout=SWEEP_TIMEOUT_S
    )
    return [dict(row) for row in rows], rows[-1]["position"] if rows else after


def _write_filter(owner: Owner, wanted: RowFilter) -> tuple[list[object], str]:
    values: list[object] = [owner.tenant_id, owner.client_id, owner.is_live]
    filters = ["tenant_id = $1", "client_id = $2", "is_live = $3"]
    for condition in wanted.list_conditions():
        values.append(condition.value)
        filters.append(condition.sql.format(f"${len(values)}"))
    return values, " AND ".join(filters)


def _read(row: asyncpg.Record) -> Report:
    return Report(
        report_id=row["report_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        status=ReportStatus(row["status"]),
        type=row["type"],
        start=row["period_start"],
        end=row["period_end"],
        columns=tuple(row["columns"]),
        format=ReportFormat(row["format"]),
        filter=_decode_filter(row["filter"]),
        rows=row["rows"],
        sha256=row["sha256"],
        failure=row["failure"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
