"""What must hold in one entry of a merchant's set-up by itself (`spec/gateway.md` §21).

Every breach names the member and the mend; references between entries are checked in
`merchant_references`.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.entry_checks import (
    check_each_once,
    check_network_name,
    check_text,
    check_url,
    expect,
    is_mcc,
    is_printable,
    is_time_zone,
)
from parcela.domain.merchants import (
    AmountKind,
    Attachment,
    BinRange,
    CashAward,
    Charge,
    LocalTexts,
    MerchantOperation,
    MerchantPlan,
    MerchantProduct,
    MerchantProfile,
    OfferRule,
    PlanTemplate,
    SerialsDue,
)

MAX_AMOUNT = Decimal(10) ** 12
"""No amount of the gateway's wire, of 14 characters, lies above it."""
MAX_DECIMALS = 4
MAX_MONTHS = 99
MAX_PAYMENTS = 99
MAX_NAME = 100
MAX_TEXT = 500
MAX_TERMS = 10_000
MAX_SKU = 127
_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|[0-9]{3}))?")
_BIN = re.compile(r"[0-9]{6,11}")
_AN_AMOUNT = f"an amount from 0 to {MAX_AMOUNT:f} with at most {MAX_DECIMALS} decimals"
_PLAN_OPERATIONS = frozenset({MerchantOperation.AUTHORIZE, MerchantOperation.PAY})


def check_merchant(profile: MerchantProfile) -> None:
    """Check a merchant. Raises InvalidInput."""
    _check_id(profile.merchant_id, "merchant.merchant_id")
    where = f"merchant {profile.merchant_id}"
    check_text(profile.name, f"{where}.name", most=MAX_NAME)
    expect(is_time_zone(profile.time_zone), f"{where}.time_zone", "an IANA time zone", profile.time_zone)
    _check_locale(profile.locale, f"{where}.locale")
    expect(is_country(profile.country), f"{where}.country", "an ISO 3166-1 alpha-3 code", profile.country)
    expect(is_mcc(profile.mcc), f"{where}.mcc", "a code of 4 digits", profile.mcc)
    if profile.url is not None:
        check_url(profile.url, f"{where}.url")
    check_each_once(profile.currencies, f"{where}.currencies", "ISO 4217 codes, each once, at least one")
    for code in profile.currencies:
        expect(find_currency(code) is not None, f"{where}.currencies", "ISO 4217 codes", code)
    check_each_once(profile.brands, f"{where}.brands", "card brands, each once, at least one")
    for member in ("acquirer_id", "acquirer_merchant_id", "terminal_id"):
        check_network_name(getattr(profile, member), f"{where}.{member}")


def check_product(product: MerchantProduct) -> None:
    """Check a product. Raises InvalidInput."""
    _check_id(product.merchant_id, "merchant_product.merchant_id")
    _check_id(product.product_id, "merchant_product.product_id")
    where = f"merchant_product {product.key}"
    check_text(product.name, f"{where}.name", most=MAX_NAME)
    check_url(product.logo_url, f"{where}.logo_url")
    _check_locales([named.locale for named in product.names], f"{where}.names")
    for named in product.names:
        check_text(named.name, f"{where}.names", most=MAX_NAME)


def check_rule(rule: OfferRule) -> None:
    """Check an offer rule. Raises InvalidInput."""
    _check_id(rule.merchant_id, "offer_rule.merchant_id")
    _check_id(rule.rule_id, "offer_rule.rule_id")
    where = f"offer_rule {rule.key}"
    _check_days(rule.first_day, rule.last_day, where)
    expect(0 <= rule.deferral_months <= MAX_MONTHS, f"{where}.deferral_months", f"0 to {MAX_MONTHS} months")
    _check_rule_amounts(rule, where)
    _check_charges(rule, where)
    _check_attachment(rule, where)
    _check_bin_ranges(rule.bin_ranges, f"{where}.bin_ranges")
    for member, patterns in (
        ("skus", rule.skus),
        ("cart.all_of", rule.cart.all_of),
        ("cart.any_of", rule.cart.any_of),
        ("cart.excluded", rule.cart.excluded),
        ("serials.skus", rule.serials.skus),
    ):
        _check_sku_patterns(patterns, f"{where}.{member}")
    _check_rule_texts(rule, where)


