"""Payment sessions: kept sealed for a while, changed one after the other, usable by their owner alone."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from tests.conftest import RunWithEngine

from parcela.domain.clients import Client
from parcela.domain.order_refusals import SessionGone, SessionOutdated
from parcela.operations.engine import Engine, World
from parcela.operations.housekeeping import clean_up
from parcela.operations.merchant_sessions import (
    NewSession,
    SessionElsewhere,
    SessionFields,
    SessionUse,
    count_authentication,
    create_session,
    is_session_id,
    make_session_key,
    mask_session_ids,
    open_session_fields,
    update_session,
    wipe_security_code,
)

LIFE = timedelta(minutes=15)
HOST = "pay.example"
CONTENT = SessionFields(document={"order": {"amount": "12.00"}}, security_code="101")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An engine with the world as of a moment, two of its clients, and a session of the first."""

    engine: Engine
    world: World
    client: Client
    other: Client
    made: NewSession

    def use(self, **changes: Any) -> SessionUse:
        """The owner's use of the session."""
        use = SessionUse(client=self.client, session_id=self.made.session_id, host=HOST, life=LIFE)
        return replace(use, **changes)

    def after(self, passed: timedelta) -> World:
        """The world a while later."""
        return replace(self.world, now=self.world.now + passed)

    async def put(self, fields: SessionFields, *, version: str | None = None) -> str:
        """Replace the fields; gives the new version."""
        view = await update_session(
            self.engine, self.world, self.use(), version=version, change=lambda _: fields
        )
        return view.version

    async def wipe(self, client: Client) -> None:
        """What a payment of a client does with the session's security code."""
        session_key = make_session_key(self.engine, client, self.made.session_id)
        async with self.engine.database.connection() as connection:
            await wipe_security_code(connection, client, session_key)

    async def fetch(self, columns: str) -> tuple[Any, ...]:
        """Columns of the session as stored."""
        async with self.engine.database.connection() as connection:
            return tuple(await connection.fetchrow(f"SELECT {columns} FROM merchant_session"))


@pytest.fixture
def with_desk(run: RunWithEngine) -> Callable[[Callable[[Desk], Awaitable[Any]]], Any]:
    """Run a coroutine function with a desk whose session was just made."""

    def run_with_desk(work: Callable[[Desk], Awaitable[Any]]) -> Any:
        async def main(engine: Engine) -> Any:
            world = await engine.look()
            client, other, *_ = sorted(world.snapshot.clients.values(), key=lambda one: one.client_id)
            made = await create_session(engine, world, client, host=HOST, life=LIFE, authentication_limit=2)
            return await work(Desk(engine=engine, world=world, client=client, other=other, made=made))

        return run(main)

    return run_with_desk


WithDesk = Callable[[Callable[[Desk], Awaitable[Any]]], Any]


