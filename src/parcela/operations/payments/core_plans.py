"""The core's plan of a payment, written when its money is captured, with event and letter to its issuer.

It is the plan that was accepted, row by row; due dates count from the account's date of the listing.
"""

from datetime import datetime

from parcela.domain.cards import Pan
from parcela.domain.ids import Identifier
from parcela.domain.offers import INTERVALS, IssuerTerms, PresentedOffer
from parcela.domain.orders import AcquirerFacts
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.plans import Installment, Merchant, Plan, PlanStatus, PresentedPurchase, Presentment
from parcela.domain.post_purchase import OfferedPurchase, describe_purchase, repeat_offer
from parcela.domain.programs import UseCase
from parcela.domain.servicing.records import TransactionFacts
from parcela.operations.engine import Engine
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.plans import make_new_plan
from parcela.store.new_plans import NewPlan

_MONTHLY = "monthly"
assert _MONTHLY in INTERVALS, "an interval that the network knows"


def prepare_core_plan(
    engine: Engine, moment: AccountMoment, plan: PaymentPlan, *, pan: Pan, facts: AcquirerFacts | None = None
) -> NewPlan:
    """The core's plan of an accepted one, under its reserved id; `facts` are the acquirer's."""
    client, offer = moment.client, plan.offer
    local_at = find_local_time(moment, plan)
    presented = present_offer(offer)
    purchase = _describe(moment.account, plan, local_at=local_at, facts=facts)
    number = engine.ids.next_offer_transaction_id()
    presentment = Presentment(
        offer_transaction_id=number,
        client_id=client.client_id,
        use_case=UseCase.DURING_PURCHASE,
        presented_at=moment.world.now,
        purchase=PresentedPurchase(
            pan_index=engine.vault.index_pan(client.tenant_id, pan.digits),
            amount=purchase.purchase.amount,
            currency=purchase.purchase.currency,
            local_at=local_at,
            merchant=purchase.merchant,
        ),
        offers=(presented,),
    )
    core = Plan(
        plan_id=plan.plan_id,
        status=PlanStatus.CREATED,
        offer_transaction_id=number,
        client_id=client.client_id,
        provider_id=offer.provider_id,
        offer=presented,
        request=repeat_offer(presentment, presented.offer_id, purchase.facts),
        installments=_list_installments(offer),
        # Letters and everything else of the core go by the world's clock, behind which no account's is.
        created_at=moment.world.now,
    )
    return make_new_plan(
        engine,
        moment.world,
        core,
        tenant_id=client.tenant_id,
        pan=pan,
        correlation_id=engine.ids.new_uuid(),
    )


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


def _describe(
    account: PaymentsAccount, plan: PaymentPlan, *, local_at: datetime, facts: AcquirerFacts | None
) -> OfferedPurchase:
    """Merchant and purchase as a plan request can say them; the trace numbers are the acquirer's."""
    purchase = describe_purchase(
        Merchant(
            name=account.name,
            url=account.url,
            country=account.country,
            mcc=Identifier(account.mcc),
            acquirer_id=Identifier(account.acquirer_id),
            merchant_id=Identifier(account.acquirer_merchant_id),
        ),
        TransactionFacts(
            local_at=local_at,
            stan=facts.stan if facts else None,
            rrn=facts.rrn if facts else None,
            authorization_code=facts.authorization_code if facts else None,
        ),
        amount_minor=plan.offer.financed_minor,
        currency=plan.offer.currency,
    )
    assert purchase is not None, "the catalogue checks an account's country"
    return purchase
