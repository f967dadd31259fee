"""The order in which the network door checks: of two faults, the earlier one answers (§§2.1, 7.2, 7.3)."""

import time
from typing import Any

import pytest
from tests.support.network_client import Answer, Jwe, Oauth, WireRequest, encode_body, forge, sign
from tests.support.network_world import NetworkWorld
from tests.support.samples import UNSET, edit, load_error, load_sample

PAN = "sensitiveData.consumer.primaryAccountNumber"
INFORMATION = "planInstallmentInformation"

# Every step of §2.1 on /offers with the fault that it finds and the answer; the first stands first.
STEPS = {
    "size": (413, "REQUEST_TOO_LARGE"),
    "grammar": (400, "INVALID_AUTH_HEADER"),
    "method": (400, "INVALID_AUTH_HEADER"),
    "timestamp": (401, "INVALID_TIMESTAMP"),
    "body_hash": (400, "INVALID_BODY_HASH"),
    "signature": (403, "AUTHENTICATION_FAILED"),
    "nonce": (401, "INVALID_NONCE"),
    "path": (404, "not.found"),
    "http_method": (405, "method.not.allowed"),
    "content_type": (415, "invalid.content.type"),
    "accept": (406, "invalid.accept.header"),
    "language": (400, "invalid.accept.language"),
    "json": (400, "invalid.request.body.parameter"),
    "token": (400, "invalid.request.parameter"),
    "member": (400, "transaction.currency"),
    "business": (400, "invalid.request.parameter"),
}


