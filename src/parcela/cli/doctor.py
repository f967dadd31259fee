"""`parcela doctor`: one line for each thing that the server needs, with what to do where it is wrong.

What only a part of the service lacks is a warning: the server runs, so that the deployment is still healthy.
"""

import asyncio
import platform
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from rich.text import Text

from parcela.app import find_schema_problem
from parcela.cli.acting import explain, read_settings
from parcela.cli.database import use_database
from parcela.cli.options import CommandError, make_console
from parcela.cli.serve import check_port
from parcela.documents.pdf import MEND, list_missing_fonts
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.payments.press import PressUnavailable
from parcela.settings import Settings
from parcela.store import audit, health, vault_keys
from parcela.store.database import Database
from parcela.store.payments import settlements
from parcela.vault.kek import load_key_file
from parcela.vault.vault import Vault

MIN_PYTHON = (3, 11)
MAX_CLOCK_GAP_S = 2.0
MAX_LATE = 1000
"""So many late settlements are counted at most."""


class Mark(Enum):
    """What a finding says, with its style; only what is wrong makes the deployment unhealthy."""

    OK = ("ok     ", "green")
    WARNING = ("WARN   ", "bold yellow")
    WRONG = ("WRONG  ", "bold red")


class Examination:
    """The findings so far, printed as they come."""

    def __init__(self) -> None:
        self.is_healthy = True
        self._console = make_console()

    def report(self, subject: str, text: str, *, is_ok: bool = True) -> None:
        """Print one finding."""
        self.is_healthy = self.is_healthy and is_ok
        self._print(Mark.OK if is_ok else Mark.WRONG, subject, text)

    def warn(self, subject: str, text: str) -> None:
        """Print what a part of the service lacks; the server runs without it."""
        self._print(Mark.WARNING, subject, text)

    def _print(self, mark: Mark, subject: str, text: str) -> None:
        self._console.print(Text.assemble(mark.value, (f"{subject:<10} ", "bold"), text), soft_wrap=True)

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Report an error of the block that a person can mend."""
        try:
            yield
        except Exception as error:
            sentence = explain(error)
            if sentence is not None:
                self.report(subject, sentence, is_ok=False)
                return
            raise


def examine(home: Path | None) -> bool:
    """Run every check and print one line each; says whether all is well."""
    examination = Examination()
    check_python(examination)
    settings = None
    with examination.checking("settings"):
        settings = read_settings(home=home)
        examination.report("settings", f"environment {settings.environment}")
    if settings is None:
        return False
    check_home(examination, settings)
    check_papers(examination)
    check_listening(examination, settings)
    with examination.checking("database"), use_database(settings) as url:
        asyncio.run(check_database(examination, settings, url))
    return examination.is_healthy


def check_python(examination: Examination) -> None:
    """The interpreter is new enough."""
    is_ok = sys.version_info >= MIN_PYTHON
    mend = "" if is_ok else ": Parcela needs 3.11 or newer"
    examination.report("python", f"{platform.python_version()}{mend}", is_ok=is_ok)


def check_home(examination: Examination, settings: Settings) -> None:
    """The home can be written."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            examination.report("home", f"{settings.home.resolve()} can be written")
    except OSError as error:
        text = f"{settings.home} cannot be written ({error.strerror}): mend that, or choose another --home"
        examination.report("home", text, is_ok=False)


def check_papers(
    examination: Examination, list_missing: Callable[[], list[str]] = list_missing_fonts
) -> None:
    """PDF papers can be made, with a font for each writing; pages, HTML papers and texts need neither."""
    try:
        missing = list_missing()
    except PressUnavailable as reason:
        examination.warn("papers", f"{reason} Pages, and papers as HTML and text, need none of that.")
        return
    if missing:
        examination.warn("papers", f"PDF files can be made, but not in {' or '.join(missing)}: {MEND}")
    else:
        examination.report("papers", "PDF files can be made")


