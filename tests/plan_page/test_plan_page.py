"""The cardholder's own page: what it shows, who opens it, its parts, and paying early by plain forms."""

import json
import re
import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.conftest import DemoTemplate
from tests.support.early_acts import advance, allow, begin, get_link, list_collected, list_made, pay
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import MASTERCARD, buy, get_payment
from tests.support.refund_acts import accept, check_books
from tests.support.shopper import FORM, Seen, Shopper

from parcela.checkout.plan_page import CardholderPage
from parcela.domain.payments.early_payments import EarlyKind
from parcela.operations.payments.payment_links import hide_tokens, show_tokens
from parcela.operations.payments.plan_pages import renew_plan_link
from parcela.words.plan_page import TABLES
from parcela.words.words import Words


class Cardholder(Shopper):
    """A browser on the page of a plan."""

    def __init__(self, world: PaymentsWorld, url: str) -> None:
        self._world = world
        self._app = Starlette(routes=CardholderPage(world.desk).list_routes())
        self.path = url.removeprefix(world.desk.root_url)
        self.cookies = {}
        self._own_headers: dict[str, str] = {}
        self.seen = self.look()


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(demo_template: DemoTemplate) -> Iterator[tuple[PaymentsWorld, dict[str, Any], dict[str, Any]]]:
    """A lender's plan and a bank's, for tests that change nothing of them."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        lent, _ = begin(world, count=12)
        yield world, lent, buy(world, MASTERCARD, 3)
    demo_template.server.drop_database(name)


Shared = tuple[PaymentsWorld, dict[str, Any], dict[str, Any]]


def list_cells(seen: Seen) -> list[list[str]]:
    """The rows of the page's table, without head and foot."""
    body = seen.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall("<td>(.*?)</td>", row)]
        for row in re.findall("<tr>(.*?)</tr>", body)
    ]


