"""Saving the plan that a cardholder chose, and reading it back."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from parcela.domain.cards import Pan
from parcela.domain.clients import Client, ClientRole
from parcela.domain.currency import find_currency
from parcela.domain.delivery import NO_DESTINATION
from parcela.domain.errors import NotFound, OfferExpired, PresentmentUnknown
from parcela.domain.ids import read_snowflake
from parcela.domain.issuer_offers import split_issuer_rows
from parcela.domain.money import parse_major
from parcela.domain.offers import PresentedOffer
from parcela.domain.plans import (
    Installment,
    Plan,
    PlanRequest,
    PlanStatus,
    Presentment,
    check_not_expired,
    check_repeat,
    hide_card,
    match_offer,
)
from parcela.domain.programs import Program, UseCase
from parcela.domain.schedule import build_schedule
from parcela.operations.cards import FundingCard, resolve_funding_card
from parcela.operations.engine import Engine, World
from parcela.operations.entry_versions import get_entry_version
from parcela.store import plans, presentments
from parcela.store.database import Connection
from parcela.store.new_plans import Letter, NewPlan, Written, insert_plans


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePlan:
    """A client's request with the card number it sent; the request's own `pan_index` is filled in here."""

    digits: str = field(repr=False)
    request: PlanRequest
    correlation_id: str


async def save_plan(engine: Engine, world: World, client: Client, command: SavePlan) -> Plan:
    """Make a plan of a presented offer, once (`spec/network.md` §7.2).

    Raises, in this order: UnknownToken, PresentmentUnknown, PlanExists, OfferExpired, OfferMismatch.
    The same request again gives the same plan, also after the offer has expired.
    """
    funding = await resolve_funding_card(engine, world, tenant_id=client.tenant_id, digits=command.digits)
    numbers = {command.digits} if funding.pan is None else {command.digits, funding.pan.digits}
    request = hide_card(replace(command.request, pan_index=funding.pan_index), numbers)
    presentment, plan = await _find_presented(engine, client, request)
    if plan is not None:
        check_repeat(plan, request)
        return plan
    if presentment is None:
        raise PresentmentUnknown
    check_not_expired(presentment, now=world.now, offer_life=_offer_life(engine, presentment))
    offer = match_offer(presentment, request)
    plan = Plan(
        plan_id=engine.ids.new_uuid(),
        status=PlanStatus.CREATED,
        offer_transaction_id=presentment.offer_transaction_id,
        client_id=client.client_id,
        provider_id=offer.provider_id,
        offer=offer,
        request=request,
        installments=await _split_rows(engine, world, client, presentment, offer),
        created_at=world.now,
    )
    if await _write(engine, world, client, plan, funding=funding, correlation_id=command.correlation_id):
        return plan
    _, rival = await _find_presented(engine, client, request)
    assert rival is not None, "the unique index names a committed plan"
    check_repeat(rival, request)
    return rival


async def read_plan(engine: Engine, client: Client, plan_id: str) -> Plan:
    """A plan that this client made, or of an issuer one that a merchant's payment made.

    Raises NotFound, for unknown and foreign ids alike.
    """
    async with engine.database.connection() as connection:
        plan = await plans.find_plan(
            connection, client.tenant_id, plan_id=plan_id, client_id=client.client_id
        )
        if plan is None and client.role is ClientRole.ISSUER and client.provider_id is not None:
            plan = await plans.find_merchant_plan(
                connection, client.tenant_id, plan_id=plan_id, provider_id=client.provider_id
            )
    if plan is None:
        raise NotFound("plan", plan_id)
    return plan


async def _find_presented(
    engine: Engine, client: Client, request: PlanRequest
) -> tuple[Presentment | None, Plan | None]:
    """What this client was presented under the request's id, and the plan already made of it."""
    offer_transaction_id = read_snowflake(request.offer_transaction_id)
    if offer_transaction_id is None:
        return None, None
    async with engine.database.connection() as connection:
        presentment, may_be_taken = await presentments.find_presentment(
            connection,
            client.tenant_id,
            offer_transaction_id=offer_transaction_id,
            client_id=client.client_id,
        )
        if not may_be_taken:
            return presentment, None
        plan = await plans.find_plan_of_presentment(
            connection,
            client.tenant_id,
            offer_transaction_id=offer_transaction_id,
            client_id=client.client_id,
        )
    return presentment, plan


