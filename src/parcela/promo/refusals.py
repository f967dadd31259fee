"""What a request for a promotion is refused with; nothing of the request is repeated."""

from http import HTTPStatus


class PromoRefused(Exception):
    """A request that cannot be answered. `param` is the member of the query that is at fault, if one is."""

    def __init__(
        self, code: str, message: str, *, param: str | None = None, status: int = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param, self.status = code, message, param, int(status)
