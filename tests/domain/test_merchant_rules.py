"""Checks of a merchant's set-up: each breach names the member, what was expected and what came."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.set_up import make_issuer, make_program

from parcela.domain.calendar import BIWEEKLY, MONTHLY
from parcela.domain.card_brands import CardBrand
from parcela.domain.catalogue import VersionedEntry, build_catalogue
from parcela.domain.catalogue_rules import check_catalogue, check_entry
from parcela.domain.errors import InvalidInput
from parcela.domain.merchants import (
    AmountKind,
    Attachment,
    BinRange,
    CartRule,
    CashAward,
    Charge,
    LocalName,
    LocalTexts,
    MerchantOperation,
    MerchantPlan,
    MerchantProduct,
    MerchantProfile,
    OfferRule,
    OfferTerms,
    PlanTemplate,
    Qualifier,
    SerialRule,
    SerialsDue,
)
from parcela.domain.programs import Entry
from parcela.domain.terms import PricingTerms

LOGO = "https://shop.example/logo.png"
MERCHANT = MerchantProfile(
    merchant_id="SHOP_1",
    name="Shop",
    country="USA",
    mcc="5732",
    currencies=("USD", "JPY"),
    brands=(CardBrand.MASTERCARD,),
    acquirer_id="ACQ",
    acquirer_merchant_id="1",
    terminal_id="T1",
)
PRODUCT = MerchantProduct(merchant_id="SHOP_1", product_id="P", name="Later", logo_url=LOGO)
GENERIC = OfferRule(
    merchant_id="SHOP_1",
    rule_id="R",
    attachment=Attachment.GENERIC,
    product_id="P",
    program_id="10000001",
    first_day=date(2026, 1, 1),
    minimum=Decimal(300),
    maximum=Decimal(5000),
    qualifier=Qualifier(text="By the bank", logo_url=LOGO),
    terms=OfferTerms(text="Terms."),
)
ITEM = replace(GENERIC, attachment=Attachment.ITEM)
CART = replace(GENERIC, attachment=Attachment.CART)
PLAN = MerchantPlan(
    merchant_id="SHOP_1",
    plan_id="PLANN",
    name="Plan N",
    template=PlanTemplate.INSTALLMENTS_WITHOUT_INTEREST,
    program_id="10000001",
    payments=(3, 6),
    first_day=date(2026, 1, 1),
)
TERMS = CART.terms
TICKED = replace(TERMS, acceptance_required=True, acceptance_text="I accept.")
AMOUNTS = "an amount from 0 to 1000000000000 with at most 4 decimals"
NOT_NUMBERS = ("NaN", "Infinity", "-0.01", "1000000000000.01", "1E+1000000000", "1E-1000000000", "0.00001")


def percent(value: str) -> Charge:
    return Charge(kind=AmountKind.PERCENT, value=Decimal(value))


def amount(value: str) -> Charge:
    return Charge(kind=AmountKind.AMOUNT, value=Decimal(value))


def award(value: str, kind: AmountKind = AmountKind.AMOUNT, instruction: str = "Paid later.") -> CashAward:
    return CashAward(kind=kind, value=Decimal(value), instruction=instruction)


def refuse(entry: Entry) -> str:
    with pytest.raises(InvalidInput) as refusal:
        check_entry(entry)
    return str(refusal.value)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(MERCHANT, id="merchant"),
        pytest.param(
            replace(MERCHANT, merchant_id="a" * 40, time_zone="America/Argentina/Ushuaia"), id="zone"
        ),
        pytest.param(replace(MERCHANT, locale="zh_Hant_TW", url="https://shop.example/"), id="locale"),
        pytest.param(replace(MERCHANT, name="Müller & Söhne 日本"), id="name"),
        pytest.param(replace(MERCHANT, operations=frozenset()), id="no-operations"),
        pytest.param(PRODUCT, id="product"),
        pytest.param(replace(PRODUCT, names=(LocalName(locale="de", name="Später"),)), id="product-names"),
        pytest.param(GENERIC, id="generic"),
        pytest.param(replace(GENERIC, display_amount=Decimal("300.00")), id="display-amount"),
        pytest.param(
            replace(ITEM, skus=("A", "PHN-*"), minimum_unit_price=Decimal(1), maximum_unit_price=Decimal(1)),
            id="item",
        ),
        pytest.param(
            replace(
                CART,
                cart=CartRule(all_of=("A",), any_of=("B*",), excluded=("C D",)),
                serials=SerialRule(due=SerialsDue.AT_CAPTURE, skus=("A",)),
                budget=Decimal("0.01"),
                interest_discount=percent("100"),
                fee=percent("0"),
                cash_award=award("100", AmountKind.PERCENT),
                deferral_months=99,
                bin_ranges=(BinRange(low="512345", high="512345"), BinRange(low="0" * 11, high="9" * 11)),
                terms=replace(TICKED, text="One.\nTwo."),
                translations=(LocalTexts(locale="de", award_instruction="Später.", acceptance_text="Ja."),),
                last_day=date(2026, 1, 1),
            ),
            id="cart-with-everything",
        ),
        pytest.param(PLAN, id="plan"),
        pytest.param(replace(PLAN, deferrals=(1, 99), payments=(1, 99)), id="plan-with-optional-deferrals"),
        pytest.param(
            replace(
                PLAN,
                template=PlanTemplate.DEFERRAL_AND_FULL_PAYMENT,
                payments=(1,),
                deferrals=(3,),
                payer_interest=True,
            ),
            id="full-payment",
        ),
        pytest.param(
            replace(
                PLAN,
                template=PlanTemplate.DEFERRAL_AND_INSTALLMENTS_WITH_INTEREST,
                deferrals=(3,),
                payer_interest=True,
            ),
            id="deferral-with-interest",
        ),
    ],
)
def test_a_lawful_entry_passes(entry: Entry) -> None:
    check_entry(entry)


ID = "1 to 40 letters, digits, _ or -"
LINE = "1 to 100 characters in one line"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"merchant_id": ""}, f"merchant.merchant_id: expected {ID}, got ''"),
        ({"merchant_id": "a" * 41}, f"merchant.merchant_id: expected {ID}, got '{'a' * 41}'"),
        ({"merchant_id": "A:B"}, f"merchant.merchant_id: expected {ID}, got 'A:B'"),
        ({"merchant_id": "A\n"}, f"merchant.merchant_id: expected {ID}, got 'A\\n'"),
        ({"name": " "}, f"merchant SHOP_1.name: expected {LINE}"),
        ({"name": "a\nb"}, f"merchant SHOP_1.name: expected {LINE}"),
        ({"name": "a\x00"}, f"merchant SHOP_1.name: expected {LINE}"),
        ({"name": "a\ud800"}, f"merchant SHOP_1.name: expected {LINE}"),
        (
            {"time_zone": "Mars/Olympus"},
            "merchant SHOP_1.time_zone: expected an IANA time zone, got 'Mars/Olympus'",
        ),
        # A folder of the database, and a way out of it.
        ({"time_zone": "America"}, "merchant SHOP_1.time_zone: expected an IANA time zone, got 'America'"),
        ({"time_zone": "../UTC"}, "merchant SHOP_1.time_zone: expected an IANA time zone, got '../UTC'"),
        ({"locale": "en-US"}, "merchant SHOP_1.locale: expected a locale such as de or pt_BR, got 'en-US'"),
        ({"country": "US"}, "merchant SHOP_1.country: expected an ISO 3166-1 alpha-3 code, got 'US'"),
        ({"mcc": "573"}, "merchant SHOP_1.mcc: expected a code of 4 digits, got '573'"),
        (
            {"url": "ftp://shop.example"},
            "merchant SHOP_1.url: expected an http or https URL of at most 2000 characters, got 'ftp://shop.example'",
        ),
        (
            {"currencies": ()},
            "merchant SHOP_1.currencies: expected ISO 4217 codes, each once, at least one, got ''",
        ),
        (
            {"currencies": ("USD", "USD")},
            "merchant SHOP_1.currencies: expected ISO 4217 codes, each once, at least one, got 'USD, USD'",
        ),
        ({"currencies": ("usd",)}, "merchant SHOP_1.currencies: expected ISO 4217 codes, got 'usd'"),
        (
            {"brands": (CardBrand.VISA, CardBrand.VISA)},
            "merchant SHOP_1.brands: expected card brands, each once, at least one, got 'visa, visa'",
        ),
        (
            {"terminal_id": "T 1"},
            "merchant SHOP_1.terminal_id: expected 1 to 40 visible ASCII characters, got 'T 1'",
        ),
    ],
)
def test_a_merchant_with_a_slip_is_refused(members: dict[str, Any], sentence: str) -> None:
    assert refuse(replace(MERCHANT, **members)) == sentence


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"product_id": "P L"}, f"merchant_product.product_id: expected {ID}, got 'P L'"),
        (
            {"logo_url": "/logo.png"},
            "merchant_product SHOP_1:P.logo_url: expected an http or https URL of at most 2000 characters,"
            " got '/logo.png'",
        ),
        (
            {"names": (LocalName(locale="de", name="A"), LocalName(locale="de", name="B"))},
            "merchant_product SHOP_1:P.names: expected each locale once, got 'de, de'",
        ),
        ({"names": (LocalName(locale="de", name=""),)}, f"merchant_product SHOP_1:P.names: expected {LINE}"),
    ],
)
def test_a_product_with_a_slip_is_refused(members: dict[str, Any], sentence: str) -> None:
    assert refuse(replace(PRODUCT, **members)) == sentence


SKUS = "SKUs of 1 to 127 characters, or beginnings of them followed by one *"
RULE_SLIPS: list[tuple[OfferRule, str]] = [
    (replace(CART, rule_id="*"), f"offer_rule.rule_id: expected {ID}, got '*'"),
    (
        replace(CART, last_day=date(2025, 12, 31)),
        "last_day: expected a day not before first_day, got '2025-12-31'",
    ),
    (replace(CART, deferral_months=100), "deferral_months: expected 0 to 99 months"),
    (replace(CART, maximum=Decimal("299.99")), "maximum: expected an amount not below minimum, got '299.99'"),
    (
        replace(ITEM, minimum_unit_price=Decimal(2), maximum_unit_price=Decimal(1)),
        "maximum_unit_price: expected an amount not below minimum_unit_price, got '1'",
    ),
    (replace(CART, budget=Decimal(0)), "budget: expected an amount above 0, got '0'"),
    # What only one attachment reads.
    (
        replace(CART, display_amount=Decimal(300)),
        "display_amount: expected nothing: only generic rules have it",
    ),
    (replace(CART, skus=("A",)), "skus: expected nothing: only item rules have it"),
    (
        replace(GENERIC, minimum_unit_price=Decimal(1)),
        "minimum_unit_price: expected nothing: only item rules have it",
    ),
    (replace(ITEM, cart=CartRule(excluded=("A",))), "cart: expected nothing: only cart rules have it"),
    (
        replace(ITEM, serials=SerialRule(due=SerialsDue.AT_PAYMENT)),
        "serials: expected nothing: only cart rules have it",
    ),
    (replace(GENERIC, budget=Decimal(1)), "budget: expected nothing: only cart rules have it"),
    (
        replace(CART, serials=SerialRule(skus=("A",))),
        "serials.skus: expected nothing while no serial numbers are due",
    ),
    # Card ranges.
    (
        replace(CART, bin_ranges=(BinRange(low="51234", high="51234"),)),
        "bin_ranges[0].low: expected 6 to 11 digits, got '51234'",
    ),
    (
        replace(CART, bin_ranges=(BinRange(low="512345", high="5123459"),)),
        "bin_ranges[0].high: expected as many digits as low has, 6, got '5123459'",
    ),
    (
        replace(CART, bin_ranges=(BinRange(low="512345", high="512344"),)),
        "bin_ranges[0].high: expected a number not below low, got '512344'",
    ),
    # SKUs: a star elsewhere than at the end would be read as itself.
    (replace(ITEM, skus=("*",)), f"skus: expected {SKUS}, got '*'"),
    (replace(ITEM, skus=("A*B",)), f"skus: expected {SKUS}, got 'A*B'"),
    (replace(ITEM, skus=("A**",)), f"skus: expected {SKUS}, got 'A**'"),
    (replace(ITEM, skus=("",)), f"skus: expected {SKUS}, got ''"),
    (replace(ITEM, skus=("A", "A")), "skus: expected each SKU once, got 'A, A'"),
    (replace(CART, cart=CartRule(any_of=("A" * 128,))), f"cart.any_of: expected {SKUS}, got '{'A' * 128}'"),
    # Charges.
    (
        replace(CART, interest_discount=percent("100.01")),
        "interest_discount.value: expected 0 to 100 percent, got '100.01'",
    ),
    (replace(CART, fee=percent("101")), "fee.value: expected 0 to 100 percent, got '101'"),
    (
        replace(CART, cash_award=award("101", AmountKind.PERCENT)),
        "cash_award.value: expected 0 to 100 percent, got '101'",
    ),
    (
        replace(CART, cash_award=award("1", instruction="")),
        "cash_award.instruction: expected 1 to 500 characters in one line",
    ),
    # Texts.
    (replace(CART, terms=replace(TERMS, text="")), "terms.text: expected 1 to 10000 characters"),
    (replace(CART, terms=replace(TERMS, text="a\x07")), "terms.text: expected 1 to 10000 characters"),
    (
        replace(CART, terms=replace(TICKED, acceptance_text=None)),
        "terms.acceptance_text: expected a text to be accepted",
    ),
    (
        replace(CART, terms=replace(TERMS, acceptance_text="I accept.")),
        "terms.acceptance_text: expected nothing while no acceptance is required",
    ),
    (
        replace(CART, qualifier=replace(CART.qualifier, logo_url="logo")),
        "qualifier.logo_url: expected an http or https URL of at most 2000 characters, got 'logo'",
    ),
    (
        replace(CART, translations=(LocalTexts(locale="de"), LocalTexts(locale="de"))),
        "translations: expected each locale once, got 'de, de'",
    ),
    (
        replace(CART, translations=(LocalTexts(locale="de", acceptance_text="Ja."),)),
        "translations[0].acceptance_text: expected nothing: the rule itself has no such text",
    ),
    (
        replace(CART, translations=(LocalTexts(locale="de", award_instruction="Bald."),)),
        "translations[0].award_instruction: expected nothing: the rule itself has no such text",
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), RULE_SLIPS)
def test_a_rule_with_a_slip_is_refused(rule: OfferRule, sentence: str) -> None:
    told = sentence if sentence.startswith("offer_rule") else f"offer_rule SHOP_1:R.{sentence}"
    assert refuse(rule) == told


@pytest.mark.parametrize("text", NOT_NUMBERS)
@pytest.mark.parametrize(
    ("member", "make"),
    [
        ("minimum", lambda value: replace(CART, minimum=value, maximum=None)),
        ("maximum", lambda value: replace(CART, maximum=value)),
        ("display_amount", lambda value: replace(GENERIC, display_amount=value)),
        ("minimum_unit_price", lambda value: replace(ITEM, minimum_unit_price=value)),
        ("budget", lambda value: replace(CART, budget=value)),
        ("fee.value", lambda value: replace(CART, fee=Charge(kind=AmountKind.AMOUNT, value=value))),
        (
            "interest_discount.value",
            lambda value: replace(CART, interest_discount=Charge(kind=AmountKind.PERCENT, value=value)),
        ),
    ],
)
def test_what_is_no_amount_is_refused(member: str, make: Callable[[Decimal], OfferRule], text: str) -> None:
    value = Decimal(text)
    assert refuse(make(value)) == f"offer_rule SHOP_1:R.{member}: expected {AMOUNTS}, got '{value}'"


FULL, WITH = PlanTemplate.DEFERRAL_AND_FULL_PAYMENT, PlanTemplate.INSTALLMENTS_WITH_INTEREST
PUT_OFF = PlanTemplate.DEFERRAL_AND_INSTALLMENTS_WITHOUT_INTEREST


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"plan_id": "PLAN N"}, f"merchant_plan.plan_id: expected {ID}, got 'PLAN N'"),
        ({"payments": ()}, "payments: expected numbers of payments, each once, at least one, got ''"),
        ({"payments": (3, 3)}, "payments: expected numbers of payments, each once, at least one, got '3, 3'"),
        ({"payments": (0,)}, "payments: expected 1 to 99, got 0"),
        ({"payments": (100,)}, "payments: expected 1 to 99, got 100"),
        ({"deferrals": (2, 2)}, "deferrals: expected numbers of months, each once, got '2, 2'"),
        ({"deferrals": (0,)}, "deferrals: expected 1 to 99 months, got 0"),
        ({"deferrals": (100,)}, "deferrals: expected 1 to 99 months, got 100"),
        ({"minimum": Decimal("NaN")}, f"minimum: expected {AMOUNTS}, got 'NaN'"),
        ({"last_day": date(2025, 1, 1)}, "last_day: expected a day not before first_day, got '2025-01-01'"),
        ({"operations": frozenset()}, "operations: expected authorize, pay or both, got ''"),
        (
            {"operations": frozenset({MerchantOperation.PAY, MerchantOperation.REFUND})},
            "operations: expected authorize, pay or both, got 'pay, refund'",
        ),
        # The template says who bears the interest, and whether payments are put off.
        (
            {"payer_interest": True},
            "payer_interest: expected false, for installments_without_interest, got True",
        ),
        ({"template": WITH}, "payer_interest: expected true, for installments_with_interest, got False"),
        (
            {"template": FULL, "deferrals": (1,)},
            "payments: expected 1 alone, for deferral_and_full_payment, got (3, 6)",
        ),
        (
            {"template": FULL, "payments": (1,)},
            "deferrals: expected at least one, for deferral_and_full_payment",
        ),
        (
            {"template": PUT_OFF},
            "deferrals: expected at least one, for deferral_and_installments_without_interest",
        ),
    ],
)
def test_a_plan_with_a_slip_is_refused(members: dict[str, Any], sentence: str) -> None:
    told = sentence if sentence.startswith("merchant_plan") else f"merchant_plan SHOP_1:PLANN.{sentence}"
    assert refuse(replace(PLAN, **members)) == told


def hold(entries: Iterable[Entry]) -> dict[tuple[str, str], VersionedEntry]:
    return {(entry.kind, entry.key): VersionedEntry(entry=entry, version=1) for entry in entries}


YEN = make_program("10000002", currency="JPY")
EURO = make_program("10000003", currency="EUR")
BIWEEKLY_PROGRAM = make_program("10000004", terms=PricingTerms(count=4, interval=BIWEEKLY))
BOUNDED = make_program("10000005", rules={"minimum": Decimal(400), "maximum": Decimal(4000)})
BASE: list[Entry] = [
    make_issuer(),
    make_program(terms=PricingTerms(count=6, interval=MONTHLY)),
    YEN,
    EURO,
    BIWEEKLY_PROGRAM,
    BOUNDED,
    MERCHANT,
    PRODUCT,
]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(replace(GENERIC, display_amount=Decimal(5000)), id="display-amount-at-the-end"),
        pytest.param(
            replace(GENERIC, minimum=Decimal(0), program_id="10000005"), id="minimum-of-the-program"
        ),
        pytest.param(replace(CART, program_id="10000002"), id="yen"),
        pytest.param(replace(CART, minimum=Decimal("300.00"), program_id="10000002"), id="yen-with-zeros"),
        pytest.param(replace(CART, minimum=Decimal(4000), program_id="10000005"), id="bounds-that-touch"),
        pytest.param(replace(PLAN, product_id="P"), id="plan-with-a-product"),
    ],
)
def test_entries_that_fit_together_pass(entry: Entry) -> None:
    held = hold([*BASE, entry])
    check_catalogue(held)
    assert build_catalogue(held.values()).find_merchant("SHOP_1") is not None


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            replace(PRODUCT, merchant_id="OTHER"),
            "merchant_product OTHER:P.merchant_id: expected an existing merchant, got 'OTHER'",
        ),
        (
            replace(CART, merchant_id="OTHER"),
            "offer_rule OTHER:R.merchant_id: expected an existing merchant, got 'OTHER'",
        ),
        (
            replace(PLAN, merchant_id="OTHER"),
            "merchant_plan OTHER:PLANN.merchant_id: expected an existing merchant, got 'OTHER'",
        ),
        (
            replace(CART, product_id="Q"),
            "offer_rule SHOP_1:R.product_id: expected an existing product of the same merchant, got 'Q'",
        ),
        (
            replace(PLAN, product_id="Q"),
            "merchant_plan SHOP_1:PLANN.product_id: expected an existing product of the same merchant,"
            " got 'Q'",
        ),
        (
            replace(CART, program_id="1"),
            "offer_rule SHOP_1:R.program_id: expected an existing program, got '1'",
        ),
        (
            replace(CART, program_id="10000003"),
            "offer_rule SHOP_1:R.program_id: expected a program in one of the merchant's currencies:"
            " USD, JPY, got 'EUR'",
        ),
        (
            replace(CART, program_id="10000002", minimum=Decimal("0.5")),
            "offer_rule SHOP_1:R.minimum: expected an amount with at most 0 decimals, in JPY, got '0.5'",
        ),
        (
            replace(CART, fee=amount("1.005")),
            "offer_rule SHOP_1:R.fee.value: expected an amount with at most 2 decimals, in USD, got '1.005'",
        ),
        (
            replace(PLAN, minimum=Decimal("1.005")),
            "merchant_plan SHOP_1:PLANN.minimum: expected an amount with at most 2 decimals, in USD,"
            " got '1.005'",
        ),
        (
            replace(CART, program_id="10000005", minimum=Decimal(4001)),
            "offer_rule SHOP_1:R.minimum: expected bounds that meet those of the program 10000005,"
            " got '4001 to 4000'",
        ),
        (
            replace(GENERIC, minimum=Decimal(0)),
            "offer_rule SHOP_1:R.display_amount: expected an amount above 0, for the minimum is 0",
        ),
        (
            replace(GENERIC, minimum=Decimal(0), display_amount=Decimal(0)),
            "offer_rule SHOP_1:R.display_amount: expected an amount above 0 within the offer's bounds,"
            " from 0 to 5000, got '0'",
        ),
        (
            replace(GENERIC, display_amount=Decimal("299.99")),
            "offer_rule SHOP_1:R.display_amount: expected an amount above 0 within the offer's bounds,"
            " from 300 to 5000, got '299.99'",
        ),
        (
            replace(GENERIC, program_id="10000005", maximum=None, display_amount=Decimal(4001)),
            "offer_rule SHOP_1:R.display_amount: expected an amount above 0 within the offer's bounds,"
            " from 400 to 4000, got '4001'",
        ),
    ],
)
def test_entries_that_do_not_fit_together_are_refused(entry: Entry, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_catalogue(hold([*BASE, entry]))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("entry", [CART, PLAN], ids=["rule", "plan"])
def test_a_program_that_no_offer_can_express_is_refused(entry: OfferRule | MerchantPlan) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_catalogue(hold([*BASE, replace(entry, program_id="10000004")]))
    assert refusal.value.member == "program 10000004.terms.interval"
    # Nor can a program in use be changed into such a one.
    changed = replace(BIWEEKLY_PROGRAM, offer_id="10000001")
    with pytest.raises(InvalidInput) as refusal:
        check_catalogue(hold([*BASE, entry, changed]))
    assert refusal.value.member == "program 10000001.terms.interval"


def test_what_is_switched_off_is_not_in_force() -> None:
    rules = [
        CART,
        replace(CART, rule_id="OFF", enabled=False),
        replace(CART, rule_id="GONE", withdrawn=True),
        replace(CART, rule_id="FIRST", display_order=-1),
    ]
    setup = build_catalogue(hold([*BASE, *rules, PLAN]).values()).find_merchant("SHOP_1")
    assert setup is not None
    assert [held.rule.rule_id for held in setup.rules] == ["FIRST", "R"]
    assert [held.plan.plan_id for held in setup.plans] == ["PLANN"]
    off = [replace(MERCHANT, enabled=False) if entry is MERCHANT else entry for entry in BASE]
    assert build_catalogue(hold(off).values()).find_merchant("SHOP_1") is None
