"""Calls from a shop's page (CORS): publishable keys are for browsers, so their endpoints admit every origin.

No cookie takes part, and the key in the page is public anyway.
"""

from collections.abc import Sequence

from starlette.responses import Response

from parcela.dialects.payments.routes import Routes
from parcela.domain.payments.keys import KeyKind

_HEADERS = "Authorization, Content-Type, Idempotency-Key, Parcela-Version, Vinr-Version, X-Api-Key"
_EXPOSED = "Idempotent-Replayed, Parcela-Version, Request-Id, Retry-After"
_DAY_S = 86_400


def answer_preflight(
    routes: Routes, raw_path: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> Response | None:
    """What a browser asks before the call itself; None for any other request."""
    asked = [value.decode("latin-1") for name, value in headers if name == b"access-control-request-method"]
    if len(asked) != 1 or not is_for_browsers(routes, asked[0], raw_path):
        return None
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": asked[0],
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": str(_DAY_S),
        },
    )


def list_origin_headers() -> dict[str, str]:
    """What lets the page read the answer."""
    return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}


def is_for_browsers(routes: Routes, method: str, raw_path: bytes) -> bool:
    """Does an endpoint at this address take publishable keys?"""
    endpoint = routes.find_endpoint(method, raw_path)
    return endpoint is not None and KeyKind.PUBLISHABLE in endpoint.keys
