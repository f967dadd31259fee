"""JSON whose numbers are decimals, for the two APIs that write amounts in major units: no float anywhere."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from parcela_client._errors import AnswerUnreadable


def write_json(value: Any) -> bytes:
    """The text of a request; a `Decimal` is written as a number with the digits that it has."""
    return _write(value).encode()


def read_json(content: bytes) -> Any:
    """The value of an answer, its fractions as `Decimal`; None where it is no JSON."""
    try:
        return json.loads(content, parse_float=Decimal)
    except ValueError:
        return None


def read_object(content: bytes, *, status: int) -> dict[str, Any]:
    """The object of a success. Raises `AnswerUnreadable`."""
    value = read_json(content)
    if not isinstance(value, dict):
        raise AnswerUnreadable(f"HTTP {status} without a JSON object.", status=status)
    return value


def _write(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(f"{json.dumps(str(name))}:{_write(inner)}" for name, inner in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        return f"{value:f}"
    return json.dumps(value, allow_nan=False)
