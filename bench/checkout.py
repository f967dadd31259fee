"""`python -m bench.checkout`: what the plan page of the checkout costs a shopper, in Debian's Chromium.

The page has six offers, with all facts and dates; every look is a first one, one in each language.
"""

import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

import parcela
from bench.report import Figure, print_table
from bench.server import Server, run_server
from bench.world import run_with_engine
from parcela.checkout.languages import LANGUAGE_NAMES
from parcela.operations import catalogue, people
from parcela.operations.engine import Engine
from parcela.store.embedded import EmbeddedServer

_OUT = Path(__file__).parent / "out"
_GROUP = "Hosted checkout, plan page with six offers"
_CARD = "5200 8282 0000 0108"
_MAKER, _CHECKER = "operator@sandbox.example", "second-operator@sandbox.example"
_MORE_COUNTS = (4, 9, 10)
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_OBSERVE = """() => new Promise(resolve => {
  const seen = {lcp: 0, cls: 0};
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) seen.lcp = entry.startTime;
  }).observe({type: 'largest-contentful-paint', buffered: true});
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) seen.cls += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(seen), 300);
})"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One load of the page; sizes are those of bodies and headers as they were sent."""

    bytes: int
    requests: int
    foreign: int
    lcp_s: float
    shift: float


def main() -> None:
    """Measure the page alone and print it."""
    console = Console(highlight=False)
    home = _OUT / "checkout"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = EmbeddedServer.start(home)
    try:
        with run_server(home, workers=1) as running:
            figures = measure_checkout(running, server.url)
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)
    print_table(console, figures, title="Hosted checkout")


def measure_checkout(server: Server, database_url: str) -> list[Figure]:
    """Bytes, requests, other hosts, largest contentful paint and layout shift."""
    run_with_engine(server.home, database_url, add_plans)
    looks = _look_often(server)
    return list_figures(looks)


async def add_plans(engine: Engine) -> None:
    """Three more plans for the demo's Mastercard, so that it has six."""
    text = (Path(parcela.__file__).parent / "sandbox" / "payments.yaml").read_text("utf-8")
    held: Json = yaml.safe_load(text)
    names = [f"mastercard-{count}-eur" for count in _MORE_COUNTS]
    model = next(one for one in held["programs"] if one["offer_id"] == "mastercard-12-eur")
    programs = [
        {**model, "offer_id": name, "terms": {**model["terms"], "count": count}}
        for name, count in zip(names, _MORE_COUNTS, strict=True)
    ]
    group = next(one for one in held["offer_groups"] if one["code"] == "payments-mastercard")
    program = next(one for one in held["payments_programs"] if one["name"] == "mastercard_installments")
    document = {
        "parcela_catalogue": 1,
        "programs": programs,
        "offer_groups": [{**group, "offer_ids": [*group["offer_ids"], *names]}],
        "payments_programs": [{**program, "program_ids": [*program["program_ids"], *names]}],
    }
    maker = await people.get_person(engine, _MAKER)
    checker = await people.get_person(engine, _CHECKER)
    wanted = catalogue.parse_catalogue(document)
    proposal = catalogue.Proposal(summary="Six plans on one page", wanted=wanted)
    change_set = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, change_set.change_set_id)


def _look_often(server: Server) -> list[_Look]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS.split())
        try:
            return [_look(browser, server, language) for language in LANGUAGE_NAMES]
        finally:
            browser.close()


def _look(browser: Browser, server: Server, language: str) -> _Look:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{_make_payment(server)}?lang={language}")
        _give_card(page)
        # A new page has nothing in its memory; the cookie is what it keeps.
        cookies = [
            {"name": one["name"], "value": one["value"], "url": f"http://127.0.0.1:{server.port}"}
            for one in context.cookies()
        ]
        url = page.url.partition("?")[0]
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        context.add_cookies(cookies)  # type: ignore[arg-type]
        return _measure(context.new_page(), url)


def _measure(page: Page, url: str) -> _Look:
    sent: list[tuple[str, int]] = []

    def note(request: Any) -> None:
        if not request.url.startswith("data:"):
            sizes = request.sizes()
            sent.append((request.url, sizes["responseBodySize"] + sizes["responseHeadersSize"]))

    page.on("requestfinished", note)
    page.goto(url)
    assert page.locator("input[name=choice]").count() == 7, "in full, and six plans"
    seen = page.evaluate(_OBSERVE)
    root = url.partition("/checkout/")[0]
    return _Look(
        bytes=sum(size for _, size in sent),
        requests=len(sent),
        foreign=sum(not address.startswith(root) for address, _ in sent),
        lcp_s=seen["lcp"] / 1000,
        shift=seen["cls"],
    )


def _make_payment(server: Server) -> str:
    root = f"http://127.0.0.1:{server.port}"
    answer = requests.post(
        f"{root}/v1/payments",
        json={"amount": 60_000, "returnUrl": f"{root}/healthz", "installments": {"enabled": True}},
        headers={"Authorization": f"Bearer {server.read_credentials()['payments']['secret_key']}"},
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["checkoutUrl"])


def _give_card(page: Page) -> None:
    for name, text in (("number", _CARD), ("expiry", "12/39"), ("code", "123"), ("name", "Ana Silva")):
        page.locator(f"#{name}").fill(text)
    page.locator('form[action$="/card"] button').click()
    page.wait_for_selector("input[name=choice]")


def list_figures(looks: Sequence[_Look]) -> list[Figure]:
    """The worst of what is counted, the median of what takes time."""
    lcp_s = statistics.median(look.lcp_s for look in looks)
    most = max(look.bytes for look in looks) / 1024
    return [
        Figure(group=_GROUP, name="sent to the browser", value=most, unit="KiB", target=40),
        Figure(group=_GROUP, name="requests", value=max(look.requests for look in looks), target=3),
        Figure(group=_GROUP, name="  to other hosts", value=max(look.foreign for look in looks), target=0),
        Figure(group=_GROUP, name="largest contentful paint", value=lcp_s, unit="s", target=1),
        Figure(group=_GROUP, name="layout shift", value=max(look.shift for look in looks), target=0),
    ]


if __name__ == "__main__":
    main()
