"""Card accounts: opened when a card is first heard of, and looked at by people of the issuer."""

from dataclasses import dataclass
from datetime import date

from parcela.domain.calendar import add_months
from parcela.domain.cards import CardFunding, Pan
from parcela.domain.catalogue import Catalogue
from parcela.domain.changes import Person, Role
from parcela.domain.currency import find_currency
from parcela.domain.errors import InvalidInput, NotAllowed, NotFound, UnknownToken
from parcela.domain.ids import is_uuid
from parcela.domain.ledger import LedgerCode
from parcela.domain.programs import Issuer, Program
from parcela.domain.servicing.records import CardAccount, ServicedPlan
from parcela.operations.account_work import sum_holds
from parcela.operations.cards import resolve_funding_card
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.store import account_transactions, card_accounts, cards, ledger, serviced_plans
from parcela.store.account_transactions import StoredTransaction
from parcela.store.card_accounts import AccountFace
from parcela.store.database import Connection

__all__ = [
    "AccountFace",
    "AccountView",
    "CardOwner",
    "StoredTransaction",
    "check_may_service",
    "check_may_tell",
    "find_card_owner",
    "get_account",
    "list_account_transactions",
    "list_accounts",
    "open_account",
    "view_account",
]

MAX_ACCOUNTS = 500
_LAST_STATEMENT_DAY = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOwner:
    """Who issued a card, and how the account behind it is funded."""

    provider_id: str
    funding: CardFunding


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account with its balances in minor units and its plans.

    `available_minor` is what an authorization may still use; `holds_minor` what open ones hold.
    """

    face: AccountFace
    balance_minor: int
    deposit_minor: int
    receivables_minor: int
    holds_minor: int
    available_minor: int
    plans: tuple[ServicedPlan, ...]


def find_card_owner(catalogue: Catalogue, pan: Pan, *, issuer_cid: str | None = None) -> CardOwner | None:
    """The issuer of a card by its account range, else by the company id that a notification names.

    A card outside all ranges, of a plan of another network, counts as a credit card.
    """
    found = catalogue.find_range(pan.padded)
    if found is not None:
        return CardOwner(provider_id=found.account_range.provider_id, funding=found.account_range.funding)
    if issuer_cid is None:
        return None
    for held in catalogue.entries.values():
        entry = held.entry
        if isinstance(entry, Issuer | Program) and entry.cid == issuer_cid:
            return CardOwner(provider_id=entry.provider_id, funding=CardFunding.CREDIT)
    return None


async def open_account(
    engine: Engine, connection: Connection, world: World, *, pan: Pan, owner: CardOwner, currency: str
) -> CardAccount:
    """The account of a card in a currency, made if there is none; its card number is sealed.

    Raises InvalidInput for a currency that no amount can be in.
    """
    pan_index = engine.vault.index_pan(MAIN_TENANT, pan.digits)
    found = await card_accounts.find_account_of_card(
        connection, MAIN_TENANT, pan_index=pan_index, currency=currency
    )
    if found is not None:
        return found
    card = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), pan)
    card_ids = await cards.save_cards(connection, [card])
    account = CardAccount(
        account_id=engine.ids.new_uuid(),
        card_id=card_ids[pan_index],
        provider_id=owner.provider_id,
        currency=currency,
        funding=owner.funding,
        credit_limit_minor=_find_limit(engine, owner.funding, currency),
        statement_day=min(world.now.day, _LAST_STATEMENT_DAY),
        opened_at=world.now,
    )
    next_on = find_next_statement(world.now.date(), account.statement_day)
    if await card_accounts.insert_account(connection, MAIN_TENANT, account, next_statement_on=next_on):
        return account
    rival = await card_accounts.find_account_of_card(
        connection, MAIN_TENANT, pan_index=pan_index, currency=currency
    )
    assert rival is not None, "the unique index names a committed account"
    return rival


def find_next_statement(day: date, statement_day: int) -> date:
    """The first statement day after a day."""
    this_month = day.replace(day=statement_day)
    return this_month if this_month > day else add_months(this_month, 1)


def check_may_service(person: Person) -> None:
    """Makers of an issuer and operators may act on accounts; checkers only look. Raises NotAllowed."""
    if person.role is Role.ISSUER_CHECKER:
        raise NotAllowed("Only issuer makers and operators may act on accounts and plans.")


async def check_may_tell(engine: Engine, world: World, person: Person, digits: str) -> None:
    """People of an issuer tell of its own cards only. Raises NotAllowed, InvalidInput."""
    check_may_service(person)
    if not (digits.isascii() and digits.isdigit() and 11 <= len(digits) <= 19):
        raise InvalidInput("card_number", "11 to 19 digits")
    try:
        funding = await resolve_funding_card(engine, world, tenant_id=person.tenant_id, digits=digits)
    except UnknownToken:
        raise InvalidInput("card_number", "a card number, or a token that is in the token map") from None
    owner = None
    if funding.pan is not None:
        owner = find_card_owner(world.catalogue(person.tenant_id), funding.pan)
    if person.provider_id is not None and (owner is None or owner.provider_id != person.provider_id):
        raise NotAllowed("This card is in no account range of your issuer.")


async def get_account(engine: Engine, person: Person, account_id: str) -> AccountFace:
    """An account of the person's issuer. Raises NotFound, for foreign ids alike."""
    found = None
    if is_uuid(account_id):
        async with engine.database.connection() as connection:
            found = await card_accounts.find_face(connection, person.tenant_id, account_id)
    if found is None or person.provider_id not in (None, found.account.provider_id):
        raise NotFound("card account", account_id)
    return found


