"""The card accounts of the issuer's processor as an authorization book: limits, deposits and holds decide."""

import hashlib
from datetime import UTC, datetime, timedelta

from parcela.domain.errors import DomainError, NotFound
from parcela.domain.ids import Identifier
from parcela.domain.plans import Merchant
from parcela.domain.servicing.records import TransactionFacts, TransactionState
from parcela.operations import card_transactions
from parcela.operations.authorization_book import (
    APPROVED,
    DUPLICATE,
    NO_ACTION_TAKEN,
    UNABLE_TO_LOCATE,
    HostAnswer,
    HostRequest,
)
from parcela.operations.card_transactions import AuthorizationCommand, AuthorizationResult, CardMessage
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.idempotency import IdempotencyKeyReused
from parcela.operations.switch_records import guard_records
from parcela.store import account_transactions


class AccountBook:
    """An `AuthorizationBook` over card accounts. A declined documented amount leaves no record."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def authorize(self, request: HostRequest) -> HostAnswer:
        """Decide by the account; a repeat gets the first answer and code."""
        if request.forced_code is not None:
            return HostAnswer(response_code=request.forced_code)

        async def work() -> HostAnswer:
            world = await self._engine.look()
            question = request.question
            command = AuthorizationCommand(
                digits=question.digits,
                amount_minor=question.amount_minor,
                currency=question.currency,
                merchant=_read_merchant(request),
                facts=_read_facts(request, world),
                event_id=self._name_event("authorization", request),
                entry_mode=request.elements.get("22"),
                plan_id=request.plan_id,
            )
            try:
                result = await card_transactions.authorize(self._engine, world, command)
            except IdempotencyKeyReused:
                # The same trace numbers with another amount: the first answer is not one to this.
                return HostAnswer(response_code=DUPLICATE)
            except DomainError as refusal:
                return _refuse(refusal)
            if result.is_approved and await self._is_reversed(result):
                return HostAnswer(response_code=DUPLICATE)
            return HostAnswer(
                response_code=result.response_code, authorization_code=result.authorization_code
            )

        return await guard_records(work)

    async def advise(self, request: HostRequest) -> HostAnswer:
        """An authorization advice is authorized, a financial one is cleared; both are acknowledged.

        What the account does not admit is acknowledged too: the purchase was decided elsewhere.
        """
        if not request.is_financial:
            await self.authorize(request)
            return HostAnswer(response_code=APPROVED)

        async def work() -> HostAnswer:
            world = await self._engine.look()
            message = self._make_message("clearing", request, world)
            try:
                await card_transactions.clear_purchase(self._engine, world, message)
            except DomainError as refusal:
                return _refuse(refusal)
            return HostAnswer(response_code=APPROVED)

        return await guard_records(work)

    async def reverse(self, request: HostRequest) -> HostAnswer:
        """Take an authorization back, in whole, or down to the replacement amount of DE 95."""

        async def work() -> HostAnswer:
            world = await self._engine.look()
            message = self._make_message("reversal", request, world)
            try:
                await card_transactions.reverse_authorization(self._engine, world, message)
            except DomainError as refusal:
                return _refuse(refusal)
            return HostAnswer(response_code=APPROVED)

        return await guard_records(work)

    async def _is_reversed(self, result: AuthorizationResult) -> bool:
        """Was the purchase that a repeat speaks of voided meanwhile?"""
        if result.is_new or result.transaction_id is None:
            return False
        async with self._engine.database.connection() as connection:
            held = await account_transactions.find_transaction(connection, MAIN_TENANT, result.transaction_id)
        return held is not None and held.transaction.state is TransactionState.REVERSED

    def _make_message(self, kind: str, request: HostRequest, world: World) -> CardMessage:
        question = request.question
        return CardMessage(
            digits=question.digits,
            amount_minor=question.amount_minor - request.replacement_minor,
            currency=question.currency,
            merchant=_read_merchant(request),
            facts=_read_facts(request, world),
            event_id=self._name_event(kind, request),
            plan_id=request.plan_id,
        )

    def _name_event(self, kind: str, request: HostRequest) -> str:
        """The same name for a message and its repeats; a reversal is named by what it reverses."""
        question = request.question
        original = question.original
        stan, transmitted = question.stan, question.transmitted
        if original is not None:
            stan, transmitted = original.stan, original.transmitted
        members = (
            self._engine.vault.index_pan(MAIN_TENANT, question.digits).hex(),
            "" if stan is None else stan.text,
            transmitted or "",
            question.acquirer_id or "",
            str(request.replacement_minor),
        )
        return f"{kind}:{hashlib.sha256('|'.join(members).encode()).hexdigest()}"


def _refuse(refusal: DomainError) -> HostAnswer:
    if isinstance(refusal, NotFound):
        return HostAnswer(response_code=UNABLE_TO_LOCATE)
    if isinstance(refusal, IdempotencyKeyReused):
        # The same event was told before in other words, and had its effect then.
        return HostAnswer(response_code=APPROVED)
    return HostAnswer(response_code=NO_ACTION_TAKEN)


def _read_facts(request: HostRequest, world: World) -> TransactionFacts:
    question = request.question
    stan = question.stan if question.original is None else question.original.stan
    return TransactionFacts(
        local_at=_read_local_time(request, world.now),
        stan=None if stan is None else stan.text,
        rrn=None if question.rrn is None else question.rrn.text,
        transaction_link_id=question.transaction_link_id,
    )


def _read_local_time(request: HostRequest, now: datetime) -> datetime:
    """DE 13 and DE 12 have no year: it is the last one in which that day is not in the future."""
    text = f"{request.elements.get('13', '')}{request.elements.get('12', '')}"
    for year in (now.year + 1, now.year, now.year - 1):
        try:
            # The year is read along, so that 29 February exists where it does.
            found = datetime.strptime(f"{year}{text}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if found <= now + timedelta(days=1):
            return found
    return now.replace(microsecond=0)


def _read_merchant(request: HostRequest) -> Merchant:
    """DE 43 begins with the name (22 places) and ends with the country."""
    elements = request.elements
    place = elements.get("43", "")
    country = place[-3:].strip()
    return Merchant(
        name=place[:22].strip() or None,
        country=country if len(country) == 3 and country.isalpha() else None,
        mcc=Identifier(elements["18"]) if "18" in elements else None,
        acquirer_id=Identifier(elements["32"].strip()) if "32" in elements else None,
        merchant_id=Identifier(elements["42"].strip()) if "42" in elements else None,
    )
