"""What a country's law asks for stands on the card, on the sheet, in the API and in the record alike."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.dialects.payments.conftest import shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Seen, Shopper, open_shopper, type_card

from parcela.domain.card_brands import CardBrand
from parcela.domain.payments.accounts import PaymentsMarket
from parcela.domain.taxes import Taxes
from parcela.domain.terms import Fee, FeeKind, Rate

__all__ = ["shared_payments"]

CARD, LENT = "5200828200000207", "5200828200000306"
UNRATED = "rate_undefined"
MONEY = {
    "GBR": ("GBP", "uk_conc", "APR"),
    "USA": ("USD", "us_reg_z", "APR"),
    "BRA": ("BRL", "br_cet", "CET"),
    "JPN": ("JPY", "jp_real_rate", "実質年率"),
    "KWT": ("KWD", "eu_ccd2", "APR"),
}


def open_in(
    world: PaymentsWorld,
    country: str,
    *,
    card_country: str | None = None,
    fee: str = "0",
    iof: str = "0",
    **members: Any,
) -> tuple[dict[str, Any], Shopper]:
    """A shop of a country whose plan of six costs 9 % a year or a fee alone; its lender's has a tax alone."""
    currency, regime, label = MONEY[country]
    six, lent = world.get_entry("program", "mastercard-6-eur"), world.get_entry("program", "lender-4-eur")
    taxes = Taxes(iof_percent=Decimal(iof))
    fees = () if fee == "0" else (Fee(kind=FeeKind.FIXED, value=Decimal(fee)),)
    terms = replace(six.terms, rate=Rate(value=Decimal(0 if fees else 9)), fees=fees)
    rules = replace(six.rules, maximum=Decimal(10**9))
    markets = world.as_account(lambda _, moment: find_markets(moment))
    market = PaymentsMarket(
        market_id="own",
        countries=(country,),
        currency=currency,
        brands=(CardBrand.MASTERCARD,),
        rate_regime=regime,
        rate_label=label,
    )
    world.change_catalogue(
        market,
        replace(six, currency=currency, terms=terms, rules=rules),
        replace(lent, currency=currency, rules=rules, terms=replace(lent.terms, taxes=taxes)),
        replace(world.get_entry("payments_account", "ma_01KDEM0ST0REAAAAAAAAAAAA01"), country=country),
        replace(world.get_entry("account_range", "5200828200000200000"), country=card_country or country),
        removed=tuple(("payments_market", name) for name in markets if name != "own"),
    )
    return open_shopper(world, currency=currency, **members)


async def find_markets(moment: Any) -> list[str]:
    """The markets there are."""
    return [market.market_id for market in moment.world.catalogue(1).list_payments_markets()]


def read_card(seen: Seen) -> dict[str, str]:
    """The facts of the last card of the choice."""
    card = seen.text.split('<div class="plan">')[-1]
    pairs = re.findall("<dt>(.*?)</dt><dd[^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</dd>", card)
    assert len(pairs) == len(set(pairs)), "a fact is said once"
    return dict(pairs)


def read_sheet(shopper: Shopper) -> dict[str, tuple[str, str]]:
    """The facts of the last plan's sheet, with how they stand out."""
    sheet = shopper.look(f"/sheet.html?choice={shopper.seen.choices[-1]}")
    assert sheet.status == 200
    rows = re.findall('<th scope="row">([^<]*)</th><td(?: class="([a-z]*)")?><p>(.*?)</p>', sheet.text, re.S)
    assert len(rows) == len({name for name, _, _ in rows}), "a fact is said once"
    return {name: (text, emphasis) for name, emphasis, text in rows}


def find_display(world: PaymentsWorld, payment: dict[str, Any]) -> dict[str, Any]:
    """What the API gives to be shown of the last plan."""
    (held,) = world.fetch(
        "SELECT payment_method_id AS card FROM payment_plan_list WHERE payment_id = $1", payment["id"]
    )
    path = f"/v1/installments/plans?payment={payment['id']}&paymentMethod={held['card']}"
    display: dict[str, Any] = world.get(path).body["data"][-1]["display"]
    return display


