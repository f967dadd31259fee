"""Issuers say what they collected of the plans that they run (`spec/payments.md` §6.5).

Until the first report of a plan its rows are collected by schedule and clock; from then on by reports alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from parcela.domain.cards import mask_card_numbers
from parcela.domain.changes import Person
from parcela.domain.errors import Conflict, NotFound
from parcela.domain.payments.collection_reports import (
    AcceptedReport,
    CollectionReport,
    ReportDecision,
    ReportGround,
    check_report,
    decide_report,
)
from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import read_plan_id
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.refund_effects import remake_effects
from parcela.domain.payments.refunds import RefundStatus
from parcela.operations.card_accounts import check_may_service
from parcela.operations.engine import AuditLine, Engine
from parcela.operations.idempotency import Once, run_once
from parcela.operations.payments.agenda import find_account_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_life import write_reported
from parcela.operations.payments.refund_reading import RefundSight, lock_sight
from parcela.store import audit
from parcela.store.database import Connection
from parcela.store.payments import collection_reports as store
from parcela.store.payments import plans, refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """A report as it was accepted, in the plan's currency; `is_new` is False for one that was told again."""

    accepted: AcceptedReport
    currency: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReports:
    """A plan with all its reports, the first first."""

    plan: PaymentPlan
    reports: Sequence[AcceptedReport]


async def get_issuer_plan(engine: Engine, person: Person, name: str) -> PaymentPlan:
    """A payment's plan of the person's issuer, or any for operators, by `plan_…` or its UUID.

    Raises NotFound, for foreign ids alike.
    """
    wanted = read_plan_id(name)
    async with engine.database.connection() as connection:
        plan = None
        if wanted is not None:
            owner = await plans.find_owner(connection, person.tenant_id, wanted)
            plan = None if owner is None else await plans.find_plan(connection, owner, wanted)
    if plan is None or person.provider_id not in (None, plan.offer.provider_id):
        raise NotFound("plan of a payment", mask_card_numbers(name))
    return plan


async def list_collection_reports(engine: Engine, person: Person, name: str) -> PlanReports:
    """What the issuer of a plan reported. Raises NotFound."""
    plan = await get_issuer_plan(engine, person, name)
    async with engine.database.connection() as connection:
        return PlanReports(plan=plan, reports=await store.list_reports(connection, plan))


async def report_collections(
    desk: PaymentsDesk,
    person: Person,
    name: str,
    report: CollectionReport,
    *,
    once: Once[ReportResult] | None = None,
) -> ReportResult:
    """Take a report in, whole or not at all; the same report again gives the first answer again.

    Raises NotAllowed, NotFound, InvalidInput (the report's form), Conflict (its reference stands for another
    report), then as `decide_report`; nothing was written then.
    """
    check_may_service(person)
    known = await get_issuer_plan(desk.engine, person, name)
    check_report(report)
    report = replace(report, reported_at=report.reported_at.astimezone(UTC))
    world = await desk.engine.look()
    moment = await find_account_moment(desk.engine, world, known.owner, with_disabled=True)

    async def work(connection: Connection) -> ReportResult:
        if moment is None:
            raise Conflict("The account of this plan has left the catalogue: its plans stand still.")
        sight = await lock_sight(connection, moment, known.payment_id)
        # An earlier plan of the payment's may be named: it is cancelled, and refused with that.
        plan = await plans.find_plan(connection, known.owner, known.plan_id, is_locked=True)
        assert plan is not None, "plans are not deleted"
        currency = plan.offer.currency
        first = await store.find_report(connection, plan, report.reference)
        if first is not None:
            return _repeat(first, report, currency=currency)
        sight = replace(sight, plan=plan)
        accepted = await _accept(connection, desk, moment, sight, report, person=person)
        return ReportResult(accepted=accepted, currency=currency, is_new=True)

    return await run_once(desk.engine, once, work)


def _repeat(first: AcceptedReport, report: CollectionReport, *, currency: str) -> ReportResult:
    """The first answer for the same report. Raises Conflict for another one under its reference."""
    if not report.is_same(first.report):
        raise Conflict(
            f"Another report of this plan has the reference {report.reference!r}: "
            "give this one a reference of its own; it may correct the other one."
        )
    return ReportResult(accepted=first, currency=currency, is_new=False)


async def _accept(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    sight: RefundSight,
    report: CollectionReport,
    *,
    person: Person,
) -> AcceptedReport:
    """Write a new report with all that it changes. The payment and the plan are locked."""
    plan, payment = sight.plan, sight.payment
    assert plan is not None, "the report names it"
    ground = ReportGround(
        plan=plan,
        kept_minor=payment.captured_minor - payment.refunded_minor,
        told=await store.find_last_told(connection, plan),
        bought_on=plan.offer.priced_on or plan.created_at.astimezone(moment.zone).date(),
        day=moment.today,
        at=moment.now,
    )
    decision = decide_report(ground, report)
    accepted = AcceptedReport(
        plan_id=plan.plan_id,
        serial=await store.count_reports(connection, plan) + 1,
        reference=report.reference,
        reported_at=report.reported_at,
        entries=decision.entries,
        plan_state=decision.state,
        recorded_at=moment.now,
        recorded_by=person.email,
    )
    await store.insert_report(connection, plan, accepted)
    plan = await write_reported(connection, desk, moment, plan, decision.changed)
    await _remake_pending_refunds(connection, desk, moment, replace(sight, plan=plan))
    await _audit(connection, moment, accepted, decision)
    return accepted


async def _remake_pending_refunds(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, sight: RefundSight
) -> None:
    """Refunds that are on their way do to the rows as they are now what they did to those before."""
    pending = [refund for refund in sight.refunds if refund.status is RefundStatus.PENDING]
    if not pending:
        return
    remade = remake_effects(sight.find_ground_of(pending[0]), pending)
    changed = [new for old, new in zip(pending, remade, strict=True) if new != old]
    for refund in changed:
        await refunds.update_refund(connection, refund, was=RefundStatus.PENDING)
    render = desk.renderer.render_refund
    happenings = [Happening(EventType.REFUND_UPDATED, one.refund_id, render(one)) for one in changed]
    await tell(connection, desk, moment, happenings)


async def _audit(
    connection: Connection, moment: AccountMoment, accepted: AcceptedReport, decision: ReportDecision
) -> None:
    line = AuditLine(
        tenant_id=moment.owner.tenant_id,
        at=moment.world.real_now,
        actor=accepted.recorded_by,
        action="payment_plan.report_collections",
        subject=accepted.plan_id,
        detail={
            "reference": accepted.reference,
            "rows": [entry.row.number for entry in decision.entries],
            "changed": [row.number for row in decision.changed],
        },
    )
    await audit.insert_audit_lines(connection, [line])
