"""What people read, in their language: sentences of the tables, money, dates, percentages.

Pages, documents, letters and the `display` of the API are written here, so that they agree in every byte.
A language's sentences are in the tables; everything else about it is Babel's, digits included: they are Latin
in every language, in Arabic too, as CLDR has it and as they stand on cards and in the API's answers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.dates import format_time as format_clock_time
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern

from parcela.domain.currency import find_currency
from parcela.domain.money import Money
from parcela.words.countries import list_countries_by_name
from parcela.words.tables import TEXTS

DEFAULT_LANGUAGE = "en"
_MAX_ACCEPTED = 20
_DIGITS = "latn"
_PERCENT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `language` is a key of `TEXTS`."""

    language: str

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return _find_locale(self.language).text_direction

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence of the language's table; one with several forms takes that of `count`, a whole number.

        Raises KeyError for a sentence that the language has not.
        """
        sentence = TEXTS[self.language][key]
        if not isinstance(sentence, str):
            form = _find_locale(self.language).plural_form(int(str(facts["count"])))
            sentence = sentence.get(form) or sentence["other"]
        return sentence.format(**facts)

    def write_money(self, amount_minor: int, currency: str) -> str:
        """An amount with its currency; the decimals are those of ISO 4217."""
        return _write_money(self.language, amount_minor, currency)

    def write_date(self, day: date) -> str:
        """A date with the month's name."""
        return _write_date(self.language, day)

    def write_time(self, at: datetime) -> str:
        """A time of day, in the zone that it carries, with the zone."""
        return format_clock_time(at, "short", locale=_find_locale(self.language)) + f" {at.tzname()}"

    def write_percent(self, percent: Decimal) -> str:
        """A rate with exactly the decimals that its rule gives."""
        return _write_percent(self.language, str(percent))

    def write_rate(self, percent: Decimal, method: str) -> str:
        """The cost of credit a year as its rule writes it; Brazil's carries its notation in every language.

        `method` is the rule's (`disclosures.md` §5).
        """
        written = self.write_percent(percent)
        return f"{written}\u00a0a.a." if method == "br_cet" else written

    def list_countries(self) -> list[tuple[str, str]]:
        """Two letters and name of every country, by name."""
        return list(list_countries_by_name(self.language))


@lru_cache
def _find_locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


@lru_cache(maxsize=4096)
def _write_money(language: str, amount_minor: int, currency: str) -> str:
    """Most payments of a plan are of one amount."""
    pattern, exponent = _find_money_pattern(language, currency)
    written: str = pattern.apply(
        Decimal(amount_minor).scaleb(-exponent),
        _find_locale(language),
        currency=currency,
        currency_digits=False,
        numbering_system=_DIGITS,
    )
    return written


@lru_cache(maxsize=1024)
def _find_money_pattern(language: str, currency: str) -> tuple[NumberPattern, int]:
    """How a language writes a currency's amounts, and the decimals of the currency."""
    known = find_currency(currency)
    exponent = 2 if known is None else known.exponent
    locale = _find_locale(language)
    form: str = locale.currency_formats["standard"].pattern
    if get_currency_symbol(currency, locale)[-1].isalpha():
        # Letters stand apart from digits (CLDR, alphaNextToNumber).
        form = form.replace("¤#", "¤\u00a0#")
    pattern = parse_pattern(form)
    pattern.frac_prec = (exponent, exponent)
    return pattern, exponent


@lru_cache(maxsize=4096)
def _write_percent(language: str, percent: str) -> str:
    """By its text: 9.0 and 9.00 are one number and two rates."""
    rate, locale = Decimal(percent), _find_locale(language)
    decimals = max(-int(rate.as_tuple().exponent), 0)
    pattern = parse_pattern(locale.percent_formats[None].pattern)
    pattern.frac_prec = (decimals, decimals)
    share = rate.scaleb(-_PERCENT_DIGITS)
    written: str = pattern.apply(share, locale, numbering_system=_DIGITS)
    return written


@lru_cache(maxsize=4096)
def _write_date(language: str, day: date) -> str:
    """Plans of one day share their dates."""
    return format_date(day, "long", locale=_find_locale(language))


def choose_words(
    locale: str | None, accept_language: str | None = None, *, default: str | None = None
) -> Words:
    """The language that was asked for, else one that the browser asks for, else the default, else English."""
    wishes = (locale, *_list_accepted(accept_language or ""), default)
    for wanted in (wish for wish in wishes if wish is not None):
        language = _find_language(wanted)
        if language is not None:
            return Words(language)
    return Words(DEFAULT_LANGUAGE)


def write_amount(amount: Money, locale: str) -> str:
    """An amount in the language that serves a locale, for sentences that are made elsewhere."""
    return choose_words(locale).write_money(amount.minor, amount.currency.code)


def _find_language(wanted: str) -> str | None:
    """The one of our languages that serves a wish: itself, else one of the same tongue."""
    wanted = wanted.replace("_", "-").lower()
    tongue = wanted.partition("-")[0]
    exact = next((language for language in TEXTS if language.lower() == wanted), None)
    return exact or next((language for language in TEXTS if language.partition("-")[0] == tongue), None)


def _list_accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first."""
    weighed = []
    for part in header.split(",")[:_MAX_ACCEPTED]:
        name, _, weight = part.strip().partition(";q=")
        digits = weight.strip().replace(".", "", 1)
        is_known = name.replace("-", "").isalnum() and (not weight or (digits.isascii() and digits.isdigit()))
        if is_known and len(weight) <= 5:
            weighed.append((Decimal(weight.strip() or "1"), name))
    return [name for weight, name in sorted(weighed, key=lambda pair: -pair[0]) if weight]
