"""The Python clients of the network and of the gateway API, against a running server."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from parcela_client import NotConfigured, ParcelaError, Retries
from parcela_client.gateway import AsyncGateway, Gateway, Merchant
from parcela_client.network import AsyncNetwork, Network, Party
from tests.support.live_server import LiveServer
from tests.support.sdk_server import Told, run_scripted_server

CARD, SHOP_CARD = "2303770000057107", "5123450000000008"
MERCHANT = {
    "name": "Globex Decor",
    "country": "USA",
    "mcc": "1711",
    "url": "https://www.globexdecor.com",
    "acquirerId": "234353",
    "merchantId": "121234",
}
ORDER = {"amount": Decimal("1200.00"), "currency": "USD"}
FUNDS = {
    "type": "CARD",
    "provided": {
        "card": {"number": SHOP_CARD, "expiry": {"month": "01", "year": "39"}, "securityCode": "100"}
    },
}


def name_file(live: LiveServer) -> str:
    return str(live.home / "sandbox" / "credentials.json")


def make_transaction() -> dict[str, Any]:
    return {
        "amount": 150,
        "currency": "USD",
        "localDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def load_readdressed(live: LiveServer) -> dict[str, Any]:
    """The members of the credentials with absolute file names, as a program keeps them in its settings."""
    credentials: dict[str, Any] = json.loads((live.home / "sandbox" / "credentials.json").read_text())
    network = credentials["network"]
    network["encryption_certificate"] = str(live.home / network["encryption_certificate"])
    for party in ("partner", "issuer"):
        for key in ("signing_key", "decryption_key"):
            network[party][key] = str(live.home / network[party][key])
    return credentials


def test_offers_are_found_and_one_is_accepted(live: LiveServer) -> None:
    transaction = make_transaction()
    with Network.from_credentials(name_file(live)) as network:
        shown = network.offers.find(transaction=transaction, merchant=MERCHANT, card_number=CARD)
        chosen = shown["offers"][0]
        assert type(chosen["totalAmount"]) in {Decimal, int}
        accept = {"transaction": transaction, "merchant": MERCHANT, "card_number": CARD}
        made = network.plans.accept(shown, chosen, **accept)
        again = network.plans.accept(shown, chosen, **accept)
        plan = network.plans.retrieve(made["planId"])
    assert again == made
    assert plan["planId"] == made["planId"]
    assert plan["planInstallmentInformation"]["tenure"] == chosen["tenure"]
    assert plan["planInstallmentInformation"]["totalAmount"] == chosen["totalAmount"]
    assert CARD not in str(plan)


def test_members_may_be_given_instead_of_a_file(live: LiveServer) -> None:
    network = Network.from_credentials(load_readdressed(live))
    shown = network.offers.find(transaction=make_transaction(), merchant=MERCHANT, card_number=CARD)
    assert shown["total"] == len(shown["offers"])


def test_an_issuer_reads_the_numbers_that_failed(live: LiveServer) -> None:
    with Network.from_credentials(name_file(live), party="issuer") as network:
        answer = network.pan_lists.register(
            name=f"SDK {uuid4().hex[:12]}", card_numbers=["2303770003322342", "2303770003366423"]
        )
        assert (answer["successfulCount"], answer["failureCount"]) == ("1", "1")
        failed = [failure["pan"] for failure in answer["sensitiveData"]["pans"]]
        assert failed == ["2303770003366423"]
        gone = network.pan_lists.deregister(answer["panList"]["panListId"], ["2303770003322342"])
        assert gone["successfulCount"] == "1"


def test_a_refusal_of_the_network_is_an_error(live: LiveServer) -> None:
    network = Network.from_credentials(name_file(live))
    with pytest.raises(ParcelaError) as raised:
        network.plans.retrieve(str(uuid4()))
    told = raised.value
    assert (told.status, told.type) == (404, "network_error")
    assert told.details is not None
    assert [error["ReasonCode"] for error in told.details["errors"]] == [told.code]


def test_the_async_network_does_the_same(live: LiveServer) -> None:
    async def use() -> tuple[dict[str, Any], dict[str, Any]]:
        transaction = make_transaction()
        async with AsyncNetwork.from_credentials(name_file(live)) as network:
            shown = await network.offers.find(transaction=transaction, merchant=MERCHANT, card_number=CARD)
            made = await network.plans.accept(
                shown, shown["offers"][0], transaction=transaction, merchant=MERCHANT, card_number=CARD
            )
            return made, await network.plans.retrieve(made["planId"])

    made, plan = asyncio.run(use())
    assert plan["planId"] == made["planId"]


def test_a_busy_network_is_asked_again_with_a_fresh_signature(live: LiveServer) -> None:
    busy = {"Errors": {"Error": [{"Source": "Gateway", "ReasonCode": "BUSY", "Description": "Later."}]}}
    party = Party.from_credentials(name_file(live), "partner")
    with run_scripted_server([Told(status=503, body=busy), Told(body={"total": 0})]) as server:
        moved = Party(
            base_url=server.root_url,
            consumer_key=party.consumer_key,
            signing_key=party.signing_key,
            decryption_key=party.decryption_key,
            server_key=party.server_key,
        )
        network = Network(moved, retries=Retries(first_wait_s=0.001))
        network.offers.find(transaction=make_transaction(), merchant=MERCHANT, card_number=CARD)
    first, second = server.asked
    assert first.headers["authorization"] != second.headers["authorization"]
    assert first.headers["correlation-id"] == second.headers["correlation-id"]
    assert CARD not in first.body.decode()
    assert sorted(first.json) == ["encryptedValue", "merchant", "transaction"]


def test_keys_are_in_no_repr(live: LiveServer) -> None:
    network = Network.from_credentials(name_file(live))
    assert repr(network) == f"Network(base_url='{live.root_url}/installments')"
    credentials = json.loads((live.home / "sandbox" / "credentials.json").read_text())
    password = credentials["gateway"]["password"]
    assert password not in repr(Gateway.from_credentials(name_file(live)))
    assert "key" not in repr(Party.from_credentials(name_file(live), "partner")).replace("consumer_key", "")


def shop_once(gateway: Gateway, order_id: str) -> dict[str, Any]:
    """Offers for a card, one accepted, paid, and a part given back; the order in the end."""
    inquiry = gateway.inquire_payment_options(
        order=ORDER, sourceOfFunds={"provided": {"card": {"prefix": SHOP_CARD[:6]}}}
    )
    offers = inquiry["paymentTypes"]["card"]["paymentPlanOffer"]
    offer_id = sorted(offers)[1]
    accepted = gateway.update_offer(
        offer_id,
        paymentPlanOffer={
            "payerAcceptance": True,
            "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
        },
        order=ORDER,
        sourceOfFunds=FUNDS,
    )
    assert accepted["paymentPlanOffer"] == {"id": offer_id, "status": "ACCEPTED"}
    paid = gateway.pay(order_id, order=ORDER, paymentPlan={"offerId": offer_id}, sourceOfFunds=FUNDS)
    assert (paid["result"], paid["paymentPlan"]["numberOfPayments"]) == ("SUCCESS", 6)
    gateway.refund(order_id, "2", transaction={"amount": "400.00", "currency": "USD"})
    return gateway.retrieve_order(order_id)


def test_a_shop_pays_with_a_plan(live: LiveServer) -> None:
    with Gateway.from_credentials(name_file(live)) as gateway:
        order = shop_once(gateway, f"sdk-{uuid4().hex[:12]}")
    assert order["status"] == "PARTIALLY_REFUNDED"
    assert order["totalRefundedAmount"] == Decimal("400.00")


def test_a_shop_keeps_a_card_in_a_session(live: LiveServer) -> None:
    order_id = f"sdk-{uuid4().hex[:8]}/ü"
    with Gateway.from_credentials(name_file(live), version=72) as gateway:
        session_id = gateway.create_session()["session"]["id"]
        gateway.update_session(session_id, sourceOfFunds=FUNDS)
        kept = gateway.retrieve_session(session_id)
        assert kept["sourceOfFunds"]["provided"]["card"]["number"] == "512345xxxxxx0008"
        money = {"amount": "25.00", "currency": "USD"}
        held = gateway.authorize(order_id, session={"id": session_id}, order=money)
        assert (held["result"], held["version"]) == ("SUCCESS", "72")
        voided = gateway.void(order_id, "2", target_transaction_id="1")
        assert voided["result"] == "SUCCESS"
        assert gateway.retrieve_transaction(order_id, "2")["transaction"]["type"] == "VOID_AUTHORIZATION"


def test_display_offers_come_without_a_card(live: LiveServer) -> None:
    with Gateway.from_credentials(name_file(live)) as gateway:
        generic = gateway.inquire_shopping_options(merchantCurrency="USD")
        beside = gateway.inquire_item_offers(
            currency="USD", item=[{"sku": "SKU-1", "unitPrice": Decimal("1200.00")}]
        )
    assert generic["result"] == "SUCCESS"
    assert sorted(offer["numberOfPayments"] for offer in generic["paymentPlanOffer"].values()) == [6, 12]
    assert beside["item"][0]["unitPrice"] == Decimal("1200.00")


def test_a_refusal_of_the_gateway_is_an_error(live: LiveServer) -> None:
    with Gateway.from_credentials(name_file(live)) as gateway, pytest.raises(ParcelaError) as raised:
        gateway.pay("sdk-wrong", order={"amount": "1.00", "currency": "XXX"}, sourceOfFunds=FUNDS)
    told = raised.value
    assert (told.status, told.code, told.type) == (400, "INVALID_REQUEST", "gateway_error")
    assert told.param == "order.currency"


def test_a_wrong_password_is_an_error(live: LiveServer) -> None:
    merchant = Merchant(base_url=live.root_url, merchant_id="TESTPARCELA01", password="wrong")
    with Gateway(merchant) as gateway, pytest.raises(ParcelaError) as raised:
        gateway.retrieve_order("1")
    assert raised.value.status == 401
    assert "wrong" not in repr(merchant)


def test_the_async_gateway_does_the_same(live: LiveServer) -> None:
    async def use() -> dict[str, Any]:
        async with AsyncGateway.from_credentials(name_file(live)) as gateway:
            return await gateway.inquire_shopping_options(merchantCurrency="USD")

    assert asyncio.run(use())["result"] == "SUCCESS"


def test_missing_credentials_are_said(tmp_path: Any) -> None:
    file = tmp_path / "credentials.json"
    with pytest.raises(NotConfigured, match="cannot be read: No such file"):
        Network.from_credentials(file)
    file.write_text("{")
    with pytest.raises(NotConfigured, match="are no JSON"):
        Gateway.from_credentials(file)
    file.write_text('{"network": {"base_url": "http://localhost/installments"}}')
    with pytest.raises(NotConfigured, match="no member 'partner'"):
        Network.from_credentials(file)
