"""Any order of calls, silences and deaths: money moves at most once, and the books agree in the end."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import DemoTemplate
from tests.operations.payments.test_payment_attempts import (
    Bank,
    Died,
    end_leases,
    list_breaks,
    list_messages,
    put_bank,
)
from tests.support.payment_calls import APPROVED, CHALLENGED, DECLINED, create, keep_card
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.operations.acquiring import AcquirerSilent

PLAN_CARD = "5200828200000108"
STEPS = st.sampled_from(["confirm", "capture", "cancel", "heal", "heal"])
FAULTS = st.sampled_from(["none", "none", "silent", "died", "deaf"])
FINAL = {"pending", "requires_authentication", "authorized", "completed", "failed", "cancelled"}


@pytest.fixture(scope="module")
def world_and_bank(demo_template: DemoTemplate) -> Iterator[tuple[PaymentsWorld, Bank]]:
    """One world for all examples, and its bank."""
    name = "test_payment_histories"
    demo_template.server.drop_database(name)
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened, put_bank(opened)
    demo_template.server.drop_database(name)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    number=st.sampled_from([APPROVED, APPROVED, PLAN_CARD, DECLINED, CHALLENGED]),
    is_held=st.booleans(),
    first=FAULTS,
    steps=st.lists(st.tuples(STEPS, FAULTS), max_size=5),
)
def test_any_history_ends_whole(
    world_and_bank: tuple[PaymentsWorld, Bank],
    number: str,
    is_held: bool,
    first: str,
    steps: list[tuple[str, str]],
) -> None:
    world, bank = world_and_bank
    method = keep_card(world, number)["id"]
    payment_id = create(
        world,
        confirm=False,
        captureMethod="manual" if is_held else "automatic",
        installments={"enabled": True, "count": 3},
    )["id"]
    for step, fault in [("confirm", first), *steps]:
        bank.is_deaf = fault == "deaf"
        bank.after_send = {"silent": [AcquirerSilent], "died": [Died]}.get(fault, [])
        if step == "heal":
            end_leases(world)
        else:
            body = {"paymentMethod": method} if step == "confirm" else {}
            world.post(f"/v1/payments/{payment_id}/{step}", body)
    bank.is_deaf, bank.after_send = False, []
    end_leases(world)
    payment = world.get(f"/v1/payments/{payment_id}").body
    assert payment["status"] in FINAL
    standing = [kind for kind, state in list_messages(world, payment_id) if state == "approved"]
    taken = [kind for kind in standing if kind in ("payment", "capture")]
    assert len(taken) == (1 if payment["status"] == "completed" else 0)
    plan = payment["installments"]["status"]
    expected = {"completed": "active", "failed": "cancelled", "cancelled": "cancelled"}
    if plan is not None:
        assert plan == expected.get(payment["status"], "created")
    assert list_breaks(world) == []
