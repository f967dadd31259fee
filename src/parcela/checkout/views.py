"""What each state of the hosted page shows (`spec/payments.md` §15, the table of states)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from parcela.checkout.forms import Mistakes
from parcela.checkout.languages import mark_language
from parcela.checkout.pages import redirect, render_page
from parcela.checkout.qr_codes import draw_qr_code
from parcela.checkout.shown_plans import find_foreign_language, show_agreed, show_offer
from parcela.domain.payments.checkout import CheckoutState
from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plan_resolution import find_nearest
from parcela.domain.payments.records import (
    AuthenticationStatus,
    BillingDetails,
    Payment,
    PaymentMethod,
    PaymentStatus,
)
from parcela.domain.payments.refusals import DeclineCode, PaymentRefused
from parcela.operations.payments.checkout_sessions import Checkout
from parcela.operations.payments.checkout_steps import list_asked_members, list_choices
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.payment_links import PaymentLinks
from parcela.operations.payments.plan_choice import find_applicant
from parcela.words.words import Words

NO_MISTAKES = Mistakes(by_field={})
_TOLD_DECLINES = frozenset(
    {
        DeclineCode.INSUFFICIENT_FUNDS,
        DeclineCode.INCORRECT_CVC,
        DeclineCode.EXPIRED_CARD,
        DeclineCode.ISSUER_UNAVAILABLE,
    }
)
_ENDED = frozenset(
    {
        CheckoutState.ALREADY_PAID,
        CheckoutState.DECLINED,
        CheckoutState.CANCELLED,
        CheckoutState.EXPIRED,
        CheckoutState.WAITING,
        CheckoutState.CHALLENGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page as one request asked for it: in which language, and at which path."""

    checkout: Checkout
    words: Words
    path: str


_Drawer = Callable[[PageView, Mistakes], Awaitable[Response]]


class Views:
    """Draws the hosted page."""

    def __init__(self, desk: PaymentsDesk) -> None:
        self._desk = desk
        self._links = PaymentLinks(desk.root_url, desk.engine.vault)
        self._drawers: dict[CheckoutState, _Drawer] = {
            CheckoutState.CARD: self._draw_card,
            CheckoutState.CHOICE: self._draw_choice,
            CheckoutState.DETAILS: self._draw_details,
            CheckoutState.REVIEW: self._draw_review,
            CheckoutState.COMPLETED: self._draw_completed,
        }

    async def show(self, page: PageView, *, mistakes: Mistakes = NO_MISTAKES) -> Response:
        """The page as it stands, with what is wrong with a form that was sent."""
        return await self._drawers.get(page.checkout.state, self._draw_ended)(page, mistakes)

    def list_consents(self, page: PageView) -> list[str]:
        """The ticks that the review asks for: terms that need one, and a number that the shop did not ask."""
        offer = page.checkout.offer
        if offer is None or page.checkout.has_lapsed:
            return []
        wanted = page.checkout.payment.wish.count
        return [
            *(["differs"] if wanted is not None and wanted != offer.count else []),
            *(["terms"] if offer.terms.acceptance_required else []),
        ]

    async def _draw_card(self, page: PageView, mistakes: Mistakes) -> Response:
        billing = page.checkout.payment.billing or BillingDetails()
        kept = {"name": billing.name or "", **mistakes.kept}
        code = draw_qr_code(f"{self._desk.root_url}{page.path}")
        return _render("card.html", page, mistakes, kept=kept, code=code)

    async def _draw_choice(self, page: PageView, mistakes: Mistakes) -> Response:
        try:
            shown = await list_choices(self._desk, page.checkout)
        except PaymentRefused:
            # Somebody else was faster: the payment does not wait for a choice any more.
            return redirect(page.path, page.checkout.payment)
        plans = [show_offer(offer, page.checkout.moment, page.words) for offer in shown.offers]
        return _render("choice.html", page, mistakes, plans=plans, reasons=shown.unavailable)

    async def _draw_details(self, page: PageView, mistakes: Mistakes) -> Response:
        checkout = page.checkout
        offer, method = checkout.offer, checkout.method
        assert offer is not None and method is not None, "details are asked for a plan"
        known = _flatten(find_applicant(checkout.payment, method))
        return _render(
            "details.html",
            page,
            mistakes,
            plan=show_offer(offer, checkout.moment, page.words),
            members=[member.rpartition(".")[2] for member in list_asked_members(checkout)],
            has_more=checkout.session.asked is not None,
            kept=dict(mistakes.kept) if mistakes.by_field else known,
            countries=page.words.list_countries(),
        )

    async def _draw_review(self, page: PageView, mistakes: Mistakes) -> Response:
        checkout, offer = page.checkout, page.checkout.offer
        nearest = None
        consents = self.list_consents(page)
        if "differs" in consents:
            nearest = await self._find_nearest(checkout)
        return _render(
            "review.html",
            page,
            mistakes,
            plan=None if offer is None else show_offer(offer, checkout.moment, page.words),
            has_lapsed=checkout.has_lapsed,
            consents=consents,
            is_nearest=offer is not None and offer.offer_id == nearest,
        )

    async def _find_nearest(self, checkout: Checkout) -> str | None:
        """The offer that the shop's number comes to."""
        try:
            shown: PlanList = await list_choices(self._desk, checkout)
        except PaymentRefused:
            return None
        found = find_nearest(shown.offers, checkout.payment.wish.count)
        return None if found is None else found.offer_id

    async def _draw_completed(self, page: PageView, mistakes: Mistakes) -> Response:
        checkout, words, plan = page.checkout, page.words, page.checkout.view.plan
        # What is only held has no date of payment; its plan was agreed then.
        paid_at = checkout.payment.captured_at or (None if plan is None else plan.created_at)
        zone = checkout.moment.zone
        return _render(
            "completed.html",
            page,
            mistakes,
            plan=None if plan is None else show_agreed(plan, checkout.moment, words),
            plan_url=None if plan is None else self._links.make_plan_url(plan),
            has_calendar=plan is not None and any(row.is_open for row in plan.rows),
            is_reserved=checkout.payment.status is PaymentStatus.AUTHORIZED,
            paid_on=None if paid_at is None else words.write_date(paid_at.astimezone(zone).date()),
        )

    async def _draw_ended(self, page: PageView, mistakes: Mistakes) -> Response:
        state = page.checkout.state
        assert state in _ENDED, "every other state has a page of its own"
        challenge_url = self._links.find_challenge_url(page.checkout.payment)
        return _render("ended.html", page, mistakes, state=str(state), challenge_url=challenge_url)


