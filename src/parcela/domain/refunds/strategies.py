"""The product's own rule for a partial refund (spec payments §9.1): new principal, then new interest.

Issuers, the gateway and the payments dialect use it on the rows that are not collected yet. Everything is
integer minor units of one currency; a rate is a fraction a period.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.refunds.finance_charge import FinanceChargeSplit, split_finance_charge
from parcela.domain.refunds.payoff import Payoff, price_payoff
from parcela.domain.refunds.strategy_rows import StrategyRow, StrategyRowLike
from parcela.domain.rounding import divide_half_up
from parcela.domain.schedule.network import Annuity, PeriodicRate, find_payment, split_interest
from parcela.domain.schedule.records import NotPriceable

# One address for what callers of a refund need.
__all__ = [
    "FinanceChargeSplit",
    "Payoff",
    "RecalculatedRows",
    "StrategyRow",
    "StrategyRowLike",
    "pass_taxes_on",
    "price_payoff",
    "recalculate_rows",
    "split_finance_charge",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalculatedRows:
    """All rows given, as they are after the refund, in minor units.

    `cancelled` are the numbers of rows that ask for nothing any more, `reduction_minor` what left the
    principal, `excess_minor` what the refund had beyond it. Reduction and excess make up the refund.
    """

    rows: tuple[StrategyRow, ...]
    cancelled: tuple[int, ...]
    reduction_minor: int
    excess_minor: int


# Principal and interest of a row.
_Part = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refunded:
    """Unpaid principals by row before the refund, and what is taken off them."""

    principals: Sequence[int]
    reduction_minor: int
    rate: PeriodicRate
    in_advance: bool


def recalculate_rows(
    rows: Sequence[StrategyRowLike],
    refund_minor: int,
    *,
    strategy: RefundStrategy,
    rate: tuple[int, int],
    in_advance: bool,
) -> RecalculatedRows:
    """Take a refund off the rows that are not collected yet; `rows` stand in their order.

    `in_advance` says that row 1 of the plan falls on the day of purchase and bears no interest; once row 1 is
    collected it changes nothing. Fee shares are not refunded and stay with their row. A row left without
    principal and interest passes its fee on to the next row that remains, or to the last before it; if no row
    remains, the first one given keeps all fees and asks for them alone.

    All strategies are split-neutral: any split or order of the same refunds ends in the same rows, which
    follow from the sum alone (reliability §6, invariant 28). That needs the same rows each time: a caller
    that leaves cancelled rows out of a later SPREAD spreads over fewer rows, with the same sum.
    """
    assert refund_minor >= 0
    unpaid = sum(row.principal_minor for row in rows)
    reduction = min(refund_minor, unpaid)
    given = _Refunded(
        principals=[row.principal_minor for row in rows],
        reduction_minor=reduction,
        rate=PeriodicRate(*rate),
        in_advance=in_advance and bool(rows) and rows[0].number == 1,
    )
    parts = _STRATEGIES[strategy](given) if rows else []
    fees = _pass_fees_on([row.fee_minor for row in rows], parts)
    changed = tuple(
        StrategyRow(
            number=row.number,
            due_date=row.due_date,
            principal_minor=principal,
            interest_minor=interest,
            fee_minor=fee,
        )
        for row, (principal, interest), fee in zip(rows, parts, fees, strict=True)
    )
    return RecalculatedRows(
        rows=changed,
        cancelled=tuple(row.number for row in changed if row.amount_minor == 0),
        reduction_minor=reduction,
        excess_minor=refund_minor - reduction,
    )


def pass_taxes_on(taxes_minor: Sequence[int], changed: RecalculatedRows) -> tuple[int, ...]:
    """How much of each recalculated row's fee is tax; `taxes_minor` are those of the rows before.

    Fees are passed on whole, and the tax in them goes with them: it keeps its share, and none is above its
    row's fee.
    """
    parts = [(row.principal_minor, row.interest_minor) for row in changed.rows]
    return tuple(_pass_fees_on(taxes_minor, parts))


def _spread(given: _Refunded) -> list[_Part]:
    """A new plan over the same rows (network §6.1 and §6.2).

    Where that has no lawful split, principal is split as without interest, which is then reckoned on it.
    """
    left, count = sum(given.principals) - given.reduction_minor, len(given.principals)
    if left == 0:
        return [(0, 0)] * count
    if given.rate.numerator:
        annuity = Annuity(left, given.rate, count, given.in_advance)
        payment = find_payment(annuity)
        covers_at_once = given.in_advance and payment >= left and count > 1
        if payment * count >= left and not covers_at_once:
            try:
                return split_interest(annuity, payment)
            except NotPriceable:
                return _add_interest(_split_principal(left, count), given)
        if not covers_at_once:
            return [(principal, 0) for principal in _split_principal(left, count)]
    return _add_interest(_split_principal(left, count), given)


def _split_principal(left: int, count: int) -> list[int]:
    """Other rows the quotient half up, the first the rest; rounded down if that rest were negative."""
    share = divide_half_up(left, count)
    if share * (count - 1) > left:
        share = left // count
    return [left - share * (count - 1), *[share] * (count - 1)]


def _take_from_last(given: _Refunded) -> list[_Part]:
    lowered = _take(list(reversed(given.principals)), given.reduction_minor)
    return _add_interest(list(reversed(lowered)), given)


def _take_from_next(given: _Refunded) -> list[_Part]:
    return _add_interest(_take(given.principals, given.reduction_minor), given)


_STRATEGIES: Mapping[RefundStrategy, Callable[[_Refunded], list[_Part]]] = {
    RefundStrategy.SPREAD: _spread,
    RefundStrategy.LAST_FIRST: _take_from_last,
    RefundStrategy.NEXT_FIRST: _take_from_next,
}


def _take(principals: Sequence[int], amount_minor: int) -> list[int]:
    """Take an amount off the rows in turn."""
    lowered = []
    for principal in principals:
        part = min(principal, amount_minor)
        lowered.append(principal - part)
        amount_minor -= part
    return lowered


def _add_interest(principals: Sequence[int], given: _Refunded) -> list[_Part]:
    """Each row bears the interest of the balance before it, half up; a row due at once bears none."""
    balance = sum(principals)
    parts = []
    for index, principal in enumerate(principals):
        is_free = given.in_advance and index == 0
        interest = 0 if is_free else divide_half_up(balance * given.rate.numerator, given.rate.denominator)
        parts.append((principal, interest))
        balance -= principal
    return parts


def _pass_fees_on(fees: Sequence[int], parts: Sequence[_Part]) -> list[int]:
    """Fees of rows that have no other part go to the next row that has one, else to the last before."""
    remaining = [index for index, part in enumerate(parts) if any(part)]
    if not remaining:
        return [sum(fees), *[0] * (len(fees) - 1)] if fees else []
    kept = [0] * len(fees)
    for index, fee in enumerate(fees):
        keeper = next((candidate for candidate in remaining if candidate >= index), remaining[-1])
        kept[keeper] += fee
    return kept
