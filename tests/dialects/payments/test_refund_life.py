"""How refunds live: an hour to withdraw them, days until the rail's word, failures, and what follows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.merchant_plans import open_as_issuer
from tests.support.payments_world import PaymentsWorld
from tests.support.refund_acts import (
    LENDER_CARD,
    accept,
    add_card,
    check_books,
    find_now,
    list_amounts,
    list_balance,
    list_events,
    look,
    make_billing,
    pass_time,
    pay,
    pay_in_rows,
)

from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import Outcome
from parcela.domain.payments.ids import find_plan_id
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest, AcquirerSilent
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.plan_instructions import apply_instructions
from parcela.operations.servicing import get_plan
from parcela.store import plans

TO_THE_END = {"days": 9}
ASK_TO_FAIL = "parcela_simulate_failure"
FAILURES = [
    "destination_account_closed",
    "destination_unreachable",
    "transaction_not_found",
    "currency_mismatch",
    "operation_not_available",
    "refund_window_expired",
]


def go_to_eve_of(world: PaymentsWorld, payment: Mapping[str, Any], number: int) -> None:
    """Move the clock to the day before a row falls due."""
    due = date.fromisoformat(payment["installments"]["schedule"][number - 1]["dueDate"])
    pass_time(world, days=(due - find_now(world).date()).days - 1)


def test_a_refund_is_withdrawn_within_an_hour(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=20000)
    pass_time(payments, minutes=59)
    answer = payments.post(f"/v1/refunds/{made['id']}/cancel")
    assert (answer.status, answer.body) == (200, {**made, "status": "cancelled"})
    assert list_events(payments, after="refund.created") == ["refund.updated"]
    assert list_balance(payments, made["id"]) == [("refund", -20000, -30), ("refund_reversal", 20000, 30)]
    assert look(payments, payment) == payment
    again = payments.post(f"/v1/refunds/{made['id']}/cancel")
    assert (again.status, again.code) == (422, "refund_not_cancellable")
    pass_time(payments, **TO_THE_END)
    assert look(payments, made)["status"] == "cancelled"
    check_books(payments)


def test_a_refund_that_was_sent_cannot_be_withdrawn(payments: PaymentsWorld) -> None:
    made = accept(payments, pay(payments))
    pass_time(payments, minutes=60)
    before = payments.count_records()
    answer = payments.post(f"/v1/refunds/{made['id']}/cancel")
    assert (answer.status, answer.code, answer.error["resource"]) == (
        422,
        "refund_not_cancellable",
        made["id"],
    )
    assert payments.count_records() == before
    foreign = payments.post(f"/v1/refunds/{made['id']}/cancel", key=payments.other_secret)
    assert (foreign.status, foreign.code) == (404, "resource_missing")


def test_rows_are_held_while_a_refund_is_pending(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    go_to_eve_of(payments, payment, 2)
    made = accept(payments, payment, amount=20000)
    pass_time(payments, days=3)
    held = look(payments, payment)
    assert list_amounts(held) == [(20000, "paid"), (20000, "due"), (20000, "due")]
    assert look(payments, made)["status"] == "pending"
    pass_time(payments, days=6)
    # It was confirmed meanwhile, and the row whose date had passed is collected the day after.
    assert list_amounts(look(payments, payment)) == [(20000, "paid"), (10000, "paid"), (10000, "due")]
    assert list_events(payments, after="refund.created") == [
        "installment.due",
        "plan.recalculated",
        "payment.refunded",
        "refund.succeeded",
        "installment.paid",
    ]
    check_books(payments)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_refund_that_the_rail_refuses_changes_nothing(payments: PaymentsWorld, failure: str) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=20000, metadata={ASK_TO_FAIL: failure})
    pass_time(payments, **TO_THE_END)
    ended = look(payments, made)
    assert ended == {**made, "status": "failed", "failureReason": failure}
    assert list_events(payments, after="refund.created") == ["refund.failed"]
    assert list_balance(payments, made["id"]) == [("refund", -20000, -30), ("refund_reversal", 20000, 30)]
    assert look(payments, payment) == payment
    # The bank took the money back: everything can be given back once more.
    accept(payments, payment)
    pass_time(payments, **TO_THE_END)
    assert look(payments, payment)["status"] == "refunded"
    check_books(payments)


def test_rows_of_a_failed_refund_are_collected_the_day_after(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    go_to_eve_of(payments, payment, 2)
    accept(payments, payment, amount=20000, metadata={ASK_TO_FAIL: "destination_unreachable"})
    pass_time(payments, **TO_THE_END)
    assert list_amounts(look(payments, payment)) == [(20000, "paid"), (20000, "paid"), (20000, "due")]
    check_books(payments)


def test_a_technical_issue_is_tried_again_until_it_is_gone(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=20000, metadata={ASK_TO_FAIL: "technical_issue"})
    pass_time(payments, days=2)
    waiting = look(payments, made)
    assert (waiting["status"], waiting["failureReason"]) == ("pending", "technical_issue")
    back = [("refund", -20000, -30), ("refund_reversal", 20000, 30)]
    assert list_balance(payments, made["id"]) == back
    assert look(payments, payment)["amountRefundPending"] == 20000
    payments.post(f"/v1/refunds/{made['id']}", {"metadata": {}})
    pass_time(payments, days=1)
    assert list_balance(payments, made["id"]) == [*back, ("refund", -20000, -30)]
    assert look(payments, made)["failureReason"] is None
    pass_time(payments, **TO_THE_END)
    ended = look(payments, made)
    assert (ended["status"], ended["failureReason"]) == ("succeeded", None)
    assert ended["expectedFrom"] > made["expectedFrom"]
    assert [amount for amount, _ in list_amounts(look(payments, payment))] == [20000, 10000, 10000]
    check_books(payments)


def test_a_technical_issue_ends_after_ten_days(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=20000, metadata={ASK_TO_FAIL: "technical_issue"})
    pass_time(payments, days=9, hours=23)
    assert look(payments, made)["status"] == "pending"
    pass_time(payments, hours=3)
    ended = look(payments, made)
    assert (ended["status"], ended["failureReason"]) == ("failed", "technical_issue")
    assert list_balance(payments, made["id"]) == [("refund", -20000, -30), ("refund_reversal", 20000, 30)]
    assert list_events(payments, after="refund.created") == ["refund.updated", "refund.failed"]
    assert look(payments, payment) == payment
    check_books(payments)


def test_later_effects_are_recomputed_when_an_earlier_refund_fails(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    first = accept(payments, payment, amount=20000, metadata={ASK_TO_FAIL: "destination_unreachable"})
    second = accept(payments, payment)
    assert (second["amount"], second["kind"], second["effect"]["cashBack"]) == (40000, "full", 20000)
    pass_time(payments, **TO_THE_END)
    assert look(payments, first)["status"] == "failed"
    ended = look(payments, second)
    assert (ended["status"], ended["kind"], ended["effect"]["cashBack"]) == ("succeeded", "partial", 0)
    after = look(payments, payment)
    assert (after["status"], after["installments"]["status"]) == ("partially_refunded", "completed")
    assert list_amounts(after) == [(20000, "paid"), (0, "cancelled"), (0, "cancelled")]
    # What was collected is still there to be given back.
    last = accept(payments, payment)
    assert (last["amount"], last["kind"], last["effect"]["cashBack"]) == (20000, "full", 20000)
    pass_time(payments, **TO_THE_END)
    assert look(payments, payment)["status"] == "refunded"
    check_books(payments)


def test_a_refund_waits_for_those_before_it(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    first = accept(payments, payment, amount=10000, metadata={ASK_TO_FAIL: "technical_issue"})
    second = accept(payments, payment, amount=10000)
    pass_time(payments, **TO_THE_END)
    assert [look(payments, one)["status"] for one in (first, second)] == ["pending", "pending"]
    payments.post(f"/v1/refunds/{first['id']}", {"metadata": {}})
    pass_time(payments, days=12)
    assert [look(payments, one)["status"] for one in (first, second)] == ["succeeded", "succeeded"]
    assert [amount for amount, _ in list_amounts(look(payments, payment))] == [20000, 10000, 10000]
    check_books(payments)


@pytest.mark.parametrize(("amount", "kind"), [(20000, "refund"), (None, "cancel")])
def test_the_issuers_processor_is_instructed(payments: PaymentsWorld, amount: int | None, kind: str) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, **({} if amount is None else {"amount": amount}))
    assert payments.fetch("SELECT count(*) AS count FROM plan_instruction") == [{"count": 0}]
    pass_time(payments, **TO_THE_END)
    rows = payments.fetch("SELECT kind, amount_minor, event_id FROM plan_instruction")
    assert rows == [{"kind": kind, "amount_minor": made["amount"], "event_id": made["id"]}]


def test_an_instruction_is_carried_out_when_the_issuer_learns_of_the_plan_after_the_refund(
    payments: PaymentsWorld,
) -> None:
    payment = pay_in_rows(payments)
    accept(payments, payment, amount=20000)
    pass_time(payments, **TO_THE_END)
    plan_id = find_plan_id(payment["installments"]["plan"])
    assert plan_id is not None

    async def open_and_carry_out() -> tuple[int, list[int]]:
        engine = payments.engine
        async with engine.database.connection() as connection:
            plan = await plans.find_plan(connection, MAIN_TENANT, plan_id=plan_id)
        assert plan is not None
        await open_as_issuer(engine, plan)
        settled = await apply_instructions(engine, await engine.look())
        return settled, [row.amount_minor for row in (await get_plan(engine, plan_id)).rows]

    assert payments.run(open_and_carry_out()) == (1, [20000, 10000, 10000])
    check_books(payments)


def pay_with_lender(world: PaymentsWorld, *, email: str = "ada@shop.example") -> dict[str, Any]:
    """A completed payment with a lender's plan of three rows."""
    method = add_card(world, LENDER_CARD, email=email)
    body = {
        "amount": 60000,
        "currency": "EUR",
        "billingDetails": make_billing(email),
        "paymentMethod": method,
        "installments": {"enabled": True, "count": 3, "program": "vinr_bnpl"},
    }
    answer = world.post("/v1/payments", body)
    assert (answer.status, answer.body.get("status")) == (201, "completed"), answer.body
    assert answer.body["installments"]["issuerProgram"] == "vinr_bnpl"
    pass_time(world, minutes=1)
    return answer.body


