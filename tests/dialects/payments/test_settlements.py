"""Settlements, balance transactions and reports over the payments door."""

import csv
import hashlib
import io
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.merchant_days import NOON, at, credit_back, debit, make_refund, pay
from tests.support.payments_world import Answer, PaymentsWorld

from parcela.domain.payments.ids import Prefix, make_id
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.domain.payments.report_files import COLUMNS
from parcela.operations.payments import reports, settlements
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.api_keys import NewApiKey
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment

HANDLERS = {**settlements.TASKS, **reports.TASKS}
JULY = {"start": "2026-07-01", "end": "2026-08-01"}
NOBODY = make_id(Prefix.SETTLEMENT, at=NOON, random=bytes(range(200, 210)))


def fill(world: PaymentsWorld) -> None:
    """Two purchases, with a plan and without, and a refund on 1 July; one purchase in dollars on the 2nd."""

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        first, second = at(moment, NOON), at(moment, NOON + timedelta(days=1))
        payment, _ = await pay(desk, first, 60000, reference="=1+1")
        await pay(desk, first, 10000, has_plan=False, reference="order, 2")
        await debit(desk, first, make_refund(desk, first, payment, 20000, fee_back_minor=30), payment)
        await pay(desk, second, 5000, currency="USD", has_plan=False)
        await run_account(desk, HANDLERS, moment.owner, until=NOON + timedelta(days=30))

    world.as_account(work)


