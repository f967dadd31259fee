"""The simulated 3-D Secure page: pass, fail or cancel (`spec/payments.md` §§4, 15 and 16)."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from parcela.checkout.forms import FormUnreadable, read_form
from parcela.checkout.languages import choose_page_words, keep_language
from parcela.checkout.pages import is_foreign, redirect, redirect_to_shop, render_page, say_notice
from parcela.dialects.http import BodyTooLarge
from parcela.domain.payments.records import Payment, PaymentStatus
from parcela.operations.engine import UNAVAILABLE_ERRORS
from parcela.operations.payments.challenges import (
    Challenge,
    ChallengeAnswer,
    ChallengeMissing,
    FormStale,
    answer_challenge,
    find_challenge,
)
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.payment_links import CHALLENGE_PATH, PaymentLinks
from parcela.words.words import Words

_TOKEN = re.compile("[A-Za-z0-9_-]{43}")


class ChallengePage:
    """Shows a challenge and takes its answer."""

    def __init__(self, desk: PaymentsDesk) -> None:
        self._desk = desk
        self._links = PaymentLinks(desk.root_url, desk.engine.vault)

    def list_routes(self) -> list[BaseRoute]:
        """Where the page is."""
        return [Route(f"{CHALLENGE_PATH}/{{token}}", self.serve, methods=["GET", "POST"])]

    async def serve(self, request: Request) -> Response:
        """The page, or the way on after its form was sent."""
        token = str(request.path_params["token"])
        words = choose_page_words(request, None)
        if _TOKEN.fullmatch(token) is None:
            return say_notice(words, "missing", 404)
        try:
            challenge = await find_challenge(self._desk, token)
            if request.method == "POST":
                return await self._take(request, token, challenge, words)
            return self._show(challenge, request)
        except ChallengeMissing:
            return say_notice(words, "missing", 404)
        except UNAVAILABLE_ERRORS:
            return say_notice(words, "unavailable", 503)

    def _show(self, challenge: Challenge, request: Request) -> Response:
        payment = challenge.payment
        if not challenge.is_open:
            return self._lead_on(challenge, payment)
        words = choose_page_words(request, payment)
        response = render_page(
            "challenge.html",
            words,
            payment=payment,
            shop=challenge.moment.account.shown_name,
            form_token=challenge.form_token,
            path=request.url.path,
        )
        keep_language(request, response, self._desk.root_url)
        return response

    async def _take(self, request: Request, token: str, challenge: Challenge, words: Words) -> Response:
        if is_foreign(request, self._desk.root_url):
            return say_notice(words, "foreign", 403)
        try:
            form = await read_form(request)
            answer, form_token = ChallengeAnswer(form["answer"]), form["form_token"]
        except BodyTooLarge:
            return say_notice(words, "unreadable", 413)
        except (FormUnreadable, ValueError, KeyError):
            return say_notice(words, "unreadable", 400)
        try:
            payment = await answer_challenge(self._desk, token, answer, form_token=form_token)
        except FormStale:
            return say_notice(words, "stale", 403)
        return self._lead_on(challenge, payment)

    def _lead_on(self, challenge: Challenge, payment: Payment) -> Response:
        """To the hosted page where the card was typed there, else to the shop."""
        if challenge.attempt.is_hosted and payment.status is not PaymentStatus.CANCELLED:
            return redirect(self._links.make_checkout_url(payment), payment)
        return redirect_to_shop(payment)
