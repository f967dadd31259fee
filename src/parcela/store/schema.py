"""Bringing a database to the current schema, and knowing whether it is there."""

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SqlConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x7061_7263
"""Advisory lock: of several processes that start at once, one migrates and the others wait."""


def _configure() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def get_newest_revision() -> str:
    """The revision that this version of the program needs."""
    revision = ScriptDirectory.from_config(_configure()).get_current_head()
    assert revision is not None
    return revision


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

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(url)

    def upgrade(connection: SqlConnection) -> None:
        config = _configure()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    guard = await asyncpg.connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        finally:
            await engine.dispose()
    finally:
        await guard.close()