def test_the_page_tells_how_the_plan_stands(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    advance(payments, days=32)
    seen = Cardholder(payments, get_link(payments, bought)).seen
    words = Words("en")
    rows = get_payment(payments, bought["id"])["installments"]["schedule"]
    assert (seen.status, seen.title) == (200, "Your payment plan")
    for sentence in (
        "2 payments are still to come.",
        "Payments made: 1 of 3",
        "Paid so far €200.00",
        "Still to pay €400.00",
        "The payments are collected from your card: Mastercard ending in 0306.",
        "Purchase at Parcela Demo Store",
        "Who lends you the amount Sandbox Lender",
    ):
        assert sentence in seen.words, sentence
    assert [row[0::2] for row in list_cells(seen)] == [
        ["1", "Paid"],
        ["2", "To\u00a0come"],
        ["3", "To\u00a0come"],
    ]
    assert [row[1] for row in list_cells(seen)] == [
        words.write_date(date.fromisoformat(row["dueDate"])) for row in rows
    ]
    assert "5200" not in seen.text and "ada@example.com" not in seen.text


def test_refunds_are_told_with_what_they_change(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    accept(payments, bought, amount=30000)
    person = Cardholder(payments, get_link(payments, bought))
    assert "€300.00, on its way. It should arrive between" in person.seen.words
    assert "What you still have to pay: €600.00 before, €300.00 after." in person.seen.words
    assert "A refund is on its way." in person.seen.words
    assert "You can pay early again when the refund has arrived." in person.seen.words
    assert "/pay-" not in person.seen.text
    advance(payments, days=12)
    accept(payments, bought)
    advance(payments, days=12)
    seen = person.look()
    assert "This plan was cancelled. Nothing more is collected." in seen.words
    assert [row[2:] for row in list_cells(seen)] == [["Cancelled", "€0.00"]] * 3
    assert seen.words.count(", made on ") == 2


def test_paying_all_that_remains_by_plain_forms(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments, count=12)
    person = Cardholder(payments, get_link(payments, bought))
    assert "Pay the next payment now" in person.seen.words
    saved = re.search(r"You save (€[0-9.]+) of interest\.", person.seen.words)
    check = person.look("/pay-rest")
    assert (check.status, check.title) == (200, "Check and pay early")
    assert saved is not None and f"Interest that you save {saved[1]}" in check.words
    assert "You pay now €600.00" in check.words and "Left to pay after that €0.00" in check.words
    token = check.form_token
    done = person.follow(person.post("pay-rest", form_token=token))
    assert "Everything is paid. Nothing is left to pay." in done.words
    assert "You paid €600.00 early on" in done.words and "Payments made: 1 of 1" in done.words
    assert [row[2:] for row in list_cells(done)] == [["Paid", "€600.00"]] + [["Cancelled", "€0.00"]] * 11
    # The same form again shows the same page, and pays nothing.
    again = person.post("pay-rest", form_token=token)
    assert (again.status, again.headers["location"]) == (303, person.path)
    assert (list_made(payments), list_collected(payments)) == ([("rest", "paid", 60000)], [(1, 60000)])
    assert person.look("/pay-rest").status == 303
    check_books(payments)


def test_an_early_payment_that_came_to_nothing_is_told(payments: PaymentsWorld) -> None:
    bought, courier = begin(payments, "bnpl-late")
    person = Cardholder(payments, get_link(payments, bought))
    person.look("/pay-next")
    refused = person.send("pay-next")
    assert "Your early payment of €200.00 was refused. Nothing was charged" in refused.words
    courier.is_deaf = True
    person.look("/pay-rest")
    silent = person.send("pay-rest")
    assert "Your early payment of €600.00 is being processed." in silent.words
    assert "A payment is being collected right now." in silent.words
    assert list_collected(payments) == []


def test_a_new_link_ends_the_one_before(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    old = get_link(payments, bought)
    person = Cardholder(payments, old)
    name = bought["installments"]["plan"]
    token = person.look("/pay-next").form_token
    new = payments.as_operator(
        lambda engine, operator: renew_plan_link(engine, operator, name, root_url=payments.desk.root_url)
    )
    assert new.startswith("http://parcela.test/plan/2.") and new == get_link(payments, bought)
    assert (person.look().status, person.seen.title) == (404, "There is no plan here")
    assert person.post("pay-next", form_token=token).status == 404
    assert (Cardholder(payments, new).seen.status, list_made(payments)) == (200, [])
    # Events hold no token, and show the one that was there.
    held = payments.fetch("SELECT e::text AS text FROM payments_event e")
    assert not any(old.rpartition(".")[2] in row["text"] for row in held)
    told = payments.get("/v1/events?type=plan.accepted").body["data"]
    assert [
        event["data"]["object"]["cardholderUrl"] for event in told if event["type"] == "plan.accepted"
    ] == [old]


def test_a_link_is_hidden_and_shown_again(shared: Shared) -> None:
    world, lent, _ = shared
    document = world.get(f"/v1/installments/plans/{lent['installments']['plan']}").body
    hidden = hide_tokens(document)
    assert hidden["cardholderUrl"] == "http://parcela.test/plan/1.{token}"
    assert show_tokens(hidden, world.engine.vault, tenant_id=1) == document


@pytest.mark.parametrize(
    "token",
    [
        "1." + "A" * 43,
        "A" * 43,
        "0." + "A" * 43,
        "1.",
        "1.é" + "A" * 42,
        "%00",
        "1." + "A" * 400,
        "..%2f..",
        "1.A%0a",
    ],
)
@pytest.mark.parametrize("part", ["", "/plan.ics", "/agreement.pdf", "/pay-rest"])
def test_a_made_up_token_opens_nothing(shared: Shared, token: str, part: str) -> None:
    world, lent, _ = shared
    person = Cardholder(world, get_link(world, lent))
    person.path = f"/plan/{token}"
    seen = person.look(part)
    # What is no address of one token at all is no page either.
    expected = "There is no plan here" if "<h1>" in seen.text else "Not Found"
    assert (seen.status, expected in seen.text) == (404, True)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        pytest.param({"origin": "https://evil.example"}, b"form_token=1.x", 403, id="foreign"),
        pytest.param({"sec-fetch-site": "cross-site"}, b"form_token=1.x", 403, id="cross-site"),
        pytest.param({"content-type": "application/json"}, b"{}", 400, id="no form"),
        pytest.param({}, b"", 400, id="empty"),
        pytest.param({}, b"form_token=1.x&form_token=1.x", 400, id="twice"),
        pytest.param({}, b"form_token=%00", 400, id="null"),
        pytest.param({}, b"a=" + b"x" * 9000, 413, id="too long"),
        pytest.param({}, b"form_token=1." + b"A" * 43, 409, id="forged"),
        pytest.param({}, b"form_token=2.x", 409, id="of a later serial"),
    ],
)
def test_a_form_that_is_not_ours_pays_nothing(
    shared: Shared, headers: dict[str, str], body: bytes, status: int
) -> None:
    world, lent, _ = shared
    person = Cardholder(world, get_link(world, lent))
    seen = person.ask("POST", f"{person.path}/pay-rest", body, {"content-type": FORM, **headers})
    assert (seen.status, list_made(world), list_collected(world)) == (status, [], [])


@pytest.mark.parametrize("part", ["plan.ics", "agreement.html", "receipt.pdf"])
def test_what_is_read_takes_no_forms(shared: Shared, part: str) -> None:
    world, lent, _ = shared
    person = Cardholder(world, get_link(world, lent))
    seen = person.post(part, form_token="1.x")
    assert (seen.status, seen.headers["allow"]) == (405, "GET")


def test_a_card_number_in_the_address_is_not_taken(shared: Shared) -> None:
    world, lent, _ = shared
    person = Cardholder(world, get_link(world, lent))
    seen = person.look("?number=5200828200000306")
    assert (seen.status, "0306" in seen.text) == (405, False)


def test_nobody_else_is_told_of_the_address(shared: Shared) -> None:
    world, lent, _ = shared
    seen = Cardholder(world, get_link(world, lent)).seen
    assert '<meta name="robots" content="noindex">' in seen.text
    assert (seen.headers["referrer-policy"], seen.headers["cache-control"]) == ("no-referrer", "no-store")
    policy = seen.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
    assert "set-cookie" not in seen.headers
    assert set(re.findall('(?:src|href)="(https?://[^"]+)"', seen.text)) == {
        "https://lender.sandbox.example/terms/bnpl-eu-01"
    }


def test_the_banks_plan_is_paid_early_at_the_bank(shared: Shared) -> None:
    world, _, by_bank = shared
    person = Cardholder(world, get_link(world, by_bank))
    assert "Your card's bank runs this plan. Ask Sandbox Bank if you want to pay early." in person.seen.words
    assert person.look("/pay-rest").status == 303


def test_a_program_that_allows_no_early_payment_says_so(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    allow(payments, is_allowed=False)
    person = Cardholder(payments, get_link(payments, bought))
    assert "Each payment is collected on its date. Ask Sandbox Lender" in person.seen.words
    assert "/pay-" not in person.seen.text


def test_papers_and_the_calendar_hang_on_the_page(shared: Shared) -> None:
    world, lent, _ = shared
    person = Cardholder(world, get_link(world, lent))
    for part, kind in (
        ("agreement.html", "text/html; charset=utf-8"),
        ("receipt.html", "text/html; charset=utf-8"),
        ("plan.ics", "text/calendar; charset=utf-8"),
    ):
        seen = person.look(f"/{part}")
        assert (seen.status, seen.headers["content-type"]) == (200, kind), part
        assert seen.headers["referrer-policy"] == "no-referrer"
    assert person.seen.raw.count(b"BEGIN:VEVENT") == 12
    record = person.look("/record.json")
    (kept,) = world.fetch("SELECT body FROM payment_plan_evidence WHERE payment_id = $1", lent["id"])
    assert (record.status, record.headers["content-type"]) == (200, "application/json")
    assert record.raw.decode() == kept["body"]
    ways = world.fetch(
        "SELECT p.kind, d.way FROM paper_delivery d JOIN paper p USING (tenant_id, digest)"
        " WHERE d.payment_id = $1 ORDER BY position",
        lent["id"],
    )
    assert [tuple(row.values()) for row in ways] == [
        ("agreement", "record"),
        ("agreement", "plan_page"),
        ("receipt", "plan_page"),
    ]


@pytest.mark.parametrize("language", list(TABLES))
def test_the_page_is_whole_in_every_language(shared: Shared, language: str) -> None:
    world, lent, by_bank = shared
    for payment in (lent, by_bank):
        person = Cardholder(world, get_link(world, payment))
        seen = person.look(f"?lang={language}")
        assert (seen.status, seen.title) == (200, TABLES[language]["plan_page_title"])
        assert f'<html lang="{language}" dir="{Words(language).direction}">' in seen.text
        # The amounts of the table add up to the sum below it.
        cells = [row[3] for row in list_cells(seen)]
        rows = get_payment(world, payment["id"])["installments"]["schedule"]
        assert cells == [Words(language).write_money(row["amount"], "EUR") for row in rows]
        total = sum(row["amount"] for row in rows)
        assert Words(language).write_money(total, "EUR") in seen.text.partition("<tfoot>")[2]
    person = Cardholder(world, get_link(world, lent))
    person.look(f"?lang={language}")
    assert person.look("/pay-rest").title == TABLES[language]["plan_page_check_title"]


def test_a_plan_is_found_by_its_link_alone(payments: PaymentsWorld) -> None:
    bought, _ = begin(payments)
    pay(payments, bought, EarlyKind.NEXT)
    rows = payments.fetch("SELECT page_key, page_turn FROM payment_plan")
    assert [(len(row["page_key"]), row["page_turn"]) for row in rows] == [(32, 1)]
    text = json.dumps(payments.get(f"/v1/payments/{bought['id']}").body)
    assert "/plan/" not in text
