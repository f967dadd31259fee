"""The hosted page: a payment from card to receipt, by plain forms (`spec/payments.md` §15).

GET shows where the payment stands for this browser; every form is a POST that ends in a redirect to that.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from parcela.checkout.accessibility import AccessibilityPage
from parcela.checkout.browsers import keep_browser, make_browser, read_browser
from parcela.checkout.calendar_files import MEDIA_TYPE, render_calendar
from parcela.checkout.forms import FormUnreadable, Mistakes, keep_harmless, read_card, read_details, read_form
from parcela.checkout.languages import choose_page_words, keep_language, read_mark, recall_words
from parcela.checkout.pages import is_foreign, list_headers, redirect, redirect_to_shop, say_notice
from parcela.checkout.papers import PAPERS, show_paper
from parcela.checkout.showings import describe_details, describe_showing
from parcela.checkout.views import PageView, Views
from parcela.dialects.http import BodyTooLarge
from parcela.domain.cards import mask_card_numbers
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.checkout import CheckoutState, CheckoutStep
from parcela.domain.payments.refusals import PaymentRefused
from parcela.operations.engine import UNAVAILABLE_ERRORS
from parcela.operations.payments import checkout_steps
from parcela.operations.payments.checkout_sessions import (
    BROWSER_BYTES,
    Checkout,
    CheckoutMissing,
    FormForged,
    FormsExhausted,
    FormUsed,
    check_form,
    find_checkout,
)
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.payment_links import CHECKOUT_PATH, PaymentLinks
from parcela.operations.payments.showings import ON_HOSTED_PAGE
from parcela.words.words import Words

IN_FULL = "full"
CALENDAR = "plan.ics"
RETURN = "return"
_TOKEN = re.compile("[A-Za-z0-9_-]{43}")
_OVER = frozenset(CheckoutState) - {
    CheckoutState.CARD,
    CheckoutState.CHOICE,
    CheckoutState.DETAILS,
    CheckoutState.REVIEW,
    CheckoutState.CHALLENGE,
    CheckoutState.WAITING,
}
_CARD_MISTAKES = {"card.number": "number", "card.expYear": "expiry"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form of ours that came: the page it belongs to, its fields, and the language it was shown in."""

    request: Request
    page: PageView
    fields: dict[str, str]
    shown_in: Words

    @property
    def checkout(self) -> Checkout:
        """Where its payment stands."""
        return self.page.checkout


_Taker = Callable[[_Sent], Awaitable[Response | None]]
"""Does what a form asks for; an answer of its own, or None for the page as it stands then."""


