"""Answers as HTTP responses: JSON for REST, pairs for NVP (`spec/gateway.md` §§2, 3, 15)."""

from starlette.responses import Response

from parcela.dialects.gateway.calls import AnswerTree, Reply
from parcela.dialects.gateway.errors import GatewayError
from parcela.dialects.gateway.json_codec import write_json
from parcela.dialects.gateway.nvp import write_nvp

_JSON = "application/json;charset=UTF-8"
_CREDENTIALS_JSON = "application/json;charset=ISO-8859-1"
_TEXT = "text/plain;charset=UTF-8"
_UNAUTHORIZED = 401
_NEVER_CACHED = {
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "0",
}


def answer_reply(reply: Reply, *, merchant_id: str, correlation_id: str | None, is_nvp: bool) -> Response:
    """The answer of an operation, with merchant and correlation id."""
    members: AnswerTree = {**reply.members, "merchant": merchant_id, "correlationId": correlation_id}
    if is_nvp:
        return _respond({"result": "SUCCESS", **members}, status=200, is_nvp=True)
    if not reply.names_result:
        members.pop("result", None)
    return _respond(members, status=reply.status, is_nvp=False)


def answer_error(error: GatewayError, *, is_nvp: bool) -> Response:
    """The error group, under the same status in both protocols."""
    response = _respond(error.render(), status=error.status, is_nvp=is_nvp)
    if error.status == _UNAUTHORIZED and not is_nvp:
        response.headers["Content-Type"] = _CREDENTIALS_JSON
    response.headers.update(error.headers)
    return response


def _respond(tree: AnswerTree, *, status: int, is_nvp: bool) -> Response:
    body, content_type = (write_nvp(tree), _TEXT) if is_nvp else (write_json(tree), _JSON)
    headers = {**_NEVER_CACHED, "Content-Type": content_type}
    return Response(body, status_code=status, headers=headers)
