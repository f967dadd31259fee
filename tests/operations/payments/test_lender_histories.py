"""Whatever happens to plans of a lender, its books say what the plans say, and no money is lost."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.operations.payments.test_accounts import change_account
from tests.operations.payments.test_payment_attempts import list_breaks
from tests.support.payment_calls import move_account, run_tasks
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import buy_lent, get_payment
from tests.support.refund_acts import pay_in_rows

from parcela.domain.errors import Conflict
from parcela.domain.payments.ids import find_plan_id

STEPS = 14
ACTS = ("wait", "wait", "wait", "refund", "refund", "withdraw", "mend", "move")
HOURS = (1, 5, 24, 24 * 6, 24 * 17, 24 * 31)
AMOUNTS = (1, 777, 5000, 12345, 20000, None)
FAILURES = ("technical_issue", "destination_unreachable", None, None)
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Africa/Cairo", "America/Havana")


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


def carry_out(world: PaymentsWorld) -> None:
    """Everything that is due, and what comes of it; nothing fails."""
    while run_tasks(world):
        pass
    assert world.fetch("SELECT kind, subject_id FROM payments_task WHERE attempt > 0") == []


def act(world: PaymentsWorld, dice: random.Random, payment_ids: list[str]) -> None:
    """One thing that a merchant, time or an operator does; a refusal is nothing done."""
    what = dice.choice(ACTS)
    if what == "wait":
        move_account(world, timedelta(hours=dice.choice(HOURS)))
    elif what == "refund":
        amount, failure = dice.choice(AMOUNTS), dice.choice(FAILURES)
        body: dict[str, Any] = {"payment": dice.choice(payment_ids)}
        body |= {} if amount is None else {"amount": amount}
        body |= {} if failure is None else {"metadata": {"parcela_simulate_failure": failure}}
        assert world.post("/v1/refunds", body).status in (201, 422)
    elif what == "move":
        try:
            world.run(change_account(world.engine, time_zone=dice.choice(ZONES)))
        except Conflict:
            return
    else:
        for refund in world.get("/v1/refunds?status=pending").body["data"]:
            path = f"/v1/refunds/{refund['id']}"
            if what == "withdraw":
                assert world.post(f"{path}/cancel").status in (200, 422)
            else:
                assert world.post(path, {"metadata": {}}).status == 200


def check_lender(world: PaymentsWorld, payment_ids: list[str]) -> None:
    """The lender knows what each of its plans still asks for."""
    for payment_id in payment_ids:
        plan = get_payment(world, payment_id)["installments"]
        credits = world.fetch(
            "SELECT state, outstanding_minor FROM simulated_lender_credit WHERE plan_id = $1",
            find_plan_id(plan["plan"]),
        )
        state = "open" if plan["status"] == "active" else "closed"
        assert credits == [{"state": state, "outstanding_minor": plan["remainingAmount"]}]


@pytest.mark.parametrize("seed", range(4))
def test_any_history_leaves_lender_plans_and_balance_in_agreement(payments: PaymentsWorld, seed: int) -> None:
    dice = random.Random(seed)
    lent = [buy_lent(payments, name)["id"] for name in ("ada", "bnpl-late")]
    bought = [*lent, pay_in_rows(payments, starts_today=dice.random() < 0.5)["id"]]
    carry_out(payments)
    for _ in range(STEPS):
        act(payments, dice, bought)
        carry_out(payments)
        assert list_breaks(payments) == []
        check_lender(payments, lent)
    move_account(payments, timedelta(days=400))
    carry_out(payments)
    assert list_breaks(payments) == []
    check_lender(payments, lent)
    assert payments.fetch("SELECT kind FROM payments_task") == []
    assert [get_payment(payments, one)["installments"]["remainingAmount"] for one in bought] == [0, 0, 0]
    # All that was not paid out is what the merchant owes.
    assert payments.fetch("SELECT sum(net_minor) AS owed FROM balance_transaction") == payments.fetch(
        "SELECT sum(carried_minor) AS owed FROM merchant_book"
    )
