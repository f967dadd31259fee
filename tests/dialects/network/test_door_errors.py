"""Every published and decided error body of the network door, from a real request, compared whole."""

import base64
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.support.network_client import Answer, Jwe, Oauth, Party, WireRequest, forge
from tests.support.network_world import NetworkWorld
from tests.support.samples import UNSET, edit, load_error, load_sample

from parcela.domain.clients import ClientRole, KeyPurpose
from parcela.domain.programs import Issuer
from parcela.operations import clients
from parcela.operations.clients import NewClient, NewKey
from parcela.operations.engine import Engine
from parcela.operations.keys import render_public_pem

PAN = "sensitiveData.consumer.primaryAccountNumber"
INFORMATION = "planInstallmentInformation"
REGISTRATIONS, DEREGISTRATIONS = "/consumers/pans/registrations", "/consumers/pans/deregistrations"
Edits = dict[str, Any]

OFFERS: dict[str, Edits] = {
    "TransactionAmountInvalid": {"transaction.amount": UNSET},
    "TransactionLocalDateTimeInvalid": {"transaction.localDateTime": UNSET},
    "InvalidPrimaryAccountNumber": {PAN: "5110921032063780"},
    "InvalidPrimaryAccountNumberSize": {PAN: "511092103206"},
    "InvalidCurrencyCode": {"transaction.currency": "ZZZ"},
    "TransactionCurrencyInvalid": {"transaction.currency": UNSET},
    "InvalidMerchantId": {"merchant.merchantId": "1234567890123456"},
    "InvalidAcquirerId": {"merchant.acquirerId": "1234567"},
    "InvalidMerchantURL": {"merchant.url": "w" * 51},
    "InvalidMerchantName": {"merchant.name": "n" * 101},
    "InvalidMcc": {"merchant.mcc": "171"},
    "MissingCountryCode": {
        "merchant.country": UNSET,
        "merchant.acquirerId": UNSET,
        "merchant.merchantId": UNSET,
    },
    "InvalidCountryCode": {"merchant.country": "ZZZ"},
    "InvalidCountryCurrencyCodePair": {"merchant.country": "KWT"},
    "MissingMerchantParameters": {"merchant": {}},
    "InvalidMerchantParameters": {"merchant.acquirerId": UNSET},
    "MissingCountyCodeInMerchantParameters": {"merchant": {"url": "www.globexdecor.com"}},
    "InvalidMerchantParameterCombinations": {"merchant.country": UNSET},
    "TransactionMissing": {"transaction": UNSET},
    "EncryptedValueMissing": {"sensitiveData": UNSET},
    "PanMissing": {PAN: UNSET},
    "AmountNotPositive": {"transaction.amount": 0},
    "AmountTooLarge": {"transaction.amount": 1000000000000001},
    "AmountDecimals": {"transaction.amount": 400.001},
    "AmountType": {"transaction.amount": "0x190"},
    "CurrencyLength": {"transaction.currency": "US"},
    "CountryLength": {"merchant.country": "US"},
    "MccPattern": {"merchant.mcc": "17a1"},
    "UnknownToken": {PAN: "2303779900000026"},
}
OFFERS_BY_HEADER = {
    "InvalidAcceptLanguage": {"Accept-Language": "fr"},
    "NotAcceptable": {"Accept": None},
    "InvalidContentType": {"Content-Type": None},
}
OFFERS_OTHERWISE = {
    "InvalidPublicKeyFingerprint",
    "DecryptionFailed",
    "MalformedJson",
    "NotFound",
    "Unauthorized",
    "Forbidden",
}

