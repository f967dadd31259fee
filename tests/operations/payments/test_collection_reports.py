"""Issuers report what they collected: rows change by reports alone from then on (`spec/payments.md` §6.5)."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.collection_acts import (
    MAKER,
    OPERATOR,
    collected,
    get_plan_id,
    list_due_dates,
    make_report,
    missed,
    report,
)
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import MASTERCARD, advance, buy, buy_lent, get_payment, intend, list_events
from tests.support.refund_acts import accept, check_books, find_now, list_amounts, look, refund

from parcela.domain.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotFound
from parcela.domain.payments.collection_reports import CollectionReport
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.domain.servicing.refusals import AmountRefused
from parcela.operations import people
from parcela.operations.payments.agenda import TaskLost
from parcela.operations.payments.collection_reports import ReportResult, report_collections
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_life import collect_due
from parcela.store.database import REFUSED_ERRORS
from parcela.store.payments import agenda, plans


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own, served by two engines."""
    with open_payments_world(database_url, demo_template.home, engines=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """For tests that leave nothing behind."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened
    demo_template.server.drop_database(name)


def see(world: PaymentsWorld, bought: dict[str, Any]) -> tuple[list[str], str, str]:
    """Statuses of the rows, the plan's status and how collections are known."""
    held = get_payment(world, bought["id"])
    plan = world.get(f"/v1/installments/plans/{bought['installments']['plan']}").body
    statuses = [status for _, status in list_amounts(held)]
    return statuses, held["installments"]["status"], plan["collectionSource"]


def test_rows_change_by_reports_alone_once_there_is_one(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    first, second, third = list_due_dates(bought)
    advance(payments, days=32)
    assert see(payments, bought) == (["paid", "due", "due"], "active", "schedule")
    told = len(list_events(payments, "installment", "plan"))

    # The schedule took row 1 for paid; the issuer knows better.
    report(payments, bought, make_report("r1", find_now(payments), missed(1, first)), who=MAKER)
    assert see(payments, bought) == (["overdue", "due", "due"], "active", "issuer")
    kinds = payments.fetch("SELECT kind FROM payments_task WHERE subject_id = $1", get_plan_id(bought))
    assert [row["kind"] for row in kinds] == [TaskKind.ROW_DUE]
    advance(payments, days=70)
    assert see(payments, bought) == (["overdue", "due", "due"], "active", "issuer")
    check_books(payments)

    now = find_now(payments)
    report(payments, bought, make_report("r2", now, collected(1, second), collected(2, second)))
    assert see(payments, bought) == (["paid", "paid", "due"], "active", "issuer")
    report(payments, bought, make_report("r3", now, missed(3, third)))
    assert see(payments, bought) == (["paid", "paid", "overdue"], "active", "issuer")
    report(payments, bought, make_report("r4", now, collected(3, third)))
    assert see(payments, bought) == (["paid", "paid", "paid"], "completed", "issuer")
    # What was collected is confirmed, and changes nothing.
    confirmed = report(payments, bought, make_report("r5", now, collected(3, third)))
    assert (confirmed.accepted.entries[0].was, confirmed.accepted.plan_state) == ("paid", "completed")
    # The money did not stay with the issuer: the plan runs again, until it is there.
    report(payments, bought, make_report("r6", now, missed(3, third)))
    assert see(payments, bought) == (["paid", "paid", "overdue"], "active", "issuer")
    check_books(payments)
    report(payments, bought, make_report("r7", now, collected(3, third)))
    assert see(payments, bought) == (["paid", "paid", "paid"], "completed", "issuer")
    assert list_events(payments, "installment", "plan")[told:] == [
        "plan.recalculated",
        "installment.due",
        "installment.due",
        "installment.paid",
        "installment.paid",
        "installment.paid",
        "plan.completed",
        "plan.recalculated",
        "installment.paid",
        "plan.completed",
    ]
    check_books(payments)
    lines = payments.fetch(
        "SELECT actor, detail::text AS detail FROM audit"
        " WHERE action = 'payment_plan.report_collections' ORDER BY sequence LIMIT 2"
    )
    assert [tuple(line.values()) for line in lines] == [
        (MAKER, '{"changed":[1],"reference":"r1","rows":[1]}'),
        (OPERATOR, '{"changed":[1,2],"reference":"r2","rows":[1,2]}'),
    ]


def test_a_report_has_its_effect_once(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=40)
    first, _, _ = list_due_dates(bought)
    now = find_now(payments)
    wanted = make_report("r1", now, collected(1, first), collected(2, first))

    async def tell_twice() -> list[ReportResult]:
        person = await people.get_person(payments.engine, OPERATOR)
        told = [report_collections(desk, person, get_plan_id(bought), wanted) for desk in payments.desks]
        return await asyncio.gather(*told)

    results = payments.run(tell_twice())
    assert sorted(result.is_new for result in results) == [False, True]
    assert results[0].accepted == results[1].accepted
    assert list_events(payments, "installment") == ["installment.due", "installment.paid", "installment.paid"]
    # The order of its rows is no other content; anything else is.
    turned = replace(wanted, rows=wanted.rows[::-1])
    assert report(payments, bought, turned).accepted == results[0].accepted
    for other in (
        replace(wanted, rows=wanted.rows[:1]),
        replace(wanted, reported_at=now - timedelta(seconds=1)),
        make_report("r1", now, collected(1, first), missed(2, first)),
    ):
        with pytest.raises(Conflict, match="Another report of this plan has the reference 'r1'"):
            report(payments, bought, other)
    # Nor is the answer another one when the plan has ended.
    refund(payments, bought)
    advance(payments, days=12)
    assert see(payments, bought) == (["paid", "paid", "cancelled"], "cancelled", "issuer")
    again = report(payments, bought, wanted)
    assert (again.accepted, again.is_new) == (results[0].accepted, False)
    with pytest.raises(Conflict, match="is cancelled: rows are reported of plans that are active"):
        report(payments, bought, replace(wanted, reference="r2"))
    assert payments.fetch("SELECT count(*) AS n FROM payment_collection_report") == [{"n": 1}]
    check_books(payments)


Making = Callable[[datetime, list[str]], CollectionReport]
YEAR = timedelta(days=365)
REFUSALS: list[tuple[str, Making, type[DomainError], str]] = [
    (
        "a card number",
        lambda now, _: make_report("5200828200000108", now, collected(1, "2026-01-01")),
        InvalidInput,
        "reference: expected an id that is no card number",
    ),
    ("no rows", lambda now, _: make_report("r", now), InvalidInput, "entries: expected at least one row"),
    (
        "a row twice",
        lambda now, due: make_report("r", now, collected(1, due[0]), missed(1, due[0])),
        InvalidInput,
        "number: expected each row once in a report, got 1 again",
    ),
    (
        "no such row",
        lambda now, due: make_report("r", now, collected(1, due[0]), collected(4, due[0])),
        InvalidInput,
        "number: expected a row of the plan, 1 to 3, got 4",
    ),
    (
        "another amount, after a row that is right",
        lambda now, due: make_report("r", now, collected(1, due[0]), collected(2, due[0], 19900)),
        AmountRefused,
        "Row 2: expected 200.00 EUR (20000), got 19900 minor units",
    ),
    (
        "no amount",
        lambda now, due: make_report("r", now, replace(collected(1, due[0]), amount_minor=None)),
        InvalidInput,
        "amount: expected the amount that was collected (row 1)",
    ),
    (
        "an amount of a missed row",
        lambda now, due: make_report("r", now, replace(missed(1, due[0]), amount_minor=20000)),
        InvalidInput,
        "amount: expected none for a missed row (row 1)",
    ),
    (
        "before the purchase",
        lambda now, due: make_report("r", now, collected(1, str(now.date() - YEAR))),
        InvalidInput,
        "date: expected a day from {bought} (the purchase) to {today} (today) on which row 1 was collected,"
        " got {early}",
    ),
    (
        "in the future",
        lambda now, due: make_report("r", now, collected(1, str(now.date() + timedelta(days=1)))),
        InvalidInput,
        "date: expected a day from {bought} (the purchase) to {today} (today) on which row 1 was collected,"
        " got {tomorrow}",
    ),
    (
        "missed before it was due",
        lambda now, due: make_report("r", now, missed(2, str(now.date()))),
        InvalidInput,
        "date: expected a day from {second} (its due date) to {today} (today) on which row 2 was missed,"
        " got {today}",
    ),
    (
        "reported in the future",
        lambda now, due: make_report("r", now + timedelta(minutes=6), collected(1, due[0])),
        InvalidInput,
        "reported_at: expected an instant between the purchase on {bought} and now, ",
    ),
    (
        "reported before the purchase",
        lambda now, due: make_report("r", now - YEAR, collected(1, due[0])),
        InvalidInput,
        "reported_at: expected an instant between the purchase on {bought} and now, ",
    ),
    (
        "without an offset",
        lambda now, due: replace(make_report("r", now, collected(1, due[0])), reported_at=datetime.min),
        InvalidInput,
        "reported_at: expected an instant with its offset, such as 2026-01-31T09:30:00Z",
    ),
]


@pytest.fixture(scope="module")
def bought_before(shared: PaymentsWorld) -> dict[str, Any]:
    """A plan whose first row was collected by the schedule."""
    bought = buy(shared, MASTERCARD, 3)
    advance(shared, days=32)
    return bought


def count_written(world: PaymentsWorld) -> list[dict[str, Any]]:
    """Everything that a report may write."""
    return world.fetch(
        "SELECT (SELECT count(*) FROM payment_collection_report) AS reports,"
        " (SELECT count(*) FROM payment_reported_row) AS rows,"
        " (SELECT count(*) FROM payments_event) AS events, (SELECT count(*) FROM audit) AS lines,"
        " (SELECT sum(lock_version) FROM payment_plan) AS versions"
    )


@pytest.mark.parametrize(
    ("make", "error", "sentence"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_a_report_that_cannot_be_is_refused_whole(
    shared: PaymentsWorld,
    bought_before: dict[str, Any],
    make: Making,
    error: type[DomainError],
    sentence: str,
) -> None:
    now, due = find_now(shared), list_due_dates(bought_before)
    before = count_written(shared)
    with pytest.raises(error) as refused:
        report(shared, bought_before, make(now, due))
    days: dict[str, date] = {
        "today": now.date(),
        "tomorrow": now.date() + timedelta(days=1),
        "early": now.date() - YEAR,
        "bought": now.date() - timedelta(days=32),
        "second": date.fromisoformat(due[1]),
    }
    assert str(refused.value).startswith(sentence.format(**days))
    assert count_written(shared) == before
    assert see(shared, bought_before) == (["paid", "due", "due"], "active", "schedule")


def test_only_plans_that_an_issuer_runs_are_reported_on(shared: PaymentsWorld) -> None:
    lent = buy_lent(shared, "ada")
    waiting = intend(shared, captureMethod="manual")
    card = shared.post(
        "/v1/payment-methods",
        {"type": "card", "card": {"number": MASTERCARD, "expMonth": 12, "expYear": 2030, "cvc": "123"}},
        key=shared.publishable,
    ).body["id"]
    body = {"paymentMethod": card, "installments": {"enabled": True, "count": 3}}
    held = shared.post(f"/v1/payments/{waiting['id']}/confirm", body).body
    assert held["status"] == "authorized"
    wanted = make_report("r", find_now(shared), collected(1, str(find_now(shared).date())))
    before = count_written(shared)
    for payment, who, error, sentence in (
        (
            lent,
            OPERATOR,
            Conflict,
            "is run by its lender, who collects by itself: there is nothing to report.",
        ),
        (
            held,
            OPERATOR,
            Conflict,
            "is created: rows are reported of plans that are active or completed alone.",
        ),
        (lent, MAKER, NotFound, "There is no plan of a payment '{plan_id}'."),
        (held, "checker@sandbox.example", NotAllowed, "Only issuer makers and operators may act on accounts"),
    ):
        with pytest.raises(error) as refused:
            report(shared, payment, wanted, who=who)
        assert sentence.format(plan_id=get_plan_id(payment)) in str(refused.value)
    assert count_written(shared) == before


def test_a_later_report_corrects_and_an_earlier_one_does_not(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=33)
    first, _, _ = list_due_dates(bought)
    now = find_now(payments)
    report(payments, bought, make_report("r1", now, missed(1, first)))
    before = count_written(payments)
    with pytest.raises(Conflict, match=r"Row 1 was reported later, at .*Z: an earlier report does not"):
        report(payments, bought, make_report("r0", now - timedelta(hours=1), collected(1, first)))
    assert count_written(payments) == before
    # Of the same instant the one that comes later counts; other rows have their own last word.
    report(payments, bought, make_report("r2", now, collected(1, first)))
    report(payments, bought, make_report("r3", now - timedelta(hours=1), collected(2, first)))
    assert see(payments, bought) == (["paid", "paid", "due"], "active", "issuer")
    check_books(payments)


def test_a_preview_does_not_outlive_a_report(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=33)
    first, second, _ = list_due_dates(bought)
    asked = {"payment": bought["id"], "amount": 20000}
    shown = payments.post("/v1/refunds/preview", asked).body
    assert (shown["plan"]["exact"], shown["maximumPartialAmount"]) == (True, 40000)
    report(payments, bought, make_report("r1", find_now(payments), missed(1, first)))
    stale = payments.post("/v1/refunds", asked | {"preview": shown["id"]})
    assert (stale.status, stale.code) == (422, "preview_stale")
    fresh = stale.error["details"]["preview"]
    # Other rows may be reported until the refund has succeeded, and nobody here decides on that.
    assert (fresh["plan"]["exact"], fresh["maximumPartialAmount"]) == (False, 60000)
    made = payments.post("/v1/refunds", asked | {"preview": fresh["id"]}).body
    assert made["effect"]["plan"] == fresh["plan"]
    assert [row["amount"] for row in made["effect"]["plan"]["after"]] == [13334, 13333, 13333]
    check_books(payments)

    # While it is on its way the issuer collects row 1, as it stood; the refund follows.
    report(payments, bought, make_report("r2", find_now(payments), collected(1, first)))
    assert payments.fetch("SELECT type FROM payments_event ORDER BY position DESC LIMIT 1") == [
        {"type": "refund.updated"}
    ]
    follows = look(payments, made)["effect"]
    assert [row["amount"] for row in follows["plan"]["after"]] == [10000, 10000]
    assert follows["cashBack"] == 0
    advance(payments, days=12)
    done = look(payments, made)
    assert (done["status"], done["effect"]) == ("succeeded", follows)
    assert list_amounts(get_payment(payments, bought["id"])) == [
        (20000, "paid"),
        (10000, "due"),
        (10000, "due"),
    ]
    check_books(payments)
    advance(payments, days=40)
    with pytest.raises(AmountRefused, match=r"Row 2: expected 100.00 EUR \(10000\), got 20000 minor units"):
        report(payments, bought, make_report("r3", find_now(payments), collected(2, second)))
    report(payments, bought, make_report("r3", find_now(payments), collected(2, second, 10000)))
    assert see(payments, bought)[0] == ["paid", "paid", "due"]
    check_books(payments)


def test_a_row_whose_money_was_given_back_is_not_missed(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=33)
    first, _, _ = list_due_dates(bought)
    made = accept(payments, bought, amount=40000)
    # Row 2 is collected while 400.00 are on their way back: 200.00 of that are cash.
    report(payments, bought, make_report("r1", find_now(payments), collected(2, first)))
    assert look(payments, made)["effect"]["cashBack"] == 20000
    advance(payments, days=12)
    assert see(payments, bought) == (["paid", "paid", "cancelled"], "completed", "issuer")
    check_books(payments)
    now = find_now(payments)
    second = list_due_dates(bought)[1]
    advance(payments, days=30)
    now, before = find_now(payments), count_written(payments)
    for rows, sentence in (
        ((missed(1, first), missed(2, second)), "Row 1, 2 cannot be missed: a refund gave back"),
        ((collected(3, first),), "Row 3 was cancelled by a refund: nothing is collected"),
    ):
        with pytest.raises(Conflict, match=sentence):
            report(payments, bought, make_report("r2", now, *rows))
    assert count_written(payments) == before
    report(payments, bought, make_report("r2", now, missed(1, first)))
    assert see(payments, bought) == (["overdue", "paid", "cancelled"], "active", "issuer")
    check_books(payments)
    # Captured 600.00, given back 400.00, collected 200.00: nothing is left for a part, whatever is open.
    refused = refund(payments, bought, amount=5000)
    assert (refused.status, refused.code) == (422, "amount_too_large")
    assert refused.error["details"] == {"maximum": 0, "full_amount": 20000}
    # All that is left is the missed row: a full refund takes it away.
    full = accept(payments, bought)
    assert (full["amount"], full["effect"]["cashBack"], full["kind"]) == (20000, 0, "full")
    advance(payments, days=12)
    assert see(payments, bought) == (["cancelled", "paid", "cancelled"], "cancelled", "issuer")
    check_books(payments)


def test_a_full_refund_that_is_on_its_way_follows_a_row_that_was_missed_after_all(
    payments: PaymentsWorld,
) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=100)
    assert see(payments, bought) == (["paid", "paid", "paid"], "completed", "schedule")
    made = accept(payments, bought)
    assert made["effect"]["cashBack"] == 60000
    third = list_due_dates(bought)[2]
    report(payments, bought, make_report("r1", find_now(payments), missed(3, third)))
    assert see(payments, bought) == (["paid", "paid", "overdue"], "active", "issuer")
    assert look(payments, made)["effect"]["cashBack"] == 40000
    check_books(payments)
    advance(payments, days=12)
    assert look(payments, made)["status"] == "succeeded"
    assert see(payments, bought) == (["paid", "paid", "cancelled"], "cancelled", "issuer")
    check_books(payments)


def test_a_collection_that_the_report_overtakes_comes_to_nothing(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    first, plan_id = list_due_dates(bought)[0], get_plan_id(bought)

    async def begin(desk: PaymentsDesk, moment: AccountMoment) -> Task:
        """The day's collection has begun, as a worker leaves it that died then."""
        async with desk.engine.database.transaction() as connection:
            await agenda.lock_offset(connection, moment.owner)
            await agenda.set_offset(connection, moment.owner, timedelta(days=32))
            plan = await plans.find_plan(connection, moment.owner, plan_id, is_locked=True)
            assert plan is not None
            await plans.mark_asked(connection, plan, by=moment.today + timedelta(days=32))
            fence = await agenda.lease_agenda(connection, moment.owner, lease_s=60)
            assert fence is not None
            kinds = [TaskKind.COLLECT_ROW]
            until = moment.now + timedelta(days=32)
            task = await agenda.find_next_task(
                connection, moment.owner, until=until, fence=fence, kinds=kinds
            )
        assert task is not None
        return task

    task = payments.as_account(begin)
    report(payments, bought, make_report("r1", find_now(payments), missed(1, first)))
    before = count_written(payments)

    async def go_on(desk: PaymentsDesk, moment: AccountMoment) -> None:
        await collect_due(desk, moment, task)

    with pytest.raises(TaskLost):
        payments.as_account(go_on)
    assert count_written(payments) == before
    assert see(payments, bought) == (["overdue", "due", "due"], "active", "issuer")


BREAKS = [
    (
        "UPDATE payment_plan SET collection_source = 'schedule'",
        "goes by the schedule, and its issuer has reported",
    ),
    (
        "UPDATE payment_plan_row SET collect_on = due_date WHERE number = 2",
        "row 2 is collected by the clock, though the issuer reports",
    ),
    ("UPDATE payment_plan_row SET status = 'paid' WHERE number = 1", "row 1 is paid, reported was missed"),
]


def test_the_database_keeps_reports_and_finds_plans_that_do_not_follow_them(payments: PaymentsWorld) -> None:
    bought = buy(payments, MASTERCARD, 3)
    advance(payments, days=33)
    taken_back = "UPDATE payment_plan_row SET status = 'overdue' WHERE number = 1 RETURNING 1"
    with pytest.raises(REFUSED_ERRORS, match="has ended"):
        payments.fetch(taken_back)
    unfounded = "UPDATE payment_plan SET collection_source = 'issuer' RETURNING 1"
    view = "SELECT what FROM broken_collection_report"

    async def find(sql: str) -> list[str]:
        async with payments.engine.database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(sql)
            found = [row["what"] for row in await connection.fetch(view)]
            await transaction.rollback()
            return found

    assert "goes by reports of its issuer, and there are none" in payments.run(find(unfounded))
    report(payments, bought, make_report("r1", find_now(payments), missed(1, list_due_dates(bought)[0])))
    assert payments.fetch(view) == []
    for sql, what in BREAKS:
        assert payments.run(find(sql)) == [what]
    for sql in (
        "DELETE FROM payment_reported_row",
        "UPDATE payment_collection_report SET reference = 'r2'",
    ):
        with pytest.raises(REFUSED_ERRORS, match="is append only"):
            payments.run(find(sql))