def test_new_session_has_the_documented_forms_and_nothing_in_it(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        made = desk.made
        assert re.fullmatch(r"SESSION[0-9A-Z]{24}", made.session_id)
        assert re.fullmatch(r"[0-9a-f]{8}01", made.version)
        assert len(made.aes256_key) == 44
        assert len(base64.b64decode(made.aes256_key)) == 32
        assert made.authentication_limit == 2
        view = await open_session_fields(desk.engine, desk.world, desk.use())
        assert (view.version, view.is_updated, view.fields) == (made.version, False, SessionFields())

    with_desk(work)


def test_session_ids_and_keys_are_never_the_same(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        made = [
            await create_session(
                desk.engine, desk.world, desk.client, host=HOST, life=LIFE, authentication_limit=1
            )
            for _ in range(50)
        ]
        assert len({one.session_id for one in made}) == 50
        assert len({one.aes256_key for one in made}) == 50

    with_desk(work)


def test_update_counts_the_version_up_and_keeps_what_it_is_given(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        version = await desk.put(CONTENT, version=desk.made.version)
        assert version == desk.made.version[:8] + "02"
        view = await open_session_fields(desk.engine, desk.world, desk.use(), version=version)
        assert (view.version, view.is_updated, view.fields) == (version, True, CONTENT)
        with pytest.raises(SessionOutdated):
            await open_session_fields(desk.engine, desk.world, desk.use(), version=desk.made.version)
        with pytest.raises(SessionOutdated):
            await desk.put(SessionFields(), version=desk.made.version)
        assert (await open_session_fields(desk.engine, desk.world, desk.use())).fields == CONTENT

    with_desk(work)


def test_hundredth_version_begins_another_stem(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        versions = [desk.made.version]
        for _ in range(100):
            versions.append(await desk.put(CONTENT))
        stem = desk.made.version[:8]
        assert versions[:99] == [f"{stem}{count:02d}" for count in range(1, 100)]
        assert re.fullmatch(r"[0-9a-f]{8}01", versions[99])
        assert versions[99][:8] != stem
        assert versions[100] == versions[99][:8] + "02"

    with_desk(work)


def test_updates_at_once_are_applied_one_after_the_other(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        def add(name: str) -> Callable[[SessionFields], SessionFields]:
            return lambda kept: SessionFields(document={**kept.document, name: "1"})

        views = await asyncio.gather(
            *(
                update_session(desk.engine, desk.world, desk.use(), version=None, change=add(f"field{place}"))
                for place in range(16)
            )
        )
        stem = desk.made.version[:8]
        assert sorted(view.version for view in views) == [f"{stem}{count:02d}" for count in range(2, 18)]
        view = await open_session_fields(desk.engine, desk.world, desk.use())
        assert view.fields.document == {f"field{place}": "1" for place in range(16)}

    with_desk(work)


def test_of_updates_that_name_a_version_one_wins(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        tries = await asyncio.gather(
            *(desk.put(CONTENT, version=desk.made.version) for _ in range(8)), return_exceptions=True
        )
        assert [type(one) for one in tries if not isinstance(one, str)] == [SessionOutdated] * 7
        assert [one for one in tries if isinstance(one, str)] == [desk.made.version[:8] + "02"]

    with_desk(work)


def test_change_that_fails_changes_nothing(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        def fail(_: SessionFields) -> SessionFields:
            raise LookupError("no")

        version = await desk.put(CONTENT)
        before = await desk.fetch("*")
        with pytest.raises(LookupError):
            await update_session(desk.engine, desk.world, desk.use(), version=None, change=fail)
        assert await desk.fetch("*") == before
        view = await open_session_fields(desk.engine, desk.world, desk.use())
        assert (view.version, view.fields) == (version, CONTENT)

    with_desk(work)


def test_session_lives_from_its_last_use(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        minute, second = timedelta(minutes=1), timedelta(seconds=1)
        await open_session_fields(desk.engine, desk.after(14 * minute), desk.use())
        view = await update_session(
            desk.engine, desk.after(28 * minute), desk.use(), version=None, change=lambda _: CONTENT
        )
        last = desk.after(43 * minute - second)
        assert (await open_session_fields(desk.engine, last, desk.use())).version == view.version
        gone = desk.after(43 * minute - second + 15 * minute)
        with pytest.raises(SessionGone):
            await open_session_fields(desk.engine, gone, desk.use())
        with pytest.raises(SessionGone):
            await update_session(desk.engine, gone, desk.use(), version=None, change=lambda _: CONTENT)
        assert await count_authentication(desk.engine, gone, desk.use()) is False

    with_desk(work)


def test_unknown_and_foreign_sessions_are_alike(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        await desk.put(CONTENT)
        before = await desk.fetch("*")
        texts = []
        for use in (
            desk.use(session_id="SESSION" + "0" * 24),
            desk.use(client=desk.other),
            desk.use(session_id="\0"),
        ):
            with pytest.raises(SessionGone) as gone:
                await open_session_fields(desk.engine, desk.world, use)
            texts.append(str(gone.value))
            with pytest.raises(SessionGone):
                await update_session(desk.engine, desk.world, use, version=None, change=lambda _: CONTENT)
            assert await count_authentication(desk.engine, desk.world, use) is False
        assert len(set(texts)) == 1
        await desk.wipe(desk.other)
        assert await desk.fetch("*") == before

    with_desk(work)


def test_session_is_bound_to_the_host_that_made_it(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        other = desk.use(host="other.example")
        with pytest.raises(SessionElsewhere):
            await open_session_fields(desk.engine, desk.world, other)
        with pytest.raises(SessionElsewhere):
            await update_session(desk.engine, desk.world, other, version=None, change=lambda _: CONTENT)
        with pytest.raises(SessionElsewhere):
            await count_authentication(desk.engine, desk.world, other)
        view = await open_session_fields(desk.engine, desk.world, desk.use(host="PAY.Example"))
        assert (view.version, view.fields) == (desk.made.version, SessionFields())

    with_desk(work)


def test_session_logs_in_as_often_as_it_may(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        tries = await asyncio.gather(
            *(count_authentication(desk.engine, desk.world, desk.use()) for _ in range(5))
        )
        assert sorted(tries) == [False, False, False, True, True]
        assert await desk.fetch("authentications, authentication_limit") == (2, 2)

    with_desk(work)


def test_security_code_is_wiped_and_the_version_stays(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        version = await desk.put(CONTENT)
        await desk.wipe(desk.client)
        view = await open_session_fields(desk.engine, desk.world, desk.use(), version=version)
        assert view.fields == SessionFields(document=CONTENT.document)
        assert await desk.fetch("code_key_number, sealed_code") == (None, None)

    with_desk(work)


def test_session_ids_are_masked_in_texts() -> None:
    made = "SESSION" + "A1" * 12
    assert is_session_id(made)
    assert not is_session_id(made + "B")
    assert not is_session_id(made.lower())
    assert mask_session_ids(f"PUT /session/{made}/x{made}") == "PUT /session/SESSION***/xSESSION***"
    assert mask_session_ids("PUT /session/SESSION1") == "PUT /session/SESSION1"


def test_sealed_content_opens_for_its_own_session_alone(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        await desk.put(CONTENT)
        second = await create_session(
            desk.engine, desk.world, desk.client, host=HOST, life=LIFE, authentication_limit=1
        )
        async with desk.engine.database.connection() as connection:
            await connection.execute(
                "UPDATE merchant_session SET (content_key_number, sealed_content) ="
                " (SELECT content_key_number, sealed_content FROM merchant_session"
                " WHERE sealed_content IS NOT NULL) WHERE sealed_content IS NULL"
            )
        with pytest.raises(InvalidTag):
            await open_session_fields(desk.engine, desk.world, desk.use(session_id=second.session_id))

    with_desk(work)


def test_expired_sessions_are_forgotten(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> list[int]:
        counts = []
        async with desk.engine.database.connection() as connection:
            await clean_up(desk.engine, presentment_days=30)
            counts.append(await connection.fetchval("SELECT count(*) FROM merchant_session"))
            await connection.execute("UPDATE merchant_session SET expires_at = $1", desk.world.now)
            await clean_up(desk.engine, presentment_days=30)
            counts.append(await connection.fetchval("SELECT count(*) FROM merchant_session"))
        return counts

    assert with_desk(work) == [1, 0]


def test_secrets_are_not_shown_by_records(with_desk: WithDesk) -> None:
    async def work(desk: Desk) -> None:
        # The version is no secret, and may hold any digits.
        shown = repr((desk.made, desk.use(), CONTENT)).replace(desk.made.version, "")
        for secret in (desk.made.session_id, desk.made.aes256_key, "101", "12.00"):
            assert secret not in shown

    with_desk(work)


def test_database_holds_no_card_number_no_code_and_no_session_id(with_desk: WithDesk) -> None:
    pan, code, holder = "5111111111111118", "7391", "Marker Holder"
    document = {"sourceOfFunds": {"provided": {"card": {"number": pan, "nameOnCard": holder}}}}

    async def work(desk: Desk) -> None:
        await desk.put(SessionFields(document=document, security_code=code))
        await open_session_fields(desk.engine, desk.world, desk.use())
        await count_authentication(desk.engine, desk.world, desk.use())
        async with desk.engine.database.connection() as connection:
            rows = await connection.fetch("SELECT merchant_session::text AS shown, * FROM merchant_session")
            tables = await connection.fetch(
                "SELECT format('%I', table_name) AS name FROM information_schema.tables"
                " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
            )
            texts = []
            for table in tables:
                kept = await connection.fetch(f"SELECT t::text AS shown FROM {table['name']} t")
                texts += [row["shown"] for row in kept]
        assert len(rows) == 1
        everything = "\n".join(texts)
        sealed = rows[0]["sealed_content"] + rows[0]["sealed_code"]
        for secret in (pan, holder, desk.made.session_id, desk.made.aes256_key):
            assert secret not in everything
            assert secret.encode().hex() not in everything
            assert secret.encode() not in sealed
        # Four digits stand in many a number, so the code is looked for in its own row alone.
        assert code.encode() not in sealed
        assert (code.encode().hex() in rows[0]["shown"]) is False

    with_desk(work)
