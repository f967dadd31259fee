"""A receiver of letters over a real socket that answers as a script says, also as badly as servers can."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

SUCCESS = {"status": "SUCCESS", "message": "Notification received successfully"}

Reply = int | str | bytes
"""A status, a habit (`gate`, `hang`, `drip`, `reset`, `garbage`, `big`, `cut`), or raw bytes to send."""


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    target: str
    headers: Mapping[str, str]
    body: bytes
    at_s: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Receiver:
    """Keeps what it gets. `reply` may be replaced at any time; it is given the request."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.reply: Callable[[Received], Reply] = lambda _: 201
        self.in_flight = 0
        self.most_in_flight = 0
        self.gate = asyncio.Event()
        self.port = 0
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address for notifications."""
        return f"http://127.0.0.1:{self.port}/bank/notifications"

    def always(self, reply: Reply) -> None:
        """Answer everything alike."""
        self.reply = lambda _: reply

    def script(self, *replies: Reply) -> None:
        """Answer in this order, the last one for ever."""
        left = list(replies)
        self.reply = lambda _: left.pop(0) if len(left) > 1 else left[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request_line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        target = request_line.split(" ")[1]
        request = Received(target, headers, body, asyncio.get_running_loop().time())
        self.received.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._send(self.reply(request), writer)
        finally:
            self.in_flight -= 1

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        if reply == "gate":
            await self.gate.wait()
            reply = 201
        if isinstance(reply, int):
            writer.write(make_answer(reply))
            await writer.drain()
            return True
        if isinstance(reply, bytes):
            writer.write(reply)
        elif reply == "hang":
            await asyncio.sleep(60)
        elif reply == "drip":
            for byte in b"HTTP/1.1 201 Created\r\nX-Slow: " + b"x" * 2000:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
        elif reply == "reset":
            writer.transport.abort()
        elif reply == "garbage":
            writer.write(b"\x16\x03\x01 what?\r\n\r\n")
        elif reply == "big":
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000)
        elif reply == "cut":
            writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"status":"SUC')
        await writer.drain()
        return False


def make_answer(status: int, body: bytes | None = None) -> bytes:
    """An HTTP answer with the published body, or another one."""
    if body is None:
        body = b"" if status == 204 else json.dumps(SUCCESS).encode()
    return (
        f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Location: http://127.0.0.1:1/elsewhere\r\n\r\n"
    ).encode() + body


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)
