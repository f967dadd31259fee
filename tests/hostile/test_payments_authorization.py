"""Who may do what at the payments door: every endpoint, with every kind of key, on everybody's objects.

What belongs to another account or to the other mode is answered as what was never there.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.payment_calls import RETURN_URL
from tests.support.payments_world import Answer, PaymentsWorld, open_payments_world

from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.merchants import MerchantProfile
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations.acquiring import Acquirer, AcquirerReply, AcquirerRequest
from parcela.operations.payments.api_keys import NewApiKey

UNKNOWN_TAIL = "01K1B9Z6Q4T8V2X0M5R7S3W9YA"
ADDRESS = "192.0.2.1"
PLAN_CARD = "5200828200000108"
KINDS = {
    "payments": "pay",
    "payment-methods": "pm",
    "customers": "cust",
    "installments": "plan",
    "refunds": "re",
    "settlements": "setl",
    "reports": "rpt",
    "events": "evt",
    "webhook-endpoints": "we",
}
Objects = dict[str, str]
REPORT = {"type": "reconciliation", "interval": {"start": "2026-07-01", "end": "2026-07-02"}}


@dataclass
class Premises:
    """A world with objects of every kind: of the account in both modes, and of another account."""

    world: PaymentsWorld
    own: Objects
    foreign: Objects
    live: Objects
    keys: dict[str, str] = field(repr=False)
    lacking: dict[Scope, str] = field(repr=False)

    @property
    def holders(self) -> dict[str, Objects]:
        """What belongs to whom, by the key."""
        return {"secret": self.own, "other": self.foreign, "live_restricted": self.live}


class LiveAcquirer:
    """Hands the messages of live accounts to the simulator as well, so that the live mode has objects."""

    def __init__(self, acquirer: Acquirer) -> None:
        self._acquirer = acquirer

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        return True

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        return await self._acquirer.send(replace(request, profile=replace(request.profile, is_test=True)))

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        return await self._acquirer.find(replace(profile, is_test=True), message_id)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        await self._acquirer.reverse(replace(profile, is_test=True), message_id)


def make_objects(world: PaymentsWorld, key: str, publishable: str) -> Objects:
    """One object of every kind by its prefix; of a card that has plans."""

    def post(path: str, body: dict[str, Any], *, by: str = key) -> Any:
        answer = world.post(path, body, key=by)
        assert answer.status in (200, 201), answer.raw
        return answer.body

    card = {"number": PLAN_CARD, "expMonth": 12, "expYear": 2039, "cvc": "123"}
    method = post("/v1/payment-methods", {"type": "card", "card": card}, by=publishable)["id"]
    customer = post("/v1/customers", {"name": "Ana"})["id"]
    wish = {"enabled": True, "count": 3}
    body = {"amount": 60_000, "returnUrl": RETURN_URL, "installments": wish, "customer": customer}
    payment = post("/v1/payments", {**body, "paymentMethod": method})
    plan = payment["installments"]["plan"]
    refund = post("/v1/refunds", {"payment": payment["id"], "amount": 100})["id"]
    preview = post("/v1/refunds/preview", {"payment": payment["id"], "amount": 100})["id"]
    report = post(
        "/v1/reports", {"type": "reconciliation", "interval": {"start": "2026-07-01", "end": "2026-07-02"}}
    )["id"]
    endpoint = post("/v1/webhook-endpoints", {"url": "https://shop.example/n", "enabledEvents": ["*"]})["id"]
    events = world.get("/v1/events?limit=1", key=key).body["data"]
    settlements = world.get("/v1/settlements?limit=1", key=key).body["data"]
    intent = post("/v1/payments", {**body, "confirm": False})["id"]
    return {
        "pay": payment["id"],
        "intent": intent,
        "pm": method,
        "spare": _keep(world, publishable, card),
        "cust": customer,
        "plan": plan,
        "re": refund,
        "rpv": preview,
        "rpt": report,
        "we": endpoint,
        "evt": events[0]["id"],
        "setl": settlements[0]["id"],
    }


def _keep(world: PaymentsWorld, publishable: str, card: dict[str, Any]) -> str:
    answer = world.post("/v1/payment-methods", {"type": "card", "card": card}, key=publishable)
    return str(answer.body["id"])


@pytest.fixture(scope="module")
def premises(demo_template: DemoTemplate) -> Iterator[Premises]:
    """Made once: no request of this module may change anything."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        yield build_premises(world)
    demo_template.server.drop_database(name)


