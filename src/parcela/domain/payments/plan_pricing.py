"""A core program becomes an offer for one payment: rows, rate, fees, terms and the hash over all of it.

`spec/payments.md` §6.3; the arithmetic is that of `spec/network.md` §6, the rate's that of `disclosures.md`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from parcela.domain.calendar import DateOutOfRange
from parcela.domain.disclosures.offers import Places, PricedCredit, find_disclosures
from parcela.domain.disclosures.records import OfferDisclosure, Side
from parcela.domain.merchant_pricing import find_rate_percent
from parcela.domain.money import MAX_MINOR, Money
from parcela.domain.offers import NotPresentable
from parcela.domain.payments.accounts import PaymentsMarket, PaymentsProgram, ProgramModel, TermsSheet
from parcela.domain.payments.plan_texts import find_rate_label, find_refund_effect
from parcela.domain.payments.plans import (
    ApprovalNeed,
    CoreTerms,
    CostRate,
    PaymentOffer,
    PlanFee,
    PlanRow,
    ShownTerms,
)
from parcela.domain.payments.unavailability import find_language
from parcela.domain.programs import Program
from parcela.domain.rates.network import find_network_apr
from parcela.domain.rates.regimes import Regime, find_cost_rate
from parcela.domain.rates.solver import RateUndefined
from parcela.domain.schedule import NotPriceable, Schedule, build_schedule
from parcela.domain.schedule.network import find_periodic_rate
from parcela.domain.schedule.taxation import find_row_tax
from parcela.domain.taxes import TaxKind
from parcela.domain.terms import FeePlacement, FirstDue, InvalidTerms, Method, PricingTerms

UNPRICED: tuple[type[Exception], ...] = (
    NotPriceable,
    NotPresentable,
    InvalidTerms,
    DateOutOfRange,
    RateUndefined,
)
"""What `price_plan` raises for an amount that a program cannot split or a plan cannot say."""

FARTHEST_FIRST_DATE = timedelta(days=92)
"""A wished first date farther away is the program's to decide: nobody lends for longer without payment."""

