"""The sweep: after a day at the payments door, no card number, key or secret stands anywhere in clear.

Every request carries a card number of its own, so that a hit tells where it was let through.
"""

import asyncio
import io
import random
import re
import secrets
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
import structlog
from tests.conftest import DemoTemplate
from tests.support.payment_calls import RETURN_URL
from tests.support.payments_world import Answer, PaymentsWorld, open_payments_world
from tests.vault.test_no_clear_pan import Markers

from parcela.domain.payments.keys import KeyKind
from parcela.logs import configure_logs
from parcela.operations.payments.api_keys import NewApiKey

_SECURITY_CODE = re.compile(rb"(?i)(?:cvc|security.?code)[^0-9a-z]{1,8}[0-9]{4}(?![0-9])")
PLAN_BEGIN = "52008282000001"
CODE = "9871"
HOOK = "https://shop.example/hooks"


@dataclass
class Day:
    """One world, what went in, and the answers that came out. `secrets` are told once, or never."""

    world: PaymentsWorld
    markers: Markers = field(default_factory=Markers)
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    shown: list[Answer] = field(default_factory=list)

    def post(self, path: str, body: Any, *statuses: int, key: str | None = None, **given: Any) -> Answer:
        """A request whose answer is kept for the search."""
        return self.note(self.world.post(path, body, key=key, **given), *statuses)

    def note(self, answer: Answer, *statuses: int) -> Answer:
        """Keep an answer."""
        assert answer.status in statuses, answer.raw
        self.answers.append(answer)
        return answer

    def keep_card(self, where: str, *, begin: str = "424242") -> str:
        """A payment method of a card number of its own."""
        card = {"number": self.draw(where, begin=begin), "expMonth": 12, "expYear": 2039, "cvc": CODE}
        body = {"type": "card", "card": card}
        return str(self.post("/v1/payment-methods", body, 201, key=self.world.publishable).body["id"])

    def draw(self, where: str, *, begin: str = "424242") -> str:
        """A card number, remembered with the place where it will be put."""
        return self.markers.draw(where, begin=begin)

    def hide(self, text: str, what: str) -> str:
        """A secret that may stand nowhere."""
        self.secrets[text] = what
        return text


def pay_with_cards(day: Day) -> None:
    """Cards where they belong: kept, paid with, held, captured, refunded, split, challenged, repeated."""
    for number in range(6):
        body = {
            "amount": 60_000,
            "returnUrl": RETURN_URL,
            "paymentMethod": day.keep_card(f"payment {number}"),
        }
        paid = day.post("/v1/payments", body, 201, idempotency_key=f"once-{number}").body["id"]
        assert day.post("/v1/payments", body, 201, idempotency_key=f"once-{number}").body["id"] == paid
        day.post("/v1/refunds/preview", {"payment": paid, "amount": 100}, 200)
        day.post("/v1/refunds", {"payment": paid, "amount": 100}, 201)
        held = {**body, "paymentMethod": day.keep_card("held"), "captureMethod": "manual"}
        payment = day.post("/v1/payments", held, 201).body["id"]
        day.post(f"/v1/payments/{payment}/{'capture' if number % 2 else 'cancel'}", {}, 200)
    for number in range(4):
        wish = {"enabled": True, "count": 3}
        intent = {"amount": 60_000, "returnUrl": RETURN_URL, "confirm": False, "installments": wish}
        payment = day.post("/v1/payments", intent, 201).body["id"]
        # The bounds of the card's range, which stand in the catalogue, end in 00000 and 99999.
        method = day.keep_card(f"plan {number}", begin=f"{PLAN_BEGIN}{number + 1}")
        path = f"/v1/installments/plans?payment={payment}&paymentMethod={method}"
        listed = day.note(day.world.get(path), 200).body["data"]
        assert [plan["count"] for plan in listed] == [3, 6, 12]
        day.post(f"/v1/payments/{payment}/confirm", {"paymentMethod": method, "installments": wish}, 200)
        page = day.post("/v1/payments", {"amount": 100, "returnUrl": RETURN_URL}, 201).body["checkoutUrl"]
        day.hide(page.rpartition("/")[2], "a checkout token")
    customer = day.post("/v1/customers", {"name": "Ana", "email": "ana@shop.example"}, 201).body["id"]
    token = {"type": "card", "token": day.keep_card("token"), "customer": customer}
    day.post("/v1/payment-methods", token, 201)


