"""What operations need from outside, as protocols: time, identifiers, randomness, and the vault."""

from typing import Protocol

from parcela.domain.cards import Pan
from parcela.store.cards import Card
from parcela.store.database import Database
from parcela.store.vault_keys import SealedContent


class Clock(Protocol):
    """Time of this machine. Dates and deadlines come from the database's clock, not from here."""

    def monotonic_s(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Ids(Protocol):
    """Identifiers and randomness."""

    def new_uuid(self) -> str:
        """A UUID of version 7: unique, and later ones sort after earlier ones."""

    def next_offer_transaction_id(self) -> int:
        """A snowflake of 19 digits (`spec/network.md` §5.3)."""

    def random_bytes(self, count: int) -> bytes:
        """Bytes that nobody can guess."""


class Vault(Protocol):
    """Seals and opens card numbers and private keys; see `parcela.vault.vault`."""

    async def load(self, database: Database, tenant_id: int) -> None:
        """Unwrap a tenant's keys, making its first ones if it has none."""

    def index_pan(self, tenant_id: int, digits: str) -> bytes:
        """The keyed blind index of a card number."""

    def fingerprint(self, tenant_id: int, content: bytes) -> bytes:
        """A keyed hash that tells equal contents, and tells nobody without the key what they were."""

    def seal_pan(self, tenant_id: int, card_id: str, pan: Pan) -> Card:
        """A card record with the number encrypted."""

    def open_pan(self, card: Card) -> Pan:
        """The number of a card record."""

    def seal_content(self, tenant_id: int, context: str, content: bytes) -> SealedContent:
        """Encrypt a content; it opens for the same tenant and context only."""

    def open_content(self, tenant_id: int, context: str, sealed: SealedContent) -> bytes:
        """The content that was sealed."""

    def wrap_private_key(self, der: bytes, *, owner: str) -> bytes:
        """Encrypt a private key for storage."""

    def unwrap_private_key(self, wrapped: bytes, *, owner: str) -> bytes:
        """Decrypt a stored private key."""
