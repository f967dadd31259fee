"""`/v1/settlements` and `/v1/balance-transactions` (`spec/payments.md` §8.2)."""

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Choice, Currency, Instant, ObjectId
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.routes import Endpoint
from parcela.dialects.payments.settlement_objects import (
    BalanceTransactionObject,
    SettlementObject,
    render_balance_transaction,
    render_settlement,
)
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.settlement import BalanceKind
from parcela.operations.payments import settlement_reading
from parcela.operations.payments.settlement_reading import RowFilter, SettlementFilter

METHOD_TYPE = Choice(("card", "card_installment"))

_CREATED = {
    "created[gte]": Member(Instant(), "Created at this instant or later"),
    "created[lt]": Member(Instant(), "Created before this instant"),
}
_SETTLEMENTS_QUERY = Fields({**_CREATED, "currency": Member(Currency())})
_ROWS_QUERY = Fields(
    {
        **_CREATED,
        "type": Member(Choice(tuple(BalanceKind)), "What the row is about"),
        "source": Member(ObjectId("pay"), "The payment, refund or payout of the row"),
        "settlement": Member(ObjectId("setl"), "The settlement that the row is in"),
        "currency": Member(Currency()),
        "paymentMethodType": Member(METHOD_TYPE, "Paid with a plan or without, also of refunds"),
    }
)


async def list_settlements(call: Call) -> Reply:
    """`GET /v1/settlements`."""
    wanted = SettlementFilter(
        created_from=call.query.get("created[gte]"),
        created_to=call.query.get("created[lt]"),
        currency=call.query.get("currency"),
    )
    page = await settlement_reading.list_settlements(call.desk, call.moment, wanted, call.get_page())
    return Reply(document=render_page(page, render_settlement))


async def get_settlement(call: Call) -> Reply:
    """`GET /v1/settlements/{id}`."""
    settlement = await settlement_reading.get_settlement(call.desk, call.moment, call.path["id"])
    return Reply(document=render_settlement(settlement))


async def list_settlement_rows(call: Call) -> Reply:
    """`GET /v1/settlements/{id}/transactions`."""
    page = await settlement_reading.list_settlement_rows(
        call.desk, call.moment, call.path["id"], call.get_page()
    )
    return Reply(document=render_page(page, render_balance_transaction))


async def list_balance_transactions(call: Call) -> Reply:
    """`GET /v1/balance-transactions`."""
    kind = call.query.get("type")
    wanted = RowFilter(
        created_from=call.query.get("created[gte]"),
        created_to=call.query.get("created[lt]"),
        kind=None if kind is None else BalanceKind(kind),
        source_id=call.query.get("source"),
        settlement_id=call.query.get("settlement"),
        currency=call.query.get("currency"),
        payment_method_type=call.query.get("paymentMethodType"),
    )
    page = await settlement_reading.list_balance_transactions(call.desk, call.moment, wanted, call.get_page())
    return Reply(document=render_page(page, render_balance_transaction))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/settlements",
        scope=Scope.SETTLEMENTS_READ,
        summary="List settlements",
        handler=list_settlements,
        answer=SettlementObject,
        query=_SETTLEMENTS_QUERY,
        is_list=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/settlements/{id}",
        scope=Scope.SETTLEMENTS_READ,
        summary="Get a settlement",
        handler=get_settlement,
        answer=SettlementObject,
    ),
    Endpoint(
        method="GET",
        path="/v1/settlements/{id}/transactions",
        scope=Scope.SETTLEMENTS_READ,
        summary="List the balance transactions of a settlement",
        handler=list_settlement_rows,
        answer=BalanceTransactionObject,
        is_list=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/balance-transactions",
        scope=Scope.SETTLEMENTS_READ,
        summary="List balance transactions",
        handler=list_balance_transactions,
        answer=BalanceTransactionObject,
        query=_ROWS_QUERY,
        is_list=True,
    ),
)
