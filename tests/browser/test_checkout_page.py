"""The hosted page in a browser: purchases by mouse, by keyboard, without script; axe-core on every state.

Each state is looked at in one of the views, turn by turn. `BROWSER_MATRIX=all` looks at every state in every
view, which takes some minutes; `ACCESSIBILITY_RECORD=1` writes down what was found (`make accessibility`).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.support.browser_world import WCAG, HostedServer
from tests.support.page_states import PLANS, STATES, PageState, choose, follow, give_card, send

import parcela
from parcela.checkout.accessibility import RECORD, hash_looks
from parcela.checkout.languages import LANGUAGE_NAMES
from parcela.words.words import Words

WIDTHS = (1280, 390, 320)
SCHEMES = ("light", "dark")
LANGUAGES = tuple(LANGUAGE_NAMES)
VIEWS = tuple(product(WIDTHS, LANGUAGES, SCHEMES))
RECORD_FILE = Path(parcela.__file__).parent / "checkout" / RECORD
_FIND_FOCUS = """() => {
  const e = document.activeElement;
  return e === document.body ? '' : (e.id || e.name || e.textContent.trim());
}"""
_FIND_OUTLINE = """() => {
  const e = document.activeElement, card = e.closest('.plan');
  const shown = [e, card].some(one => one && getComputedStyle(one).outlineStyle === 'solid');
  const box = e.getBoundingClientRect();
  return shown && document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2).length > 0;
}"""
_FIND_SMALL = """() => {
  const main = 'button, .button, .plan > label, input:not([type=hidden]), select, summary';
  const isTick = e => e.matches('[type=radio], [type=checkbox]');
  const isSmall = e => e.getBoundingClientRect().height < (isTick(e) ? 24 : 44);
  const small = [...document.querySelectorAll(main)].filter(e => e.checkVisibility() && isSmall(e));
  return small.map(e => e.outerHTML.slice(0, 80));
}"""


@dataclass
class Found:
    """What the looks of this run came to."""

    states: list[str] = field(default_factory=list)
    views: int = 0
    rules: set[str] = field(default_factory=set)
    axe_version: str = ""
    browser: str = ""
    purchases: int = 0


@pytest.fixture(scope="module")
def found() -> Iterator[Found]:
    """Written down in the end where that is asked for; a failed run writes nothing."""
    seen = Found()
    yield seen
    if os.environ.get("ACCESSIBILITY_RECORD") and len(seen.states) == len(STATES):
        write_record(seen)


def write_record(seen: Found) -> None:
    """The figures of the statement; rules are those that passed somewhere and failed nowhere."""
    record = {
        "testedOn": date.today().isoformat(),
        "looksHash": hash_looks(),
        "browser": seen.browser,
        "axeVersion": seen.axe_version,
        "states": seen.states,
        "widths": WIDTHS,
        "languages": LANGUAGES,
        "colorSchemes": SCHEMES,
        "views": seen.views,
        "rulesPassed": sorted(seen.rules),
        "violations": 0,
        "purchases": seen.purchases,
    }
    RECORD_FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that was never here."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def list_views(position: int) -> tuple[tuple[int, str, str], ...]:
    """The views of a state: all, or one of them, so that neighbours differ in width, language and colours."""
    if os.environ.get("BROWSER_MATRIX") == "all":
        return VIEWS
    return (
        (
            WIDTHS[position % len(WIDTHS)],
            LANGUAGES[position % len(LANGUAGES)],
            SCHEMES[position % len(SCHEMES)],
        ),
    )


@pytest.mark.parametrize(("position", "state"), list(enumerate(STATES)), ids=[state.name for state in STATES])
def test_no_state_has_an_accessibility_fault(
    hosted: HostedServer, page: Page, found: Found, position: int, state: PageState
) -> None:
    state.reach(hosted, page)
    url = page.url
    for width, language, scheme in list_views(position):
        page.context.add_cookies([{"name": "checkout-language", "value": language, "url": hosted.root_url}])
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(url)
        state.repeat(hosted, page)
        looked = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert list_faults(looked) == []
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
            language,
            Words(language).direction,
        ]
        for narrow in WIDTHS:
            page.set_viewport_size({"width": narrow, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= narrow, narrow
            assert page.evaluate(_FIND_SMALL) == []
        assert page.evaluate("[...document.querySelectorAll('input:checked')].length") == 0
        found.views += 1
        found.rules |= {rule["id"] for rule in looked["passes"]}
        found.axe_version = looked["testEngine"]["version"]
    found.browser = f"Chromium {page.context.browser.version.partition('.')[0]}"  # type: ignore[union-attr]
    found.states.append(state.name)


def list_faults(looked: dict[str, Any]) -> list[str]:
    """What axe-core found against WCAG 2.2 A and AA: rule and place, one a line."""
    return [f"{rule['id']}: {node['target']}" for rule in looked["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_purchase_by_mouse_in_every_language(
    hosted: HostedServer, page: Page, found: Found, language: str
) -> None:
    words = Words(language)
    payment = hosted.make_payment(amount=60001)
    page.goto(payment["checkoutUrl"])
    if language != "en":
        follow(page, LANGUAGE_NAMES[language])
    assert page.locator("h1").inner_text() == words.say("card_title")
    give_card(page, PLANS)
    assert page.locator("h1").inner_text() == words.say("choice_title")
    choose(page, 3)
    shown = page.locator("dl").nth(1).inner_text()
    assert words.write_money(62964, "EUR") in shown and words.write_money(2963, "EUR") in shown
    send(page, "pay")
    assert page.locator("h1").inner_text() == words.say("completed_plan_title")
    assert read_amounts(page, words, 62964) == 12
    after = hosted.get(f"/v1/payments/{payment['id']}")
    assert (after["status"], after["installments"]["resolvedCount"]) == ("completed", 12)
    follow(page, words.say("to_shop", shop="Parcela Demo Store"))
    assert page.url == f"{hosted.root_url}/healthz?payment={payment['id']}"
    found.purchases += 1


def read_amounts(page: Page, words: Words, total_minor: int) -> int:
    """How many rows the schedule has; the amounts on it, read as digits, add up to the total on it."""
    amounts = page.locator("tbody tr td:last-child").all_inner_texts()
    minors = [int("".join(character for character in text if character.isdigit())) for text in amounts]
    assert sum(minors) == total_minor
    assert page.locator("tfoot td").inner_text() == words.write_money(total_minor, "EUR")
    return len(minors)


def test_a_purchase_by_keyboard_alone(hosted: HostedServer, page: Page, found: Found) -> None:
    payment = hosted.make_payment(installments={"enabled": True, "count": 9})
    page.goto(payment["checkoutUrl"])
    # A mistake first: the summary has the focus, and its links lead to the fields.
    tab_to(page, "Go on to the ways to pay")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#number:focus")
    page.keyboard.type(PLANS)
    for name, text in (("expiry", "12/39"), ("code", "123"), ("name", "Ana Silva")):
        tab_to(page, name)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=choice]")
    tab_to(page, "choice")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    tab_to(page, "Go on to review")
    page.keyboard.press("Enter")
    page.wait_for_selector("#differs")
    tab_to(page, "differs")
    page.keyboard.press("Space")
    tab_to(page, "Agree to 6 payments and buy")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Thank you, your plan is agreed")
    assert hosted.get(f"/v1/payments/{payment['id']}")["status"] == "completed"
    tab_to(page, "Back to Parcela Demo Store")
    found.purchases += 1


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something has the focus, by id, name or text; all on the way show that they have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FIND_FOCUS)
        if focused:
            assert page.evaluate(_FIND_OUTLINE), f"{focused} does not show that it has the focus"
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_a_purchase_with_scripting_off(hosted: HostedServer, chromium: Browser, found: Found) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False) as context:
        page = context.new_page()
        payment = hosted.make_payment()
        page.goto(payment["checkoutUrl"])
        give_card(page, PLANS)
        choose(page, 1)
        send(page, "pay")
        assert page.locator("h1").inner_text() == "Thank you, your plan is agreed"
        assert hosted.get(f"/v1/payments/{payment['id']}")["status"] == "completed"
    found.purchases += 1


def test_papers_and_the_plans_own_page_are_linked(hosted: HostedServer, page: Page) -> None:
    page.goto(hosted.make_payment()["checkoutUrl"])
    give_card(page, PLANS)
    sheets = [link.get_attribute("href") for link in page.locator("a[href*='sheet.html']").all()]
    assert len(sheets) == 3
    choose(page, 1)
    send(page, "pay")
    links = [link.get_attribute("href") for link in page.locator(".papers a").all()]
    for path in (*sheets, *links):
        if path is not None and not path.endswith(".pdf"):
            answer = page.request.get(path if path.startswith("http") else f"{hosted.root_url}{path}")
            assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
    assert [link.rpartition("/")[2] for link in links[:3] if link is not None] == [
        "agreement.html",
        "agreement.pdf",
        "receipt.pdf",
    ]


def test_a_step_is_light_and_comes_from_one_host(hosted: HostedServer, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(hosted.make_payment()["checkoutUrl"])
    give_card(page, PLANS)
    asked.clear()
    page.reload()
    over_the_wire = [url for url in asked if not url.startswith("data:")]
    assert len(over_the_wire) <= 3
    assert {url.startswith(hosted.root_url) for url in over_the_wire} == {True}
