"""The shop's part of the demo: offers beside an article and in the cart, a payment with one, a refund."""

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console

from parcela.demo import sample, show
from parcela.demo.caller import Json
from parcela.demo.issuer_side import Operator
from parcela.demo.server import DemoServer
from parcela.demo.shop import Shop

_PRICE = show.format_amount(sample.SHOP_PRICE)


def shop_with_a_plan(console: Console, server: DemoServer) -> None:
    """As the merchant and, for the plan, as an operator: the steps from 6 on."""
    shop, operator = Shop(server.credentials), Operator(server.credentials)
    look_at_article(console, shop)
    offer_id = choose_offer(console, shop)
    order_id = pay(console, shop, offer_id)

    show.show_step(console, 9, "The issuer has the plan")
    plan_id: str = operator.read_order(shop.merchant_id, order_id)["order"]["plan_id"]
    operator.wait_for_delivery(plan_id)
    console.print(f"   Plan      [bold]{plan_id}[/]")
    show.show_rows(console, operator.read_serviced_plan(plan_id))

    show.show_step(console, 10, "Part of it comes back")
    answer = shop.call("PUT", f"/order/{order_id}/transaction/2", sample.make_refund(), expected=201)
    refund = f"REFUND of {show.format_amount(sample.SHOP_REFUND)}"
    show.show_call(console, "PUT /order/{orderId}/transaction/2", refund, answer)
    show.show_order(console, answer.body)
    console.print("   The rows of the plan, recalculated by the issuer's rule:")
    show.show_rows(console, operator.wait_for_refund(plan_id, sample.SHOP_REFUND))


def look_at_article(console: Console, shop: Shop) -> None:
    """Offers beside an article."""
    show.show_step(console, 6, "A shop shows what an article costs in installments")
    answer = shop.call("POST", "/itemPaymentPlanOffers", sample.make_item_request())
    show.show_call(console, "POST /itemPaymentPlanOffers", f"{sample.SHOP_SKU} at {_PRICE}", answer)
    show.show_plan_offers(console, answer.body["item"][0]["paymentPlanOffer"])


def choose_offer(console: Console, shop: Shop) -> str:
    """Offers in the cart for a card; gives the id of the first one with interest."""
    show.show_step(console, 7, "In the cart, the payer has typed six digits of the card")
    answer = shop.call("POST", "/paymentOptionsInquiry", sample.make_cart_request())
    show.show_call(console, "POST /paymentOptionsInquiry", f"{_PRICE}, BIN {sample.SHOP_CARD[:6]}", answer)
    offers: Mapping[str, Json] = answer.body["paymentTypes"]["card"]["paymentPlanOffer"]
    show.show_plan_offers(console, offers)
    return next(offer_id for offer_id in sorted(offers) if offers[offer_id]["interest"]["charged"])


def pay(console: Console, shop: Shop, offer_id: str) -> str:
    """Accept an offer and pay with it; gives the order's id."""
    show.show_step(console, 8, "The payer accepts the second one and pays")
    answer = shop.call("PUT", f"/paymentPlanOffer/{offer_id}", sample.make_acceptance())
    show.show_call(
        console, f"PUT /paymentPlanOffer/{offer_id}", answer.body["paymentPlanOffer"]["status"], answer
    )
    order_id = f"DEMO-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    path = f"/order/{order_id}/transaction/1"
    answer = shop.call("PUT", path, sample.make_payment(offer_id), expected=201)
    show.show_call(console, f"PUT {path}", f"PAY, card {show.mask_card(sample.SHOP_CARD)}", answer)
    show.show_order(console, answer.body)
    return order_id
