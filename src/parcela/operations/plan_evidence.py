"""Reading the evidence that the terms of a plan were accepted."""

from parcela.domain.changes import Person
from parcela.domain.errors import NotFound
from parcela.domain.merchant_offers import PlanAcceptance
from parcela.domain.payments.ids import read_plan_id
from parcela.operations.engine import Engine
from parcela.store import plan_acceptances, plans

__all__ = ["PlanAcceptance", "find_acceptance"]


async def find_acceptance(engine: Engine, person: Person, plan_id: str) -> PlanAcceptance:
    """The acceptance of a plan of the person's issuer, or of any for operators.

    Raises NotFound for unknown and foreign plans, and for one whose terms nobody had to accept.
    """
    found = None
    wanted = read_plan_id(plan_id)
    if wanted is not None:
        async with engine.database.connection() as connection:
            plan = await plans.find_plan(connection, person.tenant_id, plan_id=wanted)
            if plan is not None and person.provider_id in (None, plan.provider_id):
                found = await plan_acceptances.find_acceptance(connection, person.tenant_id, wanted)
    if found is None:
        raise NotFound("acceptance of the terms of plan", plan_id)
    return found
