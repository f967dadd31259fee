"""The two ways to send a request and try again: one waits, one awaits."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2

from parcela_client._calls import Answer, Prepared, Retries, is_worth_retrying, read_retry_after
from parcela_client._errors import ConnectionFailed

Make = Callable[[], Prepared]
"""Makes the request of a try; content and identity are the same each time, a signature may be new."""


class Sender:
    """Sends and waits; connections are kept open between calls."""

    def __init__(self, retries: Retries, *, timeout_s: float) -> None:
        self._retries = retries
        self._http = httpx2.Client(timeout=timeout_s, follow_redirects=False)

    def send(self, make: Make) -> Answer:
        """The answer of the last try. Raises `ConnectionFailed`."""
        tries = 0
        while True:
            tries += 1
            request = make()
            try:
                answer = _read(self._http.request(**_arguments(request)))
            except httpx2.TransportError as fault:
                wait_s = _choose_wait_after_fault(self._retries, tries, request, fault)
            else:
                found_wait_s = _choose_wait_after_answer(self._retries, tries, answer)
                if found_wait_s is None:
                    return answer
                wait_s = found_wait_s
            time.sleep(wait_s)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class AsyncSender:
    """Sends and awaits; connections are kept open between calls."""

    def __init__(self, retries: Retries, *, timeout_s: float) -> None:
        self._retries = retries
        self._http = httpx2.AsyncClient(timeout=timeout_s, follow_redirects=False)

    async def send(self, make: Make) -> Answer:
        """The answer of the last try. Raises `ConnectionFailed`."""
        tries = 0
        while True:
            tries += 1
            request = make()
            try:
                answer = _read(await self._http.request(**_arguments(request)))
            except httpx2.TransportError as fault:
                wait_s = _choose_wait_after_fault(self._retries, tries, request, fault)
            else:
                found_wait_s = _choose_wait_after_answer(self._retries, tries, answer)
                if found_wait_s is None:
                    return answer
                wait_s = found_wait_s
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()


def _arguments(request: Prepared) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "content": request.content,
    }


def _read(response: httpx2.Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=headers, content=response.content)


def _choose_wait_after_fault(
    retries: Retries, tries: int, request: Prepared, fault: httpx2.TransportError
) -> float:
    wait_s = retries.choose_wait_s(tries, None)
    if wait_s is None:
        place = f"{request.method} {request.url.partition('?')[0]}"
        raise ConnectionFailed(f"No answer to {place}: {str(fault) or type(fault).__name__}") from fault
    return wait_s


def _choose_wait_after_answer(retries: Retries, tries: int, answer: Answer) -> float | None:
    if not is_worth_retrying(answer):
        return None
    return retries.choose_wait_s(tries, read_retry_after(answer))