def list_all(world: PaymentsWorld, path: str, *, limit: int = 100, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = world.get(f"{path}?{urlencode({'limit': limit, **query, **cursor})}")
        assert answer.status == 200, answer.body
        found += answer.body["data"]
        if answer.body["page"]["next_cursor"] is None:
            return found
        cursor = {"starting_after": answer.body["page"]["next_cursor"]}


def make_report(world: PaymentsWorld, body: dict[str, Any]) -> tuple[dict[str, Any], Answer]:
    """A report that is made, and its content."""
    created = world.post("/v1/reports", {"type": "reconciliation", "interval": JULY} | body)
    assert created.status == 201, created.body
    world.run_due(HANDLERS)
    report = world.get(f"/v1/reports/{created.body['id']}").body
    assert report["status"] == "succeeded", report
    return report, world.get(f"/v1/reports/{report['id']}/content")


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def as_csv_row(row: dict[str, Any]) -> dict[str, str]:
    """What CSV holds of a balance transaction."""
    fees = {fee["type"]: fee["amount"] for fee in row["feeDetails"]}
    values = {
        "balance_transaction_id": row["id"],
        "type": row["type"],
        "payment_id": row["payment"],
        "refund_id": row["source"] if row["type"].startswith("refund") else None,
        "settlement_id": row["settlement"],
        "payout_id": row["payout"],
        "created": row["created"],
        "available_on": row["availableOn"],
        "currency": row["currency"],
        "gross": row["gross"],
        "processing_fee": fees.get("processing_fee", 0),
        "installment_fee": fees.get("installment_fee", 0),
        "fee": row["fee"],
        "net": row["net"],
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def test_settlements_are_listed_newest_first_and_by_currency(payments: PaymentsWorld) -> None:
    fill(payments)
    found = list_all(payments, "/v1/settlements", limit=1)
    assert [(one["currency"], one["periodEnd"], one["status"]) for one in found] == [
        ("USD", "2026-07-02", "completed"),
        ("EUR", "2026-07-01", "completed"),
    ]
    assert payments.get(f"/v1/settlements/{found[1]['id']}").body == found[1]
    assert list_all(payments, "/v1/settlements", currency="usd") == found[:1]
    since = int((NOON + timedelta(hours=1)).timestamp())
    assert list_all(payments, "/v1/settlements", **{"created[gte]": since}) == found[:1]
    rows = payments.get(f"/v1/settlements/{found[1]['id']}/transactions").body
    assert [row["type"] for row in rows["data"]] == ["refund", "payment", "payment"]
    assert rows["page"] == {"has_more": False, "next_cursor": None, "total_estimate": 3}
    assert {row["payout"] for row in rows["data"]} == {found[1]["payout"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["payout", "payout", "payment", "refund", "payment", "payment"]),
        ({"type": "refund"}, ["refund"]),
        ({"type": "payout"}, ["payout", "payout"]),
        ({"currency": "USD"}, ["payout", "payment"]),
        ({"paymentMethodType": "card_installment"}, ["refund", "payment"]),
        ({"paymentMethodType": "card"}, ["payment", "payment"]),
        ({"created[lt]": int(NOON.timestamp())}, []),
        (
            {"created[gte]": int(NOON.timestamp()), "created[lt]": int(NOON.timestamp()) + 1},
            ["refund", "payment", "payment"],
        ),
        ({"settlement": NOBODY}, []),
    ],
)
def test_balance_transactions_are_filtered(
    payments: PaymentsWorld, query: dict[str, Any], expected: list[str]
) -> None:
    fill(payments)
    assert [row["type"] for row in list_all(payments, "/v1/balance-transactions", **query)] == expected


def test_a_source_names_its_rows(payments: PaymentsWorld) -> None:
    fill(payments)
    refund = list_all(payments, "/v1/balance-transactions", type="refund")[0]
    assert list_all(payments, "/v1/balance-transactions", source=refund["source"]) == [refund]
    (paid,) = list_all(payments, "/v1/balance-transactions", source=refund["payment"])
    assert paid["type"] == "payment"


def test_foreign_and_unknown_settlements_are_missing_alike(payments: PaymentsWorld) -> None:
    fill(payments)
    settlement_id = list_all(payments, "/v1/settlements")[0]["id"]
    for path in ("/v1/settlements/{}", "/v1/settlements/{}/transactions"):
        unknown = payments.get(path.format(NOBODY))
        foreign = payments.get(path.format(settlement_id), key=payments.other_secret)
        assert (unknown.status, unknown.code) == (foreign.status, foreign.code) == (404, "resource_missing")
        assert foreign.error["message"] == unknown.error["message"].replace(NOBODY, settlement_id)
    assert payments.get("/v1/settlements", key=payments.other_secret).body["data"] == []
    assert payments.get("/v1/balance-transactions", key=payments.other_secret).body["data"] == []


def test_reading_needs_the_scopes(payments: PaymentsWorld) -> None:
    text, _ = payments.issue_key(
        NewApiKey(kind=KeyKind.RESTRICTED, is_live=False, scopes=frozenset({Scope.PAYMENTS_READ}))
    )
    before = payments.count_records()
    for path in ("/v1/settlements", "/v1/balance-transactions", "/v1/reports"):
        assert payments.get(path, key=text).code == "permission_missing"
    refused = payments.post("/v1/reports", {"type": "reconciliation", "interval": JULY}, key=text)
    assert refused.code == "permission_missing"
    assert payments.count_records() == before


def test_a_report_as_csv_holds_the_rows_of_the_list(payments: PaymentsWorld) -> None:
    fill(payments)
    report, content = make_report(payments, {"format": "csv"})
    assert report == {
        "id": report["id"],
        "object": "report",
        "status": "succeeded",
        "type": "reconciliation",
        "interval": JULY,
        "columns": list(COLUMNS),
        "format": "csv",
        "filter": {},
        "rows": 6,
        "sha256": hashlib.sha256(content.raw).hexdigest(),
        "downloadUrl": f"http://parcela.test/v1/reports/{report['id']}/content",
        "failureReason": None,
        "created": report["created"],
        "livemode": False,
    }
    assert content.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert content.headers["content-disposition"] == f'attachment; filename="{report["id"]}.csv"'
    rows = read_csv(content.raw)
    expected = [as_csv_row(row) for row in reversed(list_all(payments, "/v1/balance-transactions"))]
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    shown = [
        (row["payment_method_type"], row["issuer_program"], row["resolved_count"], row["reference"])
        for row in rows
    ]
    assert shown == [
        ("card_installment", "mastercard_installments", "3", "'=1+1"),
        ("card", "", "", "order, 2"),
        ("card_installment", "mastercard_installments", "3", "'=1+1"),
        ("card", "", "", ""),
        ("", "", "", ""),
        ("", "", "", ""),
    ]


def test_a_report_as_json_holds_the_same_rows(payments: PaymentsWorld) -> None:
    fill(payments)
    body = {"format": "json", "columns": ["net", "type", "reference"], "filter": {"currency": "eur"}}
    report, content = make_report(payments, body)
    assert (report["rows"], report["columns"], report["filter"]) == (4, body["columns"], {"currency": "EUR"})
    assert json.loads(content.raw) == [
        {"net": 59736, "type": "payment", "reference": "=1+1"},
        {"net": 9946, "type": "payment", "reference": "order, 2"},
        {"net": -19970, "type": "refund", "reference": "=1+1"},
        {"net": -49712, "type": "payout", "reference": None},
    ]


@pytest.mark.parametrize(
    ("filter_", "query"),
    [
        ({"payment_method_type": "card_installment"}, {"paymentMethodType": "card_installment"}),
        ({"payment_method_type": "card"}, {"paymentMethodType": "card"}),
        ({"type": "payout", "currency": "EUR"}, {"type": "payout", "currency": "EUR"}),
        ({"settlement": NOBODY}, {"settlement": NOBODY}),
    ],
)
def test_a_filtered_report_is_the_filtered_list(
    payments: PaymentsWorld, filter_: dict[str, str], query: dict[str, str]
) -> None:
    fill(payments)
    _, content = make_report(payments, {"filter": filter_, "columns": ["balance_transaction_id"]})
    listed = [row["id"] for row in reversed(list_all(payments, "/v1/balance-transactions", **query))]
    assert [row["balance_transaction_id"] for row in read_csv(content.raw)] == listed


def test_the_end_of_an_interval_is_left_out(payments: PaymentsWorld) -> None:
    fill(payments)
    first = make_report(payments, {"interval": {"start": "2026-07-01", "end": "2026-07-02"}})[0]
    second = make_report(payments, {"interval": {"start": "2026-07-02", "end": "2026-07-03"}})[0]
    empty, content = make_report(payments, {"interval": {"start": "2026-08-01", "end": "2026-09-01"}})
    assert (first["rows"], second["rows"], empty["rows"]) == (3, 1, 0)
    assert content.raw == ",".join(COLUMNS).encode() + b"\r\n"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"type": "tax"}, "parameter_invalid", "type"),
        ({"type": None}, "parameter_missing", "type"),
        ({"interval": {"start": "2026-07-01"}}, "parameter_missing", "interval.end"),
        ({"interval": {"start": "2026-07-01", "end": "2026-07-01"}}, "parameter_invalid", "interval.end"),
        ({"interval": {"start": "0001-01-01", "end": "2026-07-01"}}, "parameter_invalid", "interval.start"),
        ({"interval": {"start": "2026-07-01", "end": "9999-12-31"}}, "parameter_invalid", "interval.end"),
        ({"interval": {"start": "2026-7-1", "end": "2026-07-02"}}, "parameter_invalid", "interval.start"),
        ({"columns": []}, "parameter_invalid", "columns"),
        ({"columns": ["gross", "grass"]}, "parameter_invalid", "columns[1]"),
        ({"columns": ["gross", "gross"]}, "parameter_invalid", "columns[1]"),
        ({"columns": "gross"}, "parameter_invalid", "columns"),
        ({"format": "xml"}, "parameter_invalid", "format"),
        ({"filter": {"payment_method_type": "cash"}}, "parameter_invalid", "filter.payment_method_type"),
        ({"filter": {"paymentMethodTyp": "card"}}, "parameter_unknown", "filter.paymentMethodTyp"),
    ],
)
def test_a_report_that_cannot_be_made_is_refused(
    shared_payments: PaymentsWorld, change: dict[str, Any], code: str, param: str
) -> None:
    before = shared_payments.count_records()
    body = {"type": "reconciliation", "interval": JULY, "format": "csv"} | change
    refused = shared_payments.post("/v1/reports", body)
    assert (refused.status, refused.code, refused.error["param"]) == (400, code, param)
    assert shared_payments.count_records() == before


