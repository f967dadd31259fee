"""Every sentence of every language; each part of the house keeps its own tables beside its neighbours'."""

from collections.abc import Mapping

from parcela.words.checkout.english import ENGLISH as CHECKOUT_ENGLISH

Sentence = str | Mapping[str, str]
"""A text with `{names}` to fill in; or one for each plural form of `{count}` by its CLDR name."""

_PARTS: Mapping[str, tuple[Mapping[str, Sentence], ...]] = {
    "en": (CHECKOUT_ENGLISH,),
}


def join_tables(tables: tuple[Mapping[str, Sentence], ...]) -> dict[str, Sentence]:
    """One table of all. No key stands in two."""
    joined: dict[str, Sentence] = {}
    for table in tables:
        assert not joined.keys() & table.keys(), f"said twice: {sorted(joined.keys() & table.keys())}"
        joined |= table
    return joined


TEXTS: Mapping[str, Mapping[str, Sentence]] = {
    language: join_tables(tables) for language, tables in _PARTS.items()
}
