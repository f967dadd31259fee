"""What a request for a promotion is refused with; nothing of the request is repeated."""

from collections.abc import Mapping
from http import HTTPStatus


class PromoRefused(Exception):
    """A request that cannot be answered. `param` is the member of the query that is at fault, if one is."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        status: int = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.code, self.message, self.param, self.status = code, message, param, int(status)
