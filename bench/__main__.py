"""`python -m bench`: the speed of the box, the calls under load, growth, and the ratios between them."""

import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import api, box
from bench.checkout import measure_checkout
from bench.delivery import measure_delivery
from bench.gateway import WORKERS, measure_gateway
from bench.growth import grow_catalogue, grow_pan_list
from bench.kills import measure_kills
from bench.payments import measure_payments
from bench.pricing import measure_pricing
from bench.processes import find_postmaster
from bench.report import Figure, print_table, write_json
from bench.scale import Scale, choose_scale
from bench.server import run_server
from bench.switch import measure_switch
from bench.world import LISTED_CARD, OPEN_CARD, run_with_engine, set_up
from parcela.store.embedded import EmbeddedServer

_OUT = Path(__file__).parent / "out"
_RSA_BOTH, _RSA_AT_END = "RSA-2048 private, both cores", "  the same at the end of the run"


def main() -> None:
    """Measure everything and print it."""
    scale = choose_scale()
    console = Console(highlight=False)
    home = _OUT / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    started_s = time.perf_counter()
    try:
        figures = measure(console, scale, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "box": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "seconds": f"{time.perf_counter() - started_s:.0f}",
    }
    print_table(console, figures, title=f"{about['at']}  {about['box']}, Python {about['python']}")
    write_json(_OUT / "latest.json", figures, about)
    if is_disturbed(figures):
        console.print("[bold red]Other programs used this box: run the benchmarks again when it is idle.[/]")
    console.print(f"Also in {_OUT / 'latest.json'}; bench/README.md says how to read it.")


def measure(console: Console, scale: Scale, home: Path) -> list[Figure]:
    """Every figure, in the order in which it is shown."""
    with _step(console, "speed of the box"):
        rsa = {cores: box.measure_rsa(cores, scale.calibration_s) for cores in (1, box.CORES)}
    with _step(console, "start"):
        start = measure_start(home)
    server = EmbeddedServer.start(home)
    try:
        with _step(console, "pgbench"):
            tpcb = box.measure_pgbench(server, scale=scale.pgbench_scale, seconds=scale.pgbench_s)
        pan_list_id = run_with_engine(home, server.url, set_up)
        postmaster = run_with_engine(home, server.url, lambda engine: find_postmaster(server.url))
        calls = {}
        for workers in (1, 2):
            step = _step(console, f"/offers and /plans, workers: {workers}")
            with step, run_server(home, workers=workers) as running:
                calls[workers] = api.measure_calls(running, scale, postmaster=postmaster)
                resident_mib = running.measure_worker_mib()
        with _step(console, "gateway"), run_server(home, workers=WORKERS) as running:
            gateway = measure_gateway(running, scale, postmaster=postmaster)
        with _step(console, "payments"), run_server(home, workers=WORKERS) as running:
            payments = measure_payments(running, scale, postmaster=postmaster)
        with _step(console, "checkout"), run_server(home, workers=1) as running:
            checkout = measure_checkout(running, server.url)
        with _step(console, "pricing"):
            pricing_us = run_with_engine(home, server.url, measure_pricing)
        with _step(console, "delivery"):
            delivery = measure_delivery(home, server.url, scale, postmaster=postmaster)
        growth = measure_growth(console, scale, server, home=home, pan_list_id=pan_list_id)
    finally:
        server.release()
    with _step(console, "switch"):
        switch = measure_switch(_OUT / "switch", scale)
    with _step(console, "kills"):
        kills = measure_kills(_OUT / "kills", scale)
    rsa_at_end = box.measure_rsa(box.CORES, scale.calibration_s)
    return [
        Figure(group="The box", name="RSA-2048 private, 1 core", value=rsa[1], unit="/s"),
        Figure(group="The box", name=_RSA_BOTH, value=rsa[2], unit="/s"),
        Figure(group="The box", name=_RSA_AT_END, value=rsa_at_end, unit="/s"),
        Figure(group="The box", name="pgbench TPC-B, 8 clients", value=tpcb, unit="/s"),
        *list_call_figures(calls),
        *list_ratios(calls[2], rsa_both=rsa[2], tpcb=tpcb),
        *gateway,
        *payments,
        *checkout,
        *delivery,
        *switch,
        *growth,
        Figure(group="Cost", name="one offer, dates and APR", value=pricing_us, unit="µs", target=25),
        Figure(group="Cost", name="memory of a worker", value=resident_mib, unit="MiB", target=150),
        *start,
        *kills,
    ]


