"""Plans and PAN lists as people of the issuer and operators see them."""

from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.clients import ClientRole
from parcela.domain.errors import NotFound
from parcela.domain.payments.ids import name_plan, read_plan_id
from parcela.domain.plans import Plan
from parcela.operations.engine import Engine
from parcela.store import cards, pan_lists, plans
from parcela.store.pan_lists import PanListSummary

__all__ = ["PanListSummary", "PlanView", "list_pan_lists", "view_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan with the card and the client as people may see them.

    `payments_name` is what the payments door calls a plan of one of its payments.
    """

    plan: Plan
    masked_card: str
    client_code: str
    payments_name: str | None


async def view_plan(engine: Engine, person: Person, plan_id: str) -> PlanView:
    """A plan of the person's issuer, or any for operators, by its id or its name at the payments door.

    Raises NotFound, for foreign ids alike.
    """
    wanted = read_plan_id(plan_id)
    seen = await engine.look()
    async with engine.database.connection() as connection:
        found = None
        if wanted is not None:
            found = await plans.find_plan(connection, person.tenant_id, plan_id=wanted)
        if found is None or person.provider_id not in (None, found.provider_id):
            raise NotFound("plan", plan_id)
        first_six, last_four = await cards.get_card_face_of_plan(connection, person.tenant_id, found.plan_id)
    (client,) = (one for one in seen.snapshot.clients.values() if one.client_id == found.client_id)
    return PlanView(
        plan=found,
        masked_card=f"{first_six}******{last_four}",
        client_code=client.code,
        payments_name=name_plan(found.plan_id) if client.role is ClientRole.ACCOUNT else None,
    )


async def list_pan_lists(engine: Engine, person: Person) -> list[PanListSummary]:
    """The PAN lists of the person's issuer, or all for operators, by their id."""
    async with engine.database.connection() as connection:
        return await pan_lists.list_pan_lists(connection, person.tenant_id, person.provider_id)
