"""The vault: seals PANs, opens them, and computes the blind index by which they are found.

Data keys and index keys are per tenant, so neither ciphertexts nor indexes of two tenants can be joined.
"""

import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parcela.domain.cards import Pan
from parcela.store import vault_keys
from parcela.store.cards import Card
from parcela.store.database import Database
from parcela.store.vault_keys import SealedContent, VaultKey
from parcela.vault.kek import KeyEncryptionKeys

_NONCE_BYTES = 12
_KEY_BYTES = 32


@dataclass(slots=True, repr=False)
class _TenantKeys:
    index_key: bytes
    active_number: int
    data_keys: dict[int, AESGCM]


class Vault:
    """Keys of the tenants in memory, unwrapped once at the start."""

    def __init__(self, keks: KeyEncryptionKeys) -> None:
        self._keks = keks
        self._tenants: dict[int, _TenantKeys] = {}

    async def load(self, database: Database, tenant_id: int) -> None:
        """Unwrap a tenant's keys; a tenant without keys gets its first ones. Raises KeyFileError."""
        async with database.transaction() as connection:
            held = await vault_keys.list_vault_keys(connection, tenant_id)
            if not held:
                await vault_keys.insert_vault_keys(
                    connection, [self._make_key(tenant_id, purpose) for purpose in ("data", "index")]
                )
                held = await vault_keys.list_vault_keys(connection, tenant_id)
        opened = {
            (key.purpose, key.key_number): self._keks.unwrap(
                key.wrapped, kek_id=key.kek_id, context=_context(tenant_id, key.purpose, key.key_number)
            )
            for key in held
            if key.wrapped is not None
        }
        active = {key.purpose: key.key_number for key in held if key.state == "active"}
        self._tenants[tenant_id] = _TenantKeys(
            index_key=opened["index", active["index"]],
            active_number=active["data"],
            data_keys={number: AESGCM(key) for (purpose, number), key in opened.items() if purpose == "data"},
        )

    def index_pan(self, tenant_id: int, digits: str) -> bytes:
        """The keyed blind index of a card number: HMAC-SHA-256 over all its digits."""
        return hmac.digest(self._tenants[tenant_id].index_key, digits.encode("ascii"), "sha256")

    def fingerprint(self, tenant_id: int, content: bytes) -> bytes:
        """HMAC-SHA-256 over a content that may hold secrets, apart from the indexes of card numbers."""
        return hmac.digest(self._tenants[tenant_id].index_key, b"content|" + content, "sha256")

    def seal_pan(self, tenant_id: int, card_id: str, pan: Pan) -> Card:
        """A card record with the PAN encrypted; it opens for the same tenant and card id only."""
        keys = self._tenants[tenant_id]
        nonce = os.urandom(_NONCE_BYTES)
        aad = _pan_context(tenant_id, card_id, keys.active_number)
        sealed = nonce + keys.data_keys[keys.active_number].encrypt(nonce, pan.digits.encode("ascii"), aad)
        return Card(
            tenant_id=tenant_id,
            card_id=card_id,
            pan_index=self.index_pan(tenant_id, pan.digits),
            data_key_number=keys.active_number,
            sealed_pan=sealed,
            first_six=pan.first_six,
            last_four=pan.last_four,
        )

    def open_pan(self, card: Card) -> Pan:
        """Decrypt a card record. Raises `cryptography.exceptions.InvalidTag` for one that was altered."""
        key = self._tenants[card.tenant_id].data_keys[card.data_key_number]
        aad = _pan_context(card.tenant_id, card.card_id, card.data_key_number)
        digits = key.decrypt(card.sealed_pan[:_NONCE_BYTES], card.sealed_pan[_NONCE_BYTES:], aad)
        return Pan(digits.decode("ascii"))

    def seal_content(self, tenant_id: int, context: str, content: bytes) -> SealedContent:
        """Encrypt a content with the tenant's data key; it opens for the same tenant and context only."""
        keys = self._tenants[tenant_id]
        nonce = os.urandom(_NONCE_BYTES)
        aad = _content_context(tenant_id, context, keys.active_number)
        sealed = nonce + keys.data_keys[keys.active_number].encrypt(nonce, content, aad)
        return SealedContent(key_number=keys.active_number, sealed=sealed)

    def open_content(self, tenant_id: int, context: str, sealed: SealedContent) -> bytes:
        """Decrypt a content. Raises `cryptography.exceptions.InvalidTag` for one altered or moved."""
        key = self._tenants[tenant_id].data_keys[sealed.key_number]
        aad = _content_context(tenant_id, context, sealed.key_number)
        return key.decrypt(sealed.sealed[:_NONCE_BYTES], sealed.sealed[_NONCE_BYTES:], aad)

    def wrap_private_key(self, der: bytes, *, owner: str) -> bytes:
        """Encrypt a private key of the platform for storage; prefixed with the id of its wrapping key."""
        return self._keks.active_id.encode() + b"\0" + self._keks.wrap(der, context=f"private-key|{owner}")

    def unwrap_private_key(self, wrapped: bytes, *, owner: str) -> bytes:
        """Decrypt a stored private key. Raises KeyFileError."""
        kek_id, _, body = wrapped.partition(b"\0")
        return self._keks.unwrap(body, kek_id=kek_id.decode(), context=f"private-key|{owner}")

    def _make_key(self, tenant_id: int, purpose: str) -> VaultKey:
        wrapped = self._keks.wrap(os.urandom(_KEY_BYTES), context=_context(tenant_id, purpose, 1))
        return VaultKey(
            tenant_id=tenant_id,
            key_number=1,
            purpose=purpose,
            state="active",
            kek_id=self._keks.active_id,
            wrapped=wrapped,
        )


def _context(tenant_id: int, purpose: str, key_number: int) -> str:
    return f"vault-key|{tenant_id}|{purpose}|{key_number}"


def _content_context(tenant_id: int, context: str, key_number: int) -> bytes:
    return f"content|{tenant_id}|{context}|{key_number}".encode()


def _pan_context(tenant_id: int, card_id: str, key_number: int) -> bytes:
    return f"pan|{tenant_id}|{card_id}|{key_number}".encode()
