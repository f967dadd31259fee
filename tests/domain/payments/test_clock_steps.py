"""How far durations and instants move an account's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parcela.domain.payments.clock_steps import add_duration, check_target
from parcela.domain.payments.refusals import Fault, PaymentRefused

NOW = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("P1D", datetime(2026, 2, 1, 12, 30, 15, tzinfo=UTC)),
        ("P1W", datetime(2026, 2, 7, 12, 30, 15, tzinfo=UTC)),
        # A month that is too short gives its last day.
        ("P1M", datetime(2026, 2, 28, 12, 30, 15, tzinfo=UTC)),
        ("P3M", datetime(2026, 4, 30, 12, 30, 15, tzinfo=UTC)),
        ("P2Y1M1D", datetime(2028, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("PT6H", datetime(2026, 1, 31, 18, 30, 15, tzinfo=UTC)),
        ("PT36H", datetime(2026, 2, 2, 0, 30, 15, tzinfo=UTC)),
        ("P1DT1H1M1S", datetime(2026, 2, 1, 13, 31, 16, tzinfo=UTC)),
        ("P0D", NOW),
        ("PT0S", NOW),
    ],
)
def test_durations_are_those_of_the_calendar(text: str, at: datetime) -> None:
    assert add_duration(NOW, text, zone=ZONE) == at


def test_days_keep_the_accounts_time_of_day_when_its_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
    # Summer time begins on the 29th: noon there is an hour earlier in UTC.
    assert add_duration(before, "P1D", zone=berlin) == datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
    assert add_duration(before, "PT24H", zone=berlin) == datetime(2026, 3, 29, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1",
        "1D",
        "P-1D",
        "-P1D",
        "P1.5D",
        "P1H",
        "PT1D",
        "P1DT",
        "p1d",
        "P1D ",
        "P9999Y",
        "P٣M",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(PaymentRefused) as refused:
        add_duration(NOW, text, zone=ZONE)
    assert (refused.value.fault, refused.value.param) == (Fault.PARAMETER_INVALID, "by")


def test_the_clock_never_runs_back() -> None:
    with pytest.raises(PaymentRefused) as refused:
        check_target(NOW - timedelta(seconds=1), now=NOW, world_now=NOW, param="to")
    assert refused.value.fault is Fault.CLOCK_BACKWARDS
    assert refused.value.details == {"now": 1769862615}


def test_the_present_second_is_the_present() -> None:
    now = NOW.replace(microsecond=700_000)
    assert check_target(NOW, now=now, world_now=now, param="to") == now


def test_the_clock_runs_at_most_a_hundred_years_ahead() -> None:
    century = timedelta(days=100 * 366)
    assert check_target(NOW + century, now=NOW, world_now=NOW, param="to") == NOW + century
    with pytest.raises(PaymentRefused) as refused:
        check_target(NOW + century + timedelta(seconds=1), now=NOW, world_now=NOW, param="to")
    assert refused.value.fault is Fault.PARAMETER_INVALID
