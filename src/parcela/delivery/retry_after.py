"""How long a receiver asks to be left alone (`Retry-After`, RFC 9110 §10.2.3)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECONDS = re.compile("[0-9]{1,9}")


def read_retry_after(headers: Mapping[str, str], *, real_now: datetime) -> timedelta | None:
    """The wait, from seconds or from a date; None without one, with one that is past or cannot be read."""
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - real_now
    return wait if wait > timedelta(0) else None
