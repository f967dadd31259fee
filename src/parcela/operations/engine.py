"""The engine that operations run on: database, vault, clock and ids, and the set-up held in memory.

Each request first learns the version of the set-up from the database; a worker whose copy is older
reloads it before it answers, so that a change holds everywhere from the moment it is committed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from parcela.domain.catalogue import Catalogue, EntryKey, VersionedEntry, build_catalogue
from parcela.domain.clients import ApiPassword, Client, ClientKey, KeyPurpose
from parcela.domain.errors import DomainError
from parcela.domain.payments.keys import ApiKey
from parcela.operations.ports import Clock, Ids, Vault
from parcela.operations.servicing_policy import ServicingPolicy
from parcela.store import (
    api_passwords,
    audit,
    catalogue_entries,
    clients,
    merchant_quotes,
    new_plans,
    pan_lists,
    presentments,
    world,
)
from parcela.store.audit import AuditLine
from parcela.store.batching import Batcher
from parcela.store.database import UNAVAILABLE_ERRORS, Database
from parcela.store.merchant_quotes import QuoteRow
from parcela.store.new_plans import NewPlan, Written
from parcela.store.payments import api_keys
from parcela.store.presentments import PresentmentRow
from parcela.store.world import Nonce, WorldState

__all__ = ["MAIN_TENANT", "UNAVAILABLE_ERRORS", "AuditLine", "Engine", "Nonce", "Policy", "Snapshot", "World"]

MAIN_TENANT = 1


class EnvironmentMismatch(DomainError):
    """The database belongs to another environment; a deployment is exactly one (`spec/network.md` §1)."""

    code = "environment_mismatch"

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"This database is a {found} one, but PARCELA_ENVIRONMENT is {wanted}: "
            "use a database of its own for each environment."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings decide for the core."""

    environment: str
    during_purchase_offer_life: timedelta = timedelta(hours=24)
    post_purchase_offer_life: timedelta = timedelta(hours=24)
    matching_window: timedelta = timedelta(days=7)
    merchant_offer_life: timedelta = timedelta(hours=24)
    void_window: timedelta = timedelta(hours=24)
    servicing: ServicingPolicy = field(default_factory=ServicingPolicy)

    @property
    def is_sandbox(self) -> bool:
        """Is this a world for trying things, whose clock may be moved?"""
        return self.environment == "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The set-up at one version: catalogue by tenant, clients by code, keys by client and purpose.

    `api_passwords` are the live ones of each merchant, by client; `payments_keys` are all API keys of
    accounts by their keyed hash, with the account as a caller.
    """

    version: int
    catalogues: Mapping[int, Catalogue]
    clients: Mapping[str, Client]
    keys: Mapping[tuple[int, KeyPurpose], Sequence[ClientKey]]
    api_passwords: Mapping[int, Sequence[ApiPassword]] = field(default_factory=dict)
    payments_keys: Mapping[bytes, tuple[Client, ApiKey]] = field(default_factory=dict, repr=False)

    def list_live_keys(self, client_id: int, purpose: KeyPurpose, *, now: datetime) -> list[ClientKey]:
        """A client's usable keys of one purpose, the oldest first."""
        return [key for key in self.keys.get((client_id, purpose), ()) if key.is_live(now)]


@dataclass(frozen=True, slots=True)
class World:
    """The world as one request sees it: the set-up, and the instant by the (possibly moved) clock.

    `real_now` is the database's own clock, by which keys expire.
    """

    snapshot: Snapshot
    now: datetime
    real_now: datetime

    def catalogue(self, tenant_id: int) -> Catalogue:
        """A tenant's catalogue."""
        return self.snapshot.catalogues[tenant_id]


