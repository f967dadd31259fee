"""Where the demo world's bank is told its plans: at its own processor, unless somebody said otherwise."""

import shutil
from dataclasses import replace
from pathlib import Path

from tests.conftest import DemoTemplate, RunWithEngine

from parcela.domain.programs import Issuer
from parcela.operations import catalogue, people
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.sandbox.setup import PROVIDER_ID, prepare_demo_world

Addresses = tuple[str | None, str | None]


async def get_issuer(engine: Engine) -> Issuer:
    found = (await engine.look()).catalogue(MAIN_TENANT).find_issuer(PROVIDER_ID)
    assert found is not None
    return found


async def start(engine: Engine, home: Path, root_url: str, *, has_issuer: bool = True) -> Addresses:
    """The addresses after a start of the server under an address."""
    await prepare_demo_world(engine, home, root_url=root_url, has_issuer=has_issuer)
    issuer = await get_issuer(engine)
    return issuer.notification_url, issuer.realtime_url


def addresses_at(root_url: str) -> Addresses:
    return f"{root_url}/issuer/notifications", f"{root_url}/issuer/card-offers/searches"


def test_the_banks_addresses_follow_its_processor(
    run: RunWithEngine, demo_template: DemoTemplate, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_template.home, home)
    first, second = "http://127.0.0.1:8080", "http://127.0.0.1:9090"

    async def work(engine: Engine) -> None:
        assert await start(engine, home, first, has_issuer=False) == (None, None)
        assert await start(engine, home, first) == addresses_at(first)
        version = (await engine.look()).snapshot.version
        assert await start(engine, home, first) == addresses_at(first)
        assert (await engine.look()).snapshot.version == version
        assert await start(engine, home, second) == addresses_at(second)
        assert await start(engine, home, second, has_issuer=False) == (None, None)

    run(work)


def test_an_address_that_somebody_set_stays(
    run: RunWithEngine, demo_template: DemoTemplate, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_template.home, home)
    own = "https://bank.example/notifications"

    async def work(engine: Engine) -> None:
        operator = await people.get_person(engine, "operator@sandbox.example")
        second = await people.get_person(engine, "second-operator@sandbox.example")
        wanted = replace(await get_issuer(engine), notification_url=own)
        proposal = catalogue.Proposal(summary="Our own processor", wanted=[wanted])
        proposed = await catalogue.propose(engine, operator, proposal)
        await catalogue.approve(engine, second, proposed.change_set_id)
        root_url = "http://127.0.0.1:8080"
        assert await start(engine, home, root_url) == (own, addresses_at(root_url)[1])
        assert await start(engine, home, root_url, has_issuer=False) == (own, None)

    run(work)
