"""The vault: what is sealed opens for its own row and tenant alone, and nothing shows a card number."""

import asyncio
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from tests.conftest import DemoTemplate

from parcela.domain.cards import Pan
from parcela.store import vault_keys
from parcela.store.cards import Card
from parcela.store.database import Database
from parcela.vault.kek import KeyEncryptionKeys, KeyFileError
from parcela.vault.vault import Vault

DIGITS, OTHER = "5110921032063789", "2303770000057107"
CARD_ID, OTHER_ID = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
KEKS = KeyEncryptionKeys("kek-1", {"kek-1": bytes(range(32))})

Open = Callable[[Callable[[Vault, Database], Awaitable[Any]]], Any]


@pytest.fixture(scope="module")
def vault_database_url(demo_template: DemoTemplate) -> Iterator[str]:
    """One database for the tests of this file."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    yield demo_template.server.url_of(name)
    demo_template.server.drop_database(name)


@pytest.fixture
def use_vault(vault_database_url: str) -> Open:
    """Run a coroutine function with a vault of two tenants besides that of the demo world."""

    def run(work: Callable[[Vault, Database], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            database = await Database.open(vault_database_url, pool_size=2)
            try:
                async with database.connection() as connection:
                    await connection.execute(
                        "INSERT INTO tenant (tenant_id, code) VALUES (2, 'b'), (3, 'c')"
                        " ON CONFLICT DO NOTHING"
                    )
                vault = Vault(KEKS)
                await vault.load(database, 2)
                await vault.load(database, 3)
                return await work(vault, database)
            finally:
                await database.close()

        return asyncio.run(main())

    return run


def test_a_sealed_card_opens_and_shows_six_and_four(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        card = vault.seal_pan(2, CARD_ID, Pan(DIGITS))
        assert vault.open_pan(card) == Pan(DIGITS)
        assert (card.first_six, card.last_four, card.card_id, card.tenant_id) == (
            "511092",
            "3789",
            CARD_ID,
            2,
        )
        assert DIGITS.encode() not in card.sealed_pan + card.pan_index

    use_vault(work)


def test_every_byte_of_a_sealed_card_counts(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        card = vault.seal_pan(2, CARD_ID, Pan(DIGITS))
        for position in range(len(card.sealed_pan)):
            altered = bytearray(card.sealed_pan)
            altered[position] ^= 1
            with pytest.raises(InvalidTag):
                vault.open_pan(replace(card, sealed_pan=bytes(altered)))

    use_vault(work)


def test_a_sealed_card_opens_in_its_own_row_alone(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        first = vault.seal_pan(2, CARD_ID, Pan(DIGITS))
        second = vault.seal_pan(2, OTHER_ID, Pan(OTHER))
        foreign = vault.seal_pan(3, CARD_ID, Pan(DIGITS))
        swapped: list[Card] = [
            replace(first, sealed_pan=second.sealed_pan),  # two rows of one tenant
            replace(second, sealed_pan=first.sealed_pan),
            replace(first, card_id=OTHER_ID),  # a row under another id
            replace(first, sealed_pan=foreign.sealed_pan),  # the same row of two tenants
            replace(first, tenant_id=3),  # a row moved to another tenant
        ]
        for card in swapped:
            with pytest.raises(InvalidTag):
                vault.open_pan(card)

    use_vault(work)


def test_equal_cards_are_sealed_differently_and_indexed_alike(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        cards = [vault.seal_pan(2, CARD_ID, Pan(DIGITS)) for _ in range(50)]
        assert len({card.sealed_pan for card in cards}) == 50
        assert {card.pan_index for card in cards} == {vault.index_pan(2, DIGITS)}
        assert vault.index_pan(2, DIGITS) != vault.index_pan(2, OTHER)
        assert len(vault.index_pan(2, DIGITS)) == 32

    use_vault(work)


def test_indexes_of_two_tenants_cannot_be_joined(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        assert vault.index_pan(2, DIGITS) != vault.index_pan(3, DIGITS)
        assert vault.fingerprint(2, DIGITS.encode()) != vault.index_pan(2, DIGITS)

    use_vault(work)


def test_a_second_process_reads_the_keys_that_the_first_one_made(use_vault: Open) -> None:
    async def work(vault: Vault, database: Database) -> None:
        again = Vault(KEKS)
        await asyncio.gather(again.load(database, 2), again.load(database, 2))
        assert again.index_pan(2, DIGITS) == vault.index_pan(2, DIGITS)
        assert again.open_pan(vault.seal_pan(2, CARD_ID, Pan(DIGITS))) == Pan(DIGITS)
        async with database.connection() as connection:
            keys = await vault_keys.list_vault_keys(connection, 2)
        assert sorted((key.purpose, key.key_number, key.state) for key in keys) == [
            ("data", 1, "active"),
            ("index", 1, "active"),
        ]

    use_vault(work)


def test_processes_that_make_the_first_keys_at_once_agree(use_vault: Open) -> None:
    async def work(_: Vault, database: Database) -> None:
        async with database.connection() as connection:
            await connection.execute("INSERT INTO tenant (tenant_id, code) VALUES (4, 'd')")
        vaults = [Vault(KEKS) for _ in range(8)]
        await asyncio.gather(*[vault.load(database, 4) for vault in vaults])
        assert len({vault.index_pan(4, DIGITS) for vault in vaults}) == 1
        card = vaults[0].seal_pan(4, CARD_ID, Pan(DIGITS))
        assert [vault.open_pan(card) for vault in vaults] == [Pan(DIGITS)] * 8

    use_vault(work)


def test_the_wrong_key_file_is_told_at_the_start(use_vault: Open) -> None:
    async def work(_: Vault, database: Database) -> None:
        for keks, sentence in (
            (KeyEncryptionKeys("kek-1", {"kek-1": bytes(32)}), "it belongs to another one"),
            (KeyEncryptionKeys("kek-2", {"kek-2": bytes(32)}), "The key file has no key 'kek-1'"),
        ):
            with pytest.raises(KeyFileError, match=sentence):
                await Vault(keks).load(database, 2)

    use_vault(work)


def test_a_private_key_opens_for_its_owner_alone(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        wrapped = vault.wrap_private_key(b"der", owner="a")
        assert vault.unwrap_private_key(wrapped, owner="a") == b"der"
        with pytest.raises(KeyFileError):
            vault.unwrap_private_key(wrapped, owner="b")

    use_vault(work)


def test_no_way_of_showing_the_vault_shows_a_card_number_or_a_key(use_vault: Open) -> None:
    async def work(vault: Vault, _: Database) -> None:
        card = vault.seal_pan(2, CARD_ID, Pan(DIGITS))
        shown = [repr(vault), str(vault), repr(vars(vault)), repr(card), f"{vault.open_pan(card)}"]
        try:
            vault.open_pan(replace(card, card_id=OTHER_ID))
        except InvalidTag as error:
            shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
        text = "".join(shown)
        index_key = vault._tenants[2].index_key
        assert [secret for secret in (DIGITS, repr(index_key), index_key.hex()) if secret in text] == []

    use_vault(work)


def test_content_opens_for_its_own_context_and_tenant_alone(use_vault: Open) -> None:
    content = b'{"number": "' + DIGITS.encode() + b'"}'

    async def work(vault: Vault, _: Database) -> None:
        sealed = vault.seal_content(2, "session|a", content)
        assert vault.open_content(2, "session|a", sealed) == content
        assert DIGITS.encode() not in sealed.sealed
        assert vault.seal_content(2, "session|a", content) != sealed
        for tenant_id, context in ((2, "session|b"), (3, "session|a")):
            with pytest.raises(InvalidTag):
                vault.open_content(tenant_id, context, sealed)
        altered = replace(sealed, sealed=sealed.sealed[:-1] + bytes([sealed.sealed[-1] ^ 1]))
        with pytest.raises(InvalidTag):
            vault.open_content(2, "session|a", altered)

    use_vault(work)