class CheckoutPage:
    """Serves the hosted page of every payment."""

    def __init__(self, desk: PaymentsDesk) -> None:
        self._desk = desk
        self._links = PaymentLinks(desk.root_url, desk.engine.vault)
        self._views = Views(desk)
        self._takers: dict[str, _Taker] = {
            "card": self._take_card,
            "choice": self._take_choice,
            "details": self._take_details,
            "pay": self._take_payment,
            "other-plan": self._take_other_plan,
            "other-card": self._take_other_card,
            "cancel": self._take_cancel,
        }

    def list_routes(self) -> list[BaseRoute]:
        """Where the page and its forms are; they come after the routes of the challenge."""
        methods = ["GET", "POST"]
        return [
            *AccessibilityPage(self._desk.root_url).list_routes(),
            Route(f"{CHECKOUT_PATH}/{{token}}", self.serve, methods=["GET"]),
            Route(f"{CHECKOUT_PATH}/{{token}}/{{form}}", self.serve, methods=methods),
        ]

    async def serve(self, request: Request) -> Response:
        """Any request for the page, or for what hangs on it."""
        words = choose_page_words(request, None)
        token = str(request.path_params["token"])
        form = request.path_params.get("form")
        if _TOKEN.fullmatch(token) is None or form not in (None, CALENDAR, RETURN, *PAPERS, *self._takers):
            return say_notice(words, "missing", 404)
        has_number = mask_card_numbers(request.url.query) != request.url.query
        is_form = form in self._takers
        # A paper that is asked for by HEAD would be on record as delivered.
        is_peek = request.method == "HEAD" and form in PAPERS
        if has_number or is_peek or (request.method == "POST") != is_form:
            back, allow = f"{CHECKOUT_PATH}/{token}", "POST" if is_form else "GET"
            return say_notice(words, "not_here", 405, back=back, allow=allow)
        try:
            return await self._serve_page(request, token, form)
        except CheckoutMissing:
            return say_notice(words, "missing", 404)
        except UNAVAILABLE_ERRORS:
            return say_notice(words, "unavailable", 503, back=f"{CHECKOUT_PATH}/{token}")

    async def _serve_page(self, request: Request, token: str, form: str | None) -> Response:
        held = read_browser(request, self._desk.root_url)
        browser = held or make_browser(self._desk.engine.ids.random_bytes(BROWSER_BYTES))
        checkout = await find_checkout(self._desk, token, browser=browser)
        words = choose_page_words(request, checkout.payment)
        read = checkout.read_in(words.language)
        page = PageView(checkout=read, words=words, path=f"{CHECKOUT_PATH}/{token}")
        if form == RETURN:
            is_over = checkout.state in _OVER
            return redirect_to_shop(checkout.payment) if is_over else redirect(page.path, checkout.payment)
        if form == CALENDAR:
            return self._give_calendar(page)
        if form is not None and form in PAPERS:
            return await show_paper(self._desk, page, request, form)
        if form is not None:
            return await self._take(request, page, form)
        response = await self._views.show(page)
        keep_language(request, response, self._desk.root_url)
        if held is None:
            keep_browser(response, browser, self._desk.root_url)
        return response

    def _give_calendar(self, page: PageView) -> Response:
        checkout = page.checkout
        plan = checkout.view.plan
        if checkout.state is not CheckoutState.COMPLETED or plan is None:
            return say_notice(page.words, "missing", 404, back=page.path)
        content = render_calendar(plan, shop=checkout.moment.account.shown_name, words=page.words)
        headers = list_headers(checkout.payment) | {"Content-Disposition": 'attachment; filename="plan.ics"'}
        return Response(content, media_type=MEDIA_TYPE, headers=headers)

    async def _take(self, request: Request, page: PageView, form: str) -> Response:
        """Take a form, once; the same one again leads to the page as it stands."""
        words, payment = page.words, page.checkout.payment
        if is_foreign(request, self._desk.root_url):
            return say_notice(words, "foreign", 403, back=page.path)
        try:
            fields = await read_form(request)
            form_token, shown_in = read_mark(fields.pop("form_token"), words)
            check_form(self._desk, page.checkout, form_token, form)
            answer = await self._takers[form](_Sent(request, page, fields, shown_in))
        except BodyTooLarge:
            return say_notice(words, "unreadable", 413, back=page.path)
        except (FormUnreadable, KeyError):
            return say_notice(words, "unreadable", 400, back=page.path)
        except FormForged:
            return say_notice(words, "stale", 403, back=page.path)
        except FormsExhausted:
            return say_notice(words, "too_many", 429, back=page.path)
        except (FormUsed, PaymentRefused):
            # Taken before, or the payment moved on meanwhile: the page says what it came to.
            return redirect(page.path, payment)
        return answer or redirect(page.path, payment)

    async def _take_card(self, sent: _Sent) -> Response | None:
        command = read_card(sent.fields)
        if isinstance(command, Mistakes):
            return await self._views.show(sent.page, mistakes=command)
        try:
            await checkout_steps.submit_card(self._desk, sent.checkout, command)
        except PaymentRefused as refusal:
            name = _CARD_MISTAKES.get(refusal.param or "", "number")
            mistakes = Mistakes(by_field={name: f"wrong_{name}"}, kept=keep_harmless(sent.fields))
            return await self._views.show(sent.page, mistakes=mistakes)
        return None

    async def _take_choice(self, sent: _Sent) -> Response | None:
        chosen = sent.fields.get("choice")
        if chosen is None:
            mistakes = Mistakes(by_field={"choice": "wrong_choice"})
            return await self._views.show(sent.page, mistakes=mistakes)
        await checkout_steps.choose(self._desk, sent.checkout, None if chosen == IN_FULL else chosen)
        return None

    async def _take_details(self, sent: _Sent) -> Response | None:
        checkout = sent.checkout
        assert checkout.offer is not None, "details are asked for a plan"
        members = checkout_steps.list_asked_members(checkout)
        is_lent = checkout.offer.model is ProgramModel.LENDER
        given = read_details(sent.fields, members, needs_consent=is_lent)
        if isinstance(given, Mistakes):
            return await self._views.show(sent.page, mistakes=given)
        # Another tab may have changed the language since: what is agreed to is what was shown.
        shown = replace(sent.page, words=sent.shown_in)
        showing = describe_details(sent.request, shown) if is_lent else ON_HOSTED_PAGE
        await checkout_steps.give_details(self._desk, checkout, given, showing)
        return None

    async def _take_payment(self, sent: _Sent) -> Response | None:
        # Another tab may have changed the language since: what is agreed to is what was shown.
        page = replace(sent.page, words=recall_words(sent.fields.get("language"), sent.page.words))
        asked = self._views.list_consents(page)
        wrong = {name: f"wrong_{name}" for name in asked if sent.fields.get(name) != "yes"}
        if wrong:
            return await self._views.show(page, mistakes=Mistakes(by_field=wrong, kept=sent.fields))
        showing = describe_showing(sent.request, page, asked)
        payment = await checkout_steps.send_payment(self._desk, sent.checkout, showing)
        challenge_url = self._links.find_challenge_url(payment)
        return None if challenge_url is None else redirect(challenge_url, payment)

    async def _take_other_plan(self, sent: _Sent) -> Response | None:
        await checkout_steps.go_back(self._desk, sent.checkout, CheckoutStep.CHOICE)
        return None

    async def _take_other_card(self, sent: _Sent) -> Response | None:
        await checkout_steps.go_back(self._desk, sent.checkout, CheckoutStep.CARD)
        return None

    async def _take_cancel(self, sent: _Sent) -> Response | None:
        await checkout_steps.leave(self._desk, sent.checkout)
        return redirect(f"{sent.page.path}/{RETURN}", sent.checkout.payment)
