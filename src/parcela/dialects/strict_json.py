"""Strict JSON objects for every door (`spec/network.md` §2.3): whatever two readers could read
differently is refused, and numbers keep their exact text, so that no amount becomes a float.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

MAX_DEPTH = 32
MAX_NUMBER_DIGITS = 40


class JsonNumber(str):
    """A JSON number as the exact text that was sent. It is a `str`: test for it before `str`."""

    __slots__ = ()

    @property
    def decimal(self) -> Decimal:
        """The exact value. Compare it with a bound before `int()`: `1e1000000` is a number too."""
        return Decimal(self)


JsonValue: TypeAlias = "bool | str | JsonNumber | list[JsonValue] | dict[str, JsonValue] | None"


class StrictJsonError(ValueError):
    """The text is not one strict JSON object. The message never quotes the text.

    `position` is that of the character which no JSON has there, where the fault is one of grammar.
    """

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


def parse_object(raw: bytes | str) -> dict[str, JsonValue]:
    """Read one JSON object (RFC 8259) under the rules of `spec/network.md` §2.3.

    Raises `StrictJsonError` for text that is not UTF-8 (a BOM included), not one object, nested
    deeper than 32, or that holds duplicate names, NaN, Infinity, lone surrogates, U+0000 or a
    number over 40 digits. The time is linear in the size of the text.
    """
    # The causes are dropped: a decoding error carries the whole document, card numbers included.
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw.encode("utf-8").decode("utf-8")
        value: JsonValue = _DECODER.decode(text)
    except UnicodeError:
        raise StrictJsonError("the text is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"not JSON at character {error.pos}", position=error.pos) from None
    except RecursionError:
        raise StrictJsonError(f"nested deeper than {MAX_DEPTH}") from None
    if not isinstance(value, dict):
        raise StrictJsonError("the text is not a JSON object")
    # Few brackets cannot nest deep, and only an escape can smuggle in a character that may not be
    # written: most texts need no walk.
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        _check_values(value)
    return value


def _check_values(top: dict[str, JsonValue]) -> None:
    level: list[JsonValue] = [top]
    depth = 0
    while level:
        depth += 1
        inner: list[JsonValue] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict | list):
                if depth > MAX_DEPTH:
                    raise StrictJsonError(f"nested deeper than {MAX_DEPTH}")
                inner.extend(value)
                inner.extend(value.values() if isinstance(value, dict) else ())
        level = inner


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError("a string holds a lone surrogate") from None
    if "\0" in text:
        raise StrictJsonError("a string holds U+0000")


def _build_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("a member name stands twice in one object")
    return members


def _read_number(literal: str) -> JsonNumber:
    if len(literal) > MAX_NUMBER_DIGITS and sum(map(str.isdigit, literal)) > MAX_NUMBER_DIGITS:
        raise StrictJsonError(f"a number has more than {MAX_NUMBER_DIGITS} digits")
    number = JsonNumber(literal)
    if "e" in literal or "E" in literal:
        try:
            Decimal(literal)
        except InvalidOperation:
            raise StrictJsonError("the exponent of a number is out of range") from None
    return number


def _refuse_constant(_name: str) -> JsonValue:
    raise StrictJsonError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object,
    parse_float=_read_number,
    parse_int=_read_number,
    parse_constant=_refuse_constant,
)
