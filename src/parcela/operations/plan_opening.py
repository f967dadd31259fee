"""A noticed plan is opened on its card's account, once, with everything that posting it needs."""

import json
from dataclasses import asdict, dataclass, replace

from parcela.domain.cards import Pan
from parcela.domain.currency import find_currency
from parcela.domain.errors import DomainError
from parcela.domain.ids import is_uuid
from parcela.domain.money import Money
from parcela.domain.plans import Plan
from parcela.domain.programs import Program
from parcela.domain.refunds.strategies import split_finance_charge
from parcela.domain.schedule import Schedule, build_schedule
from parcela.domain.schedule.network import find_periodic_rate
from parcela.domain.servicing.commands import PostedPurchase
from parcela.domain.servicing.message_texts import hide_card
from parcela.domain.servicing.opening import RowParts, SplitTerms, decide_opening
from parcela.domain.servicing.records import (
    AccountTransaction,
    PlanNotice,
    ServicedPlan,
    TransactionState,
)
from parcela.domain.servicing.refusals import NoticeRefused
from parcela.domain.terms import FirstDue, Method
from parcela.domain.transaction_matching import PurchaseTraits, find_transaction_of_plan
from parcela.operations.account_commands import name_own_event
from parcela.operations.account_work import AccountWork
from parcela.operations.card_accounts import find_card_owner, open_account
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.store import (
    catalogue_entries,
    events,
    ledger,
    offerable_transactions,
    plan_instructions,
    plans,
    serviced_plans,
    servicing_commands,
)
from parcela.store.database import Connection
from parcela.store.documents import encode_document, read_stored_entry
from parcela.store.events import EventRow
from parcela.store.serviced_plans import NoticeFacts
from parcela.store.servicing_commands import ServicingCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPlan:
    """A plan as it stands; `is_new` when this call opened it, `differs` when it was told otherwise before."""

    plan: ServicedPlan
    is_new: bool
    differs: bool = False


async def open_plan(engine: Engine, world: World, notice: PlanNotice, *, correlation_id: str) -> OpenedPlan:
    """Open a plan on its card's account (`spec/network.md` §11), making the account if there is none.

    The same notice again gives the plan as it stands. A plan that was noticed with other content stays as
    it was first told, and the difference is kept as an event for a person. Raises NoticeRefused.
    """
    if not is_uuid(notice.plan_id):
        raise NoticeRefused(f"plan id: expected a UUID in lower case, got {notice.plan_id!r}")
    fingerprint = fingerprint_notice(engine, notice)
    pan = _read_pan(notice)
    owner = find_card_owner(world.catalogue(MAIN_TENANT), pan, issuer_cid=notice.issuer_cid)
    if owner is None:
        raise NoticeRefused(
            f"issuer cid: expected that of an issuer of this processor, got {notice.issuer_cid!r}"
        )
    merchant, facts = hide_card(notice.merchant, notice.transaction, {pan.digits})
    notice = replace(notice, merchant=merchant, transaction=facts)
    split = await _find_split(engine, world, notice)

    async def work(connection: Connection) -> OpenedPlan:
        known = await _find_known(engine, connection, world, notice, fingerprint=fingerprint)
        if known is not None:
            return known
        if find_currency(notice.currency) is None:
            raise NoticeRefused(f"currency: expected one of ISO 4217, got {notice.currency!r}")
        account = await open_account(
            engine, connection, world, pan=pan, owner=owner, currency=notice.currency
        )
        held = await AccountWork.lock(engine, connection, MAIN_TENANT, account.account_id, now=world.now)
        assert held is not None, "accounts are never taken away"
        known = await _find_known(engine, connection, world, notice, fingerprint=fingerprint)
        if known is not None:
            return known
        purchase = await _find_purchase(held, notice)
        own_id = None if purchase is None else purchase.transaction.transaction_id
        decision = decide_opening(
            notice,
            account,
            purchase=purchase,
            split=split,
            standing=await held.find_standing(but=own_id),
            now=world.now,
        )
        facts = NoticeFacts(
            fingerprint=fingerprint, total_minor=notice.total_minor, transaction=notice.transaction
        )
        await held.apply(decision, notice=facts)
        await held.tell([("plan.noticed", notice.plan_id, {"correlation_id": correlation_id})])
        await plan_instructions.note_opened(connection, MAIN_TENANT, notice.plan_id, at=world.now)
        # What was paid for the purchase may be more than the first row, and other plans' rows be unpaid.
        await held.use_credit()
        opened = await held.find_plan(notice.plan_id)
        assert opened is not None
        return OpenedPlan(plan=opened, is_new=True)

    return await engine.database.run(work)


