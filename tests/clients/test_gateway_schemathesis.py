"""The gateway door against its own OpenAPI document: requests made from the schema, good and bad ones."""

import json

import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.support.gateway_clients import Account
from tests.support.live_server import LiveServer
from tests.support.schema_runs import make_config, make_settings

from parcela.dialects.gateway.openapi import render_openapi

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
ERROR_STATUSES = frozenset({400, 401, 404, 405, 413, 414})
schema = schemathesis.openapi.from_dict(
    json.loads(render_openapi("http://parcela.test")), config=make_config()
)


@schema.parametrize()
@make_settings(8)
def test_answers_are_those_of_the_document(case: schemathesis.Case, account: Account) -> None:
    # Every third request goes to the address of a merchant that it has no login for.
    if "merchant_id" in case.path_parameters and len(str(case.path_parameters)) % 3:
        case.path_parameters["merchant_id"] = account.merchant_id
    response = case.call(base_url=account.root_url, auth=(account.user, account.password))
    case.validate_response(response, checks=CHECKS)
    members = response.json()
    if response.status_code >= 400:
        assert response.status_code in ERROR_STATUSES
        assert members["result"] == "ERROR"
        assert members["error"]["explanation"]
    assert [len(value) for value in response.headers["x-request-id"]] == [36]


def test_the_document_is_served_with_the_servers_address(live: LiveServer) -> None:
    answer = requests.get(f"{live.root_url}/openapi/gateway.json", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == render_openapi(live.root_url)
