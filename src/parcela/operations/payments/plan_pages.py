"""The cardholder's own page of a plan: found by its token, and given a new one (`docs/plan-page.md`)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parcela.domain.changes import Person
from parcela.domain.errors import NotFound
from parcela.domain.payments.accounts import PaymentsProgram
from parcela.domain.payments.ids import read_plan_id
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.records import Payment, PaymentMethod
from parcela.domain.payments.refunds import Refund
from parcela.operations.clients import record_change
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.payments.accounts import list_account_clients
from parcela.operations.payments.agenda import find_account_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.early_payments import EarlyChoices, find_choices
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import PaymentLinks, hash_token, make_plan_token
from parcela.store.database import Connection
from parcela.store.payments import payment_methods, payments, plans, refunds


class PlanPageMissing(Exception):
    """There is no page with this token, or it was given another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """A plan as its cardholder sees it, with all refunds of the purchase in the order of acceptance."""

    moment: AccountMoment
    payment: Payment
    plan: PaymentPlan
    method: PaymentMethod | None
    refunds: Sequence[Refund]
    early: EarlyChoices
    program: PaymentsProgram | None


async def find_plan_page(desk: PaymentsDesk, token: str) -> PlanPage:
    """The page behind a token. Writes nothing. Raises PlanPageMissing."""
    engine = desk.engine
    world = await engine.look()
    async with engine.database.connection() as connection:
        plan = await plans.find_plan_of_page(connection, MAIN_TENANT, hash_token(token))
    if plan is None:
        raise PlanPageMissing
    # A shop that takes no payments any more has cardholders all the same.
    moment = await find_account_moment(engine, world, plan.owner, with_disabled=True)
    if moment is None:
        raise PlanPageMissing
    async with (
        engine.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await _read(connection, moment, plan)


async def renew_plan_link(engine: Engine, person: Person, name: str, *, root_url: str) -> str:
    """A new address for a plan's page, by `plan_…` or its UUID: the one before opens nothing any more.

    Raises NotAllowed, NotFound.
    """
    seen = await engine.look()
    clients = list_account_clients(seen, person)
    plan_id = read_plan_id(name)

    async def work(connection: Connection) -> PaymentPlan | None:
        if plan_id is None:
            return None
        owner = await plans.find_owner(connection, MAIN_TENANT, plan_id)
        if owner is None or owner.client_id not in {client.client_id for client in clients}:
            return None
        plan = await plans.find_plan(connection, owner, plan_id, is_locked=True)
        assert plan is not None, "plans are not deleted"
        renewed = replace(plan, page_turn=plan.page_turn + 1)
        page_key = hash_token(make_plan_token(engine.vault, renewed))
        await plans.update_page(connection, renewed, page_key=page_key)
        detail = {"link": renewed.page_turn}
        await record_change(connection, person, seen, "payment_plan.renew_link", plan_id, detail)
        return renewed

    renewed = await engine.database.run(work)
    if renewed is None:
        raise NotFound("plan", name)
    return PaymentLinks(root_url, engine.vault).make_plan_url(renewed)


async def _read(connection: Connection, moment: AccountMoment, found: PaymentPlan) -> PlanPage:
    plan = await plans.find_plan(connection, found.owner, found.plan_id)
    assert plan is not None, "plans are not deleted"
    payment = await payments.find_payment(connection, plan.owner, plan.payment_id)
    assert payment is not None, "a plan has a payment"
    method = None
    if payment.payment_method_id is not None:
        method = await payment_methods.find_payment_method(connection, plan.owner, payment.payment_method_id)
    return PlanPage(
        moment=moment,
        payment=payment,
        plan=plan,
        method=method,
        refunds=await refunds.list_refunds_of_payment(connection, plan.owner, payment.payment_id),
        early=await find_choices(connection, moment, plan),
        program=_find_program(moment, plan),
    )


def _find_program(moment: AccountMoment, plan: PaymentPlan) -> PaymentsProgram | None:
    """The plan's program as it is now; None for one that left the catalogue."""
    found = moment.world.catalogue(moment.owner.tenant_id).entries.get(
        (PaymentsProgram.kind, plan.offer.program_name)
    )
    return found.entry if found is not None and isinstance(found.entry, PaymentsProgram) else None
