"""Offers that an issuer's own service makes at the moment of an inquiry (`spec/network.md` §13).

What the service says is a claim; it becomes an offer once its amounts and dates fit together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from parcela.domain.calendar import DateOutOfRange, list_due_dates
from parcela.domain.currency import Currency, find_currency
from parcela.domain.eligibility import Purchase
from parcela.domain.money import InvalidMoney, parse_major
from parcela.domain.offers import INTERVALS, IssuerTerms, NotPresentable, PresentedOffer
from parcela.domain.plans import Installment
from parcela.domain.programs import Issuer
from parcela.domain.refunds.strategies import split_finance_charge
from parcela.domain.rounding import divide_half_up
from parcela.domain.terms import FeeKind, FeePlacement, FirstDue


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPayment:
    """One row of an offer as the issuer states it, amount in major units."""

    number: int
    amount: Decimal
    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedProvider:
    """How the issuer presents itself; None where the set-up's own words stand."""

    name: str | None = None
    logo_url: str | None = None
    cid: str | None = None
    disclosure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerOfferClaim:
    """An offer as the issuer states it, None where it says nothing. Amounts in major units, rates in percent.

    `interval` is an interval's name. `fee_kind` None: no fee.
    """

    offer_id: str
    count: int
    interval: str
    total_amount: Decimal
    other_amount: Decimal
    first_amount: Decimal | None = None
    payments: tuple[ClaimedPayment, ...] | None = None
    first_due: FirstDue | None = None
    apr_percent: Decimal | None = None
    interest_percent: Decimal | None = None
    fee_kind: FeeKind | None = None
    fee_value: Decimal | None = None
    fee_placement: FeePlacement | None = None
    begin: datetime | None = None
    end: datetime | None = None
    priority: int | None = None
    display_text: str | None = None
    symbol: str | None = None
    country: str | None = None
    provider: ClaimedProvider = ClaimedProvider()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerOffer:
    """A claim that holds together, with what it left open filled in."""

    claim: IssuerOfferClaim
    issuer: Issuer
    begin: datetime
    end: datetime
    presented: PresentedOffer


def accept_claim(
    claim: IssuerOfferClaim, purchase: Purchase, *, issuer: Issuer, now: datetime, offer_life: timedelta
) -> IssuerOffer:
    """Hold a claim to its own sums and dates, and fill in what it left open (`spec/network.md` §13).

    Raises NotPresentable: an amount the currency cannot say, rows that do not sum to the total or are not
    the stated ones, dates that do not ascend from the purchase, less to pay than the purchase.
    """
    currency = find_currency(purchase.currency)
    assert currency is not None
    try:
        principal_minor = parse_major(purchase.amount, currency).minor
        amounts_minor = _read_amounts(claim, currency)
    except InvalidMoney:
        raise NotPresentable(f"an amount is not one of {currency.code}") from None
    if sum(amounts_minor) < principal_minor:
        raise NotPresentable("the rows repay less than the purchase")
    anchor = purchase.local_at.date()
    due_dates = _read_dates(claim, amounts_minor, currency, anchor)
    begin, end = claim.begin or now, claim.end or now + offer_life
    if end < begin:
        raise NotPresentable("the offer ends before it begins")
    presented = PresentedOffer(
        offer_id=claim.offer_id,
        program_version=None,
        provider_id=issuer.provider_id,
        currency=currency.code,
        count=claim.count,
        interval=claim.interval,
        apr_percent=claim.apr_percent,
        fee_value=claim.fee_value or Decimal(0),
        total_minor=sum(amounts_minor),
        amounts_minor=amounts_minor,
        due_dates=due_dates,
        issuer_terms=_read_terms(claim, amounts_minor, principal_minor, currency, due_dates[0] == anchor),
    )
    return IssuerOffer(claim=claim, issuer=issuer, begin=begin, end=end, presented=presented)


def rank_issuer_offers(offers: Sequence[IssuerOffer]) -> list[IssuerOffer]:
    """By the issuer's own priorities where each offer has one of its own, else by §5.3 as all offers."""
    priorities = {offer.claim.priority for offer in offers}
    if None not in priorities and len(priorities) == len(offers):
        return sorted(offers, key=lambda offer: offer.claim.priority or 0)
    return sorted(
        offers,
        key=lambda offer: (
            offer.presented.amounts_minor[-1],
            offer.presented.total_minor,
            offer.presented.offer_id,
        ),
    )


