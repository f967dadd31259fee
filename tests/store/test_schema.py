"""The schema: migrations that may run side by side, and rules that the database keeps by itself."""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest
from tests.store.conftest import WithConnection

from parcela.store import schema
from parcela.store.embedded import EmbeddedServer

PLAN = "00000000-0000-7000-8000-000000000001"
INSERT_PLAN = f"""
WITH a_card AS (
    INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)
    VALUES (1, '{PLAN}', sha256('1'), 1, '', '511092', '3789') RETURNING card_id)
INSERT INTO plan (tenant_id, plan_id, offer_transaction_id, client_id, provider_id, card_id, status, offer_id,
    currency, amount_minor, total_minor, installment_count, body, created_at)
SELECT 1, '{PLAN}', 1, client_id, '{PLAN}', card_id, 'created', '10000001', 'USD', 200, 203, 2, '{{}}', now()
FROM client, a_card ORDER BY client_id LIMIT 1
"""
INSERT_ROWS = f"""
INSERT INTO installment VALUES (1, '{PLAN}', 1, '2025-01-31', 102, 100, 0, 2),
    (1, '{PLAN}', 2, '2025-02-28', 101, 100, 1, 0)
"""
INSERT_LETTER = f"""
INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, created_at, lane,
    ladder_anchor_at, waiting_since, status, parked_reason, parked_code, next_attempt_at, delivered_at, flag,
    flight_fence)
VALUES (1, '{PLAN}', 'network.plan_notification', '{PLAN}', '{PLAN}', '', now(), 'x', now(), now(), {{}})
"""
INSERT_SECOND_LETTER = INSERT_LETTER.format("'due', NULL, NULL, now(), NULL, NULL, NULL").replace(
    f"'{PLAN}'", f"'{PLAN[:-1]}2'", 1
)
INSERT_VERSION = """
INSERT INTO catalogue_entry (tenant_id, kind, key, version, is_current, document, change_set_id, proposed_by,
    approved_by, approved_at)
VALUES (1, 'market_pair', 'CAN-USD', {version}, {is_current}, '{{}}', gen_random_uuid(), 'maker', '{checker}',
    now())
"""
INSERT_CHANGE_SET = """
INSERT INTO change_set (tenant_id, change_set_id, status, summary, changes, proposed_by, proposed_at,
    decided_by, decided_at)
VALUES (1, gen_random_uuid(), '{status}', '', '[]', 'maker', now(), {decided_by}, now())
"""


@pytest.fixture
def empty_database(server: EmbeddedServer) -> Iterator[str]:
    """A database without any table."""
    name = f"test_{secrets.token_hex(6)}"
    server.create_database(name)
    yield server.url_of(name)
    server.drop_database(name)


def test_four_processes_migrate_one_database_at_once(empty_database: str) -> None:
    program = (
        "import asyncio, sys; from parcela.store import schema; asyncio.run(schema.migrate(sys.argv[1]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_database], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    ended = [(process.communicate()[1].decode(), process.returncode) for process in started]
    assert ended == [("", 0)] * 4
    assert asyncio.run(schema.find_revision(empty_database)) == schema.get_newest_revision()


def test_an_empty_database_has_no_revision_and_migrating_twice_changes_nothing(empty_database: str) -> None:
    assert asyncio.run(schema.find_revision(empty_database)) is None
    asyncio.run(schema.migrate(empty_database))
    asyncio.run(schema.migrate(empty_database))
    assert asyncio.run(schema.find_revision(empty_database)) == schema.get_newest_revision()


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str) -> None:
    async def collide_and_count() -> tuple[int, str | None]:
        connection = await asyncpg.connect(empty_database)
        try:
            await connection.execute("CREATE TABLE audit (in_the_way int)")
            with pytest.raises(asyncpg.DuplicateTableError):
                await schema.migrate(empty_database)
            tables = await connection.fetchval(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version'"
            )
            return tables, await schema.find_revision(empty_database)
        finally:
            await connection.close()

    assert asyncio.run(collide_and_count()) == (1, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalogue_entry SET document = '{}'",  # other terms
        "UPDATE catalogue_entry SET version = version + 1",  # another number
        "UPDATE catalogue_entry SET approved_by = 'somebody'",  # another hand
        "UPDATE catalogue_entry SET is_current = false; UPDATE catalogue_entry SET is_current = true",
        "DELETE FROM catalogue_entry",  # gone
        "TRUNCATE catalogue_entry",  # all gone
    ],
)
def test_an_approved_version_stays_as_it_was_approved(connect: WithConnection, statement: str) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        before = await connection.fetch("SELECT * FROM catalogue_entry ORDER BY kind, key, version")
        with pytest.raises(asyncpg.RaiseError, match=r"immutable|append only"):
            async with connection.transaction():
                await connection.execute(statement)
        assert await connection.fetch("SELECT * FROM catalogue_entry ORDER BY kind, key, version") == before

    connect(work)


