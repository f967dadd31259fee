"""API keys of accounts: kinds, modes and scopes (`spec/payments.md` §1)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network


class KeyKind(StrEnum):
    """What a key is for: a server, a server with less power, or a browser."""

    SECRET = "secret"
    RESTRICTED = "restricted"
    PUBLISHABLE = "publishable"


class Scope(StrEnum):
    """What a restricted key may do; a secret one may do all but INSTALLMENTS_READ in live mode."""

    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    PAYMENT_METHODS_READ = "payment_methods:read"
    PAYMENT_METHODS_WRITE = "payment_methods:write"
    INSTALLMENTS_READ = "installments:read"
    REFUNDS_READ = "refunds:read"
    REFUNDS_WRITE = "refunds:write"
    SETTLEMENTS_READ = "settlements:read"
    REPORTS_READ = "reports:read"
    REPORTS_WRITE = "reports:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    TEST_WRITE = "test:write"


PREFIXES: dict[tuple[KeyKind, bool], str] = {
    (KeyKind.SECRET, False): "sk_test_",
    (KeyKind.SECRET, True): "sk_live_",
    (KeyKind.RESTRICTED, False): "rk_test_",
    (KeyKind.RESTRICTED, True): "rk_live_",
    (KeyKind.PUBLISHABLE, False): "pk_test_",
    (KeyKind.PUBLISHABLE, True): "pk_live_",
}
"""How the text of a key begins, by kind and whether it is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of an account: only a keyed hash of its text is known. Networks are CIDR; none admit all."""

    key_id: int
    client_id: int
    kind: KeyKind
    is_live: bool
    scopes: frozenset[Scope]
    networks: tuple[str, ...] = ()
    key_hash: bytes = field(repr=False)
    last_four: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Is the scope granted?"""
        if self.kind is KeyKind.SECRET and not (self.is_live and scope is Scope.INSTALLMENTS_READ):
            return True
        return scope in self.scopes

    def has_ended(self, now: datetime) -> bool:
        """Is it revoked or expired? By the real clock, whatever the account's own says."""
        return (self.revoked_at is not None and self.revoked_at <= now) or (
            self.expires_at is not None and self.expires_at <= now
        )

    def admits(self, address: IPv4Address | IPv6Address) -> bool:
        """May a caller with this address use the key? An IPv4 address may come in the clothes of IPv6."""
        if not self.networks:
            return True
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        caller = address if mapped is None else mapped
        return any(caller in ip_network(network) for network in self.networks)
