"""The OpenAPI document of the payments door as it is served, and the pages of its error codes."""

import json

import requests
from tests.support.live_server import LiveServer

from parcela.dialects.payments.openapi import render_openapi


def test_the_document_is_served_with_the_servers_address(live: LiveServer) -> None:
    answer = requests.get(f"{live.root_url}/openapi/payments.json", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == render_openapi(live.root_url)


def test_every_error_code_has_its_page(live: LiveServer) -> None:
    members = json.loads(render_openapi(live.root_url))["components"]["schemas"]["error"]["properties"]
    everything = requests.get(f"{live.root_url}/docs/errors", timeout=30).text
    for code in members["error"]["properties"]["code"]["enum"]:
        assert f'<section id="{code}">' in everything
        page = requests.get(f"{live.root_url}/docs/errors/{code}", timeout=30)
        assert (page.status_code, f"<h1>{code}</h1>" in page.text) == (200, True)
    assert requests.get(f"{live.root_url}/docs/errors/nothing", timeout=30).status_code == 404
