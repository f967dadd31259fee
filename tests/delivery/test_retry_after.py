"""How long a receiver asks to be left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from parcela.delivery.retry_after import read_retry_after

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999", 999_999_999),
        ("Wed, 01 Jul 2026 12:10:00 GMT", 600),
        # Dates in the past, and what is neither a date nor whole seconds, ask for nothing.
        ("Wed, 01 Jul 2026 11:59:59 GMT", None),
        ("9999999999", None),
        ("1.5", None),
        ("-5", None),
        ("soon", None),
        ("Wed, 99 Jul 2026 12:10:00 GMT", None),
        ("", None),
    ],
)
def test_seconds_and_dates_are_read(text: str, seconds: int | None) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert read_retry_after({"Retry-After": text}, real_now=NOW) == wanted


def test_without_the_header_nothing_is_asked_for() -> None:
    assert read_retry_after({}, real_now=NOW) is None
