"""Where notifications go: the rules of the destination answer when it is set up."""

import asyncio
import secrets
from collections.abc import Iterator

import asyncpg
import pytest
from tests.conftest import DemoTemplate
from tests.support.admin_world import PROVIDER_ID, AdminWorld, open_admin_world

PATH = f"/issuers/{PROVIDER_ID}/notification-destination"


@pytest.fixture(scope="module")
def strict_admin(demo_template: DemoTemplate) -> Iterator[AdminWorld]:
    """A world outside the sandbox: the demo database, told that it is a production one."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    url = demo_template.server.url_of(name)
    asyncio.run(_turn_into_production(url))
    with open_admin_world(url, demo_template.home, environment="production") as opened:
        yield opened
    demo_template.server.drop_database(name)


async def _turn_into_production(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE world SET environment = 'production'")
    await connection.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://bank.example/notifications", "an https URL, got 'http'"),
        (
            "https://203.0.113.5/notifications",
            "a fully qualified domain name, no address, got '203.0.113.5'",
        ),
        ("https://localhost/notifications", "a fully qualified domain name, no address, got 'localhost'"),
        (
            "https://[::1]/notifications",
            "a fully qualified domain name, no address, got '::1'",
        ),
        ("https://bank.example/hook", "a path that ends in /notifications, got '/hook'"),
        ("https://bank.example/notifications?a=1", "no query, fragment or user part"),
        ("https://bank.example/notifications#a", "no query, fragment or user part"),
        ("https://a:b@bank.example/notifications", "no query, fragment or user part"),
        (
            "https://no-such-name.invalid/notifications",
            "a name that resolves, got 'no-such-name.invalid'",
        ),
        ("ftp://bank.example/notifications", "an http or https URL with a host, got 'ftp://bank.example/"),
    ],
)
def test_outside_the_sandbox_a_destination_is_public_and_private_in_nothing(
    strict_admin: AdminWorld, url: str, expected: str
) -> None:
    reply = strict_admin.call("maker", "PUT", PATH, {"url": url})
    error = reply.json["error"]
    assert (reply.status, error["code"], error["member"]) == (400, "invalid_input", "url")
    assert error["message"].startswith(f"url: expected {expected}")
    assert strict_admin.call("maker", "GET", PATH).json == {"url": None, "enabled": True}
    assert strict_admin.call("maker", "GET", "/changes").json == {"items": []}


def test_a_destination_is_set_with_four_eyes(admin: AdminWorld) -> None:
    url = "http://127.0.0.1:9999/notifications"
    proposed = admin.call("maker", "PUT", PATH, {"url": url, "enabled": False})
    assert (proposed.status, proposed.json["summary"]) == (202, f"Notifications go to {url}")
    assert admin.call("maker", "GET", PATH).json == {"url": None, "enabled": True}
    admin.call("checker", "POST", f"/changes/{proposed.json['change_set_id']}/approval")
    assert admin.call("maker", "GET", PATH).json == {"url": url, "enabled": False}


REALTIME = f"/issuers/{PROVIDER_ID}/realtime-destination"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://bank.example/card-offers/searches", "an https URL, got 'http'"),
        (
            "https://bank.example/notifications",
            "a path that ends in /card-offers/searches, got '/notifications'",
        ),
        (
            "https://no-such-name.invalid/card-offers/searches",
            "a name that resolves, got 'no-such-name.invalid'",
        ),
    ],
)
def test_real_time_searches_go_by_the_same_rules(strict_admin: AdminWorld, url: str, expected: str) -> None:
    reply = strict_admin.call("maker", "PUT", REALTIME, {"url": url})
    error = reply.json["error"]
    assert (reply.status, error["code"], error["member"]) == (400, "invalid_input", "url")
    assert error["message"].startswith(f"url: expected {expected}")
    assert strict_admin.call("maker", "GET", REALTIME).json == {"url": None}


def test_where_an_issuer_is_asked_for_its_own_offers_is_set_with_four_eyes(admin: AdminWorld) -> None:
    url = "http://127.0.0.1:9999/card-offers/searches"
    proposed = admin.call("maker", "PUT", REALTIME, {"url": url})
    assert (proposed.status, proposed.json["summary"]) == (202, f"Real-time searches go to {url}")
    assert admin.call("maker", "GET", REALTIME).json == {"url": None}
    admin.call("checker", "POST", f"/changes/{proposed.json['change_set_id']}/approval")
    assert admin.call("maker", "GET", REALTIME).json == {"url": url}
