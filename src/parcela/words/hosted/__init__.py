"""The hosted page's sentences that came after its steps: languages, phone, papers and accessibility."""

from parcela.words.hosted.arabic import ARABIC
from parcela.words.hosted.english import ENGLISH
from parcela.words.hosted.french import FRENCH
from parcela.words.hosted.german import GERMAN
from parcela.words.hosted.japanese import JAPANESE
from parcela.words.hosted.portuguese import PORTUGUESE
from parcela.words.hosted.spanish import SPANISH
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
