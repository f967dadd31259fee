"""The language of the hosted page: the shopper's own choice, else the payment's (`spec/payments.md` §15).

The choice is a plain link, `?lang=de`; a cookie keeps it from step to step, for all payments of the browser.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from parcela.domain.payments.records import Payment
from parcela.words.tables import TEXTS
from parcela.words.words import Words, choose_words

QUERY = "lang"
_COOKIE = "checkout-language"
_MARK = "."
LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es-MX": "Español",
    "pt-BR": "Português",
    "ar": "العربية",
    "ja": "日本語",
}
"""Every language by its own name, in the order of the links."""


def choose_page_words(request: Request, payment: Payment | None) -> Words:
    """The language that the shopper chose here or before, else the one that the merchant asked for, else one
    of the browser's, else the account's.
    """
    for chosen in (request.query_params.get(QUERY), request.cookies.get(_COOKIE)):
        if chosen is not None and chosen in TEXTS:
            return Words(chosen)
    accepted = request.headers.get("accept-language")
    if payment is None:
        return choose_words(None, accepted)
    return choose_words(payment.asked_locale, accepted, default=payment.locale)


def recall_words(shown: str | None, words: Words) -> Words:
    """The language that a form says its page was shown in; `words` for one that says none of ours."""
    return Words(shown) if shown is not None and shown in TEXTS else words


def mark_language(form_token: str, words: Words) -> str:
    """A form's token with the language that its page was shown in."""
    return f"{form_token}{_MARK}{words.language}"


def read_mark(marked: str, words: Words) -> tuple[str, Words]:
    """A form's token and the language of its page; `words` for a token that names none of ours."""
    form_token, _, language = marked.rpartition(_MARK)
    return (form_token, Words(language)) if language in TEXTS else (marked, words)


def keep_language(request: Request, response: Response, root_url: str) -> None:
    """Have the browser keep a language that was chosen by a link, until it is closed."""
    chosen = request.query_params.get(QUERY)
    if chosen is not None and chosen in TEXTS:
        is_secure = root_url.startswith("https:")
        response.set_cookie(_COOKIE, chosen, path="/", secure=is_secure, httponly=True, samesite="lax")