def is_disturbed(figures: list[Figure]) -> bool:
    """Did the box itself run at another speed at the end than at the start?"""
    values = {figure.name: figure.value for figure in figures}
    return abs(values[_RSA_AT_END] / values[_RSA_BOTH] - 1) > 0.1


def measure_start(home: Path) -> list[Figure]:
    """From the command to a 200 of /readyz: on an empty folder, and again."""
    figures = []
    for name, target in (("first start to /readyz", 5.0), ("second start to /readyz", 1.5)):
        with run_server(home, workers=1) as running:
            figures.append(Figure(group="Cost", name=name, value=running.start_s, unit="s", target=target))
    return figures


def measure_growth(
    console: Console, scale: Scale, server: EmbeddedServer, *, home: Path, pan_list_id: str
) -> list[Figure]:
    """The p50 of /offers on one connection, before and after the book has grown."""
    cards = {"open to all": OPEN_CARD, "for a PAN list": LISTED_CARD}
    with run_server(home, workers=1) as running:
        with _step(console, "/offers of a small book"):
            small = {
                name: api.measure_low_load(running, scale, card).percentile_ms(50)
                for name, card in cards.items()
            }
        with _step(console, f"{scale.members:,} PAN-list members"):
            run_with_engine(home, server.url, lambda _: grow_pan_list(server.url, pan_list_id, scale.members))
        with _step(console, f"{scale.ranges:,} ranges, {scale.programs:,} programs"):
            run_with_engine(home, server.url, lambda engine: grow_catalogue(engine, scale))
        with _step(console, "/offers of the grown book"):
            grown = {
                name: api.measure_low_load(running, scale, card).percentile_ms(50)
                for name, card in cards.items()
            }
    group = f"Growth to {scale.ranges:,} ranges, {scale.programs:,} programs, {scale.members:,} members"
    figures = []
    for name in cards:
        figures += [
            Figure(group=group, name=f"/offers p50 {name}, before", value=small[name], unit="ms"),
            Figure(group=group, name=f"/offers p50 {name}, after", value=grown[name], unit="ms"),
            Figure(group=group, name="  ratio", value=grown[name] / small[name], target=1.25),
        ]
    return figures


def list_call_figures(calls: dict[int, dict[str, api.CallFigures]]) -> list[Figure]:
    """Throughput, latency and CPU time of both calls."""
    figures = []
    for workers, by_name in calls.items():
        group = f"{workers} worker{'s' if workers > 1 else ''}, six offers"
        for name, call in by_name.items():
            p99_target = 25.0 if (name, workers) == ("offers", 2) else None
            figures += [
                Figure(group=group, name=f"POST /{name}", value=call.per_second, unit="/s"),
                Figure(group=group, name="  p50 at 70 % of that", value=call.p50_ms, unit="ms"),
                Figure(
                    group=group, name="  p99 at 70 % of that", value=call.p99_ms, unit="ms", target=p99_target
                ),
                Figure(group=group, name="  CPU of the server", value=call.server_cpu_us, unit="µs"),
                Figure(group=group, name="  CPU of PostgreSQL", value=call.database_cpu_us, unit="µs"),
            ]
    return figures


def list_ratios(calls: dict[str, api.CallFigures], *, rsa_both: float, tpcb: float) -> list[Figure]:
    """Throughput of two workers against what the box can do."""
    offers, plans = calls["offers"].per_second, calls["plans"].per_second
    return [
        Figure(
            group="Ratios",
            name="/offers to RSA, both cores",
            value=offers / rsa_both,
            target=0.35,
            is_highest=False,
        ),
        Figure(
            group="Ratios", name="/plans to pgbench TPC-B", value=plans / tpcb, target=0.40, is_highest=False
        ),
    ]


@contextmanager
def _step(console: Console, name: str) -> Iterator[None]:
    started_s = time.perf_counter()
    yield
    console.print(f"[dim]{name}: {time.perf_counter() - started_s:.0f} s[/]")


if __name__ == "__main__":
    main()
