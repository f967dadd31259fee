"""Callers, their keys and tokens: an operator's acts, in force at once in every process, and audited."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.conftest import DemoTemplate, RunWithEngine, use_engine

from parcela.domain.cards import Pan
from parcela.domain.changes import Person
from parcela.domain.clients import ClientRole, KeyPurpose
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from parcela.operations import clients, people
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient, NewKey
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.keys import compute_key_name
from parcela.sandbox.keys import make_certificate
from parcela.store.cards import find_card_of_token

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
NAME = compute_key_name(KEY.public_key())
PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
TOKEN, CARD, OTHER_CARD = "2303779900000034", "5110921032063789", "2303770000057107"
SIGNING = KeyPurpose.SIGNING
RSA_EXPECTED = "key.pem: expected an RSA public key or certificate of 2048 to 4096 bits in PEM form"


def pem_of(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CERTIFICATE = make_certificate(KEY, name="x").decode()
COUNTS = """
SELECT (SELECT count(*) FROM client) AS clients, (SELECT count(*) FROM client_key) AS keys,
    (SELECT count(*) FROM token_pan) AS tokens, (SELECT count(*) FROM card) AS cards,
    (SELECT count(*) FROM audit) AS lines, (SELECT version FROM world) AS version
"""

Act = Callable[[Engine, Person], Awaitable[Any]]


async def operator(engine: Engine) -> Person:
    return await people.get_person(engine, "operator@sandbox.example")


async def partner_id(engine: Engine) -> int:
    return (await engine.look()).snapshot.clients["parcela-sandbox-partner"].client_id


async def count(engine: Engine) -> dict[str, int]:
    async with engine.database.connection() as connection:
        row = await connection.fetchrow(COUNTS)
        assert row is not None
        return dict(row)


def register(**members: Any) -> Act:
    given = {"code": "shop", "name": "Shop", "role": ClientRole.PARTNER, **members}
    return lambda engine, person: clients.register_client(engine, person, NewClient(**given))


def add_key(**members: Any) -> Act:
    given = {"purpose": SIGNING, "pem": pem_of(KEY), **members}

    async def act(engine: Engine, person: Person) -> Any:
        return await clients.add_client_key(engine, person, await partner_id(engine), NewKey(**given))

    return act


def load(*pairs: tuple[str, str]) -> Act:
    return lambda engine, person: clients.load_tokens(engine, person, list(pairs))


def rotate(purpose: KeyPurpose, grace: timedelta = timedelta(0)) -> Act:
    async def act(engine: Engine, person: Person) -> Any:
        rotation = KeyRotation(purpose=purpose, grace=grace)
        return await clients.rotate_platform_key(engine, person, await partner_id(engine), rotation)

    return act


def test_a_new_client_has_platform_keys_and_is_known_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        client = await register(role=ClientRole.ISSUER, provider_id=PROVIDER_ID)(
            engine, await operator(engine)
        )
        assert (client.code, client.role, client.is_enabled, client.is_suspended) == (
            "shop",
            ClientRole.ISSUER,
            True,
            False,
        )
        seen = await engine.look()
        assert seen.snapshot.clients["shop"] == client
        keys = clients.list_client_keys(seen, await operator(engine), client.client_id)
        assert [key.purpose for key in keys] == [KeyPurpose.PLATFORM_DECRYPTION, KeyPurpose.PLATFORM_SIGNING]
        assert [b"PRIVATE" in (key.wrapped_private or b"") for key in keys] == [False, False]

    run(work)


@pytest.mark.parametrize(
    ("act", "refusal", "sentence"),
    [
        # Clients.
        (register(code=""), InvalidInput, "client.code: expected 1 to 100 letters, digits, . _ or -, got ''"),
        (
            register(code="a!b"),
            InvalidInput,
            "client.code: expected 1 to 100 letters, digits, . _ or -, got 'a!b'",
        ),
        (register(name=""), InvalidInput, "client.name: expected 1 to 100 characters"),
        (
            register(role=ClientRole.ISSUER),
            InvalidInput,
            "client.provider_id: expected the issuer's provider id for issuers, nothing for partners",
        ),
        (
            register(role=ClientRole.ISSUER, provider_id=PROVIDER_ID.upper()),
            InvalidInput,
            f"client.provider_id: expected an issuer of the catalogue, got '{PROVIDER_ID.upper()}'",
        ),
        (
            register(code="parcela-sandbox-partner"),
            Conflict,
            "A client with the code 'parcela-sandbox-partner' exists already.",
        ),
        # Keys.
        (add_key(pem="no key"), InvalidInput, RSA_EXPECTED),
        (add_key(pem="schlüssel"), InvalidInput, RSA_EXPECTED),
        (add_key(pem="-----BEGIN CERTIFICATE-----"), InvalidInput, RSA_EXPECTED),
        (add_key(pem=pem_of(SHORT_KEY)), InvalidInput, RSA_EXPECTED),
        (add_key(pem=pem_of(ec.generate_private_key(ec.SECP256R1()))), InvalidInput, RSA_EXPECTED),
        (
            add_key(pem=PRIVATE_PEM),
            InvalidInput,
            f"{RSA_EXPECTED}; a private key must never leave its owner",
        ),
        (
            add_key(name="a b"),
            InvalidInput,
            "key.name: expected at most 90 letters, digits, . _ or -, got 'a b'",
        ),
        (
            add_key(purpose=KeyPurpose.PLATFORM_SIGNING),
            InvalidInput,
            "key.purpose: expected signing or client_encryption; rotate the platform's own keys instead",
        ),
        (
            rotate(SIGNING),
            InvalidInput,
            "purpose: expected platform_decryption or platform_signing, got 'signing'",
        ),
        # Tokens: all or none, and no card number is told.
        (load(), InvalidInput, "tokens: expected 1 to 1000 pairs, got 0"),
        (load((TOKEN, "123")), InvalidInput, "tokens[1].funding_pan: expected 11 to 19 digits"),
        (
            load((TOKEN, CARD), (TOKEN[:-1] + "5", CARD)),
            InvalidInput,
            f"tokens[2].token_pan: expected a PAN with a valid check digit, got {Pan(TOKEN[:-1] + '5')}",
        ),
        (
            load((TOKEN, CARD), (CARD, OTHER_CARD)),
            InvalidInput,
            "tokens[2].token_pan: expected a PAN inside a token range, got Pan(511092******3789)",
        ),
        (
            load((TOKEN, TOKEN)),
            InvalidInput,
            "tokens[1].funding_pan: expected a PAN outside the token ranges, got Pan(230377******0034)",
        ),
    ],
)
def test_a_refused_act_leaves_nothing_behind(
    run: RunWithEngine, act: Act, refusal: type[Exception], sentence: str
) -> None:
    async def work(engine: Engine) -> None:
        before = await count(engine)
        with pytest.raises(refusal) as found:
            await act(engine, await operator(engine))
        assert str(found.value) == sentence
        assert await count(engine) == before

    run(work)


def test_only_operators_may(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        before = await count(engine)
        for email in ("maker@sandbox.example", "checker@sandbox.example"):
            person = await people.get_person(engine, email)
            for act in (register(), add_key(), load((TOKEN, CARD)), rotate(KeyPurpose.PLATFORM_SIGNING)):
                with pytest.raises(NotAllowed, match=r"^Only an operator may do this\.$"):
                    await act(engine, person)
        assert await count(engine) == before

    run(work)


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({}, NAME),  # named by its fingerprint
        ({"name": "key-2025"}, "key-2025"),  # or as the client says
        ({"pem": CERTIFICATE}, NAME),  # from a certificate
        ({"purpose": KeyPurpose.CLIENT_ENCRYPTION, "name": "mine"}, NAME),  # the kid is the fingerprint
    ],
    ids=["fingerprint", "named", "certificate", "kid"],
)
def test_a_key_is_added_once_under_its_name(run: RunWithEngine, members: dict[str, Any], name: str) -> None:
    async def work(engine: Engine) -> None:
        key = await add_key(**members)(engine, await operator(engine))
        assert (key.name, key.public_pem, key.wrapped_private) == (name, pem_of(KEY), None)
        with pytest.raises(Conflict, match=f"key named '{name}' already"):
            await add_key(**members)(engine, await operator(engine))

    run(work)


def test_a_rotated_key_replaces_the_older_one_after_the_grace(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        purpose, client_id = KeyPurpose.PLATFORM_SIGNING, await partner_id(engine)
        seen = await engine.look()
        [older] = seen.snapshot.list_live_keys(client_id, purpose, now=seen.real_now)
        newer = await rotate(purpose, timedelta(hours=1))(engine, await operator(engine))
        seen = await engine.look()

        def list_live(after: timedelta) -> list[int]:
            keys = seen.snapshot.list_live_keys(client_id, purpose, now=seen.real_now + after)
            return [key.key_id for key in keys]

        assert list_live(timedelta(minutes=59)) == [older.key_id, newer.key_id]
        assert list_live(timedelta(minutes=61)) == [newer.key_id]

    run(work)


def test_a_revoked_key_stays_revoked(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person, client_id = await operator(engine), await partner_id(engine)
        key = await add_key()(engine, person)
        await clients.revoke_key(engine, person, client_id, key.key_id, grace=timedelta(0))
        with pytest.raises(Conflict, match="ends sooner already"):
            await clients.revoke_key(engine, person, client_id, key.key_id, grace=timedelta(hours=1))
        seen = await engine.look()
        live = seen.snapshot.list_live_keys(client_id, SIGNING, now=seen.real_now)
        assert key.key_id not in {found.key_id for found in live}
        with pytest.raises(NotFound):
            await clients.revoke_key(engine, person, client_id, 999_999, grace=timedelta(0))

    run(work)


def test_a_switch_is_seen_by_every_process_at_once(database_url: str, demo_template: DemoTemplate) -> None:
    async def work() -> None:
        async with (
            use_engine(database_url, demo_template.home) as first,
            use_engine(database_url, demo_template.home) as second,
        ):
            person, client_id = await operator(first), await partner_id(first)
            for switches, expected in (
                (ClientSwitches(is_suspended=True), (True, True)),
                (ClientSwitches(is_enabled=False), (False, True)),
                (ClientSwitches(is_enabled=True, is_suspended=False), (True, False)),
            ):
                await clients.switch_client(first, person, client_id, switches)
                client = (await second.look()).snapshot.clients["parcela-sandbox-partner"]
                assert (client.is_enabled, client.is_suspended) == expected

    asyncio.run(work())


def test_a_token_loaded_again_points_at_its_new_card(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        for funding in (CARD, OTHER_CARD):
            assert await load((TOKEN, funding))(engine, await operator(engine)) == 1
            async with engine.database.connection() as connection:
                card = await find_card_of_token(
                    connection, MAIN_TENANT, engine.vault.index_pan(MAIN_TENANT, TOKEN)
                )
            assert card is not None
            assert engine.vault.open_pan(card) == Pan(funding)

    run(work)


def test_every_act_leaves_one_audit_line(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        person = await operator(engine)
        before = (await count(engine))["lines"]
        await add_key()(engine, person)
        await load((TOKEN, CARD))(engine, person)
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT actor, action, subject, outcome FROM audit WHERE sequence > $1 ORDER BY sequence",
                before,
            )
        assert [tuple(row) for row in rows] == [
            (person.email, "client.add_key", "parcela-sandbox-partner", "done"),
            (person.email, "tokens.load", "token map", "done"),
        ]

    run(work)