def check_listening(examination: Examination, settings: Settings) -> None:
    """The port is free, or Parcela itself answers there."""
    where = f"{settings.host}:{settings.port}"
    try:
        check_port(settings)
    except CommandError as error:
        if _answers_as_parcela(settings):
            examination.report("port", f"{where} is served by Parcela")
        else:
            examination.report("port", str(error), is_ok=False)
        return
    examination.report("port", f"{where} is free")


async def check_database(examination: Examination, settings: Settings, url: str) -> None:
    """Version, clock, schema, keys, audit chain and plans of the database."""
    database = await Database.open(url)
    try:
        async with database.connection() as connection:
            facts = await health.get_server_facts(connection)
        check_server(examination, facts)
        problem = await find_schema_problem(url)
        if problem is not None:
            examination.report("schema", problem, is_ok=False)
            return
        examination.report("schema", "is this version's")
        await check_keys(examination, settings, database)
        await check_records(examination, database)
        await check_settlements(examination, database)
    finally:
        await database.close()


def check_server(examination: Examination, facts: health.ServerFacts) -> None:
    """PostgreSQL is new enough, and its clock agrees with ours."""
    is_new = facts.major_version >= health.MIN_SERVER_VERSION
    mend = "" if is_new else f": Parcela needs {health.MIN_SERVER_VERSION} or newer"
    examination.report("database", f"PostgreSQL {facts.version}{mend}", is_ok=is_new)
    gap_s = abs((datetime.now(UTC) - facts.now).total_seconds())
    is_close = gap_s <= MAX_CLOCK_GAP_S
    mend = "" if is_close else ": run NTP on both machines, signatures depend on it"
    examination.report("clock", f"{gap_s:.1f} s from the database's{mend}", is_ok=is_close)


async def check_keys(examination: Examination, settings: Settings, database: Database) -> None:
    """The key file is there and opens the keys of the database; nothing is made that is missing."""
    file = settings.key_file
    async with database.connection() as connection:
        held = await vault_keys.list_vault_keys(connection, MAIN_TENANT)
    if not held and settings.is_sandbox and not file.exists():
        examination.report("key file", f"{file} is made at the first start")
        return
    with examination.checking("key file"):
        keks = load_key_file(file, may_create=False)
        if held:
            await Vault(keks).load(database, MAIN_TENANT)
        opens = " opens the keys of the database" if held else " can be read"
        examination.report("key file", f"{file}{opens}")


async def check_records(examination: Examination, database: Database) -> None:
    """The views of broken records are empty."""
    async with database.connection() as connection:
        lines = await audit.list_broken_lines(connection)
        plans = await health.list_broken_plans(connection)
    if lines:
        text = f"the chain is broken at line {lines[0]}: compare the trail with your backups"
        examination.report("audit", text, is_ok=False)
    else:
        examination.report("audit", "the chain is whole")
    if plans:
        text = f"the rows of plan {plans[0]} do not make its sums: restore it from a backup"
        examination.report("plans", text, is_ok=False)
    else:
        examination.report("plans", "every plan adds up")


async def check_settlements(examination: Examination, database: Database) -> None:
    """No merchant waits for a settlement that should have been closed or paid out a day ago.

    A warning: after a stop it is the start of the server that mends it.
    """
    async with database.connection() as connection:
        late = await settlements.list_overdue_settlements(connection, limit=MAX_LATE)
    if not late:
        examination.report("settlement", "none is late")
        return
    first, more = late[0], "" if len(late) == 1 else f", and {len(late) - 1} more are late"
    lack = "is not closed" if first.is_open else "is not paid out"
    text = (
        f"{first.settlement_id} of account {first.account_id} ({first.mode}) was due on {first.due_on}"
        f" and {lack}{more}: let `parcela serve` or `parcela worker` run, and look for `task failed` in its"
        " log"
    )
    examination.warn("settlement", text)


def _answers_as_parcela(settings: Settings) -> bool:
    """Is it our own server that listens there?"""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    host = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/readyz", timeout=2) as answer:
            return bool(answer.read(20).startswith(b"ready, version"))
    except (OSError, ValueError, urllib.error.URLError):
        return False
