"""How a browser reaches each state of the hosted page (`spec/payments.md` §15), and how it shows it again."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.support.browser_world import HostedServer

PLANS = "5200 8282 0000 0108"
NO_PLANS = "4242 4242 4242 4242"
TICK_NEEDED = "4000 0056 0000 0104"
SHORT_OFFERS = "4000 0056 0000 0401"
ONE_QUESTION = "5200 8282 0000 0504"
CHALLENGED = "4000 0000 0000 3220"
DECLINED = "4000 0000 0000 0002"
LENT = "5555 5555 5555 4444"
"""The lender has plans for it."""
PERSON = {
    "name": "Ana Silva",
    "email": "ana@example.com",
    "line1": "Hauptstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
}

Act = Callable[[HostedServer, Page], None]


@dataclass(frozen=True)
class PageState:
    """`reach` leads to the state from nothing; `repeat` shows it again after the page was loaded anew."""

    name: str
    reach: Act
    repeat: Act


def send(page: Page, form: str) -> None:
    """Send the form that goes to an address that ends so, and wait for the page that answers."""
    with page.expect_event("load"):
        page.locator(f'form[action$="/{form}"] button').click()


def follow(page: Page, name: str) -> None:
    """Click the link with this text, and wait for the page that it leads to."""
    with page.expect_event("load"):
        page.get_by_role("link", name=name, exact=True).click()


def open_page(hosted: HostedServer, page: Page, **members: object) -> str:
    """The page of a new payment; gives the payment's id."""
    payment = hosted.make_payment(**members)
    page.goto(payment["checkoutUrl"])
    return str(payment["id"])


def give_card(page: Page, number: str) -> None:
    """Type a card and go on."""
    for name, text in (("number", number), ("expiry", "12/39"), ("code", "123"), ("name", "Ana Silva")):
        page.locator(f"#{name}").fill(text)
    send(page, "card")


def choose(page: Page, position: int) -> None:
    """Choose a way to pay, 0 is in full, and go on."""
    page.locator(".plan > label").nth(position).click()
    send(page, "choice")


def stay(_hosted: HostedServer, _page: Page) -> None:
    """The page shows the state when it is loaded."""


def _card(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)


def _send_card(_hosted: HostedServer, page: Page) -> None:
    send(page, "card")


def _choice(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page, installments={"enabled": True, "count": 9}, description="Bike and helmet")
    give_card(page, PLANS)


def _send_choice(_hosted: HostedServer, page: Page) -> None:
    send(page, "choice")


def _no_offers(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, NO_PLANS)


def _lender_details(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, LENT)
    choose(page, 1)


def _send_details(_hosted: HostedServer, page: Page) -> None:
    send(page, "details")


def _lender_review(hosted: HostedServer, page: Page) -> None:
    _lender_details(hosted, page)
    for name, text in PERSON.items():
        page.locator(f"#{name}").fill(text)
    page.locator("#country").select_option("DE")
    page.locator("#consent").check()
    send(page, "details")


def _conditional(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, ONE_QUESTION)
    choose(page, 1)


def _review(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, PLANS)
    choose(page, 3)


def _differs(hosted: HostedServer, page: Page) -> None:
    _choice(hosted, page)
    choose(page, 2)


def _tick(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, TICK_NEEDED)
    choose(page, 1)


def _send_pay(_hosted: HostedServer, page: Page) -> None:
    send(page, "pay")


def _lapsed(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, SHORT_OFFERS)
    choose(page, 1)
    hosted.post("/v1/test/clock/advance", {"by": "PT61S"})
    page.reload()


def _declined(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, DECLINED)
    choose(page, 0)
    send(page, "pay")


def _bank(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page)
    give_card(page, CHALLENGED)
    choose(page, 0)
    send(page, "pay")


def _challenge(hosted: HostedServer, page: Page) -> None:
    url = hosted.make_payment()["checkoutUrl"]
    page.goto(url)
    give_card(page, CHALLENGED)
    choose(page, 0)
    send(page, "pay")
    page.goto(url)


def _completed(hosted: HostedServer, page: Page) -> None:
    _review(hosted, page)
    send(page, "pay")


def _completed_in_full(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page, installments={"enabled": False})
    give_card(page, PLANS)
    send(page, "pay")


def _reserved(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page, captureMethod="manual", installments={"enabled": False})
    give_card(page, PLANS)
    send(page, "pay")


def _already_paid(hosted: HostedServer, page: Page) -> None:
    _completed_in_full(hosted, page)
    page.context.clear_cookies()
    page.reload()


def _cancelled(hosted: HostedServer, page: Page) -> None:
    payment = hosted.make_payment()
    hosted.post(f"/v1/payments/{payment['id']}/cancel", {})
    page.goto(payment["checkoutUrl"])


def _expired(hosted: HostedServer, page: Page) -> None:
    open_page(hosted, page, expiresInMinutes=30)
    hosted.post("/v1/test/clock/advance", {"by": "PT31M"})
    page.reload()


def _declined_for_good(hosted: HostedServer, page: Page) -> None:
    _declined(hosted, page)
    for _ in range(4):
        choose(page, 0)
        send(page, "pay")


def _missing(hosted: HostedServer, page: Page) -> None:
    page.goto(f"{hosted.root_url}/checkout/{'x' * 43}")


def _statement(hosted: HostedServer, page: Page) -> None:
    page.goto(f"{hosted.root_url}/accessibility")


STATES = (
    PageState("card", _card, stay),
    PageState("card-wrong", _card, _send_card),
    PageState("choice", _choice, stay),
    PageState("choice-wrong", _choice, _send_choice),
    PageState("no-offers", _no_offers, stay),
    PageState("lender-details", _lender_details, stay),
    PageState("lender-details-wrong", _lender_details, _send_details),
    PageState("lender-review", _lender_review, stay),
    PageState("conditional", _conditional, stay),
    PageState("review", _review, stay),
    PageState("differs", _differs, stay),
    PageState("terms-unticked", _tick, _send_pay),
    PageState("lapsed", _lapsed, stay),
    PageState("declined", _declined, stay),
    PageState("declined-for-good", _declined_for_good, stay),
    PageState("challenge", _challenge, stay),
    PageState("bank", _bank, stay),
    PageState("completed", _completed, stay),
    PageState("completed-in-full", _completed_in_full, stay),
    PageState("reserved", _reserved, stay),
    PageState("already-paid", _already_paid, stay),
    PageState("cancelled", _cancelled, stay),
    PageState("expired", _expired, stay),
    PageState("missing", _missing, stay),
    PageState("statement", _statement, stay),
)
