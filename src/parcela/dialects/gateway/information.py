"""The check that the gateway is up (`spec/gateway.md` §1)."""

from collections.abc import Callable

from starlette.responses import Response

from parcela import __version__
from parcela.dialects.gateway.json_codec import write_json

GATEWAY_VERSION = f"parcela-{__version__}"
_CACHED_S = 10


def answer_information(is_draining: Callable[[], bool]) -> Response:
    """OPERATING, or SHUTDOWN while the server finishes what it has begun."""
    status = "SHUTDOWN" if is_draining() else "OPERATING"
    return Response(
        write_json({"gatewayVersion": GATEWAY_VERSION, "status": status}),
        media_type=None,
        headers={
            "Content-Type": "application/json;charset=ISO-8859-1",
            "Cache-Control": f"max-age={_CACHED_S}",
        },
    )
