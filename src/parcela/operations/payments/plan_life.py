"""The life of a plan after its acceptance: begun with the capture, collected row by row, changed by refunds.

`spec/payments.md` §§6.4, 6.5, 9.1 and 11.1. Everything but the tasks happens in the caller's transaction.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from parcela.domain.orders import AcquirerFacts
from parcela.domain.payments.accounts import PaymentsProgram, ProgramModel
from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plan_choices import PlanApproval, PlanChoice
from parcela.domain.payments.plan_rows import (
    COLLECT_TIME,
    DUE_TIME,
    PlanAction,
    RowOutcome,
    apply_reported,
    apply_rows,
    at_account_time,
    check_effect,
    decide_row_outcome,
    find_next_state,
    list_states_before,
)
from parcela.domain.payments.plans import (
    CollectionSource,
    PaymentOffer,
    PaymentPlan,
    PlanRow,
    PlanState,
    RowStatus,
)
from parcela.domain.payments.records import Payment
from parcela.domain.payments.refunds import PlanEffect
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments.agenda import TaskHandler, drop_tasks, plan_task, settle_task
from parcela.operations.payments.core_plans import prepare_core_plan
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.disclosing import disclose_offer
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.lending import ANSWER_S, CollectionWord
from parcela.operations.payments.mails import plan_reminder, write_overdue_notes, write_receipt
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import hash_token, make_plan_token
from parcela.operations.payments.plan_evidence import keep_evidence
from parcela.operations.plans import write_new_plan
from parcela.store import cards
from parcela.store.database import Connection
from parcela.store.payments import collection_reports, plans
from parcela.store.payments.early_payments import find_early_payment_under_way
from parcela.store.payments.plans import RowToCollect

_ROW_TASKS = (TaskKind.ROW_DUE, TaskKind.COLLECT_ROW)


async def accept_plan(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    choice: PlanChoice,
    approval: PlanApproval | None,
) -> PaymentPlan:
    """The chosen offer becomes the payment's plan, as it was shown, with the evidence of that (§6.4).

    Raises PaymentRefused: plan_expired when the lender's approval has ended, resource_busy when the payment
    has a plan by now.
    """
    offer = choice.offer
    assert offer is not None and choice.card_id is not None, "a plan was chosen for a card"
    assert approval is not None, "issuer or lender granted the plan"
    if approval.expires_at is not None and approval.expires_at <= moment.now:
        raise PaymentRefused(
            Fault.PLAN_EXPIRED,
            "The lender's approval has ended. List the plans again.",
            resource=payment.payment_id,
        )
    held = await plans.find_plan_of_payment(connection, moment.owner, payment.payment_id)
    if held is not None and held.state is not PlanState.CANCELLED:
        raise PaymentRefused(
            Fault.RESOURCE_BUSY,
            "Another call has given this payment a plan.",
            resource=payment.payment_id,
        )
    plan = _make_plan(desk, moment, payment, choice, offer=offer, assessment_id=approval.assessment_id)
    page_key = hash_token(make_plan_token(desk.engine.vault, plan))
    await plans.insert_plan(connection, plan, card_id=choice.card_id, page_key=page_key)
    disclosure_id = await keep_evidence(connection, desk, moment, plan, choice)
    plan = replace(plan, disclosure_id=disclosure_id)
    await plan_reminder(connection, moment, plan, shown_at=choice.shown_at)
    await _tell_plan(connection, desk, moment, plan, EventType.PLAN_ACCEPTED)
    return plan


async def activate_plan(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    *,
    facts: AcquirerFacts | None = None,
) -> PaymentPlan | None:
    """The payment's money is captured: its plan begins, and the core's own plan is written.

    Rows that are due by now are collected with the purchase; `tell_collected_at_once` tells them, after the
    payment. `facts` are the acquirer's of the capture. None for a payment without a plan that waits.
    """
    plan = await plans.find_plan_of_payment(connection, moment.owner, payment.payment_id, is_locked=True)
    if plan is None or plan.state is not PlanState.CREATED:
        return None
    assert payment.captured_minor in (0, plan.offer.financed_minor), "a payment with a plan is captured whole"
    plan = await _move(connection, moment, plan, PlanAction.ACTIVATE)
    card_id = await plans.get_card_id(connection, moment.owner, plan.plan_id)
    card = await cards.get_card(connection, moment.owner.tenant_id, card_id)
    pan = desk.engine.vault.open_pan(card)
    await write_new_plan(connection, prepare_core_plan(desk.engine, moment, plan, pan=pan, facts=facts))
    if plan.offer.model is ProgramModel.LENDER:
        await plan_task(connection, moment.owner, TaskKind.TELL_LENDER, plan.plan_id, due_at=moment.now)
    plan = await _collect_with_purchase(connection, moment, plan)
    await _plan_rows(connection, moment, plan)
    await write_receipt(connection, desk, moment, payment, plan)
    return plan


async def tell_collected_at_once(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan
) -> None:
    """Tell the rows of a plan that has just begun which were collected with the purchase (§11.1)."""
    await _tell_paid(
        connection, desk, moment, plan, [row.number for row in plan.rows if row.status is RowStatus.PAID]
    )


async def cancel_plan(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan_id: str, reason: str
) -> None:
    """A plan whose payment came to nothing falls with it; one that is no longer waiting stays as it is.

    `reason` says what became of the payment, for the reader of the calling code.
    """
    plan = await plans.find_plan(connection, moment.owner, plan_id, is_locked=True)
    if plan is None or plan.state is not PlanState.CREATED:
        return
    fallen = [replace(row, status=RowStatus.CANCELLED) for row in plan.rows if row.is_open]
    await plans.update_open_rows(connection, plan, fallen)
    plan = await _move(connection, moment, plan, PlanAction.CANCEL)
    plan = replace(plan, rows=apply_rows(plan.rows, fallen))
    await _tell_plan(connection, desk, moment, plan, EventType.PLAN_CANCELLED)


async def apply_effect(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    effect: PlanEffect,
) -> PaymentPlan:
    """A refund succeeded: the rows that were not collected become what it was accepted for (§9.1).

    A full refund cancels the plan; one that leaves nothing to pay completes it.
    """
    held = await plans.find_plan(connection, moment.owner, plan.plan_id, is_locked=True)
    assert held is not None, "the caller holds the plan"
    plan = held
    check_effect(plan, effect)
    changed = await plans.update_open_rows(connection, plan, effect.after)
    assert changed == len(effect.after), "rows of a plan that is held stay open"
    await plans.mark_recalculated(connection, plan)
    plan = replace(plan, rows=apply_rows(plan.rows, effect.after), lock_version=plan.lock_version + 1)
    event = EventType.PLAN_RECALCULATED
    if effect.cancels:
        plan, event = await _move(connection, moment, plan, PlanAction.CANCEL), EventType.PLAN_CANCELLED
    elif not plan.remaining_count:
        plan, event = await _move(connection, moment, plan, PlanAction.COMPLETE), EventType.PLAN_COMPLETED
    await _tell_plan(connection, desk, moment, plan, event)
    await _plan_rows(connection, moment, plan)
    return plan


async def hold_plan(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan_id: str
) -> PaymentPlan:
    """A refund is pending: nothing is collected until as many releases came (§9.1)."""
    plan = await plans.find_plan(connection, moment.owner, plan_id, is_locked=True)
    assert plan is not None, "the caller holds the plan"
    held_by = await plans.update_hold(connection, plan, by=1)
    assert held_by is not None
    return replace(plan, held_by=held_by, lock_version=plan.lock_version + 1)


async def release_plan(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan_id: str
) -> PaymentPlan:
    """A pending refund ended. After the last one, rows whose date passed are collected the day after."""
    plan = await plans.find_plan(connection, moment.owner, plan_id, is_locked=True)
    assert plan is not None, "the caller holds the plan"
    held_by = await plans.update_hold(connection, plan, by=-1)
    assert held_by is not None, "a release ends a hold"
    plan = replace(plan, held_by=held_by, lock_version=plan.lock_version + 1)
    if not held_by:
        await plans.postpone_rows(
            connection, plan, passed=_find_passed_day(moment), until=moment.today + timedelta(days=1)
        )
        await _plan_rows(connection, moment, plan)
    return plan


def _find_passed_day(moment: AccountMoment) -> date:
    """The last day whose time of collection has come."""
    today = moment.today
    has_come = moment.now >= at_account_time(today, COLLECT_TIME, moment.zone)
    return today if has_come else today - timedelta(days=1)


async def announce_due(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """00:00 of a due date: tell the rows that fall due."""

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        plan = await plans.find_plan(connection, moment.owner, task.subject_id, is_locked=True)
        if plan is None or plan.state is not PlanState.ACTIVE:
            return
        numbers = await plans.announce_rows(connection, plan, by=moment.today)
        await _tell_rows(connection, desk, moment, plan, EventType.INSTALLMENT_DUE, numbers)
        await _plan_rows(connection, moment, plan)

    await desk.engine.database.run(work)


async def collect_due(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """06:00: collect what is due. An issuer's rows are known by the schedule, a lender collects its own.

    An issuer that reports takes this task off the agenda: its rows have no day of collection any more.

    While a refund is pending nothing is collected; the release plans the next attempt. But a row that was
    asked for before is asked for until its outcome is known: its money may have moved. Raises PaymentRefused
    (UPSTREAM_ERROR) while it is not known whether rows were paid early.
    """

    async def ask(connection: Connection) -> tuple[PaymentPlan, list[RowToCollect]]:
        plan = await plans.find_plan(connection, moment.owner, task.subject_id, is_locked=True)
        assert plan is not None, "plans are not deleted"
        if await find_early_payment_under_way(connection, plan) is not None:
            raise PaymentRefused(Fault.UPSTREAM_ERROR, "It is not known yet whether rows were paid early.")
        if plan.state is PlanState.ACTIVE and not plan.held_by:
            await plans.mark_asked(connection, plan, by=moment.today)
        return plan, await plans.list_asked_rows(connection, plan)

    plan, wanted = await desk.engine.database.run(ask)
    outcomes: dict[int, RowOutcome] = {}
    for due in wanted:
        row = plan.rows[due.number - 1]
        is_paid = await _ask_collection(desk, moment, plan, row, attempt=due.asked + 1)
        outcomes[row.number] = decide_row_outcome(is_paid=is_paid, attempts=due.attempts, today=moment.today)

    async def work(connection: Connection) -> None:
        await settle_task(connection, task)
        held = await plans.find_plan(connection, moment.owner, task.subject_id, is_locked=True)
        assert held is not None, "plans are not deleted"
        if held.state is PlanState.ACTIVE:
            held, paid = await _write_outcomes(connection, moment, held, outcomes)
            await _tell_paid(connection, desk, moment, held, paid)
            await write_overdue_notes(connection, desk, moment, held, outcomes)
        if not held.held_by:
            await _plan_rows(connection, moment, held)

    await desk.engine.database.run(work)


async def write_paid_early(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    changed: Sequence[PlanRow],
) -> PaymentPlan:
    """The lender collected early: the first row that changes is paid, the others fall away with it.

    The plan is locked, its rows are free; the last row completes it.
    """
    paid = changed[0]
    written = await plans.update_open_rows(connection, plan, changed)
    assert written == len(changed), "rows of a plan that is paid early stay open"
    plan = replace(plan, rows=apply_rows(plan.rows, changed))
    plan, numbers = await _write_outcomes(connection, moment, plan, {paid.number: RowOutcome(RowStatus.PAID)})
    await _tell_paid(connection, desk, moment, plan, numbers)
    await _plan_rows(connection, moment, plan)
    return plan


async def write_reported(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    changed: Sequence[PlanRow],
) -> PaymentPlan:
    """The issuer reports what became of rows, and they change by reports alone from now on (§6.5).

    The plan is locked, the report was checked. Rows that still fall due are told as before.
    """
    paid = [row.number for row in changed if row.status is RowStatus.PAID]
    is_taken_back = any(plan.rows[row.number - 1].status is RowStatus.PAID for row in changed)
    await collection_reports.hand_over(connection, plan)
    written = await collection_reports.update_reported_rows(connection, plan, changed)
    assert written == len(changed), "the plan is locked"
    plan = replace(
        plan,
        rows=apply_reported(plan.rows, changed),
        collection_source=CollectionSource.ISSUER,
        lock_version=plan.lock_version + 1,
    )
    if plan.state is PlanState.COMPLETED and plan.remaining_count:
        plan = await _move(connection, moment, plan, PlanAction.REOPEN)
    elif plan.state is PlanState.ACTIVE and not plan.remaining_count:
        plan = await _move(connection, moment, plan, PlanAction.COMPLETE)
    await _tell_paid(connection, desk, moment, plan, sorted(paid))
    if is_taken_back:
        await _tell_plan(connection, desk, moment, plan, EventType.PLAN_RECALCULATED)
    await _plan_rows(connection, moment, plan)
    return plan


TASKS: Mapping[TaskKind, TaskHandler] = {
    TaskKind.ROW_DUE: announce_due,
    TaskKind.COLLECT_ROW: collect_due,
}


def _make_plan(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    choice: PlanChoice,
    *,
    offer: PaymentOffer,
    assessment_id: str | None,
) -> PaymentPlan:
    program = _get_program(moment, offer)
    return PaymentPlan(
        plan_id=desk.engine.ids.new_uuid(),
        payment_id=payment.payment_id,
        owner=moment.owner,
        state=PlanState.CREATED,
        offer=offer,
        rows=offer.rows,
        strategy=program.refund_strategy,
        returns_collected_interest=program.returns_collected_interest,
        refund_days=program.refund_days,
        acceptance=choice.acceptance,
        assessment_id=assessment_id,
        created_at=moment.now,
    )


def _get_program(moment: AccountMoment, offer: PaymentOffer) -> PaymentsProgram:
    """The program of an offer that has not lapsed. One that left the catalogue meanwhile grants no plan, nor
    does one that the core program of the offer was taken out of.
    """
    found = moment.world.catalogue(moment.owner.tenant_id).entries.get(
        (PaymentsProgram.kind, offer.program_name)
    )
    program = None if found is None else found.entry
    if not isinstance(program, PaymentsProgram) or offer.program_id not in program.program_ids:
        raise PaymentRefused(Fault.PLAN_EXPIRED, "The plan's program has ended. List the plans again.")
    return program


async def _move(
    connection: Connection, moment: AccountMoment, plan: PaymentPlan, action: PlanAction
) -> PaymentPlan:
    """Move a plan on, guarded by the states from which that is possible."""
    state = find_next_state(plan.state, action)
    moved = await plans.update_state(connection, plan, state, was=list_states_before(action), at=moment.now)
    assert moved, "the plan is locked"
    has_ended = state in (PlanState.COMPLETED, PlanState.CANCELLED)
    if has_ended:
        for kind in _ROW_TASKS:
            await drop_tasks(connection, moment.owner, kind, [plan.plan_id])
    return replace(
        plan,
        state=state,
        activated_at=plan.activated_at or (moment.now if state is PlanState.ACTIVE else None),
        ended_at=moment.now if has_ended else None,
        lock_version=plan.lock_version + 1,
    )


async def _collect_with_purchase(
    connection: Connection, moment: AccountMoment, plan: PaymentPlan
) -> PaymentPlan:
    """A first row due on the purchase day is collected with the purchase (§6.3)."""
    due = [row.number for row in plan.rows if row.due_date <= moment.today]
    if not due:
        return plan
    await plans.announce_rows(connection, plan, by=moment.today)
    paid = {number: RowOutcome(RowStatus.PAID) for number in due}
    plan, _ = await _write_outcomes(connection, moment, plan, paid)
    return plan


async def _ask_collection(
    desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan, row: PlanRow, *, attempt: int
) -> bool:
    """Is a row paid? The same attempt again gets the first answer.

    Raises PaymentRefused (UPSTREAM_ERROR) for a lender that says nothing: the payer is not late for that.
    """
    if plan.offer.model is not ProgramModel.LENDER:
        return True
    try:
        async with asyncio.timeout(ANSWER_S):
            word = await desk.lender.collect(plan, row, attempt=attempt, at=moment.now)
    except TimeoutError:
        word = CollectionWord.UNAVAILABLE
    if word is CollectionWord.UNAVAILABLE:
        raise PaymentRefused(Fault.UPSTREAM_ERROR, "The lender does not answer.")
    return word is CollectionWord.PAID


async def _write_outcomes(
    connection: Connection, moment: AccountMoment, plan: PaymentPlan, outcomes: Mapping[int, RowOutcome]
) -> tuple[PaymentPlan, list[int]]:
    """Write what became of open rows; the last one completes the plan. Gives the numbers of the paid ones."""
    paid = []
    for number, outcome in sorted(outcomes.items()):
        was_open = await plans.update_row_status(
            connection, plan, number, outcome.status, collect_on=outcome.collect_on
        )
        if was_open:
            changed = replace(plan.rows[number - 1], status=outcome.status)
            plan = replace(plan, rows=apply_rows(plan.rows, [changed]))
        if was_open and outcome.status is RowStatus.PAID:
            paid.append(number)
    if paid and not plan.remaining_count:
        plan = await _move(connection, moment, plan, PlanAction.COMPLETE)
        if plan.offer.model is ProgramModel.LENDER:
            await plan_task(connection, moment.owner, TaskKind.TELL_LENDER, plan.plan_id, due_at=moment.now)
    return plan, paid


async def _tell_paid(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    paid: Sequence[int],
) -> None:
    """Tell the rows that were paid now, and the plan's end where that was the last of them."""
    await _tell_rows(connection, desk, moment, plan, EventType.INSTALLMENT_PAID, paid)
    if paid and plan.state is PlanState.COMPLETED:
        await _tell_plan(connection, desk, moment, plan, EventType.PLAN_COMPLETED)


