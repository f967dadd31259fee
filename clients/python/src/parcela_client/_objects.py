"""Answers as objects: snake_case attributes over the camelCase members that came, none of them lost."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from parcela_client._names import to_python_name, to_wire_name

Json = dict[str, Any]
_TOLD = ("id", "object", "type", "status", "count", "code")


class WireObject:
    """A JSON object of an answer.

    Members that this version does not know are attributes too; known ones that did not come are None.
    """

    _kinds: ClassVar[dict[str, "type[WireObject]"]] = {}
    """Classes by `object`, for members that can be anything."""
    _parts: ClassVar[Mapping[str, "type[WireObject]"]] = {}
    """Classes of the members that are objects, or lists of them, by wire name."""
    _known: ClassVar[frozenset[str]] = frozenset()
    """Wire names that this version knows."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> Self:
        """The object of parsed members."""
        return cls(members)

    def to_dict(self) -> Json:
        """The members as they came."""
        return dict(self._members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        wire_name = name if name in self._members else to_wire_name(name)
        if wire_name not in self._members:
            if wire_name in self._known or name in self._known:
                return None
            raise AttributeError(f"{type(self).__name__} has no member {name!r}")
        if wire_name == "metadata":
            return self._members[wire_name]
        return _wrap(self._members[wire_name], self._parts.get(wire_name, WireObject))

    def __getitem__(self, wire_name: str) -> Any:
        return self._members[wire_name]

    def __contains__(self, wire_name: object) -> bool:
        return wire_name in self._members

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *map(to_python_name, {*self._members, *self._known})})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WireObject) and self._members == other._members

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        # Few members on purpose: a webhook endpoint's secret must not reach a log by way of a repr.
        told = ", ".join(f"{name}={self._members[name]!r}" for name in _TOLD if name in self._members)
        return f"{type(self).__name__}({told})"


def _wrap(value: Any, kind: type[WireObject]) -> Any:
    if isinstance(value, dict):
        if kind is WireObject:
            kind = WireObject._kinds.get(str(value.get("object")), kind)
        return kind.read(value)
    if isinstance(value, list):
        return [_wrap(item, kind) for item in value]
    return value
