"""What the simulated acquirer keeps, as a port, and its records in PostgreSQL.

It is the bank's own view: a message has one answer for ever, a reversed one is void even before it comes,
and nothing is captured, given back or voided beyond what its original bears.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Protocol, TypeVar

from parcela.domain.merchants import MerchantProfile, Privilege
from parcela.domain.orders import AcquirerFacts, Outcome, SecurityCodeMatch, TransactionKind
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest, AcquirerSilent
from parcela.operations.engine import MAIN_TENANT, UNAVAILABLE_ERRORS, Engine
from parcela.store import simulated_acquirer as store
from parcela.store.batching import Batcher
from parcela.store.database import Connection
from parcela.store.simulated_acquirer import CardMessage

APPROVED, INVALID, ORIGINAL_UNKNOWN, TOO_MUCH, VOID = "00", "12", "25", "61", "21"
_MILLION = 1_000_000
_WITH_CODE = (TransactionKind.AUTHORIZATION, TransactionKind.PAYMENT, TransactionKind.CAPTURE)
_ROOTS = (TransactionKind.AUTHORIZATION, TransactionKind.PAYMENT)
_TARGET_OF = {
    TransactionKind.VOID_AUTHORIZATION: TransactionKind.AUTHORIZATION,
    TransactionKind.VOID_PAYMENT: TransactionKind.PAYMENT,
    TransactionKind.VOID_CAPTURE: TransactionKind.CAPTURE,
    TransactionKind.VOID_REFUND: TransactionKind.REFUND,
}

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDecision:
    """What the bank says of a card: the outcome, ISO 8583's response code (None: it cannot say), the code."""

    outcome: Outcome
    response_code: str | None
    security_code: SecurityCodeMatch | None


