"""The sweep: after payments, good, bad and odd, no card number stands anywhere in clear.

Every request carries a card number of its own, so that a hit tells where it was let through.
"""

import asyncio
import io
import random
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import asyncpg
import pytest
import structlog
from tests.conftest import DemoTemplate
from tests.support.gateway_samples import load_nvp_request, load_request
from tests.support.gateway_world import Answer, GatewayWorld, open_gateway_world
from tests.support.samples import UNSET, edit
from tests.vault.test_no_clear_pan import Markers

from parcela.logs import configure_logs

CARD = "sourceOfFunds.provided.card"


class Day:
    """One world, the card numbers that went in, and the answers that came out."""

    def __init__(self, gateway: GatewayWorld) -> None:
        self.gateway = gateway
        self.markers = Markers()
        self.answers: list[Answer] = []

    def draw(self, where: str) -> str:
        """A card of the demo bank whose ending asks nothing of the simulator."""
        while (digits := self.markers.draw(where, begin="512345"))[-4:-1] == "710":
            pass
        return digits

    def note(self, answer: Answer, *statuses: int) -> Answer:
        """Keep an answer for the search."""
        self.answers.append(answer)
        assert answer.status in statuses
        return answer

    def pay(self, order_id: str, transaction_id: str, body: dict[str, Any], *statuses: int) -> Answer:
        """A transaction."""
        return self.note(self.gateway.pay(order_id, transaction_id, body), *statuses)

    def take_offer(self, digits: str) -> str:
        """An accepted offer of six payments."""
        quoted = self.note(self.gateway.ask("POST", "paymentOptionsInquiry", load_request("options")), 200)
        offer_id = sorted(quoted.body["paymentTypes"]["card"]["paymentPlanOffer"])[1]
        body = edit(load_request("update-accept"), {f"{CARD}.number": digits})
        self.note(self.gateway.ask("PUT", f"paymentPlanOffer/{offer_id}", body), 200)
        return offer_id


def pay_and_be_refused(day: Day) -> None:
    """Cards where they belong: paid with, repeated, declined, refused."""
    for number in range(12):
        digits = day.draw(f"payment {number}")
        offer_id = day.take_offer(digits)
        changes = {"paymentPlan.offerId": offer_id, f"{CARD}.number": digits}
        other = {**changes, f"{CARD}.number": day.draw("another card")}
        day.pay(f"O{number}", "1", edit(load_request("authorize-offer"), other), 400)
        body = edit(load_request("authorize-offer"), changes)
        day.pay(f"O{number}", "1", body, 201)
        day.pay(f"O{number}", "1", body, 201)
        day.pay(f"O{number}", "1", edit(body, {f"{CARD}.number": day.draw("repeat")}), 400)
        day.pay(f"O{number}", "2", load_request("capture"), 201)
        declined = {"paymentPlan": UNSET, f"{CARD}.number": day.draw("declined")}
        declined[f"{CARD}.expiry.month"] = "05"
        day.pay(f"D{number}", "1", edit(load_request("pay-offer"), declined), 201)
        day.note(day.gateway.ask("GET", f"order/O{number}"), 200)


def put_cards_in_odd_places(day: Day) -> None:
    """Card numbers in texts, in names, in groups of any content, in wrong fields."""
    plain = {
        "paymentPlan": UNSET,
        f"{CARD}.number": day.draw("card"),
        "correlationId": day.draw("correlation"),
    }
    texts = {
        name: f"pay with {day.draw(name)}"
        for name in (
            "order.description",
            "order.reference",
            "order.customerNote",
            "order.custom",
            "order.item[0].name",
            "order.item[1].description",
            "transaction.reference",
            "transaction.merchantNote",
        )
    }
    groups = {
        "billing": {"note": day.draw("group"), "number": int(day.draw("group, number"))},
        "customer": {day.draw("group, name"): "x"},
        f"{CARD}.nameOnCard": day.draw("holder"),
    }
    body = edit(load_request("pay-offer"), {**plain, **texts, **groups})
    day.pay("ODD", "1", body, 201)
    refund = {"transaction.reference": day.draw("refund"), "order.reference": day.draw("later reference")}
    day.pay("ODD", "2", edit(load_request("refund"), {**refund, "billing": {"a": day.draw("later")}}), 201)
    day.note(day.gateway.ask("GET", "order/ODD"), 200)
    for number, name in enumerate(
        ("order.currency", "order.amount", f"{CARD}.securityCode", "paymentPlan.offerId")
    ):
        wrong = edit(load_request("pay-offer"), {**plain, name: day.draw(f"wrong {name}")})
        day.pay("ODD", f"w{number}", wrong, 400)
    day.pay("ODD", "w9", edit(load_request("pay-offer"), {**plain, day.draw("unknown"): "x"}), 400)
    fields = {**load_nvp_request("pay-offer"), f"{CARD}.number": day.draw("nvp")}
    del fields["paymentPlan.offerId"]
    day.note(day.gateway.ask_nvp({**fields, "order.description": day.draw("nvp text")}), 200)
    old = edit(load_request("options"), {"apiOperation": UNSET, CARD: {"number": day.draw("inquiry")}})
    day.note(day.gateway.ask("POST", "paymentPlanOffersInquiry", old, version=65), 200)


@pytest.fixture(scope="module")
def day(demo_template: DemoTemplate) -> Iterator[tuple[Day, str, str]]:
    """The day, what the application logged, and its database, which nobody uses any more."""
    name = "test_sweep_" + random.SystemRandom().randbytes(6).hex()
    demo_template.server.create_database(name, template=demo_template.database)
    logged = io.StringIO()
    with redirect_stderr(logged):
        configure_logs("json")
        structlog.configure(cache_logger_on_first_use=False)
        with open_gateway_world(demo_template.server.url_of(name), demo_template.home) as gateway:
            lived = Day(gateway)
            pay_and_be_refused(lived)
            put_cards_in_odd_places(lived)
        structlog.reset_defaults()
        configure_logs("text")
    structlog.reset_defaults()
    yield lived, logged.getvalue(), name
    demo_template.server.drop_database(name)


def test_no_table_holds_a_card_number(day: tuple[Day, str, str], demo_template: DemoTemplate) -> None:
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
    written = ("card", "merchant_offer", "merchant_order", "merchant_transaction", "event")
    assert [table for table in written if not dumped[table]] == []
    hits = {table: lived.markers.find(content) for table, content in dumped.items()}
    assert {table: places for table, places in hits.items() if places} == {}


def test_no_answer_holds_a_card_number(day: tuple[Day, str, str]) -> None:
    """But for the correlation id, which is echoed as it came."""
    lived, _, _ = day
    found: set[str] = set()
    for answer in lived.answers:
        found |= lived.markers.find(answer.raw)
    assert found == {"correlation"}


def test_no_log_line_holds_a_card_number(day: tuple[Day, str, str]) -> None:
    lived, logged, _ = day
    assert logged.count('"answered"') == len(lived.answers)
    assert lived.markers.find(logged.encode()) == set()
