"""What every HTTP door shares: a bounded body, a plain answer, and whom an address stands for."""

from ipaddress import IPv6Address, ip_address

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

__all__ = ["BodyTooLarge", "ClientDisconnect", "find_network", "json_response", "read_body"]

_JSON = "application/json"


class BodyTooLarge(Exception):
    """The body is longer than the door reads."""


async def read_body(request: Request, *, limit: int) -> bytes:
    """The raw body, never holding more than `limit` bytes. Raises BodyTooLarge."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:19]) > limit:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def json_response(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer of ready bytes."""
    return Response(body, status_code=status, headers=headers, media_type=_JSON)


def find_network(address: str) -> str:
    """The address; of IPv6 the network of 64 bits, for a caller has all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> 64)
    return address
