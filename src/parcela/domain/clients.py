"""Registered callers, their keys (`spec/network.md` §§3, 4) and API passwords (`spec/gateway.md` §2).

API keys of accounts are in `domain.payments.keys`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ClientRole(StrEnum):
    """A distribution partner, an issuer (or its processor), a merchant, or an account (payments door)."""

    PARTNER = "partner"
    ISSUER = "issuer"
    MERCHANT = "merchant"
    ACCOUNT = "account"


class KeyPurpose(StrEnum):
    """What a key pair is for. The platform holds the private half of the platform's own pairs only."""

    SIGNING = "signing"
    """The client's: it signs its requests, we hold the public half."""
    PLATFORM_DECRYPTION = "platform_decryption"
    """Ours, one per client: the client encrypts with the public half."""
    CLIENT_ENCRYPTION = "client_encryption"
    """The client's: we encrypt answers and notifications with the public half."""
    PLATFORM_SIGNING = "platform_signing"
    """Ours: we sign what we send to this client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A public key of (or for) a client; `name` is the key id in a consumer key, or the `kid`."""

    key_id: int
    client_id: int
    purpose: KeyPurpose
    name: str
    public_pem: str
    wrapped_private: bytes | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return (self.revoked_at is None or self.revoked_at > now) and (
            self.expires_at is None or self.expires_at > now
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered caller. `code` is the client id in its consumer keys, of others their id."""

    client_id: int
    tenant_id: int
    code: str
    name: str
    role: ClientRole
    provider_id: str | None
    is_enabled: bool
    is_suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPassword:
    """An API password of a merchant: only a keyed hash of it is known."""

    password_id: int
    client_id: int
    password_hash: bytes = field(repr=False)
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = None
