"""Every answer that the writers give is the published sample, digit by digit."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.support.gateway_samples import (
    AUD,
    CART_OFFERS,
    DECLINED,
    FACTS,
    GENERIC_OFFERS,
    ITEM_OFFERS,
    OFFER_ID,
    PAY_ONLY,
    PLAN,
    PRODUCT,
    PROFILE,
    get_currency,
    load_nvp,
    load_sample,
    make_card,
    make_later,
    make_order,
    make_transaction,
    read_exactly,
)

from parcela.dialects.gateway.answers import answer_reply
from parcela.dialects.gateway.calls import AnswerTree, Reply
from parcela.dialects.gateway.inquiry_write import (
    Spelling,
    generic_to_answer,
    items_to_answer,
    options_to_answer,
    plan_prices_to_answer,
)
from parcela.dialects.gateway.offer_handlers import result_to_answer
from parcela.dialects.gateway.transaction_write import (
    Shape,
    order_to_answer,
    retrieved_transaction_to_answer,
    transaction_to_answer,
)
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchants import PlanTemplate
from parcela.domain.orders import (
    ChosenPlan,
    MerchantOrder,
    OrderStatus,
    OrderTotals,
    OrderTransaction,
    Outcome,
    TransactionKind,
)
from parcela.operations.inquiry_records import (
    Article,
    CartAnswer,
    GenericAnswer,
    ItemAnswer,
    PlanAnswer,
    ShownArticle,
    ShownPlan,
)
from parcela.operations.merchant_offers import AcceptanceResult, AcceptanceStatus
from parcela.operations.orders.commands import OrderView

SHAPE = Shape(profile=PROFILE, version=100)
NEW = Spelling(version=100, has_literal=True)
CART = CartAnswer(products=(PRODUCT,), offers=CART_OFFERS, quote_id=OFFER_ID[:20])


def render(members: AnswerTree, *, correlation_id: str | None = None) -> object:
    reply = Reply(members=members)
    answer = answer_reply(reply, merchant_id="TESTPARCELA01", correlation_id=correlation_id, is_nvp=False)
    return read_exactly(bytes(answer.body))


def render_nvp(members: AnswerTree) -> str:
    answer = answer_reply(
        Reply(members=members), merchant_id="TESTPARCELA01", correlation_id=None, is_nvp=True
    )
    return bytes(answer.body).decode()


def draw_payment(order_id: str) -> tuple[MerchantOrder, OrderTransaction]:
    order = make_order(order_id, OrderStatus.CAPTURED, captured=120_000)
    return order, make_transaction(order, TransactionKind.PAYMENT)


def draw_refund(order_id: str) -> tuple[MerchantOrder, OrderTransaction]:
    totals = OrderTotals(authorized_minor=120_000, captured_minor=120_000, refunded_minor=40_000)
    order = make_order(order_id, OrderStatus.PARTIALLY_REFUNDED, totals=totals)
    at = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    return make_later(order, TransactionKind.REFUND, at, amount_minor=40_000)


def draw_failure(
    outcome: Outcome, *, month: str = "01", last_four: str = "0008"
) -> tuple[MerchantOrder, OrderTransaction]:
    card = make_card(month, last_four)
    order = make_order("ORD-1042", OrderStatus.FAILED, card=card)
    facts = DECLINED if outcome is Outcome.DECLINED else replace(DECLINED, security_code=None)
    return order, make_transaction(order, TransactionKind.PAYMENT, outcome, acquirer=facts)


def draw_authorization() -> tuple[MerchantOrder, OrderTransaction]:
    order = make_order("ORD-1043", OrderStatus.AUTHORIZED)
    return order, make_transaction(order, TransactionKind.AUTHORIZATION)


def draw_capture() -> tuple[MerchantOrder, OrderTransaction]:
    order = make_order("ORD-1043", OrderStatus.CAPTURED, captured=120_000)
    return make_later(
        order,
        TransactionKind.CAPTURE,
        datetime(2026, 11, 21, 7, 2, 11, 4_000, UTC),
        acquirer=replace(FACTS, security_code=None, authorization_code="481217"),
        details={"transaction": {"reference": "1"}},
    )


def draw_void() -> tuple[MerchantOrder, OrderTransaction]:
    order = make_order("ORD-1044", OrderStatus.CANCELLED, totals=OrderTotals(), chosen_plan=None, details={})
    at = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
    return make_later(order, TransactionKind.VOID_AUTHORIZATION, at)


def draw_legacy() -> tuple[MerchantOrder, OrderTransaction]:
    order = make_order(
        "ORD-2001",
        OrderStatus.CAPTURED,
        currency="MXN",
        amount_minor=360_000,
        totals=OrderTotals(authorized_minor=360_000, captured_minor=360_000),
        chosen_plan=ChosenPlan(
            offer_id=None, program_id="BANORTE_WITHOUT_INTEREST", count=6, deferral_months=None
        ),
        details={},
    )
    return order, make_transaction(order, TransactionKind.PAYMENT, details={})


TRANSACTIONS = {
    "pay-offer": draw_payment("ORD-1042"),
    "refund": draw_refund("ORD-1042"),
    "pay-card-declined": draw_failure(Outcome.DECLINED, month="05"),
    "pay-plan-declined": draw_failure(Outcome.PLAN_DECLINED, last_four="7103"),
    "authorize-offer": draw_authorization(),
    "capture": draw_capture(),
    "void": draw_void(),
    "legacy-pay": draw_legacy(),
}


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_is_written_as_its_sample(name: str) -> None:
    order, transaction = TRANSACTIONS[name]
    assert render(transaction_to_answer(order, transaction, SHAPE)) == load_sample(f"{name}.response")


# Outcome, gateway code, result; None is under way.
OUTCOMES = [
    (None, "PENDING", "PENDING"),
    (Outcome.APPROVED, "APPROVED", "SUCCESS"),
    (Outcome.DECLINED, "DECLINED", "FAILURE"),
    (Outcome.EXPIRED_CARD, "EXPIRED_CARD", "FAILURE"),
    (Outcome.TIMED_OUT, "TIMED_OUT", "FAILURE"),
    (Outcome.ACQUIRER_ERROR, "ACQUIRER_SYSTEM_ERROR", "FAILURE"),
    (Outcome.FAILED, "UNSPECIFIED_FAILURE", "FAILURE"),
    (Outcome.UNKNOWN, "UNKNOWN", "UNKNOWN"),
    (Outcome.PLAN_DECLINED, "DECLINED_PAYMENT_PLAN", "FAILURE"),
    (Outcome.PLAN_UNREACHABLE, "SYSTEM_ERROR", "FAILURE"),
    (Outcome.LOCKED, "LOCK_FAILURE", "FAILURE"),
]


@pytest.mark.parametrize(("outcome", "code", "result"), OUTCOMES, ids=[row[1] for row in OUTCOMES])
def test_every_outcome_has_its_code(outcome: Outcome | None, code: str, result: str) -> None:
    order, payment = draw_payment("ORD-1042")
    pending = replace(payment, outcome=outcome)
    if outcome is None:
        pending = replace(pending, recorded_at=None, status_after=None, totals_after=None)
    answer = retrieved_transaction_to_answer(order, pending, SHAPE)
    told = {"acquirerCode": "00", "acquirerMessage": "Approved"}
    untold = dict.fromkeys(told)
    assert answer["response"] == {
        **(told if outcome is Outcome.APPROVED else untold),
        "cardSecurityCode": {"gatewayCode": "MATCH"},
        "gatewayCode": code,
    }
    assert answer["result"] == result
    assert {row[0] for row in OUTCOMES} == {None, *Outcome}


def test_a_payment_over_nvp_is_written_as_its_sample() -> None:
    order, transaction = draw_payment("ORD-1046")
    assert render_nvp(transaction_to_answer(order, transaction, SHAPE)) == load_nvp("pay-offer.response")


def test_an_order_is_written_as_its_sample() -> None:
    view = draw_view()
    assert render(order_to_answer(view, SHAPE)) == load_sample("retrieve-order.response")
    assert render_nvp(order_to_answer(view, SHAPE)) == load_nvp("retrieve-order.response")


def draw_view() -> OrderView:
    order, refund = draw_refund("ORD-1042")
    return OrderView(order=order, transactions=(draw_payment("ORD-1042")[1], refund))


def test_a_transaction_is_retrieved_with_its_order_as_it_is_now() -> None:
    view = draw_view()
    answer = render(retrieved_transaction_to_answer(view.order, view.transactions[0], SHAPE))
    payment, refund = load_sample("pay-offer.response"), load_sample("refund.response")
    assert answer == {**payment, "order": refund["order"]}


def test_a_recorded_order_has_the_members_that_ours_have() -> None:
    """The head that a real gateway answered, whose texts are the merchant's own."""
    sample = load_sample("retrieve-order-plain.response")
    totals = OrderTotals(authorized_minor=55_526, captured_minor=55_526)
    order = make_order(
        "3451-5454545-5454-8766",
        OrderStatus.CAPTURED,
        amount_minor=55_526,
        totals=totals,
        created_at=datetime(2023, 2, 11, 6, 23, 33, 149_000, UTC),
        updated_at=datetime(2023, 2, 11, 6, 24, 32, 156_000, UTC),
        card=None,
        chosen_plan=None,
        details={
            "order": {
                name: sample[name]
                for name in ("description", "invoiceNumber", "notificationUrl", "reference")
            }
        },
    )
    answer = render(order_to_answer(OrderView(order=order, transactions=()), SHAPE))
    ours = {
        "merchant": "TESTPARCELA01",
        "totalDisbursedAmount": ("number", "0.00"),
        "totalRefundedAmount": ("number", "0.00"),
    }
    assert answer == {**sample, **ours, "transaction": []}


