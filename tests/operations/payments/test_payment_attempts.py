"""Payments whose process, bank or time lets them down: money moves once, and nothing stays open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tests.dialects.payments.conftest import payments, twin_payments
from tests.support.payment_calls import (
    APPROVED,
    CHALLENGED,
    DECLINED,
    create,
    keep_card,
    list_events,
    move_account,
    pay,
    run_tasks,
)
from tests.support.payments_world import PaymentsWorld

from parcela.domain.merchants import MerchantProfile
from parcela.domain.payments.records import PaymentStatus
from parcela.domain.payments.refusals import PaymentRefused
from parcela.operations.acquiring import Acquirer, AcquirerReply, AcquirerRequest, AcquirerSilent
from parcela.operations.payments.agenda import run_due
from parcela.operations.payments.attempt_sweep import TASKS
from parcela.operations.payments.keeping import NothingKept
from parcela.operations.payments.payment_attempts import AttemptCommand, confirm_payment
from parcela.store import breaks

__all__ = ["payments", "twin_payments"]


class Died(Exception):
    """The process is gone."""


@dataclass
class Bank:
    """The simulated bank, with what goes wrong on the way to it and back."""

    real: Acquirer
    before_send: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    after_send: list[type[Exception]] = field(default_factory=list)
    is_deaf: bool = False
    sent: list[str] = field(default_factory=list)

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        return self.real.has_acquirer(profile)

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        self.sent.append(f"{request.kind}")
        if self.before_send:
            await self.before_send.pop(0)()
        if self.is_deaf:
            raise AcquirerSilent
        reply = await self.real.send(request)
        if self.after_send:
            raise self.after_send.pop(0)
        return reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        if self.is_deaf:
            raise AcquirerSilent
        return await self.real.find(profile, message_id)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        if self.is_deaf:
            raise AcquirerSilent
        await self.real.reverse(profile, message_id)


def put_bank(world: PaymentsWorld) -> Bank:
    bank = Bank(world.desk.acquirer)
    world.set_desk(acquirer=bank)
    return bank


def end_leases(world: PaymentsWorld) -> None:
    """The process that had the attempt is gone for long enough; its task is due."""
    world.fetch("UPDATE payment_attempt SET leased_until = '-infinity' WHERE state = 'sent' RETURNING 1")
    world.fetch("UPDATE payments_task SET retry_at = '-infinity' WHERE kind = 'resolve_attempt' RETURNING 1")
    move_account(world, timedelta(seconds=31))
    run_tasks(world)


def list_breaks(world: PaymentsWorld) -> list[Any]:
    async def find() -> list[Any]:
        async with world.engine.database.connection() as connection:
            return list(await breaks.list_breaks(connection))

    return world.run(find())


def list_messages(world: PaymentsWorld, payment_id: str) -> list[tuple[str, str]]:
    rows = world.fetch(
        "SELECT kind, state FROM simulated_card_message WHERE message_id LIKE $1 ORDER BY reference",
        f"{payment_id}:%",
    )
    return [(row["kind"], row["state"]) for row in rows]


def get_only_payment(world: PaymentsWorld) -> dict[str, Any]:
    (payment,) = world.get("/v1/payments").body["data"]
    return dict(payment)


def test_a_bank_that_answers_too_late_charges_nothing(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)
    bank.after_send.append(AcquirerSilent)
    answer = payments.post("/v1/payments", {"amount": 100, "paymentMethod": keep_card(payments)["id"]})
    assert (answer.status, answer.code) == (402, "processing_error")
    payment = get_only_payment(payments)
    assert (payment["status"], payment["declineCode"]) == ("failed", None)
    assert payment["failureMessage"] == "The bank gave no answer in time. Nothing was charged; try again."
    assert list_messages(payments, payment["id"]) == [("payment", "reversed")]
    assert list_breaks(payments) == []


def test_what_nobody_knows_is_processing_until_it_is_resolved(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)
    bank.is_deaf = True
    body = {"amount": 100, "paymentMethod": keep_card(payments)["id"]}
    answer = payments.post("/v1/payments", body, idempotency_key="k")
    assert (answer.status, answer.body["status"]) == (201, "processing")
    payment_id = answer.body["id"]
    for path, fault in (("confirm", {"paymentMethod": "pm_1"}), ("capture", {}), ("cancel", {})):
        busy = payments.post(f"/v1/payments/{payment_id}/{path}", fault)
        assert (busy.status, busy.code) == (409, "resource_busy")
    end_leases(payments)
    assert get_only_payment(payments)["status"] == "processing"
    bank.is_deaf = False
    end_leases(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], list_messages(payments, payment_id)) == ("failed", [("unseen", "reversed")])
    assert payments.post("/v1/payments", body, idempotency_key="k").raw == answer.raw
    assert payments.fetch("SELECT kind FROM payments_task WHERE subject_id = $1", payment_id) == []
    assert list_breaks(payments) == []


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(APPROVED, "completed", 201), (DECLINED, "failed", 402)],
    ids=["approved", "declined"],
)
def test_a_death_after_the_bank_answered_is_healed_and_the_repeat_answered(
    payments: PaymentsWorld, number: str, status: str, code: int
) -> None:
    bank = put_bank(payments)
    bank.after_send.append(Died)
    body = {"amount": 60000, "paymentMethod": keep_card(payments, number)["id"]}
    assert payments.post("/v1/payments", body, idempotency_key="k").status == 500
    assert get_only_payment(payments)["status"] == "processing"
    early = payments.post("/v1/payments", body, idempotency_key="k")
    assert (early.status, early.code) == (409, "idempotency_in_progress")
    end_leases(payments)
    payment = get_only_payment(payments)
    assert payment["status"] == status
    payments.fetch("UPDATE payments_idempotency SET leased_until = '-infinity' RETURNING 1")
    answer = payments.post("/v1/payments", body, idempotency_key="k")
    assert (answer.status, bank.sent) == (code, ["payment"])
    told = answer.body if code == 201 else payment
    assert told == payment
    assert len(payments.get("/v1/payments").body["data"]) == 1
    assert list_breaks(payments) == []


def test_a_death_before_the_card_was_sent_is_carried_on_by_the_repeat(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)

    class Gone:
        async def ask_card(self, question: object) -> object:
            raise Died

    issuer = payments.desk.plan_issuer
    payments.set_desk(plan_issuer=Gone())
    body = {
        "amount": 60000,
        "paymentMethod": keep_card(payments, "5200828200000108")["id"],
        "installments": {"enabled": True, "count": 3},
    }
    assert payments.post("/v1/payments", body, idempotency_key="k").status == 500
    assert (get_only_payment(payments)["status"], bank.sent) == ("pending", [])
    payments.set_desk(plan_issuer=issuer)
    answer = payments.post("/v1/payments", body, idempotency_key="k")
    assert (answer.status, answer.body["status"], bank.sent) == (201, "completed", ["payment"])
    assert len(payments.get("/v1/payments").body["data"]) == 1


def test_a_slow_process_finds_its_attempt_resolved(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)

    async def sleep_through() -> None:
        """The lease runs out, and somebody else has the message reversed before it comes."""
        async with payments.engine.database.connection() as connection:
            await connection.execute(
                "UPDATE payment_attempt SET leased_until = '-infinity' WHERE state = 'sent'"
            )
            await connection.execute("UPDATE payments_task SET due_at = now() - interval '1 minute'")
        await run_due(payments.desk, TASKS)

    bank.before_send.append(sleep_through)
    answer = payments.post("/v1/payments", {"amount": 100, "paymentMethod": keep_card(payments)["id"]})
    assert (answer.status, answer.code) == (402, "processing_error")
    payment = get_only_payment(payments)
    assert (payment["status"], payment["amountCaptured"]) == ("failed", 0)
    assert list_messages(payments, payment["id"]) == [("unseen", "reversed")]
    assert list_breaks(payments) == []


def test_a_capture_whose_process_died_is_found_out(payments: PaymentsWorld) -> None:
    held = pay(payments, captureMethod="manual")
    bank = put_bank(payments)
    bank.after_send.append(Died)
    path = f"/v1/payments/{held['id']}/capture"
    assert payments.post(path, {}, idempotency_key="k").status == 500
    busy = payments.post(path, {})
    assert (busy.status, busy.code) == (409, "resource_busy")
    end_leases(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], payment["amountCaptured"]) == ("completed", 60000)
    payments.fetch("UPDATE payments_idempotency SET leased_until = '-infinity' RETURNING 1")
    assert payments.post(path, {}, idempotency_key="k").body == payment
    assert bank.sent == ["capture"]
    assert list_breaks(payments) == []


def test_a_capture_that_the_bank_did_not_answer_may_be_repeated(payments: PaymentsWorld) -> None:
    held = pay(payments, captureMethod="manual")
    bank = put_bank(payments)
    bank.after_send.append(AcquirerSilent)
    path = f"/v1/payments/{held['id']}/capture"
    first = payments.post(path, {"amount": 20000}, idempotency_key="k")
    assert (first.status, first.code) == (502, "upstream_error")
    assert get_only_payment(payments) == held
    again = payments.post(path, {"amount": 20000}, idempotency_key="k")
    assert (again.status, again.body["amountCaptured"]) == (200, 20000)
    assert list_messages(payments, held["id"]) == [
        ("authorization", "approved"),
        ("capture", "reversed"),
        ("capture", "approved"),
    ]
    assert list_breaks(payments) == []


def test_a_release_is_sent_until_it_is_answered(payments: PaymentsWorld) -> None:
    held = pay(payments, captureMethod="manual")
    bank = put_bank(payments)
    bank.is_deaf = True
    answer = payments.post(f"/v1/payments/{held['id']}/cancel", {})
    assert (answer.status, answer.code) == (502, "upstream_error")
    assert get_only_payment(payments) == held
    bank.is_deaf = False
    end_leases(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], payment["cancellationReason"]) == ("cancelled", "requested_by_merchant")
    assert list_breaks(payments) == []


def test_a_hold_lapses_after_seven_days(payments: PaymentsWorld) -> None:
    held = pay(payments, captureMethod="manual")
    move_account(payments, timedelta(days=6, hours=23))
    run_tasks(payments)
    assert get_only_payment(payments)["status"] == "authorized"
    move_account(payments, timedelta(hours=2))
    run_tasks(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], payment["cancellationReason"]) == ("cancelled", "authorization_expired")
    assert payment["amountCapturable"] == 0
    assert list_messages(payments, held["id"]) == [
        ("authorization", "voided"),
        ("void_authorization", "approved"),
    ]
    assert list_events(payments, held["id"])[-1] == "payment.cancelled"
    assert list_breaks(payments) == []


def test_a_lapse_waits_for_a_bank_that_is_deaf(payments: PaymentsWorld) -> None:
    pay(payments, captureMethod="manual")
    bank = put_bank(payments)
    bank.is_deaf = True
    move_account(payments, timedelta(days=7, seconds=1))
    run_tasks(payments)
    assert get_only_payment(payments)["status"] == "authorized"
    bank.is_deaf = False
    end_leases(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], payment["cancellationReason"]) == ("cancelled", "authorization_expired")


def test_a_page_that_nobody_used_expires(payments: PaymentsWorld) -> None:
    waiting = create(payments, expiresInMinutes=30)
    move_account(payments, timedelta(minutes=29))
    run_tasks(payments)
    assert get_only_payment(payments)["status"] == "pending"
    move_account(payments, timedelta(minutes=2))
    run_tasks(payments)
    payment = get_only_payment(payments)
    assert (payment["status"], payment["cancellationReason"]) == ("cancelled", "expired")
    assert list_events(payments, waiting["id"]) == [
        "payment.created",
        "payment.cancelled",
        "payment.expired",
    ]


def test_many_confirmations_at_once_charge_once(twin_payments: PaymentsWorld) -> None:
    intent = create(twin_payments, confirm=False)
    body = {"paymentMethod": keep_card(twin_payments)["id"]}
    path = f"/v1/payments/{intent['id']}/confirm"
    answers = twin_payments.ask_all([("POST", path, body, None) for _ in range(12)])
    told = sorted((answer.status, answer.body.get("error", {}).get("code")) for answer in answers)
    assert told[0] == (200, None)
    assert set(told[1:]) <= {(409, "resource_busy"), (422, "payment_not_confirmable")}
    assert list_messages(twin_payments, intent["id"]) == [("payment", "approved")]
    assert list_breaks(twin_payments) == []


def test_a_capture_and_a_cancel_at_once_do_one_of_them(twin_payments: PaymentsWorld) -> None:
    for _ in range(5):
        held = pay(twin_payments, captureMethod="manual")
        root = f"/v1/payments/{held['id']}"
        answers = twin_payments.ask_all(
            [("POST", f"{root}/{verb}", {}, None) for verb in ("capture", "cancel", "capture", "cancel")]
        )
        assert sorted(answer.status for answer in answers)[0] == 200
        assert [answer.status for answer in answers].count(200) == 1
    assert list_breaks(twin_payments) == []


def test_on_the_hosted_page_five_cards_may_be_tried(payments: PaymentsWorld) -> None:
    payment_id = create(payments)["id"]

    def attempt() -> tuple[str, str | None]:
        command = AttemptCommand(payment_method_id=keep_card(payments, DECLINED)["id"], is_hosted=True)
        view = payments.as_account(
            lambda desk, moment: confirm_payment(desk, moment, payment_id, command, keeper=NothingKept())
        )
        return view.payment.status, view.payment.decline

    assert [attempt() for _ in range(4)] == [(PaymentStatus.PENDING, "generic_decline")] * 4
    with pytest.raises(PaymentRefused, match="The card was declined"):
        attempt()
    assert get_only_payment(payments)["status"] == "failed"
    assert list_events(payments, payment_id) == [
        "payment.created",
        *["payment.processing"] * 5,
        "payment.failed",
    ]
    assert list_breaks(payments) == []


def test_no_card_number_is_written_anywhere(payments: PaymentsWorld) -> None:
    pay(payments, CHALLENGED)
    body = {"amount": 100, "paymentMethod": keep_card(payments, DECLINED)["id"]}
    assert payments.post("/v1/payments", body, idempotency_key="k").status == 402
    for table in ("payment", "payment_method", "payment_attempt", "payments_event", "payments_idempotency"):
        rows = payments.fetch(f"SELECT row_to_json(t)::text AS row FROM {table} t")
        text = "".join(row["row"] for row in rows)
        assert [number for number in (CHALLENGED, DECLINED) if number in text] == []


def test_many_payments_at_once_are_all_taken(twin_payments: PaymentsWorld) -> None:
    body = {"amount": 60000, "paymentMethod": keep_card(twin_payments)["id"]}
    answers = twin_payments.ask_all([("POST", "/v1/payments", body, f"k{n % 15}") for n in range(30)])
    assert {answer.status for answer in answers} <= {201, 409}
    listed = twin_payments.get("/v1/payments?limit=100").body["data"]
    assert [payment["status"] for payment in listed] == ["completed"] * 15
    assert list_breaks(twin_payments) == []
