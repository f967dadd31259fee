"""A set-up that a registered caller needs stays in the catalogue."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest
from tests.conftest import RunWithEngine

from parcela.domain.catalogue import EntryKey
from parcela.domain.changes import Person
from parcela.domain.clients import Client
from parcela.domain.errors import Conflict, InvalidInput
from parcela.domain.merchants import MerchantEntry, MerchantProfile
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.programs import Entry
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.merchants import register_merchant
from parcela.operations.payments.accounts import register_account
from parcela.sandbox.payments_setup import ACCOUNT_ID
from parcela.sandbox.setup import MERCHANT_ID
from parcela.store.database import Connection
from parcela.store.world import lock_world

NEW_ID = "ma_01KNEW0ST0REAAAAAAAAAAAA01"
COUNTS = """
SELECT (SELECT count(*) FROM change_set) AS proposals, (SELECT count(*) FROM catalogue_entry) AS entries,
    (SELECT count(*) FROM audit) AS lines, (SELECT version FROM world) AS version
"""
ACCOUNT: EntryKey = (PaymentsAccount.kind, ACCOUNT_ID)
MERCHANT: EntryKey = (MerchantProfile.kind, MERCHANT_ID)
REFUSALS = {
    ACCOUNT: f"The payments_account {ACCOUNT_ID} is registered as a caller and cannot be removed: "
    "switch it off with `enabled: false`.",
    MERCHANT: f"The merchant {MERCHANT_ID} is registered as a caller and cannot be removed: "
    "switch it off with `enabled: false`.",
}


async def count(engine: Engine) -> dict[str, int]:
    async with engine.database.connection() as connection:
        return dict(await connection.fetchrow(COUNTS))


async def list_removals(engine: Engine, key: EntryKey) -> list[EntryKey]:
    """A key, and what a merchant of it has set up."""
    held = (await engine.look()).catalogue(MAIN_TENANT).entries
    return [
        found
        for found, versioned in held.items()
        if found == key
        or (
            isinstance(versioned.entry, MerchantEntry)
            and (MerchantProfile.kind, versioned.entry.merchant_id) == key
        )
    ]


async def change(engine: Engine, proposal: Proposal) -> None:
    """Propose and approve, as two operators."""
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def copy_account(engine: Engine) -> Entry:
    """The demo account under an id that nobody has registered."""
    held = (await engine.look()).catalogue(MAIN_TENANT).entries[ACCOUNT].entry
    assert isinstance(held, PaymentsAccount)
    return replace(held, account_id=NEW_ID)


@pytest.mark.parametrize("key", [ACCOUNT, MERCHANT], ids=lambda key: key[0])
def test_the_set_up_of_a_registered_caller_is_not_removed(run: RunWithEngine, key: EntryKey) -> None:
    async def work(engine: Engine) -> None:
        before = await count(engine)
        maker = await people.get_person(engine, "operator@sandbox.example")
        proposal = Proposal(summary="Gone", removed=await list_removals(engine, key))
        with pytest.raises(Conflict) as refused:
            await catalogue.propose(engine, maker, proposal)
        assert str(refused.value) == REFUSALS[key]
        assert await count(engine) == before

    run(work)


@pytest.mark.parametrize("key", [ACCOUNT, MERCHANT], ids=lambda key: key[0])
def test_it_is_switched_off_instead(run: RunWithEngine, key: EntryKey) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT).entries[key].entry
        assert isinstance(held, (PaymentsAccount, MerchantProfile))
        off = replace(held, enabled=False)
        await change(engine, Proposal(summary="Off", wanted=[off]))
        seen = (await engine.look()).catalogue(MAIN_TENANT)
        assert seen.entries[key].entry == off
        assert (seen.find_payments_account(ACCOUNT_ID) is None) == (key == ACCOUNT)
        assert (seen.find_merchant(MERCHANT_ID) is None) == (key == MERCHANT)

    run(work)


def test_an_account_that_nobody_registered_is_removed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await change(engine, Proposal(summary="New", wanted=[await copy_account(engine)]))
        await change(engine, Proposal(summary="Gone", removed=[(PaymentsAccount.kind, NEW_ID)]))
        held = (await engine.look()).catalogue(MAIN_TENANT).entries
        assert (PaymentsAccount.kind, NEW_ID) not in held

    run(work)


async def propose_removal(engine: Engine, kind: str) -> str:
    """An account or a merchant that nobody has registered, and the proposal that removes it."""
    maker = await people.get_person(engine, "operator@sandbox.example")
    held = (await engine.look()).catalogue(MAIN_TENANT).entries[MERCHANT].entry
    assert isinstance(held, MerchantProfile)
    wanted: dict[str, Entry] = {
        PaymentsAccount.kind: await copy_account(engine),
        MerchantProfile.kind: replace(held, merchant_id=NEW_ID),
    }
    await change(engine, Proposal(summary="New", wanted=[wanted[kind]]))
    removal = Proposal(summary="Gone", removed=[(kind, NEW_ID)])
    return (await catalogue.propose(engine, maker, removal)).change_set_id


REGISTER = [
    pytest.param(PaymentsAccount.kind, register_account, id="account"),
    pytest.param(MerchantProfile.kind, register_merchant, id="merchant"),
]
Register = Callable[[Engine, Person, str], Coroutine[None, None, Client]]


@pytest.mark.parametrize(("kind", "register"), REGISTER)
def test_a_caller_registered_after_the_proposal_stops_its_approval(
    run: RunWithEngine, kind: str, register: Register
) -> None:
    async def work(engine: Engine) -> None:
        maker = await people.get_person(engine, "operator@sandbox.example")
        checker = await people.get_person(engine, "second-operator@sandbox.example")
        change_set_id = await propose_removal(engine, kind)
        await register(engine, maker, NEW_ID)
        before = await count(engine)
        with pytest.raises(Conflict, match=f"The {kind} {NEW_ID} is registered as a caller"):
            await catalogue.approve(engine, checker, change_set_id)
        assert await count(engine) == before
        assert (kind, NEW_ID) in (await engine.look()).catalogue(MAIN_TENANT).entries

    run(work)


async def wait_for_locks(connection: Connection, waiting: int) -> None:
    """Until so many others stand in line, ten seconds at most."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(1000):
        if await connection.fetchval(query) >= waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"fewer than {waiting} stand in line")


@pytest.mark.parametrize(("kind", "register"), REGISTER)
def test_nobody_is_registered_while_the_set_up_is_removed(
    run: RunWithEngine, kind: str, register: Register
) -> None:
    async def work(engine: Engine) -> None:
        maker = await people.get_person(engine, "operator@sandbox.example")
        checker = await people.get_person(engine, "second-operator@sandbox.example")
        change_set_id = await propose_removal(engine, kind)
        async with engine.database.connection() as watching:
            async with engine.database.transaction() as connection:
                await lock_world(connection)
                approving = asyncio.create_task(catalogue.approve(engine, checker, change_set_id))
                await wait_for_locks(watching, 1)
                registering = asyncio.create_task(register(engine, maker, NEW_ID))
                await wait_for_locks(watching, 2)
            await approving
            with pytest.raises(InvalidInput):
                await registering
        seen = await engine.look()
        assert (kind, NEW_ID) not in seen.catalogue(MAIN_TENANT).entries
        assert NEW_ID not in seen.snapshot.clients

    run(work)