class AcquirerBook(Protocol):
    """The acquirer's records. Every call may raise AcquirerSilent."""

    async def keep(self, request: AcquirerRequest, decision: CardDecision) -> AcquirerReply:
        """Keep a message with a card and its decision; a repeat gets the first answer."""

    async def follow(self, request: AcquirerRequest) -> AcquirerReply:
        """Capture, give back or void what an earlier message did, if it bears that."""

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """The answer of a message; None when it never came."""

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Void what a message did or will do; again is as good as once."""


class RecordedAcquirerBook:
    """An `AcquirerBook` over a table of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._new: Batcher[CardMessage, CardMessage] = Batcher(self._keep_batch)

    async def keep(self, request: AcquirerRequest, decision: CardDecision) -> AcquirerReply:
        """One statement for all that arrive at a time, and one that reads those that came before."""
        message = self._make_message(request, decision)
        return _answer(await _guard(lambda: self._new.submit(message)))

    async def follow(self, request: AcquirerRequest) -> AcquirerReply:
        """The root is locked, so that what hangs on it is decided one after the other."""

        async def work(connection: Connection) -> CardMessage:
            known = await self._find(connection, request.profile, request.message_id)
            if known is not None:
                return known
            root, target = await self._lock_original(connection, request)
            code = decide_follow_up(request, root, target)
            outcome = Outcome.APPROVED if code == APPROVED else Outcome.DECLINED
            decision = CardDecision(outcome=outcome, response_code=code, security_code=None)
            message = replace(
                self._make_message(request, decision),
                root_reference=None if root is None else root.reference,
                target_reference=None if target is None else target.reference,
            )
            is_new = bool(await store.insert_messages(connection, MAIN_TENANT, [message]))
            if is_new and outcome is Outcome.APPROVED:
                await _apply(connection, message)
            return await self._get(connection, message)

        return _answer(await _guard(lambda: self._engine.database.run(work)))

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """As the port says."""

        async def work() -> CardMessage | None:
            async with self._engine.database.connection() as connection:
                return await self._find(connection, profile, message_id)

        held = await _guard(work)
        return None if held is None else _answer(held)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """The root is locked before the message, as `follow` does."""
        unseen = self._make_unseen(profile, message_id)

        async def work(connection: Connection) -> None:
            if await store.insert_messages(connection, MAIN_TENANT, [unseen]):
                return
            held = await self._get(connection, unseen)
            root_reference = held.root_reference or held.reference
            root = await store.find_reference(connection, MAIN_TENANT, root_reference, for_update=True)
            assert root is not None, "messages are not deleted"
            held = await self._get(connection, unseen)
            if held.state == "reversed":
                return
            if held.state == "approved":
                await _undo(connection, held, root)
            await store.update_state(
                connection, MAIN_TENANT, held.reference, was=held.state, state="reversed"
            )

        await _guard(lambda: self._engine.database.run(work))

    async def _keep_batch(self, batch: Sequence[CardMessage]) -> Sequence[CardMessage]:
        keys = [(message.merchant_id, message.message_id) for message in batch]
        async with self._engine.database.connection() as connection:
            held = dict(await store.insert_messages(connection, MAIN_TENANT, batch))
            earlier = [key for key in keys if key not in held]
            if earlier:
                held |= await store.list_messages(connection, MAIN_TENANT, earlier)
        return [held[key] for key in keys]

    async def _lock_original(
        self, connection: Connection, request: AcquirerRequest
    ) -> tuple[CardMessage | None, CardMessage | None]:
        """The root, locked, and the message that the request is about, which may be the root itself."""
        text = request.original or ""
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            return None, None
        target = await store.find_reference(connection, MAIN_TENANT, int(text))
        if target is None or target.merchant_id != request.profile.merchant_id:
            return None, None
        root_reference = target.root_reference or target.reference
        root = await store.find_reference(connection, MAIN_TENANT, root_reference, for_update=True)
        return root, await store.find_reference(connection, MAIN_TENANT, target.reference)

    async def _find(
        self, connection: Connection, profile: MerchantProfile, message_id: str
    ) -> CardMessage | None:
        return await store.find_message(
            connection, MAIN_TENANT, merchant_id=profile.merchant_id, message_id=message_id
        )

    async def _get(self, connection: Connection, message: CardMessage) -> CardMessage:
        held = await store.find_message(
            connection, MAIN_TENANT, merchant_id=message.merchant_id, message_id=message.message_id
        )
        assert held is not None, "it was kept, now or before"
        return held

    def _make_message(self, request: AcquirerRequest, decision: CardDecision) -> CardMessage:
        is_approved = decision.outcome is Outcome.APPROVED
        is_payment = request.kind is TransactionKind.PAYMENT
        states = {Outcome.APPROVED: "approved", Outcome.UNKNOWN: "unknown"}
        number = int.from_bytes(self._engine.ids.random_bytes(8), "big") % _MILLION
        return CardMessage(
            merchant_id=request.profile.merchant_id,
            message_id=request.message_id,
            kind=request.kind,
            state=states.get(decision.outcome, "declined"),
            outcome=decision.outcome,
            response_code=decision.response_code,
            authorization_code=f"{number:06d}" if is_approved and request.kind in _WITH_CODE else None,
            security_code=decision.security_code,
            currency=request.currency,
            amount_minor=request.amount_minor,
            captured_minor=request.amount_minor if is_approved and is_payment else 0,
            plan_id=request.plan_id,
            acquirer_id=request.profile.acquirer_id,
            acquirer_merchant_id=request.profile.acquirer_merchant_id,
            terminal_id=request.profile.terminal_id,
            requested_at=request.requested_at,
        )

    def _make_unseen(self, profile: MerchantProfile, message_id: str) -> CardMessage:
        return CardMessage(
            merchant_id=profile.merchant_id,
            message_id=message_id,
            kind="unseen",
            state="reversed",
            outcome=Outcome.DECLINED,
            response_code=VOID,
            authorization_code=None,
            security_code=None,
            currency="",
            amount_minor=0,
            plan_id=None,
            acquirer_id=profile.acquirer_id,
            acquirer_merchant_id=profile.acquirer_merchant_id,
            terminal_id=profile.terminal_id,
            requested_at=self._engine.recall().now,
        )


