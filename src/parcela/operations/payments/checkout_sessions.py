"""The hosted page's way from card to money, one form at a time (`spec/payments.md` §15).

Every form carries a token that is bound to payment, browser, step and serial. Taking a form raises the
serial, so that the same form again finds nothing to do.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace

from parcela.domain.payments.checkout import (
    STEP_FORMS,
    CheckoutNotice,
    CheckoutSession,
    CheckoutState,
    CheckoutStep,
    find_state,
)
from parcela.domain.payments.payment_decisions import MAX_HOSTED_ATTEMPTS
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.payments.records import Payment, PaymentMethod
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.payments.agenda import find_account_moment
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import PageKind, hash_token, make_token
from parcela.operations.payments.payment_reading import make_view
from parcela.store.database import Connection
from parcela.store.payments import attempts, checkout_sessions, offers, payment_methods, payments

BROWSER_BYTES = 32
MAX_FORMS = 200
"""So many forms are taken for one payment, of all browsers: nobody tries out cards without end."""


class CheckoutMissing(Exception):
    """There is no page with this token."""


class FormForged(Exception):
    """The form was not made by us for this browser, payment and step."""


class FormUsed(Exception):
    """The form was taken before, or another one of its page: what is shown now is what came of it."""


class FormsExhausted(Exception):
    """Too many forms were taken for this payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The page of a payment as one browser sees it. `method` is the card that it has typed.

    `tries_left` counts the cards that may still be sent to the bank, `forms_left` the forms that are taken.
    """

    moment: AccountMoment
    view: PaymentView
    session: CheckoutSession
    method: PaymentMethod | None
    offer: PaymentOffer | None
    tries_left: int
    forms_left: int
    form_token: str = field(repr=False)

    @property
    def payment(self) -> Payment:
        """The payment without its plan."""
        return self.view.payment

    @property
    def has_lapsed(self) -> bool:
        """Was an offer chosen that has ended since?"""
        return self.offer is not None and self.offer.expires_at <= self.moment.now

    @property
    def state(self) -> CheckoutState:
        """What is shown."""
        return find_state(self.payment, self.session, now=self.moment.now)

    def read_in(self, language: str) -> "Checkout":
        """The page for a shopper who reads this language: plans are listed in it, a chosen one keeps its own.

        Nothing of it is written: the payment's own `locale` stays.
        """
        agreed = self.view.plan
        chosen = self.offer if agreed is None else agreed.offer
        if chosen is not None and self.state not in (CheckoutState.CARD, CheckoutState.CHOICE):
            language = chosen.language
        payment = replace(self.payment, locale=language)
        return replace(self, view=replace(self.view, payment=payment))


async def find_checkout(desk: PaymentsDesk, token: str, *, browser: str) -> Checkout:
    """The page behind a token, for the browser with this secret. Writes nothing. Raises CheckoutMissing."""
    engine = desk.engine
    world = await engine.look()
    async with engine.database.connection() as connection:
        payment = await payments.find_payment_of_checkout(connection, MAIN_TENANT, hash_token(token))
    if payment is None:
        raise CheckoutMissing
    moment = await find_account_moment(engine, world, payment.owner)
    if moment is None:
        raise CheckoutMissing
    async with engine.database.connection() as connection:
        return await _read(connection, desk, moment, payment, browser=browser)


async def _read(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, *, browser: str
) -> Checkout:
    browser_key = hashlib.sha256(browser.encode()).digest()
    session = await checkout_sessions.find_session(
        connection, payment.owner, payment_id=payment.payment_id, browser_key=browser_key
    )
    if session is None:
        session = CheckoutSession(owner=payment.owner, payment_id=payment.payment_id, browser_key=browser_key)
    method = await _find_method(connection, session)
    if method is None:
        # A card that was not used is forgotten after a day.
        session = replace(session, step=CheckoutStep.CARD, payment_method_id=None, offer_id=None)
    tries = await attempts.count_attempts(connection, payment.owner, payment.payment_id)
    forms = await checkout_sessions.count_forms(connection, payment.owner, payment.payment_id)
    return Checkout(
        moment=moment,
        view=await make_view(connection, payment),
        session=session,
        method=method,
        offer=await find_shown_offer(connection, session, session.offer_id),
        tries_left=max(MAX_HOSTED_ATTEMPTS - tries, 0),
        forms_left=max(MAX_FORMS - forms, 0),
        form_token=_make_form_token(desk, session),
    )


async def _find_method(connection: Connection, session: CheckoutSession) -> PaymentMethod | None:
    if session.payment_method_id is None:
        return None
    return await payment_methods.find_payment_method(connection, session.owner, session.payment_method_id)


async def find_shown_offer(
    connection: Connection, session: CheckoutSession, offer_id: str | None
) -> PaymentOffer | None:
    """An offer that was shown for this payment with this card, also one that has lapsed."""
    if offer_id is None or session.payment_method_id is None:
        return None
    found = await offers.find_shown_offer(
        connection,
        session.owner,
        offer_id=offer_id,
        payment_id=session.payment_id,
        payment_method_id=session.payment_method_id,
    )
    return None if found is None else found[1]


def check_form(desk: PaymentsDesk, checkout: Checkout, form_token: str, form: str) -> None:
    """May this form be taken now? Raises FormForged, FormUsed, FormsExhausted."""
    serial, _, _ = form_token.partition(".")
    if not (serial.isascii() and serial.isdigit() and len(serial) <= 18):
        raise FormForged
    told = replace(checkout.session, serial=int(serial))
    tokens = [_make_form_token(desk, replace(told, step=step)) for step in CheckoutStep]
    if not any(hmac.compare_digest(form_token.encode(), token.encode()) for token in tokens):
        raise FormForged
    step, state = checkout.session.step, checkout.state
    is_waiting = state is CheckoutState(step) or (form == "cancel" and state is CheckoutState.CHALLENGE)
    if form_token != checkout.form_token or not is_waiting or form not in STEP_FORMS[step]:
        raise FormUsed
    if not checkout.forms_left and form != "cancel":
        raise FormsExhausted


def _make_form_token(desk: PaymentsDesk, session: CheckoutSession) -> str:
    """The token of a session's forms at its step: the serial, and a keyed hash over all they are bound to."""
    subject = f"{session.payment_id}|{session.browser_key.hex()}|{session.step}|{session.serial}|form"
    token = make_token(desk.engine.vault, session.owner.tenant_id, PageKind.CHECKOUT, subject)
    return f"{session.serial}.{token}"


async def go_on(
    connection: Connection,
    session: CheckoutSession,
    step: CheckoutStep,
    *,
    notice: CheckoutNotice | None = None,
) -> CheckoutSession:
    """Take a form: its session goes to a step. Raises FormUsed if another form was taken first."""
    after = replace(session, serial=session.serial + 1, step=step, notice=notice)
    if not await checkout_sessions.save_session(connection, after):
        raise FormUsed
    return after