def tell(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["Errors"]["Error"][0]["ReasonCode"]


def build_faulty(network: NetworkWorld, faults: set[str], used: dict[str, str | None]) -> WireRequest:
    """A request with all these faults at once; `used` are nonce and timestamp of an earlier one."""
    partner = network.partner
    method = "PUT" if "http_method" in faults else "POST"
    url = partner.base_url + ("/nowhere" if "path" in faults else "/offers")
    edits: dict[str, Any] = {"transaction.currency": "US"} if "member" in faults else {}
    if "business" in faults:
        edits["merchant.country"] = "ZZZ"
    body = encode_body(
        partner,
        edit(load_sample("offers-request"), edits),
        jwe=Jwe(tag=bytes(16)) if "token" in faults else Jwe(),
    )
    if "json" in faults:
        body += b"}"
    if "size" in faults:
        body = body.ljust(65_537)
    members: dict[str, str | None] = dict(used) if "nonce" in faults else {}
    if "timestamp" in faults:
        members["oauth_timestamp"] = "1"
    if "body_hash" in faults:
        members["oauth_body_hash"] = "AAAA"
    oauth = Oauth(
        members=members,
        signature_method="RSA-SHA1" if "method" in faults else "RSA-SHA256",
        signature="AAAA" if "signature" in faults else None,
    )
    headers = {
        "Authorization": sign(partner, method, url, body, oauth),
        "Content-Type": "text/plain" if "content_type" in faults else "application/json",
        "Accept": "text/html" if "accept" in faults else "application/json",
        "Accept-Language": "fr" if "language" in faults else "en",
    }
    if "grammar" in faults:
        headers["Authorization"] = headers["Authorization"].replace("OAuth ", "Bearer ")
    return WireRequest(method, url, list(headers.items()), body)


@pytest.mark.parametrize("step", STEPS)
def test_the_first_failing_step_answers(shared_network: NetworkWorld, step: str) -> None:
    used: dict[str, str | None] = {
        "oauth_nonce": f"used-{step}",
        "oauth_timestamp": str(int(time.time())),
    }
    first = forge(shared_network.partner, "GET /plans/x", oauth=Oauth(members=used))
    assert shared_network.send(first).status == 400
    faults = set(list(STEPS)[list(STEPS).index(step) :])
    assert tell(shared_network.send(build_faulty(shared_network, faults, used))) == STEPS[step]


def test_entitlement_comes_after_the_path_and_before_the_headers(network: NetworkWorld) -> None:
    network.switch_partner(is_enabled=False)
    headers = {"Content-Type": None, "Accept": None}
    registrations = "POST /consumers/pans/registrations"
    asked = ("POST /nowhere", "PUT /offers", registrations)
    answers = [network.call(network.partner, call, headers=headers) for call in asked]
    assert [tell(answer) for answer in answers] == [
        (404, "not.found"),
        (405, "method.not.allowed"),
        (401, "DECLINED"),
    ]


def test_a_role_is_checked_before_the_headers(shared_network: NetworkWorld) -> None:
    headers = {"Content-Type": None, "Accept": None}
    answer = shared_network.call(
        shared_network.partner, "POST /consumers/pans/registrations", headers=headers
    )
    assert tell(answer) == (403, "forbidden")


def test_all_failing_members_are_told_in_the_order_of_the_table(shared_network: NetworkWorld) -> None:
    edits = {
        PAN: "12",
        "merchant.url": "",
        "merchant.mcc": "abcd",
        "merchant.acquirerId": "1234567",
        "transaction.amount": -1,
        "transaction.currency": "DOLLAR",
        "merchant.country": "ZZZ",
    }
    body = edit(load_sample("offers-request"), {**edits, "merchant.country": "ZZ"})
    answer = shared_network.call(shared_network.partner, "POST /offers", body)
    told = [(error["ReasonCode"], error["Description"]) for error in answer.body["Errors"]["Error"]]
    assert (answer.status, told) == (
        400,
        [
            ("transaction.amount", "must be greater than 0"),
            ("transaction.currency", "size must be between 3 and 3"),
            ("merchant.url", "size must be between 1 and 50"),
            ("merchant.country", "size must be between 3 and 3"),
            ("merchant.mcc", r'must match "^\d{4}$"'),
            ("merchant.acquirerId", "size must be between 1 and 6"),
            ("consumer.primaryAccountNumber", "size must be between 13 and 24"),
            ("consumer.primaryAccountNumber", r'must match "^\d{13,24}$"'),
        ],
    )


BOUNDS = {"accountRangeLow": "1", "accountRangeHigh": "x"}
NO_PANS: dict[str, Any] = {"pans": []}


@pytest.mark.parametrize(
    ("call", "body", "members"),
    [
        (
            "registrations",
            {"panListName": "bad_name!", "accountRange": BOUNDS, "sensitiveData": NO_PANS},
            [
                "panListName",
                "accountRange.accountRangeLow",
                "accountRange.accountRangeHigh",
                "sensitiveData.pans",
            ],
        ),
        ("registrations", {}, ["panListName", "Either encryptedValue or Account Range"]),
        # The name does not count beside an id, and what needs all members in order comes after them.
        (
            "registrations",
            {"panListId": "1", "panListName": "bad_name!", "accountRange": BOUNDS},
            ["panListId", "accountRange.accountRangeLow", "accountRange.accountRangeHigh"],
        ),
        ("deregistrations", {}, ["panListId", "encryptedValue"]),
        (
            "deregistrations",
            {"panListId": "1", "sensitiveData": NO_PANS},
            ["panListId", "sensitiveData.pans"],
        ),
    ],
)
def test_all_failing_members_of_a_pan_list_are_told_together(
    shared_network: NetworkWorld, call: str, body: dict[str, Any], members: list[str]
) -> None:
    before = shared_network.count_records()
    answer = shared_network.call(shared_network.issuer, f"POST /consumers/pans/{call}", body)
    told = [error["ReasonCode"] for error in answer.body["Errors"]["Error"]]
    assert (answer.status, told) == (400, [f"invalid.data: {member}" for member in members])
    assert shared_network.count_records() == before


@pytest.fixture(scope="module")
def plan(shared_network: NetworkWorld) -> dict[str, Any]:
    """A good plan request for offers presented to the partner."""
    answer = shared_network.call(shared_network.partner, "POST /offers", load_sample("offers-request"))
    presented = {"offerTransactionId": answer.body["offerTransactionId"]}
    return edit(load_sample("parcela-plan-request"), presented)


def list_told(network: NetworkWorld, plan: dict[str, Any], edits: dict[str, Any]) -> list[str]:
    """The `Details` of a refused plan, or its description where that says more."""
    before = network.count_records()
    answer = network.call(network.partner, "POST /plans", edit(plan, edits))
    assert answer.status == 400
    assert network.count_records() == before
    return [error["Details"] for error in answer.body["Errors"]["Error"]]


def test_all_failing_members_of_a_plan_are_told_together(
    shared_network: NetworkWorld, plan: dict[str, Any]
) -> None:
    edits = {
        "offerTransactionId": UNSET,
        "offerId": "1",
        "transactionOffers[1].offerId": 7,
        "providerId": "x",
        "merchant.mcc": "1",
        f"{INFORMATION}.frequency": "DAILY",
        f"{INFORMATION}.apr": -1,
        "schedulePayments[0].installmentNumber": 100,
        "schedulePayments[1].installmentAmount": UNSET,
        "transaction.amount": "12,5",
        "transaction.rrn": "1",
        PAN: "x",
    }
    assert list_told(shared_network, plan, edits) == [
        "offerTransactionId",
        "offerId",
        "transactionOffers[1].offerId",
        "providerId",
        "Merchant Category Code length must be 4.",
        f"{INFORMATION}.frequency",
        f"{INFORMATION}.apr",
        "schedulePayments[0].installmentNumber",
        "schedulePayments[1].installmentAmount",
        "transaction.amount",
        "RRN should be 12 digits in length. Please provide a valid RRN.",
        "PAN should be numeric only.",
    ]


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({PAN: "  "}, "PAN cannot blank or empty."),
        # Only the identifiers of §2.3 may come as numbers.
        ({"transaction.transactionLinkId": 1234567890}, "transaction.transactionLinkId"),
        ({"offerTransactionId": 1763137029152964608}, "offerTransactionId"),
    ],
)
def test_one_failing_member_of_a_plan(
    shared_network: NetworkWorld, plan: dict[str, Any], edits: dict[str, Any], told: str
) -> None:
    assert list_told(shared_network, plan, edits) == [told]


