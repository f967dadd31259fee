"""Creating payments (`spec/payments.md` §4): for the hosted page, to be confirmed later, or paid at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.records import (
    BillingDetails,
    CaptureMethod,
    InstallmentsRequest,
    Payment,
    PaymentStatus,
)
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments.acquirer_profiles import check_acquirer
from parcela.operations.payments.agenda import plan_task
from parcela.operations.payments.attempt_calls import tell_payment
from parcela.operations.payments.desk import PaymentsDesk, PaymentView
from parcela.operations.payments.events import new_id
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.payment_attempts import AttemptCommand, pay, prepare_attempt
from parcela.operations.payments.payment_links import PageKind, hash_token, make_token
from parcela.store.database import Connection
from parcela.store.payments import customers, payment_methods, payments

CHECKOUT_LIFE = timedelta(minutes=1440)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCommand:
    """A payment as the merchant wants it. `attempt` is the card that is to pay it at once; one that is named
    by `payment_method_id` alone waits with the payment.

    `has_checkout`: the shopper pays on the hosted page, within `checkout_life`. `locale` None: the account's.
    """

    amount_minor: int
    currency: str
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    description: str | None = None
    reference: str | None = None
    customer_id: str | None = None
    return_url: str | None = None
    locale: str | None = None
    billing: BillingDetails | None = field(default=None, repr=False)
    wish: InstallmentsRequest = field(default_factory=InstallmentsRequest)
    metadata: Mapping[str, str] = field(default_factory=dict)
    has_checkout: bool = False
    checkout_life: timedelta = CHECKOUT_LIFE
    payment_method_id: str | None = None
    attempt: AttemptCommand | None = None


async def create_payment(
    desk: PaymentsDesk, moment: AccountMoment, command: PaymentCommand, *, keeper: Keeper[PaymentView]
) -> PaymentView:
    """Make a payment, and pay it if a card is given.

    Raises PaymentRefused: no acquirer, no return address for the page, unknown customer or payment
    method, what `prepare_attempt` refuses; then nothing is written. What is refused after
    that, as `confirm_payment` says, leaves the payment, which the refusal names.
    """
    check_acquirer(desk, moment)
    if command.has_checkout and command.return_url is None:
        raise PaymentRefused(
            Fault.PARAMETER_MISSING,
            "'returnUrl' is required: the hosted page sends the shopper back there."
            " Send confirm false to take the card yourself.",
            param="returnUrl",
        )
    await _check_customer(desk, moment, command.customer_id)
    payment = _draw_payment(desk, moment, command)
    attempt = command.attempt
    prepared = None if attempt is None else await prepare_attempt(desk, moment, payment, attempt)

    async def write(connection: Connection) -> PaymentView:
        view = await _insert(connection, desk, moment, payment)
        if prepared is None:
            await keeper.keep(connection, view)
        else:
            await keeper.bind(connection, payment.payment_id)
        return view

    view = await desk.engine.database.run(write)
    if prepared is None:
        return view
    return await pay(desk, moment, prepared, keeper=keeper, is_new=True)


async def _check_customer(desk: PaymentsDesk, moment: AccountMoment, customer_id: str | None) -> None:
    if customer_id is None:
        return
    async with desk.engine.database.connection() as connection:
        found = await customers.find_customer(connection, moment.owner, customer_id)
    if found is None:
        raise refuse_missing("customer", customer_id, param="customer")


def _draw_payment(desk: PaymentsDesk, moment: AccountMoment, command: PaymentCommand) -> Payment:
    return Payment(
        payment_id=new_id(desk, moment, Prefix.PAYMENT),
        owner=moment.owner,
        status=PaymentStatus.PENDING,
        amount_minor=command.amount_minor,
        currency=command.currency,
        capture_method=command.capture_method,
        description=command.description,
        reference=command.reference,
        customer_id=command.customer_id,
        payment_method_id=command.payment_method_id,
        return_url=command.return_url,
        has_checkout=command.has_checkout,
        expires_at=moment.now + command.checkout_life if command.has_checkout else None,
        locale=command.locale or moment.account.locale,
        has_own_locale=command.locale is not None,
        billing=command.billing,
        wish=command.wish,
        metadata=command.metadata,
        created_at=moment.now,
    )


async def _insert(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, payment: Payment
) -> PaymentView:
    """Write a new payment, the end of its page, and its event."""
    checkout_key = None
    if payment.expires_at is not None:
        token = make_token(desk.engine.vault, moment.owner.tenant_id, PageKind.CHECKOUT, payment.payment_id)
        checkout_key = hash_token(token)
    method_id = payment.payment_method_id
    if method_id is not None and not await payment_methods.update_used(connection, payment.owner, method_id):
        raise refuse_missing("payment method", method_id, param="paymentMethod")
    await payments.insert_payment(connection, payment, checkout_key=checkout_key)
    if payment.expires_at is not None:
        await plan_task(
            connection,
            moment.owner,
            TaskKind.EXPIRE_CHECKOUT,
            payment.payment_id,
            due_at=payment.expires_at,
        )
    view = PaymentView(payment=payment)
    await tell_payment(connection, desk, moment, view, EventType.PAYMENT_CREATED)
    return view
