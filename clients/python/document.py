"""Reads an OpenAPI document: what an operation takes and gives, with references and nulls resolved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clients.definition import Operation, Shape

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a request or of an answer."""

    wire_name: str
    schema: Schema
    is_required: bool
    is_nullable: bool

    @property
    def may_be_absent(self) -> bool:
        """Can its value be None?"""
        return self.is_nullable or not self.is_required


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What an operation takes and gives."""

    method: str
    path: str
    query: tuple[Member, ...]
    body: tuple[Member, ...] | None
    answer: Schema | None


class Document:
    """An OpenAPI document."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._paths = {re.sub(r"\{\w+\}", "{}", path): item for path, item in content["paths"].items()}

    def list_calls(self) -> list[str]:
        """Every operation, such as `GET /v1/payments/{}`."""
        return [
            f"{method.upper()} {path}"
            for path, item in self._paths.items()
            for method in item
            if method in {"get", "post", "put", "patch", "delete"}
        ]

    def read_contract(self, operation: Operation) -> Contract:
        """The contract of an operation; KeyError if the document does not have it."""
        method, _, path = operation.call.partition(" ")
        described = self._paths[path][method.lower()]
        parameters = [self.resolve(parameter) for parameter in described.get("parameters", [])]
        query = tuple(
            Member(
                wire_name=parameter["name"],
                schema=self.resolve(parameter["schema"]),
                is_required=bool(parameter.get("required")),
                is_nullable=False,
            )
            for parameter in parameters
            if parameter["in"] == "query"
        )
        body = described.get("requestBody")
        sent = None if body is None else self.resolve(body)["content"]["application/json"]["schema"]
        return Contract(
            method=method,
            path=path,
            query=query,
            body=None if sent is None else tuple(self.list_members(sent)),
            answer=None if operation.shape is Shape.CONTENT else self._find_answer(described),
        )

    def _find_answer(self, described: Mapping[str, Any]) -> Schema:
        status = next(status for status in sorted(described["responses"]) if status.startswith("2"))
        answer = self.resolve(described["responses"][status])
        return self.resolve(answer["content"]["application/json"]["schema"])

    def list_members(self, schema: Schema) -> list[Member]:
        """The members of an object; deprecated other names of the same thing are left out."""
        required = set(schema.get("required", []))
        members = []
        for name, inner in schema.get("properties", {}).items():
            if inner.get("deprecated"):
                continue
            resolved, is_nullable = self.split_null(inner)
            members.append(
                Member(wire_name=name, schema=resolved, is_required=name in required, is_nullable=is_nullable)
            )
        return members

    def resolve(self, schema: Schema) -> Schema:
        """The schema that a reference leads to, and all parts of `allOf` in one."""
        while "$ref" in schema:
            target: Any = self._content
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        for part in schema.get("allOf", []):
            schema = merge(schema, self.resolve(part))
        return schema

    def split_null(self, schema: Schema) -> tuple[Schema, bool]:
        """The schema without null, and whether null was in it."""
        schema = self.resolve(schema)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            kept = [choice for choice in choices if self.resolve(choice).get("type") != "null"]
            resolved = self.resolve(kept[0]) if kept else {}
            for choice in kept[1:]:
                resolved = merge(resolved, self.resolve(choice))
            inner, is_inner_nullable = self.split_null(resolved)
            return inner, is_inner_nullable or len(kept) < len(choices)
        types = schema.get("type")
        if isinstance(types, list):
            kept_types = [name for name in types if name != "null"]
            kept_type = kept_types[0] if len(kept_types) == 1 else kept_types or None
            return {**schema, "type": kept_type}, "null" in types
        if schema.get("enum") and None in schema["enum"]:
            return {**schema, "enum": [value for value in schema["enum"] if value is not None]}, True
        return schema, types == "null"


def merge(first: Schema, second: Schema) -> Schema:
    """An object that has the members of both; only what both require is required."""
    if not first.get("properties") or not second.get("properties"):
        return first if first.get("properties") else second
    required = set(first.get("required", [])) & set(second.get("required", []))
    properties = {**second["properties"], **first["properties"]}
    return {**first, "properties": properties, "required": sorted(required)}


def merge_members(first: tuple[Member, ...], second: tuple[Member, ...]) -> tuple[Member, ...]:
    """The members of two answers that share a class: what one of them lacks may be absent."""
    others = {member.wire_name: member for member in second}
    names = {member.wire_name for member in first}
    merged = []
    for member in first:
        other = others.get(member.wire_name)
        merged.append(
            replace(
                member,
                is_required=member.is_required and other is not None and other.is_required,
                is_nullable=member.is_nullable or (other is not None and other.is_nullable),
            )
        )
    return (
        *merged,
        *(replace(member, is_required=False) for member in second if member.wire_name not in names),
    )
