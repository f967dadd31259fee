"""Random commands that the processor is told: notices, authorizations, clearings, reversals, refunds."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from parcela.domain.errors import DomainError
from parcela.domain.plans import AmountKind
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.domain.servicing.refusals import AmountRefused, PlanHeld
from parcela.operations import card_transactions, servicing
from parcela.operations.card_messages import AuthorizationCommand
from parcela.operations.engine import Engine
from parcela.operations.plan_opening import OpenedPlan, open_plan
from parcela.operations.servicing import PlanAct
from tests.support.history import (
    ACCEPTED,
    AMOUNTS,
    CARDS,
    FOREIGN_CARD,
    TOKEN_OF_FIRST,
    Command,
    History,
    Purchase,
    choose,
    take,
)
from tests.support.history_world import CURRENCIES
from tests.support.servicing import CORRELATION_ID, MERCHANT


def buy(history: History, pick: int, option: int) -> Command:
    """A purchase without a plan of this network, some with one of another network, is asked for."""
    digits, currency = choose((*CARDS, FOREIGN_CARD), pick), choose(list(CURRENCIES), pick // 5)
    amount_minor = choose(AMOUNTS, option) * 10 ** CURRENCIES[currency] + option
    number = history.new_number()
    facts = TransactionFacts(
        local_at=history.now,
        stan=f"{number:06d}",
        rrn=f"{number:012d}",
    )
    purchase = Purchase(digits=digits, currency=currency, amount_minor=amount_minor, facts=facts)
    if option % 3 == 0 or digits == FOREIGN_CARD:
        purchase.notice = make_foreign_notice(purchase, history.world.engine.ids.new_uuid(), option=option)
    history.purchases.append(purchase)
    return authorize(history, len(history.list_authorizable()) - 1, option)


def notice(history: History, pick: int, option: int) -> Command:
    """A plan is noticed: for the first time, again, or with other content."""
    purchase = choose(history.list_noticeable(), pick)
    notice, was_noticed = purchase.notice, purchase.is_noticed
    assert notice is not None
    is_changed = was_noticed and option % 2 == 1
    told = replace(notice, offer_id="99999999") if is_changed else notice

    async def send(engine: Engine, _: int) -> OpenedPlan:
        return await open_plan(engine, await engine.look(), told, correlation_id=CORRELATION_ID)

    transaction = history.find_transaction(purchase)
    is_free = (
        transaction is not None
        and transaction["state"] in ("authorized", "cleared")
        and not (transaction["refunded_minor"] or transaction["is_disputed"] or purchase.is_forced)
    )

    def accepted(opened: OpenedPlan) -> None:
        assert (opened.is_new, opened.differs) == (not purchase.is_noticed, is_changed)
        if is_free and not was_noticed and history.is_alone:
            assert opened.plan.transaction_id == purchase.transaction_id, "the plan finds its purchase"
        purchase.is_noticed = True

    words = f"notice plan of {purchase.amount_minor}" + (" changed" if is_changed else "")
    return Command(words=words, send=send, accepted=accepted, must=ACCEPTED)


def authorize(history: History, pick: int, option: int) -> Command:
    """A purchase is asked for; again when it was before."""
    purchase = choose(history.list_authorizable(), pick)
    plan = history.records.plans.get(purchase.serviced_plan_id or "")
    is_waiting = plan is not None and plan["transaction_id"] is None and plan["uncleared_minor"]
    has_account = history.has_account(purchase)
    command = AuthorizationCommand(
        digits=TOKEN_OF_FIRST if purchase.digits == CARDS[0] and option % 4 == 1 else purchase.digits,
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        merchant=MERCHANT,
        facts=purchase.facts,
        event_id=history.new_event(),
        plan_id=purchase.plan_id if option % 2 else None,
    )

    async def send(engine: Engine, _: int) -> card_transactions.AuthorizationResult:
        return await card_transactions.authorize(engine, await engine.look(), command)

    def accepted(result: card_transactions.AuthorizationResult) -> None:
        if purchase.digits == FOREIGN_CARD and not has_account and history.is_alone:
            assert result.response_code == "14" and result.transaction_id is None
        if result.is_approved and result.is_new:
            purchase.transaction_id = result.transaction_id
            history.approved.append((purchase, bool(is_waiting)))

    words = f"authorize {purchase.amount_minor} {purchase.currency}"
    return Command(words=words, send=send, accepted=accepted, must=ACCEPTED)


def clear(history: History, pick: int, share: int, option: int) -> Command:
    """A merchant's clearing of less, all or more, final or not; perhaps of what nobody authorized."""
    purchase = choose(history.purchases, pick)
    transaction = history.find_transaction(purchase)
    held_minor = transaction["authorized_minor"] if transaction else 0
    amount_minor = take(held_minor or purchase.amount_minor, share)
    message = history.make_message(purchase, amount_minor, option=option)
    message = replace(message, is_final=option % 3 != 0)

    def accepted(receipt: Any) -> None:
        history.clearing_minor[purchase.currency] += amount_minor
        if receipt.transaction_id != purchase.transaction_id:
            purchase.transaction_id, purchase.is_forced = receipt.transaction_id, True
        if history.is_alone:
            history.cleared = (purchase, amount_minor)

    is_standing = transaction is not None and transaction["state"] in ("authorized", "cleared")
    is_standing = is_standing and not history.is_tangled(purchase)
    return Command(
        words=f"clear {amount_minor} of {purchase.amount_minor}",
        send=history.send_message(card_transactions.clear_purchase, message),
        accepted=accepted,
        must=ACCEPTED if is_standing else None,
        is_event=True,
        has_amount=True,
    )


