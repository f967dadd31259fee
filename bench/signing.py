"""Whole HTTP requests, sealed (JWE) and signed (OAuth 1.0a) ahead, so that no load run pays for it.

A timestamp is good for 300 s: requests are made just before they are fired.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.server import Server
from parcela.operations.keys import compute_key_name

Json = dict[str, Any]
_CHUNK = 250


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, where, and for whom card numbers are sealed: plain data that processes can share."""

    url: str
    consumer_key: str
    signing_key: Path
    certificate: Path


def make_signer(server: Server, path: str) -> Signer:
    """The demo partner as the signer of requests to one path."""
    network = server.read_credentials()["network"]
    partner = network["partner"]
    return Signer(
        network["base_url"] + path,
        partner["consumer_key"],
        server.home / partner["signing_key"],
        server.home / network["encryption_certificate"],
    )


def sign_all(signer: Signer, bodies: Sequence[Json], *, processes: int = 2) -> list[bytes]:
    """One ready HTTP request for each body; `sensitiveData` is sealed."""
    chunks = [list(bodies[start : start + _CHUNK]) for start in range(0, len(bodies), _CHUNK)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        signed = pool.map(_sign_chunk, [signer] * len(chunks), chunks)
        return [request for chunk in signed for request in chunk]


def _sign_chunk(signer: Signer, bodies: Iterable[Json]) -> list[bytes]:
    return [_make_request(signer, body) for body in bodies]


def _make_request(signer: Signer, body: Json) -> bytes:
    sensitive = json.dumps(body["sensitiveData"]).encode()
    clear = {name: value for name, value in body.items() if name != "sensitiveData"}
    text = json.dumps({**clear, "encryptedValue": _seal(signer.certificate, sensitive)}).encode()
    host, _, path = signer.url.removeprefix("http://").partition("/")
    head = (
        f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {_authorize(signer, text)}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode("ascii") + text


def _authorize(signer: Signer, body: bytes) -> str:
    """OAuth 1.0a with RSA-SHA256 and a body hash (`spec/network.md` §3)."""
    parameters = {
        "oauth_body_hash": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "oauth_consumer_key": signer.consumer_key,
        "oauth_nonce": os.urandom(12).hex(),
        "oauth_signature_method": "RSA-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_version": "1.0",
    }
    joined = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in sorted(parameters.items()))
    base_string = f"POST&{_escape(signer.url)}&{_escape(joined)}".encode()
    signature = _load_key(signer.signing_key).sign(base_string, PKCS1v15(), hashes.SHA256())
    parameters["oauth_signature"] = base64.b64encode(signature).decode()
    return "OAuth " + ",".join(f'{name}="{_escape(value)}"' for name, value in parameters.items())


def _seal(certificate: Path, text: bytes) -> str:
    """RSA-OAEP-256 and A256GCM in compact form (`spec/network.md` §4)."""
    public_key, kid = _load_certificate(certificate)
    header = _encode(json.dumps({"kid": kid, "alg": "RSA-OAEP-256", "enc": "A256GCM"}).encode())
    cek, iv = os.urandom(32), os.urandom(12)
    wrapped = public_key.encrypt(cek, OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None))
    sealed = AESGCM(cek).encrypt(iv, text, header.encode())
    return ".".join([header, _encode(wrapped), _encode(iv), _encode(sealed[:-16]), _encode(sealed[-16:])])


@cache
def _load_key(path: Path) -> RSAPrivateKey:
    loaded = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


@cache
def _load_certificate(path: Path) -> tuple[RSAPublicKey, str]:
    public_key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    assert isinstance(public_key, RSAPublicKey)
    return public_key, compute_key_name(public_key)


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode("ascii")


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
