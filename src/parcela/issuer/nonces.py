"""Books of used nonces: in the memory of one process, or in the database that several processes share."""

from collections.abc import Callable
from hashlib import sha256

from parcela.domain.cards import mask_card_numbers
from parcela.issuer.ports import SenderKey, TryLater
from parcela.operations.engine import Engine, Nonce

_KEPT_S = 600
_MAX_HELD = 200_000


class MemoryNonces:
    """For a service of a single process; a restart forgets, so the clock's window is its only guard then.

    `now_s` gives seconds since 1970.
    """

    def __init__(self, now_s: Callable[[], float], *, max_held: int = _MAX_HELD) -> None:
        self._now_s = now_s
        self._max_held = max_held
        self._held: dict[tuple[int, int, str], float] = {}

    async def use(self, key: SenderKey, *, signed_at: int, nonce: str) -> bool:
        """Use a nonce up. Raises TryLater rather than forget one that could still be replayed."""
        now_s = self._now_s()
        entry = (key.key_id, signed_at, nonce)
        if entry in self._held:
            return False
        self._forget_older_than(now_s - _KEPT_S)
        if len(self._held) >= self._max_held:
            raise TryLater
        self._held[entry] = now_s
        return True

    def _forget_older_than(self, bound_s: float) -> None:
        # A dict keeps the order of insertion, so the oldest entries stand in front.
        while self._held and next(iter(self._held.values())) < bound_s:
            del self._held[next(iter(self._held))]


class DatabaseNonces:
    """The book of an engine's database. Any number of processes may share it; housekeeping empties it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def use(self, key: SenderKey, *, signed_at: int, nonce: str) -> bool:
        """Use a nonce up."""
        # A nonce may be any text: one that holds a card number is kept as its hash.
        kept = nonce if mask_card_numbers(nonce) == nonce else sha256(nonce.encode()).hexdigest()
        is_fresh, _ = await self._engine.admit(Nonce(key.key_id, signed_at, kept))
        return is_fresh
