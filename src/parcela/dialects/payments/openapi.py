"""The OpenAPI 3.1 document of this door, made from its endpoints, their tables and their objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from parcela import __version__
from parcela.dialects.payments.codes import CODES
from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.fields import Fields
from parcela.dialects.payments.idempotent import MAX_KEY_CHARACTERS, METHODS
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.accounts import API_VERSIONS
from parcela.domain.payments.keys import KeyKind
from parcela.domain.payments.refusals import DeclineCode

_SCHEMAS = "#/components/schemas/"
_DESCRIPTION = """\
Payments with installments, compatible with clients of the VINR payments API. Parcela is not affiliated
with VINR.

**Keys.** `Authorization: Bearer sk_test_…` or `X-Api-Key: sk_test_…`; the key decides the account and the
mode.

**Forms.** Money is an integer in minor units, an instant Unix seconds, a date `YYYY-MM-DD`. Members that are
not listed are refused; `null` counts as not given.

**Repeats.** Send `Idempotency-Key` with every POST: a repeat gets the first answer and has no further effect.

**Errors.** Branch on `code`; [/docs/errors](/docs/errors) explains each.
"""
_PAGE = {
    "type": "object",
    "required": ["has_more", "next_cursor", "total_estimate"],
    "properties": {
        "has_more": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"], "description": "Goes into `starting_after`"},
        "total_estimate": {"type": "integer", "minimum": 0},
    },
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": [
                "type",
                "code",
                "message",
                "param",
                "doc_url",
                "request_id",
                "decline_code",
                "resource",
                "details",
            ],
            "properties": {
                "type": {"enum": sorted({found.type for found in CODES.values()})},
                "code": {"enum": sorted(CODES)},
                "message": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The member that is meant"},
                "doc_url": {"type": "string"},
                "request_id": {"type": "string"},
                "decline_code": {"enum": [*sorted(DeclineCode), None]},
                "resource": {"type": ["string", "null"], "description": "The id of the object that is meant"},
                "details": {"type": "object", "description": "Facts for programs"},
            },
        }
    },
}
_HEADERS: dict[str, Any] = {
    "Request-Id": {"required": True, "schema": {"type": "string", "pattern": "^req_[0-9A-Z]{26}$"}},
    "Parcela-Version": {"required": True, "schema": {"enum": list(API_VERSIONS)}},
    "X-RateLimit-Limit": {"required": True, "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"required": True, "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"required": True, "schema": {"type": "integer"}},
}
_EVERYWHERE = {
    "400": "Malformed or invalid",
    "401": "No key, or none that opens this",
    "403": "The key lacks the scope, or its list of addresses this one",
    "404": "No such object for this key, or no such address",
    "405": "Another method",
    "408": "The request came too slowly",
    "414": "The address with its query is longer than 16 KiB",
    "429": "Too many requests",
    "431": "Address and headers together are longer than 16 KiB",
    "500": "A fault of the server",
    "503": "Not available: send the same request again",
}
_WRITING = {
    "409": "The key was used for another request, or the first one is under way, or the object is held",
    "413": "The body is larger than 1 MiB",
    "415": "The body is not JSON",
    "422": "The state of the object does not admit it",
    "502": "An outside service gave no answer",
}


def render_openapi(root_url: str) -> bytes:
    """The document as JSON, with this deployment's address."""
    return msgspec.json.encode(build_openapi(ENDPOINTS, root_url=root_url))


def build_openapi(endpoints: Sequence[Endpoint], *, root_url: str) -> dict[str, Any]:
    """The whole document."""
    structs = sorted(
        {endpoint.answer for endpoint in endpoints if isinstance(endpoint.answer, type)},
        key=lambda struct: struct.__name__,
    )
    _, components = msgspec.json.schema_components(structs, ref_template=_SCHEMAS + "{name}")
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        described = paths.setdefault(endpoint.path, {})
        described[endpoint.method.lower()] = _describe(endpoint)
    for path, methods in paths.items():
        places = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        if places:
            methods["parameters"] = [_describe_place(name) for name in places]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parcela payments dialect",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": _DESCRIPTION,
        },
        "servers": [{"url": root_url}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
            "schemas": {"error": _ERROR, "page": _PAGE, **components},
            "responses": {
                "refusal": {
                    "description": "An error; all have this body",
                    "headers": _HEADERS,
                    "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}error"}}},
                }
            },
        },
    }


def _describe(endpoint: Endpoint) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _name(endpoint),
        "summary": endpoint.summary,
        "description": _describe_keys(endpoint),
        "tags": [endpoint.segments[1]],
        "parameters": _list_parameters(endpoint),
        "responses": _list_responses(endpoint),
    }
    if endpoint.body is not None and endpoint.body.members:
        schema = endpoint.body.describe()
        described["requestBody"] = {
            "required": endpoint.body.has_required,
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _name(endpoint: Endpoint) -> str:
    """`POST /v1/payments/{id}/confirm` is `post_payments_id_confirm`."""
    words = [part.strip("{}").replace("-", "_") for part in endpoint.segments[1:]]
    return "_".join([endpoint.method.lower(), *words])


def _describe_keys(endpoint: Endpoint) -> str:
    kinds = " or ".join(kind for kind in KeyKind if kind in endpoint.keys)
    only = " Test mode only." if endpoint.is_test_only else ""
    return f"Takes a {kinds} key with the scope `{endpoint.scope}`.{only}"


def _list_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    parameters = _list_query(endpoint.query_table)
    parameters.append(_describe_header("Parcela-Version", {"type": "string", "enum": list(API_VERSIONS)}))
    if endpoint.method in METHODS:
        key = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]+$"}
        parameters.append(_describe_header("Idempotency-Key", key))
    return parameters


def _list_query(table: Fields) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": member.is_required,
            "description": member.about,
            "schema": member.kind.describe(),
        }
        for name, member in table.members.items()
    ]


def _describe_header(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": dict(schema)}


def _describe_place(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 64}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _list_responses(endpoint: Endpoint) -> dict[str, Any]:
    refusals = {**_EVERYWHERE, **(_WRITING if endpoint.method != "GET" else {})}
    for fault in endpoint.faults:
        status = str(CODES[fault].status)
        refusals.setdefault(status, "Refused")
    answer = {"description": "Done", "headers": _HEADERS, "content": _describe_content(endpoint)}
    named = {
        status: {"$ref": "#/components/responses/refusal", "description": _tell(endpoint, status, told)}
        for status, told in sorted(refusals.items())
    }
    return {str(endpoint.status): answer} | named


def _tell(endpoint: Endpoint, status: str, told: str) -> str:
    """What a status means, with the codes that this endpoint has beside those of all."""
    codes = sorted(f"`{fault}`" for fault in endpoint.faults if str(CODES[fault].status) == status)
    return f"{told}. Here: {', '.join(codes)}" if codes else told


def _describe_content(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.answer is None:
        return {media_type: {"schema": {}} for media_type in endpoint.media_types}
    answer = endpoint.answer
    schema: Mapping[str, Any] = {"$ref": _SCHEMAS + answer.__name__} if isinstance(answer, type) else answer
    if endpoint.is_list:
        schema = {
            "type": "object",
            "required": ["object", "data", "page"],
            "properties": {
                "object": {"const": "list"},
                "data": {"type": "array", "items": dict(schema)},
                "page": {"$ref": f"{_SCHEMAS}page"},
            },
        }
    return {"application/json": {"schema": dict(schema)}}
