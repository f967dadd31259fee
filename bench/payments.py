"""`python -m bench.payments`: a merchant's calls under load: payments in three, their plans, and refunds.

Every payment has a payment method of its own, of one of ten cards; both are made before the calls that need
them are measured.
All are of one account and currency, so that they wait for each other at its book: one merchant's worst case.
"""

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.api import CallFigures, measure_load
from bench.load import Outcome, fire
from bench.processes import find_postmaster
from bench.report import Figure, print_table
from bench.scale import Scale, choose_scale
from bench.server import Server, run_server
from parcela.domain.cards import passes_luhn
from parcela.store.embedded import EmbeddedServer

WORKERS = 2
_OUT = Path(__file__).parent / "out"
_GROUP = f"Payments, {WORKERS} workers"
_WARM_UP = 100
_AMOUNT_MINOR, _REFUND_MINOR, _COUNT = 60_000, 20_000, 3
_CREATE, _LIST, _CONFIRM, _AT_ONCE, _REFUND = (
    "POST payments, an intent",
    "GET installments/plans, a new list",
    "POST payments/{id}/confirm, three rows",
    "POST payments with card and plan",
    "POST refunds of a third",
)

Json = dict[str, Any]


def main() -> None:
    """Measure the payments door alone and print it."""
    console = Console(highlight=False)
    home = _OUT / "payments"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = EmbeddedServer.start(home)
    try:
        postmaster = asyncio.run(find_postmaster(server.url))
        with run_server(home, workers=WORKERS) as running:
            figures = measure_payments(running, choose_scale(), postmaster=postmaster)
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)
    print_table(console, figures, title="Payments")


def measure_payments(server: Server, scale: Scale, *, postmaster: int) -> list[Figure]:
    """The calls of a purchase one after the other, a purchase in one call, and refunds."""
    merchant = _Merchant(server, scale, postmaster=postmaster)
    numbers = range(scale.payments)
    merchant.buy([*range(scale.payments, scale.payments + _WARM_UP)])
    cards = merchant.add_cards(numbers)
    created, answers = merchant.measure([merchant.write_intent(number) for number in numbers], status=201)
    payments = read_ids(answers)
    listed, _ = merchant.measure(
        [merchant.write_list(payment, card) for payment, card in zip(payments, cards, strict=True)],
        status=200,
    )
    confirmed, _ = merchant.measure(
        [merchant.write_confirm(payment, card) for payment, card in zip(payments, cards, strict=True)],
        status=200,
    )
    refunded, _ = merchant.measure([merchant.write_refund(payment) for payment in payments], status=201)
    at_once, _ = merchant.measure([merchant.write_purchase(card) for card in cards], status=201)
    return list_figures(
        {
            _CREATE: created,
            _LIST: listed,
            _CONFIRM: confirmed,
            _AT_ONCE: at_once,
            _REFUND: refunded,
        }
    )


