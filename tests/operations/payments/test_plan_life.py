"""Plans after their acceptance: rows fall due and are paid, refunds change them, the core has its own.

`spec/payments.md` §§6.4, 6.5, 9.1 and 11.1.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from asyncpg import UniqueViolationError
from tests.conftest import DemoTemplate
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import (
    BILLING,
    COBRAND,
    MASTERCARD,
    OUTSIDE,
    add_card,
    advance,
    buy,
    buy_lent,
    confirm,
    find_breaks,
    get_payment,
    intend,
    list_events,
    list_plans,
    list_statuses,
)

from parcela.domain.ids import Identifier
from parcela.domain.offers import IssuerTerms
from parcela.domain.payments.ids import find_plan_id
from parcela.domain.payments.plan_choices import PlanApproval, PlanChoice
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan, RowStatus
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refunds import PlanEffect
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.plans import Plan
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_methods import get_payment_method
from parcela.operations.payments.payment_reading import get_payment as read_payment
from parcela.operations.payments.plan_choice import approve_plan, choose_plan
from parcela.operations.payments.plan_issuers import CardAnswer, CardQuestion, CardWord, PlanWord
from parcela.operations.payments.plan_life import (
    accept_plan,
    activate_plan,
    apply_effect,
    cancel_plan,
    hold_plan,
    release_plan,
)
from parcela.operations.plans import read_plan
from parcela.store.database import REFUSED_ERRORS, Connection
from parcela.store.payments import payments as payments_store
from parcela.store.payments import plans


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


Work = Callable[[Connection, PaymentsDesk, AccountMoment, PaymentPlan], Awaitable[Any]]


def change(world: PaymentsWorld, payment: dict[str, Any], work: Work) -> Any:
    """Do something with a payment's plan in one transaction."""

    async def act(desk: PaymentsDesk, moment: AccountMoment) -> Any:
        async def run(connection: Connection) -> Any:
            plan = await plans.find_plan_of_payment(connection, moment.owner, payment["id"])
            assert plan is not None
            return await work(connection, desk, moment, plan)

        return await desk.engine.database.run(run)

    return world.as_account(act)


def lower_rows(plan: PaymentPlan, *principals: int, cancels: bool = False) -> PlanEffect:
    """An effect that gives the open rows these principals; 0 cancels a row."""
    before = tuple(row for row in plan.rows if row.is_open)
    after = tuple(
        replace(row, principal_minor=principal, status=row.status if principal else RowStatus.CANCELLED)
        for row, principal in zip(before, principals, strict=True)
    )
    return PlanEffect(plan_id=plan.plan_id, is_exact=True, before=before, after=after, cancels=cancels)


def hold(world: PaymentsWorld, payment: dict[str, Any]) -> None:
    async def work(
        connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan
    ) -> None:
        await hold_plan(connection, desk, moment, plan.plan_id)

    change(world, payment, work)


def release(world: PaymentsWorld, payment: dict[str, Any]) -> None:
    async def work(
        connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan
    ) -> None:
        await release_plan(connection, desk, moment, plan.plan_id)

    change(world, payment, work)


def refund(world: PaymentsWorld, payment: dict[str, Any], *principals: int, cancels: bool = False) -> None:
    async def work(
        connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan
    ) -> None:
        await apply_effect(connection, desk, moment, plan, lower_rows(plan, *principals, cancels=cancels))

    change(world, payment, work)


def go_to(world: PaymentsWorld, day: str, hour: int) -> None:
    """Move the account's clock to an instant of UTC, which is its time zone."""

    async def find_now(_: PaymentsDesk, moment: AccountMoment) -> datetime:
        return moment.now

    wanted = datetime.fromisoformat(f"{day}T{hour:02d}:00:01+00:00")
    gap = wanted - world.as_account(find_now)
    advance(world, seconds=int(gap.total_seconds()))