def build_premises(world: PaymentsWorld) -> Premises:
    world.set_desk(acquirer=LiveAcquirer(world.desk.acquirer))
    own_id, other_id = world.credentials["account_id"], _find_other(world)
    account = world.get_entry("payments_account", own_id)
    assert isinstance(account, PaymentsAccount)
    world.change_catalogue(replace(account, is_enabled_live=True))
    # The neighbour sells in the same market, so that it has plans too.
    world.change_catalogue(replace(account, account_id=other_id))
    live_scopes = frozenset(Scope)
    issued = {
        "live": NewApiKey(kind=KeyKind.SECRET, is_live=True),
        "live_browser": NewApiKey(kind=KeyKind.PUBLISHABLE, is_live=True),
        "live_restricted": NewApiKey(kind=KeyKind.RESTRICTED, is_live=True, scopes=live_scopes),
        "elsewhere": NewApiKey(kind=KeyKind.SECRET, networks=("198.51.100.0/24",)),
        "expired": NewApiKey(kind=KeyKind.SECRET, expires_at=datetime.now(UTC) + timedelta(hours=1)),
        "revoked": NewApiKey(kind=KeyKind.SECRET),
        "everything": NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset(Scope)),
    }
    keys, numbers = {}, {}
    for name, new in issued.items():
        keys[name], record = world.issue_key(new)
        numbers[name] = record.key_id
    other_browser, _ = world.issue_key(NewApiKey(kind=KeyKind.PUBLISHABLE), account_id=other_id)
    lacking = {
        scope: world.issue_key(NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset(Scope) - {scope}))[0]
        for scope in Scope
    }
    _end_keys(world, numbers)
    keys |= {"secret": world.secret, "browser": world.publishable, "other": world.other_secret}
    keys |= {"unknown": "sk_test_" + "x" * 43, "unknown_browser": "pk_test_" + "x" * 43}
    own = make_objects(world, world.secret, world.publishable)
    foreign = make_objects(world, world.other_secret, other_browser)
    live = make_objects(world, keys["live_restricted"], keys["live_browser"])
    world.run_due()
    return Premises(world, own, foreign, live, keys, lacking)


def _find_other(world: PaymentsWorld) -> str:
    rows = world.fetch(
        "SELECT client.code FROM client WHERE role = 'account' AND code <> $1",
        world.credentials["account_id"],
    )
    return str(rows[0]["code"])


def _end_keys(world: PaymentsWorld, numbers: dict[str, int]) -> None:
    world.fetch(
        "UPDATE payments_key SET created_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' WHERE key_id = $1",
        numbers["expired"],
    )
    world.fetch("UPDATE payments_key SET revoked_at = now() WHERE key_id = $1", numbers["revoked"])
    world.fetch("UPDATE world SET version = version + 1")


# ---------------------------------------------------------------- requests


def write_body(endpoint: Endpoint, objects: Objects) -> dict[str, Any] | None:
    """A body that an endpoint can be called with, if nothing else is wrong."""
    bodies: dict[str, dict[str, Any]] = {
        "POST /v1/payments": {"amount": 60_000, "returnUrl": RETURN_URL},
        "POST /v1/payments/{id}/confirm": {"paymentMethod": objects["spare"]},
        "POST /v1/payment-methods": {"type": "card", "token": objects["spare"]},
        "POST /v1/refunds": {"payment": objects["pay"]},
        "POST /v1/refunds/preview": {"payment": objects["pay"]},
        "POST /v1/refunds/{id}": {"metadata": {"a": "b"}},
        "POST /v1/reports": dict(REPORT),
        "POST /v1/webhook-endpoints": {"url": "https://shop.example/n", "enabledEvents": ["*"]},
        "POST /v1/test/clock/advance": {"by": "PT1S"},
    }
    return None if endpoint.body is None else bodies.get(endpoint.name, {})


