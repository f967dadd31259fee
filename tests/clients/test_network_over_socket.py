"""The network door with the official signing and encryption libraries, over a real socket."""

import json
import time
from typing import Any
from uuid import UUID

import pytest
from jwcrypto import jwe, jwk
from oauth1.oauth import SignatureMethod
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import (
    Answer,
    Jwe,
    Oauth,
    OfficialClient,
    WireRequest,
    forge,
    load_party,
    open_token,
    seal,
)
from tests.support.samples import expect_offers, load_error, load_sample

REGISTRATIONS, DEREGISTRATIONS = "/consumers/pans/registrations", "/consumers/pans/deregistrations"
TOKEN, FUNDING = "2303779900000018", "2303770000057107"


def present(client: OfficialClient, name: str = "offers-request", **changes: Any) -> dict[str, Any]:
    """The answer to a published inquiry."""
    request = load_sample(name)
    request["sensitiveData"]["consumer"].update(changes)
    answer = client.call("POST", "/offers", request)
    assert answer.status == 200
    body: dict[str, Any] = answer.body
    return body


def build_plan(client: OfficialClient, name: str = "parcela-plan-request") -> dict[str, Any]:
    """A published plan request for offers presented just now."""
    plan: dict[str, Any] = load_sample(name)
    plan["offerTransactionId"] = present(client)["offerTransactionId"]
    return plan


def build_sandbox_plan(offers: dict[str, Any], pan: str) -> dict[str, Any]:
    """A plan of the first sandbox offer, members copied from the answer as a client copies them."""
    request, offer = load_sample("sandbox-offers-request"), offers["offers"][0]
    terms = ("apr", "frequency", "tenure", "feeValue", "totalAmount")
    amounts = ("firstInstallmentAmount", "otherInstallmentAmount")
    return {
        "offerTransactionId": offers["offerTransactionId"],
        "merchant": request["merchant"],
        "offerId": offer["offerId"],
        "transactionOffers": [{"offerId": shown["offerId"]} for shown in offers["offers"]],
        "planInstallmentInformation": {
            "currency": "USD",
            **{name: offer[name] for name in (*terms, *amounts)},
        },
        "providerId": offer["provider"]["providerId"],
        "schedulePayments": offer["schedulePayments"],
        "transaction": {**request["transaction"], "amountType": "PURCHASE"},
        "sensitiveData": {"consumer": {"primaryAccountNumber": pan}},
    }


def gateway_error(case: str) -> Any:
    return load_error("gateway", case)["body"]


@pytest.mark.parametrize("method", list(SignatureMethod))
def test_offers_are_those_of_the_reference(
    live: LiveServer, partner: OfficialClient, method: SignatureMethod
) -> None:
    answer = partner.call("POST", "/offers", load_sample("offers-request"), signature_method=method)
    assert answer.status == 200
    expected = expect_offers("parcela-offers-response", answer.body, live.root_url)
    assert answer.body == expected
    assert list(answer.body["offers"][0]) == list(expected["offers"][0])
    assert len(answer.body["offerTransactionId"]) == 19


def test_sandbox_offers_are_those_of_the_sandbox(live: LiveServer, partner: OfficialClient) -> None:
    answer = partner.call("POST", "/offers", load_sample("sandbox-offers-request"))
    assert (answer.status, answer.body) == (
        200,
        expect_offers("sandbox-offers-response", answer.body, live.root_url),
    )


def test_no_offer_is_an_answer(partner: OfficialClient) -> None:
    request = load_sample("sandbox-offers-request")
    request["transaction"]["amount"] = 49.99
    answer = partner.call("POST", "/offers", request)
    assert answer.status == 200
    assert answer.body == {
        "total": 0,
        "offerTransactionId": answer.body["offerTransactionId"],
        "offers": [],
        "eligibilityMessages": [
            {
                "reasonCode": "amount.not.qualify",
                "message": "Purchase Amount does not qualify for Installments",
            }
        ],
    }


def test_a_plan_is_made_read_and_repeated(live: LiveServer, partner: OfficialClient) -> None:
    plan = build_plan(partner)
    made = partner.call("POST", "/plans", plan)
    plan_id = made.body["planId"]
    assert (made.status, made.body) == (201, {"planId": str(UUID(plan_id)), "status": "CREATED"})
    assert made.headers["Location"] == f"{live.root_url}/installments/plans/{plan_id}"
    read = partner.call("GET", f"/plans/{plan_id}")
    expected = load_sample("parcela-plan-get-response")
    expected.update(planId=plan_id, offerTransactionId=plan["offerTransactionId"])
    assert (read.status, read.body) == (200, expected)
    again = partner.call("POST", "/plans", plan)
    assert (again.status, again.body) == (201, made.body)


