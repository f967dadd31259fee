"""Offers: programs priced for one purchase, ranked as a partner must show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from parcela.domain.calendar import BIWEEKLY, EVERY_15_DAYS, MONTHLY, WEEKLY, Interval
from parcela.domain.catalogue import Candidate, RangeCandidates
from parcela.domain.currency import Currency, find_currency
from parcela.domain.eligibility import Purchase, Refusal, Rule
from parcela.domain.errors import DomainError
from parcela.domain.money import MAX_MINOR, InvalidMoney, Money, parse_major
from parcela.domain.programs import Issuer, Program
from parcela.domain.rates.network import find_network_apr
from parcela.domain.schedule import NotPriceable, Schedule, build_schedule
from parcela.domain.terms import FeePlacement, FirstDue, InvalidTerms, PricingTerms

MAX_OFFERS = 50
"""At most so many offers are shown for one purchase (`spec/network.md` §5.3)."""

_MAX_TOTAL_MAJOR = 10**15
"""A plan's amounts end there (`spec/network.md` §7.1): a larger offer could be shown but never taken."""

_INTERVAL_NAMES: dict[Interval, str] = {
    WEEKLY: "weekly",
    BIWEEKLY: "biweekly",
    MONTHLY: "monthly",
    EVERY_15_DAYS: "every_15_days",
}


INTERVALS: dict[str, Interval] = {name: interval for interval, name in _INTERVAL_NAMES.items()}
"""The intervals that an offer can name."""


class NotPresentable(DomainError):
    """The card dialect has no words for a schedule (rows 2 to n differ), or an issuer's offer is broken."""

    code = "not_presentable"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerTerms:
    """Of an offer that its issuer priced, what the split of its rows needs; the fee in minor units."""

    fee_minor: int
    is_fee_spread: bool
    in_advance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedOffer:
    """An offer as it was shown: what a plan must repeat. Amounts in minor units, rate in percent a year.

    A program's offer names the version that priced it, an issuer's own one has `issuer_terms`.
    """

    offer_id: str
    program_version: int | None
    provider_id: str
    currency: str
    count: int
    interval: str
    apr_percent: Decimal | None
    fee_value: Decimal
    total_minor: int
    amounts_minor: tuple[int, ...]
    due_dates: tuple[date, ...]
    issuer_terms: IssuerTerms | None = None

    def major(self, minor: int) -> Decimal:
        """An amount of this offer in major units."""
        currency = find_currency(self.currency)
        assert currency is not None
        return Decimal(minor).scaleb(-currency.exponent)


@dataclass(frozen=True, slots=True)
class OfferQuote:
    """A priced program with everything a door needs to show it."""

    program: Program
    issuer: Issuer
    country: str
    schedule: Schedule
    apr_percent: Decimal
    presented: PresentedOffer


def is_cardable(terms: PricingTerms) -> bool:
    """Can a card plan say these terms? A named interval, 2 to 99 rows, at most one fee.

    A first row on a fixed date and a fee that is financed or paid apart have no word in the card dialect
    (`spec/network.md` §5.3).
    """
    has_known_fees = all(fee.placement in (FeePlacement.FIRST, FeePlacement.SPREAD) for fee in terms.fees)
    return (
        terms.interval in _INTERVAL_NAMES
        and 2 <= terms.count <= 99
        and terms.first_due is not FirstDue.ON_DATE
        and has_known_fees
        and len(terms.fees) <= 1
    )


def price_offers(
    found: RangeCandidates, eligible: Iterable[Candidate], purchase: Purchase
) -> tuple[list[OfferQuote], list[Refusal]]:
    """Price the eligible programs of a range and rank them; those without a lawful schedule are refused.

    Rank: ascending later-row amount, total, offer id (`spec/network.md` §5.3). The anchor of all due
    dates is the date of purchase as written, in the purchase's own zone (§6.3).
    """
    quotes: list[OfferQuote] = []
    refusals: list[Refusal] = []
    currency = find_currency(purchase.currency)
    anchor = purchase.local_at.date()
    for candidate in eligible:
        try:
            assert currency is not None
            quotes.append(_price_candidate(candidate, found, _read_amount(purchase, currency), anchor))
        except (NotPriceable, NotPresentable, InvalidMoney, InvalidTerms):
            refusals.append(Refusal(candidate.program, Rule.AMOUNT))
    quotes.sort(key=_rank)
    return quotes[:MAX_OFFERS], refusals


def _read_amount(purchase: Purchase, currency: Currency) -> Money:
    return parse_major(purchase.amount, currency)


def _rank(quote: OfferQuote) -> tuple[int, int, str]:
    return quote.schedule.other_minor, quote.schedule.total_minor, quote.program.offer_id


def _price_candidate(candidate: Candidate, found: RangeCandidates, amount: Money, anchor: date) -> OfferQuote:
    program = candidate.program
    terms = program.terms
    schedule = build_schedule(terms, amount, anchor=anchor)
    if schedule.total_minor > min(MAX_MINOR, _MAX_TOTAL_MAJOR * 10**amount.currency.exponent):
        raise InvalidMoney(f"the total of offer {program.offer_id} exceeds what a plan can say")
    other_minor = schedule.other_minor
    if any(row.amount_minor != other_minor for row in schedule.rows[1:]):
        raise NotPresentable(f"rows 2 to {terms.count} of offer {program.offer_id} differ")
    apr_percent = find_network_apr(terms, schedule)
    presented = PresentedOffer(
        offer_id=program.offer_id,
        program_version=candidate.version,
        provider_id=program.provider_id,
        currency=program.currency,
        count=terms.count,
        interval=_INTERVAL_NAMES[terms.interval],
        apr_percent=apr_percent,
        fee_value=terms.fees[0].value if terms.fees else Decimal(0),
        total_minor=schedule.total_minor,
        amounts_minor=tuple([row.amount_minor for row in schedule.rows]),
        due_dates=tuple([row.due_date for row in schedule.rows]),
    )
    country = found.account_range.country
    return OfferQuote(program, found.issuer, country, schedule, apr_percent, presented)
