"""Checks of accounts, programs and markets as catalogue entries, each by itself (`spec/payments.md`).

Every breach names the member and the mend; what must hold between entries is in `account_references`.
"""

import re

from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.disclosures.rules import find_method
from parcela.domain.entry_checks import (
    check_each_once,
    check_network_name,
    check_text,
    check_url,
    expect,
    is_mcc,
    is_time_zone,
)
from parcela.domain.payments.accounts import (
    API_VERSIONS,
    Cycle,
    FeeSchedule,
    PaymentsAccount,
    PaymentsMarket,
    PaymentsProgram,
    ProgramModel,
    SettlementTerms,
    TermsSheet,
)
from parcela.domain.payments.ids import Prefix, is_id
from parcela.domain.rates.regimes import Regime

MAX_BASIS_POINTS = 10_000
MAX_FIXED_MINOR = 1_000_000
MAX_DELAY_DAYS = 60
MAX_OFFER_MINUTES = 1440
MAX_NAME = 100
MAX_TEXT = 500
MAX_TERMS = 10_000
MAX_WORDING = 2000
MAX_EMAIL = 254
_REFUND_DAYS = range(5, 16)
_ANCHORS = {Cycle.WEEKLY: 7, Cycle.MONTHLY: 31}
_PROGRAM_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)
_COBRAND_NAME = re.compile(r"cobrand_[a-z0-9_]{1,40}", re.ASCII)
_COBRAND_START = "cobrand_"
_MARKET_ID = re.compile(r"[0-9a-z_-]{1,40}")
_TERMS_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-([A-Z]{2}|[0-9]{3}))?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+")
_BIN = re.compile(r"[0-9]{6,11}")


def check_account(account: PaymentsAccount) -> None:
    """Check an account. Raises InvalidInput."""
    where = f"payments_account {account.account_id}"
    is_named = is_id(account.account_id, Prefix.ACCOUNT)
    expected = "ma_ and 26 characters of Crockford's base 32"
    expect(is_named, "payments_account.account_id", expected, account.account_id)
    check_text(account.name, f"{where}.name", most=MAX_NAME)
    expect(is_country(account.country), f"{where}.country", "an ISO 3166-1 alpha-3 code", account.country)
    expect(is_mcc(account.mcc), f"{where}.mcc", "a code of 4 digits", account.mcc)
    expect(is_time_zone(account.time_zone), f"{where}.time_zone", "an IANA time zone", account.time_zone)
    _check_language(account.locale, f"{where}.locale")
    is_address = len(account.owner_email) <= MAX_EMAIL and _EMAIL.fullmatch(account.owner_email) is not None
    expect(is_address, f"{where}.owner_email", "an e-mail address", account.owner_email)
    if account.url is not None:
        check_url(account.url, f"{where}.url")
    is_version = account.version in API_VERSIONS
    expect(is_version, f"{where}.version", "one of " + ", ".join(API_VERSIONS), account.version)
    for member in ("acquirer_id", "acquirer_merchant_id", "terminal_id"):
        check_network_name(getattr(account, member), f"{where}.{member}")
    _check_fees(account.fees, f"{where}.fees")
    _check_settlement(account.settlement, f"{where}.settlement")
    if account.holidays:
        check_each_once(account.holidays, f"{where}.holidays", "dates, each once")


def check_payments_program(program: PaymentsProgram) -> None:
    """Check a program. Raises InvalidInput."""
    is_cobrand = program.model is ProgramModel.COBRAND
    pattern = _COBRAND_NAME if is_cobrand else _PROGRAM_NAME
    is_named = pattern.fullmatch(program.name) is not None
    is_named &= program.name.startswith(_COBRAND_START) is is_cobrand
    expected = (
        "cobrand_ and 1 to 40 lower case letters, digits or _, of co-brands alone; "
        "others have 2 to 60 of them, the first a letter"
    )
    expect(is_named, "payments_program.name", expected, program.name)
    where = f"payments_program {program.name}"
    check_each_once(program.program_ids, f"{where}.program_ids", "programs, each once, at least one")
    if program.denied_bins:
        check_each_once(program.denied_bins, f"{where}.denied_bins", "first digits of cards, each once")
    for first_digits in program.denied_bins:
        is_bin = _BIN.fullmatch(first_digits) is not None
        expect(is_bin, f"{where}.denied_bins", "6 to 11 digits", first_digits)
    is_known = program.refund_days in _REFUND_DAYS
    expect(is_known, f"{where}.refund_days", "5 to 15 business days", program.refund_days)
    holds = 1 <= program.offer_life_minutes <= MAX_OFFER_MINUTES
    expected = f"1 to {MAX_OFFER_MINUTES} minutes"
    expect(holds, f"{where}.offer_life_minutes", expected, program.offer_life_minutes)
    _check_terms(program.terms, f"{where}.terms")
    _check_creditor(program, where)