def test_an_unknown_column_is_told_the_known_ones(shared_payments: PaymentsWorld) -> None:
    body = {"type": "reconciliation", "interval": JULY, "columns": ["grass"]}
    message = shared_payments.post("/v1/reports", body).error["message"]
    assert message == f"'columns[0]' must be one of {', '.join(COLUMNS)}."


def test_a_report_is_pending_until_it_is_made_and_then_told(payments: PaymentsWorld) -> None:
    body = {"type": "reconciliation", "interval": JULY, "format": "json"}
    created = payments.post("/v1/reports", body, idempotency_key="july")
    assert (created.body["status"], created.body["rows"], created.body["downloadUrl"]) == (
        "pending",
        None,
        None,
    )
    again = payments.post("/v1/reports", body, idempotency_key="july")
    assert again.raw == created.raw
    path = f"/v1/reports/{created.body['id']}"
    assert payments.get(f"{path}/content").code == "resource_missing"
    assert payments.run_due(HANDLERS) == 1
    report = payments.get(path).body
    assert payments.get("/v1/reports").body["data"] == [report]
    assert payments.get(f"{path}/content").raw == b"[\n]\n"
    events = payments.fetch("SELECT type, object_id, body::text AS body FROM payments_event")
    assert [(event["type"], event["object_id"]) for event in events] == [("report.completed", report["id"])]
    assert json.loads(events[0]["body"]) == report
    for foreign in (path, f"{path}/content"):
        assert payments.get(foreign, key=payments.other_secret).code == "resource_missing"


