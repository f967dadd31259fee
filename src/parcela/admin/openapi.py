"""The OpenAPI 3.1 document of the set-up door, made from its table of routes and its bodies."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from parcela import __version__
from parcela.admin.errors import AdminError
from parcela.admin.routes import Route
from parcela.domain.programs import ENTRY_TYPES

_REF = "#/components/schemas/{name}"
_DESCRIPTION = """\
Issuer people and operators set up issuers, account ranges, programs and offer groups, operators merchants
and what they offer; a second person approves each change. Sign in with `POST /sessions` and send the token
as `Authorization: Bearer`.
"""
_CATALOGUE = {
    "type": "object",
    "required": ["parcela_catalogue"],
    "properties": {"parcela_catalogue": {"const": 1}},
    "description": "A catalogue document: docs/catalogue.md lists its sections and members.",
}
_QUERY: dict[str, dict[str, Any]] = {
    "summary": {"type": "string", "maxLength": 500},
    "prune": {"type": "boolean"},
    "after": {"type": "integer", "minimum": 0},
    "merchant_id": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "grace_seconds": {"type": "integer", "minimum": 0},
    "last_four": {"type": "string", "pattern": "^[0-9]{4}$"},
    "after_account": {"type": "string", "format": "uuid"},
    "after_transaction": {"type": "string", "format": "uuid"},
    "since": {"type": "string", "format": "date"},
    "until": {"type": "string", "format": "date"},
    "statement": {"type": "integer", "minimum": 1},
    "amount": {"type": "string"},
    "strategy": {"type": "string", "enum": ["spread", "last_first", "next_first"]},
    "status": {"enum": ["due", "parked", "delivered"]},
    "provider_id": {"type": "string", "format": "uuid"},
    "created_from": {"type": "string", "format": "date-time"},
    "created_before": {"type": "string", "format": "date-time"},
    "is_flagged": {"type": "boolean"},
}
_REFUSALS = {
    "400": "The body or a member of it is wrong",
    "401": "There is no live session",
    "403": "This person may not do this",
    "404": "There is no such record for this person",
    "409": "The record's state, or an idempotency key, does not admit this call",
    "413": "The body is too long",
    "415": "The body is not JSON",
    "503": "The database does not answer: try again",
}


def build_openapi(routes: Sequence[Route], *, prefix: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _describe_route(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parcela set-up API", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": prefix}],
        "security": [{"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
            "schemas": _build_schemas(routes),
            "responses": {
                "refusal": {
                    "description": "An error; all have this body",
                    "content": {"application/json": {"schema": _ref(AdminError)}},
                }
            },
        },
    }


def _describe_route(route: Route) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": route.name, "summary": route.summary}
    if route.is_for_operators:
        described["description"] = "For operators."
    if route.is_open:
        described["security"] = []
    described["parameters"] = _list_parameters(route)
    if route.body is not None:
        schema = _CATALOGUE if route.body is dict else _ref(route.body)
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answer: dict[str, Any] = {"description": "Done"}
    if route.answer is not None:
        schema = {"type": "object"} if route.answer is dict else _ref(route.answer)
        answer["content"] = {"application/json": {"schema": schema}}
    described["responses"] = {str(route.status): answer} | {
        status: {"$ref": "#/components/responses/refusal"} for status in _REFUSALS
    }
    return described


def _list_parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    parameters += [{"name": name, "in": "query", "schema": _QUERY[name]} for name in route.query]
    if route.takes_key:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": schema})
    return parameters


def _build_schemas(routes: Sequence[Route]) -> dict[str, Any]:
    types: dict[type, None] = {AdminError: None}
    for route in routes:
        for found in (route.body, route.answer):
            if found is not None and found is not dict:
                types[found] = None
    _, schemas = msgspec.json.schema_components(types, schema_hook=_describe_type, ref_template=_REF)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].split())
        for member in schema.get("properties", {}).values():
            if member.get("uniqueItems") and "default" in member:
                # A set has no order of its own, and each process would write another document.
                member["default"] = sorted(member["default"])
    _allow_short_forms(schemas)
    return schemas


def _allow_short_forms(schemas: dict[str, Any]) -> None:
    """What documents may say shortly: an interval by name, a rate by its number; and no key in a PUT."""
    terms = schemas["PricingTerms"]["properties"]
    terms["interval"] = {"anyOf": [{"type": "string"}, terms["interval"]]}
    terms["rate"] = {"anyOf": [{"type": ["string", "number"]}, {"$ref": _REF.format(name="Rate")}]}
    for entry_type in ENTRY_TYPES.values():
        schemas[entry_type.__name__]["additionalProperties"] = False


def _describe_type(found: type) -> dict[str, Any]:
    assert found is Fraction, found
    return {"type": "string", "description": "A fraction such as 1/12"}


def _ref(found: type) -> dict[str, str]:
    return {"$ref": _REF.format(name=found.__name__)}