PLANS: dict[str, Edits] = {
    "TransactionAmountMisMatch": {"transaction.amount": 400.01},
    "TransactionDateMisMatch": {"transaction.localDateTime": "2023-10-26T00:00:01Z"},
    "InvalidTransactionCurrency": {"transaction.currency": "ZZZ"},
    "BlankPAN": {PAN: ""},
    "NonNumericPAN": {PAN: "5110-9210-3206-3789"},
    "InvalidPANLength": {PAN: "1234567890"},
    "InvalidTokenPAN": {PAN: "2303779900000026"},
    "PANMisMatch": {PAN: "5105105105105100"},
    "InvalidLengthMerchantName": {"merchant.name": "n" * 101},
    "InvalidLengthMerchantURL": {"merchant.url": "u" * 51},
    "InvalidLengthAcquirerId": {"merchant.acquirerId": "1234567"},
    "InvalidLengthMcc": {"merchant.mcc": "17111"},
    "InvalidLengthMerchantId": {"merchant.merchantId": "1" * 16},
    "InvalidAmountType": {"transaction.amountType": "WHATEVER"},
    "InvalidLengthSTAN": {"transaction.stan": "1234567"},
    "NonNumericSTAN": {"transaction.stan": "12345a"},
    "InvalidLengthRRN": {"transaction.rrn": "12345678901"},
    "NonNumericRRN": {"transaction.rrn": "12345678901a"},
    "InvalidLengthAuthCode": {"transaction.authorizationCode": "12345"},
    "NonNumericAuthCode": {"transaction.authorizationCode": "12345a"},
    "InvalidTransactionLinkId": {"transaction.transactionLinkId": "l" * 23},
    "InvalidTransmissionDateTime": {"transaction.transmissionDateTime": "26/10/2023"},
    "InvalidLocalTransactionDateTime": {"transaction.localDateTime": UNSET},
    "InvalidFrequency": {f"{INFORMATION}.frequency": "15DAYS"},
    "InvalidPresentedOffersDSP": {"transactionOffers": UNSET},
    "TransactionCurrencyMisMatch": {"transaction.currency": "EUR"},
    "OfferTransactionIdMisMatch": {"offerTransactionId": "1763137029152964608"},
    "OfferIdMisMatch": {"offerId": "24092019"},
    "TransactionOffersMisMatch": {"transactionOffers": [{"offerId": "21345693"}]},
    "ProviderIdMisMatch": {"providerId": "29694e7a-b4a8-11ec-b909-0242ac120003"},
    "AprMisMatch": {f"{INFORMATION}.apr": 0.01},
    "TenureMisMatch": {f"{INFORMATION}.tenure": 7},
    "FrequencyMisMatch": {f"{INFORMATION}.frequency": "MONTHLY"},
    "PlanCurrencyMisMatch": {f"{INFORMATION}.currency": "EUR"},
    "FirstInstallmentAmountMisMatch": {f"{INFORMATION}.firstInstallmentAmount": 66.67},
    "OtherInstallmentAmountMisMatch": {f"{INFORMATION}.otherInstallmentAmount": 66.66},
    "TotalAmountMisMatch": {f"{INFORMATION}.totalAmount": 400.02},
    "FeeValueMisMatch": {f"{INFORMATION}.feeValue": 1},
    "SchedulePaymentsMisMatch": {"schedulePayments[5].dueDate": "2024-01-05"},
    "MerchantCountryMisMatch": {"merchant.country": "PRI"},
    "MerchantCategoryCodeMisMatch": {"merchant.mcc": "1712"},
    "AcquirerIdMisMatch": {"merchant.acquirerId": "234354"},
    "MerchantIdMisMatch": {"merchant.merchantId": "121235"},
    "CountryCodeNotSupported": {"merchant.country": "ZZZ"},
    "MissingRequiredField": {"providerId": UNSET},
    "InvalidFieldFormat": {"schedulePayments[0].dueDate": "2023-02-30"},
    "InvalidFieldLength": {"offerId": "1234567"},
    "InvalidFieldValue": {f"{INFORMATION}.tenure": 1},
}
PLANS_OTHERWISE = {
    "InvalidPresentedOffersDRNG",
    "Unauthorized",
    "Forbidden",
    "MethodNotAllowed",
    "OfferExpired",
    "PlanExists",
    "PlanIdFormat",
    "PlanNotFound",
}

