"""ActiveMerchant, both omnipay-mpgs forks and NVP clients against the gateway door (`spec/gateway.md` §20).

The one client published for Python, `libmpgsapiclient` 0.0.1 of 2019, is Python 2 only and needs a package
that was never published, so it cannot run; npm has none.
"""

from dataclasses import replace
from uuid import uuid4

import pytest
from tests.support.gateway_clients import CARD, Account, open_line
from tests.support.gateway_libraries import ActiveMerchantGateway, NvpClient, Omnipay

CARD_FIELDS = {
    "sourceOfFunds.type": "CARD",
    "sourceOfFunds.provided.card.number": CARD,
    "sourceOfFunds.provided.card.expiry.month": "01",
    "sourceOfFunds.provided.card.expiry.year": "39",
}


@pytest.fixture
def order_id() -> str:
    """An order that there is not yet, named as ActiveMerchant does."""
    return str(uuid4())


def test_activemerchant_purchases_by_two_transactions(account: Account, order_id: str) -> None:
    gateway = ActiveMerchantGateway(account)
    bought = gateway.purchase("100.00", order_id)
    assert bought["result"] == "SUCCESS"
    assert gateway.read_authorization(bought) == f"{order_id}|second"
    assert bought["transaction"]["reference"] == "1"
    assert bought["order"]["status"] == "CAPTURED"


def test_activemerchant_refunds_and_voids(account: Account, order_id: str) -> None:
    gateway = ActiveMerchantGateway(account)
    bought = gateway.read_authorization(gateway.purchase("100.00", order_id))
    refunded = gateway.follow_up("refund", bought, "third", "40.00")
    assert (refunded["result"], refunded["order"]["status"]) == ("SUCCESS", "PARTIALLY_REFUNDED")
    void = gateway.follow_up("void", gateway.read_authorization(refunded), "fourth", None)
    assert (void["result"], void["transaction"]["type"]) == ("SUCCESS", "VOID_REFUND")
    assert void["order"]["totalRefundedAmount"] == "0.00"


def test_activemerchant_verifies_a_card_without_security_code(account: Account, order_id: str) -> None:
    gateway = ActiveMerchantGateway(account)
    first = gateway.authorize("1.00", order_id, code=None)
    assert first["result"] == "SUCCESS"
    assert "cardSecurityCode" not in first["response"]
    void = gateway.follow_up("void", gateway.read_authorization(first), "second", None)
    assert (void["order"]["status"], void["order"]["totalAuthorizedAmount"]) == ("CANCELLED", "0.00")


def test_activemerchant_is_told_that_there_is_nothing_to_void(account: Account, order_id: str) -> None:
    gateway = ActiveMerchantGateway(account)
    first = gateway.read_authorization(gateway.authorize("1.00", order_id))
    gateway.follow_up("void", first, "second", None)
    assert gateway.follow_up("void", first, "third", None) == {
        "error": {
            "cause": "INVALID_REQUEST",
            "explanation": "Value 'VOID' is invalid. There is no transaction to void.",
            "field": "apiOperation",
            "validationType": "INVALID",
        },
        "result": "ERROR",
    }


def test_activemerchant_tests_credentials_with_a_transaction_that_is_not_there(account: Account) -> None:
    assert ActiveMerchantGateway(account).verify_credentials()
    assert not ActiveMerchantGateway(replace(account, password="wrong")).verify_credentials()
    assert not ActiveMerchantGateway(replace(account, merchant_id="NOSUCH")).verify_credentials()


# One fork names no scheme in `Authorization`; it writes the month of the expiry as a number.
FORKS = [("with Basic", 68, True), ("without Basic", 100, False)]


@pytest.mark.parametrize(("version", "names_scheme"), [row[1:] for row in FORKS], ids=[r[0] for r in FORKS])
def test_omnipay_purchases(account: Account, order_id: str, version: int, names_scheme: bool) -> None:
    library = Omnipay(account, version, names_scheme=names_scheme)
    order_id = order_id[:30]
    tail = f"order/{order_id}/transaction/{order_id}-1"
    answer = library.send("PUT", tail, library.make_purchase("10.00"))
    assert (answer.status, answer.json["result"]) == (201, "SUCCESS")
    assert answer.json["response"]["gatewayCode"] == "APPROVED"
    assert answer.json["transaction"]["id"] == f"{order_id}-1"
    assert library.send("GET", tail).json["version"] == str(version)


