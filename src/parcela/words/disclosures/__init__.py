"""What the laws of countries add to the ten facts, one table for each language."""

from parcela.words.disclosures.arabic import ARABIC
from parcela.words.disclosures.english import ENGLISH
from parcela.words.disclosures.french import FRENCH
from parcela.words.disclosures.german import GERMAN
from parcela.words.disclosures.japanese import JAPANESE
from parcela.words.disclosures.portuguese import PORTUGUESE
from parcela.words.disclosures.spanish import SPANISH
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
