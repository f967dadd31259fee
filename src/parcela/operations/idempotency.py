"""Calls that may be repeated: the first answer is kept in the transaction of its effect, and given again.

`spec/reliability.md` §2: a key is scoped to its caller and operation; other input under it is refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from parcela.domain.errors import DomainError
from parcela.operations.engine import Engine
from parcela.store import idempotency
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.idempotency import IdempotencyKey

__all__ = [
    "AnsweredBefore",
    "IdempotencyKey",
    "IdempotencyKeyReused",
    "Once",
    "find_first_answer",
    "run_once",
]

Result = TypeVar("Result")


class IdempotencyKeyReused(DomainError):
    """The key stands for a call with other input."""

    code = "idempotency_key_reused"


class AnsweredBefore(Exception):
    """A call with this key and input had its effect already; `answer` is what it was answered."""

    def __init__(self, answer: Document) -> None:
        self.answer = answer
        super().__init__("answered before")


@dataclass(frozen=True, slots=True)
class Once(Generic[Result]):
    """A call to be carried out once: its key, and how its result is kept for the next time."""

    key: IdempotencyKey
    render: Callable[[Result], Document]


async def find_first_answer(engine: Engine, key: IdempotencyKey) -> Document | None:
    """What the first call with this key was answered. Raises IdempotencyKeyReused."""
    async with engine.database.connection() as connection:
        return await _find_answer(connection, key)


async def run_once(
    engine: Engine, once: Once[Result] | None, work: Callable[[Connection], Awaitable[Result]]
) -> Result:
    """Run `work` in a transaction, which keeps its result for repeats of the call if it has a key.

    Raises IdempotencyKeyReused, and AnsweredBefore when a call with this key has committed meanwhile.
    """
    if once is None:
        return await engine.database.run(work)

    async def work_once(connection: Connection) -> Result:
        await idempotency.lock_key(connection, once.key)
        answer = await _find_answer(connection, once.key)
        if answer is not None:
            raise AnsweredBefore(answer)
        result = await work(connection)
        at = engine.recall().real_now
        await idempotency.insert_result(connection, once.key, once.render(result), at=at)
        return result

    return await engine.database.run(work_once)


async def _find_answer(connection: Connection, key: IdempotencyKey) -> Document | None:
    found = await idempotency.find_result(connection, key)
    if found is None:
        return None
    fingerprint, answer = found
    if fingerprint != key.fingerprint:
        raise IdempotencyKeyReused(
            "The idempotency key was used for another request: send a new key with new input."
        )
    return answer