def split_issuer_rows(offer: PresentedOffer, amount_minor: int) -> tuple[Installment, ...]:
    """The rows of an issuer's own offer for a purchase, parted into principal, interest and fee.

    A fee that the issuer states is taken out first; what is left above the principal is interest, by the
    rate that makes the rows worth the principal.
    """
    terms = offer.issuer_terms
    assert terms is not None, "a program's offer is split by its program"
    fees = _share_fee(terms.fee_minor, offer.count, is_spread=terms.is_fee_spread)
    bare = [amount - fee for amount, fee in zip(offer.amounts_minor, fees, strict=True)]
    split = split_finance_charge(
        list(zip(bare, offer.due_dates, strict=True)), amount_minor, in_advance=terms.in_advance
    )
    return tuple(
        Installment(
            number=number,
            due_date=due_date,
            amount_minor=row_minor,
            principal_minor=principal_minor,
            interest_minor=interest_minor,
            fee_minor=fee_minor,
        )
        for number, (due_date, row_minor, (principal_minor, interest_minor), fee_minor) in enumerate(
            zip(offer.due_dates, offer.amounts_minor, split.parts, fees, strict=True), start=1
        )
    )


def _read_amounts(claim: IssuerOfferClaim, currency: Currency) -> tuple[int, ...]:
    """The rows in minor units; the first one is what the others leave of the total, unless it is stated."""
    total = parse_major(claim.total_amount, currency).minor
    other = parse_major(claim.other_amount, currency).minor
    if claim.first_amount is None:
        first = total - other * (claim.count - 1)
    else:
        first = parse_major(claim.first_amount, currency).minor
    if min(first, other) <= 0:
        raise NotPresentable("a row is not positive")
    if first + other * (claim.count - 1) != total:
        raise NotPresentable("the rows do not sum to the total")
    return (first, *[other] * (claim.count - 1))


def _read_dates(
    claim: IssuerOfferClaim, amounts_minor: Sequence[int], currency: Currency, anchor: date
) -> tuple[date, ...]:
    """The due dates as stated with their rows, else by §6.3 from the date of purchase."""
    if claim.payments is None:
        start = 1 if claim.first_due is FirstDue.AFTER_INTERVAL else 0
        try:
            return list_due_dates(anchor, INTERVALS[claim.interval], steps=range(start, start + claim.count))
        except DateOutOfRange:
            raise NotPresentable("a due date lies beyond the calendar") from None
    rows = sorted(claim.payments, key=lambda row: row.number)
    if [row.number for row in rows] != list(range(1, claim.count + 1)):
        raise NotPresentable("the rows are not numbered from 1 to the tenure")
    if [parse_major(row.amount, currency).minor for row in rows] != list(amounts_minor):
        raise NotPresentable("the rows are not the first amount and the other amounts")
    dates = tuple([row.due_date for row in rows])
    if dates[0] < anchor or any(later <= earlier for earlier, later in pairwise(dates)):
        raise NotPresentable("the due dates do not ascend from the purchase")
    return dates


def _read_terms(
    claim: IssuerOfferClaim,
    amounts_minor: Sequence[int],
    principal_minor: int,
    currency: Currency,
    is_due_at_once: bool,
) -> IssuerTerms:
    """What the split of the rows will need. A fee that the rows cannot hold counts as interest."""
    fee_minor = _read_fee(claim, principal_minor, currency)
    is_spread = claim.fee_placement is FeePlacement.SPREAD
    shares = _share_fee(fee_minor, claim.count, is_spread=is_spread)
    fits = fee_minor <= sum(amounts_minor) - principal_minor and all(
        0 <= share <= amount for share, amount in zip(shares, amounts_minor, strict=True)
    )
    in_advance = is_due_at_once if claim.first_due is None else claim.first_due is FirstDue.TRANSACTION_DATE
    return IssuerTerms(
        fee_minor=fee_minor if fits else 0, is_fee_spread=is_spread and fits, in_advance=in_advance
    )


def _read_fee(claim: IssuerOfferClaim, principal_minor: int, currency: Currency) -> int:
    """The fee in minor units by §6.1, 0 where it is not stated; of the purchase, where it is a percentage."""
    value = claim.fee_value
    if claim.fee_kind is None or value is None:
        return 0
    scale = 10**currency.exponent
    numerator, denominator = value.as_integer_ratio()
    if claim.fee_kind is FeeKind.FIXED:
        return divide_half_up(numerator * scale, denominator)
    return divide_half_up(principal_minor * numerator, denominator * 100)


def _share_fee(fee_minor: int, count: int, *, is_spread: bool) -> list[int]:
    """A fee over the rows (`spec/network.md` §6.1): all on row 1, or the same on rows 2 to n."""
    other = divide_half_up(fee_minor, count) if is_spread else 0
    return [fee_minor - other * (count - 1), *[other] * (count - 1)]
