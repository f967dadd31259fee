"""OAuth 1.0a as the network dialect speaks it (`spec/network.md` §3): header values are signed
verbatim and encoded once, where RFC 5849 encodes them twice; a stock verifier refuses genuine
clients. Everything here is pure: keys, clock and used nonces belong to the caller.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256, shake_256
from typing import Literal
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers

from parcela.domain.cards import mask_digits, passes_luhn

MAX_CONSUMER_KEY_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 1000
MIN_KEY_BYTES, MAX_KEY_BYTES = 256, 512

RefusalKind = Literal[
    "header", "member", "missing", "body_hash", "timestamp", "nonce", "signature", "not_granted"
]

_REFUSALS: dict[RefusalKind, tuple[int, str, str]] = {
    "header": (400, "INVALID_AUTH_HEADER", "Malformed or missing Authorization header."),
    "member": (400, "INVALID_AUTH_HEADER", "Malformed Authorization header. {}"),
    "missing": (400, "INVALID_OAUTH_SBS", "Problem with signature base string. Missing {}"),
    "body_hash": (
        400,
        "INVALID_BODY_HASH",
        "The provided oauth_body_hash does not match the SHA256 hash of the request payload. {}",
    ),
    "timestamp": (
        401,
        "INVALID_TIMESTAMP",
        "The provided oauth_timestamp is outside the accepted window of {} seconds.",
    ),
    "nonce": (401, "INVALID_NONCE", "The provided oauth_nonce has already been used."),
    "signature": (
        403,
        "AUTHENTICATION_FAILED",
        "OAuth signatures did not match. Acceptable signature base string: {}",
    ),
    "not_granted": (401, "DECLINED", "Unauthorized - Access Not Granted"),
}
_REQUIRED_MEMBERS = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_signature_method",
    "oauth_version",
    "oauth_body_hash",
    "oauth_signature",
)
_PADDINGS = {
    "RSA-SHA256": PKCS1v15(),
    "RSA-PSS": PSS(mgf=MGF1(hashes.SHA256()), salt_length=32),
}
_SHA256 = hashes.SHA256()

_PAIR = r'([A-Za-z0-9_.~-]+)="([ !#-\[\]-~]*)"'
_PAIRS = re.compile(_PAIR)
_HEADER = re.compile(rf"[Oo][Aa][Uu][Tt][Hh] +{_PAIR}(?:[ \t]*,[ \t]*{_PAIR})*[ \t]*")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[ -~]{8,64}")
_CONSUMER_KEY = re.compile(rf"[ -~]{{1,{MAX_CONSUMER_KEY_CHARACTERS}}}")
_RESERVED = re.compile(r"[^A-Za-z0-9_.~-]")
_LONG_DIGIT_RUN = re.compile(r"[0-9]{13,}")
_ESCAPES = {chr(byte): f"%{byte:02X}" for byte in range(256)}


class OAuthRefusal(Exception):
    """A refused request, as a row of the table in `spec/network.md` §3. `kind` is for the audit.

    Kinds "nonce" and "not_granted" are the caller's to raise; their texts need no detail.
    """

    def __init__(self, kind: RefusalKind, detail: str = "") -> None:
        self.kind = kind
        self.status, self.reason_code, text = _REFUSALS[kind]
        self.description = _clip_description(text.format(detail))
        super().__init__(self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthHeader:
    """A well-formed header. `pairs` hold every member verbatim; the key, the nonce, the hash and
    the signature are decoded for use. `timestamp` is in seconds; a `signature` that is not base64
    is None.
    """

    consumer_key: str
    nonce: str
    timestamp: int
    signature_method: str
    body_hash: str
    signature: bytes | None
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key that signs requests under a consumer key."""

    consumer_key: str
    private_key: RSAPrivateKey = field(repr=False)

    def sign(self, method: str, url: str, body: bytes, *, nonce: str, timestamp: int) -> str:
        """Return the `Authorization` value of a request, RSA-SHA256, members in documented order."""
        members = (
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_nonce", nonce),
            ("oauth_timestamp", str(timestamp)),
            ("oauth_signature_method", "RSA-SHA256"),
            ("oauth_version", "1.0"),
            ("oauth_body_hash", _hash_body(body)),
        )
        target = urlsplit(url)
        address = _normalize_base_url(f"{target.scheme}://{target.netloc}") + (target.path or "/")
        base_string = _join_base_string(members, method, address, target.query)
        signature = self.private_key.sign(base_string.encode(), _PADDINGS["RSA-SHA256"], _SHA256)
        signed = (*members, ("oauth_signature", _encode(base64.b64encode(signature).decode())))
        return "OAuth " + ",".join(f'{name}="{value}"' for name, value in signed)