def test_another_client_does_not_see_the_plan(partner: OfficialClient, issuer: OfficialClient) -> None:
    plan_id = partner.call("POST", "/plans", build_plan(partner)).body["planId"]
    foreign = issuer.call("GET", f"/plans/{plan_id}")
    unknown = issuer.call("GET", "/plans/00000000-0000-4000-8000-000000000000")
    assert (foreign.status, foreign.body) == (404, load_error("plans", "PlanNotFound")["body"])
    assert (foreign.status, foreign.raw) == (unknown.status, unknown.raw)


def test_an_issuer_makes_a_plan_after_the_purchase(issuer: OfficialClient) -> None:
    plan = build_plan(issuer, "parcela-plan-request-post-purchase")
    made = issuer.call("POST", "/plans", plan)
    assert made.status == 201
    read = issuer.call("GET", f"/plans/{made.body['planId']}").body
    assert read["transaction"] == plan["transaction"]
    assert "transactionOffers" not in read
    assert read["schedulePayments"] == plan["schedulePayments"]


@pytest.mark.parametrize(("asked", "saved"), [(TOKEN, FUNDING), (FUNDING, TOKEN), (TOKEN, TOKEN)])
def test_a_token_stands_for_its_card(partner: OfficialClient, asked: str, saved: str) -> None:
    offers = present(partner, "sandbox-offers-request", primaryAccountNumber=asked)
    made = partner.call("POST", "/plans", build_sandbox_plan(offers, saved))
    assert (made.status, made.body["status"]) == (201, "CREATED")


def register(issuer: OfficialClient, body: dict[str, Any], *pans: str) -> Answer:
    if pans:
        body = {**body, "sensitiveData": {"pans": [{"pan": pan} for pan in pans]}}
    return issuer.call("POST", REGISTRATIONS, body)


RANGE = {"accountRangeLow": "2303770003300000000", "accountRangeHigh": "2303770003399999999"}
PANS = load_sample("sandbox-data")["pans"]["panList"]


def expect_list(answer: Answer, name: str, *counts: str) -> dict[str, Any]:
    """The whole answer for a list in the PAN-list range, without failures."""
    pan_list_id = answer.body["panList"]["panListId"]
    assert len(pan_list_id) == 18
    return {
        "successfulCount": counts[0],
        "failureCount": counts[1],
        "panList": {"panListId": pan_list_id, "panListName": name},
        "accountRange": {"cid": "242666", "ica": "19246", "country": "USA", **RANGE},
    }


def test_an_empty_list_is_registered(issuer: OfficialClient) -> None:
    request = load_sample("pan-register-empty-list-request")
    answer = issuer.call("POST", REGISTRATIONS, request)
    expected = load_sample("pan-register-empty-list-response")
    # The published answer spells the name otherwise than the request does.
    expected["panList"] = {
        "panListId": answer.body["panList"]["panListId"],
        "panListName": request["panListName"],
    }
    assert (answer.status, answer.body) == (200, expected)


def test_a_list_is_registered_with_range_and_pans(issuer: OfficialClient) -> None:
    answer = register(issuer, {"panListName": "Range and PANs", "accountRange": RANGE}, *PANS[:2])
    assert (answer.status, answer.body) == (200, expect_list(answer, "Range and PANs", "2", "0"))


def test_a_list_is_registered_with_pans_alone(issuer: OfficialClient) -> None:
    answer = register(issuer, {"panListName": "PANs alone"}, *PANS[:2])
    assert (answer.status, answer.body) == (200, expect_list(answer, "PANs alone", "2", "0"))


def test_pans_are_added_and_each_failure_is_told(issuer: OfficialClient) -> None:
    name = load_sample("pan-register-partial-response")["panList"]["panListName"]
    pan_list_id = register(issuer, {"panListName": name}, PANS[0]).body["panList"]["panListId"]
    failing = [PANS[0], "2303770003334645", "23037", "5555552292032404"]
    added = {"panListId": pan_list_id, "sensitiveData": {"pans": [{"pan": pan} for pan in failing]}}
    added["sensitiveData"]["pans"] += [{"pan": PANS[1]}, {"pan": PANS[2]}]
    request = issuer.prepare("POST", REGISTRATIONS, added)
    answer = issuer.send(request)
    published = load_sample("pan-register-partial-response")
    for told, pan in zip(published["sensitiveData"]["pans"], failing, strict=True):
        told["pan"] = pan
    sensitive = {"sensitiveData": published["sensitiveData"]}
    assert (answer.status, answer.body) == (200, {**expect_list(answer, name, "2", "4"), **sensitive})
    token = json.loads(answer.raw)["encryptedValue"]
    assert open_token(token, issuer.party.decryption_key) == published["sensitiveData"]


