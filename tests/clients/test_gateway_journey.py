"""The documented journey (`spec/gateway.md` §8.1) over a socket, by REST and by NVP: the same facts."""

import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from tests.support.gateway_clients import (
    CARD,
    Account,
    Headers,
    Line,
    flatten,
    open_line,
    rest_path,
    write_php_json,
)
from tests.support.gateway_libraries import NvpClient

Json = dict[str, Any]
Facts = dict[str, str]

VERSION = 100
_ITEM = {"sku": "SKU-1", "quantity": "1", "unitPrice": "1200.00"}
_ORDER = {"amount": "1200.00", "currency": "USD", "item": [_ITEM]}
_EXPIRY = {"month": "01", "year": "39"}
_FUNDS = {"type": "CARD", "provided": {"card": {"number": CARD, "expiry": _EXPIRY, "securityCode": "100"}}}
_ACCEPTED = {
    "payerAcceptance": True,
    "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
}


_PLACES = {
    "SHOPPING_OPTIONS_INQUIRY": ("POST", "shoppingOptionsInquiry"),
    "ITEM_PAYMENT_PLAN_OFFERS": ("POST", "itemPaymentPlanOffers"),
    "PAYMENT_OPTIONS_INQUIRY": ("POST", "paymentOptionsInquiry"),
    "UPDATE_PAYMENT_PLAN_OFFER": ("PUT", "paymentPlanOffer/{paymentPlanOffer.id}"),
    "RETRIEVE_ORDER": ("GET", "order/{order.id}"),
    "RETRIEVE_TRANSACTION": ("GET", "order/{order.id}/transaction/{transaction.id}"),
    "CREATE_SESSION": ("POST", "session"),
    "UPDATE_SESSION": ("PUT", "session/{session.id}"),
    "RETRIEVE_SESSION": ("GET", "session/{session.id}"),
}


class Shop(Protocol):
    """A merchant's software in one of the protocols."""

    def call(self, operation: str, ids: Mapping[str, str], members: Json) -> Facts:
        """Carry out an operation; what `ids` name is part of the address in REST, fields in NVP."""


class RestShop:
    """JSON over one connection."""

    def __init__(self, account: Account, line: Line, version: int = VERSION) -> None:
        self._account = account
        self._line = line
        self._version = version

    def call(self, operation: str, ids: Mapping[str, str], members: Json) -> Facts:
        transaction = ("PUT", "order/{order.id}/transaction/{transaction.id}")
        method, tail = _PLACES.get(operation, transaction)
        for name, value in ids.items():
            tail = tail.replace(f"{{{name}}}", value)
        # Session operations have no name in their addresses' bodies (`spec/gateway.md` §14).
        named = {} if operation.endswith("_SESSION") else {"apiOperation": operation}
        body = None if method == "GET" else write_php_json({**named, **members})
        headers: Headers = {"Authorization": self._account.basic, "Content-Type": "application/json"}
        answer = self._line.send(method, rest_path(self._account, self._version, tail), headers, body)
        return flatten(answer.json)


class NvpShop:
    """Name-value pairs."""

    def __init__(self, account: Account, version: int = VERSION) -> None:
        self._client = NvpClient(account, version, is_dotnet=False)

    def call(self, operation: str, ids: Mapping[str, str], members: Json) -> Facts:
        fields = flatten({"apiOperation": operation, **members})
        return dict(self._client.call({**fields, **ids}))


def go_shopping(shop: Shop, order_id: str) -> dict[str, Facts]:
    """Steps 1 to 8, then what becomes of the order. The answers by step."""
    seen: dict[str, Facts] = {}
    seen["1 generic"] = shop.call("SHOPPING_OPTIONS_INQUIRY", {}, {"merchantCurrency": "USD"})
    articles = [{"sku": "SKU-1", "unitPrice": "1200.00"}, {"sku": "CASE-01", "unitPrice": "25.00"}]
    seen["2 items"] = shop.call("ITEM_PAYMENT_PLAN_OFFERS", {}, {"currency": "USD", "item": articles})
    seen["4 options"] = shop.call("PAYMENT_OPTIONS_INQUIRY", {}, {})
    order = {"order": _ORDER}
    chosen = {**order, "paymentPlanProductId": "PL1", "correlationId": "a b&c=d"}
    seen["5 product"] = shop.call("PAYMENT_OPTIONS_INQUIRY", {}, chosen)
    prefix = {**chosen, "sourceOfFunds": {"provided": {"card": {"prefix": CARD[:6]}}}}
    seen["6 card"] = shop.call("PAYMENT_OPTIONS_INQUIRY", {}, prefix)
    offer_id = find_offer(seen["6 card"], count="6")

    accept = {**order, "paymentPlanOffer": _ACCEPTED, "sourceOfFunds": _FUNDS}
    offer = {"paymentPlanOffer.id": offer_id}
    seen["7 accepted"] = shop.call("UPDATE_PAYMENT_PLAN_OFFER", offer, accept)
    payment = {**order, "sourceOfFunds": _FUNDS, "paymentPlan": {"offerID": offer_id}}
    first, second = ({"order.id": order_id, "transaction.id": number} for number in "12")
    seen["8 authorized"] = shop.call("AUTHORIZE", first, payment)
    money = {"transaction": {"amount": "1200.00", "currency": "USD"}}
    seen["8 captured"] = shop.call("CAPTURE", second, money)
    part = {"transaction": {"amount": "400.00", "currency": "USD"}}
    seen["refunded"] = shop.call("REFUND", {**first, "transaction.id": "3"}, part)
    seen["order"] = shop.call("RETRIEVE_ORDER", {"order.id": order_id}, {})
    seen["transaction"] = shop.call("RETRIEVE_TRANSACTION", second, {})
    seen["used"] = shop.call("PAY", {**first, "order.id": f"{order_id}-b"}, payment)
    seen["missing"] = shop.call("RETRIEVE_ORDER", {"order.id": f"{order_id}-b"}, {})
    return seen


