"""Installments after the purchase: handlers, bodies and routes. Amounts are texts in major units."""

from datetime import date, datetime, timedelta

from parcela.admin.read import read_day, read_whole_number
from parcela.admin.routes import Call, Route
from parcela.admin.wire import Answer, Request
from parcela.domain.errors import InvalidInput
from parcela.domain.ids import Identifier
from parcela.domain.money import format_minor
from parcela.domain.offers import PresentedOffer
from parcela.domain.plans import Merchant, Plan
from parcela.operations import post_purchase, post_purchase_plans
from parcela.operations.post_purchase import Days, OfferablePage, Page
from parcela.operations.post_purchase_plans import Acceptance
from parcela.operations.shown_offers import Offerable

_DEFAULT_DAYS = 31
_DEFAULT_LIMIT = "25"


class ShownRow(Answer, frozen=True):
    """One row of an offer."""

    number: int
    due_date: str
    amount: str


class ShownOffer(Answer, frozen=True):
    """An offer as a plan request must repeat it; `fee_value` of a fee in percent is the percentage."""

    offer_id: str
    provider_id: str
    count: int
    interval: str
    apr_percent: str | None
    fee_value: str
    total: str
    first_amount: str
    other_amount: str
    rows: list[ShownRow]


class ShownMerchant(Answer, frozen=True):
    """The merchant as a plan request must repeat it."""

    name: str | None
    url: str | None
    country: str | None
    mcc: str | None
    acquirer_id: str | None
    merchant_id: str | None


class ReasonAnswer(Answer, frozen=True):
    """Why a transaction has no offers."""

    code: str
    message: str


class OfferableAnswer(Answer, frozen=True):
    """A card transaction with the offers shown for it, or the reasons why there are none.

    `amount` is what the offers finance. `plan_id` is set once one of them was accepted.
    """

    transaction_id: str
    account_id: str
    state: str
    currency: str
    amount: str
    merchant: ShownMerchant
    local_at: datetime
    transmitted_at: datetime | None
    stan: str | None
    rrn: str | None
    authorization_code: str | None
    transaction_link_id: str | None
    offer_transaction_id: str | None
    expires_at: datetime | None
    offers: list[ShownOffer]
    plan_id: str | None
    reasons: list[ReasonAnswer]


class OfferableList(Answer, frozen=True):
    """A part of a list; `next_after` asks for what follows."""

    items: list[OfferableAnswer]
    next_after: str | None


class AcceptedOffer(Request, frozen=True):
    """The cardholder's choice among the offers shown for a transaction."""

    offer_transaction_id: str
    offer_id: str


class AcceptedPlan(Answer, frozen=True):
    """The plan that an offer became."""

    plan_id: str
    status: str
    transaction_id: str
    offer_id: str
    created_at: datetime


async def list_offerable(call: Call) -> OfferableList:
    """The transactions of some days, or of one statement, with their offers."""
    world, page = await call.engine.look(), _read_page(call, "after_transaction")
    account_id, query = call.params["account_id"], call.query
    if "statement" in query:
        if "since" in query or "until" in query:
            raise InvalidInput("statement", "no other choice of days beside it")
        number = read_whole_number("statement", query["statement"])
        return _page_to_wire(
            await post_purchase.list_offerable_of_statement(
                call.engine, world, call.person, account_id, number, page=page
            )
        )
    until = read_day("until", query.get("until")) or world.now.date()
    first = until - min(timedelta(days=_DEFAULT_DAYS), until - date.min)
    since = read_day("since", query.get("since")) or first
    days = Days(since=since, until=until)
    return _page_to_wire(
        await post_purchase.list_offerable(call.engine, world, call.person, account_id, days, page=page)
    )


async def list_offerable_feed(call: Call) -> OfferableList:
    """What has become offerable, from the position after `after`."""
    world = await call.engine.look()
    page = _read_page(call, "after")
    return _page_to_wire(await post_purchase.list_offerable_feed(call.engine, world, call.person, page=page))