RANGE = {"accountRangeLow": "2303770003300000000", "accountRangeHigh": "2303770003399999999"}
ONE_PAN = {"pans": [{"pan": "2303770003322342"}]}
MANY_PANS = {"pans": [{"pan": "2303770003322342"}] * 21}
UNKNOWN_LIST = "289152609766342651"
PAN_LISTS: list[tuple[str, str, Edits]] = [
    ("BadRequestPanListNameValidationError", "registrations", {"sensitiveData": ONE_PAN}),
    (
        "BadRequestPanListNameRegexValidationError",
        "registrations",
        {"panListName": "bad_name!", "sensitiveData": ONE_PAN},
    ),
    (
        "BadRequestPansNotPresentUpdateRequestValidationError",
        "registrations",
        {"panListId": UNKNOWN_LIST},
    ),
    (
        "BadRequestPanListIdRegexValidationError",
        "registrations",
        {"panListId": "28915260976634265", "sensitiveData": ONE_PAN},
    ),
    (
        "BadRequestInvalidEncryptedValueOrAccountRangesValidationError",
        "registrations",
        {"panListName": "Christmas"},
    ),
    (
        "BadRequestInvalidAccountRangeRegexValidationError",
        "registrations",
        {"panListName": "Christmas", "accountRange": {"accountRangeLow": "1", "accountRangeHigh": "x"}},
    ),
    (
        "BadRequestInvalidAccountRangeForNewPanListValidationError",
        "registrations",
        {"panListName": "Christmas", "accountRange": {**RANGE, "accountRangeHigh": "2303770003400000000"}},
    ),
    (
        "BadRequestPanListIdNotFoundValidationError",
        "registrations",
        {"panListId": UNKNOWN_LIST, "sensitiveData": ONE_PAN},
    ),
    ("TooManyPans", "registrations", {"panListName": "Christmas", "sensitiveData": MANY_PANS}),
    (
        "BadRequestPanListIdRegexValidationError",
        "deregistrations",
        {"panListId": UNKNOWN_LIST + "\n", "sensitiveData": ONE_PAN},
    ),
    ("BadRequestPanListIdNullValidationError", "deregistrations", {"sensitiveData": ONE_PAN}),
    (
        "BadRequestPanListIdNotFoundValidationError",
        "deregistrations",
        {"panListId": UNKNOWN_LIST, "sensitiveData": ONE_PAN},
    ),
    ("BadRequestInvalidEncryptedValueValidationError", "deregistrations", {"panListId": UNKNOWN_LIST}),
    ("TooManyPans", "deregistrations", {"panListId": UNKNOWN_LIST, "sensitiveData": MANY_PANS}),
]
PAN_LISTS_OTHERWISE = {
    ("BadRequestInvalidAccountRangeForExistingPanListValidationError", "registrations"),
    ("ConsumerForbiddenError", "registrations"),
    ("ConsumerForbiddenError", "deregistrations"),
}

EMPTY_HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
GATEWAY: dict[str, Oauth] = {
    "Repeated oauth member": Oauth(repeated=["oauth_nonce"]),
    "Signature method or version refused": Oauth(signature_method="RSA-SHA1"),
    "Required oauth member absent": Oauth(members={"oauth_consumer_key": None}),
    "Body hash differs": Oauth(members={"oauth_body_hash": "AAAA" + EMPTY_HASH[4:]}),
    "Timestamp outside the window": Oauth(members={"oauth_timestamp": "1"}),
}
GATEWAY_OTHERWISE = {
    "No or malformed Authorization",
    "Nonce used before",
    "Signature wrong, or consumer key unknown, expired or revoked",
    "Client may not use this API",
    "Request body over 64 KiB",
    "Rate limit",
    "Fault",
    "Dependency down",
}