@pytest.mark.parametrize("table", ["event", "audit"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_events_and_audit_lines_are_only_added(connect: WithConnection, table: str, statement: str) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        text = statement.format(table).replace("at =", "occurred_at =" if table == "event" else "at =")
        with pytest.raises(asyncpg.RaiseError, match=f"^{table} is append only$"):
            await connection.execute(text)

    connect(work)


@pytest.mark.parametrize(
    ("statements", "constraint"),
    [
        # Four eyes: nobody approves, or decides on, what they proposed.
        ([INSERT_VERSION.format(version=1, is_current=True, checker="maker")], "catalogue_entry_check"),
        ([INSERT_CHANGE_SET.format(status="approved", decided_by="'maker'")], "change_set_check1"),
        # A decision has a hand, a proposal has none yet.
        ([INSERT_CHANGE_SET.format(status="approved", decided_by="NULL")], "change_set_check"),
        ([INSERT_CHANGE_SET.format(status="proposed", decided_by="'checker'")], "change_set_check"),
        # One version in force, and each number once.
        (
            [INSERT_VERSION.format(version=n, is_current=True, checker="checker") for n in (1, 2)],
            "catalogue_entry_current",
        ),
        (
            [INSERT_VERSION.format(version=1, is_current=False, checker="checker")] * 2,
            "catalogue_entry_pkey",
        ),
        (
            [INSERT_VERSION.format(version=0, is_current=False, checker="checker")],
            "catalogue_entry_version_check",
        ),
        # Plans and their rows.
        ([INSERT_PLAN.replace("200, 203, 2", "0, 203, 2")], "plan_amount_minor_check"),
        ([INSERT_PLAN.replace("200, 203, 2", "200, 0, 2")], "plan_total_minor_check"),
        ([INSERT_PLAN.replace("200, 203, 2", "200, 203, 100")], "plan_installment_count_check"),
        ([INSERT_PLAN.replace("'created'", "'paid'")], "plan_status_check"),
        (
            [INSERT_PLAN, INSERT_ROWS.replace("102, 100, 0, 2", "0, 0, 0, 0")],
            "installment_amount_minor_check",
        ),
        ([INSERT_PLAN, INSERT_ROWS.replace("102, 100, 0, 2", "103, 100, 0, 2")], "installment_check"),
        (
            [INSERT_PLAN, INSERT_ROWS.replace("102, 100, 0, 2", "102, 103, -1, 0")],
            "installment_interest_minor_check",
        ),
        ([INSERT_PLAN, INSERT_ROWS.replace("', 2,", "', 0,")], "installment_number_check"),
        ([INSERT_PLAN, INSERT_ROWS.replace("', 2,", "', 1,")], "installment_pkey"),
        ([INSERT_ROWS], "installment_tenant_id_plan_id_fkey"),
        # One plan of one presentment.
        (
            [
                INSERT_PLAN,
                f'INSERT INTO plan SELECT (p).* FROM (SELECT jsonb_populate_record(p, \'{{"plan_id":'
                f' "{PLAN[:-1]}2"}}\') AS p FROM plan p) q',
            ],
            "plan_once_per_presentment",
        ),
        # A letter is due, parked with its reason, or delivered; tries belong to letters that are due.
        ([INSERT_LETTER.format("'parked', NULL, NULL, NULL, NULL, NULL, NULL")], "letter_check"),
        ([INSERT_LETTER.format("'due', NULL, NULL, NULL, NULL, NULL, NULL")], "letter_check1"),
        ([INSERT_LETTER.format("'parked', 'why', NULL, NULL, NULL, NULL, NULL")], "letter_parked_code"),
        ([INSERT_LETTER.format("'delivered', NULL, NULL, NULL, NULL, NULL, NULL")], "letter_delivered_at"),
        ([INSERT_LETTER.format("'due', NULL, NULL, now(), NULL, 'look', NULL")], "letter_flag"),
        ([INSERT_LETTER.format("'parked', 'why', 'code', NULL, NULL, NULL, 1")], "letter_in_flight"),
        ([INSERT_LETTER.format("'sent', NULL, NULL, NULL, NULL, NULL, NULL")], "letter_status_check"),
        (
            [INSERT_LETTER.format("'due', NULL, NULL, now(), NULL, NULL, NULL"), INSERT_SECOND_LETTER],
            "letter_tenant_id_subject_id_kind_lane_key",
        ),
        # One world, and issuers' people and clients name their issuer.
        (["INSERT INTO world (environment) VALUES ('sandbox')"], "world_pkey"),
        (["UPDATE world SET environment = 'test'"], "world_environment_check"),
        (
            [
                "INSERT INTO person (tenant_id, email, role, password_hash)"
                " VALUES (1, 'a', 'issuer_maker', '')"
            ],
            "person_check",
        ),
        (["INSERT INTO client (tenant_id, code, name, role) VALUES (1, 'a', '', 'issuer')"], "client_check"),
    ],
)
def test_the_database_refuses_what_must_not_be(
    connect: WithConnection, statements: list[str], constraint: str
) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        *prepared, refused = statements
        for statement in prepared:
            await connection.execute(statement)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
            await connection.execute(refused)
        assert refusal.value.constraint_name == constraint

    connect(work)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("SELECT 1", 0),  # a sound plan
        ("DELETE FROM installment WHERE number = 2", 1),  # a row lost
        ("DELETE FROM installment", 1),  # all rows lost
        ("UPDATE installment SET amount_minor = 103, fee_minor = 3 WHERE number = 1", 1),  # another total
        ("UPDATE installment SET principal_minor = 99, interest_minor = 1 WHERE number = 1", 1),  # and split
        ("UPDATE installment SET number = 3 WHERE number = 2", 1),  # a gap in the numbers
        ("UPDATE plan SET installment_count = 3", 1),  # another count
        ("UPDATE plan SET total_minor = 204", 1),  # another total
    ],
)
def test_plans_that_do_not_add_up_are_listed(connect: WithConnection, tampering: str, broken: int) -> None:
    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        for statement in (INSERT_PLAN, INSERT_ROWS, tampering):
            await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM broken_plan") == broken

    connect(work)
