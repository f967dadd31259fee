"""Calls that may be repeated (`spec/payments.md` §12): claim, effect and kept answer, replay.

The claim is a short transaction of its own; the answer is kept in the transaction of the effect, under the
claim's fence, so that of two that carry out one call only one commits. A refusal before any effect gives the
key back. A claim bound to an object before a call to the outside is answered from what became of the object.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

import structlog

from parcela.domain.cards import mask_card_numbers
from parcela.domain.payments.records import Owner
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.store.database import Connection
from parcela.store.payments import idempotency
from parcela.store.payments.idempotency import RequestKey
from parcela.store.vault_keys import SealedContent

__all__ = [
    "KEY_LIFE",
    "Answer",
    "AnswerKeeper",
    "Bound",
    "Claim",
    "ClaimLost",
    "Connection",
    "InProgress",
    "KeyReused",
    "RequestKey",
    "claim",
    "keep_found_answer",
    "make_fingerprint",
    "make_key_text",
]

LEASE_S = 30.0
RECOVERY_LEASE_S = 2.0
KEY_LIFE = timedelta(hours=72)
_MAX_TRIES = 3
_RELEASE_PAUSE_S = 0.1
_CONTEXT = "payments_answer"

# An event loop keeps no task that nobody else keeps.
_late_releases: set[asyncio.Task[None]] = set()

log = structlog.get_logger("parcela.payments")


class KeyReused(Exception):
    """The key came with another request before."""


class InProgress(Exception):
    """The first call with the key is still on its way."""


class ClaimLost(Exception):
    """Somebody else carries out the call by now: nothing of this transaction may stay."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is sent, byte for byte."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """The call is ours to carry out."""

    key: RequestKey
    fence: int


@dataclass(frozen=True, slots=True)
class Bound:
    """The first call ended on its way, after it had begun something with this object."""

    key: RequestKey
    object_id: str


async def claim(engine: Engine, key: RequestKey) -> Claim | Bound | Answer:
    """Make the call ours, or give what its first one was answered. Raises KeyReused, InProgress."""
    for _ in range(_MAX_TRIES):
        async with engine.database.connection() as connection:
            fence = await idempotency.claim_key(connection, key, lease_s=LEASE_S)
            if fence is not None:
                return Claim(key, fence)
            held = await idempotency.find_claim(connection, key)
            if held is None:
                # It was given back between the two statements.
                continue
            if held.fingerprint != key.fingerprint:
                raise KeyReused
            if held.status is not None and held.answer is not None:
                return _open(engine, key, held.status, held.answer)
            if held.object_id is None or held.is_leased:
                raise InProgress
            if await idempotency.lease_bound_claim(connection, key, lease_s=RECOVERY_LEASE_S):
                return Bound(key, held.object_id)
    raise InProgress


async def keep_found_answer(engine: Engine, bound: Bound, answer: Answer) -> Answer:
    """Keep what was found for a bound claim; gives the answer that is kept, which may be the first call's."""
    async with engine.database.connection() as connection:
        sealed = _seal(engine, bound.key, answer)
        await idempotency.keep_bound_answer(connection, bound.key, status=answer.status, answer=sealed)
        held = await idempotency.find_claim(connection, bound.key)
    if held is None or held.status is None or held.answer is None:
        return answer
    return _open(engine, bound.key, held.status, held.answer)


def make_key_text(engine: Engine, owner: Owner, text: str) -> str:
    """The text that a key is held under: its own, but a keyed hash where a card number stands in it."""
    if mask_card_numbers(text) == text:
        return text
    return engine.vault.fingerprint(owner.tenant_id, b"payments_key|" + text.encode()).hex()


def make_fingerprint(engine: Engine, owner: Owner, request: bytes) -> bytes:
    """The keyed hash of a request, which may hold a card number: SHA-256 of it, under the vault's key."""
    return engine.vault.fingerprint(owner.tenant_id, b"payments_request|" + sha256(request).digest())


async def _release(engine: Engine, held: Claim) -> None:
    async with engine.database.connection() as connection:
        await idempotency.release_claim(connection, held.key, held.fence)


async def _release_later(engine: Engine, held: Claim) -> None:
    """Until it is done, or the lease has ended; the client comes again as soon as the database does."""
    give_up_at = engine.clock.monotonic_s() + LEASE_S
    while engine.clock.monotonic_s() < give_up_at:
        await engine.clock.sleep(_RELEASE_PAUSE_S)
        try:
            await _release(engine, held)
        except UNAVAILABLE_ERRORS:
            continue
        return


def _seal(engine: Engine, key: RequestKey, answer: Answer) -> SealedContent:
    return engine.vault.seal_content(key.owner.tenant_id, _CONTEXT, answer.body)


def _open(engine: Engine, key: RequestKey, status: int, answer: SealedContent) -> Answer:
    return Answer(status, engine.vault.open_content(key.owner.tenant_id, _CONTEXT, answer))


class AnswerKeeper:
    """Keeps the answer of one call; without a claim it only remembers it."""

    def __init__(self, engine: Engine, held: Claim | None) -> None:
        self._engine = engine
        self._claim = held
        self.answer: Answer | None = None
        """What was kept last: it is what is sent."""

    async def bind(self, connection: Connection, object_id: str) -> None:
        """The answer will be what becomes of this object. Raises ClaimLost."""
        held = self._claim
        if held is not None and not await idempotency.bind_claim(
            connection, held.key, held.fence, object_id, lease_s=LEASE_S
        ):
            raise ClaimLost

    async def keep(self, connection: Connection, answer: Answer) -> None:
        """This is the answer, for good. Raises ClaimLost.

        A bound claim may have been answered from its object meanwhile: then that answer stands.
        """
        self.answer = answer
        held = self._claim
        if held is None:
            return
        is_kept = await idempotency.keep_answer(
            connection,
            held.key,
            held.fence,
            status=answer.status,
            answer=_seal(self._engine, held.key, answer),
        )
        if is_kept:
            return
        found = await idempotency.find_claim(connection, held.key)
        if found is None or found.object_id is None or found.status is None or found.answer is None:
            raise ClaimLost
        self.answer = _open(self._engine, held.key, found.status, found.answer)

    async def keep_unkept(self, answer: Answer) -> Answer:
        """Keep the answer of a call that wrote nothing, unless one is kept; gives the kept one.

        Raises ClaimLost.
        """
        self.answer = answer
        held = self._claim
        if held is None:
            return answer
        async with self._engine.database.connection() as connection:
            sealed = _seal(self._engine, held.key, answer)
            await idempotency.keep_answer(
                connection, held.key, held.fence, status=answer.status, answer=sealed
            )
            found = await idempotency.find_claim(connection, held.key)
        if found is None or found.status is None or found.answer is None:
            raise ClaimLost
        self.answer = _open(self._engine, held.key, found.status, found.answer)
        return self.answer

    async def release(self) -> None:
        """Nothing was done: the key is free again, as soon as the database can be reached."""
        if self._claim is None:
            return
        try:
            await _release(self._engine, self._claim)
        except UNAVAILABLE_ERRORS as fault:
            log.warning("claim not released", fault=type(fault).__name__)
            task = asyncio.create_task(_release_later(self._engine, self._claim))
            _late_releases.add(task)
            task.add_done_callback(_late_releases.discard)
