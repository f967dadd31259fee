"""The promotion tag's data, and the same as text, fragment and page (`docs/promo.md`)."""

import html
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from starlette.routing import Route
from tests.conftest import DemoTemplate
from tests.dialects.payments.conftest import shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.plan_buyers import add_card, intend, list_plans
from tests.support.promo_reader import PromoReader
from tests.support.shopper import open_shopper, type_card

from parcela.dialects.payments.rate_limits import TEST
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.domain.currency import find_currency
from parcela.domain.disclosures.records import FactKind
from parcela.domain.money import Money
from parcela.domain.payments.keys import KeyKind
from parcela.domain.rates.regimes import Regime
from parcela.operations.engine import Policy
from parcela.operations.payments.advertised_plans import Advertised, list_advertised_plans
from parcela.operations.payments.api_keys import NewApiKey
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.promo.printing import print_promo
from parcela.promo.promo import PromoPages, read_script
from parcela.promo.shops import Shop
from parcela.store.payments import offers
from parcela.words.plan_cards import PlanCard, print_plan
from parcela.words.words import Words, write_amount

__all__ = ["shared_payments"]

LANGUAGES = ("en", "de", "fr", "es-MX", "pt-BR", "ar", "ja")
ALL_PROGRAMS = "5200828200000108"
MERCHANT = "TESTPARCELA01"
SECOND_ACCOUNT = "ma_01KDEM0ST0REAAAAAAAAAAAA02"
BUYING = {"amount": "60000", "currency": "EUR"}
EUR = find_currency("EUR")
assert EUR is not None


@pytest.fixture(scope="module")
def reader(shared_payments: PaymentsWorld, demo_template: DemoTemplate) -> Iterator[PromoReader]:
    """The pages of the demo world."""
    return PromoReader(shared_payments, demo_template.home)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "From €52.47 a month with 12 payments"),
        ("de", "Ab 52,47\u00a0€ im Monat mit 12 Raten"),
        ("fr", "À partir de 52,47\u00a0€ par mois, en 12 paiements"),
        ("es-MX", "Desde EUR\u00a052.47 al mes, en 12 pagos"),
        ("pt-BR", "A partir de €\u00a052,47 por mês, em 12 parcelas"),
        ("ar", "ابتداءً من \u200f52.47\u00a0€ شهريًا على 12 قسطًا"),
        ("ja", "月々€52.47から（全12回払い）"),
    ],
)
def test_the_sentence_names_the_lowest_payment(reader: PromoReader, language: str, sentence: str) -> None:
    data = reader.ask("/promo/data", **BUYING, locale=language).body
    assert (data["text"], data["language"], data["reasons"]) == (sentence, language, [])
    assert data["direction"] == ("rtl" if language == "ar" else "ltr")


def test_a_rate_comes_with_the_whole_example_and_the_european_warning(reader: PromoReader) -> None:
    read = reader.ask("/promo", **BUYING, locale="en", format="text")
    first_due = reader.ask("/promo/plans", **BUYING, locale="en").body["plans"][2]["facts"][-1]["text"]
    assert read.text.splitlines() == [
        "From €52.47 a month with 12 payments",
        "Representative example: Purchase: €600.00; 12 × €52.47; Total to pay: €629.64; "
        "Cost of credit: €29.64; APRC: 9.4%; Interest per year: 9.00%; Fees: None; "
        f"First payment on: {first_due}; Lender: Sandbox Bank.",
        "Caution! Borrowing money costs money.",
    ]


