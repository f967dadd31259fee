"""Accounts of the payments door as callers: registration, API keys of every kind, and whose a key is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from tests.conftest import DemoTemplate, RunWithEngine, use_engine

from parcela.domain.changes import Person
from parcela.domain.clients import ClientRole, KeyPurpose
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.ids import Prefix, is_id
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations import catalogue, clients, people
from parcela.operations.catalogue import Proposal
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient
from parcela.operations.engine import Engine
from parcela.operations.payments import accounts, api_keys
from parcela.operations.payments.api_keys import NewApiKey
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID

NEW_ID = "ma_01KNEW0ST0REAAAAAAAAAAAA01"
SECRET = NewApiKey(kind=KeyKind.SECRET)
LIVE_SECRET = NewApiKey(kind=KeyKind.SECRET, is_live=True)
PUBLISHABLE = NewApiKey(kind=KeyKind.PUBLISHABLE)
RESTRICTED = NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({Scope.PAYMENTS_READ}))
COUNTS = """
SELECT (SELECT count(*) FROM client) AS clients, (SELECT count(*) FROM payments_key) AS keys,
    (SELECT count(*) FROM payments_key WHERE revoked_at IS NULL) AS live,
    (SELECT sum(cardinality(scopes)) FROM payments_key) AS scopes,
    (SELECT count(*) FROM audit) AS lines, (SELECT version FROM world) AS version
