"""Paying with a card: the plan is settled, the attempt is written, the bank is asked, the outcome is written.

No transaction is open while anybody outside is asked. A payment has one attempt at a time, and money is taken
once (`spec/payments.md` §§3 and 4).
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from parcela.domain.orders import Outcome, TransactionKind
from parcela.domain.payments.declines import describe_decline, find_decline
from parcela.domain.payments.events import EventType
from parcela.domain.payments.payment_decisions import (
    MAX_HOSTED_ATTEMPTS,
    Submission,
    check_confirmable,
    decide_approval,
    decide_decline,
    decide_submission,
    decide_wish,
    find_refusal,
)
from parcela.domain.payments.plan_choices import PlanApproval, PlanAsked, PlanChoice
from parcela.domain.payments.plans import TermsAcceptance
from parcela.domain.payments.records import (
    CaptureMethod,
    InstallmentsRequest,
    Payment,
    PaymentMethod,
    PaymentStatus,
)
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.showings import BY_MERCHANT, ON_HOSTED_PAGE, Showing
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquirer_attempts import Spoken
from parcela.operations.acquiring import PaymentCard
from parcela.operations.payments.acquirer_profiles import check_acquirer
from parcela.operations.payments.agenda import drop_tasks, plan_task
from parcela.operations.payments.attempt_calls import (
    NewAttempt,
    begin_attempt,
    call_bank,
    check_idle,
    end_attempt,
    tell_payment,
)
from parcela.operations.payments.authenticating import AuthenticationQuestion
from parcela.operations.payments.captures import take_money
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.keeping import Keeper, NothingKept
from parcela.operations.payments.lending import ANSWER_S
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_links import PageKind, hash_token, make_token
from parcela.operations.payments.payment_methods import open_payment_card
from parcela.operations.payments.payment_reading import conclude_or_read, get_locked_payment, make_view
from parcela.operations.payments.plan_choice import approve_plan, choose_none, choose_plan
from parcela.operations.payments.plan_evidence import keep_declined
from parcela.operations.payments.plan_life import accept_plan, cancel_plan
from parcela.store.database import Connection
from parcela.store.payments import attempts, payment_methods, payments
from parcela.store.payments.attempts import PaymentAttempt

AUTHORIZATION_LIFE = timedelta(days=7)
CHALLENGE_LIFE = timedelta(hours=24)
"""So long a challenge waits; by then the security code is gone as well."""
_DECLINED_PLANS = frozenset({Fault.PLAN_DECLINED, Fault.CREDIT_DECLINED, Fault.NO_PLAN_AVAILABLE})
"""These are answers of 402, which are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCommand:
    """A card for a payment. `wish` None: what was asked on create stands. `is_hosted`: from the hosted page,
    where a refused card may be followed by another. `is_in_full`: the shopper saw the plans and takes none.
    `showing` tells how the plan was shown, and what was asked.
    """

    payment_method_id: str
    wish: InstallmentsRequest | None = None
    offer_id: str | None = None
    acceptance: TermsAcceptance | None = None
    return_url: str | None = None
    is_hosted: bool = False
    is_in_full: bool = False
    showing: Showing = BY_MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A payment with the card that is to pay it, checked before anything is written."""

    payment: Payment
    method: PaymentMethod
    card: PaymentCard = field(repr=False)
    needs_challenge: bool
    command: AttemptCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class _SettledPlan:
    """What a wish came to. `approval` is there with an offer."""

    wish: InstallmentsRequest
    choice: PlanChoice
    approval: PlanApproval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submitted:
    """A payment with its attempt, written and not yet sent."""

    payment: Payment
    attempt: PaymentAttempt
    view: PaymentView


async def confirm_payment(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment_id: str,
    command: AttemptCommand,
    *,
    keeper: Keeper[PaymentView],
) -> PaymentView:
    """Pay a pending payment with a card, with the plan that is wished for (§4, §6.4).

    Raises PaymentRefused: unknown payment or method, not pending, another call at work, a method that cannot
    be used, nobody to say whether it is challenged, no return address for a challenge, what `choose_plan` and
    `approve_plan` refuse (it stays pending), and a decline (402; it failed).
    """
    check_acquirer(desk, moment)
    async with desk.engine.database.connection() as connection:
        payment = await payments.find_payment(connection, moment.owner, payment_id)
        if payment is None:
            raise refuse_missing("payment", payment_id)
        await check_idle(connection, payment)
    check_confirmable(payment)
    prepared = await prepare_attempt(desk, moment, payment, command)
    return await pay(desk, moment, prepared, keeper=keeper)


async def prepare_attempt(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, command: AttemptCommand
) -> Prepared:
    """Find the card of a payment, and whether it will be challenged. Writes nothing.

    Raises PaymentRefused: unknown method, one of another customer, nobody says whether it is challenged, no
    return address for a challenge.
    """
    async with desk.engine.database.connection() as connection:
        held = await payment_methods.find_open_method(connection, moment.owner, command.payment_method_id)
    if held is None:
        raise refuse_missing("payment method", command.payment_method_id, param="paymentMethod")
    method = held.method
    if None not in (method.customer_id, payment.customer_id) and method.customer_id != payment.customer_id:
        raise PaymentRefused(
            Fault.PAYMENT_METHOD_UNUSABLE,
            "The payment method belongs to another customer than the payment.",
            param="paymentMethod",
            resource=method.payment_method_id,
        )
    card = open_payment_card(desk, held)
    question = AuthenticationQuestion(
        digits=card.digits,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        is_live=moment.is_live,
    )
    needs_challenge = await _ask_challenge(desk, question)
    if needs_challenge and (command.return_url or payment.return_url) is None:
        raise PaymentRefused(
            Fault.PARAMETER_MISSING,
            "'returnUrl' is required: the card's issuer asks for 3-D Secure, and the shopper must come back.",
            param="returnUrl",
        )
    return Prepared(
        payment=payment, method=method, card=card, needs_challenge=needs_challenge, command=command
    )


async def _ask_challenge(desk: PaymentsDesk, question: AuthenticationQuestion) -> bool:
    """Will the cardholder be asked who they are? Raises PaymentRefused (UPSTREAM_ERROR) after 3 s of silence.

    Silence is no word that nobody asks: a card is not charged on a guess.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            return await desk.authenticator.needs_challenge(question)
    except TimeoutError as fault:
        raise PaymentRefused(
            Fault.UPSTREAM_ERROR,
            "Nobody says whether the card's issuer asks for 3-D Secure. Nothing was charged; send it again.",
        ) from fault


