"""`python -m bench.gateway`: a shop's calls under load: cart offers, payments with a plan, and without one.

Every payment is of another order and card. Offers are asked for and accepted before payments are measured.
"""

import asyncio
import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.api import CallFigures, measure_load
from bench.load import Outcome, fire
from bench.processes import find_postmaster
from bench.report import Figure, print_table
from bench.scale import Scale, choose_scale
from bench.server import Server, run_server
from parcela.demo import sample
from parcela.domain.cards import passes_luhn
from parcela.store.embedded import EmbeddedServer

WORKERS = 2
_OUT = Path(__file__).parent / "out"
_GROUP = f"Gateway, {WORKERS} workers"
_VERSION, _OFFERS = 100, 3
_WARM_UP = 500
_TARGET_PER_S, _TARGET_P99_MS = 200.0, 100.0
_CART, _PLAN, _PLAIN = (
    "PAYMENT_OPTIONS_INQUIRY, three offers",
    "PAY with an accepted offer",
    "PAY without one",
)

Json = dict[str, Any]


def main() -> None:
    """Measure the gateway door alone and print it."""
    console = Console(highlight=False)
    home = _OUT / "gateway"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = EmbeddedServer.start(home)
    try:
        postmaster = asyncio.run(find_postmaster(server.url))
        with run_server(home, workers=WORKERS) as running:
            figures = measure_gateway(running, choose_scale(), postmaster=postmaster)
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)
    print_table(console, figures, title="Gateway")


def measure_gateway(server: Server, scale: Scale, *, postmaster: int) -> list[Figure]:
    """The three calls, one after the other."""
    shop = _Shop(server, scale, postmaster=postmaster)
    cards = list_cards(_WARM_UP + min(scale.payments, scale.carts))
    shop.warm_up(cards[:_WARM_UP])
    carts, answers = shop.measure([shop.write_cart(number) for number in range(scale.carts)], status=200)
    payments = [
        make_payment(find_first_offer(json.loads(answer)), card)
        for answer, card in zip(answers, cards[_WARM_UP:], strict=False)
    ]
    shop.accept(payments)
    with_plan, _ = shop.measure(shop.write_payments("plan", payments), status=201)
    without = [{name: body[name] for name in body if name != "paymentPlan"} for body in payments]
    plain, _ = shop.measure(shop.write_payments("plain", without), status=201)
    return list_figures({_CART: carts, _PLAN: with_plan, _PLAIN: plain})


class _Shop:
    """The demo world's first merchant: writes whole requests and has them fired."""

    def __init__(self, server: Server, scale: Scale, *, postmaster: int) -> None:
        gateway = server.read_credentials()["gateway"]
        login = f"merchant.{gateway['merchant_id']}:{gateway['password']}"
        self._server = server
        self._connections = scale.connections
        self._postmaster = postmaster
        self._path = f"/api/rest/version/{_VERSION}/merchant/{gateway['merchant_id']}"
        basic = base64.b64encode(login.encode()).decode()
        self._head = (
            f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Basic {basic}\r\n"
            "Content-Type: application/json\r\n"
        )

    def write(self, method: str, path: str, body: Json) -> bytes:
        """A ready HTTP request."""
        text = json.dumps(body).encode()
        head = f"{method} {self._path}/{path} HTTP/1.1\r\n{self._head}Content-Length: {len(text)}\r\n\r\n"
        return head.encode("ascii") + text

    def write_cart(self, number: int) -> bytes:
        """An inquiry for a cart of another amount."""
        order = make_order(f"{Decimal(100_000 + number) / 100:.2f}")
        return self.write("POST", "paymentOptionsInquiry", sample.make_cart_request() | {"order": order})

    def write_payments(self, name: str, payments: Sequence[Json]) -> list[bytes]:
        """Each of an order of its own."""
        return [
            self.write("PUT", f"order/{name}-{number}/transaction/1", body)
            for number, body in enumerate(payments)
        ]

    def warm_up(self, cards: Sequence[str]) -> None:
        """Connections, statements, caches and tables: a whole purchase with each card."""
        carts = self._fire([self.write_cart(number) for number in range(len(cards))], status=200)
        payments = [
            make_payment(find_first_offer(json.loads(answer)), card)
            for answer, card in zip(carts.bodies, cards, strict=True)
        ]
        self.accept(payments)
        self._fire(self.write_payments("warm", payments), status=201)

    def accept(self, payments: Sequence[Json]) -> None:
        """The payers accept what they are about to pay with."""
        requests = []
        for payment in payments:
            acceptance = sample.make_acceptance() | {"order": payment["order"]}
            number = payment["sourceOfFunds"]["provided"]["card"]["number"]
            acceptance["sourceOfFunds"] = {"provided": {"card": {"number": number}}}
            path = f"paymentPlanOffer/{payment['paymentPlan']['offerId']}"
            requests.append(self.write("PUT", path, acceptance))
        self._fire(requests, status=200)

    def measure(self, requests: Sequence[bytes], *, status: int) -> tuple[CallFigures, list[bytes]]:
        """Throughput, latency and CPU time of ready requests."""

        def send(part: slice, rate: float | None) -> Outcome:
            return self._fire(requests[part], status=status, rate=rate)

        return measure_load(self._server, len(requests), send, postmaster=self._postmaster)

    def _fire(self, requests: Sequence[bytes], *, status: int, rate: float | None = None) -> Outcome:
        outcome = fire(
            self._server.port, requests, connections=self._connections, rate=rate, keeps_bodies=True
        )
        failed = [body for body in outcome.bodies if b'"result":"SUCCESS"' not in body]
        if outcome.statuses != {status: len(requests)} or failed:
            example = (failed or outcome.bodies)[-1].decode()
            raise SystemExit(f"The gateway answered {outcome.statuses} instead of {status} only: {example}")
        return outcome