@pytest.mark.parametrize(
    ("country", "language", "label", "shown", "facts"),
    [
        # Brazil's rate carries its notation; it counts days, so that its figure depends on the day.
        pytest.param(
            "BRA",
            "pt-BR",
            "CET",
            r"9,\d\d%\u00a0a\.a\.",
            {"Juros ao ano": "9,00%", "Total a pagar": "R$\u00a0615,84"},
            id="brazil",
        ),
        # No other rate beside the real one, and no decimals.
        pytest.param(
            "JPN",
            "ja",
            "実質年率",
            r"9\.0%",
            {"年利": None, "借入利率": None, "支払総額": "￥61,584", "現金販売価格": "￥60,000"},
            id="japan",
        ),
        # Three decimals, and the market's own name of the rate.
        pytest.param("KWT", "en", "APR", r"9\.4%", {"Total to pay": "KWD\u00a061.584"}, id="kuwait"),
    ],
)
def test_a_rate_is_one_wherever_it_is_shown(
    shared_payments: PaymentsWorld,
    country: str,
    language: str,
    label: str,
    shown: str,
    facts: dict[str, str | None],
) -> None:
    world = shared_payments
    payment, shopper = open_in(world, country, locale=language)
    seen = type_card(shopper, CARD)
    card, sheet = read_card(seen), read_sheet(shopper)
    text = card[label]
    assert re.fullmatch(shown, text)
    assert {name: card.get(name) for name in facts} == facts
    assert {name for name, said in facts.items() if said is None} & set(sheet) == set()
    display = find_display(world, payment)
    assert display["rate"] == {"label": label, "text": text}
    assert sheet[label] == (text, "strong")
    assert (display["total"] in card.values(), (display["total"], "strong") in sheet.values()) == (True, True)
    shopper.look()
    shopper.send("choice", choice=seen.choices[-1])
    shopper.send("pay")
    (kept,) = world.fetch("SELECT body FROM payment_plan_evidence WHERE payment_id = $1", payment["id"])
    record = json.loads(kept["body"])
    assert [regime["label"] for regime in record["regimes"]] == [label]
    printed = [(one["label"], one["text"]) for one in record["facts"]["printed"] if one["fact"] == "rate"]
    assert printed == [(label, text)]


def test_american_papers_let_rate_and_finance_charge_alone_stand_out(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_in(shared_payments, "USA", fee="10")
    card = read_card(type_card(shopper, CARD))
    assert (card["Finance charge"], card["Amount financed"]) == ("$10.00", "$600.00")
    sheet = read_sheet(shopper)
    assert {name for name, (_, emphasis) in sheet.items() if emphasis} == {"APR", "Finance charge"}
    # What the fee amounts to stands beside the 0 %.
    assert sheet["Borrowing rate"][0] == f"0.00% a year, fixed; with the fees it comes to {card['APR']} (APR)"


def test_a_british_card_says_what_missing_a_payment_means(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_in(shared_payments, "GBR")
    card = type_card(shopper, LENT).text.split('<div class="plan">')[-1]
    assert "No fee is charged for that." in card and "Your rights to withdraw or cancel" in card
    sheet = read_sheet(shopper)
    assert sheet["Continuous payment authority"][0].startswith("Sandbox Lender collects each payment")
    assert {"If you pay late", "Credit reference agencies", "More information", "Complaints"} <= set(sheet)


def test_both_countries_rates_stand_under_their_own_names(shared_payments: PaymentsWorld) -> None:
    _, shopper = open_in(shared_payments, "USA", card_country="BRA")
    card = read_card(type_card(shopper, CARD))
    assert card["CET"].endswith("%\u00a0a.a.") and card["APR (United States)"] == "9.00%"
    sheet = read_sheet(shopper)
    names = ("CET", "APR (United States)")
    assert [sheet[name][0] for name in names] == [card[name] for name in names]


def test_a_brazilian_card_says_how_much_of_its_payments_is_iof(shared_payments: PaymentsWorld) -> None:
    """0.38 % of 4 × 150.00 is 4 × 0.57: 2.28 of 602.28, that is 0.38 % of all payments."""
    payment, shopper = open_in(shared_payments, "BRA", iof="0.38", locale="pt-BR")
    seen = type_card(shopper, LENT)
    card, sheet = read_card(seen), read_sheet(shopper)
    tax = "R$\u00a02,28 de IOF, incluídos nas parcelas"
    assert (card["Tarifas"], card["Total a pagar"]) == (tax, "R$\u00a0602,28")
    assert sheet["Tarifas"][0] == tax
    components = (
        "compra: R$\u00a0600,00 (99,62%); juros: R$\u00a00,00 (0,00%); tarifas: R$\u00a00,00 (0,00%); "
        "IOF: R$\u00a02,28 (0,38%); soma das parcelas: R$\u00a0602,28 (100,00%)"
    )
    assert components in seen.text and components in [text for text, _ in sheet.values()]
    display = find_display(shared_payments, payment)
    assert (display["title"], display["fees"]) == ("4 × R$\u00a0150,57", [tax])


def test_a_plan_without_a_rate_is_withheld_and_the_operator_is_told(shared_payments: PaymentsWorld) -> None:
    # A fee of 100,000.00 after a month on 600.00: above 1,000,000 % a year.
    payment, shopper = open_in(shared_payments, "GBR", fee="100000")
    with capture_logs() as logs:
        seen = type_card(shopper, CARD)
    assert "100,0" not in seen.text
    told = {(log["log_level"], log["program_id"], log["payment"]) for log in logs if log["event"] == UNRATED}
    assert told == {("warning", "mastercard-6-eur", payment["id"])}
