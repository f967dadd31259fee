"""Letters by the set-up door: seen and replayed by operators and by their own issuer."""

from typing import Any

from tests.support.admin_world import PROVIDER_ID, AdminWorld
from tests.support.purchases import ask, make_command, save

NO_ID = "00000000-0000-0000-0000-000000000000"


def park_two(admin: AdminWorld) -> list[dict[str, Any]]:
    """Two letters that wait for a person; the newest first."""

    async def work() -> None:
        for _ in range(2):
            await save(admin.engine, make_command(await ask(admin.engine)))
        async with admin.engine.database.connection() as connection:
            await connection.execute("UPDATE letter SET parked_code = 'refused', parked_reason = 'told so'")

    admin.run(work())
    items: list[dict[str, Any]] = admin.call("maker", "GET", "/deliveries").json["items"]
    return items


def test_letters_are_listed_shown_and_replayed(admin: AdminWorld) -> None:
    newest, oldest = park_two(admin)
    assert (newest["status"], newest["provider_id"], newest["parked_reason"]) == (
        "parked",
        PROVIDER_ID,
        "told so",
    )
    assert admin.call("operator", "GET", "/deliveries?status=delivered").json == {"items": []}
    assert admin.call("operator", "GET", "/deliveries?limit=1").json == {"items": [newest]}
    path = f"/deliveries/{newest['letter_id']}"
    assert admin.call("checker", "GET", path).json == {"letter": newest, "attempts": []}
    replayed = admin.call("maker", "POST", f"{path}/replay", idempotency_key="once")
    assert (replayed.status, replayed.json["status"], replayed.json["replays"]) == (200, "due", 1)
    again = admin.call("maker", "POST", f"{path}/replay", idempotency_key="once")
    assert (again.raw, again.headers["idempotent-replayed"]) == (replayed.raw, "true")
    window = {"created_from": oldest["created_at"], "created_before": newest["created_at"]}
    body = {"status": "parked", "provider_id": PROVIDER_ID, **window}
    done = admin.call("operator", "POST", "/deliveries/replay", body)
    assert (done.status, done.json) == (200, {"count": 1, "is_complete": True})
    assert [item["status"] for item in admin.call("maker", "GET", "/deliveries").json["items"]] == [
        "due",
        "due",
    ]


def test_another_bank_sees_and_moves_nothing(admin: AdminWorld) -> None:
    newest, _ = park_two(admin)
    assert admin.call("other maker", "GET", "/deliveries").json == {"items": []}
    for method, path in (("GET", ""), ("POST", "/replay")):
        foreign = admin.call("other maker", method, f"/deliveries/{newest['letter_id']}{path}")
        unknown = admin.call("other maker", method, f"/deliveries/{NO_ID}{path}")
        assert (foreign.status, unknown.status) == (404, 404)
        assert foreign.raw.decode().replace(newest["letter_id"], NO_ID) == unknown.raw.decode()
    done = admin.call("other maker", "POST", "/deliveries/replay", {"status": "parked"})
    assert done.json == {"count": 0, "is_complete": True}
    assert admin.call("maker", "GET", f"/deliveries/{newest['letter_id']}").json["letter"] == newest


def test_a_filter_is_read_strictly(shared_admin: AdminWorld) -> None:
    refused = {
        "/deliveries?created_from=yesterday": "created_from",
        "/deliveries?created_before=2026-01-31T00:00:00": "created_before",
        "/deliveries?is_flagged=1": "is_flagged",
        "/deliveries?status=sent": "status",
        "/deliveries?limit=1001": "limit",
    }
    for path, member in refused.items():
        reply = shared_admin.call("maker", "GET", path)
        assert (reply.status, reply.json["error"]["member"]) == (400, member)
    reply = shared_admin.call("maker", "POST", "/deliveries/replay", {})
    assert (reply.status, reply.json["error"]["member"]) == (400, "status")
    reply = shared_admin.call(
        "maker", "POST", "/deliveries/replay", {"status": "due", "created_from": "2026-01-31T00:00:00"}
    )
    assert (reply.status, reply.json["error"]["member"]) == (400, "created_from")
