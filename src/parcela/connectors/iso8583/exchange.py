"""One request carried to the issuer host and its answer back, with every way in which that can fail."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from parcela.connectors.iso8583.correlation import Exchange, Exchanges
from parcela.connectors.iso8583.counters import ANSWERS, FAULTS
from parcela.connectors.iso8583.host_link import HostLinks
from parcela.connectors.iso8583.messages import Message, make_response, write_message
from parcela.connectors.iso8583.options import SwitchOptions
from parcela.connectors.iso8583.planning import Prepared
from parcela.connectors.iso8583.reversals import APPROVALS, REVERSED_TYPES, Reversals, make_unanswered
from parcela.operations.switch_ports import (
    RecordsUnavailable,
    ReversalReason,
    SwitchRecords,
    UnansweredAuthorization,
)

ISSUER_UNAVAILABLE = "91"

log = structlog.get_logger("parcela.switch")


class Carrier:
    """Carries requests over the host links. Nothing here raises: there is always an answer."""

    def __init__(self, options: SwitchOptions, records: SwitchRecords) -> None:
        self.links = HostLinks([])
        self._options = options
        self._records = records
        self._exchanges = Exchanges()
        self.reversals = Reversals(options, records, self._ask)
        self._background: set[asyncio.Task[Any]] = set()

    def take_answer(self, answer: Message) -> None:
        """A message from the host: the answer to one of the requests, or nothing that we asked for."""
        exchange = self._exchanges.find(answer) if answer.is_answer else None
        if exchange is None:
            FAULTS.labels("answer_without_request").inc()
            return
        exchange.answer.set_result(answer)

    async def carry(self, message: Message, prepared: Prepared) -> bytes:
        """The bytes for the acquirer: the host's answer as it came, or one of ours with DE 39 = 91."""
        exchange = Exchange(message)
        has_sent = await self._send(exchange, prepared.raw)
        if not has_sent:
            return self._answer_unavailable(message)
        answer = await self._wait(exchange, self._options.host_timeout_s)
        if answer is None:
            exchange.is_expired = True
            self.run_aside(self._follow_up(exchange, prepared))
            return self._answer_unavailable(message)
        self._exchanges.remove(exchange)
        code = answer.get(39) or ""
        ANSWERS.labels("host", code).inc()
        for twin in self._exchanges.list_expired_twins(exchange):
            # The acquirer learns the outcome now: its earlier tries need no reversal.
            if not twin.answer.done():
                twin.is_told = True
                twin.answer.set_result(answer)
        if code and code not in APPROVALS and message.message_type in REVERSED_TYPES:
            self.run_aside(self._note_decline(prepared))
        return answer.raw

    def forward(self, raw: bytes) -> None:
        """Send a message that nobody answers."""
        if not self.links.send(raw):
            FAULTS.labels("notification_lost").inc()

    async def note_undelivered(self, message: Message, prepared: Prepared) -> None:
        """The acquirer left before it had the host's approval: the purchase must not stay approved."""
        authorization = make_unanswered(message, prepared.plan_id)
        if message.message_type in REVERSED_TYPES and authorization is not None:
            attempt_id = await self.reversals.note(authorization)
            await self._reverse(attempt_id, authorization, "undelivered")

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that no acquirer waits for."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end_aside)

    def _end_aside(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            FAULTS.labels("internal").inc()
            log.error("work aside failed", fault=type(task.exception()).__name__, exc_info=task.exception())

    async def close(self) -> None:
        """Stop what runs aside; the records say what is still open."""
        await self.reversals.close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _ask(self, message: Message) -> Message | None:
        """A request of our own; None when the host does not answer."""
        exchange = Exchange(message)
        if not await self._send(exchange, message.raw):
            return None
        answer = await self._wait(exchange, self._options.host_timeout_s)
        self._exchanges.remove(exchange)
        return answer

    async def _send(self, exchange: Exchange, raw: bytes) -> bool:
        """Send once nothing outstanding can be confused with it; False when it could not be sent."""
        deadline_s = asyncio.get_running_loop().time() + self._options.host_timeout_s
        while conflict := self._exchanges.find_conflict(exchange):
            FAULTS.labels("trace_number_in_use").inc()
            left_s = deadline_s - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(conflict.settled.wait(), max(left_s, 0))
            except TimeoutError:
                return False
        if not self.links.send(raw):
            return False
        self._exchanges.add(exchange)
        return True

    async def _wait(self, exchange: Exchange, timeout_s: float) -> Message | None:
        await asyncio.wait({exchange.answer}, timeout=timeout_s)
        return exchange.answer.result() if exchange.answer.done() else None

    async def _follow_up(self, exchange: Exchange, prepared: Prepared) -> None:
        """After an answer of ours: find out what the host decided, and void what it approved."""
        message = exchange.message
        authorization = make_unanswered(message, prepared.plan_id)
        may_hold_money = message.message_type in REVERSED_TYPES and authorization is not None
        attempt_id = None
        if may_hold_money and authorization is not None:
            attempt_id = await self.reversals.note(authorization)
        answer = await self._wait(exchange, self._options.late_window_s)
        self._exchanges.remove(exchange)
        if not may_hold_money or authorization is None:
            return
        if answer is None:
            await self._reverse(attempt_id, authorization, "no_answer")
        elif answer.get(39) not in APPROVALS:
            await self.reversals.settle(attempt_id, "declined", answer.get(39))
            await self._note_decline(prepared)
        elif exchange.is_told:
            await self.reversals.settle(attempt_id, "answered", answer.get(39))
        else:
            late = {**authorization.elements, **_pick(answer, "38")}
            told = UnansweredAuthorization(
                digits=authorization.digits, plan_id=authorization.plan_id, elements=late
            )
            await self._reverse(attempt_id, told, "late_approval")

    async def _reverse(
        self, attempt_id: str | None, authorization: UnansweredAuthorization, reason: ReversalReason
    ) -> None:
        log.warning("authorization to be reversed", reason=reason)
        await self.reversals.reverse(attempt_id, authorization, reason)

    async def _note_decline(self, prepared: Prepared) -> None:
        match = prepared.find_match()
        if match is None or match.authorization_id is None:
            return
        try:
            await self._records.note_decline(match.authorization_id)
        except RecordsUnavailable as fault:
            log.warning("decline not on record", fault=str(fault))

    def _answer_unavailable(self, message: Message) -> bytes:
        ANSWERS.labels("switch", ISSUER_UNAVAILABLE).inc()
        return write_message(make_response(message.elements, ISSUER_UNAVAILABLE), self._options.spec)


def _pick(message: Message, name: str) -> dict[str, str]:
    return {name: message.elements[name]} if name in message.elements else {}
