"""Names to addresses, for calls to servers of others: outside a sandbox every address must be public."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from parcela.domain.addresses import is_public_address

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives every address of a host name. Raises OSError or UnicodeError when there is none."""

_MAX_LOOKUPS = 32
_MAX_REMEMBERED = 10_000


class AddressBlocked(OSError):
    """A name stands for an address that is not public."""


class SystemLookup:
    """The machine's own resolver, in threads of its own: a name server that hangs delays nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MAX_LOOKUPS, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> list[str]:
        """Every address of a name."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _ask_system, host, port)
        return list(dict.fromkeys([str(entry[4][0]) for entry in found]))

    def close(self) -> None:
        """Let go of the threads; a lookup under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _ask_system(host: str, port: int) -> list[tuple[object, object, object, str, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class CheckedResolver(AbstractResolver):
    """What connections are made to: the very addresses that were looked up and checked for this call.

    Several calls to one host at a time share a lookup; nothing is remembered beyond that outside a
    sandbox, so that every call is checked anew (`spec/network.md` §9).
    """

    def __init__(self, lookup: Lookup, *, is_sandbox: bool) -> None:
        self._lookup = lookup
        self._is_sandbox = is_sandbox
        self._under_way: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}
        self._checked: dict[tuple[str, int], Sequence[str]] = {}

    async def check(self, host: str, port: int) -> None:
        """Look a name up for the connections that follow.

        Raises AddressBlocked when any of its addresses is not public, OSError or UnicodeError when it
        has none.
        """
        key = (host, port)
        self._checked.pop(key, None)
        addresses = await self._share_lookup(key)
        if not addresses:
            raise OSError("no addresses")
        if not all(is_public_address(address) for address in addresses):
            raise AddressBlocked("an address that is not public")
        if len(self._checked) >= _MAX_REMEMBERED:
            self._checked.clear()
        self._checked[key] = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses to connect to, in the form that the HTTP client asks for."""
        if self._is_sandbox:
            addresses = await self._lookup(host, port)
        else:
            # A later check of the same host may have failed meanwhile: then this one has failed too.
            found = self._checked.get((host, port))
            if found is None:
                raise AddressBlocked("no address that was checked")
            addresses = found
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open here."""

    async def _share_lookup(self, key: tuple[str, int]) -> Sequence[str]:
        """One lookup for all that ask now; a caller that gives up does not end it for the others."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(self._run_lookup(key))
            task.add_done_callback(lambda done: self._end_lookup(key, done))
        return await asyncio.shield(task)

    def _end_lookup(self, key: tuple[str, int], done: asyncio.Task[Sequence[str]]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            # Asked for, so that a failure that everybody has given up on is no complaint of the loop.
            done.exception()

    async def _run_lookup(self, key: tuple[str, int]) -> Sequence[str]:
        return await self._lookup(*key)
