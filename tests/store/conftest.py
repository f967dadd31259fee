"""A connection to one shared copy of the demo database; whatever a test does there is rolled back."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest
from tests.conftest import DemoTemplate

WithConnection = Callable[[Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[Any]]], Any]


@pytest.fixture(scope="module")
def shared_database_url(demo_template: DemoTemplate) -> Iterator[str]:
    """A copy of the demo database for all tests of a file that leave it as they found it."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    yield demo_template.server.url_of(name)
    demo_template.server.drop_database(name)


@pytest.fixture
def connect(shared_database_url: str) -> WithConnection:
    """Run a coroutine function with a connection inside a transaction that is rolled back in the end."""

    def run_connected(work: Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            connection = await asyncpg.connect(shared_database_url)
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await work(connection)
            finally:
                await transaction.rollback()
                await connection.close()

        return asyncio.run(main())

    return run_connected