def test_rows_fall_due_at_midnight_and_are_paid_at_six(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    days = [row["dueDate"] for row in bought["installments"]["schedule"]]
    assert list_events(payments, "installment") == []
    go_to(payments, days[0], 0)
    assert list_events(payments, "installment") == ["installment.due"]
    assert list_statuses(get_payment(payments, bought["id"])) == ["due", "due", "due"]
    go_to(payments, days[0], 6)
    held = get_payment(payments, bought["id"])
    assert list_statuses(held) == ["paid", "due", "due"]
    assert (held["installments"]["remainingAmount"], held["installments"]["remainingCount"]) == (40000, 2)
    go_to(payments, days[2], 6)
    held = get_payment(payments, bought["id"])
    assert (list_statuses(held), held["installments"]["status"]) == (["paid"] * 3, "completed")
    assert (held["installments"]["remainingAmount"], held["status"]) == (0, "completed")
    assert list_events(payments, "installment", "plan")[2:] == [
        *["installment.due", "installment.paid"] * 3,
        "plan.completed",
    ]
    assert find_breaks(payments) == []
    assert payments.fetch("SELECT kind FROM payments_task WHERE kind <> 'close_settlement'") == []


def test_events_of_rows_tell_what_remains(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 6)
    advance(payments, days=32)
    rows = payments.fetch(
        "SELECT type, object_id, body::json->>'remainingAmount' AS amount, body::json->>'number' AS number,"
        " body::json->>'remainingCount' AS count, body::json->>'status' AS status FROM payments_event"
        " WHERE type LIKE 'installment%' ORDER BY position"
    )
    plan = bought["installments"]["plan"]
    assert [tuple(row.values()) for row in rows] == [
        ("installment.due", plan, "60000", "1", "6", "due"),
        ("installment.paid", plan, "50000", "1", "5", "paid"),
    ]


def test_a_first_row_on_the_purchase_day_is_paid_with_it(payments: PaymentsWorld) -> None:
    today = payments.fetch("SELECT (now() AT TIME ZONE 'UTC')::date::text AS d")[0]["d"]
    wish = {"enabled": True, "count": 3, "firstPaymentDate": today}
    payment = intend(payments, installments=wish)
    done = confirm(payments, payment, add_card(payments, MASTERCARD)).body
    assert list_statuses(done) == ["paid", "due", "due"]
    assert (done["installments"]["remainingAmount"], done["amountCaptured"]) == (40000, 60000)
    assert list_events(payments, "installment") == ["installment.paid"]
    advance(payments, days=1)
    assert list_events(payments, "installment") == ["installment.paid"]
    assert find_breaks(payments) == []


@pytest.mark.parametrize("is_held", [False, True], ids=["with-purchase", "with-capture"])
def test_a_row_collected_with_the_purchase_is_told_after_the_payment(
    payments: PaymentsWorld, is_held: bool
) -> None:
    today = payments.fetch("SELECT (now() AT TIME ZONE 'UTC')::date::text AS d")[0]["d"]
    wish = {"enabled": True, "count": 3, "firstPaymentDate": today}
    payment = intend(payments, installments=wish, captureMethod="manual" if is_held else "automatic")
    confirm(payments, payment, add_card(payments, MASTERCARD))
    if is_held:
        payments.post(f"/v1/payments/{payment['id']}/capture", {})
    assert list_events(payments, "payment", "plan", "installment") == [
        "payment.created",
        "plan.offered",
        "plan.accepted",
        "payment.processing",
        *(["payment.authorized"] if is_held else []),
        "payment.completed",
        "installment.paid",
    ]
    told = payments.fetch(
        "SELECT body::json->'installments'->'schedule'->0->>'status' AS row, object_id AS id,"
        " body::json->>'remainingCount' AS left FROM payments_event"
        " WHERE type IN ('payment.completed', 'installment.paid') ORDER BY position"
    )
    plan = get_payment(payments, payment["id"])["installments"]["plan"]
    assert [tuple(row.values()) for row in told] == [("paid", payment["id"], None), (None, plan, "2")]


def read_core_plan(world: PaymentsWorld, payment: dict[str, Any]) -> Plan:
    """The core's plan of a payment, as its issuer reads it through the network."""
    plan_id = find_plan_id(payment["installments"]["plan"])
    assert plan_id is not None

    async def find(desk: PaymentsDesk, moment: AccountMoment) -> Plan:
        issuer = moment.world.snapshot.clients["parcela-sandbox-issuer"]
        return await read_plan(desk.engine, issuer, plan_id)

    return world.as_account(find)


def test_the_core_has_the_same_plan_for_its_issuer(payments: PaymentsWorld) -> None:
    bought = buy(payments, COBRAND, 10)
    core = read_core_plan(payments, bought)
    assert [(row.due_date.isoformat(), row.amount_minor) for row in core.installments] == [
        (row["dueDate"], row["amount"]) for row in bought["installments"]["schedule"]
    ]
    assert (core.offer.offer_id, core.offer.total_minor, core.offer.issuer_terms) == (
        "acme-retail-10-eur",
        60000,
        None,
    )
    assert (core.request.merchant.name, core.request.transaction.amount) == ("Parcela Demo Store", 600)
    (bank,) = payments.fetch("SELECT authorization_code FROM payment_attempt")
    code = core.request.transaction.authorization_code
    assert code == Identifier(bank["authorization_code"])
    (letter,) = payments.fetch("SELECT kind, subject_id::text AS subject_id FROM letter")
    assert (letter["kind"], letter["subject_id"]) == ("network.plan_notification", core.plan_id)
    assert payments.fetch("SELECT * FROM broken_plan") == []


def test_a_wished_date_goes_to_the_issuer_with_its_split(payments: PaymentsWorld) -> None:
    wished = payments.fetch("SELECT ((now() AT TIME ZONE 'UTC')::date + 45)::text AS d")[0]["d"]
    wish = {"enabled": True, "count": 12, "firstPaymentDate": wished}
    payment = intend(payments, installments=wish)
    done = confirm(payments, payment, add_card(payments, MASTERCARD)).body
    rows = payments.fetch(
        "SELECT due_date::text AS due_date, principal_minor, interest_minor FROM installment ORDER BY number"
    )
    assert [tuple(row.values()) for row in rows] == [
        (row["dueDate"], row["principal"], row["interest"]) for row in done["installments"]["schedule"]
    ]
    assert rows[0]["due_date"] == wished
    core = read_core_plan(payments, done)
    assert core.offer.issuer_terms == IssuerTerms(fee_minor=0, is_fee_spread=False, in_advance=False)


def test_the_issuer_is_told_at_once_however_far_the_account_is_ahead(payments: PaymentsWorld) -> None:
    advance(payments, days=100)
    buy(payments, MASTERCARD, 3)
    letters = payments.fetch(
        "SELECT l.created_at <= clock_timestamp() + w.clock_offset AS is_due,"
        " p.created_at = l.created_at AS is_same"
        " FROM letter l JOIN plan p ON p.plan_id = l.subject_id, world w"
    )
    assert letters == [{"is_due": True, "is_same": True}]


def test_of_a_lenders_plan_no_issuer_is_told(payments: PaymentsWorld) -> None:
    buy_lent(payments, "ada")
    assert payments.count_records()["plan"] == 1
    assert payments.fetch("SELECT kind FROM letter") == [{"kind": "payments.mail"}]


def test_a_plan_waits_for_its_capture(payments: PaymentsWorld) -> None:
    payment = intend(payments, captureMethod="manual")
    done = confirm(payments, payment, add_card(payments, MASTERCARD)).body
    assert (done["status"], done["installments"]["status"]) == ("authorized", "created")
    assert payments.count_records()["plan"] == 0
    taken = payments.post(f"/v1/payments/{payment['id']}/capture", {}).body
    assert (taken["status"], taken["installments"]["status"]) == ("completed", "active")
    assert payments.count_records()["plan"] == 1


def test_a_cancelled_authorization_cancels_its_plan(payments: PaymentsWorld) -> None:
    payment = intend(payments, captureMethod="manual")
    confirm(payments, payment, add_card(payments, MASTERCARD))
    done = payments.post(f"/v1/payments/{payment['id']}/cancel", {}).body
    assert (done["status"], done["installments"]["status"]) == ("cancelled", "cancelled")
    assert list_statuses(done) == ["cancelled"] * 3
    assert list_events(payments, "plan") == ["plan.offered", "plan.accepted", "plan.cancelled"]
    advance(payments, days=100)
    assert list_events(payments, "installment") == []


def test_a_plan_begins_and_falls_once(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    before = payments.count_records()

    async def again(
        connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan
    ) -> Any:
        await cancel_plan(connection, desk, moment, plan.plan_id, "payment_failed")
        from_payment = await payments_of(connection, moment, bought["id"])
        return await activate_plan(connection, desk, moment, from_payment)

    assert change(payments, bought, again) is None
    assert payments.count_records() == before


async def payments_of(connection: Connection, moment: AccountMoment, payment_id: str) -> Any:
    """The payment's record."""
    found = await payments_store.find_payment(connection, moment.owner, payment_id)
    assert found is not None
    return found


async def choose(
    desk: PaymentsDesk, moment: AccountMoment, payment_id: str, card: str
) -> tuple[Payment, PlanChoice, PlanApproval]:
    """What a payment's wish comes to with a card, and the word on it; nothing is accepted yet."""
    payment = (await read_payment(desk, moment, payment_id)).payment
    method = await get_payment_method(desk, moment, card)
    choice = await choose_plan(desk, moment, payment, method, payment.wish)
    return payment, choice, await approve_plan(desk, moment, payment, method, choice)


def test_an_approval_that_ends_before_the_acceptance_is_none(payments: PaymentsWorld) -> None:
    wish = {"enabled": True, "program": "vinr_bnpl"}
    billing = BILLING | {"email": "bnpl-lapse@example.com"}
    payment = intend(payments, installments=wish, billingDetails=billing)
    card = add_card(payments, OUTSIDE)

    async def accept_late(desk: PaymentsDesk, moment: AccountMoment) -> None:
        held, choice, approval = await choose(desk, moment, payment["id"], card)
        later = replace(moment, now=moment.now + timedelta(seconds=60))
        async with desk.engine.database.transaction() as connection:
            await accept_plan(connection, desk, later, held, choice, approval)

    with pytest.raises(PaymentRefused) as refused:
        payments.as_account(accept_late)
    assert refused.value.fault is Fault.PLAN_EXPIRED
    assert payments.count_records()["payment_plan"] == 0
    assert list_events(payments, "plan") == ["plan.offered"]


def test_a_payment_accepts_one_plan(payments: PaymentsWorld) -> None:
    payment, card = intend(payments), add_card(payments, MASTERCARD)

    async def accept_twice(desk: PaymentsDesk, moment: AccountMoment) -> None:
        held, choice, approval = await choose(desk, moment, payment["id"], card)
        for _ in range(2):
            async with desk.engine.database.transaction() as connection:
                await accept_plan(connection, desk, moment, held, choice, approval)

    with pytest.raises(PaymentRefused) as refused:
        payments.as_account(accept_twice)
    assert refused.value.fault is Fault.RESOURCE_BUSY
    assert payments.count_records()["payment_plan"] == 1
    assert list_events(payments, "plan") == ["plan.offered", "plan.accepted"]


def test_a_refund_goes_all_the_way_through_the_plan(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=35)
    made = payments.post("/v1/refunds", {"payment": bought["id"], "amount": 20000})
    assert made.status == 201
    plan = payments.get(f"/v1/installments/plans/{bought['installments']['plan']}").body
    assert (plan["held"], plan["remainingAmount"]) == (True, 40000)
    advance(payments, hours=1)
    advance(payments, days=12)
    plan = payments.get(f"/v1/installments/plans/{bought['installments']['plan']}").body
    assert (plan["held"], plan["remainingAmount"], plan["totalAmount"]) == (False, 20000, 40000)
    assert [row["amount"] for row in plan["schedule"]] == [20000, 10000, 10000]
    advance(payments, days=70)
    assert list_statuses(get_payment(payments, bought["id"])) == ["paid", "paid", "paid"]
    assert find_breaks(payments) == []


def test_nothing_is_collected_while_a_refund_is_pending(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    days = [row["dueDate"] for row in bought["installments"]["schedule"]]
    hold(payments, bought)
    hold(payments, bought)
    go_to(payments, days[0], 7)
    assert list_statuses(get_payment(payments, bought["id"])) == ["due", "due", "due"]
    release(payments, bought)
    advance(payments, days=2)
    assert list_statuses(get_payment(payments, bought["id"])) == ["due", "due", "due"]
    refund(payments, bought, 10000, 10000, 10000)
    release(payments, bought)
    assert list_statuses(get_payment(payments, bought["id"])) == ["due", "due", "due"]
    # The day after the hold ended, at the new amount.
    advance(payments, days=1)
    held = get_payment(payments, bought["id"])["installments"]
    assert [(row["status"], row["amount"]) for row in held["schedule"]] == [
        ("paid", 10000),
        ("due", 10000),
        ("due", 10000),
    ]
    assert held["remainingAmount"] == 20000
    go_to(payments, days[1], 6)
    assert list_statuses(get_payment(payments, bought["id"])) == ["paid", "paid", "due"]
    assert find_breaks(payments) == []


def test_a_hold_that_ends_before_six_leaves_the_day_as_it_is(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    day = bought["installments"]["schedule"][0]["dueDate"]
    hold(payments, bought)
    go_to(payments, day, 5)
    release(payments, bought)
    go_to(payments, day, 6)
    assert list_statuses(get_payment(payments, bought["id"])) == ["paid", "due", "due"]


ENDS = [
    # What a refund leaves of 3 rows of which one is paid; the plan's state and its event.
    ((10000, 10000), False, "active", ["due", "due"], "plan.recalculated"),
    ((20000, 0), False, "active", ["due", "cancelled"], "plan.recalculated"),
    ((0, 0), False, "completed", ["cancelled", "cancelled"], "plan.completed"),
    ((0, 0), True, "cancelled", ["cancelled", "cancelled"], "plan.cancelled"),
]


@pytest.mark.parametrize(("principals", "cancels", "state", "statuses", "event"), ENDS)
def test_a_refund_changes_the_rows_that_are_open(
    payments: PaymentsWorld,
    principals: tuple[int, ...],
    cancels: bool,
    state: str,
    statuses: list[str],
    event: str,
) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=32)
    refund(payments, bought, *principals, cancels=cancels)
    held = get_payment(payments, bought["id"])["installments"]
    assert (held["status"], [row["status"] for row in held["schedule"]]) == (state, ["paid", *statuses])
    assert [row["amount"] for row in held["schedule"]] == [20000, *principals]
    assert held["remainingAmount"] == sum(principals)
    assert list_events(payments, "plan")[-1] == event
    assert find_breaks(payments) == []
    advance(payments, days=70)
    assert list_statuses(get_payment(payments, bought["id"])) == [
        "paid",
        *["paid" if status == "due" else status for status in statuses],
    ]


def test_a_row_that_ended_never_changes(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=32)
    with pytest.raises(REFUSED_ERRORS):
        payments.fetch("UPDATE payment_plan_row SET principal_minor = 1 WHERE status = 'paid' RETURNING 1")
    assert get_payment(payments, bought["id"])["installments"]["schedule"][0]["amount"] == 20000


def test_a_late_payer_of_the_lender_is_asked_again_the_next_day(payments: PaymentsWorld) -> None:
    bought = buy_lent(payments, "bnpl-late")
    advance(payments, minutes=1)
    day = bought["installments"]["schedule"][0]["dueDate"]
    go_to(payments, day, 6)
    held = get_payment(payments, bought["id"])
    assert (list_statuses(held), held["installments"]["remainingAmount"]) == (
        ["overdue", "due", "due"],
        60000,
    )
    advance(payments, days=1)
    assert list_statuses(get_payment(payments, bought["id"])) == ["paid", "due", "due"]
    advance(payments, days=100)
    held = get_payment(payments, bought["id"])
    assert (list_statuses(held), held["installments"]["status"]) == (["paid"] * 3, "completed")
    assert find_breaks(payments) == []


class BoundIssuer:
    """An issuer that can be told what to say; `is_deaf` says nothing at all."""

    def __init__(self, plan_word: PlanWord = PlanWord.GRANTED, *, is_deaf: bool = False) -> None:
        self.plan_word = plan_word
        self.is_deaf = is_deaf
        self.questions: list[CardQuestion] = []

    async def ask_card(self, question: CardQuestion) -> CardAnswer:
        self.questions.append(question)
        if self.is_deaf:
            await asyncio.sleep(3600)
        return CardAnswer(word=CardWord.ELIGIBLE)

    async def approve(self, question: CardQuestion, offer: PaymentOffer, *, question_id: str) -> PlanWord:
        return self.plan_word


def test_an_issuer_that_says_nothing_for_three_seconds_is_unavailable(payments: PaymentsWorld) -> None:
    payments.set_desk(plan_issuer=BoundIssuer(is_deaf=True))
    payment = intend(payments, installments={"enabled": True, "program": "issuer"})
    shown = list_plans(payments, payment, add_card(payments, MASTERCARD)).body
    codes = [reason["code"] for reason in shown["unavailableReasons"]]
    assert (shown["data"], codes) == ([], ["issuer_unavailable", "program_excluded"])


def test_an_issuer_that_falls_silent_over_a_plan_charges_nothing(payments: PaymentsWorld) -> None:
    payments.set_desk(plan_issuer=BoundIssuer(PlanWord.UNAVAILABLE))
    payment, card = intend(payments), add_card(payments, MASTERCARD)
    refused = confirm(payments, payment, card)
    assert (refused.status, refused.code) == (402, "no_plan_available")
    (reason,) = refused.error["details"]["unavailableReasons"]
    assert (reason["code"], reason["program"]) == ("issuer_unavailable", "mastercard_installments")
    assert payments.count_records()["payment_plan"] == 0
    payments.set_desk(plan_issuer=BoundIssuer())
    assert confirm(payments, payment, card).body["status"] == "completed"


def test_an_issuer_is_not_asked_about_what_its_programs_rule_out(payments: PaymentsWorld) -> None:
    issuer = BoundIssuer()
    payments.set_desk(plan_issuer=issuer)
    small, dear = intend(payments, amount=4999), intend(payments, amount=600001)
    card = add_card(payments, MASTERCARD)
    for payment in (small, dear):
        assert list_plans(payments, payment, card).body["data"] == []
    assert issuer.questions == []


def test_a_second_plan_for_a_payment_is_refused_by_the_database(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    with pytest.raises(UniqueViolationError, match="payment_plan_standing"):
        payments.fetch(
            "INSERT INTO payment_plan OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(p,"
            ' \'{"plan_id": "01a20005-f534-743f-828a-915a717b5c79", "position": 99}\')).*'
            " FROM payment_plan p RETURNING 1"
        )
    assert get_payment(payments, bought["id"])["installments"]["status"] == "active"


def test_plans_of_many_payments_are_read_together(payments: PaymentsWorld) -> None:
    bought = [buy(payments, MASTERCARD, count) for count in (3, 6)]

    async def find(desk: PaymentsDesk, moment: AccountMoment) -> dict[str, int]:
        async with desk.engine.database.connection() as connection:
            held = await plans.list_plans_of_payments(
                connection, moment.owner, [*(one["id"] for one in bought), "pay_x"]
            )
            assert await plans.find_plan_of_payment(connection, moment.owner, "pay_x") is None
        return {payment_id: plan.offer.count for payment_id, plan in held.items()}

    assert payments.as_account(find) == {bought[0]["id"]: 3, bought[1]["id"]: 6}


def test_evidence_that_was_altered_is_found(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3)
    payments.fetch("ALTER TABLE payment_plan_evidence DISABLE TRIGGER ALL")
    payments.fetch("UPDATE payment_plan_evidence SET body = body || ' ' RETURNING 1")
    assert [row["what"] for row in find_breaks(payments)] == ["holds another text than was accepted"]


def test_rows_that_do_not_sum_are_found(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3)
    payments.fetch("UPDATE payment_plan_row SET principal_minor = 19999 WHERE number = 2 RETURNING 1")
    assert [row["what"] for row in find_breaks(payments)] == ["finances 60000, its rows make 59999"]