def move_on(day: Day) -> None:
    """Webhooks with secrets, time that passes, reports and events."""
    shown = day.world.post("/v1/webhook-endpoints", {"url": HOOK, "enabledEvents": ["*"]})
    day.shown.append(shown)
    day.hide(shown.body["secret"], "a webhook secret")
    path = f"/v1/webhook-endpoints/{shown.body['id']}/roll-secret"
    for number in range(2):
        rolled = day.world.post(path, {}, idempotency_key=f"roll-{number}")
        day.shown.append(rolled)
        day.hide(rolled.body["secret"], "a rolled webhook secret")
    day.post("/v1/test/clock/advance", {"by": "P40D"}, 200)
    interval = {"start": "2026-01-01", "end": "2027-06-01"}
    for form in ("csv", "json"):
        wish = {"type": "reconciliation", "interval": interval, "format": form}
        report = day.post("/v1/reports", wish, 201).body["id"]
        day.world.run_due()
        day.note(day.world.get(f"/v1/reports/{report}/content"), 200)
    for resource in ("payments", "refunds", "events", "settlements", "balance-transactions", "reports"):
        day.note(day.world.get(f"/v1/{resource}?limit=100"), 200)
    day.note(day.world.get("/v1/webhook-endpoints"), 200)
    day.note(day.world.get(path.replace("roll-secret", "deliveries")), 200)


def put_cards_in_odd_places(day: Day) -> None:
    """Card numbers where no one expects them: masked where they are kept, refused elsewhere."""
    payment = {"amount": 60_000, "returnUrl": RETURN_URL}
    masked = {
        "description": f"card {day.draw('description')}",
        "metadata": {"card": day.draw("metadata"), "more": f"x{day.draw('metadata, inside')}"},
        "billingDetails": {
            "name": day.draw("name"),
            "phone": day.draw("phone"),
            "address": {
                "line1": day.draw("line"),
                "city": day.draw("city"),
                "postalCode": day.draw("postal code"),
            },
        },
    }
    made = day.post("/v1/payments", {**payment, **masked}, 201).body
    assert re.fullmatch(r"424242\*{6}[0-9]{4}", made["metadata"]["card"])
    refused = {
        "metadata": {day.draw("metadata name"): "x"},
        "reference": day.draw("reference"),
        "locale": day.draw("locale"),
        "currency": day.draw("currency"),
        "customer": day.draw("customer"),
        "paymentMethod": day.draw("payment method"),
        "billingDetails": {"email": f"{day.draw('e-mail')}@shop.example"},
        "returnUrl": f"https://shop.example/{day.draw('return URL')}",
        "amount": int(day.draw("amount")),
        "expiresInMinutes": int(day.draw("minutes")),
        "installments": {"enabled": True, "count": int(day.draw("count"))},
        day.draw("unknown member"): "x",
    }
    for name, value in refused.items():
        day.post("/v1/payments", {**payment, name: value}, 400, 404, 422)
    day.post("/v1/payments", f'{{"amount":1,"description":"{day.draw("broken JSON")}"'.encode(), 400)
    customer = {"name": day.draw("customer name"), "metadata": {"a": day.draw("customer metadata")}}
    day.post("/v1/customers", customer, 201)
    day.post("/v1/customers", {"email": f"{day.draw('customer e-mail')}@shop.example"}, 400)
    paid = day.post("/v1/payments", {**payment, "paymentMethod": day.keep_card("refunded")}, 201).body["id"]
    refund = {"payment": paid, "amount": 100, "metadata": {"a": day.draw("refund metadata")}}
    refund_id = day.post("/v1/refunds", refund, 201).body["id"]
    day.post(f"/v1/refunds/{refund_id}", {"metadata": {"a": day.draw("later refund metadata")}}, 200)
    for name in ("reason", "preview", "payment"):
        day.post("/v1/refunds", {**refund, name: day.draw(f"refund {name}")}, 400, 404, 422)
    day.shown.append(
        day.post(
            "/v1/webhook-endpoints",
            {"url": HOOK, "enabledEvents": ["*"], "description": day.draw("webhook description")},
            201,
        )
    )
    day.answers.pop()
    url = f"https://shop.example/{day.draw('webhook URL')}"
    day.post("/v1/webhook-endpoints", {"url": url, "enabledEvents": ["*"]}, 400)
    day.post("/v1/test/clock/advance", {"by": day.draw("duration")}, 400)
    for member in ("expMonth", "expYear", "cvc", "number"):
        card = {"number": day.draw("card"), "expMonth": 12, "expYear": 2039, "cvc": CODE}
        wrong = {"type": "card", "card": {**card, member: int(day.draw(f"card {member}"))}}
        day.post("/v1/payment-methods", wrong, 400, key=day.world.publishable)
    raw = {
        "type": "card",
        "card": {"number": day.draw("server"), "expMonth": 1, "expYear": 2039, "cvc": CODE},
    }
    day.post("/v1/payment-methods", raw, 403)


