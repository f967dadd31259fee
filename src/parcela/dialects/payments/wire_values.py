"""Values as this door writes them (`spec/payments.md` §2): objects in camel case, Unix seconds."""

from datetime import date, datetime
from typing import Any

import msgspec

Document = dict[str, Any]


class WireObject(msgspec.Struct, kw_only=True, rename="camel"):
    """What objects of this door are made of: a Struct whose members are camelCase on the wire.

    Every member is given and written, also when it is null; `msgspec.UNSET` leaves one out. Subclasses say
    `kw_only=True` themselves: msgspec does not inherit it.
    """


def to_document(value: msgspec.Struct) -> Document:
    """The object as the plain document that is sent, kept and told in events."""
    document: Document = msgspec.to_builtins(value)
    return document


def write_instant(at: datetime) -> int:
    """Unix seconds, whole."""
    return int(at.timestamp())


def write_instant_or_none(at: datetime | None) -> int | None:
    """The same for what may not have come yet."""
    return None if at is None else write_instant(at)


def write_date_or_none(day: date | None) -> str | None:
    """`YYYY-MM-DD`."""
    return None if day is None else day.isoformat()