def test_the_published_pans_fail_and_no_list_is_made(issuer: OfficialClient) -> None:
    request = load_sample("pan-register-name-and-pans-request")
    answer = issuer.call("POST", REGISTRATIONS, request)
    luhn = {"reasonCode": "Invalid.pan", "description": "pan failed for Luhn check"}
    failed = [{"pan": member["pan"], "error": luhn} for member in request["sensitiveData"]["pans"]]
    shape = load_sample("pan-register-all-failed-no-list-response")
    assert list(json.loads(answer.raw)) == list(shape)
    expected = {"successfulCount": "0", "failureCount": "2", "sensitiveData": {"pans": failed}}
    assert (answer.status, answer.body) == (200, expected)


def test_pans_leave_a_list_wholly_and_in_part(issuer: OfficialClient) -> None:
    pan_list_id = register(issuer, {"panListName": "Leaving"}, *PANS[:3]).body["panList"]["panListId"]
    register(issuer, {"panListName": "Other"}, PANS[4])

    def leave(*pans: str) -> Answer:
        sensitive = {"pans": [{"pan": pan} for pan in pans]}
        return issuer.call("POST", DEREGISTRATIONS, {"panListId": pan_list_id, "sensitiveData": sensitive})

    full = leave(PANS[0])
    expected = load_sample("pan-deregister-full-success-response")
    expected.update(panListId=pan_list_id, successfulCount="1")
    assert (full.status, full.body) == (200, expected)
    failing = [PANS[4], "2303770003334645", "23037", "5555552292032404"]
    partial = leave(PANS[1], PANS[2], *failing)
    published = load_sample("pan-deregister-partial-response")
    published["panListId"] = pan_list_id
    for told, pan in zip(published["sensitiveData"]["pans"], failing, strict=True):
        told["pan"] = pan
    assert (partial.status, partial.body) == (200, published)


def test_a_partner_keeps_no_lists(partner: OfficialClient) -> None:
    answer = partner.call("POST", REGISTRATIONS, load_sample("pan-register-empty-list-request"))
    expected = load_error("pan-lists", "ConsumerForbiddenError", "registrations")
    assert (answer.status, answer.body) == (403, expected["body"])


def test_a_replay_is_refused(partner: OfficialClient) -> None:
    request = partner.prepare("POST", "/offers", load_sample("offers-request"))
    assert partner.send(request).status == 200
    replayed = partner.send(request)
    assert (replayed.status, replayed.body) == (401, gateway_error("Nonce used before"))


def test_a_changed_body_is_refused(partner: OfficialClient) -> None:
    request = partner.prepare("POST", "/offers", load_sample("offers-request"))
    changed = WireRequest(
        request.method, request.url, request.headers, request.body.replace(b'"amount": 400', b'"amount": 1')
    )
    answer = partner.send(changed)
    assert (answer.status, answer.body["Errors"]["Error"][0]["ReasonCode"]) == (400, "INVALID_BODY_HASH")


def test_a_wrong_key_is_refused(partner: OfficialClient, issuer: OfficialClient) -> None:
    oauth = Oauth(key=issuer.party.signing_key)
    answer = partner.send(forge(partner.party, "POST /offers", b"{}", oauth=oauth))
    error = answer.body["Errors"]["Error"][0]
    assert (answer.status, error["ReasonCode"]) == (403, "AUTHENTICATION_FAILED")
    assert error["Description"].startswith(
        "OAuth signatures did not match. Acceptable signature base string: "
        f"POST&http%3A%2F%2F127.0.0.1%3A{partner.party.base_url.split(':')[2].split('/')[0]}"
    )


def test_an_unknown_key_gets_the_answer_of_a_wrong_one(partner: OfficialClient) -> None:
    oauth = Oauth(members={"oauth_consumer_key": "nobody!nothing"})
    answer = partner.send(forge(partner.party, "POST /offers", b"{}", oauth=oauth))
    assert (answer.status, answer.body["Errors"]["Error"][0]["ReasonCode"]) == (403, "AUTHENTICATION_FAILED")


@pytest.mark.parametrize("seconds", [-310, 310])
def test_a_timestamp_outside_the_window_is_refused(partner: OfficialClient, seconds: int) -> None:
    oauth = Oauth(members={"oauth_timestamp": str(int(time.time()) + seconds)})
    answer = partner.send(forge(partner.party, "POST /offers", b"{}", oauth=oauth))
    assert (answer.status, answer.body) == (401, gateway_error("Timestamp outside the window"))


def test_a_token_of_a_third_library_is_opened(live: LiveServer, partner: OfficialClient) -> None:
    """jwcrypto writes the header in another order and checks nothing of ours."""
    request = load_sample("offers-request")
    key = jwk.JWK.from_pem(partner.party.certificate_file.read_bytes())
    header = {"enc": "A256GCM", "alg": "RSA-OAEP-256"}
    token = jwe.JWE(json.dumps(request.pop("sensitiveData")), json.dumps(header), recipient=key)
    request["encryptedValue"] = token.serialize(compact=True)
    answer = partner.send(forge(partner.party, "POST /offers", request))
    assert answer.status == 200
    assert answer.body == expect_offers("parcela-offers-response", answer.body, live.root_url)


