"""The names of countries in each language, in the order in which its readers look for them.

Neither Python nor Babel has the collations of CLDR, and the machine's would differ from machine to machine,
so names are ordered by a key of our own: base letters without case and accents, which is the order of
dictionaries in German, French, Portuguese and English; ñ after n in Spanish; Arabic letters without their
hamza and madda; Japanese kana by their row, a small or voiced kana and a long mark as the plain kana they
stand for, and names in kanji, whose reading is not known here, after all kana.
"""

import unicodedata
from functools import lru_cache

from babel import Locale

_NO_COUNTRIES = frozenset({"CQ", "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_TILDE = "\u0303"
_LONG_MARK = "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"
_VOWELS = {"A": "ア", "I": "イ", "U": "ウ", "E": "エ", "O": "オ"}
_SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")


@lru_cache
def list_countries_by_name(language: str) -> tuple[tuple[str, str], ...]:
    """Two letters and name of every country, by name."""
    names = Locale.parse(language, sep="-").territories
    found = (
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    )
    return tuple(sorted(found, key=lambda pair: make_sort_key(pair[1], language)))


def make_sort_key(name: str, language: str) -> tuple[str, str]:
    """What puts a name in its place; the name itself decides between equal keys."""
    plain = unicodedata.normalize("NFD", name.casefold())
    if language.startswith("es"):
        plain = plain.replace(f"n{_TILDE}", "n\uffff")
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return _spell_kana(letters) if language == "ja" else letters, name


def _spell_kana(letters: str) -> str:
    """Kana in full; a long mark repeats the vowel before it."""
    spelled = ""
    for letter in letters.translate(_SMALL):
        vowel = unicodedata.name(spelled[-1], "")[-1] if letter == _LONG_MARK and spelled else ""
        spelled += _VOWELS.get(vowel, letter)
    return spelled
