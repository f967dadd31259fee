"""Notifications a second to a fast receiver, and what healthy destinations wait while others hang."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from bench.processes import read_process, sum_cpu_s
from bench.receiver import run_receiver
from bench.report import Figure
from bench.scale import Scale
from parcela.app import open_engine, run_delivery
from parcela.domain.clients import ClientRole, KeyPurpose
from parcela.domain.programs import Issuer
from parcela.operations import catalogue, clients, people
from parcela.operations.clients import NewClient, NewKey
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.keys import render_public_pem
from parcela.sandbox.setup import PROVIDER_ID
from parcela.settings import Settings

_DESTINATIONS, _HUNG = 10, 2
_ROUND_S = 0.1

# Copies of one plan that was made the usual way, each with rows and a letter of its own.
_COPY_PLANS = """
WITH sample AS (SELECT * FROM plan WHERE plan_id = $1::uuid),
made AS (
    INSERT INTO plan (tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status,
        offer_id, program_version, currency, amount_minor, total_minor, installment_count, body, created_at,
        is_notified)
    SELECT s.tenant_id, gen_random_uuid(), nextval('bench_plan'), s.client_id, target.provider_id, s.card_id,
        s.status, s.offer_id, s.program_version, s.currency, s.amount_minor, s.total_minor,
        s.installment_count, s.body, clock_timestamp(), true
    FROM sample s, unnest($2::uuid[]) AS target (provider_id), generate_series(1, $3)
    RETURNING tenant_id, plan_id, provider_id, created_at
), rows AS (
    INSERT INTO installment (tenant_id, plan_id, number, due_date, amount_minor, principal_minor,
        interest_minor, fee_minor)
    SELECT made.tenant_id, made.plan_id, i.number, i.due_date, i.amount_minor, i.principal_minor,
        i.interest_minor, i.fee_minor
    FROM made, installment i WHERE i.plan_id = $1::uuid
)
INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, status,
    next_attempt_at, created_at, lane, ladder_anchor_at, waiting_since)
SELECT tenant_id, gen_random_uuid(), 'network.plan_notification', plan_id, provider_id,
    gen_random_uuid()::text, 'due', created_at, created_at, provider_id::text, created_at, created_at
FROM made
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFigures:
    """Throughput to one destination, and the waits of healthy ones beside hung ones."""

    per_second: float
    worker_cpu_us: float
    database_cpu_us: float
    wait_p50_ms: float
    wait_p99_ms: float


def measure_delivery(home: Path, url: str, scale: Scale, *, postmaster: int) -> list[Figure]:
    """Both measurements, of copies of a plan that is there, while no server runs on the database."""
    with run_receiver() as receiver:
        found = uvloop.run(_measure(home, url, scale, receiver=receiver, postmaster=postmaster))
    group = "Delivery"
    return [
        Figure(
            group=group,
            name="notifications, 1 worker, 1 destination",
            value=found.per_second,
            unit="/s",
            target=700,
            is_highest=False,
        ),
        Figure(group=group, name="  CPU of the worker", value=found.worker_cpu_us, unit="µs"),
        Figure(group=group, name="  CPU of PostgreSQL", value=found.database_cpu_us, unit="µs"),
        Figure(group=group, name="wait p50, 20 % of destinations hung", value=found.wait_p50_ms, unit="ms"),
        Figure(
            group=group,
            name="wait p99, 20 % of destinations hung",
            value=found.wait_p99_ms,
            unit="ms",
            target=2000,
        ),
    ]


