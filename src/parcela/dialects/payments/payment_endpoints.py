"""`/v1/payments`: create, read, list, confirm, capture, cancel (`spec/payments.md` §4)."""

from datetime import timedelta

from parcela.dialects.payments.billing_fields import (
    BILLING,
    REFERENCE,
    check_plain,
    keep_plain,
    read_billing,
    read_metadata,
)
from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.installments_fields import (
    CONFIRM_INSTALLMENTS,
    CREATE_INSTALLMENTS,
    TERMS_ACCEPTANCE,
    read_acceptance,
    read_wish,
)
from parcela.dialects.payments.kinds import (
    AMOUNT,
    Boolean,
    Choice,
    Currency,
    Instant,
    Integer,
    Metadata,
    ObjectId,
    Text,
    Url,
    is_return_url,
    refuse_value,
)
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.payment_objects import PaymentObject
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.records import (
    CancellationReason,
    CaptureMethod,
    InstallmentsRequest,
    PaymentStatus,
)
from parcela.domain.payments.refusals import Fault
from parcela.operations.payments.cancellations import cancel_payment
from parcela.operations.payments.captures import capture_payment
from parcela.operations.payments.desk import PaymentView
from parcela.operations.payments.payment_attempts import (
    AttemptCommand,
    confirm_payment,
    recover_payment,
)
from parcela.operations.payments.payment_reading import PaymentFilter, get_payment, list_payments
from parcela.operations.payments.payments import PaymentCommand, create_payment

DEFAULT_CURRENCY = "EUR"
DEFAULT_MINUTES = 1440

_RETURN_URL = Member(Url(), "Where the shopper comes back to; https, in test mode also http to localhost")
_IS_INTENT = {"properties": {"confirm": {"const": False}}, "required": ["confirm"]}
_CREATE = Fields(
    {
        "amount": Member(AMOUNT, "Minor units", is_required=True),
        "currency": Member(Currency(), "EUR if not given"),
        "description": Member(Text(longest=500)),
        "returnUrl": _RETURN_URL,
        "customer": Member(ObjectId("cust")),
        "paymentMethod": Member(ObjectId("pm"), "Attempted at once unless confirm is false"),
        "method": Member(Choice(("card",))),
        "captureMethod": Member(Choice(tuple(CaptureMethod))),
        "confirm": Member(Boolean(), "False: an intent that waits for confirm, without a hosted page"),
        "installments": CREATE_INSTALLMENTS,
        "authentication": Member(Fields({"mode": Member(Choice(("redirect",)))})),
        "metadata": Member(Metadata()),
        "reference": Member(REFERENCE, "The merchant's order number"),
        "locale": Member(
            Text(
                longest=35,
                pattern="[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*",
                expected="a language tag such as en or pt-BR",
            ),
            "Language of the hosted page",
        ),
        "billingDetails": BILLING,
        "expiresInMinutes": Member(
            Integer(least=30, most=10_080), "Life of the hosted page, 1440 if not given"
        ),
    },
    also={"anyOf": [{"required": ["returnUrl"]}, {"required": ["paymentMethod"]}, _IS_INTENT]},
)
_CONFIRM = Fields(
    {
        "paymentMethod": Member(ObjectId("pm"), is_required=True),
        "installments": CONFIRM_INSTALLMENTS,
        "termsAcceptance": TERMS_ACCEPTANCE,
        "returnUrl": _RETURN_URL,
    }
)
_CAPTURE = Fields({"amount": Member(AMOUNT, "All that is held if not given; the rest is released")})
_CANCEL = Fields(
    {
        "reason": Member(
            Choice((CancellationReason.REQUESTED_BY_MERCHANT, CancellationReason.ABANDONED)),
            "requested_by_merchant if not given",
        )
    }
)
_FILTERS = Fields(
    {
        "status": Member(Choice(tuple(PaymentStatus))),
        "customer": Member(ObjectId("cust")),
        "reference": Member(REFERENCE),
        "issuerProgram": Member(Text(longest=60)),
        "created[gte]": Member(Instant(), "From this instant"),
        "created[lt]": Member(Instant(), "Before this instant"),
    }
)
_DECLINES = (
    Fault.CARD_DECLINED,
    Fault.PLAN_DECLINED,
    Fault.CREDIT_DECLINED,
    Fault.NO_PLAN_AVAILABLE,
    Fault.PROCESSING_ERROR,
)
_PLANS = (
    Fault.PAYMENT_METHOD_UNUSABLE,
    Fault.PLAN_CHANGED,
    Fault.PLAN_EXPIRED,
    Fault.TERMS_ACCEPTANCE_REQUIRED,
    Fault.CREDIT_INFORMATION_REQUIRED,
)
_WISHES = (
    Fault.INSTALLMENTS_NOT_ENABLED,
    Fault.INTERVAL_UNSUPPORTED,
    Fault.FIRST_PAYMENT_DATE_PAST,
    Fault.URL_INVALID,
)