def put_cards_in_frames(day: Day) -> None:
    """Card numbers in addresses, queries, headers and idempotency keys."""
    world = day.world
    for resource in ("payments", "payment-methods", "refunds", "events", "reports", "webhook-endpoints"):
        day.note(world.get(f"/v1/{resource}/{day.draw(f'path of {resource}')}"), 404)
        day.note(world.get(f"/v1/{resource}/pay_{day.draw('path with prefix')}", key="sk_test_nobody"), 401)
    for name in (
        "customer",
        "reference",
        "issuerProgram",
        "starting_after",
        "status",
        "limit",
        "created[gte]",
    ):
        day.note(world.get(f"/v1/payments?{name}={day.draw(f'query {name}')}"), 200, 400)
    day.note(world.get(f"/v1/payments?{day.draw('query name')}=1"), 400)
    day.note(world.get(f"/v1/{day.draw('unknown address')}"), 404)
    for name in ("Parcela-Version", "X-Api-Key", "Authorization", "Accept-Language", "User-Agent", "Accept"):
        day.note(world.get("/v1/payments?limit=1", headers={name.lower(): day.draw(name)}), 200, 400, 401)
    key = day.draw("idempotency key")
    day.post("/v1/customers", {"name": "Ana"}, 201, idempotency_key=key)
    day.post("/v1/customers", {"name": "Bea"}, 409, idempotency_key=key)


def show_keys(day: Day) -> None:
    """Keys that are right, revoked, wrong, and where no key belongs."""
    world = day.world
    for name, text in world.credentials.items():
        if name.endswith("_key"):
            day.hide(text, name)
    text, record = world.issue_key(NewApiKey(kind=KeyKind.SECRET))
    day.hide(text, "a revoked key")
    day.note(world.get("/v1/payments?limit=1", key=text), 200)
    world.fetch("UPDATE payments_key SET revoked_at = now() WHERE key_id = $1", record.key_id)
    world.fetch("UPDATE world SET version = version + 1")
    day.note(world.get("/v1/payments", key=text), 401)
    for prefix in ("sk_test_", "rk_live_", "pk_test_", ""):
        wrong = day.hide(prefix + secrets.token_urlsafe(32), "a wrong key")
        for headers in ({"x-api-key": wrong}, {"authorization": wrong}, {"authorization": f"Basic {wrong}"}):
            day.note(world.get("/v1/payments", headers=headers), 401)
        day.note(world.send("GET", f"/v1/payments?api_key={wrong}"), 401)
    for key in (world.secret, "sk_test_nobody"):
        day.note(world.get(f"/v1/payments?api_key={world.other_secret}", key=key), 400, 401)


@pytest.fixture(scope="module")
def day(demo_template: DemoTemplate) -> Iterator[tuple[Day, str, str]]:
    """The day, what the application logged, and its database, which nobody uses any more."""
    name = "test_sweep_" + random.SystemRandom().randbytes(6).hex()
    demo_template.server.create_database(name, template=demo_template.database)
    logged = io.StringIO()
    with redirect_stderr(logged):
        configure_logs("json")
        structlog.configure(cache_logger_on_first_use=False)
        with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
            lived = Day(world)
            for chapter in (
                pay_with_cards,
                move_on,
                put_cards_in_odd_places,
                put_cards_in_frames,
                show_keys,
            ):
                chapter(lived)
            world.run_due()
        structlog.reset_defaults()
        configure_logs("text")
    structlog.reset_defaults()
    yield lived, logged.getvalue(), name
    demo_template.server.drop_database(name)


