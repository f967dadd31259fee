"""The database of a command: the one in the settings, or the embedded one, started for as long as needed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from parcela.settings import Settings
from parcela.store.embedded import EmbeddedServer

UNREACHABLE = (
    "The database in PARCELA_DATABASE_URL cannot be used ({reason}): check that it runs and that the "
    "address, user and password are right, or unset it to use the embedded one."
)


class DatabaseUnusableError(Exception):
    """The configured database cannot be reached; the message says what to do."""


@contextmanager
def use_database(settings: Settings) -> Iterator[str]:
    """The address of the database, which is reachable inside the block."""
    if settings.database_url is not None:
        asyncio.run(_check_reachable(settings.database_url))
        yield settings.database_url
        return
    server = EmbeddedServer.start(settings.home)
    try:
        yield server.url
    finally:
        server.release()


async def _check_reachable(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=5)
        await connection.close()
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = type(error).__name__ if isinstance(error, ValueError) else str(error) or type(error).__name__
        raise DatabaseUnusableError(UNREACHABLE.format(reason=reason)) from None
