"""Callers of the network door: one with the official libraries, and a forger that can break any part.

The forger signs and seals with `cryptography` alone, so that it shares no code with the server.
"""

import base64
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from client_encryption.jwe_encryption import decrypt_payload, encrypt_payload
from client_encryption.jwe_encryption_config import JweEncryptionConfig
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from oauth1.oauth import OAuth, SignatureMethod

JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_PADDINGS = {
    "RSA-SHA256": (PKCS1v15(), hashes.SHA256()),
    "RSA-PSS": (PSS(MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    "RSA-SHA1": (PKCS1v15(), hashes.SHA1()),
}


@dataclass(frozen=True)
class Party:
    """A caller of the demo world: its keys, and the key that it encrypts to."""

    home: Path
    base_url: str
    consumer_key: str
    signing_file: Path
    decryption_file: Path
    certificate_file: Path

    @cached_property
    def signing_key(self) -> RSAPrivateKey:
        """The key that signs its requests."""
        return _load_private_key(self.signing_file)

    @cached_property
    def decryption_key(self) -> RSAPrivateKey:
        """The key that opens our answers."""
        return _load_private_key(self.decryption_file)

    @cached_property
    def server_key(self) -> RSAPublicKey:
        """The key that it encrypts to."""
        found = x509.load_pem_x509_certificate(self.certificate_file.read_bytes()).public_key()
        assert isinstance(found, RSAPublicKey)
        return found


def load_party(home: Path, name: str, *, root_url: str | None = None) -> Party:
    """The `partner` or `issuer` of a home's credentials; `root_url` replaces the address written there."""
    credentials = json.loads((home / "sandbox" / "credentials.json").read_text())
    network = credentials["network"]
    base_url = network["base_url"] if root_url is None else f"{root_url}/installments"
    return Party(
        home=home,
        base_url=base_url,
        consumer_key=network[name]["consumer_key"],
        signing_file=home / network[name]["signing_key"],
        decryption_file=home / network[name]["decryption_key"],
        certificate_file=home / network["encryption_certificate"],
    )


def _load_private_key(path: Path) -> RSAPrivateKey:
    found = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(found, RSAPrivateKey)
    return found


@dataclass(frozen=True)
class WireRequest:
    """A request, ready to be sent; headers as a list, so that one can stand twice."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """An answer; `body` is the parsed JSON, its encrypted member opened."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any


class OfficialClient:
    """A caller that signs and encrypts with the official libraries."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.session = requests.Session()
        self._config = JweEncryptionConfig(
            {
                "paths": {
                    "$": {
                        "toEncrypt": {"sensitiveData": "$"},
                        "toDecrypt": {"encryptedValue": "sensitiveData"},
                    }
                },
                "encryptedValueFieldName": "encryptedValue",
                "encryptionCertificate": str(party.certificate_file),
                "decryptionKey": str(party.decryption_file),
            }
        )

    def encrypt(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body with `sensitiveData` replaced by `encryptedValue`."""
        encrypted: dict[str, Any] = encrypt_payload(json.loads(json.dumps(body)), self._config)
        return encrypted

    def prepare(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        signature_method: SignatureMethod = SignatureMethod.RSA_SHA256,
        headers: Mapping[str, str] | None = None,
    ) -> WireRequest:
        """Encrypt and sign."""
        url = self.party.base_url + path
        text = ""
        if body is not None:
            text = json.dumps(self.encrypt(body) if "sensitiveData" in body else body)
        authorization = OAuth.get_authorization_header(
            url,
            method,
            text,
            self.party.consumer_key,
            self.party.signing_key,
            signature_method=signature_method,
        )
        sent = {"Authorization": authorization, **JSON_HEADERS, **(headers or {})}
        return WireRequest(method, url, list(sent.items()), text.encode())

    def send(self, request: WireRequest) -> Answer:
        """Send as prepared."""
        response = self.session.request(
            request.method, request.url, data=request.body, headers=dict(request.headers), timeout=30
        )
        body = response.json() if response.content else None
        if isinstance(body, dict) and "encryptedValue" in body:
            body = decrypt_payload(body, self._config)
        return Answer(response.status_code, response.headers, response.content, body)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **options: Any) -> Answer:
        """Prepare and send."""
        return self.send(self.prepare(method, path, body, **options))


@dataclass(frozen=True, kw_only=True)
class Oauth:
    """How a forged `Authorization` differs from a good one.

    `members` replaces values (None leaves one out), all before signing; `signature` replaces the
    signature itself; `repeated` members stand twice.
    """

    members: Mapping[str, str | None] = field(default_factory=dict)
    signature_method: str = "RSA-SHA256"
    signed_method: str | None = None
    signed_url: str | None = None
    key: RSAPrivateKey | None = None
    signature: str | None = None
    repeated: Sequence[str] = ()


GOOD = Oauth()


def percent(text: str) -> str:
    """RFC 3986 percent-encoding."""
    return quote(text, safe="~-._")


def sign(party: Party, method: str, url: str, body: bytes, oauth: Oauth = GOOD) -> str:
    """The value of an `Authorization` header."""
    members: dict[str, str | None] = {
        "oauth_consumer_key": party.consumer_key,
        "oauth_nonce": secrets.token_hex(8),
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": oauth.signature_method,
        "oauth_version": "1.0",
        "oauth_body_hash": base64.b64encode(sha256(body).digest()).decode(),
        **oauth.members,
    }
    pairs = [(name, value) for name, value in members.items() if value is not None]
    pairs += [(name, "repeated" + secrets.token_hex(4)) for name in oauth.repeated]
    target = urlsplit(oauth.signed_url or url)
    signed = [f"{name}={value}" for name, value in pairs if name not in ("oauth_signature", "realm")]
    signed += target.query.split("&") if target.query else []
    address = f"{target.scheme}://{target.netloc}{target.path}"
    text = "&".join([oauth.signed_method or method, percent(address), percent("&".join(sorted(signed)))])
    if "oauth_signature" not in members:
        padding, digest = _PADDINGS.get(members["oauth_signature_method"] or "", _PADDINGS["RSA-SHA256"])
        proof = (oauth.key or party.signing_key).sign(text.encode(), padding, digest)
        encoded = percent(base64.b64encode(proof).decode())
        pairs.append(("oauth_signature", encoded if oauth.signature is None else oauth.signature))
    return "OAuth " + ",".join(f'{name}="{value}"' for name, value in pairs)


def encode_part(part: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def decode_part(part: str) -> bytes:
    """The bytes of a base64url part."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def compute_kid(public_key: RSAPublicKey) -> str:
    """Hex SHA-256 of SubjectPublicKeyInfo."""
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Jwe:
    """How a forged token differs from a good one: header members (None leaves one out) and primitives."""

    header: Mapping[str, Any] = field(default_factory=dict)
    key: RSAPublicKey | None = None
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    iv_bytes: int = 12
    cek_bytes: int = 32
    tag: bytes | None = None
    wrapped_key: bytes | None = None


GOOD_TOKEN = Jwe()


def seal(party: Party, payload: bytes, jwe: Jwe = GOOD_TOKEN) -> str:
    """A compact token."""
    key = jwe.key or party.server_key
    header = {
        "alg": "RSA-OAEP-256",
        "enc": "A256GCM",
        "kid": compute_kid(key),
        "cty": "application/json",
        **jwe.header,
    }
    text = json.dumps({name: value for name, value in header.items() if value is not None})
    first_part = encode_part(text.encode())
    cek, iv = secrets.token_bytes(jwe.cek_bytes), secrets.token_bytes(jwe.iv_bytes)
    sealed = AESGCM(cek).encrypt(iv if len(iv) >= 8 else iv.ljust(8), payload, first_part.encode())
    wrapped = key.encrypt(cek, OAEP(mgf=MGF1(jwe.digest), algorithm=jwe.digest, label=None))
    tag = sealed[-16:] if jwe.tag is None else jwe.tag
    parts = (wrapped if jwe.wrapped_key is None else jwe.wrapped_key, iv, sealed[:-16], tag)
    return ".".join([first_part, *map(encode_part, parts)])


def open_token(token: str, key: RSAPrivateKey) -> Any:
    """The payload of a token of ours, its tag proved."""
    first_part, wrapped, iv, ciphertext, tag = token.split(".")
    cek = key.decrypt(
        decode_part(wrapped), OAEP(mgf=MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    )
    text = AESGCM(cek).decrypt(
        decode_part(iv), decode_part(ciphertext) + decode_part(tag), first_part.encode()
    )
    return json.loads(text)


def forge(
    party: Party,
    call: str,
    body: Mapping[str, Any] | bytes = b"",
    *,
    oauth: Oauth = GOOD,
    jwe: Jwe = GOOD_TOKEN,
    headers: Mapping[str, str | None] | None = None,
) -> WireRequest:
    """A request such as `POST /offers`: `sensitiveData` is sealed; a header of None is left out."""
    method, _, path = call.partition(" ")
    url = party.base_url + path
    raw = body if isinstance(body, bytes) else encode_body(party, body, jwe=jwe)
    sent: dict[str, str | None] = {
        "Authorization": sign(party, method, url, raw, oauth),
        **JSON_HEADERS,
        **(headers or {}),
    }
    return WireRequest(method, url, [(name, value) for name, value in sent.items() if value is not None], raw)


def encode_body(party: Party, body: Mapping[str, Any], *, jwe: Jwe = GOOD_TOKEN) -> bytes:
    """The JSON text with the sensitive member sealed."""
    members = dict(body)
    if "sensitiveData" in members:
        payload = json.dumps(members.pop("sensitiveData")).encode()
        members["encryptedValue"] = seal(party, payload, jwe)
    return json.dumps(members).encode()
