"""Every area's sentences in every language: complete, with the same places, and all of them used."""

import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

import parcela
from parcela.domain.payments.checkout import CheckoutNotice, CheckoutState
from parcela.domain.payments.unavailability import LANGUAGES
from parcela.words.sentences import Sentence, join_areas
from parcela.words.tables import AREAS, TEXTS

PACKAGE = Path(parcela.__file__).parent
TABLE_NAMES = ("english", "german", "french", "spanish", "portuguese", "arabic", "japanese")
CASES = [
    pytest.param(area, language, id=f"{area}-{language}") for area in sorted(AREAS) for language in LANGUAGES
]
LOANS = {
    "de": {"Plan", "Browser"},
    "fr": {"Plan", "Date", "Total", "Documents", "{id}, version {version}"},
    "es-MX": {"Plan", "Total"},
    "pt-BR": {"Total"},
}
"""Words that are the same as in English. What has no word of a language in it needs no place here."""
NAMES = {"TEA", "PDF"}
"""Names that every language keeps."""


def list_forms(sentence: Sentence) -> list[str]:
    """All texts of a sentence."""
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def list_places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def list_reachable_forms(language: str) -> set[str]:
    """The plural forms that numbers of payments, days or tries take; only millions have others."""
    locale = Locale.parse(language, sep="-")
    return {locale.plural_form(count) for count in range(1, 1000)}


def test_all_areas_speak_the_seven_languages() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    folders = {folder.name for folder in (PACKAGE / "words").iterdir() if (folder / "english.py").exists()}
    assert folders == set(AREAS)


@pytest.mark.parametrize(("area", "language"), CASES)
def test_a_language_says_all_that_english_says(area: str, language: str) -> None:
    table, english = AREAS[area][language], AREAS[area]["en"]
    assert set(table) == set(english)
    for key, sentence in table.items():
        places = {place for text in list_forms(english[key]) for place in list_places(text)}
        forms = list_forms(sentence)
        assert {place for text in forms for place in list_places(text)} == places, key
        for text in forms:
            # One payment and two payments may be words without a figure.
            assert places - list_places(text) <= ({"count"} if len(forms) > 1 else set()), key
            assert text.strip() != "", key


@pytest.mark.parametrize(("area", "language"), CASES)
def test_plural_forms_are_complete(area: str, language: str) -> None:
    for key, sentence in AREAS[area][language].items():
        if not isinstance(sentence, str):
            assert set(sentence) - {"zero"} == list_reachable_forms(language), key


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    known = LOANS.get(language, set()) | NAMES
    same = {
        key: sentence
        for key, sentence in TEXTS[language].items()
        if sentence == TEXTS["en"][key] and sentence not in known and has_words(list_forms(sentence))
    }
    assert same == {}


def has_words(texts: Iterable[str]) -> bool:
    """Is there a letter outside the places, and outside of names?"""
    plain = " ".join(re.sub(r"\{[^}]*\}", "", text) for text in texts)
    for name in NAMES:
        plain = plain.replace(name, "")
    return any(character.isalpha() for character in plain)


def test_no_key_is_said_twice() -> None:
    with pytest.raises(AssertionError, match=r"said twice: \['order'\]"):
        join_areas([{"en": {"order": "Order"}}, {"en": {"order": "Command"}}])


def test_every_sentence_that_is_named_is_there_and_every_one_is_used() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in list_sources())
    named = set(re.findall(r'\bsay\(\s*"([a-z_0-9]+)"\s*[,)]', sources))
    assert named - set(TEXTS["en"]) == set()
    quoted = set(re.findall(r"[\"']([a-z_0-9]+)[\"']", sources))
    quoted |= {str(one) for one in (*CheckoutState, *CheckoutNotice)}
    built = [
        re.compile("[a-z_0-9]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", shape)))
        for shape in re.findall(r'f"([a-z][a-z_0-9]{2,}_\{[^"]*)"', sources)
    ]
    built += [re.compile(f"{start}.+") for start in re.findall(r'"([a-z_0-9]{3,}_)" *[+~]', sources)]
    unused = {key for key in TEXTS["en"] if not is_used(key, quoted, built)}
    assert unused == set()


def is_used(key: str, quoted: set[str], built: list[re.Pattern[str]]) -> bool:
    """Is a key written out, put together from a beginning, or the title or text of something written out?"""
    stem, _, part = key.rpartition("_")
    return (
        key in quoted
        or any(shape.fullmatch(key) for shape in built)
        or (part in ("title", "text") and stem in quoted)
    )


def list_sources() -> list[Path]:
    """Where sentences are named: all rooms, without the tables themselves."""
    modules = (
        file
        for file in PACKAGE.rglob("*.py")
        if not ("words" in file.parts and file.stem in TABLE_NAMES) and "cli" not in file.parts
    )
    templates = PACKAGE.rglob("templates/*.html")
    return [*modules, *templates]
