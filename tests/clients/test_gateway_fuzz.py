"""Spoiled requests in both protocols (`spec/gateway.md` §§3, 4, 15): no fault of the server's, an error group
in every refusal, and nothing stored by one.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.gateway_clients import CARD, Account, Line, WireAnswer, open_line, rest_path
from tests.support.gateway_fuzz import GOOD, Good, json_bodies, make_pairs, nvp_bodies
from tests.support.live_server import LiveServer

from parcela.store.embedded import EmbeddedServer

Json = dict[str, Any]

EXAMPLES = 300
_CAUSES = ("INVALID_REQUEST", "REQUEST_REJECTED")
_ERROR_NAMES = {"cause", "explanation", "field", "validationType"}
_STATUSES = (200, 201, 400, 401, 413)
_BODY_SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@dataclass(slots=True, kw_only=True)
class Stock:
    """What requests are made about, and what was answered as processed."""

    line: Line
    account: Account
    session_id: str
    offer_ids: Iterator[str]
    prefix: str
    paid_order_id: str
    numbers: Iterator[int] = field(default_factory=lambda: count(2))
    orders: set[str] = field(default_factory=set)
    transactions: set[tuple[str, str]] = field(default_factory=set)
    offers: set[str] = field(default_factory=set)
    sessions: int = 0

    def fill(self, good: Good) -> tuple[Good, dict[str, str]]:
        """The request with ids of its own, and the values of its address."""
        offer_id, number = next(self.offer_ids), next(self.numbers)
        text = json.dumps(good.members).replace("{offer}", offer_id).replace("{session}", self.session_id)
        places = {
            "order.id": f"{self.prefix}{number}" if good.is_first else self.paid_order_id,
            "transaction.id": "1" if good.is_first else str(number),
            "session.id": self.session_id,
            "paymentPlanOffer.id": offer_id,
            "paymentPlan.planId": "PLANAMEX",
        }
        tail, members = good.tail, json.loads(text)
        for name, value in places.items():
            tail = tail.replace(f"{{{name}}}", value)
        return replace(good, tail=tail, members=members), {name: places[name] for name in good.fields}

    def note(self, facts: dict[str, str]) -> None:
        """Remember what an answer says was done."""
        if "transaction.id" in facts:
            self.orders.add(facts["order.id"])
            self.transactions.add((facts["order.id"], facts["transaction.id"]))
            self.offers.add(facts.get("paymentPlan.offerId", ""))
        self.offers.add(facts.get("paymentPlanOffer.id", ""))
        self.sessions += "session.aes256Key" in facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is stored."""

    orders: frozenset[str]
    transactions: frozenset[tuple[str, str]]
    offers: frozenset[str]
    sessions: int


@pytest.fixture
def stock(account: Account) -> Iterator[Stock]:
    """A session, a payment to follow up, and offers enough."""
    with open_line(account) as line:
        headers = {"Authorization": account.basic}
        made = line.send("POST", rest_path(account, 100, "session"), headers, b"")
        card = {"number": CARD, "expiry": {"month": "01", "year": "39"}}
        paid_order_id = f"fuzz-{uuid4().hex[:8]}"
        payment = {
            "apiOperation": "PAY",
            "order": {"amount": "1200.00", "currency": "USD"},
            "sourceOfFunds": {"provided": {"card": card}},
        }
        path = rest_path(account, 100, f"order/{paid_order_id}/transaction/1")
        assert line.send("PUT", path, headers, json.dumps(payment).encode()).status == 201
        members = {"order": payment["order"]}

        def quote() -> Iterator[str]:
            while True:
                body = json.dumps(members).encode()
                path = rest_path(account, 100, "paymentOptionsInquiry")
                yield from line.send("POST", path, headers, body).json["paymentTypes"]["card"][
                    "paymentPlanOffer"
                ]

        yield Stock(
            line=line,
            account=account,
            session_id=made.json["session"]["id"],
            offer_ids=quote(),
            prefix=f"{paid_order_id}-",
            paid_order_id=paid_order_id,
        )


def test_spoiled_rest_requests_are_refused_in_form(stock: Stock, live: LiveServer) -> None:
    before = read_rows(live)

    @_BODY_SETTINGS
    @given(st.data(), st.sampled_from(GOOD), st.sampled_from([65, 69, 100]))
    def send(data: st.DataObject, good: Good, version: int) -> None:
        filled, _ = stock.fill(good)
        body = data.draw(json_bodies(filled.members))
        headers = {"Authorization": stock.account.basic, "Content-Type": "application/json"}
        path = rest_path(stock.account, version, filled.tail)
        answer = stock.line.send(filled.method, path, headers, body)
        members = answer.json
        assert isinstance(members, dict)
        check(answer, members)
        if answer.status < 400:
            stock.note(_flatten(members))

    send()
    check_rows(stock, before, read_rows(live))