def check_market(market: PaymentsMarket) -> None:
    """Check a market. Raises InvalidInput."""
    is_named = _MARKET_ID.fullmatch(market.market_id) is not None
    expected = "1 to 40 lower case letters, digits, _ or -"
    expect(is_named, "payments_market.market_id", expected, market.market_id)
    where = f"payments_market {market.market_id}"
    check_each_once(market.countries, f"{where}.countries", "countries, each once, at least one")
    for country in market.countries:
        expect(is_country(country), f"{where}.countries", "ISO 3166-1 alpha-3 codes", country)
    is_currency = find_currency(market.currency) is not None
    expect(is_currency, f"{where}.currency", "an ISO 4217 code", market.currency)
    check_each_once(market.brands, f"{where}.brands", "card brands, each once, at least one")
    regimes = [regime.value for regime in Regime]
    is_regime = market.rate_regime in regimes
    expect(is_regime, f"{where}.rate_regime", "one of " + ", ".join(regimes), market.rate_regime)
    for country in market.countries:
        # A figure stands only under the name of the rule that made it (`disclosures.md` §3).
        method = find_method(country)
        is_own = method is None or method == market.rate_regime
        expect(is_own, f"{where}.rate_regime", f"{method}, the rule of {country}", market.rate_regime)
    check_text(market.rate_label, f"{where}.rate_label", most=40)


def _check_creditor(program: PaymentsProgram, where: str) -> None:
    """The creditor's address and its own sentences: one for each slot and language."""
    if program.creditor_address is not None:
        check_text(program.creditor_address, f"{where}.creditor_address", most=MAX_TEXT)
    slots = [(wording.slot, wording.language) for wording in program.wording]
    expect(len(set(slots)) == len(slots), f"{where}.wording", "one text for each slot and language")
    for position, wording in enumerate(program.wording):
        place = f"{where}.wording[{position}]"
        _check_language(wording.language, f"{place}.language")
        check_text(wording.text, f"{place}.text", most=MAX_WORDING)


def _check_fees(fees: tuple[FeeSchedule, ...], where: str) -> None:
    """No payment may be without a schedule, and no two schedules may be for the same payments (§8.1)."""
    scopes = [(schedule.program, schedule.currency) for schedule in fees]
    has_general = (None, None) in scopes
    expect(has_general, where, "one schedule that names neither program nor currency")
    expect(len(set(scopes)) == len(scopes), where, "one schedule for each program and currency")
    for position, schedule in enumerate(fees):
        place = f"{where}[{position}]"
        if schedule.currency is not None:
            is_currency = find_currency(schedule.currency) is not None
            expect(is_currency, f"{place}.currency", "an ISO 4217 code", schedule.currency)
        for member, most in (
            ("processing_basis_points", MAX_BASIS_POINTS),
            ("processing_fixed_minor", MAX_FIXED_MINOR),
            ("installment_basis_points", MAX_BASIS_POINTS),
            ("installment_fixed_minor", MAX_FIXED_MINOR),
        ):
            number: int = getattr(schedule, member)
            expect(0 <= number <= most, f"{place}.{member}", f"0 to {most}", number)


def _check_settlement(settlement: SettlementTerms, where: str) -> None:
    last = _ANCHORS.get(settlement.cycle)
    if last is None:
        is_anchored = settlement.anchor is None
        expect(is_anchored, f"{where}.anchor", "nothing: every day is settled", settlement.anchor)
    else:
        is_anchored = settlement.anchor is not None and 1 <= settlement.anchor <= last
        expect(is_anchored, f"{where}.anchor", f"1 to {last}, for {settlement.cycle}", settlement.anchor)
    holds = 0 <= settlement.delay_days <= MAX_DELAY_DAYS
    expected = f"0 to {MAX_DELAY_DAYS} business days"
    expect(holds, f"{where}.delay_days", expected, settlement.delay_days)


def _check_terms(terms: TermsSheet, where: str) -> None:
    is_named = _TERMS_ID.fullmatch(terms.terms_id) is not None
    expect(is_named, f"{where}.terms_id", "1 to 64 letters, digits, . _ or -", terms.terms_id)
    check_text(terms.version, f"{where}.version", most=40)
    check_url(terms.url, f"{where}.url")
    languages = [text.language for text in terms.texts]
    check_each_once(languages, f"{where}.texts", "languages, each once, at least one")
    for position, text in enumerate(terms.texts):
        place = f"{where}.texts[{position}]"
        _check_language(text.language, f"{place}.language")
        check_text(text.text, f"{place}.text", most=MAX_TERMS, has_lines=True)
        has_tick = text.acceptance_text is not None
        expected = "a text to tick" if terms.acceptance_required else "nothing while no tick is needed"
        expect(has_tick is terms.acceptance_required, f"{place}.acceptance_text", expected)
        if text.acceptance_text is not None:
            check_text(text.acceptance_text, f"{place}.acceptance_text", most=MAX_TEXT)


def _check_language(language: str, where: str) -> None:
    expect(_LANGUAGE.fullmatch(language) is not None, where, "a language such as de or pt-BR", language)
