"""Addresses of this door (`spec/gateway.md` §1): where a raw path leads, or what was expected instead.

Paths are split before they are decoded, so that `%2F` inside an id is part of the id.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parcela.dialects.gateway.errors import GatewayError, refuse_method, refuse_path
from parcela.dialects.gateway.routes import LAST_VERSION, Operation

_VERSION = re.compile(r"[1-9][0-9]{0,2}")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_NAMES = {
    "{merchant_id}": "a merchant id",
    "{order_id}": "an order id",
    "{transaction_id}": "a transaction id",
    "{offer_id}": "a payment plan offer id",
    "{session_id}": "a session id",
    "{plan_id}": "a plan id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestTarget:
    """Operations that share an address and a method, and the values in the address by their names.

    `operations` is empty for `information`.
    """

    version: int
    operations: tuple[Operation, ...]
    places: Mapping[str, str] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class _Branch:
    branches: dict[str, "_Branch"] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)


class Paths:
    """The addresses of a set of operations, for every version from `lowest_version` on."""

    def __init__(self, operations: Sequence[Operation], *, lowest_version: int) -> None:
        self._lowest_version = lowest_version
        self._tails = {
            version: _grow(operations, version) for version in range(lowest_version, LAST_VERSION + 1)
        }

    def find_nvp_version(self, raw_path: bytes, method: str) -> int:
        """The version of `/api/nvp/version/{version}`. Raises GatewayError (404, 405)."""
        walk = _Walk(raw_path)
        walk.take("api")
        walk.take("nvp")
        version = self._take_version(walk)
        walk.end()
        if method != "POST":
            raise refuse_method("POST")
        return version

    def find_rest(self, raw_path: bytes, method: str) -> RestTarget:
        """Where a path below `/api` leads. Raises GatewayError (404, 405)."""
        walk = _Walk(raw_path)
        walk.take("api")
        if walk.rest[:1] not in (["rest"], ["nvp"]):
            raise walk.refuse("/nvp or /rest")
        walk.take("rest")
        version = self._take_version(walk)
        if walk.rest[:1] == ["information"]:
            walk.take("information")
            walk.end()
            if method != "GET":
                raise refuse_method("GET")
            return RestTarget(version=version, operations=(), places={})
        if walk.rest[:1] != ["merchant"]:
            raise walk.refuse("/information or /merchant")
        walk.take("merchant")
        places = {"merchant_id": walk.take_value("{merchant_id}")}
        branch = self._tails[version]
        while walk.rest:
            branch = _step(walk, branch, places)
        if not branch.operations:
            raise walk.refuse(_list_expected(branch))
        return RestTarget(version=version, operations=_choose(branch, method), places=places)

    def _take_version(self, walk: "_Walk") -> int:
        walk.take("version")
        text = walk.rest[0] if walk.rest else ""
        if not _VERSION.fullmatch(text) or not self._lowest_version <= int(text) <= LAST_VERSION:
            raise walk.refuse(f"a version from {self._lowest_version} to {LAST_VERSION}")
        walk.take(text)
        return int(text)


class _Walk:
    """A raw path, segment by segment. One slash at the end is allowed."""

    def __init__(self, raw_path: bytes) -> None:
        segments = raw_path.decode("latin-1").split("/")[1:]
        if segments and segments[-1] == "":
            segments.pop()
        self.walked = ""
        self.rest = segments

    def take(self, literal: str) -> None:
        """Go over a fixed segment."""
        if self.rest[:1] != [literal]:
            raise self.refuse(f"/{literal}")
        self._go()

    def take_value(self, name: str) -> str:
        """Go over a variable segment; gives its text."""
        value = _decode(self.rest[0]) if self.rest else ""
        if not value:
            raise self.refuse(_NAMES[name] + (" in UTF-8, percent-encoded" if value is None else ""))
        self._go()
        return value

    def end(self) -> None:
        """Nothing may follow."""
        if self.rest:
            raise self.refuse("nothing more")

    def refuse(self, expected: str) -> GatewayError:
        """A wrong path, named up to where it is right."""
        return refuse_path(f"After url path {self.walked or '/'}, expected {expected}")

    def _go(self) -> None:
        self.walked += "/" + self.rest.pop(0)


def _grow(operations: Sequence[Operation], version: int) -> _Branch:
    root = _Branch()
    for operation in operations:
        if operation.is_served_at(version):
            branch = root
            for segment in operation.segments:
                branch = branch.branches.setdefault(segment, _Branch())
            branch.operations.append(operation)
    return root


def _step(walk: _Walk, branch: _Branch, places: dict[str, str]) -> _Branch:
    for name in branch.branches:
        if name in _NAMES:
            places[name.strip("{}")] = walk.take_value(name)
            return branch.branches[name]
    found = branch.branches.get(walk.rest[0])
    if found is None:
        raise walk.refuse(_list_expected(branch))
    walk.take(walk.rest[0])
    return found


def _list_expected(branch: _Branch) -> str:
    expected = [_NAMES.get(name, f"/{name}") for name in sorted(branch.branches)]
    return ", ".join(expected[:-1]) + (" or " if expected[1:] else "") + (expected or ["nothing more"])[-1]


def _choose(branch: _Branch, method: str) -> tuple[Operation, ...]:
    found = tuple(operation for operation in branch.operations if method in operation.methods)
    if not found:
        methods = {allowed for operation in branch.operations for allowed in operation.methods}
        raise refuse_method(", ".join(sorted(methods)))
    return found


def _decode(segment: str) -> str | None:
    """The text of a segment; None when it is not percent-encoded UTF-8."""
    raw = segment.encode("latin-1")
    if any(match[1] is None for match in _ESCAPE.finditer(raw)):
        return None
    try:
        return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw).decode("utf-8")
    except UnicodeDecodeError:
        return None
