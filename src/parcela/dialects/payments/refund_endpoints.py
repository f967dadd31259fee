"""`/v1/refunds`: previews, refunds, their metadata, and their withdrawal (`spec/payments.md` §9)."""

from parcela.dialects.payments.billing_fields import read_metadata
from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import NO_FIELDS, Fields, Member
from parcela.dialects.payments.kinds import AMOUNT, Choice, Metadata, ObjectId
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.refund_objects import (
    RefundObject,
    RefundPreviewObject,
    render_refund,
    render_refund_preview,
)
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refunds import RefundReason, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.payments.refund_previews import PreviewCommand, PreviewStale, preview_refund
from parcela.operations.payments.refund_reading import get_refund, list_refunds
from parcela.operations.payments.refunds import RefundCommand, cancel_refund, create_refund, update_metadata

_PAYMENT = Member(ObjectId("pay"), "The payment to give back", is_required=True)
_AMOUNT_WANTED = Member(AMOUNT, "Minor units; everything left if not given")
_DECIDED = (Fault.PAYMENT_NOT_REFUNDABLE, Fault.AMOUNT_TOO_LARGE)

_PREVIEW_BODY = Fields({"payment": _PAYMENT, "amount": _AMOUNT_WANTED})
_REFUND_BODY = Fields(
    {
        "payment": _PAYMENT,
        "amount": _AMOUNT_WANTED,
        "reason": Member(Choice(tuple(RefundReason)), "Why money is given back"),
        "preview": Member(ObjectId("rpv"), "Exactly what this preview shows, or nothing"),
        "metadata": Member(Metadata()),
    }
)
_METADATA_BODY = Fields({"metadata": Member(Metadata(), "All pairs from now on", is_required=True)})
_FILTERS = Fields(
    {
        "payment": Member(ObjectId("pay"), "Refunds of this payment"),
        "status": Member(Choice(tuple(RefundStatus)), "Refunds in this status"),
    }
)


async def preview(call: Call) -> Reply:
    """What a refund would do now."""
    command = PreviewCommand(payment_id=call.body["payment"], amount_minor=call.body.get("amount"))
    keeper = call.keeper(render_refund_preview)
    made = await preview_refund(call.desk, call.moment, command, keeper=keeper)
    return Reply(document=render_refund_preview(made))


async def create(call: Call) -> Reply:
    """Accept a refund."""
    command = _read_refund(call)
    try:
        made = await create_refund(call.desk, call.moment, command, keeper=call.keeper(render_refund))
    except PreviewStale as stale:
        raise _show_fresh(stale) from None
    return Reply(document=render_refund(made))


async def retrieve(call: Call) -> Reply:
    """One refund."""
    return Reply(document=render_refund(await get_refund(call.desk, call.moment, call.path["id"])))


async def list_all(call: Call) -> Reply:
    """The account's refunds, newest first."""
    status = call.query.get("status")
    page = await list_refunds(
        call.desk,
        call.moment,
        page=call.get_page(),
        payment_id=call.query.get("payment"),
        status=None if status is None else RefundStatus(status),
    )
    return Reply(document=render_page(page, render_refund))


async def update(call: Call) -> Reply:
    """Other metadata."""
    metadata, keeper = read_metadata(call.body["metadata"]), call.keeper(render_refund)
    made = await update_metadata(call.desk, call.moment, call.path["id"], metadata, keeper=keeper)
    return Reply(document=render_refund(made))


async def cancel(call: Call) -> Reply:
    """Withdraw a refund that was not sent yet."""
    keeper = call.keeper(render_refund)
    made = await cancel_refund(call.desk, call.moment, call.path["id"], keeper=keeper)
    return Reply(document=render_refund(made))


def _read_refund(call: Call) -> RefundCommand:
    body = call.body
    reason = body.get("reason")
    return RefundCommand(
        payment_id=body["payment"],
        amount_minor=body.get("amount"),
        reason=None if reason is None else RefundReason(reason),
        preview_id=body.get("preview"),
        metadata=read_metadata(body.get("metadata")),
    )


def _show_fresh(stale: PreviewStale) -> PaymentRefused:
    """The refusal with the fresh preview in this door's words; null where the refund would be refused."""
    fresh = None if stale.fresh is None else render_refund_preview(stale.fresh)
    return PaymentRefused(
        stale.fault,
        stale.message,
        param=stale.param,
        resource=stale.resource,
        details={"preview": fresh},
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/refunds/preview",
        scope=Scope.REFUNDS_READ,
        summary="Preview a refund",
        handler=preview,
        answer=RefundPreviewObject,
        body=_PREVIEW_BODY,
        faults=_DECIDED,
    ),
    Endpoint(
        method="POST",
        path="/v1/refunds",
        scope=Scope.REFUNDS_WRITE,
        summary="Refund a payment, wholly or in part",
        handler=create,
        answer=RefundObject,
        body=_REFUND_BODY,
        status=201,
        faults=(Fault.PREVIEW_MISMATCH, Fault.PREVIEW_STALE, *_DECIDED),
    ),
    Endpoint(
        method="GET",
        path="/v1/refunds/{id}",
        scope=Scope.REFUNDS_READ,
        summary="Retrieve a refund",
        handler=retrieve,
        answer=RefundObject,
    ),
    Endpoint(
        method="GET",
        path="/v1/refunds",
        scope=Scope.REFUNDS_READ,
        summary="List refunds",
        handler=list_all,
        answer=RefundObject,
        query=_FILTERS,
        is_list=True,
    ),
    Endpoint(
        method="POST",
        path="/v1/refunds/{id}",
        scope=Scope.REFUNDS_WRITE,
        summary="Give a refund other metadata",
        handler=update,
        answer=RefundObject,
        body=_METADATA_BODY,
    ),
    Endpoint(
        method="POST",
        path="/v1/refunds/{id}/cancel",
        scope=Scope.REFUNDS_WRITE,
        summary="Withdraw a refund before it is sent",
        handler=cancel,
        answer=RefundObject,
        body=NO_FIELDS,
        faults=(Fault.REFUND_NOT_CANCELLABLE,),
    ),
)
