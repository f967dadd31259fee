"""The hosted page while the bank, or this server, does not answer."""

from datetime import UTC, datetime

import pytest
from tests.dialects.payments.conftest import payments
from tests.operations.payments.test_payment_attempts import Died, end_leases, list_messages, put_bank
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Shopper, open_shopper, type_card

from parcela.checkout.pages import list_headers
from parcela.domain.payments.records import Owner, Payment, PaymentStatus

__all__ = ["payments"]

PLANS = "5200828200000108"


def go_to_review(world: PaymentsWorld) -> tuple[str, Shopper]:
    """A shopper who is about to pay with a plan."""
    payment, shopper = open_shopper(world)
    type_card(shopper, PLANS)
    shopper.send("choice", choice=shopper.seen.choices[1])
    return payment["id"], shopper


def test_a_bank_that_says_nothing_is_waited_for(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)
    payment_id, shopper = go_to_review(payments)
    token = shopper.seen.form_token
    bank.is_deaf = True
    assert shopper.send("pay").title == "Your bank is being asked"
    assert shopper.seen.actions == []
    for form in ("pay", "cancel", "other-card"):
        assert shopper.post(form, form_token=token).status == 303
    assert payments.get(f"/v1/payments/{payment_id}").body["status"] == "processing"
    bank.is_deaf = False
    end_leases(payments)
    assert shopper.look().title == "Choose how to pay"
    assert "The card's bank could not be reached." in shopper.seen.words
    assert "Nothing was charged. Try another card or another way to pay." in shopper.seen.words
    shopper.send("choice", choice=shopper.seen.choices[1])
    assert shopper.send("pay").title == "Thank you, your plan is agreed"
    approved = [state for _, state in list_messages(payments, payment_id) if state == "approved"]
    assert approved == ["approved"]


def test_a_server_that_dies_while_the_bank_is_asked_charges_once(payments: PaymentsWorld) -> None:
    bank = put_bank(payments)
    payment_id, shopper = go_to_review(payments)
    bank.after_send.append(Died)
    with pytest.raises(Died):
        shopper.post("pay", form_token=shopper.seen.form_token)
    assert shopper.look().title == "Your bank is being asked"
    end_leases(payments)
    after = payments.get(f"/v1/payments/{payment_id}").body
    assert (after["status"], list_messages(payments, payment_id)) == ("completed", [("payment", "approved")])
    assert shopper.look().title == "Thank you, your plan is agreed"


def test_a_shop_that_cancels_meanwhile_is_told(payments: PaymentsWorld) -> None:
    payment_id, shopper = go_to_review(payments)
    assert payments.post(f"/v1/payments/{payment_id}/cancel", {}).status == 200
    assert shopper.send("pay").title == "This payment was cancelled"
    assert list_messages(payments, payment_id) == []


@pytest.mark.parametrize("is_live", [True, False])
def test_live_pages_are_for_https_only(is_live: bool) -> None:
    payment = Payment(
        payment_id="pay_1",
        owner=Owner(1, 2, is_live),
        status=PaymentStatus.PENDING,
        amount_minor=1,
        currency="EUR",
        return_url="https://shop.example:8443/done?x=1",
        created_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    headers = list_headers(payment)
    assert headers.get("Strict-Transport-Security") == ("max-age=63072000" if is_live else None)
    assert "form-action 'self' https://shop.example:8443;" in headers["Content-Security-Policy"]
