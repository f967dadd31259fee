"""Paying a lender's plan before its rows fall due, on the cardholder's own page (`docs/plan-page.md`).

What is asked of the lender is written first; the call comes after that, its outcome last. Whoever dies in
between, or a lender that says nothing, leaves rows that nothing else touches and a task that asks again.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from parcela.domain.payments.accounts import PaymentsProgram
from parcela.domain.payments.early_payments import (
    EarlyBar,
    EarlyKind,
    EarlyPayment,
    EarlyQuote,
    EarlyState,
    find_bar,
    find_changed_rows,
    list_kinds,
    quote_early_payment,
)
from parcela.domain.payments.plan_rows import apply_rows
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments.agenda import TaskHandler, drop_tasks, plan_task, settle_task
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.lending import ANSWER_S, CollectionWord
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import PageKind, make_token
from parcela.operations.payments.plan_life import write_paid_early
from parcela.store.database import Connection
from parcela.store.payments import early_payments as store
from parcela.store.payments import plans

RESOLVE_AFTER = timedelta(seconds=30)
_MAX_SERIAL_DIGITS = 9


class EarlyFormUsed(Exception):
    """The form was taken before: what is shown now is what came of it."""


class EarlyFormStale(Exception):
    """What the form showed does not hold any more, or it was not made by us. Nothing was asked for."""


class EarlyBarred(Exception):
    """Nothing can be paid early now, and why."""

    def __init__(self, bar: EarlyBar) -> None:
        self.bar = bar
        super().__init__(str(bar))


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyChoices:
    """What may be paid early now, and what was before. Without a bar there is a quote at least."""

    bar: EarlyBar | None
    quotes: tuple[EarlyQuote, ...]
    made: tuple[EarlyPayment, ...]

    @property
    def serial(self) -> int:
        """The number of the next one."""
        return len(self.made) + 1

    def find_quote(self, kind: EarlyKind) -> EarlyQuote | None:
        """What a kind comes to; None where there is no such choice now."""
        return next((quote for quote in self.quotes if quote.kind is kind), None)


async def find_choices(connection: Connection, moment: AccountMoment, plan: PaymentPlan) -> EarlyChoices:
    """What may be paid early of a plan, by the account's clock. Writes nothing."""
    made = await store.list_early_payments(connection, plan)
    bar = find_bar(
        plan,
        is_allowed=_is_allowed(moment, plan),
        is_asked=bool(await plans.list_asked_rows(connection, plan)),
        refused=sum(1 for early in made if early.state is EarlyState.REFUSED),
    )
    quotes = () if bar is not None else tuple(_quote(moment, plan, kind) for kind in list_kinds(plan))
    return EarlyChoices(bar=bar, quotes=quotes, made=tuple(made))


def make_form_token(desk: PaymentsDesk, plan: PaymentPlan, choices: EarlyChoices, quote: EarlyQuote) -> str:
    """The token of the form that confirms a quote: good once, and while exactly that is quoted."""
    subject = f"{plan.plan_id}|{plan.page_turn}|{choices.serial}|{quote.digest}|early"
    token = make_token(desk.engine.vault, plan.owner.tenant_id, PageKind.PLAN, subject)
    return f"{choices.serial}.{token}"


async def pay_early(
    desk: PaymentsDesk, moment: AccountMoment, plan_id: str, kind: EarlyKind, *, form_token: str
) -> EarlyPayment:
    """Pay what a form quoted, once: the early payment as the lender answered, or `asked` if it did not.

    Raises EarlyFormUsed, EarlyBarred, EarlyFormStale, in this order; nothing was written then.
    """

    async def ask(connection: Connection) -> tuple[PaymentPlan, EarlyPayment]:
        plan = await _lock_plan(connection, moment, plan_id)
        choices = await find_choices(connection, moment, plan)
        quote = _check_form(desk, plan, choices, kind, form_token=form_token)
        return plan, await _write_asked(connection, moment, plan, choices, quote)

    plan, early = await desk.engine.database.run(ask)
    word = await _ask_lender(desk, plan, early)
    if word is CollectionWord.UNAVAILABLE:
        return early

    async def conclude(connection: Connection) -> EarlyPayment:
        await drop_tasks(connection, moment.owner, TaskKind.RESOLVE_EARLY_PAYMENT, [plan_id])
        return await _conclude(connection, desk, moment, early, word)

    return await desk.engine.database.run(conclude)