def test_spoiled_nvp_requests_are_refused_in_form(stock: Stock, live: LiveServer) -> None:
    before = read_rows(live)
    account = stock.account
    login = [
        ("merchant", account.merchant_id),
        ("apiUsername", account.user),
        ("apiPassword", account.password),
    ]

    @_BODY_SETTINGS
    @given(st.data(), st.sampled_from(GOOD), st.sampled_from([65, 69, 100]))
    def send(data: st.DataObject, good: Good, version: int) -> None:
        filled, places = stock.fill(good)
        body = data.draw(nvp_bodies(make_pairs(filled, places), login))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = stock.line.send("POST", f"/api/nvp/version/{version}", headers, body)
        assert answer.pairs == sorted(answer.pairs)
        facts = dict(answer.pairs)
        check(answer, _unflatten_error(facts))
        assert answer.status != 201
        if answer.status < 400:
            stock.note(facts)

    send()
    check_rows(stock, before, read_rows(live))


@_BODY_SETTINGS
@given(
    tail=st.lists(
        st.sampled_from(
            [
                "order",
                "1",
                "..",
                ".",
                "",
                "%",
                "%2F",
                "%00",
                "%0D%0A",
                "%FF",
                "%C3%A9",
                "transaction",
                "session",
                ";a",
                "*",
                "a" * 41,
                "information",
                "paymentPlanOffer",
                "~",
                "%25",
                "+",
            ]
        ),
        max_size=6,
    ),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
)
def test_spoiled_addresses_are_refused_in_form(account: Account, tail: list[str], method: str) -> None:
    with open_line(account) as line:
        path = rest_path(account, 100, "/".join(tail))
        answer = line.send(method, path, {"Authorization": account.basic}, b"{}")
    assert answer.status in (200, 201, 400, 404, 405)
    if answer.status >= 400:
        check_error(answer.json)
    assert ("allow" in answer.headers) == (answer.status == 405)


def check(answer: WireAnswer, members: Json) -> None:
    """A status of the contract, and a body that belongs to it."""
    assert answer.status in _STATUSES, answer
    assert CARD.encode() not in answer.body
    assert (members.get("result") == "ERROR") == (answer.status >= 400)
    if answer.status >= 400:
        check_error(members)


def check_error(members: Json) -> None:
    """The error group by `spec/gateway.md` §4."""
    error = members["error"]
    assert set(members) == {"error", "result"}
    assert set(error) <= _ERROR_NAMES
    assert error["cause"] in _CAUSES
    assert 1 <= len(error["explanation"]) <= 1000
    # A parameter whose name is empty cannot be named.
    assert "validationType" in error or "field" not in error
    assert 1 <= len(error.get("field", "-")) <= 100
    assert error.get("validationType", "INVALID") in ("INVALID", "MISSING", "UNSUPPORTED")


def check_rows(stock: Stock, before: Rows, after: Rows) -> None:
    """Rows are there for what was answered as processed, and for nothing else."""
    assert after.orders - before.orders == stock.orders - before.orders
    assert after.transactions - before.transactions == stock.transactions - before.transactions
    assert after.offers - before.offers <= stock.offers
    assert after.sessions - before.sessions == stock.sessions


def read_rows(live: LiveServer) -> Rows:
    """From the database of the live server."""
    joined = EmbeddedServer.start(live.home)
    try:
        return asyncio.run(_read_rows(joined.url))
    finally:
        joined.release()


async def _read_rows(url: str) -> Rows:
    connection = await asyncpg.connect(url)
    try:
        transactions = await connection.fetch(
            "SELECT o.order_id, t.transaction_id FROM merchant_transaction t"
            " JOIN merchant_order o USING (tenant_id, order_key)"
        )
        return Rows(
            orders=frozenset(row[0] for row in await connection.fetch("SELECT order_id FROM merchant_order")),
            transactions=frozenset((row[0], row[1]) for row in transactions),
            offers=frozenset(row[0] for row in await connection.fetch("SELECT offer_id FROM merchant_offer")),
            sessions=await connection.fetchval("SELECT count(*) FROM merchant_session"),
        )
    finally:
        await connection.close()


def _flatten(members: Json) -> dict[str, str]:
    """The ids in an answer, by their NVP names."""
    found = {}
    for group, name in (
        ("order", "id"),
        ("transaction", "id"),
        ("paymentPlan", "offerId"),
        ("paymentPlanOffer", "id"),
        ("session", "aes256Key"),
    ):
        holder = members.get(group)
        if isinstance(holder, dict) and name in holder:
            found[f"{group}.{name}"] = str(holder[name])
    return found


def _unflatten_error(facts: dict[str, str]) -> Json:
    """The error group of an NVP answer as REST has it."""
    group = {name.removeprefix("error."): text for name, text in facts.items() if re.match("error[.]", name)}
    others = {name: text for name, text in facts.items() if not name.startswith("error.")}
    return {**others, "error": group} if group else others
