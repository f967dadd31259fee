"""Authorizations that the acquirer was not told of: kept on record until the host has voided them.

Nobody knows what a silent host decided. An approval that comes late, one that cannot be delivered, and one
that never comes are reversed with 0420, sent again as 0421 until the host acknowledges it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from parcela.connectors.iso8583.counters import REVERSALS
from parcela.connectors.iso8583.enrichment import NotEnriched, add_plan_id
from parcela.connectors.iso8583.messages import Message, read_message, write_message
from parcela.connectors.iso8583.options import SwitchOptions
from parcela.operations.switch_ports import (
    OpenAttempt,
    RecordsUnavailable,
    ReversalReason,
    SettledState,
    SwitchRecords,
    UnansweredAuthorization,
)

REVERSED_TYPES = frozenset({"0100", "0101", "0200", "0201"})
"""Requests that move or hold money when they are approved."""
APPROVALS = frozenset({"00", "08", "10", "11", "16", "85"})
"""Values of DE 39 with which an issuer takes on the purchase, in whole or in part."""

_KEPT = ("t", "3", "4", "7", "11", "12", "13", "18", "32", "33", "37", "38", "41", "42", "49")
_MAX_DUE = 10_000
_MAX_AT_ONCE = 16
_RESPONSE_TOO_LATE = "68"

Ask = Callable[[Message], Awaitable[Message | None]]
log = structlog.get_logger("parcela.switch")


def make_unanswered(message: Message, plan_id: str | None) -> UnansweredAuthorization | None:
    """What a reversal needs of an authorization; None when it names no card."""
    digits = message.get(2)
    if digits is None:
        return None
    kept = {name: message.elements[name] for name in _KEPT if name in message.elements}
    return UnansweredAuthorization(digits=digits, plan_id=plan_id, elements=kept)


def compose_reversal(authorization: UnansweredAuthorization, *, is_repeat: bool) -> dict[str, str]:
    """The elements of a 0420 (0421 when repeated) for an authorization that counts as not given."""
    sent = authorization.elements
    original = "".join(
        (
            sent["t"],
            sent.get("11", "").zfill(6)[-6:],
            sent.get("7", "").zfill(10)[-10:],
            sent.get("32", "").zfill(11)[-11:],
            sent.get("33", "").zfill(11)[-11:],
        )
    )
    elements = {name: text for name, text in sent.items() if name != "t"}
    return {
        **elements,
        "t": "0421" if is_repeat else "0420",
        "2": authorization.digits,
        "39": _RESPONSE_TOO_LATE,
        "90": original,
    }


class Reversals:
    """Voids at the host what an acquirer does not know to be approved."""

    def __init__(self, options: SwitchOptions, records: SwitchRecords, ask: Ask) -> None:
        self._options = options
        self._records = records
        self._ask = ask
        self._due: asyncio.Queue[OpenAttempt] = asyncio.Queue(_MAX_DUE)
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what an earlier run left open."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(_MAX_AT_ONCE)]
        try:
            for attempt in await self._records.list_open():
                self._put(attempt)
        except RecordsUnavailable as fault:
            log.warning("open reversals not read", fault=str(fault))

    async def close(self) -> None:
        """Stop; what is on record is taken up again at the next start."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def note(self, authorization: UnansweredAuthorization) -> str | None:
        """Put an authorization with an unknown outcome on record; None while the records are away."""
        try:
            return await self._records.note_unanswered(authorization)
        except RecordsUnavailable as fault:
            log.warning("unanswered authorization not on record", fault=str(fault))
            return None

    async def settle(
        self, attempt_id: str | None, state: SettledState, response_code: str | None = None
    ) -> None:
        """The outcome is known."""
        if attempt_id is None:
            return
        try:
            await self._records.note_settled(attempt_id, state, response_code)
        except RecordsUnavailable as fault:
            log.warning("outcome not on record", attempt=attempt_id, state=state, fault=str(fault))

    async def reverse(
        self, attempt_id: str | None, authorization: UnansweredAuthorization, reason: ReversalReason
    ) -> None:
        """Have an authorization voided at the host, also while the records are away."""
        if attempt_id is not None:
            try:
                await self._records.note_reversal_due(attempt_id, reason)
            except RecordsUnavailable as fault:
                log.warning("reversal not on record", attempt=attempt_id, fault=str(fault))
        self._put(OpenAttempt(attempt_id=attempt_id or "", reason=reason, authorization=authorization))

    def _put(self, attempt: OpenAttempt) -> None:
        try:
            self._due.put_nowait(attempt)
        except asyncio.QueueFull:
            # It is on record, and the next start takes it up.
            REVERSALS.labels(attempt.reason, "postponed").inc()

    async def _work(self) -> None:
        while True:
            attempt = await self._due.get()
            answer = await self._send(attempt)
            code = answer.get(39)
            REVERSALS.labels(attempt.reason, "acknowledged").inc()
            log.info("authorization reversed", reason=attempt.reason, code=code)
            await self.settle(attempt.attempt_id or None, "reversed", code)

    async def _send(self, attempt: OpenAttempt) -> Message:
        """Send until the host answers, each time with the same contents but the type."""
        is_repeat = False
        while True:
            message = self._write(compose_reversal(attempt.authorization, is_repeat=is_repeat), attempt)
            answer = await self._ask(message)
            if answer is not None:
                return answer
            is_repeat = True
            await asyncio.sleep(self._options.host_timeout_s)

    def _write(self, elements: Mapping[str, str], attempt: OpenAttempt) -> Message:
        spec = self._options.spec
        message = read_message(write_message(elements, spec), spec)
        if attempt.authorization.plan_id is None:
            return message
        try:
            raw = add_plan_id(message, attempt.authorization.plan_id, self._options.place, spec)
        except NotEnriched:
            return message
        return read_message(raw, spec)