@pytest.fixture(scope="module")
def presented(shared_network: NetworkWorld) -> str:
    """The id of offers presented to the partner; a refused plan leaves them as they are."""
    answer = shared_network.call(shared_network.partner, "POST /offers", load_sample("offers-request"))
    transaction_id: str = answer.body["offerTransactionId"]
    return transaction_id


def check_refusal(network: NetworkWorld, request: WireRequest, row: dict[str, Any]) -> Answer:
    """The whole answer, and that nothing was stored."""
    before = network.count_records()
    answer = network.send(request)
    assert (answer.status, answer.body) == (row["status"], row["body"])
    assert {name: answer.headers[name.lower()] for name in row.get("headers", {})} == row.get("headers", {})
    assert network.count_records() == before
    return answer


def test_the_tables_name_every_row_that_is_sent() -> None:
    def list_sent(table: str) -> list[dict[str, Any]]:
        return [row for row in load_sample(f"errors-{table}") if row.get("sent", True)]

    assert {row["case"] for row in list_sent("offers")} == {*OFFERS, *OFFERS_BY_HEADER} | OFFERS_OTHERWISE
    assert {row["case"] for row in list_sent("plans")} == {*PLANS} | PLANS_OTHERWISE
    assert {row["case"] for row in list_sent("gateway")} == {*GATEWAY} | GATEWAY_OTHERWISE
    rows = {(case, call) for case, call, _ in PAN_LISTS} | PAN_LISTS_OTHERWISE
    assert {(row["case"], row["call"]) for row in list_sent("pan-lists")} == rows


@pytest.mark.parametrize("case", OFFERS)
def test_offers_members(shared_network: NetworkWorld, case: str) -> None:
    body = edit(load_sample("offers-request"), OFFERS[case])
    request = forge(shared_network.partner, "POST /offers", body)
    check_refusal(shared_network, request, load_error("offers", case))


@pytest.mark.parametrize("case", OFFERS_BY_HEADER)
def test_offers_headers(shared_network: NetworkWorld, case: str) -> None:
    body, headers = load_sample("offers-request"), OFFERS_BY_HEADER[case]
    request = forge(shared_network.partner, "POST /offers", body, headers=headers)
    check_refusal(shared_network, request, load_error("offers", case))


@pytest.mark.parametrize(
    ("case", "jwe"),
    [
        ("InvalidPublicKeyFingerprint", Jwe(header={"kid": "ab" * 32})),
        ("DecryptionFailed", Jwe(tag=bytes(16))),
    ],
)
def test_offers_tokens(shared_network: NetworkWorld, case: str, jwe: Jwe) -> None:
    request = forge(shared_network.partner, "POST /offers", load_sample("offers-request"), jwe=jwe)
    check_refusal(shared_network, request, load_error("offers", case))


def test_offers_malformed_json(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "POST /offers", b'{"transaction":')
    check_refusal(shared_network, request, load_error("offers", "MalformedJson"))


def test_an_unknown_path(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "POST /approvals", b"{}")
    check_refusal(shared_network, request, load_error("offers", "NotFound"))


@pytest.mark.parametrize("case", PLANS)
def test_plans_members(shared_network: NetworkWorld, presented: str, case: str) -> None:
    base = edit(load_sample("parcela-plan-request"), {"offerTransactionId": presented})
    request = forge(shared_network.partner, "POST /plans", edit(base, PLANS[case]))
    check_refusal(shared_network, request, load_error("plans", case))


def test_an_issuer_must_send_the_offers_of_a_purchase(shared_network: NetworkWorld) -> None:
    body = edit(load_sample("parcela-plan-request"), {"transactionOffers": UNSET})
    request = forge(shared_network.issuer, "POST /plans", body)
    check_refusal(shared_network, request, load_error("plans", "InvalidPresentedOffersDRNG"))


@pytest.mark.parametrize("call", ["GET /plans", "PUT /offers", "DELETE /plans/x", f"GET {REGISTRATIONS}"])
def test_another_method(shared_network: NetworkWorld, call: str) -> None:
    answer = check_refusal(
        shared_network, forge(shared_network.partner, call), load_error("plans", "MethodNotAllowed")
    )
    assert answer.headers["allow"] == ("GET" if call.startswith("DELETE") else "POST")


