"""Orders of merchants: payments, captures, refunds, voids, repeats and locks, on real records."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_orders import (
    CARD,
    SECOND_SHOP,
    Ports,
    ScriptedAcquirer,
    check_whole,
    count_records,
    digest,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_verification,
    draw_void,
    end_leases,
    fetch,
    limit,
    list_order_events,
    see,
)

from parcela.domain.errors import DomainError
from parcela.domain.merchants import MerchantOperation
from parcela.domain.order_refusals import (
    AlreadyPaid,
    AmountNotOpen,
    CurrencyDiffers,
    NoAcquirer,
    NothingToCapture,
    NothingToVoid,
    OperationNotAllowed,
    OrderBusy,
    OrderUnknown,
    PrivilegeMissing,
    TargetUnknown,
    TransactionDiffers,
    TransactionUnknown,
)
from parcela.domain.orders import OrderStatus, OrderTotals, Outcome, TransactionKind
from parcela.operations.engine import Engine
from parcela.operations.orders.captures import capture
from parcela.operations.orders.commands import Receipt
from parcela.operations.orders.payments import authorize, pay, verify
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.retrieval import retrieve_order, retrieve_transaction
from parcela.operations.orders.sweep import resolve_attempts
from parcela.operations.orders.voids import void
from parcela.store import world as world_store

ALL = 120_000


def show(receipt: Receipt) -> tuple[str, str, str, tuple[int, int, int]]:
    order, transaction = receipt.order, receipt.transaction
    totals = order.totals
    return (
        str(transaction.kind),
        str(transaction.outcome),
        str(order.status),
        (totals.authorized_minor, totals.captured_minor, totals.refunded_minor),
    )


async def refuse(engine: Engine, work: Any, refusal: type[DomainError]) -> DomainError:
    """`work` is refused, and nothing is written."""
    before = await count_records(engine)
    with pytest.raises(refusal) as raised:
        await work
    assert await count_records(engine) == before
    return raised.value


# ---------------------------------------------------------------- payments


def test_a_payment_is_authorized_and_captured_at_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        receipt = await pay(engine, world, caller, draw_payment(), ports=ports)
        assert show(receipt) == ("payment", "approved", "captured", (ALL, ALL, 0))
        assert receipt.is_repeat is False
        assert receipt.order.details == {"description": "A phone"}
        assert receipt.transaction.details == {"reference": "INV-1"}
        card = receipt.transaction.card
        assert card is not None
        assert (card.first_six, card.last_four, card.brand, card.funding) == (
            "512345",
            "0008",
            "mastercard",
            "credit",
        )
        (request,) = ports.acquirer.requests
        assert request.message_id == f"{receipt.order.order_key}:1"
        assert (request.kind, request.amount_minor, request.currency, request.card) == (
            TransactionKind.PAYMENT,
            ALL,
            "USD",
            CARD,
        )
        assert await list_order_events(engine) == ["order.paid"]
        assert ports.provider.questions == []
        await check_whole(engine)

    run(work)


def test_neither_number_nor_security_code_is_kept_in_clear(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        command = draw_payment(card=replace(CARD, security_code="987"))
        receipt = await pay(engine, world, caller, command, ports=Ports())
        assert CARD.digits not in repr(command) + repr(receipt)
        assert "987" not in repr(command.card)
        for table in ("merchant_order", "merchant_transaction", "event", "audit"):
            rows = await fetch(engine, f"SELECT row_to_json(t)::text FROM {table} t")
            text = "".join(row for (row,) in rows)
            assert CARD.digits not in text
            assert '"987"' not in text

    run(work)


@pytest.mark.parametrize(
    ("outcome", "status", "is_reversed"),
    [
        (Outcome.DECLINED, OrderStatus.FAILED, False),
        (Outcome.EXPIRED_CARD, OrderStatus.FAILED, False),
        (Outcome.ACQUIRER_ERROR, OrderStatus.FAILED, False),
        (Outcome.FAILED, OrderStatus.FAILED, False),
        # The bank's answer says that it is late: whatever it did is taken back.
        (Outcome.TIMED_OUT, OrderStatus.FAILED, True),
        # Nobody knows; the sweep will.
        (Outcome.UNKNOWN, OrderStatus.INITIATED, False),
    ],
    ids=str,
)
def test_a_payment_that_fails_leaves_nothing_paid(
    run: RunWithEngine, outcome: Outcome, status: OrderStatus, is_reversed: bool
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(outcome))
        receipt = await pay(engine, world, caller, draw_payment(), ports=ports)
        assert show(receipt) == ("payment", str(outcome), str(status), (0, 0, 0))
        message_id = receipt.transaction.message_id
        assert ports.acquirer.reversed == ([message_id] if is_reversed else [])
        assert await list_order_events(engine) == []
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("said", "answers_reversals", "outcome", "status"),
    [
        ("silent", True, Outcome.TIMED_OUT, OrderStatus.FAILED),
        ("lost", True, Outcome.TIMED_OUT, OrderStatus.FAILED),
        ("silent", False, Outcome.UNKNOWN, OrderStatus.INITIATED),
    ],
    ids=["silent", "answer-lost", "silent-to-reversal-too"],
)
def test_a_silent_acquirer_is_told_to_reverse(
    run: RunWithEngine, said: str, answers_reversals: bool, outcome: Outcome, status: OrderStatus
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(said, answers_reversals=answers_reversals))
        receipt = await authorize(engine, world, caller, draw_payment(), ports=ports)
        assert show(receipt) == ("authorization", str(outcome), str(status), (0, 0, 0))
        reversed_ids = [receipt.transaction.message_id] if answers_reversals else []
        assert ports.acquirer.reversed == reversed_ids
        assert ports.acquirer.charged == []

    run(work)


def test_a_failed_payment_may_be_followed_by_another_with_other_content(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(Outcome.DECLINED))
        first_command = draw_payment()
        first = await pay(engine, world, caller, first_command, ports=ports)
        second_command = draw_payment(
            transaction_id="2", amount_minor=5_000, currency="AUD", order_details={"description": "A case"}
        )
        second = await authorize(engine, world, caller, second_command, ports=ports)
        assert show(second) == ("authorization", "approved", "authorized", (5_000, 0, 0))
        assert (second.order.amount_minor, second.order.currency) == (5_000, "AUD")
        assert second.order.order_key == first.order.order_key
        assert second.order.created_at == first.order.created_at
        # What the first one was told does not change with it.
        again = await pay(engine, world, caller, first_command, ports=ports)
        assert again == replace(first, is_repeat=True)
        assert (again.order.amount_minor, again.order.details) == (ALL, {"description": "A phone"})
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize("first", [authorize, pay], ids=["authorized", "paid"])
@pytest.mark.parametrize("second", [authorize, pay, verify], ids=["authorize", "pay", "verify"])
def test_an_order_is_paid_once(run: RunWithEngine, first: Any, second: Any) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await first(engine, world, caller, draw_payment(), ports=ports)
        command: Any = draw_verification("O-1", "2") if second is verify else draw_payment("O-1", "2")
        await refuse(engine, second(engine, world, caller, command, ports=ports), AlreadyPaid)
        assert len(ports.acquirer.requests) == 1

    run(work)


def test_a_verified_card_may_be_paid_with(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        verified = await verify(engine, world, caller, draw_verification(), ports=ports)
        assert show(verified) == ("verification", "approved", "verified", (0, 0, 0))
        paid = await pay(engine, world, caller, draw_payment("O-1", "2"), ports=ports)
        assert show(paid) == ("payment", "approved", "captured", (ALL, ALL, 0))
        assert await list_order_events(engine) == ["order.verified", "order.paid"]
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("profile", "refusal"),
    [
        ({"operations": frozenset({MerchantOperation.AUTHORIZE})}, OperationNotAllowed),
        ({"currencies": ("AUD",)}, NoAcquirer),
        ({"brands": ()}, NoAcquirer),
        ({"terminal_id": ""}, NoAcquirer),
    ],
    ids=["operation", "currency", "brand", "acquirer"],
)
def test_what_a_merchant_may_not_do_leaves_nothing_behind(
    run: RunWithEngine, profile: dict[str, Any], refusal: type[DomainError]
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        request = pay(engine, world, limit(caller, **profile), draw_payment(), ports=ports)
        await refuse(engine, request, refusal)
        assert ports.acquirer.requests == []

    run(work)


# ---------------------------------------------------------------- repeats and locks


def test_the_same_request_gets_the_first_answer_and_another_one_is_refused(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        command = draw_payment()
        first = await pay(engine, world, caller, command, ports=ports)
        await refund(engine, world, caller, draw_refund("2", 1_000), ports=ports)
        before = await count_records(engine)
        again = await pay(engine, world, caller, command, ports=ports)
        assert again == replace(first, is_repeat=True)
        assert await count_records(engine) == before
        other = pay(engine, world, caller, replace(command, digest=digest("other")), ports=ports)
        await refuse(engine, other, TransactionDiffers)
        # Another operation with the ids of one that was carried out.
        other = refund(engine, world, caller, draw_refund("1", 1_000), ports=ports)
        await refuse(engine, other, TransactionDiffers)
        assert [request.kind for request in ports.acquirer.requests] == ["payment", "refund"]

    run(work)


def test_orders_of_two_merchants_have_nothing_to_do_with_each_other(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        _, other = await see(engine, SECOND_SHOP)
        ports = Ports()
        mine = await pay(engine, world, caller, draw_payment(), ports=ports)
        theirs = await pay(engine, world, other, draw_payment(), ports=ports)
        assert mine.order.order_key != theirs.order.order_key
        assert (mine.is_repeat, theirs.is_repeat) == (False, False)
        await refuse(engine, retrieve_order(engine, other, "O-2"), OrderUnknown)
        paid = draw_payment("O-2")
        await pay(engine, world, caller, paid, ports=ports)
        request = refund(engine, world, other, draw_refund("2", 1, order_id="O-2"), ports=ports)
        await refuse(engine, request, OrderUnknown)

    run(work)


@pytest.mark.parametrize("first", [pay, authorize], ids=["pay", "authorize"])
def test_another_transaction_meanwhile_finds_the_order_locked(run: RunWithEngine, first: Any) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        running = asyncio.create_task(first(engine, world, caller, draw_payment(), ports=ports))
        await ports.acquirer.began.wait()
        command = draw_payment("O-1", "2", amount_minor=700, order_details={"description": "Other"})
        locked = await pay(engine, world, caller, command, ports=ports)
        assert show(locked) == ("payment", "locked", "initiated", (0, 0, 0))
        captured = await capture(engine, world, caller, draw_capture("3", 100), ports=ports)
        assert show(captured) == ("capture", "locked", "initiated", (0, 0, 0))
        voided = await void(engine, world, caller, draw_void("4", "1"), ports=ports)
        assert voided.transaction.outcome is Outcome.LOCKED
        with pytest.raises(TargetUnknown):
            await void(engine, world, caller, draw_void("5", "9"), ports=ports)
        assert len(ports.acquirer.requests) == 1
        ports.acquirer.may_answer.set()
        done = await running
        assert done.transaction.outcome is Outcome.APPROVED
        assert (done.order.amount_minor, done.order.details) == (ALL, {"description": "A phone"})
        assert await pay(engine, world, caller, command, ports=ports) == replace(locked, is_repeat=True)
        view = await retrieve_order(engine, caller, "O-1")
        assert [(t.number, t.transaction_id, str(t.outcome)) for t in view.transactions] == [
            (1, "1", "approved"),
            (2, "2", "locked"),
            (3, "3", "locked"),
            (4, "4", "locked"),
        ]
        await check_whole(engine)

    run(work)


def test_a_repeat_waits_for_the_first_to_end(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        command = draw_payment()
        first = asyncio.create_task(pay(engine, world, caller, command, ports=ports))
        await ports.acquirer.began.wait()
        second = asyncio.create_task(pay(engine, world, caller, command, ports=ports))
        done, _ = await asyncio.wait({first, second}, timeout=0.3)
        assert done == set()
        ports.acquirer.may_answer.set()
        assert await second == replace(await first, is_repeat=True)
        assert len(ports.acquirer.requests) == 1

    run(work)


class SteppingClock:
    """A clock that moves only by being slept on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic_s(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def test_a_repeat_waits_for_thirty_seconds_and_no_longer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        clock = SteppingClock()
        patient = Engine(
            database=engine.database,
            vault=engine.vault,
            clock=clock,
            ids=engine.ids,
            policy=engine.policy,
        )
        await patient.start()
        world, caller = await see(engine)
        ports = Ports()
        ports.acquirer.may_answer.clear()
        first = asyncio.create_task(pay(engine, world, caller, draw_payment(), ports=ports))
        await ports.acquirer.began.wait()
        began_s = clock.seconds
        await refuse(engine, pay(patient, world, caller, draw_payment(), ports=ports), OrderBusy)
        assert 30 <= clock.seconds - began_s <= 30.5
        ports.acquirer.may_answer.set()
        assert (await first).transaction.outcome is Outcome.APPROVED

    run(work)


# ---------------------------------------------------------------- captures, refunds, voids


def test_an_authorization_is_captured_in_parts_and_never_beyond(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        authorized = await authorize(engine, world, caller, draw_payment(), ports=ports)
        first = await capture(engine, world, caller, draw_capture("2", 50_000), ports=ports)
        assert show(first) == ("capture", "approved", "partially_captured", (ALL, 50_000, 0))
        assert first.transaction.card == authorized.transaction.card
        reference = authorized.transaction.acquirer
        assert reference is not None
        assert ports.acquirer.requests[-1].original == reference.reference
        beyond = capture(engine, world, caller, draw_capture("3", 70_001), ports=ports)
        await refuse(engine, beyond, AmountNotOpen)
        rest = await capture(engine, world, caller, draw_capture("3", 70_000), ports=ports)
        assert show(rest) == ("capture", "approved", "captured", (ALL, ALL, 0))
        assert await list_order_events(engine) == ["order.authorized", "order.captured", "order.captured"]
        await check_whole(engine)

    run(work)


def test_a_refund_gives_back_what_was_captured_and_no_more(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await pay(engine, world, caller, draw_payment(), ports=ports)
        part = await refund(engine, world, caller, draw_refund("2", 40_000), ports=ports)
        assert show(part) == ("refund", "approved", "partially_refunded", (ALL, ALL, 40_000))
        refusal = await refuse(
            engine, refund(engine, world, caller, draw_refund("3", 80_001), ports=ports), PrivilegeMissing
        )
        assert isinstance(refusal, PrivilegeMissing)
        assert refusal.privilege == "excessive_refunds"
        rest = await refund(engine, world, caller, draw_refund("3", 80_000), ports=ports)
        assert show(rest) == ("refund", "approved", "refunded", (ALL, ALL, ALL))
        await check_whole(engine)

    run(work)


def test_with_the_privilege_more_is_given_back(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine, SECOND_SHOP)
        ports = Ports()
        await pay(engine, world, caller, draw_payment(), ports=ports)
        receipt = await refund(engine, world, caller, draw_refund("2", ALL + 1), ports=ports)
        assert show(receipt) == ("refund", "approved", "excessively_refunded", (ALL, ALL, ALL + 1))
        back = await void(engine, world, caller, draw_void("3", "2"), ports=ports)
        assert show(back) == ("void_refund", "approved", "captured", (ALL, ALL, 0))
        await check_whole(engine)

    run(work)


def test_a_failed_capture_or_refund_leaves_the_order_as_it_was(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        acquirer = ScriptedAcquirer(Outcome.APPROVED, Outcome.DECLINED, Outcome.APPROVED, Outcome.UNKNOWN)
        ports = Ports(acquirer=acquirer)
        await authorize(engine, world, caller, draw_payment(), ports=ports)
        declined = await capture(engine, world, caller, draw_capture("2", ALL), ports=ports)
        assert show(declined) == ("capture", "declined", "authorized", (ALL, 0, 0))
        await capture(engine, world, caller, draw_capture("3", ALL), ports=ports)
        unknown = await refund(engine, world, caller, draw_refund("4", 1_000), ports=ports)
        assert show(unknown) == ("refund", "unknown", "captured", (ALL, ALL, 0))
        await check_whole(engine)

    run(work)


def test_while_the_acquirer_owes_a_reversal_only_new_payments_are_taken(run: RunWithEngine) -> None:
    """It may count a refund that nobody knows of: a second one waits until the first is taken back."""

    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(Outcome.APPROVED, Outcome.UNKNOWN, Outcome.APPROVED))
        await pay(engine, world, caller, draw_payment(), ports=ports)
        await refund(engine, world, caller, draw_refund("2", ALL), ports=ports)
        sent = len(ports.acquirer.requests)
        locked = await refund(engine, world, caller, draw_refund("3", ALL), ports=ports)
        assert show(locked) == ("refund", "locked", "captured", (ALL, ALL, 0))
        assert len(ports.acquirer.requests) == sent
        await end_leases(engine)
        assert await resolve_attempts(engine, ports.acquirer) == 1
        again = await refund(engine, world, caller, draw_refund("4", ALL), ports=ports)
        assert show(again) == ("refund", "approved", "refunded", (ALL, ALL, ALL))
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("work_first", "target", "shown"),
    [
        ("a", "1", ("void_authorization", "cancelled", (0, 0, 0))),
        ("p", "1", ("void_payment", "cancelled", (0, 0, 0))),
        ("ac", "2", ("void_capture", "authorized", (ALL, 0, 0))),
        # Another capture stands.
        ("ahh", "2", ("void_capture", "partially_captured", (ALL, 40_000, 0))),
        ("pr", "2", ("void_refund", "captured", (ALL, ALL, 0))),
        ("ahr", "3", ("void_refund", "partially_captured", (ALL, 40_000, 0))),
        ("prr", "2", ("void_refund", "partially_refunded", (ALL, ALL, 10_000))),
    ],
    ids=["authorization", "payment", "capture", "one-of-two", "refund", "of-part", "one-of-two-refunds"],
)
def test_a_void_leads_back_to_where_the_order_stood(
    run: RunWithEngine, work_first: str, target: str, shown: tuple[str, str, tuple[int, int, int]]
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await make_order(engine, work_first, ports)
        receipt = await void(engine, world, caller, draw_void("9", target), ports=ports)
        kind, status, totals = shown
        assert show(receipt) == (kind, "approved", status, totals)
        view = await retrieve_order(engine, caller, "O-1")
        by_id = {transaction.transaction_id: transaction for transaction in view.transactions}
        assert by_id[target].is_voided is True
        assert receipt.transaction.amount_minor == by_id[target].amount_minor
        original = by_id[target].acquirer
        assert original is not None
        assert ports.acquirer.requests[-1].original == original.reference
        again = void(engine, world, caller, draw_void("10", target), ports=ports)
        await refuse(engine, again, NothingToVoid)
        await check_whole(engine)

    run(work)


@pytest.mark.parametrize(
    ("work_first", "target"),
    [
        ("ac", "1"),  # something of the authorization is captured
        ("pr", "1"),  # something of the payment was given back
        ("acr", "2"),  # the same of a capture
        ("av", "2"),  # a void
        ("v", "1"),  # a verification
        ("d", "1"),  # declined
    ],
    ids=["captured", "refunded-payment", "refunded-capture", "void", "verification", "declined"],
)
def test_what_cannot_be_voided(run: RunWithEngine, work_first: str, target: str) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await make_order(engine, work_first, ports)
        await refuse(engine, void(engine, world, caller, draw_void("9", target), ports=ports), NothingToVoid)

    run(work)


def test_after_the_void_window_nothing_is_left_to_void(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        _, caller = await see(engine)
        ports = Ports()
        await make_order(engine, "a", ports)
        async with engine.database.connection() as connection:
            await world_store.move_clock(connection, timedelta(hours=24, minutes=1))
        world, _ = await see(engine)
        await refuse(engine, void(engine, world, caller, draw_void("9", "1"), ports=ports), NothingToVoid)

    run(work)


@pytest.mark.parametrize(
    ("work_first", "request_of", "refusal"),
    [
        ("", lambda: (capture, draw_capture("9", 1)), OrderUnknown),
        ("", lambda: (refund, draw_refund("9", 1)), OrderUnknown),
        ("", lambda: (void, draw_void("9", "1")), OrderUnknown),
        ("a", lambda: (void, draw_void("9", "8")), TargetUnknown),
        ("a", lambda: (capture, draw_capture("9", 1, currency="AUD")), CurrencyDiffers),
        ("p", lambda: (refund, draw_refund("9", 1, currency="AUD")), CurrencyDiffers),
        ("a", lambda: (refund, draw_refund("9", 1)), NothingToCapture),
        ("d", lambda: (capture, draw_capture("9", 1)), NothingToCapture),
        ("v", lambda: (capture, draw_capture("9", 1)), NothingToCapture),
        ("av", lambda: (capture, draw_capture("9", 1)), NothingToCapture),
        ("p", lambda: (capture, draw_capture("9", 1)), AmountNotOpen),
        ("ac", lambda: (capture, draw_capture("9", 1)), AmountNotOpen),
    ],
)
def test_what_follows_a_payment_is_refused_without_a_trace(
    run: RunWithEngine, work_first: str, request_of: Any, refusal: type[DomainError]
) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports()
        await make_order(engine, work_first, ports)
        sent = len(ports.acquirer.requests)
        operation, command = request_of()
        await refuse(engine, operation(engine, world, caller, command, ports=ports), refusal)
        assert len(ports.acquirer.requests) == sent

    run(work)


async def make_order(engine: Engine, letters: str, ports: Ports) -> None:
    """An order by letters: a(uthorize), p(ay), d(eclined), v(erify, or void after a), c(apture), h: 400.00 of
    it, r(efund) of 100.00.
    """
    world, caller = await see(engine)
    for number, letter in enumerate(letters, start=1):
        own_id = str(number)
        if letter == "a":
            await authorize(engine, world, caller, draw_payment(), ports=ports)
        elif letter == "p":
            await pay(engine, world, caller, draw_payment(), ports=ports)
        elif letter == "d":
            ports.acquirer.script.append(Outcome.DECLINED)
            await pay(engine, world, caller, draw_payment(), ports=ports)
        elif letter == "v" and number == 1:
            await verify(engine, world, caller, draw_verification(), ports=ports)
        elif letter == "v":
            await void(engine, world, caller, draw_void(own_id, "1"), ports=ports)
        elif letter == "r":
            await refund(engine, world, caller, draw_refund(own_id, 10_000), ports=ports)
        else:
            amount_minor = ALL if letter == "c" else 40_000
            await capture(engine, world, caller, draw_capture(own_id, amount_minor), ports=ports)


# ---------------------------------------------------------------- looking


def test_an_order_is_shown_with_all_its_transactions(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, caller = await see(engine)
        ports = Ports(acquirer=ScriptedAcquirer(Outcome.DECLINED))
        first = await pay(engine, world, caller, draw_payment(), ports=ports)
        second = await pay(engine, world, caller, draw_payment("O-1", "2"), ports=ports)
        third = await refund(engine, world, caller, draw_refund("3", 5_000), ports=ports)
        view = await retrieve_order(engine, caller, "O-1")
        assert view.order == third.order
        assert view.order.totals == OrderTotals(
            authorized_minor=ALL, captured_minor=ALL, refunded_minor=5_000
        )
        assert view.transactions == (first.transaction, second.transaction, third.transaction)
        order, transaction = await retrieve_transaction(engine, caller, "O-1", "2")
        assert (order, transaction) == (third.order, second.transaction)
        with pytest.raises(TransactionUnknown):
            await retrieve_transaction(engine, caller, "O-1", "4")
        with pytest.raises(OrderUnknown):
            await retrieve_transaction(engine, caller, "O-2", "1")

    run(work)
