"""Nothing is lost and nothing doubled while processes are killed (`spec/reliability.md` F1, F3, F5, G3.1).

`KILLS_SEED` repeats the choices of an earlier run; `python -m bench.kills` is the long one.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import DemoTemplate
from tests.support.siege import Orders, Scene, lay_siege
from tests.support.siege_proof import count_doubled, list_problems

PURCHASES, KILLS, BILLING_KILLS, DURATION_S = 150, 6, 2, 6.0


@pytest.fixture
def scene(database_url: str, demo_template: DemoTemplate) -> Iterator[Scene]:
    """A database with the demo world, and a copy of its keys: a server writes its credentials anew."""
    with tempfile.TemporaryDirectory(prefix="parcela-siege-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(demo_template.home, home)
        yield Scene(database_url=database_url, home=home, folder=Path(folder))


def test_plans_outlive_the_processes_that_make_tell_and_open_them(scene: Scene) -> None:
    seed = int(os.environ.get("KILLS_SEED") or random.SystemRandom().randrange(10**6))

    async def story() -> None:
        orders = Orders(
            seed=seed,
            purchases=PURCHASES,
            kills=KILLS,
            billing_kills=BILLING_KILLS,
            duration_s=DURATION_S,
        )
        siege = await lay_siege(scene, orders)
        print(
            f"{len(siege.seen)} notifications, {count_doubled(siege)} again after their 201; "
            f"{siege.lost} requests without an answer; ready after {siege.ready_s:.1f}, "
            f"settled in {siege.settled_s:.1f}, all in {siege.seconds:.0f} s"
        )
        problems = await list_problems(scene, siege)
        assert not problems, "\n".join(problems)
        assert len(siege.kills) == KILLS + BILLING_KILLS
        assert siege.own_ends == {}
        assert siege.end_codes == {0: 5}

    print(f"KILLS_SEED={seed}")
    asyncio.run(story())
