"""Attacks on the payments door that take more than one request, a broken line or a lost database."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.hostile.payments_site import RETURN_URL, PaymentsSite, load_keys, read_code, watch_payments
from tests.hostile.site import Site
from tests.hostile.test_http_parser import read_statuses, talk
from tests.support.killing import pause_database
from tests.support.live_server import run_live_server
from tests.support.network_client import Answer, WireRequest

BODY = {"amount": 60_000, "returnUrl": RETURN_URL}


@pytest.fixture(scope="module")
def payments(site: Site) -> PaymentsSite:
    """The door of the shared server."""
    return PaymentsSite(site, load_keys(site))


def write_once(payments: PaymentsSite, key: str, path: str = "/v1/payments", **members: Any) -> WireRequest:
    body = {**BODY, **members} if path == "/v1/payments" else members
    return payments.write("POST", path, body, headers=[("Idempotency-Key", key)])


def write_bytes(payments: PaymentsSite, request: WireRequest) -> bytes:
    """A request as it goes over the line."""
    head = [f"{request.method} {request.url} HTTP/1.1", f"Host: 127.0.0.1:{payments.site.server.port}"]
    head += [f"{name}: {value}" for name, value in request.headers]
    head.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + request.body


def count_payments(payments: PaymentsSite) -> int:
    found: int = payments.site.fetch("SELECT count(*) AS held FROM payment")[0]["held"]
    return found


def test_a_repeat_is_replayed_byte_for_byte(payments: PaymentsSite) -> None:
    """Row P-077."""
    before = count_payments(payments)
    with watch_payments(payments, secrets=[]) as watched:
        watched.answers += [payments.site.send(write_once(payments, "K1")) for _ in range(2)]
    assert [answer.status for answer in watched.answers] == [201, 201]
    first, second = watched.answers
    assert (second.raw, second.headers["idempotent-replayed"]) == (first.raw, "true")
    assert count_payments(payments) == before + 1
    watched.check()


@pytest.mark.parametrize("key", [b"a\0b", b"a\r\n\xe9", b"\xe9", b"a\x7fb", b"a\r\nX-Api-Key: b", b"a\n"])
def test_a_key_with_control_characters_is_refused(payments: PaymentsSite, key: bytes) -> None:
    """Row P-085."""
    octets = write_bytes(payments, write_once(payments, "KEY", amount=1)).replace(b"KEY", key)
    before = payments.digest()
    statuses = read_statuses(talk(payments.site, octets, timeout_s=2))
    if key == b"a\n":
        # A line that ends in LF alone is a line to some parsers; the key is then an ordinary one.
        assert statuses in ([], [400], [201])
        return
    refused = [401] if b"X-Api-Key" in key else [400]
    assert statuses in ([], refused)
    assert payments.digest() == before


def test_a_caller_that_goes_away_finds_one_payment(payments: PaymentsSite) -> None:
    """Row P-090: again and again, at another moment of the request each time."""
    for number in range(12):
        before, request = count_payments(payments), write_once(payments, f"K5-{number}")
        octets = write_bytes(payments, request)
        with socket.create_connection(("127.0.0.1", payments.site.server.port)) as connection:
            connection.sendall(octets)
            time.sleep(number / 1000)
        answers = [payments.site.send(request)]
        while answers[-1].status == 409:
            assert read_code(answers[-1]) == "idempotency_in_progress"
            assert answers[-1].headers["retry-after"] == "1"
            time.sleep(0.1)
            answers.append(payments.site.send(request))
        assert answers[-1].status == 201
        assert count_payments(payments) == before + 1


def refund_at_once(payments: PaymentsSite, requests: list[WireRequest]) -> list[Answer]:
    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(payments.site.send, requests))


def read_sums(payments: PaymentsSite, payment_id: str) -> tuple[int, int]:
    """What is captured, and what refunds hold of it."""
    payment = payments.make("GET", f"/v1/payments/{payment_id}")
    refunded: int = payment["amountRefunded"] + payment["amountRefundPending"]
    return payment["amountCaptured"], refunded


def test_a_hundred_refunds_at_once_give_back_no_more_than_was_taken(payments: PaymentsSite) -> None:
    """Row P-103."""
    paid = payments.pay(paymentMethod=payments.keep_card())
    requests = [
        write_once(payments, f"R{number}", "/v1/refunds", payment=paid, amount=1_200) for number in range(100)
    ]
    with watch_payments(payments, secrets=[]) as watched:
        watched.answers += refund_at_once(payments, requests)
    statuses = [answer.status for answer in watched.answers]
    assert set(statuses) <= {201, 409, 422}
    made = statuses.count(201)
    assert read_sums(payments, paid) == (60_000, made * 1_200)
    # The rest, one after the other: exactly fifty fit.
    while (answer := payments.ask("POST", "/v1/refunds", {"payment": paid, "amount": 1_200})).status == 201:
        made += 1
    assert (made, read_code(answer)) == (50, "amount_too_large")
    assert payments.site.list_breaks() == []
    watched.check(may_take_s=20)


def test_a_full_and_a_partial_refund_at_once_do_not_add_up(payments: PaymentsSite) -> None:
    """Row P-104."""
    for number in range(10):
        paid = payments.pay(paymentMethod=payments.keep_card())
        full = write_once(payments, f"F{number}", "/v1/refunds", payment=paid)
        partial = write_once(payments, f"P{number}", "/v1/refunds", payment=paid, amount=30_000)
        whole, part = refund_at_once(payments, [full, partial])
        assert {whole.status, part.status} <= {201, 409, 422}
        given = sum(answer.body["amount"] for answer in (whole, part) if answer.status == 201)
        assert read_sums(payments, paid) == (60_000, given)
        assert given in (30_000, 60_000)
    assert payments.site.list_breaks() == []


def test_while_the_database_is_gone_callers_are_told_to_come_again() -> None:
    """Row P-091: the same key until it succeeds; one payment."""
    with run_live_server(workers=1, settings={"PARCELA_DEMO_ISSUER": "false"}) as server:
        keys = json.loads((server.home / "sandbox" / "credentials.json").read_text())["payments"]
        site = Site(server, None, None, None, None, {})  # type: ignore[arg-type]
        payments = PaymentsSite(site, keys)
        assert payments.ask("POST", "/v1/payments", BODY).status == 201
        request, answers = write_once(payments, "K6"), []
        with ThreadPoolExecutor(1) as threads:
            back = threads.submit(pause_database, server.home, 5)
            time.sleep(1)
            while not answers or answers[-1].status == 503:
                answers.append(site.send(request))
                time.sleep(0.2)
            back.result()
        assert {answer.status for answer in answers[:-1]} == {503}
        assert {answer.headers["retry-after"] for answer in answers[:-1]} == {"1"}
        assert {read_code(answer) for answer in answers[:-1]} == {"service_unavailable"}
        assert answers[-1].status == 201
        again = site.send(request)
        assert (again.status, again.raw) == (201, answers[-1].raw)
        assert payments.make("GET", "/v1/payments")["page"]["total_estimate"] == 2
