"""Random commands about money of cardholders: payments, payoffs, disputes, losses."""

from collections.abc import Callable
from typing import Any

from parcela.domain.errors import Conflict, DomainError
from parcela.domain.servicing.refusals import AmountRefused, IllegalTransition, PlanHeld
from parcela.operations import servicing
from parcela.operations.engine import Engine
from parcela.operations.servicing import AccountPayment, DisputeEnd, DisputeOpening, PlanAct
from tests.support.history import ACCEPTED, Command, History, choose, ignore, take
from tests.support.history_world import CURRENCIES, Row


def pay(history: History, pick: int, share: int) -> Command:
    """Money for an account: a part of what is billed, all, or more."""
    account_id = choose(list(history.records.accounts), pick)
    currency = history.records.accounts[account_id]["currency"]
    unpaid_minor = sum(
        history.records.sum_unpaid(plan["plan_id"]) for plan in history.records.list_plans_of(account_id)
    )
    amount_minor = take(unpaid_minor or 100 * 10 ** CURRENCIES[currency], share)
    if share > 4:
        amount_minor += (300 if share == 5 else 900) * 10 ** CURRENCIES[currency]
    event_id = history.new_event()

    async def send(engine: Engine, extra: int) -> Any:
        payment = AccountPayment(account_id=account_id, amount_minor=amount_minor + extra, event_id=event_id)
        return await servicing.pay_account(engine, await engine.look(), payment)

    def accepted(_: Any) -> None:
        history.cash_minor[currency] += amount_minor

    return Command(
        words=f"pay {amount_minor} to account {account_id}",
        send=send,
        accepted=accepted,
        must=ACCEPTED,
        is_event=True,
        has_amount=True,
    )


def pay_next(history: History, pick: int) -> Command:
    """The next row early."""
    plan = history.choose_plan(pick)
    is_unpaid = history.records.sum_unpaid(plan["plan_id"]) > 0
    must: tuple[type[DomainError], ...] = ACCEPTED
    if plan["is_held"]:
        must = (PlanHeld,)
    elif plan["state"] != "active" or is_unpaid:
        must = (IllegalTransition,)

    def accepted(receipt: Any) -> None:
        history.count_payment(receipt, plan["currency"])

    return _act(plan, history.new_event(), servicing.pay_next_row, accepted=accepted, must=must)


def pay_off(history: History, pick: int, option: int) -> Command:
    """All of a plan at once, or one unit beside it."""
    plan = history.choose_plan(pick)
    event_id = history.new_event()
    beside_minor = option % 2

    async def send(engine: Engine, extra: int) -> Any:
        seen = await engine.look()
        act = PlanAct(plan_id=plan["plan_id"], event_id=event_id)
        if quoted := history.quotes.get(event_id):
            return await servicing.pay_off(engine, seen, act, amount_minor=quoted + extra)
        quote = await servicing.quote_payoff(engine, seen, plan["plan_id"])
        assert quote.total_minor > 0, "a plan that runs costs something"
        history.quotes[event_id] = quote.total_minor + beside_minor
        return await servicing.pay_off(engine, seen, act, amount_minor=history.quotes[event_id])

    must: tuple[type[DomainError], ...] = (AmountRefused,) if beside_minor else ACCEPTED
    if plan["is_held"]:
        must = (PlanHeld,)
    elif plan["state"] != "active":
        must = (IllegalTransition,)

    def accepted(receipt: Any) -> None:
        history.count_payment(receipt, plan["currency"])

    return Command(
        words=f"pay off plan {plan['plan_id']}",
        send=send,
        accepted=accepted,
        must=must,
        is_event=True,
        has_amount=True,
    )


def dispute(history: History, pick: int) -> Command:
    """A cardholder disputes a purchase, named by its plan or by itself."""
    purchase = choose(history.list_touched(), pick)
    event_id = history.new_event()
    plan_id = purchase.serviced_plan_id
    transaction_id = None if plan_id is not None else purchase.transaction_id

    async def send(engine: Engine, _: int) -> Any:
        opening = DisputeOpening(event_id=event_id, plan_id=plan_id, transaction_id=transaction_id)
        return await servicing.open_dispute(engine, await engine.look(), opening)

    def accepted(_: Any) -> None:
        if event_id not in [known for known, _ in history.disputes]:
            history.disputes.append((event_id, purchase))

    return Command(words=f"dispute {purchase.amount_minor}", send=send, accepted=accepted, is_event=True)


def resolve(history: History, pick: int, option: int) -> Command:
    """The end of a dispute; one that has ended already is refused."""
    dispute_id, purchase = choose(history.disputes, pick)
    is_for_cardholder = option % 2 == 0
    event_id = history.new_event()

    async def send(engine: Engine, _: int) -> Any:
        end = DisputeEnd(dispute_id=dispute_id, is_for_cardholder=is_for_cardholder, event_id=event_id)
        return await servicing.resolve_dispute(engine, await engine.look(), end)

    def accepted(receipt: Any) -> None:
        history.ended.append(dispute_id)
        if is_for_cardholder:
            (amount_minor,) = {
                event["data"]["amount_minor"]
                for event in receipt.happened
                if event["type"].endswith(".dispute_won")
            }
            history.clearing_minor[purchase.currency] -= amount_minor

    return Command(
        words=f"end dispute {dispute_id}, for cardholder: {is_for_cardholder}",
        send=send,
        accepted=accepted,
        must=(Conflict,) if dispute_id in history.ended else ACCEPTED,
        is_event=True,
    )


def write_off(history: History, pick: int) -> Command:
    """A plan is given up."""
    plan = history.choose_plan(pick)
    must: tuple[type[DomainError], ...] | None = None
    if plan["is_held"]:
        must = (PlanHeld,)
    elif plan["state"] != "active":
        must = (IllegalTransition,)
    return _act(plan, history.new_event(), servicing.write_off, accepted=ignore, must=must)


def recover(history: History, pick: int, share: int) -> Command:
    """A part or all of a loss comes back."""
    plan = choose(history.list_lost(), pick)
    left_minor = plan["written_off_minor"] - plan["recovered_minor"]
    amount_minor = take(left_minor, share)
    event_id = history.new_event()

    async def send(engine: Engine, extra: int) -> Any:
        act = PlanAct(plan_id=plan["plan_id"], event_id=event_id)
        return await servicing.record_recovery(
            engine, await engine.look(), act, amount_minor=amount_minor + extra
        )

    def accepted(_: Any) -> None:
        history.cash_minor[plan["currency"]] += amount_minor

    must: tuple[type[DomainError], ...] = ACCEPTED
    if plan["state"] != "defaulted":
        must = (IllegalTransition,)
    elif amount_minor > left_minor:
        must = (AmountRefused,)
    return Command(
        words=f"recover {amount_minor} of {left_minor}",
        send=send,
        accepted=accepted,
        must=must,
        is_event=True,
        has_amount=True,
    )


def _act(
    plan: Row,
    event_id: str,
    operation: Any,
    *,
    accepted: Callable[[Any], None],
    must: tuple[type[DomainError], ...] | None,
) -> Command:
    """An act on a plan that has no amount of its own."""
    act = PlanAct(plan_id=plan["plan_id"], event_id=event_id)

    async def send(engine: Engine, _: int) -> Any:
        return await operation(engine, await engine.look(), act)

    words = f"{operation.__name__} {plan['plan_id']}"
    return Command(words=words, send=send, accepted=accepted, must=must, is_event=True)
