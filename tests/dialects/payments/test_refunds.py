"""Refunds and their previews over the API: golden values, bounds, promises, lists (`spec/payments.md` §9)."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.payments_world import PaymentsWorld
from tests.support.refund_acts import (
    accept,
    check_books,
    find_now,
    list_amounts,
    list_balance,
    list_events,
    look,
    pass_time,
    pay,
    pay_in_rows,
    refund,
    set_program,
)

from parcela.domain.refund_strategy import RefundStrategy

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy.SPREAD, RefundStrategy.LAST_FIRST, RefundStrategy.NEXT_FIRST
TO_THE_END = {"days": 9}

GOLDEN_OF_THREE = [
    # strategy, amount, open rows after, cash back, (payment, plan)
    (SPREAD, 20000, [10000, 10000], 0, ("partially_refunded", "active")),
    (LAST_FIRST, 20000, [20000, 0], 0, ("partially_refunded", "active")),
    (NEXT_FIRST, 20000, [0, 20000], 0, ("partially_refunded", "active")),
    (SPREAD, 40000, [0, 0], 0, ("partially_refunded", "completed")),
    (SPREAD, 60000, [0, 0], 20000, ("refunded", "cancelled")),
    (SPREAD, None, [0, 0], 20000, ("refunded", "cancelled")),
]


@pytest.mark.parametrize(("strategy", "amount", "after", "cash_back", "statuses"), GOLDEN_OF_THREE)
def test_golden_values_of_three_free_rows(
    payments: PaymentsWorld,
    strategy: RefundStrategy,
    amount: int | None,
    after: list[int],
    cash_back: int,
    statuses: tuple[str, str],
) -> None:
    set_program(payments, strategy=strategy)
    payment = pay_in_rows(payments)
    assert list_amounts(payment) == [(20000, "paid"), (20000, "due"), (20000, "due")]
    wanted = {} if amount is None else {"amount": amount}
    made = accept(payments, payment, **wanted)
    assert [row["amount"] for row in made["effect"]["plan"]["after"]] == after
    assert (made["effect"]["cashBack"], made["strategy"]) == (cash_back, strategy)
    assert list_amounts(look(payments, payment)) == list_amounts(payment)
    pass_time(payments, **TO_THE_END)
    ended = look(payments, payment)
    assert (ended["status"], ended["installments"]["status"]) == statuses
    states = ["due" if due else "cancelled" for due in after]
    assert list_amounts(ended) == [(20000, "paid"), *zip(after, states, strict=True)]
    assert ended["amountRefunded"] == (amount or 60000)
    assert look(payments, made)["status"] == "succeeded"
    check_books(payments)


GOLDEN_OF_SIX = [
    (SPREAD, [5227, 5227, 5227, 5227]),
    (LAST_FIRST, [10153, 10153, 402, 0]),
    (NEXT_FIRST, [204, 204, 10351, 10351]),
]


@pytest.mark.parametrize(("strategy", "after"), GOLDEN_OF_SIX)
def test_golden_values_of_six_priced_rows(
    payments: PaymentsWorld, strategy: RefundStrategy, after: list[int]
) -> None:
    set_program(payments, strategy=strategy, rate=12)
    payment = pay_in_rows(payments, count=6, starts_today=False)
    pass_time(payments, days=63)
    rows = list_amounts(look(payments, payment))
    assert rows == [(10353, "paid")] * 2 + [(10353, "due")] * 4
    made = accept(payments, payment, amount=20000)
    assert [row["amount"] for row in made["effect"]["plan"]["after"]] == after
    pass_time(payments, **TO_THE_END)
    assert [amount for amount, _ in list_amounts(look(payments, payment))[2:]] == after
    check_books(payments)


def test_the_published_check_of_four_rows(payments: PaymentsWorld) -> None:
    set_program(payments, strategy=LAST_FIRST, count=4)
    payment = pay_in_rows(payments, 50040, count=4)
    pass_time(payments, days=32)
    assert list_amounts(look(payments, payment)) == [(12510, "paid")] * 2 + [(12510, "due")] * 2
    made = accept(payments, payment, amount=14310)
    assert [row["amount"] for row in made["effect"]["plan"]["after"]] == [10710, 0]


def test_a_preview_and_its_refund_are_the_documented_bodies(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"], "amount": 20000})
    assert preview.status == 200
    shown = dict(preview.body)
    created = shown["created"]
    dates = [row["dueDate"] for row in payment["installments"]["schedule"]]
    plan = {
        "id": payment["installments"]["plan"],
        "exact": True,
        "before": [
            {"number": 2, "dueDate": dates[1], "amount": 20000},
            {"number": 3, "dueDate": dates[2], "amount": 20000},
        ],
        "after": [
            {"number": 2, "dueDate": dates[1], "amount": 10000},
            {"number": 3, "dueDate": dates[2], "amount": 10000},
        ],
        "remainingBefore": 40000,
        "remainingAfter": 20000,
    }
    fees = {"processingFee": 0, "installmentFee": 30, "totalFee": 30}
    visible = {"expectedFrom": shown["expectedFrom"], "expectedBy": shown["expectedBy"]}
    assert visible["expectedFrom"] < visible["expectedBy"]
    assert shown == {
        "id": shown["id"],
        "object": "refund_preview",
        "payment": payment["id"],
        "kind": "partial",
        "amount": 20000,
        "currency": "EUR",
        "strategy": "spread",
        "maximumPartialAmount": 40000,
        "fullAmount": 60000,
        "plan": plan,
        "cashBack": 0,
        "interestBack": 0,
        "feesBack": fees,
        "merchantNet": -19970,
        **visible,
        "stateHash": shown["stateHash"],
        "expiresAt": created + 86400,
        "livemode": False,
        "created": created,
    }
    made = accept(
        payments,
        payment,
        amount=20000,
        preview=shown["id"],
        reason="product_not_received",
        metadata={"ticket": "7"},
    )
    assert made == {
        "id": made["id"],
        "object": "refund",
        "payment": payment["id"],
        "amount": 20000,
        "currency": "EUR",
        "status": "pending",
        "reason": "product_not_received",
        "kind": "partial",
        "strategy": "spread",
        "preview": shown["id"],
        "effect": {"plan": plan, "cashBack": 0, "interestBack": 0, "feesBack": fees},
        "balanceTransaction": made["balanceTransaction"],
        **visible,
        "failureReason": None,
        "metadata": {"ticket": "7"},
        "livemode": False,
        "created": made["created"],
    }
    assert list_balance(payments, made["id"]) == [("refund", -20000, -30)]
    after = look(payments, payment)
    assert (after["amountRefundPending"], after["amountRefunded"], after["status"]) == (20000, 0, "completed")
    assert after["feeBreakdown"] == payment["feeBreakdown"]
    assert list_events(payments, after="payment.completed") == ["installment.paid", "refund.created"]


def test_a_payment_without_a_plan_is_refunded_to_the_card(payments: PaymentsWorld) -> None:
    payment = pay(payments)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"]}).body
    assert (preview["plan"], preview["cashBack"], preview["strategy"]) == (None, 60000, None)
    assert (preview["maximumPartialAmount"], preview["fullAmount"]) == (60000, 60000)
    made = accept(payments, payment)
    pass_time(payments, **TO_THE_END)
    assert look(payments, payment)["status"] == "refunded"
    assert list_events(payments, after="refund.created") == ["payment.refunded", "refund.succeeded"]
    assert list_balance(payments, made["id"]) == [("refund", -60000, 0)]
    check_books(payments)


def test_preview_and_refund_refuse_more_than_the_plan_bears(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    before = payments.count_records()
    for path in ("/v1/refunds/preview", "/v1/refunds"):
        answer = payments.post(path, {"payment": payment["id"], "amount": 40001})
        assert answer.status == 422
        assert answer.error == {
            "type": "invalid_state",
            "code": "amount_too_large",
            "message": "The largest partial refund is 40000; the full remaining amount is 60000.",
            "param": "amount",
            "doc_url": "/docs/errors#amount_too_large",
            "request_id": answer.error["request_id"],
            "decline_code": None,
            "resource": payment["id"],
            "details": {"maximum": 40000, "full_amount": 60000},
        }
    assert payments.count_records() == before


def test_refunds_that_are_pending_count(payments: PaymentsWorld) -> None:
    payment = pay(payments)
    accept(payments, payment, amount=30000)
    before = payments.count_records()
    assert refund(payments, payment, amount=60000).code == "amount_too_large"
    assert refund(payments, payment, amount=30001).code == "amount_too_large"
    assert payments.count_records() == before
    accept(payments, payment, amount=30000)
    assert refund(payments, payment).code == "payment_not_refundable"
    assert look(payments, payment)["amountRefundPending"] == 60000


HOSTILE: list[tuple[str, dict[str, Any] | bytes, int, str, str | None]] = [
    ("no payment", {}, 400, "parameter_missing", "payment"),
    ("null payment", {"payment": None}, 400, "parameter_missing", "payment"),
    ("payment of another kind", {"payment": 7}, 400, "parameter_invalid", "payment"),
    ("unknown payment", {"payment": "pay_01K00000000000000000000000"}, 404, "resource_missing", "payment"),
    ("amount 0", {"payment": "PAY", "amount": 0}, 400, "amount_invalid", "amount"),
    ("amount below 0", {"payment": "PAY", "amount": -1}, 400, "amount_invalid", "amount"),
    ("amount with decimals", {"payment": "PAY", "amount": 1.5}, 400, "amount_invalid", "amount"),
    ("amount as text", {"payment": "PAY", "amount": "100"}, 400, "amount_invalid", "amount"),
    ("amount as truth", {"payment": "PAY", "amount": True}, 400, "amount_invalid", "amount"),
    ("amount of 30 digits", {"payment": "PAY", "amount": 10**30}, 400, "amount_invalid", "amount"),
    ("more than there is", {"payment": "PAY", "amount": 60001}, 422, "amount_too_large", "amount"),
    ("unknown reason", {"payment": "PAY", "reason": "whim"}, 400, "parameter_invalid", "reason"),
    ("misspelt member", {"payment": "PAY", "amout": 1}, 400, "parameter_unknown", "amout"),
    ("metadata of numbers", {"payment": "PAY", "metadata": {"a": 1}}, 400, "parameter_invalid", "metadata.a"),
    ("unknown preview", {"payment": "PAY", "preview": "rpv_x"}, 404, "resource_missing", "preview"),
    ("twice the same name", b'{"payment":"a","payment":"b"}', 400, "invalid_json", None),
    ("a list", b"[]", 400, "invalid_json", None),
]


@pytest.fixture(scope="module")
def paid(shared_payments: PaymentsWorld) -> dict[str, Any]:
    """A payment of the module's own that no test may refund."""
    return pay(shared_payments)


