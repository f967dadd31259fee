"""`/v1/installments/plans`: the plans that a payment may have, and one that it has.

`spec/payments.md` §6.3.
"""

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import ObjectId
from parcela.dialects.payments.plan_objects import OfferListObject, PlanObject, render_offer_list
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refusals import Fault
from parcela.operations.payments.disclosing import disclose_offer
from parcela.operations.payments.payment_methods import get_payment_method
from parcela.operations.payments.payment_reading import get_payment
from parcela.operations.payments.plan_offers import list_plans
from parcela.operations.payments.plan_reading import read_evidence, read_plan

_QUERY = Fields(
    {
        "payment": Member(ObjectId("pay"), "The payment that is to be split", is_required=True),
        "paymentMethod": Member(ObjectId("pm"), "The card that it is paid with", is_required=True),
    }
)


async def list_all(call: Call) -> Reply:
    """The plans of a payment with a payment method."""
    desk, moment, query = call.desk, call.moment, call.query
    view = await get_payment(desk, moment, query["payment"], param="payment")
    method = await get_payment_method(desk, moment, query["paymentMethod"], param="paymentMethod")
    shown = await list_plans(desk, moment, view.payment, method)
    disclosures = [disclose_offer(desk, moment, offer) for offer in shown.offers]
    return Reply(document=render_offer_list(shown, disclosures))


async def retrieve(call: Call) -> Reply:
    """One accepted plan."""
    plan = await read_plan(call.desk, call.moment, call.path["id"])
    disclosure = disclose_offer(call.desk, call.moment, plan.offer)
    return Reply(document=call.desk.renderer.render_plan(plan, disclosure))


async def retrieve_evidence(call: Call) -> Reply:
    """What was shown and accepted of a plan, byte for byte as it is kept (`disclosures.md` §6)."""
    body = await read_evidence(call.desk, call.moment, call.path["id"])
    return Reply(content=body.encode())


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/installments/plans",
        scope=Scope.INSTALLMENTS_READ,
        summary="List the plans of a payment",
        handler=list_all,
        answer=OfferListObject,
        query=_QUERY,
        faults=(Fault.INSTALLMENTS_NOT_ENABLED, Fault.PAYMENT_NOT_CONFIRMABLE),
    ),
    Endpoint(
        method="GET",
        path="/v1/installments/plans/{id}",
        scope=Scope.INSTALLMENTS_READ,
        summary="Retrieve an accepted plan",
        handler=retrieve,
        answer=PlanObject,
    ),
    Endpoint(
        method="GET",
        path="/v1/installments/plans/{id}/evidence",
        scope=Scope.INSTALLMENTS_READ,
        summary="Retrieve what was shown and accepted of a plan",
        handler=retrieve_evidence,
        answer=None,
        media_types=("application/json",),
    ),
)
