"""The clients of the payments API: one that waits, one that awaits, with the same methods."""

from parcela_client._calls import TIMEOUT_S, Retries, choose_options
from parcela_client._clients import AsyncClosing, AsyncConnection, Connection, SyncClosing
from parcela_client._generated.async_resources import AsyncResources
from parcela_client._generated.resources import Resources
from parcela_client._webhooks import Webhooks

_RETRIES = Retries()


class Parcela(Resources, SyncClosing):
    """The payments API. May be shared by threads; keep one for as long as the program runs.

    `secret_key` and `base_url` come from `PARCELA_SECRET_KEY` and `PARCELA_BASE_URL` if they are not given;
    `version` pins the API's version by its date, else the account's own applies.
    """

    def __init__(
        self,
        *,
        secret_key: str | None = None,
        base_url: str | None = None,
        webhook_secret: str | None = None,
        version: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: Retries = _RETRIES,
    ) -> None:
        options = choose_options(key=secret_key, base_url=base_url, version=version, retries=retries)
        connection = Connection(options, timeout_s=timeout_s)
        Resources.__init__(self, connection)
        self._connection = connection
        self._base_url = options.base_url
        self.webhooks = Webhooks(webhook_secret)

    def __repr__(self) -> str:
        return f"Parcela(base_url={self._base_url!r})"


class AsyncParcela(AsyncResources, AsyncClosing):
    """The payments API for asyncio: the methods of `Parcela`, to be awaited; lists also by `async for`."""

    def __init__(
        self,
        *,
        secret_key: str | None = None,
        base_url: str | None = None,
        webhook_secret: str | None = None,
        version: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: Retries = _RETRIES,
    ) -> None:
        options = choose_options(key=secret_key, base_url=base_url, version=version, retries=retries)
        connection = AsyncConnection(options, timeout_s=timeout_s)
        AsyncResources.__init__(self, connection)
        self._connection = connection
        self._base_url = options.base_url
        self.webhooks = Webhooks(webhook_secret)

    def __repr__(self) -> str:
        return f"AsyncParcela(base_url={self._base_url!r})"