async def pay(
    desk: PaymentsDesk,
    moment: AccountMoment,
    prepared: Prepared,
    *,
    keeper: Keeper[PaymentView],
    is_new: bool = False,
) -> PaymentView:
    """Settle the plan, write the attempt and ask the bank. Raises PaymentRefused as `confirm_payment`.

    `is_new`: the same call made the payment, so that whatever is refused now is its answer for good.
    """
    try:
        settled = await _settle_plan(desk, moment, prepared)
    except PaymentRefused as refusal:
        refusal.resource = refusal.resource or prepared.payment.payment_id
        if is_new or refusal.fault in _DECLINED_PLANS:
            async with desk.engine.database.transaction() as connection:
                await keeper.keep_refusal(connection, refusal)
        raise

    async def write(connection: Connection) -> _Submitted:
        submitted = await _submit(connection, desk, moment, prepared, settled)
        await keeper.bind(connection, submitted.payment.payment_id)
        if prepared.needs_challenge:
            await keeper.keep(connection, submitted.view)
        return submitted

    submitted = await desk.engine.database.run(write)
    if prepared.needs_challenge:
        return submitted.view
    view = await send_submitted(
        desk, moment, submitted.payment, submitted.attempt, prepared.card, keeper=keeper
    )
    refused = find_refusal(view.payment)
    if refused is not None:
        raise refused
    return view


