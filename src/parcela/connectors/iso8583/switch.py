"""The switch between acquirers and the issuer host: a TCP server that adds the plan id to authorizations.

Answers go back as they came. Messages of one acquirer go on in the order in which they arrived.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from parcela.connectors.iso8583.counters import FAULTS, MESSAGES, SESSIONS
from parcela.connectors.iso8583.exchange import Carrier
from parcela.connectors.iso8583.framing import FramingError, frame, read_frame
from parcela.connectors.iso8583.host_link import HostLink, HostLinks
from parcela.connectors.iso8583.messages import (
    MalformedMessage,
    Message,
    is_message_type,
    make_response,
    read_message,
    write_message,
)
from parcela.connectors.iso8583.network_management import answer_network
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.connectors.iso8583.planning import PlanSearch, Prepared
from parcela.connectors.iso8583.reversals import APPROVALS
from parcela.operations.switch_ports import SwitchRecords

FORMAT_ERROR = "30"
_MAX_UNSENT_BYTES = 4 << 20

log = structlog.get_logger("parcela.switch")


class Switch:
    """Listens for acquirers, and keeps links to the issuer host."""

    def __init__(self, options: SwitchOptions, records: SwitchRecords, *, hosts: Sequence[Address]) -> None:
        self._options = options
        self.carrier = Carrier(options, records)
        self.carrier.links = HostLinks(
            [HostLink(host, options, records, on_answer=self.carrier.take_answer) for host in hosts]
        )
        self.searches = PlanSearch(options, records)
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self, listen: Address) -> Address:
        """Begin to serve; gives the address, with the port that was chosen if 0 was asked for."""
        self.carrier.links.start()
        await self.carrier.reversals.start()
        self._server = await asyncio.start_server(self._accept, listen.host, listen.port)
        port = int(self._server.sockets[0].getsockname()[1])
        return Address(listen.host, port)

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await self.searches.close()
        await self.carrier.close()
        await self.carrier.links.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._options.max_sessions:
            FAULTS.labels("too_many_sessions").inc()
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        SESSIONS.inc()
        try:
            # The stream's own task is cancelled when the switch closes, which is no fault of the session.
            with contextlib.suppress(asyncio.CancelledError):
                await AcquirerSession(self, self._options, reader, writer).run()
        finally:
            SESSIONS.dec()
            self._sessions.discard(task)


class AcquirerSession:
    """One connection of an acquirer."""

    def __init__(
        self,
        switch: Switch,
        options: SwitchOptions,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._switch = switch
        self._options = options
        self._reader = reader
        self._writer = writer
        self._places = asyncio.Semaphore(options.max_outstanding)
        self._previous: asyncio.Task[Prepared] | None = None

    async def run(self) -> None:
        """Read until the acquirer leaves, or sends what cannot be understood at all."""
        try:
            while True:
                raw = await asyncio.wait_for(
                    read_frame(self._reader, self._options.header), self._options.idle_timeout_s
                )
                if raw is None or not await self._take(raw):
                    break
        except (OSError, TimeoutError):
            FAULTS.labels("acquirer_lost").inc()
        except FramingError as fault:
            FAULTS.labels("acquirer_framing").inc()
            log.warning("acquirer dropped", fault=str(fault))
        finally:
            # What is under way is seen through; its answers are undeliverable from here on.
            self._writer.close()

    async def _take(self, raw: bytes) -> bool:
        """Handle one message; False when the connection cannot go on."""
        try:
            message = read_message(raw, self._options.spec)
        except MalformedMessage as fault:
            return self._reject(fault)
        MESSAGES.labels(message.message_type).inc()
        if message.message_type[1] == "8" and message.wants_answer:
            return self._write(write_message(answer_network(message), self._options.spec))
        if message.is_answer:
            FAULTS.labels("answer_from_acquirer").inc()
            return True
        await self._places.acquire()
        turn = asyncio.create_task(self._prepare_in_turn(message, self._previous))
        self._previous = turn
        self._switch.carrier.run_aside(self._carry(message, turn))
        return True

    def _reject(self, fault: MalformedMessage) -> bool:
        """DE 39 = 30 where type and STAN can be read; otherwise nobody knows where the next message is."""
        FAULTS.labels("acquirer_malformed").inc()
        log.warning("acquirer message unreadable", element=fault.element)
        message_type = fault.readable.get("t", "")
        stan = fault.readable.get("11", "")
        if not (is_message_type(message_type) and message_type[2] in "02" and stan and fault.element != "11"):
            return False
        whole = {name: text for name, text in fault.readable.items() if name != fault.element}
        answer = make_response(whole, FORMAT_ERROR)
        return self._write(write_message(answer, self._options.spec))

    async def _prepare_in_turn(self, message: Message, previous: "asyncio.Task[Prepared] | None") -> Prepared:
        """Search for the plan at once, but do not overtake the message before."""
        prepared = await self._switch.searches.prepare(message)
        if previous is not None and not previous.done():
            await asyncio.wait({previous})
        return prepared

    async def _carry(self, message: Message, turn: "asyncio.Task[Prepared]") -> None:
        carrier = self._switch.carrier
        try:
            prepared = await turn
            if not message.wants_answer:
                carrier.forward(prepared.raw)
                return
            answer = await carrier.carry(message, prepared)
        finally:
            self._places.release()
        if not self._write(answer) and read_message(answer, self._options.spec).get(39) in APPROVALS:
            await carrier.note_undelivered(message, prepared)

    def _write(self, raw: bytes) -> bool:
        """Write to the acquirer; False when it has left, or does not read."""
        if self._writer.is_closing():
            return False
        if self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            FAULTS.labels("acquirer_does_not_read").inc()
            self._writer.close()
            return False
        self._writer.write(frame(raw, self._options.header))
        return True
