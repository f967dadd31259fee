"""JSON as this door reads and writes it (`spec/gateway.md` §3)."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from parcela.dialects.gateway.calls import AnswerTree, RequestTree, RequestValue
from parcela.dialects.gateway.errors import GatewayError, refuse_without_field
from parcela.dialects.gateway.wire_values import write_number
from parcela.dialects.strict_json import JsonNumber, JsonValue, StrictJsonError, parse_object

_ENCODER = msgspec.json.Encoder(order="sorted")


def read_json(raw: bytes) -> dict[str, JsonValue]:
    """The object of a body. Raises GatewayError with the documented text for broken JSON."""
    try:
        return parse_object(raw)
    except StrictJsonError as fault:
        raise _refuse_json(raw, fault) from None


def drop_nothings(value: Mapping[str, object]) -> tuple[RequestTree, frozenset[str]]:
    """The tree without nulls, empty texts, groups and arrays, and the paths of its explicit nulls.

    An empty item keeps its place in an array as an empty group, unless all of them are empty.
    """
    nulls: set[str] = set()
    return _clean_group(value, "", nulls), frozenset(nulls)


def write_json(tree: AnswerTree) -> bytes:
    """An answer, names sorted at every level, decimals as numbers with all their digits."""
    return _ENCODER.encode(_prepare(tree))


def _refuse_json(raw: bytes, fault: StrictJsonError) -> GatewayError:
    if fault.position is None:
        told = str(fault)
        return refuse_without_field(f"Json encoded payload error: {told[0].upper()}{told[1:]}")
    text = raw.decode("utf-8")
    before = text[: fault.position]
    line, column = before.count("\n") + 1, fault.position - (before.rfind("\n") + 1) + 1
    found = text[fault.position : fault.position + 1]
    # One digit of a card number tells nothing, and no more is quoted.
    what = f"character '{found}'" if found else "end of payload"
    return refuse_without_field(
        f"Json encoded payload error: Unexpected {what} at [character {column} line {line}]"
    )


def _clean_group(group: Mapping[str, object], above: str, nulls: set[str]) -> RequestTree:
    cleaned: RequestTree = {}
    for name, value in group.items():
        kept = _clean(value, f"{above}{name}", nulls)
        if kept is not None:
            cleaned[name] = kept
    return cleaned


def _clean(value: object, path: str, nulls: set[str]) -> RequestValue | None:
    if value is None:
        nulls.add(path)
        return None
    if isinstance(value, dict):
        return _clean_group(value, f"{path}.", nulls) or None
    if isinstance(value, list):
        items = [_clean(item, f"{path}[{index}]", nulls) for index, item in enumerate(value)]
        if all(item is None for item in items):
            return None
        return [{} if item is None else item for item in items]
    assert isinstance(value, str | bool), "nothing else comes out of a request"
    return None if value == "" else value


def _prepare(value: object) -> object:
    """Without what has no value; numbers as their digits, also those that were sent."""
    if isinstance(value, dict):
        return {name: _prepare(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_prepare(inner) for inner in value]
    number = value.decimal if isinstance(value, JsonNumber) else value
    return msgspec.Raw(write_number(number).encode()) if isinstance(number, Decimal) else number