"""

Act = Callable[[Engine, Person], Awaitable[Any]]


async def operator(engine: Engine) -> Person:
    return await people.get_person(engine, "operator@sandbox.example")


async def count(engine: Engine) -> dict[str, int]:
    async with engine.database.connection() as connection:
        return dict(await connection.fetchrow(COUNTS))


async def change_account(engine: Engine, **changes: Any) -> None:
    """Change the demo account with four eyes."""
    maker = await operator(engine)
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    held = catalogue.get_held_entry(await engine.look(), maker, (PaymentsAccount.kind, ACCOUNT_ID)).entry
    assert isinstance(held, PaymentsAccount)
    proposal = Proposal(summary="Another set-up", wanted=[replace(held, **changes)])
    proposed = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, proposed.change_set_id)


async def find_holder(engine: Engine, text: str) -> str | None:
    """The account that a text opens."""
    found = api_keys.find_account_key(engine, await engine.look(), text)
    return None if found is None else found[1].account_id


@pytest.mark.parametrize(
    ("name", "kind", "holder"),
    [
        pytest.param("secret_key", KeyKind.SECRET, ACCOUNT_ID, id="secret"),
        pytest.param("restricted_key", KeyKind.RESTRICTED, ACCOUNT_ID, id="restricted"),
        pytest.param("publishable_key", KeyKind.PUBLISHABLE, ACCOUNT_ID, id="publishable"),
        pytest.param("other_secret_key", KeyKind.SECRET, OTHER_ACCOUNT_ID, id="another-account"),
    ],
)
def test_a_key_says_whose_it_is(
    run: RunWithEngine, demo_template: DemoTemplate, name: str, kind: KeyKind, holder: str
) -> None:
    text = demo_template.credentials["payments"][name]

    async def work(engine: Engine) -> None:
        world = await engine.look()
        found = api_keys.find_account_key(engine, world, text)
        assert found is not None
        client, account, key = found
        assert (client.code, client.role, account.account_id) == (holder, ClientRole.ACCOUNT, holder)
        assert (key.kind, key.is_live, key.client_id) == (kind, False, client.client_id)
        assert (key.last_four, key.has_ended(world.real_now)) == (text[-4:], False)

    run(work)


def test_what_is_no_key_opens_nothing(run: RunWithEngine, demo_template: DemoTemplate) -> None:
    text = demo_template.credentials["payments"]["secret_key"]

    async def work(engine: Engine) -> None:
        for other in ("", "sk_test_deadbeef", text[:-1], text + "x", text.upper(), text + "x" * 2000):
            assert await find_holder(engine, other) is None, other
        assert await find_holder(engine, "\ud800é") is None
        # The mode is a part of the text.
        assert await find_holder(engine, text.replace("sk_test_", "sk_live_")) is None
        # A merchant's API password is no key.
        assert await find_holder(engine, demo_template.credentials["gateway"]["password"]) is None

    run(work)


async def count_clear_texts(engine: Engine, text: str) -> int:
    """How many rows of what was written about keys hold the text of one, or its random part, in clear."""
    secret = text.rpartition("_")[2]
    async with engine.database.connection() as connection:
        found: int = await connection.fetchval(
            "SELECT (SELECT count(*) FROM payments_key AS held"
            " WHERE strpos(held::text, $1) + strpos(held::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0)"
            " + (SELECT count(*) FROM audit AS line WHERE strpos(line::text, $1) > 0)",
            secret,
        )
    return found


@pytest.mark.parametrize(
    ("new", "prefix", "scopes"),
    [
        pytest.param(SECRET, "sk_test_", set(), id="secret"),
        pytest.param(LIVE_SECRET, "sk_live_", set(), id="secret-live"),
        pytest.param(RESTRICTED, "rk_test_", {Scope.PAYMENTS_READ}, id="restricted"),
        pytest.param(replace(RESTRICTED, is_live=True), "rk_live_", {Scope.PAYMENTS_READ}, id="restr-live"),
        pytest.param(PUBLISHABLE, "pk_test_", {Scope.PAYMENT_METHODS_WRITE}, id="publishable"),
        pytest.param(
            replace(PUBLISHABLE, is_live=True), "pk_live_", {Scope.PAYMENT_METHODS_WRITE}, id="publ-live"
        ),
    ],
)
def test_a_key_is_made_of_its_prefix_and_32_random_bytes(
    run: RunWithEngine, new: NewApiKey, prefix: str, scopes: set[Scope]
) -> None:
    async def work(engine: Engine) -> None:
        await change_account(engine, is_enabled_live=True)
        person = await operator(engine)
        text, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, new)
        secret = text.removeprefix(prefix)
        assert (len(text) - len(secret), len(secret)) == (8, 43)
        assert secret.isascii() and secret.isalnum()
        assert (key.kind, key.is_live, key.scopes) == (new.kind, new.is_live, scopes)
        assert (key.created_by, key.expires_at, key.revoked_at) == (person.email, None, None)
        assert (await api_keys.list_keys(engine, person, ACCOUNT_ID))[-1] == key
        assert await find_holder(engine, text) == ACCOUNT_ID
        assert await count_clear_texts(engine, text) == 0
        assert repr(key.key_hash) not in repr(key)

    run(work)


def test_any_number_of_keys_may_be_live(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        issued = await asyncio.gather(
            *(api_keys.issue_key(engine, person, ACCOUNT_ID, SECRET) for _ in range(5))
        )
        assert len({text for text, _ in issued}) == 5
        assert [await find_holder(engine, text) for text, _ in issued] == [ACCOUNT_ID] * 5

    run(work)


def test_a_key_that_has_ended_is_known_still(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        now = (await engine.look()).real_now
        new = replace(SECRET, expires_at=now + timedelta(hours=1))
        expiring, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, new)
        assert key.has_ended(now + timedelta(hours=1) - timedelta(microseconds=1)) is False
        assert key.has_ended(now + timedelta(hours=1)) is True
        assert await find_holder(engine, expiring) == ACCOUNT_ID
        revoked, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, SECRET)
        await api_keys.revoke_key(engine, person, ACCOUNT_ID, key.key_id)
        world = await engine.look()
        found = api_keys.find_account_key(engine, world, revoked)
        assert found is not None
        assert (found[2].key_id, found[2].has_ended(world.real_now)) == (key.key_id, True)

    run(work)


@pytest.mark.parametrize(
    ("address", "is_admitted"),
    [
        pytest.param("203.0.113.7", True, id="inside"),
        pytest.param("203.0.114.7", False, id="outside"),
        pytest.param("::ffff:203.0.113.7", True, id="mapped-inside"),
        pytest.param("::ffff:203.0.114.7", False, id="mapped-outside"),
        pytest.param("2001:db8::1", True, id="inside-6"),
        pytest.param("2001:db9::1", False, id="outside-6"),
    ],
)
def test_a_key_admits_callers_of_its_networks(run: RunWithEngine, address: str, is_admitted: bool) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        new = replace(SECRET, networks=("203.0.113.0/24", "2001:DB8::/32"))
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, new)
        assert key.networks == ("203.0.113.0/24", "2001:db8::/32")
        assert key.admits(ip_address(address)) is is_admitted
        _, open_key = await api_keys.issue_key(engine, person, ACCOUNT_ID, SECRET)
        assert open_key.admits(ip_address(address)) is True

    run(work)


def test_a_secret_key_has_installments_in_test_and_in_live_once_granted(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await change_account(engine, is_enabled_live=True)
        person = await operator(engine)
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, SECRET)
        assert [scope for scope in Scope if not key.may(scope)] == []
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, LIVE_SECRET)
        assert [scope for scope in Scope if not key.may(scope)] == [Scope.INSTALLMENTS_READ]
        wanted = {Scope.INSTALLMENTS_READ}
        wider = await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, wanted)
        assert wider == replace(key, scopes=frozenset(wanted))
        assert [scope for scope in Scope if not wider.may(scope)] == []

    run(work)


def test_a_restricted_key_is_widened(run: RunWithEngine, demo_template: DemoTemplate) -> None:
    text = demo_template.credentials["payments"]["restricted_key"]

    async def work(engine: Engine) -> None:
        person = await operator(engine)
        found = api_keys.find_account_key(engine, await engine.look(), text)
        assert found is not None
        key = found[2]
        assert key.may(Scope.INSTALLMENTS_READ) is False
        wanted = {Scope.INSTALLMENTS_READ, Scope.PAYMENTS_READ}
        await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, wanted)
        found = api_keys.find_account_key(engine, await engine.look(), text)
        assert found is not None
        assert found[2].scopes == key.scopes | {Scope.INSTALLMENTS_READ}

    run(work)


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param(ClientSwitches(is_enabled=False), id="disabled"),
        pytest.param(ClientSwitches(is_suspended=True), id="suspended"),
    ],
)
def test_the_keys_of_an_account_that_is_switched_off_open_nothing(
    run: RunWithEngine, demo_template: DemoTemplate, switches: ClientSwitches
) -> None:
    text = demo_template.credentials["payments"]["secret_key"]

    async def work(engine: Engine) -> None:
        client = (await engine.look()).snapshot.clients[ACCOUNT_ID]
        await clients.switch_client(engine, await operator(engine), client.client_id, switches)
        assert await find_holder(engine, text) is None

    run(work)


def test_the_catalogue_switches_an_account_off_and_opens_its_live_mode(
    run: RunWithEngine, demo_template: DemoTemplate
) -> None:
    text = demo_template.credentials["payments"]["secret_key"]

    async def work(engine: Engine) -> None:
        await change_account(engine, is_enabled_live=True)
        live, _ = await api_keys.issue_key(engine, await operator(engine), ACCOUNT_ID, LIVE_SECRET)
        assert [await find_holder(engine, one) for one in (text, live)] == [ACCOUNT_ID] * 2
        await change_account(engine, is_enabled_live=False)
        assert [await find_holder(engine, one) for one in (text, live)] == [ACCOUNT_ID, None]
        await change_account(engine, enabled=False)
        assert await find_holder(engine, text) is None

    run(work)


def test_a_key_is_in_force_and_revoked_in_every_process_at_once(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as one,
            use_engine(database_url, demo_template.home) as other,
        ):
            person = await operator(one)
            text, key = await api_keys.issue_key(one, person, OTHER_ACCOUNT_ID, SECRET)
            assert await find_holder(other, text) == OTHER_ACCOUNT_ID
            await api_keys.revoke_key(one, person, OTHER_ACCOUNT_ID, key.key_id)
            world = await other.look()
            found = api_keys.find_account_key(other, world, text)
            assert found is not None
            assert found[2].has_ended(world.real_now) is True

    asyncio.run(work())


def test_an_account_of_the_catalogue_is_let_in(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        maker = await operator(engine)
        checker = await people.get_person(engine, "second-operator@sandbox.example")
        held = (await engine.look()).catalogue(maker.tenant_id).find_payments_account(ACCOUNT_ID)
        assert held is not None
        wanted = replace(held, account_id=NEW_ID, name="New Store")
        proposed = await catalogue.propose(engine, maker, Proposal(summary="New", wanted=[wanted]))
        await catalogue.approve(engine, checker, proposed.change_set_id)
        client = await accounts.register_account(engine, maker, NEW_ID)
        assert (client.code, client.name, client.role) == (NEW_ID, "New Store", ClientRole.ACCOUNT)
        registered = [one.code for one in accounts.list_account_clients(await engine.look(), maker)]
        assert registered == [ACCOUNT_ID, OTHER_ACCOUNT_ID, NEW_ID]
        assert await api_keys.list_keys(engine, maker, NEW_ID) == []

    run(work)


def test_new_account_ids_are_ids_and_differ(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        made = [await accounts.make_account_id(engine) for _ in range(3)]
        assert [is_id(text, Prefix.ACCOUNT) for text in made] == [True] * 3
        assert len(set(made)) == 3

    run(work)


def issue(**changes: Any) -> Act:
    new = replace(SECRET, **changes)
    return lambda engine, person: api_keys.issue_key(engine, person, ACCOUNT_ID, new)


async def revoke_another_accounts(engine: Engine, person: Person) -> None:
    held = await api_keys.list_keys(engine, person, ACCOUNT_ID)
    await api_keys.revoke_key(engine, person, OTHER_ACCOUNT_ID, held[0].key_id)


async def register_as_client(engine: Engine, person: Person) -> None:
    new = NewClient(code=NEW_ID, name="Store", role=ClientRole.ACCOUNT)
    await clients.register_client(engine, person, new)


async def rotate_key_pair(engine: Engine, person: Person) -> None:
    client = (await engine.look()).snapshot.clients[ACCOUNT_ID]
    rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_SIGNING, grace=timedelta(0))
    await clients.rotate_platform_key(engine, person, client.client_id, rotation)


@pytest.mark.parametrize(
    ("act", "refusal", "sentence"),
    [
        pytest.param(
            lambda engine, person: accounts.register_account(engine, person, NEW_ID),
            InvalidInput,
            f"account_id: expected an enabled payments account of the catalogue, got '{NEW_ID}'",
            id="register-unknown",
        ),
        pytest.param(
            lambda engine, person: accounts.register_account(engine, person, ACCOUNT_ID),
            Conflict,
            f"A client with the code '{ACCOUNT_ID}' exists already.",
            id="register-twice",
        ),
        pytest.param(
            lambda engine, person: api_keys.issue_key(engine, person, "TESTPARCELA01", SECRET),
            NotFound,
            "There is no payments caller 'TESTPARCELA01'.",
            id="key-of-a-merchant",
        ),
        pytest.param(
            issue(is_live=True),
            Conflict,
            f"The live mode of the account '{ACCOUNT_ID}' is not open: set `is_enabled_live`.",
            id="live-not-open",
        ),
        pytest.param(
            issue(kind=KeyKind.RESTRICTED),
            InvalidInput,
            "key.scopes: expected at least one scope for a restricted key",
            id="restricted-without-scopes",
        ),
        pytest.param(
            issue(scopes=frozenset({Scope.PAYMENTS_READ})),
            InvalidInput,
            "key.scopes: expected nothing: a secret key has the scopes of its kind",
            id="secret-with-scopes",
        ),
        pytest.param(
            issue(networks=("203.0.113.7/24",)),
            InvalidInput,
            "key.networks: expected networks such as 203.0.113.0/24 or 2001:db8::/32, without bits of a host,"
            " got '203.0.113.7/24'",
            id="network-with-host-bits",
        ),
        pytest.param(
            issue(networks=("203.0.113.7", "203.0.113.7/32")),
            InvalidInput,
            "key.networks: expected at most 50 networks, each once",
            id="network-twice",
        ),
        pytest.param(
            issue(expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
            InvalidInput,
            "key.expires_at: expected a later date and time with an offset, got 2020-01-01 00:00:00+00:00",
            id="expired-before-it-began",
        ),
        pytest.param(
            issue(expires_at=datetime(2099, 1, 1)),
            InvalidInput,
            "key.expires_at: expected a later date and time with an offset, got 2099-01-01 00:00:00",
            id="expiry-without-offset",
        ),
        pytest.param(
            lambda engine, person: api_keys.revoke_key(engine, person, ACCOUNT_ID, 999),
            NotFound,
            "There is no API key '999'.",
            id="revoke-unknown",
        ),
        pytest.param(revoke_another_accounts, NotFound, "There is no API key '1'.", id="revoke-foreign"),
        pytest.param(
            lambda engine, person: api_keys.grant_scopes(engine, person, ACCOUNT_ID, 1, []),
            InvalidInput,
            "scopes: expected at least one scope",
            id="grant-nothing",
        ),
        pytest.param(
            register_as_client,
            InvalidInput,
            "client.role: expected partner or issuer; an account is registered as a payments caller",
            id="register-as-client",
        ),
        pytest.param(
            rotate_key_pair,
            Conflict,
            f"The account '{ACCOUNT_ID}' has API keys, not key pairs.",
            id="rotate-key-pair",
        ),
    ],
)
def test_a_refused_act_leaves_nothing_behind(
    run: RunWithEngine, act: Act, refusal: type[Exception], sentence: str
) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        before = await count(engine)
        with pytest.raises(refusal) as refused:
            await act(engine, person)
        assert str(refused.value) == sentence
        assert await count(engine) == before

    run(work)


@pytest.mark.parametrize(
    ("new", "scope", "sentence"),
    [
        pytest.param(
            PUBLISHABLE,
            Scope.PAYMENTS_READ,
            "A publishable key makes payment methods and nothing else.",
            id="publishable",
        ),
        pytest.param(
            SECRET, Scope.INSTALLMENTS_READ, "The API key 5 has these scopes already.", id="secret-in-test"
        ),
        pytest.param(
            RESTRICTED, Scope.PAYMENTS_READ, "The API key 5 has these scopes already.", id="restricted"
        ),
    ],
)
def test_scopes_that_a_key_cannot_get_are_refused(
    run: RunWithEngine, new: NewApiKey, scope: Scope, sentence: str
) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, new)
        before = await count(engine)
        with pytest.raises(Conflict) as refused:
            await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, {scope})
        assert str(refused.value) == sentence
        assert await count(engine) == before

    run(work)


def test_a_live_secret_key_is_granted_installments_alone(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await change_account(engine, is_enabled_live=True)
        person = await operator(engine)
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, LIVE_SECRET)
        wanted = {Scope.INSTALLMENTS_READ, Scope.PAYMENTS_READ}
        with pytest.raises(Conflict, match="grant it that one alone"):
            await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, wanted)
        assert (await api_keys.list_keys(engine, person, ACCOUNT_ID))[-1] == key

    run(work)


def test_a_revoked_key_stays_as_it_is(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, RESTRICTED)
        await api_keys.revoke_key(engine, person, ACCOUNT_ID, key.key_id)
        before = await count(engine)
        with pytest.raises(Conflict, match="is revoked already"):
            await api_keys.revoke_key(engine, person, ACCOUNT_ID, key.key_id)
        with pytest.raises(Conflict, match="is revoked already"):
            wanted = {Scope.REFUNDS_READ}
            await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, wanted)
        assert await count(engine) == before

    run(work)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda e, p: accounts.register_account(e, p, ACCOUNT_ID), id="register"),
        pytest.param(lambda e, p: api_keys.issue_key(e, p, ACCOUNT_ID, SECRET), id="issue"),
        pytest.param(lambda e, p: api_keys.revoke_key(e, p, ACCOUNT_ID, 1), id="revoke"),
        pytest.param(
            lambda e, p: api_keys.grant_scopes(e, p, ACCOUNT_ID, 1, {Scope.EVENTS_READ}), id="grant"
        ),
        pytest.param(lambda e, p: api_keys.list_keys(e, p, ACCOUNT_ID), id="list"),
    ],
)
def test_only_operators_may(run: RunWithEngine, act: Act) -> None:
    async def work(engine: Engine) -> None:
        person = await people.get_person(engine, "maker@sandbox.example")
        before = await count(engine)
        with pytest.raises(NotAllowed):
            await act(engine, person)
        assert await count(engine) == before

    run(work)


def test_every_act_on_keys_is_in_the_audit_trail(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        _, key = await api_keys.issue_key(engine, person, ACCOUNT_ID, RESTRICTED)
        await api_keys.grant_scopes(engine, person, ACCOUNT_ID, key.key_id, {Scope.REFUNDS_READ})
        await api_keys.revoke_key(engine, person, ACCOUNT_ID, key.key_id)
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT actor, action, subject FROM audit"
                " WHERE action LIKE 'payments_account.%' ORDER BY sequence DESC LIMIT 3"
            )
        told = [(row["actor"], row["action"], row["subject"]) for row in rows]
        acts = ("revoke_key", "grant_scopes", "issue_key")
        assert told == [(person.email, f"payments_account.{act}", ACCOUNT_ID) for act in acts]

    run(work)
