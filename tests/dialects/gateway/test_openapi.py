"""The OpenAPI document of the gateway door: whole, and true to its operations."""

import json
from typing import Any

from parcela.dialects.gateway.openapi import render_openapi
from parcela.dialects.gateway.operations import OPERATIONS

DOCUMENT: dict[str, Any] = json.loads(render_openapi("https://pay.example.com"))
BASE = "/api/rest/version/{version}/merchant/{merchant_id}"


def list_refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for inner in value.values() for ref in list_refs(inner)]
    return [ref for inner in value for ref in list_refs(inner)] if isinstance(value, list) else []


def test_every_operation_has_its_address_and_its_request() -> None:
    for operation in OPERATIONS:
        described = DOCUMENT["paths"][f"{BASE}/{operation.tail}"]
        for method in operation.methods:
            assert method.lower() in described, operation.name
        schema = DOCUMENT["components"]["schemas"][operation.name]
        assert schema["properties"]["apiOperation"] == {"const": operation.name}


def test_all_references_lead_somewhere() -> None:
    refs = set(list_refs(DOCUMENT))
    assert {"#/components/schemas/error", "#/components/responses/refusal"} <= refs
    for ref in refs:
        found: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]


def test_operation_ids_are_unique() -> None:
    ids = [
        described["operationId"]
        for path in DOCUMENT["paths"].values()
        for method, described in path.items()
        if method != "parameters"
    ]
    assert len(ids) == len(set(ids)) == 17


def test_transactions_are_told_apart_by_their_operation() -> None:
    described = DOCUMENT["paths"][f"{BASE}/order/{{order_id}}/transaction/{{transaction_id}}"]["put"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    names = ["AUTHORIZE", "PAY", "CAPTURE", "REFUND", "VOID", "VERIFY"]
    refs = [f"#/components/schemas/{name}" for name in names]
    assert schema == {
        "oneOf": [{"$ref": ref} for ref in refs],
        "discriminator": {"propertyName": "apiOperation", "mapping": dict(zip(names, refs, strict=True))},
    }
    assert "201" in described["responses"]


def test_fields_come_from_the_tables() -> None:
    items = DOCUMENT["components"]["schemas"]["ITEM_PAYMENT_PLAN_OFFERS"]
    assert items["required"] == ["apiOperation", "currency", "item"]
    item = items["properties"]["item"]
    assert item["maxItems"] == 100
    assert item["items"]["required"] == ["sku", "unitPrice"]
    assert item["items"]["additionalProperties"] is False
    names = {
        parameter["name"]
        for parameter in DOCUMENT["paths"][f"{BASE}/itemPaymentPlanOffers"]["get"]["parameters"]
    }
    assert {"correlationId", "currency", "item[0].sku", "item[0].unitPrice"} <= names


def test_the_document_names_its_server_and_its_login() -> None:
    assert DOCUMENT["servers"] == [{"url": "https://pay.example.com"}]
    assert DOCUMENT["security"] == [{"login": []}]
    assert DOCUMENT["paths"]["/api/rest/version/{version}/information"]["get"]["security"] == []
