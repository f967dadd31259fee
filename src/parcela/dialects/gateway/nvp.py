"""Name-value pairs (`spec/gateway.md` §15): groups by dots, arrays as `name[i]`, one name once.

The same reading serves the query of a GET inquiry. A tree is written sorted by name in code-point order.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote_plus

from parcela.dialects.gateway.calls import AnswerTree, RequestTree, RequestValue
from parcela.dialects.gateway.errors import GatewayError, refuse_invalid
from parcela.dialects.gateway.wire_values import write_number
from parcela.dialects.strict_json import MAX_DEPTH

MAX_PAIRS = 20_000
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_SEGMENT = re.compile(r"([^\[\]]+)(?:\[(0|[1-9][0-9]{0,4})\])?")

Pair: TypeAlias = tuple[bytes, bytes]
_Group: TypeAlias = dict[str, "_Group | _Array | str"]


class _Array:
    """An array under construction: its items by index, in whatever order they come."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: dict[int, _Group | str] = {}


def split_pairs(raw: bytes) -> list[Pair]:
    """The pairs of a body, percent-decoded, their text not looked at. Raises GatewayError (too many)."""
    if raw.count(b"&") >= MAX_PAIRS:
        raise GatewayError(413, f"The request has more than {MAX_PAIRS} parameters")
    pairs: list[Pair] = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_unquote(name), _unquote(value)))
    return pairs


def find_only_value(pairs: Sequence[Pair], name: str) -> str | None:
    """The text of a parameter that stands there exactly once, and not empty."""
    wanted = name.encode()
    found = [value for key, value in pairs if key == wanted]
    if len(found) != 1 or not found[0]:
        return None
    try:
        return found[0].decode("utf-8")
    except UnicodeDecodeError:
        return None


def build_tree(pairs: Sequence[Pair]) -> RequestTree:
    """The tree of the pairs, empty texts included.

    Raises GatewayError for names or values that are not UTF-8, repeated names, gaps and odd indexes in
    arrays, `a=` together with `a.b=`, and what is nested too deep.
    """
    top: _Group = {}
    for raw_name, raw_value in pairs:
        name, value = _read_text(raw_name, ""), ""
        value = _read_text(raw_value, name)
        _place(top, name, value)
    return _finish_group(top, "")


def flatten_tree(tree: Mapping[str, RequestValue] | AnswerTree) -> list[tuple[str, str]]:
    """The leaves of a tree as names and texts, sorted by name; what has no value is left out."""
    return sorted(_list_leaves(tree, ""))


def write_nvp(tree: Mapping[str, RequestValue] | AnswerTree) -> bytes:
    """A tree as one line of pairs, url-encoded, `+` for a blank."""
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in flatten_tree(tree)).encode()


def _unquote(raw: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw.replace(b"+", b" "))


def _read_text(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        shown = raw.decode("utf-8", "replace")
        raise refuse_invalid(name or shown, shown, "Expected a text in UTF-8") from None
    if "\0" in text:
        raise refuse_invalid(name or text.replace("\0", "\ufffd"), "", "Control characters are not allowed")
    return text


def _place(top: _Group, name: str, value: str) -> None:
    """Put a value where its name says."""
    parts = name.split(".")
    if len(parts) > MAX_DEPTH:
        raise refuse_invalid(name, value, f"Nested deeper than {MAX_DEPTH}")
    group = top
    for position, part in enumerate(parts):
        is_last = position == len(parts) - 1
        inner = _step(group, part, name, value if is_last else None)
        if isinstance(inner, dict):
            group = inner


def _step(group: _Group, part: str, name: str, value: str | None) -> _Group | None:
    """Go one part down, making what is not there yet; with a value, put it there."""
    found = _SEGMENT.fullmatch(part)
    if found is None:
        raise _refuse_name(name, "Expected names, and indexes such as [0], parted by dots")
    key, index = found[1], found[2]
    if index is None:
        if value is not None:
            if key in group:
                raise _refuse_name(name, "The parameter is given twice")
            group[key] = value
            return None
        inner = group.setdefault(key, {})
        return _expect_group(inner, name)
    array = group.setdefault(key, _Array())
    if not isinstance(array, _Array):
        raise _refuse_name(name, "The parameter is given twice")
    if value is not None:
        if int(index) in array.items:
            raise _refuse_name(name, "The parameter is given twice")
        array.items[int(index)] = value
        return None
    return _expect_group(array.items.setdefault(int(index), {}), name)


def _expect_group(inner: "_Group | _Array | str", name: str) -> _Group:
    if not isinstance(inner, dict):
        raise _refuse_name(name, "The parameter is a value and a group at once")
    return inner


def _refuse_name(name: str, reason: str) -> GatewayError:
    return refuse_invalid(name, name, reason)


def _finish_group(group: _Group, above: str) -> RequestTree:
    finished: RequestTree = {}
    for name, inner in group.items():
        path = f"{above}{name}"
        if isinstance(inner, _Array):
            finished[name] = _finish_array(inner, path)
        else:
            finished[name] = inner if isinstance(inner, str) else _finish_group(inner, f"{path}.")
    return finished


def _finish_array(array: _Array, path: str) -> list[RequestValue]:
    """The items in order. A list is made only once there is no gap, so a huge index costs nothing."""
    if max(array.items) != len(array.items) - 1:
        last = max(array.items)
        raise refuse_invalid(f"{path}[{last}]", str(last), "Expected indexes from 0 without gaps")
    items: list[RequestValue] = []
    for index in range(len(array.items)):
        item = array.items[index]
        items.append(item if isinstance(item, str) else _finish_group(item, f"{path}[{index}]."))
    return items


def _list_leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _list_leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _list_leaves(inner, f"{path}[{index}]")
    elif value is not None:
        yield path, _write_leaf(value)


def _write_leaf(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return write_number(value) if isinstance(value, Decimal) else str(value)