@pytest.mark.parametrize("plan_id", ["1", "3d56f5a7db4841f0875e30920e8465f3", "%2e%2e", "x" * 36])
def test_a_plan_id_that_is_no_uuid(shared_network: NetworkWorld, plan_id: str) -> None:
    request = forge(shared_network.partner, f"GET /plans/{plan_id}")
    check_refusal(shared_network, request, load_error("plans", "PlanIdFormat"))


def test_an_unknown_plan(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "GET /plans/3d56f5a7-db48-41f0-875e-30920e8465f3")
    check_refusal(shared_network, request, load_error("plans", "PlanNotFound"))


@pytest.mark.parametrize(("case", "call", "body"), PAN_LISTS, ids=[f"{row[0]}-{row[1]}" for row in PAN_LISTS])
def test_pan_list_members(shared_network: NetworkWorld, case: str, call: str, body: Edits) -> None:
    request = forge(shared_network.issuer, f"POST /consumers/pans/{call}", body)
    check_refusal(shared_network, request, load_error("pan-lists", case, call))


@pytest.mark.parametrize("call", ["registrations", "deregistrations"])
def test_a_partner_has_no_pan_lists(shared_network: NetworkWorld, call: str) -> None:
    request = forge(shared_network.partner, f"POST /consumers/pans/{call}", b"{}")
    check_refusal(shared_network, request, load_error("pan-lists", "ConsumerForbiddenError", call))


def test_a_range_sent_along_must_be_the_lists_own(network: NetworkWorld) -> None:
    made = network.call(
        network.issuer, f"POST {REGISTRATIONS}", {"panListName": "One", "accountRange": RANGE}
    )
    body = {
        "panListId": made.body["panList"]["panListId"],
        "sensitiveData": ONE_PAN,
        "accountRange": {**RANGE, "accountRangeLow": "2303770003300000001"},
    }
    case = "BadRequestInvalidAccountRangeForExistingPanListValidationError"
    request = forge(network.issuer, f"POST {REGISTRATIONS}", body)
    check_refusal(network, request, load_error("pan-lists", case, "registrations"))


@pytest.mark.parametrize("case", GATEWAY)
def test_signatures(shared_network: NetworkWorld, case: str) -> None:
    audited = shared_network.count_refusals()
    request = forge(shared_network.partner, "POST /offers", oauth=GATEWAY[case])
    check_refusal(shared_network, request, load_error("gateway", case))
    assert shared_network.count_refusals() == audited + 1


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["Bearer sk_test_x"],
        ["OAuth"],
        ["OAuth oauth_nonce"],
        ['OAuth oauth_nonce="a', 'OAuth oauth_nonce="b"'],
        ['OAuth oauth_nonce="é"'],
    ],
)
def test_a_missing_or_malformed_authorization(shared_network: NetworkWorld, values: list[str]) -> None:
    audited = shared_network.count_refusals()
    request = forge(shared_network.partner, "POST /offers", headers={"Authorization": None})
    request.headers.extend(("Authorization", value) for value in values)
    check_refusal(shared_network, request, load_error("gateway", "No or malformed Authorization"))
    assert shared_network.count_refusals() == audited + 1


def test_two_good_authorizations_are_one_too_many(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "POST /offers")
    request.headers.append(request.headers[0])
    check_refusal(shared_network, request, load_error("gateway", "No or malformed Authorization"))


def test_a_nonce_is_used_once(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "GET /plans/x")
    assert shared_network.send(request).status == 400
    check_refusal(shared_network, request, load_error("gateway", "Nonce used before"))


