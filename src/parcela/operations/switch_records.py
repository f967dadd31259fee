"""The records behind the card switch: plans of authorizations, and what nobody knows the outcome of."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import asyncpg

from parcela.domain.cards import Pan
from parcela.domain.matching import AuthorizationQuestion, PlanMatch
from parcela.operations import matching
from parcela.operations.engine import MAIN_TENANT, UNAVAILABLE_ERRORS, Engine
from parcela.operations.switch_ports import (
    OpenAttempt,
    RecordsUnavailable,
    ReversalReason,
    SettledState,
    UnansweredAuthorization,
)
from parcela.store import cards
from parcela.store import unanswered_authorizations as store
from parcela.store.database import Connection
from parcela.store.unanswered_authorizations import UnansweredRow

_MAX_OPEN = 10_000

Result = TypeVar("Result")


class EngineRecords:
    """The switch's port over the engine; see `SwitchRecords` for what its calls mean."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """The time in this world, as of the last look at it."""
        return self._engine.recall().now

    async def find_plan(self, question: AuthorizationQuestion) -> PlanMatch:
        """The plan of an authorization, bound to it."""

        async def work() -> PlanMatch:
            return await matching.match_authorization(self._engine, await self._engine.look(), question)

        return await guard_records(work)

    async def note_decline(self, authorization_id: str) -> None:
        """The issuer declined: the plan is free again."""

        async def work() -> bool:
            return await matching.note_decline(self._engine, await self._engine.look(), authorization_id)

        await guard_records(work)

    async def note_unanswered(self, authorization: UnansweredAuthorization) -> str:
        """Nobody knows what the host decided; the card number is sealed."""
        engine = self._engine
        card = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(authorization.digits))
        attempt_id = engine.ids.new_uuid()

        async def insert(connection: Connection) -> None:
            card_ids = await cards.save_cards(connection, [card])
            row = UnansweredRow(
                attempt_id=attempt_id,
                card=replace(card, card_id=card_ids[card.pan_index]),
                plan_id=authorization.plan_id,
                elements=authorization.elements,
                reason=None,
                asked_at=engine.recall().now,
            )
            await store.insert_unanswered(connection, row)

        await guard_records(lambda: engine.database.run(insert))
        return attempt_id

    async def note_reversal_due(self, attempt_id: str, reason: ReversalReason) -> None:
        """The host must be told that the authorization is void."""

        async def update(connection: Connection) -> None:
            await store.update_reversal_due(connection, MAIN_TENANT, attempt_id, reason=reason)

        await guard_records(lambda: self._engine.database.run_statement(update))

    async def note_settled(self, attempt_id: str, state: SettledState, response_code: str | None) -> None:
        """The outcome is known now."""

        async def update(connection: Connection) -> None:
            await store.update_settled(
                connection,
                MAIN_TENANT,
                attempt_id,
                state=state,
                response_code=response_code,
                at=self._engine.recall().now,
            )

        await guard_records(lambda: self._engine.database.run_statement(update))

    async def list_open(self) -> list[OpenAttempt]:
        """What an earlier run left open; an answer can no longer come, so all of it is to be reversed."""

        async def work() -> list[UnansweredRow]:
            async with self._engine.database.connection() as connection:
                return await store.list_open(connection, MAIN_TENANT, limit=_MAX_OPEN)

        return [
            OpenAttempt(
                attempt_id=row.attempt_id,
                reason=_read_reason(row.reason),
                authorization=UnansweredAuthorization(
                    digits=self._engine.vault.open_pan(row.card).digits,
                    plan_id=row.plan_id,
                    elements=row.elements,
                ),
            )
            for row in await guard_records(work)
        ]


async def guard_records(work: Callable[[], Awaitable[Result]]) -> Result:
    """Faults of the database, in the port's words."""
    try:
        return await work()
    except (*UNAVAILABLE_ERRORS, asyncpg.PostgresError) as fault:
        raise RecordsUnavailable(type(fault).__name__) from None


def _read_reason(text: str | None) -> ReversalReason:
    if text == "late_approval":
        return "late_approval"
    return "undelivered" if text == "undelivered" else "no_answer"
