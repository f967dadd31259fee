"""Real-time offers through the door: what the issuer is asked, and what its answer becomes (§13)."""

import asyncio
import base64
import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.conftest import DemoTemplate
from tests.support.network_client import Answer
from tests.support.network_world import NetworkWorld, open_network_world
from tests.support.patience import stretch
from tests.support.raw_server import RawServer, serve_script

from parcela.connectors.outbound_http import GuardedHttp
from parcela.dialects.network.jwe import open_compact
from parcela.dialects.network.oauth import (
    build_base_string,
    check_body_hash,
    parse_authorization,
    verify_signature,
)
from parcela.domain.clients import KeyPurpose
from parcela.operations import clients
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundLimits, OutboundRequest

PAN = "2303770009900018"
PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
URL = "http://issuer.test/parcela/card-offers/searches"
BODY = {
    "transaction": {"amount": 700.0, "currency": "USD", "localDateTime": "2023-10-26T00:00:00Z"},
    "merchant": {"name": "Globex Decor", "country": "USA", "mcc": "1711", "url": "www.globexdecor.com"},
    "sensitiveData": {"consumer": {"primaryAccountNumber": PAN}},
}
OFFER: dict[str, Any] = {
    "offerId": "90000001",
    "offerType": "CARDED_EXTERNAL_REALTIME",
    "tenure": 6,
    "frequency": "MONTHLY",
    "totalAmount": 700,
    "otherInstallmentAmount": 116.67,
    "feeType": "NO_FEES",
}
UNAVAILABLE = {
    "reasonCode": "realtime.offers.unavailable",
    "message": "Issuer offers are not available; standard offers are shown",
}
NOT_ELIGIBLE = {
    "reasonCode": "consumer.not.eligible",
    "message": "Consumer is not eligible for Installments",
}