def pay_with_a_session(shop: Shop, order_id: str) -> dict[str, Facts]:
    """The card and the order lie in a session."""
    seen = {"created": shop.call("CREATE_SESSION", {}, {"session": {"authenticationLimit": "20"}})}
    session = {"session.id": seen["created"]["session.id"]}
    kept = {"order": {"amount": "77.70", "currency": "USD"}, "sourceOfFunds": _FUNDS}
    seen["updated"] = shop.call("UPDATE_SESSION", session, kept)
    seen["read"] = shop.call("RETRIEVE_SESSION", session, {})
    version = seen["read"]["session.version"]
    members = {"session": {"id": session["session.id"], "version": version}}
    place = {"order.id": order_id, "transaction.id": "1"}
    seen["paid"] = shop.call("PAY", place, members)
    seen["again"] = shop.call("PAY", place, members)
    seen["other"] = shop.call("PAY", place, {**members, "order": {"amount": "77.80"}})
    return seen


def find_offer(facts: Facts, *, count: str) -> str:
    """The id of the offer with so many payments."""
    name = next(name for name in facts if name.endswith(".numberOfPayments") and facts[name] == count)
    return name.split(".")[-2]


_VARYING = re.compile(
    r"""(^|.*\.)(
        creationTime | lastUpdatedTime | timeOfRecord | receipt | stan | authorizationCode
        | transaction\.acquirer\.transactionId | session\.(id|version|aes256Key)
    )""",
    re.VERBOSE,
)


def normalise(seen: dict[str, Facts], order_id: str) -> dict[str, Facts]:
    """The facts with ids of offers and of the order by their place, and without what no two orders share."""
    offer_ids: dict[str, str] = {}
    cleaned: dict[str, Facts] = {}
    for step, facts in seen.items():
        cleaned[step] = {}
        for name, text in sorted(facts.items()):
            for found in re.findall(r"paymentPlanOffer\.([0-9A-Za-z]{22})\.", name):
                offer_ids.setdefault(found, f"offer {len(offer_ids)}")
            for offer_id, place in offer_ids.items():
                name, text = name.replace(offer_id, place), text.replace(offer_id, place)
            text = "varies" if _VARYING.fullmatch(name) else text.replace(order_id, "the order")
            cleaned[step][name] = text
    return cleaned


@pytest.mark.parametrize("journey", [go_shopping, pay_with_a_session], ids=["offer", "session"])
@pytest.mark.parametrize("version", [66, 100])
def test_both_protocols_tell_the_same_facts(account: Account, journey: Any, version: int) -> None:
    orders = [f"journey-{uuid4().hex[:12]}" for _ in range(2)]
    with open_line(account) as line:
        by_rest = journey(RestShop(account, line, version), orders[0])
    by_nvp = journey(NvpShop(account, version), orders[1])
    if "updated" in by_nvp:
        # Only NVP clients read a result there (`spec/gateway.md` §15).
        assert by_nvp["updated"].pop("result") == "SUCCESS"
        assert by_nvp["read"].pop("result") == "SUCCESS"
    assert normalise(by_rest, orders[0]) == normalise(by_nvp, orders[1])