class _Merchant:
    """The demo world's first account: writes whole requests and has them fired."""

    def __init__(self, server: Server, scale: Scale, *, postmaster: int) -> None:
        payments = server.read_credentials()["payments"]
        self._secret: str = payments["secret_key"]
        self._publishable: str = payments["publishable_key"]
        self._server = server
        self._connections = scale.connections
        self._postmaster = postmaster
        self._keys_used = 0

    def write(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> bytes:
        """A ready HTTP request; every POST has an idempotency key of its own, as the SDKs send."""
        self._keys_used += 1
        text = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} /v1/{path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._server.port}",
            f"Authorization: Bearer {key or self._secret}",
        ]
        if body is not None:
            lines += [f"Idempotency-Key: bench-{self._keys_used}", "Content-Type: application/json"]
            lines += [f"Content-Length: {len(text)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + text

    def write_card(self, number: int) -> bytes:
        """A payment method, as the shopper's browser makes it."""
        card = {"number": make_card(number), "expMonth": 12, "expYear": 2040, "cvc": "123"}
        return self.write("POST", "payment-methods", {"type": "card", "card": card}, key=self._publishable)

    def write_intent(self, number: int) -> bytes:
        """A payment that waits for its confirmation."""
        wish = {"enabled": True, "count": _COUNT}
        body = {"amount": _AMOUNT_MINOR, "currency": "EUR", "confirm": False, "installments": wish}
        return self.write("POST", "payments", {**body, "reference": f"order-{number}"})

    def write_list(self, payment: str, card: str) -> bytes:
        """The plans of a payment that nobody has listed yet."""
        return self.write("GET", f"installments/plans?payment={payment}&paymentMethod={card}")

    def write_confirm(self, payment: str, card: str) -> bytes:
        """Pay in three."""
        wish = {"enabled": True, "count": _COUNT}
        return self.write(
            "POST", f"payments/{payment}/confirm", {"paymentMethod": card, "installments": wish}
        )

    def write_purchase(self, card: str) -> bytes:
        """The same in one call."""
        wish = {"enabled": True, "count": _COUNT}
        body = {"amount": _AMOUNT_MINOR, "currency": "EUR", "paymentMethod": card, "installments": wish}
        return self.write("POST", "payments", body)

    def write_refund(self, payment: str) -> bytes:
        """A third of it."""
        return self.write("POST", "refunds", {"payment": payment, "amount": _REFUND_MINOR})

    def add_cards(self, numbers: Sequence[int]) -> list[str]:
        """A payment method for each number."""
        return read_ids(self._fire([self.write_card(number) for number in numbers], status=201).bodies)

    def buy(self, numbers: Sequence[int]) -> None:
        """Connections, statements, caches and tables: whole purchases with all their calls."""
        cards = self.add_cards(numbers)
        intents = self._fire([self.write_intent(number) for number in numbers], status=201)
        payments = read_ids(intents.bodies)
        pairs = list(zip(payments, cards, strict=True))
        self._fire([self.write_list(payment, card) for payment, card in pairs], status=200)
        self._fire([self.write_confirm(payment, card) for payment, card in pairs], status=200)
        self._fire([self.write_refund(payment) for payment in payments], status=201)

    def measure(self, requests: Sequence[bytes], *, status: int) -> tuple[CallFigures, list[bytes]]:
        """Throughput, latency and CPU time of ready requests."""

        def send(part: slice, rate: float | None) -> Outcome:
            return self._fire(requests[part], status=status, rate=rate)

        return measure_load(self._server, len(requests), send, postmaster=self._postmaster)

    def _fire(self, requests: Sequence[bytes], *, status: int, rate: float | None = None) -> Outcome:
        outcome = fire(
            self._server.port, requests, connections=self._connections, rate=rate, keeps_bodies=True
        )
        if outcome.statuses != {status: len(requests)}:
            example = next((body for body in outcome.bodies if b'"error"' in body), b"")
            raise SystemExit(
                f"The payments door answered {dict(outcome.statuses)} instead of {status} only: "
                f"{example.decode()}"
            )
        return outcome


def read_ids(answers: Sequence[bytes]) -> list[str]:
    """The ids of what was made."""
    return [json.loads(answer)["id"] for answer in answers]


def make_card(number: int) -> str:
    """One of the ten numbers in the range of the Mastercard test card with plans of 3, 6 and 12."""
    stem = f"52008282000001{number % 10}"
    return next(f"{stem}{digit}" for digit in range(10) if passes_luhn(f"{stem}{digit}"))


def list_figures(calls: Mapping[str, CallFigures]) -> list[Figure]:
    """Throughput, latency and CPU time of the calls; none has a target."""
    return [
        Figure(group=_GROUP, name=name, value=value, unit=unit)
        for call, figures in calls.items()
        for name, value, unit in (
            (call, figures.per_second, "/s"),
            ("  p50 at 70 % of that", figures.p50_ms, "ms"),
            ("  p99 at 70 % of that", figures.p99_ms, "ms"),
            ("  CPU of the server", figures.server_cpu_us, "µs"),
            ("  CPU of PostgreSQL", figures.database_cpu_us, "µs"),
        )
    ]


if __name__ == "__main__":
    main()
