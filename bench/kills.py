"""`python -m bench.kills`: kills of servers, workers and issuer while plans are made, told and opened.

The same siege as in the tests, longer, and with a PostgreSQL that crashes too; then the time that letters
wait after a worker was killed. `KILLS_SEED` repeats the choices of an earlier run.
"""

import asyncio
import os
import random
import shutil
from collections import Counter
from pathlib import Path
from statistics import median

from rich.console import Console
from tests.support.killing import KeptProcess, crash_database, find_owner, run_parcela
from tests.support.siege import Orders, Scene, Siege, World, lay_siege, open_world, settle
from tests.support.siege_proof import TRIES_IN_FLIGHT, count_doubled, list_problems

from bench.report import Figure, print_table
from bench.scale import Scale, choose_scale
from parcela.store.embedded import EmbeddedServer

_OUT = Path(__file__).parent / "out"
_GROUP = "Kills"
_BILLING_KILLS = 4
_WAIT_S = 30.0
_OVERTIME_S = 60.0
# The lease, and what an operator may be asked to wait beyond it (`spec/reliability.md` F3).
_TARGET_S = 15.0


def main() -> None:
    """Measure and print."""
    console = Console(highlight=False)
    figures = measure_kills(_OUT / "kills", choose_scale())
    print_table(console, figures, title="Kills")


def measure_kills(folder: Path, scale: Scale) -> list[Figure]:
    """The siege and the recoveries, on a database of their own. Raises SystemExit when a proof fails."""
    shutil.rmtree(folder, ignore_errors=True)
    home = folder / "home"
    home.mkdir(parents=True)
    seed = int(os.environ.get("KILLS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILLS_SEED={seed}", flush=True)
    server = EmbeddedServer.start(home)
    try:
        scene = Scene(database_url=server.url, home=home, folder=folder)
        siege, waits = asyncio.run(_measure(scene, scale, seed))
    finally:
        server.release()
    shutil.rmtree(folder, ignore_errors=True)
    return [*_list_siege_figures(siege), *_list_wait_figures(waits)]


async def _measure(scene: Scene, scale: Scale, seed: int) -> tuple[Siege, dict[str, list[float]]]:
    orders = Orders(
        seed=seed,
        purchases=scale.purchases,
        kills=scale.kills,
        billing_kills=_BILLING_KILLS,
        duration_s=scale.siege_s,
        most_s=scale.siege_s + _OVERTIME_S,
        database_restarts=scale.database_restarts,
    )

    async def restart() -> None:
        await asyncio.to_thread(crash_database, scene.home)

    siege = await lay_siege(scene, orders, restart_database=restart)
    _check(scene, seed, await list_problems(scene, siege))
    waits = {
        "one worker, started again": await measure_recovery(scene, workers=1, rounds=scale.recoveries),
        "a second worker stands by": await measure_recovery(scene, workers=2, rounds=scale.recoveries),
    }
    _check(scene, seed, await list_problems(scene, siege))
    return siege, waits


async def measure_recovery(scene: Scene, *, workers: int, rounds: int) -> list[float]:
    """Seconds from the kill of the worker that is sending to the next notification of another process."""
    waits: list[float] = []
    async with open_world(scene) as world:
        await world.add_issuer()
        await _make_due(world)
        for number in range(1, workers + 1):
            world.add_worker(number)
        for _ in range(rounds):
            waits.append(await _kill_sender(world))
        await settle(scene)
    return waits


async def _make_due(world: World) -> None:
    arguments = ["--status", "delivered", "--as", "operator@sandbox.example"]
    code, output = await run_parcela(world.environ, "delivery", "replay", *arguments)
    if code != 0:
        raise SystemExit(output)


async def _kill_sender(world: World) -> float:
    clock = asyncio.get_running_loop()
    killed: KeptProcess | None = None
    while killed is None or not killed.kill():
        port = await world.catch_sender()
        if port is None:
            await _make_due(world)
            continue
        killed = find_owner(world.kept, port)
    killed_s = clock.time()
    known = {sighting.from_port for sighting in world.witness.seen}
    while clock.time() < killed_s + _WAIT_S:
        sighting = await world.witness.wait_for_next(timeout_s=_WAIT_S)
        if sighting is not None and sighting.from_port not in known:
            return sighting.at_s - killed_s
    raise SystemExit(f"Nothing was sent within {_WAIT_S:.0f} s of a kill.")


def _check(scene: Scene, seed: int, problems: list[str]) -> None:
    if problems:
        found = "\n  ".join(problems)
        raise SystemExit(f"KILLS_SEED={seed}, logs in {scene.folder}:\n  {found}")


def _list_siege_figures(siege: Siege) -> list[Figure]:
    doubled = count_doubled(siege)
    senders = sum(not kill.name.startswith("issuer") for kill in siege.kills)
    in_act = Counter(kill.in_act for kill in siege.kills)[True]
    orders, plans = siege.orders, len({one.plan_id for one in siege.bought})
    restarts = orders.database_restarts
    facts: list[tuple[str, float, str]] = [
        ("plans made", plans, ""),
        ("kills of servers, workers, issuer", len(siege.kills), ""),
        ("  of a process while it was sending", in_act, ""),
        ("crashes of PostgreSQL", restarts, ""),
        ("requests without an answer, sent again", siege.lost, ""),
        ("requests answered 503, sent again", siege.statuses[503], ""),
        ("processes that ended by themselves", siege.own_ends.total(), ""),
        ("notifications", len(siege.seen), ""),
        ("until all letters were delivered", siege.settled_s, "s"),
    ]
    most = float(TRIES_IN_FLIGHT * (senders + 1 + 2 * restarts))
    return [
        *[Figure(group=_GROUP, name=name, value=value, unit=unit) for name, value, unit in facts],
        Figure(group=_GROUP, name="  that came again after their 201", value=doubled, target=most),
        Figure(group=_GROUP, name="plans lost or doubled", value=abs(orders.purchases - plans), target=0),
    ]


def _list_wait_figures(waits: dict[str, list[float]]) -> list[Figure]:
    """`waits`: the seconds of each case."""
    figures = []
    for name, seconds in waits.items():
        figures += [
            Figure(group=_GROUP, name=f"letters wait after a kill, {name}", value=median(seconds), unit="s"),
            Figure(group=_GROUP, name="  the longest", value=max(seconds), unit="s", target=_TARGET_S),
        ]
    return figures


if __name__ == "__main__":
    main()