def test_the_journey_ends_with_a_plan(account: Account) -> None:
    order_id = f"journey-{uuid4().hex[:12]}"
    with open_line(account) as line:
        seen = go_shopping(RestShop(account, line), order_id)
    assert seen["4 options"]["paymentPlanProduct.PL1.name"] == "Paylater Installments"
    cart = "paymentTypes.card.paymentPlanOffer."
    offers = sorted({name.split(".")[3] for name in seen["6 card"] if name.startswith(cart)})
    assert [seen["6 card"][f"{cart}{offer}.numberOfPayments"] for offer in offers] == ["3", "6", "12"]
    chosen = offers[1]
    for step in ("8 authorized", "8 captured", "refunded", "order", "transaction"):
        assert seen[step]["result"] == "SUCCESS"
        assert seen[step]["paymentPlan.offerId"] == chosen
        assert seen[step]["paymentPlan.planId"] == "standard-6-usd"
    assert seen["7 accepted"]["paymentPlanOffer.status"] == "ACCEPTED"
    assert seen["order"]["status"] == "PARTIALLY_REFUNDED"
    assert [seen["order"][f"transaction[{index}].transaction.type"] for index in range(3)] == [
        "AUTHORIZATION",
        "CAPTURE",
        "REFUND",
    ]
    assert seen["used"]["error.explanation"] == (
        f"Value '{chosen}' is invalid. The payment plan offer has already been used."
    )
    assert seen["missing"]["error.explanation"] == (
        f"Unable to find order {order_id}-b for merchant TESTPARCELA01"
    )


def test_a_request_is_identical_in_both_protocols(account: Account) -> None:
    order_id = f"journey-{uuid4().hex[:12]}"
    members = {"order": {"amount": "12.00", "currency": "USD"}, "sourceOfFunds": _FUNDS}
    place = {"order.id": order_id, "transaction.id": "1"}
    with open_line(account) as line:
        first = RestShop(account, line).call("PAY", place, {**members, "correlationId": "one"})
    second = NvpShop(account).call("PAY", place, {**members, "correlationId": "two"})
    assert (first.pop("correlationId"), second.pop("correlationId")) == ("one", "two")
    assert first == second


INQUIRIES = [
    ("SHOPPING_OPTIONS_INQUIRY", {"merchantCurrency": "USD", "payerLocale": "en-US"}),
    ("ITEM_PAYMENT_PLAN_OFFERS", {"currency": "USD", "item": [{"sku": "SKU-1", "unitPrice": "1200.00"}]}),
    (
        "PAYMENT_OPTIONS_INQUIRY",
        {"order": _ORDER, "sourceOfFunds": {"provided": {"card": {"prefix": CARD[:6]}}}},
    ),
]


@pytest.mark.parametrize(("operation", "members"), INQUIRIES, ids=[row[0].lower() for row in INQUIRIES])
def test_an_inquiry_may_be_a_get_with_a_query(account: Account, operation: str, members: Json) -> None:
    tail = _PLACES[operation][1]
    with open_line(account) as line:
        posted = RestShop(account, line).call(operation, {}, members)
        path = rest_path(account, VERSION, f"{tail}?{urlencode(flatten(members))}")
        # The body of a GET is not looked at, whatever it says.
        got = line.send("GET", path, {"Authorization": account.basic}, b'{"currency": 12')
    assert got.status == 200
    assert normalise({operation: flatten(got.json)}, "-") == normalise({operation: posted}, "-")


def test_a_busy_answer_is_followed_by_the_identical_request(account: Account) -> None:
    """The second try may even come by the other protocol."""
    order = {"order": _ORDER}
    card = {"provided": {"card": {"number": "5123450000077105"}}}
    accept = {**order, "paymentPlanOffer": _ACCEPTED, "sourceOfFunds": card}
    with open_line(account) as line:
        shop = RestShop(account, line)
        offer_id = find_offer(shop.call("PAYMENT_OPTIONS_INQUIRY", {}, order), count="6")
        place = {"paymentPlanOffer.id": offer_id}
        assert shop.call("UPDATE_PAYMENT_PLAN_OFFER", place, accept) == {
            "error.cause": "SERVER_BUSY",
            "error.explanation": "Operation temporarily rejected because the system is busy.  "
            "Try again in 10 seconds.",
            "result": "ERROR",
        }
    answer = NvpShop(account).call("UPDATE_PAYMENT_PLAN_OFFER", place, accept)
    assert (answer["result"], answer["paymentPlanOffer.status"]) == ("SUCCESS", "ACCEPTED")


ODD_IDS = ["Bestellung ü/1", "a%2Fb", "..", "x;y=1&z", "a+b c", "\U0001f4b3" * 40, "order?x#y"]


@pytest.mark.parametrize("odd_id", ODD_IDS, ids=range(len(ODD_IDS)))
def test_an_id_of_any_characters_is_the_same_in_both_protocols(account: Account, odd_id: str) -> None:
    members = {"order": {"amount": "12.00", "currency": "USD"}, "sourceOfFunds": _FUNDS}
    place = {"order.id": odd_id, "transaction.id": odd_id}
    escaped = {name: quote(value, safe="") for name, value in place.items()}
    with open_line(account) as line:
        shop = RestShop(account, line)
        paid = shop.call("PAY", escaped, members)
        assert (paid["result"], paid["order.id"], paid["transaction.id"]) == ("SUCCESS", odd_id, odd_id)
        by_rest = shop.call("RETRIEVE_TRANSACTION", escaped, {})
    assert by_rest == paid == NvpShop(account).call("RETRIEVE_TRANSACTION", place, {})
