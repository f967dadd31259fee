"""Opening and sealing of `encryptedValue`: JWE compact, RSA-OAEP-256 with A256GCM and nothing else
(`spec/network.md` §4). Written on AES-GCM directly, since JOSE libraries refuse the 16-byte IVs
that genuine clients send, and one of them rebuilds the authenticated header from parsed JSON.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parcela.dialects.strict_json import JsonNumber, JsonValue, StrictJsonError, parse_object
from parcela.operations.keys import compute_key_name

MAX_TOKEN_CHARACTERS = 65_536
CEK_BYTES = 32
TAG_BYTES = 16
SENT_IV_BYTES = 12
READ_IV_BYTES = (12, 16)

# `x5c` is not in the published list; it goes the way of `jwk`, being key material that the sender
# chose. Other members (`b64`, `epk`, `p2c`, `x5t`) mean nothing to this algorithm and are not read.
_REFUSED_MEMBERS = frozenset({"zip", "crit", "jku", "jwk", "x5u", "x5c"})
_OAEP = OAEP(mgf=MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_STANDARD_ALPHABET = str.maketrans("-_", "+/")


class JweRefusal(Exception):
    """A token that was not opened. `kind` is all that a caller may tell the sender."""

    def __init__(self, kind: Literal["unknown_key", "failed"]) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    header: dict[str, JsonValue]
    authenticated: bytes
    wrapped_key: bytes
    iv: bytes
    ciphertext_and_tag: bytes


def open_compact(token: str, keys: Mapping[str, RSAPrivateKey]) -> dict[str, JsonValue]:
    """Decrypt a compact token with one of `keys` (by lower-case kid); return its JSON object.

    Raises `JweRefusal("unknown_key")` for a kid that is not in `keys`, or none with several keys,
    and `JweRefusal("failed")` for everything else, whatever it was (`spec/network.md` §4).
    """
    try:
        parsed = _parse_token(token)
        private_key = _choose_key(parsed.header, keys)
        cek = _unwrap_key(private_key, parsed.wrapped_key)
        plaintext = AESGCM(cek).decrypt(parsed.iv, parsed.ciphertext_and_tag, parsed.authenticated)
        return parse_object(plaintext)
    except (binascii.Error, InvalidTag, StrictJsonError):
        raise JweRefusal("failed") from None


def seal_compact(
    plaintext: bytes, public_key: RSAPublicKey, *, kid: str | None = None, cek: bytes, iv: bytes
) -> str:
    """Encrypt to `public_key` with a fresh 32-byte `cek` and a fresh 12-byte `iv`.

    The IV has 12 bytes because some runtimes refuse 16 (`spec/network.md` §4).
    """
    assert len(cek) == CEK_BYTES and len(iv) == SENT_IV_BYTES
    header = {
        "alg": "RSA-OAEP-256",
        "enc": "A256GCM",
        "kid": kid or compute_key_name(public_key),
        "cty": "application/json",
    }
    first_part = _encode_part(json.dumps(header, separators=(",", ":")).encode())
    sealed = AESGCM(cek).encrypt(iv, plaintext, first_part.encode("ascii"))
    wrapped_key = public_key.encrypt(cek, _OAEP)
    rest = (wrapped_key, iv, sealed[:-TAG_BYTES], sealed[-TAG_BYTES:])
    return ".".join([first_part, *map(_encode_part, rest)])


def _parse_token(token: str) -> _Token:
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii() or token.count(".") != 4:
        raise JweRefusal("failed")
    parts = token.split(".")
    header_text, wrapped_key, iv, ciphertext, tag = map(_decode_part, parts)
    header = parse_object(header_text)
    if (
        header.get("alg") != "RSA-OAEP-256"
        or header.get("enc") != "A256GCM"
        or not _REFUSED_MEMBERS.isdisjoint(header)
        or _names_nested_token(header.get("cty"))
        or len(iv) not in READ_IV_BYTES
        or len(tag) != TAG_BYTES
    ):
        raise JweRefusal("failed")
    return _Token(
        header=header,
        authenticated=parts[0].encode("ascii"),
        wrapped_key=wrapped_key,
        iv=iv,
        ciphertext_and_tag=ciphertext + tag,
    )


def _names_nested_token(content_type: JsonValue) -> bool:
    return isinstance(content_type, str) and content_type.lower() in ("jwe", "application/jwe")


def _choose_key(header: Mapping[str, JsonValue], keys: Mapping[str, RSAPrivateKey]) -> RSAPrivateKey:
    if "kid" not in header:
        if len(keys) != 1:
            raise JweRefusal("unknown_key")
        return next(iter(keys.values()))
    kid = header["kid"]
    if not isinstance(kid, str) or isinstance(kid, JsonNumber):
        raise JweRefusal("failed")
    private_key = keys.get(kid.lower())
    if private_key is None:
        raise JweRefusal("unknown_key")
    return private_key


def _unwrap_key(private_key: RSAPrivateKey, wrapped_key: bytes) -> bytes:
    """Unwrap the content key. A key that cannot be unwrapped, or has the wrong length, becomes a
    random one: the tag then fails, in the same time and with the same answer (RFC 7516 §11.5).
    """
    substitute = os.urandom(CEK_BYTES)
    try:
        cek = private_key.decrypt(wrapped_key, _OAEP)
    except ValueError:
        return substitute
    return cek if len(cek) == CEK_BYTES else substitute


def _decode_part(part: str) -> bytes:
    """Decode base64url or standard base64, padded or not; raise `binascii.Error` for the rest.

    Encoding the bytes again refuses junk and unused bits alike: a token has one spelling per
    alphabet, so that no changed character goes unnoticed.
    """
    text = part.rstrip("=").translate(_STANDARD_ALPHABET)
    decoded = binascii.a2b_base64(text + "=" * (-len(text) % 4))
    if base64.b64encode(decoded).rstrip(b"=") != text.encode("ascii"):
        raise binascii.Error("not base64")
    return decoded


def _encode_part(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode("ascii")