@pytest.mark.parametrize(
    ("body", "status", "code", "param"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE]
)
def test_requests_that_cannot_be_meant_are_refused(
    shared_payments: PaymentsWorld,
    paid: dict[str, Any],
    body: dict[str, Any] | bytes,
    status: int,
    code: str,
    param: str | None,
) -> None:
    if isinstance(body, dict) and body.get("payment") == "PAY":
        body = {**body, "payment": paid["id"]}
    before = shared_payments.count_records()
    answer = shared_payments.post("/v1/refunds", body)
    assert (answer.status, answer.code, answer.error["param"]) == (status, code, param)
    assert shared_payments.count_records() == before


def test_another_accounts_payment_is_unknown(shared_payments: PaymentsWorld, paid: dict[str, Any]) -> None:
    before = shared_payments.count_records()
    for path in ("/v1/refunds", "/v1/refunds/preview"):
        answer = shared_payments.post(path, {"payment": paid["id"]}, key=shared_payments.other_secret)
        assert (answer.status, answer.code) == (404, "resource_missing")
    assert shared_payments.count_records() == before


def test_payments_without_captured_money_are_not_refundable(payments: PaymentsWorld) -> None:
    answer = payments.post("/v1/payments", {"amount": 1000, "confirm": False})
    assert answer.status == 201
    before = payments.count_records()
    refused = refund(payments, answer.body)
    assert (refused.status, refused.code) == (422, "payment_not_refundable")
    assert payments.count_records() == before