async def accept_offer(call: Call) -> AcceptedPlan:
    """Make a plan of an offer that is shown for a transaction."""
    body = call.read(AcceptedOffer)
    acceptance = Acceptance(
        transaction_id=call.params["transaction_id"],
        offer_transaction_id=body.offer_transaction_id,
        offer_id=body.offer_id,
    )

    def write(plan: Plan) -> AcceptedPlan:
        return AcceptedPlan(
            plan_id=plan.plan_id,
            status=plan.status,
            transaction_id=acceptance.transaction_id,
            offer_id=plan.offer.offer_id,
            created_at=plan.created_at,
        )

    world = await call.engine.look()
    return write(
        await post_purchase_plans.accept_offer(
            call.engine, world, call.person, acceptance, once=call.once(write)
        )
    )


def _read_page(call: Call, cursor: str) -> Page:
    limit = read_whole_number("limit", call.query.get("limit", _DEFAULT_LIMIT))
    return Page(after=call.query.get(cursor), limit=limit)


def _page_to_wire(page: OfferablePage) -> OfferableList:
    return OfferableList(items=[_offerable_to_wire(item) for item in page.items], next_after=page.next_after)


def _offerable_to_wire(item: Offerable) -> OfferableAnswer:
    transaction, facts = item.transaction, item.facts
    return OfferableAnswer(
        transaction_id=transaction.transaction_id,
        account_id=transaction.account_id,
        state=transaction.state,
        currency=transaction.currency,
        amount=format_minor(item.amount_minor, transaction.currency),
        merchant=_merchant_to_wire(item.merchant),
        local_at=facts.local_at,
        transmitted_at=facts.transmitted_at,
        stan=facts.stan,
        rrn=facts.rrn,
        authorization_code=facts.authorization_code,
        transaction_link_id=facts.transaction_link_id,
        offer_transaction_id=None if item.offer_transaction_id is None else str(item.offer_transaction_id),
        expires_at=item.expires_at,
        offers=[_offer_to_wire(offer) for offer in item.offers],
        plan_id=item.plan_id,
        reasons=[ReasonAnswer(code=reason.code, message=reason.message) for reason in item.reasons],
    )


def _merchant_to_wire(merchant: Merchant) -> ShownMerchant:
    return ShownMerchant(
        name=merchant.name,
        url=merchant.url,
        country=merchant.country,
        mcc=_read_text(merchant.mcc),
        acquirer_id=_read_text(merchant.acquirer_id),
        merchant_id=_read_text(merchant.merchant_id),
    )


def _read_text(identifier: Identifier | None) -> str | None:
    return None if identifier is None else identifier.text


def _offer_to_wire(offer: PresentedOffer) -> ShownOffer:
    rows = zip(offer.amounts_minor, offer.due_dates, strict=True)
    return ShownOffer(
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        count=offer.count,
        interval=offer.interval,
        apr_percent=None if offer.apr_percent is None else str(offer.apr_percent),
        fee_value=str(offer.fee_value),
        total=format_minor(offer.total_minor, offer.currency),
        first_amount=format_minor(offer.amounts_minor[0], offer.currency),
        other_amount=format_minor(offer.amounts_minor[-1], offer.currency),
        rows=[
            ShownRow(
                number=number,
                due_date=due_date.isoformat(),
                amount=format_minor(amount_minor, offer.currency),
            )
            for number, (amount_minor, due_date) in enumerate(rows, start=1)
        ],
    )


POST_PURCHASE_ROUTES = (
    Route(
        method="GET",
        path="/accounts/{account_id}/offerable-transactions",
        handler=list_offerable,
        summary="Card transactions of some days, or of one statement, that can still become installments",
        answer=OfferableList,
        query=("since", "until", "statement", "after_transaction", "limit"),
    ),
    Route(
        method="GET",
        path="/offerable-transactions",
        handler=list_offerable_feed,
        summary="What has become offerable, from a position on",
        answer=OfferableList,
        query=("after", "limit"),
    ),
    Route(
        method="POST",
        path="/offerable-transactions/{transaction_id}/plan",
        handler=accept_offer,
        summary="Make a plan of an offer shown for a transaction; the same offer again gives the same plan",
        body=AcceptedOffer,
        answer=AcceptedPlan,
        status=201,
        takes_key=True,
    ),
)
