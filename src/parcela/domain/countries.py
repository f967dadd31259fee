"""Countries of ISO 3166-1 by their three letters, and the main currency of each."""

from parcela.domain.data.countries import COUNTRIES

_MAIN_CURRENCY = dict(row.split() for row in COUNTRIES.splitlines())
_NO_CURRENCY = "-"


def is_country(alpha3: str) -> bool:
    """True for a capital alpha-3 code of ISO 3166-1."""
    return alpha3 in _MAIN_CURRENCY


def get_main_currency(alpha3: str) -> str | None:
    """The letters of the country's main currency (network §5.2), None for unknown or currency-less places."""
    code = _MAIN_CURRENCY.get(alpha3, _NO_CURRENCY)
    return None if code == _NO_CURRENCY else code
