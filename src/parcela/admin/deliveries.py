"""Letters and their tries: to look at, and to send again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from parcela.admin.read import read_flag, read_whole_number
from parcela.admin.routes import Call, Route
from parcela.admin.wire import Answer, Request
from parcela.domain.errors import InvalidInput
from parcela.operations import deliveries
from parcela.operations.deliveries import (
    AttemptRecord,
    LetterFilter,
    LetterHistory,
    LetterRecord,
    Replayed,
)

_LETTER = "/deliveries/{letter_id}"
_FILTER = ("status", "provider_id", "created_from", "created_before", "is_flagged")


class ReplayBody(Request, frozen=True):
    """Which letters to make due now; the window is that of their creation."""

    status: Literal["due", "parked", "delivered"]
    provider_id: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    is_flagged: bool | None = None


class LetterAnswer(Answer, frozen=True):
    """A letter; `subject_id` is the plan it speaks of, `flag` what a person should look at."""

    letter_id: str
    kind: str
    subject_id: str
    provider_id: str
    correlation_id: str
    status: str
    attempts: int
    replays: int
    next_attempt_at: datetime | None
    parked_code: str | None
    parked_reason: str | None
    delivered_at: datetime | None
    flag: str | None
    is_in_flight: bool
    created_at: datetime


class AttemptAnswer(Answer, frozen=True):
    """A try; `request_body` is null where it equals that of the try before, but for its seal."""

    number: int
    outcome: str
    scheduled_at: datetime
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int | None
    http_status: int | None
    failure_kind: str | None
    detail: str | None
    request_url: str | None
    request_headers: dict[str, str] | None
    request_body: str | None
    answer: str | None
    decision: str | None
    reason: str | None
    next_attempt_at: datetime | None


class LetterHistoryAnswer(Answer, frozen=True):
    """A letter with its tries, the first one first."""

    letter: LetterAnswer
    attempts: list[AttemptAnswer]


class LetterList(Answer, frozen=True):
    """Letters, the newest first."""

    items: list[LetterAnswer]


class ReplayedAnswer(Answer, frozen=True):
    """How many letters were made due; `is_complete` is false when there are more than one call takes."""

    count: int
    is_complete: bool


async def list_deliveries(call: Call) -> LetterList:
    """The newest letters of a filter."""
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await deliveries.list_letters(call.engine, call.person, _read_filter(call.query), limit=limit)
    return LetterList(items=[_letter_to_wire(letter) for letter in found])


async def get_delivery(call: Call) -> LetterHistoryAnswer:
    """A letter with its tries."""
    found = await deliveries.view_letter(call.engine, call.person, call.params["letter_id"])
    return _history_to_wire(found)


async def replay_delivery(call: Call) -> LetterAnswer:
    """Make a letter due now."""
    done = await deliveries.replay_letter(
        call.engine, call.person, call.params["letter_id"], once=call.once(_letter_to_wire)
    )
    return _letter_to_wire(done)


async def replay_deliveries(call: Call) -> ReplayedAnswer:
    """Make the letters of a filter due now."""
    body = call.read(ReplayBody)
    wanted = LetterFilter(
        status=body.status,
        provider_id=body.provider_id,
        created_from=_check_offset("created_from", body.created_from),
        created_before=_check_offset("created_before", body.created_before),
        is_flagged=body.is_flagged,
    )
    return _replayed_to_wire(
        await deliveries.replay_letters(call.engine, call.person, wanted, once=call.once(_replayed_to_wire))
    )


def _read_filter(query: Mapping[str, str]) -> LetterFilter:
    flagged = query.get("is_flagged")
    return LetterFilter(
        status=query.get("status"),
        provider_id=query.get("provider_id"),
        created_from=_read_instant("created_from", query),
        created_before=_read_instant("created_before", query),
        is_flagged=None if flagged is None else read_flag("is_flagged", flagged),
    )


def _read_instant(name: str, query: Mapping[str, str]) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return _check_offset(name, msgspec.convert(text, datetime))
    except msgspec.ValidationError:
        raise InvalidInput(name, "a date and time such as 2026-01-31T00:00:00Z", came=repr(text)) from None


def _check_offset(name: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise InvalidInput(name, "a date and time with an offset", came=str(at))
    return at


def _letter_to_wire(letter: LetterRecord) -> LetterAnswer:
    return LetterAnswer(**{name: getattr(letter, name) for name in LetterAnswer.__struct_fields__})


def _attempt_to_wire(attempt: AttemptRecord) -> AttemptAnswer:
    return AttemptAnswer(**{name: getattr(attempt, name) for name in AttemptAnswer.__struct_fields__})


def _history_to_wire(history: LetterHistory) -> LetterHistoryAnswer:
    return LetterHistoryAnswer(
        letter=_letter_to_wire(history.letter),
        attempts=[_attempt_to_wire(attempt) for attempt in history.attempts],
    )


def _replayed_to_wire(done: Replayed) -> ReplayedAnswer:
    return ReplayedAnswer(count=done.count, is_complete=done.is_complete)


DELIVERY_ROUTES = (
    Route(
        method="GET",
        path="/deliveries",
        handler=list_deliveries,
        summary="The newest letters to issuers",
        answer=LetterList,
        query=(*_FILTER, "limit"),
    ),
    Route(
        method="POST",
        path="/deliveries/replay",
        handler=replay_deliveries,
        summary="Make the letters of a filter due now",
        body=ReplayBody,
        answer=ReplayedAnswer,
        takes_key=True,
    ),
    Route(
        method="GET",
        path=_LETTER,
        handler=get_delivery,
        summary="A letter with its tries",
        answer=LetterHistoryAnswer,
    ),
    Route(
        method="POST",
        path=f"{_LETTER}/replay",
        handler=replay_delivery,
        summary="Make a letter due now",
        answer=LetterAnswer,
        takes_key=True,
    ),
)