def test_the_shortest_statement_has_the_warning_and_no_figure(reader: PromoReader) -> None:
    full, brief = reader.ask("/promo/data", **BUYING, locale="de").body["statements"]
    assert brief == {"text": "Zahlung in Raten", "notes": ["Achtung! Kreditaufnahme kostet Geld."]}
    assert full["notes"][1:] == brief["notes"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_advertised_is_what_the_checkout_shows(reader: PromoReader, language: str) -> None:
    world = reader.world
    payment, shopper = open_shopper(world, amount=60001, locale=language)
    type_card(shopper, ALL_PROGRAMS)
    rows = world.fetch("SELECT payment_method_id FROM payment_plan_list WHERE payment_id = $1", payment["id"])

    async def print_both(desk: PaymentsDesk, moment: AccountMoment) -> list[list[PlanCard]]:
        async with desk.engine.database.connection() as connection:
            shown = await offers.find_newest_list(
                connection,
                moment.owner,
                payment_id=payment["id"],
                payment_method_id=rows[0]["payment_method_id"],
            )
        assert shown is not None
        advertised = list_advertised_plans(moment, Money(60001, EUR), language, write_amount=write_amount)
        words = Words(language)
        return [
            [
                replace(print_plan(one, words, provider=None, zone=moment.zone), offer_id="", ends_at="")
                for one in side
            ]
            for side in (shown.offers, advertised.offers)
        ]

    shown, advertised = world.as_account(print_both)
    assert [card.count for card in shown] == [3, 6, 12]
    assert advertised == shown
    plans = reader.ask("/promo/plans", amount="60001", currency="EUR", locale=language).body["plans"]
    assert [(plan["title"], plan["facts"][0]["text"]) for plan in plans] == [
        (card.title, card.odd[0][1] if card.odd else card.total) for card in shown
    ]


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("60000", "3 interest-free monthly payments of $200.00"),
        # The first payment is a cent lower or higher than the others.
        ("60001", "3 interest-free monthly payments from $200.00"),
    ],
)
def test_only_a_plan_without_cost_is_interest_free(reader: PromoReader, amount: str, sentence: str) -> None:
    key, _ = reader.world.issue_key(NewApiKey(kind=KeyKind.PUBLISHABLE), account_id=SECOND_ACCOUNT)
    data = reader.ask("/promo/data", key=key, amount=amount, currency="USD", locale="en").body
    assert data["text"] == sentence


@pytest.mark.parametrize(
    ("query", "sentence", "titles"),
    [
        pytest.param(
            {},
            "From $26.94 a month with 12 payments",
            ["6 × $51.76", "12 × $26.94"],
            id="generic",
        ),
        pytest.param(
            {"sku": "SKU-1", "amount": "80000"},
            "12 interest-free monthly payments from $66.63",
            ["6 × $138.03", "12 × $66.67"],
            id="article",
        ),
        pytest.param(
            {"amount": "120000", "items": "SKU-1,1,80000;SKU-2,2,20000"},
            "12 interest-free monthly payments of $100.00",
            ["3 × $400.00", "6 × $207.05", "12 × $100.00"],
            id="cart",
        ),
        pytest.param(
            {"amount": "40000"},
            "From $69.02 a month with 6 payments",
            ["3 × $133.33", "6 × $69.02"],
            id="fee-is-a-cost",
        ),
    ],
)
def test_offers_of_a_gateway_merchant(
    reader: PromoReader, query: dict[str, str], sentence: str, titles: list[str]
) -> None:
    asked = {"merchant": MERCHANT, "currency": "USD", "locale": "en", **query}
    held = reader.world.fetch("SELECT count(*) AS n FROM merchant_quote")
    assert reader.ask("/promo/data", **asked).body["text"] == sentence
    assert [plan["title"] for plan in reader.ask("/promo/plans", **asked).body["plans"]] == titles
    assert reader.world.fetch("SELECT count(*) AS n FROM merchant_quote") == held


