"""The promotion tag in a browser: on shops' pages of another origin, with Parcela near, slow and away."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, Request
from tests.support.browser_world import HostedServer, list_violations

RESERVED = "parcela-promo { display: block; min-height: 9em }"
SENTENCE = "Ab 52,47\u00a0€ im Monat mit 12 Raten"
FALLBACK = "Sie können in Raten zahlen."
READ = "document.querySelector('parcela-promo').shadowRoot?.querySelector('div').innerText ?? ''"


class ShopServer:
    """A shop's own server, which is another origin; browsers let no page from elsewhere ask this machine."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str, dict[str, str]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.root_url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, media_type, headers = pages.get(self.path, ("", "text/plain", {}))
                self.send_response(200)
                for name, value in {"Content-Type": f"{media_type}; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """The tests need no log."""

        return Handler


@dataclass
class Shop:
    """A page of a shop, and what it asked of Parcela."""

    page: Page
    hosted: HostedServer
    server: ShopServer
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)

    def show(self, body: str, *, policy: str | None = None, style: str = RESERVED) -> None:
        """Open a page with this body and the tag's script."""
        script = (
            f'<script src="{self.hosted.root_url}/promo.js?key={self.hosted.publishable}" defer></script>'
        )
        # The style sheet stands apart, for a strict policy admits none in the page.
        source = (
            '<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Shop</title>'
            f'<link rel="icon" href="data:,"><link rel="stylesheet" href="/shop.css">{script}</head>'
            f'<body><main><h1>Shop</h1>{body}<p id="below">Below</p></main></body></html>'
        )
        headers = {} if policy is None else {"Content-Security-Policy": policy}
        self.server.pages["/"] = (source, "text/html", headers)
        self.server.pages["/shop.css"] = (style, "text/css", {})
        self.page.goto(f"{self.server.root_url}/")

    def wait(self, text: str) -> None:
        """Until the tag says this."""
        self.page.wait_for_function(f"text => ({READ}).includes(text)", arg=text)

    def set_amount(self, amount: int) -> None:
        """Give the tag another amount."""
        self.page.evaluate(
            "amount => document.querySelector('parcela-promo').setAttribute('amount', amount)", amount
        )

    def shows_fallback(self) -> bool:
        """Is the child to be seen?"""
        return self.page.get_by_text(FALLBACK).is_visible()


def tag(amount: int = 60000, inside: str = f"<p>{FALLBACK}</p>") -> str:
    """The tag's markup."""
    return f'<parcela-promo amount="{amount}" currency="EUR" locale="de">{inside}</parcela-promo>'


@pytest.fixture(scope="module")
def shop_server() -> Iterator[ShopServer]:
    """One for all shops."""
    server = ShopServer()
    yield server
    server.close()


@pytest.fixture
def open_shop(
    hosted: HostedServer, chromium: Browser, shop_server: ShopServer
) -> Iterator[Callable[..., Shop]]:
    """Makes shops, each in a context of its own."""
    contexts = []

    def make(*, has_script: bool = True) -> Shop:
        context = chromium.new_context(java_script_enabled=has_script)
        contexts.append(context)
        shop = Shop(context.new_page(), hosted, shop_server)

        def note(request: Request) -> None:
            if "/promo/" in request.url:
                shop.asked.append(request.url)
                shop.pending.add(request)

        def settle(request: Request) -> None:
            shop.pending.discard(request)

        shop.page.on("request", note)
        shop.page.on("requestfinished", settle)
        shop.page.on("requestfailed", settle)
        shop.page.on("console", lambda said: shop.faults.append(said.text) if said.type == "error" else None)
        shop.page.on("pageerror", lambda fault: shop.faults.append(str(fault)))
        return shop

    yield make
    for context in contexts:
        context.close()


def test_on_a_page_with_a_strict_policy_nothing_moves(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(one => {"
        " window.moved += one.value })).observe({ type: 'layout-shift', buffered: true })"
    )
    root = shop.hosted.root_url
    shop.show(
        tag(),
        policy=f"default-src 'none'; script-src {root}; connect-src {root}; style-src 'self'; img-src data:;"
        " require-trusted-types-for 'script'; trusted-types 'none'",
    )
    before = shop.page.locator("#below").bounding_box()
    shop.wait(SENTENCE)
    shop.wait("Achtung! Kreditaufnahme kostet Geld.")
    shop.set_amount(120000)
    shop.wait("104,94")
    assert shop.page.locator("#below").bounding_box() == before
    shop.page.get_by_role("button", name="Alle Ratenpläne ansehen").click()
    shop.page.get_by_role("heading", name="12 × 104,94").wait_for()
    assert shop.page.evaluate("window.moved") == 0
    assert shop.faults == []


def test_the_dialog_by_keyboard(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag())
    shop.wait(SENTENCE)
    shop.page.keyboard.press("Tab")
    shop.page.keyboard.press("Enter")
    dialog = shop.page.get_by_role("dialog", name="Zahlung in Raten")
    dialog.get_by_text("12 × 52,47").wait_for()
    assert [heading.inner_text() for heading in dialog.get_by_role("heading", level=3).all()] == [
        "3 × 200,00\u00a0€",
        "6 × 100,00\u00a0€",
        "12 × 52,47\u00a0€",
    ]
    dialog.locator("summary").last.click()
    assert dialog.get_by_role("row").all()[-1].inner_text().split() == ["Summe", "629,64", "€"]
    for scheme in ("light", "dark"):
        shop.page.emulate_media(color_scheme=scheme)
        shop.page.add_style_tag(content=":root { color-scheme: light dark }")
        assert list_violations(shop.page) == []
    shop.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    focused = "document.activeElement.shadowRoot.activeElement.textContent"
    assert shop.page.evaluate(focused) == "Alle Ratenpläne ansehen"
    for path in ("/promo/demo", f"/promo?key={shop.hosted.publishable}&amount=60000&currency=EUR&page=1"):
        shop.page.goto(shop.hosted.root_url + path)
        assert list_violations(shop.page) == []


def test_who_is_at_the_button_stays_there_when_the_amount_changes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag())
    shop.wait(SENTENCE)
    shop.page.keyboard.press("Tab")
    shop.set_amount(120000)
    shop.wait("104,94")
    shop.page.keyboard.press("Enter")
    shop.page.get_by_role("heading", name="12 × 104,94").wait_for()
    assert shop.faults == []


def test_what_was_drawn_once_is_not_drawn_again(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag())
    shop.wait(SENTENCE)
    is_the_same = (
        "async () => { const root = document.querySelector('parcela-promo').shadowRoot;"
        " const drawn = root.querySelector('button'); await new Promise(done => setTimeout(done, 500));"
        " return drawn === root.querySelector('button') }"
    )
    assert shop.page.evaluate(is_the_same)


def test_a_statement_that_does_not_fit_gives_way_to_a_shorter_one(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag(), style="parcela-promo { display: block; min-height: 3em }")
    shop.wait("Zahlung in Raten Alle Ratenpläne ansehen")
    shown = shop.page.evaluate(READ)
    assert ("Kreditaufnahme kostet Geld" in shown, "€" in shown) == (True, False)
    shop.page.add_style_tag(content="parcela-promo { min-height: 1em; max-width: 5em }")
    shop.page.get_by_text(FALLBACK).wait_for()
    shop.page.add_style_tag(content="parcela-promo { min-height: 12em; max-width: none }")
    shop.wait(SENTENCE)


def test_of_fifty_amounts_the_last_one_wins(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag() + tag())
    shop.wait(SENTENCE)
    assert len(shop.asked) == 1
    shop.page.evaluate(
        "async () => { for (let n = 1; n <= 50; n++) {"
        " document.querySelector('parcela-promo').setAttribute('amount', 60000 + n * 1200);"
        " await new Promise(done => setTimeout(done, 5)) } }"
    )
    shop.wait("104,94")
    assert len(shop.asked) <= 4
    assert "amount=120000" in shop.asked[-1]
    # A tag that is moved leaves and comes back while its answer is under way.
    shop.page.evaluate(
        "() => { const tag = document.querySelector('parcela-promo').cloneNode(true);"
        " tag.setAttribute('amount', 240000); const main = document.querySelector('main');"
        " main.prepend(tag); main.prepend(tag) }"
    )
    shop.wait("209,88")


def test_a_hundred_visits_to_a_page_leave_nothing_behind(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(tag())
    shop.wait(SENTENCE)
    inspector = shop.page.context.new_cdp_session(shop.page)
    inspector.send("Performance.enable")

    def visit(times: int) -> None:
        shop.page.evaluate(
            "async (times) => { for (let n = 0; n < times; n++) {"
            " const tag = document.createElement('parcela-promo');"
            " tag.setAttribute('currency', 'EUR'); tag.setAttribute('amount', 60000 + n % 3);"
            " document.querySelector('main').append(tag);"
            " await new Promise(done => setTimeout(done, 8)); tag.remove() } }",
            times,
        )
        shop.page.wait_for_timeout(300)

    def count() -> dict[str, int]:
        inspector.send("HeapProfiler.collectGarbage")
        metrics = inspector.send("Performance.getMetrics")["metrics"]
        counted = {one["name"]: int(one["value"]) for one in metrics}
        return {name: counted[name] for name in ("JSEventListeners", "Nodes", "Documents")}

    visit(5)
    visit(5)
    before = count()
    visit(100)
    # What the last visits asked may still be given up.
    for _ in range(50):
        if (after := count()) == before and not shop.pending:
            break
        shop.page.wait_for_timeout(200)
    assert (after, shop.pending) == (before, set())


def test_while_the_server_is_away_the_child_stays(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.page.route("**/promo/data**", lambda route: route.abort())
    shop.show(tag())
    shop.page.wait_for_timeout(300)
    assert (shop.shows_fallback(), shop.page.evaluate(READ)) == (True, "")
    shop.page.unroute("**/promo/data**")
    shop.set_amount(60001)
    shop.wait(SENTENCE)
    shop.page.route("**/promo/**", lambda route: route.fulfill(status=503))
    shop.set_amount(180000)
    # The last sentence would name another amount, so only what has no figures stays.
    shop.wait("Zahlung in Raten Alle")
    assert "€" not in shop.page.evaluate(READ)
    shop.page.get_by_role("button", name="Alle Ratenpläne ansehen").click()
    shop.page.get_by_text("Die Ratenpläne können gerade nicht angezeigt werden.").wait_for()
    shop.page.get_by_role("button", name="Schließen").click()
    shop.set_amount(60001)
    shop.wait(SENTENCE)


def test_a_silent_server_is_given_up_after_five_seconds(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    failed: list[str] = []
    shop.page.on("requestfailed", lambda request: failed.append(request.url))
    shop.page.route("**/promo/data**", lambda route: None)
    # The page's clock stands still from the start on, and moves by what is said here alone.
    shop.page.clock.install(time=0)
    shop.page.clock.pause_at(1_000)
    with shop.page.expect_request("**/promo/data**"):
        shop.show(tag())
    shop.page.clock.run_for(4_999)
    assert (failed, shop.shows_fallback()) == ([], True)
    with shop.page.expect_event("requestfailed"):
        shop.page.clock.run_for(1)
    assert (failed, shop.pending) == (shop.asked, set())
    assert (len(failed), shop.shows_fallback(), shop.page.evaluate(READ)) == (1, True, "")
    # The tag asks again for what it is given next.
    shop.page.unroute("**/promo/data**")
    shop.page.clock.resume()
    shop.set_amount(60001)
    shop.wait(SENTENCE)


def test_a_tag_that_leaves_gives_up_its_answer(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.page.route("**/promo/data**", lambda route: None)
    # The page's clock stands still, so that the limit of five seconds ends nothing here.
    shop.page.clock.install(time=0)
    shop.page.clock.pause_at(1_000)
    with shop.page.expect_request("**/promo/data**"):
        shop.show(tag())
    assert shop.shows_fallback()
    with shop.page.expect_event("requestfailed"):
        shop.page.evaluate("document.querySelector('parcela-promo').remove()")
    assert shop.pending == set()


def test_without_plans_or_with_a_secret_key_nothing_is_claimed(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.show(
        tag(amount=100)
        + '<parcela-promo key="sk_test_x" amount="60000" currency="EUR"><p>Second</p></parcela-promo>'
    )
    shop.page.wait_for_function(
        "() => document.querySelector('parcela-promo').shadowRoot?.querySelector('.off')"
    )
    assert (shop.shows_fallback(), shop.page.evaluate(READ)) == (False, "")
    assert (len(shop.asked), "sk_test_x" in shop.asked[0]) == (1, False)
    assert shop.page.get_by_text("Second").is_visible()


def test_without_script_the_child_is_all(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(has_script=False)
    shop.show(tag())
    assert (shop.shows_fallback(), shop.asked) == (True, [])