def test_a_forged_tag_is_refused(partner: OfficialClient) -> None:
    request = load_sample("offers-request")
    answer = partner.send(forge(partner.party, "POST /offers", request, jwe=Jwe(tag=bytes(16))))
    assert (answer.status, answer.body) == (400, load_error("offers", "DecryptionFailed")["body"])


def test_an_unknown_kid_is_named_so(partner: OfficialClient) -> None:
    request = load_sample("offers-request")
    answer = partner.send(forge(partner.party, "POST /offers", request, jwe=Jwe(header={"kid": "0" * 64})))
    assert (answer.status, answer.body) == (400, load_error("offers", "InvalidPublicKeyFingerprint")["body"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/offers", "POST"), ("/plans", "POST"), (REGISTRATIONS, "POST"), (DEREGISTRATIONS, "POST")],
)
def test_get_is_not_for_calls_with_bodies(partner: OfficialClient, path: str, allowed: str) -> None:
    answer = partner.call("GET", path)
    assert (answer.status, answer.body) == (405, load_error("plans", "MethodNotAllowed")["body"])
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/approvals", "/merchants/1", "/offers/", "/plans/1/2", "/"])
def test_an_unknown_path_is_not_found(partner: OfficialClient, path: str) -> None:
    answer = partner.call("POST", path, {})
    assert (answer.status, answer.body) == (404, load_error("offers", "NotFound")["body"])


@pytest.mark.parametrize(
    ("headers", "case"),
    [
        ({"Content-Type": "text/plain"}, "InvalidContentType"),
        ({"Accept": "text/html"}, "NotAcceptable"),
        ({"Accept-Language": "de"}, "InvalidAcceptLanguage"),
    ],
)
def test_headers_are_checked(partner: OfficialClient, headers: dict[str, str], case: str) -> None:
    expected = load_error("offers", case)
    answer = partner.call("POST", "/offers", load_sample("offers-request"), headers=headers)
    assert (answer.status, answer.body) == (expected["status"], expected["body"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8"},
        {"Accept": "*/*"},
        {"Accept": "text/html, application/*;q=0.5"},
        {"Accept-Language": "en-GB,de;q=0.5"},
        {"Accept-Language": "*"},
    ],
)
def test_friendly_headers_are_taken(partner: OfficialClient, headers: dict[str, str]) -> None:
    assert partner.call("POST", "/offers", load_sample("offers-request"), headers=headers).status == 200


def test_a_correlation_id_comes_back(partner: OfficialClient) -> None:
    sent = {"Correlation-Id": "order 17"}
    answer = partner.call("POST", "/offers", load_sample("offers-request"), headers=sent)
    assert answer.headers["Correlation-Id"] == "order 17"
    refused = partner.call("POST", "/plans", {}, headers=sent)
    assert str(UUID(refused.headers["Correlation-Id"])) == refused.headers["Correlation-Id"]


def test_a_body_over_the_limit_is_refused(partner: OfficialClient) -> None:
    answer = partner.send(forge(partner.party, "POST /offers", b" " * 65_537))
    assert (answer.status, answer.body) == (413, gateway_error("Request body over 64 KiB"))


def test_the_largest_body_is_read(partner: OfficialClient) -> None:
    answer = partner.send(forge(partner.party, "POST /offers", b" " * 65_536))
    assert (answer.status, answer.body) == (400, load_error("offers", "MalformedJson")["body"])


def test_a_token_sealed_for_the_server_opens_with_a_16_byte_iv(partner: OfficialClient) -> None:
    """The official Python library makes such IVs; this one is made without it."""
    request = load_sample("offers-request")
    payload = json.dumps(request.pop("sensitiveData")).encode()
    request["encryptedValue"] = seal(partner.party, payload, Jwe(iv_bytes=16))
    assert partner.send(forge(partner.party, "POST /offers", request)).body["total"] == 2


def test_plans_keys_and_offers_outlive_a_restart() -> None:
    with run_live_server() as server:
        client = OfficialClient(load_party(server.home, "partner"))
        plan = build_plan(client)
        made = client.call("POST", "/plans", plan)
        later = build_plan(client)
        server.stop()
        server.start()
        client = OfficialClient(load_party(server.home, "partner"))
        read = client.call("GET", f"/plans/{made.body['planId']}")
        assert (read.status, read.body["offerTransactionId"]) == (200, plan["offerTransactionId"])
        again = client.call("POST", "/plans", plan)
        assert (again.status, again.body) == (201, made.body)
        assert client.call("POST", "/plans", later).status == 201
