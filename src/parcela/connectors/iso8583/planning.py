"""Finding the plan of a message within its deadline; whatever goes wrong, the message goes on without.

A search that takes too long is not broken off: what it binds is carried by later messages of the purchase.
"""

import asyncio
from dataclasses import dataclass

import structlog

from parcela.connectors.iso8583.counters import ENRICHMENTS
from parcela.connectors.iso8583.enrichment import ENRICHED_TYPES, NotEnriched, add_plan_id, read_question
from parcela.connectors.iso8583.messages import Message
from parcela.connectors.iso8583.options import SwitchOptions
from parcela.domain.matching import AuthorizationQuestion, MatchOutcome, PlanMatch
from parcela.operations.switch_ports import SwitchRecords

log = structlog.get_logger("parcela.switch")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message as it goes to the host, and the search for its plan where there was one."""

    raw: bytes
    plan_id: str | None = None
    search: "asyncio.Task[PlanMatch] | None" = None

    def find_match(self) -> PlanMatch | None:
        """What the search came to, if it has ended."""
        if self.search is None or not self.search.done() or self.search.cancelled():
            return None
        return None if self.search.exception() is not None else self.search.result()


class PlanSearch:
    """Searches of one switch: at most `max_lookups` at once, one after the other for each card."""

    def __init__(self, options: SwitchOptions, records: SwitchRecords) -> None:
        self._options = options
        self._records = records
        self._is_failing = False
        self._slots = asyncio.Semaphore(options.max_lookups)
        self._running: set[asyncio.Task[PlanMatch]] = set()
        self._last_of_card: dict[str, asyncio.Task[PlanMatch]] = {}

    @property
    def is_busy(self) -> bool:
        """Does any search run?"""
        return bool(self._running)

    async def prepare(self, message: Message) -> Prepared:
        """The message for the host, with its plan id if there is one. Raises nothing."""
        if message.message_type not in ENRICHED_TYPES:
            return Prepared(message.raw)
        search = None
        deadline_s = asyncio.get_running_loop().time() + self._options.lookup_timeout_s
        try:
            question = read_question(message)
            await self._take_slot(deadline_s)
            search = self._begin(question)
            match = await self._await(search, deadline_s)
            raw = self._enrich(message, match)
        except NotEnriched as skipped:
            ENRICHMENTS.labels(skipped.reason).inc()
            return Prepared(message.raw, None, search)
        ENRICHMENTS.labels("enriched").inc()
        return Prepared(raw, match.plan_id, search)

    async def close(self) -> None:
        """End the searches that still run."""
        for search in self._running:
            search.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1)

    def _enrich(self, message: Message, match: PlanMatch) -> bytes:
        if match.plan_id is None:
            is_doubt = match.outcome is MatchOutcome.AMBIGUOUS
            raise NotEnriched("ambiguous" if is_doubt else "no_plan")
        return add_plan_id(message, match.plan_id, self._options.place, self._options.spec)

    async def _take_slot(self, deadline_s: float) -> None:
        """Wait until one search less runs. Raises NotEnriched."""
        if self._slots.locked():
            try:
                await asyncio.wait_for(self._slots.acquire(), _remaining_s(deadline_s))
            except TimeoutError:
                raise NotEnriched("busy") from None
        else:
            await self._slots.acquire()

    def _begin(self, question: AuthorizationQuestion) -> "asyncio.Task[PlanMatch]":
        """Start a search, behind the one that runs for the same card: messages of a card keep their order."""
        previous = self._last_of_card.get(question.digits)

        async def search() -> PlanMatch:
            if previous is not None:
                await asyncio.wait({previous})
            return await self._records.find_plan(question)

        task = asyncio.create_task(search())
        self._running.add(task)
        self._last_of_card[question.digits] = task
        task.add_done_callback(lambda done: self._forget(done, question.digits))
        return task

    def _forget(self, task: "asyncio.Task[PlanMatch]", digits: str) -> None:
        self._running.discard(task)
        self._slots.release()
        if self._last_of_card.get(digits) is task:
            del self._last_of_card[digits]
        if not task.cancelled():
            self._note_health(task.exception())

    def _note_health(self, fault: BaseException | None) -> None:
        """Say once that searches fail, and once that they work again; counters tell the rest."""
        if fault is not None and not self._is_failing:
            log.warning("plan searches fail", fault=type(fault).__name__)
        elif fault is None and self._is_failing:
            log.info("plan searches work again")
        self._is_failing = fault is not None

    async def _await(self, search: "asyncio.Task[PlanMatch]", deadline_s: float) -> PlanMatch:
        done, _ = await asyncio.wait({search}, timeout=_remaining_s(deadline_s))
        if not done:
            raise NotEnriched("timeout")
        if search.cancelled() or search.exception() is not None:
            raise NotEnriched("unavailable")
        return search.result()


def _remaining_s(deadline_s: float) -> float:
    return max(deadline_s - asyncio.get_running_loop().time(), 0.0)