async def list_accounts(
    engine: Engine,
    person: Person,
    *,
    last_four: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[AccountFace]:
    """Accounts of the person's issuer by id, from the one after `after`. Raises InvalidInput."""
    if not 1 <= limit <= MAX_ACCOUNTS:
        raise InvalidInput("limit", f"1 to {MAX_ACCOUNTS}", came=str(limit))
    if last_four is not None and not (last_four.isascii() and last_four.isdigit() and len(last_four) == 4):
        raise InvalidInput("last_four", "four digits")
    if after is not None and not is_uuid(after):
        raise InvalidInput("after_account", "the id of an account", came=repr(after))
    async with engine.database.connection() as connection:
        return await card_accounts.list_faces(
            connection,
            person.tenant_id,
            provider_id=person.provider_id,
            last_four=last_four,
            after=after,
            limit=limit,
        )


async def view_account(engine: Engine, person: Person, account_id: str) -> AccountView:
    """An account with balances and plans, as of one instant. Raises NotFound."""
    face = await get_account(engine, person, account_id)
    account = face.account
    async with (
        engine.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        plans = await serviced_plans.list_plans_of_account(connection, person.tenant_id, account_id)
        held = {
            balance.account.code: balance.balance_minor
            for balance in await ledger.list_balances(connection, person.tenant_id, account_id)
        }
        holding = await account_transactions.list_holding_transactions(
            connection, person.tenant_id, account_id
        )
    balance_minor = held.get(LedgerCode.CARD_BALANCE, 0)
    deposit_minor = held.get(LedgerCode.DEPOSIT, 0)
    receivables_minor = sum(plan.scheduled_principal_minor for plan in plans)
    holds_minor = sum_holds(holding, {plan.plan_id: plan for plan in plans})
    if account.credit_limit_minor is None:
        available_minor = deposit_minor - holds_minor
    else:
        available_minor = account.credit_limit_minor - balance_minor - receivables_minor - holds_minor
    return AccountView(
        face=face,
        balance_minor=balance_minor,
        deposit_minor=deposit_minor,
        receivables_minor=receivables_minor,
        holds_minor=holds_minor,
        available_minor=available_minor,
        plans=tuple(plans),
    )


async def list_account_transactions(
    engine: Engine, person: Person, account_id: str, *, limit: int = 100
) -> list[StoredTransaction]:
    """The newest transactions of an account. Raises NotFound, InvalidInput."""
    if not 1 <= limit <= MAX_ACCOUNTS:
        raise InvalidInput("limit", f"1 to {MAX_ACCOUNTS}", came=str(limit))
    await get_account(engine, person, account_id)
    async with engine.database.connection() as connection:
        return await account_transactions.list_transactions(
            connection, person.tenant_id, account_id, limit=limit
        )


def _find_limit(engine: Engine, funding: CardFunding, currency: str) -> int | None:
    """The policy's limit in minor units; a debit card has none."""
    known = find_currency(currency)
    if known is None:
        raise InvalidInput("currency", "a currency of ISO 4217", came=repr(currency))
    if funding is CardFunding.DEBIT:
        return None
    return engine.policy.servicing.credit_limit_major * int(10**known.exponent)
