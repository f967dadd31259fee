"""What the countries concerned say of a priced plan: the figure of each, and the facts that its rule adds.

`disclosures.md` §1.3: the cardholder's country first, the merchant's beside it where its set differs.
"""

from dataclasses import dataclass
from datetime import date

from parcela.domain.disclosures.records import OfferDisclosure, Side
from parcela.domain.disclosures.rules import CreditFacts, find_method, find_rule, list_facts
from parcela.domain.rates.ar_cft import find_ar_rates
from parcela.domain.rates.regimes import Regime, find_cost_rate
from parcela.domain.schedule.records import Schedule
from parcela.domain.terms import PricingTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Whose countries (alpha-3) count for an offer; `merchant_method` is that of the payment's market.

    The market's method stands for countries that have none of their own.
    """

    cardholder: str
    merchant: str
    merchant_method: Regime


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCredit:
    """A plan's rows with the terms that made them, lent on the day of the purchase."""

    terms: PricingTerms
    schedule: Schedule
    bought_on: date
    is_lent: bool

    @property
    def facts(self) -> CreditFacts:
        """What triggers look at."""
        rows = self.schedule.rows
        at_once = [row for row in rows if row.due_date == self.bought_on]
        return CreditFacts(
            payments=len(rows) - len(at_once),
            cost_minor=self.schedule.total_minor - self.schedule.principal_minor,
            credit_minor=self.schedule.principal_minor - sum(row.amount_minor for row in at_once),
            currency=self.schedule.currency.code,
            bought_on=self.bought_on,
            ends_on=rows[-1].due_date,
            is_lent=self.is_lent,
        )


def find_disclosures(credit: PricedCredit, places: Places) -> tuple[OfferDisclosure, ...]:
    """The cardholder's side, and the merchant's where it says something else. Raises RateUndefined."""
    own = _describe(credit, places.cardholder, Side.CARDHOLDER, places=places)
    if places.merchant == places.cardholder:
        return (own,)
    other = _describe(credit, places.merchant, Side.MERCHANT, places=places)
    return (own,) if _list_shown(own) == _list_shown(other) else (own, other)


def _list_shown(disclosure: OfferDisclosure) -> tuple[object, ...]:
    """Two member states of the Union show the same; two countries without rules of their own do too."""
    is_ruled = disclosure.rule_id is not None
    national = None if is_ruled else find_method(disclosure.country)
    return disclosure.rule_id, disclosure.method, disclosure.percent, disclosure.facts, national


def _describe(credit: PricedCredit, country: str, side: Side, *, places: Places) -> OfferDisclosure:
    facts = credit.facts
    rule = find_rule(country, facts)
    fallback = places.merchant_method if country == places.merchant else Regime.EU_CCD2
    method = find_method(country) or fallback
    second = None
    if method is Regime.AR_CFT:
        rates = find_ar_rates(credit.schedule, credit.bought_on)
        rate, second = rates.cft, rates.tea.shown
    else:
        rate = find_cost_rate(method, credit.terms, schedule=credit.schedule, drawdown=credit.bought_on)
    return OfferDisclosure(
        country=country,
        side=side,
        rule_id=None if rule is None else rule.rule_id,
        rule_version=None if rule is None else rule.version,
        method=method,
        percent=rate.shown,
        exact_percent=rate.exact,
        second_percent=second,
        facts=() if rule is None else list_facts(rule, facts),
    )
