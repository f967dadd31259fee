"""Signatures of webhooks against the published check value and an independent library."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from parcela.dialects.payments.webhook_signing import sign_webhook

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER = "whsec_" + b64encode(bytes(range(32, 64))).decode()
ID = "evt_01K0000000000000000000000A"
BODY = (
    b'{"id":"evt_01K0000000000000000000000A","type":"payment.completed","created":1782864000,'
    b'"data":{"object":{"id":"pay_01K0000000000000000000000B","status":"completed"}}}'
)


def test_the_check_value_of_the_contract() -> None:
    assert sign_webhook(BODY, webhook_id=ID, timestamp=1782864000, secrets=[SECRET]) == {
        "webhook-id": ID,
        "webhook-timestamp": "1782864000",
        "webhook-signature": "v1,vKMuHNGqQ241GMSK3dOgS6dXWEOgOXvFKnnh/YDRRFg=",
        "X-Vinr-Timestamp": "1782864000",
        "X-Vinr-Signature": "d6848be1c828b260dd7d53655161915d0c4808b3406c765b7488e31cbe428538",
    }


def test_while_a_secret_is_rolled_both_verify_and_a_third_does_not() -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = sign_webhook(BODY, webhook_id=ID, timestamp=now, secrets=[OTHER, SECRET])
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + b64encode(bytes(32)).decode()).verify(BODY, headers)
    assert [len(part) for part in headers["X-Vinr-Signature"].split(" ")] == [64, 64]


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, len(BODY) * 8 - 1))
def test_a_body_with_one_bit_changed_does_not_verify(place: int) -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = sign_webhook(BODY, webhook_id=ID, timestamp=now, secrets=[SECRET])
    changed = bytearray(BODY)
    changed[place // 8] ^= 1 << place % 8
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(SECRET).verify(bytes(changed), headers)
