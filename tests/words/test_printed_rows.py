"""Random plans in every language: printed rows, read back from the text, add up to the printed total."""

import os
import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from babel import Locale

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import CostRate, PaymentOffer, PlanFee, PlanRow, ShownTerms
from parcela.domain.payments.unavailability import LANGUAGES
from parcela.words.plan_cards import PlanCard, print_plan
from parcela.words.words import Words

PLANS = int(os.environ.get("PRINTED_PLANS", "1000"))
CURRENCIES = {"JPY": 0, "KRW": 0, "CLP": 0, "EUR": 2, "USD": 2, "MXN": 2, "BRL": 2, "BHD": 3, "KWD": 3}
_TERMS = ShownTerms(
    terms_id="t",
    version="1",
    language="en",
    url="https://bank.example/terms",
    text="Terms.",
    acceptance_required=False,
    acceptance_text=None,
)


def draw_offer(chance: random.Random) -> PaymentOffer:
    """A plan of 1 to 60 payments, each drawn by itself."""
    count = chance.choice((1, 2, 3, 4, 6, 9, 10, 12, 24, 36, 60))
    ceiling = 10 ** chance.randint(1, 11)
    rows = tuple(
        PlanRow(
            number=number,
            due_date=date(2026 + number // 12, 1 + number % 12, chance.randint(1, 28)),
            principal_minor=chance.randint(1, ceiling),
            interest_minor=chance.choice((0, chance.randint(0, ceiling))),
            fee_minor=chance.choice((0, chance.randint(0, 999))),
        )
        for number in range(1, count + 1)
    )
    fee_minor = sum(row.fee_minor for row in rows)
    trigger = chance.choice(("first_payment", "every_payment"))
    percent = Decimal(chance.randint(0, 100000)).scaleb(-chance.randint(0, 2))
    return PaymentOffer(
        offer_id="offer_1",
        program_name="mastercard_installments",
        model=ProgramModel.ISSUER,
        provider_id="1",
        program_id="p",
        program_version=1,
        currency=chance.choice(list(CURRENCIES)),
        count=count,
        rows=rows,
        financed_minor=sum(row.principal_minor for row in rows),
        interest_percent=percent,
        period_rate=(0, 1),
        in_advance=False,
        rate=CostRate(label="APR", percent=percent, method="eu_ccd2"),
        fees=(PlanFee(kind="plan_fee", amount_minor=fee_minor, trigger=trigger),) if fee_minor else (),
        controlled_by="issuer",
        refund_effect="A return lowers the payments still to come, spread evenly.",
        terms=_TERMS,
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        offer_hash="",
    )


def read_money(text: str, currency: str, language: str) -> int:
    """Minor units of a printed amount, by the language's own marks, as its readers understand them."""
    symbols = Locale.parse(language, sep="-").number_symbols["latn"]
    found = re.search(r"[0-9].*[0-9]|[0-9]", text)
    assert found is not None, text
    major, _, minor = found[0].replace(symbols["group"], "").partition(symbols["decimal"])
    assert len(minor) == CURRENCIES[currency], text
    assert major.isdigit(), text
    return int(major + minor)


def check_card(offer: PaymentOffer, card: PlanCard, language: str) -> None:
    """Rows, total, cost and the title's amount say the same as the offer."""
    rows = [read_money(row.amount, offer.currency, language) for row in card.rows]
    total = read_money(card.total, offer.currency, language)
    assert sum(rows) == total == offer.total_minor
    assert rows == [row.amount_minor for row in offer.rows]
    assert [row.number for row in card.rows] == list(range(1, offer.count + 1))
    assert total - read_money(card.cost, offer.currency, language) == offer.financed_minor
    fees = [read_money(text, offer.currency, language) for text in card.fees]
    assert fees == [fee.amount_minor for fee in offer.fees]
    symbols = Locale.parse(language, sep="-").number_symbols["latn"]
    figures = card.rate.rstrip("%\u00a0").replace(symbols["group"], "").replace(symbols["decimal"], ".")
    assert figures == str(offer.rate.percent)


def test_printed_rows_add_up_to_the_printed_total() -> None:
    chance = random.Random(f"printed plans {PLANS}")
    for number in range(PLANS):
        offer = draw_offer(chance)
        language = LANGUAGES[number % len(LANGUAGES)]
        card = print_plan(offer, Words(language), provider=None, zone=UTC)
        check_card(offer, card, language)


def test_every_language_prints_an_odd_payment_and_a_fee_with_its_trigger() -> None:
    first = PlanRow(number=1, due_date=date(2026, 8, 1), principal_minor=20000, fee_minor=1000)
    later = tuple(
        PlanRow(number=number, due_date=date(2026, 7 + number, 1), principal_minor=20000) for number in (2, 3)
    )
    offer = replace(
        draw_offer(random.Random(1)),
        currency="EUR",
        count=3,
        rows=(first, *later),
        fees=(PlanFee(kind="plan_fee", amount_minor=1000, trigger="first_payment"),),
    )
    printed = {}
    for language in LANGUAGES:
        card = print_plan(offer, Words(language), provider=None, zone=UTC)
        texts = [card.title, *(text for pair in card.odd for text in pair), *card.fees]
        printed[language] = [text.replace("\u00a0", "~").replace("\u200f", "<") for text in texts]
    assert printed == {
        "en": ["3 × €200.00", "First payment", "€210.00", "€10.00 with the first payment"],
        "de": ["3 × 200,00~€", "Erste Rate", "210,00~€", "10,00~€ mit der ersten Rate"],
        "fr": [
            "3 × 200,00~€",
            "Premier paiement",
            "210,00~€",
            "10,00~€ avec le premier paiement",
        ],
        "es-MX": ["3 × EUR~200.00", "Primer pago", "EUR~210.00", "EUR~10.00 con el primer pago"],
        "pt-BR": ["3 × €~200,00", "Primeira parcela", "€~210,00", "€~10,00 com a primeira parcela"],
        "ar": ["3 × <200.00~€", "القسط الأول", "<210.00~€", "<10.00~€ مع القسط الأول"],
        "ja": ["€200.00 × 3回", "初回のお支払い", "€210.00", "初回のお支払い時に€10.00"],
    }
