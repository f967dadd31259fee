"""Which programs a merchant can attach to offers and custom plans: those that an offer can tell.

An offer tells monthly payments by a first and a subsequent amount, a nominal annual rate and one fee
(`spec/gateway.md` §8.4), and is shown before the day of the purchase is known.
"""

from collections.abc import Iterator
from datetime import date

from parcela.domain.calendar import MONTHLY
from parcela.domain.currency import find_currency
from parcela.domain.errors import InvalidInput
from parcela.domain.merchant_pricing import find_rate_percent
from parcela.domain.money import Money
from parcela.domain.programs import Program, UseCase
from parcela.domain.schedule import NotPriceable, build_schedule
from parcela.domain.terms import DayCount, FeePlacement, FirstDue, Method, RateKind

MAX_PAYMENTS = 99
_MAX_RATE = 10_000
_MAX_RATE_DECIMALS = 3
_TRIAL_DATES = (date(2026, 1, 31), date(2027, 6, 15))
_TRIAL_AMOUNTS_MINOR = (1_000_000, 999_983, 1_000_003)
_FEE_PLACEMENTS = (FeePlacement.FIRST, FeePlacement.SPREAD)
_FREE_METHODS = (Method.EQUAL_SPLIT, Method.LARGEST_REMAINDER)
_METHODS = (
    *_FREE_METHODS,
    Method.NETWORK,
    Method.ANNUITY,
    Method.FLAT,
    Method.EQUAL_PRINCIPAL,
    Method.INTEREST_ONLY,
)
_RATE_KINDS = (RateKind.NOMINAL_ANNUAL, RateKind.PERIOD_PERCENT)
_DAY_COUNTS = (DayCount.PERIODIC, DayCount.THIRTY_360_PERIOD)


def check_attachable(program: Program) -> None:
    """Can a merchant's offer express this program's terms? Raises InvalidInput that names what it cannot."""
    for member, holds, expected, came in _list_demands(program):
        if not holds:
            raise InvalidInput(
                f"program {program.offer_id}.{member}", f"{expected}, to be offered by a merchant", came=came
            )
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    for minor in _TRIAL_AMOUNTS_MINOR:
        _check_rows(program, Money(minor, currency))


def _list_demands(program: Program) -> Iterator[tuple[str, bool, str, str]]:
    """Member, whether it holds, what is expected of it, and what it is."""
    terms = program.terms
    yield "rules.use_cases", UseCase.DURING_PURCHASE in program.rules.use_cases, "during_purchase", "without"
    yield (
        "terms.interval",
        terms.interval == MONTHLY,
        "one month",
        f"{terms.interval.count} {terms.interval.unit}",
    )
    yield "terms.count", 1 <= terms.count <= MAX_PAYMENTS, f"1 to {MAX_PAYMENTS}", str(terms.count)
    yield "terms.method", terms.method in _METHODS, "one of " + ", ".join(_METHODS), terms.method
    kind = terms.rate.kind
    yield "terms.rate.kind", kind in _RATE_KINDS, "one of " + ", ".join(_RATE_KINDS), kind
    rate = terms.rate.value
    yield "terms.rate.value", rate <= _MAX_RATE, f"at most {_MAX_RATE}", str(rate)
    is_free = terms.method in _FREE_METHODS
    yield (
        "terms.rate.value",
        not (is_free and rate),
        f"0 with {terms.method}",
        str(rate),
    )
    exponent = find_rate_percent(terms).as_tuple().exponent
    has_few_decimals = isinstance(exponent, int) and -exponent <= _MAX_RATE_DECIMALS
    yield (
        "terms.rate.value",
        has_few_decimals,
        f"an annual percentage of at most {_MAX_RATE_DECIMALS} decimals",
        f"{find_rate_percent(terms):f}",
    )
    yield "terms.first_due", terms.first_due is not FirstDue.ON_DATE, "no fixed date", terms.first_due
    yield (
        "terms.day_count",
        terms.day_count in _DAY_COUNTS,
        "one of " + ", ".join(_DAY_COUNTS),
        terms.day_count,
    )
    yield "terms.fees", len(terms.fees) <= 1, "at most one fee", str(len(terms.fees))
    for fee in terms.fees:
        yield (
            "terms.fees",
            fee.placement in _FEE_PLACEMENTS,
            "one of " + ", ".join(_FEE_PLACEMENTS),
            fee.placement,
        )
    yield "terms.taxes", not terms.taxes.are_due, "none, for its wire has no member for them", "taxes"
    has_odd_period = terms.start.odd_first_period is not None
    yield "terms.start.odd_first_period", not has_odd_period, "none", "one"
    has_down_payment = terms.start.down_payment_percent is not None
    yield "terms.start.down_payment_percent", not has_down_payment, "none", "one"


def _check_rows(program: Program, amount: Money) -> None:
    """Rows 2 to n are equal, and the rows do not depend on the date."""
    seen = set()
    for anchor in _TRIAL_DATES:
        try:
            schedule = build_schedule(program.terms, amount, anchor=anchor)
        except NotPriceable:
            # Another amount may well be priceable: that is for each purchase to find out.
            return
        amounts = tuple(row.amount_minor for row in schedule.rows)
        if len(set(amounts[1:])) > 1:
            raise InvalidInput(
                f"program {program.offer_id}.terms",
                "equal payments after the first, to be offered by a merchant",
                came=f"payments of {min(amounts[1:])} to {max(amounts[1:])} minor units",
            )
        seen.add(amounts)
    if len(seen) > 1:
        raise InvalidInput(
            f"program {program.offer_id}.terms",
            "amounts that do not depend on the date of purchase, to be offered by a merchant",
        )