def test_a_wrong_signature_is_told_our_base_string(shared_network: NetworkWorld) -> None:
    members = {"oauth_consumer_key": "a!b", "oauth_nonce": "n" * 8}
    request = forge(
        shared_network.partner,
        "POST /offers?card=5110921032063789",
        b"{}",
        oauth=Oauth(members=members, signature="AAAA"),
    )
    stamp = request.headers[0][1].split('oauth_timestamp="')[1].split('"')[0]
    digest = base64.b64encode(sha256(b"{}").digest()).decode().replace("=", "%3D").replace("/", "%2F")
    digest = digest.replace("+", "%2B")
    row = load_error("gateway", "Signature wrong, or consumer key unknown, expired or revoked")
    row["body"]["Errors"]["Error"][0]["Description"] = (
        "OAuth signatures did not match. Acceptable signature base string: "
        "POST&http%3A%2F%2Fparcela.test%2Finstallments%2Foffers&"
        f"card%3D511092******3789%26oauth_body_hash%3D{digest}%26oauth_consumer_key%3Da%21b"
        f"%26oauth_nonce%3Dnnnnnnnn%26oauth_signature_method%3DRSA-SHA256%26oauth_timestamp%3D{stamp}"
        "%26oauth_version%3D1.0"
    )
    check_refusal(shared_network, request, row)


def test_a_body_over_64_kib(shared_network: NetworkWorld) -> None:
    request = forge(shared_network.partner, "POST /offers", b" " * 65_537)
    check_refusal(shared_network, request, load_error("gateway", "Request body over 64 KiB"))


@pytest.mark.parametrize("call", ["POST /offers", "POST /plans", "GET /plans/x", f"POST {REGISTRATIONS}"])
def test_a_client_that_is_switched_off(network: NetworkWorld, call: str) -> None:
    network.switch_partner(is_enabled=False, is_suspended=True)
    row = load_error("gateway", "Client may not use this API")
    check_refusal(network, forge(network.partner, call), row)


@pytest.mark.parametrize(
    ("call", "table"), [("POST /offers", "offers"), ("POST /plans", "plans"), ("GET /plans/x", "plans")]
)
def test_a_suspended_client(network: NetworkWorld, call: str, table: str) -> None:
    network.switch_partner(is_enabled=True, is_suspended=True)
    check_refusal(network, forge(network.partner, call), load_error(table, "Unauthorized"))


def test_the_pan_lists_of_a_suspended_client_know_the_gateways_answer_only(network: NetworkWorld) -> None:
    network.switch_partner(is_enabled=True, is_suspended=True)
    row = load_error("gateway", "Client may not use this API")
    check_refusal(network, forge(network.partner, f"POST {REGISTRATIONS}"), row)


def register_orphan(network: NetworkWorld) -> Party:
    """A client of an issuer that has left the catalogue since."""
    provider_id = "11111111-1111-1111-1111-111111111111"
    bank = Issuer(
        provider_id=provider_id,
        name="Other Bank",
        logo_url="https://other.example/logo.png",
        cid="1",
        ica="1",
        country="USA",
    )
    network.change_catalogue(bank)

    async def register(engine: Engine, operator: Any) -> str:
        new = NewClient(code="orphan", name="Orphan", role=ClientRole.ISSUER, provider_id=provider_id)
        client = await clients.register_client(engine, operator, new)
        pem = render_public_pem(network.issuer.signing_key.public_key())
        key = NewKey(purpose=KeyPurpose.SIGNING, pem=pem)
        added = await clients.add_client_key(engine, operator, client.client_id, key)
        return f"orphan!{added.name}"

    consumer_key = network.as_operator(register)
    network.change_catalogue(removed=((Issuer.kind, provider_id),))
    held = network.issuer
    return Party(
        held.home, held.base_url, consumer_key, held.signing_file, held.decryption_file, held.certificate_file
    )