class Engine:
    """Everything an operation needs, made once per process."""

    def __init__(self, *, database: Database, vault: Vault, clock: Clock, ids: Ids, policy: Policy) -> None:
        self.database = database
        self.vault = vault
        self.clock = clock
        self.ids = ids
        self.policy = policy
        self._snapshot = Snapshot(version=0, catalogues={}, clients={}, keys={})
        self._reload_lock = asyncio.Lock()
        self._clock_gap_s: float | None = None
        self._clock_offset = timedelta(0)
        self._looks: Batcher[None, WorldState] = Batcher(self._look_batch)
        self._admissions: Batcher[Nonce, tuple[bool, WorldState]] = Batcher(self._admit_batch)
        self._presentments: Batcher[PresentmentRow, bool] = Batcher(self._insert_presentment_batch)
        self._quotes: Batcher[QuoteRow, bool] = Batcher(self._insert_quote_batch)
        self._plans: Batcher[NewPlan, Written] = Batcher(self._insert_plan_batch)
        self._memberships: Batcher[tuple[int, bytes], frozenset[str]] = Batcher(self._list_membership_batch)
        self._audit_lines: Batcher[AuditLine, None] = Batcher(self._insert_audit_batch)

    @property
    def snapshot(self) -> Snapshot:
        """The copy of the set-up that this process holds; `admit` and `look` make sure it is current."""
        return self._snapshot

    async def start(self) -> None:
        """Prepare a migrated database, unwrap the vault's keys and read the set-up."""
        async with self.database.connection() as connection:
            state = await world.prepare_world(connection, self.policy.environment)
        if state.environment != self.policy.environment:
            raise EnvironmentMismatch(state.environment, self.policy.environment)
        await self.vault.load(self.database, MAIN_TENANT)
        await self._adopt(state)

    def estimate_database_time_s(self) -> float:
        """Seconds since 1970 by the database's clock, as of the last look at it."""
        assert self._clock_gap_s is not None, "start() came first"
        return self.clock.monotonic_s() + self._clock_gap_s

    def recall(self) -> World:
        """The world as this process last saw it, without asking the database."""
        real_now = datetime.fromtimestamp(self.estimate_database_time_s(), UTC)
        return World(self._snapshot, real_now + self._clock_offset, real_now)

    async def look(self) -> World:
        """The world as it is committed now; requests that arrive together look once.

        Whoever comes while a look is under way waits for the next one, so nobody is told of a moment
        before it asked.
        """
        return await self._adopt(await self._looks.submit(None))

    async def admit(self, nonce: Nonce) -> tuple[bool, World]:
        """Use a nonce: is it new, and what does the world look like?"""
        is_fresh, state = await self._admissions.submit(nonce)
        return is_fresh, await self._adopt(state)

    async def insert_presentment(self, row: PresentmentRow) -> bool:
        """Write a presentment with those of other requests; False when its id is taken."""
        return await self._presentments.submit(row)

    async def insert_quote(self, row: QuoteRow) -> bool:
        """Write a quote with those of other requests; False when its id is taken."""
        return await self._quotes.submit(row)

    async def insert_plan(self, new: NewPlan) -> bool:
        """Write a plan with those of other requests; False when its presentment was taken first."""
        while True:
            outcome = await self._plans.submit(new)
            if outcome is not Written.AGAIN:
                return outcome is Written.WRITTEN

    async def list_lists_of_card(self, tenant_id: int, pan_index: bytes) -> frozenset[str]:
        """The ids of the PAN lists that hold a card."""
        return await self._memberships.submit((tenant_id, pan_index))

    async def record_audit_line(self, line: AuditLine) -> None:
        """Write an audit line that belongs to no transaction, such as a refused authentication."""
        await self._audit_lines.submit(line)

    async def _adopt(self, state: WorldState) -> World:
        """Note the database's time, and reload the set-up if ours is older than the state."""
        self._clock_offset = state.clock_offset
        self._clock_gap_s = state.database_now.timestamp() - self.clock.monotonic_s()
        if self._snapshot.version < state.version:
            async with self._reload_lock:
                if self._snapshot.version < state.version:
                    self._snapshot = await self._load_snapshot()
        return World(self._snapshot, state.database_now + state.clock_offset, state.database_now)

    async def _load_snapshot(self) -> Snapshot:
        """Read the set-up as of one instant; entries whose version we hold already are kept."""
        known: dict[EntryKey, VersionedEntry] = {}
        held = self._snapshot.catalogues.get(MAIN_TENANT)
        if held is not None:
            known.update(held.entries)
        async with (
            self.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            state = await world.get_world(connection)
            entries = await catalogue_entries.list_entries(connection, MAIN_TENANT, known=known)
            client_list = await clients.list_clients(connection)
            key_list = await clients.list_client_keys(connection)
            password_list = await api_passwords.list_live_passwords(connection)
            api_key_list = await api_keys.list_keys(connection)
        keys: dict[tuple[int, KeyPurpose], list[ClientKey]] = defaultdict(list)
        for key in key_list:
            keys[key.client_id, key.purpose].append(key)
        passwords: dict[int, list[ApiPassword]] = defaultdict(list)
        for password in password_list:
            passwords[password.client_id].append(password)
        client_of = {client.client_id: client for client in client_list}
        return Snapshot(
            version=state.version,
            catalogues={MAIN_TENANT: build_catalogue(entries)},
            clients={client.code: client for client in client_list},
            keys=keys,
            api_passwords=passwords,
            payments_keys={key.key_hash: (client_of[key.client_id], key) for key in api_key_list},
        )

    async def _look_batch(self, looks: Sequence[None]) -> Sequence[WorldState]:
        async with self.database.connection() as connection:
            state = await world.get_world(connection)
        return [state] * len(looks)

    async def _admit_batch(self, nonces: Sequence[Nonce]) -> Sequence[tuple[bool, WorldState]]:
        async with self.database.connection() as connection:
            answers, state = await world.admit_requests(connection, nonces)
        return [(is_fresh, state) for is_fresh in answers]

    async def _insert_presentment_batch(self, rows: Sequence[PresentmentRow]) -> Sequence[bool]:
        async with self.database.connection() as connection:
            return await presentments.insert_presentments(connection, rows)

    async def _insert_quote_batch(self, rows: Sequence[QuoteRow]) -> Sequence[bool]:
        async with self.database.connection() as connection:
            return await merchant_quotes.insert_quotes(connection, rows)

    async def _insert_plan_batch(self, batch: Sequence[NewPlan]) -> Sequence[Written]:
        return await self.database.run_statement(lambda connection: new_plans.insert_plans(connection, batch))

    async def _list_membership_batch(self, cards: Sequence[tuple[int, bytes]]) -> Sequence[frozenset[str]]:
        async with self.database.connection() as connection:
            return await pan_lists.list_lists_of_cards(connection, cards)

    async def _insert_audit_batch(self, lines: Sequence[AuditLine]) -> Sequence[None]:
        async with self.database.connection() as connection:
            await audit.insert_audit_lines(connection, lines)
        return [None] * len(lines)
