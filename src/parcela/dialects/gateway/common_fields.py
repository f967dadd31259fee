"""The request fields that transactions and sessions share, by dotted path, with their formats.

`spec/gateway.md` §6.2. What stands in no table here or in an operation's own is an unexpected parameter.
"""

from collections.abc import Mapping

from parcela.dialects.gateway.calls import RequestTree
from parcela.dialects.gateway.errors import refuse_unsupported
from parcela.dialects.gateway.fields import (
    AMOUNT,
    CARD_NUMBER,
    CURRENCY,
    MONTH,
    OPEN,
    PAYMENT_AMOUNT,
    PREFIX,
    QUANTITY,
    SECURITY_CODE,
    YEAR,
    Kind,
    enum,
    find_text,
    identifier,
    integer,
    text,
)

FieldKinds = dict[str, Kind]

MAX_ITEMS = 1000
"""So many rows may an order have (`spec/gateway.md` §9.2)."""

ENVELOPE_FIELDS: FieldKinds = {"partnerSolutionId": text(1, 40), "userId": text(1, 256)}
"""What any request may carry beside its content and what the door reads itself."""

ORDER_FIELDS: FieldKinds = {
    "order.id": identifier(1, 40),
    "order.reference": text(1, 200),
    "order.description": text(1, 1000),
    "order.amount": PAYMENT_AMOUNT,
    "order.netAmount": PAYMENT_AMOUNT,
    "order.currency": CURRENCY,
    "order.itemAmount": AMOUNT,
    "order.taxAmount": AMOUNT,
    "order.shippingAndHandlingAmount": AMOUNT,
    "order.gratuityAmount": AMOUNT,
    "order.discount.amount": AMOUNT,
    "order.discount.code": text(1, 40),
    "order.discount.description": text(1, 127),
    "order.notificationUrl": text(1, 2000),
    "order.invoiceNumber": text(1, 100),
    "order.custom": text(1, 1000),
    "order.customerNote": text(1, 1000),
    "order.customerOrderDate": text(1, 40),
    "order.customerReference": text(1, 100),
    "order.requestorName": text(1, 100),
    "order.taxRegistrationId": text(1, 100),
    "order.purchaseType": text(1, 60),
}
"""The order, apart from its items."""

SERIAL_NUMBERS_LENGTH = 100_000
"""Up to a thousand numbers of up to a hundred characters in one text, separated by commas."""

ITEM_FIELDS: FieldKinds = {
    "order.item[].name": text(1, 127),
    "order.item[].description": text(1, 1000),
    "order.item[].sku": text(1, 127),
    "order.item[].quantity": QUANTITY,
    "order.item[].unitPrice": AMOUNT,
    "order.item[].unitTaxAmount": AMOUNT,
    "order.item[].unitDiscountAmount": AMOUNT,
    "order.item[].brand": text(1, 127),
    "order.item[].category": text(1, 127),
    "order.item[].unitOfMeasure": text(1, 40),
    "order.item[].upc": text(1, 40),
    "order.item[].serialNumber": text(1, SERIAL_NUMBERS_LENGTH),
}
"""One row of the order."""

TRANSACTION_FIELDS: FieldKinds = {
    "transaction.id": identifier(1, 40),
    "transaction.amount": PAYMENT_AMOUNT,
    "transaction.currency": CURRENCY,
    "transaction.reference": text(1, 100),
    "transaction.source": text(1, 40),
    "transaction.frequency": text(1, 40),
    "transaction.targetTransactionId": identifier(1, 40),
    "transaction.taxAmount": AMOUNT,
    "transaction.merchantNote": text(1, 1000),
    "transaction.acquirer.customData": text(1, 2048),
    "transaction.acquirer.transactionId": text(1, 100),
}
"""The transaction itself."""

CARD_FIELDS: FieldKinds = {
    "sourceOfFunds.type": enum("CARD"),
    "sourceOfFunds.provided.card.number": CARD_NUMBER,
    "sourceOfFunds.provided.card.expiry.month": MONTH,
    "sourceOfFunds.provided.card.expiry.year": YEAR,
    "sourceOfFunds.provided.card.securityCode": SECURITY_CODE,
    "sourceOfFunds.provided.card.nameOnCard": text(1, 256),
    "sourceOfFunds.provided.card.prefix": PREFIX,
}
"""The card that pays."""

_TOKEN = "sourceOfFunds.token"
TOKEN_FIELDS: FieldKinds = {_TOKEN: text(1, 100)}
"""Known, and never taken: see `refuse_token`."""

PLAN_FIELDS: FieldKinds = {
    "paymentPlan.offerId": text(1, 60),
    "paymentPlan.offerID": text(1, 60),
    "paymentPlan.planId": text(1, 40),
    "paymentPlan.numberOfPayments": integer(1, 99),
    "paymentPlan.numberOfDeferrals": integer(1, 99),
}
"""The chosen payment plan: an offer, in either spelling of §17, or a custom plan."""

OPEN_GROUPS: FieldKinds = {
    "billing": OPEN,
    "shipping": OPEN,
    "customer": OPEN,
    "device": OPEN,
    "authentication": OPEN,
    "3DSecure": OPEN,
    "3DSecureId": OPEN,
    "risk": OPEN,
    "airline": OPEN,
    "interaction": OPEN,
    "constraints": OPEN,
    "locale": OPEN,
}
"""Groups taken with any content, for display only."""


ORDER_AMOUNTS: Mapping[str, str] = {
    path: "order.currency"
    for path, kind in {**ORDER_FIELDS, **ITEM_FIELDS}.items()
    if kind in (AMOUNT, PAYMENT_AMOUNT)
}
"""The amounts of an order, each with the field of its currency."""

ALL_AMOUNTS: Mapping[str, str] = {
    **ORDER_AMOUNTS,
    "transaction.amount": "transaction.currency",
    "transaction.taxAmount": "transaction.currency",
}
"""Those of the transaction too."""


def refuse_token(fields: RequestTree) -> list[str]:
    """No further field is needed. Raises GatewayError when a token stands in for a card (§6.2)."""
    token = find_text(fields, _TOKEN)
    if token is not None:
        raise refuse_unsupported(_TOKEN, token, "Tokens are not supported.")
    return []
