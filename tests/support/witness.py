"""A relay in front of an issuer that remembers every notification and what the issuer answered to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Sighting:
    """One notification as it passed, from a local port; `status` is None when the issuer gave no answer."""

    plan_id: str
    correlation_id: str
    from_port: int
    at_s: float
    status: int | None = None


@dataclass(slots=True, kw_only=True)
class Witness:
    """Passes every byte on as it came; where the issuer is gone, the caller's connection is cut."""

    issuer_port: int
    port: int = 0
    seen: list[Sighting] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    waiting: list[asyncio.Future[Sighting]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address that the network calls."""
        return f"http://127.0.0.1:{self.port}"

    async def wait_for_next(self, *, timeout_s: float) -> Sighting | None:
        """The next notification, at the moment when it comes; None when none does."""
        waiting = asyncio.get_running_loop().create_future()
        self.waiting.append(waiting)
        try:
            return await asyncio.wait_for(waiting, timeout_s)
        except TimeoutError:
            return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay the requests of one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while True:
                head, body = await _read_message(reader)
                from_port = writer.get_extra_info("peername")[1]
                writer.write(await self._pass_on(head, body, from_port=from_port))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self.tasks.discard(task)

    async def _pass_on(self, head: bytes, body: bytes, *, from_port: int) -> bytes:
        sighting = Sighting(
            plan_id=json.loads(body)["planId"],
            correlation_id=_find_header(head, b"correlation-id").decode(),
            from_port=from_port,
            at_s=asyncio.get_running_loop().time(),
        )
        self.seen.append(sighting)
        for waiting in self.waiting:
            if not waiting.done():
                waiting.set_result(sighting)
        self.waiting.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.issuer_port)
        try:
            writer.write(head + body)
            answer_head, answer_body = await _read_message(reader)
        finally:
            writer.transport.abort()
        sighting.status = int(answer_head.split(b" ", 2)[1])
        return answer_head + answer_body


@asynccontextmanager
async def open_witness(issuer_port: int) -> AsyncIterator[Witness]:
    """A witness on a port of its own."""
    witness = Witness(issuer_port=issuer_port)
    server = await asyncio.start_server(witness.serve, "127.0.0.1", 0)
    witness.port = server.sockets[0].getsockname()[1]
    try:
        yield witness
    finally:
        server.close()
        for task in list(witness.tasks):
            task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    return head, await reader.readexactly(int(_find_header(head, b"content-length")))


def _find_header(head: bytes, name: bytes) -> bytes:
    """The value of a header that has to be there."""
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.lower() == name:
            return value.strip()
    raise AssertionError(f"no {name.decode()} in a message")
