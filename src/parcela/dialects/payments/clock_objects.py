"""The test clock on the wire (`spec/payments.md` §16)."""

from parcela.dialects.payments.wire_values import (
    Document,
    WireObject,
    to_document,
    write_instant,
    write_instant_or_none,
)
from parcela.operations.payments.test_clock import Advanced, ClockState


class ClockObject(WireObject):
    """The account's clock: `offset_seconds` is how far it is ahead, `due` how much is still being done."""

    object: str
    now: int
    offset_seconds: int
    due: int
    next_due_at: int | None
    livemode: bool


class FiredObject(WireObject):
    """How many events of a type were told."""

    type: str
    count: int


class AdvancedObject(WireObject):
    """What a move of the clock did; `events` is the number of events in all."""

    object: str
    now: int
    previous: int
    fired: list[FiredObject]
    events: int
    livemode: bool


def render_clock(state: ClockState) -> Document:
    """`test_clock`."""
    return to_document(
        ClockObject(
            object="test_clock",
            now=write_instant(state.now),
            offset_seconds=int(state.offset.total_seconds()),
            due=state.due,
            next_due_at=write_instant_or_none(state.next_due_at),
            livemode=False,
        )
    )


def render_advanced(advanced: Advanced) -> Document:
    """`test_clock_advance`."""
    return to_document(
        AdvancedObject(
            object="test_clock_advance",
            now=write_instant(advanced.now),
            previous=write_instant(advanced.previous),
            fired=[FiredObject(type=type_, count=count) for type_, count in advanced.fired.items()],
            events=advanced.events,
            livemode=False,
        )
    )
