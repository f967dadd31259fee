"""No charge twice and no plan lost while a shop's server and its database are killed (`spec/reliability.md`).

`KILLS_SEED` repeats the choices of an earlier run.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.killing import crash_database
from tests.support.live_server import LiveServer, run_live_server
from tests.support.shop_siege import (
    lay_siege,
    list_problems,
    open_records,
    wait_until_resolved,
)

PAYERS, EVERY_S = 6, 1.5


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """A server of two processes, on a database of its own that writes to the disk."""
    with run_live_server(workers=2) as running:
        yield running


def is_worker(pid: str) -> bool:
    """Is this process one of those that serve? One that has ended is none."""
    try:
        return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill_one_worker(server: LiveServer, chance: random.Random) -> None:
    """SIGKILL one of the processes that serve; the server starts another."""
    workers: list[int] = []
    give_up_at = time.monotonic() + 60
    # One that was killed a moment ago may not have been replaced yet.
    while len(workers) < 2:
        assert time.monotonic() < give_up_at, workers
        children = Path(f"/proc/{server.session_id}/task/{server.session_id}/children").read_text().split()
        workers = [int(pid) for pid in children if is_worker(pid)]
        time.sleep(0.05)
    os.kill(chance.choice(workers), signal.SIGKILL)


def test_no_charge_twice_and_no_plan_lost(server: LiveServer) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILLS_SEED={seed}")
    chance = random.Random(seed + 2)

    def kill_all() -> None:
        server.kill()
        server.start()

    def kill_worker() -> None:
        kill_one_worker(server, chance)

    def crash() -> None:
        crash_database(server.home)

    async def story() -> None:
        crowd = await lay_siege(
            server, seed, payers=PAYERS, blows=[kill_all, crash, kill_worker], every_s=EVERY_S
        )
        outcomes = sorted({answer.outcome for answer in crowd.answers.values()})
        print(f"{crowd.orders} orders, {crowd.caller.statuses}, {crowd.caller.lost} lost, {outcomes}")
        async with open_records(server.home) as engine:
            await wait_until_resolved(engine)
            problems = await list_problems(engine, crowd)
        assert not problems, "\n".join(problems)
        assert crowd.caller.statuses[500] == 0

    asyncio.run(story())
