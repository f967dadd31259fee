"""A caller of the network API that signs and seals with Mastercard's own client libraries."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from client_encryption.jwe_encryption import decrypt_payload, encrypt_payload
from client_encryption.jwe_encryption_config import JweEncryptionConfig
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oauth1.oauth import OAuth

Json = dict[str, Any]


class UnexpectedAnswerError(Exception):
    """The server answered with another status than the demo counts on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, decrypted."""

    status: int
    body: Json
    location: str | None
    was_sealed: bool
    milliseconds: float


class Caller:
    """One client of the network API, `partner` or `issuer`, with its keys from the credentials file."""

    def __init__(self, credentials: Mapping[str, Any], home: Path, *, role: str) -> None:
        network = credentials["network"]
        keys = network[role]
        self._base_url = network["base_url"]
        self._consumer_key = keys["consumer_key"]
        self._signing_key = load_pem_private_key((home / keys["signing_key"]).read_bytes(), password=None)
        self._sealing = JweEncryptionConfig(
            {
                "paths": {
                    "$": {
                        "toEncrypt": {"sensitiveData": "$"},
                        "toDecrypt": {"encryptedValue": "sensitiveData"},
                    }
                },
                "encryptedValueFieldName": "encryptedValue",
                "encryptionCertificate": str(home / network["encryption_certificate"]),
                "decryptionKey": str(home / keys["decryption_key"]),
            }
        )
        self._session = requests.Session()

    def call(self, method: str, path: str, body: Json | None = None, *, expected: int = 200) -> Answer:
        """Sign, seal and send one request. Raises UnexpectedAnswerError for any status but `expected`."""
        url = self._base_url + path
        text = "" if body is None else json.dumps(encrypt_payload(body, self._sealing))
        headers = {
            "Authorization": OAuth.get_authorization_header(
                url, method, text, self._consumer_key, self._signing_key
            ),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        started_s = time.perf_counter()
        response = self._session.request(method, url, data=text, headers=headers, timeout=30)
        milliseconds = (time.perf_counter() - started_s) * 1000
        if response.status_code != expected:
            raise UnexpectedAnswerError(
                f"{method} {path} answered {response.status_code}, not {expected}: {response.text[:500]}"
            )
        answer = response.json()
        was_sealed = "encryptedValue" in answer
        return Answer(
            status=response.status_code,
            body=decrypt_payload(answer, self._sealing) if was_sealed else answer,
            location=response.headers.get("Location"),
            was_sealed=was_sealed,
            milliseconds=milliseconds,
        )