def test_a_report_of_several_parts_is_whole(payments: PaymentsWorld) -> None:
    fill(payments)
    # 10,001 further rows in the open settlement of a purchase; not by the books, which nobody asks here
    payments.as_account(lambda desk, moment: pay(desk, at(moment, NOON + timedelta(days=25)), 100))
    payments.fetch(
        "INSERT INTO balance_transaction (tenant_id, balance_transaction_id, client_id, is_live, kind,"
        " source_id, turn, currency, gross_minor, processing_fee_minor, installment_fee_minor, available_on,"
        " settlement_id, created_at)"
        " SELECT tenant_id, 'btx_' || n, client_id, is_live, 'adjustment', 'adj_' || n, 1, currency, n, 0, 0,"
        " available_on, settlement_id, created_at"
        " FROM balance_transaction, generate_series(1, 10001) AS n WHERE gross_minor = 100"
    )
    for format_ in ("csv", "json"):
        body = {"format": format_, "columns": ["gross"], "filter": {"type": "adjustment"}}
        report, content = make_report(payments, body)
        assert report["rows"] == 10001
        rows = json.loads(content.raw) if format_ == "json" else read_csv(content.raw)
        assert [int(row["gross"]) for row in rows] == list(range(1, 10002))
        assert report["sha256"] == hashlib.sha256(content.raw).hexdigest()
    assert payments.fetch("SELECT max(number) AS parts FROM payments_report_part") == [{"parts": 4}]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_list_settlement_csv_json_and_ledger_agree(payments: PaymentsWorld, seed: int) -> None:
    payments.as_account(lambda desk, moment: live_through(desk, moment, random.Random(seed)))
    listed = list(reversed(list_all(payments, "/v1/balance-transactions", limit=7)))
    report, as_csv = make_report(payments, {"format": "csv"})
    _, as_json = make_report(payments, {"format": "json"})
    assert report["rows"] == len(listed)
    expected = [as_csv_row(row) for row in listed]
    assert [{name: row[name] for name in expected[0]} for row in read_csv(as_csv.raw)] == expected
    written = json.loads(as_json.raw)
    assert [
        {name: "" if row[name] is None else str(row[name]) for name in expected[0]} for row in written
    ] == expected
    for settlement in list_all(payments, "/v1/settlements"):
        rows = list_all(payments, f"/v1/settlements/{settlement['id']}/transactions", limit=7)
        assert settlement["gross"] - settlement["fees"] == settlement["net"]
        assert sum(row["net"] for row in rows) == settlement["net"]
        assert sum(line["amount"] for line in settlement["lines"]) == settlement["net"]
        end = settlement["openingBalance"] + settlement["net"] - settlement["payoutAmount"]
        assert settlement["closingBalance"] == end
    owed = payments.fetch(
        "SELECT currency, balance_minor FROM ledger_balance WHERE code = 'merchant_balance'"
    )
    for book in owed:
        assert book["balance_minor"] == sum(
            row["net"] for row in listed if row["currency"] == book["currency"]
        )
    views = ("settlement", "settlement_chain", "payout", "merchant_book", "refund_turn", "payment_booking")
    for view in views:
        assert payments.fetch(f"SELECT * FROM broken_{view}") == [], view


