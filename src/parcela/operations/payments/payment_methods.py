"""Cards that are kept to pay with: sealed in the vault, known by a name (`spec/payments.md` §5).

The number never comes back. The security code is sealed apart, wiped with the first authorization, and never
kept longer than a day.
"""

import base64
from dataclasses import dataclass, field, replace
from datetime import timedelta

from parcela.domain.card_brands import find_brand
from parcela.domain.cards import Pan, passes_luhn
from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.records import BillingDetails, CardFacts, PaymentMethod
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.acquiring import PaymentCard
from parcela.operations.payments.agenda import plan_task, settle_task
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.keeping import Keeper
from parcela.operations.payments.moment import AccountMoment
from parcela.store import cards
from parcela.store.database import Connection
from parcela.store.payments import customers, payment_methods
from parcela.store.payments.payment_methods import OpenMethod
from parcela.store.vault_keys import SealedContent

METHOD_LIFE = timedelta(hours=24)
_FINGERPRINT_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCard:
    """A card as its holder typed it: 12 to 19 digits, a year of four digits, a code of three or four."""

    digits: str = field(repr=False)
    expiry_month: int
    expiry_year: int
    security_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCommand:
    """A card to be kept, for a customer or for one payment."""

    card: TypedCard
    billing: BillingDetails | None = field(default=None, repr=False)
    customer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseCommand:
    """A card that is kept already, under another name: `token` is the id of its payment method."""

    token: str
    billing: BillingDetails | None = field(default=None, repr=False)
    customer_id: str | None = None


async def create_payment_method(
    desk: PaymentsDesk, moment: AccountMoment, command: MethodCommand, *, keeper: Keeper[PaymentMethod]
) -> PaymentMethod:
    """Seal a card and give it a name.

    Raises PaymentRefused, which never holds the number: no card number, no brand, expired, a code of another
    length, unknown customer; then nothing is written.
    """
    pan = Pan(_check_number(command.card.digits))
    facts = _describe_card(desk, moment, command.card, pan)
    tenant_id = moment.owner.tenant_id
    method_id = new_id(desk, moment, Prefix.PAYMENT_METHOD)
    sealed = desk.engine.vault.seal_pan(tenant_id, desk.engine.ids.new_uuid(), pan)
    code = _seal_code(desk, moment, method_id, command.card.security_code)

    async def work(connection: Connection) -> PaymentMethod:
        card_ids = await cards.save_cards(connection, [sealed])
        method = PaymentMethod(
            payment_method_id=method_id,
            owner=moment.owner,
            card_id=card_ids[sealed.pan_index],
            card=facts,
            billing=command.billing,
            customer_id=command.customer_id,
            created_at=moment.now,
        )
        return await _insert(connection, desk, moment, method, code=code, keeper=keeper)

    return await desk.engine.database.run(work)


async def reuse_payment_method(
    desk: PaymentsDesk, moment: AccountMoment, command: ReuseCommand, *, keeper: Keeper[PaymentMethod]
) -> PaymentMethod:
    """Give a kept card another name, such as for the customer to whom it belongs; without a security code.

    Raises PaymentRefused: unknown token or customer, a card that belongs to another customer.
    """
    async with desk.engine.database.connection() as connection:
        held = await payment_methods.find_payment_method(connection, moment.owner, command.token)
    if held is None:
        raise refuse_missing("payment method", command.token, param="token")
    if held.customer_id not in (None, command.customer_id):
        raise PaymentRefused(
            Fault.PAYMENT_METHOD_UNUSABLE,
            "The payment method belongs to a customer: send the same customer, or another card.",
            param="customer",
            resource=held.payment_method_id,
        )
    method = replace(
        held,
        payment_method_id=new_id(desk, moment, Prefix.PAYMENT_METHOD),
        billing=command.billing or held.billing,
        customer_id=command.customer_id,
        created_at=moment.now,
    )

    async def work(connection: Connection) -> PaymentMethod:
        if not await payment_methods.hold_payment_method(connection, moment.owner, held.payment_method_id):
            raise refuse_missing("payment method", command.token, param="token")
        return await _insert(connection, desk, moment, method, code=None, keeper=keeper)

    return await desk.engine.database.run(work)


