"""The network door against its own OpenAPI document: requests made from the schema, good and bad ones,
signed and sealed like any client's.
"""

import json
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from requests.auth import AuthBase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import Party, load_party, seal, sign
from tests.support.schema_runs import make_config, make_settings

from parcela.dialects.network.openapi import render_openapi
from parcela.dialects.network.settings import NetworkSettings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
schema = schemathesis.openapi.from_dict(
    json.loads(render_openapi(NetworkSettings(root_url="http://parcela.test"))), config=make_config()
)


@pytest.fixture(scope="module")
def clear_live() -> Iterator[LiveServer]:
    """A demo server that also takes clear card data, for values that no JSON text can be sealed from."""
    with run_live_server(settings={"PARCELA_NETWORK_ALLOW_CLEAR_DATA": "1"}) as server:
        yield server


class ClientAuth(AuthBase):
    """Seals half of the bodies, by their length, and signs every request as it goes out."""

    def __init__(self, party: Party) -> None:
        self._party = party

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        if len(raw) % 2:
            raw = self._seal(raw)
            request.body = raw
            request.headers["Content-Length"] = str(len(raw))
        assert request.method is not None and request.url is not None
        request.headers["Authorization"] = sign(self._party, request.method, request.url, raw)
        return request

    def _seal(self, raw: bytes) -> bytes:
        try:
            members = json.loads(raw)
        except ValueError:
            return raw
        if not isinstance(members, dict) or "sensitiveData" not in members:
            return raw
        payload = json.dumps(members.pop("sensitiveData")).encode()
        return json.dumps({**members, "encryptedValue": seal(self._party, payload)}).encode()


@schema.parametrize()
@make_settings(8)
def test_answers_are_those_of_the_document(case: schemathesis.Case, clear_live: LiveServer) -> None:
    name = "issuer" if "/consumers/" in case.path else "partner"
    party = load_party(clear_live.home, name)
    response = case.call(base_url=party.base_url, auth=ClientAuth(party))
    case.validate_response(response, checks=CHECKS)


def test_the_document_is_served_with_the_servers_address(live: LiveServer) -> None:
    answer = requests.get(f"{live.root_url}/openapi/network.json", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == render_openapi(NetworkSettings(root_url=live.root_url))
    assert requests.get(f"{live.root_url}/openapi/other.json", timeout=30).status_code == 404


def test_the_viewer_asks_nobody_else(live: LiveServer) -> None:
    page = requests.get(f"{live.root_url}/docs", timeout=30)
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://www.w3.org", "")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "page.js", "page.css", "LICENSE"):
        assert requests.get(f"{live.root_url}/docs/viewer/{name}", timeout=30).status_code == 200
