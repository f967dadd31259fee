"""Offers for card transactions, shown once: the presentment of a transaction that counts.

Offers are shown to the issuer's own client, exactly as `POST /offers` of that client shows them, so that it
can accept them with `POST /plans`. A transaction shows one presentment as long as anybody can accept it; that
and the one plan that a presentment can become keep a purchase from being financed twice.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parcela.domain.cards import Pan
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.clients import Client, ClientRole
from parcela.domain.currency import find_currency
from parcela.domain.money import parse_major
from parcela.domain.offers import PresentedOffer
from parcela.domain.plans import Merchant, Presentment
from parcela.domain.post_purchase import (
    HIDDEN_INTERVALS,
    Obstacle,
    OfferedPurchase,
    Reason,
    describe_purchase,
    find_obstacles,
    find_offered_amount,
    find_range_obstacle,
    name_obstacle,
    name_rule,
)
from parcela.domain.servicing.records import AccountTransaction, CardAccount, TransactionFacts
from parcela.operations.engine import Engine, World
from parcela.operations.offers import OfferInquiry, present_offers
from parcela.store import account_transactions, card_accounts, cards, offerable_transactions, presentments
from parcela.store.account_transactions import StoredTransaction
from parcela.store.database import Connection
from parcela.store.offerable_transactions import ShownOffers

_LAST_ACCEPTANCES = timedelta(minutes=1)
"""An acceptance that came in time may still be being written: new offers wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offerable:
    """A transaction with the offers shown for it, or the reasons why there are none.

    `amount_minor` is what the offers finance. `merchant` and `facts` are what a plan request says of the
    purchase. `plan_id` is set once one of the offers was accepted.
    """

    transaction: AccountTransaction
    amount_minor: int
    merchant: Merchant
    facts: TransactionFacts
    offer_transaction_id: int | None = None
    expires_at: datetime | None = None
    offers: tuple[PresentedOffer, ...] = ()
    plan_id: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """A transaction to show offers for, with its card."""

    engine: Engine
    world: World
    tenant_id: int
    account: CardAccount
    pan: Pan
    stored: StoredTransaction


async def show_offers(
    engine: Engine, world: World, tenant_id: int, transaction_ids: list[str]
) -> list[Offerable]:
    """Transactions that are on record, each with its offers or the reasons why there are none."""
    cases: list[tuple[_Case, ShownOffers | None]] = []
    async with engine.database.connection() as connection:
        stored = await account_transactions.list_transactions_by_id(connection, tenant_id, transaction_ids)
        shown = await offerable_transactions.list_shown_offers(connection, tenant_id, transaction_ids)
        accounts: dict[str, tuple[CardAccount, Pan]] = {}
        for transaction_id in transaction_ids:
            one = stored[transaction_id]
            account_id = one.transaction.account_id
            if account_id not in accounts:
                accounts[account_id] = await _open_card(engine, connection, tenant_id, account_id)
            case = _Case(engine, world, tenant_id, *accounts[account_id], one)
            cases.append((case, shown.get(transaction_id)))
    return await asyncio.gather(*[_show(case, offers) for case, offers in cases])


async def _open_card(
    engine: Engine, connection: Connection, tenant_id: int, account_id: str
) -> tuple[CardAccount, Pan]:
    account = await card_accounts.find_account(connection, tenant_id, account_id)
    assert account is not None, "a foreign key keeps the account of every transaction"
    card = await cards.get_card(connection, tenant_id, account.card_id)
    return account, engine.vault.open_pan(card)


async def _show(case: _Case, shown: ShownOffers | None) -> Offerable:
    """The offers that stand, else new ones, else the reasons why there can be none."""
    transaction, asked_minor = case.stored.transaction, case.stored.amount_minor
    plan_id = transaction.plan_id or (shown.plan_id if shown is not None else None)
    plain = Offerable(
        transaction=transaction,
        amount_minor=find_offered_amount(transaction, asked_minor=asked_minor),
        merchant=transaction.merchant,
        facts=transaction.facts,
        plan_id=plan_id,
    )
    obstacles = find_obstacles(transaction, asked_minor=asked_minor, has_plan=plan_id is not None)
    if obstacles:
        return replace(plain, reasons=tuple(name_obstacle(obstacle) for obstacle in obstacles))
    described = describe_purchase(
        transaction.merchant,
        transaction.facts,
        amount_minor=plain.amount_minor,
        currency=transaction.currency,
    )
    if described is None:
        return _refuse(plain, Obstacle.COUNTRY_UNKNOWN)
    plain = replace(plain, merchant=described.merchant, facts=described.facts)
    if shown is not None:
        age = case.world.now - shown.presented_at
        if age <= case.engine.policy.post_purchase_offer_life:
            return await _show_again(case, plain, shown)
        if age <= case.engine.policy.post_purchase_offer_life + _LAST_ACCEPTANCES:
            return _refuse(plain, Obstacle.JUST_EXPIRED)
    return await _show_new(case, plain, described, replaced=shown)