def ask(
    premises: Premises, endpoint: Endpoint, object_id: str, key: str | None, *, objects: Objects | None = None
) -> Answer:
    """A call on an object."""
    body = write_body(endpoint, objects or premises.own)
    path = endpoint.path.replace("{id}", object_id)
    if endpoint.name == "GET /v1/installments/plans":
        path += f"?payment={premises.own['intent']}&paymentMethod={premises.own['pm']}"
    headers = [] if key is None else [("Authorization", f"Bearer {key}")]
    headers += [] if body is None else [("Content-Type", "application/json")]
    raw = b"" if body is None else json.dumps(body).encode()
    return premises.world.send(endpoint.method, path, raw, headers=headers, address=ADDRESS)


def get_kind(endpoint: Endpoint) -> str:
    return KINDS[endpoint.segments[1]]


def list_ids(premises: Premises, endpoint: Endpoint) -> list[str]:
    """Own, foreign, of the other mode, and never there."""
    if "{id}" not in endpoint.path:
        return [""]
    kind = get_kind(endpoint)
    held = [objects[kind] for objects in (premises.own, premises.foreign, premises.live)]
    return [*held, f"{kind}_{UNKNOWN_TAIL}"]


def blank(answer: Answer, *shown: str) -> tuple[int, dict[str, str], bytes]:
    """An answer without request id, the time in its headers, and the ids that it was asked for."""
    raw = answer.raw.replace(answer.headers["request-id"].encode(), b"req")
    for text in shown:
        raw = raw.replace(text.encode(), b"id")
    left_out = ("request-id", "x-ratelimit-reset")
    headers = {name: value for name, value in answer.headers.items() if name not in left_out}
    return answer.status, headers, raw


# ---------------------------------------------------------------- keys

CALLERS = {
    "none": (401, "missing_api_key"),
    "unknown": (401, "invalid_api_key"),
    "expired": (401, "expired_api_key"),
    "revoked": (401, "expired_api_key"),
    "elsewhere": (403, "ip_not_allowed"),
    "browser": (401, "key_type_not_allowed"),
    "live_browser": (401, "key_type_not_allowed"),
    "unknown_browser": (401, "key_type_not_allowed"),
}
NAMES = [endpoint.name for endpoint in ENDPOINTS]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@pytest.mark.parametrize("caller", CALLERS)
def test_a_key_that_opens_nothing_tells_nothing(premises: Premises, endpoint: Endpoint, caller: str) -> None:
    if caller.endswith("browser") and KeyKind.PUBLISHABLE in endpoint.keys:
        check_browser_endpoint(premises, endpoint, caller)
        return
    before, written = premises.world.count_records(), len(premises.world.list_refusals())
    key = premises.keys.get(caller)
    ids = list_ids(premises, endpoint)
    answers = [ask(premises, endpoint, object_id, key) for object_id in ids]
    assert {(answer.status, answer.code) for answer in answers} == {CALLERS[caller]}
    assert len({str(blank(answer)) for answer in answers}) == 1
    assert premises.world.count_records() == before
    expected = 0 if caller == "none" else len(answers)
    assert len(premises.world.list_refusals()) - written == expected


def check_browser_endpoint(premises: Premises, endpoint: Endpoint, caller: str) -> None:
    """The one call of browsers: a token is for servers, and a key that was never issued opens nothing."""
    before = premises.world.count_records()
    answer = ask(premises, endpoint, "", premises.keys[caller])
    refused = (401, "invalid_api_key") if caller == "unknown_browser" else (400, "parameter_missing")
    assert (answer.status, answer.code) == refused
    assert premises.world.count_records() == before


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_a_key_without_the_scope_is_told_the_scope_alone(premises: Premises, endpoint: Endpoint) -> None:
    before = premises.world.count_records()
    key = premises.lacking[endpoint.scope]
    answers = [ask(premises, endpoint, object_id, key) for object_id in list_ids(premises, endpoint)]
    assert {(answer.status, answer.code) for answer in answers} == {(403, "permission_missing")}
    assert {answer.error["details"]["scope"] for answer in answers} == {endpoint.scope}
    assert len({str(blank(answer)) for answer in answers}) == 1
    assert premises.world.count_records() == before