def test_the_effect_is_exactly_what_was_previewed(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments, 50001, starts_today=False)
    for amount in (1, 3333, 9999, 20000, None):
        wanted = {"payment": payment["id"]} | ({} if amount is None else {"amount": amount})
        preview = payments.post("/v1/refunds/preview", wanted).body
        made = accept(payments, payment, preview=preview["id"])
        assert made["effect"] == {
            name: preview[name] for name in ("plan", "cashBack", "interestBack", "feesBack")
        }
        assert (made["amount"], made["kind"]) == (preview["amount"], preview["kind"])
        if amount == 9999:
            pass_time(payments, **TO_THE_END)
    pass_time(payments, **TO_THE_END)
    ended = look(payments, payment)
    assert (ended["status"], ended["amountRefunded"]) == ("refunded", 50001)
    given_back = payments.fetch("SELECT sum(installment_fee_minor) AS fee FROM balance_transaction")
    assert given_back == [{"fee": 0}]
    check_books(payments)


def test_a_preview_of_something_else_is_a_mismatch(payments: PaymentsWorld) -> None:
    payment, other = pay(payments), pay(payments)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"], "amount": 100}).body
    before = payments.count_records()
    for wanted, param in (
        ({"payment": other["id"], "preview": preview["id"]}, "payment"),
        ({"payment": payment["id"], "amount": 101, "preview": preview["id"]}, "amount"),
    ):
        answer = payments.post("/v1/refunds", wanted)
        assert (answer.status, answer.code, answer.error["param"]) == (422, "preview_mismatch", param)
    assert payments.count_records() == before


