"""What every HTTP door shares: a bounded body, and a plain answer."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

__all__ = ["BodyTooLarge", "ClientDisconnect", "json_response", "read_body"]

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