class ScriptedIssuer:
    """An `OutboundHttp` of a test: answers with what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[OutboundRequest] = []
        self.limits: list[OutboundLimits] = []
        self.answer: OutboundAnswer | OutboundFailure = OutboundAnswer(status=200, headers={}, body=b"{}")

    def say(self, *offers: Any, status: int = 200) -> None:
        self.say_raw(json.dumps({"offers": offers}).encode(), status=status)

    def say_raw(self, body: bytes, *, status: int = 200, is_cut: bool = False) -> None:
        self.answer = OutboundAnswer(status=status, headers={}, body=body, is_cut=is_cut)

    async def post(self, request: OutboundRequest, limits: OutboundLimits) -> OutboundAnswer:
        self.requests.append(request)
        self.limits.append(limits)
        if isinstance(self.answer, OutboundFailure):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        pass


def set_address(network: NetworkWorld, url: str | None, **members: Any) -> None:
    held = network.get_entry("issuer", PROVIDER_ID)
    network.change_catalogue(replace(held, realtime_url=url, **members))


def offer_nothing(network: NetworkWorld) -> None:
    """Take away the configured offers of the real-time range."""
    network.change_catalogue(replace(network.get_entry("offer_group", "real-time-standard"), enabled=False))


@pytest.fixture
def issuer(network: NetworkWorld) -> Iterator[ScriptedIssuer]:
    scripted = ScriptedIssuer()
    set_address(network, URL)
    network.call_issuers(scripted)
    yield scripted


def ask(network: NetworkWorld, **options: Any) -> Answer:
    answer = network.call(network.partner, "POST /offers", BODY, **options)
    assert answer.status == 200
    return answer


def test_the_issuer_is_asked_with_the_request_as_it_came(
    network: NetworkWorld, issuer: ScriptedIssuer
) -> None:
    issuer.say(OFFER)
    answer = ask(network)
    [request] = issuer.requests
    assert request.url == URL
    assert dict(request.headers) == {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Correlation-Id": answer.headers["correlation-id"],
        "Authorization": request.headers["Authorization"],
    }
    sent = json.loads(request.body)
    assert {name: sent[name] for name in sent if name != "encryptedValue"} == {
        "transaction": BODY["transaction"],
        "merchant": BODY["merchant"],
    }
    # Numbers stay as they were written, which a float would not.
    assert b'"amount":700.0' in request.body
    assert PAN.encode() not in request.body
    key_name = json.loads(base64.urlsafe_b64decode(sent["encryptedValue"].split(".")[0] + "=="))["kid"]
    opened = open_compact(sent["encryptedValue"], {key_name: network.issuer.decryption_key})
    assert opened == {"consumer": {"primaryAccountNumber": PAN}}
    assert issuer.limits == [
        OutboundLimits(connect_timeout_s=0.8, total_timeout_s=0.8, max_answer_bytes=262_144)
    ]


def test_the_request_is_signed_with_our_newest_key_of_the_issuer(
    network: NetworkWorld, issuer: ScriptedIssuer
) -> None:
    issuer.say(OFFER)
    ask(network)
    client_id = network.engine.snapshot.clients["parcela-sandbox-issuer"].client_id
    network.as_operator(
        lambda engine, operator: clients.rotate_platform_key(
            engine,
            operator,
            client_id,
            clients.KeyRotation(purpose=KeyPurpose.PLATFORM_SIGNING, grace=timedelta(hours=1)),
        )
    )
    ask(network)
    live = network.engine.snapshot.keys[client_id, KeyPurpose.PLATFORM_SIGNING]
    for request, key in zip(issuer.requests, live, strict=True):
        header = parse_authorization([request.headers["Authorization"].encode()])
        assert header.consumer_key == f"parcela!{key.name}"
        check_body_hash(header, request.body)
        base = build_base_string(
            header,
            method="POST",
            base_url="http://issuer.test",
            raw_path="/parcela/card-offers/searches",
            raw_query="",
        )
        public_key = load_pem_public_key(key.public_pem.encode())
        assert isinstance(public_key, RSAPublicKey)
        verify_signature(header, base, public_key)
    assert (
        abs(
            parse_authorization([issuer.requests[0].headers["Authorization"].encode()]).timestamp
            - time.time()
        )
        < 5
    )


DATES = ["2023-10-26", "2023-11-26", "2023-12-26", "2024-01-26", "2024-02-26", "2024-03-26"]
SHOWN: dict[str, Any] = {
    "priority": 1,
    "offerId": "90000001",
    "offerType": "CARDED_EXTERNAL_REALTIME",
    "offerDisplayText": "6 monthly payments of $116.67",
    "currencySymbol": "$",
    "tenure": 6,
    "frequency": "MONTHLY",
    "totalAmount": 700,
    "firstInstallmentAmount": 116.65,
    "otherInstallmentAmount": 116.67,
    "feeType": "NO_FEES",
    "provider": {
        "providerId": PROVIDER_ID,
        "cid": "242666",
        "providerName": "Sandbox Bank",
        "providerLogoUrl": "http://parcela.test/static/sandbox-bank.png",
        "disclosure": "Sandbox offers. Purchases from $50.00 up to $5,000.00.",
    },
    "schedulePayments": [
        {"installmentNumber": number, "installmentAmount": amount, "dueDate": due_date}
        for number, (amount, due_date) in enumerate(
            zip([116.65, 116.67, 116.67, 116.67, 116.67, 116.67], DATES, strict=True), start=1
        )
    ],
}


def test_what_an_offer_leaves_open_is_filled_in(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(OFFER)
    answer = ask(network)
    [offer] = answer.body["offers"]
    begin = datetime.fromisoformat(offer.pop("offerBeginDatetime"))
    end = datetime.fromisoformat(offer.pop("offerEndDatetime"))
    assert (end - begin, abs(begin - datetime.now(UTC)) < timedelta(seconds=5)) == (timedelta(days=1), True)
    assert answer.body == {
        "total": 1,
        "offerTransactionId": answer.body["offerTransactionId"],
        "offers": [SHOWN],
    }


FULL: dict[str, Any] = {
    **OFFER,
    "offerId": "a-longer-offer-id",
    "offerDisplayText": "Six for you",
    "currencySymbol": "U",
    "countryCode": "USA",
    "apr": 12.50,
    "interestRate": 1.5,
    "firstInstallmentSchedule": "DELAY_REPAYMENT",
    "totalAmount": 721,
    "firstInstallmentAmount": 121,
    "otherInstallmentAmount": 120,
    "feeType": "FIXED_AMT",
    "feeValue": 6,
    "feeDistribution": "SPREAD_ALL_INSTL",
    "offerBeginDatetime": "2023-10-01T00:00:00-05:00",
    "offerEndDatetime": "2023-11-01T00:00:00Z",
    "provider": {
        "providerId": "11111111-1111-4111-8111-111111111111",
        "cid": 244426,
        "providerName": "The Bank",
        "providerLogoUrl": "https://bank.example/logo.png",
        "disclosure": "",
    },
    "schedulePayments": [
        {"installmentNumber": number, "installmentAmount": amount, "dueDate": due_date}
        for number, (amount, due_date) in enumerate(
            zip([121, 120, 120, 120, 120, 120], [*DATES[1:], "2024-4-30"], strict=True), start=1
        )
    ],
}


def test_what_an_offer_says_is_handed_on(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(FULL)
    answer = ask(network)
    assert answer.body["offers"] == [
        {
            **FULL,
            "priority": 1,
            "feeDistribution": "SPREAD_ALL_INSTALLMENT",
            # Whatever the issuer says, it is itself.
            "provider": {**FULL["provider"], "providerId": PROVIDER_ID, "cid": "244426"},
            "schedulePayments": [
                *FULL["schedulePayments"][:-1],
                {"installmentNumber": 6, "installmentAmount": 120, "dueDate": "2024-04-30"},
            ],
        }
    ]


def test_offers_are_ranked_as_all_offers_are(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(
        {**OFFER, "offerId": "00000006"},
        {**OFFER, "offerId": "00000012", "tenure": 12, "otherInstallmentAmount": 58.33},
        {**OFFER, "offerId": "00000005"},
    )
    shown = [(offer["priority"], offer["offerId"]) for offer in ask(network).body["offers"]]
    assert shown == [(1, "00000012"), (2, "00000005"), (3, "00000006")]


def test_an_order_that_the_issuer_gives_stays(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(
        {**OFFER, "offerId": "00000006", "priority": 7},
        {**OFFER, "offerId": "00000012", "tenure": 12, "otherInstallmentAmount": 58.33, "priority": 9},
        {**OFFER, "offerId": "00000005", "priority": 3},
    )
    shown = [(offer["priority"], offer["offerId"]) for offer in ask(network).body["offers"]]
    assert shown == [(1, "00000005"), (2, "00000006"), (3, "00000012")]


def test_an_empty_list_is_the_issuers_word(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    before = network.count_records()
    issuer.say()
    answer = ask(network)
    assert answer.body == {
        "total": 0,
        "offerTransactionId": answer.body["offerTransactionId"],
        "offers": [],
        "eligibilityMessages": [NOT_ELIGIBLE],
    }
    assert network.count_records() == before


def fail_with(kind: Any) -> Callable[[ScriptedIssuer], None]:
    def fail(issuer: ScriptedIssuer) -> None:
        issuer.answer = OutboundFailure(kind, "as scripted")

    return fail


FAULTS: dict[str, Callable[[ScriptedIssuer], None]] = {
    **{
        kind: fail_with(kind) for kind in ("blocked", "dns", "connect", "tls", "timeout", "reset", "protocol")
    },
    "status 500": lambda issuer: issuer.say(OFFER, status=500),
    "status 201": lambda issuer: issuer.say(OFFER, status=201),
    "status 302": lambda issuer: issuer.say(OFFER, status=302),
    "status 404": lambda issuer: issuer.say(OFFER, status=404),
    "too large": lambda issuer: issuer.say_raw(json.dumps({"offers": [OFFER]}).encode(), is_cut=True),
    "empty": lambda issuer: issuer.say_raw(b""),
    "not JSON": lambda issuer: issuer.say_raw(b"<html>"),
    "compressed": lambda issuer: issuer.say_raw(gzip.compress(json.dumps({"offers": [OFFER]}).encode())),
    "an array": lambda issuer: issuer.say_raw(json.dumps([OFFER]).encode()),
    "twice a member": lambda issuer: issuer.say_raw(b'{"offers":[],"offers":[]}'),
    "NaN": lambda issuer: issuer.say_raw(b'{"offers":[NaN]}'),
    "deep": lambda issuer: issuer.say_raw(b'{"offers":' + b"[" * 50_000),
    "BOM": lambda issuer: issuer.say_raw(b'\xef\xbb\xbf{"offers":[]}'),
    "no offers member": lambda issuer: issuer.say_raw(b"{}"),
    "offers of another type": lambda issuer: issuer.say_raw(b'{"offers":{}}'),
    "51 offers": lambda issuer: issuer.say(*[{**OFFER, "offerId": f"{n:08}"} for n in range(51)]),
    "nothing that can be shown": lambda issuer: issuer.say({**OFFER, "tenure": 1}, 7),
}


@pytest.fixture(scope="module")
def standing(demo_template: DemoTemplate) -> Iterator[tuple[NetworkWorld, ScriptedIssuer]]:
    """A world with a configured offer beside the issuer's own, for tests that change nothing."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_network_world(demo_template.server.url_of(name), demo_template.home) as opened:
        set_address(opened, URL)
        yield opened, ScriptedIssuer()
    demo_template.server.drop_database(name)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_without_an_answer_the_configured_offers_stand_in(
    standing: tuple[NetworkWorld, ScriptedIssuer], fault: Callable[[ScriptedIssuer], None]
) -> None:
    network, issuer = standing
    network.call_issuers(issuer)
    fault(issuer)
    asked = len(issuer.requests)
    answer = ask(network)
    # One try, and no second one.
    assert len(issuer.requests) == asked + 1
    assert (answer.body["total"], answer.body["eligibilityMessages"]) == (1, [UNAVAILABLE])
    assert [(offer["offerId"], offer["offerType"]) for offer in answer.body["offers"]] == [
        ("90000002", "CARDED_OFFER")
    ]