def find_hits(day: Day, content: bytes) -> set[str]:
    """The places whose card numbers, and the secrets, that stand in a content."""
    found = day.markers.find(content)
    found |= {what for text, what in day.secrets.items() if text.encode() in content}
    codes = {match.group()[-4:].decode() for match in _SECURITY_CODE.finditer(content)}
    return found | ({"a security code"} if CODE in codes else set())


def test_the_search_finds_what_it_looks_for(day: tuple[Day, str, str]) -> None:
    lived, _, _ = day
    assert len(lived.markers.given) >= 80
    assert set(lived.secrets.values()) == {
        "a checkout token",
        "a revoked key",
        "a rolled webhook secret",
        "a webhook secret",
        "a wrong key",
        "other_secret_key",
        "publishable_key",
        "restricted_key",
        "secret_key",
    }
    for text, what in {**lived.secrets, **lived.markers.given}.items():
        assert what in find_hits(lived, f'"{text}"'.encode())
    assert find_hits(lived, f'"cvc": "{CODE}"'.encode()) == {"a security code"}


def test_no_table_holds_a_secret(day: tuple[Day, str, str], demo_template: DemoTemplate) -> None:
    lived, _, name = day

    async def dump() -> dict[str, bytes]:
        connection = await asyncpg.connect(demo_template.server.url_of(name))
        dumped = {}
        for (table,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            content = io.BytesIO()
            await connection.copy_from_table(table, schema_name="public", output=content)
            dumped[table] = content.getvalue()
        await connection.close()
        return dumped

    dumped = asyncio.run(dump())
    # The tables were written to, so that an empty find says something.
    written = (
        "payment",
        "payment_method",
        "payment_plan",
        "payment_refund",
        "payments_event",
        "letter",
        "audit",
        "payments_report",
    )
    assert [table for table in written if not dumped[table]] == []
    hits = {table: find_hits(lived, content) for table, content in dumped.items()}
    assert {table: places for table, places in hits.items() if places} == {}


def test_no_file_of_the_database_holds_a_secret(
    day: tuple[Day, str, str], demo_template: DemoTemplate
) -> None:
    lived, _, name = day
    cluster = demo_template.server._cluster

    async def flush() -> int:
        connection = await asyncpg.connect(demo_template.server.url_of(name))
        await connection.execute("CHECKPOINT")
        oid: int = await connection.fetchval("SELECT oid::int FROM pg_database WHERE datname = $1", name)
        await connection.close()
        return oid

    data = cluster.private / "data"
    folders = [data / "base" / str(asyncio.run(flush())), data / "pg_wal"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    hits = {}
    for file in [*files, cluster.log]:
        try:
            hits[str(file)] = find_hits(lived, file.read_bytes())
        except FileNotFoundError:
            # The server has taken a file of its log for new records since.
            continue
    assert len(hits) >= 100
    assert {file: places for file, places in hits.items() if places} == {}


def test_no_log_line_holds_a_secret(day: tuple[Day, str, str]) -> None:
    lived, logged, _ = day
    assert logged.count('"answered"') >= len(lived.answers)
    assert find_hits(lived, logged.encode()) == set()


def test_no_answer_holds_a_secret(day: tuple[Day, str, str]) -> None:
    """But for what was asked for: the address of the hosted page, and a new secret, once."""
    lived, _, _ = day
    found: set[str] = set()
    for answer in lived.answers:
        found |= find_hits(lived, answer.raw + repr(answer.headers).encode())
    assert found == {"a checkout token"}
    assert [find_hits(lived, answer.raw) for answer in lived.shown] == [
        {"a webhook secret"},
        {"a rolled webhook secret"},
        {"a rolled webhook secret"},
        set(),
    ]


def test_much_happened(day: tuple[Day, str, str]) -> None:
    lived, _, _ = day
    listed = [answer.body for answer in lived.answers if answer.raw.startswith(b'{"object":"list"')]
    types = {item["type"] for page in listed for item in page["data"] if item["object"] == "event"}
    assert {"plan.accepted", "refund.succeeded", "settlement.completed"} <= types