def decide_follow_up(request: AcquirerRequest, root: CardMessage | None, target: CardMessage | None) -> str:
    """The response code of a capture, refund or void about `target`, which hangs on `root`."""
    if root is None or target is None or root.kind not in _ROOTS:
        return ORIGINAL_UNKNOWN
    if root.state != "approved" or root.currency != request.currency:
        return INVALID
    amount_minor = request.amount_minor
    if request.kind is TransactionKind.CAPTURE:
        if target.kind != TransactionKind.AUTHORIZATION:
            return INVALID
        return APPROVED if root.captured_minor + amount_minor <= root.amount_minor else TOO_MUCH
    if request.kind is TransactionKind.REFUND:
        may_exceed = Privilege.EXCESSIVE_REFUNDS in request.profile.privileges
        bears = root.refunded_minor + amount_minor <= root.captured_minor
        return APPROVED if bears or may_exceed else TOO_MUCH
    if target.kind != _TARGET_OF[request.kind] or target.state != "approved":
        return INVALID
    if target.amount_minor != amount_minor:
        return INVALID
    if request.kind is TransactionKind.VOID_AUTHORIZATION:
        return APPROVED if root.captured_minor == 0 else INVALID
    if request.kind is TransactionKind.VOID_REFUND:
        return APPROVED
    return APPROVED if root.captured_minor - amount_minor >= root.refunded_minor else INVALID


async def _apply(connection: Connection, message: CardMessage) -> None:
    """Carry out an approved capture, refund or void; the root is locked."""
    root_reference, target_reference = message.root_reference, message.target_reference
    assert root_reference is not None and target_reference is not None
    captured, refunded = _measure(message)
    await store.update_totals(
        connection, MAIN_TENANT, root_reference, captured_minor=captured, refunded_minor=refunded
    )
    if message.kind in _TARGET_OF:
        await store.update_state(connection, MAIN_TENANT, target_reference, was="approved", state="voided")


async def _undo(connection: Connection, message: CardMessage, root: CardMessage) -> None:
    """Take back what an approved message did; the root is locked.

    A void whose place was taken meanwhile stands: its target cannot come back.
    """
    if message.kind in _ROOTS:
        await store.update_totals(
            connection,
            MAIN_TENANT,
            message.reference,
            captured_minor=-message.captured_minor if message.kind == TransactionKind.PAYMENT else 0,
            refunded_minor=0,
        )
        return
    if message.root_reference is None:
        return
    captured, refunded = _measure(message)
    if root.captured_minor - captured > root.amount_minor:
        return
    if message.kind in _TARGET_OF:
        assert message.target_reference is not None
        target = await store.find_reference(connection, MAIN_TENANT, message.target_reference)
        if target is None or target.state != "voided":
            return
        await store.update_state(connection, MAIN_TENANT, target.reference, was="voided", state="approved")
    await store.update_totals(
        connection, MAIN_TENANT, root.reference, captured_minor=-captured, refunded_minor=-refunded
    )


def _measure(message: CardMessage) -> tuple[int, int]:
    """By how much a message changes what is captured and given back, in minor units."""
    amount_minor = message.amount_minor
    changes = {
        TransactionKind.CAPTURE: (amount_minor, 0),
        TransactionKind.REFUND: (0, amount_minor),
        TransactionKind.VOID_PAYMENT: (-amount_minor, 0),
        TransactionKind.VOID_CAPTURE: (-amount_minor, 0),
        TransactionKind.VOID_REFUND: (0, -amount_minor),
    }
    return changes.get(TransactionKind(message.kind), (0, 0))


def _answer(message: CardMessage) -> AcquirerReply:
    """What the bank says of a message now: one that was reversed is declined, whatever it was before."""
    is_void = message.state == "reversed"
    outcome = Outcome.DECLINED if is_void else Outcome(message.outcome)
    code = VOID if is_void else message.response_code
    at = message.requested_at.astimezone(UTC)
    stan = message.reference % _MILLION
    facts = AcquirerFacts(
        acquirer_id=message.acquirer_id,
        merchant_id=message.acquirer_merchant_id,
        terminal_id=message.terminal_id,
        batch=at.year * 10_000 + at.month * 100 + at.day,
        reference=f"{message.reference:010d}",
        response_code=code,
        message=None if code is None else "Approved" if code == APPROVED else "Declined",
        authorization_code=message.authorization_code if outcome is Outcome.APPROVED else None,
        stan=str(stan),
        rrn=f"{at.year % 10}{at.timetuple().tm_yday:03d}{at.hour:02d}{stan:06d}",
        security_code=None if message.security_code is None else SecurityCodeMatch(message.security_code),
    )
    return AcquirerReply(outcome=outcome, facts=facts)


async def _guard(work: Callable[[], Awaitable[Result]]) -> Result:
    """A book that cannot be reached says nothing."""
    try:
        return await work()
    except UNAVAILABLE_ERRORS as fault:
        raise AcquirerSilent(type(fault).__name__) from None
