"""What shops advertise about plans, one table for each language."""

from parcela.words.promo.arabic import ARABIC
from parcela.words.promo.english import ENGLISH
from parcela.words.promo.french import FRENCH
from parcela.words.promo.german import GERMAN
from parcela.words.promo.japanese import JAPANESE
from parcela.words.promo.portuguese import PORTUGUESE
from parcela.words.promo.spanish import SPANISH
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