TEST_ONLY = [endpoint for endpoint in ENDPOINTS if endpoint.is_test_only]


@pytest.mark.parametrize("endpoint", TEST_ONLY, ids=[endpoint.name for endpoint in TEST_ONLY])
@pytest.mark.parametrize("caller", ["live", "live_restricted"])
def test_live_keys_move_no_clock(premises: Premises, endpoint: Endpoint, caller: str) -> None:
    answer = ask(premises, endpoint, "", premises.keys[caller])
    assert (answer.status, answer.code) == (403, "test_only")


def test_a_live_secret_key_reads_plans_only_after_it_is_granted(premises: Premises) -> None:
    plans = [endpoint for endpoint in ENDPOINTS if endpoint.scope is Scope.INSTALLMENTS_READ]
    assert len(plans) == 3
    for endpoint in plans:
        answer = ask(premises, endpoint, premises.live["plan"], premises.keys["live"])
        assert (answer.status, answer.code) == (403, "permission_missing")
        granted = ask(premises, endpoint, premises.live["plan"], premises.keys["live_restricted"])
        assert granted.status == (200 if "{id}" in endpoint.path else 404)


# ---------------------------------------------------------------- objects

WITH_ID = [endpoint for endpoint in ENDPOINTS if "{id}" in endpoint.path]


@pytest.mark.parametrize("endpoint", WITH_ID, ids=[endpoint.name for endpoint in WITH_ID])
def test_what_is_not_ones_own_is_not_there(premises: Premises, endpoint: Endpoint) -> None:
    """Each caller asks for its neighbour's objects and for one that never was; nothing is told apart."""
    kind, never = get_kind(endpoint), f"{get_kind(endpoint)}_{UNKNOWN_TAIL}"
    before = premises.world.count_records()
    asked = {
        "secret": (premises.own, [premises.foreign, premises.live]),
        "everything": (premises.own, [premises.foreign, premises.live]),
        "other": (premises.foreign, [premises.own, premises.live]),
        "live_restricted": (premises.live, [premises.own, premises.foreign]),
    }
    for caller, (own, others) in asked.items():
        key = premises.keys[caller]
        unknown = ask(premises, endpoint, never, key, objects=own)
        assert (unknown.status, unknown.code) == (404, "resource_missing")
        assert unknown.error["resource"] in (None, never)
        for objects in others:
            object_id = objects[kind]
            assert blank(ask(premises, endpoint, object_id, key, objects=own), object_id) == blank(
                unknown, never
            )
    assert premises.world.count_records() == before


@pytest.mark.parametrize("endpoint", [e for e in WITH_ID if e.method == "GET"], ids=lambda e: e.name)
def test_ones_own_is_there(premises: Premises, endpoint: Endpoint) -> None:
    for caller, objects in (
        ("secret", premises.own),
        ("other", premises.foreign),
        ("live_restricted", premises.live),
    ):
        assert ask(premises, endpoint, objects[get_kind(endpoint)], premises.keys[caller]).status == 200


# Members that name an object: endpoint, path of the member, kind, and the rest of the body.
REFERENCES: list[tuple[str, str, str]] = [
    ("POST /v1/payments", "customer", "cust"),
    ("POST /v1/payments", "paymentMethod", "pm"),
    ("POST /v1/payments/{id}/confirm", "paymentMethod", "pm"),
    ("POST /v1/payment-methods", "token", "pm"),
    ("POST /v1/payment-methods", "customer", "cust"),
    ("POST /v1/refunds", "payment", "pay"),
    ("POST /v1/refunds", "preview", "rpv"),
    ("POST /v1/refunds/preview", "payment", "pay"),
    ("POST /v1/events/{id}/resend", "endpoint", "we"),
]


