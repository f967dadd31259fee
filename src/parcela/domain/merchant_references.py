"""What must hold between a merchant's entries and the programs that they offer (`spec/gateway.md` §8.4)."""

from collections.abc import Mapping
from decimal import Decimal

from parcela.domain.attachable_programs import check_attachable
from parcela.domain.currency import Currency, find_currency
from parcela.domain.entry_checks import expect
from parcela.domain.errors import InvalidInput
from parcela.domain.merchant_rules import has_decimals
from parcela.domain.merchants import (
    AmountKind,
    Attachment,
    CashAward,
    Charge,
    MerchantPlan,
    MerchantProduct,
    MerchantProfile,
    OfferRule,
)
from parcela.domain.programs import Program
from parcela.domain.versions import EntryKey, VersionedEntry

_Entries = Mapping[EntryKey, VersionedEntry]
_RULE_AMOUNTS = (
    "minimum",
    "maximum",
    "display_amount",
    "minimum_unit_price",
    "maximum_unit_price",
    "budget",
)


def check_merchant_references(entries: _Entries, entry: MerchantProduct | OfferRule | MerchantPlan) -> None:
    """Check that merchant, product and program exist and fit together. Raises InvalidInput."""
    where = f"{entry.kind} {entry.key}"
    profile = entries.get((MerchantProfile.kind, entry.merchant_id))
    if profile is None:
        raise InvalidInput(f"{where}.merchant_id", "an existing merchant", came=repr(entry.merchant_id))
    assert isinstance(profile.entry, MerchantProfile)
    if isinstance(entry, MerchantProduct):
        return
    if entry.product_id is not None:
        _check_product(entries, entry.merchant_id, entry.product_id, where)
    program = _get_program(entries, entry.program_id, where)
    is_taken = program.currency in profile.entry.currencies
    expected = "a program in one of the merchant's currencies: " + ", ".join(profile.entry.currencies)
    expect(is_taken, f"{where}.program_id", expected, program.currency)
    check_attachable(program)
    currency = find_currency(program.currency)
    assert currency is not None, "programs were checked before"
    if isinstance(entry, OfferRule):
        _check_rule(entry, program, currency, where)
    else:
        _check_decimals(entry.minimum, currency, f"{where}.minimum")


def _check_product(entries: _Entries, merchant_id: str, product_id: str, where: str) -> None:
    found = (MerchantProduct.kind, f"{merchant_id}:{product_id}") in entries
    expect(found, f"{where}.product_id", "an existing product of the same merchant", product_id)


def _get_program(entries: _Entries, program_id: str, where: str) -> Program:
    found = entries.get((Program.kind, program_id))
    if found is None:
        raise InvalidInput(f"{where}.program_id", "an existing program", came=repr(program_id))
    assert isinstance(found.entry, Program)
    return found.entry


def _check_rule(rule: OfferRule, program: Program, currency: Currency, where: str) -> None:
    for member in _RULE_AMOUNTS:
        amount: Decimal | None = getattr(rule, member)
        if amount is not None:
            _check_decimals(amount, currency, f"{where}.{member}")
    for member in ("interest_discount", "fee", "cash_award"):
        charge: Charge | CashAward | None = getattr(rule, member)
        if charge is not None and charge.kind is AmountKind.AMOUNT:
            _check_decimals(charge.value, currency, f"{where}.{member}.value")
    lowest, highest = _find_bounds(rule, program)
    is_open = highest is None or lowest <= highest
    expected = f"bounds that meet those of the program {program.offer_id}"
    expect(is_open, f"{where}.minimum", expected, f"{lowest} to {highest}")
    if rule.attachment is Attachment.GENERIC:
        _check_display_amount(rule, (lowest, highest), where)


def _find_bounds(rule: OfferRule, program: Program) -> tuple[Decimal, Decimal | None]:
    """The amounts, in major units, that both the rule and its program take."""
    ends = [end for end in (rule.maximum, program.rules.maximum) if end is not None]
    return max(rule.minimum, program.rules.minimum), min(ends, default=None)


def _check_display_amount(rule: OfferRule, bounds: tuple[Decimal, Decimal | None], where: str) -> None:
    """A generic offer is priced for its display amount, else for its minimum: there must be something."""
    lowest, highest = bounds
    if rule.display_amount is None:
        expect(lowest > 0, f"{where}.display_amount", "an amount above 0, for the minimum is 0")
        return
    is_within = lowest <= rule.display_amount and (highest is None or rule.display_amount <= highest)
    is_priceable = rule.display_amount > 0 and is_within
    to = "" if highest is None else f" to {highest}"
    expected = f"an amount above 0 within the offer's bounds, from {lowest}{to}"
    expect(is_priceable, f"{where}.display_amount", expected, str(rule.display_amount))


def _check_decimals(amount: Decimal, currency: Currency, where: str) -> None:
    holds = has_decimals(amount, most=currency.exponent)
    expected = f"an amount with at most {currency.exponent} decimals, in {currency.code}"
    expect(holds, where, expected, str(amount))
