"""UPDATE_PAYMENT_PLAN_OFFER: the payer's acceptance, and serial numbers (`spec/gateway.md` §10)."""

from collections.abc import Mapping, Sequence

from parcela.dialects.gateway.calls import AnswerTree, Call, Reply, RequestTree
from parcela.dialects.gateway.inquiry_fields import CARD_NUMBER_FIELD, UPDATE_TABLE
from parcela.dialects.gateway.order_lines import has_short_items, list_offer_rows, read_lines
from parcela.dialects.gateway.request_tree import find_boolean, find_text
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.transaction_read import read_minor
from parcela.domain.cards import Pan
from parcela.domain.merchant_offers import CartItem, TermsDisplay
from parcela.operations.merchant_offers import (
    AcceptanceResult,
    AcceptanceStatus,
    AcceptOffer,
    accept_offer,
)

_DISPLAYS: Mapping[str, TermsDisplay] = {
    "NONE": TermsDisplay.NONE,
    "TERMS_AND_CONDITIONS_ONLY": TermsDisplay.TERMS_ONLY,
    "TERMS_AND_CONDITIONS_AND_ACCEPTANCE": TermsDisplay.TERMS_AND_ACCEPTANCE,
}
_STATUSES: Mapping[AcceptanceStatus, str] = {
    AcceptanceStatus.ACCEPTED: "ACCEPTED",
    AcceptanceStatus.CONDITIONAL: "ACCEPTED_CONDITIONALLY",
    AcceptanceStatus.UNAVAILABLE: "UNAVAILABLE",
}


async def answer_update(call: Call) -> Reply:
    """UPDATE_PAYMENT_PLAN_OFFER."""
    offer_id = call.place.offer_id
    rows = await list_offer_rows(call, offer_id) if has_short_items(call.fields) else ()
    command = _read_update(call.fields, offer_id, rows)
    result = await accept_offer(call.engine, call.world, call.caller, call.ports.provider, command)
    return Reply(members={**result_to_answer(result), "version": str(call.version)})


def result_to_answer(result: AcceptanceResult) -> AnswerTree:
    """What an offer is after an update."""
    is_gone = result.status is AcceptanceStatus.UNAVAILABLE
    needed = [f"order.item[{index}].serialNumber" for index in result.missing_serials]
    return {
        "paymentPlanOffer": {
            "id": result.offer_id,
            "requiredInformation": list(needed) or None,
            "status": _STATUSES[result.status],
        },
        "response": {"gatewayCode": "DECLINED_PAYMENT_PLAN"} if is_gone else None,
        "result": "FAILURE" if is_gone else "SUCCESS",
    }


def _read_update(fields: RequestTree, offer_id: str, rows: Sequence[CartItem]) -> AcceptOffer:
    currency = find_text(fields, "order.currency")
    has_amount = currency is not None and find_text(fields, "order.amount") is not None
    display = find_text(fields, "paymentPlanOffer.termsAndConditionsDisplay")
    digits = find_text(fields, CARD_NUMBER_FIELD)
    return AcceptOffer(
        offer_id=offer_id,
        accepts=find_boolean(fields, "paymentPlanOffer.payerAcceptance") is True,
        display=None if display is None else _DISPLAYS[display],
        pan=None if digits is None else Pan(digits),
        amount_minor=read_minor(fields, "order.amount", currency) if has_amount and currency else None,
        currency=currency,
        lines=read_lines(fields, rows),
    )


OFFER_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="UPDATE_PAYMENT_PLAN_OFFER",
        methods=("PUT",),
        tail="paymentPlanOffer/{offer_id}",
        table=UPDATE_TABLE,
        handler=answer_update,
        summary="The payer accepts an offer, or serial numbers come in",
        needs_name=True,
    ),
)