def find_credit(world: PaymentsWorld) -> tuple[str, int]:
    """State and outstanding amount of the only credit of the simulated lender."""
    (row,) = world.fetch("SELECT state, outstanding_minor FROM simulated_lender_credit")
    return row["state"], row["outstanding_minor"]


def test_the_lender_follows_partial_and_full_refunds(payments: PaymentsWorld) -> None:
    payment = pay_with_lender(payments)
    assert find_credit(payments) == ("open", payment["installments"]["totalAmount"])
    accept(payments, payment, amount=20000)
    pass_time(payments, **TO_THE_END)
    lowered = look(payments, payment)["installments"]["remainingAmount"]
    assert find_credit(payments) == ("open", lowered)
    accept(payments, payment)
    pass_time(payments, **TO_THE_END)
    assert find_credit(payments) == ("closed", 0)
    assert look(payments, payment)["installments"]["status"] == "cancelled"
    check_books(payments)


class DeafAcquirer:
    """An acquirer whose answers to refunds are lost for a while; the bank keeps what it did."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.is_deaf = True
        self.message_ids: list[str] = []

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        return bool(self.inner.has_acquirer(profile))

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        reply: AcquirerReply = await self.inner.send(request)
        if request.original is not None:
            self.message_ids.append(request.message_id)
            if self.is_deaf:
                raise AcquirerSilent("its answer was lost")
        return reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        found: AcquirerReply | None = await self.inner.find(profile, message_id)
        return found

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        await self.inner.reverse(profile, message_id)


def test_a_silent_rail_gets_the_same_message_again(payments: PaymentsWorld) -> None:
    acquirer = DeafAcquirer(payments.desk.acquirer)
    payments.set_desk(acquirer=acquirer)
    made = accept(payments, pay(payments), amount=20000)
    pass_time(payments, hours=1)
    assert look(payments, made)["status"] == "pending"
    answer = payments.post(f"/v1/refunds/{made['id']}/cancel")
    assert answer.code == "refund_not_cancellable"
    acquirer.is_deaf = False
    # The task rests for a while of real time; here it is woken.
    payments.fetch("UPDATE payments_task SET retry_at = '-infinity' RETURNING task_id")
    pass_time(payments, **TO_THE_END)
    assert look(payments, made)["status"] == "succeeded"
    assert acquirer.message_ids == [made["id"], made["id"]]
    refunds = payments.fetch("SELECT count(*) AS count FROM simulated_card_message WHERE kind = 'refund'")
    assert refunds == [{"count": 1}]
    check_books(payments)


class UnsureAcquirer(DeafAcquirer):
    """An acquirer that carries refunds out, and cannot say so the first time."""

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        reply: AcquirerReply = await self.inner.send(request)
        if request.original is None or self.message_ids:
            return reply
        self.message_ids.append(request.message_id)
        return replace(reply, outcome=Outcome.UNKNOWN)


def test_what_a_bank_cannot_tell_is_taken_back_before_it_is_sent_again(payments: PaymentsWorld) -> None:
    payments.set_desk(acquirer=UnsureAcquirer(payments.desk.acquirer))
    made = accept(payments, pay(payments), amount=20000)
    pass_time(payments, hours=1)
    assert look(payments, made)["failureReason"] == "technical_issue"
    pass_time(payments, days=10)
    assert look(payments, made)["status"] == "succeeded"
    messages = payments.fetch(
        "SELECT message_id, state FROM simulated_card_message WHERE kind = 'refund' ORDER BY reference"
    )
    assert messages == [
        {"message_id": made["id"], "state": "reversed"},
        {"message_id": f"{made['id']}.2", "state": "approved"},
    ]
    check_books(payments)


def test_a_refund_that_the_bank_declines_fails(payments: PaymentsWorld) -> None:
    payment = pay(payments)
    # Somebody gave the money back behind the platform's back.
    payments.fetch("UPDATE simulated_card_message SET refunded_minor = 60000 RETURNING message_id")
    made = accept(payments, payment)
    pass_time(payments, hours=1)
    ended = look(payments, made)
    assert (ended["status"], ended["failureReason"]) == ("failed", "operation_not_available")
    assert look(payments, payment)["amountRefundPending"] == 0


def test_a_collection_that_was_on_its_way_is_taken_into_account(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=30000)
    assert [row["amount"] for row in made["effect"]["plan"]["after"]] == [5000, 5000]
    # A lender had asked for row 2 before the plan was held; its answer comes afterwards.
    payments.fetch("UPDATE payment_plan_row SET status = 'paid' WHERE number = 2 RETURNING number")
    pass_time(payments, **TO_THE_END)
    ended = look(payments, made)
    assert ended["status"] == "succeeded"
    assert [row["number"] for row in ended["effect"]["plan"]["before"]] == [3]
    assert ended["effect"]["cashBack"] == 10000
    after = look(payments, payment)
    assert list_amounts(after) == [(20000, "paid"), (20000, "paid"), (0, "cancelled")]
    assert after["installments"]["status"] == "completed"
    check_books(payments)


def test_the_whole_agenda_carries_refunds_through(payments: PaymentsWorld) -> None:
    payment = pay_in_rows(payments)
    made = accept(payments, payment, amount=20000)
    moved = payments.post("/v1/test/clock/advance", {"by": "P9D"})
    assert moved.status == 200, moved.body
    fired = {entry["type"]: entry["count"] for entry in moved.body["fired"]}
    assert {name: fired[name] for name in ("refund.succeeded", "payment.refunded", "plan.recalculated")} == {
        "refund.succeeded": 1,
        "payment.refunded": 1,
        "plan.recalculated": 1,
    }
    settlement = payments.get(f"/v1/settlements/{payment['settlement']}").body
    assert (settlement["gross"], settlement["fees"], settlement["net"]) == (40000, 234, 39766)
    assert look(payments, made)["status"] == "succeeded"
    check_books(payments)
