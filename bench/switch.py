"""The time that the card switch adds to an authorization, at a steady rate.

The same messages go to the issuer host directly and through the switch; every second card has a plan.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import uvloop

from bench.processes import sum_cpu_s
from bench.report import Figure
from bench.scale import Scale
from bench.world import run_with_engine
from parcela.connectors.iso8583.fields import BUILT_IN
from parcela.connectors.iso8583.framing import LengthHeader, frame, read_frame
from parcela.connectors.iso8583.messages import make_response, read_message, write_message
from parcela.connectors.iso8583.options import Address
from parcela.domain.cards import Pan, passes_luhn
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.sandbox.setup import prepare_demo_world
from parcela.store import cards, schema
from parcela.store.embedded import EmbeddedServer

RATE, WARM_UP = 200, 400
_SPEC, _HEADER = BUILT_IN["ascii"], LengthHeader.BINARY_2
_TARGET_P99_MS = 5.0

_INSERT_PLANS = """
INSERT INTO plan (tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status, offer_id,
    currency, amount_minor, total_minor, installment_count, body, created_at)
SELECT 1, gen_random_uuid(), number, (SELECT min(client_id) FROM client), gen_random_uuid(), card_id,
    'created', '71392364', 'USD', 15000, 15000, 12, '{"transaction": {}}', now()
FROM unnest($1::uuid[]) WITH ORDINALITY AS held (card_id, number)
"""


def measure_switch(home: Path, scale: Scale) -> list[Figure]:
    """Times with and without the switch, on a database of its own below `home`."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    numbers = list_card_numbers(WARM_UP + RATE * scale.switch_s)
    server = EmbeddedServer.start(home)
    try:
        asyncio.run(schema.migrate(server.url))
        run_with_engine(home, server.url, lambda engine: set_up(engine, server.url, home, numbers[::2]))
        environ = {**os.environ, "PARCELA_DATABASE_URL": server.url, "PARCELA_HOME": str(home)}
        host, switch = find_free_port(), find_free_port()
        command = [sys.executable, "-c", "from parcela.cli.main import run; run()", "switch", "serve"]
        command += ["--listen", f"127.0.0.1:{switch}", "--host", f"127.0.0.1:{host}"]
        with (
            run_process([sys.executable, "-m", "bench.switch", str(host)], environ, host),
            run_process(command, environ, switch) as process_id,
        ):
            direct = uvloop.run(measure(Address("127.0.0.1", host), numbers))
            before_s = sum_cpu_s(process_id)
            through = uvloop.run(measure(Address("127.0.0.1", switch), numbers))
            cpu_us = (sum_cpu_s(process_id) - before_s) / len(numbers) * 1e6
        bound = asyncio.run(count_bound(server.url))
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)
    return list_figures(direct, through, bound / len(numbers[::2]), cpu_us)


def list_figures(
    direct: Sequence[float], through: Sequence[float], bound_share: float, cpu_us: float
) -> list[Figure]:
    """Times in milliseconds, and what the switch adds to each percentile."""
    group = f"Card switch at {RATE} messages a second"
    figures = []
    for percent in (50, 99):
        times = percentile_ms(direct, percent), percentile_ms(through, percent)
        target = _TARGET_P99_MS if percent == 99 else None
        for name, value, bound_ms in (
            (f"p{percent}, host directly", times[0], None),
            (f"p{percent}, through the switch", times[1], None),
            (f"p{percent}, added", times[1] - times[0], target),
        ):
            figures.append(Figure(group=group, name=name, value=value, unit="ms", target=bound_ms))
    figures.append(Figure(group=group, name="CPU of the switch, a message", value=cpu_us, unit="µs"))
    name = "share of plans that were bound in time"
    figures.append(Figure(group=group, name=name, value=bound_share, target=0.99, is_highest=False))
    return figures


def list_card_numbers(count: int) -> list[str]:
    """Different card numbers of the sandbox's range."""
    stems = (f"230377000{number:06d}" for number in range(count))
    return [next(f"{stem}{digit}" for digit in range(10) if passes_luhn(f"{stem}{digit}")) for stem in stems]


async def set_up(engine: Engine, url: str, home: Path, numbers: Sequence[str]) -> None:
    """A demo world, and a plan of 150 dollars for each of these cards."""
    await prepare_demo_world(engine, home, root_url="http://127.0.0.1")
    sealed = [engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(digits)) for digits in numbers]
    connection = await asyncpg.connect(url)
    await cards.save_cards(connection, sealed)
    await connection.execute(_INSERT_PLANS, [card.card_id for card in sealed])
    await connection.execute("ANALYZE")
    await connection.close()


async def count_bound(url: str) -> int:
    """Plans that have an authorization."""
    connection = await asyncpg.connect(url)
    bound: int = await connection.fetchval("SELECT count(*) FROM authorization_match")
    await connection.close()
    return bound


async def measure(address: Address, numbers: Sequence[str]) -> list[float]:
    """Seconds from the moment a message was due to its answer, after a warm-up."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    due: dict[str, float] = {}
    taken: list[float] = []

    async def collect() -> None:
        while len(taken) < len(numbers):
            raw = await read_frame(reader, _HEADER)
            assert raw is not None, "hung up"
            answer = read_message(raw, _SPEC).elements
            assert answer["39"] == "00", answer["39"]
            taken.append(time.perf_counter() - due[answer["11"]])

    frames = [frame(make_message(digits, stan), _HEADER) for stan, digits in enumerate(numbers, start=1)]
    collecting = asyncio.create_task(collect())
    started_s = time.perf_counter()
    for stan, framed in enumerate(frames, start=1):
        due[f"{stan:06d}"] = at_s = started_s + stan / RATE
        if (wait_s := at_s - time.perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        writer.write(framed)
    await collecting
    writer.close()
    return taken[WARM_UP:]


def make_message(digits: str, stan: int) -> bytes:
    """An e-commerce authorization of 150 dollars."""
    elements = {"t": "0100", "2": digits, "3": "000000", "4": "000000015000", "7": "0803165543"}
    elements |= {"11": f"{stan:06d}", "12": "165543", "13": "0803", "18": "1711", "22": "812"}
    elements |= {"32": "234353", "37": f"{stan:012d}", "42": "121234".ljust(15), "49": "840"}
    return write_message(elements, _SPEC)


def percentile_ms(seconds: Sequence[float], percent: int) -> float:
    """A percentile in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] * 1000


@contextmanager
def run_process(command: Sequence[str], environ: dict[str, str], port: int) -> Iterator[int]:
    """A process that listens on a port, until the end of the block; gives its id."""
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        asyncio.run(_wait_for_port(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _wait_for_port(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await asyncio.sleep(0.5)
            return
    raise RuntimeError(f"nobody listens on port {port}")


async def serve_host(port: int) -> None:
    """An issuer host that approves everything at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (raw := await read_frame(reader, _HEADER)) is not None:
            answer = make_response(read_message(raw, _SPEC).elements, "00")
            writer.write(frame(write_message(answer, _SPEC), _HEADER))

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve_host(int(sys.argv[1])))
