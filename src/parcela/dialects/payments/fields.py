"""Tables of the members that a request may have, in its body or its query (`spec/payments.md` §2).

A member that is not in the table is refused with the nearest known name; an explicit null counts as not
given.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from parcela.dialects.payments.errors import PaymentsError, refuse_unknown
from parcela.dialects.payments.kinds import Kind, Schema, refuse_value
from parcela.dialects.strict_json import JsonNumber
from parcela.domain.payments.refusals import Fault, PaymentRefused

_MAX_QUERY_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `about` is a sentence for OpenAPI. `aliases` are other names that are read the same."""

    kind: Kind
    about: str = ""
    is_required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of an object by their names on the wire. As a kind it is an object inside another.

    `also` are keywords of JSON Schema for what the operation checks beyond the members, such as
    `{"maxProperties": 1}`: they tell readers of the OpenAPI document.
    """

    members: Mapping[str, Member] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)

    def read(self, value: object, path: str = "") -> dict[str, Any]:
        """The known members, in their kinds' types. Raises PaymentsError, PaymentRefused."""
        if not isinstance(value, dict):
            raise refuse_value(path, "an object")
        above = f"{path}." if path else ""
        read: dict[str, Any] = {}
        named = self._name_members(value, above)
        for name, inner in named.items():
            read[name] = self.members[name].kind.read(inner, f"{above}{name}")
        for name, member in self.members.items():
            if member.is_required and name not in read:
                raise refuse_absent(f"{above}{name}")
        return read

    @property
    def has_required(self) -> bool:
        """Can it not be left out as a whole?"""
        return any(member.is_required for member in self.members.values())

    def describe(self) -> Schema:
        """Its JSON Schema."""
        properties: dict[str, Schema] = {}
        twice: list[Schema] = []
        for name, member in self.members.items():
            described = member.kind.describe()
            properties[name] = described | ({"description": member.about} if member.about else {})
            for alias in member.aliases:
                properties[alias] = described | {"deprecated": True, "description": f"Read as {name}"}
                twice.append({"not": {"required": [name, alias]}})
            if member.is_required and member.aliases:
                twice.append({"anyOf": [{"required": [known]} for known in (name, *member.aliases)]})
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [
            name for name, member in self.members.items() if member.is_required and not member.aliases
        ]
        schema |= {"required": required} if required else {}
        return schema | ({"allOf": twice} if twice else {}) | dict(self.also)

    def _name_members(self, value: Mapping[str, object], above: str) -> dict[str, object]:
        """What was given, by canonical names, without nulls."""
        canonical = {alias: name for name, member in self.members.items() for alias in member.aliases}
        named: dict[str, object] = {}
        for given, inner in value.items():
            name = canonical.get(given, given)
            if name not in self.members:
                raise refuse_unknown_name(given, [*self.members, *canonical], above=above)
            if name in named:
                raise refuse_value(f"{above}{given}", f"given once, as {name}")
            if inner is not None:
                named[name] = inner
        return named


NO_FIELDS = Fields()


def read_query(table: Fields, query: bytes) -> dict[str, Any]:
    """The query's members; digits are read as numbers where the kind wants one."""
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY_PAIRS)
    except ValueError:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID, "The query must be percent-encoded UTF-8 of at most 100 pairs."
        ) from None
    given: dict[str, object] = {}
    for name, value in pairs:
        if name in given:
            raise refuse_value(name, "given once")
        given[name] = _read_digits(table, name, value)
    return table.read(given)


def _read_digits(table: Fields, name: str, value: str) -> object:
    member = table.members.get(name)
    is_number = member is not None and member.kind.describe().get("type") == "integer"
    return JsonNumber(value) if is_number else value


def refuse_absent(path: str) -> PaymentRefused:
    """A member without which the request cannot be carried out."""
    return PaymentRefused(Fault.PARAMETER_MISSING, f"'{path}' is required.", param=path)


def _squash(name: str) -> str:
    """A name without what spellings differ in: `return_url` and `returnURL` are `returnUrl`."""
    return name.replace("_", "").casefold()


def refuse_unknown_name(name: str, known: Iterable[str], *, above: str = "") -> PaymentsError:
    """A member that no table has; the nearest known name is told."""
    names = list(known)
    squashed = {_squash(each): each for each in names}
    near = difflib.get_close_matches(_squash(name[:100]), squashed, n=1, cutoff=0.6)
    nearest = f"{above}{squashed[near[0]]}" if near else None
    return refuse_unknown(f"{above}{name}", nearest=nearest, known=[f"{above}{each}" for each in names])
