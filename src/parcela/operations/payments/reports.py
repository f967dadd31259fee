"""Reports: asked for at once, made in the background, kept with their content (`spec/payments.md` §10)."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.pages import Page, PageRequest
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.report_files import COLUMNS, close_json, write_csv, write_json
from parcela.domain.payments.reports import Report, ReportFormat, ReportStatus
from parcela.domain.payments.settlement import BalanceKind
from parcela.domain.payments.settlement_periods import start_day
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments.agenda import TaskHandler, keep_lease, plan_task, settle_task
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import reports
from parcela.store.payments.balance import RowFilter
from parcela.store.payments.reports import RowSpan

RECONCILIATION = "reconciliation"
MAX_ROWS = 1_000_000
PART_ROWS = 5_000
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWish:
    """What a caller asks for. No columns are all of them.

    `filter` may have `payment_method_type`, `type`, `currency` and `settlement`.
    """

    type: str
    start: date
    end: date
    columns: Sequence[str] = ()
    format: ReportFormat = ReportFormat.CSV
    filter: Mapping[str, str] = field(default_factory=dict)


async def create_report(
    desk: PaymentsDesk, moment: AccountMoment, wish: ReportWish, keeper: Keeper[Report]
) -> Report:
    """Write down a report and have it made at once in the background.

    Raises PaymentRefused (PARAMETER_INVALID) for an interval that ends before it begins, and for a column
    that is unknown or named twice.
    """
    _check_interval(wish)
    _check_columns(wish.columns)
    report = Report(
        report_id=new_id(desk, moment, Prefix.REPORT),
        owner=moment.owner,
        status=ReportStatus.PENDING,
        type=wish.type,
        start=wish.start,
        end=wish.end,
        columns=tuple(wish.columns) or COLUMNS,
        format=wish.format,
        filter=dict(wish.filter),
        created_at=moment.now,
    )

    async def work(connection: Connection) -> None:
        await reports.insert_report(connection, report)
        await plan_task(connection, moment.owner, TaskKind.MAKE_REPORT, report.report_id, due_at=moment.now)
        await keeper.keep(connection, report)

    await desk.engine.database.run(work)
    return report


def _check_interval(wish: ReportWish) -> None:
    for name, day in (("start", wish.start), ("end", wish.end)):
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise PaymentRefused(
                Fault.PARAMETER_INVALID,
                f"'interval.{name}' must be a date from {_FIRST_DAY} to {_LAST_DAY}.",
                param=f"interval.{name}",
            )
    if wish.end <= wish.start:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID,
            "'interval.end' must be after 'interval.start': the last day of a report is the one before it.",
            param="interval.end",
        )


def _check_columns(columns: Sequence[str]) -> None:
    for index, column in enumerate(columns):
        if column not in COLUMNS:
            raise PaymentRefused(
                Fault.PARAMETER_INVALID,
                f"'columns[{index}]' must be one of {', '.join(COLUMNS)}.",
                param=f"columns[{index}]",
            )
        if column in columns[:index]:
            raise PaymentRefused(
                Fault.PARAMETER_INVALID,
                f"'columns[{index}]' names a column for the second time.",
                param=f"columns[{index}]",
            )


async def make_report(
    desk: PaymentsDesk, moment: AccountMoment, task: Task, *, part_rows: int = PART_ROWS
) -> None:
    """MAKE_REPORT: write the content, and tell. More than a million rows are too many: the report fails.

    Rows are read outside of transactions, and each part is written in one of its own, so that the account's
    agenda is never locked for long. A report that was left half-way is made anew. Raises TaskLost.
    """
    async with desk.engine.database.connection() as connection:
        report = await reports.find_report(connection, moment.owner, task.subject_id)
        assert report is not None, f"a task names {task.subject_id}"
        wanted = choose_rows(report, moment)
        span = await reports.find_span(connection, moment.owner, wanted)
    if span.count > MAX_ROWS:
        failure = f"{span.count} rows are more than {MAX_ROWS}: ask for fewer days."
        ended = replace(report, status=ReportStatus.FAILED, failure=failure)
    else:
        ended = await _write_content(desk, task, report, _RowsToWrite(wanted, span, part_rows))
    ended = replace(ended, ended_at=moment.now)

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        await reports.end_report(connection, ended)
        document = desk.renderer.render_report(ended)
        happening = Happening(EventType.REPORT_COMPLETED, ended.report_id, document)
        await tell(connection, desk, moment, [happening])

    await desk.engine.database.run(work)


def choose_rows(report: Report, moment: AccountMoment) -> RowFilter:
    """The rows of a report: those that the list of balance transactions gives for the same filter."""
    kind = report.filter.get("type")
    return RowFilter(
        created_from=start_day(report.start, moment.zone),
        created_to=start_day(report.end, moment.zone),
        kind=None if kind is None else BalanceKind(kind),
        settlement_id=report.filter.get("settlement"),
        currency=report.filter.get("currency"),
        payment_method_type=report.filter.get("payment_method_type"),
    )


@dataclass(frozen=True, slots=True)
class _RowsToWrite:
    """The rows of a report, and how many of them are a part of its content."""

    wanted: RowFilter
    span: RowSpan
    part_rows: int


async def _write_content(desk: PaymentsDesk, task: Task, report: Report, rows: _RowsToWrite) -> Report:
    """Write the parts; the report with its digest and the number of rows that are really in it."""
    database, digest, number, count = desk.engine.database, hashlib.sha256(), 0, 0

    async def clear(connection: Connection) -> None:
        await keep_lease(connection, task)
        await reports.delete_parts(connection, report)

    await database.run(clear)
    async for content, row_count in _list_parts(desk, report, rows):
        number += 1
        count += row_count
        digest.update(content)
        await database.run(partial(_write_part, task=task, report=report, number=number, content=content))
    return replace(report, status=ReportStatus.SUCCEEDED, rows=count, sha256=digest.hexdigest())


async def _write_part(
    connection: Connection, *, task: Task, report: Report, number: int, content: bytes
) -> None:
    await keep_lease(connection, task)
    await reports.insert_part(connection, report, number=number, content=content)


async def _list_parts(
    desk: PaymentsDesk, report: Report, rows: _RowsToWrite
) -> AsyncIterator[tuple[bytes, int]]:
    write = write_csv if report.format is ReportFormat.CSV else write_json
    after, is_first = rows.span.first - 1, True
    while True:
        async with desk.engine.database.connection() as connection:
            found, after = await reports.list_report_rows(
                connection, report.owner, rows.wanted, span=rows.span, after=after, limit=rows.part_rows
            )
        if found or is_first:
            yield write(report.columns, found, is_first=is_first), len(found)
        is_first = False
        if len(found) < rows.part_rows:
            break
    if report.format is ReportFormat.JSON:
        yield close_json(), 0


async def get_report(desk: PaymentsDesk, moment: AccountMoment, report_id: str) -> Report:
    """One report. Raises PaymentRefused (RESOURCE_MISSING)."""
    async with desk.engine.database.connection() as connection:
        report = await reports.find_report(connection, moment.owner, report_id)
    if report is None:
        raise refuse_missing("report", report_id)
    return report


async def list_reports(desk: PaymentsDesk, moment: AccountMoment, page: PageRequest) -> Page[Report]:
    """Reports, the newest first. Raises PaymentRefused for a foreign cursor."""
    async with desk.engine.database.connection() as connection:
        return await reports.list_reports(connection, moment.owner, page=page)


async def get_content(desk: PaymentsDesk, moment: AccountMoment, report_id: str) -> tuple[Report, bytes]:
    """A report with its content. Raises PaymentRefused (RESOURCE_MISSING), also before it is made."""
    report = await get_report(desk, moment, report_id)
    if report.status is not ReportStatus.SUCCEEDED:
        raise PaymentRefused(
            Fault.RESOURCE_MISSING,
            f"The report is {report.status}: its content is there when it has succeeded.",
            resource=report.report_id,
        )
    async with desk.engine.database.connection() as connection:
        return report, await reports.get_content(connection, report)


TASKS: Mapping[TaskKind, TaskHandler] = {TaskKind.MAKE_REPORT: make_report}
