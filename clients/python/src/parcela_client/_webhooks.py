"""Letters that the server sent: proved, then read (`spec/payments.md` §11.3)."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping

from parcela_client._errors import NotConfigured, WebhookRefused
from parcela_client._generated.objects import Event

TOLERANCE_S = 300
_SECRET_START = "whsec_"


class Webhooks:
    """Proves letters with the secret of a webhook endpoint; needs no connection."""

    def __init__(self, secret: str | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._now = now

    def construct_event(
        self,
        body: bytes | str,
        headers: Mapping[str, str],
        *,
        secret: str | None = None,
        tolerance_s: int = TOLERANCE_S,
    ) -> Event:
        """The event of a letter, given its body exactly as received; `WebhookRefused` if it is not genuine.

        The secret is the argument, else the client's `webhook_secret`, else `PARCELA_WEBHOOK_SECRET`.
        """
        found = secret or self._secret or os.environ.get("PARCELA_WEBHOOK_SECRET")
        if not found:
            raise NotConfigured("No webhook secret: give webhook_secret=, or set PARCELA_WEBHOOK_SECRET.")
        raw = body.encode() if isinstance(body, str) else bytes(body)
        verify(raw, headers, found, now_s=self._now(), tolerance_s=tolerance_s)
        try:
            members = json.loads(raw)
        except ValueError:
            raise WebhookRefused("The letter is signed, but its body is no JSON.") from None
        if not isinstance(members, dict):
            raise WebhookRefused("The letter is signed, but its body is no JSON object.")
        return Event.read(members)


def verify(
    body: bytes, headers: Mapping[str, str], secret: str, *, now_s: float, tolerance_s: int = TOLERANCE_S
) -> None:
    """Raise `WebhookRefused` unless one of the two signatures is the secret's and the letter is fresh."""
    told = {name.lower(): value for name, value in headers.items()}
    schemes = (_prove_standard(body, told, secret), _prove_plain(body, told, secret))
    stamps = [stamp for stamp in schemes if stamp is not None]
    if not stamps:
        raise WebhookRefused(
            "No signature of this secret: the body was changed, or the secret is another endpoint's."
        )
    if all(abs(now_s - stamp) > tolerance_s for stamp in stamps):
        raise WebhookRefused(f"The letter is more than {tolerance_s} seconds old, or from the future.")


def _prove_standard(body: bytes, headers: Mapping[str, str], secret: str) -> int | None:
    """The timestamp that a `webhook-signature` proves (Standard Webhooks)."""
    stamp = headers.get("webhook-timestamp", "")
    content = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    wanted = hmac.digest(_decode_secret(secret), content, hashlib.sha256)
    for part in headers.get("webhook-signature", "").split():
        version, _, text = part.partition(",")
        if version == "v1" and hmac.compare_digest(text.encode(), base64.b64encode(wanted)):
            return _read_stamp(stamp)
    return None


def _prove_plain(body: bytes, headers: Mapping[str, str], secret: str) -> int | None:
    """The timestamp that an `X-Vinr-Signature` proves."""
    stamp = headers.get("x-vinr-timestamp", "")
    wanted = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hex()
    for text in headers.get("x-vinr-signature", "").split():
        if hmac.compare_digest(text.encode(), wanted.encode()):
            return _read_stamp(stamp)
    return None


def _read_stamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise WebhookRefused("The timestamp of the letter is no number of seconds.")
    return int(text)


def _decode_secret(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_START), validate=True)
    except (binascii.Error, ValueError):
        raise NotConfigured("The webhook secret is damaged: it is `whsec_` and base64.") from None
