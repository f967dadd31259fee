"""Money, dates, rates, counts and country names in seven languages; and which language a page is in."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from parcela.domain.payments.unavailability import LANGUAGES
from parcela.words.words import Words, choose_words

_NARROW, _WIDE, _RIGHT = "\u202f", "\u00a0", "\u200f"


@pytest.mark.parametrize(
    ("language", "euros", "yen", "dinars", "own"),
    [
        ("en", "€1,234,567.89", "¥60,000", "BHD~1,234.567", ("USD", "$12.50")),
        ("de", "1.234.567,89~€", "60.000~¥", "1.234,567~BHD", ("EUR", "12,50~€")),
        ("fr", "1'234'567,89~€", "60'000~JPY", "1'234,567~BHD", ("EUR", "12,50~€")),
        ("es-MX", "EUR~1,234,567.89", "JPY~60,000", "BHD~1,234.567", ("MXN", "$12.50")),
        ("pt-BR", "€~1.234.567,89", "JP¥~60.000", "BHD~1.234,567", ("BRL", "R$~12,50")),
        ("ar", "<1,234,567.89~€", "<60,000~JP¥", "<1,234.567~د.ب.<", ("SAR", "<12.50~ر.س.<")),
        ("ja", "€1,234,567.89", "￥60,000", "BHD~1,234.567", ("USD", "$12.50")),
    ],
)
def test_money(language: str, euros: str, yen: str, dinars: str, own: tuple[str, str]) -> None:
    """`~` is a no-break space, `'` a narrow one, `<` the mark by which Arabic amounts keep their order."""
    words = Words(language)
    written = [
        words.write_money(123456789, "EUR"),
        words.write_money(60000, "JPY"),
        words.write_money(1234567, "BHD"),
        words.write_money(1250, own[0]),
    ]
    expected = [euros, yen, dinars, own[1]]
    assert written == [
        text.replace("~", _WIDE).replace("'", _NARROW).replace("<", _RIGHT) for text in expected
    ]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "written"),
    [
        (0, "EUR", "€0.00"),
        (5, "EUR", "€0.05"),
        (-500, "EUR", "-€5.00"),
        (60000, "HUF", "HUF 600.00"),
        (999999999999, "BRL", "R$9,999,999,999.99"),
    ],
)
def test_small_and_large_amounts(amount_minor: int, currency: str, written: str) -> None:
    assert Words("en").write_money(amount_minor, currency).replace(_WIDE, " ") == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["0.0%", "12.00%", "1,234.5%", "9%"]),
        ("de", ["0,0\u00a0%", "12,00\u00a0%", "1.234,5\u00a0%", "9\u00a0%"]),
        ("fr", ["0,0\u00a0%", "12,00\u00a0%", "1\u202f234,5\u00a0%", "9\u00a0%"]),
        ("es-MX", ["0.0%", "12.00%", "1,234.5%", "9%"]),
        ("pt-BR", ["0,0%", "12,00%", "1.234,5%", "9%"]),
        ("ar", ["0.0%", "12.00%", "1,234.5%", "9%"]),
        ("ja", ["0.0%", "12.00%", "1,234.5%", "9%"]),
    ],
)
def test_rates_keep_their_decimals(language: str, written: list[str]) -> None:
    words = Words(language)
    rates = [Decimal(percent) for percent in ("0.0", "12.00", "1234.5", "9")]
    assert [words.write_percent(rate) for rate in rates] == written


@pytest.mark.parametrize(
    ("language", "day", "time"),
    [
        ("en", "August 1, 2026", "2:05\u202fPM UTC"),
        ("de", "1. August 2026", "14:05 UTC"),
        ("fr", "1 août 2026", "14:05 UTC"),
        ("es-MX", "1 de agosto de 2026", "2:05\u202fp.m. UTC"),
        ("pt-BR", "1 de agosto de 2026", "14:05 UTC"),
        ("ar", "1 أغسطس 2026", "2:05 م UTC"),
        ("ja", "2026年8月1日", "14:05 UTC"),
    ],
)
def test_dates_and_times(language: str, day: str, time: str) -> None:
    words = Words(language)
    assert words.write_date(date(2026, 8, 1)) == day
    assert words.write_time(datetime(2026, 8, 1, 14, 5, tzinfo=UTC)) == time


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("de", {1: "Ja, ich möchte 1 Rate.", 3: "Ja, ich möchte 3 Raten."}),
        ("fr", {1: "Oui, je veux 1 paiement.", 3: "Oui, je veux 3 paiements."}),
        ("ja", {3: "はい、3回払いを希望します。"}),
        (
            "ar",
            {
                1: "نعم، أريد قسطًا واحدًا.",
                2: "نعم، أريد قسطين.",
                3: "نعم، أريد 3 أقساط.",
                12: "نعم، أريد 12 قسطًا.",
                100: "نعم، أريد 100 قسط.",
            },
        ),
    ],
)
def test_counts_take_their_plural_form(language: str, counts: dict[int, str]) -> None:
    words = Words(language)
    assert {count: words.say("differs_consent", count=count) for count in counts} == counts


def test_only_arabic_runs_from_right_to_left() -> None:
    directions = {language: Words(language).direction for language in LANGUAGES}
    assert directions == {language: "rtl" if language == "ar" else "ltr" for language in LANGUAGES}


# Neighbours that an order by code points would part.
@pytest.mark.parametrize(
    ("language", "neighbours"),
    [
        ("en", ["AF", "AX", "AL"]),
        ("de", ["AF", "EG", "AX", "AL"]),
        ("fr", ["EC", "ER", "ES", "EE"]),
        ("es-MX", ["AF", "AL", "DE"]),
        ("pt-BR", ["AF", "ZA", "AL"]),
        ("ar", ["ET", "AZ", "AM"]),
        ("ja", ["IS", "IE", "AZ"]),
    ],
)
def test_countries_stand_by_name(language: str, neighbours: list[str]) -> None:
    codes = [code for code, _ in Words(language).list_countries()]
    first = codes.index(neighbours[0])
    assert codes[first : first + len(neighbours)] == neighbours


def test_every_language_lists_the_same_countries() -> None:
    listed = {frozenset(code for code, _ in Words(language).list_countries()) for language in LANGUAGES}
    assert len(listed) == 1
    assert not listed.pop() & {"EU", "EZ", "UN", "ZZ", "QO"}
    assert ("DE", "ドイツ") in Words("ja").list_countries()


# What was asked for, the browser's header, the account's language.
@pytest.mark.parametrize(
    ("locale", "header", "default", "language"),
    [
        ("en", None, None, "en"),
        ("en-GB", "de", None, "en"),
        ("pt-PT", None, None, "pt-BR"),
        ("es_MX", None, None, "es-MX"),
        ("AR-eg", "fr", None, "ar"),
        # A language that is not ours leaves it to the browser.
        ("xx", "ja;q=0.5", None, "ja"),
        (None, "fr-CH, fr;q=0.9, en;q=0.8", None, "fr"),
        (None, "en;q=0.4, de;q=0.8", "ja", "de"),
        (None, "de;q=0, es", "ja", "es-MX"),
        (None, "nl, sv", "ja", "ja"),
        (None, None, "pt-BR", "pt-BR"),
        (None, None, None, "en"),
        (None, "", "xx", "en"),
        (None, "*, ;q=1, nl;q=, fr;q=.., ar;q=99999999", None, "en"),
        (None, "fr" + ",x" * 5000, None, "fr"),
        (None, "x," * 5000 + "fr", None, "en"),
    ],
)
def test_the_language_of_a_page(
    locale: str | None, header: str | None, default: str | None, language: str
) -> None:
    assert choose_words(locale, header, default=default) == Words(language)
