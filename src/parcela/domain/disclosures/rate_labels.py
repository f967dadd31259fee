"""What the cost of credit is called, by country and language (`disclosures.md` §5).

A figure stands only under the name of the rule that made it: a country's own name is never translated.
"""

from collections.abc import Mapping

from parcela.domain.disclosures.countries import EUROPEAN_UNION

_ENGLISH = "APR"
_NATIONAL: Mapping[str, str] = {
    "USA": "APR",
    "GBR": "APR",
    "BRA": "CET",
    "MEX": "CAT",
    "ARG": "CFT",
    "JPN": "実質年率",
}
# The Directive's own terms in its languages; Spanish and Portuguese as Spain and Portugal have them. In other
# languages its words, never another country's term, and the abbreviation that the creditor's papers have.
_EUROPEAN: Mapping[str, str] = {
    "en": "APRC",
    "de": "effektiver Jahreszins",
    "fr": "TAEG",
    "es": "TAE",
    "pt": "TAEG",
    "ar": "معدل النسبة السنوي للتكاليف (APRC)",
    "ja": "年間総費用率（APRC）",
}
_ELSEWHERE: Mapping[str, str] = {
    "en": _ENGLISH,
    "de": "effektiver Jahreszins",
    "fr": "TAEG",
    "es": "TAE",
    "pt": "TAEG",
    "ar": "معدل النسبة السنوي",
}


def find_rate_label(country: str | None, language: str) -> str:
    """The rate's name in a country (alpha-3; None: any without a rule of its own), in a reader's language."""
    tongue = language.replace("_", "-").partition("-")[0].lower()
    if country is not None and country in _NATIONAL:
        return _NATIONAL[country]
    if country in EUROPEAN_UNION:
        return _EUROPEAN.get(tongue, _EUROPEAN["en"])
    return _ELSEWHERE.get(tongue, _ENGLISH)
