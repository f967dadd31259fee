"""The core's plan of a payment, written when its money is captured, with event and letter to its issuer.

It is the plan that was accepted, row by row; due dates count from the account's date of the listing.
"""

from datetime import datetime

from parcela.domain.cards import Pan
from parcela.domain.offers import INTERVALS, IssuerTerms, PresentedOffer
from parcela.domain.orders import AcquirerFacts
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.plans import Installment
from parcela.operations.captured_plans import CapturedPurchase, describe_captured, prepare_captured_plan
from parcela.operations.engine import Engine
from parcela.operations.payments.acquirer_profiles import make_profile
from parcela.operations.payments.moment import AccountMoment
from parcela.store.new_plans import NewPlan

_MONTHLY = "monthly"
assert _MONTHLY in INTERVALS, "an interval that the network knows"


def prepare_core_plan(
    engine: Engine, moment: AccountMoment, plan: PaymentPlan, *, pan: Pan, facts: AcquirerFacts | None = None
) -> NewPlan:
    """The core's plan of an accepted one, under its reserved id; `facts` are the acquirer's."""
    offer = plan.offer
    captured = CapturedPurchase(
        plan_id=plan.plan_id,
        offer=present_offer(offer),
        rows=_list_installments(offer),
        offered=describe_captured(
            make_profile(moment),
            facts,
            local_at=find_local_time(moment, plan),
            amount_minor=offer.financed_minor,
            currency=offer.currency,
        ),
        pan=pan,
    )
    return prepare_captured_plan(engine, moment.world, moment.client, captured)


def find_local_time(moment: AccountMoment, plan: PaymentPlan) -> datetime:
    """When the purchase was made by the account's own clock, on the date from which its rows count.

    A plan that was listed before midnight and accepted after it keeps the dates that were shown.
    """
    local_at = plan.created_at.astimezone(moment.zone).replace(microsecond=0)
    day = plan.offer.priced_on
    assert day is not None, "an offer is priced on a date"
    return local_at.replace(year=day.year, month=day.month, day=day.day)


def present_offer(offer: PaymentOffer) -> PresentedOffer:
    """The offer in the network's words; of rows that the program does not give the split is told too."""
    core = offer.core
    assert core is not None, "an offer is priced by a core program"
    return PresentedOffer(
        offer_id=offer.program_id,
        program_version=offer.program_version,
        provider_id=offer.provider_id,
        currency=offer.currency,
        count=offer.count,
        interval=_MONTHLY,
        apr_percent=core.apr_percent,
        fee_value=core.fee_value,
        total_minor=offer.total_minor,
        amounts_minor=tuple(row.amount_minor for row in offer.rows),
        due_dates=tuple(row.due_date for row in offer.rows),
        issuer_terms=None
        if core.is_programs_own
        else IssuerTerms(
            fee_minor=core.fee_minor,
            is_fee_spread=core.is_fee_spread,
            in_advance=offer.in_advance,
        ),
    )


def _list_installments(offer: PaymentOffer) -> tuple[Installment, ...]:
    return tuple(
        Installment(
            number=row.number,
            due_date=row.due_date,
            amount_minor=row.amount_minor,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            fee_minor=row.fee_minor,
        )
        for row in offer.rows
    )
