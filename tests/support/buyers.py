"""Buyers at a partner that signs and seals, and sends the same plan again until it is told it is saved."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from parcela.demo import sample
from tests.support.network_client import Party, forge

_TIMEOUT = aiohttp.ClientTimeout(total=15)
_REPEATED = 0.1
"""The share of plans that are sent once more after their 201."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What the partner knows of one purchase."""

    offer_transaction_id: str
    plan_id: str
    offer_id: str


@dataclass(slots=True, kw_only=True)
class Buyers:
    """One partner before several servers with one public address, that of `party`.

    `statuses` counts the answers, `lost` the requests that were never answered.
    """

    party: Party
    ports: Sequence[int]
    session: aiohttp.ClientSession
    chance: random.Random
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    bought: list[Bought] = field(default_factory=list)

    async def buy_all(self, count: int, *, duration_s: float, hands: int = 8) -> None:
        """Make purchases at a steady rate, at most `hands` of them at once."""
        clock = asyncio.get_running_loop()
        started_s = clock.time()
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await asyncio.sleep(max(0.0, started_s + number * duration_s / count - clock.time()))
                self.bought.append(await self._buy(number))

        await asyncio.gather(*[work() for _ in range(hands)])

    async def _buy(self, number: int) -> Bought:
        """A purchase of an amount of its own, with one of its offers taken."""
        now = datetime.now(UTC)
        amount = (6_000 + number) / 100
        sensitive = {"consumer": {"primaryAccountNumber": self.chance.choice(CARDS)}}
        asked = sample.make_offers_request(now)
        asked = {
            **asked,
            "transaction": {**asked["transaction"], "amount": amount},
            "sensitiveData": sensitive,
        }
        shown = await self._insist("/offers", asked, status=200)
        chosen = self.chance.choice(shown["offers"])
        plan = sample.make_plan_request(shown, chosen, now)
        plan = {**plan, "transaction": {**plan["transaction"], "amount": amount}, "sensitiveData": sensitive}
        plan_id = (await self._insist("/plans", plan, status=201))["planId"]
        if self.chance.random() < _REPEATED:
            again = await self._insist("/plans", plan, status=201)
            assert again["planId"] == plan_id, f"a plan was saved as {plan_id} and as {again['planId']}"
        return Bought(
            offer_transaction_id=str(shown["offerTransactionId"]), plan_id=plan_id, offer_id=chosen["offerId"]
        )

    async def _insist(self, path: str, body: Mapping[str, Any], *, status: int) -> Any:
        """Send one content, signed and sealed afresh, until it is answered as it should be."""
        while True:
            request = forge(self.party, f"POST {path}", body)
            url = f"http://127.0.0.1:{self.chance.choice(self.ports)}/installments{path}"
            try:
                async with self.session.post(
                    url, data=request.body, headers=dict(request.headers), timeout=_TIMEOUT
                ) as answer:
                    raw = await answer.read()
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.lost += 1
                await asyncio.sleep(self.chance.uniform(0.02, 0.2))
                continue
            self.statuses[answer.status] += 1
            if answer.status == status:
                return json.loads(raw)
            is_told_when = answer.status == 503 and "Retry-After" in answer.headers
            assert is_told_when, f"POST {path} was answered {answer.status}: {raw[:500]!r}"
            await asyncio.sleep(self.chance.uniform(0.1, 0.4))


def at_address(party: Party, root_url: str) -> Party:
    """The party as a caller of another public address."""
    return replace(party, base_url=f"{root_url}/installments")


def make_card(number: int) -> str:
    """A card number of the sandbox bank's first range, with its check digit."""
    body = f"2303770000{number:05}"
    digits = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body)]
    return body + str(-sum(digit - 9 if digit > 9 else digit for digit in digits) % 10)


CARDS = tuple(make_card(number) for number in range(50))
