"""Persistent links to the issuer host: connected again for ever, signed on, tested while they are quiet."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog

from parcela.connectors.iso8583.counters import FAULTS, HOST_LINKS
from parcela.connectors.iso8583.framing import FramingError, frame, read_frame
from parcela.connectors.iso8583.messages import MalformedMessage, Message, read_message, write_message
from parcela.connectors.iso8583.network_management import ECHO, SIGN_ON, answer_network, make_network_request
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.operations.switch_ports import SwitchRecords

_FIRST_DELAY_S, _LAST_DELAY_S = 0.1, 5.0
_MAX_UNSENT_BYTES = 1 << 20

log = structlog.get_logger("parcela.switch")


class HostLink:
    """One connection to the host. `on_answer` gets every message that is no network management."""

    def __init__(
        self,
        address: Address,
        options: SwitchOptions,
        records: SwitchRecords,
        *,
        on_answer: Callable[[Message], None],
    ) -> None:
        self.address = address
        self.is_up = False
        self._options = options
        self._records = records
        self._on_answer = on_answer
        self._writer: asyncio.StreamWriter | None = None
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._heard_at_s = 0.0
        self._owed_since_s: float | None = None
        self._next_stan = 0

    def send(self, raw: bytes) -> bool:
        """Hand a message to the connection; False when the link is down or the host does not read."""
        writer = self._writer
        if not self.is_up or writer is None or writer.is_closing():
            return False
        if writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            FAULTS.labels("host_does_not_read").inc()
            return False
        writer.write(frame(raw, self._options.header))
        if self._owed_since_s is None:
            self._owed_since_s = asyncio.get_running_loop().time()
        return True

    async def run(self) -> None:
        """Keep the link up until it is cancelled."""
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(self.address.host, self.address.port),
                    self._options.echo_timeout_s,
                )
            except (OSError, TimeoutError):
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, _LAST_DELAY_S)
                continue
            self._writer = writer
            try:
                has_served = await self._serve(reader)
            finally:
                self._go_down()
                writer.close()
            delay_s = _FIRST_DELAY_S if has_served else min(delay_s * 2, _LAST_DELAY_S)
            await asyncio.sleep(delay_s)

    async def _serve(self, reader: asyncio.StreamReader) -> bool:
        """Read, and test the link, until it ends; was it up in between?"""
        reading = asyncio.create_task(self._read(reader))
        testing = asyncio.create_task(self._keep_alive())
        try:
            await asyncio.wait({reading, testing}, return_when=asyncio.FIRST_COMPLETED)
            return self.is_up
        finally:
            for task in (reading, testing):
                task.cancel()
            await asyncio.gather(reading, testing, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while True:
                try:
                    raw = await read_frame(reader, self._options.header)
                    if raw is None:
                        return
                    message = read_message(raw, self._options.spec)
                except FramingError as fault:
                    log.warning("host link dropped", host=str(self.address), fault=str(fault))
                    FAULTS.labels("host_framing").inc()
                    return
                except MalformedMessage as fault:
                    log.warning("host message unreadable", host=str(self.address), element=fault.element)
                    FAULTS.labels("host_malformed").inc()
                    continue
                self._heard_at_s, self._owed_since_s = asyncio.get_running_loop().time(), None
                self._take(message)

    def _take(self, message: Message) -> None:
        if message.message_type[1] != "8":
            self._on_answer(message)
        elif message.wants_answer:
            self._write(write_message(answer_network(message), self._options.spec))
        elif (waiting := self._awaited.pop(message.elements.get("11", ""), None)) and not waiting.done():
            waiting.set_result(None)

    async def _keep_alive(self) -> None:
        """Sign on, then send an echo whenever the host is silent; ends when the host does not answer."""
        loop = asyncio.get_running_loop()
        if self._options.signs_on and not await self._ask(SIGN_ON):
            log.warning("host does not answer the sign-on", host=str(self.address))
            return
        self.is_up = True
        HOST_LINKS.inc()
        log.info("host link up", host=str(self.address))
        self._heard_at_s = loop.time()
        while True:
            wait_s = self._test_due_at_s() - loop.time()
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, 1.0))
            elif not await self._ask(ECHO):
                log.warning("host does not answer the echo", host=str(self.address))
                return

    def _test_due_at_s(self) -> float:
        """A host that owes an answer is tested sooner than one that has nothing to say."""
        if self._owed_since_s is not None:
            return self._owed_since_s + self._options.host_timeout_s
        return self._heard_at_s + self._options.echo_interval_s

    async def _ask(self, function: str) -> bool:
        """Send a network management request; does the host answer in time?"""
        self._next_stan = self._next_stan % 999_999 + 1
        stan = f"{self._next_stan:06d}"
        self._awaited[stan] = waiting = asyncio.get_running_loop().create_future()
        request = make_network_request(function, stan=stan, now=self._records.now())
        self._write(write_message(request, self._options.spec))
        try:
            await asyncio.wait_for(waiting, self._options.echo_timeout_s)
        except TimeoutError:
            return False
        finally:
            self._awaited.pop(stan, None)
        return True

    def _write(self, raw: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame(raw, self._options.header))

    def _go_down(self) -> None:
        if self.is_up:
            self.is_up = False
            HOST_LINKS.dec()
            log.warning("host link down", host=str(self.address))
        self._writer = None


class HostLinks:
    """All links to the host; messages take turns over those that are up."""

    def __init__(self, links: Sequence[HostLink]) -> None:
        self._links = list(links)
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = 0

    @property
    def is_up(self) -> bool:
        """Is there a link that works?"""
        return any(link.is_up for link in self._links)

    def start(self) -> None:
        """Begin to connect."""
        self._tasks = [asyncio.create_task(link.run()) for link in self._links]

    async def close(self) -> None:
        """Close every link."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, raw: bytes) -> bool:
        """Send over the next link that takes it; False when none does."""
        for _ in self._links:
            self._turn = (self._turn + 1) % len(self._links)
            if self._links[self._turn].send(raw):
                return True
        return False