async def get_payment_method(
    desk: PaymentsDesk, moment: AccountMoment, payment_method_id: str, *, param: str | None = None
) -> PaymentMethod:
    """A payment method. Raises PaymentRefused for one that this account has not in this mode.

    `param` is the request's member that names it, if it is not the address itself.
    """
    async with desk.engine.database.connection() as connection:
        found = await payment_methods.find_payment_method(connection, moment.owner, payment_method_id)
    if found is None:
        raise refuse_missing("payment method", payment_method_id, param=param)
    return found


async def forget_payment_method(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """FORGET_PAYMENT_METHOD, after a day: a method that nobody used goes, a security code in any case.

    Its number is erased by housekeeping, unless another record needs the same card.
    """

    async def work(connection: Connection) -> None:
        await payment_methods.update_code_wiped(connection, moment.owner, task.subject_id)
        await payment_methods.delete_if_unused(connection, moment.owner, task.subject_id)
        await settle_task(connection, task)

    await desk.engine.database.run(work)


def open_payment_card(desk: PaymentsDesk, held: OpenMethod) -> PaymentCard:
    """The card in clear, for a message to the bank."""
    facts, tenant_id = held.method.card, held.method.owner.tenant_id
    code = None
    if held.code is not None:
        context = _name_context(held.method.payment_method_id)
        code = desk.engine.vault.open_content(tenant_id, context, held.code).decode()
    return PaymentCard(
        digits=desk.engine.vault.open_pan(held.card).digits,
        expiry_month=f"{facts.expiry_month:02d}",
        expiry_year=f"{facts.expiry_year % 100:02d}",
        security_code=code,
        holder_name=None if held.method.billing is None else held.method.billing.name,
    )


async def _insert(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    method: PaymentMethod,
    *,
    code: SealedContent | None,
    keeper: Keeper[PaymentMethod],
) -> PaymentMethod:
    customer_id = method.customer_id
    if customer_id is not None and not await customers.find_customer(connection, moment.owner, customer_id):
        raise refuse_missing("customer", customer_id, param="customer")
    await payment_methods.insert_payment_method(connection, method, code=code)
    if code is not None or customer_id is None:
        await plan_task(
            connection,
            moment.owner,
            TaskKind.FORGET_PAYMENT_METHOD,
            method.payment_method_id,
            due_at=moment.now + METHOD_LIFE,
        )
    document = desk.renderer.render_payment_method(method)
    happening = Happening(EventType.PAYMENT_METHOD_CREATED, method.payment_method_id, document)
    await tell(connection, desk, moment, [happening])
    await keeper.keep(connection, method)
    return method


def _check_number(digits: str) -> str:
    if not passes_luhn(digits) or find_brand(digits) is None:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID,
            "'card.number' must be the whole number of a card, digits only.",
            param="card.number",
        )
    return digits


def _describe_card(desk: PaymentsDesk, moment: AccountMoment, card: TypedCard, pan: Pan) -> CardFacts:
    """What may be shown of a card. Raises PaymentRefused for one that has expired."""
    brand = find_brand(pan.digits)
    assert brand is not None, "the number was checked"
    if (card.expiry_year, card.expiry_month) < (moment.today.year, moment.today.month):
        raise PaymentRefused(
            Fault.PARAMETER_INVALID, "The card has expired: 'card.expYear' is over.", param="card.expYear"
        )
    tenant_id = moment.owner.tenant_id
    found = moment.world.catalogue(tenant_id).find_range(pan.padded)
    subject = f"card|{moment.owner.client_id}|{moment.is_live}|{pan.digits}"
    fingerprint = desk.engine.vault.fingerprint(tenant_id, subject.encode())[:_FINGERPRINT_BYTES]
    return CardFacts(
        brand=brand,
        last_four=pan.last_four,
        expiry_month=card.expiry_month,
        expiry_year=card.expiry_year,
        country=None if found is None else found.account_range.country,
        funding=None if found is None else found.account_range.funding,
        fingerprint=base64.b32encode(fingerprint).decode().lower(),
    )


def _seal_code(
    desk: PaymentsDesk, moment: AccountMoment, method_id: str, code: str | None
) -> SealedContent | None:
    if code is None:
        return None
    return desk.engine.vault.seal_content(moment.owner.tenant_id, _name_context(method_id), code.encode())


def _name_context(method_id: str) -> str:
    return f"payment-method|{method_id}|code"
