"""Cards that are valid for years to come, however far an account's clock has been moved."""

from typing import Any

from tests.support.payments_world import PaymentsWorld
from tests.support.refund_acts import find_today, make_billing

_VALID_YEARS = 5


def add_fresh_card(world: PaymentsWorld, number: str, *, email: str = "ada@shop.example") -> str:
    """A payment method with a card that expires five years after the account's today."""
    year = int(find_today(world)[:4]) + _VALID_YEARS
    body: dict[str, Any] = {
        "type": "card",
        "card": {"number": number, "expMonth": 12, "expYear": year, "cvc": "123"},
        "billingDetails": make_billing(email),
    }
    answer = world.post("/v1/payment-methods", body, key=world.publishable)
    assert answer.status == 201, answer.body
    return str(answer.body["id"])
