"""Letters by the command line, and the worker as a process of its own."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from contextlib import suppress

from tests.cli.conftest import Run
from tests.conftest import ROOT_URL, DemoTemplate, use_engine
from tests.support.delivery_world import DeliveryWorld, open_delivery_world, wait_until
from tests.support.patience import stretch
from tests.support.receiver import make_answer

from parcela.cli.options import CommandError

OPERATOR = ("--as", "operator@sandbox.example")


def test_a_letter_is_listed_shown_and_replayed(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    async def make_letter() -> str:
        async with (
            use_engine(database_url, demo_template.home) as engine,
            open_delivery_world(engine, demo_template.home) as world,
        ):
            world.receiver.always(404)
            await world.buy()
            async with world.work():
                return (await world.settle(attempts=1)).letter.letter_id

    letter_id = asyncio.run(make_letter())
    listed = parcela("delivery", "list", "--status", "parked").output.splitlines()
    assert [line.split()[0] for line in listed] == ["letter", letter_id]
    assert listed[1].rstrip().endswith("the receiver answered 404, which is not tried again by itself")
    shown = parcela("delivery", "show", letter_id).output
    assert re.search(r"^Try 1, .*: refused 404, \d+ ms$", shown, re.M)
    assert 'oauth_signature="[cut]"' in shown
    assert '"encryptedValue":"[sealed]"' in shown
    neither = parcela("delivery", "replay", *OPERATOR)
    assert isinstance(neither.exception, CommandError)
    assert parcela("delivery", "replay", letter_id, *OPERATOR).output == f"Letter {letter_id} is due now.\n"
    many = parcela("delivery", "replay", "--status", "due", "--from", "2026-01-01", *OPERATOR)
    assert many.output == "1 letter is due now.\n"


def test_words_of_a_receiver_neither_steer_the_terminal_nor_make_lines(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    body = b'{"status":"FAILURE","message":"\\u001b[2Jgone\\nTry 9: delivered\\u202e"}\x1b]0;title\x07'
    flag = b'{"status":"FAILURE","message":"\\u001b[2Jgone\\nTry 9: delivered\\u202e"}'

    async def make_letters() -> list[str]:
        async with (
            use_engine(database_url, demo_template.home) as engine,
            open_delivery_world(engine, demo_template.home) as world,
        ):
            world.receiver.script(make_answer(201, flag), make_answer(400, body))
            letter_ids = []
            async with world.work():
                for _ in range(2):
                    plan = await world.buy()
                    letter_ids.append((await world.settle(plan, attempts=1)).letter.letter_id)
            return letter_ids

    flagged, refused = asyncio.run(make_letters())
    listed = parcela("delivery", "list", "--flagged").output
    told = r"the receiver answered FAILURE: \x1b[2Jgone\nTry 9: delivered\u202e"
    assert listed.splitlines()[1].split(maxsplit=6)[0] == flagged
    assert told in listed
    for letter_id in (flagged, refused):
        shown = parcela("delivery", "show", letter_id).output
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}
        assert re.findall(r"^Try \d+", shown, re.M) == ["Try 1"]
        # A body is one line, which can be copied.
        [sent] = [line for line in shown.splitlines() if line.startswith('  {"planId"')]
        assert json.loads(sent)["encryptedValue"] == "[sealed]"


def test_the_worker_alone_delivers_until_it_is_told_to_end(
    database_url: str, demo_template: DemoTemplate
) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")},
        "PARCELA_DATABASE_URL": database_url,
        "PARCELA_HOME": str(demo_template.home),
        "PARCELA_PUBLIC_URL": ROOT_URL,
    }
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "worker"]

    async def work(world: DeliveryWorld) -> None:
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        try:
            await world.buy()

            async def is_delivered() -> bool:
                return (await world.view()).letter.status == "delivered"

            await wait_until(is_delivered, timeout_s=60)
            process.send_signal(signal.SIGTERM)
            started_s = time.monotonic()
            assert await asyncio.wait_for(process.wait(), 60) == 0
            assert time.monotonic() - started_s < stretch(5)
            assert await world.fetchval("SELECT count(*) FROM delivery_lane WHERE owner IS NOT NULL") == 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def main() -> None:
        async with (
            use_engine(database_url, demo_template.home) as engine,
            open_delivery_world(engine, demo_template.home) as world,
        ):
            await work(world)

    asyncio.run(main())