@pytest.mark.parametrize(("name", "member", "kind"), REFERENCES, ids=lambda part: str(part))
def test_a_reference_to_what_is_not_ones_own_leads_nowhere(
    premises: Premises, name: str, member: str, kind: str
) -> None:
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.name == name)
    before, never = premises.world.count_records(), f"{kind}_{UNKNOWN_TAIL}"
    own = premises.own
    path = name.partition(" ")[2].replace("{id}", own["evt" if "events" in name else "intent"])

    def refer(object_id: str) -> Answer:
        body = {**(write_body(endpoint, own) or {}), member: object_id}
        return premises.world.post(path, body)

    unknown = refer(never)
    assert unknown.status in (404, 422)
    for objects in (premises.foreign, premises.live):
        assert blank(refer(objects[kind]), objects[kind]) == blank(unknown, never)
    assert premises.world.count_records() == before


@pytest.mark.parametrize("foreign", ["intent", "pm"])
def test_plans_are_listed_for_ones_own_alone(premises: Premises, foreign: str) -> None:
    never = {"intent": f"pay_{UNKNOWN_TAIL}", "pm": f"pm_{UNKNOWN_TAIL}"}

    def list_plans(objects: Objects) -> tuple[int, dict[str, str], bytes]:
        asked = {**premises.own, foreign: objects[foreign]}
        query = f"payment={asked['intent']}&paymentMethod={asked['pm']}"
        answer = premises.world.get(f"/v1/installments/plans?{query}")
        return blank(answer, objects["intent"], objects["pm"])

    unknown = list_plans(never)
    assert unknown[0] == 404
    assert [list_plans(objects) for objects in (premises.foreign, premises.live)] == [unknown] * 2


FILTERS = [
    ("/v1/payments?customer=", "cust"),
    ("/v1/refunds?payment=", "pay"),
    ("/v1/events?object=", "pay"),
    ("/v1/balance-transactions?settlement=", "setl"),
    ("/v1/balance-transactions?source=", "pay"),
]


@pytest.mark.parametrize(("path", "kind"), FILTERS, ids=[path for path, _ in FILTERS])
def test_a_filter_finds_nothing_of_others(premises: Premises, path: str, kind: str) -> None:
    unknown = premises.world.get(f"{path}{kind}_{UNKNOWN_TAIL}")
    assert (unknown.status, unknown.body["data"]) == (200, [])
    for objects in (premises.foreign, premises.live):
        assert blank(premises.world.get(path + objects[kind])) == blank(unknown)


LISTS = [endpoint for endpoint in ENDPOINTS if endpoint.is_list and "{id}" not in endpoint.path]


@pytest.mark.parametrize("endpoint", LISTS, ids=[endpoint.name for endpoint in LISTS])
def test_lists_and_cursors_know_ones_own_alone(premises: Premises, endpoint: Endpoint) -> None:
    world, kind = premises.world, KINDS.get(endpoint.segments[1])
    seen: dict[str, set[str]] = {}
    for caller in ("secret", "other", "live_restricted"):
        page = world.get(f"{endpoint.path}?limit=100", key=premises.keys[caller]).body
        seen[caller] = {item["id"] for item in page["data"]}
        assert page["page"]["total_estimate"] == len(seen[caller]) > 0
        if kind is not None:
            objects = {"secret": premises.own, "other": premises.foreign, "live_restricted": premises.live}[
                caller
            ]
            assert objects[kind] in seen[caller]
    assert seen["secret"] & seen["other"] == seen["secret"] & seen["live_restricted"] == set()
    foreign, live = min(seen["other"]), min(seen["live_restricted"])
    never = f"{foreign.partition('_')[0]}_{UNKNOWN_TAIL}"
    for cursor in ("starting_after", "ending_before"):
        unknown = world.get(f"{endpoint.path}?{cursor}={never}")
        assert (unknown.status, unknown.code) == (400, "parameter_invalid")
        for object_id in (foreign, live):
            assert blank(world.get(f"{endpoint.path}?{cursor}={object_id}"), object_id) == blank(
                unknown, never
            )
