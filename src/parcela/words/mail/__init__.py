"""Mails' sentences, one table for each language."""

from parcela.words.mail.arabic import ARABIC
from parcela.words.mail.english import ENGLISH
from parcela.words.mail.french import FRENCH
from parcela.words.mail.german import GERMAN
from parcela.words.mail.japanese import JAPANESE
from parcela.words.mail.portuguese import PORTUGUESE
from parcela.words.mail.spanish import SPANISH
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
