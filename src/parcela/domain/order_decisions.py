"""What may be done with an order, and where it stands afterwards (`spec/gateway.md` §11.2, §12).

Everything here is a function of records and a command. What is found out of an order follows from its totals:
voiding a transaction therefore leads back to where the order stood without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parcela.domain.merchants import MerchantOperation, Privilege
from parcela.domain.order_refusals import (
    AlreadyPaid,
    AmountNotOpen,
    CurrencyDiffers,
    NothingToCapture,
    NothingToVoid,
    PrivilegeMissing,
)
from parcela.domain.orders import (
    MerchantOrder,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    Outcome,
    TransactionKind,
)

_UNPAID = (OrderStatus.INITIATED, OrderStatus.VERIFIED, OrderStatus.FAILED)
_REFUNDS = frozenset({OrderStatus.PARTIALLY_REFUNDED, OrderStatus.REFUNDED, OrderStatus.EXCESSIVELY_REFUNDED})
_CAPTURES = frozenset({OrderStatus.PARTIALLY_CAPTURED, OrderStatus.CAPTURED})

TRANSITIONS: Mapping[tuple[OrderStatus, MerchantOperation], frozenset[OrderStatus]] = {
    **{(status, MerchantOperation.AUTHORIZE): frozenset({OrderStatus.AUTHORIZED}) for status in _UNPAID},
    **{(status, MerchantOperation.PAY): frozenset({OrderStatus.CAPTURED}) for status in _UNPAID},
    **{(status, MerchantOperation.VERIFY): frozenset({OrderStatus.VERIFIED}) for status in _UNPAID},
    (OrderStatus.AUTHORIZED, MerchantOperation.CAPTURE): _CAPTURES,
    (OrderStatus.PARTIALLY_CAPTURED, MerchantOperation.CAPTURE): _CAPTURES,
    (OrderStatus.PARTIALLY_REFUNDED, MerchantOperation.CAPTURE): frozenset({OrderStatus.PARTIALLY_REFUNDED}),
    (OrderStatus.REFUNDED, MerchantOperation.CAPTURE): frozenset({OrderStatus.PARTIALLY_REFUNDED}),
    (OrderStatus.PARTIALLY_CAPTURED, MerchantOperation.REFUND): _REFUNDS,
    (OrderStatus.CAPTURED, MerchantOperation.REFUND): _REFUNDS,
    (OrderStatus.PARTIALLY_REFUNDED, MerchantOperation.REFUND): _REFUNDS,
    (OrderStatus.REFUNDED, MerchantOperation.REFUND): frozenset({OrderStatus.EXCESSIVELY_REFUNDED}),
    (OrderStatus.EXCESSIVELY_REFUNDED, MerchantOperation.REFUND): frozenset(
        {OrderStatus.EXCESSIVELY_REFUNDED}
    ),
    (OrderStatus.AUTHORIZED, MerchantOperation.VOID): frozenset({OrderStatus.CANCELLED}),
    (OrderStatus.PARTIALLY_CAPTURED, MerchantOperation.VOID): frozenset(
        {OrderStatus.AUTHORIZED, OrderStatus.PARTIALLY_CAPTURED}
    ),
    (OrderStatus.CAPTURED, MerchantOperation.VOID): frozenset(
        {OrderStatus.AUTHORIZED, OrderStatus.PARTIALLY_CAPTURED, OrderStatus.CANCELLED}
    ),
    (OrderStatus.PARTIALLY_REFUNDED, MerchantOperation.VOID): _REFUNDS - {OrderStatus.EXCESSIVELY_REFUNDED}
    | _CAPTURES,
    (OrderStatus.REFUNDED, MerchantOperation.VOID): _CAPTURES | {OrderStatus.PARTIALLY_REFUNDED},
    (OrderStatus.EXCESSIVELY_REFUNDED, MerchantOperation.VOID): _REFUNDS | _CAPTURES,
}
"""Where an approved operation may lead from each status; what is not here is refused."""

FIRST_KINDS = frozenset(
    {TransactionKind.AUTHORIZATION, TransactionKind.PAYMENT, TransactionKind.VERIFICATION}
)
"""Transactions with a card: the first of an order, or one that follows a failed one."""

_VOID_KINDS: Mapping[TransactionKind, TransactionKind] = {
    TransactionKind.AUTHORIZATION: TransactionKind.VOID_AUTHORIZATION,
    TransactionKind.PAYMENT: TransactionKind.VOID_PAYMENT,
    TransactionKind.CAPTURE: TransactionKind.VOID_CAPTURE,
    TransactionKind.REFUND: TransactionKind.VOID_REFUND,
}

_OPERATIONS: Mapping[TransactionKind, MerchantOperation] = {
    TransactionKind.AUTHORIZATION: MerchantOperation.AUTHORIZE,
    TransactionKind.PAYMENT: MerchantOperation.PAY,
    TransactionKind.VERIFICATION: MerchantOperation.VERIFY,
    TransactionKind.CAPTURE: MerchantOperation.CAPTURE,
    TransactionKind.REFUND: MerchantOperation.REFUND,
    **dict.fromkeys(_VOID_KINDS.values(), MerchantOperation.VOID),
}

_EFFECTS: Mapping[TransactionKind, tuple[int, int, int]] = {
    TransactionKind.AUTHORIZATION: (1, 0, 0),
    TransactionKind.PAYMENT: (1, 1, 0),
    TransactionKind.VERIFICATION: (0, 0, 0),
    TransactionKind.CAPTURE: (0, 1, 0),
    TransactionKind.REFUND: (0, 0, 1),
    TransactionKind.VOID_AUTHORIZATION: (-1, 0, 0),
    TransactionKind.VOID_PAYMENT: (-1, -1, 0),
    TransactionKind.VOID_CAPTURE: (0, -1, 0),
    TransactionKind.VOID_REFUND: (0, 0, -1),
}
"""What an approved transaction does with its amount: to authorized, captured and refunded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """Where an order stands after a transaction."""

    status: OrderStatus
    totals: OrderTotals