def parse_authorization(values: Sequence[bytes]) -> OAuthHeader:
    """Read the one `Authorization` header among `values`, all that the request carries.

    Checks, in this order: grammar, repeated members, missing members, signature method, version,
    and the forms of timestamp, nonce and consumer key. An empty value is a value of the wrong form,
    not a missing member. Raises `OAuthRefusal` of kind "header", "member" or "missing".
    """
    pairs = _parse_pairs(values)
    members = dict(pairs)
    if len(members) != len(pairs):
        raise OAuthRefusal("member", f"Repeated parameter: {_find_repeated(pairs)}")
    for name in _REQUIRED_MEMBERS:
        if name not in members:
            raise OAuthRefusal("missing", name)
    consumer_key = unquote(members["oauth_consumer_key"])
    nonce = unquote(members["oauth_nonce"])
    forms = (
        ("oauth_signature_method", members["oauth_signature_method"] in _PADDINGS),
        ("oauth_version", members["oauth_version"] == "1.0"),
        ("oauth_timestamp", _TIMESTAMP.fullmatch(members["oauth_timestamp"])),
        ("oauth_nonce", _NONCE.fullmatch(nonce)),
        ("oauth_consumer_key", _CONSUMER_KEY.fullmatch(consumer_key)),
    )
    for name, is_supported in forms:
        if not is_supported:
            raise OAuthRefusal("member", f"Unsupported value for {name}")
    return OAuthHeader(
        consumer_key=consumer_key,
        nonce=nonce,
        timestamp=int(members["oauth_timestamp"]),
        signature_method=members["oauth_signature_method"],
        body_hash=unquote(members["oauth_body_hash"]),
        signature=_decode_signature(members["oauth_signature"]),
        pairs=pairs,
    )


def check_timestamp(header: OAuthHeader, *, now_s: float, window_s: int) -> None:
    """Refuse, kind "timestamp", a header made more than `window_s` seconds before or after now."""
    if abs(header.timestamp - now_s) > window_s:
        raise OAuthRefusal("timestamp", str(window_s))


def check_body_hash(header: OAuthHeader, body: bytes) -> None:
    """Refuse, kind "body_hash", unless the hash is the padded base64 of SHA-256 of the raw body.

    Another spelling of the right digest is refused too (`spec/network.md` §3).
    """
    calculated = _hash_body(body)
    if not hmac.compare_digest(header.body_hash.encode(), calculated.encode()):
        raise OAuthRefusal("body_hash", f"Calculated: {calculated}, Received: {header.body_hash}")


def build_base_string(
    header: OAuthHeader, *, method: str, base_url: str, raw_path: str, raw_query: str
) -> str:
    """The text that is signed (`spec/network.md` §3).

    `base_url` is the configured public one, never that of the request's headers; `raw_path` and
    `raw_query` are as received, escapes included.
    """
    url = _normalize_base_url(base_url) + (raw_path or "/")
    return _join_base_string(header.pairs, method, url, raw_query)


def verify_signature(header: OAuthHeader, base_string: str, key: RSAPublicKey | None) -> None:
    """Refuse, kind "signature", unless `key` made the signature of `base_string`.

    `key` is None when the consumer key is unknown, expired or revoked. The work depends on the
    length of the signature alone, so that neither time nor text tells whether a key exists: a
    key that the signature cannot belong to is stood in for by one that nobody holds.
    """
    signature = header.signature or b""
    size = min(max(len(signature), MIN_KEY_BYTES), MAX_KEY_BYTES)
    is_candidate = key is not None and (key.key_size + 7) // 8 == len(signature)
    verifier = key if key is not None and is_candidate else _make_stand_in_key(size)
    padding = _PADDINGS[header.signature_method]
    try:
        verifier.verify(signature[:size].rjust(size, b"\0"), base_string.encode(), padding, _SHA256)
    except InvalidSignature:
        is_candidate = False
    if not is_candidate:
        raise OAuthRefusal("signature", base_string)