async def _plan_rows(connection: Connection, moment: AccountMoment, plan: PaymentPlan) -> None:
    """Have the next row fall due, and the next one be collected, each at its time of the account's day."""
    if plan.state is not PlanState.ACTIVE:
        return
    upcoming = await plans.find_next_dates(connection, plan)
    for kind, day, at in (
        (TaskKind.ROW_DUE, upcoming.due_date, DUE_TIME),
        (TaskKind.COLLECT_ROW, upcoming.collect_on, COLLECT_TIME),
    ):
        if day is None:
            await drop_tasks(connection, moment.owner, kind, [plan.plan_id])
        else:
            due_at = at_account_time(day, at, moment.zone)
            await plan_task(connection, moment.owner, kind, plan.plan_id, due_at=due_at)


async def _tell_plan(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan, event: EventType
) -> None:
    document = desk.renderer.render_plan(plan, disclose_offer(desk, moment, plan.offer))
    happening = Happening(event, name_plan(plan.plan_id), document)
    await tell(connection, desk, moment, [happening])


async def _tell_rows(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    event: EventType,
    numbers: Sequence[int],
) -> None:
    """Tell rows of a plan, which is the events' object."""
    if not numbers:
        return
    happenings = [
        Happening(event, name_plan(plan.plan_id), desk.renderer.render_row(plan, number))
        for number in numbers
    ]
    await tell(connection, desk, moment, happenings)
