"""The OpenAPI 3.1 document of this door, made from its operations and their field tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from parcela import __version__
from parcela.dialects.gateway.fields import FieldTable, Node
from parcela.dialects.gateway.operations import OPERATIONS
from parcela.dialects.gateway.routes import FIRST_VERSION, LAST_VERSION, Operation

_BASE = "/api/rest/version/{version}/merchant/{merchant_id}"
_DESCRIPTION = f"""\
Payments of merchants with payment plan offers, compatible with clients of the Mastercard Gateway.
Parcela is not affiliated with Mastercard. Versions {FIRST_VERSION} to {LAST_VERSION} are served.

**Login.** HTTP Basic: user `merchant.<merchant id>`, an API password.

**Fields.** Names not listed are refused. `null`, empty texts, groups and arrays count as not given.
Amounts are texts or JSON numbers, at most 14 characters.

**NVP.** The same operations at `/api/nvp/version/{{version}}`: `order.item[0].sku=…&…`, with `apiOperation`,
`merchant`, `apiUsername` and `apiPassword`, and the ids of the address as fields.
"""
_ERROR = {
    "type": "object",
    "required": ["error", "result"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["cause", "explanation"],
            "properties": {
                "cause": {"enum": ["INVALID_REQUEST", "REQUEST_REJECTED", "SERVER_BUSY", "SERVER_FAILED"]},
                "explanation": {"type": "string", "maxLength": 1000},
                "field": {"type": "string", "maxLength": 100},
                "supportCode": {"type": "string", "maxLength": 100},
                "validationType": {"enum": ["INVALID", "MISSING", "UNSUPPORTED"]},
            },
        },
        "result": {"const": "ERROR"},
    },
}
_REFUSALS = {
    "400": "Malformed or invalid",
    "401": "Wrong credentials, or another merchant's address",
    "404": "Wrong path",
    "405": "Wrong method",
    "408": "The request came too slowly",
    "413": "The body is larger than 256 KiB",
    "414": "The address with its query is longer than 16 KiB",
    "429": "Too many failed logins, or unknown sessions",
    "431": "Address and headers together are longer than 16 KiB",
    "500": "A fault of the server",
    "503": "Busy: send the identical request again",
}
_ENVELOPE: dict[str, Any] = {
    "correlationId": {"type": "string", "description": "Echoed, not kept"},
    "merchant": {"type": "string", "description": "As in the address, if it is given"},
}
_OWN = frozenset({"apiOperation", *_ENVELOPE})


def render_openapi(root_url: str) -> bytes:
    """The document as JSON, with this deployment's address."""
    return msgspec.json.encode(build_openapi(OPERATIONS, root_url=root_url))


def build_openapi(operations: Sequence[Operation], *, root_url: str) -> dict[str, Any]:
    """The whole document."""
    by_place: dict[tuple[str, str], list[Operation]] = {}
    for operation in operations:
        for method in operation.methods:
            by_place.setdefault((operation.tail, method), []).append(operation)
    paths: dict[str, dict[str, Any]] = {"/api/rest/version/{version}/information": _describe_information()}
    for (tail, method), sharing in by_place.items():
        described = _describe_get(sharing) if method == "GET" else _describe_write(sharing)
        paths.setdefault(f"{_BASE}/{tail}", {"parameters": _list_places(tail)})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parcela gateway dialect",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _DESCRIPTION,
        },
        "servers": [{"url": root_url}],
        "security": [{"login": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"login": {"type": "http", "scheme": "basic"}},
            "schemas": {"error": _ERROR}
            | {operation.name: _describe_request(operation) for operation in operations},
            "responses": {
                "refusal": {
                    "description": "An error; all have this body",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
                }
            },
        },
    }


def _describe_information() -> dict[str, Any]:
    answer = {
        "type": "object",
        "properties": {
            "gatewayVersion": {"type": "string"},
            "status": {"enum": ["OPERATING", "SHUTDOWN"]},
        },
    }
    return {
        "parameters": [_describe_place("version")],
        "get": {
            "operationId": "information",
            "summary": "Is the gateway up?",
            "security": [],
            "responses": {
                "200": {"description": "It is", "content": {"application/json": {"schema": answer}}},
                "404": {"$ref": "#/components/responses/refusal"},
            },
        },
    }


