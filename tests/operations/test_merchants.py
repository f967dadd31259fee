"""Merchants as callers: registration, API passwords and their rotation, and why a login fails."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.conftest import DemoTemplate, RunWithEngine, use_engine

from parcela.catalogue_files import read_yaml
from parcela.domain.catalogue_rules import check_entry
from parcela.domain.changes import Person
from parcela.domain.clients import Client, ClientRole, KeyPurpose
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.domain.merchants import MerchantProfile
from parcela.operations import catalogue, clients, merchants, people
from parcela.operations.catalogue import Proposal
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient, NewKey
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.keys import render_public_pem
from parcela.operations.merchants import LoginRefused

MERCHANT_ID = "TESTPARCELA01"
USER = f"merchant.{MERCHANT_ID}"
OTHER_ID = "TESTPARCELA02"
COUNTS = """
SELECT (SELECT count(*) FROM client) AS clients, (SELECT count(*) FROM client_key) AS keys,
    (SELECT count(*) FROM api_password) AS passwords,
    (SELECT count(*) FROM api_password WHERE revoked_at IS NULL) AS live,
    (SELECT count(*) FROM audit) AS lines, (SELECT version FROM world) AS version
"""

Act = Callable[[Engine, Person], Awaitable[Any]]


async def operator(engine: Engine) -> Person:
    return await people.get_person(engine, "operator@sandbox.example")


async def count(engine: Engine) -> dict[str, int]:
    async with engine.database.connection() as connection:
        return dict(await connection.fetchrow(COUNTS))


async def fail(engine: Engine, user: str, password: str) -> str:
    """The reason for which a login fails."""
    with pytest.raises(LoginRefused) as refusal:
        merchants.authenticate_merchant(engine, await engine.look(), user=user, password=password)
    return refusal.value.reason


async def client_of(engine: Engine, code: str) -> Client:
    return (await engine.look()).snapshot.clients[code]


def test_the_demo_merchant_signs_in_with_the_password_of_the_credentials_file(
    run: RunWithEngine, demo_template: DemoTemplate
) -> None:
    async def work(engine: Engine) -> None:
        held = demo_template.credentials["gateway"]
        assert held["merchant_id"] == MERCHANT_ID
        world = await engine.look()
        caller = merchants.authenticate_merchant(engine, world, user=USER, password=held["password"])
        assert (caller.client.code, caller.client.role) == (MERCHANT_ID, ClientRole.MERCHANT)
        assert caller.setup.profile.name == "Parcela Demo Shop"
        assert caller == merchants.find_caller(world, MERCHANT_ID)
        assert await count_clear_texts(engine, held["password"]) == 0

    run(work)


async def count_clear_texts(engine: Engine, password: str) -> int:
    """How many rows of what was written about passwords hold the password in clear."""
    async with engine.database.connection() as connection:
        found: int = await connection.fetchval(
            "SELECT (SELECT count(*) FROM api_password AS held"
            " WHERE strpos(held::text, $1) + strpos(held::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0)"
            " + (SELECT count(*) FROM audit AS line WHERE strpos(line::text, $1) > 0)",
            password,
        )
    return found


def test_a_login_that_fails_says_why_to_the_log(run: RunWithEngine, demo_template: DemoTemplate) -> None:
    password = demo_template.credentials["gateway"]["password"]

    async def work(engine: Engine) -> None:
        assert await fail(engine, MERCHANT_ID, password) == "the user does not begin with merchant."
        assert await fail(engine, "", "") == "the user does not begin with merchant."
        assert await fail(engine, "merchant.", password) == "no such merchant"
        assert await fail(engine, "merchant.testparcela01", password) == "no such merchant"
        # A caller of another door is no merchant.
        assert await fail(engine, "merchant.parcela-sandbox-partner", password) == "no such merchant"
        assert await fail(engine, USER, "") == "wrong password"
        assert await fail(engine, USER, password + "x") == "wrong password"
        assert await fail(engine, USER, password[:-1]) == "wrong password"
        assert await fail(engine, USER, password + "x" * 2000) == "wrong password"
        assert await fail(engine, USER, "\ud800é") == "wrong password"
        # Another merchant's password.
        assert await fail(engine, f"merchant.{OTHER_ID}", password) == "the merchant has no live API password"

    run(work)


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        pytest.param(ClientSwitches(is_enabled=False), "the merchant is switched off", id="disabled"),
        pytest.param(ClientSwitches(is_suspended=True), "the merchant is suspended", id="suspended"),
    ],
)
def test_a_merchant_that_is_switched_off_cannot_sign_in(
    run: RunWithEngine, demo_template: DemoTemplate, switches: ClientSwitches, reason: str
) -> None:
    password = demo_template.credentials["gateway"]["password"]

    async def work(engine: Engine) -> None:
        client = await client_of(engine, MERCHANT_ID)
        await clients.switch_client(engine, await operator(engine), client.client_id, switches)
        assert await fail(engine, USER, password) == reason
        # Whoever does not know the password does not learn it from the log of an operator either.
        assert await fail(engine, USER, "x") == "wrong password"
        assert merchants.find_caller(await engine.look(), MERCHANT_ID) is None

    run(work)


def test_a_merchant_that_the_catalogue_switches_off_cannot_sign_in(
    run: RunWithEngine, demo_template: DemoTemplate
) -> None:
    password = demo_template.credentials["gateway"]["password"]

    async def work(engine: Engine) -> None:
        maker = await operator(engine)
        checker = await people.get_person(engine, "second-operator@sandbox.example")
        held = catalogue.get_held_entry(await engine.look(), maker, ("merchant", MERCHANT_ID)).entry
        assert isinstance(held, MerchantProfile)
        proposal = Proposal(summary="Off", wanted=[replace(held, enabled=False)])
        proposed = await catalogue.propose(engine, maker, proposal)
        await catalogue.approve(engine, checker, proposed.change_set_id)
        assert await fail(engine, USER, password) == "the merchant is not in force in the catalogue"
        assert merchants.find_caller(await engine.look(), MERCHANT_ID) is None

    run(work)


def test_passwords_rotate_through_two_places(run: RunWithEngine, demo_template: DemoTemplate) -> None:
    first = demo_template.credentials["gateway"]["password"]

    async def work(engine: Engine) -> None:
        person = await operator(engine)
        second, record = await merchants.issue_api_password(engine, person, MERCHANT_ID)
        assert (len(second), second.isascii() and second.isalnum()) == (43, True)
        assert (record.created_by, record.revoked_at) == (person.email, None)
        assert await count_clear_texts(engine, second) == 0
        assert repr(record.password_hash) not in repr(record)
        world = await engine.look()
        for password in (first, second):
            merchants.authenticate_merchant(engine, world, user=USER, password=password)
        oldest = (await merchants.list_api_passwords(engine, person, MERCHANT_ID))[0]
        before = await count(engine)
        with pytest.raises(Conflict, match="has two live API passwords: revoke one first"):
            await merchants.issue_api_password(engine, person, MERCHANT_ID)
        assert await count(engine) == before
        ended = await merchants.revoke_api_password(engine, person, MERCHANT_ID, oldest.password_id)
        assert (ended.password_id, ended.revoked_at is None) == (oldest.password_id, False)
        assert await fail(engine, USER, first) == "wrong password"
        third, _ = await merchants.issue_api_password(engine, person, MERCHANT_ID)
        world = await engine.look()
        for password in (second, third):
            merchants.authenticate_merchant(engine, world, user=USER, password=password)
        held = await merchants.list_api_passwords(engine, person, MERCHANT_ID)
        assert [record.revoked_at is None for record in held] == [False, True, True]

    run(work)


def test_two_passwords_issued_at_once_take_one_place_each(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        issued = await asyncio.gather(
            *(merchants.issue_api_password(engine, person, OTHER_ID) for _ in range(4)),
            return_exceptions=True,
        )
        assert [type(one) for one in issued if isinstance(one, Exception)] == [Conflict, Conflict]
        held = await merchants.list_api_passwords(engine, person, OTHER_ID)
        assert len(held) == 2

    run(work)


def test_a_password_is_in_force_and_gone_in_every_process_at_once(
    database_url: str, demo_template: DemoTemplate
) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as one,
            use_engine(database_url, demo_template.home) as other,
        ):
            person = await operator(one)
            password, record = await merchants.issue_api_password(one, person, OTHER_ID)
            world = await other.look()
            merchants.authenticate_merchant(other, world, user=f"merchant.{OTHER_ID}", password=password)
            await merchants.revoke_api_password(one, person, OTHER_ID, record.password_id)
            assert (
                await fail(other, f"merchant.{OTHER_ID}", password) == "the merchant has no live API password"
            )

    asyncio.run(work())


KEY_PEM = render_public_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())


async def revoke_unknown(engine: Engine, person: Person) -> None:
    await merchants.revoke_api_password(engine, person, MERCHANT_ID, 999)


async def revoke_another_merchants(engine: Engine, person: Person) -> None:
    held = await merchants.list_api_passwords(engine, person, MERCHANT_ID)
    await merchants.revoke_api_password(engine, person, OTHER_ID, held[0].password_id)


async def add_key(engine: Engine, person: Person) -> None:
    client = await client_of(engine, MERCHANT_ID)
    new = NewKey(purpose=KeyPurpose.SIGNING, pem=KEY_PEM)
    await clients.add_client_key(engine, person, client.client_id, new)


async def rotate_key(engine: Engine, person: Person) -> None:
    client = await client_of(engine, MERCHANT_ID)
    rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_SIGNING, grace=timedelta(0))
    await clients.rotate_platform_key(engine, person, client.client_id, rotation)


async def register_as_client(engine: Engine, person: Person) -> None:
    new = NewClient(code="SHOP", name="Shop", role=ClientRole.MERCHANT)
    await clients.register_client(engine, person, new)


@pytest.mark.parametrize(
    ("act", "refusal", "sentence"),
    [
        pytest.param(
            lambda engine, person: merchants.register_merchant(engine, person, "NOBODY"),
            InvalidInput,
            "merchant_id: expected an enabled merchant of the catalogue, got 'NOBODY'",
            id="register-unknown",
        ),
        pytest.param(
            lambda engine, person: merchants.register_merchant(engine, person, MERCHANT_ID),
            Conflict,
            "A client with the code 'TESTPARCELA01' exists already.",
            id="register-twice",
        ),
        pytest.param(
            lambda engine, person: merchants.issue_api_password(engine, person, "parcela-sandbox-partner"),
            NotFound,
            "There is no merchant caller 'parcela-sandbox-partner'.",
            id="password-of-a-partner",
        ),
        pytest.param(revoke_unknown, NotFound, "There is no API password '999'.", id="revoke-unknown"),
        pytest.param(
            revoke_another_merchants, NotFound, "There is no API password '1'.", id="revoke-foreign"
        ),
        pytest.param(
            add_key,
            Conflict,
            "The merchant 'TESTPARCELA01' signs in with API passwords: it has no keys.",
            id="add-key",
        ),
        pytest.param(
            rotate_key,
            Conflict,
            "The merchant 'TESTPARCELA01' signs in with API passwords: it has no keys.",
            id="rotate-key",
        ),
        pytest.param(
            register_as_client,
            InvalidInput,
            "client.role: expected partner or issuer; a merchant is registered as a merchant caller",
            id="register-as-client",
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
    "act",
    [
        pytest.param(
            lambda engine, person: merchants.register_merchant(engine, person, OTHER_ID), id="register"
        ),
        pytest.param(
            lambda engine, person: merchants.issue_api_password(engine, person, OTHER_ID), id="issue"
        ),
        pytest.param(
            lambda engine, person: merchants.revoke_api_password(engine, person, OTHER_ID, 1), id="revoke"
        ),
        pytest.param(
            lambda engine, person: merchants.list_api_passwords(engine, person, OTHER_ID), id="list"
        ),
        pytest.param(
            lambda engine, person: merchants.find_login_fault(engine, person, user=USER, password="x"),
            id="login",
        ),
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


def test_a_revoked_password_stays_revoked(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        _, record = await merchants.issue_api_password(engine, person, OTHER_ID)
        await merchants.revoke_api_password(engine, person, OTHER_ID, record.password_id)
        before = await count(engine)
        with pytest.raises(Conflict, match="is revoked already"):
            await merchants.revoke_api_password(engine, person, OTHER_ID, record.password_id)
        assert await count(engine) == before

    run(work)


def test_every_act_leaves_one_audit_line_and_a_new_version(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        before = await count(engine)
        _, record = await merchants.issue_api_password(engine, person, OTHER_ID)
        await merchants.revoke_api_password(engine, person, OTHER_ID, record.password_id)
        after = await count(engine)
        assert (after["lines"] - before["lines"], after["version"] - before["version"]) == (2, 2)
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT actor, action, subject, detail->>'password_id' AS number FROM audit"
                " WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 2",
                MAIN_TENANT,
            )
        number = str(record.password_id)
        assert [tuple(row) for row in rows] == [
            (person.email, "merchant.revoke_password", OTHER_ID, number),
            (person.email, "merchant.issue_password", OTHER_ID, number),
        ]

    run(work)


def test_the_examples_of_the_guide_are_lawful_entries() -> None:
    page = (Path(__file__).parents[2] / "docs" / "merchants.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", page, re.S)
    kinds = []
    for example in examples:
        for entry in catalogue.parse_catalogue(read_yaml(example)):
            check_entry(entry)
            kinds.append(entry.kind)
    assert kinds == ["merchant", "merchant_product", *["offer_rule"] * 3, "merchant_plan"]
