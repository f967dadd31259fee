"""The connection pool and the transaction; every other file of the store takes a connection."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias, TypeVar

import asyncpg

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Result = TypeVar("Result")

UNAVAILABLE_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.TransactionRollbackError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    # What the driver says of a connection that was cut while it was being used.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""Faults of the database or of the way to it: the caller may try again later."""

REFUSED_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.RaiseError,
)
"""A write that the database's own rules refuse: trying it again changes nothing."""

SWEEP_TIMEOUT_S = 3600.0
"""For queries that go through every record of a kind: longer than any request may take."""

_RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_MAX_TRIES = 4
_POOL_SIZE = 8
_COMMAND_TIMEOUT_S = 5.0


async def _keep_session(_: Connection) -> None:
    """Sessions carry no state of ours, so the pool need not spend a round trip on resetting them."""


class Database:
    """A pool of at most eight connections to one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str, *, pool_size: int = _POOL_SIZE) -> "Database":
        """Connect; raises one of `UNAVAILABLE_ERRORS` or `asyncpg.PostgresError` when that fails."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=pool_size,
            reset=_keep_session,
            command_timeout=_COMMAND_TIMEOUT_S,
            server_settings={"application_name": "parcela", "TimeZone": "UTC", "jit": "off"},
        )
        assert pool is not None
        return cls(pool)

    async def close(self) -> None:
        """Close every connection, at once when they do not end by themselves."""
        try:
            await asyncio.wait_for(self._pool.close(), timeout=3)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reads and for single statements, which are transactions by themselves."""
        async with self._pool.acquire(timeout=_COMMAND_TIMEOUT_S) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction that commits when the block ends without an error."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def run(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run `work` in a transaction, again when it lost against another one (deadlock, serialisation)."""
        return await self._retry(self.transaction, work)

    async def run_statement(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """As `run`, for work of one statement, which is a transaction by itself: two round trips less."""
        return await self._retry(self.connection, work)

    async def _retry(
        self,
        enter: Callable[[], AbstractAsyncContextManager[Connection]],
        work: Callable[[Connection], Awaitable[Result]],
    ) -> Result:
        for attempt in range(1, _MAX_TRIES + 1):
            try:
                async with enter() as connection:
                    return await work(connection)
            except _RETRIED:
                if attempt == _MAX_TRIES:
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.02) * attempt)
        raise AssertionError("the loop returns or raises")
