"""Names of Python and of the wire: `return_url` is sent as `returnUrl` and read from it."""

import re
from collections.abc import Mapping
from typing import Any

from parcela_client._generated.wire_names import SNAKE_CASE_NAMES

# What a caller keeps there is the caller's own.
_UNTOUCHED = frozenset({"metadata"})
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def to_wire_name(name: str) -> str:
    """`return_url` becomes `returnUrl`; the few names that the wire writes with underscores stay."""
    if name in SNAKE_CASE_NAMES:
        return name
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def to_python_name(name: str) -> str:
    """`returnUrl` becomes `return_url`."""
    return _CAPITAL.sub(lambda found: "_" + found[1].lower(), name)


def to_wire(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a request as the wire has them, without those that are None; `metadata` as written."""
    wire: dict[str, Any] = {}
    for name, value in members.items():
        if value is None:
            continue
        wire[to_wire_name(name)] = value if name in _UNTOUCHED else _convert(value)
    return wire


def _convert(value: Any) -> Any:
    if isinstance(value, Mapping):
        return to_wire(value)
    if isinstance(value, list | tuple):
        return [_convert(item) for item in value]
    return value
