"""The gateway API for asyncio: payment plan offers, orders and sessions, with HTTP Basic inside.

Members are those of the wire; amounts are texts or `Decimal`, and come back as `Decimal`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from parcela_client._calls import TIMEOUT_S, Retries
from parcela_client._clients import AsyncClosing
from parcela_client._sending import AsyncSender
from parcela_client.gateway import _calls as calls
from parcela_client.gateway._calls import DEFAULT_VERSION, GatewayCall, Json, Members, Merchant

_RETRIES = Retries()


class AsyncGateway(AsyncClosing):
    """The gateway API of a merchant, for asyncio."""

    def __init__(
        self, merchant: Merchant, *, timeout_s: float = TIMEOUT_S, retries: Retries = _RETRIES
    ) -> None:
        self._merchant = merchant
        self._sender = AsyncSender(retries, timeout_s=timeout_s)
        self._connection = self._sender

    @classmethod
    def from_credentials(
        cls, source: str | Path | Members, *, version: int = DEFAULT_VERSION, retries: Retries = _RETRIES
    ) -> Self:
        """As the merchant of a credentials file, or of its members."""
        return cls(Merchant.from_credentials(source, version=version), retries=retries)

    def __repr__(self) -> str:
        return f"AsyncGateway({self._merchant!r})"

    async def inquire_shopping_options(self, **members: Any) -> Json:
        """`SHOPPING_OPTIONS_INQUIRY`: generic offers, such as for `merchantCurrency="USD"`."""
        return await self._send(calls.inquire("shoppingOptionsInquiry", "SHOPPING_OPTIONS_INQUIRY", members))

    async def inquire_item_offers(self, *, currency: str, item: Sequence[Members], **members: Any) -> Json:
        """`ITEM_PAYMENT_PLAN_OFFERS`: offers beside articles."""
        told = {"currency": currency, "item": item, **members}
        return await self._send(calls.inquire("itemPaymentPlanOffers", "ITEM_PAYMENT_PLAN_OFFERS", told))

    async def inquire_payment_options(self, **members: Any) -> Json:
        """`PAYMENT_OPTIONS_INQUIRY`: with an order and digits of a card, the offers that can be accepted."""
        return await self._send(calls.inquire("paymentOptionsInquiry", "PAYMENT_OPTIONS_INQUIRY", members))

    async def update_offer(self, offer_id: str, /, **members: Any) -> Json:
        """`UPDATE_PAYMENT_PLAN_OFFER`: the payer accepts an offer."""
        return await self._send(calls.change_offer(offer_id, members))

    async def transact(self, operation: str, order_id: str, transaction_id: str, /, **members: Any) -> Json:
        """A transaction by its name, such as `VERIFY` or `VOID`."""
        return await self._send(calls.transact(operation, order_id, transaction_id, members))

    async def pay(self, order_id: str, transaction_id: str = "1", /, **members: Any) -> Json:
        """`PAY`: authorize and capture at once, with a plan by `paymentPlan={"offerId": …}`."""
        return await self._send(calls.transact("PAY", order_id, transaction_id, members))

    async def authorize(self, order_id: str, transaction_id: str = "1", /, **members: Any) -> Json:
        """`AUTHORIZE`: hold the amount; a plan begins with the capture."""
        return await self._send(calls.transact("AUTHORIZE", order_id, transaction_id, members))

    async def capture(
        self, order_id: str, transaction_id: str, /, *, transaction: Members, **members: Any
    ) -> Json:
        """`CAPTURE`: take what is held."""
        told = {"transaction": transaction, **members}
        return await self._send(calls.transact("CAPTURE", order_id, transaction_id, told))

    async def refund(
        self, order_id: str, transaction_id: str, /, *, transaction: Members, **members: Any
    ) -> Json:
        """`REFUND`: give money back; the plan is recalculated."""
        told = {"transaction": transaction, **members}
        return await self._send(calls.transact("REFUND", order_id, transaction_id, told))

    async def void(
        self, order_id: str, transaction_id: str, /, *, target_transaction_id: str, **members: Any
    ) -> Json:
        """`VOID`: undo a transaction that is not settled yet."""
        told = {"transaction": {"targetTransactionId": target_transaction_id}, **members}
        return await self._send(calls.transact("VOID", order_id, transaction_id, told))

    async def retrieve_order(self, order_id: str, /) -> Json:
        """The order with its transactions."""
        return await self._send(calls.retrieve("order", order_id))

    async def retrieve_transaction(self, order_id: str, transaction_id: str, /) -> Json:
        """One transaction of an order."""
        return await self._send(calls.retrieve("order", order_id, "transaction", transaction_id))

    async def create_session(self, **members: Any) -> Json:
        """A place that keeps request fields between calls."""
        return await self._send(calls.write_session(None, members))

    async def update_session(self, session_id: str, /, **members: Any) -> Json:
        """Put fields into a session; None takes one away."""
        return await self._send(calls.write_session(session_id, members))

    async def retrieve_session(self, session_id: str, /) -> Json:
        """What a session keeps, card numbers masked."""
        return await self._send(calls.retrieve("session", session_id))

    async def _send(self, call: GatewayCall) -> Json:
        request = calls.prepare_gateway(call, self._merchant)
        return calls.read_gateway(await self._sender.send(lambda: request))
