"""A merchant that calls the payments door, JSON and an API key, with what the credentials file says."""

import time
from collections.abc import Mapping
from typing import Any

import requests

from parcela.demo.caller import Answer, Json, UnexpectedAnswerError


class Merchant:
    """The demo world's first payments account, in test mode."""

    def __init__(self, credentials: Mapping[str, Any]) -> None:
        payments = credentials["payments"]
        self.account_id: str = payments["account_id"]
        self._base_url = f"{credentials['base_url']}/v1"
        self._secret_key: str = payments["secret_key"]
        self._publishable_key: str = payments["publishable_key"]
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, body: Json | None = None, *, expected: int = 200) -> Answer:
        """A request of the merchant's server. Raises UnexpectedAnswerError for another status."""
        return self._call(method, path, body, key=self._secret_key, expected=expected)

    def call_from_browser(self, method: str, path: str, body: Json, *, expected: int) -> Answer:
        """A request of the shopper's browser, which holds the publishable key only."""
        return self._call(method, path, body, key=self._publishable_key, expected=expected)

    def _call(self, method: str, path: str, body: Json | None, *, key: str, expected: int) -> Answer:
        headers = {"Authorization": f"Bearer {key}"}
        started_s = time.perf_counter()
        response = self._session.request(
            method, self._base_url + path, json=body, headers=headers, timeout=30
        )
        milliseconds = (time.perf_counter() - started_s) * 1000
        if response.status_code != expected:
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