def _join_base_string(members: Sequence[tuple[str, str]], method: str, url: str, raw_query: str) -> str:
    parameters = [
        f"{name}={value}"
        for name, value in members
        if name.startswith("oauth_") and name != "oauth_signature"
    ]
    parameters.extend(_list_query_parameters(raw_query))
    parameters.sort()
    return f"{method.upper()}&{_encode(url)}&{_encode('&'.join(parameters))}"


def _parse_pairs(values: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    if len(values) != 1 or not values[0].isascii():
        raise OAuthRefusal("header")
    text = values[0].decode("ascii")
    if not _HEADER.fullmatch(text):
        raise OAuthRefusal("header")
    return tuple(_PAIRS.findall(text))


def _find_repeated(pairs: Sequence[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    return next(name for position, name in enumerate(names) if name in names[:position])


def _decode_signature(value: str) -> bytes | None:
    """Padded standard base64 in its one canonical spelling, or None."""
    octets = unquote_to_bytes(value)
    try:
        decoded = binascii.a2b_base64(octets, strict_mode=True)
    except binascii.Error:
        return None
    return decoded if binascii.b2a_base64(decoded, newline=False) == octets else None


def _hash_body(body: bytes) -> str:
    return base64.b64encode(sha256(body).digest()).decode("ascii")


def _list_query_parameters(raw_query: str) -> list[str]:
    """Query pairs as the official signers write them: as received when nothing in the query is
    escaped, else decoded and encoded anew.
    """
    if not raw_query:
        return []
    pairs = parse_qsl(raw_query, keep_blank_values=True)
    if unquote(raw_query) == raw_query:
        # `parse_qsl` reads `+` as a space; a query without escapes enters as received.
        return [f"{name}={value}".replace(" ", "+") for name, value in pairs]
    return [f"{_encode(name)}={_encode(value)}" for name, value in pairs]


@lru_cache(maxsize=64)
def _normalize_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    default_port = {"http": ":80", "https": ":443"}.get(scheme, ":")
    return f"{scheme}://{host.removesuffix(default_port)}{parts.path.rstrip('/')}"


def _encode(text: str) -> str:
    """Percent-encode per RFC 3986: letters, digits and `~ - . _` stay bare."""
    octets = text if text.isascii() else text.encode().decode("latin-1")
    return _RESERVED.sub(lambda match: _ESCAPES[match[0]], octets)


@cache
def _make_stand_in_key(size: int) -> RSAPublicKey:
    """A public key of `size` bytes whose private half nobody holds: its modulus is a hash."""
    digest = bytearray(shake_256(b"parcela: stand-in for an unknown key").digest(size))
    digest[0] |= 0x80
    digest[-1] |= 0x01
    return RSAPublicNumbers(e=65537, n=int.from_bytes(digest)).public_key()


def _clip_description(text: str) -> str:
    """Mask card numbers and cut at 1000 characters (`spec/network.md` §3).

    The text is cut a little later first, so that a number across the edge is still seen whole.
    """
    return _LONG_DIGIT_RUN.sub(_mask_run, text[: MAX_DESCRIPTION_CHARACTERS + 64])[
        :MAX_DESCRIPTION_CHARACTERS
    ]


def _mask_run(match: re.Match[str]) -> str:
    """Mask a digit run that may hold a card number. An escape such as `%21` puts its own digits in
    front of a number, so every stretch of 13 digits or more counts, not only the whole run.
    """
    run = match[0]
    stretches = (run[start:end] for start in range(len(run) - 12) for end in range(start + 13, len(run) + 1))
    is_suspect = len(run) > 19 or any(map(passes_luhn, stretches))
    return mask_digits(run) if is_suspect else run
