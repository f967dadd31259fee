"""The payments API's connections: a call is sent, its answer read as an object, a list or a file."""

from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from parcela_client._calls import TIMEOUT_S, Call, Options, prepare, read_answer, read_content
from parcela_client._objects import WireObject
from parcela_client._pages import AsyncList, AsyncPage, Page
from parcela_client._sending import AsyncSender, Sender

T = TypeVar("T", bound=WireObject)


class Connection:
    """Sends calls and waits for them."""

    def __init__(self, options: Options, *, timeout_s: float = TIMEOUT_S) -> None:
        self.options = options
        self._sender = Sender(options.retries, timeout_s=timeout_s)

    def call(self, call: Call, kind: type[T]) -> T:
        """The object of the answer."""
        return kind.read(self.call_json(call))

    def call_json(self, call: Call) -> dict[str, Any]:
        """The answer as it came."""
        request = prepare(call, self.options)
        return read_answer(self._sender.send(lambda: request))

    def call_content(self, call: Call) -> bytes:
        """The bytes of the answer."""
        request = prepare(call, self.options)
        return read_content(self._sender.send(lambda: request))

    def list(self, call: Call, kind: type[T]) -> Page[T]:
        """The first page of a list."""
        return Page(self.call_json(call), kind, call, lambda following: self.list(following, kind))

    def close(self) -> None:
        """Hang up."""
        self._sender.close()


class AsyncConnection:
    """Sends calls and awaits them."""

    def __init__(self, options: Options, *, timeout_s: float = TIMEOUT_S) -> None:
        self.options = options
        self._sender = AsyncSender(options.retries, timeout_s=timeout_s)

    async def call(self, call: Call, kind: type[T]) -> T:
        """The object of the answer."""
        return kind.read(await self.call_json(call))

    async def call_json(self, call: Call) -> dict[str, Any]:
        """The answer as it came."""
        request = prepare(call, self.options)
        return read_answer(await self._sender.send(lambda: request))

    async def call_content(self, call: Call) -> bytes:
        """The bytes of the answer."""
        request = prepare(call, self.options)
        return read_content(await self._sender.send(lambda: request))

    def list(self, call: Call, kind: type[T]) -> AsyncList[T]:
        """A list that is fetched when it is wanted."""

        async def fetch(following: Call) -> AsyncPage[T]:
            return AsyncPage(await self.call_json(following), kind, following, fetch)

        return AsyncList(call, fetch)

    async def close(self) -> None:
        """Hang up."""
        await self._sender.close()


class Closable(Protocol):
    """What can be hung up."""

    def close(self) -> None:
        """Hang up."""


class AsyncClosable(Protocol):
    """What can be hung up."""

    async def close(self) -> None:
        """Hang up."""


class SyncClosing:
    """`with` closes the connection of a client."""

    _connection: Closable

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClosing:
    """`async with` closes the connection of a client."""

    _connection: AsyncClosable

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
