"""The cardholder's own page of a plan, one table for each language."""

from parcela.words.plan_page.arabic import ARABIC
from parcela.words.plan_page.english import ENGLISH
from parcela.words.plan_page.french import FRENCH
from parcela.words.plan_page.german import GERMAN
from parcela.words.plan_page.japanese import JAPANESE
from parcela.words.plan_page.portuguese import PORTUGUESE
from parcela.words.plan_page.spanish import SPANISH
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
