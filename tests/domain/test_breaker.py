"""The breaker: when it opens, how long it stays so, and what closes it."""

from parcela.domain.breaker import Breaker, BreakerState, decide_call, record_outcome


def fail(breaker: Breaker, *, times: int, now_ms: int = 0, step_ms: int = 0) -> Breaker:
    for number in range(times):
        breaker = record_outcome(breaker, now_ms=now_ms + number * step_ms, has_failed=True)
    return breaker


def succeed(breaker: Breaker, *, times: int, now_ms: int = 0) -> Breaker:
    for _ in range(times):
        breaker = record_outcome(breaker, now_ms=now_ms, has_failed=False)
    return breaker


def test_a_fresh_breaker_lets_calls_out() -> None:
    assert decide_call(Breaker(), now_ms=0) == (True, Breaker())


def test_five_failures_in_a_row_open_it_however_far_apart() -> None:
    four = fail(Breaker(), times=4, step_ms=60_000)
    assert four.state(240_000) is BreakerState.CLOSED
    five = record_outcome(four, now_ms=240_000, has_failed=True)
    assert five.state(240_000) is BreakerState.OPEN


def test_a_success_between_begins_the_row_anew() -> None:
    breaker = fail(succeed(fail(Breaker(), times=4), times=1, now_ms=40_000), times=4, now_ms=80_000)
    assert breaker.state(80_000) is BreakerState.CLOSED


def test_half_of_ten_calls_in_half_a_minute_open_it() -> None:
    breaker = Breaker()
    for number in range(9):
        breaker = record_outcome(breaker, now_ms=number * 3000, has_failed=number % 2 == 0)
    assert breaker.state(27_000) is BreakerState.CLOSED
    breaker = record_outcome(succeed(breaker, times=1, now_ms=27_000), now_ms=28_000, has_failed=True)
    assert breaker.state(28_000) is BreakerState.OPEN


def test_fewer_than_half_do_not() -> None:
    breaker = Breaker()
    for number in range(100):
        breaker = record_outcome(breaker, now_ms=number, has_failed=number % 5 in (1, 3))
    assert breaker.state(100) is BreakerState.CLOSED


def test_what_left_the_window_does_not_count() -> None:
    breaker = succeed(fail(Breaker(), times=4, now_ms=500), times=5, now_ms=500)
    # The window of second 30 begins with second 1.
    late = record_outcome(breaker, now_ms=30_999, has_failed=True)
    assert (late.state(30_999), late.seconds) == (BreakerState.CLOSED, ((30, 1, 1),))
    soon = record_outcome(breaker, now_ms=29_999, has_failed=True)
    assert soon.state(29_999) is BreakerState.OPEN


def test_an_open_breaker_lets_nothing_out_for_ten_seconds() -> None:
    breaker = fail(Breaker(), times=5, now_ms=1000)
    assert decide_call(breaker, now_ms=10_999) == (False, breaker)
    assert breaker.state(11_000) is BreakerState.HALF_OPEN


def test_a_half_open_breaker_lets_one_call_out() -> None:
    breaker = fail(Breaker(), times=5)
    is_admitted, probing = decide_call(breaker, now_ms=10_000)
    assert is_admitted
    assert decide_call(probing, now_ms=10_001) == (False, probing)


def test_a_probe_that_succeeds_closes_it_with_a_clean_record() -> None:
    _, probing = decide_call(fail(Breaker(), times=5), now_ms=10_000)
    assert record_outcome(probing, now_ms=10_100, has_failed=False) == Breaker()


def test_a_probe_that_fails_opens_it_for_another_ten_seconds() -> None:
    _, probing = decide_call(fail(Breaker(), times=5), now_ms=10_000)
    breaker = record_outcome(probing, now_ms=10_800, has_failed=True)
    assert breaker.state(20_799) is BreakerState.OPEN
    assert decide_call(breaker, now_ms=20_800)[0]


def test_a_probe_that_never_comes_back_makes_room_for_another() -> None:
    _, probing = decide_call(fail(Breaker(), times=5), now_ms=10_000)
    assert not decide_call(probing, now_ms=19_999)[0]
    assert decide_call(probing, now_ms=20_000)[0]


def test_calls_sent_before_it_opened_change_nothing_when_they_end() -> None:
    breaker = fail(Breaker(), times=5)
    assert succeed(breaker, times=3, now_ms=500) == breaker
    assert fail(breaker, times=3, now_ms=500) == breaker


def test_its_memory_is_bounded() -> None:
    breaker = Breaker()
    for number in range(10_000):
        breaker = record_outcome(breaker, now_ms=number * 100, has_failed=False)
    assert len(breaker.seconds) == 30
