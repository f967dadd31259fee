"""Every sentence of every language; each part of the house keeps its own tables beside its neighbours'."""

from collections.abc import Mapping

from parcela.words import checkout, disclosures, documents, hosted, mail, plan_page, promo
from parcela.words.sentences import AreaTables, Sentence, join_areas

AREAS: Mapping[str, AreaTables] = {
    "checkout": checkout.TABLES,
    "documents": documents.TABLES,
    "disclosures": disclosures.TABLES,
    "hosted": hosted.TABLES,
    "mail": mail.TABLES,
    "plan_page": plan_page.TABLES,
    "promo": promo.TABLES,
}
"""The areas by the name of their folder. A new one adds its line, and prefixes its keys."""

TEXTS: Mapping[str, Mapping[str, Sentence]] = join_areas(AREAS.values())
"""The sentences by language."""
