"""`POST …/notifications`: what is taken in, what is refused with which row, and that nothing is kept then."""

import base64
import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from client_encryption.jwe_encryption import encrypt_payload
from client_encryption.jwe_encryption_config import JweEncryptionConfig
from oauth1.oauth import OAuth, SignatureMethod
from tests.support.issuer_wire import CORRELATION_ID, PUBLIC_URL, Breach, Receiver, make_key, make_receiver
from tests.support.network_client import (
    JSON_HEADERS,
    Jwe,
    Oauth,
    WireRequest,
    encode_body,
    encode_part,
    forge,
    seal,
)
from tests.support.samples import UNSET, edit, load_error, load_sample

from parcela.domain.ids import Identifier
from parcela.domain.plans import AmountKind, Merchant
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.issuer.ports import BadRequest, NoticeForeign, TryLater

RECEIVED = load_sample("notification-response")
SAMPLE = load_sample("parcela-notification-request")
ROWS = {
    400: load_error("notification", "PlanNotifBadRequestError")["body"],
    401: load_error("notification", "PlanNotifUnauthorizedError")["body"],
    403: load_error("notification", "PlanNotifForbiddenError")["body"],
    404: load_error("notification", "PlanNotifNotFoundError")["body"],
    429: load_error("notification", "PlanNotifTooManyRequestError")["body"],
}


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return make_receiver(tmp_path)


def test_a_plan_is_taken_in_as_it_was_told(receiver: Receiver) -> None:
    answer = receiver.call()
    assert (answer.status, answer.body) == (201, RECEIVED)
    assert answer.headers["correlation-id"] == CORRELATION_ID
    assert receiver.service.correlation_ids == [CORRELATION_ID]
    dates = ["2023-10-26", "2023-11-09", "2023-11-23", "2023-12-07", "2023-12-21", "2024-01-04"]
    amounts = [6665, 6667, 6667, 6667, 6667, 6667]
    assert list(receiver.service.plans.values()) == [
        PlanNotice(
            plan_id="3d56f5a7-db48-41f0-875e-30920e8465f3",
            digits="5110921032063789",
            issuer_cid="242666",
            offer_id="21345693",
            merchant=Merchant(
                name="Globex Decor",
                url="www.globexdecor.com",
                country="USA",
                mcc=Identifier("1711"),
                acquirer_id=Identifier("234353"),
                merchant_id=Identifier("121234"),
            ),
            currency="USD",
            amount_kind=AmountKind.PURCHASE,
            amount_minor=40000,
            total_minor=40000,
            interval="biweekly",
            apr_percent=Decimal(0),
            fee_value=Decimal(0),
            rows=tuple(
                NoticedRow(number=number, due_date=date.fromisoformat(due), amount_minor=amount)
                for number, (due, amount) in enumerate(zip(dates, amounts, strict=True), start=1)
            ),
            transaction=TransactionFacts(
                local_at=datetime(2023, 10, 26, tzinfo=UTC),
                transmitted_at=datetime(2023, 10, 26, 0, 0, 5, tzinfo=UTC),
            ),
        )
    ]


def test_the_published_sample_is_taken_in_with_its_identifiers_as_numbers(receiver: Receiver) -> None:
    answer = receiver.call(body=load_sample("notification-request"))
    assert (answer.status, answer.body) == (201, RECEIVED)
    (notice,) = receiver.service.plans.values()
    assert notice.merchant.mcc == Identifier("1711", is_number=True)
    assert notice.transaction == TransactionFacts(
        local_at=datetime(2024, 3, 11, tzinfo=UTC),
        stan="123456",
        rrn="123456123456",
        authorization_code="123456",
        transaction_link_id="123456adada12345",
        transmitted_at=datetime(2024, 3, 11, tzinfo=UTC),
    )
    assert (notice.amount_minor, notice.total_minor, notice.interval) == (20011, 40096, "monthly")


