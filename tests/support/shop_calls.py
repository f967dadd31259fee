"""A shop's software that asks many things at once over sockets, and asks again what was not answered."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from tests.support.gateway_clients import load_account
from tests.support.shop import CARD, Answer, Json, make_order, make_payment

_RETRY_S = 0.1
_TIMEOUT = aiohttp.ClientTimeout(total=40)
_GIVE_UP_S = 150.0


class Caller:
    """One merchant; every request may have a connection of its own."""

    def __init__(self, session: aiohttp.ClientSession, home: Path, root_url: str) -> None:
        account = load_account(home, root_url)
        self._session = session
        self._base = f"{root_url}/api/rest/version/100/merchant/{account.merchant_id}"
        self._headers = {"Authorization": account.basic, "Content-Type": "application/json"}
        self.lost = 0
        self.statuses: Counter[int] = Counter()

    async def ask(self, method: str, tail: str, body: Json | None = None) -> tuple[Answer, bytes]:
        """One request; the answer and its bytes. Raises what aiohttp does when there is none."""
        raw = None if body is None else json.dumps(body).encode()
        url = f"{self._base}/{tail}"
        async with self._session.request(
            method, url, data=raw, headers=self._headers, timeout=_TIMEOUT
        ) as answer:
            text = await answer.read()
            return Answer(answer.status, json.loads(text)), text

    async def insist(self, method: str, tail: str, body: Json | None = None) -> Answer:
        """The same request again until the server says what came of it, as clients are told to do."""
        async with asyncio.timeout(_GIVE_UP_S):
            while True:
                try:
                    answer, _ = await self.ask(method, tail, body)
                except (aiohttp.ClientError, TimeoutError, OSError):
                    self.lost += 1
                else:
                    self.statuses[answer.status] += 1
                    if answer.status < 500:
                        return answer
                await asyncio.sleep(_RETRY_S)

    async def quote(self, count: int = 12) -> str:
        """The id of a cart offer in so many payments."""
        body = {
            "apiOperation": "PAYMENT_OPTIONS_INQUIRY",
            "order": make_order(),
            "sourceOfFunds": {"provided": {"card": {"prefix": CARD[:6]}}},
        }
        answer = await self.insist("POST", "paymentOptionsInquiry", body)
        offers = answer.body["paymentTypes"]["card"]["paymentPlanOffer"]
        (offer_id,) = (found for found in offers if offers[found]["numberOfPayments"] == count)
        return str(offer_id)


def write_payment(offer_id: str | None, *, operation: str = "PAY") -> Json:
    """PAY or AUTHORIZE of 1200.00."""
    return {"apiOperation": operation, **make_payment(offer_id=offer_id)}


def write_move(operation: str, amount: str) -> Json:
    """CAPTURE or REFUND."""
    return {"apiOperation": operation, "transaction": {"amount": amount, "currency": "USD"}}


def write_void(target_id: str) -> Json:
    """VOID."""
    return {"apiOperation": "VOID", "transaction": {"targetTransactionId": target_id}}


def name_place(order_id: str, transaction_id: str) -> str:
    """Where a transaction is put."""
    return f"order/{order_id}/transaction/{transaction_id}"


def count_outcomes(answers: Sequence[Answer]) -> Counter[tuple[int, str, str]]:
    """How many there are of each status, result, and code or text."""
    return Counter(answer.outcome for answer in answers)
