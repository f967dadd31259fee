"""Reports of collections from a CSV file of many plans, each report once by its reference."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, groupby, islice

from parcela.domain.cards import mask_card_numbers
from parcela.domain.changes import Person
from parcela.domain.errors import DomainError, InvalidInput
from parcela.domain.payments.collection_reports import (
    CollectionOutcome,
    CollectionReport,
    ReportedRow,
    read_collected_amount,
)
from parcela.domain.payments.ids import read_plan_id
from parcela.operations.card_accounts import check_may_service
from parcela.operations.csv_lines import CsvLine, read_csv_batches
from parcela.operations.payments.collection_reports import get_issuer_plan, report_collections
from parcela.operations.payments.desk import PaymentsDesk

COLUMNS = ("plan", "reference", "reported_at", "number", "outcome", "date", "amount")
BATCH_REPORTS = 500
_LANES = 4
_LONGEST_SHOWN = 300
_LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that had no effect: its number in the file, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFileOutcome:
    """What came of a file: `accepted` reports had their effect now, `repeated` ones had it before."""

    accepted: int
    repeated: int
    refused: tuple[RefusedLine, ...]


async def load_collection_file(
    desk: PaymentsDesk,
    person: Person,
    lines: Iterable[str],
    *,
    on_progress: Callable[[int], None] = lambda _: None,
) -> CollectionFileOutcome:
    """Take a file's reports in, those of one plan in their order. One that is refused stops no other.

    `on_progress` gets the number of lines done. Raises NotAllowed, and InvalidInput for a file without the
    right header and where it stops being CSV in UTF-8: reports before that place may have had their effect.
    """
    check_may_service(person)
    counted = {True: 0, False: 0}
    refused: list[RefusedLine] = []
    done = 0
    read = chain.from_iterable(read_csv_batches(lines, _check_header))
    reports = (list(group) for _, group in groupby(read, _find_report))
    while batch := list(islice(reports, BATCH_REPORTS)):
        for outcome in await _run_batch(desk, person, batch):
            if isinstance(outcome, bool):
                counted[outcome] += 1
            else:
                refused += outcome
        done += sum(len(report) for report in batch)
        on_progress(done)
    return CollectionFileOutcome(
        accepted=counted[True],
        repeated=counted[False],
        refused=tuple(sorted(refused, key=lambda one: one.line)),
    )


async def _run_batch(
    desk: PaymentsDesk, person: Person, batch: Sequence[list[CsvLine]]
) -> list[bool | list[RefusedLine]]:
    lanes = asyncio.Semaphore(_LANES)
    by_plan: dict[str, list[list[CsvLine]]] = {}
    for report in batch:
        name = report[0].values["plan"]
        by_plan.setdefault((read_plan_id(name) or name).lower(), []).append(report)

    async def run_plan(reports: list[list[CsvLine]]) -> list[bool | list[RefusedLine]]:
        async with lanes:
            return [await _run_report(desk, person, report) for report in reports]

    found = await asyncio.gather(*(run_plan(reports) for reports in by_plan.values()))
    return [outcome for outcomes in found for outcome in outcomes]


async def _run_report(desk: PaymentsDesk, person: Person, lines: list[CsvLine]) -> bool | list[RefusedLine]:
    """Was the report new? Or its lines with the reason why each had no effect."""
    name, reference = _find_report(lines[0])
    try:
        plan = await get_issuer_plan(desk.engine, person, name)
    except DomainError as refusal:
        return [_refuse(line, str(refusal)) for line in lines]
    rows, refused = [], {}
    for line in lines:
        try:
            rows.append(_read_row(line, lines[0], code=plan.offer.currency))
        except DomainError as refusal:
            refused[line.number] = str(refusal)
    if refused:
        others = f"not taken in: line {min(refused)} of the same report is refused"
        return [_refuse(line, refused.get(line.number, others)) for line in lines]
    report = CollectionReport(reference=reference, reported_at=_read_instant(lines[0]), rows=tuple(rows))
    try:
        return (await report_collections(desk, person, name, report)).is_new
    except DomainError as refusal:
        return [_refuse(line, str(refusal)) for line in lines]


def _refuse(line: CsvLine, reason: str) -> RefusedLine:
    """A reason as a terminal may show it: no card number, nothing that it obeys, not long."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in reason)
    return RefusedLine(line=line.number, reason=mask_card_numbers(shown)[:_LONGEST_SHOWN])


def _read_row(line: CsvLine, first: CsvLine, *, code: str) -> ReportedRow:
    """What a line says of a row. Raises DomainError."""
    if not line.has_all_cells:
        raise InvalidInput("line", "as many cells as the header has columns")
    values = line.values
    if values["reported_at"] != first.values["reported_at"]:
        raise InvalidInput("reported_at", "the same instant in all lines of a report")
    _read_instant(line)
    number, outcome = values["number"], values["outcome"]
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        raise InvalidInput("number", "the number of a row", came=repr(number))
    if outcome not in tuple(CollectionOutcome):
        raise InvalidInput("outcome", " or ".join(CollectionOutcome), came=repr(outcome))
    try:
        on = date.fromisoformat(values["date"])
    except ValueError:
        raise InvalidInput("date", "a date such as 2026-01-31", came=repr(values["date"])) from None
    amount = values["amount"]
    return ReportedRow(
        number=int(number),
        outcome=CollectionOutcome(outcome),
        on=on,
        amount_minor=read_collected_amount(amount, code) if amount else None,
    )


def _read_instant(line: CsvLine) -> datetime:
    text = line.values["reported_at"]
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "reported_at", "an instant such as 2026-01-31T09:30:00Z", came=repr(text)
        ) from None


def _find_report(line: CsvLine) -> tuple[str, str]:
    """Lines that follow each other with the same plan and reference are one report."""
    return line.values["plan"], line.values["reference"]


def _check_header(header: list[str]) -> None:
    if sorted(header) != sorted(COLUMNS):
        expected = f"the columns {', '.join(COLUMNS)}, each once, in UTF-8 without a byte order mark"
        raise InvalidInput("header", expected, came=repr(mask_card_numbers(", ".join(header)[:200])))