def decide_payment(status: OrderStatus | None, operation: MerchantOperation) -> None:
    """May an order in this status (None: a new one) be authorized, paid or verified? Raises AlreadyPaid."""
    if status is not None and (status, operation) not in TRANSITIONS:
        raise AlreadyPaid


def decide_capture(
    order: MerchantOrder, transactions: Iterable[OrderTransaction], *, amount_minor: int, currency: str
) -> OrderTransaction:
    """The authorization that a capture takes from.

    Raises CurrencyDiffers, NothingToCapture for an order without an authorization, AmountNotOpen for more
    than is open of it, or, with a plan, for anything but the whole of it at once.
    """
    if currency != order.currency:
        raise CurrencyDiffers
    if not order.totals.authorized_minor:
        raise NothingToCapture
    open_minor = order.totals.authorized_minor - order.totals.captured_minor
    if amount_minor > open_minor or (order.chosen_plan is not None and amount_minor != open_minor):
        raise AmountNotOpen
    if order.chosen_plan is not None and order.totals.captured_minor:
        raise AmountNotOpen
    authorization = _find_newest(transactions, TransactionKind.AUTHORIZATION)
    if authorization is None or (order.status, MerchantOperation.CAPTURE) not in TRANSITIONS:
        raise NothingToCapture
    return authorization


def decide_refund(
    order: MerchantOrder,
    transactions: Iterable[OrderTransaction],
    *,
    amount_minor: int,
    currency: str,
    privileges: frozenset[Privilege],
) -> OrderTransaction:
    """The payment or capture whose money is given back.

    Raises CurrencyDiffers, NothingToCapture when nothing was captured, and PrivilegeMissing for more than is
    left of what was.
    """
    if currency != order.currency:
        raise CurrencyDiffers
    origin = _find_newest(transactions, TransactionKind.PAYMENT, TransactionKind.CAPTURE)
    if origin is None or (order.status, MerchantOperation.REFUND) not in TRANSITIONS:
        raise NothingToCapture
    left_minor = order.totals.captured_minor - order.totals.refunded_minor
    if amount_minor > left_minor and Privilege.EXCESSIVE_REFUNDS not in privileges:
        raise PrivilegeMissing(Privilege.EXCESSIVE_REFUNDS)
    return origin


