"""A merchant's plan over the wire: notified, opened by the demo bank, refunded, reinstated, billed, read."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.merchant_plans import capture, check_custom, get_caller
from tests.support.servicing import check_books
from tests.support.story_world import SETTLE_S, StoryWorld, open_story_world

from parcela.domain.plans import Plan
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.plan_instructions import InstructionKind, PlanInstruction, instruct, list_instructions


@pytest.fixture
def world(database_url: str, demo_template: DemoTemplate) -> Iterator[StoryWorld]:
    """A deployment with its workers and the demo bank."""
    with open_story_world(database_url, demo_template.home) as opened:
        opened.front.outages_left = 0
        yield opened


def buy(world: StoryWorld) -> Plan:
    """One payment of 600.00, three months after the first day on which it could be due."""

    async def pay() -> Plan:
        caller = await get_caller(world.engine)
        return await capture(world.engine, check_custom(caller, count=1, deferral_months=3))

    return world.run(pay())


def tell(world: StoryWorld, plan: Plan, kind: InstructionKind, *, event_id: str, **members: Any) -> None:
    """The merchant's transaction commits with an instruction over 150.00, and nobody carries it out."""

    async def commit() -> None:
        instruction = PlanInstruction(
            kind=kind, plan_id=plan.plan_id, amount_minor=15_000, event_id=event_id, **members
        )
        async with world.engine.database.transaction() as connection:
            await instruct(connection, MAIN_TENANT, instruction)

    world.run(commit())


def wait_for(world: StoryWorld, plan: Plan, states: list[str]) -> None:
    """Until the scheduler has brought the plan's instructions there."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = world.run(list_instructions(world.engine, MAIN_TENANT, plan.plan_id))
        if [one.state.value for one in found] == states:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def get_rows(world: StoryWorld, plan: Plan) -> list[tuple[str, str, str]]:
    rows = world.call("GET", f"/serviced-plans/{plan.plan_id}")["rows"]
    return [(row["due_date"], row["amount"], row["state"]) for row in rows]


def test_a_merchants_plan_lives_at_the_demo_bank(world: StoryWorld) -> None:
    plan = buy(world)
    # The refund comes before the bank has opened the plan: it waits for that.
    tell(world, plan, InstructionKind.REFUND, event_id="order-1:2")
    world.settle()
    ((_, told),) = world.front.received
    assert told["planInstallmentInformation"] == {
        "apr": 0,
        "currency": "USD",
        "feeValue": 0,
        "firstInstallmentAmount": 600,
        "frequency": "MONTHLY",
        "otherInstallmentAmount": 600,
        "tenure": 1,
        "totalAmount": 600,
    }
    assert told["schedulePayments"] == [
        {"installmentNumber": 1, "installmentAmount": 600, "dueDate": "2030-05-10"}
    ]
    assert told["transaction"] == {
        "amountType": "FINAL",
        "amount": 600,
        "currency": "USD",
        "stan": "742",
        "rrn": "123456123456",
        "authorizationCode": "123456",
        "localDateTime": told["transaction"]["localDateTime"],
    }
    assert told["transaction"]["localDateTime"].startswith("2030-01-10T")
    wait_for(world, plan, ["applied"])
    assert get_rows(world, plan) == [("2030-05-10", "450.00", "scheduled")]

    tell(world, plan, InstructionKind.REINSTATE, event_id="order-1:3", refund_event_id="order-1:2")
    wait_for(world, plan, ["applied", "applied"])
    assert get_rows(world, plan) == [("2030-05-10", "600.00", "scheduled")]

    answer = world.issuer.call("GET", f"/plans/{plan.plan_id}", None)
    assert (answer.status, answer.body["status"]) == (200, "CREATED")
    assert answer.body["merchant"]["name"] == "Parcela Demo Shop"
    assert world.partner.call("GET", f"/plans/{plan.plan_id}", None).status == 404
    shown = world.call("GET", f"/plans/{plan.plan_id}")
    assert (shown["client_code"], shown["card"]) == ("TESTPARCELA01", "512345******0008")

    world.advance("4mo")
    assert get_rows(world, plan) == [("2030-05-10", "600.00", "billed")]
    world.run(check_books(world.engine))
