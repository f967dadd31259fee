"""A siege: servers, workers and an issuer's processor are killed at random while plans are made and told."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from parcela.app import open_engine
from parcela.operations.clock import advance_clock
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.settings import Settings
from tests.support.buyers import Bought, Buyers, at_address
from tests.support.killing import (
    KeptProcess,
    Kill,
    find_lasting_port,
    keep_all,
    kill_at_random,
    make_environ,
    run_parcela,
)
from tests.support.network_client import load_party
from tests.support.witness import Sighting, Witness, open_witness

ROOT_URL = "http://network.test"
CID = "242666"
_SETTLE_S = 180.0
_BILLING_S = 3.0
_CATCH_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a siege takes place: a database, the home of its demo world, and a folder for logs."""

    database_url: str
    home: Path
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How hard a siege is. All choices follow from `seed`; what the machine makes of them does not."""

    seed: int
    purchases: int
    kills: int
    billing_kills: int
    duration_s: float
    most_s: float = 300.0
    servers: int = 2
    workers: int = 2
    database_restarts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Siege:
    """What happened: `own_ends` are ends that nobody caused, `end_codes` those of the end by SIGTERM."""

    orders: Orders
    bought: Sequence[Bought]
    seen: Sequence[Sighting]
    kills: Sequence[Kill]
    statuses: Counter[int]
    lost: int
    own_ends: Counter[str]
    end_codes: Counter[int]
    ready_s: float
    settled_s: float
    seconds: float


class World:
    """The processes of a scene, behind a witness."""

    def __init__(self, scene: Scene, kept: list[KeptProcess], witness: Witness) -> None:
        self.scene = scene
        self.kept = kept
        self.witness = witness
        self.environ = make_environ(
            database_url=scene.database_url,
            home=str(scene.home),
            public_url=ROOT_URL,
            demo_issuer="false",
        )

    async def start_all(self, *, servers: int, workers: int) -> list[int]:
        """Servers, delivery workers and the issuer's processor, all at work; gives the servers' ports."""
        # The first one makes the world that the others need.
        ports = [await self._add_server()]
        for number in range(1, workers + 1):
            self.add_worker(number)
        *others, _ = await asyncio.gather(
            *[self._add_server() for _ in range(servers - 1)], self.add_issuer()
        )
        return [*ports, *[port for port in others if port is not None]]

    async def catch_sender(self) -> int | None:
        """Wait for a notification; gives the local port that it comes from."""
        sighting = await self.witness.wait_for_next(timeout_s=_CATCH_S)
        return None if sighting is None else sighting.from_port

    async def _add_server(self) -> int:
        port = find_lasting_port()
        server = self._keep(f"server {port}", "serve", "--demo", "--port", str(port), port=port)
        await server.wait_ready()
        return port

    def add_worker(self, number: int) -> KeptProcess:
        """A delivery worker."""
        return self._keep(f"worker {number}", "worker")

    async def add_issuer(self) -> None:
        """The issuer's processor, to which the network is pointed."""
        key_file = self.scene.folder / "network.pem"
        listing = await self._run("client", "key", "list", "parcela-sandbox-issuer", "--pem")
        key_file.write_text(find_signing_pem(listing))
        sealed_for = self.scene.home / "sandbox" / "issuer-decryption.pem"
        arguments = ["issuer", "serve", "--port", str(self.witness.issuer_port), "--cid", CID]
        arguments += ["--public-url", self.witness.url, "--network-key", str(key_file)]
        arguments += ["--decryption-key", str(sealed_for)]
        issuer = self._keep("issuer", *arguments, port=self.witness.issuer_port)
        await self._run("sandbox", "notify", f"{self.witness.url}/notifications")
        await issuer.wait_ready()

    async def _run(self, *arguments: str) -> str:
        code, output = await run_parcela(self.environ, *arguments)
        assert code == 0, output
        return output

    async def wait_ready(self) -> None:
        """Wait until every process that has a port answers."""
        await asyncio.gather(*[process.wait_ready() for process in self.kept if process.port is not None])

    def _keep(self, name: str, *arguments: str, port: int | None = None) -> KeptProcess:
        process = KeptProcess(
            name=name,
            arguments=arguments,
            environ=self.environ,
            log_file=self.scene.folder / f"{name.replace(' ', '-')}.log",
            port=port,
        )
        self.kept.append(process)
        process.start()
        return process


def find_signing_pem(listing: str) -> str:
    """The network's signing key in what `parcela client key list --pem` prints."""
    _, _, rest = listing.partition("\nplatform_signing ")
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    body = rest.partition(begin)[2].partition(end)[0]
    assert body, f"no signing key in {listing!r}"
    return f"{begin}{body}{end}\n"


@asynccontextmanager
async def open_world(scene: Scene) -> AsyncIterator[World]:
    """A world without processes; those that are added are ended with it."""
    async with open_witness(find_lasting_port()) as witness, keep_all() as kept:
        yield World(scene, kept, witness)


