"""The shopper's part of the demo: the hosted page without script, papers, mail, and the plan's page later."""

import mailbox
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from rich.console import Console

from parcela.demo import sample, show
from parcela.demo.browser import Browser
from parcela.demo.caller import UnexpectedAnswerError
from parcela.demo.merchant import Merchant
from parcela.demo.server import DemoServer

_PATIENCE_S = 20.0
_LOOK_AGAIN_S = 0.05
_SHOWN_FACTS = ("Total to pay", "Cost of credit", "APRC", "First payment on")
_SHOWN_SUMS = ("Paid so far", "Still to pay", "Next payment", "APRC")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesToOpen:
    """Addresses for whoever watches the demo: a checkout that waits, and the page of a plan."""

    checkout_url: str
    plan_url: str


def pay_on_the_page(console: Console, server: DemoServer, mail_folder: Path) -> PagesToOpen:
    """As the shopper: the steps from 16 on."""
    merchant, browser = Merchant(server.credentials), Browser()
    show.show_step(console, 16, "A shopper pays on the server's own page, in a browser without script")
    payment_id, checkout_url = _ask_for_payment(console, merchant)
    choose_and_pay(console, browser, checkout_url)
    plan_url = keep_papers(console, browser)
    _show_mail(console, _wait_for_mail(mail_folder, payment_id))
    let_weeks_pass(console, merchant, browser, plan_url)
    answer = merchant.call("POST", "/payments", sample.make_hosted_payment(), expected=201)
    return PagesToOpen(checkout_url=answer.body["checkoutUrl"], plan_url=plan_url)


def choose_and_pay(console: Console, browser: Browser, checkout_url: str) -> None:
    """Type a card, take the longest plan, let the lender check, and agree."""
    browser.open(checkout_url)
    page = browser.send("/card", sample.make_typed_card())
    console.print(f"   Page      {page.heading}: card {show.mask_card(sample.LENT_CARD)}")
    show.show_ways(console, page.ways, _SHOWN_FACTS)
    longest = page.ways[-1].value
    _download(console, browser, f"sheet.html?choice={longest}")
    page = browser.send("/choice", {"choice": longest})
    console.print(f"   Page      {page.heading}: name, e-mail, address, consent to a credit check")
    page = browser.send("/details", {**sample.make_person(), **_tick(page.boxes)})
    console.print(f"   Page      {page.heading}: the plan once more, nothing is ticked beforehand")
    page = browser.send("/pay", _tick(page.boxes))
    console.print(f"   Page      [bold]{page.heading}[/]")


def keep_papers(console: Console, browser: Browser) -> str:
    """Look at what is given to the shopper; gives the address of the plan's own page."""
    show.show_step(console, 17, "What the shopper keeps")
    plan_url = next(url for url in browser.page.links if "/plan/" in url)
    for name in ("agreement.html", "agreement.pdf", "receipt.pdf", "plan.ics"):
        _download(console, browser, name)
    return plan_url


def let_weeks_pass(console: Console, merchant: Merchant, browser: Browser, plan_url: str) -> None:
    """Move the account's clock beyond the first payment, and look at the plan's page."""
    show.show_step(console, 18, "Five weeks later: the plan's own page")
    answer = merchant.call("POST", "/test/clock/advance", {"by": "P35D"})
    now = datetime.fromtimestamp(answer.body["now"], UTC)
    show.show_call(console, "POST /v1/test/clock/advance", f"it is {now:%Y-%m-%d} there", answer)
    page = browser.open(plan_url)
    console.print(f"   Page      [bold]{page.heading}[/]")
    show.show_facts(console, {name: page.facts[name] for name in _SHOWN_SUMS})


def _ask_for_payment(console: Console, merchant: Merchant) -> tuple[str, str]:
    wanted = sample.make_hosted_payment()
    answer = merchant.call("POST", "/payments", wanted, expected=201)
    amount = show.format_euros(wanted["amount"])
    show.show_call(console, "POST /v1/payments", f"{amount}, to be paid at its checkoutUrl", answer)
    return answer.body["id"], answer.body["checkoutUrl"]


def _download(console: Console, browser: Browser, name: str) -> None:
    """A file that the page leads to."""
    file = browser.download(browser.page.find_link(f"/{name}"))
    show.show_file(console, name.partition("?")[0], status=file.status_code, size=len(file.content))


def _tick(boxes: list[str]) -> Mapping[str, str]:
    return dict.fromkeys(boxes, "yes")


def _wait_for_mail(folder: Path, payment_id: str) -> Message:
    """The receipt that the sandbox's post office keeps. Raises UnexpectedAnswerError when none comes."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        if folder.is_dir():
            for message in mailbox.Maildir(folder, create=False):
                if payment_id in _read_text(message):
                    return message
        time.sleep(_LOOK_AGAIN_S)
    raise UnexpectedAnswerError(f"no receipt of {payment_id} came in {_PATIENCE_S:.0f} s")


def _read_text(message: Message) -> str:
    """The plain text of a mail."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            return content.decode("utf-8") if isinstance(content, bytes) else ""
    return ""


def _show_mail(console: Console, message: Message) -> None:
    files = [name for part in message.walk() if (name := part.get_filename())]
    console.print(f"   Mail      to {message['To']}: {make_header(decode_header(message['Subject']))}")
    for name in files:
        console.print(f"             with {name}")