def test_shopping_is_written_as_its_sample() -> None:
    answer = generic_to_answer(GenericAnswer(products=(PRODUCT,), offers=GENERIC_OFFERS), NEW)
    assert render(answer) == load_sample("shopping.response")
    assert render_nvp(answer) == load_nvp("shopping.response")


def test_items_are_written_as_their_sample() -> None:
    answer = ItemAnswer(
        products=(PRODUCT,),
        articles=(
            ShownArticle(article=Article(sku="PHN-128-BLK", unit_price=Decimal("1200")), offers=ITEM_OFFERS),
            ShownArticle(article=Article(sku="CASE-01", unit_price=Decimal("25"))),
        ),
    )
    assert render(items_to_answer(answer, AUD, NEW)) == load_sample("item.response")


def test_options_are_written_as_their_sample() -> None:
    answer = options_to_answer(CART, PROFILE, NEW)
    assert render(answer, correlation_id="cart-77-step-6") == load_sample("options.response")
    assert render_nvp(answer) == load_nvp("options.response")


@pytest.mark.parametrize("version", [65, 66, 69])
def test_options_before_version_70_have_no_products(version: int) -> None:
    answer = options_to_answer(CART, PROFILE, Spelling(version=version, has_literal=True))
    assert render(answer, correlation_id="cart-77-step-6") == load_sample("options-v65.response")


