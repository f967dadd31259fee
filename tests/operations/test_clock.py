"""Steps of the test clock."""

from datetime import UTC, datetime

import pytest
from tests.conftest import RunWithEngine

from parcela.domain.errors import NotAllowed
from parcela.operations.clock import advance_clock, measure_step
from parcela.operations.engine import Engine, Policy

NOW = datetime(2027, 1, 31, 10, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("10s", datetime(2027, 1, 31, 10, 30, 15, tzinfo=UTC)),
        ("5m", datetime(2027, 1, 31, 10, 35, 5, tzinfo=UTC)),
        ("2h", datetime(2027, 1, 31, 12, 30, 5, tzinfo=UTC)),
        ("3d", datetime(2027, 2, 3, 10, 30, 5, tzinfo=UTC)),
        ("1w", datetime(2027, 2, 7, 10, 30, 5, tzinfo=UTC)),
        # February has no 31st; April's month end is its 30th.
        ("1mo", datetime(2027, 2, 28, 10, 30, 5, tzinfo=UTC)),
        ("3mo", datetime(2027, 4, 30, 10, 30, 5, tzinfo=UTC)),
        ("1y", datetime(2028, 1, 31, 10, 30, 5, tzinfo=UTC)),
    ],
)
def test_a_step_is_measured_by_the_calendar(step: str, expected: datetime) -> None:
    assert NOW + measure_step(step, now=NOW) == expected


def test_only_a_sandbox_clock_moves(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        before = await engine.look()
        engine.policy = Policy(environment="production")
        with pytest.raises(NotAllowed):
            await advance_clock(engine, "tests", "1d")
        after = await engine.look()
        assert after.now - after.real_now == before.now - before.real_now

    run(work)