def check_plan(plan: MerchantPlan) -> None:
    """Check a custom plan. Raises InvalidInput."""
    _check_id(plan.merchant_id, "merchant_plan.merchant_id")
    _check_id(plan.plan_id, "merchant_plan.plan_id")
    where = f"merchant_plan {plan.key}"
    check_text(plan.name, f"{where}.name", most=MAX_NAME)
    _check_days(plan.first_day, plan.last_day, where)
    _check_amount(plan.minimum, f"{where}.minimum")
    check_each_once(plan.payments, f"{where}.payments", "numbers of payments, each once, at least one")
    for payments in plan.payments:
        expect(1 <= payments <= MAX_PAYMENTS, f"{where}.payments", f"1 to {MAX_PAYMENTS}", payments)
    if plan.deferrals:
        check_each_once(plan.deferrals, f"{where}.deferrals", "numbers of months, each once")
    for months in plan.deferrals:
        expect(1 <= months <= MAX_MONTHS, f"{where}.deferrals", f"1 to {MAX_MONTHS} months", months)
    are_payments = bool(plan.operations) and plan.operations <= _PLAN_OPERATIONS
    expect(are_payments, f"{where}.operations", "authorize, pay or both", ", ".join(sorted(plan.operations)))
    _check_template(plan, where)


def _check_template(plan: MerchantPlan, where: str) -> None:
    """A template says who bears the interest and whether payments are put off (`spec/gateway.md` §16)."""
    template = plan.template
    is_single = template is PlanTemplate.DEFERRAL_AND_FULL_PAYMENT
    if is_single:
        expect(plan.payments == (1,), f"{where}.payments", f"1 alone, for {template}", plan.payments)
    else:
        bears_interest = template.value.endswith("_with_interest")
        words = "true" if bears_interest else "false"
        is_so = plan.payer_interest is bears_interest
        expect(is_so, f"{where}.payer_interest", f"{words}, for {template}", plan.payer_interest)
    if template.value.startswith("deferral_"):
        expect(bool(plan.deferrals), f"{where}.deferrals", f"at least one, for {template}")


def _check_rule_amounts(rule: OfferRule, where: str) -> None:
    for member in (
        "minimum",
        "maximum",
        "display_amount",
        "minimum_unit_price",
        "maximum_unit_price",
        "budget",
    ):
        amount: Decimal | None = getattr(rule, member)
        if amount is not None:
            _check_amount(amount, f"{where}.{member}")
    for lowest, highest in (("minimum", "maximum"), ("minimum_unit_price", "maximum_unit_price")):
        low, high = getattr(rule, lowest), getattr(rule, highest)
        is_above = low is None or high is None or low <= high
        expect(is_above, f"{where}.{highest}", f"an amount not below {lowest}", str(high))
    if rule.budget is not None:
        expect(rule.budget > 0, f"{where}.budget", "an amount above 0", str(rule.budget))


def _check_charges(rule: OfferRule, where: str) -> None:
    for member in ("interest_discount", "fee", "cash_award"):
        charge: Charge | CashAward | None = getattr(rule, member)
        if charge is None:
            continue
        _check_amount(charge.value, f"{where}.{member}.value")
        is_possible = charge.kind is AmountKind.AMOUNT or charge.value <= 100
        expect(is_possible, f"{where}.{member}.value", "0 to 100 percent", str(charge.value))
    if rule.cash_award is not None:
        check_text(rule.cash_award.instruction, f"{where}.cash_award.instruction", most=MAX_TEXT)


def _check_attachment(rule: OfferRule, where: str) -> None:
    """What only one kind of rule reads is refused in the others: it would silently not apply."""
    is_generic = rule.attachment is Attachment.GENERIC
    is_item = rule.attachment is Attachment.ITEM
    is_cart = rule.attachment is Attachment.CART
    for member, is_set, is_read, kind in (
        ("display_amount", rule.display_amount is not None, is_generic, Attachment.GENERIC),
        ("skus", bool(rule.skus), is_item, Attachment.ITEM),
        ("minimum_unit_price", rule.minimum_unit_price is not None, is_item, Attachment.ITEM),
        ("maximum_unit_price", rule.maximum_unit_price is not None, is_item, Attachment.ITEM),
        ("cart", bool(rule.cart.all_of or rule.cart.any_of or rule.cart.excluded), is_cart, Attachment.CART),
        ("serials", rule.serials.due is not SerialsDue.NEVER, is_cart, Attachment.CART),
        ("budget", rule.budget is not None, is_cart, Attachment.CART),
    ):
        expect(is_read or not is_set, f"{where}.{member}", f"nothing: only {kind} rules have it")
    has_use = rule.serials.due is not SerialsDue.NEVER or not rule.serials.skus
    expect(has_use, f"{where}.serials.skus", "nothing while no serial numbers are due")