def decide_void(
    order: MerchantOrder, target: OrderTransaction, *, now: datetime, window: timedelta
) -> TransactionKind:
    """The kind of a void of `target`. Raises NothingToVoid.

    What was voided, failed, or went to the bank more than `window` ago cannot be voided; neither can an
    authorization while something of it is captured, or captured money of which something was given back.
    A plan takes back only what a refund told it: after an excess, its refunds are voided last first.
    """
    kind = _VOID_KINDS.get(target.kind)
    if (
        kind is None
        or target.outcome is not Outcome.APPROVED
        or target.is_voided
        or target.recorded_at is None
        or now > target.recorded_at + window
        or (order.status, MerchantOperation.VOID) not in TRANSITIONS
    ):
        raise NothingToVoid
    totals = _add(order.totals, kind, target.amount_minor)
    was_touched = totals.captured_minor > totals.authorized_minor
    gives_back_more = (
        kind is not TransactionKind.VOID_REFUND and totals.refunded_minor > totals.captured_minor
    )
    if was_touched or gives_back_more:
        raise NothingToVoid
    if kind is TransactionKind.VOID_REFUND and order.plan_id is not None:
        taken_back_minor = find_given_back(order.totals) - find_given_back(totals)
        if taken_back_minor != find_instructed(target):
            raise NothingToVoid
    return kind


def name_void(target: OrderTransaction) -> TransactionKind:
    """The kind of a void of `target`, whether or not it can be voided. Raises NothingToVoid for no target."""
    kind = _VOID_KINDS.get(target.kind)
    if kind is None:
        raise NothingToVoid
    return kind


def decide_outcome(order: MerchantOrder, transaction: OrderTransaction, outcome: Outcome) -> OrderChange:
    """Where an order stands once one of its transactions has come to an end."""
    if outcome is Outcome.APPROVED:
        totals = _add(order.totals, transaction.kind, transaction.amount_minor)
        status = (
            OrderStatus.VERIFIED if transaction.kind is TransactionKind.VERIFICATION else find_status(totals)
        )
        assert status in TRANSITIONS[order.status, _OPERATIONS[transaction.kind]]
        return OrderChange(status=status, totals=totals)
    if outcome is Outcome.LOCKED or transaction.kind not in FIRST_KINDS:
        return OrderChange(status=order.status, totals=order.totals)
    status = OrderStatus.INITIATED if outcome is Outcome.UNKNOWN else OrderStatus.FAILED
    return OrderChange(status=status, totals=order.totals)


def decide_reversed(order: MerchantOrder, transaction: OrderTransaction, *, is_last: bool) -> OrderChange:
    """Where an order stands once it is certain that a transaction of unknown outcome did nothing.

    Only an order that waits for just this transaction changes: it failed.
    """
    waits = is_last and transaction.kind in FIRST_KINDS and order.status is OrderStatus.INITIATED
    return OrderChange(status=OrderStatus.FAILED if waits else order.status, totals=order.totals)


def find_status(totals: OrderTotals) -> OrderStatus:
    """The status of an order that was paid or authorized once, by what of it stands now."""
    if totals.refunded_minor > totals.captured_minor:
        return OrderStatus.EXCESSIVELY_REFUNDED
    if totals.refunded_minor:
        is_all = totals.refunded_minor == totals.captured_minor
        return OrderStatus.REFUNDED if is_all else OrderStatus.PARTIALLY_REFUNDED
    if totals.captured_minor:
        is_all = totals.captured_minor == totals.authorized_minor
        return OrderStatus.CAPTURED if is_all else OrderStatus.PARTIALLY_CAPTURED
    return OrderStatus.AUTHORIZED if totals.authorized_minor else OrderStatus.CANCELLED


def find_given_back(totals: OrderTotals) -> int:
    """How much of what was captured was given back; an excess beyond it is no business of a plan."""
    return min(totals.refunded_minor, totals.captured_minor)


def find_instructed(refund: OrderTransaction) -> int:
    """The part of an approved refund that its plan is told of: none of what exceeds the captured money."""
    after = refund.totals_after
    assert after is not None
    before = replace(after, refunded_minor=after.refunded_minor - refund.amount_minor)
    return find_given_back(after) - find_given_back(before)


def _add(totals: OrderTotals, kind: TransactionKind, amount_minor: int) -> OrderTotals:
    authorized, captured, refunded = _EFFECTS[kind]
    return OrderTotals(
        authorized_minor=totals.authorized_minor + authorized * amount_minor,
        captured_minor=totals.captured_minor + captured * amount_minor,
        refunded_minor=totals.refunded_minor + refunded * amount_minor,
    )


def _find_newest(
    transactions: Iterable[OrderTransaction], *kinds: TransactionKind
) -> OrderTransaction | None:
    """The newest transaction of these kinds that was approved and stands."""
    standing = [
        transaction
        for transaction in transactions
        if transaction.kind in kinds and transaction.outcome is Outcome.APPROVED and not transaction.is_voided
    ]
    return max(standing, key=lambda transaction: transaction.number, default=None)
