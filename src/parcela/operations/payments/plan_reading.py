"""A plan of a payment and its evidence, by the name that this door gives it."""

from parcela.domain.payments.ids import find_plan_id
from parcela.domain.payments.plans import PaymentPlan
from parcela.domain.payments.refusals import refuse_missing
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.payments import evidence, plans


async def read_plan(desk: PaymentsDesk, moment: AccountMoment, name: str) -> PaymentPlan:
    """A plan of this account and mode by its name at this door (`plan_…`). Raises PaymentRefused."""
    plan_id = find_plan_id(name)
    plan = None
    if plan_id is not None:
        async with desk.engine.database.connection() as connection:
            plan = await plans.find_plan(connection, moment.owner, plan_id)
    if plan is None:
        raise refuse_missing("plan", name)
    return plan


async def read_evidence(desk: PaymentsDesk, moment: AccountMoment, name: str) -> str:
    """What was shown and accepted of a plan, byte for byte as it is kept. Raises PaymentRefused."""
    plan = await read_plan(desk, moment, name)
    async with desk.engine.database.connection() as connection:
        record = await evidence.find_record_of_plan(connection, moment.owner, plan.plan_id)
    assert record is not None, "a plan is written with its evidence"
    return record.body