def test_a_stale_preview_is_answered_with_a_fresh_one(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"], "amount": 10000}).body
    accept(payments, payment, amount=20000)
    answer = refund(payments, payment, amount=10000, preview=preview["id"])
    assert (answer.status, answer.code) == (422, "preview_stale")
    fresh = answer.error["details"]["preview"]
    assert [row["amount"] for row in fresh["plan"]["before"]] == [10000, 10000]
    assert [row["amount"] for row in fresh["plan"]["after"]] == [5000, 5000]
    assert fresh["stateHash"] != preview["stateHash"]
    assert payments.fetch("SELECT count(*) AS refunds FROM payment_refund") == [{"refunds": 1}]
    made = accept(payments, payment, amount=10000, preview=fresh["id"])
    assert made["effect"]["plan"] == fresh["plan"]


def test_a_row_that_was_collected_makes_a_preview_stale(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    due = date.fromisoformat(payment["installments"]["schedule"][1]["dueDate"])
    pass_time(payments, days=(due - find_now(payments).date()).days - 1)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"], "amount": 30000}).body
    pass_time(payments, days=2)
    assert list_amounts(look(payments, payment))[1] == (20000, "paid")
    answer = refund(payments, payment, preview=preview["id"])
    # 300.00 are more than is left of the plan by now: there is no fresh preview of them.
    assert (answer.code, answer.error["details"]) == ("preview_stale", {"preview": None})


@pytest.mark.parametrize(("hours", "minutes", "status"), [(23, 59, 201), (24, 1, 422)])
def test_a_preview_lives_for_a_day(payments: PaymentsWorld, hours: int, minutes: int, status: int) -> None:
    payment = pay(payments)
    preview = payments.post("/v1/refunds/preview", {"payment": payment["id"]}).body
    pass_time(payments, hours=hours, minutes=minutes)
    answer = refund(payments, payment, preview=preview["id"])
    assert answer.status == status
    if status == 422:
        assert answer.code == "preview_stale"
        assert answer.error["details"]["preview"]["stateHash"] == preview["stateHash"]


def test_a_preview_keeps_its_dates_over_midnight(payments: PaymentsWorld) -> None:
    program = payments.get_entry("payments_program", "mastercard_installments")
    payments.change_catalogue(replace(program, refund_days=15))
    payment, now = pay_in_rows(payments, count=6), find_now(payments)
    # From the next Monday noon, so that the day after is a business day too.
    noon = (now + timedelta(days=7 - now.weekday())).replace(hour=12, minute=0, second=0)
    pass_time(payments, seconds=int((noon - now).total_seconds()))
    wanted = {"payment": payment["id"], "amount": 10000}
    preview = payments.post("/v1/refunds/preview", wanted).body
    pass_time(payments, hours=23)
    fresh = payments.post("/v1/refunds/preview", wanted).body
    names = ("expectedFrom", "expectedBy")
    shown, later = ([one[name] for name in names] for one in (preview, fresh))
    promised = [noon.date() + timedelta(days=days) for days in (7, 21)]
    assert shown == [day.isoformat() for day in promised]
    assert later == [(day + timedelta(days=1)).isoformat() for day in promised]
    kept, unbound = accept(payments, payment, preview=preview["id"]), accept(payments, payment, amount=100)
    assert [[one[name] for name in names] for one in (kept, unbound)] == [shown, later]
    # 15 business days after the preview: the rail keeps the promise of the latest day as well.
    pass_time(payments, days=20)
    assert [look(payments, one)["status"] for one in (kept, unbound)] == ["succeeded", "pending"]
    check_books(payments)


def test_metadata_is_given_anew(payments: PaymentsWorld) -> None:
    made = accept(payments, pay(payments), metadata={"a": "1"})
    answer = payments.post(f"/v1/refunds/{made['id']}", {"metadata": {"b": "2"}})
    assert (answer.status, answer.body) == (200, {**made, "metadata": {"b": "2"}})
    assert look(payments, made) == answer.body
    assert list_events(payments, after="refund.created") == ["refund.updated"]
    missing = payments.post(f"/v1/refunds/{made['id']}", {})
    assert (missing.status, missing.code) == (400, "parameter_missing")
    unknown = payments.post("/v1/refunds/re_x", {"metadata": {}})
    assert (unknown.status, unknown.code) == (404, "resource_missing")


def test_lists_are_newest_first_and_filtered(payments: PaymentsWorld) -> None:
    payment, other = pay(payments), pay(payments)
    made = [accept(payments, payment, amount=amount) for amount in (1, 2, 3)]
    foreign = accept(payments, other)
    payments.post(f"/v1/refunds/{made[0]['id']}/cancel")

    def find(query: str) -> list[str]:
        answer = payments.get(f"/v1/refunds?{query}")
        assert answer.status == 200
        return [item["id"] for item in answer.body["data"]]

    ids = [one["id"] for one in made]
    assert find("") == [foreign["id"], *reversed(ids)]
    assert find(f"payment={payment['id']}") == list(reversed(ids))
    assert find(f"payment={payment['id']}&status=pending") == [ids[2], ids[1]]
    assert find(f"payment={payment['id']}&limit=1&starting_after={ids[2]}") == [ids[1]]
    assert find("payment=pay_x") == []
    others = payments.get("/v1/refunds", key=payments.other_secret)
    assert others.body["data"] == []


def test_a_repeated_call_is_one_refund(payments: PaymentsWorld) -> None:
    payment = pay(payments)
    body = {"payment": payment["id"], "amount": 100}
    first = payments.post("/v1/refunds", body, idempotency_key="k1")
    again = payments.post("/v1/refunds", body, idempotency_key="k1")
    assert (first.status, again.status, again.raw) == (201, 201, first.raw)
    assert again.headers["idempotent-replayed"] == "true"
    assert look(payments, payment)["amountRefundPending"] == 100


def test_a_hundred_refunds_of_a_fiftieth_at_once(twin_payments: PaymentsWorld) -> None:
    payment = pay(twin_payments)
    calls = [
        ("POST", "/v1/refunds", {"payment": payment["id"], "amount": 1200}, f"k{number}")
        for number in range(100)
    ]
    statuses = [answer.status for answer in twin_payments.ask_all(calls)]
    # On a machine that is busy otherwise some wait too long for a connection, and are told to come again.
    while 503 in statuses:
        statuses = [answer.status for answer in twin_payments.ask_all(calls)]
    accepted = statuses.count(201)
    assert accepted == 50
    assert set(statuses) == {201, 422}
    assert look(twin_payments, payment)["amountRefundPending"] == 60000
    check_books(twin_payments)


def test_a_full_and_a_partial_refund_at_once(twin_payments: PaymentsWorld) -> None:
    payment = pay_in_rows(twin_payments)
    calls: list[Any] = [
        ("POST", "/v1/refunds", {"payment": payment["id"], "amount": 60000}, "full"),
        ("POST", "/v1/refunds", {"payment": payment["id"], "amount": 40000}, "partial"),
    ]
    answers = twin_payments.ask_all(calls)
    assert sorted(answer.status for answer in answers) == [201, 422]
    won = next(answer.body["amount"] for answer in answers if answer.status == 201)
    assert look(twin_payments, payment)["amountRefundPending"] == won
    check_books(twin_payments)


def test_any_course_of_previews_and_refunds_keeps_its_promises(payments: PaymentsWorld) -> None:
    """Random plans and histories: each preview is its refund, sums never exceed what was captured."""
    dice = random.Random(20_261_121)
    set_program(payments, strategy=SPREAD, rate=12)
    for strategy in (SPREAD, LAST_FIRST, NEXT_FIRST):
        set_program(payments, strategy=strategy)
        count = dice.choice([3, 6])
        payment = pay_in_rows(payments, dice.randrange(20_000, 90_000), count=count)
        while (left := look(payments, payment))["status"] != "refunded":
            open_minor = left["amountCaptured"] - left["amountRefunded"] - left["amountRefundPending"]
            asked = None if dice.random() < 0.15 else dice.randrange(1, open_minor + 2)
            wanted = {"payment": payment["id"]} | ({} if asked is None else {"amount": asked})
            preview = payments.post("/v1/refunds/preview", wanted)
            if preview.status == 200:
                made = accept(payments, payment, preview=preview.body["id"])
                assert made["effect"] == {
                    name: preview.body[name] for name in ("plan", "cashBack", "interestBack", "feesBack")
                }
            else:
                refused = payments.post("/v1/refunds", wanted)
                assert (refused.status, refused.code) == (preview.status, preview.code)
                assert refused.error["details"] == preview.error["details"]
            act = dice.choice(["wait", "row", "withdraw", "confirm"])
            if act == "withdraw" and preview.status == 200:
                assert payments.post(f"/v1/refunds/{made['id']}/cancel").status == 200
            elif act != "withdraw":
                pass_time(payments, **{"wait": {"minutes": 5}, "row": {"days": 31}}.get(act, TO_THE_END))
        check_books(payments)
