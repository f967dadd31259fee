"""Load on `/offers` and `/plans`: throughput, latency at 70 % of it, and CPU time a request."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.load import Outcome, fire
from bench.processes import sum_cpu_s
from bench.scale import Scale
from bench.server import Server
from bench.signing import make_signer, sign_all
from bench.world import OPEN_CARD
from parcela.demo import sample

Json = dict[str, Any]

LOAD_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """One call under load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float
    database_cpu_us: float


def measure_calls(server: Server, scale: Scale, *, postmaster: int) -> dict[str, CallFigures]:
    """`/offers` first, then a plan for each of its answers."""
    now = datetime.now(UTC)
    warm_up = make_offers_bodies(300, now)
    _fire_checked(server, "/offers", warm_up, status=200, connections=scale.connections)

    def measure(path: str, bodies: Sequence[Json], status: int) -> tuple[CallFigures, list[bytes]]:
        def send(part: slice, rate: float | None) -> Outcome:
            how: Json = {"connections": scale.connections, "rate": rate, "keeps_bodies": True}
            return _fire_checked(server, path, bodies[part], status=status, **how)

        return measure_load(server, len(bodies), send, postmaster=postmaster)

    offers, answers = measure("/offers", make_offers_bodies(scale.offers, now), 200)
    plans, _ = measure("/plans", make_plan_bodies(answers[: scale.plans], now), 201)
    return {"offers": offers, "plans": plans}


def measure_load(
    server: Server, count: int, send: Callable[[slice, float | None], Outcome], *, postmaster: int
) -> tuple[CallFigures, list[bytes]]:
    """Three fifths of `count` requests in a closed loop, the rest at 70 % of its rate; and all answers.

    `send` fires a part of the requests, at a rate when there is one.
    """
    middle = count * 6 // 10
    started = sum_cpu_s(server.pid), sum_cpu_s(postmaster)
    closed = send(slice(middle), None)
    ended = sum_cpu_s(server.pid), sum_cpu_s(postmaster)
    open_loop = send(slice(middle, count), closed.per_second * LOAD_SHARE)
    figures = CallFigures(
        per_second=closed.per_second,
        p50_ms=open_loop.percentile_ms(50),
        p99_ms=open_loop.percentile_ms(99),
        server_cpu_us=(ended[0] - started[0]) / middle * 1e6,
        database_cpu_us=(ended[1] - started[1]) / middle * 1e6,
    )
    return figures, closed.bodies + open_loop.bodies


def measure_low_load(server: Server, scale: Scale, card: str) -> Outcome:
    """`/offers` for one card, one request after the other on one connection."""
    bodies = make_offers_bodies(scale.low_load_requests, datetime.now(UTC), card=card)
    _fire_checked(server, "/offers", bodies[:100], status=200, connections=1)
    outcome = _fire_checked(server, "/offers", bodies, status=200, connections=1, keeps_bodies=True)
    _check_six_offers(outcome.bodies[-1])
    return outcome


def make_offers_bodies(count: int, now: datetime, *, card: str = OPEN_CARD) -> list[Json]:
    """Purchases of one card, each of another amount."""
    request = sample.make_offers_request(now)
    transaction = request["transaction"]
    sensitive = {"consumer": {"primaryAccountNumber": card}}
    return [
        {
            **request,
            "transaction": {**transaction, "amount": (15_000 + number % 10_000) / 100},
            "sensitiveData": sensitive,
        }
        for number in range(count)
    ]


def make_plan_bodies(answers: Sequence[bytes], now: datetime) -> list[Json]:
    """A plan for each answer, of the purchase that was made at `now`."""
    _check_six_offers(answers[0])
    return [_make_plan_body(json.loads(answer), now) for answer in answers]


def _make_plan_body(shown: Json, now: datetime) -> Json:
    """A plan of the first offer without cost, whose total is the amount of the purchase."""
    chosen = next(offer for offer in shown["offers"] if offer["apr"] == 0)
    request = sample.make_plan_request(shown, chosen, now)
    return {
        **request,
        "transaction": {**request["transaction"], "amount": chosen["totalAmount"]},
        "sensitiveData": {"consumer": {"primaryAccountNumber": OPEN_CARD}},
    }


def _check_six_offers(answer: bytes) -> None:
    total = json.loads(answer)["total"]
    assert total == 6, f"six offers are measured, the server gave {total}"


def _fire_checked(server: Server, path: str, bodies: Sequence[Json], *, status: int, **how: Any) -> Outcome:
    """Sign and send; every answer must have the status that the figures speak of."""
    requests = sign_all(make_signer(server, path), bodies)
    outcome = fire(server.port, requests, **how)
    if outcome.statuses != {status: len(bodies)}:
        example = outcome.bodies[-1].decode() if outcome.bodies else ""
        raise SystemExit(f"POST {path} answered {outcome.statuses} instead of {status} only: {example}")
    return outcome
