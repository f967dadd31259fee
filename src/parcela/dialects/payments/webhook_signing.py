"""Signatures of webhooks (`spec/payments.md` §11.3): Standard Webhooks, and the older pair beside it."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

from parcela.domain.payments.webhooks import SECRET_PREFIX


def sign_webhook(body: bytes, *, webhook_id: str, timestamp: int, secrets: Sequence[str]) -> dict[str, str]:
    """The five headers of one try. Several secrets sign while one is rolled, the present one first."""
    stamp = str(timestamp)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_sign_standard(secret, webhook_id, stamp, body) for secret in secrets),
        "X-Vinr-Timestamp": stamp,
        "X-Vinr-Signature": " ".join(_sign_plain(secret, stamp, body) for secret in secrets),
    }


def _sign_standard(secret: str, webhook_id: str, stamp: str, body: bytes) -> str:
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{webhook_id}.{stamp}.".encode() + body, "sha256")
    return f"v1,{b64encode(digest).decode()}"


def _sign_plain(secret: str, stamp: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
