"""Reading requests: strict JSON into the structs of `wire.py`, and refusals that name the member."""

import re
import typing
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import msgspec

from parcela.admin.errors import refuse_json
from parcela.dialects.strict_json import JsonNumber, JsonValue, StrictJsonError, parse_object
from parcela.domain.errors import InvalidInput, NotFound

Body = TypeVar("Body", bound=msgspec.Struct)

_INTEGER = re.compile(r"-?[0-9]+")
_TYPE_NAMES = {
    "str": "a text",
    "int": "a whole number",
    "decimal": "a decimal number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
}
_BAD_CHOICE = "Invalid enum value "
_MISSING = re.compile(r"Object missing required field `(.*)`")
_STEPS = re.compile(r"(\w+)(\[[^\]]*\])?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


def read_object(raw: bytes) -> dict[str, Any]:
    """One strict JSON object as builtins; whole numbers as int, others as exact decimals."""
    try:
        return {name: _to_builtin(value) for name, value in parse_object(raw).items()}
    except StrictJsonError as error:
        raise refuse_json(str(error)) from None


def read_body(body: Mapping[str, Any], wanted: type[Body]) -> Body:
    """The body as a struct. Raises InvalidInput that names the member."""
    try:
        return msgspec.convert(body, wanted)
    except msgspec.ValidationError as error:
        raise _name_member(str(error), wanted) from None


def read_whole_number(name: str, text: str) -> int:
    """A number of the path or the query. Raises InvalidInput."""
    if not _is_number(text):
        raise InvalidInput(name, "a whole number", came=repr(text))
    return int(text)


def read_id(kind: str, text: str) -> int:
    """The number in a path that names a record; a text that is none names nothing. Raises NotFound."""
    if not _is_number(text):
        raise NotFound(kind, text)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def read_day(name: str, text: str | None) -> date | None:
    """A date of the query, None without one. Raises InvalidInput."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(name, "a date such as 2026-01-31", came=repr(text)) from None


def read_flag(name: str, text: str) -> bool:
    """A switch of the query. Raises InvalidInput."""
    if text not in ("true", "false"):
        raise InvalidInput(name, "true or false", came=repr(text))
    return text == "true"


def _to_builtin(value: JsonValue) -> Any:
    if isinstance(value, JsonNumber):
        return int(value) if _INTEGER.fullmatch(value) else value.decimal
    if isinstance(value, list):
        return [_to_builtin(member) for member in value]
    if isinstance(value, dict):
        return {name: _to_builtin(member) for name, member in value.items()}
    return value


def _name_member(message: str, wanted: type[msgspec.Struct]) -> InvalidInput:
    """msgspec says `Expected X, got Y - at `$.a.b``: our words for it."""
    reason, _, place = message.partition(" - at `$")
    place = place.rstrip("`").removeprefix(".")
    prefix = f"{place}." if place else ""
    for pattern, expected in ((_MISSING, "a value, which is missing"), (_UNKNOWN, "no such member")):
        found = pattern.fullmatch(reason)
        if found is not None:
            return InvalidInput(prefix + found[1], expected)
    if reason.startswith(_BAD_CHOICE):
        expected = "one of " + ", ".join(_list_choices(wanted, place))
        return InvalidInput(place, expected, came=reason.removeprefix(_BAD_CHOICE))
    expected, _, came = reason.removeprefix("Expected ").replace("`", "").partition(", got ")
    return InvalidInput(place or "body", _name_types(expected), came=_name_types(came) if came else None)


def _list_choices(wanted: type[msgspec.Struct], member: str) -> list[str]:
    """The values of a member, in a list or deeper too, that is an enumeration or a choice of texts."""
    hint: Any = wanted
    for name, position in _STEPS.findall(member):
        hint = typing.get_type_hints(hint)[name]
        if position:
            (hint,) = typing.get_args(hint)
    choices = typing.get_args(hint)
    if typing.get_origin(hint) is not typing.Literal and choices:
        # A choice that may be left out: the texts stand one level deeper.
        choices = tuple(text for choice in choices for text in typing.get_args(choice))
    return list(choices) or [str(choice.value) for choice in hint]


def _name_types(text: str) -> str:
    """JSON's words for the types that msgspec names as Python does."""
    return " or ".join(_TYPE_NAMES.get(name, name) for name in text.split(" | "))