VARIANTS = [
    # The member name of the prose pages.
    {"rename": "encryptedValues"},
    # Card numbers may be sent as a string.
    {"sensitiveData.consumer.primaryAccountNumber": "5110921032063789"},
    {"issuerCid": 242666, "issuerIca": 19246},
    {"transactionOffers": UNSET, "merchant": UNSET, "issuerIca": UNSET},
    {"planInstallmentInformation.apr": UNSET, "planInstallmentInformation.feeValue": UNSET},
    {"planInstallmentInformation.totalAmount": UNSET, "planInstallmentInformation.currency": UNSET},
    {"schedulePayments[0].dueDate": "2023-10-5", "schedulePayments[0].installmentAmount": "66.650"},
    {"transaction.stan": "", "transaction.rrn": "", "transaction.transactionLinkId": ""},
    # Members of a later version of the wire.
    {"consumer": {"kind": "person"}, "transaction.terminal": "12"},
    # An answer is written for a plan of the first kind only.
    {"planId": "3D56F5A7-DB48-41F0-875E-30920E8465F3"},
]


@pytest.mark.parametrize("changes", VARIANTS, ids=range(len(VARIANTS)))
def test_what_may_differ_is_taken_in(receiver: Receiver, changes: dict[str, Any]) -> None:
    other_name = changes.get("rename")
    body: Any = edit(SAMPLE, changes)
    if other_name is not None:
        sealed = json.loads(encode_body(receiver.network, body))
        sealed[other_name] = sealed.pop("encryptedValue")
        body = json.dumps(sealed).encode()
    answer = receiver.call(body=body)
    assert (answer.status, answer.body) == (201, RECEIVED)
    assert [notice.digits for notice in receiver.service.plans.values()] == ["5110921032063789"]
    assert list(receiver.service.plans) == [SAMPLE["planId"]]


def test_a_repeat_is_answered_again_and_has_no_second_effect(receiver: Receiver) -> None:
    first, second = receiver.call(), receiver.call()
    assert [(answer.status, answer.body) for answer in (first, second)] == [(201, RECEIVED)] * 2
    assert len(receiver.service.correlation_ids) == 1


def test_a_repeat_with_other_content_ends_the_delivery_and_is_flagged(receiver: Receiver) -> None:
    receiver.call()
    (kept,) = receiver.service.plans.values()
    answer = receiver.call(body=edit(SAMPLE, {"schedulePayments[5].dueDate": "2024-01-05"}))
    assert (answer.status, answer.body) == (
        201,
        {
            "status": "FAILURE",
            "message": "This planId was received before with other content, which stands; "
            "a person has to look at it",
        },
    )
    assert list(receiver.service.plans.values()) == [kept]


def test_a_request_without_a_usable_correlation_id_goes_by_its_plan(receiver: Receiver) -> None:
    answer = receiver.call(headers={"Correlation-Id": "not a uuid"})
    assert answer.status == 201
    assert receiver.service.correlation_ids == [SAMPLE["planId"]]
    assert answer.headers["correlation-id"] == "not a uuid"
    assert "correlation-id" not in receiver.call(headers={"Correlation-Id": None}).headers


def test_a_card_number_in_free_texts_is_kept_masked(receiver: Receiver) -> None:
    changes = {
        "merchant.name": "Shop 5110921032063789",
        "transaction.transactionLinkId": "AB5110921032063789",
    }
    assert receiver.call(body=edit(SAMPLE, changes)).status == 201
    (notice,) = receiver.service.plans.values()
    assert notice.merchant.name == "Shop 511092******3789"
    assert notice.transaction.transaction_link_id == "AB511092******3789"
    assert "5110921032063789" not in repr(notice)


@pytest.mark.parametrize("method", [*SignatureMethod])
def test_the_official_libraries_are_understood(receiver: Receiver, method: SignatureMethod) -> None:
    network = receiver.network
    config = JweEncryptionConfig(
        {
            "paths": {"$": {"toEncrypt": {"sensitiveData": "$"}, "toDecrypt": {}}},
            "encryptedValueFieldName": "encryptedValue",
            "encryptionCertificate": str(network.certificate_file),
        }
    )
    text = json.dumps(encrypt_payload(json.loads(json.dumps(SAMPLE)), config))
    url = f"{PUBLIC_URL}/notifications"
    authorization = OAuth.get_authorization_header(
        url, "POST", text, network.consumer_key, network.signing_key, signature_method=method
    )
    headers = {"Authorization": authorization, **JSON_HEADERS}
    answer = receiver.send(WireRequest("POST", url, list(headers.items()), text.encode()))
    assert (answer.status, answer.body) == (201, RECEIVED)


def wrong_tag(receiver: Receiver) -> bytes:
    sealed = json.loads(encode_body(receiver.network, SAMPLE))
    parts = sealed["encryptedValue"].split(".")
    parts[4] = encode_part(bytes(16))
    return json.dumps({**sealed, "encryptedValue": ".".join(parts)}).encode()