@pytest.mark.parametrize("version", [70, 79, 80])
def test_options_from_version_70_are_those_of_100(version: int) -> None:
    answer = options_to_answer(CART, PROFILE, Spelling(version=version, has_literal=True))
    assert render(answer, correlation_id="cart-77-step-6") == load_sample("options.response")


def test_options_without_offers_are_written_as_their_sample() -> None:
    answer = options_to_answer(CartAnswer(products=(PRODUCT,)), PROFILE, NEW)
    assert render(answer, correlation_id="cart-77-step-6") == load_sample("options-none.response")


def test_custom_plans_are_written_as_their_sample() -> None:
    plan = ShownPlan(
        plan_id="BANORTE_WITHOUT_INTEREST",
        name="Meses sin intereses",
        template=PlanTemplate.INSTALLMENTS_WITHOUT_INTEREST,
        currency=get_currency("MXN"),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        payments=(3, 6, 9, 12, 18),
        deferrals=(1, 2, 3),
        minimum_minor=30_000,
        payer_interest=False,
    )
    profile = replace(PROFILE, currencies=("MXN",), operations=PAY_ONLY)
    answer = options_to_answer(CartAnswer(plans=(plan,)), profile, NEW)
    assert render(answer) == load_sample("options-with-legacy.response")


def test_without_literal_spellings_the_verdict_stands_alone() -> None:
    plain = Spelling(version=100, has_literal=False)
    cart = options_to_answer(CART, PROFILE, plain)
    generic = generic_to_answer(GenericAnswer(products=(PRODUCT,), offers=GENERIC_OFFERS), plain)
    wanted = load_sample("options.response"), load_sample("shopping.response")
    for offer in wanted[0]["paymentTypes"]["card"]["paymentPlanOffer"].values():
        del offer["numberofPayments"]
    for offer in wanted[1]["paymentPlanOffer"].values():
        del offer["deferalPeriod"]
    assert render(cart, correlation_id="cart-77-step-6") == wanted[0]
    assert render(generic) == wanted[1]


