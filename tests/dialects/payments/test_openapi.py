"""The OpenAPI document of the payments door: whole, and true to its endpoints."""

import json
from typing import Any

import pytest

from parcela.dialects.payments.codes import CODES
from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.openapi import render_openapi
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import KeyKind

DOCUMENT: dict[str, Any] = json.loads(render_openapi("https://pay.example.com"))

# Every endpoint of the contract with its success status (`spec/payments.md` §§4 to 11, 16).
CONTRACT = {
    "POST /v1/customers": 201,
    "GET /v1/customers/{id}": 200,
    "POST /v1/payments": 201,
    "GET /v1/payments": 200,
    "GET /v1/payments/{id}": 200,
    "POST /v1/payments/{id}/confirm": 200,
    "POST /v1/payments/{id}/capture": 200,
    "POST /v1/payments/{id}/cancel": 200,
    "POST /v1/payment-methods": 201,
    "GET /v1/payment-methods/{id}": 200,
    "GET /v1/installments/plans": 200,
    "GET /v1/settlements": 200,
    "GET /v1/settlements/{id}": 200,
    "GET /v1/settlements/{id}/transactions": 200,
    "GET /v1/balance-transactions": 200,
    "POST /v1/refunds/preview": 200,
    "POST /v1/refunds": 201,
    "GET /v1/refunds": 200,
    "GET /v1/refunds/{id}": 200,
    "POST /v1/refunds/{id}": 200,
    "POST /v1/refunds/{id}/cancel": 200,
    "POST /v1/reports": 201,
    "GET /v1/reports": 200,
    "GET /v1/reports/{id}": 200,
    "GET /v1/reports/{id}/content": 200,
    "GET /v1/events": 200,
    "GET /v1/events/{id}": 200,
    "POST /v1/webhook-endpoints": 201,
    "GET /v1/webhook-endpoints": 200,
    "GET /v1/webhook-endpoints/{id}": 200,
    "PATCH /v1/webhook-endpoints/{id}": 200,
    "DELETE /v1/webhook-endpoints/{id}": 200,
    "POST /v1/webhook-endpoints/{id}/roll-secret": 200,
    "GET /v1/webhook-endpoints/{id}/deliveries": 200,
    "GET /v1/test/clock": 200,
    "POST /v1/test/clock/advance": 200,
}


def list_refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for inner in value.values() for ref in list_refs(inner)]
    return [ref for inner in value for ref in list_refs(inner)] if isinstance(value, list) else []


def describe(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found


def test_the_contract_is_served() -> None:
    served = {endpoint.name: endpoint.status for endpoint in ENDPOINTS}
    assert {name: served.get(name) for name in CONTRACT} == CONTRACT


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_is_described_with_its_answers(endpoint: Endpoint) -> None:
    described = describe(endpoint)
    statuses = set(described["responses"])
    assert {str(endpoint.status), "400", "401", "403", "404", "429", "500", "503"} <= statuses
    assert {str(CODES[fault].status) for fault in endpoint.faults} <= statuses
    assert ("requestBody" in described) is bool(endpoint.body and endpoint.body.members)
    names = [parameter["name"] for parameter in described["parameters"]]
    assert ("Idempotency-Key" in names) is (endpoint.method in ("POST", "PATCH"))
    assert ("starting_after" in names) is endpoint.is_list
    places = DOCUMENT["paths"][endpoint.path].get("parameters", [])
    assert [place["name"] for place in places] == [
        part.strip("{}") for part in endpoint.segments if part.startswith("{")
    ]


def test_all_references_lead_somewhere() -> None:
    refs = set(list_refs(DOCUMENT))
    assert {"#/components/schemas/error", "#/components/responses/refusal"} <= refs
    for ref in refs:
        found: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]


def test_operation_ids_are_unique() -> None:
    ids = [describe(endpoint)["operationId"] for endpoint in ENDPOINTS]
    assert len(ids) == len(set(ids))


def test_every_code_is_in_the_schema_of_errors() -> None:
    members = DOCUMENT["components"]["schemas"]["error"]["properties"]["error"]["properties"]
    assert members["code"]["enum"] == sorted(CODES)


def test_publishable_keys_make_payment_methods_and_nothing_else() -> None:
    names = [endpoint.name for endpoint in ENDPOINTS if KeyKind.PUBLISHABLE in endpoint.keys]
    assert names == ["POST /v1/payment-methods"]