def reverse(history: History, pick: int, share: int, option: int) -> Command:
    """A merchant takes an authorization back, in whole or in part."""
    purchase = choose(history.list_standing(), pick)
    transaction = history.find_transaction(purchase)
    assert transaction is not None
    held_minor = transaction["authorized_minor"]
    amount_minor = take(held_minor, share)
    message = history.make_message(purchase, amount_minor, option=option)
    return Command(
        words=f"reverse {amount_minor} of {held_minor}",
        send=history.send_message(card_transactions.reverse_authorization, message),
        must=ACCEPTED if amount_minor <= held_minor else (AmountRefused,),
        is_event=True,
        has_amount=True,
    )


def refund(history: History, pick: int, share: int, option: int) -> Command:
    """A merchant gives money back, as a credit on the card or as an act on the plan."""
    purchase = choose(history.list_touched(), pick)
    plan = history.records.plans.get(purchase.serviced_plan_id or "")
    transaction = history.find_transaction(purchase)
    left_minor = history.records.find_refundable(purchase.transaction_id, purchase.serviced_plan_id)
    amount_minor = take(left_minor, share)
    message = history.make_message(purchase, amount_minor, option=option)
    send = history.send_message(card_transactions.credit_refund, message)
    is_unmatched = transaction is None and message.plan_id is None
    if plan is not None and option % 2:
        send = send_refund(history, plan["plan_id"], amount_minor, choose(list(RefundStrategy), option))
        is_unmatched = False

    def accepted(_: Any) -> None:
        history.clearing_minor[purchase.currency] -= amount_minor

    is_disputed = (plan is not None and plan["is_held"]) or (
        transaction is not None and transaction["is_disputed"]
    )
    must: tuple[type[DomainError], ...] | None = ACCEPTED
    if is_unmatched:
        # Nothing says which purchase it belongs to: it is a credit on the card, whatever its amount.
        must = ACCEPTED
    elif is_disputed:
        must = (PlanHeld,)
    elif amount_minor > left_minor:
        must = (AmountRefused,)
    if history.is_tangled(purchase) or (transaction is not None and transaction["state"] == "reversed"):
        # By its trace numbers it may be a credit that belongs to no purchase that stands.
        must = None
    return Command(
        words=f"refund {amount_minor} of {left_minor}",
        send=send,
        accepted=accepted,
        must=must,
        is_event=True,
        has_amount=True,
    )


def send_refund(
    history: History, plan_id: str, amount_minor: int, strategy: RefundStrategy
) -> Callable[[Engine, int], Coroutine[Any, Any, Any]]:
    """How to send a refund of a plan: what is previewed is what becomes of it."""
    act = PlanAct(plan_id=plan_id, event_id=history.new_event())

    async def send(engine: Engine, extra: int) -> Any:
        preview = None
        if act.event_id not in history.quotes:
            history.quotes[act.event_id] = amount_minor
            refundable = history.records.plans[plan_id]
            if amount_minor <= refundable["amount_minor"] - refundable["refunded_minor"]:
                preview = await servicing.preview_refund(engine, plan_id, amount_minor, strategy=strategy)
        receipt = await servicing.refund_plan(
            engine, await engine.look(), act, amount_minor=amount_minor + extra, strategy=strategy
        )
        if preview is not None and history.is_alone:
            plan = await servicing.get_plan(engine, plan_id)
            told = [(row.number, row.amount_minor, row.state) for row in preview.plan.rows]
            assert [(row.number, row.amount_minor, row.state) for row in plan.rows] == told
        return receipt

    return send


def make_foreign_notice(purchase: Purchase, plan_id: str, *, option: int) -> PlanNotice:
    """A plan of another network: rows whose interest nobody tells."""
    count = 2 + option % 4
    charge_minor = purchase.amount_minor // 20 if option % 2 else 0
    total_minor = purchase.amount_minor + charge_minor
    first_due = purchase.facts.local_at.date() + timedelta(days=0 if option % 3 else 30)
    rows = tuple(
        NoticedRow(
            number=number + 1,
            due_date=first_due + timedelta(days=30 * number),
            amount_minor=total_minor // count + (total_minor % count if number == 0 else 0),
        )
        for number in range(count)
    )
    return PlanNotice(
        plan_id=plan_id,
        digits=purchase.digits,
        issuer_cid="242666",
        offer_id="77777777",
        merchant=MERCHANT,
        currency=purchase.currency,
        amount_kind=AmountKind.PURCHASE,
        amount_minor=purchase.amount_minor,
        total_minor=total_minor,
        interval="monthly",
        apr_percent=None,
        fee_value=None,
        rows=rows,
        transaction=purchase.facts,
    )
