"""Thirty random days of a merchant through the door: statement, list, CSV and JSON say the same.

`MERCHANT_DAYS` and `MERCHANT_SEED` ask for others.
"""

import csv
import io
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.fresh_cards import add_fresh_card
from tests.support.identities import list_identity_faults, list_objects
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import COBRAND, MASTERCARD, PLAIN
from tests.support.refund_acts import check_books, find_today

DAYS = int(os.environ.get("MERCHANT_DAYS", "30"))
SEED = int(os.environ.get("MERCHANT_SEED", "7"))
FAILURE = {"parcela_simulate_failure": "operation_not_available"}
TECHNICAL = {"parcela_simulate_failure": "technical_issue"}


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


def sell(world: PaymentsWorld, chance: random.Random) -> None:
    """A payment, some with a plan, some held and captured in part."""
    card, count = chance.choice([(PLAIN, None), (MASTERCARD, 3), (MASTERCARD, 12), (COBRAND, 10)])
    body: dict[str, Any] = {
        "amount": chance.randint(5_000, 90_000),
        "paymentMethod": add_fresh_card(world, card),
    }
    if count is not None:
        body["installments"] = {"enabled": True, "count": count}
    if chance.random() < 0.3:
        body["captureMethod"] = "manual"
    made = world.post("/v1/payments", body)
    assert made.status == 201, made.raw
    if made.body["status"] == "authorized":
        part = {} if count else {"amount": chance.randint(1, body["amount"])}
        assert world.post(f"/v1/payments/{made.body['id']}/capture", part).status == 200


def give_back(world: PaymentsWorld, chance: random.Random) -> None:
    """A refund of one of the payments, some of which fail, wait or are withdrawn."""
    payment = chance.choice(world.get("/v1/payments?limit=20").body["data"])
    left = payment["amountCaptured"] - payment["amountRefunded"] - payment["amountRefundPending"]
    if not left or payment["status"] not in ("completed", "partially_refunded"):
        return
    wanted: dict[str, Any] = {
        "payment": payment["id"],
        "metadata": chance.choice([{}, {}, FAILURE, TECHNICAL]),
    }
    if chance.random() < 0.7:
        wanted["amount"] = chance.randint(1, left)
    made = world.post("/v1/refunds", wanted)
    assert made.status in (201, 422), made.raw
    if made.status == 201 and chance.random() < 0.2:
        assert world.post(f"/v1/refunds/{made.body['id']}/cancel").status == 200


def make_report(world: PaymentsWorld, interval: Mapping[str, str], form: str) -> bytes:
    """The content of a report of all rows of an interval."""
    wanted = {"type": "reconciliation", "interval": interval, "format": form}
    made = world.post("/v1/reports", wanted)
    assert made.status == 201, made.raw
    assert world.post("/v1/test/clock/advance", {"by": "PT1S"}).status == 200
    report = world.get(f"/v1/reports/{made.body['id']}").body
    assert report["status"] == "succeeded"
    content = world.get(f"/v1/reports/{report['id']}/content").raw
    assert report["rows"] == len(list(csv.reader(io.StringIO(content.decode())))) - 1 or form == "json"
    return content


def sum_statement(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """Gross, fees and net of each settlement, from the rows of a report."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if row["settlement_id"]:
            for place, name in enumerate(("gross", "fee", "net")):
                sums[row["settlement_id"]][place] += int(row[name])
    return {settlement_id: (one[0], one[1], one[2]) for settlement_id, one in sums.items()}


def test_statement_list_csv_and_json_are_one(payments: PaymentsWorld) -> None:
    chance = random.Random(SEED)
    first = find_today(payments)
    for day in range(DAYS):
        for _ in range(chance.randint(0, 4)):
            sell(payments, chance)
        for _ in range(chance.randint(0, 3) if day else 0):
            give_back(payments, chance)
        assert payments.post("/v1/test/clock/advance", {"by": "P1D"}).status == 200
        check_books(payments)
    # Everything that is pending ends.
    assert payments.post("/v1/test/clock/advance", {"by": "P30D"}).status == 200
    until = (date.fromisoformat(find_today(payments)) + timedelta(days=1)).isoformat()
    interval = {"start": first, "end": until}
    as_csv = list(csv.DictReader(io.StringIO(make_report(payments, interval, "csv").decode())))
    as_json = json.loads(make_report(payments, interval, "json"))
    listed = list_objects(payments, "/v1/balance-transactions")
    shown = [
        (row["id"], row["type"], row["gross"], row["fee"], row["net"], row["settlement"], row["payout"])
        for row in listed
    ]
    columns = ("balance_transaction_id", "type", "gross", "fee", "net", "settlement_id", "payout_id")
    assert [tuple(row[name] for name in columns) for row in as_json] == shown
    assert as_csv == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in as_json
    ]
    settlements = list_objects(payments, "/v1/settlements")
    assert {one["id"]: (one["gross"], one["fees"], one["net"]) for one in settlements} == sum_statement(
        as_csv
    )
    assert {one["status"] for one in settlements} == {"completed"}
    kinds = {row["type"] for row in listed}
    assert kinds == {"payment", "refund", "refund_reversal", "payout"}
    owed = payments.fetch("SELECT balance_minor FROM ledger_balance WHERE code = 'merchant_balance'")
    assert [row["balance_minor"] for row in owed] == [sum(row["net"] for row in listed)]
    assert list_identity_faults(payments) == []