def test_all_mismatches_are_told_together_in_their_order(
    shared_network: NetworkWorld, plan: dict[str, Any]
) -> None:
    edits = {
        "transaction.amount": 401,
        "transaction.localDateTime": "2023-10-27T00:00:00Z",
        PAN: "5105105105105100",
        "transaction.currency": "EUR",
        "transactionOffers": [{"offerId": "21345693"}],
        "providerId": "29694e7a-b4a8-11ec-b909-0242ac120003",
        INFORMATION: {"tenure": 4, "frequency": "WEEKLY", "feeValue": 1},
        "schedulePayments": [{"installmentNumber": 1, "installmentAmount": 1, "dueDate": "2023-10-26"}],
        "merchant": {"country": "PRI"},
    }
    assert list_told(shared_network, plan, edits) == [
        "Mismatch in Transaction Amount.",
        "Mismatch in Transaction Date.",
        "PAN does not match with Offer.",
        "Mismatch in Transaction Currency.",
        "Mismatch in Transaction Offers.",
        "Mismatch in Provider Id.",
        "Mismatch in Apr.",
        "Mismatch in Tenure.",
        "Mismatch in Frequency.",
        "Mismatch in Plan Currency.",
        "Mismatch in First Installment Amount.",
        "Mismatch in Other Installment Amount.",
        "Mismatch in Total Amount.",
        "Mismatch in Fee Value.",
        "Mismatch in Schedule Payments.",
        "Mismatch in Merchant Country.",
        "Mismatch in Merchant Category Code.",
        "Mismatch in Acquirer Id.",
        "Mismatch in Merchant Id.",
    ]


def test_without_the_offer_its_terms_are_not_compared(
    shared_network: NetworkWorld, plan: dict[str, Any]
) -> None:
    edits = {
        "offerId": "24092019",
        "transactionOffers": [{"offerId": "24092019"}],
        f"{INFORMATION}.tenure": 9,
        "providerId": "29694e7a-b4a8-11ec-b909-0242ac120003",
        "merchant.mcc": UNSET,
    }
    assert list_told(shared_network, plan, edits) == [
        "Mismatch in Offer Id.",
        "Mismatch in Transaction Offers.",
        "Mismatch in Merchant Category Code.",
    ]


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        # A failing member comes before the token, the token before the transaction id.
        ({"offerId": "1", PAN: "2303779900000026"}, "offerId"),
        ({PAN: "2303779900000026", "offerTransactionId": "1763137029152964608"}, "PAN provided is invalid."),
        # The transaction id comes before everything that is compared.
        (
            {"offerTransactionId": "1763137029152964608", "transaction.amount": 1},
            "Mismatch in Offer Transaction Id.",
        ),
    ],
)
def test_business_checks_come_one_after_the_other(
    shared_network: NetworkWorld, plan: dict[str, Any], edits: dict[str, Any], told: str
) -> None:
    assert list_told(shared_network, plan, edits) == [told]


def test_offers_of_another_client_are_unknown(shared_network: NetworkWorld, plan: dict[str, Any]) -> None:
    answer = shared_network.call(shared_network.issuer, "POST /plans", plan)
    assert (answer.status, answer.body) == (400, load_error("plans", "OfferTransactionIdMisMatch")["body"])


@pytest.mark.parametrize(
    "edits",
    [
        # Not compared: name, url and the codes of the card message (§7.3).
        {"merchant.name": "Another", "merchant.url": "other.example"},
        {"merchant.name": UNSET, "merchant.url": UNSET},
        {"transaction.stan": 1, "transaction.rrn": "", "transaction.authorizationCode": ""},
        {"transaction.transmissionDateTime": UNSET, "transaction.transactionLinkId": "x"},
        # Equal by value, whatever the spelling (§2.3).
        {"transaction.amount": "400.000", f"{INFORMATION}.tenure": "6"},
        {f"{INFORMATION}.apr": "0.00", f"{INFORMATION}.feeValue": UNSET},
        {"transaction.localDateTime": "2023-10-25T20:00:00-04:00"},
        {"transaction.localDateTime": "2023-10-26 00:00:00"},
        {"schedulePayments[1].dueDate": "2023-11-9"},
        {"merchant.mcc": 1711, "merchant.acquirerId": 234353, "merchant.merchantId": 121234},
        {"providerId": "29694E7A-B4A8-11EC-B909-0242AC120002"},
        {"transactionOffers": [{"offerId": "21351677"}, {"offerId": "21345693"}, {"offerId": "21345693"}]},
        {PAN: 5110921032063789},
        {"isAdmin": True, "status": "CANCELLED", "planId": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_what_is_not_compared_and_what_is_equal(shared_network: NetworkWorld, edits: dict[str, Any]) -> None:
    answer = shared_network.call(shared_network.partner, "POST /offers", load_sample("offers-request"))
    presented = {"offerTransactionId": answer.body["offerTransactionId"]}
    body = edit(load_sample("parcela-plan-request"), {**presented, **edits})
    made = shared_network.call(shared_network.partner, "POST /plans", body)
    assert (made.status, made.body["status"]) == (201, "CREATED")
    assert made.body["planId"] != "00000000-0000-4000-8000-000000000000"
