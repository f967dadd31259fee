"""The identities of `spec/payments.md` §8.3, worked out again from what an account's own API lists."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.payments_world import PaymentsWorld

Record = Mapping[str, Any]
_SIGNS = {"payment": 1, "refund": -1, "refund_reversal": 1, "payout": -1}
_LINES = {"payment": "payments", "refund": "refunds", "refund_reversal": "refund_reversals"}


def list_identity_faults(world: PaymentsWorld, *, key: str | None = None) -> list[str]:
    """What does not add up in payments, plans, balance and settlements of an account; nothing, always."""
    payments = list_objects(world, "/v1/payments", key=key)
    refunds = list_objects(world, "/v1/refunds", key=key)
    rows = list_objects(world, "/v1/balance-transactions", key=key)
    settlements = list_objects(world, "/v1/settlements", key=key)
    return [
        *_check_rows(rows),
        *_check_settlements(settlements, rows),
        *_check_payments(payments, refunds, rows),
        *(fault for payment in payments for fault in _check_plan(payment)),
    ]


def list_objects(world: PaymentsWorld, path: str, *, key: str | None = None) -> list[Record]:
    """All objects of a list, page by page, the oldest first."""
    found: list[Record] = []
    cursor = ""
    while True:
        answer = world.get(f"{path}{'&' if '?' in path else '?'}limit=100{cursor}", key=key)
        assert answer.status == 200, answer.raw
        found += answer.body["data"]
        if not answer.body["page"]["has_more"]:
            return found[::-1]
        cursor = f"&starting_after={answer.body['page']['next_cursor']}"


def _check_rows(rows: list[Record]) -> Iterator[str]:
    """Identity 1, and the signs of §8.2."""
    for row in rows:
        if row["net"] != row["gross"] - row["fee"]:
            yield f"{row['id']}: net"
        if row["fee"] != sum(part["amount"] for part in row["feeDetails"]):
            yield f"{row['id']}: parts of the fee"
        if row["gross"] * _SIGNS[row["type"]] <= 0:
            yield f"{row['id']}: sign"
        if row["type"] != "payout" and not row["payment"]:
            yield f"{row['id']}: names no payment"


def _check_settlements(settlements: list[Record], rows: list[Record]) -> Iterator[str]:
    """Identities 2 and 3, and the balances that one settlement of a currency hands to the next."""
    carried: dict[str, int] = defaultdict(int)
    for one in settlements:
        held = [row for row in rows if row["settlement"] == one["id"]]
        if one["net"] != sum(row["net"] for row in held) or one["net"] != one["gross"] - one["fees"]:
            yield f"{one['id']}: net"
        if one["gross"] != sum(row["gross"] for row in held):
            yield f"{one['id']}: gross"
        if {line["type"]: (line["amount"], line["count"]) for line in one["lines"]} != _sum_lines(held):
            yield f"{one['id']}: lines"
        if one["openingBalance"] + one["net"] - one["payoutAmount"] != one["closingBalance"]:
            yield f"{one['id']}: balances"
        if one["openingBalance"] != min(0, carried[one["currency"]]):
            yield f"{one['id']}: opening balance"
        carried[one["currency"]] = one["closingBalance"] if one["closingBalance"] < 0 else 0
    for currency in {row["currency"] for row in rows}:
        paid_out = -sum(
            row["gross"] for row in rows if (row["type"], row["currency"]) == ("payout", currency)
        )
        completed = sum(
            one["payoutAmount"]
            for one in settlements
            if (one["status"], one["currency"]) == ("completed", currency)
        )
        if paid_out != completed:
            yield f"{currency}: payouts"


def _sum_lines(rows: list[Record]) -> dict[str, tuple[int, int]]:
    """The lines of a statement, from its rows."""
    parts: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        parts[_LINES[row["type"]]].append(row["gross"])
        for fee in row["feeDetails"]:
            name = f"{fee['type']}s" if row["type"] == "payment" else "fee_credits"
            parts[name].append(-fee["amount"])
    return {name: (sum(amounts), len(amounts)) for name, amounts in parts.items()}


def _check_payments(payments: list[Record], refunds: list[Record], rows: list[Record]) -> Iterator[str]:
    """Identities 4 and 5, and the totals that a payment's refunds make."""
    for payment in payments:
        own = [refund for refund in refunds if refund["payment"] == payment["id"]]
        sums = {
            status: sum(refund["amount"] for refund in own if refund["status"] == status)
            for status in ("succeeded", "pending")
        }
        if (payment["amountRefunded"], payment["amountRefundPending"]) != (
            sums["succeeded"],
            sums["pending"],
        ):
            yield f"{payment['id']}: refunds"
        if not 0 <= sum(sums.values()) <= payment["amountCaptured"] <= payment["amount"]:
            yield f"{payment['id']}: bounds"
        booked = [row for row in rows if (row["type"], row["source"]) == ("payment", payment["id"])]
        fees = payment["feeBreakdown"]
        expected = [] if fees is None else [(payment["amountCaptured"], fees["totalFee"])]
        if [(row["gross"], row["fee"]) for row in booked] != expected:
            yield f"{payment['id']}: row in the balance"
        if fees is not None and fees["processingFee"] + fees["installmentFee"] != fees["totalFee"]:
            yield f"{payment['id']}: fees"
        back = -sum(
            row["fee"] for row in rows if row["payment"] == payment["id"] and row["type"] != "payment"
        )
        if fees is not None and not 0 <= back <= fees["installmentFee"]:
            yield f"{payment['id']}: fees given back"


def _check_plan(payment: Record) -> Iterator[str]:
    """Identity 6: rows and principal, less what refunds took from rows that were not collected."""
    plan = payment["installments"]
    if plan["plan"] is None:
        return
    schedule = plan["schedule"]
    if any(row["amount"] != row["principal"] + row["interest"] + row["fee"] for row in schedule):
        yield f"{plan['plan']}: parts of a row"
    if any(row["amount"] < 0 or row["principal"] < 0 or row["interest"] < 0 for row in schedule):
        yield f"{plan['plan']}: negative row"
    open_ones = [row for row in schedule if row["status"] in ("due", "overdue")]
    if (plan["remainingAmount"], plan["remainingCount"]) != (
        sum(row["amount"] for row in open_ones),
        len(open_ones),
    ):
        yield f"{plan['plan']}: what remains"
    principal = sum(row["principal"] for row in schedule)
    if not payment["amountRefunded"] and plan["status"] != "cancelled":
        if principal != payment["amount"] or sum(row["amount"] for row in schedule) != plan["totalAmount"]:
            yield f"{plan['plan']}: sums"
    elif principal > payment["amount"]:
        yield f"{plan['plan']}: principal"
    if principal + payment["amountRefunded"] < payment["amount"] and plan["status"] != "cancelled":
        yield f"{plan['plan']}: principal that nobody gave back"
