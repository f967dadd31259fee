"""Plans that charge a percentage of the amount once: add-on fees, surcharged prices, and flat interest."""

from fractions import Fraction

from parcela.domain.schedule.amortization import Debt, Part
from parcela.domain.schedule.split import find_residual_row, split_equal, split_pro_rata
from parcela.domain.terms import FlatRounding, MethodOptions, Residual, TotalRule


def split_add_on(debt: Debt, percent: Fraction) -> tuple[list[int], list[int]]:
    """Row amounts and their fee shares: the fee is a percentage of the amount, and the sum is split in equal
    rows.
    """
    fee = debt.round_interest(debt.balance_minor * percent / 100)
    amounts = split_equal(
        debt.balance_minor + fee, len(debt.rates), rules=debt.rounding, exponent=debt.exponent
    )
    return amounts, split_pro_rata(fee, amounts)


def split_surcharge(debt: Debt, percent: Fraction, *, rule: TotalRule) -> list[Part]:
    """Rows of the surcharged price; the surcharge is the interest, spread in proportion.

    TOTAL_THEN_SPLIT rounds the total first. What n equal rows then miss is on one row, so that the rows sum
    to the printed total.
    """
    count = len(debt.rates)
    price = debt.balance_minor * (100 + percent) / 100
    if rule is TotalRule.INSTALLMENT_TIMES_N:
        amounts = [debt.round_installment(price / count)] * count
    else:
        total = debt.round_installment(price)
        amounts = [debt.round_installment(Fraction(total, count))] * count
        amounts[find_residual_row(debt.rounding.residual, count)] += total - sum(amounts)
    interest = split_pro_rata(sum(amounts) - debt.balance_minor, amounts)
    return [(amount - share, share) for amount, share in zip(amounts, interest, strict=True)]


def split_flat(debt: Debt, base_minor: int, *, options: MethodOptions) -> list[Part]:
    """Equal principal, and in each row the interest of the base that never falls."""
    count = len(debt.rates)
    if options.flat_rounding is FlatRounding.PRINCIPAL_TO_MULTIPLE:
        share = debt.round_installment(Fraction(debt.balance_minor, count))
    else:
        share = debt.round_interest(Fraction(debt.balance_minor, count))
    principals = [share] * count
    residual = Residual.LAST if debt.rounding.residual is Residual.NONE else debt.rounding.residual
    principals[find_residual_row(residual, count)] += debt.balance_minor - share * count
    interest = [debt.round_interest(base_minor * rate) for rate in debt.rates]
    return list(zip(principals, interest, strict=True))