def _describe_get(sharing: Sequence[Operation]) -> dict[str, Any]:
    operation = sharing[0]
    leaves = {path.replace("[]", "[0]"): kind for path, kind in operation.table.kinds.items()}
    parameters = [{"name": "correlationId", "in": "query", "schema": {"type": "string"}}]
    parameters += [
        {"name": name, "in": "query", "schema": dict(kind.schema)} for name, kind in sorted(leaves.items())
    ]
    suffix = "_BY_QUERY" if len(operation.methods) > 1 else ""
    return {
        "operationId": operation.name + suffix,
        "summary": operation.summary,
        "description": _describe_needs(operation),
        "parameters": parameters,
        "responses": _list_responses(200),
    }


def _describe_write(sharing: Sequence[Operation]) -> dict[str, Any]:
    """A POST or PUT; `apiOperation` tells operations at one address apart."""
    first = sharing[0]
    refs = {operation.name: f"#/components/schemas/{operation.name}" for operation in sharing}
    schema: dict[str, Any] = {"$ref": refs[first.name]}
    if len(sharing) > 1:
        discriminator = {"propertyName": "apiOperation", "mapping": refs}
        schema = {"oneOf": [{"$ref": ref} for ref in refs.values()], "discriminator": discriminator}
    status = 201 if len(sharing) > 1 or first.name == "CREATE_SESSION" else 200
    return {
        "operationId": "TRANSACTION" if len(sharing) > 1 else first.name,
        "summary": ", ".join(refs) if len(sharing) > 1 else first.summary,
        "requestBody": {
            "required": not first.allows_empty_body,
            "content": {"application/json": {"schema": schema}},
        },
        "responses": _list_responses(status),
    }


def _describe_request(operation: Operation) -> dict[str, Any]:
    table = operation.table
    schema = _describe_node(table.root, _find_always_required(table), "")
    # What the door reads by itself comes first; a table may list it too.
    schema["properties"] = {
        "apiOperation": {"const": operation.name},
        **_ENVELOPE,
        **{name: inner for name, inner in schema["properties"].items() if name not in _OWN},
    }
    if operation.needs_name:
        schema["required"] = ["apiOperation", *schema.get("required", [])]
    return {**schema, "title": operation.name, "description": _describe_needs(operation)}


def _describe_needs(operation: Operation) -> str:
    first, last = operation.versions
    served = "" if (first, last) == (FIRST_VERSION, LAST_VERSION) else f" Versions {first} to {last}."
    table = operation.table
    if not table.required:
        return f"{operation.summary}.{served}"
    where = ", here or in the session" if table.takes_session else ""
    names = ", ".join(f"`{path}`" for path in sorted(table.required))
    return f"{operation.summary}.{served} Required{where}: {names}."


def _find_always_required(table: FieldTable) -> frozenset[str]:
    """Required paths and the groups above them; what a session may hold is not required of a request."""
    if table.takes_session:
        return frozenset(path for path in table.required if "[]" in path)
    return frozenset(table.required)


def _describe_node(node: Node, required: frozenset[str], above: str) -> dict[str, Any]:
    if node.kind is not None:
        return dict(node.kind.schema)
    if node.items is not None:
        described: dict[str, Any] = {
            "type": "array",
            "items": _describe_node(node.items, required, f"{above}[]"),
        }
        return described if node.most_items is None else {**described, "maxItems": node.most_items}
    properties = {
        name: _describe_node(member, required, f"{above}.{name}".removeprefix("."))
        for name, member in sorted(node.members.items())
    }
    needed = sorted(name for name in node.members if _is_required(f"{above}.{name}", required))
    group: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**group, "required": needed} if needed else group


def _is_required(path: str, required: frozenset[str]) -> bool:
    path = path.removeprefix(".")
    return any(one == path or one.startswith(f"{path}.") for one in required)


def _list_places(tail: str) -> list[dict[str, Any]]:
    names = ["version", "merchant_id"]
    names += [part.strip("{}") for part in tail.split("/") if part.startswith("{")]
    return [_describe_place(name) for name in names]


def _describe_place(name: str) -> dict[str, Any]:
    schema: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 60}
    if name == "version":
        schema = {"type": "integer", "minimum": FIRST_VERSION, "maximum": LAST_VERSION}
    return {"name": name, "in": "path", "required": True, "schema": dict(schema)}


def _list_responses(status: int) -> dict[str, Any]:
    answer = {"description": "Processed", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {str(status): answer} | {
        code: {"$ref": "#/components/responses/refusal", "description": told}
        for code, told in _REFUSALS.items()
    }
