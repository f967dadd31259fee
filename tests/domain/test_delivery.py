"""The ladder of tries, to the second, and what each result leads to."""

from datetime import UTC, datetime, timedelta

import pytest

from parcela.domain.delivery import (
    NETWORK_RULES,
    Answered,
    Delivered,
    DeliveryRules,
    Ladder,
    NoAnswer,
    NotRendered,
    Parked,
    Position,
    TryAgain,
    TryResult,
    decide_after_try,
    name_outcome,
)

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEBHOOK_RULES = DeliveryRules(
    ladder=Ladder(first_s=(60, 300, 1800, 7200, 86400)),
    delivered_statuses=frozenset(range(200, 300)),
    retried_statuses=frozenset(range(300, 600)),
)
RESET = NoAnswer(kind="reset", detail="the connection was closed")


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def run_ladder(
    rules: DeliveryRules, *, until_s: int, lateness_s: float = 0.0, result: TryResult = RESET
) -> list[float]:
    """The starts of all tries in seconds from the first, each started so late after its instant."""
    starts: list[float] = []
    scheduled_at, position = START, Position(anchor_at=START)
    while scheduled_at <= after(until_s):
        started_at = scheduled_at + timedelta(seconds=lateness_s)
        starts.append((started_at - START).total_seconds())
        decision = decide_after_try(rules, position, result, scheduled_at=scheduled_at, started_at=started_at)
        if not isinstance(decision, TryAgain):
            break
        scheduled_at, position = decision.at, decision.position
    return starts


def test_the_network_ladder_is_the_published_one() -> None:
    assert run_ladder(NETWORK_RULES, until_s=11_400) == [
        *(0, 60, 120, 180),
        *(3780, 3840, 3900),
        *(7500, 7560, 7620),
        *(11220, 11280, 11340),
    ]


@pytest.mark.parametrize("lateness_s", [0.0, 0.25, 4.9])
def test_seven_days_have_490_tries_each_within_five_seconds(lateness_s: float) -> None:
    exact = [0, 60, 120, 180]
    while len(exact) < 490:
        exact += [exact[-1] + 3600, exact[-1] + 3660, exact[-1] + 3720]
    starts = run_ladder(NETWORK_RULES, until_s=7 * 86400, lateness_s=lateness_s)
    assert len(starts) == 490
    assert starts == [second + lateness_s for second in exact[:490]]
    assert exact[489] < 7 * 86400 < exact[489] + 3600


def test_a_late_try_moves_the_rungs_after_it_and_keeps_their_distances() -> None:
    position = Position(anchor_at=START, step=3)
    decision = decide_after_try(
        NETWORK_RULES, position, RESET, scheduled_at=after(180), started_at=after(500)
    )
    assert decision == TryAgain(
        at=after(500 + 3600),
        position=Position(anchor_at=after(320), step=4),
        reason="no answer (reset): the connection was closed",
    )
    following = decide_after_try(
        NETWORK_RULES, decision.position, RESET, scheduled_at=decision.at, started_at=decision.at
    )
    assert isinstance(following, TryAgain)
    assert following.at == after(500 + 3660)


def test_five_seconds_late_is_not_late() -> None:
    decision = decide_after_try(
        NETWORK_RULES, Position(anchor_at=START), RESET, scheduled_at=START, started_at=after(5)
    )
    assert isinstance(decision, TryAgain)
    assert decision.at == after(60)


def test_a_finite_ladder_ends_parked() -> None:
    assert run_ladder(WEBHOOK_RULES, until_s=10**6) == [0, 60, 360, 2160, 9360, 95760]
    last = decide_after_try(
        WEBHOOK_RULES,
        Position(anchor_at=START, step=5),
        Answered(status=500),
        scheduled_at=after(95760),
        started_at=after(95760),
    )
    assert last == Parked(
        code="exhausted",
        reason="the receiver answered 500; that was the last try",
        position=Position(anchor_at=START, step=5),
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (201, "delivered"),
        *[(status, "refused") for status in (100, 200, 202, 204, 301, 304, 400, 401, 404, 410, 429, 499)],
        *[(status, "failed") for status in (500, 502, 503, 599)],
        *[(status, "refused") for status in (600, 999)],
    ],
)
def test_201_delivers_5xx_is_repeated_the_rest_waits_for_a_person(status: int, word: str) -> None:
    result = Answered(status=status)
    decision = decide_after_try(
        NETWORK_RULES, Position(anchor_at=START), result, scheduled_at=START, started_at=START
    )
    assert name_outcome(result, decision) == word
    expected = {
        "delivered": Delivered(),
        "failed": TryAgain(
            at=after(60),
            position=Position(anchor_at=START, step=1),
            reason=f"the receiver answered {status}",
        ),
        "refused": Parked(
            code="refused",
            reason=f"the receiver answered {status}, which is not tried again by itself",
            position=Position(anchor_at=START),
        ),
    }
    assert decision == expected[word]


@pytest.mark.parametrize("kind", ["blocked", "dns", "connect", "tls", "timeout", "reset", "protocol"])
def test_every_failure_without_an_answer_is_repeated(kind: str) -> None:
    result = NoAnswer(kind=kind, detail="it did not work")
    decision = decide_after_try(
        NETWORK_RULES, Position(anchor_at=START), result, scheduled_at=START, started_at=START
    )
    assert isinstance(decision, TryAgain)
    assert (decision.at, name_outcome(result, decision)) == (after(60), "failed")


def test_a_flag_does_not_stop_a_delivery() -> None:
    result = Answered(status=201, flag="the receiver answered FAILURE")
    decision = decide_after_try(
        NETWORK_RULES, Position(anchor_at=START), result, scheduled_at=START, started_at=START
    )
    assert decision == Delivered(flag="the receiver answered FAILURE")


def test_a_letter_that_cannot_be_written_is_parked_at_the_third_try_a_minute_apart() -> None:
    result = NotRendered(code="no_keys", detail="no live key")
    position, at, instants = Position(anchor_at=START, step=4), after(3780), []
    for _ in range(2):
        decision = decide_after_try(NETWORK_RULES, position, result, scheduled_at=at, started_at=at)
        assert isinstance(decision, TryAgain)
        assert decision.position.step == 4
        position, at = decision.position, decision.at
        instants.append(at)
    assert instants == [after(3840), after(3900)]
    assert decide_after_try(NETWORK_RULES, position, result, scheduled_at=at, started_at=at) == Parked(
        code="no_keys",
        reason="not sent: no live key (3 tries)",
        position=Position(anchor_at=after(120), step=4, render_failures=3),
    )
    # Once it can be written again, the rungs after it keep their distances.
    assert decide_after_try(NETWORK_RULES, position, RESET, scheduled_at=at, started_at=at) == TryAgain(
        at=after(3960),
        position=Position(anchor_at=after(120), step=5),
        reason="no answer (reset): the connection was closed",
    )


def test_a_sent_try_forgets_earlier_ones_that_were_not_written() -> None:
    position = Position(anchor_at=START, step=1, render_failures=2)
    decision = decide_after_try(NETWORK_RULES, position, RESET, scheduled_at=after(60), started_at=after(60))
    assert isinstance(decision, TryAgain)
    assert decision.position == Position(anchor_at=START, step=2)
