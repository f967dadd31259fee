"""Every way of asking wrongly has its status, and all errors one body."""

import pytest
from tests.architecture.test_error_tables import list_codes
from tests.support.admin_world import AdminWorld

from parcela.admin import errors
from parcela.operations.engine import Engine


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        (
            "GET",
            "/nothing",
            None,
            404,
            ("not_found", "There is nothing at this address: see /admin/v1/openapi.json."),
        ),
        ("POST", "/audit", {}, 405, ("method_not_allowed", "This address takes GET.")),
        (
            "POST",
            "/changes",
            b"{",
            400,
            ("malformed_json", "The body must be one JSON object: not JSON at character 1."),
        ),
        (
            "POST",
            "/changes",
            b"[]",
            400,
            ("malformed_json", "The body must be one JSON object: the text is not a JSON object."),
        ),
        (
            "POST",
            "/changes",
            b'{"summary":"a","summary":"b"}',
            400,
            (
                "malformed_json",
                "The body must be one JSON object: a member name stands twice in one object.",
            ),
        ),
        (
            "POST",
            "/changes",
            b" " * 262145,
            413,
            ("too_large", "A body holds at most 262144 bytes: send several requests."),
        ),
    ],
)
def test_a_wrong_request_is_refused(
    shared_admin: AdminWorld, method: str, path: str, body: object, status: int, detail: tuple[str, str]
) -> None:
    reply = shared_admin.call("operator", method, path, body)
    code, message = detail
    assert (reply.status, reply.json) == (status, {"error": {"code": code, "message": message}})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"


def test_a_refused_method_names_the_allowed_ones(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("operator", "PUT", "/clients/1", {})
    assert (reply.status, reply.headers["allow"]) == (405, "GET, PATCH")


def test_a_body_that_is_not_json_is_refused(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("operator", "POST", "/changes", b"a=b", content_type="text/plain")
    message = "Send the body as JSON, with `Content-Type: application/json`."
    error = {"error": {"code": "unsupported_media_type", "message": message}}
    assert (reply.status, reply.json) == (415, error)


@pytest.mark.parametrize(
    ("path", "member", "message"),
    [
        ("/audit?limit=x", "limit", "limit: expected a whole number, got 'x'"),
        ("/audit?limit=0", "limit", "limit: expected 1 to 1000, got 0"),
        ("/audit?limit=1&limit=2", "limit", "limit: expected these query parameters, each once: limit"),
        ("/audit?limit=%00", "limit", "limit: expected printable characters"),
        ("/people?page=1", "page", "page: expected these query parameters, each once: none"),
    ],
)
def test_a_wrong_query_is_refused(shared_admin: AdminWorld, path: str, member: str, message: str) -> None:
    reply = shared_admin.call("operator", "GET", path)
    error = {"code": "invalid_input", "message": message, "member": member}
    assert (reply.status, reply.json) == (400, {"error": error})


def test_a_path_with_a_zero_byte_leads_nowhere(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("operator", "GET", "/programs/\0/versions")
    message = "There is nothing at this address: see /admin/v1/openapi.json."
    assert (reply.status, reply.json) == (404, {"error": {"code": "not_found", "message": message}})


@pytest.mark.parametrize("path", ["/clients/x", "/clients/999999", "/clients/99999999999999999999"])
def test_an_unknown_client_is_not_found(shared_admin: AdminWorld, path: str) -> None:
    reply = shared_admin.call("operator", "GET", path)
    message = f"There is no client '{path.removeprefix('/clients/')}'."
    assert (reply.status, reply.json) == (404, {"error": {"code": "not_found", "message": message}})


def test_an_unreachable_database_is_told_with_when_to_come_back(admin: AdminWorld) -> None:
    token = admin.token("operator")
    admin.run(close(admin.engine))
    reply = admin.call(None, "GET", "/people", authorization=f"Bearer {token}")
    message = "The service cannot reach its database now: send the same request again in a moment."
    assert (reply.status, reply.json) == (503, {"error": {"code": "unavailable", "message": message}})
    assert reply.headers["retry-after"] == "2"


async def close(engine: Engine) -> None:
    await engine.database.close()


def test_every_refusal_of_the_core_has_a_status_or_cannot_come_here() -> None:
    assert set(errors.STATUSES) | errors.NEVER_HERE == list_codes()
    assert not set(errors.STATUSES) & errors.NEVER_HERE