def test_without_an_answer_and_without_configured_offers_both_reasons_are_told(
    network: NetworkWorld, issuer: ScriptedIssuer
) -> None:
    offer_nothing(network)
    issuer.say(status=503)
    answer = ask(network)
    assert (answer.body["offers"], answer.body["eligibilityMessages"]) == ([], [NOT_ELIGIBLE, UNAVAILABLE])


def test_an_issuer_that_keeps_failing_is_left_alone(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(status=500)
    messages = [ask(network).body["eligibilityMessages"][-1] for _ in range(8)]
    assert messages == [UNAVAILABLE] * 8
    assert len(issuer.requests) == 5


def test_an_issuer_that_is_not_set_up_is_not_called(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(OFFER)
    set_address(network, None)
    assert ask(network).body["eligibilityMessages"] == [UNAVAILABLE]
    set_address(network, URL)
    client_id = network.engine.snapshot.clients["parcela-sandbox-issuer"].client_id
    [key] = network.engine.snapshot.keys[client_id, KeyPurpose.CLIENT_ENCRYPTION]
    network.as_operator(
        lambda engine, operator: clients.revoke_key(
            engine, operator, client_id, key.key_id, grace=timedelta(0)
        )
    )
    assert ask(network).body["eligibilityMessages"] == [UNAVAILABLE]
    assert issuer.requests == []


def test_other_cards_and_issuers_own_inquiries_never_call(
    network: NetworkWorld, issuer: ScriptedIssuer
) -> None:
    issuer.say(OFFER)
    other = {**BODY, "sensitiveData": {"consumer": {"primaryAccountNumber": "2303770000057107"}}}
    answer = network.call(network.partner, "POST /offers", other)
    assert [offer["offerType"] for offer in answer.body["offers"]] == ["CARDED_OFFER", "CARDED_OFFER"]
    assert "eligibilityMessages" not in answer.body
    post_purchase = network.call(network.issuer, "POST /offers", BODY).body
    assert [offer["offerType"] for offer in post_purchase["offers"]] == ["CARDED_OFFER"]
    assert "eligibilityMessages" not in post_purchase
    held = network.get_entry("account_range", "2303770009900000000")
    network.change_catalogue(replace(held, during_purchase=False))
    assert ask(network).body["eligibilityMessages"] == [NOT_ELIGIBLE]
    assert issuer.requests == []


def test_a_broken_offer_is_dropped_and_logged_and_the_others_stay(
    network: NetworkWorld, issuer: ScriptedIssuer
) -> None:
    issuer.say(
        {**OFFER, "offerId": "00000001", "totalAmount": 700.01, "firstInstallmentAmount": 116.65},
        {**OFFER, "offerId": "00000002"},
        {**OFFER, "offerId": "00000002", "offerDisplayText": "the same id again"},
        {**OFFER, "offerId": "00000003", "offerDisplayText": f"for {PAN} only"},
        {**OFFER, "offerId": PAN},
        {**OFFER, "offerId": "00000004", "frequency": "15DAYS"},
    )
    with structlog.testing.capture_logs() as lines:
        answer = ask(network)
    assert [offer["offerId"] for offer in answer.body["offers"]] == ["00000002"]
    assert "eligibilityMessages" not in answer.body
    assert [(line["outcome"], line["reason"]) for line in lines] == [
        ("dropped_offer", "the rows do not sum to the total"),
        ("dropped_offer", "offerId is missing or not as agreed"),
        ("dropped_offer", "a text holds the card number"),
        ("dropped_offer", "a text holds the card number"),
        ("dropped_offer", "offers with a 15-day interval are not shown"),
    ]
    assert PAN not in repr(lines)


def make_plan_request(answer: Answer, position: int = 0) -> dict[str, Any]:
    offer = answer.body["offers"][position]
    terms = {"tenure", "frequency", "apr", "totalAmount", "firstInstallmentAmount", "otherInstallmentAmount"}
    return {
        "offerTransactionId": answer.body["offerTransactionId"],
        "merchant": BODY["merchant"],
        "offerId": offer["offerId"],
        "transactionOffers": [{"offerId": shown["offerId"]} for shown in answer.body["offers"]],
        "planInstallmentInformation": {
            **{name: value for name, value in offer.items() if name in {*terms, "feeValue"}},
            "currency": "USD",
        },
        "providerId": PROVIDER_ID,
        "schedulePayments": offer["schedulePayments"],
        "transaction": {**BODY["transaction"], "amountType": "PURCHASE"},
        "sensitiveData": BODY["sensitiveData"],
    }


ROWS = (
    "SELECT number, amount_minor, principal_minor, interest_minor, fee_minor FROM installment ORDER BY number"
)


def list_rows(network: NetworkWorld) -> list[tuple[int, ...]]:
    async def find() -> list[tuple[int, ...]]:
        async with network.engine.database.connection() as connection:
            return [tuple(row.values()) for row in await connection.fetch(ROWS)]

    return network.run(find())


def test_a_plan_is_made_of_an_issuers_offer(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(FULL)
    request = make_plan_request(ask(network))
    made = network.call(network.partner, "POST /plans", request)
    assert (made.status, made.body["status"]) == (201, "CREATED")
    # 700 of principal, a fee of 1 a row, and 15 of interest at 0.609778… percent a month.
    assert list_rows(network) == [
        (1, 12100, 11573, 427, 100),
        (2, 12000, 11544, 356, 100),
        (3, 12000, 11614, 286, 100),
        (4, 12000, 11685, 215, 100),
        (5, 12000, 11756, 144, 100),
        (6, 12000, 11828, 72, 100),
    ]
    assert network.count_broken() == 0
    again = network.call(network.partner, "POST /plans", request)
    assert (again.status, again.body) == (201, made.body)
    read = network.call(network.partner, f"GET /plans/{made.body['planId']}")
    assert read.body["planInstallmentInformation"] == {
        "apr": 12.5,
        "currency": "USD",
        "frequency": "MONTHLY",
        "firstInstallmentAmount": 121,
        "otherInstallmentAmount": 120,
        "feeValue": 6,
        "tenure": 6,
        "totalAmount": 721,
    }


def test_a_plan_is_held_against_the_issuers_offer(network: NetworkWorld, issuer: ScriptedIssuer) -> None:
    issuer.say(OFFER)
    request = make_plan_request(ask(network))
    # The offer has no apr, so the plan must not have one either.
    request["planInstallmentInformation"]["apr"] = 0
    request["schedulePayments"][5]["dueDate"] = "2024-03-27"
    refused = network.call(network.partner, "POST /plans", request)
    assert refused.status == 400
    assert [error["Details"] for error in refused.body["Errors"]["Error"]] == [
        "Mismatch in Apr.",
        "Mismatch in Schedule Payments.",
    ]
    assert network.count_records()["plan"] == 0


def test_a_service_over_a_socket_answers_in_time_or_not_at_all(network: NetworkWorld) -> None:
    """The one deadline is of the whole call, whatever the service does with it."""
    body = json.dumps({"offers": [OFFER]}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await seen.read_request(reader)
            number = len(seen.requests)
            if number == 2:
                writer.write(head + body[:10])
                await asyncio.sleep(60)
            if number == 3:
                for octet in head + body:
                    writer.write(bytes([octet]))
                    await asyncio.sleep(0.1)
            writer.write(head + body)
            await writer.drain()

    async def serve(started: asyncio.Future[RawServer], done: asyncio.Event) -> None:
        async with serve_script(script) as server:
            started.set_result(server)
            await done.wait()

    async def start() -> tuple[RawServer, asyncio.Event, asyncio.Task[None], GuardedHttp]:
        started: asyncio.Future[RawServer] = asyncio.get_running_loop().create_future()
        done = asyncio.Event()
        task = asyncio.create_task(serve(started, done))
        return await started, done, task, GuardedHttp(is_sandbox=True)

    server, done, task, http = network.run(start())
    set_address(network, f"http://127.0.0.1:{server.port}/issuer/card-offers/searches")
    network.call_issuers(http, timeout_ms=1500)
    answers, times = [], []
    for _ in range(4):
        began = time.monotonic()
        answers.append(ask(network).body)
        times.append(time.monotonic() - began)

    async def stop() -> None:
        done.set()
        await task
        await http.close()

    network.run(stop())
    assert [answer["offers"][0]["offerId"] for answer in answers] == [
        "90000001",
        "90000002",
        "90000002",
        "90000001",
    ]
    assert [answer.get("eligibilityMessages", []) for answer in answers] == [
        [],
        [UNAVAILABLE],
        [UNAVAILABLE],
        [],
    ]
    # Without the deadline of 1.5 s the second answer would take a minute, and the third many seconds.
    assert max(times) < stretch(6)
    assert server.requests[0].startswith(b"POST /issuer/card-offers/searches HTTP/1.1\r\n")