def _render(template: str, page: PageView, mistakes: Mistakes, **facts: object) -> Response:
    checkout, words = page.checkout, page.words
    payment = checkout.payment
    return render_page(
        template,
        words,
        status=422 if mistakes.by_field else 200,
        payment=payment,
        path=page.path,
        form_token=mark_language(checkout.form_token, words),
        shop=checkout.moment.account.shown_name,
        amount=words.write_money(payment.amount_minor, payment.currency),
        card=None if checkout.method is None else _write_card(checkout.method, words),
        notice=checkout.session.notice,
        decline=_find_decline(payment),
        tries_left=checkout.tries_left,
        foreign=find_foreign_language(payment.locale, words),
        mistakes=mistakes.by_field,
        **{"kept": mistakes.kept, **facts},
    )


def _write_card(method: PaymentMethod, words: Words) -> str:
    card = method.card
    return words.say(
        "card_facts",
        brand=card.brand.shown_name,
        last_four=card.last_four,
        expiry=f"{card.expiry_month:02d}/{card.expiry_year % 100:02d}",
    )


def _find_decline(payment: Payment) -> str | None:
    """The key of why the card before did not do; None where none was refused."""
    if payment.failure_message is None:
        return None
    if payment.authentication is AuthenticationStatus.FAILED:
        return "declined_authentication"
    if payment.decline is None:
        return "declined_issuer_unavailable"
    return f"declined_{payment.decline}" if payment.decline in _TOLD_DECLINES else "declined_other"


def _flatten(applicant: BillingDetails) -> dict[str, str]:
    address = applicant.address
    members = {"name": applicant.name, "email": applicant.email, "phone": applicant.phone}
    if address is not None:
        members |= {
            "line1": address.line1,
            "postal_code": address.postal_code,
            "city": address.city,
            "country": address.country,
        }
    return {name: text for name, text in members.items() if text is not None}
