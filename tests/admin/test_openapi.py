"""The OpenAPI document: complete, consistent, and honest about what comes back."""

import json
import re
from typing import Any

from tests.support.admin_world import AdminWorld

from parcela.admin.door import ALL_ROUTES


def test_every_route_is_in_the_document(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call(None, "GET", "/openapi.json")
    document = reply.json
    assert (reply.status, document["openapi"]) == (200, "3.1.0")
    described = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert described == {(route.method, route.path) for route in ALL_ROUTES}
    names = [call["operationId"] for calls in document["paths"].values() for call in calls.values()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(shared_admin: AdminWorld) -> None:
    document = shared_admin.call(None, "GET", "/openapi.json").json
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
        assert isinstance(found, dict)


def test_only_sessions_and_the_document_are_open(shared_admin: AdminWorld) -> None:
    document = shared_admin.call(None, "GET", "/openapi.json").json
    open_calls = {
        (method, path)
        for path, calls in document["paths"].items()
        for method, call in calls.items()
        if call.get("security") == []
    }
    assert open_calls == {("post", "/sessions"), ("get", "/openapi.json")}


def test_defaults_without_an_order_are_written_in_one(shared_admin: AdminWorld) -> None:
    schemas = shared_admin.call(None, "GET", "/openapi.json").json["components"]["schemas"]
    members = [member for schema in schemas.values() for member in schema.get("properties", {}).values()]
    defaults = [member["default"] for member in members if member.get("uniqueItems") and "default" in member]
    assert [sorted(default) for default in defaults] == defaults
    assert ["authorize", "capture", "pay", "refund", "verify", "void"] in defaults
