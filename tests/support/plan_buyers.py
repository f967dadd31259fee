"""Buying on plans through the payments door, for tests of plans."""

from datetime import timedelta
from typing import Any

from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_life import TASKS
from parcela.operations.payments.refund_tasks import TASKS as REFUND_TASKS
from parcela.store.payments import agenda
from tests.support.payments_world import Answer, PaymentsWorld

BILLING: dict[str, Any] = {
    "name": "Ada Example",
    "email": "ada@example.com",
    "address": {"line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"},
}
PHONE = "+49 30 1234567"

HANDLERS = {**TASKS, **REFUND_TASKS}
SETTLING = (TaskKind.CLOSE_SETTLEMENT, TaskKind.PAY_OUT)

# The plan cards of `spec/payments.md` §16.
MASTERCARD, LONG, OUTSIDE = "5200828200000108", "5200828200000207", "5200828200000306"
SILENT, CURIOUS = "5200828200000405", "5200828200000504"
VISA, THREE, EXCLUDED = "4000005600000104", "4000005600000203", "4000005600000302"
LAPSING, REFUSED, COBRAND = "4000005600000401", "4000005600000500", "4000005600000609"
PLAIN = "4242424242424242"


def add_card(world: PaymentsWorld, number: str, **billing: Any) -> str:
    """A payment method."""
    body = {
        "type": "card",
        "card": {"number": number, "expMonth": 12, "expYear": 2030, "cvc": "123"},
        **({"billingDetails": billing} if billing else {}),
    }
    made = world.post("/v1/payment-methods", body, key=world.publishable)
    assert made.status == 201, made.body
    return str(made.body["id"])


def intend(world: PaymentsWorld, **members: Any) -> dict[str, Any]:
    """A payment of 600.00 EUR that waits for its confirmation."""
    body = {
        "amount": 60000,
        "confirm": False,
        "returnUrl": "https://shop.example/done",
        "installments": {"enabled": True},
        **members,
    }
    made = world.post("/v1/payments", body)
    assert made.status == 201, made.body
    return made.body


def list_plans(world: PaymentsWorld, payment: dict[str, Any], card: str) -> Answer:
    """The plans of a payment with a card."""
    return world.get(f"/v1/installments/plans?payment={payment['id']}&paymentMethod={card}")


def confirm(world: PaymentsWorld, payment: dict[str, Any], card: str, **members: Any) -> Answer:
    """Confirm a payment with a card; `installments` and `termsAcceptance` as given."""
    return world.post(f"/v1/payments/{payment['id']}/confirm", {"paymentMethod": card, **members})


def buy(world: PaymentsWorld, number: str, count: int, **members: Any) -> dict[str, Any]:
    """A completed payment with a plan."""
    payment = intend(world, **members)
    card = add_card(world, number)
    done = confirm(world, payment, card, installments={"enabled": True, "count": count})
    assert done.status == 200, done.body
    assert done.body["installments"]["resolvedCount"] == count
    return done.body


def buy_lent(world: PaymentsWorld, name: str, count: int = 3) -> dict[str, Any]:
    """A completed payment with the lender's plan, of a payer by the part of the address before `@`."""
    program = {"enabled": True, "count": count, "program": "vinr_bnpl"}
    payment = intend(world, installments=program, billingDetails=BILLING | {"email": f"{name}@example.com"})
    done = confirm(world, payment, add_card(world, OUTSIDE))
    assert done.status == 200, done.body
    return done.body


def get_payment(world: PaymentsWorld, payment_id: str) -> dict[str, Any]:
    """The payment as it stands."""
    return world.get(f"/v1/payments/{payment_id}").body


def forget_other_tasks(world: PaymentsWorld) -> None:
    """Leave the agenda to the rows of plans, refunds and the lender; settlements only wait."""
    world.fetch("DELETE FROM payments_task WHERE kind <> ALL($1::text[]) RETURNING 1", [*HANDLERS, *SETTLING])


def advance(world: PaymentsWorld, **by: int) -> None:
    """Move the account's clock ahead, and carry out what falls due of plans."""
    forget_other_tasks(world)

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.transaction() as connection:
            offset = await agenda.lock_offset(connection, moment.owner)
            await agenda.set_offset(connection, moment.owner, offset + timedelta(**by))
        assert await run_account(desk, HANDLERS, moment.owner) is not None

    world.as_account(work)


def list_events(world: PaymentsWorld, *kinds: str) -> list[str]:
    """The types of the events that were told of these kinds of objects, in their order."""
    rows = world.fetch("SELECT type FROM payments_event ORDER BY position")
    return [row["type"] for row in rows if row["type"].partition(".")[0] in kinds]


def list_statuses(payment: dict[str, Any]) -> list[str]:
    """The statuses of a payment's rows."""
    return [row["status"] for row in payment["installments"]["schedule"]]


def find_breaks(world: PaymentsWorld) -> list[dict[str, Any]]:
    """What is broken of plans: nothing, whatever happened."""
    return world.fetch("SELECT * FROM broken_payment_plan") + world.fetch(
        "SELECT * FROM broken_payment_plan_evidence"
    )
