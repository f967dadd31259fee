"""Lists: a page at a time, or all of it by iterating."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar

from parcela_client._calls import Call
from parcela_client._objects import WireObject

T = TypeVar("T", bound=WireObject)


class Page(Generic[T]):
    """One page of a list, newest first; iterating goes on through all pages that follow."""

    def __init__(
        self, members: dict[str, Any], kind: type[T], call: Call, fetch: "Callable[[Call], Page[T]]"
    ) -> None:
        self.data, self.has_more, self.next_cursor, self.total_estimate = read_envelope(members, kind)
        self._call = call
        self._fetch = fetch

    def __iter__(self) -> Iterator[T]:
        page: Page[T] | None = self
        while page is not None:
            yield from order_items(page.data, page._call)
            page = page.next_page()

    def next_page(self) -> "Page[T] | None":
        """The page that follows; None after the last one."""
        call = find_next_call(self._call, self.data, self.has_more, self.next_cursor)
        return None if call is None else self._fetch(call)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} items, has_more={self.has_more})"


class AsyncPage(Generic[T]):
    """One page of a list, newest first; `async for` goes on through all pages that follow."""

    def __init__(
        self,
        members: dict[str, Any],
        kind: type[T],
        call: Call,
        fetch: "Callable[[Call], Awaitable[AsyncPage[T]]]",
    ) -> None:
        self.data, self.has_more, self.next_cursor, self.total_estimate = read_envelope(members, kind)
        self._call = call
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[T]:
        page: AsyncPage[T] | None = self
        while page is not None:
            for item in order_items(page.data, page._call):
                yield item
            page = await page.next_page()

    async def next_page(self) -> "AsyncPage[T] | None":
        """The page that follows; None after the last one."""
        call = find_next_call(self._call, self.data, self.has_more, self.next_cursor)
        return None if call is None else await self._fetch(call)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} items, has_more={self.has_more})"


class AsyncList(Generic[T]):
    """A list that is fetched when it is wanted: `await` gives its first page, `async for` every item."""

    def __init__(self, call: Call, fetch: "Callable[[Call], Awaitable[AsyncPage[T]]]") -> None:
        self._call = call
        self._fetch = fetch

    def __await__(self) -> "Generator[Any, None, AsyncPage[T]]":
        return self._fetch(self._call).__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        page = await self._fetch(self._call)
        async for item in page:
            yield item


def read_envelope(members: dict[str, Any], kind: type[T]) -> tuple[list[T], bool, str | None, int | None]:
    """Items, whether more follow, their cursor, and how many there may be (`spec/payments.md` §14)."""
    place = members.get("page") or {}
    items = [kind.read(item) for item in members.get("data", [])]
    return items, bool(place.get("has_more")), place.get("next_cursor"), place.get("total_estimate")


def order_items(items: list[T], call: Call) -> list[T]:
    """Items in the order of travel: `ending_before` goes from old to new."""
    return items[::-1] if call.query.get("ending_before") is not None else items


def find_next_call(call: Call, items: list[T], has_more: bool, next_cursor: str | None) -> Call | None:
    """The call of the page that follows."""
    if not has_more or not items:
        return None
    if call.query.get("ending_before") is not None:
        return call.starting(ending_before=items[0]["id"])
    return call.starting(starting_after=next_cursor or items[-1]["id"])
