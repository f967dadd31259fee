"""A load generator in a process of its own: ready requests over keep-alive connections, nothing else.

Without a rate the next request follows the answer before it (closed loop). With one, requests are due at
fixed instants whether or not a connection is free, and waiting counts as latency (open loop).
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import cast

import uvloop

_RESPONSE_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a load run saw, in the order of completion; bodies of refusals are always kept."""

    seconds: float
    statuses: dict[int, int]
    latencies_s: list[float]
    bodies: list[bytes]

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """A percentile of the latency in milliseconds."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def fire(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    rate: float | None = None,
    keeps_bodies: bool = False,
) -> Outcome:
    """Send every request once and wait for all answers."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, port, requests, connections, rate, keeps_bodies).result()


def _run(
    port: int, requests: Sequence[bytes], connections: int, rate: float | None, keeps_bodies: bool
) -> Outcome:
    run = _LoadRun(requests, keeps_bodies=keeps_bodies)
    return uvloop.run(run.execute(port, connections, rate))


class _LoadRun:
    """The backlog of requests, the idle connections, and what came back."""

    def __init__(self, requests: Sequence[bytes], *, keeps_bodies: bool) -> None:
        self._requests = requests
        self._keeps_bodies = keeps_bodies
        self._backlog: deque[tuple[bytes, float | None]] = deque()
        # In turn, so that none is idle for so long that the server closes it.
        self._idle: deque[_Connection] = deque()
        self._statuses: Counter[int] = Counter()
        self._latencies_s: list[float] = []
        self._bodies: list[bytes] = []
        self._done = asyncio.Event()

    async def execute(self, port: int, connections: int, rate: float | None) -> Outcome:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, protocol = await loop.create_connection(
                lambda: _Connection(self._take_answer), "127.0.0.1", port
            )
            self._idle.append(protocol)
        started_s, loop_started_s = time.perf_counter(), loop.time()
        if rate is None:
            for request in self._requests:
                self._backlog.append((request, None))
            self._send_waiting()
        else:
            for position, request in enumerate(self._requests):
                wait_s = position / rate
                loop.call_at(loop_started_s + wait_s, self._release, request, started_s + wait_s)
        async with asyncio.timeout(_RESPONSE_TIMEOUT_S):
            await self._done.wait()
        return Outcome(
            seconds=time.perf_counter() - started_s,
            statuses=dict(self._statuses),
            latencies_s=self._latencies_s,
            bodies=self._bodies,
        )

    def _release(self, request: bytes, due_s: float) -> None:
        self._backlog.append((request, due_s))
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._idle and self._backlog:
            self._idle.popleft().send(*self._backlog.popleft())

    def _take_answer(self, connection: "_Connection", status: int, body: bytes, latency_s: float) -> None:
        self._statuses[status] += 1
        self._latencies_s.append(latency_s)
        if self._keeps_bodies or status >= 400:
            self._bodies.append(body)
        self._idle.append(connection)
        if len(self._latencies_s) == len(self._requests):
            self._done.set()
        self._send_waiting()


class _Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, on_answer: Callable[["_Connection", int, bytes, float], None]) -> None:
        self._on_answer = on_answer
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._since_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes, due_s: float | None) -> None:
        assert self._transport is not None
        self._since_s = time.perf_counter() if due_s is None else due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._received[:head_end].lower()
        length_at = head.index(b"content-length:") + 15
        length = int(head[length_at:].split(b"\r\n", 1)[0])
        if len(self._received) < head_end + 4 + length:
            return
        body = self._received[head_end + 4 :]
        self._received = b""
        self._on_answer(self, int(head[9:12]), body, time.perf_counter() - self._since_s)
