"""The pages of the APIs: OpenAPI documents under `/openapi`, a viewer of them under `/docs`, and what the
error codes of the payments dialect mean under `/docs/errors`.

The viewer is vendored and its script has no inline part, so that it works offline and under a strict
content security policy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_VIEWER = Path(__file__).parent / "static" / "swagger-ui"
# The viewer draws its icons from data addresses and sets styles on its elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parcela API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/viewer/swagger-ui.css">
<link rel="stylesheet" href="/docs/viewer/page.css">
</head>
<body>
<header class="page-head">
<h1>Parcela API</h1>
<p>What this server speaks, read from its own <a href="/openapi/{first}.json">OpenAPI documents</a>.
Requests of the network dialect are signed with OAuth 1.0a and their card data is encrypted, so they
cannot be sent from this page: use the official signing and encryption libraries, which work
unchanged. Requests of the gateway dialect carry a merchant's API password, which belongs into no
browser: use any HTTP client, or a shop's own module. Requests of the payments dialect carry a secret key,
which belongs on a server; its <a href="/docs/errors">error codes</a> are explained one by one.</p>
{choices}
</header>
<main id="viewer"></main>
<noscript><p class="page-head">The viewer needs JavaScript; the document itself does not:
<a href="/openapi/{first}.json">/openapi/{first}.json</a>.</p></noscript>
<script src="/docs/viewer/swagger-ui-bundle.js"></script>
<script src="/docs/viewer/page.js"></script>
</body>
</html>
"""


_ERROR_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/viewer/page.css">
</head>
<body>
<main class="page-head">
<p><a href="/docs?api=payments">Parcela API</a> {way}</p>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """One error code, told. `example` is an answer as it is sent."""

    code: str
    status: int
    type: str
    meaning: str
    example: str
    mend: str


def list_error_routes(pages: Sequence[ErrorPage]) -> list[BaseRoute]:
    """Routes for all codes on one page, each at its own anchor, and for each code by itself."""
    everything = _render_errors(pages)
    single = {page.code: _render_single(page) for page in pages}

    async def show_all(_: Request) -> Response:
        return HTMLResponse(everything, headers=_HEADERS)

    async def show_one(request: Request) -> Response:
        found = single.get(request.path_params["code"])
        if found is None:
            return Response("There is no such error code.\n", 404, media_type="text/plain")
        return HTMLResponse(found, headers=_HEADERS)

    return [Route("/docs/errors", show_all), Route("/docs/errors/{code}", show_one)]


def _render_errors(pages: Sequence[ErrorPage]) -> str:
    parts = []
    for status in sorted({page.status for page in pages}):
        parts.append(f"<h2>{status}</h2>")
        parts += [
            f'<section id="{page.code}"><h3><a href="/docs/errors/{page.code}"><code>{page.code}</code></a>'
            f"</h3>{_render_error(page)}</section>"
            for page in pages
            if page.status == status
        ]
    return _ERROR_PAGE.format(title="Error codes of the payments dialect", way="", content="\n".join(parts))


def _render_single(page: ErrorPage) -> str:
    way = '› <a href="/docs/errors">Error codes</a>'
    content = f"{_render_error(page)}\n<h2>Example</h2>\n<pre>{escape(page.example)}</pre>"
    return _ERROR_PAGE.format(title=escape(page.code), way=way, content=content)


def _render_error(page: ErrorPage) -> str:
    return (
        f"<p>{page.status} · <code>{escape(page.type)}</code></p>\n"
        f"<p>{escape(page.meaning)}</p>\n<p><strong>What to do:</strong> {escape(page.mend)}</p>"
    )


def list_docs_routes(documents: Mapping[str, bytes]) -> list[BaseRoute]:
    """Routes for OpenAPI documents by name, such as `network`; the first is the one that opens."""
    page = _render_page(list(documents))

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page, headers=_HEADERS)

    async def show_document(request: Request) -> Response:
        found = documents.get(request.path_params["name"])
        if found is None:
            return Response("There is no such document.\n", 404, media_type="text/plain")
        return Response(found, media_type="application/json")

    return [
        Route("/docs", show_page),
        Mount("/docs/viewer", StaticFiles(directory=_VIEWER)),
        Route("/openapi/{name}.json", show_document),
    ]


def _render_page(names: list[str]) -> str:
    links = "".join(f'<a href="/docs?api={escape(name)}">{escape(name)}</a>' for name in names)
    choices = f'<nav aria-label="APIs">{links}</nav>' if len(names) > 1 else ""
    return _PAGE.format(first=escape(names[0]), choices=choices)
