"""Countries of ISO 3166-1 by their three letters, the main currency of each, and their two letters."""

from parcela.domain.data.countries import COUNTRIES
from parcela.domain.data.country_letters import COUNTRY_LETTERS

_MAIN_CURRENCY = dict(row.split() for row in COUNTRIES.splitlines())
_BY_TWO_LETTERS = {letters[:2]: letters[2:] for letters in COUNTRY_LETTERS.split()}
_TWO_LETTERS = {alpha3: alpha2 for alpha2, alpha3 in _BY_TWO_LETTERS.items()}
_NO_CURRENCY = "-"


def is_country(alpha3: str) -> bool:
    """True for a capital alpha-3 code of ISO 3166-1."""
    return alpha3 in _MAIN_CURRENCY


def get_main_currency(alpha3: str) -> str | None:
    """The letters of the country's main currency (network §5.2), None for unknown or currency-less places."""
    code = _MAIN_CURRENCY.get(alpha3, _NO_CURRENCY)
    return None if code == _NO_CURRENCY else code


def find_country(alpha2: str) -> str | None:
    """The three letters of a country by its two, as addresses have it (`DE`); None for an unknown one."""
    return _BY_TWO_LETTERS.get(alpha2)


def get_two_letters(alpha3: str) -> str:
    """The two letters of a country of ISO 3166-1. Raises KeyError for an unknown one."""
    return _TWO_LETTERS[alpha3]
