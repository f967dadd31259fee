"""A simulated issuer host: a TCP server that decides on card messages, with documented amounts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from parcela.connectors.iso8583.enrichment import NotEnriched, PlanPlace, find_plan_id, read_question
from parcela.connectors.iso8583.fields import FieldSpec
from parcela.connectors.iso8583.framing import FramingError, LengthHeader, frame, read_frame
from parcela.connectors.iso8583.messages import (
    MalformedMessage,
    Message,
    make_response,
    read_message,
    write_message,
)
from parcela.connectors.iso8583.network_management import answer_network
from parcela.connectors.iso8583.options import Address
from parcela.connectors.simulated.documented_amounts import Timing, find_behaviour
from parcela.operations.authorization_book import AuthorizationBook, HostAnswer, HostRequest
from parcela.operations.switch_ports import RecordsUnavailable

FORMAT_ERROR, NOT_SUPPORTED, SYSTEM_MALFUNCTION = "30", "40", "96"
_AUTHORIZATIONS = ("10", "20")
_KEPT = ("12", "13", "18", "22", "32", "42", "43")

log = structlog.get_logger("parcela.issuer_host")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Encoding, the place of the plan id, and how late a late answer comes, in seconds."""

    spec: FieldSpec
    header: LengthHeader = LengthHeader.BINARY_2
    place: PlanPlace
    late_after_s: float = 20.0


class SimulatedIssuerHost:
    """Answers every request of its connections by the book."""

    def __init__(self, options: HostOptions, book: AuthorizationBook) -> None:
        self._options = options
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._decide: dict[str, Callable[[HostRequest], Awaitable[HostAnswer]]] = {
            "10": book.authorize,
            "12": book.advise,
            "20": book.authorize,
            "22": book.advise,
            "40": book.reverse,
            "42": book.reverse,
        }

    async def start(self, listen: Address) -> Address:
        """Begin to serve; gives the address, with the port that was chosen if 0 was asked for."""
        self._server = await asyncio.start_server(self._serve, listen.host, listen.port)
        return Address(listen.host, int(self._server.sockets[0].getsockname()[1]))

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._hold(task)
        try:
            while (raw := await read_frame(reader, self._options.header)) is not None:
                self._hold(asyncio.create_task(self._handle(raw, writer)))
        except (OSError, FramingError) as fault:
            log.warning("connection dropped", fault=type(fault).__name__)
        except asyncio.CancelledError:
            # The stream's own task is cancelled when the host closes.
            pass
        finally:
            writer.close()

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            message = read_message(raw, self._options.spec)
        except MalformedMessage as fault:
            log.warning("message unreadable", element=fault.element)
            return
        if not message.wants_answer:
            return
        elements, delay_s = await self._answer(message)
        if delay_s is None:
            return
        await asyncio.sleep(delay_s)
        if not writer.is_closing():
            writer.write(frame(write_message(elements, self._options.spec), self._options.header))

    async def _answer(self, message: Message) -> tuple[dict[str, str], float | None]:
        """The elements of the answer, and the seconds until it is sent, None for never."""
        if message.message_type[1] == "8":
            return answer_network(message), 0
        kind = message.message_type[1:3]
        decide = self._decide.get(kind)
        if decide is None:
            return make_response(message.elements, NOT_SUPPORTED), 0
        try:
            question = read_question(message)
        except NotEnriched:
            return make_response(message.elements, FORMAT_ERROR), 0
        behaviour = find_behaviour(question.amount_minor if kind in _AUTHORIZATIONS else 0)
        request = HostRequest(
            question=question,
            plan_id=find_plan_id(message, self._options.place),
            elements={name: message.elements[name] for name in _KEPT if name in message.elements},
            forced_code=behaviour.response_code,
            is_financial=kind[0] == "2",
            replacement_minor=_read_replacement(message),
        )
        try:
            answer = await decide(request)
        except RecordsUnavailable as fault:
            log.warning("the book is away", fault=str(fault))
            return make_response(message.elements, SYSTEM_MALFUNCTION), 0
        log.info("decided", type=message.message_type, code=answer.response_code, plan=request.plan_id)
        delays = {Timing.AT_ONCE: 0.0, Timing.LATE: self._options.late_after_s, Timing.NEVER: None}
        code = {} if answer.authorization_code is None else {"38": answer.authorization_code}
        return make_response(message.elements, answer.response_code, **code), delays[behaviour.timing]


def _read_replacement(message: Message) -> int:
    """DE 95 begins with the amount that a partial reversal leaves standing (12 digits)."""
    text = (message.get(95) or "")[:12]
    return int(text) if len(text) == 12 and text.isascii() and text.isdigit() else 0
