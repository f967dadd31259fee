"""Letters proved by the Python client, against the published check value (`spec/payments.md` §11.3)."""

import base64
import hashlib
import hmac

import pytest
from parcela_client import NotConfigured, Parcela, WebhookRefused, Webhooks

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER_SECRET = "whsec_HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
STAMP = 1782864000
EVENT_ID = "evt_01K0000000000000000000000A"
BODY = (
    b'{"id":"evt_01K0000000000000000000000A","type":"payment.completed","created":1782864000,'
    b'"data":{"object":{"id":"pay_01K0000000000000000000000B","status":"completed"}}}'
)
STANDARD = {
    "webhook-id": EVENT_ID,
    "webhook-timestamp": str(STAMP),
    "webhook-signature": "v1,vKMuHNGqQ241GMSK3dOgS6dXWEOgOXvFKnnh/YDRRFg=",
}
PLAIN = {
    "X-Vinr-Timestamp": str(STAMP),
    "X-Vinr-Signature": "d6848be1c828b260dd7d53655161915d0c4808b3406c765b7488e31cbe428538",
}


def make(now: int = STAMP, secret: str | None = SECRET) -> Webhooks:
    return Webhooks(secret, now=lambda: now)


GENUINE = [
    ("standard", STANDARD),
    ("plain", PLAIN),
    ("both", {**STANDARD, **PLAIN}),
    ("capitals", {name.upper(): value for name, value in STANDARD.items()}),
    ("rolled", {**STANDARD, "webhook-signature": f"v1,AAAA v2,x {STANDARD['webhook-signature']}"}),
    ("rolled plain", {**PLAIN, "X-Vinr-Signature": f"{'0' * 64} {PLAIN['X-Vinr-Signature']}"}),
    ("one of both", {**STANDARD, **PLAIN, "webhook-signature": "v1,AAAA"}),
]


@pytest.mark.parametrize("headers", [row[1] for row in GENUINE], ids=[row[0] for row in GENUINE])
@pytest.mark.parametrize("body", [BODY, BODY.decode(), bytearray(BODY)], ids=["bytes", "text", "array"])
def test_a_genuine_letter_is_an_event(headers: dict[str, str], body: bytes | str) -> None:
    event = make().construct_event(body, headers)
    assert (event.id, event.type, event.created) == (EVENT_ID, "payment.completed", STAMP)
    assert event.data.object.status == "completed"


FORGED = [
    ("no headers", {}),
    ("no signature", {**STANDARD, "webhook-signature": ""}),
    ("no scheme", {**STANDARD, "webhook-signature": STANDARD["webhook-signature"][3:]}),
    ("other scheme", {**STANDARD, "webhook-signature": "v2" + STANDARD["webhook-signature"][2:]}),
    ("cut", {**STANDARD, "webhook-signature": STANDARD["webhook-signature"][:-1]}),
    ("not ascii", {**STANDARD, "webhook-signature": "v1,ü"}),
    ("other id", {**STANDARD, "webhook-id": "evt_01K0000000000000000000000C"}),
    ("other time", {**STANDARD, "webhook-timestamp": str(STAMP + 1)}),
    ("time missing", {"X-Vinr-Signature": PLAIN["X-Vinr-Signature"]}),
    ("other time, plain", {**PLAIN, "X-Vinr-Timestamp": str(STAMP + 1)}),
    ("upper case, plain", {**PLAIN, "X-Vinr-Signature": PLAIN["X-Vinr-Signature"].upper()}),
    # A signature of one scheme under the name of the other proves nothing.
    ("swapped", {**STANDARD, "webhook-signature": f"v1,{PLAIN['X-Vinr-Signature']}"}),
]


@pytest.mark.parametrize("headers", [row[1] for row in FORGED], ids=[row[0] for row in FORGED])
def test_a_forged_letter_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused, match="No signature of this secret"):
        make().construct_event(BODY, headers)


@pytest.mark.parametrize("headers", [STANDARD, PLAIN], ids=["standard", "plain"])
def test_a_changed_body_and_another_secret_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        make().construct_event(BODY.replace(b"completed", b"cancelled"), headers)
    with pytest.raises(WebhookRefused):
        make(secret=OTHER_SECRET).construct_event(BODY, headers)


@pytest.mark.parametrize("headers", [STANDARD, PLAIN], ids=["standard", "plain"])
@pytest.mark.parametrize("now", [STAMP + 301, STAMP - 301])
def test_an_old_letter_and_one_of_the_future_are_refused(headers: dict[str, str], now: int) -> None:
    with pytest.raises(WebhookRefused, match="more than 300 seconds old, or from the future"):
        make(now).construct_event(BODY, headers)


@pytest.mark.parametrize("now", [STAMP + 300, STAMP - 300])
def test_five_minutes_are_tolerated(now: int) -> None:
    assert make(now).construct_event(BODY, STANDARD).id == EVENT_ID


def test_a_proven_scheme_that_is_old_does_not_spoil_the_fresh_one() -> None:
    """Each header pair is judged by itself: an old pair beside a fresh one of the same secret."""
    fresh = STAMP + 600
    content = f"{fresh}.".encode() + BODY
    signature = hmac.digest(SECRET.encode(), content, hashlib.sha256).hex()
    headers = {**STANDARD, "X-Vinr-Timestamp": str(fresh), "X-Vinr-Signature": signature}
    assert make(fresh).construct_event(BODY, headers).id == EVENT_ID


def sign(body: bytes, stamp: str) -> dict[str, str]:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{EVENT_ID}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": EVENT_ID,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


@pytest.mark.parametrize(
    "stamp", ["", "-1", "1e9", "９", "9" * 40], ids=["none", "sign", "e", "wide", "long"]
)
def test_a_signed_timestamp_that_is_no_number_is_refused(stamp: str) -> None:
    with pytest.raises(WebhookRefused, match="no number of seconds"):
        make().construct_event(BODY, sign(BODY, stamp))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"], ids=["empty", "list", "cut", "not utf-8"])
def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused, match="The letter is signed, but its body is no JSON"):
        make().construct_event(body, sign(body, str(STAMP)))


def test_the_secret_comes_from_call_client_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARCELA_WEBHOOK_SECRET", raising=False)
    with pytest.raises(NotConfigured, match="No webhook secret"):
        make(secret=None).construct_event(BODY, STANDARD)
    assert make(secret=None).construct_event(BODY, STANDARD, secret=SECRET).id == EVENT_ID
    assert make(secret=OTHER_SECRET).construct_event(BODY, STANDARD, secret=SECRET).id == EVENT_ID
    monkeypatch.setenv("PARCELA_WEBHOOK_SECRET", SECRET)
    assert make(secret=None).construct_event(BODY, STANDARD).id == EVENT_ID


def test_a_damaged_secret_is_said() -> None:
    with pytest.raises(NotConfigured, match="The webhook secret is damaged"):
        make(secret="whsec_no base64!").construct_event(BODY, STANDARD)


def test_the_client_proves_letters_of_now() -> None:
    client = Parcela(secret_key="sk_test_1", base_url="http://localhost:1", webhook_secret=SECRET)
    with pytest.raises(WebhookRefused, match="more than 300 seconds old"):
        client.webhooks.construct_event(BODY, STANDARD)
    assert client.webhooks.construct_event(BODY, STANDARD, tolerance_s=10**9).id == EVENT_ID