async def live_through(desk: PaymentsDesk, moment: AccountMoment, chance: random.Random) -> None:
    """Ten days of purchases and refunds, some of which fail."""
    for day in range(10):
        now = at(moment, NOON + timedelta(days=day))
        for _ in range(chance.randint(0, 4)):
            amount = chance.randint(1, 90000)
            currency = chance.choice(("EUR", "USD"))
            payment, booked = await pay(desk, now, amount, currency=currency, has_plan=chance.random() < 0.5)
            if chance.random() < 0.6:
                back = chance.randint(0, booked.fees.installment_minor)
                refund = make_refund(desk, now, payment, chance.randint(1, amount), fee_back_minor=back)
                await debit(desk, now, refund, payment)
                if chance.random() < 0.4:
                    await credit_back(desk, now, refund, payment)
        await run_account(desk, HANDLERS, moment.owner, until=now.now + timedelta(hours=12))
    await run_account(desk, HANDLERS, moment.owner, until=NOON + timedelta(days=20))


def test_a_purchase_in_three_payments_and_its_refund_settle_as_documented(payments: PaymentsWorld) -> None:
    now = payments.get("/v1/test/clock").body["now"]
    noon = datetime.fromtimestamp(now, UTC).replace(hour=12, minute=0, second=0) + timedelta(days=1)
    assert payments.post("/v1/test/clock/advance", {"to": int(noon.timestamp())}).status == 200
    card = {"number": "5200828200000108", "expMonth": 12, "expYear": 2030, "cvc": "123"}
    method = payments.post("/v1/payment-methods", {"type": "card", "card": card}, key=payments.publishable)
    payment = payments.post(
        "/v1/payments",
        {
            "amount": 60000,
            "paymentMethod": method.body["id"],
            "returnUrl": "https://shop.example/done",
            "installments": {"enabled": True, "count": 3},
        },
    ).body
    assert payment["feeBreakdown"] == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}
    refund = payments.post("/v1/refunds", {"payment": payment["id"], "amount": 20000})
    assert refund.status == 201, refund.body
    assert payments.post("/v1/test/clock/advance", {"by": "P10D"}).status == 200
    settlement = payments.get(f"/v1/settlements/{payment['settlement']}").body
    assert (settlement["status"], settlement["payoutAmount"], settlement["closingBalance"]) == (
        "completed",
        39766,
        0,
    )
    assert (settlement["gross"], settlement["fees"], settlement["net"]) == (40000, 234, 39766)
    assert settlement["lines"] == [
        {"type": "payments", "amount": 60000, "count": 1},
        {"type": "processing_fees", "amount": -174, "count": 1},
        {"type": "installment_fees", "amount": -90, "count": 1},
        {"type": "refunds", "amount": -20000, "count": 1},
        {"type": "fee_credits", "amount": 30, "count": 1},
    ]
    rows = list_all(payments, "/v1/balance-transactions", settlement=payment["settlement"])
    assert [(row["type"], row["fee"], row["payment"]) for row in rows] == [
        ("refund", -30, payment["id"]),
        ("payment", 264, payment["id"]),
    ]
    assert {row["id"] for row in rows} == {payment["balanceTransaction"], refund.body["balanceTransaction"]}