def find_first_offer(answer: Json) -> tuple[str, str]:
    """The id of the first of the three offers, and the amount of its cart: its total without the fee."""
    offers = answer["paymentTypes"]["card"]["paymentPlanOffer"]
    assert len(offers) == _OFFERS, f"{_OFFERS} offers are measured, the server gave {len(offers)}"
    offer_id = min(offers)
    total, fee = (Decimal(str(offers[offer_id][name])) for name in ("totalAmount", "feeAmount"))
    return offer_id, f"{total - fee:.2f}"


def make_order(amount: str) -> Json:
    """A cart with one article."""
    item = {"sku": sample.SHOP_SKU, "quantity": 1, "unitPrice": amount}
    return {"amount": amount, "currency": sample.SHOP_CURRENCY, "item": [item]}


def make_payment(offer: tuple[str, str], card: str) -> Json:
    """PAY for a cart with its offer."""
    offer_id, amount = offer
    body = sample.make_payment(offer_id) | {"order": make_order(amount)}
    face = {**body["sourceOfFunds"]["provided"]["card"], "number": card}
    return body | {"sourceOfFunds": {"type": "CARD", "provided": {"card": face}}}


def list_cards(count: int) -> list[str]:
    """Different card numbers of the demo bank's shop range, none of which the simulators know."""
    stems = (f"512345{number:07d}88" for number in range(count))
    return [next(f"{stem}{digit}" for digit in range(10) if passes_luhn(f"{stem}{digit}")) for stem in stems]


def list_figures(calls: Mapping[str, CallFigures]) -> list[Figure]:
    """Throughput, latency and CPU time of the calls."""
    figures = []
    for name, call in calls.items():
        has_target = name == _PLAN
        figures += [
            Figure(
                group=_GROUP,
                name=name,
                value=call.per_second,
                unit="/s",
                target=_TARGET_PER_S if has_target else None,
                is_highest=False,
            ),
            Figure(group=_GROUP, name="  p50 at 70 % of that", value=call.p50_ms, unit="ms"),
            Figure(
                group=_GROUP,
                name="  p99 at 70 % of that",
                value=call.p99_ms,
                unit="ms",
                target=_TARGET_P99_MS if has_target else None,
            ),
            Figure(group=_GROUP, name="  CPU of the server", value=call.server_cpu_us, unit="µs"),
            Figure(group=_GROUP, name="  CPU of PostgreSQL", value=call.database_cpu_us, unit="µs"),
        ]
    return figures


if __name__ == "__main__":
    main()
