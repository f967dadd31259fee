"""A shop's server at the payments door that asks many things at once, and again what was not answered."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

Json = dict[str, Any]

RETURN_URL = "https://shop.example/done"
PLAIN, MASTERCARD, VISA, WITHOUT_ISSUER = (
    "4242424242424242",
    "5200828200000108",
    "4000005600000203",
    "5200828200000306",
)
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_RETRY_S = 0.1
_TIMEOUT = aiohttp.ClientTimeout(total=40)
_GIVE_UP_S = 150.0
_AGAIN = frozenset({"idempotency_in_progress", "resource_busy"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and its bytes."""

    status: int
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)

    @property
    def body(self) -> Json:
        """The object of the answer."""
        found: Json = json.loads(self.raw)
        return found

    @property
    def code(self) -> str | None:
        """The code of a refusal."""
        error = self.body.get("error")
        return None if error is None else str(error["code"])

    @property
    def is_replayed(self) -> bool:
        """Was it the first answer again?"""
        return self.headers.get("idempotent-replayed") == "true"


@dataclass(frozen=True, slots=True)
class Kept:
    """A request with a key, and its answer."""

    path: str
    body: Json = field(repr=False)
    key: str
    answer: Answer


class AccountCaller:
    """One account in test mode; every request may have a connection of its own."""

    def __init__(self, session: aiohttp.ClientSession, home: Path, root_url: str) -> None:
        payments = json.loads((home / "sandbox" / "credentials.json").read_text())["payments"]
        self._session = session
        self._root_url = root_url
        self._secret, self._publishable = payments["secret_key"], payments["publishable_key"]
        self.kept: list[Kept] = []
        self.lost = 0
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[str] = Counter()

    async def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        key: str | None = None,
        patience: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> Answer:
        """One request. Raises what aiohttp does when there is no answer."""
        is_browser = path == "/v1/payment-methods"
        sent = {"Authorization": f"Bearer {self._publishable if is_browser else self._secret}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if key is not None:
            sent["Idempotency-Key"] = key
        raw = None if body is None else json.dumps(body).encode()
        async with self._session.request(
            method, self._root_url + path, data=raw, headers=sent, timeout=patience
        ) as answer:
            text = await answer.read()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, text)

    async def insist(self, path: str, body: Json, key: str) -> Answer:
        """POST until the server says what came of it, as clients are told to do; the answer is remembered."""
        async with asyncio.timeout(_GIVE_UP_S):
            while True:
                try:
                    answer = await self.ask("POST", path, body, key=key)
                except (aiohttp.ClientError, TimeoutError, OSError):
                    self.lost += 1
                else:
                    self.statuses[answer.status] += 1
                    code = answer.code
                    if code is not None:
                        self.codes[code] += 1
                    if answer.status < 500 and code not in _AGAIN:
                        self.kept.append(Kept(path, body, key, answer))
                        return answer
                await asyncio.sleep(_RETRY_S)

    async def look(self, path: str) -> Json:
        """GET until there is an answer."""
        async with asyncio.timeout(_GIVE_UP_S):
            while True:
                try:
                    answer = await self.ask("GET", path)
                except (aiohttp.ClientError, TimeoutError, OSError):
                    self.lost += 1
                else:
                    if answer.status < 500:
                        assert answer.status == 200, answer.raw
                        return answer.body
                await asyncio.sleep(_RETRY_S)

    async def keep_card(self, number: str, key: str, *, email: str = "ada@shop.example") -> str:
        """The id of a payment method that the browser made."""
        body = {
            "type": "card",
            "card": {"number": number, "expMonth": 12, "expYear": 2039, "cvc": "123"},
            "billingDetails": {
                "name": "Ada Lovelace",
                "email": email,
                "address": {"line1": "Main 1", "city": "Berlin", "postalCode": "10115", "country": "DE"},
            },
        }
        answer = await self.insist("/v1/payment-methods", body, key)
        assert answer.status == 201, answer.raw
        return str(answer.body["id"])


def make_payment(**members: Any) -> Json:
    """The body of a payment of 600.00 EUR."""
    return {"amount": 60000, "currency": "EUR", "returnUrl": RETURN_URL, **members}


def make_name() -> str:
    """A new name for a key or an order, without digits: some runs of them look like card numbers."""
    return uuid4().hex.translate(_LETTERS)
