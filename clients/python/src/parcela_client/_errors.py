"""What a call can raise.

ParcelaError                       every refusal and failure
├── ConnectionFailed               no answer came, after the retries
├── AnswerUnreadable               an answer that is no JSON where JSON was promised
├── NotConfigured                  an address or a key is missing
└── WebhookRefused                 a letter that is not signed with the secret, or is too old
"""

from collections.abc import Mapping
from typing import Any


class ParcelaError(Exception):
    """A refusal as the server tells it (`spec/payments.md` §13); branch on `code`."""

    def __init__(  # noqa: PLR0913 (the members of an error of the API, all but one by name)
        self,
        message: str,
        *,
        code: str,
        type: str = "api_error",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: int | None = None,
        details: Mapping[str, Any] | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        resource: str | None = None,
        doc_url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.type = type
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds to wait before the next try, where the server said so."""
        self.details = details
        self.param = param
        self.decline_code = decline_code
        self.resource = resource
        self.doc_url = doc_url

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(code={self.code!r}, status={self.status}, request_id={self.request_id!r})"
        )


class ConnectionFailed(ParcelaError):
    """No answer came: the server may have done the work, so repeat with the same idempotency key."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="connection_failed", type="connection_error")


class AnswerUnreadable(ParcelaError):
    """The answer is not what this API sends; something between may have answered instead."""

    def __init__(self, message: str, *, status: int, request_id: str | None = None) -> None:
        super().__init__(message, code="answer_unreadable", status=status, request_id=request_id)


class NotConfigured(ParcelaError):
    """The client lacks something that it cannot guess."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="not_configured", type="configuration_error")


class WebhookRefused(ParcelaError):
    """The letter does not come from the holder of the secret, was changed, or is too old."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="webhook_refused", type="signature_error")


def read_error(
    status: int, members: Any, *, request_id: str | None, retry_after: int | None
) -> ParcelaError | None:
    """The refusal in a parsed body; None where the body is not an error of this API."""
    told = members.get("error") if isinstance(members, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    return ParcelaError(
        str(told.get("message", "")),
        code=str(told.get("code", "unknown")),
        type=str(told.get("type", "api_error")),
        status=status,
        request_id=told.get("request_id") or request_id,
        retry_after=retry_after,
        details=told.get("details"),
        param=told.get("param"),
        decline_code=told.get("decline_code"),
        resource=told.get("resource"),
        doc_url=told.get("doc_url"),
    )
