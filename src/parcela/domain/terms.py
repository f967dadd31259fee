"""The pricing side of a program: everything that turns an amount and a date into rows.

The defaults are the network's (spec network §6), so that a network program names six fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from parcela.domain.calendar import PLAIN_DATES, DateRules, Interval, find_periods_per_year
from parcela.domain.errors import DomainError
from parcela.domain.rounding import HALF_UP, Rounding
from parcela.domain.taxes import NO_TAXES, Taxes


class InvalidTerms(DomainError):
    """A program's pricing terms contradict themselves."""

    code = "invalid_terms"


class Method(StrEnum):
    """How the rows follow from the amount.

    NETWORK is network §6; EQUAL_SPLIT and LARGEST_REMAINDER are interest-free; FLAT charges the rate on the
    first amount in every period; ADD_ON adds a percentage as a fee; SURCHARGE adds one to the price of each
    row.
    """

    NETWORK = "network"
    EQUAL_SPLIT = "equal_split"
    LARGEST_REMAINDER = "largest_remainder"
    ANNUITY = "annuity"
    ANNUITY_BALLOON = "annuity_balloon"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    FLAT = "flat"
    ADD_ON = "add_on"
    SURCHARGE = "surcharge"
    JP_LEVEL_FIRST_BY_DAYS = "jp_level_first_by_days"


class RateKind(StrEnum):
    """What the percentage counts: a year, one period, or the whole amount once."""

    NOMINAL_ANNUAL = "nominal_annual"
    PERIOD_PERCENT = "period_percent"
    SURCHARGE_PERCENT_ON_AMOUNT = "surcharge_percent_on_amount"
    ADD_ON_PERCENT_OF_AMOUNT = "add_on_percent_of_amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A percentage with what it counts: `Rate(value=Decimal("11.2"))` is 11.2 % a year."""

    value: Decimal
    kind: RateKind = RateKind.NOMINAL_ANNUAL


INTEREST_FREE = Rate(value=Decimal(0))


class FirstDue(StrEnum):
    """When row 1 falls due: on the purchase date (in advance), one interval later (in arrears), or on a date.

    The network calls the first two TRANSACTION_DATE and DELAY_REPAYMENT.
    """

    TRANSACTION_DATE = "transaction_date"
    AFTER_INTERVAL = "after_interval"
    ON_DATE = "on_date"


class DayCount(StrEnum):
    """The part of a year in one period. PERIODIC divides the year by the number of periods."""

    PERIODIC = "periodic"
    THIRTY_360_PERIOD = "30/360_period"
    THIRTY_360_DATES = "30/360_dates"
    ACT_365F = "act/365f"
    ACT_360 = "act/360"
    ACT_ACT_SPLIT_31DEC = "act/act_split_31dec"


class Residual(StrEnum):
    """Which row carries what rounding leaves over.

    NONE keeps all rows equal and lets the total follow. LAST_INTEREST keeps rows equal by shifting the
    residue into the interest figure of the last row.
    """

    FIRST = "first"
    LAST = "last"
    LAST_INTEREST = "last_interest"
    LARGEST_REMAINDER = "largest_remainder"
    NONE = "none"


class FeeKind(StrEnum):
    """A fixed amount in major units, or a percentage of the transaction amount."""

    FIXED = "fixed"
    PERCENT = "percent"


class FeePlacement(StrEnum):
    """Where a fee is paid: in row 1, over all rows, inside the financed amount, or apart before the plan."""

    FIRST = "first"
    SPREAD = "spread"
    FINANCED = "financed"
    UPFRONT_PREPAID = "upfront_prepaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One fee; `value` is an amount in major units or a percentage, by `kind`."""

    kind: FeeKind
    value: Decimal
    placement: FeePlacement = FeePlacement.FIRST


