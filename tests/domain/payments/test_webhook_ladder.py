"""When webhooks are tried again (`spec/payments.md` §11.4)."""

from datetime import UTC, datetime, timedelta

import pytest

from parcela.domain.delivery import (
    WEBHOOK_RULES,
    Answered,
    Delivered,
    NoAnswer,
    Parked,
    Position,
    TryAgain,
    TryResult,
    decide_after_try,
)

START = datetime(2026, 7, 1, tzinfo=UTC)
SILENCE = NoAnswer(kind="timeout", detail="no answer in 15 s")


def decide(result: TryResult, *, step: int = 0, late_s: float = 0) -> Delivered | TryAgain | Parked:
    """After a try at START that was due `late_s` before."""
    scheduled_at = START - timedelta(seconds=late_s)
    offset = WEBHOOK_RULES.ladder.find_offset(step)
    assert offset is not None
    position = Position(anchor_at=scheduled_at - offset, step=step)
    return decide_after_try(WEBHOOK_RULES, position, result, scheduled_at=scheduled_at, started_at=START)


def walk(*, late_s: float) -> list[float]:
    """The instants of all tries in seconds from the first, each started so late."""
    at, position, tries = START, Position(anchor_at=START), []
    while True:
        started_at = at + timedelta(seconds=late_s)
        tries.append((started_at - START).total_seconds())
        decision = decide_after_try(WEBHOOK_RULES, position, SILENCE, scheduled_at=at, started_at=started_at)
        if isinstance(decision, Parked):
            assert decision.code == "exhausted"
            return tries
        assert isinstance(decision, TryAgain)
        at, position = decision.at, decision.position


def test_there_are_six_tries() -> None:
    assert walk(late_s=0) == [0, 60, 360, 2160, 9360, 95760]


def test_each_wait_counts_from_the_start_of_the_try_before() -> None:
    assert walk(late_s=1) == [1, 62, 363, 2164, 9365, 95766]
    assert walk(late_s=600) == [600, 1260, 2160, 4560, 12360, 99360]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_any_success_delivers(status: int) -> None:
    assert decide(Answered(status=status)) == Delivered()


@pytest.mark.parametrize(
    "status", [301, 302, 307, 308, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 599]
)
def test_whatever_else_is_answered_is_tried_again(status: int) -> None:
    decision = decide(Answered(status=status))
    assert isinstance(decision, TryAgain)
    assert decision.at == START + timedelta(seconds=60)


def test_gone_is_not_tried_again() -> None:
    decision = decide(Answered(status=410))
    assert isinstance(decision, Parked)
    assert (decision.code, decision.reason) == (
        "refused",
        "the receiver answered 410, which is not tried again by itself",
    )


@pytest.mark.parametrize(
    ("status", "wait_s", "next_s"),
    [
        (429, 600, 600),
        (503, 600, 600),
        # Sooner than the ladder: the ladder counts.
        (429, 5, 60),
        # At most a day.
        (503, 10**6, 86_400),
        # Other answers cannot put a try off.
        (500, 600, 60),
        (404, 600, 60),
    ],
)
def test_a_receiver_may_put_the_next_try_off(status: int, wait_s: int, next_s: int) -> None:
    decision = decide(Answered(status=status, retry_after=timedelta(seconds=wait_s)))
    assert isinstance(decision, TryAgain)
    assert decision.at == START + timedelta(seconds=next_s)
    # The rung after it keeps its distance.
    after = decide_after_try(
        WEBHOOK_RULES,
        decision.position,
        SILENCE,
        scheduled_at=decision.at,
        started_at=decision.at,
    )
    assert isinstance(after, TryAgain)
    assert after.at - decision.at == timedelta(seconds=300)


def test_the_last_try_is_the_last_whatever_the_receiver_wants() -> None:
    decision = decide(Answered(status=503, retry_after=timedelta(hours=1)), step=5)
    assert isinstance(decision, Parked)
    assert decision.reason == "the receiver answered 503; that was the last try"