def test_the_facts_of_an_offer_with_a_fee(reader: PromoReader) -> None:
    plans = reader.ask("/promo/plans", merchant=MERCHANT, currency="USD", locale="en", amount="120000")
    plan = plans.body["plans"][0]
    assert [(fact["label"], fact["text"]) for fact in plan["facts"][:-1]] == [
        ("First payment", "$412.00"),
        ("Total to pay", "$1,212.00"),
        ("Cost of credit", "$12.00"),
        ("APR", "6.02%"),
        ("Interest per year", "0.00%"),
        ("Fees", "$12.00 with the first payment"),
    ]
    assert plan["schedule"]["total"] == ["Total", "$1,212.00"]
    assert plan["terms"]["url"] == ""


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"amount": "100", "currency": "EUR"}, "amount_below_minimum"),
        ({"amount": "60000", "currency": "JPY"}, "currency_not_supported"),
    ],
)
def test_without_plans_there_is_nothing_to_say_but_a_reason(
    reader: PromoReader, query: dict[str, str], code: str
) -> None:
    data = reader.ask("/promo/data", **query).body
    assert (data["text"], data["statements"], [one["code"] for one in data["reasons"]]) == ("", [], [code])
    assert reader.ask("/promo", **query, format="text").raw == b""
    assert "<p>" not in reader.ask("/promo", **query).text
    assert data["reasons"][0]["message"] in reader.ask("/promo", **query, page="1").text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The amount is too small: installment plans begin at €50.00."),
        ("de", "Der Betrag ist zu klein: Ratenpläne gibt es ab 50,00\u00a0€."),
        (
            "fr",
            "Le montant est trop faible\u00a0: le paiement en plusieurs fois commence à 50,00\u00a0€.",
        ),
        ("es-MX", "El monto es muy bajo: los planes de pago empiezan en EUR\u00a050.00."),
        ("pt-BR", "O valor é baixo demais: o parcelamento começa em €\u00a050,00."),
        ("ar", "المبلغ صغير جدًا: تبدأ خطط التقسيط من \u200f50.00\u00a0€."),
        ("ja", "金額が不足しています。分割払いは€50.00からご利用いただけます。"),
    ],
)
def test_the_least_amount_is_written_alike_by_the_api_the_page_and_the_tag(
    reader: PromoReader, language: str, sentence: str
) -> None:
    world = reader.world
    wish = {"enabled": True, "program": "issuer"}
    _, shopper = open_shopper(world, amount=4999, locale=language, installments=wish)
    page = shopper.follow(type_card(shopper, ALL_PROGRAMS))
    shown = intend(world, amount=4999, locale=language, installments=wish)
    listed = list_plans(world, shown, add_card(world, ALL_PROGRAMS)).body["unavailableReasons"]
    told = reader.ask("/promo/data", amount="4999", currency="EUR", locale=language).body["reasons"]
    assert [one["message"] for one in listed] == [sentence]
    assert f">{sentence}</p>" in html.unescape(page.text)
    assert sentence in [one["message"] for one in told]


def test_free_british_credit_is_advertised_with_the_lenders_words_on_delay(
    reader: PromoReader,
) -> None:
    async def advertise(_: PaymentsDesk, moment: AccountMoment) -> tuple[AccountMoment, Advertised]:
        return moment, list_advertised_plans(moment, Money(60000, EUR), "en", write_amount=write_amount)

    moment, advertised = reader.world.as_account(advertise)
    offer = advertised.offers[0]
    rule = replace(offer.disclosures[0], rule_id="uk_dpc", facts=(FactKind.LATE_PAYMENT,))
    british = replace(offer, program_name="vinr_bnpl", disclosures=(rule,))
    shop = Shop(
        counted_as=1,
        allowance=TEST,
        catalogue=moment.world.catalogue(1),
        zone=moment.zone,
        locale="en",
        source=moment,
    )
    (card,) = print_promo(Advertised(offers=(british,)), shop, Words("en")).cards
    assert card.notes == (
        "If a payment cannot be collected, Sandbox Lender tries again and writes to you. No fee is charged"
        " for that.",
    )


