"""Card numbers on the wire: compact JWE, RSA-OAEP-256 and A256GCM, written on `cryptography` alone."""

import base64
import binascii
import hashlib
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parcela_client._errors import AnswerUnreadable

_IV_BYTES = 12
_CEK_BYTES = 32
_TAG_BYTES = 16


def seal(payload: bytes, key: RSAPublicKey) -> str:
    """A token that only the holder of the key can open; every call gives another one."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    header = {
        "alg": "RSA-OAEP-256",
        "enc": "A256GCM",
        "kid": hashlib.sha256(spki).hexdigest(),
        "cty": "application/json",
    }
    first_part = _encode(json.dumps(header, separators=(",", ":")).encode())
    content_key, iv = secrets.token_bytes(_CEK_BYTES), secrets.token_bytes(_IV_BYTES)
    sealed = AESGCM(content_key).encrypt(iv, payload, first_part.encode())
    parts = (key.encrypt(content_key, _padding()), iv, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:])
    return ".".join((first_part, *map(_encode, parts)))


def open_token(token: str, key: RSAPrivateKey) -> Any:
    """The JSON value of a token that was sealed for us, its tag proved. Raises `AnswerUnreadable`."""
    try:
        first_part, *rest = token.split(".")
        wrapped_key, iv, ciphertext, tag = map(_decode, rest)
        content_key = key.decrypt(wrapped_key, _padding())
        payload = AESGCM(content_key).decrypt(iv, ciphertext + tag, first_part.encode())
        return json.loads(payload)
    except (ValueError, binascii.Error, InvalidTag):
        raise AnswerUnreadable(
            "The encrypted part of the answer cannot be opened: it is damaged, or sealed for another key.",
            status=200,
        ) from None


def _padding() -> OAEP:
    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
