"""A shop that calls the gateway door, REST and HTTP Basic, with what the credentials file says."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from parcela.demo.caller import Answer, Json, UnexpectedAnswerError

_VERSION = 100


class Shop:
    """The demo world's first merchant."""

    def __init__(self, credentials: Mapping[str, Any]) -> None:
        gateway = credentials["gateway"]
        merchant_id: str = gateway["merchant_id"]
        self.merchant_id = merchant_id
        self._base_url = (
            f"{credentials['base_url']}/api/rest/version/{_VERSION}/merchant/{quote(merchant_id)}"
        )
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (f"merchant.{merchant_id}", gateway["password"])

    def call(self, method: str, path: str, body: Json, *, expected: int = 200) -> Answer:
        """One request. Raises UnexpectedAnswerError for another status, and for a result but SUCCESS."""
        started_s = time.perf_counter()
        response = self._session.request(method, self._base_url + path, json=body, timeout=30)
        milliseconds = (time.perf_counter() - started_s) * 1000
        if response.status_code != expected or response.json()["result"] != "SUCCESS":
            raise UnexpectedAnswerError(
                f"{method} {path} answered {response.status_code}, not {expected}: {response.text[:500]}"
            )
        return Answer(
            status=response.status_code,
            body=response.json(),
            location=None,
            was_sealed=False,
            milliseconds=milliseconds,
        )
