"""The simulated issuer host's own book: approves what no documented amount declines, and remembers it."""

import hashlib
from dataclasses import replace

from parcela.domain.ids import Identifier
from parcela.domain.matching import KnownAuthorization, PurchaseFacts, find_same_purchase
from parcela.operations.authorization_book import (
    APPROVED,
    DUPLICATE,
    UNABLE_TO_LOCATE,
    HostAnswer,
    HostRequest,
)
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.switch_records import guard_records
from parcela.store import simulated_authorizations as store
from parcela.store.database import Connection
from parcela.store.simulated_authorizations import SimulatedAuthorization

_MILLION = 1_000_000


class RecordedBook:
    """An `AuthorizationBook` over a table of its own: it knows no limits and no accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def authorize(self, request: HostRequest) -> HostAnswer:
        """Approve, or decline as the documented amount says; a repeat gets the first answer and code."""
        row = self._make_row(request)

        async def work(connection: Connection) -> SimulatedAuthorization:
            return await store.insert_authorization(connection, MAIN_TENANT, row)

        kept = await guard_records(lambda: self._engine.database.run(work))
        if kept.state == "reversed":
            return HostAnswer(response_code=DUPLICATE)
        return HostAnswer(response_code=kept.response_code, authorization_code=kept.authorization_code)

    async def advise(self, request: HostRequest) -> HostAnswer:
        """Take note; a purchase that was decided elsewhere is kept as approved."""
        row = replace(self._make_row(request), state="approved", response_code=APPROVED)

        async def work(connection: Connection) -> None:
            held = await self._find(connection, request)
            if held is None:
                held = await store.insert_authorization(connection, MAIN_TENANT, row)
            await store.update_advised(connection, MAIN_TENANT, held.purchase_key, plan_id=request.plan_id)

        await guard_records(lambda: self._engine.database.run(work))
        return HostAnswer(response_code=APPROVED)

    async def reverse(self, request: HostRequest) -> HostAnswer:
        """Void the purchase of DE 90, else of the same RRN or link id; again is as good as once."""

        async def work(connection: Connection) -> HostAnswer:
            held = await self._find(connection, request)
            if held is None:
                return HostAnswer(response_code=UNABLE_TO_LOCATE)
            await store.update_reversed(
                connection, MAIN_TENANT, held.purchase_key, left_minor=request.replacement_minor
            )
            return HostAnswer(response_code=APPROVED)

        return await guard_records(lambda: self._engine.database.run(work))

    async def _find(self, connection: Connection, request: HostRequest) -> SimulatedAuthorization | None:
        """The purchase that a message speaks of."""
        pan_index = self._index(request)
        rows = await store.list_authorizations_of_card(connection, MAIN_TENANT, pan_index)
        by_key = {row.purchase_key.hex(): row for row in rows}
        question = request.question
        facts = PurchaseFacts(
            pan_index=pan_index,
            amount_minor=question.amount_minor,
            currency=question.currency,
            stan=question.stan,
            rrn=question.rrn,
            transmitted=question.transmitted,
            original=question.original,
        )
        known = find_same_purchase(facts, [_to_known(key, row) for key, row in by_key.items()])
        return None if known is None else by_key[known.authorization_id]

    def _index(self, request: HostRequest) -> bytes:
        return self._engine.vault.index_pan(MAIN_TENANT, request.question.digits)

    def _make_row(self, request: HostRequest) -> SimulatedAuthorization:
        question = request.question
        pan_index = self._index(request)
        stan = question.stan.text.zfill(6) if question.stan else ""
        members = (pan_index.hex(), stan, question.transmitted or "", question.acquirer_id or "")
        code = request.forced_code or APPROVED
        number = int.from_bytes(self._engine.ids.random_bytes(8), "big") % _MILLION
        return SimulatedAuthorization(
            purchase_key=hashlib.sha256("\x1f".join(members).encode()).digest(),
            pan_index=pan_index,
            state="approved" if code == APPROVED else "declined",
            response_code=code,
            authorization_code=f"{number:06d}" if code == APPROVED else None,
            currency=question.currency,
            amount_minor=question.amount_minor,
            stan=stan,
            rrn=None if question.rrn is None else question.rrn.text,
            transmitted=question.transmitted,
            plan_id=request.plan_id,
            entry_mode=request.elements.get("22"),
            created_at=self._engine.recall().now,
        )


def _to_known(key: str, row: SimulatedAuthorization) -> KnownAuthorization:
    return KnownAuthorization(
        authorization_id=key,
        amount_minor=row.amount_minor,
        currency=row.currency,
        stan=Identifier(row.stan, is_number=True) if row.stan else None,
        rrn=None if row.rrn is None else Identifier(row.rrn),
        transmitted=row.transmitted,
    )