def fingerprint_notice(engine: Engine, notice: PlanNotice) -> bytes:
    """A keyed hash of all that a notice says, its card number included."""
    canonical = json.dumps(asdict(notice), sort_keys=True, default=str)
    return engine.vault.fingerprint(MAIN_TENANT, canonical.encode())


def _read_pan(notice: PlanNotice) -> Pan:
    try:
        return Pan(notice.digits)
    except ValueError:
        raise NoticeRefused("card number: expected 11 to 19 digits") from None


async def _find_known(
    engine: Engine, connection: Connection, world: World, notice: PlanNotice, *, fingerprint: bytes
) -> OpenedPlan | None:
    """The plan that was noticed before; another content is told once, as an event."""
    plan = await serviced_plans.find_plan(connection, MAIN_TENANT, notice.plan_id)
    if plan is None:
        return None
    facts = await serviced_plans.list_notice_facts(connection, MAIN_TENANT, [notice.plan_id])
    if facts[notice.plan_id].fingerprint == fingerprint:
        return OpenedPlan(plan=plan, is_new=False)
    command = ServicingCommand(
        event_id=name_own_event("notice", notice.plan_id, fingerprint.hex()),
        operation="differing_notice",
        fingerprint=fingerprint,
        result={},
    )
    if await servicing_commands.find_command(connection, MAIN_TENANT, command.event_id) is None:
        await servicing_commands.insert_command(connection, MAIN_TENANT, command, at=world.now)
        event = EventRow(
            event_id=engine.ids.new_uuid(),
            type="plan.notice_differed",
            subject=notice.plan_id,
            data={"needs_person": True, "account_id": plan.account_id, "noticed": _describe(notice)},
        )
        await events.insert_events(connection, MAIN_TENANT, [event], at=world.now)
    return OpenedPlan(plan=plan, is_new=False, differs=True)


def _describe(notice: PlanNotice) -> dict[str, object]:
    """What a person compares; no card number."""
    return {
        "offer_id": notice.offer_id,
        "merchant": notice.merchant.name,
        "currency": notice.currency,
        "amount_minor": notice.amount_minor,
        "total_minor": notice.total_minor,
        "rows": [[row.number, row.due_date.isoformat(), row.amount_minor] for row in notice.rows],
    }


async def _find_purchase(held: AccountWork, notice: PlanNotice) -> PostedPurchase | None:
    """The card transaction that the plan finances, with the entries posted for it.

    The one whose offers the plan was made of; else the one that the rule of `spec/network.md` §12 finds.
    """
    offered_id = await offerable_transactions.find_transaction_of_plan(
        held.connection, held.tenant_id, notice.plan_id
    )
    if offered_id is None:
        traits = PurchaseTraits(
            plan_id=notice.plan_id, amount_minor=notice.amount_minor, facts=notice.transaction
        )
        found = await held.list_meant(traits)
        transaction = find_transaction_of_plan(
            traits, [one for one in found if _may_finance(one.transaction)]
        )
    else:
        transaction = await _get_offered(held, offered_id)
    if transaction is None:
        return None
    posted = await ledger.list_entries_of_event(
        held.connection, held.tenant_id, f"transaction:{transaction.transaction_id}:"
    )
    return PostedPurchase(transaction=transaction, entries=tuple(entry.entry for entry in posted))


