"""`/v1/payment-methods` (`spec/payments.md` §5). A number comes from a browser's key only."""

from parcela.dialects.payments.billing_fields import BILLING, read_billing
from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member, refuse_absent
from parcela.dialects.payments.kinds import Choice, Integer, ObjectId, Text, refuse_value
from parcela.dialects.payments.payment_method_objects import PaymentMethodObject, render_payment_method
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.payments.payment_methods import (
    MethodCommand,
    ReuseCommand,
    TypedCard,
    create_payment_method,
    get_payment_method,
    reuse_payment_method,
)

_CARD = Fields(
    {
        "number": Member(
            Text(
                longest=19,
                shortest=12,
                pattern="[0-9]{12,19}",
                expected="a card number of 12 to 19 digits, without spaces",
            ),
            is_required=True,
        ),
        "expMonth": Member(Integer(least=1, most=12), is_required=True),
        "expYear": Member(Integer(least=2000, most=2099), is_required=True),
        "cvc": Member(
            Text(longest=4, shortest=3, pattern="[0-9]{3,4}", expected="a code of 3 or 4 digits"),
            is_required=True,
        ),
    }
)
_BODY = Fields(
    {
        "type": Member(Choice(("card",)), is_required=True),
        "card": Member(_CARD, "Publishable keys only"),
        "token": Member(ObjectId("pm"), "A kept card to be kept once more, such as for a customer"),
        "billingDetails": BILLING,
        "customer": Member(
            ObjectId("cust"), "To whom the card belongs; one of nobody that stays unused is gone after a day"
        ),
    },
    also={"oneOf": [{"required": ["card"]}, {"required": ["token"]}]},
)


async def create(call: Call) -> Reply:
    """Keep a card."""
    keeper = call.keeper(render_payment_method)
    command = _read_command(call)
    if isinstance(command, MethodCommand):
        method = await create_payment_method(call.desk, call.moment, command, keeper=keeper)
    else:
        method = await reuse_payment_method(call.desk, call.moment, command, keeper=keeper)
    return Reply(render_payment_method(method))


async def retrieve(call: Call) -> Reply:
    """One payment method."""
    return Reply(render_payment_method(await get_payment_method(call.desk, call.moment, call.path["id"])))


def _read_command(call: Call) -> MethodCommand | ReuseCommand:
    """Raises PaymentRefused: a number with a server's key, neither number nor token, or both."""
    body = call.body
    card, token = body.get("card"), body.get("token")
    is_browser = call.key.kind is KeyKind.PUBLISHABLE
    if card is not None and not is_browser:
        raise PaymentRefused(
            Fault.RAW_PAN_NOT_ALLOWED,
            "Card numbers are taken from publishable keys and the hosted page only: create the payment method"
            " in the browser, and send its id here as 'token'.",
            param="card",
        )
    if card is not None and token is not None:
        raise refuse_value("token", "left out where 'card' is given")
    billing, customer_id = read_billing(body.get("billingDetails")), body.get("customer")
    if token is not None and not is_browser:
        return ReuseCommand(token=token, billing=billing, customer_id=customer_id)
    if card is None:
        raise refuse_absent("card" if is_browser else "token")
    typed = TypedCard(
        digits=card["number"],
        expiry_month=card["expMonth"],
        expiry_year=card["expYear"],
        security_code=card["cvc"],
    )
    return MethodCommand(card=typed, billing=billing, customer_id=customer_id)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/payment-methods",
        scope=Scope.PAYMENT_METHODS_WRITE,
        summary="Keep a card to pay with",
        handler=create,
        answer=PaymentMethodObject,
        body=_BODY,
        status=201,
        keys=frozenset(KeyKind),
        faults=(Fault.RAW_PAN_NOT_ALLOWED, Fault.PAYMENT_METHOD_UNUSABLE),
    ),
    Endpoint(
        method="GET",
        path="/v1/payment-methods/{id}",
        scope=Scope.PAYMENT_METHODS_READ,
        summary="Retrieve a payment method",
        handler=retrieve,
        answer=PaymentMethodObject,
    ),
)
