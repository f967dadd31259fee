"""What each form of the hosted page does (`spec/payments.md` §15). All raise FormUsed for one sent before."""

from dataclasses import replace

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.checkout import (
    CheckoutNotice,
    CheckoutSession,
    CheckoutStep,
    find_step_after_decline,
)
from parcela.domain.payments.plan_choices import PlanChoice, PlanList
from parcela.domain.payments.plans import PaymentOffer, TermsAcceptance
from parcela.domain.payments.records import (
    BillingDetails,
    CancellationReason,
    Payment,
    PaymentMethod,
    PaymentStatus,
)
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.showings import ON_HOSTED_PAGE, Showing
from parcela.operations.payments.attempt_calls import check_idle
from parcela.operations.payments.cancellations import Stop, stop_payment
from parcela.operations.payments.checkout_sessions import Checkout, find_shown_offer, go_on
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.keeping import NothingKept
from parcela.operations.payments.payment_attempts import AttemptCommand, confirm_payment
from parcela.operations.payments.payment_methods import MethodCommand, create_payment_method
from parcela.operations.payments.payment_reading import get_locked_payment
from parcela.operations.payments.plan_choice import (
    APPLICANT_MEMBERS,
    approve_plan,
    find_applicant,
    has_member,
)
from parcela.operations.payments.plan_offers import list_plans
from parcela.store.database import Connection
from parcela.store.payments import payments

_WAITING = frozenset({PaymentStatus.PENDING, PaymentStatus.REQUIRES_AUTHENTICATION})
_NOTICES = {
    Fault.PLAN_EXPIRED: CheckoutNotice.LAPSED,
    Fault.RESOURCE_MISSING: CheckoutNotice.LAPSED,
    Fault.PLAN_DECLINED: CheckoutNotice.PLAN_DECLINED,
    Fault.CREDIT_DECLINED: CheckoutNotice.CREDIT_DECLINED,
    Fault.NO_PLAN_AVAILABLE: CheckoutNotice.PLAN_UNAVAILABLE,
}
_OVERTAKEN = frozenset({Fault.RESOURCE_BUSY, Fault.PAYMENT_NOT_CONFIRMABLE})
_ENDED = frozenset({Fault.CARD_DECLINED, Fault.AUTHENTICATION_FAILED, Fault.PROCESSING_ERROR})
"""The payment itself says what became of it."""


class _CardKeeper(NothingKept):
    """Takes the card's form in the transaction that keeps the card."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    async def keep(self, connection: Connection, result: object) -> None:
        """Raises FormUsed."""
        assert isinstance(result, PaymentMethod)
        payment, session = self._checkout.payment, self._checkout.session
        step = CheckoutStep.CHOICE if payment.wish.is_enabled else CheckoutStep.REVIEW
        chosen = replace(session, payment_method_id=result.payment_method_id, offer_id=None, asked=None)
        await go_on(connection, chosen, step)


async def submit_card(desk: PaymentsDesk, checkout: Checkout, command: MethodCommand) -> None:
    """Keep the card that was typed. Raises PaymentRefused as `create_payment_method`."""
    await create_payment_method(desk, checkout.moment, command, keeper=_CardKeeper(checkout))


async def list_choices(desk: PaymentsDesk, checkout: Checkout) -> PlanList:
    """The plans for the card. Raises PaymentRefused for a payment that is not pending any more."""
    assert checkout.method is not None, "plans are listed for a card"
    return await list_plans(desk, checkout.moment, checkout.payment, checkout.method)


async def choose(desk: PaymentsDesk, checkout: Checkout, offer_id: str | None) -> None:
    """Take an offer, or none: then the shopper pays in full. An offer that has lapsed leads to a new list."""
    async with desk.engine.database.connection() as connection:
        offer = await find_shown_offer(connection, checkout.session, offer_id)
    session = replace(checkout.session, offer_id=offer_id, asked=None)
    if offer_id is None:
        await _move(desk, session, CheckoutStep.REVIEW)
    elif offer is None or offer.expires_at <= checkout.moment.now:
        await _move(desk, replace(session, offer_id=None), CheckoutStep.CHOICE, CheckoutNotice.LAPSED)
    else:
        asked = await _find_question(desk, checkout, offer)
        is_lent = offer.model is ProgramModel.LENDER
        step = CheckoutStep.DETAILS if is_lent or asked is not None else CheckoutStep.REVIEW
        await _move(desk, replace(session, asked=asked), step)


async def _find_question(desk: PaymentsDesk, checkout: Checkout, offer: PaymentOffer) -> str | None:
    """What the issuer wants to know beside the card, unless that is known."""
    if offer.model is ProgramModel.LENDER:
        return None
    assert checkout.method is not None, "an offer is for a card"
    shown = await list_choices(desk, checkout)
    needed = shown.needs_answer
    if needed is None or has_member(find_applicant(checkout.payment, checkout.method), needed):
        return None
    return needed


def list_asked_members(checkout: Checkout) -> tuple[str, ...]:
    """What the page asks of the shopper for the chosen plan: a lender's three, and the one more question."""
    assert checkout.offer is not None, "a plan was chosen"
    members = APPLICANT_MEMBERS if checkout.offer.model is ProgramModel.LENDER else ()
    asked = checkout.session.asked
    return (*members, *(() if asked is None or asked in members else (asked,)))


