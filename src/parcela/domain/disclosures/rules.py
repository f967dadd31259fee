"""The rules of disclosure by country and day, and when each one applies (`disclosures.md` §2).

What a lawyer must confirm before live use is listed in `docs/disclosures.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from parcela.domain.calendar import add_months
from parcela.domain.disclosures.countries import EUROPEAN_UNION
from parcela.domain.disclosures.records import DisclosureRule, FactKind
from parcela.domain.rates.regimes import Regime

_F = FactKind
_EUROPEAN_FACTS = (
    _F.CREDITOR,
    _F.AMOUNT_FINANCED,
    _F.DURATION,
    _F.BORROWING_RATE,
    _F.TOTAL_OF_PAYMENTS,
    _F.LATE_PAYMENT,
    _F.WITHDRAWAL,
    _F.PREPAYMENT,
)

RULES: tuple[DisclosureRule, ...] = (
    DisclosureRule(
        # 12 CFR 1026.18: closed-end credit.
        rule_id="us_reg_z",
        version="2026-1",
        countries=frozenset({"USA"}),
        valid_from=date(1969, 7, 1),
        method=Regime.US_REG_Z,
        facts=(
            _F.FINANCE_CHARGE,
            _F.CREDITOR,
            _F.AMOUNT_FINANCED,
            _F.TOTAL_OF_PAYMENTS,
            _F.TOTAL_SALE_PRICE,
            _F.PREPAYMENT,
            _F.LATE_PAYMENT,
        ),
    ),
    DisclosureRule(
        # Directive 2008/48/EC, until the day before its successor applies.
        rule_id="eu_ccd",
        version="2026-1",
        countries=EUROPEAN_UNION,
        valid_from=date(2010, 6, 11),
        valid_to=date(2026, 11, 19),
        method=Regime.EU_CCD2,
        facts=_EUROPEAN_FACTS,
    ),
    DisclosureRule(
        # Directive (EU) 2023/2225, articles 8, 10, 13, 18 and 26.
        rule_id="eu_ccd2",
        version="2026-1",
        countries=EUROPEAN_UNION,
        valid_from=date(2026, 11, 20),
        method=Regime.EU_CCD2,
        facts=(_F.CREDIT_WARNING, *_EUROPEAN_FACTS, _F.CREDITWORTHINESS, _F.PERSONALISED),
    ),
    DisclosureRule(
        # FCA PS26/1: key product information, and what is given beside it.
        rule_id="uk_dpc",
        version="2026-1",
        countries=frozenset({"GBR"}),
        valid_from=date(2026, 7, 15),
        method=Regime.UK_CONC,
        facts=(
            _F.CREDITOR,
            _F.LATE_PAYMENT,
            _F.CREDIT_BUREAU,
            _F.FURTHER_INFORMATION,
            _F.WITHDRAWAL,
            _F.PREPAYMENT,
            _F.COMPLAINTS,
            _F.CONTINUOUS_AUTHORITY,
        ),
    ),
    DisclosureRule(
        # Resolução CMN 4.881, articles 4 to 7.
        rule_id="br_cet",
        version="2026-1",
        countries=frozenset({"BRA"}),
        valid_from=date(2021, 2, 1),
        method=Regime.BR_CET,
        facts=(_F.CREDITOR, _F.BORROWING_RATE, _F.COMPONENTS),
    ),
    DisclosureRule(
        # Banco de México, Circular 21/2009.
        rule_id="mx_cat",
        version="2026-1",
        countries=frozenset({"MEX"}),
        valid_from=date(2009, 10, 1),
        method=Regime.MX_CAT,
        facts=(_F.INFORMATIVE, _F.CREDITOR, _F.BORROWING_RATE),
    ),
    DisclosureRule(
        # Resolución 51-E/2017, as eased by 240-E/2017.
        rule_id="ar_cft",
        version="2026-1",
        countries=frozenset({"ARG"}),
        valid_from=date(2017, 2, 1),
        method=Regime.AR_CFT,
        facts=(_F.CASH_PRICE, _F.SECOND_RATE, _F.CREDITOR),
    ),
    DisclosureRule(
        # Installment Sales Act, articles 3 and 30.
        rule_id="jp_real_rate",
        version="2026-1",
        countries=frozenset({"JPN"}),
        valid_from=date(1961, 12, 1),
        method=Regime.JP_REAL_RATE,
        facts=(_F.CASH_PRICE, _F.FINANCE_CHARGE, _F.TOTAL_SALE_PRICE, _F.DURATION, _F.CREDITOR),
    ),
)
"""Every rule that is in force on some day. Proposed ones (New York's Part 423) are in none of them."""

_METHODS: Mapping[str, Regime] = {
    "USA": Regime.US_REG_Z,
    "GBR": Regime.UK_CONC,
    "BRA": Regime.BR_CET,
    "MEX": Regime.MX_CAT,
    "ARG": Regime.AR_CFT,
    "JPN": Regime.JP_REAL_RATE,
    **dict.fromkeys(EUROPEAN_UNION, Regime.EU_CCD2),
}
# Bounds in euro; credit in another currency counts as inside them.
_MOST_EURO_MINOR = 100_000_00
_OLDER_EURO_MINOR = range(200_00, 75_000_00 + 1)
_MOST_FREE_PAYMENTS = 4
_MOST_DEFERRED_PAYMENTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFacts:
    """What triggers look at. `payments` counts those after the purchase day; a down payment is none.

    `is_lent`: by a third party for this purchase, not on the account of a card that the payer has.
    """

    payments: int
    cost_minor: int
    credit_minor: int
    currency: str
    bought_on: date
    ends_on: date
    is_lent: bool


def find_method(country: str) -> Regime | None:
    """The equation of a country's rate, whether or not a rule asks for it; None: it has none of its own."""
    return _METHODS.get(country)


def find_rule(country: str, facts: CreditFacts) -> DisclosureRule | None:
    """The rule that applies to a credit of the day `bought_on` in a country, or None (§2)."""
    for rule in RULES:
        has_begun = rule.valid_from <= facts.bought_on
        has_ended = rule.valid_to is not None and rule.valid_to < facts.bought_on
        if country in rule.countries and has_begun and not has_ended and _TRIGGERS[rule.rule_id](facts):
            return rule
    return None


def list_facts(rule: DisclosureRule, facts: CreditFacts) -> tuple[FactKind, ...]:
    """The rule's facts as far as they concern this credit."""
    if facts.is_lent:
        return rule.facts
    # A card's issuer checked its holder when it gave the card.
    kinds = tuple(kind for kind in rule.facts if kind is not _F.CREDITWORTHINESS)
    # In the United States a plan on a card account is open-end credit: the account's terms govern (§2.1).
    return (*kinds, _F.CARD_ACCOUNT) if rule.rule_id == "us_reg_z" else kinds


def _is_truth_in_lending(facts: CreditFacts) -> bool:
    return facts.cost_minor > 0 or facts.payments > _MOST_FREE_PAYMENTS


def _is_older_european(facts: CreditFacts) -> bool:
    """Credit without interest and charges was outside (2008/48/EC, article 2)."""
    is_amount = facts.currency != "EUR" or facts.credit_minor in _OLDER_EURO_MINOR
    return facts.cost_minor > 0 and is_amount


def _is_european(facts: CreditFacts) -> bool:
    return facts.currency != "EUR" or facts.credit_minor <= _MOST_EURO_MINOR


def _is_deferred_payment(facts: CreditFacts) -> bool:
    return (
        facts.is_lent
        and facts.cost_minor == 0
        and facts.payments <= _MOST_DEFERRED_PAYMENTS
        and facts.ends_on <= add_months(facts.bought_on, 12)
    )


def _is_of_institution(facts: CreditFacts) -> bool:
    """Splitting "sem juros" on a card is paid by the merchant, and no credit operation of the payer's."""
    return facts.is_lent or facts.cost_minor > 0


def _is_credit_purchase(facts: CreditFacts) -> bool:
    return facts.ends_on > add_months(facts.bought_on, 2)


def _is_always(_: CreditFacts) -> bool:
    return True


_TRIGGERS: Mapping[str, Callable[[CreditFacts], bool]] = {
    "us_reg_z": _is_truth_in_lending,
    "eu_ccd": _is_older_european,
    "eu_ccd2": _is_european,
    "uk_dpc": _is_deferred_payment,
    "br_cet": _is_of_institution,
    "mx_cat": _is_always,
    "ar_cft": _is_always,
    "jp_real_rate": _is_credit_purchase,
}
