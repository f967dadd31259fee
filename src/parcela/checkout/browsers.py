"""The cookie by which a shopper's browser is known again (`spec/payments.md` §15, rule 8)."""

import base64
import re

from starlette.requests import Request
from starlette.responses import Response

_SECURE_NAME = "__Host-checkout"
_PLAIN_NAME = "checkout"
_SECRET = re.compile("[A-Za-z0-9_-]{43}")


def make_browser(secret: bytes) -> str:
    """The secret of a new browser as its cookie carries it."""
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def read_browser(request: Request, root_url: str) -> str | None:
    """The browser's secret; None where it brings none of ours."""
    secret = request.cookies.get(_find_name(root_url), "")
    return secret if _SECRET.fullmatch(secret) else None


def keep_browser(response: Response, secret: str, root_url: str) -> None:
    """Have the browser keep its secret until it is closed."""
    response.set_cookie(
        _find_name(root_url),
        secret,
        path="/",
        secure=root_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def _find_name(root_url: str) -> str:
    """Browsers keep a `__Host-` cookie over https only: over plain http, in a sandbox, it is a plain one."""
    return _SECURE_NAME if root_url.startswith("https:") else _PLAIN_NAME