async def _measure(home: Path, url: str, scale: Scale, *, receiver: str, postmaster: int) -> DeliveryFigures:
    settings = Settings(home=home)
    engine = await open_engine(settings, url)
    try:
        async with engine.database.connection() as connection:
            plan_id = await connection.fetchval("SELECT plan_id::text FROM plan LIMIT 1")
        # Letters of the plans that were measured before are not what is measured here.
        await _execute(engine, "TRUNCATE delivery_attempt, letter")
        await _execute(engine, "CREATE SEQUENCE IF NOT EXISTS bench_plan MINVALUE 9000000000000000000")
        await _point(engine, PROVIDER_ID, f"{receiver}/fast/notifications")
        await _copy(engine, plan_id, [PROVIDER_ID], scale.letters)
        pid = os.getpid()
        started_s, cpu_s, database_s = time.perf_counter(), _own_cpu_s(pid), sum_cpu_s(postmaster)
        async with run_delivery(engine, settings):
            await _wait_until(engine, lambda: _count_open(engine, [PROVIDER_ID]))
            seconds = time.perf_counter() - started_s
            worker_s, postgres_s = _own_cpu_s(pid) - cpu_s, sum_cpu_s(postmaster) - database_s
        await _check_all_delivered(engine, scale.letters)
        waits = await _measure_waits(engine, settings, scale, plan_id=plan_id, receiver=receiver)
    finally:
        await engine.database.close()
    return DeliveryFigures(
        per_second=scale.letters / seconds,
        worker_cpu_us=worker_s / scale.letters * 1e6,
        database_cpu_us=postgres_s / scale.letters * 1e6,
        wait_p50_ms=waits[len(waits) // 2],
        wait_p99_ms=waits[int(len(waits) * 0.99)],
    )


def _own_cpu_s(pid: int) -> float:
    facts = read_process(pid)
    assert facts is not None
    return facts.cpu_s


async def _measure_waits(
    engine: Engine, settings: Settings, scale: Scale, *, plan_id: str, receiver: str
) -> list[float]:
    """From the commit of a letter to its first try in milliseconds, for the healthy destinations, sorted."""
    providers = [await _add_issuer(engine, number, receiver) for number in range(_DESTINATIONS)]
    healthy = providers[_HUNG:]
    async with run_delivery(engine, settings):
        next_s = time.perf_counter()
        for _ in range(scale.letter_rounds):
            await _copy(engine, plan_id, providers, 2)
            next_s += _ROUND_S
            await asyncio.sleep(max(0.0, next_s - time.perf_counter()))
        await _wait_until(engine, lambda: _count_open(engine, healthy))
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT extract(epoch FROM a.started_at - l.created_at)::float8 * 1000 AS wait_ms"
                " FROM letter l JOIN delivery_attempt a USING (tenant_id, letter_id)"
                " WHERE l.provider_id = ANY($1::uuid[]) AND a.number = 1",
                healthy,
            )
    return sorted(row["wait_ms"] for row in rows)


async def _add_issuer(engine: Engine, number: int, receiver: str) -> str:
    """An issuer with a destination, a client and keys; the first ones hang."""
    provider_id = f"00000000-0000-4000-8000-0000000000{number:02}"
    path = "hang" if number < _HUNG else f"fast{number}"
    issuer = Issuer(
        provider_id=provider_id,
        name=f"Bank {number}",
        logo_url="https://bank.example/logo.png",
        cid=str(number + 1),
        ica=str(number + 1),
        country="USA",
        notification_url=f"{receiver}/{path}/notifications",
    )
    await _put_in_force(engine, issuer)
    operator = await people.get_person(engine, "operator@sandbox.example")
    new = NewClient(
        code=f"bank-{number}", name=f"Bank {number}", role=ClientRole.ISSUER, provider_id=provider_id
    )
    client = await clients.register_client(engine, operator, new)
    public_key = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    key = NewKey(purpose=KeyPurpose.CLIENT_ENCRYPTION, pem=render_public_pem(public_key))
    await clients.add_client_key(engine, operator, client.client_id, key)
    return provider_id


async def _point(engine: Engine, provider_id: str, url: str) -> None:
    seen = await engine.look()
    issuer = seen.catalogue(MAIN_TENANT).find_issuer(provider_id)
    assert issuer is not None
    await _put_in_force(engine, replace(issuer, notification_url=url))


async def _put_in_force(engine: Engine, issuer: Issuer) -> None:
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposal = catalogue.Proposal(summary="A destination", wanted=[issuer])
    proposed = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def _copy(engine: Engine, plan_id: str, providers: list[str], count: int) -> None:
    await _execute(engine, _COPY_PLANS, plan_id, providers, count)


async def _execute(engine: Engine, statement: str, *arguments: object) -> None:
    async with engine.database.connection() as connection:
        await connection.execute(statement, *arguments, timeout=120)


async def _count_open(engine: Engine, providers: list[str]) -> int:
    async with engine.database.connection() as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM letter WHERE status = 'due' AND lane = ANY($1::text[])", providers
        )
    return found


async def _check_all_delivered(engine: Engine, count: int) -> None:
    async with engine.database.connection() as connection:
        delivered = await connection.fetchval(
            "SELECT count(*) FROM delivery_attempt WHERE outcome = 'delivered' AND http_status = 201"
        )
    assert delivered >= count, f"{delivered} of {count} letters were delivered"


async def _wait_until(engine: Engine, count_open: Callable[[], Awaitable[int]]) -> None:
    deadline_s = time.perf_counter() + 120
    while await count_open():
        assert time.perf_counter() < deadline_s, "letters were left"
        await engine.clock.sleep(0.05)