def test_in_japan_no_rate_stands_beside_the_real_one(reader: PromoReader) -> None:
    async def advertise(_: PaymentsDesk, moment: AccountMoment) -> tuple[AccountMoment, Advertised]:
        return moment, list_advertised_plans(moment, Money(60000, EUR), "ja", write_amount=write_amount)

    moment, advertised = reader.world.as_account(advertise)
    costly = advertised.offers[-1]
    real = replace(costly, rate=replace(costly.rate, label="実質年率", method=Regime.JP_REAL_RATE))
    shop = Shop(
        counted_as=1,
        allowance=TEST,
        catalogue=moment.world.catalogue(1),
        zone=moment.zone,
        locale="ja",
        source=moment,
    )
    labels = [
        [label for label, _ in print_promo(Advertised(offers=(offer,)), shop, Words("ja")).cards[0].facts]
        for offer in (costly, real)
    ]
    assert ("年利" in labels[0], "年利" in labels[1], "実質年率" in labels[1]) == (True, False, True)


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("key=sk_test_abc&amount=60000&currency=EUR", 400, "secret_key_in_address"),
        ("key=pk_test_a&amount=60000&currency=EUR&sku=rk_live_abc", 400, "secret_key_in_address"),
        ("key=pk_test_a&amount=5200828200000108&currency=EUR", 400, "card_number_in_address"),
        ("merchant=5200+8282+0000+0108&currency=EUR", 400, "card_number_in_address"),
        ("key=pk_test_abc&amount=60000&currency=EUR", 401, "invalid_key"),
        ("merchant=DEMOSHOP03&currency=USD", 404, "unknown_merchant"),
        ("merchant=NOBODY&currency=USD", 404, "unknown_merchant"),
        ("amount=60000&currency=EUR", 400, "shop_missing"),
        ("key=pk_test_a&merchant=b&amount=60000&currency=EUR", 400, "shop_missing"),
        ("key=pk_test_a&currency=EUR", 400, "amount_missing"),
        ("key=pk_test_a&amount=0&currency=EUR", 400, "amount_invalid"),
        ("key=pk_test_a&amount=600.00&currency=EUR", 400, "amount_invalid"),
        ("key=pk_test_a&amount=1000000000000&currency=EUR", 400, "amount_invalid"),
        ("key=pk_test_a&amount=%D9%A1%D9%A2&currency=EUR", 400, "amount_invalid"),
        ("key=pk_test_a&amount=60000&currency=XXX", 400, "currency_invalid"),
        ("key=pk_test_a&amount=60000", 400, "currency_invalid"),
        ("key=pk_test_a&amount=60000&currency=EUR&locale=%3Cscript%3E", 400, "locale_invalid"),
        ("key=pk_test_a&amount=60000&currency=EUR&items=A,1,5", 400, "sku_invalid"),
        ("merchant=b&amount=60000&currency=EUR&items=A,1", 400, "items_invalid"),
        ("merchant=b&amount=60000&currency=EUR&items=A,1,5&sku=A", 400, "items_invalid"),
        ("merchant=b&sku=A&currency=EUR", 400, "amount_missing"),
        ("merchant=b&sku=A%00&amount=1&currency=EUR", 400, "sku_invalid"),
        ("key=pk_test_a&amount=60000&currency=EUR&format=pdf", 400, "format_invalid"),
        ("key=pk_test_a&amount=60000&currency=EUR&page=2", 400, "page_invalid"),
        ("key=pk_test_a&amount=60000&amount=60000&currency=EUR", 400, "query_invalid"),
        ("key=pk_test_a&amount=60000&currency=EUR&colour=red", 400, "query_invalid"),
        ("key=%FF&amount=60000&currency=EUR", 400, "query_invalid"),
        ("key=" + "a" * 5000, 400, "query_too_long"),
        ("&".join(["a=1"] * 60), 400, "query_invalid"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    reader: PromoReader, target: str, status: int, code: str
) -> None:
    for path in ("/promo/data", "/promo/plans"):
        read = reader.get(f"{path}?{target}")
        assert (read.status, read.body["error"]["code"]) == (status, code)
        assert read.headers["cache-control"] == "no-store"
        assert not any(secret in read.text for secret in ("sk_test_abc", "rk_live_abc", "5200", "script"))
    plain = reader.get(f"/promo?{target}")
    assert (plain.status, plain.text) == (status, read.body["error"]["message"] + "\n")


@pytest.mark.parametrize("path", ["/promo.js", "/promo/demo"])
def test_no_address_of_the_tag_takes_a_secret_key(reader: PromoReader, path: str) -> None:
    read = reader.get(f"{path}?key=sk_live_abc")
    assert (read.status, "sk_live_abc" in read.text) == (400, False)


def test_an_ended_key_and_a_key_of_other_networks(reader: PromoReader) -> None:
    key, _ = reader.world.issue_key(NewApiKey(kind=KeyKind.PUBLISHABLE, networks=("198.51.100.0/24",)))
    read = reader.ask("/promo/data", **BUYING, key=key)
    assert (read.status, read.body["error"]["code"]) == (403, "address_not_allowed")


