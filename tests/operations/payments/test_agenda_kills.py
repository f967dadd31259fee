"""What falls due is done once and in order, though the processes that do it are killed in the middle."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from tests.conftest import DemoTemplate
from tests.support.agenda_worker import KIND
from tests.support.delivery_world import wait_until
from tests.support.payments_world import PaymentsWorld, open_payments_world

from parcela.operations.payments import agenda
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment

ROOT = Path(__file__).parents[3]
TASKS, KILLS = 150, 2


def start_worker(database_url: str, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.agenda_worker", database_url, str(home)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def plan_tasks(desk: PaymentsDesk, moment: AccountMoment) -> None:
    async with desk.engine.database.transaction() as connection:
        for number in range(TASKS):
            due_at = moment.now - timedelta(minutes=TASKS - number)
            await agenda.plan_task(connection, moment.owner, KIND, f"s{number:03}", due_at=due_at)


def wait_for_events(world: PaymentsWorld, count: int) -> None:
    async def are_there() -> bool:
        async with world.engine.database.connection() as connection:
            found: int = await connection.fetchval("SELECT count(*) FROM payments_event")
        return found >= count

    world.run(wait_until(are_there, timeout_s=30))


def test_each_task_is_done_once_in_order_whoever_is_killed(
    database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        world.as_account(plan_tasks)
        for kill in range(1, KILLS + 1):
            worker = start_worker(database_url, demo_template.home)
            try:
                wait_for_events(world, kill * TASKS // (KILLS + 1))
            finally:
                worker.send_signal(signal.SIGKILL)
                worker.wait()
            # Half a minute passes: the lease of the dead ends.
            world.fetch("UPDATE payments_agenda SET leased_until = '-infinity'")
        last = start_worker(database_url, demo_template.home)
        try:
            wait_for_events(world, TASKS)
        finally:
            last.send_signal(signal.SIGKILL)
            last.wait()
        told = world.fetch("SELECT object_id FROM payments_event ORDER BY position")
        assert [row["object_id"] for row in told] == [f"s{number:03}" for number in range(TASKS)]
        assert world.fetch("SELECT 1 FROM payments_task") == []