def twice(receiver: Receiver) -> bytes:
    """`planId` stands twice: two readers could keep two plans."""
    return encode_body(receiver.network, SAMPLE).replace(b'{"planId"', b'{"planId": "x", "planId"', 1)


def both_names(receiver: Receiver) -> bytes:
    sealed = json.loads(encode_body(receiver.network, SAMPLE))
    return json.dumps(
        {**sealed, "encryptedValues": sealed["encryptedValue"], "encryptedValue": "a.b"}
    ).encode()


def padded(receiver: Receiver) -> bytes:
    return encode_body(receiver.network, {**SAMPLE, "padding": "x" * 65_536})


def clear(receiver: Receiver) -> bytes:
    return json.dumps(SAMPLE).encode()


def inner_twice(receiver: Receiver) -> bytes:
    text = b'{"consumer":{"primaryAccountNumber":1,"primaryAccountNumber":5110921032063789}}'
    body = {name: value for name, value in SAMPLE.items() if name != "sensitiveData"}
    return json.dumps({**body, "encryptedValue": seal(receiver.network, text)}).encode()


def bom(receiver: Receiver) -> bytes:
    return b"\xef\xbb\xbf" + encode_body(receiver.network, SAMPLE)


STRANGER = make_key("stranger")
OTHER_HASH = base64.b64encode(bytes(32)).decode()
SEALED_TO_ANOTHER = Jwe(key=STRANGER.public_key())

# What is broken, the row that answers, and the breach.
HOSTILE: list[tuple[str, int, Any]] = [
    ("signed by a stranger", 401, Breach(oauth=Oauth(key=STRANGER))),
    ("unknown key", 401, Breach(oauth=Oauth(members={"oauth_consumer_key": "parcela!unknown"}))),
    ("another code", 401, Breach(oauth=Oauth(members={"oauth_consumer_key": "parcela"}))),
    ("no header", 401, Breach(headers={"Authorization": None})),
    ("another scheme", 401, Breach(headers={"Authorization": "Bearer abc"})),
    ("signed for another address", 401, Breach(oauth=Oauth(signed_url="https://evil.example/notifications"))),
    ("signed for another path", 401, Breach(oauth=Oauth(signed_url=f"{PUBLIC_URL}/card-offers/searches"))),
    ("signed for another method", 401, Breach(oauth=Oauth(signed_method="GET"))),
    ("too old", 401, Breach(oauth=Oauth(members={"oauth_timestamp": str(int(time.time()) - 302)}))),
    ("of the future", 401, Breach(oauth=Oauth(members={"oauth_timestamp": str(10**11)}))),
    ("SHA-1", 401, Breach(oauth=Oauth(signature_method="RSA-SHA1"))),
    ("hash of another body", 401, Breach(oauth=Oauth(members={"oauth_body_hash": OTHER_HASH}))),
    ("no nonce", 401, Breach(oauth=Oauth(members={"oauth_nonce": None}))),
    ("a member twice", 401, Breach(oauth=Oauth(repeated=["oauth_nonce"]))),
    ("not JSON", 400, Breach(body=b"planId=1")),
    ("empty", 400, Breach(body=b"")),
    ("a list", 400, Breach(body=b"[]")),
    ("a BOM", 400, bom),
    ("NaN", 400, Breach(body=b'{"issuerCid": NaN}')),
    ("duplicate members", 400, twice),
    ("duplicate members inside", 400, inner_twice),
    ("over 64 KiB", 400, padded),
    ("form content", 400, Breach(headers={"Content-Type": "application/x-www-form-urlencoded"})),
    ("compressed", 400, Breach(headers={"Content-Encoding": "gzip"})),
    ("unknown kid", 400, Breach(jwe=SEALED_TO_ANOTHER)),
    ("tampered tag", 400, wrong_tag),
    ("the singular counts", 400, both_names),
    ("clear card data", 400, clear),
    ("another algorithm", 400, Breach(jwe=Jwe(header={"alg": "RSA-OAEP"}))),
    ("compressed token", 400, Breach(jwe=Jwe(header={"zip": "DEF"}))),
    ("no token", 400, Breach(body=edit(SAMPLE, {"sensitiveData": UNSET}))),
    ("another issuer's plan", 403, Breach(body=edit(SAMPLE, {"issuerCid": "244425"}))),
    ("and sealed to it", 403, Breach(body=edit(SAMPLE, {"issuerCid": "1"}), jwe=SEALED_TO_ANOTHER)),
    ("GET", 404, Breach(call="GET /notifications", body=b"")),
    ("PUT", 404, Breach(call="PUT /notifications")),
    ("unknown path", 404, Breach(call="POST /notification")),
    ("longer path", 404, Breach(call="POST /notifications/")),
    ("searches are not offered", 404, Breach(call="POST /card-offers/searches")),
]  # fmt: skip