def _offer_life(engine: Engine, presentment: Presentment) -> timedelta:
    if presentment.use_case is UseCase.DURING_PURCHASE:
        return engine.policy.during_purchase_offer_life
    return engine.policy.post_purchase_offer_life


async def _split_rows(
    engine: Engine, world: World, client: Client, presentment: Presentment, offer: PresentedOffer
) -> tuple[Installment, ...]:
    """The rows as shown, each parted into principal, interest and fee by the version that priced them."""
    currency = find_currency(offer.currency)
    assert currency is not None
    amount = parse_major(presentment.purchase.amount, currency)
    if offer.issuer_terms is not None:
        return split_issuer_rows(offer, amount.minor)
    program = await _get_program(engine, world, client, offer)
    schedule = build_schedule(program.terms, amount, anchor=presentment.purchase.local_at.date())
    shown = list(zip(offer.amounts_minor, offer.due_dates, strict=True))
    assert [(row.amount_minor, row.due_date) for row in schedule.rows] == shown, "a version prices alike"
    return tuple(
        Installment(
            number=row.number,
            due_date=row.due_date,
            amount_minor=row.amount_minor,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            fee_minor=row.fee_minor,
        )
        for row in schedule.rows
    )


async def _get_program(engine: Engine, world: World, client: Client, offer: PresentedOffer) -> Program:
    """The program in the version that was shown."""
    assert offer.program_version is not None
    key = (Program.kind, offer.offer_id)
    entry = await get_entry_version(engine, world, client.tenant_id, key, offer.program_version)
    assert isinstance(entry, Program)
    return entry


async def _write(
    engine: Engine,
    world: World,
    client: Client,
    plan: Plan,
    *,
    funding: FundingCard,
    correlation_id: str,
) -> bool:
    """Write plan, rows, card, event and letter; False when another plan took the presentment first."""
    assert funding.pan is not None, "an offer was presented for this card"
    if world.catalogue(client.tenant_id).find_issuer(plan.provider_id) is None:
        # The issuer left the catalogue after the offers were shown: nobody would keep the plan.
        raise OfferExpired
    new = make_new_plan(
        engine, world, plan, tenant_id=client.tenant_id, pan=funding.pan, correlation_id=correlation_id
    )
    return await engine.insert_plan(new)


def make_new_plan(
    engine: Engine, world: World, plan: Plan, *, tenant_id: int, pan: Pan, correlation_id: str
) -> NewPlan:
    """A plan with all that is written with it: sealed card, event, and letter to the issuer.

    The letter is parked while there is no destination, as there is none for an issuer that left.
    """
    issuer = world.catalogue(tenant_id).find_issuer(plan.provider_id)
    letter = None
    if issuer is None or issuer.notifications_enabled:
        letter = Letter(
            letter_id=engine.ids.new_uuid(),
            kind="network.plan_notification",
            correlation_id=correlation_id,
            obstacle=None if issuer is not None and issuer.notification_url else NO_DESTINATION,
        )
    card = engine.vault.seal_pan(tenant_id, engine.ids.new_uuid(), pan)
    return NewPlan(plan=plan, card=card, event_id=engine.ids.new_uuid(), letter=letter)


async def write_new_plan(connection: Connection, new: NewPlan) -> None:
    """Write a plan with its card, rows, event and letter in the caller's transaction."""
    while True:
        (outcome,) = await insert_plans(connection, [new])
        if outcome is not Written.AGAIN:
            assert outcome is Written.WRITTEN, "its offer transaction id is new"
            return
