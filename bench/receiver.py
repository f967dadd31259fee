"""A receiver of notifications in a process of its own: as fast as Python can answer, or never."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import cast

import uvloop

_BODY = b'{"status":"SUCCESS","message":"Notification received successfully"}'
_ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(_BODY)).encode()
    + b"\r\n\r\n"
    + _BODY
)
_LENGTH = b"content-length:"


class _Answers(asyncio.Protocol):
    """Answers 201 to every request, unless its path begins with /hang."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not the standard library's, but do what those do.
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            start = head.index(_LENGTH) + len(_LENGTH)
            line_end = head.find(b"\r\n", start)
            length = int(head[start : line_end if line_end >= 0 else None])
            if len(self._buffer) < end + 4 + length:
                return
            if not head.startswith(b"post /hang"):
                self._transport.write(_ANSWER)
            self._buffer = self._buffer[end + 4 + length :]


@contextmanager
def run_receiver() -> Iterator[str]:
    """The base address of a running receiver."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join(5)


def _serve(pipe: "Connection[int, int]") -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())
