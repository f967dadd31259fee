"""`parcela delivery` and `parcela worker`: letters to look at and to send again, and their worker alone."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from parcela.cli.acting import read_settings, run_as
from parcela.cli.options import (
    AsOption,
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
)

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.operations.deliveries import (
        AttemptRecord,
        LetterFilter,
        LetterHistory,
        LetterRecord,
        Replayed,
    )
    from parcela.operations.engine import Engine
    from parcela.settings import Settings

app = make_group()

StatusOption = Annotated[str | None, typer.Option(help="due, parked or delivered.")]
ProviderOption = Annotated[
    str | None, typer.Option("--provider", metavar="PROVIDER_ID", help="Letters to this issuer.")
]
FromOption = Annotated[datetime | None, typer.Option("--from", help="Made at or after this time (UTC).")]
BeforeOption = Annotated[datetime | None, typer.Option("--before", help="Made before this time (UTC).")]
FlaggedOption = Annotated[bool, typer.Option("--flagged", help="Delivered, but a person should look.")]


@app.command("list")
def list_letters(  # noqa: PLR0913 - each option of a command is a parameter
    *,
    status: StatusOption = None,
    provider: ProviderOption = None,
    made_from: FromOption = None,
    made_before: BeforeOption = None,
    flagged: FlaggedOption = False,
    limit: Annotated[int, typer.Option(help="How many of the newest, at most 1000.")] = 50,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The newest letters to issuers."""
    from parcela.operations import deliveries

    wanted = _make_filter(status, provider, made_from, made_before, flagged=flagged)

    async def work(engine: Engine, person: Person) -> list[LetterRecord]:
        return await deliveries.list_letters(engine, person, wanted, limit=limit)

    table = Table("letter", "plan", "made", "status", "tries", "next try", "", box=None)
    for letter in run_as(home, as_email, work):
        remark = letter.parked_reason or letter.flag or ""
        table.add_row(
            letter.letter_id,
            letter.subject_id,
            _show_time(letter.created_at),
            "in flight" if letter.is_in_flight else letter.status,
            str(letter.attempts),
            _show_time(letter.next_attempt_at),
            _make_text(remark),
        )
    make_console().print(table)


@app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="LETTER_ID")],
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """One letter with its tries: what was sent, answered and decided, without what is secret."""
    from parcela.operations import deliveries

    async def work(engine: Engine, person: Person) -> LetterHistory:
        return await deliveries.view_letter(engine, person, letter_id)

    history = run_as(home, as_email, work)
    console = make_console()
    console.print(_draw_letter(history.letter))
    for attempt in history.attempts:
        for line in _list_lines(attempt):
            # Whole lines: bodies are copied from here, and a terminal breaks them by itself.
            console.print(_make_text(line), soft_wrap=True)


@app.command("replay")
def replay(  # noqa: PLR0913 - each option of a command is a parameter
    letter_id: Annotated[str | None, typer.Argument(metavar="[LETTER_ID]")] = None,
    *,
    as_email: AsOption,
    status: StatusOption = None,
    provider: ProviderOption = None,
    made_from: FromOption = None,
    made_before: BeforeOption = None,
    flagged: FlaggedOption = False,
    home: HomeOption = None,
) -> None:
    """Make one letter due now, or all that the options choose (at most 10,000 at a time)."""
    from parcela.operations import deliveries

    wanted = _make_filter(status, provider, made_from, made_before, flagged=flagged)
    if (letter_id is None) == (status is None):
        raise CommandError(
            "Name one letter, or choose letters with --status (and --provider, --from, --before)."
        )

    async def work(engine: Engine, person: Person) -> LetterRecord | Replayed:
        if letter_id is not None:
            return await deliveries.replay_letter(engine, person, letter_id)
        return await deliveries.replay_letters(engine, person, wanted)

    done = run_as(home, as_email, work)
    if isinstance(done, deliveries.Replayed):
        rest = "." if done.is_complete else ", and there are more: run the same command again."
        say(f"{done.count} {'letter is' if done.count == 1 else 'letters are'} due now{rest}")
    else:
        say(f"Letter {done.letter_id} is due now.")


def run_worker(home: Path | None) -> None:
    """Deliver letters and do due work until a signal ends it; several workers may share one database."""
    import uvloop

    from parcela.app import find_schema_problem
    from parcela.cli.database import use_database
    from parcela.cli.serve import protect_process
    from parcela.logs import configure_logs

    settings = read_settings(home=home)
    configure_logs(settings.log_format)
    protect_process()
    with use_database(settings) as url:
        problem = asyncio.run(find_schema_problem(url))
        if problem is not None:
            raise CommandError(problem)
        uvloop.run(_work_until_signal(settings, url))


async def _work_until_signal(settings: Settings, url: str) -> None:
    from parcela.app import open_engine, run_delivery
    from parcela.operations.scheduler import keep_scheduling
    from parcela.payments_service import build_payments_desk, keep_payments

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    engine = await open_engine(settings, url)
    try:
        desk = build_payments_desk(engine, settings)
        async with run_delivery(engine, settings), keep_scheduling(engine), keep_payments(desk):
            say("The worker runs; Ctrl-C lets it finish what it has begun.")
            await ended.wait()
    finally:
        await engine.database.close()


def _make_filter(
    status: str | None,
    provider: str | None,
    made_from: datetime | None,
    made_before: datetime | None,
    *,
    flagged: bool,
) -> LetterFilter:
    from parcela.operations.deliveries import LetterFilter

    return LetterFilter(
        status=status,
        provider_id=provider,
        created_from=None if made_from is None else made_from.replace(tzinfo=UTC),
        created_before=None if made_before is None else made_before.replace(tzinfo=UTC),
        is_flagged=True if flagged else None,
    )


def _draw_letter(letter: LetterRecord) -> Table:
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name, value in (
        ("Letter", f"{letter.letter_id} ({letter.kind})"),
        ("Plan", letter.subject_id),
        ("Issuer", letter.provider_id),
        ("Correlation", letter.correlation_id),
        ("Made", _show_time(letter.created_at)),
        ("Status", "in flight" if letter.is_in_flight else letter.status),
        ("Reason", letter.parked_reason or ""),
        ("Look at", letter.flag or ""),
        ("Next try", _show_time(letter.next_attempt_at)),
        ("Replayed", str(letter.replays)),
    ):
        if value not in ("", "0"):
            facts.add_row(name, _make_text(value))
    return facts


def _list_lines(attempt: AttemptRecord) -> list[str]:
    took = "" if attempt.duration_ms is None else f", {attempt.duration_ms} ms"
    status = "" if attempt.http_status is None else f" {attempt.http_status}"
    following = "" if attempt.next_attempt_at is None else f", next {_show_time(attempt.next_attempt_at)}"
    head = f"Try {attempt.number}, {_show_time(attempt.started_at)}: {attempt.outcome}{status}"
    lines = ["", head + took + following]
    lines += [f"  {text}" for text in (attempt.detail, attempt.reason) if text]
    if attempt.request_url is not None:
        lines.append(f"  POST {attempt.request_url}")
    lines += [f"  {name}: {value}" for name, value in (attempt.request_headers or {}).items()]
    if attempt.request_body is not None:
        lines.append(f"  {attempt.request_body}")
    if attempt.answer:
        lines.append(f"  answer: {attempt.answer}")
    return lines


def _make_text(words: str) -> Text:
    """Words of the other side with whatever would steer a terminal, or make lines of its own, spelt out."""
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in words
    )
    return Text(shown)


def _show_time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