class DeferralInterest(StrEnum):
    """What happens to the interest of the periods before row 1's own period."""

    FREE = "free"
    CAPITALIZE = "capitalize"
    COLLECT_WITH_FIRST = "collect_with_first"
    SURCHARGE = "surcharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """A pause of whole periods before the plan starts; the surcharge is a percentage of the amount a
    period.
    """

    periods: int
    interest: DeferralInterest = DeferralInterest.FREE
    surcharge_percent_per_period: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """Rows at the start without principal, with postponed interest, or without interest."""

    principal: int = 0
    interest: int = 0
    interest_free: int = 0


class FlatInterestBasis(StrEnum):
    """What flat interest is charged on when there is a down payment."""

    FULL_AMOUNT = "full_amount"
    FINANCED_AMOUNT = "financed_amount"


class FlatRounding(StrEnum):
    """Whether the equal principal of a flat plan is rounded to the installment's step, or the minor unit
    only.
    """

    MINOR_UNIT = "minor_unit"
    PRINCIPAL_TO_MULTIPLE = "principal_to_multiple"


class TotalRule(StrEnum):
    """Whether a surcharge plan rounds the total and splits it, or rounds the row and multiplies it."""

    TOTAL_THEN_SPLIT = "total_then_split"
    INSTALLMENT_TIMES_N = "installment_times_n"


class LevelSource(StrEnum):
    """How an annuity's level amount is found: from each period's own factor, or from 30 daily parts of
    1/365.
    """

    PERIOD_FACTORS = "period_factors"
    DAILY_30_365 = "daily_30_365"


class ScheduleRate(StrEnum):
    """The rate that splits the rows: the stated one, or the one that the rounded rows really earn."""

    STATED = "stated"
    IRR_OF_ROWS = "irr_of_rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddFirstPeriod:
    """A first period of whole periods and odd days with simple interest, given as a part of a year."""

    whole_periods: int
    odd_years: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class JapaneseLevel:
    """A level amount from a fee table, and the days of the first period (spec vectors, `jp-kappu`)."""

    level_amount: Decimal
    first_period_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOptions:
    """What only some methods read: each field names the method or market that asks for it."""

    flat_base: FlatInterestBasis = FlatInterestBasis.FINANCED_AMOUNT
    flat_rounding: FlatRounding = FlatRounding.MINOR_UNIT
    total_rule: TotalRule = TotalRule.TOTAL_THEN_SPLIT
    level_source: LevelSource = LevelSource.PERIOD_FACTORS
    schedule_rate: ScheduleRate = ScheduleRate.STATED
    smooth_level: bool = False
    amortization_count: int | None = None
    japanese_level: JapaneseLevel | None = None


PLAIN_OPTIONS = MethodOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRules:
    """How a plan begins when it does not simply begin: pause, grace rows, down payment, odd first period."""

    deferral: Deferral | None = None
    grace: Grace | None = None
    down_payment_percent: Decimal | None = None
    odd_first_period: OddFirstPeriod | None = None


PLAIN_START = StartRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingRules:
    """How installments and interest are rounded, and which row takes the residue."""

    installment: Rounding = HALF_UP
    interest: Rounding = HALF_UP
    residual: Residual = Residual.FIRST


NETWORK_ROUNDING = RoundingRules()
_NETWORK_PLACEMENTS = (FeePlacement.FIRST, FeePlacement.SPREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTerms:
    """The pricing of a program. Amounts in major units, rates in percent. Raises `InvalidTerms`.

    `periods_per_year` None means the interval's own number. `first_due_date` belongs to ON_DATE alone.
    `taxes` are reckoned on the rows, after all else; the payments door alone can say them (ADR 26).
    """

    count: int
    interval: Interval
    method: Method = Method.NETWORK
    rate: Rate = INTEREST_FREE
    first_due: FirstDue = FirstDue.AFTER_INTERVAL
    fees: tuple[Fee, ...] = ()
    first_due_date: date | None = None
    periods_per_year: int | None = None
    day_count: DayCount = DayCount.PERIODIC
    rounding: RoundingRules = NETWORK_ROUNDING
    dates: DateRules = PLAIN_DATES
    start: StartRules = PLAIN_START
    options: MethodOptions = PLAIN_OPTIONS
    max_apr_percent: Decimal | None = None
    taxes: Taxes = NO_TAXES

    def __post_init__(self) -> None:
        for name, value, lowest, highest in _list_bounded_numbers(self):
            is_finite = not isinstance(value, Decimal) or value.is_finite()
            if not is_finite or not lowest <= value <= highest:
                raise InvalidTerms(f"expected {name} from {lowest} to {highest}, got {value}")
        if self.count < 1:
            raise InvalidTerms(f"expected at least one installment, got {self.count}")
        if (self.first_due is FirstDue.ON_DATE) != (self.first_due_date is not None):
            raise InvalidTerms("a first due date belongs to first_due ON_DATE: give both or neither")
        if not self.rate.value.is_finite() or self.rate.value < 0:
            raise InvalidTerms(f"expected a rate of 0 or more, got {self.rate.value}")
        if any(not fee.value.is_finite() or fee.value < 0 for fee in self.fees):
            raise InvalidTerms("expected fees of 0 or more")
        if self.method is Method.NETWORK and not self._is_plain():
            raise InvalidTerms("the network's method has its own rounding and start: choose another method")
        if self.taxes.are_due:
            self._check_taxes()

    def _check_taxes(self) -> None:
        """Taxes have at most six decimals, and rows alone bear them."""
        for percent in (self.taxes.vat_percent, self.taxes.iof_percent, self.taxes.iof_daily_percent):
            if percent != round(percent, 6):
                raise InvalidTerms(f"expected taxes of at most 6 decimals, got {percent}")
        if any(fee.placement is FeePlacement.UPFRONT_PREPAID for fee in self.fees):
            raise InvalidTerms("a fee that is paid apart cannot be taxed, for it is in no row")

    def _is_plain(self) -> bool:
        """True if nothing is set that network §6 has no rule for."""
        return (
            self.rate.kind is RateKind.NOMINAL_ANNUAL
            and self.day_count is DayCount.PERIODIC
            and (self.rounding, self.start, self.options) == (NETWORK_ROUNDING, PLAIN_START, PLAIN_OPTIONS)
            and all(fee.placement in _NETWORK_PLACEMENTS for fee in self.fees)
        )

    @property
    def year_periods(self) -> Fraction:
        """The number of periods in a year that nominal rates are divided by."""
        if self.periods_per_year is not None:
            return Fraction(self.periods_per_year)
        return find_periods_per_year(self.interval.unit, self.interval.count)


_Number = Decimal | int


def _list_bounded_numbers(terms: PricingTerms) -> Iterator[tuple[str, _Number, _Number, _Number]]:
    """Numbers that pricing divides by, steps through or multiplies with, each with its bounds.

    Wider than any market needs: what lies beyond is a slip, and would cost every inquiry that meets it.
    """
    yield "an interval of units", terms.interval.count, 1, 3660
    if terms.periods_per_year is not None:
        yield "periods a year", terms.periods_per_year, 1, 366
    if terms.max_apr_percent is not None:
        yield "an apr cap", terms.max_apr_percent, 0, 1_000_000
    for rounding in (terms.rounding.installment, terms.rounding.interest):
        if rounding.step is not None:
            yield "a rounding step", rounding.step, _SMALLEST_STEP, 1_000_000
    deferral, grace = terms.start.deferral, terms.start.grace
    if deferral is not None:
        yield "deferred periods", deferral.periods, 0, 366
        yield "a deferral surcharge", deferral.surcharge_percent_per_period, 0, 1_000_000
    if grace is not None:
        for rows in (grace.principal, grace.interest, grace.interest_free):
            yield "grace rows", rows, 0, 99
    yield "a vat in percent", terms.taxes.vat_percent, 0, 100
    yield "an iof in percent", terms.taxes.iof_percent, 0, 100
    yield "an iof a day in percent", terms.taxes.iof_daily_percent, 0, 100
    if terms.start.down_payment_percent is not None:
        yield "a down payment in percent", terms.start.down_payment_percent, 0, 100
    if terms.options.amortization_count is not None:
        yield "an amortization of rows", terms.options.amortization_count, 1, 1200


_SMALLEST_STEP = Decimal("0.000001")
