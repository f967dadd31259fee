"""What every page for shoppers shares: templates, headers, and the way back to the shop (§15)."""

from urllib.parse import quote, urlsplit, urlunsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from parcela.checkout.languages import LANGUAGE_NAMES
from parcela.domain.payments.records import Payment
from parcela.words.words import Words

_templates = Environment(
    loader=PackageLoader("parcela.checkout"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HSTS = "max-age=63072000"


def render_page(
    template: str,
    words: Words,
    *,
    status: int = 200,
    payment: Payment | None = None,
    **facts: object,
) -> Response:
    """A page; its forms may lead to this server and to the payment's shop only."""
    shared = {"words": words, "say": words.say, "payment": payment, "language_names": LANGUAGE_NAMES}
    html = _templates.get_template(template).render(facts, **shared)
    return HTMLResponse(html, status_code=status, headers=list_headers(payment))


def say_notice(
    words: Words, what: str, status: int, *, back: str | None = None, allow: str = "POST"
) -> Response:
    """A page with one thing to say; `back` is the address of the page to go on with.

    `allow` are the methods that are taken, where the status is 405.
    """
    response = render_page("notice.html", words, status=status, what=what, back=back)
    if status == 405:
        response.headers["Allow"] = allow
    return response


def redirect_to_shop(payment: Payment) -> Response:
    """Back to the shop, which reads the payment by the API."""
    return redirect(add_payment(payment), payment)


def redirect(url: str, payment: Payment) -> Response:
    """See another page, by GET."""
    return RedirectResponse(url, status_code=303, headers=list_headers(payment))


def add_payment(payment: Payment) -> str:
    """The shop's address with `payment=<id>` added to its query."""
    assert payment.return_url is not None, "nobody is sent to a page without a way back"
    parts = urlsplit(payment.return_url)
    added = f"payment={quote(payment.payment_id)}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def is_foreign(request: Request, root_url: str) -> bool:
    """Was a form sent from elsewhere? Under our own referrer policy browsers call our origin `null`."""
    is_known = request.headers.get("origin", "null") in ("null", find_origin(root_url))
    return not is_known or request.headers.get("sec-fetch-site") == "cross-site"


def find_origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def list_headers(payment: Payment | None) -> dict[str, str]:
    """The headers of every answer to a shopper's browser (§15, rule 7)."""
    form_targets = "'self'"
    if payment is not None and payment.return_url is not None:
        form_targets += f" {find_origin(payment.return_url)}"
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:;"
        f" font-src 'self'; form-action {form_targets}; frame-ancestors 'none'; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    is_live = payment is not None and payment.owner.is_live
    return headers | {"Strict-Transport-Security": _HSTS} if is_live else headers
