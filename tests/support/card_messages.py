"""Card messages for tests: an acquirer, an issuer host that does what it is told, and records in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from parcela.connectors.iso8583.fields import BUILT_IN
from parcela.connectors.iso8583.framing import LengthHeader, frame, read_frame
from parcela.connectors.iso8583.messages import Message, make_response, read_message, write_message
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.connectors.iso8583.switch import Switch
from parcela.domain.matching import AuthorizationQuestion, MatchOutcome, PlanMatch
from parcela.operations.switch_ports import (
    OpenAttempt,
    RecordsUnavailable,
    ReversalReason,
    SettledState,
    SwitchRecords,
    UnansweredAuthorization,
)

ASCII = BUILT_IN["ascii"]
PLAN_ID = "3d56f5a7-db48-41f0-875e-30920e8465f3"
CARD = "2303770000057107"
ANY_PORT = Address("127.0.0.1", 0)
WAIT_S = 30.0

E_COMMERCE = {
    "3": "000000",
    "7": "0803165543",
    "12": "165543",
    "13": "0803",
    "18": "1711",
    "22": "812",
    "32": "234353",
    "37": "123456123456",
    "42": "121234".ljust(15),
    "43": "Globex Decor".ljust(40),
    "49": "840",
}
IN_STORE = {
    **E_COMMERCE,
    "22": "071",
    "23": "001",
    "35": f"{CARD}=30121010000000000000",
    "41": "TERM0001",
    "52": "0123456789ABCDEF",
    "55": "9F2608C2C12B098F3DA6E3",
}


def make_message(message_type: str = "0100", stan: int = 742, **members: str) -> bytes:
    """A message for 150 dollars; `e11="…"` sets an element, `e11=""` leaves it out."""
    elements = {
        "t": message_type,
        "2": CARD,
        "4": "000000015000",
        "11": f"{stan:06d}",
        **E_COMMERCE,
        **{name.removeprefix("e"): text for name, text in members.items()},
    }
    return write_message({name: text for name, text in elements.items() if text}, ASCII)


def read(raw: bytes) -> dict[str, str]:
    """The elements of a message, without its bitmaps."""
    return {
        name: text for name, text in read_message(raw, ASCII).elements.items() if name not in ("p", "1", "h")
    }


def list_differences(first: bytes, second: bytes) -> dict[str, tuple[str | None, str | None]]:
    """The elements in which two messages differ."""
    one, other = read(first), read(second)
    return {
        name: (one.get(name), other.get(name)) for name in {*one, *other} if one.get(name) != other.get(name)
    }


Reply = Callable[[Message], Awaitable[bytes | None]]


async def approve(message: Message) -> bytes | None:
    """An approval with an element that only the host knows, and a code made of the trace number."""
    more = {"38": message.elements.get("11", ""), "62": "HOST DATA"}
    return write_message(make_response(message.elements, "00", **more), ASCII)


class ScriptedHost:
    """Keeps what it receives, and answers with `reply`; 0800 is answered unless it `is_hung`."""

    def __init__(self, reply: Reply = approve) -> None:
        self.reply = reply
        self.is_hung = False
        self.received: list[bytes] = []
        self.network_messages: list[dict[str, str]] = []
        self.connections = 0
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.address = ANY_PORT

    async def start(self) -> Self:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, self.address.host, self.address.port)
        self.address = Address("127.0.0.1", self._server.sockets[0].getsockname()[1])
        return self

    async def stop(self) -> None:
        """Hang up and stop to listen."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, count: int) -> list[bytes]:
        """The messages received, once there are so many."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(self.received) >= count), WAIT_S)
        return self.received

    async def send(self, raw: bytes) -> None:
        """A message of the host's own."""
        self._writers[-1].write(frame(raw, LengthHeader.BINARY_2))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while (raw := await read_frame(reader, LengthHeader.BINARY_2)) is not None:
            message = read_message(raw, ASCII)
            if message.message_type.startswith("08"):
                self.network_messages.append(read(raw))
                if message.wants_answer and not self.is_hung:
                    answer = write_message(make_response(message.elements, "00"), ASCII)
                    writer.write(frame(answer, LengthHeader.BINARY_2))
                continue
            async with self._arrived:
                self.received.append(raw)
                self._arrived.notify_all()
            task = asyncio.create_task(self._answer(message, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Message, writer: asyncio.StreamWriter) -> None:
        answer = await self.reply(message)
        if answer is not None:
            writer.write(frame(answer, LengthHeader.BINARY_2))


class Acquirer:
    """A connection to a switch or a host."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: Address) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection(address.host, address.port))

    def send(self, *messages: bytes) -> None:
        """Send messages in one piece."""
        self.send_bytes(b"".join(frame(raw, LengthHeader.BINARY_2) for raw in messages))

    def send_bytes(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(raw)

    async def receive(self) -> bytes | None:
        """The next message; None when the other side hung up."""
        return await asyncio.wait_for(read_frame(self._reader, LengthHeader.BINARY_2), WAIT_S)

    async def ask(self, raw: bytes) -> bytes:
        """Send a message, and wait for the next one."""
        self.send(raw)
        answer = await self.receive()
        assert answer is not None, "the other side hung up"
        return answer

    def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()


@dataclass
class MemoryRecords:
    """Records in memory: every authorization has `plan_id`, unless `find` says otherwise."""

    plan_id: str | None = None
    delay_s: float = 0.0
    is_away: bool = False
    questions: list[AuthorizationQuestion] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    attempts: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_open: list[OpenAttempt] = field(default_factory=list)

    def now(self) -> datetime:
        """A fixed time."""
        return datetime(2025, 8, 3, 17, tzinfo=UTC)

    async def find_plan(self, question: AuthorizationQuestion) -> PlanMatch:
        """The plan of these records, after their delay."""
        self.questions.append(question)
        await self._reach()
        if self.plan_id is None:
            return PlanMatch(outcome=MatchOutcome.NONE)
        return PlanMatch(outcome=MatchOutcome.MATCHED, plan_id=self.plan_id, authorization_id="authorization")

    async def note_decline(self, authorization_id: str) -> None:
        """Keep it."""
        self.declined.append(authorization_id)

    async def note_unanswered(self, authorization: UnansweredAuthorization) -> str:
        """Keep it."""
        await self._reach()
        attempt_id = f"attempt {len(self.attempts) + 1}"
        self.attempts[attempt_id] = {"state": "unknown", "authorization": authorization}
        return attempt_id

    async def note_reversal_due(self, attempt_id: str, reason: ReversalReason) -> None:
        """Keep it."""
        self.attempts[attempt_id] |= {"state": "reversal_due", "reason": reason}

    async def note_settled(self, attempt_id: str, state: SettledState, response_code: str | None) -> None:
        """Keep it."""
        self.attempts.setdefault(attempt_id, {})
        self.attempts[attempt_id] |= {"state": state, "code": response_code}

    async def list_open(self) -> list[OpenAttempt]:
        """What the test left open."""
        return self.left_open

    async def wait_for_state(self, attempt_id: str, state: str) -> Mapping[str, Any]:
        """An attempt, once it is in that state."""

        await wait_until(lambda: self.attempts.get(attempt_id, {}).get("state") == state)
        return self.attempts[attempt_id]

    async def _reach(self) -> None:
        if self.is_away:
            raise RecordsUnavailable("away")
        await asyncio.sleep(self.delay_s)


@dataclass
class Line:
    """A switch with everything around it."""

    switch: Switch
    host: ScriptedHost
    records: MemoryRecords
    address: Address

    async def connect(self) -> Acquirer:
        """One more acquirer."""
        return await Acquirer.connect(self.address)


@asynccontextmanager
async def run_line(
    records: MemoryRecords | None = None, reply: Reply = approve, **options: Any
) -> AsyncIterator[Line]:
    """A switch between a scripted host and whoever connects; deadlines are short unless given."""
    given = {"spec": ASCII, "lookup_timeout_s": 10.0, "host_timeout_s": 10.0, "late_window_s": 1.0, **options}
    host = await ScriptedHost(reply).start()
    held = records or MemoryRecords()
    async with run_switch(SwitchOptions(**given), held, host.address) as (switch, address):
        try:
            yield Line(switch, host, held, address)
        finally:
            await host.stop()


@asynccontextmanager
async def run_switch(
    options: SwitchOptions, records: SwitchRecords, host: Address
) -> AsyncIterator[tuple[Switch, Address]]:
    """A switch whose link to the host is up."""
    switch = Switch(options, records, hosts=[host])
    try:
        address = await switch.start(ANY_PORT)
        await wait_until(lambda: switch.carrier.links.is_up)
        yield switch, address
    finally:
        await switch.close()


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something to become true."""

    for _ in range(int(WAIT_S / 0.005)):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not become true in time")
