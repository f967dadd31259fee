"""How an operation keeps its answer for repeats of the call: a port that the door fills (§12).

The effect, its events and the kept answer commit together. An operation with a call to the outside in its
middle binds the object it works on first, so that a repeat after a crash finds what became of it.
"""

from typing import Protocol, TypeVar

from parcela.domain.payments.refusals import PaymentRefused
from parcela.store.database import Connection

Result_contra = TypeVar("Result_contra", contravariant=True)


class Keeper(Protocol[Result_contra]):
    """Keeps one call's answer; without an idempotency key it keeps nothing."""

    async def bind(self, connection: Connection, object_id: str) -> None:
        """In the transaction before a call to the outside: the answer will be that of this object."""

    async def keep(self, connection: Connection, result: Result_contra) -> None:
        """In the transaction of the effect: this is the answer, for good."""

    async def keep_refusal(self, connection: Connection, refusal: PaymentRefused) -> None:
        """The same for a decline (402): it is an effect, and is told again."""


class NothingKept:
    """A `Keeper` for calls that nobody repeats under a key, such as those of the command line."""

    async def bind(self, connection: Connection, object_id: str) -> None:
        """Nothing."""

    async def keep(self, connection: Connection, result: object) -> None:
        """Nothing."""

    async def keep_refusal(self, connection: Connection, refusal: PaymentRefused) -> None:
        """Nothing."""
