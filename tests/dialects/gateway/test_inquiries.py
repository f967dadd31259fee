"""Inquiries through the door: generic, item and cart offers (`spec/gateway.md` §9)."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.gateway_samples import (
    flatten,
    load_nvp_request,
    load_request,
    load_sample,
    read_exactly,
    swap,
)
from tests.support.gateway_world import ROOT_URL, Answer, GatewayWorld

INQUIRIES = ["shopping", "item", "options"]
TAILS = {
    "shopping": "shoppingOptionsInquiry",
    "item": "itemPaymentPlanOffers",
    "options": "paymentOptionsInquiry",
}
# The demo world's own texts and days, and the figures of its programs.
DEMO: dict[Any, Any] = {
    "https://pay.example.com/logos/paylater.png": f"{ROOT_URL}/static/paylater.png",
    "https://pay.example.com/logos/example-bank.png": f"{ROOT_URL}/static/sandbox-bank.png",
    "Offer by Example Bank": "Offer by Sandbox Bank",
    "2026-10-01": "2020-01-01",
    "2026-12-31": "2099-12-31",
    ("number", "207.06"): ("number", "207.05"),
    ("number", "1242.31"): ("number", "1242.30"),
    ("number", "92.94"): ("number", "92.88"),
}
BRANDS = ["AMEX", "DINERS_CLUB", "DISCOVER", "JCB", "MAESTRO", "MASTERCARD", "VISA"]
CURRENCIES = ["AUD", "BRL", "EUR", "GBP", "JPY", "MXN", "USD"]


def read(answer: Answer) -> Any:
    assert answer.status == 200
    return read_exactly(answer.raw)


def list_ids(body: Any) -> list[str]:
    """The offer ids of an answer, in their order."""
    if "item" in body:
        return [name for item in body["item"] for name in item.get("paymentPlanOffer", {})]
    if "paymentTypes" in body:
        return list(body["paymentTypes"]["card"].get("paymentPlanOffer", {}))
    return list(body.get("paymentPlanOffer", {}))


def name_alike(body: Any) -> Any:
    """An answer with its offers numbered instead of named."""
    return swap(body, {name: f"offer {number}" for number, name in enumerate(list_ids(body))})


def expect(sample: str) -> Any:
    """A sample as the demo merchant would be told it, without what its custom plans add."""
    expected = swap(load_sample(sample), DEMO)
    card = expected.get("paymentTypes", {}).get("card")
    if card is not None:
        card["cardTypes"] = [{"cardType": brand} for brand in BRANDS]
        card["currencies"] = [{"currency": code} for code in CURRENCIES]
    return name_alike(expected)


def test_generic_offers_have_the_form_of_the_sample(shared_gateway: GatewayWorld) -> None:
    body = name_alike(read(shared_gateway.ask("POST", TAILS["shopping"], load_request("shopping"))))
    # The demo world's generic offers bear interest, and both have a maximum.
    figures: dict[str, dict[str, Any]] = {
        "offer 0": {
            "firstPaymentAmount": "51.76",
            "subsequentPaymentAmount": "51.76",
            "totalAmount": "310.56",
        },
        "offer 1": {
            "firstPaymentAmount": "26.94",
            "subsequentPaymentAmount": "26.94",
            "totalAmount": "323.28",
        },
    }
    expected = expect("shopping.response")
    for name, rate in (("offer 0", "11.99"), ("offer 1", "14.00")):
        offer = expected["paymentPlanOffer"][name]
        offer |= {member: ("number", text) for member, text in figures[name].items()}
        offer["interest"]["rate"] = ("number", rate)
        offer["maximumAmount"] = ("number", "5000.00")
    assert body == expected


def test_item_offers_are_those_of_the_sample(shared_gateway: GatewayWorld) -> None:
    body = read(shared_gateway.ask("POST", TAILS["item"], load_request("item")))
    assert name_alike(body) == expect("item.response")


def test_cart_offers_are_those_of_the_sample(shared_gateway: GatewayWorld) -> None:
    body = read(shared_gateway.ask("POST", TAILS["options"], load_request("options")))
    assert name_alike(body) == expect("options.response")
    ids = list_ids(body)
    assert ids == sorted(ids)
    assert {name[:-2] for name in ids} == {ids[0][:20]}
    assert [name[-2:] for name in ids] == ["01", "02", "03"]


@pytest.mark.parametrize("version", [65, 66, 69])
def test_before_version_70_there_are_no_products(shared_gateway: GatewayWorld, version: int) -> None:
    answer = shared_gateway.ask("POST", TAILS["options"], load_request("options"), version=version)
    assert name_alike(read(answer)) == expect("options-v65.response")


@pytest.mark.parametrize("version", [70, 79, 80])
def test_from_version_70_there_are_products(shared_gateway: GatewayWorld, version: int) -> None:
    answer = shared_gateway.ask("POST", TAILS["options"], load_request("options"), version=version)
    assert name_alike(read(answer)) == expect("options.response")


def test_a_card_without_offers_is_answered_without_them(shared_gateway: GatewayWorld) -> None:
    request = load_request("options")
    request["sourceOfFunds"]["provided"]["card"]["prefix"] = "450875"
    body = read(shared_gateway.ask("POST", TAILS["options"], request))
    assert body == expect("options-none.response")


@pytest.mark.parametrize("name", INQUIRIES)
def test_a_get_with_a_query_is_answered_as_a_post(shared_gateway: GatewayWorld, name: str) -> None:
    posted = read(shared_gateway.ask("POST", TAILS[name], load_request(name)))
    query = urlencode(flatten(load_request(name)))
    got = shared_gateway.ask("GET", f"{TAILS[name]}?{query}", b"[]")
    assert name_alike(read(got)) == name_alike(posted)


@pytest.mark.parametrize("name", INQUIRIES)
def test_nvp_tells_the_same_as_rest(shared_gateway: GatewayWorld, name: str) -> None:
    fields = load_nvp_request(name)
    tree = {path: value for path, value in fields.items() if path != "apiOperation"}
    got = read(shared_gateway.ask("GET", f"{TAILS[name]}?{urlencode(tree)}"))
    told = shared_gateway.ask_nvp(fields)
    assert told.status == 200
    assert told.headers["content-type"] == "text/plain;charset=UTF-8"
    wanted, ids = flatten(got), list_ids(got)
    own = sorted(
        {part for path in told.body for part in path.split(".") if part[:-2] and part[-2:].isdigit()}
    )
    renamed = {
        path.replace(new, old): value
        for path, value in told.body.items()
        for new, old in [
            next(((new, old) for new, old in zip(own, ids, strict=True) if new in path), ("\n", ""))
        ]
    }
    assert renamed == wanted
    assert list(told.body) == sorted(told.body)


@pytest.mark.parametrize("version", range(65, 70))
def test_the_old_inquiry_answers_cart_offers_at_the_top(shared_gateway: GatewayWorld, version: int) -> None:
    request = load_request("options")
    request["apiOperation"] = "PAYMENT_PLAN_OFFERS_INQUIRY"
    request["sourceOfFunds"]["provided"]["card"] = {"number": "5123450000000008"}
    body = read(shared_gateway.ask("POST", "paymentPlanOffersInquiry", request, version=version))
    offers = expect("options-v65.response")["paymentTypes"]["card"]["paymentPlanOffer"]
    assert name_alike(body) == {
        "correlationId": "cart-77-step-6",
        "merchant": "TESTPARCELA01",
        "paymentPlanOffer": offers,
        "result": "SUCCESS",
    }


def test_the_old_inquiry_is_gone_from_version_70(shared_gateway: GatewayWorld) -> None:
    assert shared_gateway.ask("POST", "paymentPlanOffersInquiry", b"{}", version=70).status == 404


def test_without_literal_spellings_the_verdict_stands_alone(gateway: GatewayWorld) -> None:
    gateway.configure(has_literal_spellings=False)
    options = read(gateway.ask("POST", TAILS["options"], load_request("options")))
    shopping = read(gateway.ask("POST", TAILS["shopping"], load_request("shopping")))
    written = json.dumps([options, shopping])
    assert ("numberofPayments" in written, "deferalPeriod" in written) == (False, False)
    assert (written.count("numberOfPayments"), written.count("deferralPeriod")) == (5, 5)


def test_an_inquiry_without_fields_lists_all_that_the_merchant_has(shared_gateway: GatewayWorld) -> None:
    body = read(shared_gateway.ask("POST", TAILS["options"]))
    card = body["paymentTypes"]["card"]
    assert [offer["currency"] for offer in card["paymentPlanOffer"].values()].count("AUD") == 3
    assert [plan["planId"] for plan in card["paymentPlans"]] == ["BANORTE_WITHOUT_INTEREST", "PLANAMEX"]
    assert all("totalAmount" not in offer for offer in card["paymentPlanOffer"].values())
    assert body == name_like(body, read(shared_gateway.ask("GET", TAILS["options"], b"[]")))


def name_like(first: Any, second: Any) -> Any:
    """The second answer under the offer ids of the first."""
    return swap(second, dict(zip(list_ids(second), list_ids(first), strict=True)))


def test_the_payer_sees_the_product_that_was_asked_for(shared_gateway: GatewayWorld) -> None:
    request = {**load_request("options"), "paymentPlanProductId": "PL1"}
    body = read(shared_gateway.ask("POST", TAILS["options"], request))
    assert name_alike(body) == expect("options.response")


@pytest.mark.parametrize(
    ("currency", "merchant_currency"), [("NZD", "AUD"), ("AUD", "NZD")], ids=["payer", "merchant"]
)
def test_a_currency_that_the_merchant_lacks_has_no_offers(
    shared_gateway: GatewayWorld, currency: str, merchant_currency: str
) -> None:
    request = {"merchantCurrency": merchant_currency, "payerCurrency": currency}
    body = read(shared_gateway.ask("POST", TAILS["shopping"], request))
    assert body == {"merchant": "TESTPARCELA01", "result": "SUCCESS"}


def test_only_cart_offers_are_kept(gateway: GatewayWorld) -> None:
    before = gateway.count_records()
    gateway.ask("POST", TAILS["shopping"], load_request("shopping"))
    gateway.ask("POST", TAILS["item"], load_request("item"))
    assert gateway.count_records() == before
    gateway.ask("POST", TAILS["options"], load_request("options"))
    assert gateway.count_records() == {**before, "merchant_quote": before["merchant_quote"] + 1}


SKU_TWICE = {"sku": "SKU-1", "unitPrice": "1200.00"}
# Inquiry, body, field, type, text.
REFUSED: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("shopping", {}, "merchantCurrency", "MISSING", "Missing parameter"),
    (
        "shopping",
        {"merchantCurrency": "AUDX"},
        "merchantCurrency",
        "INVALID",
        "Value 'AUDX' is invalid. Expected a currency code of ISO 4217",
    ),
    (
        "item",
        {"apiOperation": "ITEM_PAYMENT_PLAN_OFFERS", "currency": "AUD"},
        "item",
        "MISSING",
        "Missing parameter",
    ),
    ("item", {"currency": "AUD", "item": [SKU_TWICE]}, "apiOperation", "MISSING", "Missing parameter"),
    (
        "item",
        {"apiOperation": "PAY", "currency": "AUD", "item": [SKU_TWICE]},
        "apiOperation",
        "INVALID",
        "Value 'PAY' is invalid. PAY request not permitted for this merchant.",
    ),
    (
        "item",
        {"apiOperation": "ITEM_PAYMENT_PLAN_OFFERS", "currency": "AUD", "item": [SKU_TWICE] * 101},
        "item",
        "INVALID",
        "Value '101' is invalid. At most 100 are taken",
    ),
    (
        "item",
        {"apiOperation": "ITEM_PAYMENT_PLAN_OFFERS", "currency": "JPY", "item": [SKU_TWICE]},
        "item[0].unitPrice",
        "INVALID",
        "Value '1200.00' is invalid. Too many decimal places specified for value [1200.00]",
    ),
    ("options", {"order": {"amount": "1.00"}}, "order.currency", "MISSING", "Missing parameter"),
    (
        "options",
        {"order": {"amount": "0.00", "currency": "AUD"}},
        "order.amount",
        "INVALID",
        "Value '0.00' is invalid. Transaction or order amount must be greater than zero",
    ),
    (
        "options",
        {"order": {"item": [{"quantity": "1", "unitPrice": "1.00"}]}},
        "order.item[0].sku",
        "MISSING",
        "Missing parameter",
    ),
    (
        "options",
        {"paymentPlanProductId": "PL9"},
        "paymentPlanProductId",
        "INVALID",
        "Value 'PL9' is invalid. No such payment plan product.",
    ),
    (
        "options",
        {"sourceOfFunds": {"provided": {"card": {"prefix": "51234"}}}},
        "sourceOfFunds.provided.card.prefix",
        "INVALID",
        "Value '51234' is invalid. Expected the first 6 to 11 digits of a card",
    ),
    ("options", {"merchantField": "1"}, "merchantField", "INVALID", "Unexpected parameter 'merchantField'"),
]


@pytest.mark.parametrize(
    ("name", "body", "field", "validation", "text"),
    REFUSED,
    ids=[f"{row[0]}-{number}-{row[2]}" for number, row in enumerate(REFUSED)],
)
def test_an_inquiry_that_makes_no_sense_is_refused(
    shared_gateway: GatewayWorld, name: str, body: dict[str, Any], field: str, validation: str, text: str
) -> None:
    before = shared_gateway.count_records()
    answer = shared_gateway.ask("POST", TAILS[name], body)
    assert answer.status == 400
    assert answer.body == {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": text,
            "field": field,
            "validationType": validation,
        },
        "result": "ERROR",
    }
    assert shared_gateway.count_records() == before


def test_an_item_without_price_is_refused_as_in_the_sample(shared_gateway: GatewayWorld) -> None:
    request = load_request("item")
    del request["item"][0]["unitPrice"]
    answer = shared_gateway.ask("POST", TAILS["item"], request)
    assert (answer.status, read_exactly(answer.raw)) == (400, load_sample("item-missing-price.response"))


def test_either_spelling_of_the_locale_is_taken(shared_gateway: GatewayWorld) -> None:
    request = load_request("shopping")
    request["payerlocale"] = request.pop("payerLocale")
    body = read(shared_gateway.ask("POST", TAILS["shopping"], request))
    same = read(shared_gateway.ask("POST", TAILS["shopping"], load_request("shopping")))
    assert name_alike(body) == name_alike(same)
