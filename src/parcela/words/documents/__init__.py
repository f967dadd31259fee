"""The sentences of sheets, agreements and receipts, one table for each language."""

from parcela.words.documents.arabic import ARABIC
from parcela.words.documents.english import ENGLISH
from parcela.words.documents.french import FRENCH
from parcela.words.documents.german import GERMAN
from parcela.words.documents.japanese import JAPANESE
from parcela.words.documents.portuguese import PORTUGUESE
from parcela.words.documents.spanish import SPANISH
from parcela.words.sentences import AreaTables

TABLES: AreaTables = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es-MX": SPANISH,
    "pt-BR": PORTUGUESE,
    "ar": ARABIC,
    "ja": JAPANESE,
}