async def _get_offered(held: AccountWork, transaction_id: str) -> AccountTransaction:
    """The transaction that offers were shown for. Raises NoticeRefused when it came back meanwhile."""
    transaction = await held.find_transaction(transaction_id)
    if transaction is not None and _may_finance(transaction):
        return transaction
    raise NoticeRefused(
        f"transaction {transaction_id}: expected a purchase that stands, without refund or dispute"
    )


def _may_finance(transaction: AccountTransaction) -> bool:
    """A purchase that came back in part, or is in dispute, stays on the card and becomes no rows."""
    stands = transaction.state in (TransactionState.AUTHORIZED, TransactionState.CLEARED)
    return stands and not transaction.is_disputed and not transaction.refunded_minor


async def _find_split(engine: Engine, world: World, notice: PlanNotice) -> SplitTerms | None:
    """The issuer's own pricing, from the newest version of the program that gives exactly these rows.

    A merchant's price (its fee, discount or deferral) is split as the plan of this network was.
    """
    held = world.catalogue(MAIN_TENANT).entries.get((Program.kind, notice.offer_id))
    if held is not None and isinstance(held.entry, Program):
        split = split_by_program(held.entry, notice)
        if split is not None:
            return split
    async with engine.database.connection() as connection:
        made = await plans.find_plan(connection, MAIN_TENANT, plan_id=notice.plan_id)
        if made is not None:
            split = split_by_plan(made, notice)
            if split is not None:
                return split
        versions = await catalogue_entries.list_versions(
            connection, MAIN_TENANT, (Program.kind, notice.offer_id)
        )
    for version in versions:
        if version.document is not None and not version.is_current:
            entry = read_stored_entry(Program.kind, encode_document(version.document))
            assert isinstance(entry, Program)
            split = split_by_program(entry, notice)
            if split is not None:
                return split
    return None


def split_by_program(program: Program, notice: PlanNotice) -> SplitTerms | None:
    """Rate and parts of a program that prices the purchase as it was noticed; None if it does not."""
    terms = program.terms
    currency = find_currency(notice.currency)
    if currency is None or program.currency != notice.currency or terms.method is not Method.NETWORK:
        return None
    try:
        schedule = build_schedule(
            terms, Money(notice.amount_minor, currency), anchor=notice.transaction.local_at.date()
        )
    except DomainError:
        return None
    if _list_shown(schedule) != [(row.number, row.due_date, row.amount_minor) for row in notice.rows]:
        return None
    rate = find_periodic_rate(terms)
    return SplitTerms(
        # A rounded payment that misses the principal is priced as without interest (`spec/network.md` §6.1).
        rate=(rate.numerator, rate.denominator) if schedule.interest_minor else (0, 1),
        in_advance=terms.first_due is FirstDue.TRANSACTION_DATE,
        parts=tuple(
            RowParts(
                principal_minor=row.principal_minor,
                interest_minor=row.interest_minor,
                fee_minor=row.fee_minor,
            )
            for row in schedule.rows
        ),
    )


def split_by_plan(plan: Plan, notice: PlanNotice) -> SplitTerms | None:
    """Rate and parts of a plan of a merchant's price; None if it is another one, or was noticed otherwise.

    The rate is the one that makes the rows without their fees worth the purchase; a deferral bears none.
    """
    terms, rows = plan.offer.issuer_terms, plan.installments
    if terms is None or plan.offer.program_version is None:
        return None
    if [(row.number, row.due_date, row.amount_minor) for row in notice.rows] != [
        (row.number, row.due_date, row.amount_minor) for row in rows
    ] or notice.amount_minor != sum(row.principal_minor for row in rows):
        return None
    found = split_finance_charge(
        [(row.amount_minor - row.fee_minor, row.due_date) for row in rows],
        notice.amount_minor,
        in_advance=terms.in_advance,
    )
    return SplitTerms(
        rate=found.rate,
        in_advance=terms.in_advance,
        parts=tuple(
            RowParts(
                principal_minor=row.principal_minor,
                interest_minor=row.interest_minor,
                fee_minor=row.fee_minor,
            )
            for row in rows
        ),
    )


def _list_shown(schedule: Schedule) -> list[tuple[int, object, int]]:
    return [(row.number, row.due_date, row.amount_minor) for row in schedule.rows]