async def create(call: Call) -> Reply:
    """Make a payment, and pay it if a card is given."""
    keeper = call.keeper(call.desk.renderer.render_payment)
    return _show(call, await create_payment(call.desk, call.moment, _read_create(call), keeper=keeper))


async def recover_create(call: Call, payment_id: str) -> Reply | None:
    """What became of the payment; a card that was not sent yet is sent now."""
    command, view = _read_create(call), await recover_payment(call.desk, call.moment, payment_id)
    if view is None or view.payment.status is not PaymentStatus.PENDING or command.attempt is None:
        return None if view is None else _show(call, view)
    keeper = call.keeper(call.desk.renderer.render_payment)
    return _show(
        call, await confirm_payment(call.desk, call.moment, payment_id, command.attempt, keeper=keeper)
    )


async def retrieve(call: Call) -> Reply:
    """One payment."""
    return _show(call, await get_payment(call.desk, call.moment, call.path["id"]))


async def list_all(call: Call) -> Reply:
    """The account's payments, newest first."""
    query = call.query
    status = query.get("status")
    wanted = PaymentFilter(
        status=None if status is None else PaymentStatus(status),
        customer_id=query.get("customer"),
        reference=query.get("reference"),
        issuer_program=query.get("issuerProgram"),
        created_from=query.get("created[gte]"),
        created_before=query.get("created[lt]"),
    )
    page = await list_payments(call.desk, call.moment, wanted, page=call.get_page())
    return Reply(render_page(page, call.desk.renderer.render_payment))


async def confirm(call: Call) -> Reply:
    """Pay a pending payment with a card."""
    command = _read_attempt(call, call.body.get("installments"), is_default=False)
    assert command is not None, "the table requires the payment method"
    keeper = call.keeper(call.desk.renderer.render_payment)
    return _show(call, await confirm_payment(call.desk, call.moment, call.path["id"], command, keeper=keeper))


async def capture(call: Call) -> Reply:
    """Take what an authorized payment holds."""
    amount, keeper = call.body.get("amount"), call.keeper(call.desk.renderer.render_payment)
    return _show(
        call,
        await capture_payment(call.desk, call.moment, call.path["id"], amount_minor=amount, keeper=keeper),
    )


async def cancel(call: Call) -> Reply:
    """End a payment before its money is taken."""
    reason = CancellationReason(call.body.get("reason", CancellationReason.REQUESTED_BY_MERCHANT))
    keeper = call.keeper(call.desk.renderer.render_payment)
    return _show(
        call, await cancel_payment(call.desk, call.moment, call.path["id"], reason=reason, keeper=keeper)
    )


async def recover_confirm(call: Call, payment_id: str) -> Reply | None:
    """What became of the payment."""
    view = await recover_payment(call.desk, call.moment, payment_id)
    return None if view is None else _show(call, view)


async def recover_capture(call: Call, payment_id: str) -> Reply | None:
    """What became of the payment; one that the bank left as it was is captured now."""
    view = await recover_payment(call.desk, call.moment, payment_id)
    is_unmoved = view is not None and view.payment.status is PaymentStatus.AUTHORIZED
    return await capture(call) if is_unmoved else await recover_confirm(call, payment_id)


async def recover_cancel(call: Call, payment_id: str) -> Reply | None:
    """What became of the payment; one that the bank left as it was is cancelled now."""
    view = await recover_payment(call.desk, call.moment, payment_id)
    is_unmoved = view is not None and view.payment.status is PaymentStatus.AUTHORIZED
    return await cancel(call) if is_unmoved else await recover_confirm(call, payment_id)


def _show(call: Call, view: PaymentView) -> Reply:
    return Reply(call.desk.renderer.render_payment(view))


