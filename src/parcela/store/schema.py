"""Bringing a database to the current schema, and knowing whether it is there.

The migration tools are imported only when there is something to migrate: they take a third of a second.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from sqlalchemy import Connection as SqlConnection

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x7061_7263
"""Advisory lock: of several processes that start at once, one migrates and the others wait."""


def get_newest_revision() -> str:
    """The revision that this version of the program needs: the highest number among the migrations."""
    return max(file.name[:4] for file in (_MIGRATIONS / "versions").glob("[0-9]*.sql"))


async def find_revision(url: str) -> str | None:
    """The revision a database stands at; None for an empty one."""
    connection = await asyncpg.connect(url)
    try:
        table = await connection.fetchval("SELECT to_regclass('alembic_version')")
        if table is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()


async def migrate(url: str) -> None:
    """Run the migrations that are missing. Safe to call from many processes at once."""
    guard = await asyncpg.connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        if await find_revision(url) != get_newest_revision():
            await _upgrade(url)
    finally:
        await guard.close()


async def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(url)

    def upgrade(connection: "SqlConnection") -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
