"""Running a use case from the command line: settings, database, engine, and the person who acts.

Everything heavy is imported inside, so that help and mistyped commands answer at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from parcela.cli.options import CommandError

if TYPE_CHECKING:
    from parcela.domain.changes import Person
    from parcela.operations.engine import Engine
    from parcela.settings import Settings

Result = TypeVar("Result")


def read_settings(**overrides: object) -> Settings:
    """The settings of this command. Raises SettingsError."""
    from parcela.settings import load_settings

    return load_settings(os.environ, **overrides)


def run_with_engine(home: Path | None, work: Callable[[Engine], Awaitable[Result]]) -> Result:
    """Run `work` with an engine on the database of these settings, which must be at this version's schema."""
    from parcela.app import find_schema_problem, open_engine
    from parcela.cli.database import use_database

    settings = read_settings(home=home)

    async def main(url: str) -> Result:
        problem = await find_schema_problem(url)
        if problem is not None:
            raise CommandError(problem)
        engine = await open_engine(settings, url)
        try:
            return await work(engine)
        finally:
            await engine.database.close()

    with use_database(settings) as url:
        return asyncio.run(main(url))


def run_as(
    home: Path | None, email: str | None, work: Callable[[Engine, Person], Awaitable[Result]]
) -> Result:
    """Run `work` as a registered person; without an address, as the holder of the database, to look only."""
    from parcela.operations import people

    async def main(engine: Engine) -> Result:
        person = _make_viewer() if email is None else await people.get_person(engine, email)
        return await work(engine, person)

    return run_with_engine(home, main)


def _make_viewer() -> Person:
    """Whoever holds the database may look at everything in it; acts need somebody who is registered."""
    from parcela.domain.changes import Person, Role
    from parcela.operations.engine import MAIN_TENANT

    return Person(
        person_id=0, tenant_id=MAIN_TENANT, email="command line", role=Role.OPERATOR, provider_id=None
    )


def explain(error: Exception) -> str | None:
    """One plain sentence for an error that a person can mend; None for a fault of ours."""
    import asyncpg

    from parcela.cli.database import DatabaseUnusableError
    from parcela.domain.errors import DomainError
    from parcela.settings import SettingsError
    from parcela.store.database import UNAVAILABLE_ERRORS
    from parcela.store.embedded import EmbeddedServerError
    from parcela.vault.kek import KeyFileError

    expected = (CommandError, SettingsError, EmbeddedServerError, DatabaseUnusableError, KeyFileError)
    if isinstance(error, (*expected, DomainError)):
        return str(error)
    if isinstance(error, (*UNAVAILABLE_ERRORS, asyncpg.PostgresError)):
        reason = str(error) or type(error).__name__
        return f"The database does not do its part ({reason}): `parcela doctor` says what is wrong."
    return None
