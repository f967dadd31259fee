"""Authorizations that fit several plans, through the set-up door."""

from typing import Any

from tests.support.admin_world import AdminWorld
from tests.support.purchases import CARD, ask, make_command, save

from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion
from parcela.operations.engine import Engine
from parcela.operations.matching import match_authorization

LIST = "/authorizations/ambiguous"


async def make_doubt(engine: Engine) -> tuple[str, list[str]]:
    """The id of an authorization that fits two plans, and their ids."""
    plan_ids = [(await save(engine, make_command(await ask(engine)))).plan_id for _ in range(2)]
    question = AuthorizationQuestion(
        digits=CARD,
        amount_minor=15000,
        currency="USD",
        stan=Identifier("742"),
        rrn=Identifier("123456123456"),
    )
    found = await match_authorization(engine, await engine.look(), question)
    assert found.authorization_id is not None
    return found.authorization_id, sorted(plan_ids)


def list_items(admin: AdminWorld, who: str) -> list[dict[str, Any]]:
    reply = admin.call(who, "GET", LIST)
    assert reply.status == 200
    items: list[dict[str, Any]] = reply.json["items"]
    return items


def test_a_maker_sees_a_doubt_and_settles_it_once(admin: AdminWorld) -> None:
    authorization_id, plan_ids = admin.run(make_doubt(admin.engine))
    (item,) = list_items(admin, "maker")
    assert item.pop("asked_at")
    assert item == {
        "authorization_id": authorization_id,
        "card": "230377******7107",
        "amount": "150.00",
        "currency": "USD",
        "stan": "742",
        "rrn": "123456123456",
        "plan_ids": plan_ids,
    }
    path = f"/authorizations/{authorization_id}/resolution"
    body = {"plan_id": plan_ids[0]}
    first = admin.call("maker", "POST", path, body, idempotency_key="once")
    again = admin.call("maker", "POST", path, body, idempotency_key="once")
    assert (first.status, first.json) == (200, {"authorization_id": authorization_id, **body})
    assert (again.status, again.raw, again.headers["idempotent-replayed"]) == (200, first.raw, "true")
    assert list_items(admin, "operator") == []
    assert admin.call("maker", "POST", path, body).status == 409


def test_other_issuers_and_checkers_settle_nothing(admin: AdminWorld) -> None:
    authorization_id, plan_ids = admin.run(make_doubt(admin.engine))
    path, body = f"/authorizations/{authorization_id}/resolution", {"plan_id": plan_ids[0]}
    assert list_items(admin, "other maker") == []
    assert [admin.call(who, "POST", path, body).status for who in ("other maker", "checker")] == [404, 403]
    assert admin.call("maker", "POST", path, {}).json["error"]["member"] == "plan_id"
    assert [item["authorization_id"] for item in list_items(admin, "maker")] == [authorization_id]