async def resolve_early_payment(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """Find out what became of an early payment, and write it: the lender takes the same call as the same one.

    Raises PaymentRefused (UPSTREAM_ERROR) while the lender says nothing: the task is tried again.
    """

    async def find(connection: Connection) -> tuple[PaymentPlan, EarlyPayment] | None:
        plan = await _lock_plan(connection, moment, task.subject_id)
        early = await store.find_early_payment_under_way(connection, plan)
        if early is None:
            await settle_task(connection, task)
            return None
        return plan, early

    found = await desk.engine.database.run(find)
    if found is None:
        return
    plan, early = found
    word = await _ask_lender(desk, plan, early)
    if word is CollectionWord.UNAVAILABLE:
        raise PaymentRefused(Fault.UPSTREAM_ERROR, "The lender does not answer.")

    async def conclude(connection: Connection) -> None:
        await settle_task(connection, task)
        await _conclude(connection, desk, moment, early, word)

    await desk.engine.database.run(conclude)


TASKS: Mapping[TaskKind, TaskHandler] = {TaskKind.RESOLVE_EARLY_PAYMENT: resolve_early_payment}


async def _lock_plan(connection: Connection, moment: AccountMoment, plan_id: str) -> PaymentPlan:
    plan = await plans.find_plan(connection, moment.owner, plan_id, is_locked=True)
    assert plan is not None, "plans are not deleted"
    return plan


def _is_allowed(moment: AccountMoment, plan: PaymentPlan) -> bool:
    """The program's word as it is now; one that left the catalogue allows nothing."""
    found = moment.world.catalogue(moment.owner.tenant_id).entries.get(
        (PaymentsProgram.kind, plan.offer.program_name)
    )
    return found is not None and isinstance(found.entry, PaymentsProgram) and found.entry.allows_early_payment


def _quote(moment: AccountMoment, plan: PaymentPlan, kind: EarlyKind) -> EarlyQuote:
    return quote_early_payment(plan, kind, on=moment.today, bought_on=_find_purchase_date(moment, plan))


def _find_purchase_date(moment: AccountMoment, plan: PaymentPlan) -> date:
    return plan.offer.priced_on or plan.created_at.astimezone(moment.zone).date()


def _check_form(
    desk: PaymentsDesk, plan: PaymentPlan, choices: EarlyChoices, kind: EarlyKind, *, form_token: str
) -> EarlyQuote:
    serial, _, _ = form_token.partition(".")
    if not (serial.isascii() and serial.isdigit() and len(serial) <= _MAX_SERIAL_DIGITS):
        raise EarlyFormStale
    if int(serial) < choices.serial:
        raise EarlyFormUsed
    if choices.bar is not None:
        raise EarlyBarred(choices.bar)
    quote = choices.find_quote(kind)
    if quote is None:
        raise EarlyFormStale
    wanted = make_form_token(desk, plan, choices, quote)
    if not hmac.compare_digest(wanted.encode(), form_token.encode()):
        raise EarlyFormStale
    return quote


async def _write_asked(
    connection: Connection,
    moment: AccountMoment,
    plan: PaymentPlan,
    choices: EarlyChoices,
    quote: EarlyQuote,
) -> EarlyPayment:
    """Write what the lender is about to be asked; its rows are left alone until the outcome is known."""
    row = quote.paid_row
    early = EarlyPayment(
        plan_id=plan.plan_id,
        serial=choices.serial,
        kind=quote.kind,
        state=EarlyState.ASKED,
        number=row.number,
        principal_minor=row.principal_minor,
        interest_minor=row.interest_minor,
        fee_minor=row.fee_minor,
        tax_minor=row.tax_minor,
        saved_minor=quote.saved_minor,
        attempt=await store.count_attempts(connection, plan, row.number) + 1,
        asked_at=moment.now,
    )
    await store.insert_early_payment(connection, plan, early)
    numbers = [changed.number for changed in quote.after]
    marked = await store.mark_rows_asked(connection, plan, numbers)
    assert marked == len(numbers), "the plan is locked, and no row was asked for"
    due_at = moment.now + RESOLVE_AFTER
    await plan_task(connection, moment.owner, TaskKind.RESOLVE_EARLY_PAYMENT, plan.plan_id, due_at=due_at)
    return early


async def _ask_lender(desk: PaymentsDesk, plan: PaymentPlan, early: EarlyPayment) -> CollectionWord:
    """The lender's word; no transaction is open. The same attempt again gets the first answer."""
    changed = find_changed_rows(plan, early)
    after = replace(plan, rows=apply_rows(plan.rows, changed))
    row = after.rows[early.number - 1]
    try:
        async with asyncio.timeout(ANSWER_S):
            return await desk.lender.collect(after, row, attempt=early.attempt, at=early.asked_at)
    except TimeoutError:
        return CollectionWord.UNAVAILABLE


async def _conclude(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    early: EarlyPayment,
    word: CollectionWord,
) -> EarlyPayment:
    """Write the lender's word, once; who comes second changes nothing. Refused: rows stay as they were."""
    plan = await _lock_plan(connection, moment, early.plan_id)
    state = EarlyState.PAID if word is CollectionWord.PAID else EarlyState.REFUSED
    ended = replace(early, state=state, ended_at=moment.now)
    if not await store.end_early_payment(connection, plan, early, state, at=moment.now):
        return ended
    await store.free_rows(connection, plan, asked=early.number)
    if state is EarlyState.PAID:
        await write_paid_early(connection, desk, moment, plan, find_changed_rows(plan, early))
    return ended