async def _settle_plan(desk: PaymentsDesk, moment: AccountMoment, prepared: Prepared) -> _SettledPlan:
    """What the wish comes to, and the word of the issuer or lender on it. Raises PaymentRefused."""
    command, payment = prepared.command, prepared.payment
    wish = decide_wish(payment, command.wish)
    if not wish.is_enabled:
        return _SettledPlan(wish=wish, choice=PlanChoice(), approval=None)
    if command.is_in_full:
        choice = await choose_none(desk, moment, payment, prepared.method, wish)
        return _SettledPlan(wish=wish, choice=choice, approval=None)
    asked = PlanAsked(offer_id=command.offer_id, acceptance=command.acceptance)
    choice = await choose_plan(desk, moment, payment, prepared.method, wish, asked)
    approval = None
    if choice.offer is not None:
        approval = await approve_plan(desk, moment, payment, prepared.method, choice)
    return _SettledPlan(wish=wish, choice=choice, approval=approval)


async def _submit(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    prepared: Prepared,
    settled: _SettledPlan,
) -> _Submitted:
    """Write the attempt with the plan that it accepts. Raises PaymentRefused."""
    command, owner = prepared.command, moment.owner
    payment = await get_locked_payment(connection, moment, prepared.payment.payment_id)
    await check_idle(connection, payment)
    check_confirmable(payment)
    if not await payment_methods.update_used(connection, owner, command.payment_method_id):
        raise refuse_missing("payment method", command.payment_method_id, param="paymentMethod")
    choice, plan = settled.choice, None
    if choice.offer is not None:
        choice = replace(choice, showing=command.showing)
        plan = await accept_plan(connection, desk, moment, payment, choice, settled.approval)
    submission = Submission(
        payment_method_id=command.payment_method_id,
        wish=settled.wish,
        needs_challenge=prepared.needs_challenge,
        return_url=command.return_url,
        plan_id=None if plan is None else plan.plan_id,
        resolved_count=None if plan is None else plan.offer.count,
        issuer_program=None if plan is None else plan.offer.program_name,
        unavailable=choice.unavailable,
        ignored=choice.ignored,
    )
    submitted = decide_submission(payment, submission)
    await payments.update_payment(connection, submitted, was=payment.status)
    attempt = await begin_attempt(connection, moment, submitted, _draw_attempt(desk, submitted, command))
    if prepared.needs_challenge:
        event = EventType.PAYMENT_REQUIRES_AUTHENTICATION
        await _limit_challenge(connection, moment, submitted)
    else:
        event = EventType.PAYMENT_PROCESSING
        await payment_methods.update_code_wiped(connection, owner, command.payment_method_id)
    view = await make_view(connection, submitted)
    await tell_payment(connection, desk, moment, view, event)
    return _Submitted(payment=submitted, attempt=attempt, view=view)


def _draw_attempt(desk: PaymentsDesk, payment: Payment, command: AttemptCommand) -> NewAttempt:
    is_held = payment.capture_method is CaptureMethod.MANUAL
    token = make_token(desk.engine.vault, payment.owner.tenant_id, PageKind.CHALLENGE, payment.payment_id)
    is_challenged = payment.status is PaymentStatus.REQUIRES_AUTHENTICATION
    return NewAttempt(
        kind=TransactionKind.AUTHORIZATION if is_held else TransactionKind.PAYMENT,
        amount_minor=payment.amount_minor,
        is_hosted=command.is_hosted,
        challenge_key=hash_token(token) if is_challenged else None,
    )


async def _limit_challenge(connection: Connection, moment: AccountMoment, payment: Payment) -> None:
    """A challenge without a hosted session around it ends by itself too."""
    if not payment.has_checkout:
        due_at = moment.now + CHALLENGE_LIFE
        await plan_task(connection, moment.owner, TaskKind.EXPIRE_CHECKOUT, payment.payment_id, due_at=due_at)


async def send_submitted(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    attempt: PaymentAttempt,
    card: PaymentCard,
    *,
    keeper: Keeper[PaymentView] | None = None,
) -> PaymentView:
    """Ask the bank about an attempt that is written, and write its answer, unless somebody did meanwhile."""
    spoken = await call_bank(desk, moment, payment, attempt, card=card)
    concluding = conclude_purchase(desk, moment, attempt, spoken, keeper=keeper)
    return await conclude_or_read(desk, moment, payment.payment_id, concluding)


