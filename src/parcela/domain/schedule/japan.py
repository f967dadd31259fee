"""Japanese installment sales: fee tables per 100 yen, and level rows whose first one is charged by days."""

from decimal import Decimal
from fractions import Fraction

from parcela.domain.rounding import Rounding, round_minor
from parcela.domain.schedule.amortization import Debt, Part, find_level_amount
from parcela.domain.terms import JapaneseLevel

_DAYS_A_YEAR = 365


def find_fee_per_100(
    annual_percent: Decimal, count: int, *, rounding: Rounding, periods_per_year: int = 12
) -> Decimal:
    """The fee of 100 yen in `count` rows: n·100·i / (1 − (1+i)⁻ⁿ) − 100, rounded to the table's step."""
    rate = Fraction(annual_percent) / 100 / periods_per_year
    fee = count * find_level_amount(100, [rate] * count) - 100
    # A table has at most four decimals, so it is computed as a currency of that exponent.
    return Decimal(round_minor(fee * 10**4, rounding, exponent=4)).scaleb(-4).normalize()


def amortize_first_by_days(debt: Debt, level: JapaneseLevel, *, annual_percent: Decimal) -> list[Part]:
    """Level rows from a fee table.

    The first principal assumes a whole period, its interest is charged again by days over 365; the last row
    pays the balance that is left.
    """
    level_minor = round_minor(
        Fraction(level.level_amount) * 10**debt.exponent, debt.rounding.installment, exponent=debt.exponent
    )
    by_days = Fraction(annual_percent) / 100 * level.first_period_days / _DAYS_A_YEAR
    balance = debt.balance_minor
    parts = []
    for number, rate in enumerate(debt.rates):
        interest = debt.round_interest(balance * rate)
        principal = balance if number == len(debt.rates) - 1 else level_minor - interest
        if number == 0:
            interest = debt.round_interest(balance * by_days)
        parts.append((principal, interest))
        balance -= principal
    return parts
