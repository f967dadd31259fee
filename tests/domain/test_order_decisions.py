"""What may be done with an order, and where it stands afterwards."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.errors import DomainError
from parcela.domain.merchants import MerchantOperation, Privilege
from parcela.domain.order_decisions import (
    FIRST_KINDS,
    TRANSITIONS,
    decide_capture,
    decide_outcome,
    decide_payment,
    decide_refund,
    decide_reversed,
    decide_void,
    find_given_back,
    find_instructed,
    find_status,
    name_void,
)
from parcela.domain.order_refusals import (
    AlreadyPaid,
    AmountNotOpen,
    CurrencyDiffers,
    NothingToCapture,
    NothingToVoid,
    PrivilegeMissing,
)
from parcela.domain.orders import (
    CardFace,
    ChosenPlan,
    MerchantOrder,
    OrderFace,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    Outcome,
    TransactionKind,
    find_order_after,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
PLAN = ChosenPlan(offer_id="c1", program_id="standard-6", count=6, deferral_months=0)
A, P, C, R, V = (
    TransactionKind.AUTHORIZATION,
    TransactionKind.PAYMENT,
    TransactionKind.CAPTURE,
    TransactionKind.REFUND,
    TransactionKind.VERIFICATION,
)


def make_order(**members: Any) -> MerchantOrder:
    given: dict[str, Any] = {
        "order_key": "k",
        "client_id": 1,
        "order_id": "O-1",
        "currency": "USD",
        "amount_minor": 100,
        "status": OrderStatus.INITIATED,
        "totals": OrderTotals(),
        "created_at": NOW,
        "updated_at": NOW,
        **members,
    }
    return MerchantOrder(**given)


def make_transaction(kind: TransactionKind, amount_minor: int = 100, **members: Any) -> OrderTransaction:
    given: dict[str, Any] = {
        "order_key": "k",
        "transaction_id": "1",
        "number": 1,
        "kind": kind,
        "amount_minor": amount_minor,
        "currency": "USD",
        "created_at": NOW,
        "recorded_at": NOW,
        "outcome": Outcome.APPROVED,
        "status_after": OrderStatus.CAPTURED,
        "totals_after": OrderTotals(),
        "acquirer": None,
        **members,
    }
    return OrderTransaction(**given)


def totals(authorized: int, captured: int, refunded: int) -> OrderTotals:
    return OrderTotals(authorized_minor=authorized, captured_minor=captured, refunded_minor=refunded)


def standing(authorized: int, captured: int, refunded: int, **members: Any) -> MerchantOrder:
    made = totals(authorized, captured, refunded)
    return make_order(totals=made, status=find_status(made), **members)


# ---------------------------------------------------------------- lifecycle

S, Do = OrderStatus, MerchantOperation
UNPAID = {S.INITIATED, S.VERIFIED, S.FAILED}
ADMITTED = {
    Do.AUTHORIZE: UNPAID,
    Do.PAY: UNPAID,
    Do.VERIFY: UNPAID,
    Do.CAPTURE: {S.AUTHORIZED, S.PARTIALLY_CAPTURED, S.PARTIALLY_REFUNDED, S.REFUNDED},
    Do.REFUND: {
        S.PARTIALLY_CAPTURED,
        S.CAPTURED,
        S.PARTIALLY_REFUNDED,
        S.REFUNDED,
        S.EXCESSIVELY_REFUNDED,
    },
    Do.VOID: {
        S.AUTHORIZED,
        S.PARTIALLY_CAPTURED,
        S.CAPTURED,
        S.PARTIALLY_REFUNDED,
        S.REFUNDED,
        S.EXCESSIVELY_REFUNDED,
    },
}


@pytest.mark.parametrize("operation", list(Do), ids=str)
@pytest.mark.parametrize("status", list(S), ids=str)
def test_each_status_admits_these_operations(status: OrderStatus, operation: MerchantOperation) -> None:
    assert ((status, operation) in TRANSITIONS) == (status in ADMITTED[operation])


@pytest.mark.parametrize("operation", [Do.AUTHORIZE, Do.PAY, Do.VERIFY], ids=str)
@pytest.mark.parametrize("status", [None, *S], ids=str)
def test_only_what_was_not_paid_can_be_paid(status: OrderStatus | None, operation: MerchantOperation) -> None:
    if status is None or status in UNPAID:
        decide_payment(status, operation)
    else:
        with pytest.raises(AlreadyPaid):
            decide_payment(status, operation)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (totals(0, 0, 0), S.CANCELLED),
        (totals(100, 0, 0), S.AUTHORIZED),
        (totals(100, 1, 0), S.PARTIALLY_CAPTURED),
        (totals(100, 100, 0), S.CAPTURED),
        (totals(100, 100, 1), S.PARTIALLY_REFUNDED),
        (totals(100, 60, 59), S.PARTIALLY_REFUNDED),
        (totals(100, 60, 60), S.REFUNDED),
        (totals(100, 100, 100), S.REFUNDED),
        (totals(100, 100, 101), S.EXCESSIVELY_REFUNDED),
        (totals(100, 60, 61), S.EXCESSIVELY_REFUNDED),
    ],
)
def test_the_status_follows_from_the_totals(made: OrderTotals, status: OrderStatus) -> None:
    assert find_status(made) is status


# ---------------------------------------------------------------- outcomes


@pytest.mark.parametrize("kind", sorted(FIRST_KINDS), ids=str)
@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.APPROVED], ids=str)
def test_a_first_transaction_that_is_not_approved(kind: TransactionKind, outcome: Outcome) -> None:
    """It fails the order, but for an unknown outcome and a lock."""
    order = make_order(status=S.INITIATED)
    change = decide_outcome(order, make_transaction(kind), outcome)
    waits = outcome in (Outcome.UNKNOWN, Outcome.LOCKED)
    assert (change.status, change.totals) == (S.INITIATED if waits else S.FAILED, OrderTotals())


@pytest.mark.parametrize("kind", [kind for kind in TransactionKind if kind not in FIRST_KINDS], ids=str)
@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.APPROVED], ids=str)
def test_what_follows_a_payment_and_is_not_approved_changes_nothing(
    kind: TransactionKind, outcome: Outcome
) -> None:
    order = standing(100, 60, 10)
    change = decide_outcome(order, make_transaction(kind, 10), outcome)
    assert (change.status, change.totals) == (order.status, order.totals)


@pytest.mark.parametrize(
    ("before", "kind", "amount_minor", "after", "status"),
    [
        ((0, 0, 0), A, 100, (100, 0, 0), S.AUTHORIZED),
        ((0, 0, 0), P, 100, (100, 100, 0), S.CAPTURED),
        ((0, 0, 0), V, 0, (0, 0, 0), S.VERIFIED),
        ((100, 0, 0), C, 40, (100, 40, 0), S.PARTIALLY_CAPTURED),
        ((100, 40, 0), C, 60, (100, 100, 0), S.CAPTURED),
        ((100, 40, 40), C, 60, (100, 100, 40), S.PARTIALLY_REFUNDED),
        ((100, 100, 0), R, 30, (100, 100, 30), S.PARTIALLY_REFUNDED),
        ((100, 100, 30), R, 70, (100, 100, 100), S.REFUNDED),
        ((100, 100, 100), R, 1, (100, 100, 101), S.EXCESSIVELY_REFUNDED),
        ((100, 0, 0), TransactionKind.VOID_AUTHORIZATION, 100, (0, 0, 0), S.CANCELLED),
        ((100, 100, 0), TransactionKind.VOID_PAYMENT, 100, (0, 0, 0), S.CANCELLED),
        ((100, 100, 0), TransactionKind.VOID_CAPTURE, 100, (100, 0, 0), S.AUTHORIZED),
        ((100, 100, 0), TransactionKind.VOID_CAPTURE, 60, (100, 40, 0), S.PARTIALLY_CAPTURED),
        ((100, 100, 40), TransactionKind.VOID_CAPTURE, 60, (100, 40, 40), S.REFUNDED),
        ((100, 100, 30), TransactionKind.VOID_REFUND, 30, (100, 100, 0), S.CAPTURED),
        ((100, 100, 101), TransactionKind.VOID_REFUND, 1, (100, 100, 100), S.REFUNDED),
    ],
)
def test_an_approved_transaction_moves_the_totals(
    before: tuple[int, int, int],
    kind: TransactionKind,
    amount_minor: int,
    after: tuple[int, int, int],
    status: OrderStatus,
) -> None:
    order = make_order() if before == (0, 0, 0) else standing(*before)
    change = decide_outcome(order, make_transaction(kind, amount_minor), Outcome.APPROVED)
    assert (change.totals, change.status) == (totals(*after), status)


@pytest.mark.parametrize(
    ("status", "kind", "is_last", "after"),
    [
        (S.INITIATED, P, True, S.FAILED),
        (S.INITIATED, A, True, S.FAILED),
        (S.INITIATED, V, True, S.FAILED),
        # Another attempt is under way or unknown.
        (S.INITIATED, P, False, S.INITIATED),
        # Another attempt has succeeded since.
        (S.CAPTURED, P, False, S.CAPTURED),
        (S.FAILED, P, True, S.FAILED),
        (S.AUTHORIZED, C, True, S.AUTHORIZED),
        (S.CAPTURED, R, True, S.CAPTURED),
    ],
)
def test_a_reversed_attempt_fails_only_the_order_that_waits_for_it(
    status: OrderStatus, kind: TransactionKind, is_last: bool, after: OrderStatus
) -> None:
    order = make_order(status=status)
    change = decide_reversed(order, make_transaction(kind), is_last=is_last)
    assert (change.status, change.totals) == (after, order.totals)


# ---------------------------------------------------------------- captures and refunds


@pytest.mark.parametrize(
    ("order", "amount_minor", "currency", "refusal"),
    [
        (standing(100, 0, 0), 100, "AUD", CurrencyDiffers),
        (standing(100, 0, 0), 101, "USD", AmountNotOpen),
        (standing(100, 60, 0), 41, "USD", AmountNotOpen),
        (standing(100, 100, 0), 1, "USD", AmountNotOpen),
        (make_order(status=S.FAILED), 100, "USD", NothingToCapture),
        (make_order(status=S.CANCELLED), 100, "USD", NothingToCapture),
        (make_order(status=S.VERIFIED), 100, "USD", NothingToCapture),
        # With a plan: the whole at once.
        (standing(100, 0, 0, chosen_plan=PLAN), 99, "USD", AmountNotOpen),
        (standing(100, 100, 0, chosen_plan=PLAN), 100, "USD", AmountNotOpen),
    ],
)
def test_captures_that_are_refused(
    order: MerchantOrder, amount_minor: int, currency: str, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        decide_capture(order, [make_transaction(A)], amount_minor=amount_minor, currency=currency)


@pytest.mark.parametrize(
    ("order", "amount_minor"),
    [
        (standing(100, 0, 0), 1),
        (standing(100, 0, 0), 100),
        (standing(100, 60, 0), 40),
        (standing(100, 60, 60), 40),
        (standing(100, 0, 0, chosen_plan=PLAN), 100),
    ],
)
def test_a_capture_takes_from_the_authorization_that_stands(order: MerchantOrder, amount_minor: int) -> None:
    declined = make_transaction(A, transaction_id="0", number=1, outcome=Outcome.DECLINED)
    authorization = make_transaction(A, number=2)
    captured = make_transaction(C, 60, transaction_id="2", number=3)
    found = decide_capture(
        order, [declined, authorization, captured], amount_minor=amount_minor, currency="USD"
    )
    assert found is authorization


@pytest.mark.parametrize(
    ("order", "amount_minor", "currency", "privileges", "refusal"),
    [
        (standing(100, 100, 0), 1, "AUD", frozenset(), CurrencyDiffers),
        (standing(100, 100, 0), 101, "USD", frozenset(), PrivilegeMissing),
        (standing(100, 100, 60), 41, "USD", frozenset(), PrivilegeMissing),
        (standing(100, 100, 100), 1, "USD", frozenset(), PrivilegeMissing),
        (standing(100, 0, 0), 1, "USD", frozenset(Privilege), NothingToCapture),
        (make_order(status=S.FAILED), 1, "USD", frozenset(Privilege), NothingToCapture),
    ],
)
def test_refunds_that_are_refused(
    order: MerchantOrder,
    amount_minor: int,
    currency: str,
    privileges: frozenset[Privilege],
    refusal: type[DomainError],
) -> None:
    captured = [make_transaction(P)] if order.totals.captured_minor else [make_transaction(A)]
    with pytest.raises(refusal):
        decide_refund(order, captured, amount_minor=amount_minor, currency=currency, privileges=privileges)


@pytest.mark.parametrize(
    ("order", "amount_minor", "privileges"),
    [
        (standing(100, 100, 0), 100, frozenset()),
        (standing(100, 100, 60), 40, frozenset()),
        (standing(100, 100, 100), 1, frozenset({Privilege.EXCESSIVE_REFUNDS})),
        (standing(100, 100, 150), 900, frozenset({Privilege.EXCESSIVE_REFUNDS})),
    ],
)
def test_a_refund_is_of_the_newest_capture_that_stands(
    order: MerchantOrder, amount_minor: int, privileges: frozenset[Privilege]
) -> None:
    captures = [
        make_transaction(C, 50, number=2, transaction_id="2"),
        make_transaction(C, 50, number=3, transaction_id="3"),
        make_transaction(C, 50, number=4, transaction_id="4", is_voided=True),
    ]
    found = decide_refund(order, captures, amount_minor=amount_minor, currency="USD", privileges=privileges)
    assert found is captures[1]


@pytest.mark.parametrize(
    ("made", "given_back"),
    [(totals(100, 100, 0), 0), (totals(100, 100, 30), 30), (totals(100, 100, 130), 100)],
)
def test_an_excess_is_no_business_of_a_plan(made: OrderTotals, given_back: int) -> None:
    assert find_given_back(made) == given_back


@pytest.mark.parametrize(
    ("amount_minor", "refunded_minor", "instructed"),
    [(30, 30, 30), (30, 100, 30), (60, 120, 40), (50, 150, 0)],
)
def test_a_plan_is_told_what_a_refund_gives_back_of_captured_money(
    amount_minor: int, refunded_minor: int, instructed: int
) -> None:
    refund = make_transaction(R, amount_minor, totals_after=totals(100, 100, refunded_minor))
    assert find_instructed(refund) == instructed


# ---------------------------------------------------------------- voids


@pytest.mark.parametrize(
    ("order", "target", "kind"),
    [
        (standing(100, 0, 0), make_transaction(A), TransactionKind.VOID_AUTHORIZATION),
        (standing(100, 100, 0), make_transaction(P), TransactionKind.VOID_PAYMENT),
        (standing(100, 100, 0), make_transaction(C), TransactionKind.VOID_CAPTURE),
        (standing(100, 100, 40), make_transaction(C, 60), TransactionKind.VOID_CAPTURE),
        (standing(100, 100, 40), make_transaction(R, 40), TransactionKind.VOID_REFUND),
        # With a plan the last excess is voided first; without one, any refund.
        (
            standing(100, 100, 160, plan_id="p"),
            make_transaction(R, 60, totals_after=totals(100, 100, 160)),
            TransactionKind.VOID_REFUND,
        ),
        (
            standing(100, 100, 120, plan_id="p"),
            make_transaction(R, 60, totals_after=totals(100, 100, 120)),
            TransactionKind.VOID_REFUND,
        ),
        (
            standing(100, 100, 100, plan_id="p"),
            make_transaction(R, 60, totals_after=totals(100, 100, 60)),
            TransactionKind.VOID_REFUND,
        ),
        (standing(100, 100, 160), make_transaction(R, 100), TransactionKind.VOID_REFUND),
        # The last instant of the window.
        (
            standing(100, 0, 0),
            make_transaction(A, recorded_at=NOW - DAY),
            TransactionKind.VOID_AUTHORIZATION,
        ),
    ],
)
def test_a_void_is_named_by_its_target(
    order: MerchantOrder, target: OrderTransaction, kind: TransactionKind
) -> None:
    assert decide_void(order, target, now=NOW, window=DAY) is kind
    assert name_void(target) is kind


@pytest.mark.parametrize(
    ("order", "target"),
    [
        (standing(100, 0, 0), make_transaction(A, outcome=Outcome.DECLINED)),
        (standing(100, 0, 0), make_transaction(A, outcome=Outcome.UNKNOWN)),
        (standing(100, 0, 0), make_transaction(A, outcome=None, recorded_at=None)),
        (standing(100, 0, 0), make_transaction(A, is_voided=True)),
        (standing(100, 0, 0), make_transaction(A, recorded_at=NOW - DAY - timedelta(microseconds=1))),
        (standing(100, 0, 0), make_transaction(TransactionKind.VOID_CAPTURE)),
        (make_order(status=S.VERIFIED), make_transaction(V, 0)),
        # Something of it is captured.
        (standing(100, 1, 0), make_transaction(A)),
        # Something of it was given back.
        (standing(100, 100, 1), make_transaction(P)),
        (standing(100, 100, 41), make_transaction(C, 60)),
        (standing(100, 100, 200), make_transaction(C, 1)),
        # The plan was told 100; after this void it would have to be told 60.
        (standing(100, 100, 160, plan_id="p"), make_transaction(R, 100, totals_after=totals(100, 100, 100))),
        (standing(100, 100, 120, plan_id="p"), make_transaction(R, 60, totals_after=totals(100, 100, 60))),
    ],
)
def test_nothing_to_void(order: MerchantOrder, target: OrderTransaction) -> None:
    with pytest.raises(NothingToVoid):
        decide_void(order, target, now=NOW, window=DAY)


@pytest.mark.parametrize(
    "kind",
    [
        V,
        TransactionKind.VOID_AUTHORIZATION,
        TransactionKind.VOID_CAPTURE,
        TransactionKind.VOID_PAYMENT,
        TransactionKind.VOID_REFUND,
    ],
    ids=str,
)
def test_voids_and_verifications_have_no_void(kind: TransactionKind) -> None:
    with pytest.raises(NothingToVoid):
        name_void(make_transaction(kind))


# ---------------------------------------------------------------- answers


def test_a_transaction_tells_the_order_as_it_was() -> None:
    card = CardFace(
        card_id="c",
        first_six="512345",
        last_four="0008",
        brand="mastercard",
        funding="credit",
        expiry_month="01",
        expiry_year="39",
    )
    later = make_order(
        status=S.REFUNDED,
        totals=totals(70, 70, 70),
        amount_minor=70,
        currency="AUD",
        details={"description": "new"},
        updated_at=NOW + DAY,
        plan_id="p",
    )
    face = OrderFace(amount_minor=100, currency="USD", details={"description": "old"})
    failed = make_transaction(
        P,
        outcome=Outcome.DECLINED,
        status_after=S.FAILED,
        order_face=face,
        card=card,
        chosen_plan=PLAN,
    )
    assert find_order_after(later, failed) == replace(
        later,
        status=S.FAILED,
        totals=OrderTotals(),
        updated_at=NOW,
        amount_minor=100,
        currency="USD",
        details={"description": "old"},
        card=card,
        chosen_plan=PLAN,
        plan_id=None,
    )
    captured = make_transaction(C, 70, status_after=S.CAPTURED, totals_after=totals(70, 70, 0))
    assert find_order_after(later, captured) == replace(
        later, status=S.CAPTURED, totals=totals(70, 70, 0), updated_at=NOW
    )


@pytest.mark.parametrize(
    ("kind", "outcome", "made", "plan_id"),
    [
        (C, Outcome.APPROVED, "new", "new"),
        (R, Outcome.APPROVED, None, "p"),
        (TransactionKind.VOID_PAYMENT, Outcome.APPROVED, None, "p"),
        # What is captured next gets a plan of its own.
        (TransactionKind.VOID_CAPTURE, Outcome.APPROVED, None, None),
        (TransactionKind.VOID_CAPTURE, Outcome.DECLINED, None, "p"),
    ],
)
def test_the_plan_behind_an_order(
    kind: TransactionKind, outcome: Outcome, made: str | None, plan_id: str | None
) -> None:
    transaction = make_transaction(kind, outcome=outcome, plan_id=made)
    assert find_order_after(make_order(plan_id="p"), transaction).plan_id == plan_id


# ---------------------------------------------------------------- any course of an order


class Course:
    """An order that is acted on as the operations do, with an acquirer that approves everything."""

    def __init__(self, privileges: frozenset[Privilege], *, plan_id: str | None = None) -> None:
        self.order = make_order(plan_id=plan_id)
        self.transactions: list[OrderTransaction] = []
        self.privileges = privileges

    def pay(self, amount_minor: int) -> None:
        decide_payment(self.order.status, Do.PAY)
        self._record(P, amount_minor)

    def authorize(self, amount_minor: int) -> None:
        decide_payment(self.order.status, Do.AUTHORIZE)
        self._record(A, amount_minor)

    def capture(self, amount_minor: int) -> None:
        decide_capture(self.order, self.transactions, amount_minor=amount_minor, currency="USD")
        self._record(C, amount_minor)

    def refund(self, amount_minor: int) -> None:
        decide_refund(
            self.order,
            self.transactions,
            amount_minor=amount_minor,
            currency="USD",
            privileges=self.privileges,
        )
        self._record(R, amount_minor)

    def void(self, choice: int) -> None:
        if not self.transactions:
            raise NothingToVoid
        position = choice % len(self.transactions)
        target = self.transactions[position]
        kind = decide_void(self.order, target, now=NOW, window=DAY)
        self._record(kind, target.amount_minor)
        self.transactions[position] = replace(target, is_voided=True)

    def _record(self, kind: TransactionKind, amount_minor: int) -> None:
        transaction = make_transaction(kind, amount_minor, number=len(self.transactions) + 1)
        change = decide_outcome(self.order, transaction, Outcome.APPROVED)
        self.transactions.append(replace(transaction, totals_after=change.totals))
        self.order = replace(self.order, status=change.status, totals=change.totals)

    def sum_standing(self, *kinds: TransactionKind) -> int:
        return sum(
            transaction.amount_minor
            for transaction in self.transactions
            if transaction.kind in kinds and not transaction.is_voided
        )


STEPS = ("pay", "authorize", "capture", "refund", "void")


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 100)), max_size=14),
    may_exceed=st.booleans(),
)
def test_totals_are_what_stands_and_never_too_much(steps: list[tuple[str, int]], may_exceed: bool) -> None:
    course = Course(frozenset(Privilege) if may_exceed else frozenset())
    for name, number in steps:
        before = course.order
        try:
            getattr(course, name)(number)
        except DomainError:
            assert course.order == before
        made = course.order.totals
        assert made == totals(course.sum_standing(A, P), course.sum_standing(P, C), course.sum_standing(R))
        assert 0 <= made.captured_minor <= made.authorized_minor
        assert made.refunded_minor >= 0
        is_excessive = made.refunded_minor > made.captured_minor
        assert is_excessive == (course.order.status is S.EXCESSIVELY_REFUNDED)
        assert may_exceed or not is_excessive
        if course.transactions:
            assert course.order.status is find_status(made)


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["refund", "refund", "void"]), st.integers(1, 100)), min_size=2, max_size=14
    )
)
def test_a_plan_is_always_told_of_what_was_given_back(steps: list[tuple[str, int]]) -> None:
    course = Course(frozenset(Privilege), plan_id="p")
    course.pay(150)
    for name, number in steps:
        with suppress(DomainError):
            getattr(course, name)(number)
        told = sum(
            find_instructed(transaction)
            for transaction in course.transactions
            if transaction.kind is R and not transaction.is_voided
        )
        assert told == find_given_back(course.order.totals)
