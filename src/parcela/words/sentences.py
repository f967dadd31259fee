"""What the tables of sentences are made of."""

from collections.abc import Iterable, Mapping

Sentence = str | Mapping[str, str]
"""A text with `{names}` to fill in; or one for each plural form of `{count}` by its CLDR name."""

AreaTables = Mapping[str, Mapping[str, Sentence]]
"""The tables of one area by language."""


def join_areas(areas: Iterable[AreaTables]) -> dict[str, dict[str, Sentence]]:
    """One table for each language of all areas' tables. No key stands in two."""
    joined: dict[str, dict[str, Sentence]] = {}
    for area in areas:
        for language, table in area.items():
            whole = joined.setdefault(language, {})
            assert not whole.keys() & table.keys(), f"said twice: {sorted(whole.keys() & table.keys())}"
            whole.update(table)
    return joined
