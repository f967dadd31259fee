"""What must hold in a catalogue before it may be approved: each breach names the member and the mend."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.entry_checks import expect, is_mcc, is_web_address
from parcela.domain.errors import InvalidInput
from parcela.domain.ids import is_uuid
from parcela.domain.merchant_references import check_merchant_references
from parcela.domain.merchant_rules import check_merchant, check_plan, check_product, check_rule
from parcela.domain.merchants import MerchantPlan, MerchantProduct, MerchantProfile, OfferRule
from parcela.domain.money import Money
from parcela.domain.payments.account_references import check_payments_references
from parcela.domain.payments.account_rules import check_account, check_market, check_payments_program
from parcela.domain.payments.accounts import PaymentsAccount, PaymentsMarket, PaymentsProgram
from parcela.domain.programs import (
    AccountRange,
    EligibilityRules,
    Entry,
    Issuer,
    MarketPair,
    OfferGroup,
    Program,
    TokenRange,
)
from parcela.domain.schedule import NotPriceable, build_schedule
from parcela.domain.terms import InvalidTerms

_TRIAL_MINOR = 1_000_000
_TRIAL_DATE = date(2026, 1, 31)
_BOUND = re.compile(r"[0-9]{19}")
_OFFER_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_CODE = re.compile(r"[0-9A-Za-z._-]{1,64}")
_CID = re.compile(r"[0-9]{1,10}")
_ICA = re.compile(r"[0-9]{1,11}")
MAX_DISCLOSURE = 500
MAX_COUNT = 99
MAX_AMOUNT = Decimal(10) ** 15


def check_entry(entry: Entry) -> None:
    """Check one entry by itself. Raises InvalidInput."""
    checks: dict[str, Callable[..., None]] = {
        Issuer.kind: _check_issuer,
        AccountRange.kind: _check_range,
        Program.kind: _check_program,
        OfferGroup.kind: _check_group,
        TokenRange.kind: _check_bounds,
        MarketPair.kind: _check_pair,
        MerchantProfile.kind: check_merchant,
        MerchantProduct.kind: check_product,
        OfferRule.kind: check_rule,
        MerchantPlan.kind: check_plan,
        PaymentsAccount.kind: check_account,
        PaymentsProgram.kind: check_payments_program,
        PaymentsMarket.kind: check_market,
    }
    checks[entry.kind](entry)


def check_catalogue(entries: Mapping[EntryKey, VersionedEntry]) -> None:
    """Check that references lead somewhere, stay within one owner, and ranges do not overlap."""
    held = [versioned.entry for versioned in entries.values()]
    for entry in held:
        if isinstance(entry, AccountRange | Program | OfferGroup):
            _check_reference(entries, entry, "provider_id", (Issuer.kind, entry.provider_id))
        if isinstance(entry, OfferGroup):
            _check_group_references(entries, entry)
        if isinstance(entry, MerchantProduct | OfferRule | MerchantPlan):
            check_merchant_references(entries, entry)
    check_payments_references(entries)
    _check_disjoint([entry for entry in held if isinstance(entry, AccountRange)])
    _check_disjoint([entry for entry in held if isinstance(entry, TokenRange)])


def _check_issuer(issuer: Issuer) -> None:
    where = f"issuer {issuer.provider_id}"
    expect(is_uuid(issuer.provider_id), "issuer.provider_id", "a UUID in lower case", issuer.provider_id)
    expect(1 <= len(issuer.name) <= 100, f"{where}.name", "1 to 100 characters")
    expect(10 <= len(issuer.logo_url) <= 2000, f"{where}.logo_url", "a URL of 10 to 2000 characters")
    expect(is_web_address(issuer.logo_url), f"{where}.logo_url", "an http or https URL", issuer.logo_url)
    expect(bool(_CID.fullmatch(issuer.cid)), f"{where}.cid", "1 to 10 digits", issuer.cid)
    expect(bool(_ICA.fullmatch(issuer.ica)), f"{where}.ica", "1 to 11 digits", issuer.ica)
    expect(is_country(issuer.country), f"{where}.country", "an ISO 3166-1 alpha-3 code", issuer.country)
    expect(len(issuer.disclosure) <= MAX_DISCLOSURE, f"{where}.disclosure", "at most 500 characters")


def _check_bounds(bounds: AccountRange | TokenRange) -> None:
    where = f"{bounds.kind} {bounds.low}"
    for member, value in (("low", bounds.low), ("high", bounds.high)):
        expect(bool(_BOUND.fullmatch(value)), f"{where}.{member}", "19 digits", value)
    expect(bounds.low <= bounds.high, f"{where}.high", "a number not below low", bounds.high)


def _check_range(account_range: AccountRange) -> None:
    _check_bounds(account_range)
    where = f"account_range {account_range.low}.country"
    expect(is_country(account_range.country), where, "an ISO 3166-1 alpha-3 code", account_range.country)


def _check_program(program: Program) -> None:
    where = f"program {program.offer_id}"
    expect(
        bool(_OFFER_ID.fullmatch(program.offer_id)),
        "program.offer_id",
        "8 to 64 letters, digits or hyphens",
        program.offer_id,
    )
    for member, instant in (("begin", program.begin), ("end", program.end)):
        expect(instant.tzinfo is not None, f"{where}.{member}", "a date and time with an offset")
    expect(program.end - program.begin > timedelta(0), f"{where}.end", "an instant after begin")
    if program.disclosure is not None:
        expect(len(program.disclosure) <= MAX_DISCLOSURE, f"{where}.disclosure", "at most 500 characters")
    _check_rules(program.rules, where=f"{where}.rules")
    _check_terms(program, where=where)


def _check_rules(rules: EligibilityRules, *, where: str) -> None:
    for member, amount in (("minimum", rules.minimum), ("maximum", rules.maximum)):
        # A NaN cannot even be compared, and an exponent makes an amount of a billion digits.
        holds = amount is None or (amount.is_finite() and 0 <= amount <= MAX_AMOUNT)
        expect(holds, f"{where}.{member}", f"an amount from 0 to {MAX_AMOUNT:f}", str(amount))
    if rules.maximum is not None:
        is_above = rules.maximum >= rules.minimum
        expect(is_above, f"{where}.maximum", "an amount not below the minimum", str(rules.maximum))
    for country in sorted(rules.countries.allow | rules.countries.deny):
        expect(is_country(country), f"{where}.countries", "ISO 3166-1 alpha-3 codes", country)
    for mcc in sorted(rules.mccs.allow | rules.mccs.deny):
        expect(is_mcc(mcc), f"{where}.mccs", "codes of 4 digits", mcc)
    expect(bool(rules.use_cases), f"{where}.use_cases", "at least one use case")


def _check_terms(program: Program, *, where: str) -> None:
    """Terms that contradict themselves show when a plan is made of them, so one is made on trial."""
    currency = find_currency(program.currency)
    if currency is None:
        raise InvalidInput(f"{where}.currency", "an ISO 4217 code", came=repr(program.currency))
    expect(1 <= program.terms.count <= MAX_COUNT, f"{where}.terms.count", "1 to 99", program.terms.count)
    try:
        build_schedule(program.terms, Money(_TRIAL_MINOR, currency), anchor=_TRIAL_DATE)
    except InvalidTerms as contradiction:
        raise InvalidInput(f"{where}.terms", str(contradiction).removeprefix("expected ")) from None
    except NotPriceable:
        # Another amount may well be priceable: that is for each purchase to find out.
        return


def _check_group(group: OfferGroup) -> None:
    expect(
        bool(_CODE.fullmatch(group.code)), "offer_group.code", "1 to 64 letters, digits, . _ -", group.code
    )
    expect(1 <= len(group.name) <= 100, f"offer_group {group.code}.name", "1 to 100 characters")


def _check_pair(pair: MarketPair) -> None:
    expect(is_country(pair.country), "market_pair.country", "an ISO 3166-1 alpha-3 code", pair.country)
    expect(
        find_currency(pair.currency) is not None, "market_pair.currency", "an ISO 4217 code", pair.currency
    )


def _check_reference(
    entries: Mapping[EntryKey, VersionedEntry], entry: Entry, member: str, target: EntryKey
) -> Entry:
    found = entries.get(target)
    where = f"{entry.kind} {entry.key}.{member}"
    if found is None:
        raise InvalidInput(where, f"an existing {target[0]}", came=repr(target[1]))
    return found.entry


def _check_group_references(entries: Mapping[EntryKey, VersionedEntry], group: OfferGroup) -> None:
    targets = [("offer_ids", (Program.kind, offer_id)) for offer_id in group.offer_ids]
    targets += [("range_lows", (AccountRange.kind, low)) for low in group.range_lows]
    for member, target in targets:
        found = _check_reference(entries, group, member, target)
        assert isinstance(found, Program | AccountRange)
        expect(
            found.provider_id == group.provider_id,
            f"offer_group {group.code}.{member}",
            "entries of the group's own issuer",
            target[1],
        )
        expect(
            not isinstance(found, Program) or not found.terms.taxes.are_due,
            f"offer_group {group.code}.{member}",
            "programs without taxes: the network's wire has no member for them",
            target[1],
        )


def _check_disjoint(ranges: Iterable[AccountRange | TokenRange]) -> None:
    previous: AccountRange | TokenRange | None = None
    for current in sorted(ranges, key=lambda bounds: bounds.low):
        if previous is not None and current.low <= previous.high:
            raise InvalidInput(
                f"{current.kind} {current.low}.low",
                f"a number above {previous.high}, the end of the {previous.kind} {previous.low}",
            )
        previous = current