async def conclude_purchase(
    desk: PaymentsDesk,
    moment: AccountMoment,
    attempt: PaymentAttempt,
    spoken: Spoken,
    *,
    keeper: Keeper[PaymentView] | None = None,
    task: Task | None = None,
) -> PaymentView:
    """Write what came of a card. Raises Superseded, TaskLost, with nothing written."""
    keeping: Keeper[PaymentView] = keeper or NothingKept()

    async def work(connection: Connection) -> PaymentView:
        payment = await get_locked_payment(connection, moment, attempt.payment_id)
        if spoken.outcome is Outcome.UNKNOWN:
            await attempts.release_attempt(connection, attempt)
            view = await make_view(connection, payment)
            await keeping.keep(connection, view)
            return view
        await end_attempt(connection, moment, attempt, spoken, task=task)
        if spoken.outcome is Outcome.APPROVED:
            view = await _write_approved(connection, desk, moment, payment, spoken)
        else:
            facts = spoken.facts
            decline = find_decline(spoken.outcome, None if facts is None else facts.response_code)
            declined = decide_decline(
                payment,
                decline=decline,
                message=describe_decline(spoken.outcome, decline),
                may_try_again=may_try_again(attempt),
            )
            view = await write_declined(connection, desk, moment, payment, declined)
        if view.payment.status is not PaymentStatus.PENDING:
            showing = ON_HOSTED_PAGE if attempt.is_hosted else BY_MERCHANT
            await keep_declined(connection, desk, moment, view.payment.payment_id, showing=showing)
        refusal = find_refusal(view.payment)
        if refusal is None:
            await keeping.keep(connection, view)
        else:
            await keeping.keep_refusal(connection, refusal)
        return view

    return await desk.engine.database.run(work)


def may_try_again(attempt: PaymentAttempt) -> bool:
    """May the shopper try another card? On the hosted page, five in all (§3.2)."""
    return attempt.is_hosted and attempt.number < MAX_HOSTED_ATTEMPTS


async def _write_approved(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, spoken: Spoken
) -> PaymentView:
    approved = decide_approval(payment, at=moment.now)
    await payments.update_payment(connection, approved, was=payment.status)
    await drop_tasks(connection, moment.owner, TaskKind.EXPIRE_CHECKOUT, [payment.payment_id])
    if approved.status is PaymentStatus.COMPLETED:
        return await take_money(connection, desk, moment, approved, spoken)
    await plan_task(
        connection,
        moment.owner,
        TaskKind.LAPSE_AUTHORIZATION,
        payment.payment_id,
        due_at=moment.now + AUTHORIZATION_LIFE,
    )
    view = await make_view(connection, approved)
    await tell_payment(connection, desk, moment, view, EventType.PAYMENT_AUTHORIZED)
    return view


async def write_declined(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment, declined: Payment
) -> PaymentView:
    """A refused card: its plan falls, and the payment fails unless another card may be tried."""
    await payments.update_payment(connection, declined, was=payment.status)
    if payment.plan_id is not None:
        await cancel_plan(connection, desk, moment, payment.plan_id, "payment_failed")
    view = await make_view(connection, declined)
    if declined.status is PaymentStatus.FAILED:
        await drop_tasks(connection, moment.owner, TaskKind.EXPIRE_CHECKOUT, [payment.payment_id])
        await tell_payment(connection, desk, moment, view, EventType.PAYMENT_FAILED)
    return view


async def recover_payment(desk: PaymentsDesk, moment: AccountMoment, payment_id: str) -> PaymentView | None:
    """What became of a payment whose first call ended on its way; None while the bank is still being asked.

    Raises PaymentRefused for one that failed.
    """
    async with desk.engine.database.connection() as connection:
        payment = await payments.find_payment(connection, moment.owner, payment_id)
        if payment is None:
            raise refuse_missing("payment", payment_id)
        held = await attempts.find_attempt_under_way(connection, moment.owner, payment_id)
        if held is not None and held.state == "sent":
            return None
        view = await make_view(connection, payment)
    refusal = find_refusal(payment)
    if refusal is not None:
        raise refusal
    return view