async def give_details(
    desk: PaymentsDesk, checkout: Checkout, given: BillingDetails, showing: Showing
) -> None:
    """Keep what the shopper answered; a lender is asked about them now, for they agreed to that.

    `showing` has the question that they agreed to, which is kept with the lender's answer.
    """
    offer, moment = checkout.offer, checkout.moment
    assert offer is not None and checkout.method is not None, "a plan was chosen for a card"

    async def write(connection: Connection) -> tuple[CheckoutSession, PaymentView]:
        payment = await get_locked_payment(connection, moment, checkout.payment.payment_id)
        step = CheckoutStep.DETAILS if offer.model is ProgramModel.LENDER else CheckoutStep.REVIEW
        session = await go_on(connection, checkout.session, step)
        if payment.status is PaymentStatus.PENDING:
            payment = replace(payment, billing=_merge(payment.billing, given))
            await payments.update_billing(connection, payment)
        return session, PaymentView(payment=payment)

    session, view = await desk.engine.database.run(write)
    if offer.model is not ProgramModel.LENDER or view.payment.status is not PaymentStatus.PENDING:
        return
    choice = PlanChoice(offer=offer, card_id=checkout.method.card_id, showing=showing)
    try:
        await approve_plan(desk, moment, view.payment, checkout.method, choice)
    except PaymentRefused as refusal:
        await _go_back(desk, session, refusal)
        return
    await _move(desk, session, CheckoutStep.REVIEW)


def _merge(held: BillingDetails | None, given: BillingDetails) -> BillingDetails:
    known = held or BillingDetails()
    return BillingDetails(
        name=given.name or known.name,
        email=given.email or known.email,
        phone=given.phone or known.phone,
        address=given.address or known.address,
    )


async def send_payment(desk: PaymentsDesk, checkout: Checkout, showing: Showing = ON_HOSTED_PAGE) -> Payment:
    """The shopper agrees, also to terms that need a tick: ask the bank. The payment as far as it is known.

    `showing` is kept with the plan: the page's language, and what was asked on it.
    """
    session, offer = checkout.session, checkout.offer
    assert session.payment_method_id is not None, "a card was typed"
    if checkout.has_lapsed:
        await _move(desk, replace(session, offer_id=None), CheckoutStep.CHOICE, CheckoutNotice.LAPSED)
        return checkout.payment
    step = CheckoutStep.CHOICE if checkout.payment.wish.is_enabled else CheckoutStep.CARD
    session = await _move(desk, session, step)
    command = AttemptCommand(
        payment_method_id=session.payment_method_id or "",
        offer_id=session.offer_id,
        acceptance=_accept(checkout, offer),
        is_hosted=True,
        is_in_full=session.offer_id is None,
        showing=showing,
    )
    payment_id = checkout.payment.payment_id
    try:
        view = await confirm_payment(desk, checkout.moment, payment_id, command, keeper=NothingKept())
    except PaymentRefused as refusal:
        if refusal.fault not in _ENDED | _OVERTAKEN:
            await _go_back(desk, session, refusal)
        return checkout.payment
    if view.payment.status is PaymentStatus.PENDING:
        after = find_step_after_decline(view.payment)
        if after is not session.step:
            await _move(desk, session, after)
    return view.payment


def _accept(checkout: Checkout, offer: PaymentOffer | None) -> TermsAcceptance | None:
    if offer is None or not offer.terms.acceptance_required:
        return None
    return TermsAcceptance(
        terms_id=offer.terms.terms_id,
        version=offer.terms.version,
        language=offer.terms.language,
        accepted_at=checkout.moment.now,
    )


async def _go_back(desk: PaymentsDesk, session: CheckoutSession, refusal: PaymentRefused) -> None:
    """A plan that does not stand: one more question, or back to the choice. Nothing was charged (§6.2, 7)."""
    if refusal.fault is Fault.CREDIT_INFORMATION_REQUIRED and refusal.param is not None:
        await _move(desk, replace(session, asked=refusal.param), CheckoutStep.DETAILS)
        return
    notice = _NOTICES.get(refusal.fault, CheckoutNotice.FAILED)
    step = CheckoutStep.CARD if session.step is CheckoutStep.CARD else CheckoutStep.CHOICE
    await _move(desk, replace(session, offer_id=None, asked=None), step, notice)


async def go_back(desk: PaymentsDesk, checkout: Checkout, step: CheckoutStep) -> None:
    """Another plan, or another card: what was chosen after that is forgotten."""
    if step is CheckoutStep.CHOICE and not checkout.payment.wish.is_enabled:
        step = CheckoutStep.CARD
    await _move(desk, replace(checkout.session, offer_id=None, asked=None), step)


async def leave(desk: PaymentsDesk, checkout: Checkout) -> None:
    """The shopper cancels: the payment ends. Raises PaymentRefused while the bank is being asked."""
    moment = checkout.moment

    async def work(connection: Connection) -> None:
        payment = await get_locked_payment(connection, moment, checkout.payment.payment_id)
        await go_on(connection, checkout.session, checkout.session.step)
        if payment.status in _WAITING:
            await check_idle(connection, payment)
            await stop_payment(connection, desk, moment, payment, Stop(reason=CancellationReason.ABANDONED))

    await desk.engine.database.run(work)


async def _move(
    desk: PaymentsDesk,
    session: CheckoutSession,
    step: CheckoutStep,
    notice: CheckoutNotice | None = None,
) -> CheckoutSession:
    return await desk.engine.database.run(lambda connection: go_on(connection, session, step, notice=notice))
