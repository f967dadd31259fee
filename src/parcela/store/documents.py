"""Catalogue entries as plain documents: the form in which they are stored, exported and edited.

A document holds only what differs from the defaults, so that a person can read and write it.
"""

import dataclasses
import re
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import msgspec

from parcela.domain import calendar
from parcela.domain.calendar import Interval
from parcela.domain.errors import DomainError, InvalidInput
from parcela.domain.programs import ENTRY_TYPES, Entry, Program
from parcela.domain.terms import Rate, RateKind

Document = dict[str, Any]

_NAMED_INTERVALS: dict[str, Interval] = {
    "weekly": calendar.WEEKLY,
    "biweekly": calendar.BIWEEKLY,
    "every_15_days": calendar.EVERY_15_DAYS,
    "semimonthly": calendar.SEMIMONTHLY,
    "monthly": calendar.MONTHLY,
    "quarterly": calendar.QUARTERLY,
    "semiannual": calendar.SEMIANNUAL,
    "yearly": calendar.YEARLY,
    "single": calendar.SINGLE,
}
_MISSING_MEMBER = re.compile("Object missing required field `([^`]+)`")
_EXPECTATIONS = {
    "Invalid RFC3339 encoded datetime": "a date and time such as 2026-01-31T00:00:00Z",
    "Invalid RFC3339 encoded date": "a date such as 2026-01-31",
    "Invalid decimal string": "a decimal number",
}
_INTERVAL_NAMES = {interval: name for name, interval in _NAMED_INTERVALS.items()}


def entry_to_document(entry: Entry) -> Document:
    """The shortest document that `document_to_entry` reads back as an equal entry."""
    document: Document = _prune(entry)
    return document


def document_to_entry(kind: str, document: object) -> Entry:
    """Read an entry; raises InvalidInput that names the member, unknown members included."""
    entry_type = ENTRY_TYPES[kind]
    if not isinstance(document, Mapping):
        raise InvalidInput(kind, "an object", came=type(document).__name__)
    expanded = _expand(kind, dict(document))
    _check_known(entry_type, expanded, kind)
    try:
        entry: Entry = msgspec.convert(expanded, entry_type, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise _explain(reason, kind + place.rstrip("`")) from None
    except DomainError as error:
        raise InvalidInput(kind, str(error).removeprefix("expected ")) from None
    return entry


def _explain(reason: str, place: str) -> InvalidInput:
    """msgspec's words in ours."""
    missing = _MISSING_MEMBER.fullmatch(reason)
    if missing is not None:
        return InvalidInput(f"{place}.{missing.group(1)}", "a value; it may not be left out")
    return InvalidInput(place, _EXPECTATIONS.get(reason, reason.removeprefix("Expected ")))


def read_stored_entry(kind: str, text: str) -> Entry:
    """An entry that was checked before it was stored."""
    entry: Entry = msgspec.convert(
        _expand(kind, decode_document(text)), ENTRY_TYPES[kind], strict=False, dec_hook=_decode
    )
    return entry


def encode_document(document: object) -> str:
    """JSON text with members in a fixed order."""
    return msgspec.json.encode(document, order="deterministic").decode()


def decode_document(text: str) -> Document:
    """A stored JSON text as a document."""
    document: Document = msgspec.json.decode(text)
    return document


def _decode(wanted: type, value: object) -> object:
    if wanted is Fraction and isinstance(value, str):
        try:
            return Fraction(value)
        except ZeroDivisionError:
            raise ValueError("a fraction with a denominator above 0") from None
    raise ValueError(f"{wanted.__name__} cannot be read from {value!r}")


def _prune(value: object) -> Any:
    """Builtins of a value; members of dataclasses that hold their default are left out."""
    if isinstance(value, Interval) and value in _INTERVAL_NAMES:
        return _INTERVAL_NAMES[value]
    if isinstance(value, Rate) and value.kind is RateKind.NOMINAL_ANNUAL:
        return str(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _prune(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default_of(field)
        }
    if isinstance(value, Fraction | Decimal):
        return str(value)
    if isinstance(value, frozenset):
        return sorted((_prune(member) for member in value), key=str)
    if isinstance(value, tuple):
        return [_prune(member) for member in value]
    return msgspec.to_builtins(value)


def _default_of(field: "dataclasses.Field[Any]") -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _expand(kind: str, document: Document) -> Document:
    """Read a program's short forms: an interval by its name, a rate by its number a year."""
    terms = document.get("terms")
    if kind != Program.kind or not isinstance(terms, Mapping):
        return document
    expanded = dict(terms)
    interval = expanded.get("interval")
    if isinstance(interval, str):
        if interval not in _NAMED_INTERVALS:
            names = ", ".join(_NAMED_INTERVALS)
            raise InvalidInput("program.terms.interval", f"one of {names}, or an object", came=repr(interval))
        named = _NAMED_INTERVALS[interval]
        expanded["interval"] = {"unit": named.unit.value, "count": named.count}
    if "rate" in expanded and not isinstance(expanded["rate"], Mapping):
        expanded["rate"] = {"value": expanded["rate"]}
    return {**document, "terms": expanded}


def _check_known(expected: object, value: object, place: str) -> None:
    """Refuse members that the type does not have: a misspelt rule must not silently not apply."""
    for member_type in typing.get_args(expected) if typing.get_origin(expected) is not None else (expected,):
        if isinstance(value, list) and member_type is not Ellipsis:
            for position, member in enumerate(value):
                _check_known(member_type, member, f"{place}[{position}]")
        elif isinstance(member_type, type) and issubclass(member_type, StrEnum):
            if isinstance(value, str) and value not in tuple(member_type):
                raise InvalidInput(place, "one of " + ", ".join(member_type), came=repr(value))
        elif dataclasses.is_dataclass(member_type) and isinstance(value, Mapping):
            assert isinstance(member_type, type)
            hints = typing.get_type_hints(member_type)
            known = {field.name for field in dataclasses.fields(member_type)}
            for name, member in value.items():
                if name not in known:
                    names = ", ".join(sorted(known))
                    raise InvalidInput(f"{place}.{name}", f"only these members: {names}")
                _check_known(hints[name], member, f"{place}.{name}")
