"""Handlers of authorizations that fit several plans: seeing them, and choosing."""

from datetime import datetime

from parcela.admin import wire
from parcela.admin.routes import Call, Route
from parcela.domain.currency import find_currency
from parcela.domain.money import Money, format_major
from parcela.operations import ambiguous_matches
from parcela.operations.ambiguous_matches import AmbiguousMatch, ResolvedMatch


class AmbiguousAnswer(wire.Answer, frozen=True):
    """An authorization and the plans that fit it equally well; the card shows six and four digits."""

    authorization_id: str
    asked_at: datetime
    card: str
    amount: str
    currency: str
    stan: str | None
    rrn: str | None
    plan_ids: list[str]


class AmbiguousList(wire.Answer, frozen=True):
    """Authorizations that wait for a person, the oldest first."""

    items: list[AmbiguousAnswer]


class Resolution(wire.Request, frozen=True):
    """The plan that an authorization belongs to; null for none."""

    plan_id: str | None


class ResolvedAnswer(wire.Answer, frozen=True):
    """What a doubt came to."""

    authorization_id: str
    plan_id: str | None


async def list_ambiguous_authorizations(call: Call) -> AmbiguousList:
    """The doubts of the person's issuer, or all for operators."""
    found = await ambiguous_matches.list_ambiguous(call.engine, call.person)
    return AmbiguousList(items=[_ambiguous_to_wire(one) for one in found])


async def resolve_authorization(call: Call) -> ResolvedAnswer:
    """Choose a plan, or none."""
    body = call.read(Resolution)
    resolved = await ambiguous_matches.resolve_ambiguous(
        call.engine,
        call.person,
        call.params["authorization_id"],
        body.plan_id,
        once=call.once(_resolved_to_wire),
    )
    return _resolved_to_wire(resolved)


def _ambiguous_to_wire(found: AmbiguousMatch) -> AmbiguousAnswer:
    currency = find_currency(found.currency)
    assert currency is not None, "matched with plans of this currency"
    return AmbiguousAnswer(
        authorization_id=found.authorization_id,
        asked_at=found.asked_at,
        card=found.masked_card,
        amount=format_major(Money(found.amount_minor, currency)),
        currency=found.currency,
        stan=found.stan,
        rrn=found.rrn,
        plan_ids=list(found.choices),
    )


def _resolved_to_wire(resolved: ResolvedMatch) -> ResolvedAnswer:
    return ResolvedAnswer(authorization_id=resolved.authorization_id, plan_id=resolved.plan_id)


AUTHORIZATION_ROUTES = (
    Route(
        method="GET",
        path="/authorizations/ambiguous",
        handler=list_ambiguous_authorizations,
        summary="Authorizations that fit several plans equally well",
        answer=AmbiguousList,
    ),
    Route(
        method="POST",
        path="/authorizations/{authorization_id}/resolution",
        handler=resolve_authorization,
        summary="Choose the plan of such an authorization",
        body=Resolution,
        answer=ResolvedAnswer,
        takes_key=True,
    ),
)