def test_an_offer_without_an_order_amount_tells_no_amount_that_depends_on_it() -> None:
    offer = replace(
        CART_OFFERS[2],
        price=None,
        fee_minor=None,
        discount_minor=None,
        charges_interest=None,
        award=replace(CART_OFFERS[2].award, amount_minor=None),
        last_day=date(2026, 12, 31),
    )
    answer = options_to_answer(replace(CART, offers=(offer,)), PROFILE, NEW)
    wanted = load_sample("options.response")["paymentTypes"]["card"]["paymentPlanOffer"][offer.offer_id]
    for name in ("totalAmount", "firstPaymentAmount", "subsequentPaymentAmount", "feeAmount"):
        del wanted[name]
    wanted["interest"] = {"rate": ("number", "14.00")}
    del wanted["cashAward"]["amount"]
    body = render(answer)
    assert body["paymentTypes"]["card"]["paymentPlanOffer"] == {offer.offer_id: wanted}


def test_an_offer_of_one_payment_has_no_subsequent_one() -> None:
    price = replace(CART_OFFERS[0].price, count=1, first_minor=121_200)
    offer = replace(CART_OFFERS[0], count=1, price=price)
    body = render(options_to_answer(replace(CART, offers=(offer,)), PROFILE, NEW))
    written = body["paymentTypes"]["card"]["paymentPlanOffer"][offer.offer_id]
    assert written["totalAmount"] == written["firstPaymentAmount"] == ("number", "1212.00")
    assert "subsequentPaymentAmount" not in written


def test_plan_prices_are_written_as_their_sample() -> None:
    payments = {4: 23_924, 5: 19_372, 6: 16_339, 7: 14_175, 8: 12_552}
    prices = tuple(
        OfferPrice(
            currency=get_currency("BRL"),
            principal_minor=90_000,
            count=count,
            deferral_months=0,
            rate_percent=Decimal("30.00"),
            interest_minor=payment * count - 90_000,
            discount_minor=0,
            fee_minor=0,
            first_minor=payment,
            other_minor=payment,
        )
        for count, payment in payments.items()
    )
    answer = PlanAnswer(plan_id="PLANAMEX", rate_percent=Decimal("30.00"), offers=prices)
    assert render(plan_prices_to_answer(answer)) == load_sample("plan-offers.response")


UPDATES = {
    "update-accept": AcceptanceResult(offer_id=OFFER_ID, status=AcceptanceStatus.ACCEPTED),
    "update-conditional": AcceptanceResult(
        offer_id=OFFER_ID, status=AcceptanceStatus.CONDITIONAL, missing_serials=(0,)
    ),
    "update-unavailable": AcceptanceResult(offer_id=OFFER_ID, status=AcceptanceStatus.UNAVAILABLE),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_written_as_its_sample(name: str) -> None:
    answer = {**result_to_answer(UPDATES[name]), "version": "100"}
    assert render(answer) == load_sample(f"{name}.response")


@pytest.mark.parametrize("name", ["update-accept", "update-conditional"])
def test_an_update_over_nvp_is_written_as_its_sample(name: str) -> None:
    answer = {**result_to_answer(UPDATES[name]), "version": "100"}
    assert render_nvp(answer) == load_nvp(f"{name}.response")


def test_a_plan_has_its_product_from_version_70() -> None:
    order, transaction = draw_payment("ORD-1042")
    answer = render(transaction_to_answer(order, transaction, replace(SHAPE, version=69)))
    wanted = load_sample("pay-offer.response")
    del wanted["paymentPlan"]["paymentPlanProductId"]
    assert answer == wanted
    assert PLAN.product_id == "PL1"
