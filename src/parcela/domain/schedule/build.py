"""The one entrance: a program's method decides which rule builds the rows, and the rows are checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from parcela.domain.calendar import DateOutOfRange
from parcela.domain.money import Money
from parcela.domain.rounding import round_minor
from parcela.domain.schedule.amortization import Debt
from parcela.domain.schedule.methods import MethodInput, RowParts, build_parts
from parcela.domain.schedule.network import (
    build_network_schedule,
    find_fee,
    refuse_negative_part,
    split_fees,
)
from parcela.domain.schedule.periods import list_deferral_rates, list_period_rates, list_plan_dates
from parcela.domain.schedule.records import NotPriceable, NotPriceableReason, Schedule, make_row
from parcela.domain.schedule.taxation import add_taxes
from parcela.domain.terms import DeferralInterest, FeePlacement, FirstDue, InvalidTerms, Method, PricingTerms

_IN_ROWS = (FeePlacement.FIRST, FeePlacement.SPREAD)


def build_schedule(terms: PricingTerms, principal: Money, *, anchor: date) -> Schedule:
    """Split a purchase of `principal` made on `anchor` into dated rows, with the taxes of the terms.

    Raises `NotPriceable` when a row or part would be below its bound (network §6.4) or a date leaves the
    calendar, and `InvalidTerms` when the program contradicts itself.
    """
    if principal.minor < 1:
        raise NotPriceable(NotPriceableReason.ROW_BELOW_MINOR_UNIT, "expected an amount above 0")
    try:
        if terms.method is Method.NETWORK:
            schedule = build_network_schedule(terms, principal, anchor=anchor)
        else:
            schedule = _build_general_schedule(terms, principal, anchor=anchor)
        return add_taxes(schedule, terms.taxes, bought_on=anchor) if terms.taxes.are_due else schedule
    except DateOutOfRange as problem:
        raise NotPriceable(NotPriceableReason.DATE_OUT_OF_RANGE, str(problem)) from problem


def list_capitalized_balances(terms: PricingTerms, principal: Money, *, anchor: date) -> list[int]:
    """The balance in minor units after each period of a capitalizing deferral."""
    deferral = terms.start.deferral
    if deferral is None or deferral.interest is not DeferralInterest.CAPITALIZE:
        return []
    balances = []
    balance = principal.minor
    exponent = principal.currency.exponent
    for rate in list_deferral_rates(terms, deferral, anchor=anchor):
        balance += round_minor(balance * rate, terms.rounding.interest, exponent=exponent)
        balances.append(balance)
    return balances


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What stands before the regular rows, in minor units."""

    down_payment_minor: int
    financed_fee_minor: int
    capitalized_minor: int
    collected_minor: int


def _build_general_schedule(terms: PricingTerms, principal: Money, *, anchor: date) -> Schedule:
    start = _find_start(terms, principal, anchor=anchor)
    down_rows = 0
    if terms.start.down_payment_percent is not None:
        down_rows = 1
        _check_down_payment(terms)
    count = terms.count - down_rows
    balance = principal.minor - start.down_payment_minor + start.financed_fee_minor + start.capitalized_minor
    dates = list_plan_dates(terms, anchor, count=count)
    rates = tuple(list_period_rates(terms, anchor, dates=dates))
    debt = Debt(
        balance_minor=balance, rates=rates, exponent=principal.currency.exponent, rounding=terms.rounding
    )
    given = MethodInput(
        terms=terms,
        debt=debt,
        purchase_minor=principal.minor,
        level_rates=_list_level_rates(terms, anchor, rates=rates),
    )
    parts = _separate_costs(build_parts(given), start)
    if down_rows:
        parts = [_Row(start.down_payment_minor, 0, 0), *parts]
        dates = (anchor, *dates)
    return _assemble(terms, principal, dates=dates, parts=parts)


def _check_down_payment(terms: PricingTerms) -> None:
    """A down payment is row 1, due on the purchase date, so another row must follow, and not on that date."""
    if terms.count < 2:
        raise InvalidTerms("a down payment is one of the installments: give a count of 2 or more")
    if terms.first_due is FirstDue.TRANSACTION_DATE:
        raise InvalidTerms("a down payment takes the purchase date: let the first installment follow later")


