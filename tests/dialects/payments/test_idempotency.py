"""Repeats of a call: one effect, one answer (`spec/payments.md` §12)."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.dialects.payments.probes import PATH, Probe, decline
from tests.support.payments_world import Answer, PaymentsWorld

from parcela.dialects.payments.calls import Reply
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.housekeeping import clean_up

BODY = {"amount": 60000, "note": "kit"}
KEY = "order-1042"


def hang(world: PaymentsWorld, probe: Probe) -> Probe:
    world.set_endpoints(*probe.list_endpoints())
    return probe


def count_effects(world: PaymentsWorld) -> int:
    (row,) = world.fetch("SELECT count(*) AS effects FROM payments_event")
    return int(row["effects"])


def list_claims(world: PaymentsWorld) -> list[tuple[int | None, str | None]]:
    rows = world.fetch("SELECT status, object_id FROM payments_idempotency ORDER BY created_at")
    return [(row["status"], row["object_id"]) for row in rows]


def ask(world: PaymentsWorld) -> Answer:
    return world.post(PATH, BODY, idempotency_key=KEY)


async def open_gate(gate: asyncio.Event) -> None:
    gate.set()


def end_leases(world: PaymentsWorld) -> None:
    world.fetch("UPDATE payments_idempotency SET leased_until = '-infinity'")


def test_a_repeat_gets_the_first_answer_byte_for_byte(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe())
    first = payments.post(PATH, BODY, idempotency_key=KEY)
    again = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (first.status, again.status) == (201, 201)
    assert first.raw == again.raw
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["request-id"] != first.headers["request-id"]
    assert (probe.entered, count_effects(payments), list_claims(payments)) == (1, 1, [(201, None)])


def test_order_of_members_and_spaces_do_not_matter(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    first = payments.post(PATH, BODY, idempotency_key=KEY)
    again = payments.post(PATH, b'{ "note":"k\\u0069t",\n "amount": 60000 }', idempotency_key=KEY)
    assert (again.status, again.raw, count_effects(payments)) == (201, first.raw, 1)


OTHERS = {"amount": {"amount": 60001, "note": "kit"}, "member": {"amount": 60000}}


@pytest.mark.parametrize("name", OTHERS)
def test_another_request_under_the_key_is_refused(payments: PaymentsWorld, name: str) -> None:
    hang(payments, Probe())
    payments.post(PATH, BODY, idempotency_key=KEY)
    answer = payments.post(PATH, OTHERS[name], idempotency_key=KEY)
    assert (answer.status, answer.code) == (409, "idempotency_key_reused")
    assert answer.error["type"] == "idempotency_error"
    assert count_effects(payments) == 1


def test_another_object_under_the_key_is_another_request(payments: PaymentsWorld) -> None:
    """The fingerprint is of the concrete path, the scope that of its pattern."""
    hang(payments, Probe())
    answers = [payments.ask("PATCH", f"{PATH}/{name}", BODY, idempotency_key=KEY) for name in ("a", "a", "b")]
    assert [answer.status for answer in answers] == [200, 200, 409]
    assert count_effects(payments) == 1


def test_the_key_belongs_to_account_and_endpoint(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    answers = [
        payments.post(PATH, BODY, idempotency_key=KEY),
        payments.post(PATH, BODY, idempotency_key=KEY, key=payments.other_secret),
        payments.ask("PATCH", f"{PATH}/a", BODY, idempotency_key=KEY),
    ]
    assert [answer.status for answer in answers] == [201, 201, 200]
    assert count_effects(payments) == 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_ignore_the_key(payments: PaymentsWorld, method: str) -> None:
    hang(payments, Probe())
    answer = payments.ask(method, f"{PATH}/a", idempotency_key="\u00e9" * 300)
    assert answer.status == (200 if method == "GET" else 405)
    assert list_claims(payments) == []


BAD_KEYS = {"empty": "", "long": "k" * 256, "not_ascii": "k\u00e9y", "nul": "a\0b", "newline": "a\r\nb"}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_that_cannot_be_one_is_refused(payments: PaymentsWorld, name: str) -> None:
    hang(payments, Probe())
    answer = payments.post(PATH, BODY, headers={"idempotency-key": BAD_KEYS[name]})
    assert (answer.status, answer.code) == (400, "idempotency_key_invalid")
    assert (count_effects(payments), list_claims(payments)) == (0, [])


def test_two_keys_in_one_request_are_refused(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    headers = [("X-Api-Key", payments.secret), ("content-type", "application/json")]
    headers += [("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = payments.send("POST", PATH, json.dumps(BODY).encode(), headers=headers)
    assert (answer.code, count_effects(payments)) == ("idempotency_key_invalid", 0)


def test_the_longest_key_and_one_with_sql_are_keys(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    for key in ("k" * 255, "'; DELETE FROM payments_idempotency;--"):
        assert payments.post(PATH, BODY, idempotency_key=key).status == 201
    assert list_claims(payments) == [(201, None)] * 2


REFUSALS = {
    Fault.PARAMETER_INVALID: 400,
    Fault.RAW_PAN_NOT_ALLOWED: 403,
    Fault.RESOURCE_MISSING: 404,
    Fault.RESOURCE_BUSY: 409,
    Fault.AMOUNT_TOO_LARGE: 422,
    Fault.UPSTREAM_ERROR: 502,
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_before_any_effect_gives_the_key_back(payments: PaymentsWorld, fault: Fault) -> None:
    probe = hang(payments, Probe(refusal=PaymentRefused(fault, "Not so.")))
    refused = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (refused.status, refused.code) == (REFUSALS[fault], fault)
    assert (count_effects(payments), list_claims(payments)) == (0, [])
    probe.refusal = None
    # The key is free for any request, also another one.
    answer = payments.post(PATH, {"amount": 5}, idempotency_key=KEY)
    assert (answer.status, answer.body["amount"]) == (201, 5)


def test_a_fault_of_ours_gives_the_key_back(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe(fault=ZeroDivisionError("a bug")))
    answer = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["request-id"] in answer.error["message"]
    assert "bug" not in answer.raw.decode()
    probe.fault = None
    assert payments.post(PATH, BODY, idempotency_key=KEY).status == 201


def test_an_unreachable_database_burns_no_key(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe(fault=ConnectionError("gone")))
    answer = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "service_unavailable", "1")
    probe.fault = None
    assert payments.post(PATH, BODY, idempotency_key=KEY).status == 201
    assert count_effects(payments) == 1


def test_a_decline_is_an_effect_and_is_told_again(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe(refusal=decline()))
    first = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (first.status, first.code) == (402, "card_declined")
    assert first.error["decline_code"] == "generic_decline"
    probe.refusal = None
    again = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (again.status, again.raw) == (402, first.raw)
    assert again.headers["idempotent-replayed"] == "true"
    assert (probe.entered, count_effects(payments), list_claims(payments)) == (1, 1, [(402, None)])


def test_an_answer_that_the_operation_did_not_keep_is_kept_by_the_door(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe(keeps=False))
    first = payments.post(PATH, BODY, idempotency_key=KEY)
    again = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (first.raw, probe.entered, count_effects(payments)) == (again.raw, 1, 1)


def test_while_the_first_is_under_way_repeats_are_told_to_wait(twin_payments: PaymentsWorld) -> None:
    gate = asyncio.Event()
    probe = hang(twin_payments, Probe(gate=gate))
    with ThreadPoolExecutor() as pool:
        call = pool.submit(ask, twin_payments)
        assert probe.arrived.wait(10)
        second = ask(twin_payments)
        twin_payments.run(open_gate(gate))
        first = call.result()
    assert (second.status, second.code) == (409, "idempotency_in_progress")
    assert second.headers["retry-after"] == "1"
    assert (first.status, ask(twin_payments).raw) == (201, first.raw)
    assert count_effects(twin_payments) == 1


def test_64_requests_with_one_key_have_one_effect(twin_payments: PaymentsWorld) -> None:
    probe = hang(twin_payments, Probe())
    for round_ in range(5):
        answers = twin_payments.ask_all([("POST", PATH, BODY, f"{KEY}-{round_}")] * 64)
        bodies = {answer.raw for answer in answers if answer.status == 201}
        others = {answer.code for answer in answers if answer.status != 201}
        assert len(bodies) == 1
        assert others <= {"idempotency_in_progress"}
    assert (probe.entered, count_effects(twin_payments)) == (5, 5)


def test_a_call_that_died_before_its_effect_is_carried_out_by_the_repeat(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    payments.post(PATH, BODY, idempotency_key=KEY)
    payments.fetch("DELETE FROM payments_event")
    payments.fetch("UPDATE payments_idempotency SET status = NULL, key_number = NULL, sealed_answer = NULL")
    payments.fetch("UPDATE payments_idempotency SET leased_until = clock_timestamp() + interval '1 hour'")
    assert payments.post(PATH, BODY, idempotency_key=KEY).code == "idempotency_in_progress"
    end_leases(payments)
    assert payments.post(PATH, BODY, idempotency_key=KEY).status == 201
    assert count_effects(payments) == 1


def test_the_effect_of_one_that_slept_through_its_lease_does_not_commit(payments: PaymentsWorld) -> None:
    """The repeat took over: the sleeper is told to ask again, and its transaction leaves nothing."""
    gate = asyncio.Event()
    probe = hang(payments, Probe(gate=gate))
    with ThreadPoolExecutor() as pool:
        call = pool.submit(ask, payments)
        assert probe.arrived.wait(10)
        probe.gate = None
        end_leases(payments)
        second = ask(payments)
        payments.run(open_gate(gate))
        sleeper = call.result()
    assert (second.status, sleeper.code) == (201, "idempotency_in_progress")
    assert count_effects(payments) == 1
    assert ask(payments).raw == second.raw


def test_a_call_that_died_after_binding_is_answered_from_its_object(payments: PaymentsWorld) -> None:
    probe = hang(payments, Probe(binds=True, dies_after_binding=True))
    assert payments.post(PATH, BODY, idempotency_key=KEY).code == "service_unavailable"
    ((status, bound),) = list_claims(payments)
    assert status is None
    # Its object is on its way still: the repeat carries out nothing.
    assert payments.post(PATH, BODY, idempotency_key=KEY).code == "idempotency_in_progress"
    end_leases(payments)
    probe.found = Reply({"id": bound, "amount": 60000})
    answer = payments.post(PATH, BODY, idempotency_key=KEY)
    assert (answer.status, answer.body) == (201, {"id": bound, "amount": 60000})
    assert answer.headers["idempotent-replayed"] == "true"
    probe.found = None
    assert payments.post(PATH, BODY, idempotency_key=KEY).raw == answer.raw
    assert (probe.entered, probe.recovered) == (1, [bound, bound])
    assert list_claims(payments) == [(201, bound)]


def test_what_is_kept_is_sealed_and_its_fingerprint_keyed(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    answer = payments.post(PATH, {"amount": 1, "note": "5555555555554444"}, idempotency_key=KEY)
    (row,) = payments.fetch("SELECT * FROM payments_idempotency")
    assert answer.raw not in row["sealed_answer"]
    assert b"amount" not in row["sealed_answer"]
    assert len(row["fingerprint"]) == 32


def test_answers_are_kept_for_72_hours(payments: PaymentsWorld) -> None:
    hang(payments, Probe())
    for key in ("young", "old"):
        payments.post(PATH, BODY, idempotency_key=key)
    payments.fetch(
        "UPDATE payments_idempotency SET created_at = now() - interval '71 h 59 min' WHERE key = 'young'"
    )
    payments.fetch("UPDATE payments_idempotency SET created_at = now() - interval '72 h' WHERE key = 'old'")
    payments.run(clean_up(payments.engine, presentment_days=30))
    rows = payments.fetch("SELECT key FROM payments_idempotency")
    assert [row["key"] for row in rows] == ["young"]


def test_64_creations_with_one_key_make_one_payment(twin_payments: PaymentsWorld) -> None:
    wish = {"amount": 60000, "confirm": False, "installments": {"enabled": True, "count": 3}}
    answers = twin_payments.ask_all([("POST", "/v1/payments", wish, KEY)] * 64)
    assert len({answer.raw for answer in answers if answer.status == 201}) == 1
    assert {answer.code for answer in answers if answer.status != 201} <= {"idempotency_in_progress"}
    records = twin_payments.count_records()
    assert (records["payment"], records["payments_event"]) == (1, 1)


def test_a_confirmation_is_sent_once_however_often_it_is_asked_for(twin_payments: PaymentsWorld) -> None:
    wish = {"amount": 60000, "confirm": False, "returnUrl": "https://shop.example/done"}
    payment = twin_payments.post("/v1/payments", wish).body["id"]
    card = {"number": "4242424242424242", "expMonth": 12, "expYear": 2030, "cvc": "123"}
    method = twin_payments.post(
        "/v1/payment-methods", {"type": "card", "card": card}, key=twin_payments.publishable
    ).body["id"]
    path, body = f"/v1/payments/{payment}/confirm", {"paymentMethod": method}
    answers = twin_payments.ask_all([("POST", path, body, KEY)] * 16)
    assert {answer.body["status"] for answer in answers if answer.status == 200} == {"completed"}
    assert {answer.code for answer in answers if answer.status != 200} <= {"idempotency_in_progress"}
    assert twin_payments.count_records()["simulated_card_message"] == 1
    (booked,) = twin_payments.fetch("SELECT count(*) AS rows FROM balance_transaction")
    assert booked["rows"] == 1
