"""Inquiries for a merchant's offers: what is shown, for whom, at what price, and what is kept of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.merchant_entries import make_program

from parcela.domain.currency import find_currency
from parcela.domain.errors import NotFound
from parcela.domain.merchant_offers import CartItem, PricedBy, Quote
from parcela.domain.merchant_setup import MerchantSetup
from parcela.domain.merchants import (
    Attachment,
    CartRule,
    LocalName,
    LocalTexts,
    MerchantProduct,
    OfferRule,
    PlanTemplate,
)
from parcela.domain.money import InvalidMoney
from parcela.domain.order_refusals import PlanCondition, PlanConditionUnmet
from parcela.domain.programs import Entry, Program
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.housekeeping import clean_up
from parcela.operations.merchant_inquiries import (
    Article,
    CartAnswer,
    CartInquiry,
    GenericAnswer,
    GenericInquiry,
    ItemInquiry,
    PlanInquiry,
    ShownArticle,
    ShownAward,
    ShownOffer,
    ShownPlan,
    ShownProduct,
    find_priced_versions,
    show_cart_offers,
    show_generic_offers,
    show_item_offers,
    show_plan_offers,
)
from parcela.operations.merchants import MerchantCaller, find_caller
from parcela.operations.offer_view import list_open_rules, open_view
from parcela.store.merchant_quotes import find_quote

SHOP = "TESTPARCELA01"
MASTERCARD, VISA = "512345", "450875"
AMEX_CARD, MASTERCARD_CARD = "371449635398431", "5123450000000008"
PL1 = ShownProduct(
    product_id="PL1", name="Paylater Installments", logo_url="http://parcela.test/static/paylater.png"
)
CART_AUD = ["standard-3-aud", "standard-6-aud", "standard-12-aud"]
CART_USD = ["standard-3-usd", "standard-6-usd", "standard-12-usd"]

Change = Callable[[MerchantSetup], MerchantSetup]


def get_caller(seen: World, change: Change | None = None, merchant_id: str = SHOP) -> MerchantCaller:
    """A merchant of the demo world, with its set-up changed as a test wants it."""
    caller = find_caller(seen, merchant_id)
    assert caller is not None
    return caller if change is None else replace(caller, setup=change(caller.setup))


def change_rule(rule_id: str, **members: Any) -> Change:
    def change(setup: MerchantSetup) -> MerchantSetup:
        rules = tuple(
            replace(held, rule=replace(held.rule, **members)) if held.rule.rule_id == rule_id else held
            for held in setup.rules
        )
        assert rules != setup.rules
        return replace(setup, rules=rules)

    return change


def change_profile(**members: Any) -> Change:
    return lambda setup: replace(setup, profile=replace(setup.profile, **members))


async def count_quotes(engine: Engine) -> int:
    async with engine.database.connection() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM merchant_quote")
        return count


def list_programs(answer: CartAnswer | GenericAnswer | ShownArticle) -> list[str]:
    return [offer.program_id for offer in answer.offers]


def ask_cart(run: RunWithEngine, inquiry: CartInquiry, change: Change | None = None) -> tuple[list[str], int]:
    """The programs offered, and how many quotes were kept."""

    async def work(engine: Engine) -> tuple[list[str], int]:
        seen = await engine.look()
        answer = await show_cart_offers(engine, seen, get_caller(seen, change), inquiry)
        return list_programs(answer), await count_quotes(engine)

    found: tuple[list[str], int] = run(work)
    return found


def item(sku: str | None) -> CartItem:
    return CartItem(sku=sku, quantity=Decimal("1.0"), unit_price=Decimal("1150.00"))


def test_cart_offers_are_shown_in_order_and_kept_as_they_were_asked_for(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen)
        inquiry = CartInquiry(
            amount_minor=120_000,
            currency="AUD",
            items=(item("PHN-128-BLK"), item(None)),
            card_prefix=MASTERCARD,
            locale="en_AU",
        )
        answer = await show_cart_offers(engine, seen, caller, inquiry)
        assert (answer.products, answer.plans) == ((PL1,), ())
        assert list_programs(answer) == CART_AUD
        assert [offer.offer_id for offer in answer.offers] == [
            f"{answer.quote_id}{number}" for number in ("01", "02", "03")
        ]
        assert answer.quote_id is not None and answer.quote_id[0] == "c" and len(answer.quote_id) == 20
        prices = [offer.price for offer in answer.offers if offer.price is not None]
        assert [(price.first_minor, price.other_minor, price.total_minor) for price in prices][0::2] == [
            (41_200, 40_000, 121_200),
            (10_000, 10_000, 120_000),
        ]
        async with engine.database.connection() as connection:
            kept = await find_quote(
                connection, MAIN_TENANT, client_id=caller.client.client_id, quote_id=answer.quote_id
            )
            foreign = await find_quote(
                connection, MAIN_TENANT, client_id=caller.client.client_id + 1, quote_id=answer.quote_id
            )
        assert foreign is None
        assert kept == Quote(
            quote_id=answer.quote_id,
            client_id=caller.client.client_id,
            quoted_at=seen.now,
            currency="AUD",
            amount_minor=120_000,
            items=inquiry.items,
            card_prefix=MASTERCARD,
            offers=tuple(
                PricedBy(
                    rule_key=f"{SHOP}:{rule_id}",
                    rule_version=1,
                    program_id=program_id,
                    program_version=1,
                )
                for rule_id, program_id in zip(
                    ["cart-3-aud", "cart-6-aud", "cart-12-aud"], CART_AUD, strict=True
                )
            ),
            locale="en_AU",
        )

    run(work)


def test_an_offer_is_shown_with_everything_that_a_payer_reads(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        inquiry = CartInquiry(amount_minor=120_000, currency="AUD")
        answer = await show_cart_offers(engine, seen, get_caller(seen), inquiry)
        third = answer.offers[2]
        price, aud = third.price, find_currency("AUD")
        assert price is not None and aud is not None
        assert third == ShownOffer(
            offer_id=f"{answer.quote_id}03",
            product_id="PL1",
            program_id="standard-12-aud",
            currency=aud,
            count=12,
            deferral_months=0,
            rate_percent=Decimal("14.00"),
            price=price,
            fee_minor=0,
            discount_minor=price.interest_minor,
            charges_interest=False,
            award=ShownAward(
                amount_minor=2_500, instruction="Paid to your card account with the second statement."
            ),
            minimum_minor=100_000,
            maximum_minor=1_000_000,
            first_day=date(2020, 1, 1),
            last_day=date(2099, 12, 31),
            qualifier_text="Offer by Sandbox Bank",
            qualifier_logo_url="http://parcela.test/static/sandbox-bank.png",
            terms_text="Monthly payments are billed to your card. Late payments may cost extra.",
            acceptance_text=None,
        )
        ticked = "I have read and accept the terms of this payment plan."
        assert [offer.acceptance_text for offer in answer.offers[:2]] == [ticked, ticked]

    run(work)


# Inquiry and the programs offered; a quote is kept exactly when there are some.
CARTS = [
    pytest.param(CartInquiry(currency="AUD"), CART_AUD, id="currency"),
    pytest.param(CartInquiry(currency="EUR"), [], id="currency-without-offers"),
    pytest.param(CartInquiry(currency="ZAR"), [], id="currency-that-the-merchant-lacks"),
    pytest.param(CartInquiry(currency="XXX"), [], id="no-currency"),
    pytest.param(CartInquiry(amount_minor=29_999, currency="AUD"), [], id="below-the-minimum"),
    pytest.param(CartInquiry(amount_minor=30_000, currency="AUD"), CART_AUD[:2], id="the-minimum"),
    pytest.param(CartInquiry(amount_minor=1_000_000, currency="AUD"), CART_AUD, id="the-maximum"),
    pytest.param(CartInquiry(amount_minor=1_000_001, currency="AUD"), [], id="above-the-maximum"),
    pytest.param(CartInquiry(currency="AUD", card_prefix=MASTERCARD), CART_AUD, id="card"),
    pytest.param(CartInquiry(currency="AUD", card_prefix=VISA), [], id="card-of-another-bank"),
    pytest.param(CartInquiry(currency="AUD", card_prefix="371449"), [], id="card-of-another-brand"),
    pytest.param(CartInquiry(currency="AUD", card_prefix="51234500000"), CART_AUD, id="longest-prefix"),
    pytest.param(CartInquiry(currency="AUD", product_id="PL1"), CART_AUD, id="product"),
    pytest.param(CartInquiry(currency="AUD", items=(item("ANY"),)), CART_AUD, id="items"),
]


@pytest.mark.parametrize(("inquiry", "expected"), CARTS)
def test_carts_are_offered_what_they_do_not_contradict(
    run: RunWithEngine, inquiry: CartInquiry, expected: list[str]
) -> None:
    offered, kept = ask_cart(run, inquiry)
    assert (offered, kept) == (expected, 1 if expected else 0)


def test_an_inquiry_that_names_nothing_is_shown_all(run: RunWithEngine) -> None:
    offered, kept = ask_cart(run, CartInquiry())
    assert (sorted(offered), kept) == (sorted(CART_AUD + CART_USD), 1)


# What is set up otherwise, an inquiry, and whether the offer of three payments is still shown.
CHANGED = [
    pytest.param(
        change_rule("cart-3-aud", cart=CartRule(any_of=("PHN-*",))),
        CartInquiry(currency="AUD", items=(item("PHN-1"),)),
        True,
        id="listed-item",
    ),
    pytest.param(
        change_rule("cart-3-aud", cart=CartRule(any_of=("PHN-*",))),
        CartInquiry(currency="AUD", items=(item("CASE-1"),)),
        False,
        id="no-listed-item",
    ),
    pytest.param(
        change_rule("cart-3-aud", cart=CartRule(any_of=("PHN-*",))),
        CartInquiry(currency="AUD"),
        True,
        id="items-not-named",
    ),
    pytest.param(
        change_rule("cart-3-aud", last_day=date(2020, 12, 31)),
        CartInquiry(currency="AUD"),
        False,
        id="over",
    ),
    pytest.param(
        change_rule("cart-3-aud", first_day=date(2098, 1, 1)),
        CartInquiry(currency="AUD"),
        False,
        id="not-begun",
    ),
    pytest.param(
        change_profile(brands=()),
        CartInquiry(currency="AUD", card_prefix=MASTERCARD),
        False,
        id="brand-that-the-merchant-lacks",
    ),
    pytest.param(change_profile(has_plans=False), CartInquiry(currency="AUD"), False, id="plans-off"),
    pytest.param(
        change_rule("cart-3-aud", maximum=Decimal(299)),
        CartInquiry(amount_minor=30_000, currency="AUD"),
        False,
        id="above-the-rules-maximum",
    ),
]


@pytest.mark.parametrize(("change", "inquiry", "is_shown"), CHANGED)
def test_each_condition_of_a_rule_is_looked_at(
    run: RunWithEngine, change: Change, inquiry: CartInquiry, is_shown: bool
) -> None:
    offered, _ = ask_cart(run, inquiry, change)
    assert ("standard-3-aud" in offered) is is_shown


def test_a_day_begins_where_the_merchant_is(run: RunWithEngine) -> None:
    # Half past three in the afternoon of the last of June in Greenwich is the first of July in Sydney.
    now = datetime(2026, 6, 30, 15, 30, tzinfo=UTC)
    begins = change_rule("cart-3-aud", first_day=date(2026, 7, 1))

    async def work(engine: Engine) -> list[list[str]]:
        seen = replace(await engine.look(), now=now)
        inquiry = CartInquiry(currency="AUD")
        found = []
        for zone in ("UTC", "Australia/Sydney"):
            caller = get_caller(seen, lambda setup, zone=zone: change_profile(time_zone=zone)(begins(setup)))
            found.append(list_programs(await show_cart_offers(engine, seen, caller, inquiry)))
        return found

    assert run(work) == [CART_AUD[1:], CART_AUD]


def test_without_an_amount_nothing_that_depends_on_it_is_told(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        answer = await show_cart_offers(engine, seen, get_caller(seen), CartInquiry(currency="AUD"))
        assert [
            (offer.price, offer.fee_minor, offer.discount_minor, offer.charges_interest)
            for offer in answer.offers
        ] == [(None, 1_200, 0, False), (None, 0, 0, True), (None, 0, None, False)]
        assert [offer.award and offer.award.amount_minor for offer in answer.offers] == [None, None, 2_500]

    run(work)


def test_only_the_chosen_product_is_shown(run: RunWithEngine) -> None:
    other = MerchantProduct(
        merchant_id=SHOP, product_id="PL2", name="Brand offer", logo_url="https://shop.example/logo.png"
    )

    def change(setup: MerchantSetup) -> MerchantSetup:
        setup = change_rule("cart-6-aud", product_id="PL2")(setup)
        return replace(setup, products=(*setup.products, other))

    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen, change)
        answers = [
            await show_cart_offers(engine, seen, caller, CartInquiry(currency="AUD", product_id=product_id))
            for product_id in (None, "PL1", "PL2")
        ]
        assert [[product.product_id for product in answer.products] for answer in answers] == [
            ["PL1", "PL2"],
            ["PL1"],
            ["PL2"],
        ]
        assert [list_programs(answer) for answer in answers] == [
            CART_AUD,
            ["standard-3-aud", "standard-12-aud"],
            ["standard-6-aud"],
        ]

    run(work)


def test_a_product_that_the_merchant_has_not_is_refused(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        with pytest.raises(NotFound) as refusal:
            await show_cart_offers(engine, seen, get_caller(seen), CartInquiry(product_id="NOSUCH"))
        assert (refusal.value.kind, refusal.value.key) == ("merchant product", "NOSUCH")
        assert await count_quotes(engine) == 0

    run(work)


def test_a_merchant_without_plans_is_shown_none(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen, merchant_id="TESTPARCELA02")
        assert await show_cart_offers(engine, seen, caller, CartInquiry(currency="AUD")) == CartAnswer()
        generic = GenericInquiry(merchant_currency="AUD")
        assert await show_generic_offers(engine, seen, caller, generic) == GenericAnswer()
        assert await count_quotes(engine) == 0

    run(work)


def test_an_answer_has_at_most_ninety_nine_offers(run: RunWithEngine) -> None:
    def change(setup: MerchantSetup) -> MerchantSetup:
        held = next(one for one in setup.rules if one.rule.rule_id == "cart-3-aud")
        copies = [
            replace(held, rule=replace(held.rule, rule_id=f"copy-{number:03}")) for number in range(120)
        ]
        return replace(setup, rules=tuple(copies))

    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen, change)
        answer = await show_cart_offers(engine, seen, caller, CartInquiry(currency="AUD"))
        ids = [offer.offer_id for offer in answer.offers]
        assert (len(ids), ids, ids[-1][-2:]) == (99, sorted(ids), "99")
        assert answer.quote_id is not None
        async with engine.database.connection() as connection:
            kept = await find_quote(
                connection, MAIN_TENANT, client_id=caller.client.client_id, quote_id=answer.quote_id
            )
        assert kept is not None
        assert [offer.rule_key for offer in kept.offers] == [
            f"{SHOP}:copy-{number:03}" for number in range(99)
        ]

    run(work)


def test_generic_offers_are_priced_for_their_display_amount_and_not_kept(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen, change_rule("generic-12-aud", display_amount=Decimal("1200")))
        answer = await show_generic_offers(engine, seen, caller, GenericInquiry(merchant_currency="AUD"))
        assert answer.products == (PL1,)
        told = [
            (offer.program_id, offer.price and offer.price.principal_minor, offer.deferral_months)
            for offer in answer.offers
        ]
        assert told == [("standard-6-aud", 30_000, 3), ("standard-12-aud", 120_000, 0)]
        assert [(offer.minimum_minor, offer.maximum_minor) for offer in answer.offers] == [
            (30_000, 500_000),
            (30_000, 500_000),
        ]
        assert [offer.offer_id[0] + offer.offer_id[-2:] for offer in answer.offers] == ["g01", "g02"]
        assert await count_quotes(engine) == 0

    run(work)


@pytest.mark.parametrize(
    ("inquiry", "expected"),
    [
        (GenericInquiry(merchant_currency="USD"), ["standard-6-usd", "standard-12-usd"]),
        (
            GenericInquiry(merchant_currency="USD", payer_currency="AUD"),
            ["standard-6-aud", "standard-12-aud"],
        ),
        (GenericInquiry(merchant_currency="USD", payer_currency="EUR"), []),
        (GenericInquiry(merchant_currency="ZAR", payer_currency="AUD"), []),
    ],
    ids=["merchants", "payers", "payers-without-offers", "merchant-lacks-it"],
)
def test_generic_offers_are_in_the_payers_currency(
    run: RunWithEngine, inquiry: GenericInquiry, expected: list[str]
) -> None:
    async def work(engine: Engine) -> list[str]:
        seen = await engine.look()
        return list_programs(await show_generic_offers(engine, seen, get_caller(seen), inquiry))

    assert run(work) == expected


def test_articles_keep_their_place_with_or_without_offers(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        articles = (
            Article(sku="CASE-01", unit_price=Decimal("1200.00")),
            Article(sku="SKU-1", unit_price=Decimal("1200.00")),
            Article(sku="SKU-1", unit_price=Decimal("299.99")),
            Article(sku="PHN-128", unit_price=Decimal("0")),
        )
        answer = await show_item_offers(
            engine, seen, get_caller(seen), ItemInquiry(currency="USD", articles=articles)
        )
        assert answer.products == (PL1,)
        assert tuple(shown.article for shown in answer.articles) == articles
        assert [list_programs(shown) for shown in answer.articles] == [
            [],
            ["standard-6-usd", "standard-12-usd"],
            [],
            [],
        ]
        prices = [offer.price for offer in answer.articles[1].offers if offer.price is not None]
        assert [(price.principal_minor, price.count) for price in prices] == [(120_000, 6), (120_000, 12)]
        assert await count_quotes(engine) == 0

    run(work)


def test_ids_of_articles_are_their_own(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        article = Article(sku="SKU-1", unit_price=Decimal("1200"))
        inquiry = ItemInquiry(currency="USD", articles=(article, article))
        answer = await show_item_offers(engine, seen, get_caller(seen), inquiry)
        ids = [[offer.offer_id for offer in shown.offers] for shown in answer.articles]
        assert [[one[0] + one[-2:] for one in given] for given in ids] == [["i01", "i02"]] * 2
        assert len(set(ids[0] + ids[1])) == 4

    run(work)


def test_unit_prices_are_amounts_of_the_currency(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        article = Article(sku="SKU-1", unit_price=Decimal("1200.001"))
        with pytest.raises(InvalidMoney):
            await show_item_offers(
                engine, seen, get_caller(seen), ItemInquiry(currency="USD", articles=(article,))
            )

    run(work)


def test_texts_are_in_the_payers_language_where_there_are_any(run: RunWithEngine) -> None:
    german = LocalTexts(locale="de", qualifier_text="Angebot der Bank", acceptance_text="Ja.")

    def change(setup: MerchantSetup) -> MerchantSetup:
        setup = change_rule("cart-3-aud", translations=(german,))(setup)
        names = (LocalName(locale="de", name="Ratenkauf"),)
        return replace(setup, products=tuple(replace(one, names=names) for one in setup.products))

    async def work(engine: Engine) -> None:
        seen = await engine.look()
        inquiry = CartInquiry(currency="AUD", locale="de-AT")
        answer = await show_cart_offers(engine, seen, get_caller(seen, change), inquiry)
        assert [product.name for product in answer.products] == ["Ratenkauf"]
        assert [(offer.qualifier_text, offer.acceptance_text) for offer in answer.offers[:2]] == [
            ("Angebot der Bank", "Ja."),
            ("Offer by Sandbox Bank", "I have read and accept the terms of this payment plan."),
        ]
        assert answer.offers[0].terms_text == answer.offers[1].terms_text

    run(work)


def test_rules_without_budget_for_the_purchase_are_not_offered(run: RunWithEngine) -> None:
    change = change_rule("cart-3-aud", budget=Decimal(1000))

    async def work(engine: Engine) -> list[bool]:
        seen = await engine.look()
        caller = get_caller(seen, change)
        shown = []
        for taken_minor, amount_minor in [(0, 100_000), (0, 100_001), (69_999, None), (70_001, None)]:
            async with engine.database.connection() as connection:
                await connection.execute(
                    "INSERT INTO offer_budget (tenant_id, rule_key, currency, budget_minor, taken_minor)"
                    " VALUES (1, $1, 'AUD', 100000, $2)"
                    " ON CONFLICT (tenant_id, rule_key, currency) DO UPDATE SET taken_minor = $2",
                    f"{SHOP}:cart-3-aud",
                    taken_minor,
                )
            inquiry = CartInquiry(amount_minor=amount_minor, currency="AUD")
            offered = list_programs(await show_cart_offers(engine, seen, caller, inquiry))
            shown.append("standard-3-aud" in offered)
        return shown

    # Left for a purchase; without one, less than the smallest purchase is as good as nothing.
    assert run(work) == [True, False, True, False]


def test_account_ranges_are_looked_up_once_for_all_rules_of_an_issuer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        view = open_view(seen, get_caller(seen), prefix=MASTERCARD)
        found = [held.program.offer_id for held in list_open_rules(view, Attachment.CART, "AUD")]
        assert found == CART_AUD
        [(provider_id, ranges)] = view.ranges.items()
        assert [one.low for one in ranges] == ["5123450000000000000"]
        assert view.list_ranges(provider_id) is ranges

    run(work)


def test_many_inquiries_at_once_keep_a_quote_each(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen)
        inquiry = CartInquiry(amount_minor=50_000, currency="USD")
        answers = await asyncio.gather(*[show_cart_offers(engine, seen, caller, inquiry) for _ in range(50)])
        assert len({answer.quote_id for answer in answers}) == 50
        assert await count_quotes(engine) == 50

    run(work)


async def approve(engine: Engine, *wanted: Entry) -> None:
    maker = await people.get_person(engine, "operator@sandbox.example")
    checker = await people.get_person(engine, "second-operator@sandbox.example")
    proposed = await catalogue.propose(engine, maker, Proposal(summary="test", wanted=wanted))
    await catalogue.approve(engine, checker, proposed.change_set_id)


def test_a_changed_rule_prices_new_offers_and_the_quoted_version_is_still_found(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller = get_caller(seen)
        held = next(one for one in caller.setup.rules if one.rule.rule_id == "cart-3-aud")
        priced_by = PricedBy(
            rule_key=held.rule.key,
            rule_version=held.version,
            program_id=held.program.offer_id,
            program_version=held.program_version,
        )
        assert await find_priced_versions(engine, seen, caller, priced_by) == (held.rule, held.program)
        await approve(
            engine,
            replace(held.rule, minimum=Decimal(400)),
            replace(held.program, terms=replace(held.program.terms, count=4)),
        )
        later = await engine.look()
        now = get_caller(later)
        answer = await show_cart_offers(engine, later, now, CartInquiry(currency="AUD"))
        assert (answer.offers[0].count, answer.offers[0].minimum_minor) == (4, 40_000)
        assert await find_priced_versions(engine, later, now, priced_by) == (held.rule, held.program)
        newest = replace(priced_by, rule_version=2, program_version=2)
        rule, program = await find_priced_versions(engine, later, now, newest)
        assert (rule.minimum, program.terms.count) == (Decimal(400), 4)

    run(work)


@pytest.mark.parametrize("members", [{"enabled": False}, {"withdrawn": True}], ids=["disabled", "withdrawn"])
def test_a_rule_that_is_not_in_force_is_not_offered(run: RunWithEngine, members: dict[str, bool]) -> None:
    async def work(engine: Engine) -> list[str]:
        seen = await engine.look()
        key = (OfferRule.kind, f"{SHOP}:cart-6-aud")
        rule = seen.catalogue(MAIN_TENANT).entries[key].entry
        assert isinstance(rule, OfferRule)
        await approve(engine, replace(rule, **members))
        later = await engine.look()
        inquiry = CartInquiry(currency="AUD")
        return list_programs(await show_cart_offers(engine, later, get_caller(later), inquiry))

    assert run(work) == ["standard-3-aud", "standard-12-aud"]


def test_old_quotes_are_forgotten(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        caller, inquiry = get_caller(seen), CartInquiry(currency="AUD")
        for age in (timedelta(days=29, hours=23), timedelta(days=30, hours=1)):
            await show_cart_offers(engine, replace(seen, now=seen.now - age), caller, inquiry)
        await clean_up(engine, presentment_days=30)
        async with engine.database.connection() as connection:
            left = await connection.fetch("SELECT quoted_at FROM merchant_quote")
        assert [row["quoted_at"] for row in left] == [seen.now - timedelta(days=29, hours=23)]

    run(work)


def test_custom_plans_are_listed_with_what_a_payer_chooses_from(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        answer = await show_cart_offers(engine, seen, get_caller(seen), CartInquiry(currency="MXN"))
        mxn = find_currency("MXN")
        assert mxn is not None
        assert (answer.offers, answer.quote_id) == ((), None)
        assert answer.plans == (
            ShownPlan(
                plan_id="BANORTE_WITHOUT_INTEREST",
                name="Meses sin intereses",
                template=PlanTemplate.INSTALLMENTS_WITHOUT_INTEREST,
                currency=mxn,
                first_day=date(2020, 1, 1),
                last_day=date(2099, 12, 31),
                payments=(3, 6, 9, 12, 18),
                deferrals=(1, 2, 3),
                minimum_minor=30_000,
                payer_interest=False,
            ),
        )
        assert await count_quotes(engine) == 0

    run(work)


@pytest.mark.parametrize(
    ("inquiry", "expected"),
    [
        (CartInquiry(), ["BANORTE_WITHOUT_INTEREST", "PLANAMEX"]),
        (CartInquiry(currency="BRL"), ["PLANAMEX"]),
        (CartInquiry(currency="AUD"), []),
        (CartInquiry(card_prefix="371449"), ["PLANAMEX"]),
        (CartInquiry(card_prefix=MASTERCARD), ["BANORTE_WITHOUT_INTEREST"]),
        (CartInquiry(amount_minor=29_999, currency="MXN"), []),
        (CartInquiry(product_id="PL1"), []),
    ],
    ids=["all", "currency", "no-plans-in-it", "amex", "mastercard", "below-the-minimum", "product"],
)
def test_custom_plans_are_those_that_the_inquiry_does_not_contradict(
    run: RunWithEngine, inquiry: CartInquiry, expected: list[str]
) -> None:
    async def work(engine: Engine) -> list[str]:
        seen = await engine.look()
        answer = await show_cart_offers(engine, seen, get_caller(seen), inquiry)
        return [plan.plan_id for plan in answer.plans]

    assert run(work) == expected


AMEX_PLAN = PlanInquiry(plan_id="PLANAMEX", amount_minor=90_000, currency="BRL", count=6, digits=AMEX_CARD)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (6, [(4, 95_696), (5, 96_860), (6, 98_034), (7, 99_225), (8, 100_416)]),
        (12, [(10, 102_830), (11, 104_060), (12, 105_288)]),
        (1, [(2, 93_388), (3, 94_536)]),
        (20, []),
    ],
    ids=["in-the-middle", "at-the-end", "below-the-first", "far-beyond"],
)
def test_a_plan_inquiry_tells_up_to_two_payments_more_or_fewer(
    run: RunWithEngine, count: int, expected: list[tuple[int, int]]
) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        answer = await show_plan_offers(engine, seen, get_caller(seen), replace(AMEX_PLAN, count=count))
        assert (answer.plan_id, str(answer.rate_percent)) == ("PLANAMEX", "30.00")
        assert [(price.count, price.total_minor) for price in answer.offers] == expected
        assert await count_quotes(engine) == 0

    run(work)


# Everything that is wrong from the last condition to the first: the first one unmet is told.
UNMET = [
    pytest.param({"digits": MASTERCARD_CARD}, None, PlanCondition.CARD, id="card"),
    pytest.param(
        {"digits": MASTERCARD_CARD, "amount_minor": 10_000_001}, None, PlanCondition.MAXIMUM, id="maximum"
    ),
    pytest.param(
        {"digits": MASTERCARD_CARD, "amount_minor": 9_999}, None, PlanCondition.MINIMUM, id="minimum"
    ),
    pytest.param({"amount_minor": 9_999, "currency": "USD"}, None, PlanCondition.CURRENCY, id="currency"),
    pytest.param({"plan_id": "NOSUCH", "currency": "USD"}, None, PlanCondition.KNOWN, id="unknown"),
    pytest.param(
        {"plan_id": "NOSUCH"}, change_profile(has_plans=False), PlanCondition.PLANS_ENABLED, id="plans-off"
    ),
]


@pytest.mark.parametrize(("members", "change", "condition"), UNMET)
def test_a_plan_inquiry_meets_the_plans_conditions(
    run: RunWithEngine, members: dict[str, Any], change: Change | None, condition: PlanCondition
) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        with pytest.raises(PlanConditionUnmet) as refusal:
            await show_plan_offers(engine, seen, get_caller(seen, change), replace(AMEX_PLAN, **members))
        assert refusal.value.condition is condition

    run(work)


def test_payments_without_a_lawful_price_are_left_out(run: RunWithEngine) -> None:
    def change(setup: MerchantSetup) -> MerchantSetup:
        program: Program = make_program(12, "30", currency="BRL")
        plans = tuple(
            replace(held, program=program, plan=replace(held.plan, minimum=Decimal(0), payer_interest=False))
            for held in setup.plans
            if held.plan.plan_id == "PLANAMEX"
        )
        return replace(setup, plans=plans)

    async def work(engine: Engine) -> list[int]:
        seen = await engine.look()
        inquiry = replace(AMEX_PLAN, amount_minor=6, count=6)
        answer = await show_plan_offers(engine, seen, get_caller(seen, change), inquiry)
        return [price.count for price in answer.offers]

    # Six cents in five are 2, 1, 1, 1, 1; in four, seven or eight the first would be nothing or less.
    assert run(work) == [5, 6]
