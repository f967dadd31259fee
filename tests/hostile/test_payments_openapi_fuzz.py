"""The payments door against its own OpenAPI document, by every check that Schemathesis has for one.

Requests are made from the schema, and chains of requests from what earlier ones answered.
"""

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
)
from tests.hostile.payments_site import PaymentsSite, load_keys
from tests.hostile.site import Site
from tests.support.schema_runs import make_config, make_settings

from parcela.dialects.payments.openapi import render_openapi

CHECKS = [
    content_type_conformance,
    ensure_resource_availability,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    not_a_server_error,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
]
REQUEST_ID = re.compile("req_[0-7][0-9A-HJKMNP-TV-Z]{25}")
# Besides success: what depends on keys, on objects and on their states is no matter of a schema.
ACCEPTED = ["2xx", "401", "402", "403", "404", "409", "422"]
CONFIG = make_config(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
        "generation": {"allow-x00": False, "codec": "utf-8"},
    }
)
DOCUMENT: dict[str, Any] = json.loads(render_openapi("http://parcela.test"))
schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)


def make_lawful(case: schemathesis.Case) -> None:
    """Mend in a request that shall be accepted what no schema can say."""
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    for cursor in ("starting_after", "ending_before"):
        # A cursor is an object of the list.
        (case.query or {}).pop(cursor, None)
    if (case.query or {}).get("currency"):
        case.query["currency"] = "EUR"
    if isinstance(case.body, dict):
        case.body = mend_body(case.body)


def mend_body(body: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers are written without a fraction; dates follow each other; names are those of something."""
    known = {
        "currency": "EUR",
        "returnUrl": "https://shop.example/done",
        "url": "https://shop.example/n",
        "interval": {"start": "2026-07-01", "end": "2026-08-01"},
        "by": "PT1M",
        "reference": "order-1042",
        "email": "ana@shop.example",
    }
    mended: dict[str, Any] = {}
    for name, value in body.items():
        if name in known and (name != "interval" or isinstance(value, dict)):
            mended[name] = known[name]
        elif name == "firstPaymentDate":
            continue
        elif isinstance(value, float) and value.is_integer():
            mended[name] = int(value)
        else:
            mended[name] = mend_body(value) if isinstance(value, dict) else value
    return mended


@pytest.fixture(scope="module")
def payments(site: Site) -> PaymentsSite:
    """The door of the shared server."""
    return PaymentsSite(site, load_keys(site))


def list_headers(payments: PaymentsSite) -> dict[str, str]:
    """Of the other account: its clock is moved."""
    return {"X-Api-Key": payments.keys["other_secret_key"]}


@schema.parametrize()
@make_settings(8)
def test_answers_are_those_of_the_document(case: schemathesis.Case, payments: PaymentsSite) -> None:
    make_lawful(case)
    response = case.call(base_url=payments.site.server.root_url, headers=list_headers(payments))
    case.validate_response(response, checks=CHECKS, headers=list_headers(payments))
    (request_id,) = response.headers["request-id"]
    assert REQUEST_ID.fullmatch(request_id)
    if response.status_code >= 400:
        assert response.json()["error"]["request_id"] == request_id


def test_chains_of_requests_are_answered_as_documented(payments: PaymentsSite) -> None:
    class Chain(schema.as_state_machine()):  # type: ignore[misc]
        """Requests that follow each other's answers."""

        def before_call(self, case: schemathesis.Case) -> None:
            """What no schema can say."""
            make_lawful(case)

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            """The key."""
            return {"base_url": payments.site.server.root_url, "headers": list_headers(payments)}

        def validate_response(self, response: Any, case: schemathesis.Case, **_: Any) -> None:
            """All checks."""
            case.validate_response(response, checks=CHECKS, headers=list_headers(payments))

    machine: type[APIStateMachine] = Chain
    machine.run(
        settings=settings(
            max_examples=15,
            stateful_step_count=6,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
    )
