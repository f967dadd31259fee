"""The pages of the APIs: OpenAPI documents under `/openapi`, and a viewer of them under `/docs`.

The viewer is vendored and its script has no inline part, so that it works offline and under a strict
content security policy.
"""

from collections.abc import Mapping
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
browser: use any HTTP client, or a shop's own module.</p>
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


def list_docs_routes(documents: Mapping[str, bytes]) -> list[BaseRoute]:
    """Routes for OpenAPI documents by name, such as `network`; the first is the one that opens."""
    page = _render_page(list(documents))

    async def show_page(_: Request) -> Response:
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return HTMLResponse(page, headers={**headers, "X-Content-Type-Options": "nosniff"})

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
