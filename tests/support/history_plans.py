"""Random commands of the network: offers, plans, purchases, PAN lists."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from parcela.domain.cards import Pan
from parcela.domain.errors import OfferExpired, OfferMismatch, PlanExists
from parcela.domain.ids import Identifier
from parcela.domain.plans import AmountKind, CardTransaction, Plan
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.operations import pan_lists
from parcela.operations.engine import Engine
from parcela.operations.offers import OfferAnswer, present_offers
from parcela.operations.plans import save_plan
from tests.support.history import (
    ACCEPTED,
    AMOUNTS,
    CARDS,
    LISTED,
    TOKEN_OF_FIRST,
    Command,
    History,
    Purchase,
    Shown,
    choose,
)
from tests.support.history_world import CURRENCIES, LIST_BOUNDS
from tests.support.purchases import get_client, make_inquiry
from tests.support.purchases import make_command as make_save_command


def show(history: History, pick: int, option: int) -> Command:
    """A partner asks for offers."""
    digits, currency = choose(CARDS, pick), choose(list(CURRENCIES), pick // 4)
    amount = Decimal(choose(AMOUNTS, option)) * (100 if currency == "JPY" else 1)
    if CURRENCIES[currency]:
        amount += Decimal(option % 3).scaleb(-CURRENCIES[currency])
    is_token = digits == CARDS[0] and option % 2 == 0

    local_at = history.now

    async def send(engine: Engine, _: int) -> OfferAnswer:
        inquiry = make_inquiry(
            TOKEN_OF_FIRST if is_token else digits, amount=amount, currency=currency, local_at=local_at
        )
        return await present_offers(engine, await engine.look(), await get_client(engine, "partner"), inquiry)

    def accepted(answer: OfferAnswer) -> None:
        assert answer.quotes, "every card of this world gets offers"
        history.shown.append(
            Shown(digits=digits, answer=answer, amount=amount, local_at=local_at, at_age=history.age)
        )

    return Command(words=f"show offers of {amount} {currency}", send=send, accepted=accepted, must=ACCEPTED)


def save(history: History, pick: int, option: int) -> Command:
    """The cardholder takes one of the offers that were shown, perhaps too late or not as it was shown."""
    shown = history.shown.pop(pick % len(history.shown))
    quote = choose(shown.answer.quotes, option)
    is_changed, is_stale = option % 8 == 7, history.age - shown.at_age >= timedelta(hours=24)
    number = history.new_number()
    command = make_save_command(shown.answer, shown.digits, position=list(shown.answer.quotes).index(quote))
    terms = command.request.terms
    if is_changed:
        assert terms.first_amount is not None
        terms = replace(terms, first_amount=terms.first_amount + 1)

    async def send(engine: Engine, _: int) -> Plan:
        transaction = CardTransaction(
            amount_kind=AmountKind.PURCHASE,
            amount=shown.amount,
            currency=quote.presented.currency,
            local_at=shown.local_at,
            local_text=shown.local_at.isoformat(),
            stan=Identifier(f"{number:06d}"),
            rrn=Identifier(f"{number:012d}"),
        )
        request = replace(command.request, transaction=transaction, terms=terms)
        plan = await save_plan(
            engine,
            await engine.look(),
            await get_client(engine, "partner"),
            replace(command, request=request),
        )
        history.saved.append((replace(command, request=request), plan))
        return plan

    def accepted(plan: Plan) -> None:
        offer = quote.presented
        assert plan.offer == offer, "the plan is the offer that was shown"
        assert [row.amount_minor for row in plan.installments] == list(offer.amounts_minor)
        assert [row.due_date for row in plan.installments] == list(offer.due_dates)
        check_schedule(plan, shown.local_at.date())
        notice = make_plan_notice(plan, shown.digits)
        history.purchases.append(
            Purchase(
                digits=shown.digits,
                currency=offer.currency,
                amount_minor=notice.amount_minor,
                facts=notice.transaction,
                notice=notice,
            )
        )

    must = (OfferExpired,) if is_stale else (OfferMismatch,) if is_changed else ACCEPTED
    return Command(words=f"save plan of {shown.amount}", send=send, accepted=accepted, must=must)


def save_again(history: History, pick: int, option: int) -> Command:
    """The same plan again, or the presentment again with another offer."""
    command, plan = choose(history.saved, pick)
    if option % 2:
        command = replace(command, request=replace(command.request, offer_id="99999999"))

    async def send(engine: Engine, _: int) -> Plan:
        return await save_plan(engine, await engine.look(), await get_client(engine, "partner"), command)

    def accepted(again: Plan) -> None:
        assert again == plan

    must = (PlanExists,) if option % 2 else ACCEPTED
    return Command(words="save plan again", send=send, accepted=accepted, must=must)


def register(history: History, pick: int, option: int) -> Command:
    """Cards join a new list or one that is there; two of those sent can never join."""
    pans = (choose(LISTED, pick), choose(LISTED, pick // 5), choose(LISTED, pick // 25))
    list_id = choose(sorted(history.lists), pick) if history.lists and option % 4 else None

    async def send(engine: Engine, _: int) -> pan_lists.PanListAnswer:
        command = pan_lists.RegisterPans(
            name=None if list_id else "history",
            pan_list_id=list_id,
            bounds=None if list_id else LIST_BOUNDS,
            pans=pans,
        )
        issuer = await get_client(engine, "issuer")
        return await pan_lists.register_pans(engine, await engine.look(), issuer, command)

    def accepted(answer: pan_lists.PanListAnswer) -> None:
        assert answer.pan_list is not None and len(answer.outcomes) == len(pans)
        members = history.lists.setdefault(answer.pan_list.pan_list_id, set())
        taken = [outcome.sent for outcome in answer.outcomes if outcome.failure is None]
        assert set(taken) == {pan for pan in pans if pan in LISTED[:3] and pan not in members}
        assert len(taken) == len(set(taken)), "a card joins once"
        members |= set(taken)

    return Command(words=f"register {len(pans)} cards", send=send, accepted=accepted, must=ACCEPTED)


def deregister(history: History, pick: int) -> Command:
    """Cards leave a list; those that were not on it are told so."""
    list_id = choose(sorted(history.lists), pick)
    pans = (choose(LISTED, pick), choose(LISTED, pick // 5))

    async def send(engine: Engine, _: int) -> pan_lists.PanListAnswer:
        command = pan_lists.DeregisterPans(pan_list_id=list_id, pans=pans)
        issuer = await get_client(engine, "issuer")
        return await pan_lists.deregister_pans(engine, await engine.look(), issuer, command)

    def accepted(answer: pan_lists.PanListAnswer) -> None:
        assert len(answer.outcomes) == len(pans)
        gone = {outcome.sent for outcome in answer.outcomes if outcome.failure is None}
        assert gone == set(pans) & history.lists[list_id]
        history.lists[list_id] -= gone

    return Command(words=f"deregister {len(pans)} cards", send=send, accepted=accepted, must=ACCEPTED)


def check_schedule(plan: Plan, bought_on: date) -> None:
    """11, 12, 13, 15 and 17: dates by the interval, equal rows, amounts above zero, and the claimed ones."""
    rows, terms = plan.installments, plan.request.terms
    amounts = [row.amount_minor for row in rows]
    assert min(amounts) > 0
    assert terms.first_amount == plan.offer.major(amounts[0])
    assert {plan.offer.major(amount) for amount in amounts[1:]} == {terms.other_amount}
    is_at_once = rows[0].due_date == bought_on
    for row in rows:
        periods = row.number - is_at_once
        if plan.offer.interval == "monthly":
            assert row.due_date == clamp_month(bought_on, periods)
        else:
            days = {"weekly": 7, "biweekly": 14}[plan.offer.interval]
            assert row.due_date == bought_on + timedelta(days=days * periods)
    principal_minor = sum(row.principal_minor for row in rows)
    if not any(row.interest_minor + row.fee_minor for row in rows):
        assert plan.offer.total_minor == principal_minor
        assert max(amounts) - min(amounts) <= len(rows) - 1


def clamp_month(day: date, months: int) -> date:
    """The same day of a later month, or the last one of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def make_plan_notice(plan: Plan, digits: str) -> PlanNotice:
    """What the processor is told of a plan of this network."""
    offer, transaction = plan.offer, plan.request.transaction
    return PlanNotice(
        plan_id=plan.plan_id,
        digits=Pan(digits).digits,
        issuer_cid="242666",
        offer_id=offer.offer_id,
        merchant=plan.request.merchant,
        currency=offer.currency,
        amount_kind=transaction.amount_kind,
        amount_minor=sum(row.principal_minor for row in plan.installments),
        total_minor=offer.total_minor,
        interval=offer.interval,
        apr_percent=offer.apr_percent,
        fee_value=offer.fee_value,
        rows=tuple(
            NoticedRow(number=row.number, due_date=row.due_date, amount_minor=row.amount_minor)
            for row in plan.installments
        ),
        transaction=TransactionFacts(
            local_at=transaction.local_at,
            stan=transaction.stan.text if transaction.stan else None,
            rrn=transaction.rrn.text if transaction.rrn else None,
        ),
    )
