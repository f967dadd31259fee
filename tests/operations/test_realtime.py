"""Asking an issuer: one call within its deadline, a breaker for each issuer, and nothing for other ranges."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.purchases import ask, count_records, get_client, make_inquiry
from tests.support.set_up import make_issuer, make_purchase, make_range

from parcela.domain.breaker import OPEN_MS
from parcela.domain.cards import Pan
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.issuer_offers import IssuerOffer, IssuerOfferClaim, accept_claim
from parcela.domain.programs import Issuer, UseCase
from parcela.operations.engine import Engine
from parcela.operations.offers import present_offers
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundLimits, OutboundRequest
from parcela.operations.realtime import (
    IssuerCaller,
    IssuerLeftAlone,
    IssuerUnavailable,
    UnreadableAnswer,
    asks_issuer,
)

REQUEST = OutboundRequest(url="https://bank.example/card-offers/searches", headers={}, body=b"{}")
REAL_TIME_CARD = "2303770009900018"


class ScriptedHttp:
    """Answers with the next thing of its list, the last one for ever."""

    def __init__(self, *script: OutboundAnswer | OutboundFailure) -> None:
        self.script = list(script)
        self.limits: list[OutboundLimits] = []

    async def post(self, request: OutboundRequest, limits: OutboundLimits) -> OutboundAnswer:
        self.limits.append(limits)
        await asyncio.sleep(0)
        found = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(found, OutboundFailure):
            raise found
        return found

    async def close(self) -> None:
        pass


class HandClock:
    """A clock that a test moves."""

    now_s = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


GOOD = OutboundAnswer(status=200, headers={}, body=b"good")
DOWN = OutboundFailure("connect", "No connection to bank.example:443: ECONNREFUSED")


def read(body: bytes) -> str:
    if body != b"good":
        raise UnreadableAnswer("not good")
    return body.decode()


def test_an_answer_is_read_within_the_limits_of_the_setting() -> None:
    http = ScriptedHttp(GOOD)
    caller = IssuerCaller(http, HandClock(), timeout_ms=250)
    assert asyncio.run(caller.call("a", lambda: REQUEST, read)) == "good"
    assert http.limits == [
        OutboundLimits(connect_timeout_s=0.25, total_timeout_s=0.25, max_answer_bytes=262_144)
    ]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (DOWN, "connect: No connection to bank.example:443: ECONNREFUSED"),
        (OutboundAnswer(status=204, headers={}, body=b""), "status 204"),
        (
            OutboundAnswer(status=200, headers={}, body=b"good", is_cut=True),
            "the body did not end in time and within its size",
        ),
        (OutboundAnswer(status=200, headers={}, body=b"bad"), "not good"),
    ],
)
def test_whatever_cannot_be_used_says_why_and_is_not_tried_again(
    outcome: OutboundAnswer | OutboundFailure, reason: str
) -> None:
    http = ScriptedHttp(outcome)
    caller = IssuerCaller(http, HandClock(), timeout_ms=800)
    with pytest.raises(IssuerUnavailable) as caught:
        asyncio.run(caller.call("a", lambda: REQUEST, read))
    assert (str(caught.value), len(http.limits)) == (reason, 1)


def test_an_issuer_that_fails_is_left_alone_and_then_tried_once() -> None:
    http, clock = ScriptedHttp(DOWN, DOWN, DOWN, DOWN, DOWN, GOOD), HandClock()
    caller = IssuerCaller(http, clock, timeout_ms=800)
    made = 0

    def make() -> OutboundRequest:
        nonlocal made
        made += 1
        return REQUEST

    async def outcome(provider_id: str) -> str:
        try:
            return await caller.call(provider_id, make, read)
        except IssuerLeftAlone:
            return "left alone"
        except IssuerUnavailable:
            return "failed"

    async def main() -> None:
        assert [await outcome("a") for _ in range(7)] == ["failed"] * 5 + ["left alone"] * 2
        # Nothing is sealed and signed for a call that does not go out, and other issuers are not meant.
        assert made == 5
        assert await outcome("b") == "good"
        clock.now_s += OPEN_MS / 1000
        probe, second = await asyncio.gather(outcome("a"), outcome("a"))
        assert (probe, second) == ("good", "left alone")
        assert await outcome("a") == "good"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("members", "use_case", "expected"),
    [
        ({"real_time": True}, UseCase.DURING_PURCHASE, True),
        ({"real_time": True}, UseCase.POST_PURCHASE, False),
        ({"real_time": True, "during_purchase": False}, UseCase.DURING_PURCHASE, False),
        ({}, UseCase.DURING_PURCHASE, False),
    ],
)
def test_only_real_time_ranges_ask_during_the_purchase(
    members: dict[str, bool], use_case: UseCase, expected: bool
) -> None:
    found = RangeCandidates(make_range(**members), make_issuer(), (), False)
    assert asks_issuer(found, use_case) is expected


class Asked:
    """An `AskIssuer` that notes who was asked for which card."""

    def __init__(self, offers: Sequence[IssuerOffer] | None) -> None:
        self.offers = offers
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, issuer: Issuer, pan: Pan) -> Sequence[IssuerOffer] | None:
        self.asked.append((issuer.name, pan.digits))
        return self.offers


def test_only_cards_of_real_time_ranges_reach_their_issuer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, client = await engine.look(), await get_client(engine)
        issuer = Asked([])
        answer = await present_offers(engine, world, client, make_inquiry(), ask_issuer=issuer)
        assert ([quote.program.offer_id for quote in answer.quotes], issuer.asked) == (
            ["71392364", "71392362"],
            [],
        )
        real_time = await present_offers(
            engine, world, client, make_inquiry(REAL_TIME_CARD), ask_issuer=issuer
        )
        assert (real_time.issuer_offers, issuer.asked) == ([], [("Sandbox Bank", REAL_TIME_CARD)])

    run(work)


def test_no_pause_stands_between_the_inquiry_of_another_card_and_its_database_work(
    run: RunWithEngine,
) -> None:
    async def work(engine: Engine) -> None:
        world, client = await engine.look(), await get_client(engine)

        class Halt(BaseException):
            pass

        async def halt(_row: object) -> bool:
            raise Halt

        halting: Any = SimpleNamespace(vault=engine.vault, ids=engine.ids, insert_presentment=halt)
        coroutine = present_offers(halting, world, client, make_inquiry(), ask_issuer=Asked([]))
        # One step of the coroutine reaches the write of the presentment: it was never suspended before.
        with pytest.raises(Halt):
            coroutine.send(None)

    run(work)


def test_an_issuers_offers_are_kept_like_any_others(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world, client = await engine.look(), await get_client(engine)
        inquiry = make_inquiry(REAL_TIME_CARD)
        claim = IssuerOfferClaim(
            offer_id="a-real-time-offer",
            count=3,
            interval="monthly",
            total_amount=Decimal(150),
            other_amount=Decimal(50),
        )
        offer = accept_claim(
            claim,
            make_purchase("150"),
            issuer=make_issuer(),
            now=world.now,
            offer_life=engine.policy.during_purchase_offer_life,
        )
        before = await count_records(engine)
        answer = await present_offers(engine, world, client, inquiry, ask_issuer=Asked([offer]))
        assert (answer.issuer_offers, answer.quotes, answer.reasons) == ([offer], (), [])
        assert not answer.is_issuer_unavailable
        assert await count_records(engine) == {**before, "presentment": before["presentment"] + 1}

    run(work)


def test_without_a_way_to_the_issuer_the_configured_offers_stand_in(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await ask(engine, REAL_TIME_CARD)
        assert ([quote.program.offer_id for quote in answer.quotes], answer.is_issuer_unavailable) == (
            ["90000002"],
            True,
        )

    run(work)
