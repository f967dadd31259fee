"""What holds after every step of a random history, whatever the step was: the model's side of the invariants.

Each check takes the records before and after a step. The numbers are those of `reliability.md` §6.
"""

from collections.abc import Callable
from dataclasses import dataclass

from parcela.operations.engine import MAIN_TENANT
from tests.support.history import LISTED, History
from tests.support.history_world import Records

PLAN_MOVES = {
    "active": {"active", "completed", "cancelled", "defaulted", "recovered"},
    "completed": {"completed"},
    "cancelled": {"cancelled"},
    "defaulted": {"defaulted", "recovered"},
    "recovered": {"recovered"},
}
ROW_MOVES = {
    "scheduled": {"scheduled", "billed", "late", "paid", "cancelled", "written_off"},
    "billed": {"billed", "late", "paid", "written_off"},
    "late": {"late", "paid", "written_off"},
    "paid": {"paid"},
    "cancelled": {"cancelled"},
    "written_off": {"written_off"},
}
ENDS = {
    "active": set[str](),
    "completed": {"completed"},
    "cancelled": {"cancelled"},
    "defaulted": {"defaulted"},
    "recovered": {"defaulted", "recovered"},
}
PURCHASE_KINDS = {
    "transaction.posted",
    "transaction.collected",
    "plan.purchase_reversed",
    "plan.collection_reversed",
    "plan.remainder_posted",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A step: what was before it, what is after it, and what the model counted."""

    before: Records
    after: Records
    history: History


def check_views(moment: Moment) -> None:
    """Every view that proves the books is empty."""
    assert moment.after.broken == []


def check_states(moment: Moment) -> None:
    """18: plans move along the table only; what happened to them ends where they stand."""
    for plan_id, plan in moment.after.plans.items():
        before = moment.before.plans.get(plan_id)
        if before is not None:
            assert plan["state"] in PLAN_MOVES[before["state"]], f"{plan_id} left {before['state']}"
            has_come_back = plan["refunded_minor"] == plan["amount_minor"] > before["refunded_minor"]
            if has_come_back and before["state"] == "active" and moment.history.is_alone:
                assert plan["state"] == "cancelled", f"{plan_id} came back whole"
        told = {
            state: moment.after.events.get((plan_id, f"plan.{state}"), 0)
            for state in ("opened", "completed", "cancelled", "defaulted", "recovered")
        }
        expected = dict.fromkeys(told, 0) | dict.fromkeys({"opened", *ENDS[plan["state"]]}, 1)
        assert told == expected, f"{plan_id} is {plan['state']}"


def check_rows(moment: Moment) -> None:
    """20 and 38: rows move on, payments never fall, what was billed stays billed with its day and amount."""
    for plan_id, rows in moment.before.rows.items():
        for before, row in zip(rows, moment.after.rows[plan_id], strict=True):
            name = f"row {row['number']} of {plan_id}"
            assert row["due_date"] == before["due_date"], f"{name} has another due date"
            assert row["paid_minor"] >= before["paid_minor"], f"{name} was un-paid"
            assert row["state"] in ROW_MOVES[before["state"]], f"{name} left {before['state']}"
            if moment.before.plans[plan_id]["is_held"] and moment.after.plans[plan_id]["is_held"]:
                assert row["billed_on"] == before["billed_on"], f"{name} was billed in a dispute"
            if before["state"] not in ("scheduled", "written_off"):
                fixed = ("amount_minor", "principal_minor", "interest_minor", "fee_minor", "billed_on")
                assert [row[key] for key in fixed] == [before[key] for key in fixed], f"{name} changed"


def check_money(moment: Moment) -> None:
    """What went in and out by those who sent it is what the books say, currency by currency."""
    after, history = moment.after, moment.history
    for currency in {line["currency"] for line in after.sums} | set(history.cash_minor):
        assert sum_code(after, "cash", currency) == history.cash_minor[currency]
        assert -sum_code(after, "clearing", currency) == history.clearing_minor[currency]
        lost_minor = sum(
            plan["written_off_minor"] - plan["recovered_minor"]
            for plan in after.plans.values()
            if plan["currency"] == currency
        )
        assert sum_code(after, "credit_losses", currency) == lost_minor
        for code, part in (("interest_income", "interest_minor"), ("fee_income", "fee_minor")):
            billed_minor = sum(
                line["amount_minor"]
                for line in after.sums
                if (line["kind"], line["credit_code"], line["currency"])
                == ("installment.billed", code, currency)
            )
            assert billed_minor == sum(
                row[part]
                for plan_id, rows in after.rows.items()
                for row in rows
                if row["billed_on"] is not None and after.plans[plan_id]["currency"] == currency
            )


def sum_code(records: Records, code: str, currency: str) -> int:
    """Debits less credits of all accounts of a kind."""
    return sum(
        ((line["debit_code"] == code) - (line["credit_code"] == code)) * line["amount_minor"]
        for line in records.sums
        if line["currency"] == currency
    )


def check_promises(moment: Moment) -> None:
    """26 and 27: P + I + F less what was waived = paid + remaining + lost + taken off by merchants."""
    after = moment.after
    for plan_id, plan in after.plans.items():
        rows = after.rows[plan_id]
        reduced_minor = sum(
            line["amount_minor"]
            for line in after.sums
            if line["plan_id"] == plan_id and line["kind"] not in ("installment.billed", "plan.written_off")
        )
        assert reduced_minor <= plan["refunded_minor"]
        principal_minor = sum(row["principal_minor"] for row in rows)
        assert principal_minor == plan["amount_minor"] - reduced_minor
        charges_minor = sum(row["interest_minor"] + row["fee_minor"] for row in rows)
        waived_minor = plan["total_minor"] - plan["amount_minor"] - charges_minor
        paid_minor = sum(row["paid_minor"] for row in rows)
        open_minor = after.sum_unpaid(plan_id) + sum(
            row["amount_minor"] for row in after.list_scheduled(plan_id)
        )
        assert plan["total_minor"] - waived_minor == (
            paid_minor + open_minor + plan["written_off_minor"] + reduced_minor
        )
        if plan["refunded_minor"] == plan["amount_minor"]:
            assert open_minor == 0, f"{plan_id} came back whole and still asks for {open_minor}"


def find_revolving(records: Records, account_id: str) -> int:
    """Of a card's balance what belongs to no billed row: owed above zero, unused money below; by entries."""
    without_plan_minor = not_used_minor = 0
    for plan in records.list_plans_of(account_id):
        not_used_minor -= sum(row["paid_minor"] for row in records.rows[plan["plan_id"]])
    for line in records.sums:
        if line["book"] != account_id:
            continue
        debit, credit, kind = line["debit_code"], line["credit_code"], line["kind"]
        if (debit, credit) == ("refunds", "disputes"):
            # Won: what was provisional is the cardholder's from here on.
            not_used_minor += line["amount_minor"]
        sign = (debit == "card_balance") - (credit == "card_balance")
        other = credit if sign > 0 else debit
        if kind in PURCHASE_KINDS:
            without_plan_minor += sign * line["amount_minor"]
        elif kind not in ("installment.billed", "plan.written_off") and other != "disputes":
            not_used_minor -= sign * line["amount_minor"]
    return without_plan_minor - not_used_minor


def check_cards(moment: Moment) -> None:
    """Card balance = unpaid billed rows - provisional credits + what is of no row; money never lies idle."""
    after = moment.after
    for account_id, account in after.accounts.items():
        plans = after.list_plans_of(account_id)
        unpaid_minor = sum(after.sum_unpaid(plan["plan_id"]) for plan in plans)
        revolving_minor = find_revolving(after, account_id)
        assert after.balance(account_id, "card_balance") == (
            unpaid_minor - after.balance(account_id, "disputes") + revolving_minor
        )
        payable_minor = sum(
            after.sum_unpaid(plan["plan_id"])
            for plan in plans
            if plan["state"] == "active" and not plan["is_held"]
        )
        assert revolving_minor >= 0 or payable_minor == 0, "money lies on the card while rows are unpaid"
        if account["funding"] == "debit":
            assert revolving_minor >= 0, "a debit card's credit is in its deposit"


def find_holds(records: Records, account_id: str) -> int:
    """What authorizations of an account hold that no plan finances already."""
    plans = {plan["transaction_id"]: plan["uncleared_minor"] for plan in records.list_plans_of(account_id)}
    return sum(
        max(0, one["authorized_minor"] - plans.get(one["transaction_id"], 0))
        for one in records.transactions.values()
        if one["account_id"] == account_id
    )


def check_approvals(moment: Moment) -> None:
    """What was just approved is within limit or deposit, and bound to the plan that waited for it."""
    after, history = moment.after, moment.history
    for purchase, is_waiting in history.approved:
        transaction = after.transactions[purchase.transaction_id or ""]
        account_id = transaction["account_id"]
        account = after.accounts[account_id]
        holds_minor = find_holds(after, account_id)
        if account["funding"] == "debit":
            assert holds_minor <= -after.balance(account_id, "deposit")
        else:
            receivables_minor = sum(
                row["principal_minor"]
                for plan in after.list_plans_of(account_id)
                for row in after.list_scheduled(plan["plan_id"])
            )
            used_minor = after.balance(account_id, "card_balance") + receivables_minor + holds_minor
            assert used_minor <= account["credit_limit_minor"]
        if is_waiting:
            bound = after.plans[purchase.plan_id or ""]["transaction_id"]
            assert bound == purchase.transaction_id, "the purchase finds the plan that waits for it"


def check_clearing(moment: Moment) -> None:
    """A debit card's purchase is paid from what its authorization held; a purchase finds its plan."""
    if moment.history.cleared is None:
        return
    purchase, amount_minor = moment.history.cleared
    before, after = moment.before, moment.after
    held = before.transactions.get(purchase.transaction_id or "")
    if held is not None and held["authorized_minor"] >= amount_minor:
        account_id = held["account_id"]
        is_debit = before.accounts[account_id]["funding"] == "debit"
        if is_debit and find_holds(before, account_id) <= -before.balance(account_id, "deposit"):
            grown_minor = find_revolving(after, account_id) - find_revolving(before, account_id)
            assert grown_minor <= 0, "what was held for the purchase did not pay it"
    plan = before.plans.get(purchase.serviced_plan_id or "")
    is_waiting = plan is not None and plan["transaction_id"] is None and plan["uncleared_minor"]
    if held is None and plan is not None and is_waiting and plan["amount_minor"] == amount_minor:
        bound = after.plans[plan["plan_id"]]["transaction_id"]
        assert bound == purchase.transaction_id, "the clearing finds the plan that waits for it"


def check_reversed(moment: Moment) -> None:
    """21, as far as there is one: a purchase that was taken back leaves no plan that asks for money."""
    for plan in moment.after.plans.values():
        transaction = moment.after.transactions.get(plan["transaction_id"] or "")
        if transaction is not None and transaction["state"] == "reversed":
            assert plan["state"] != "active"


def check_letters(moment: Moment) -> None:
    """32 and 33: a letter and an event for each plan, and each letter in one state."""
    counts = moment.after.counts
    created = sum(count for (_, kind), count in moment.after.events.items() if kind == "plan.created")
    assert counts["plan"] == counts["letter"] == counts["counted_letters"] == created
    assert created == len({plan.plan_id for _, plan in moment.history.saved})


def check_lists(moment: Moment) -> None:
    """37: members = registered - deregistered."""
    vault = moment.history.world.engine.vault
    digits_of = {vault.index_pan(MAIN_TENANT, digits): digits for digits in LISTED[:4]}
    stored = {
        list_id: {digits_of[index] for index in indexes} for list_id, indexes in moment.after.members.items()
    }
    assert stored == {list_id: members for list_id, members in moment.history.lists.items() if members}
    assert moment.after.counts["pan_list"] == len(moment.history.lists)


def check_owners(moment: Moment) -> None:
    """40, in one tenant: an entry moves money between one account, its plans and its issuer only."""
    assert moment.after.strangers == []


def check_refused(moment: Moment) -> None:
    """A refused step changed nothing at all."""
    assert moment.after == moment.before


CHECKS: tuple[Callable[[Moment], None], ...] = (
    check_views,
    check_states,
    check_rows,
    check_money,
    check_promises,
    check_cards,
    check_approvals,
    check_clearing,
    check_reversed,
    check_letters,
    check_lists,
    check_owners,
)
