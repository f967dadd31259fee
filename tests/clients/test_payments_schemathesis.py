"""The payments door against its own OpenAPI document: requests made from the schema, good and bad ones."""

import json
import re

import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.support.live_server import LiveServer

from parcela.dialects.payments.openapi import render_openapi

# What a schema cannot say (a cursor must be an object of the list, a payment in the right state) is refused
# as documented, so acceptance of all that the schema admits is not asked for.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
REQUEST_ID = re.compile("req_[0-7][0-9A-HJKMNP-TV-Z]{25}")
schema = schemathesis.openapi.from_dict(json.loads(render_openapi("http://parcela.test")))


@schema.parametrize()
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_those_of_the_document(case: schemathesis.Case, live: LiveServer) -> None:
    keys = json.loads((live.home / "sandbox" / "credentials.json").read_text())["payments"]
    is_browsers = (case.method, case.path) == ("POST", "/v1/payment-methods")
    key = keys["publishable_key" if is_browsers else "secret_key"]
    response = case.call(base_url=live.root_url, headers={"X-Api-Key": key})
    case.validate_response(response, checks=CHECKS)
    (request_id,) = response.headers["request-id"]
    assert REQUEST_ID.fullmatch(request_id)
    if response.status_code >= 400:
        assert response.json()["error"]["request_id"] == request_id


def test_the_document_is_served_with_the_servers_address(live: LiveServer) -> None:
    answer = requests.get(f"{live.root_url}/openapi/payments.json", timeout=5)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == render_openapi(live.root_url)


def test_every_error_code_has_its_page(live: LiveServer) -> None:
    members = json.loads(render_openapi(live.root_url))["components"]["schemas"]["error"]["properties"]
    everything = requests.get(f"{live.root_url}/docs/errors", timeout=5).text
    for code in members["error"]["properties"]["code"]["enum"]:
        assert f'<section id="{code}">' in everything
        page = requests.get(f"{live.root_url}/docs/errors/{code}", timeout=5)
        assert (page.status_code, f"<h1>{code}</h1>" in page.text) == (200, True)
    assert requests.get(f"{live.root_url}/docs/errors/nothing", timeout=5).status_code == 404
