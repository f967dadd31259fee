"""The invariants of `reliability.md` §6, after every step of random histories of network and processor.

A history is at least 200 steps deep: offers, plans, notices, card messages, money, disputes, losses, PAN
lists, a moving clock and schedulers, single, repeated, changed and two at once, on two workers and a real
database. INVARIANTS says of each invariant where it is held. HISTORY_EXAMPLES and HISTORY_STEPS ask for a
longer search, which shrinks what it finds.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.conftest import DemoTemplate, RunWithEngine
from tests.support import history_cards as cards
from tests.support import history_plans as network
from tests.support.history import Command, Purchase
from tests.support.history_checks import CHECKS
from tests.support.history_machine import Bench, HistoryMachine
from tests.support.history_world import HistoryWorld, Records, set_up
from tests.support.invariant_table import INVARIANTS

from parcela.domain.errors import DomainError
from parcela.operations.engine import Engine
from parcela.operations.servicing import quote_payoff

ROOT = Path(__file__).parents[2]
IS_LONG = "HISTORY_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES", "4"))
STEPS = int(os.environ.get("HISTORY_STEPS", "200"))

MUST_HAPPEN = {
    "save: accepted",
    "notice: accepted",
    "authorize: accepted",
    "clear: accepted",
    "pay: accepted",
    "due: billed",
    "due: late",
    "due: statements",
    "register: accepted",
}
"""What every search reaches, whatever steps it leaves out."""


@pytest.fixture
def bench(demo_template: DemoTemplate) -> Iterator[Bench]:
    """A template with more programs and cards than the demo world, which every machine copies."""
    server, name = demo_template.server, f"history_{secrets.token_hex(6)}"
    server.create_database(name, template=demo_template.database)
    try:
        asyncio.run(set_up(server.url_of(name), demo_template.home))
        yield Bench(template=name, demo=demo_template)
    finally:
        server.drop_database(name)


def test_every_invariant_holds_after_every_step(bench: Bench) -> None:
    class Machine(HistoryMachine):
        def __init__(self) -> None:
            super().__init__(bench)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not IS_LONG,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, *([Phase.shrink] if IS_LONG else [])],
        ),
    )
    deep = [steps for steps in bench.steps if steps >= STEPS]
    assert len(deep) >= EXAMPLES * 2 // 3, f"steps of the histories: {bench.steps}"
    missing = MUST_HAPPEN - {name for name, count in bench.outcomes.items() if count}
    assert not missing, f"never happened in {sum(bench.steps)} steps"


def test_the_table_names_all_forty_and_what_it_names_exists(
    demo_template: DemoTemplate, run: RunWithEngine
) -> None:
    assert sorted(INVARIANTS) == list(range(1, 41))

    async def list_names(engine: Engine) -> set[str]:
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT viewname AS name FROM pg_views UNION SELECT indexname FROM pg_indexes"
                " UNION SELECT conname FROM pg_constraint UNION SELECT tgname FROM pg_trigger"
            )
        return {row["name"] for row in rows}

    known = run(list_names)
    checks = {check.__name__ for check in CHECKS}
    for number, held in INVARIANTS.items():
        assert set(held.view) <= known and all(name.startswith("broken_") for name in held.view), number
        assert set(held.schema) <= known, number
        assert set(held.check) <= checks, number
        assert all(callable(getattr(HistoryMachine, name, None)) for name in held.step), number
        for place in held.test:
            file, _, name = place.partition(":")
            assert f"def {name}(" in (ROOT / file).read_text(), number
        is_held = bool(held.view or held.schema or held.check or held.step or held.test)
        assert is_held or held.later, f"invariant {number} is held nowhere"


PAIRS: tuple[tuple[str, int, str, int], ...] = (
    ("pay", 3, "pay off", 0),
    ("pay off", 0, "pay off", 0),
    ("refund", 3, "pay off", 0),
    ("refund", 2, "refund", 3),
    ("clear", 3, "reverse", 3),
    ("dispute", 0, "refund", 2),
    ("pay next", 0, "pay next", 0),
    ("write off", 0, "pay", 5),
)
"""Two kinds of command with their shares: both possible first, and each changes what the other may do."""


def test_two_commands_at_once_end_as_one_after_the_other(bench: Bench) -> None:
    """30: whatever two workers do at once to an account is what one of the two orders would have done."""
    outcomes = {order: play_pairs(bench, order) for order in ("first", "second", "at once")}
    for place, pair in enumerate(PAIRS):
        serial = [outcomes["first"][place], outcomes["second"][place]]
        assert outcomes["at once"][place] in serial, pair


def play_pairs(bench: Bench, order: str) -> list[Any]:
    """Send each pair about a purchase of its own; gives what became of both and of its account."""
    machine = HistoryMachine(bench)
    try:
        prepare_pairs(machine)
        commands = [
            (make_at(machine, kind, place, share), make_at(machine, other, place, other_share))
            for place, (kind, share, other, other_share) in enumerate(PAIRS)
        ]
        machine.history.is_alone = False
        answers = [machine.world.run(send_pair(machine.world, pair, order)) for pair in commands]
        records = machine.world.run(machine.world.read_records())
        return [
            (answer, describe_account(records, machine.history.purchases[place]))
            for place, answer in enumerate(answers)
        ]
    finally:
        machine.teardown()


def prepare_pairs(machine: HistoryMachine) -> None:
    """A plan on an account of its own for each pair; its purchase is cleared, but where that is tried."""
    history = machine.history
    for place, (kind, _, _, _) in enumerate(PAIRS):
        machine.carry_out(network.show(history, place % 2 + place // 2 * 4, 0))
        machine.carry_out(network.save(history, 0, 0))
        machine.carry_out(cards.notice(history, place, 0))
        machine.carry_out(cards.authorize(history, place, 0))
        machine.hold_everything()
        if kind != "clear":
            machine.carry_out(cards.clear(history, place, 3, 2))
            machine.hold_everything()


def make_at(machine: HistoryMachine, kind: str, place: int, share: int) -> Command:
    """A command of this kind about the purchase at a place; what a payoff costs is asked for beforehand."""
    is_of_plan = kind in ("pay off", "pay next", "write off")
    pick = 4 * place + 1 if is_of_plan else 0 if kind == "reverse" else place
    command = machine.make(kind, pick, share, 2)
    if kind == "pay off":
        engine, purchase = machine.world.engine, machine.history.purchases[place]
        seen = machine.world.run(engine.look())
        quote = machine.world.run(quote_payoff(engine, seen, purchase.plan_id or ""))
        machine.history.quotes[f"e{machine.history.numbers}"] = quote.total_minor
    return command


async def send_pair(world: HistoryWorld, pair: tuple[Command, Command], order: str) -> list[str]:
    """Send two commands in an order, or at once; gives what became of each."""

    async def send(place: int) -> str:
        try:
            await pair[place].send(world.engines[place], 0)
        except DomainError as refusal:
            return type(refusal).__name__
        return "accepted"

    if order == "at once":
        return list(await asyncio.gather(send(0), send(1)))
    answers = {place: await send(place) for place in ((0, 1) if order == "first" else (1, 0))}
    return [answers[0], answers[1]]


def describe_account(records: Records, purchase: Purchase) -> Any:
    """All that is kept of a purchase, its plan and its account, but how often it was written."""
    assert purchase.plan_id is not None and purchase.transaction_id is not None
    plan, transaction = records.plans[purchase.plan_id], records.transactions[purchase.transaction_id]
    return (
        {**plan, "lock_version": 0},
        records.rows[purchase.plan_id],
        {**transaction, "lock_version": 0},
        [line for line in records.sums if line["book"] == plan["account_id"]],
    )