@pytest.mark.parametrize(
    ("call", "table", "case", "named"),
    [
        ("POST /offers", "offers", "Forbidden", None),
        ("POST /plans", "plans", "Forbidden", None),
        ("GET /plans/x", "plans", "Forbidden", None),
        (f"POST {REGISTRATIONS}", "pan-lists", "ConsumerForbiddenError", "registrations"),
        (f"POST {DEREGISTRATIONS}", "pan-lists", "ConsumerForbiddenError", "deregistrations"),
    ],
)
def test_a_client_whose_issuer_has_left(
    network: NetworkWorld, call: str, table: str, case: str, named: str | None
) -> None:
    orphan = register_orphan(network)
    check_refusal(network, forge(orphan, call, b""), load_error(table, case, named))


def test_a_rate_limit(network: NetworkWorld) -> None:
    network.configure(requests_per_second=1)
    statuses = [network.call(network.partner, "GET /plans/x").status for _ in range(2)]
    assert statuses == [400, 400]
    check_refusal(network, forge(network.partner, "GET /plans/x"), load_error("gateway", "Rate limit"))


class BrokenIds:
    """An identifier source that fails where offers are kept."""

    def __init__(self, ids: Any) -> None:
        self.new_uuid = ids.new_uuid
        self.random_bytes = ids.random_bytes

    def next_offer_transaction_id(self) -> int:
        """Never an id."""
        raise RuntimeError("card 5110921032063789 in a fault of ours")


def test_a_fault_of_ours(network: NetworkWorld, capfd: pytest.CaptureFixture[str]) -> None:
    held = network.engine
    broken = Engine(
        database=held.database,
        vault=held.vault,
        clock=held.clock,
        ids=BrokenIds(held.ids),
        policy=held.policy,
    )
    network.run(broken.start())
    network.engines[0] = broken
    network.configure()
    request = forge(network.partner, "POST /offers", load_sample("offers-request"))
    check_refusal(network, request, load_error("gateway", "Fault"))


def test_a_database_that_is_gone(network: NetworkWorld) -> None:
    row = load_error("gateway", "Dependency down")
    network.run(network.engine.database.close())
    answer = network.call(network.partner, "POST /offers", load_sample("offers-request"))
    assert (answer.status, answer.body) == (row["status"], row["body"])
    assert answer.headers["retry-after"] == row["headers"]["Retry-After"]


def test_an_offer_that_has_expired(network: NetworkWorld) -> None:
    plan = load_sample("parcela-plan-request")
    asked = network.call(network.partner, "POST /offers", load_sample("offers-request"))
    plan["offerTransactionId"] = asked.body["offerTransactionId"]
    network.move_clock(timedelta(hours=24, seconds=1))
    check_refusal(network, forge(network.partner, "POST /plans", plan), load_error("plans", "OfferExpired"))


def test_a_plan_that_exists_with_other_content(network: NetworkWorld) -> None:
    plan = load_sample("parcela-plan-request")
    asked = network.call(network.partner, "POST /offers", load_sample("offers-request"))
    plan["offerTransactionId"] = asked.body["offerTransactionId"]
    assert network.call(network.partner, "POST /plans", plan).status == 201
    for edits in ({"transaction.stan": "1"}, {"merchant.name": "Other"}, {"offerId": "21351677"}):
        request = forge(network.partner, "POST /plans", edit(plan, edits))
        check_refusal(network, request, load_error("plans", "PlanExists"))


def test_every_answer_carries_a_correlation_id_and_json(shared_network: NetworkWorld) -> None:
    answer = shared_network.call(shared_network.partner, "POST /offers", b"", headers={"Authorization": None})
    assert len(answer.headers["correlation-id"]) == 36
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.raw) == answer.body


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("order 17 of 2026-11-21", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("5110921032063789", False),
        ("order-5110 9210 3206 3789", False),
        ("5110-9210-3206-3789", False),
    ],
)
def test_a_correlation_id_that_holds_a_card_number_or_is_too_long_is_replaced(
    shared_network: NetworkWorld, sent: str, is_kept: bool
) -> None:
    headers = {"Correlation-Id": sent}
    answer = shared_network.call(shared_network.partner, "GET /nowhere", headers=headers)
    assert (answer.headers["correlation-id"] == sent) is is_kept