@pytest.mark.parametrize(("status", "breach"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_hostile_request_has_its_row_and_keeps_nothing(
    receiver: Receiver, status: int, breach: Any
) -> None:
    made = Breach(body=breach(receiver)) if callable(breach) else breach
    answer = receiver.call(made.call, made.body, oauth=made.oauth, jwe=made.jwe, headers=made.headers)
    assert (answer.status, answer.body) == (status, ROWS[status])
    assert receiver.service.plans == {}


P, T, TERMS = "schedulePayments", "transaction", "planInstallmentInformation"
PAN = "sensitiveData.consumer.primaryAccountNumber"
# Each alone makes a notification one that cannot be kept.
BAD_MEMBERS: list[dict[str, Any]] = [
    {PAN: 5110921032063788},  # fails Luhn
    {PAN: "5110 9210 3206 3789"},
    {PAN: 1234567897},  # ten digits
    {PAN: None},
    {PAN: UNSET},
    {PAN: ["5110921032063789"]},
    {"sensitiveData": {"consumer": 5}},
    {"planId": UNSET},
    {"planId": "3d56f5a7-db48-41f0-875e-30920e8465fg"},
    {"planId": 3},
    {"issuerCid": UNSET},
    {"issuerCid": "12345678901"},
    {"issuerCid": ""},
    {"issuerCid": True},
    {"issuerIca": "123456789012"},
    {"offerId": UNSET},
    {"offerId": "1234567"},
    {"offerId": 21345693},
    {"offerId": "2" * 65},
    {"transactionOffers": []},
    {"transactionOffers": [{"offerId": "2"}]},
    {"transactionOffers": ["21345693"]},
    {"transactionOffers": [{"offerId": "21345693"}] * 51},
    {"merchant": "Globex Decor"},
    {"merchant.name": ""},
    {"merchant.name": "x" * 101},
    {"merchant.url": "x" * 51},
    {"merchant.country": "US"},
    {"merchant.country": "ZZZ"},
    {"merchant.mcc": 171},
    {"merchant.mcc": 17.5},
    {"merchant.acquirerId": "1234567"},
    {"merchant.merchantId": "1234567890123456"},
    {"merchant.merchantId": {}},
    {TERMS: UNSET},
    {f"{TERMS}.frequency": "15DAYS"},
    {f"{TERMS}.frequency": "biweekly"},
    {f"{TERMS}.frequency": UNSET},
    {f"{TERMS}.tenure": 5},
    {f"{TERMS}.tenure": 6.5},
    {f"{TERMS}.tenure": UNSET},
    {f"{TERMS}.currency": "EUR"},
    {f"{TERMS}.apr": -1},
    {f"{TERMS}.apr": "a"},
    {f"{TERMS}.feeValue": "1e16"},
    {f"{TERMS}.totalAmount": 400.01},
    {f"{TERMS}.totalAmount": "400.000000000000000000000000000000001"},  # compared exactly
    {f"{TERMS}.firstInstallmentAmount": 66.67},
    {f"{TERMS}.otherInstallmentAmount": 66.65},
    {P: UNSET},
    {P: []},
    {P: SAMPLE[P][:5]},
    {P: SAMPLE[P] * 20},
    {f"{P}[1].installmentAmount": 66.68},  # rows do not sum, and rows 2 to n differ
    {f"{P}[1].installmentAmount": 66.675},
    {f"{P}[1].installmentAmount": 0},
    {f"{P}[1].installmentAmount": -66.67},
    {f"{P}[1].installmentAmount": UNSET},
    {f"{P}[1].installmentNumber": 1},
    {f"{P}[1].installmentNumber": 7},
    {f"{P}[1].installmentNumber": UNSET},
    {f"{P}[1].dueDate": "2023-10-26"},  # twice on one day
    {f"{P}[1].dueDate": "2023-13-09"},
    {f"{P}[1].dueDate": "09.11.2023"},
    {f"{P}[1].dueDate": UNSET},
    {T: UNSET},
    {f"{T}.amount": UNSET},
    {f"{T}.amount": 0},
    {f"{T}.amount": 400.001},
    {f"{T}.amount": 400.01},  # the rows repay less than the purchase
    {f"{T}.amount": "1e15"},
    {f"{T}.currency": "US"},
    {f"{T}.currency": "ZZZ"},
    {f"{T}.amountType": "purchase"},
    {f"{T}.amountType": UNSET},
    {f"{T}.stan": "1234567"},
    {f"{T}.stan": "12a"},
    {f"{T}.stan": 1.5},
    {f"{T}.rrn": "12345612345"},
    {f"{T}.authorizationCode": "1234567"},
    {f"{T}.localDateTime": UNSET},
    {f"{T}.localDateTime": "yesterday"},
    {f"{T}.transmissionDateTime": "2023-02-30T00:00:00Z"},
    {f"{T}.transactionLinkId": "x" * 23},
    {f"{T}.transactionLinkId": 5},
]


@pytest.mark.parametrize("changes", BAD_MEMBERS, ids=[str(row)[:70] for row in BAD_MEMBERS])
def test_a_plan_that_cannot_be_serviced_is_refused(receiver: Receiver, changes: dict[str, Any]) -> None:
    answer = receiver.call(body=edit(SAMPLE, changes))
    assert (answer.status, answer.body) == (400, ROWS[400])
    assert receiver.service.plans == {}


def test_a_replayed_request_is_refused(receiver: Receiver) -> None:
    request = forge(receiver.network, "POST /notifications", SAMPLE)
    first, second = receiver.send(request), receiver.send(request)
    assert (first.status, first.body) == (201, RECEIVED)
    assert (second.status, second.body) == (401, ROWS[401])


def test_the_log_says_over_which_address_a_signature_was_expected(receiver: Receiver) -> None:
    with structlog.testing.capture_logs() as lines:
        assert receiver.call(oauth=Oauth(key=STRANGER)).status == 401
    [reason] = [line["reason"] for line in lines if line["event"] == "request refused"]
    start = "signature: OAuth signatures did not match. Acceptable signature base string: POST&"
    assert reason.startswith(start + quote(f"{PUBLIC_URL}/notifications", safe="") + "&")


def test_a_forged_request_uses_no_nonce_up(receiver: Receiver) -> None:
    oauth = Oauth(members={"oauth_nonce": "abcdefgh12345678", "oauth_timestamp": str(int(time.time()))})
    forged = receiver.call(oauth=Oauth(members=oauth.members, key=STRANGER))
    assert forged.status == 401
    assert receiver.call(oauth=oauth).status == 201


def test_an_address_beyond_its_rate_is_told_to_wait(tmp_path: Path) -> None:
    now_s = time.time()
    limited = make_receiver(tmp_path, settings={"requests_per_second": 1}, now_s=lambda: now_s)
    answers = [limited.call() for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert (answers[2].body, answers[2].headers["retry-after"]) == (ROWS[429], "1")


FAULTS: list[tuple[Exception, int, dict[str, Any] | None]] = [
    (TryLater(), 503, None),
    (OSError("no route to the database"), 503, None),
    (BadRequest("schedulePayments"), 400, ROWS[400]),
    (NoticeForeign("no account of this card"), 403, ROWS[403]),
    (ZeroDivisionError("5110921032063789"), 500, None),
]


@pytest.mark.parametrize(("fault", "status", "body"), FAULTS, ids=[type(row[0]).__name__ for row in FAULTS])
def test_what_the_service_says_decides_the_answer(
    receiver: Receiver,
    capfd: pytest.CaptureFixture[str],
    fault: Exception,
    status: int,
    body: dict[str, Any] | None,
) -> None:
    receiver.service.failure = fault
    reasons = {
        500: ("internal.error", "The request failed because of an internal error."),
        503: ("service.unavailable", "The service is temporarily unavailable."),
    }
    if body is None:
        code, text = reasons[status]
        error = {"Source": "CustomerService", "ReasonCode": code, "Description": text}
        body = {"Errors": {"Error": [{**error, "Recoverable": True, "Details": ""}]}}
    answer = receiver.call()
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)
    # Without a scrubber in the logs of the service around, no card number is logged either.
    written = "".join(capfd.readouterr())
    assert "5110921032063789" not in written
    receiver.service.failure = None
    assert receiver.call().status == 201