def _find_start(terms: PricingTerms, principal: Money, *, anchor: date) -> _Start:
    exponent = principal.currency.exponent
    percent = terms.start.down_payment_percent
    down = 0
    if percent is not None:
        down = round_minor(
            principal.minor * Fraction(percent) / 100, terms.rounding.installment, exponent=exponent
        )
    if down >= principal.minor:
        raise NotPriceable(
            NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
            "the rounded down payment leaves nothing to finance: use a lower percentage or a finer step",
        )
    financed = sum(find_fee(fee, principal) for fee in terms.fees if fee.placement is FeePlacement.FINANCED)
    debt = Money(principal.minor - down + financed, principal.currency)
    balances = list_capitalized_balances(terms, debt, anchor=anchor)
    collected = 0
    deferral = terms.start.deferral
    if deferral is not None and deferral.interest is DeferralInterest.COLLECT_WITH_FIRST:
        for rate in list_deferral_rates(terms, deferral, anchor=anchor):
            collected += round_minor(debt.minor * rate, terms.rounding.interest, exponent=exponent)
    return _Start(
        down_payment_minor=down,
        financed_fee_minor=financed,
        capitalized_minor=balances[-1] - debt.minor if balances else 0,
        collected_minor=collected,
    )


def _list_level_rates(
    terms: PricingTerms, anchor: date, *, rates: tuple[Fraction, ...]
) -> tuple[Fraction, ...]:
    """The periods that a balloon's level amount is spread over: more than it has rows."""
    count = terms.options.amortization_count
    if terms.method is not Method.ANNUITY_BALLOON or count is None:
        return rates
    if count < len(rates):
        raise InvalidTerms("a balloon is amortized over more periods than it has rows")
    return tuple(list_period_rates(terms, anchor, dates=list_plan_dates(terms, anchor, count=count)))


@dataclass(frozen=True, slots=True)
class _Row:
    principal_minor: int
    interest_minor: int
    fee_minor: int


def _separate_costs(parts: list[RowParts], start: _Start) -> list[_Row]:
    """Name what each row takes off the balance: financed fees first, then capitalized interest, then the
    purchase.

    So the principal parts sum to the purchase, whatever was added to the balance.
    """
    fee_left = start.financed_fee_minor
    interest_left = start.capitalized_minor
    collected = start.collected_minor
    rows = []
    for part in parts:
        fee = min(fee_left, max(part.balance_minor, 0))
        interest = min(interest_left, max(part.balance_minor - fee, 0))
        fee_left -= fee
        interest_left -= interest
        rows.append(
            _Row(
                part.balance_minor - fee - interest,
                part.interest_minor + interest + collected,
                part.fee_minor + fee,
            )
        )
        collected = 0
    return rows


def _assemble(
    terms: PricingTerms, principal: Money, *, dates: Sequence[date], parts: Sequence[_Row]
) -> Schedule:
    """Add the fees that are charged in the rows, check every part, and sum up."""
    in_rows = tuple(fee for fee in terms.fees if fee.placement in _IN_ROWS)
    prepaid = sum(
        find_fee(fee, principal) for fee in terms.fees if fee.placement is FeePlacement.UPFRONT_PREPAID
    )
    first_fee, other_fee = split_fees(in_rows, principal, count=len(parts))
    allows_empty_rows = terms.start.grace is not None
    rows = []
    extra = first_fee
    for number, (due_date, part) in enumerate(zip(dates, parts, strict=True), 1):
        if part.principal_minor < 0 or part.interest_minor < 0 or part.fee_minor < 0 or extra < 0:
            raise refuse_negative_part(principal.minor, terms.count)
        row = make_row(
            number,
            due_date,
            parts=(part.principal_minor, part.interest_minor),
            fee_minor=part.fee_minor + extra,
        )
        if row.amount_minor < 1 and not allows_empty_rows:
            raise NotPriceable(
                NotPriceableReason.ROW_BELOW_MINOR_UNIT,
                f"row {number} is below one minor unit: use fewer rows",
            )
        rows.append(row)
        extra = other_fee
    assert sum(row.principal_minor for row in rows) == principal.minor
    interest = sum(row.interest_minor for row in rows)
    fees = sum(row.fee_minor for row in rows)
    return Schedule(
        currency=principal.currency,
        principal_minor=principal.minor,
        rows=tuple(rows),
        total_minor=principal.minor + interest + fees,
        interest_minor=interest,
        fee_minor=fees,
        prepaid_fee_minor=prepaid,
    )
