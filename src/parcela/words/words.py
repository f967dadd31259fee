"""What people read, in their language: sentences of the tables, money, dates, percentages.

Pages, documents, letters and the `display` of the API are written here, so that they agree in every byte. A
language's sentences are in the tables; everything else about it is Babel's.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.dates import format_time as format_clock_time
from babel.numbers import NumberPattern, format_decimal, get_currency_symbol, parse_pattern

from parcela.domain.currency import find_currency
from parcela.words.tables import TEXTS

DEFAULT_LANGUAGE = "en"
_MAX_ACCEPTED = 20
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `language` is a key of `TEXTS`."""

    language: str

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self._locale.text_direction

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence of the language's table; one with several forms takes that of `count`, a whole number.

        Raises KeyError for a sentence that the language has not.
        """
        sentence = TEXTS[self.language][key]
        if not isinstance(sentence, str):
            form = self._locale.plural_form(int(str(facts["count"])))
            sentence = sentence.get(form) or sentence["other"]
        return sentence.format(**facts)

    def write_money(self, amount_minor: int, currency: str) -> str:
        """An amount with its currency; the decimals are those of ISO 4217."""
        known = find_currency(currency)
        exponent = 2 if known is None else known.exponent
        locale = self._locale
        form: str = locale.currency_formats["standard"].pattern
        if get_currency_symbol(currency, locale)[-1].isalpha():
            # Letters stand apart from digits (CLDR, alphaNextToNumber).
            form = form.replace("¤#", "¤\u00a0#")
        pattern: NumberPattern = parse_pattern(form)
        pattern.frac_prec = (exponent, exponent)
        amount = Decimal(amount_minor).scaleb(-exponent)
        written: str = pattern.apply(amount, locale, currency=currency, currency_digits=False)
        return written

    def write_date(self, day: date) -> str:
        """A date with the month's name."""
        return format_date(day, "long", locale=self._locale)

    def write_time(self, at: datetime) -> str:
        """A time of day, in the zone that it carries, with the zone."""
        return format_clock_time(at, "short", locale=self._locale) + f" {at.tzname()}"

    def write_percent(self, percent: Decimal) -> str:
        """A rate with exactly the decimals that its rule gives."""
        decimals = max(-int(percent.as_tuple().exponent), 0)
        pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
        return format_decimal(percent, pattern, locale=self._locale) + "%"

    def list_countries(self) -> list[tuple[str, str]]:
        """Two letters and name of every country, by name."""
        names = self._locale.territories
        found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
        return sorted((pair for pair in found if pair[0] not in _NO_COUNTRIES), key=lambda pair: pair[1])


def choose_words(locale: str | None, accept_language: str | None = None) -> Words:
    """The payment's language, else one that the browser asks for, else English."""
    for wanted in (*(() if locale is None else (locale,)), *_list_accepted(accept_language or "")):
        language = _find_language(wanted)
        if language is not None:
            return Words(language)
    return Words(DEFAULT_LANGUAGE)


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