_MAX_TOTAL_MAJOR = 10**15
_TRIGGERS = {FeePlacement.FIRST: "first_payment", FeePlacement.SPREAD: "every_payment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPurchase:
    """What plans are priced for: the amount, the account's date, the payer's language and wish.

    `cardholder_country` and `merchant_country` (alpha-3) decide what must be disclosed (`disclosures.md`
    §1.3): one that is not known is taken for the other; with neither the market's own figure stands alone.
    """

    amount: Money
    bought_on: date
    locale: str
    wished_date: date | None = None
    cardholder_country: str | None = None
    merchant_country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedProgram:
    """A core program in the version in force, under the program by which merchants know it."""

    program: PaymentsProgram
    core: Program
    version: int


def price_plan(source: PricedProgram, purchase: PlanPurchase, market: PaymentsMarket) -> PaymentOffer:
    """The offer of a program, without name, end and hash, which `name_offer` gives it, and without creditor.

    Raises one of UNPRICED.
    """
    terms = find_terms(source, purchase)
    schedule = build_schedule(terms, purchase.amount, anchor=purchase.bought_on)
    _check_presentable(schedule)
    core = _describe_core(source.core.terms, terms, schedule, purchase=purchase)
    program = source.program
    is_lent = program.model is ProgramModel.LENDER
    credit = PricedCredit(terms=terms, schedule=schedule, bought_on=purchase.bought_on, is_lent=is_lent)
    disclosures = _disclose(credit, purchase, market)
    period = find_periodic_rate(terms) if schedule.interest_minor else None
    return PaymentOffer(
        offer_id="",
        program_name=program.name,
        model=program.model,
        provider_id=program.provider_id,
        program_id=source.core.offer_id,
        program_version=source.version,
        currency=purchase.amount.currency.code,
        count=terms.count,
        rows=_list_rows(schedule),
        financed_minor=schedule.principal_minor,
        interest_percent=find_rate_percent(terms),
        period_rate=(0, 1) if period is None else (period.numerator, period.denominator),
        in_advance=terms.first_due is FirstDue.TRANSACTION_DATE,
        rate=_make_rate(disclosures, credit, purchase, market),
        disclosures=disclosures,
        fees=_list_fees(terms, schedule, bought_on=purchase.bought_on),
        approval=ApprovalNeed.REQUIRED if is_lent else ApprovalNeed.NOT_NEEDED,
        controlled_by="lender" if is_lent else "issuer",
        refund_effect=find_refund_effect(program.refund_strategy, purchase.locale),
        terms=find_shown_terms(program.terms, purchase.locale),
        priced_on=purchase.bought_on,
        core=core,
        language=find_language(purchase.locale),
        expires_at=source.core.end,
        offer_hash="",
    )


def _disclose(
    credit: PricedCredit, purchase: PlanPurchase, market: PaymentsMarket
) -> tuple[OfferDisclosure, ...]:
    cardholder = purchase.cardholder_country or purchase.merchant_country
    merchant = purchase.merchant_country or purchase.cardholder_country
    if cardholder is None or merchant is None:
        return ()
    method = Regime(market.rate_regime)
    return find_disclosures(credit, Places(cardholder=cardholder, merchant=merchant, merchant_method=method))


def _make_rate(
    disclosures: tuple[OfferDisclosure, ...],
    credit: PricedCredit,
    purchase: PlanPurchase,
    market: PaymentsMarket,
) -> CostRate:
    """The figure of the first country; of the market where no country is known."""
    if disclosures:
        first = disclosures[0]
        return CostRate(
            label=find_rate_label(market, purchase.locale, first.country),
            percent=first.percent,
            method=first.method,
            exact_percent=first.exact_percent,
        )
    regime = Regime(market.rate_regime)
    rate = find_cost_rate(regime, credit.terms, schedule=credit.schedule, drawdown=credit.bought_on)
    return CostRate(
        label=find_rate_label(market, purchase.locale),
        percent=rate.shown,
        method=regime,
        exact_percent=rate.exact,
    )


def find_terms(source: PricedProgram, purchase: PlanPurchase) -> PricingTerms:
    """The program's terms, with the wished first date where the program keeps it (§6.1).

    A first row on the day of purchase is collected with it, so that it bears no interest.
    """
    terms = source.core.terms
    wished = purchase.wished_date
    if wished is None or not keeps_date(source.program, purchase):
        return terms
    if wished == purchase.bought_on:
        return replace(terms, first_due=FirstDue.TRANSACTION_DATE, first_due_date=None)
    return replace(terms, first_due=FirstDue.ON_DATE, first_due_date=wished)


def keeps_date(program: PaymentsProgram, purchase: PlanPurchase) -> bool:
    """Does the wished first date count?"""
    wished = purchase.wished_date
    return (
        wished is not None
        and program.keeps_wished_date
        and purchase.bought_on <= wished <= purchase.bought_on + FARTHEST_FIRST_DATE
    )


def find_shown_terms(sheet: TermsSheet, locale: str) -> ShownTerms:
    """The terms in the payment's language, else in the sheet's first one."""
    wanted = locale.replace("_", "-").lower()
    texts = {text.language.lower(): text for text in sheet.texts}
    tongues = {language.partition("-")[0]: text for language, text in reversed(texts.items())}
    text = texts.get(wanted) or tongues.get(wanted.partition("-")[0]) or sheet.texts[0]
    return ShownTerms(
        terms_id=sheet.terms_id,
        version=sheet.version,
        language=text.language,
        url=sheet.url,
        text=text.text,
        acceptance_required=sheet.acceptance_required,
        acceptance_text=text.acceptance_text if sheet.acceptance_required else None,
    )


def name_offer(
    offer: PaymentOffer, offer_id: str, *, expires_at: datetime, is_requested: bool
) -> PaymentOffer:
    """The offer as it is shown, with its hash."""
    named = replace(
        offer,
        offer_id=offer_id,
        expires_at=min(expires_at, offer.expires_at),
        is_requested=is_requested,
        offer_hash="",
    )
    return replace(named, offer_hash=hash_offer(named))


def hash_offer(offer: PaymentOffer) -> str:
    """SHA-256 over every member but the hash itself, as JSON with sorted names.

    Members that earlier versions did not know are left out where they say nothing, so that offers that those
    versions showed keep their hash: the tax of a row without tax, and the creditor of an offer without one.
    """
    members = asdict(replace(offer, offer_hash=""))
    for row in members["rows"]:
        if not row["tax_minor"]:
            del row["tax_minor"]
    if offer.creditor is None:
        del members["creditor"]
    canonical = json.dumps(members, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def is_same_plan(one: PaymentOffer, other: PaymentOffer) -> bool:
    """Do two offers agree in all but their names, their ends and the mark of what was asked for?

    A payer who turns out to live in another country with the same rule was shown the same. The creditor
    counts in every language, for nobody knows in which of them a sheet was read; where one of the two was
    kept by an earlier version, without a creditor, it does not count.
    """
    if one.creditor is None or other.creditor is None:
        one, other = replace(one, creditor=None), replace(other, creditor=None)
    return _strip(one) == _strip(other)


def _strip(offer: PaymentOffer) -> PaymentOffer:
    end = datetime.min
    disclosures = tuple(replace(one, country="", side=Side.CARDHOLDER) for one in offer.disclosures)
    return replace(
        offer, offer_id="", offer_hash="", is_requested=False, expires_at=end, disclosures=disclosures
    )


def _check_presentable(schedule: Schedule) -> None:
    """The issuer is told of a plan in the card dialect, which has two amounts: the first row's, and one for
    all others. Taxes may make those differ, for they belong to lenders' plans alone, row by row (ADR 26).
    """
    others = {row.amount_minor - row.tax_minor for row in schedule.rows[1:]}
    if len(others) > 1 or schedule.prepaid_fee_minor:
        raise NotPresentable("the payments after the first differ, or a fee is paid apart from them")
    limit = min(MAX_MINOR, _MAX_TOTAL_MAJOR * 10**schedule.currency.exponent)
    if schedule.total_minor > limit:
        raise NotPresentable("the total exceeds what a plan can say")


def _describe_core(
    own: PricingTerms, terms: PricingTerms, schedule: Schedule, *, purchase: PlanPurchase
) -> CoreTerms:
    return CoreTerms(
        apr_percent=find_network_apr(terms, schedule),
        fee_value=own.fees[0].value if own.fees else Decimal(0),
        fee_minor=schedule.fee_minor,
        is_fee_spread=any(row.fee_minor for row in schedule.rows[1:]),
        is_programs_own=own.method is Method.NETWORK
        and (terms == own or build_schedule(own, purchase.amount, anchor=purchase.bought_on) == schedule),
    )


def _list_rows(schedule: Schedule) -> tuple[PlanRow, ...]:
    return tuple(
        PlanRow(
            number=row.number,
            due_date=row.due_date,
            principal_minor=row.principal_minor,
            interest_minor=row.interest_minor,
            fee_minor=row.fee_minor,
            original_minor=row.amount_minor,
            tax_minor=row.tax_minor,
        )
        for row in schedule.rows
    )


def _list_fees(terms: PricingTerms, schedule: Schedule, *, bought_on: date) -> tuple[PlanFee, ...]:
    """What the cardholder is charged for the plan, each tax by itself; all together they are the rows' fees.

    At most one fee can be said (`offers.is_cardable`).
    """
    fees = []
    own_minor = schedule.fee_minor - schedule.tax_minor
    if own_minor:
        (fee,) = terms.fees
        fees.append(PlanFee(kind="plan_fee", amount_minor=own_minor, trigger=_TRIGGERS[fee.placement]))
    for kind in TaxKind if schedule.tax_minor else ():
        parts = [find_row_tax(kind, terms.taxes, row, bought_on=bought_on) for row in schedule.rows]
        if any(parts):
            placement = FeePlacement.SPREAD if any(parts[1:]) else FeePlacement.FIRST
            fees.append(PlanFee(kind=kind, amount_minor=sum(parts), trigger=_TRIGGERS[placement]))
    return tuple(fees)
