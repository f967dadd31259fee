"""What is sent: the published body, sealed to the issuer's newest key and signed with ours."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest
from client_encryption.jwe_encryption import decrypt_payload
from client_encryption.jwe_encryption_config import JweEncryptionConfig
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from tests.delivery.conftest import Deliver
from tests.support.delivery_world import PROVIDER_ID, DeliveryWorld
from tests.support.network_client import load_party, open_token
from tests.support.purchases import CARD, CORRELATION_ID
from tests.support.receiver import Received, make_answer
from tests.support.samples import load_sample
from tests.support.set_up import make_issuer

from parcela.dialects.network import oauth
from parcela.dialects.network.notifications import write_notification
from parcela.domain.cards import mask_digits
from parcela.domain.clients import KeyPurpose
from parcela.domain.ids import Identifier
from parcela.domain.offers import PresentedOffer
from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedTerms,
    Installment,
    Merchant,
    Plan,
    PlanRequest,
    PlanStatus,
)
from parcela.operations import clients
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient, NewKey
from parcela.operations.keys import compute_key_name, render_public_pem

SENSITIVE = {"consumer": {"primaryAccountNumber": int(CARD)}}


def make_published_plan() -> Plan:
    """The plan that the made sample of a notification speaks of."""
    due_dates = [date(2023, 10, 26) + timedelta(weeks=2 * number) for number in range(6)]
    amounts = [6665, 6667, 6667, 6667, 6667, 6667]
    offer = PresentedOffer(
        offer_id="21345693",
        program_version=1,
        provider_id=PROVIDER_ID,
        currency="USD",
        count=6,
        interval="biweekly",
        apr_percent=Decimal(0),
        fee_value=Decimal(0),
        total_minor=40000,
        amounts_minor=tuple(amounts),
        due_dates=tuple(due_dates),
    )
    local_at = datetime(2023, 10, 26, tzinfo=UTC)
    request = PlanRequest(
        offer_transaction_id="1",
        offer_id="21345693",
        shown_offer_ids=("21345693", "21351677"),
        provider_id=PROVIDER_ID,
        merchant=Merchant(
            name="Globex Decor",
            country="USA",
            mcc=Identifier("1711", is_number=True),
            url="www.globexdecor.com",
            acquirer_id=Identifier("234353"),
            merchant_id=Identifier("121234"),
        ),
        terms=ClaimedTerms(count=6, interval="biweekly"),
        rows=(),
        transaction=CardTransaction(
            amount_kind=AmountKind.PURCHASE,
            amount=Decimal("400.00"),
            currency="USD",
            local_at=local_at,
            local_text="2023-10-26T00:00:00Z",
            transmitted_text="2023-10-26T00:00:05Z",
        ),
        pan_index=b"",
    )
    rows = tuple(
        Installment(
            number=number,
            due_date=due_date,
            amount_minor=amount,
            principal_minor=amount,
            interest_minor=0,
            fee_minor=0,
        )
        for number, (amount, due_date) in enumerate(zip(amounts, due_dates, strict=True), start=1)
    )
    return Plan(
        plan_id="3d56f5a7-db48-41f0-875e-30920e8465f3",
        status=PlanStatus.CREATED,
        offer_transaction_id=1,
        client_id=1,
        provider_id=PROVIDER_ID,
        offer=offer,
        request=request,
        installments=rows,
        created_at=local_at,
    )


def test_the_body_is_the_published_one_member_by_member_in_its_order() -> None:
    import msgspec

    members = write_notification(make_published_plan(), make_issuer(), sealed_member="encryptedValue")
    members["encryptedValue"] = "x"
    expected = load_sample("parcela-notification-request")
    order = [name if name != "sensitiveData" else "encryptedValue" for name in expected]
    expected = {name: expected.get(name, "x") for name in order}
    written = json.loads(msgspec.json.encode(members))
    assert written == expected
    assert list(written) == list(expected)
    assert list(written) == [
        "encryptedValue" if name == "sensitiveData" else name for name in load_sample("notification-request")
    ]


def test_what_was_not_sent_is_absent() -> None:
    plan = make_published_plan()
    plan = replace(plan, request=replace(plan.request, shown_offer_ids=None))
    members = write_notification(plan, make_issuer(), sealed_member="encryptedValues")
    assert "transactionOffers" not in members
    assert list(members)[3] == "encryptedValues"


def test_the_issuer_opens_the_card_number_with_the_official_library(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        plan = await world.buy()
        async with world.work():
            await world.settle(attempts=1)
        [request] = world.receiver.received
        assert list(request.json)[:4] == ["planId", "issuerCid", "issuerIca", "encryptedValue"]
        assert request.json["planId"] == plan.plan_id
        assert CARD.encode() not in request.body
        issuer = load_party(world.home, "issuer")
        config = JweEncryptionConfig(
            {
                "paths": {"$": {"toEncrypt": {}, "toDecrypt": {"encryptedValue": "sensitiveData"}}},
                "encryptedValueFieldName": "encryptedValue",
                "decryptionKey": str(issuer.decryption_file),
            }
        )
        opened = decrypt_payload(request.json, config)
        assert opened["sensitiveData"] == SENSITIVE
        # That library does not check the tag.
        assert open_token(request.json["encryptedValue"], issuer.decryption_key) == SENSITIVE

    deliver(work)


def test_the_card_number_of_a_token_is_the_funding_one(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy("2303779900000018")
        async with world.work():
            await world.settle(attempts=1)
        [request] = world.receiver.received
        key = load_party(world.home, "issuer").decryption_key
        assert open_token(request.json["encryptedValue"], key) == SENSITIVE

    deliver(work)


def test_the_receiver_can_prove_who_sent_it(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        async with world.work():
            await world.settle(attempts=1)
        [request] = world.receiver.received
        assert request.headers["content-type"] == request.headers["accept"] == "application/json"
        assert request.headers["correlation-id"] == CORRELATION_ID
        seen = await world.engine.look()
        client = seen.snapshot.clients["parcela-sandbox-issuer"]
        [key] = seen.snapshot.list_live_keys(client.client_id, KeyPurpose.PLATFORM_SIGNING, now=seen.real_now)
        header = oauth.parse_authorization([request.headers["authorization"].encode()])
        assert header.consumer_key == f"parcela!{key.name}"
        verify(request, header, key.public_pem, base_url=f"http://127.0.0.1:{world.receiver.port}")
        # The real clock signs, wherever the world's clock stands.
        oauth.check_timestamp(header, now_s=seen.real_now.timestamp(), window_s=60)

    deliver(work)


def verify(request: Received, header: oauth.OAuthHeader, pem: str, *, base_url: str) -> None:
    """As a receiver does: body hash and signature. Raises OAuthRefusal."""
    oauth.check_body_hash(header, request.body)
    text = oauth.build_base_string(
        header, method="POST", base_url=base_url, raw_path=request.target, raw_query=""
    )
    public_key = load_pem_public_key(pem.encode())
    assert isinstance(public_key, RSAPublicKey)
    oauth.verify_signature(header, text, public_key)


def test_keys_that_rotate_between_tries_are_used_from_then_on(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        engine, operator = world.engine, await world.operator()
        world.receiver.script(503, 503, 201)
        await world.buy()
        fresh = generate_private_key(public_exponent=65537, key_size=2048)
        async with world.work():
            await world.settle(attempts=1)
            issuer = (await engine.look()).snapshot.clients["parcela-sandbox-issuer"]
            new = NewKey(purpose=KeyPurpose.CLIENT_ENCRYPTION, pem=render_public_pem(fresh.public_key()))
            await clients.add_client_key(engine, operator, issuer.client_id, new)
            await world.move_clock_to_next_try()
            await world.settle(attempts=2)
            rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_SIGNING, grace=timedelta(0))
            ours = await clients.rotate_platform_key(engine, operator, issuer.client_id, rotation)
            await world.move_clock_to_next_try()
            await world.settle(attempts=3)
        first, second, third = world.receiver.received
        old = load_party(world.home, "issuer").decryption_key
        assert read_kid(first) == compute_key_name(old.public_key())
        assert read_kid(second) == read_kid(third) == compute_key_name(fresh.public_key())
        assert [open_with(request, fresh) for request in (second, third)] == [SENSITIVE, SENSITIVE]
        consumer_keys = [
            oauth.parse_authorization([request.headers["authorization"].encode()]).consumer_key
            for request in (first, second, third)
        ]
        assert consumer_keys[0] == consumer_keys[1] != consumer_keys[2] == f"parcela!{ours.name}"
        contents = [{**request.json, "encryptedValue": None} for request in (first, second, third)]
        assert contents[0] == contents[1] == contents[2]

    deliver(work)


def read_kid(request: Received) -> str:
    import base64

    part = request.json["encryptedValue"].split(".")[0]
    kid: str = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]
    return kid


def open_with(request: Received, key: RSAPrivateKey) -> object:
    assert key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return open_token(request.json["encryptedValue"], key)


def test_the_newest_client_with_all_keys_is_written_to(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        engine, operator = world.engine, await world.operator()
        new = NewClient(
            code="second", name="Processor", role=clients.ClientRole.ISSUER, provider_id=PROVIDER_ID
        )
        second = await clients.register_client(engine, operator, new)
        await world.buy()
        async with world.work():
            await world.settle(attempts=1)
            fresh = generate_private_key(public_exponent=65537, key_size=2048)
            key = NewKey(purpose=KeyPurpose.CLIENT_ENCRYPTION, pem=render_public_pem(fresh.public_key()))
            await clients.add_client_key(engine, operator, second.client_id, key)
            await world.settle(await world.buy(), attempts=1)
            await clients.switch_client(engine, operator, second.client_id, ClientSwitches(is_enabled=False))
            await world.settle(await world.buy(), attempts=1)
        old = compute_key_name(load_party(world.home, "issuer").decryption_key.public_key())
        kids = [read_kid(request) for request in world.receiver.received]
        assert kids == [old, compute_key_name(fresh.public_key()), old]

    deliver(work)


def test_without_a_live_key_nothing_is_sent_and_the_letter_waits_after_three_tries(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.buy()
        await world.execute("UPDATE client_key SET revoked_at = now() WHERE purpose = 'client_encryption'")
        await world.execute("UPDATE world SET version = version + 1")
        async with world.work():
            for number in (1, 2):
                await world.settle(attempts=number)
                await world.move_clock_to_next_try()
            history = await world.settle(attempts=3)
        detail = "no enabled client of the issuer has a live encryption key and a live signing key of ours"
        starts = [attempt.started_at for attempt in history.attempts]
        assert [round((start - starts[0]).total_seconds()) for start in starts] == [0, 60, 120]
        assert [attempt.outcome for attempt in history.attempts] == ["not_rendered"] * 3
        assert [attempt.detail for attempt in history.attempts] == [detail] * 3
        assert (history.letter.status, history.letter.parked_code) == ("parked", "no_keys")
        assert history.letter.parked_reason == f"not sent: {detail} (3 tries)"
        assert world.receiver.received == []
        assert await world.list_faults() == []

    deliver(work)


def test_one_poisonous_letter_stops_no_other(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        poison = await world.buy()
        await world.execute(
            "UPDATE plan SET body = '{\"offer\": 1}' WHERE plan_id = $1::uuid", poison.plan_id
        )
        good = [await world.buy() for _ in range(20)]
        async with world.work():
            for plan in good:
                assert (await world.settle(plan, attempts=1)).letter.status == "delivered"
            for number in (1, 2):
                await world.settle(poison, attempts=number)
                await world.move_clock_to_next_try()
            history = await world.settle(poison, attempts=3)
        assert (history.letter.status, history.letter.parked_code) == ("parked", "cannot_render")
        reason = "not sent: writing the letter failed (ValidationError) (3 tries)"
        assert history.letter.parked_reason == reason
        assert len(world.receiver.received) == 20
        assert await world.list_faults() == []

    deliver(work)


@pytest.mark.parametrize("spelling", ["{}", "\u0000{}", "PAN {} and {}", '{{"pan":"{}"}}'])
def test_no_record_of_a_try_holds_a_card_number(deliver: Deliver, spelling: str) -> None:
    async def work(world: DeliveryWorld) -> None:
        said = spelling.format(CARD, CARD).encode()
        # Across the edge of what is kept, too.
        body = said + b"." * (2048 - len(said) - 8) + CARD.encode()
        signatures: list[str] = []

        def echo(request: Received) -> bytes:
            signature = request.headers["authorization"].partition('oauth_signature="')[2].rstrip('"')
            signatures.append(signature)
            return (
                make_answer(503, body)
                if len(signatures) == 1
                else make_answer(400, said + signature.encode())
            )

        world.receiver.reply = echo
        await world.buy()
        async with world.work():
            await world.settle(attempts=1)
            await world.move_clock_to_next_try()
            history = await world.settle(attempts=2)
        rows: list[asyncpg.Record] = []
        async with world.engine.database.connection() as connection:
            for table in ("delivery_attempt", "letter"):
                rows += await connection.fetch(f"SELECT to_jsonb(t)::text AS text FROM {table} t")
        assert all(CARD not in row["text"] and CARD[:14] not in row["text"] for row in rows)
        assert [signature for signature in signatures if any(signature in row["text"] for row in rows)] == []
        repeated = str(history.attempts[1].answer)
        assert (mask_digits(CARD) in repeated, repeated.endswith("*" * len(signatures[1]))) == (True, True)
        first = history.attempts[0]
        assert first.request_headers is not None
        assert 'oauth_signature="[cut]"' in first.request_headers["Authorization"]
        assert json.loads(str(first.request_body))["encryptedValue"] == "[sealed]"

    deliver(work)