async def _show_again(case: _Case, plain: Offerable, shown: ShownOffers) -> Offerable:
    """The offers as they were shown before; their amount counts, also if more or less was cleared since."""
    presentment = await find_presentment(case.engine, case.tenant_id, shown)
    if presentment is None:
        # Housekeeping forgot it in this very moment: nobody can accept it any more.
        return _refuse(plain, Obstacle.JUST_EXPIRED)
    currency = find_currency(presentment.purchase.currency)
    assert currency is not None
    return replace(
        plain,
        amount_minor=parse_major(presentment.purchase.amount, currency).minor,
        merchant=presentment.purchase.merchant,
        offer_transaction_id=shown.offer_transaction_id,
        expires_at=shown.presented_at + case.engine.policy.post_purchase_offer_life,
        offers=presentment.offers,
    )


async def _show_new(
    case: _Case, plain: Offerable, described: OfferedPurchase, *, replaced: ShownOffers | None
) -> Offerable:
    """Show offers to the issuer's client, and make them the ones that count."""
    obstacle = find_range_obstacle(_find_range(case))
    if obstacle is not None:
        return _refuse(plain, obstacle)
    client = find_issuer_client(case.world, case.account.provider_id)
    if client is None:
        return _refuse(plain, Obstacle.NO_CLIENT)
    inquiry = OfferInquiry(
        digits=case.pan.digits,
        purchase=described.purchase,
        merchant=described.merchant,
        hidden_intervals=HIDDEN_INTERVALS,
    )
    answer = await present_offers(case.engine, case.world, client, inquiry)
    if not answer.quotes:
        return replace(plain, reasons=tuple(name_rule(rule) for rule in answer.reasons))
    shown = ShownOffers(
        transaction_id=plain.transaction.transaction_id,
        offer_transaction_id=answer.offer_transaction_id,
        client_id=client.client_id,
        presented_at=case.world.now,
    )
    rival = await _make_count(case, shown, replaced=replaced)
    if rival is not None:
        return await _show_again(case, plain, rival)
    return replace(
        plain,
        offer_transaction_id=shown.offer_transaction_id,
        expires_at=shown.presented_at + case.engine.policy.post_purchase_offer_life,
        offers=tuple(quote.presented for quote in answer.quotes),
    )


async def _make_count(case: _Case, shown: ShownOffers, *, replaced: ShownOffers | None) -> ShownOffers | None:
    """Make a presentment the one that counts; gives the one that another request made first, if one did."""

    async def write(connection: Connection) -> ShownOffers | None:
        await offerable_transactions.insert_offerable(
            connection,
            case.tenant_id,
            shown.transaction_id,
            provider_id=case.account.provider_id,
            at=case.world.now,
        )
        before = None if replaced is None else replaced.offer_transaction_id
        if await offerable_transactions.update_shown_offers(
            connection, case.tenant_id, shown, replaced=before
        ):
            return None
        found = await offerable_transactions.list_shown_offers(
            connection, case.tenant_id, [shown.transaction_id]
        )
        return found[shown.transaction_id]

    return await case.engine.database.run(write)


async def find_presentment(engine: Engine, tenant_id: int, shown: ShownOffers) -> Presentment | None:
    """The presentment that counts for a transaction, as the network kept it."""
    async with engine.database.connection() as connection:
        presentment, _ = await presentments.find_presentment(
            connection,
            tenant_id,
            offer_transaction_id=shown.offer_transaction_id,
            client_id=shown.client_id,
        )
    return presentment


def _find_range(case: _Case) -> RangeCandidates | None:
    """The card's range, as long as it is that of the account's issuer."""
    found = case.world.catalogue(case.tenant_id).find_range(case.pan.padded)
    is_own = found is not None and found.account_range.provider_id == case.account.provider_id
    return found if is_own else None


def _refuse(plain: Offerable, obstacle: Obstacle) -> Offerable:
    return replace(plain, reasons=(name_obstacle(obstacle),))


def find_issuer_client(world: World, provider_id: str) -> Client | None:
    """The issuer's newest client that is switched on: offers are shown to it."""
    usable = [
        client
        for client in world.snapshot.clients.values()
        if client.role is ClientRole.ISSUER
        and client.provider_id == provider_id
        and client.is_enabled
        and not client.is_suspended
    ]
    return max(usable, key=lambda client: client.client_id, default=None)
