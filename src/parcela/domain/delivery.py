"""What becomes of a letter after a try: delivered, tried again at an instant, or parked for a person.

The ladder of tries is exact: instants count from an anchor, so that slow answers and slow polls never add
up; only a try that was itself late moves the anchor (`spec/network.md` §9, `spec/payments.md` §11.4).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LATE = timedelta(seconds=5)
"""How late a try may start before the ladder counts from it anew."""

ALARM_HOURS = (1, 6, 24)
"""Ages of an undelivered letter that are told to an operator, once each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Seconds between the starts of tries: `first` once, then `repeated` for ever, or no further try."""

    first_s: tuple[int, ...]
    repeated_s: tuple[int, ...] = ()

    def find_offset(self, step: int) -> timedelta | None:
        """When try `step` (from 0) is due, counted from try 0; None beyond the end of a finite ladder."""
        if step <= len(self.first_s):
            return timedelta(seconds=sum(self.first_s[:step]))
        if not self.repeated_s:
            return None
        rounds, rest = divmod(step - len(self.first_s), len(self.repeated_s))
        repeated_s = rounds * sum(self.repeated_s) + sum(self.repeated_s[:rest])
        return timedelta(seconds=sum(self.first_s) + repeated_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How letters of one kind are tried. An answer that is neither delivered nor retried parks the letter.

    `late` is how late a try may start before the ladder counts from it anew. With a status of
    `deferred_statuses` the other side may name a later instant for the next try (`Retry-After`).
    """

    ladder: Ladder
    delivered_statuses: frozenset[int]
    retried_statuses: frozenset[int]
    deferred_statuses: frozenset[int] = frozenset()
    late: timedelta = LATE
    render_tries: int = 3
    render_delay: timedelta = timedelta(minutes=1)


NETWORK_RULES = DeliveryRules(
    ladder=Ladder(first_s=(60, 60, 60), repeated_s=(3600, 60, 60)),
    delivered_statuses=frozenset({201}),
    retried_statuses=frozenset(range(500, 600)),
)
"""`spec/network.md` §9: 201 alone delivers, 5XX and no answer are repeated for ever, the rest parks."""

MAX_DEFERRAL = timedelta(hours=24)
"""How long a receiver may put the next try off."""

GONE = 410
_SUCCESSES = frozenset(range(200, 300))

WEBHOOK_RULES = DeliveryRules(
    ladder=Ladder(first_s=(60, 300, 1800, 7200, 86_400)),
    delivered_statuses=_SUCCESSES,
    retried_statuses=frozenset(range(100, 600)) - _SUCCESSES - {GONE},
    deferred_statuses=frozenset({429, 503}),
    late=timedelta(0),
)
"""`spec/payments.md` §11.4: six tries, each counted from the start of the one before; 410 ends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a letter stands: its next try is `step` of the ladder that began at `anchor_at`."""

    anchor_at: datetime
    step: int = 0
    render_failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The other side answered. `flag` says what a person should look at in an answer that delivers.

    `retry_after` is how long it asked to be left alone.
    """

    status: int
    flag: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No HTTP answer came: the kind of failure (`OutboundFailure.kind`) and a sentence about it."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRendered:
    """The letter could not be written: a key is missing, or its record makes the encoder fail."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why letters to a destination wait without a try. They are released when it is gone."""

    code: str
    reason: str


NO_DESTINATION = Obstacle(code="no_destination", reason="the issuer has no notification destination")
NOTIFICATIONS_OFF = Obstacle(code="notifications_off", reason="the issuer has notifications switched off")
REFUSED, EXHAUSTED = "refused", "exhausted"
"""Codes of letters that wait for a person: after an answer that is not tried again, or after the last try."""

TryResult = Answered | NoAnswer | NotRendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The letter is with its receiver; a `flag` asks a person to look at the answer."""

    flag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """The next try, and why there is one."""

    at: datetime
    position: Position
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """The letter waits: for a person, or for what the code names to change."""

    code: str
    reason: str
    position: Position


Decision = Delivered | TryAgain | Parked


def decide_after_try(
    rules: DeliveryRules,
    position: Position,
    result: TryResult,
    *,
    scheduled_at: datetime,
    started_at: datetime,
) -> Decision:
    """What follows from the result of the try at `position`, which was due at `scheduled_at`."""
    if isinstance(result, NotRendered):
        return _decide_after_render(rules, position, result, started_at=started_at)
    if isinstance(result, NoAnswer):
        return _decide_after_failure(
            rules,
            position,
            f"no answer ({result.kind}): {result.detail}",
            scheduled_at=scheduled_at,
            started_at=started_at,
        )
    if result.status in rules.delivered_statuses:
        return Delivered(flag=result.flag)
    reason = f"the receiver answered {result.status}"
    if result.status in rules.retried_statuses:
        decision = _decide_after_failure(
            rules, position, reason, scheduled_at=scheduled_at, started_at=started_at
        )
        return _defer(rules, decision, result, started_at=started_at)
    return Parked(code=REFUSED, reason=f"{reason}, which is not tried again by itself", position=position)


def _decide_after_failure(
    rules: DeliveryRules, position: Position, reason: str, *, scheduled_at: datetime, started_at: datetime
) -> Decision:
    """The next rung; a try that was late keeps the distances of the rungs after it."""
    offset = rules.ladder.find_offset(position.step)
    following = rules.ladder.find_offset(position.step + 1)
    if offset is None or following is None:
        return Parked(code=EXHAUSTED, reason=f"{reason}; that was the last try", position=position)
    is_late = started_at - scheduled_at > rules.late
    anchor_at = started_at - offset if is_late else position.anchor_at
    moved = Position(anchor_at=anchor_at, step=position.step + 1)
    return TryAgain(at=anchor_at + following, position=moved, reason=reason)


def _defer(rules: DeliveryRules, decision: Decision, result: Answered, *, started_at: datetime) -> Decision:
    """The next try, not before the receiver wants it; the rungs after it keep their distances."""
    if result.retry_after is None or result.status not in rules.deferred_statuses:
        return decision
    wanted_at = started_at + min(result.retry_after, MAX_DEFERRAL)
    if not isinstance(decision, TryAgain) or wanted_at <= decision.at:
        return decision
    anchor_at = decision.position.anchor_at + (wanted_at - decision.at)
    reason = f"{decision.reason}, and asked to be tried later"
    return TryAgain(at=wanted_at, position=replace(decision.position, anchor_at=anchor_at), reason=reason)


def _decide_after_render(
    rules: DeliveryRules, position: Position, result: NotRendered, *, started_at: datetime
) -> Decision:
    """Nothing was sent, so the rung stays, later by the delay; after a few such tries a person must look."""
    failures = position.render_failures + 1
    reason = f"not sent: {result.detail}"
    if failures >= rules.render_tries:
        parked = replace(position, render_failures=failures)
        return Parked(code=result.code, reason=f"{reason} ({failures} tries)", position=parked)
    at = started_at + rules.render_delay
    offset = rules.ladder.find_offset(position.step)
    assert offset is not None, "a letter past its last rung is parked"
    moved = Position(anchor_at=at - offset, step=position.step, render_failures=failures)
    return TryAgain(at=at, position=moved, reason=reason)


def name_outcome(result: TryResult, decision: Decision) -> str:
    """The word for a try in records and metrics."""
    if isinstance(result, NotRendered):
        return "not_rendered"
    if isinstance(decision, Delivered):
        return "delivered"
    is_refusal = isinstance(decision, Parked) and decision.code == REFUSED
    return "refused" if is_refusal else "failed"