def _read_create(call: Call) -> PaymentCommand:
    """The command. Raises PaymentRefused."""
    body = call.body
    wish = read_wish(body.get("installments"), today=call.moment.today)
    confirms = body.get("confirm", True)
    attempt = _read_attempt(call, None, is_default=True) if confirms else None
    return PaymentCommand(
        amount_minor=body["amount"],
        currency=body.get("currency", DEFAULT_CURRENCY),
        capture_method=CaptureMethod(body.get("captureMethod", CaptureMethod.AUTOMATIC)),
        description=keep_plain(body.get("description")),
        reference=check_plain(body.get("reference")),
        customer_id=body.get("customer"),
        return_url=_read_return_url(call),
        locale=body.get("locale"),
        billing=read_billing(body.get("billingDetails")),
        wish=wish or InstallmentsRequest(),
        metadata=read_metadata(body.get("metadata")),
        has_checkout=confirms and attempt is None,
        checkout_life=timedelta(minutes=body.get("expiresInMinutes", DEFAULT_MINUTES)),
        payment_method_id=None if confirms else body.get("paymentMethod"),
        attempt=attempt,
    )


def _read_attempt(
    call: Call, installments: dict[str, object] | None, *, is_default: bool
) -> AttemptCommand | None:
    """The card of a request, if it gives one; `is_default`: the wish is the payment's own."""
    method_id, body = call.body.get("paymentMethod"), call.body
    if method_id is None:
        return None
    offer_id = None if installments is None else installments.get("offer")
    return AttemptCommand(
        payment_method_id=method_id,
        wish=None if is_default else read_wish(installments, today=call.moment.today),
        offer_id=None if offer_id is None else str(offer_id),
        acceptance=read_acceptance(body.get("termsAcceptance")),
        return_url=_read_return_url(call),
    )


def _read_return_url(call: Call) -> str | None:
    """Raises PaymentRefused for an address that this mode does not admit."""
    url: str | None = call.body.get("returnUrl")
    if url is not None and not is_return_url(url, is_live=call.moment.is_live):
        raise refuse_value(
            "returnUrl", "an https address such as https://shop.example/done", fault=Fault.URL_INVALID
        )
    return url


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/payments",
        scope=Scope.PAYMENTS_WRITE,
        summary="Create a payment",
        handler=create,
        answer=PaymentObject,
        body=_CREATE,
        status=201,
        recover=recover_create,
        faults=(*_WISHES, *_DECLINES, *_PLANS, Fault.UPSTREAM_ERROR, Fault.SERVICE_UNAVAILABLE),
    ),
    Endpoint(
        method="GET",
        path="/v1/payments/{id}",
        scope=Scope.PAYMENTS_READ,
        summary="Retrieve a payment",
        handler=retrieve,
        answer=PaymentObject,
    ),
    Endpoint(
        method="GET",
        path="/v1/payments",
        scope=Scope.PAYMENTS_READ,
        summary="List payments",
        handler=list_all,
        answer=PaymentObject,
        query=_FILTERS,
        is_list=True,
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{id}/confirm",
        scope=Scope.PAYMENTS_WRITE,
        summary="Pay a pending payment with a card",
        handler=confirm,
        answer=PaymentObject,
        body=_CONFIRM,
        recover=recover_confirm,
        faults=(
            *_WISHES,
            *_DECLINES,
            *_PLANS,
            Fault.PAYMENT_NOT_CONFIRMABLE,
            Fault.RESOURCE_BUSY,
            Fault.UPSTREAM_ERROR,
            Fault.SERVICE_UNAVAILABLE,
        ),
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{id}/capture",
        scope=Scope.PAYMENTS_WRITE,
        summary="Capture an authorized payment",
        handler=capture,
        answer=PaymentObject,
        body=_CAPTURE,
        recover=recover_capture,
        faults=(
            Fault.PAYMENT_NOT_CAPTURABLE,
            Fault.CAPTURE_AMOUNT_TOO_LARGE,
            Fault.PARTIAL_CAPTURE_WITH_PLAN,
            Fault.RESOURCE_BUSY,
            Fault.UPSTREAM_ERROR,
        ),
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{id}/cancel",
        scope=Scope.PAYMENTS_WRITE,
        summary="Cancel a payment before its money is taken",
        handler=cancel,
        answer=PaymentObject,
        body=_CANCEL,
        recover=recover_cancel,
        faults=(Fault.PAYMENT_NOT_CANCELLABLE, Fault.RESOURCE_BUSY, Fault.UPSTREAM_ERROR),
    ),
)