def test_answers_may_be_read_by_every_page_and_kept_for_a_minute(reader: PromoReader) -> None:
    read = reader.ask("/promo/data", **BUYING)
    kept = {name: read.headers[name] for name in ("access-control-allow-origin", "cache-control", "vary")}
    assert kept == {
        "access-control-allow-origin": "*",
        "cache-control": "public, max-age=60",
        "vary": "Accept",
    }
    again = reader.ask("/promo/data", **BUYING, headers={"if-none-match": f"W/{read.headers['etag']}"})
    assert (again.status, again.raw, "set-cookie" in read.headers) == (304, b"", False)


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", {}, "text/html; charset=utf-8"),
        ("text/plain", {}, "text/plain; charset=utf-8"),
        ("text/html, text/plain", {}, "text/html; charset=utf-8"),
        ("text/html", {"format": "text"}, "text/plain; charset=utf-8"),
        ("text/plain", {"format": "html"}, "text/html; charset=utf-8"),
    ],
)
def test_pages_without_script_take_html_or_text(
    reader: PromoReader, accept: str, query: dict[str, str], media_type: str
) -> None:
    read = reader.ask("/promo", **BUYING, **query, headers={"accept": accept})
    assert (read.status, read.headers["content-type"]) == (200, media_type)


def test_the_fragment_leads_to_a_page_with_all_plans(reader: PromoReader) -> None:
    fragment = reader.ask("/promo", **BUYING, locale="de").text
    address = html.unescape(fragment.partition('href="')[2].partition('"')[0])
    assert address.startswith("http://parcela.test/promo?")
    page = reader.get(address.removeprefix("http://parcela.test"))
    assert page.text.count("<li>") == 3
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    for title in ("3 × 200,00\u00a0€", "6 × 100,00\u00a0€", "12 × 52,47\u00a0€"):
        assert f"<h2>{title}</h2>" in page.text


def test_one_address_uses_up_neither_the_shop_nor_another_shop(
    reader: PromoReader, demo_template: DemoTemplate
) -> None:
    limited = PromoReader(reader.world, demo_template.home, has_rate_limits=True)
    cheap = {"amount": "100", "currency": "EUR"}
    read = limited.ask("/promo/data", **cheap)
    asked = 1
    while read.status == 200 and asked < 400:
        read, asked = limited.ask("/promo/data", **cheap), asked + 1
    error = read.body["error"]
    assert (read.status, error["code"], error["param"]) == (429, "rate_limited", None)
    assert error["message"] == "More than 6 requests a second came from this address for this shop."
    assert (read.headers["retry-after"], read.headers["cache-control"]) == ("1", "no-store")
    assert (read.headers["x-ratelimit-limit"], read.headers["x-ratelimit-remaining"]) == ("12", "0")
    # Another shop is counted by itself, and another address of this one has its own part.
    assert limited.ask("/promo/data", merchant=MERCHANT, currency="USD").status == 200
    limited.address = "192.0.2.2"
    assert [limited.ask(path, **cheap).status for path in ("/promo/data", "/promo/plans", "/promo")] == [
        200
    ] * 3


def test_the_script_is_small_and_needs_no_permission_of_its_own() -> None:
    script = read_script().decode()
    assert len(script.encode()) <= 6 * 1024
    for word in ("innerHTML", "eval(", "Function(", ".style", "document.write", "insertAdjacent", "cookie"):
        assert word not in script


def test_the_page_for_trying_is_in_sandboxes_alone(reader: PromoReader, demo_template: DemoTemplate) -> None:
    read = reader.get("/promo/demo?amount=12345&locale=fr")
    assert (read.status, read.text.count("<parcela-promo ")) == (200, 4)
    assert 'amount="12345" currency="EUR" locale="fr"' in read.text
    live = SimpleNamespace(policy=Policy(environment="production"))
    pages = PromoPages(live, PaymentsSettings(), root_url="", home=demo_template.home)  # type: ignore[arg-type]
    assert [route.path for route in pages.list_routes() if isinstance(route, Route)] == [
        "/promo.js",
        "/promo/data",
        "/promo/plans",
        "/promo",
    ]
