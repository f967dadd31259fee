"""The hosted page's sentences, one table for each language."""

from parcela.words.checkout.arabic import ARABIC
from parcela.words.checkout.english import ENGLISH
from parcela.words.checkout.french import FRENCH
from parcela.words.checkout.german import GERMAN
from parcela.words.checkout.japanese import JAPANESE
from parcela.words.checkout.portuguese import PORTUGUESE
from parcela.words.checkout.spanish import SPANISH
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
