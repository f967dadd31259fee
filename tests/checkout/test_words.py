"""Texts, money, dates and languages of the pages."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

import parcela.checkout
from parcela.domain.payments.checkout import CheckoutNotice, CheckoutState
from parcela.words.tables import TEXTS
from parcela.words.words import Words, choose_words

ROOM = Path(parcela.checkout.__file__).parent
ENGLISH = TEXTS["en"]


def list_sources() -> list[Path]:
    """Where sentences are named: all but their tables."""
    modules = [*ROOM.glob("*.py"), *(ROOM.parent / "words").glob("*.py")]
    return [*modules, *ROOM.glob("templates/*.html")]


def list_places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_language_says_all_that_english_says(language: str) -> None:
    assert set(TEXTS[language]) == set(ENGLISH)
    for key, text in TEXTS[language].items():
        assert list_places(text) == list_places(ENGLISH[key]), key
        assert text.strip() == text != "", key


def test_every_sentence_that_a_page_names_is_there_and_used() -> None:
    sources = "\n".join(file.read_text() for file in list_sources())
    named = set(re.findall(r'say\(\s*"([a-z_0-9]+)"', sources))
    assert named - set(ENGLISH) == set()
    built = {
        *(f"{state}_{part}" for state in CheckoutState for part in ("title", "text")),
        *(str(notice) for notice in CheckoutNotice),
    }
    quoted = set(re.findall(r'"([a-z_0-9]+)"', sources)) | built
    prefixes = (
        "wrong_",
        "declined_",
        "fee_",
        "missing_",
        "stale_",
        "foreign_",
        "unreadable_",
        "unavailable_",
    )
    unused = {
        key
        for key in ENGLISH
        if key not in quoted and not key.startswith((*prefixes, "not_here_", "too_many_"))
    }
    assert unused == set()


@pytest.mark.parametrize(
    ("amount_minor", "currency", "written"),
    [
        (60000, "EUR", "€600.00"),
        (5, "EUR", "€0.05"),
        (123456789, "USD", "$1,234,567.89"),
        (60000, "JPY", "¥60,000"),
        (1234567, "BHD", "BHD 1,234.567"),
        (60000, "HUF", "HUF 600.00"),
        (999999999999, "BRL", "R$9,999,999,999.99"),
    ],
)
def test_money(amount_minor: int, currency: str, written: str) -> None:
    assert Words("en").write_money(amount_minor, currency).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("percent", "written"), [("0.0", "0.0%"), ("12.00", "12.00%"), ("1234.5", "1,234.5%"), ("9", "9%")]
)
def test_rates_keep_their_decimals(percent: str, written: str) -> None:
    assert Words("en").write_percent(Decimal(percent)) == written


def test_dates_and_times() -> None:
    words = Words("en")
    assert words.write_date(date(2026, 8, 1)) == "August 1, 2026"
    assert words.write_time(datetime(2026, 8, 1, 14, 5, tzinfo=UTC)).replace("\u202f", " ") == "2:05 PM UTC"
    assert words.direction == "ltr"
    assert ("DE", "Germany") in words.list_countries()
    assert all(code not in ("EU", "ZZ") for code, _ in words.list_countries())


# A payment's locale and the browser's header; English is all there is by now.
@pytest.mark.parametrize(
    ("locale", "header"),
    [
        ("en", None),
        ("en-GB", None),
        ("xx", "en;q=0.5"),
        (None, None),
        (None, ""),
        (None, "*, ;q=1, en;q=, en;q=.., en;q=99999999"),
        (None, "en" + ",x" * 5000),
    ],
)
def test_the_language_of_a_page(locale: str | None, header: str | None) -> None:
    assert choose_words(locale, header) == Words("en")