def _check_bin_ranges(ranges: Sequence[BinRange], where: str) -> None:
    for position, bounds in enumerate(ranges):
        place = f"{where}[{position}]"
        for member, value in (("low", bounds.low), ("high", bounds.high)):
            expect(_BIN.fullmatch(value) is not None, f"{place}.{member}", "6 to 11 digits", value)
        expected = f"as many digits as low has, {len(bounds.low)}"
        expect(len(bounds.low) == len(bounds.high), f"{place}.high", expected, bounds.high)
        expect(bounds.low <= bounds.high, f"{place}.high", "a number not below low", bounds.high)


def _check_sku_patterns(patterns: Sequence[str], where: str) -> None:
    for pattern in patterns:
        prefix = pattern.removesuffix("*")
        is_pattern = len(prefix) >= 1 and len(pattern) <= MAX_SKU and "*" not in prefix
        expected = f"SKUs of 1 to {MAX_SKU} characters, or beginnings of them followed by one *"
        expect(is_pattern and is_printable(pattern), where, expected, pattern)
    if patterns:
        check_each_once(patterns, where, "each SKU once")


def _check_rule_texts(rule: OfferRule, where: str) -> None:
    terms = rule.terms
    check_text(rule.qualifier.text, f"{where}.qualifier.text", most=MAX_TEXT)
    check_url(rule.qualifier.logo_url, f"{where}.qualifier.logo_url")
    check_text(terms.text, f"{where}.terms.text", most=MAX_TERMS, has_lines=True)
    check_text(terms.version, f"{where}.terms.version", most=40)
    if terms.acceptance_required:
        expect(terms.acceptance_text is not None, f"{where}.terms.acceptance_text", "a text to be accepted")
    else:
        expect(
            terms.acceptance_text is None,
            f"{where}.terms.acceptance_text",
            "nothing while no acceptance is required",
        )
    if terms.acceptance_text is not None:
        check_text(terms.acceptance_text, f"{where}.terms.acceptance_text", most=MAX_TEXT)
    _check_locales([texts.locale for texts in rule.translations], f"{where}.translations")
    for position, texts in enumerate(rule.translations):
        _check_translation(rule, texts, f"{where}.translations[{position}]")


def _check_translation(rule: OfferRule, texts: LocalTexts, where: str) -> None:
    for member, most, is_said in (
        ("qualifier_text", MAX_TEXT, True),
        ("award_instruction", MAX_TEXT, rule.cash_award is not None),
        ("terms_text", MAX_TERMS, True),
        ("acceptance_text", MAX_TEXT, rule.terms.acceptance_required),
    ):
        text: str | None = getattr(texts, member)
        if text is not None:
            expect(is_said, f"{where}.{member}", "nothing: the rule itself has no such text")
            check_text(text, f"{where}.{member}", most=most, has_lines=member == "terms_text")


def _check_id(text: str, where: str) -> None:
    expect(_ID.fullmatch(text) is not None, where, "1 to 40 letters, digits, _ or -", text)


def _check_days(first_day: date, last_day: date | None, where: str) -> None:
    is_after = last_day is None or last_day >= first_day
    expect(is_after, f"{where}.last_day", "a day not before first_day", str(last_day))


def _check_amount(amount: Decimal, where: str) -> None:
    # A NaN cannot even be compared, and an exponent makes an amount of a billion digits.
    holds = amount.is_finite() and 0 <= amount <= MAX_AMOUNT and has_decimals(amount, most=MAX_DECIMALS)
    expect(holds, where, _AN_AMOUNT, str(amount))


def has_decimals(amount: Decimal, *, most: int) -> bool:
    """Can an amount of at most MAX_AMOUNT be written with so many decimals?"""
    return amount == amount.quantize(Decimal(1).scaleb(-most))


def _check_locale(locale: str, where: str) -> None:
    expect(_LOCALE.fullmatch(locale) is not None, where, "a locale such as de or pt_BR", locale)


def _check_locales(locales: Sequence[str], where: str) -> None:
    for locale in locales:
        _check_locale(locale, where)
    if locales:
        check_each_once(locales, where, "each locale once")