@pytest.mark.parametrize(("version", "names_scheme"), [row[1:] for row in FORKS], ids=[r[0] for r in FORKS])
def test_omnipay_reads_why_there_is_no_order(
    account: Account, order_id: str, version: int, names_scheme: bool
) -> None:
    library = Omnipay(account, version, names_scheme=names_scheme)
    answer = library.send("GET", f"order/{order_id}/transaction/1")
    assert (answer.status, answer.json) == (
        400,
        {
            "error": {
                "cause": "INVALID_REQUEST",
                "explanation": f"Unable to find order {order_id} for merchant TESTPARCELA01",
            },
            "result": "ERROR",
        },
    )
    wrong = Omnipay(replace(account, password="wrong"), version, names_scheme=names_scheme)
    answer = wrong.send("GET", f"order/{order_id}/transaction/1")
    assert (answer.status, answer.json["error"]["explanation"]) == (401, "Invalid credentials.")


def test_omnipay_checks_the_gateway(account: Account) -> None:
    with open_line(account) as line:
        answer = line.send("GET", "/api/rest/version/68/information", {})
    assert (answer.status, answer.json["status"]) == (200, "OPERATING")
    assert answer.headers["content-type"] == "application/json;charset=ISO-8859-1"


@pytest.mark.parametrize("is_dotnet", [True, False], ids=["dotnet", "php"])
def test_an_nvp_client_pays_and_reads_by_position(account: Account, order_id: str, is_dotnet: bool) -> None:
    client = NvpClient(account, 57, is_dotnet=is_dotnet)
    order = {
        "order.id": order_id,
        "order.amount": "50.00",
        "order.currency": "USD",
        "order.description": "Tickets & more: 2 × »Größe L« + 1",
    }
    pairs = client.call({"apiOperation": "PAY", "transaction.id": "1", **order, **CARD_FIELDS})
    assert pairs == sorted(pairs)
    assert pairs[0] == ("gatewayEntryPoint", "WEB_SERVICES_API")
    assert pairs[-1] == ("version", "57")
    facts = dict(pairs)
    assert (facts["result"], facts["response.gatewayCode"]) == ("SUCCESS", "APPROVED")
    assert facts["order.description"] == order["order.description"]

    pairs = client.call({"apiOperation": "RETRIEVE_ORDER", "order.id": order_id})
    assert pairs == sorted(pairs)
    facts = dict(pairs)
    assert facts["transaction[0].response.gatewayCode"] == "APPROVED"
    assert facts["transaction[0].transaction.amount"] == "50.00"


def test_an_nvp_client_pays_a_banamex_plan(account: Account, order_id: str) -> None:
    client = NvpClient(account, 65, is_dotnet=True)
    pairs = client.call(
        {
            "apiOperation": "PAY",
            "order.id": order_id,
            "transaction.id": "1",
            "order.amount": "3000.00",
            "order.currency": "MXN",
            "paymentPlan.planId": "BANORTE_WITHOUT_INTEREST",
            "paymentPlan.numberOfPayments": "6",
            **CARD_FIELDS,
        }
    )
    facts = dict(pairs)
    assert (facts["result"], facts["order.status"]) == ("SUCCESS", "CAPTURED")
    assert facts["paymentPlan.planId"] == "BANORTE_WITHOUT_INTEREST"
    assert facts["paymentPlan.numberOfPayments"] == "6"


@pytest.mark.parametrize("is_dotnet", [True, False], ids=["dotnet", "php"])
def test_an_nvp_client_parses_errors_whatever_the_status(account: Account, is_dotnet: bool) -> None:
    client = NvpClient(account, 57, is_dotnet=is_dotnet)
    unknown = client.send({"apiOperation": "RETRIEVE_ORDER", "order.id": "none"})
    assert (unknown.status, unknown.pairs) == (
        400,
        [
            ("error.cause", "INVALID_REQUEST"),
            ("error.explanation", "Unable to find order none for merchant TESTPARCELA01"),
            ("result", "ERROR"),
        ],
    )
    refused = client.send({"apiOperation": "RETRIEVE_ORDER", "order.id": "none"}, password="wrong")
    assert (refused.status, refused.pairs) == (
        401,
        [
            ("error.cause", "INVALID_REQUEST"),
            ("error.explanation", "Invalid credentials."),
            ("result", "ERROR"),
        ],
    )
