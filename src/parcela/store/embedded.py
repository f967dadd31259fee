"""The embedded PostgreSQL: a server that Parcela starts for itself in PARCELA_HOME.

Every process that uses it holds a shared lock on HOME/postgres/users.lock; the last one to let go
stops it. It listens on a Unix socket in a private directory only.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypedDict
from urllib.parse import quote

import asyncpg

from parcela.store.embedded_binaries import EmbeddedServerError, find_bin_dir
from parcela.store.embedded_cluster import (
    PORT,
    START_TIMEOUT_S,
    SUPERUSER,
    Cluster,
    ServerLingersError,
    locate_cluster,
    start_postmaster,
    stop_postmaster,
)

__all__ = ["ConnectArguments", "EmbeddedServer", "EmbeddedServerError"]

DATABASE = "parcela"
START_ATTEMPTS = 50


class ConnectArguments(TypedDict):
    """Keyword arguments for `asyncpg.connect` and `asyncpg.create_pool`; the host is the socket directory."""

    host: str
    port: int
    user: str
    database: str


class EmbeddedServer:
    """This process's use of the embedded server, from `start` until `release`."""

    def __init__(self, cluster: Cluster, bin_dir: Path, users_lock: int) -> None:
        self.bin_dir = bin_dir
        self._cluster = cluster
        self._users_lock: int | None = users_lock

    @classmethod
    def start(cls, home: Path, *, settings: Mapping[str, str] = MappingProxyType({})) -> Self:
        """Join the server of `home`, after starting it and creating its data where needed. Blocks.

        `settings` are PostgreSQL's, over ours; they hold only if this call is the one that starts the
        server. Raises EmbeddedServerError.
        """
        directory = home.resolve() / "postgres"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with _hold_start_lock(directory / "start.lock"):
                return cls._join(directory, settings)
        except OSError as error:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL cannot use {error.filename or directory} ({error.strerror}):"
                " mend that, choose another PARCELA_HOME, or set PARCELA_DATABASE_URL."
            ) from error

    @property
    def url(self) -> str:
        """The address of the database `parcela`, as asyncpg and libpq read it."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of one database of this server."""
        host = quote(str(self._cluster.socket_dir))
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def connect_kwargs(self, database: str = DATABASE) -> ConnectArguments:
        """Return the arguments that connect asyncpg to one database of this server."""
        return ConnectArguments(
            host=str(self._cluster.socket_dir), port=PORT, user=SUPERUSER, database=database
        )

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of `template` if one is named (nobody may be connected to it)."""
        # A template lies still, and copying its files is far quicker than copying page by page.
        copy = f" TEMPLATE {_quote_identifier(template)} STRATEGY FILE_COPY" if template else ""
        self._execute(f"CREATE DATABASE {_quote_identifier(name)}{copy}")

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, and end the sessions in it."""
        self._execute(f"DROP DATABASE IF EXISTS {_quote_identifier(name)} WITH (FORCE)")

    def release(self) -> None:
        """Stop using the server; the last user's release stops it. A second call does nothing."""
        users_lock, self._users_lock = self._users_lock, None
        if users_lock is None:
            return
        try:
            fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop_postmaster(self._cluster, self.bin_dir)
        except BlockingIOError:
            # Somebody else still uses the server, and will stop it.
            return
        finally:
            os.close(users_lock)

    @classmethod
    def _join(cls, directory: Path, settings: Mapping[str, str]) -> Self:
        # A process that is just stopping the server holds this lock alone; we wait until it is done.
        users_lock = _open_lock(directory / "users.lock", fcntl.LOCK_SH)
        try:
            server = cls(locate_cluster(directory), find_bin_dir(), users_lock)
            server._ensure_running(settings)
        except BaseException:
            os.close(users_lock)
            raise
        return server

    def _ensure_running(self, settings: Mapping[str, str]) -> None:
        refusal = EmbeddedServerError(f"PostgreSQL ends right after its start: see {self._cluster.log}.")
        for _ in range(START_ATTEMPTS):
            if self._accepts_connections():
                return
            try:
                start_postmaster(self._cluster, self.bin_dir, settings)
            except ServerLingersError as error:
                refusal = error
                time.sleep(0.1)
        raise refusal

    def _accepts_connections(self) -> bool:
        """Whether a server runs here, after waiting for one in recovery; a new one gets its database."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._execute("SELECT 1")
            except asyncpg.InvalidCatalogNameError:
                # A new cluster: renaming its empty first database is ten times quicker than CREATE DATABASE.
                self._execute(f"ALTER DATABASE postgres RENAME TO {DATABASE}", database="template1")
            except asyncpg.TooManyConnectionsError:
                return True
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            except (asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, ConnectionResetError):
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"PostgreSQL has been starting up or shutting down for {START_TIMEOUT_S} s:"
                        f" see {self._cluster.log}."
                    ) from None
                time.sleep(0.02)
            else:
                return True

    def _execute(self, statement: str, database: str = DATABASE) -> None:
        """Run one statement. A thread of its own lets callers inside an event loop use this too."""

        async def execute() -> None:
            connection = await asyncpg.connect(**self.connect_kwargs(database))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, execute()).result()


@contextmanager
def _hold_start_lock(path: Path) -> Iterator[None]:
    lock = _open_lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path, kind: int) -> int:
    """Open a lock file and wait for the lock; closing the descriptor, or dying, lets go of it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, kind)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
