"""One try: the letter is written, sent, its answer read, and what follows decided."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from parcela.delivery.masking import hash_shown_body, mask_answer, mask_detail, mask_text
from parcela.delivery.retry_after import read_retry_after
from parcela.domain.delivery import (
    Answered,
    NoAnswer,
    NotRendered,
    TryResult,
    decide_after_try,
    name_outcome,
)
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry, TryRecord, TrySight
from parcela.operations.engine import Engine, World
from parcela.operations.letter_rendering import CannotRender, Draft, LetterRenderer, RenderedLetter
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundHttp, OutboundLimits

log = structlog.get_logger("parcela.delivery")


@dataclass(slots=True)
class _Sighting:
    """What a try has shown so far."""

    started_at: datetime
    rendered: RenderedLetter | None = None
    answer: OutboundAnswer | None = field(default=None, repr=False)


class Courier:
    """Makes tries; whatever the other side or a letter's record does ends in a recorded outcome."""

    def __init__(
        self,
        engine: Engine,
        http: OutboundHttp,
        renderers: Mapping[str, LetterRenderer],
        *,
        limits: OutboundLimits,
    ) -> None:
        self._engine = engine
        self._http = http
        self._renderers = renderers
        self._limits = limits

    async def make_try(self, letter: ClaimedLetter, draft: Draft | None, world: World) -> FinishedTry:
        """Try a letter once, as of `world`. Raises nothing but the cancellation of its task."""
        started_s = self._engine.clock.monotonic_s()
        renderer = self._renderers[letter.kind]
        seen = _Sighting(started_at=world.now)
        result = await self._send(draft, renderer, seen, world)
        decision = decide_after_try(
            renderer.rules,
            letter.position,
            result,
            scheduled_at=letter.scheduled_at,
            started_at=seen.started_at,
        )
        duration_s = self._engine.clock.monotonic_s() - started_s
        record = TryRecord(
            outcome=name_outcome(result, decision),
            started_at=seen.started_at,
            finished_at=self._engine.recall().now,
            duration_ms=round(duration_s * 1000),
            seen=_describe(letter, result, seen),
        )
        return FinishedTry(letter=letter, record=record, decision=decision)

    async def _send(
        self, draft: Draft | None, renderer: LetterRenderer, seen: _Sighting, world: World
    ) -> TryResult:
        if draft is None:
            return NotRendered(
                code="subject_gone", detail="the record that the letter speaks of is not there"
            )
        try:
            seen.rendered = draft(world)
        except CannotRender as reason:
            return NotRendered(code=reason.code, detail=mask_detail(reason.detail))
        except Exception as fault:  # noqa: BLE001 - whatever a record makes the encoder raise
            # A poisonous record parks its own letter, and says where it broke, never what it held.
            frame = traceback.extract_tb(fault.__traceback__)[-1]
            name = type(fault).__name__
            log.error("letter cannot be written", fault=name, at=f"{frame.filename}:{frame.lineno}")
            return NotRendered(code="cannot_render", detail=f"writing the letter failed ({name})")
        try:
            http = seen.rendered.http or self._http
            seen.answer = await http.post(seen.rendered.request, self._limits)
        except OutboundFailure as failure:
            return NoAnswer(kind=failure.kind, detail=mask_detail(failure.detail, seen.rendered.secrets))
        if seen.answer.status not in renderer.rules.delivered_statuses:
            retry_after = read_retry_after(seen.answer.headers, real_now=world.real_now)
            return Answered(status=seen.answer.status, retry_after=retry_after)
        flag = renderer.find_flag(seen.answer)
        masked = None if flag is None else mask_detail(flag, seen.rendered.secrets)
        return Answered(status=seen.answer.status, flag=masked)


def _describe(letter: ClaimedLetter, result: TryResult, seen: _Sighting) -> TrySight:
    """What of request and answer is kept."""
    kind, detail, status = None, None, None
    if isinstance(result, NoAnswer):
        kind, detail = result.kind, result.detail
    elif isinstance(result, NotRendered):
        kind, detail = result.code, result.detail
    elif isinstance(result, Answered):
        status = result.status
    rendered, answer = seen.rendered, seen.answer
    if rendered is None:
        return TrySight(failure_kind=kind, detail=detail)
    shown = mask_text(rendered.shown_body, rendered.secrets)
    digest = hash_shown_body(shown)
    is_known = digest == letter.shown_digest
    return TrySight(
        http_status=status,
        failure_kind=kind,
        detail=detail,
        url=rendered.request.url,
        headers=rendered.shown_headers,
        shown_body=None if is_known else shown,
        shown_digest=None if is_known else digest,
        answer=None if answer is None else mask_answer(answer.body, rendered.secrets),
    )
