"""Partners that hang while a payer waits: after 3 s they are away, and nothing is charged."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.patience import stretch
from tests.support.payment_calls import move_account
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import BILLING, MASTERCARD, OUTSIDE, add_card, confirm, get_payment, intend
from tests.support.refund_acts import check_books

ANSWER_S = 3.0


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


@dataclass
class Hanging:
    """A partner that never answers one of its calls."""

    inner: Any
    call: str

    def __getattr__(self, name: str) -> Any:
        return self._hang if name == self.call else getattr(self.inner, name)

    async def _hang(self, *_: Any, **__: Any) -> None:
        await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("partner", "call", "card", "program", "code"),
    [
        pytest.param("lender", "assess", OUTSIDE, "vinr_bnpl", "lender_unavailable", id="lender"),
        pytest.param("plan_issuer", "ask_card", MASTERCARD, "issuer", "issuer_unavailable", id="issuer"),
        pytest.param("plan_issuer", "approve", MASTERCARD, "issuer", "issuer_unavailable", id="approval"),
    ],
)
def test_a_partner_that_hangs_charges_nothing(
    payments: PaymentsWorld, partner: str, call: str, card: str, program: str, code: str
) -> None:
    wish = {"enabled": True, "count": 3, "program": program, "required": True}
    billing = BILLING | {"email": "ada@example.com"}
    payment = intend(payments, installments=wish, billingDetails=billing)
    method, real = add_card(payments, card), getattr(payments.desk, partner)
    payments.set_desk(**{partner: Hanging(real, call)})
    started_s = time.monotonic()
    refused = confirm(payments, payment, method)
    took_s = time.monotonic() - started_s
    assert (refused.status, refused.code) == (402, "no_plan_available")
    assert code in {reason["code"] for reason in refused.error["details"]["unavailableReasons"]}
    assert ANSWER_S <= took_s < ANSWER_S + stretch(5)
    held = get_payment(payments, payment["id"])
    assert (held["status"], held["installments"]["plan"]) == ("pending", None)
    records = payments.count_records()
    names = ("payment_attempt", "payment_plan", "balance_transaction", "simulated_card_message")
    assert [records[name] for name in names] == [0, 0, 0, 0]
    payments.set_desk(**{partner: real})
    # A lender that was out of reach is asked again after a minute.
    move_account(payments, timedelta(seconds=61))
    paid = confirm(payments, payment, method)
    assert (paid.status, paid.body["status"]) == (200, "completed")
    check_books(payments)


def test_nothing_is_charged_while_nobody_says_whether_a_card_is_challenged(payments: PaymentsWorld) -> None:
    payment, method, real = intend(payments), add_card(payments, MASTERCARD), payments.desk.authenticator
    key = {"Idempotency-Key": "once"}
    path, body = f"/v1/payments/{payment['id']}/confirm", {"paymentMethod": method}
    before = payments.count_records()
    payments.set_desk(authenticator=Hanging(real, "needs_challenge"))
    started_s = time.monotonic()
    refused = payments.post(path, body, headers=key)
    took_s = time.monotonic() - started_s
    assert (refused.status, refused.code) == (502, "upstream_error")
    assert ANSWER_S <= took_s < ANSWER_S + stretch(5)
    assert get_payment(payments, payment["id"]) == payment
    # A payment that would be paid with its making is not made either.
    made = payments.post("/v1/payments", {"amount": 60000, "paymentMethod": method})
    assert (made.status, made.code) == (502, "upstream_error")
    assert payments.count_records() == before
    payments.set_desk(authenticator=real)
    paid = payments.post(path, body, headers=key)
    assert (paid.status, paid.body["status"]) == (200, "completed")
    check_books(payments)
