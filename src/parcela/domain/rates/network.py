"""The network's own apr: i·N·100, where i makes the rows worth the purchase (spec network §6.1).

The rate is certified: the answer in hundredths of a percent is the one whose rounding interval holds the sign
change of the exact present value, which is checked with integers. Newton's fixed-point steps only guess where
to look.
"""

from decimal import Decimal
from typing import NamedTuple

from parcela.domain.rates.deferred import find_deferred_apr
from parcela.domain.rates.hundredths import search_hundredths
from parcela.domain.schedule.records import NotPriceable, NotPriceableReason, Schedule
from parcela.domain.terms import FirstDue, PricingTerms

_NO_COST = Decimal("0.00")
_HUNDREDTH = Decimal("0.01")
_SCALE_BITS = 80
_ONE = 1 << _SCALE_BITS
_MAX_STEPS = 20
# Steps shrink quadratically: after one below 2^-15 the error is far below a hundredth of a percent a year.
_CLOSE = 1 << (_SCALE_BITS - 15)


def find_network_apr(terms: PricingTerms, schedule: Schedule) -> Decimal:
    """The apr in percent with two decimals, half up; 0.00 when neither interest nor fee is charged.

    Raises `NotPriceable` when the apr is above the program's own cap (network §6.4), or when taxes make a
    first row that is due at once as large as the purchase.
    """
    if schedule.interest_minor == 0 and schedule.fee_minor == 0:
        return _NO_COST
    in_advance = terms.first_due is FirstDue.TRANSACTION_DATE
    if terms.taxes.are_due:
        apr = _find_taxed_apr(terms, schedule, in_advance=in_advance)
    else:
        flows = _read_flows(schedule, in_advance=in_advance)
        periods = terms.year_periods
        # Half a hundredth of a percent a year is the distance between a shown apr and its rounding
        # boundaries.
        halves = 20_000 * periods.numerator
        apr = Decimal(_search_hundredths(flows, halves, multiplier=periods.denominator)) * _HUNDREDTH
    cap = terms.max_apr_percent
    if cap is not None and apr > cap:
        raise NotPriceable(
            NotPriceableReason.APR_ABOVE_CAP, f"the apr of {apr} is above the program's cap of {cap}"
        )
    return apr


def _find_taxed_apr(terms: PricingTerms, schedule: Schedule, *, in_advance: bool) -> Decimal:
    """The apr of rows of which no two need be equal, taxes included."""
    apr = find_deferred_apr(
        [row.amount_minor for row in schedule.rows],
        schedule.principal_minor,
        first_period=0 if in_advance else 1,
        year_periods=terms.year_periods,
    )
    if apr is None:
        raise NotPriceable(
            NotPriceableReason.FIRST_ROW_COVERS_PRINCIPAL,
            "the first installment, due at once, is not smaller than the purchase: no rate exists",
        )
    return apr


class _Flows(NamedTuple):
    """The rows as an annuity of `times` payments of `other`, with `extra` more in the first of them.

    `present` is what they must be worth: the purchase, less a first row that is paid at once.
    """

    other: int
    extra: int
    times: int
    present: int


def _read_flows(schedule: Schedule, *, in_advance: bool) -> _Flows:
    count = len(schedule.rows)
    first, other = schedule.first_minor, schedule.other_minor
    if in_advance:
        return _Flows(other, 0, count - 1, schedule.principal_minor - first)
    return _Flows(other, first - other, count, schedule.principal_minor)


def _is_worth_it(flows: _Flows, numerator: int, *, denominator: int) -> bool:
    """True if the rows are worth at least the present at the rate numerator/denominator: the rate is not too
    high.

    The exact inequality Σ Dₖ(1+i)⁻ᵏ ≥ P, multiplied by all its denominators.
    """
    other, extra, times, present = flows
    if numerator <= 0:
        return True
    base = denominator + numerator
    power = base ** (times - 1)
    annuity: int = other * denominator * (power * base - denominator**times)
    rest: int = numerator * power * (extra * denominator - present * base)
    return annuity + rest >= 0


def _search_hundredths(flows: _Flows, half_steps: int, *, multiplier: int) -> int:
    """The apr in hundredths of a percent; half a hundredth is the rate multiplier / half_steps a period."""

    def reaches(halves: int) -> bool:
        return _is_worth_it(flows, halves * multiplier, denominator=half_steps)

    guess = _guess_rate(flows) * half_steps // (multiplier << (_SCALE_BITS + 1))
    for apr in (guess, guess + 1):
        if reaches(2 * apr - 1) and not reaches(2 * apr + 1):
            return apr
    return search_hundredths(reaches)


def _guess_rate(flows: _Flows) -> int:
    """The periodic rate in fixed point by Newton's method; a poor guess costs time only, never a digit."""
    other, extra, times, present = flows
    total = other * times + extra
    weighted = other * times * (times + 1) // 2 + extra
    rate = max((total - present) * total * _ONE // (weighted * present), 1 << 40)
    for _ in range(_MAX_STEPS):
        discount = (_ONE << _SCALE_BITS) // (_ONE + rate)
        power = _raise_fixed(discount, times)
        annuity = ((_ONE - power) << _SCALE_BITS) // rate
        excess = other * annuity + extra * discount - (present << _SCALE_BITS)
        slope = other * (((times * (power * discount >> _SCALE_BITS) - annuity) << _SCALE_BITS) // rate)
        slope -= extra * (discount * discount >> _SCALE_BITS)
        if slope >= 0:
            return rate
        step = (excess << _SCALE_BITS) // slope
        rate = rate - step if rate > step else rate // 2
        if -_CLOSE < step < _CLOSE:
            return rate
    return rate


def _raise_fixed(base: int, exponent: int) -> int:
    """A fixed-point number to a whole power."""
    result = _ONE
    while exponent:
        if exponent & 1:
            result = result * base >> _SCALE_BITS
        base = base * base >> _SCALE_BITS
        exponent >>= 1
    return result