async def lay_siege(
    scene: Scene, orders: Orders, *, restart_database: Callable[[], Awaitable[None]] | None = None
) -> Siege:
    """Buy and kill until every letter is delivered; let rows fall due and kill who bills them; end all."""
    clock = asyncio.get_running_loop()
    started_s = clock.time()
    chance = random.Random(orders.seed)
    async with AsyncExitStack() as exits:
        world = await exits.enter_async_context(open_world(scene))
        ports = await world.start_all(servers=orders.servers, workers=orders.workers)
        session = await exits.enter_async_context(aiohttp.ClientSession())
        party = at_address(load_party(scene.home, "partner"), ROOT_URL)
        buyers = Buyers(party=party, ports=ports, session=session, chance=random.Random(orders.seed + 1))
        ready_s = clock.time() - started_s
        _, kills, _ = await asyncio.gather(
            buyers.buy_all(orders.purchases, duration_s=orders.duration_s),
            kill_at_random(
                world.kept,
                chance,
                count=orders.kills,
                duration_s=orders.duration_s,
                most_s=orders.most_s,
                catch_sender=world.catch_sender,
            ),
            _restart_at_random(restart_database, orders),
        )
        settling_s = clock.time()
        await settle(scene)
        settled_s = clock.time() - settling_s
        billers = [process for process in world.kept if process.port is not None]
        await move_clock(scene, "1mo")
        kills += await kill_at_random(billers, chance, count=orders.billing_kills, duration_s=_BILLING_S)
        await wait_until_billed(scene)
        await world.wait_ready()
    return Siege(
        orders=orders,
        bought=buyers.bought,
        seen=world.witness.seen,
        kills=kills,
        statuses=buyers.statuses,
        lost=buyers.lost,
        own_ends=Counter(f"{one.name}: {code}" for one in world.kept for code in one.own_ends),
        end_codes=Counter(one.end_code for one in world.kept if one.end_code is not None),
        ready_s=ready_s,
        settled_s=settled_s,
        seconds=clock.time() - started_s,
    )


async def _restart_at_random(restart: Callable[[], Awaitable[None]] | None, orders: Orders) -> None:
    if restart is None:
        return
    clock = asyncio.get_running_loop()
    started_s = clock.time()
    chance = random.Random(orders.seed + 2)
    for after_s in sorted(chance.uniform(0, orders.duration_s) for _ in range(orders.database_restarts)):
        await asyncio.sleep(max(0.0, started_s + after_s - clock.time()))
        await restart()


async def settle(scene: Scene) -> None:
    """Wait until no letter is left; those that wait for a later try get the time that they wait for.

    Raises AssertionError when a letter is parked, or is still left after a while.
    """
    clock = asyncio.get_running_loop()
    deadline_s = clock.time() + _SETTLE_S
    async with _open_engine(scene) as engine:
        while True:
            with contextlib.suppress(*UNAVAILABLE_ERRORS):
                left, waiting, parked = await _count_left(engine)
                if left == 0:
                    return
                assert parked == 0 and clock.time() < deadline_s, await _describe_left(engine)
                if left == waiting:
                    await advance_clock(engine, "siege", "61m")
            await asyncio.sleep(0.1)


async def move_clock(scene: Scene, step: str) -> None:
    """Let time pass for all of them."""
    async with _open_engine(scene) as engine:
        await advance_clock(engine, "siege", step)


async def wait_until_billed(scene: Scene) -> None:
    """Wait until every row that is due is billed. Raises TimeoutError."""
    async with _open_engine(scene) as engine, asyncio.timeout(_SETTLE_S):
        while True:
            async with engine.database.connection() as connection:
                is_left = await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM serviced_row, world WHERE state = 'scheduled'"
                    " AND due_date <= (now() + clock_offset)::date)"
                )
            if not is_left:
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _open_engine(scene: Scene) -> AsyncIterator[Engine]:
    engine = await open_engine(Settings(home=scene.home), scene.database_url)
    try:
        yield engine
    finally:
        await engine.database.close()


async def _count_left(engine: Engine) -> tuple[int, int, int]:
    """Letters that are not delivered, those of them whose next try is later, and those that are parked."""
    async with engine.database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT count(*) AS left_over, count(*) FILTER (WHERE flight_fence IS NULL"
            " AND next_attempt_at > clock_timestamp() + clock_offset) AS waiting,"
            " count(*) FILTER (WHERE status = 'parked') AS parked"
            " FROM letter, world WHERE status <> 'delivered'"
        )
    assert row is not None
    return row["left_over"], row["waiting"], row["parked"]


async def _describe_left(engine: Engine) -> str:
    """The letters that are left, by what their last try came to."""
    async with engine.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT l.status, l.flight_fence IS NOT NULL AS in_flight, l.parked_code, a.outcome,"
            " a.http_status, a.failure_kind, a.detail, count(*) AS count"
            " FROM letter l LEFT JOIN delivery_attempt a"
            " ON a.letter_id = l.letter_id AND a.number = l.attempts"
            " WHERE l.status <> 'delivered' GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY count(*) DESC LIMIT 10"
        )
    return "letters are left: " + "; ".join(str(dict(row)) for row in rows)
