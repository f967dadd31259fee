"""The core's plan of a purchase whose money was captured, whichever door took the payment.

It is a plan like those that partners make: with card, rows, event and letter to the issuer, written once.
"""

from dataclasses import dataclass
from datetime import datetime

from parcela.domain.cards import Pan
from parcela.domain.clients import Client
from parcela.domain.ids import Identifier
from parcela.domain.merchants import MerchantProfile
from parcela.domain.offers import PresentedOffer
from parcela.domain.orders import AcquirerFacts
from parcela.domain.plans import Installment, Merchant, Plan, PlanStatus, PresentedPurchase, Presentment
from parcela.domain.post_purchase import OfferedPurchase, describe_purchase, repeat_offer
from parcela.domain.programs import UseCase
from parcela.domain.servicing.records import TransactionFacts
from parcela.operations.engine import Engine, World
from parcela.operations.plans import make_new_plan
from parcela.store.new_plans import NewPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPurchase:
    """A purchase with the offer and the rows that its payer accepted, all in the network's words."""

    plan_id: str
    offer: PresentedOffer
    rows: tuple[Installment, ...]
    offered: OfferedPurchase
    pan: Pan


def prepare_captured_plan(
    engine: Engine, world: World, client: Client, captured: CapturedPurchase
) -> NewPlan:
    """The plan as if it had been requested of an offer that was just presented, ready to be written.

    The letter waits, parked, while the issuer cannot be told.
    """
    offer, offered = captured.offer, captured.offered
    number = engine.ids.next_offer_transaction_id()
    presentment = Presentment(
        offer_transaction_id=number,
        client_id=client.client_id,
        use_case=UseCase.DURING_PURCHASE,
        presented_at=world.now,
        purchase=PresentedPurchase(
            pan_index=engine.vault.index_pan(client.tenant_id, captured.pan.digits),
            amount=offered.purchase.amount,
            currency=offered.purchase.currency,
            local_at=offered.purchase.local_at,
            merchant=offered.merchant,
        ),
        offers=(offer,),
    )
    plan = Plan(
        plan_id=captured.plan_id,
        status=PlanStatus.CREATED,
        offer_transaction_id=number,
        client_id=client.client_id,
        provider_id=offer.provider_id,
        offer=offer,
        request=repeat_offer(presentment, offer.offer_id, offered.facts),
        installments=captured.rows,
        # Letters and everything else of the core go by the world's clock, behind which no account's is.
        created_at=world.now,
    )
    correlation_id = engine.ids.new_uuid()
    return make_new_plan(
        engine, world, plan, tenant_id=client.tenant_id, pan=captured.pan, correlation_id=correlation_id
    )


def describe_captured(
    profile: MerchantProfile,
    acquirer: AcquirerFacts | None,
    *,
    local_at: datetime,
    amount_minor: int,
    currency: str,
) -> OfferedPurchase:
    """Merchant and purchase as a plan request can say them; the trace numbers are the acquirer's."""
    offered = describe_purchase(
        Merchant(
            name=profile.name,
            url=profile.url,
            country=profile.country,
            mcc=Identifier(profile.mcc),
            acquirer_id=Identifier(profile.acquirer_id),
            merchant_id=Identifier(profile.acquirer_merchant_id),
        ),
        TransactionFacts(
            local_at=local_at,
            stan=acquirer.stan if acquirer else None,
            rrn=acquirer.rrn if acquirer else None,
            authorization_code=acquirer.authorization_code if acquirer else None,
        ),
        amount_minor=amount_minor,
        currency=currency,
    )
    assert offered is not None, "the catalogue checks a merchant's country"
    return offered
