"""Asking an issuer's own service for offers (`spec/network.md` §13): one call, in time or not at all."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from parcela.domain.breaker import Breaker, decide_call, record_outcome
from parcela.domain.cards import Pan
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.issuer_offers import IssuerOffer
from parcela.domain.programs import Issuer, UseCase
from parcela.operations.outbound import OutboundFailure, OutboundHttp, OutboundLimits, OutboundRequest
from parcela.operations.ports import Clock

MAX_ANSWER_BYTES = 256 * 1024

AskIssuer = Callable[[Issuer, Pan], Awaitable[Sequence[IssuerOffer] | None]]
"""Gives an issuer's own offers for a card, none being an answer too; None when they are not to be had."""

Answer = TypeVar("Answer")


class IssuerUnavailable(Exception):
    """The issuer's service gave no answer that can be used; the text says why, without secrets."""


class IssuerLeftAlone(IssuerUnavailable):
    """The issuer's service was not called: it has failed too often lately."""


class UnreadableAnswer(Exception):
    """An answer is not of the agreed form; the text says how."""


class IssuerCaller:
    """Calls issuers within a deadline, and leaves those alone that keep failing. One for each process."""

    def __init__(self, http: OutboundHttp, clock: Clock, *, timeout_ms: int) -> None:
        self._http = http
        self._clock = clock
        timeout_s = timeout_ms / 1000
        self._limits = OutboundLimits(
            connect_timeout_s=timeout_s, total_timeout_s=timeout_s, max_answer_bytes=MAX_ANSWER_BYTES
        )
        self._breakers: dict[str, Breaker] = {}

    async def call(
        self, provider_id: str, make_request: Callable[[], OutboundRequest], read: Callable[[bytes], Answer]
    ) -> Answer:
        """One try, never repeated. Raises IssuerUnavailable.

        `make_request` is asked only when the call goes out; `read` may raise UnreadableAnswer.
        """
        is_admitted, breaker = decide_call(self._breakers.get(provider_id, Breaker()), now_ms=self._now_ms())
        self._breakers[provider_id] = breaker
        if not is_admitted:
            raise IssuerLeftAlone("it has failed too often lately and is left alone for a while")
        try:
            answer = await self._try(make_request(), read)
        except (OutboundFailure, UnreadableAnswer) as failure:
            self._record(provider_id, has_failed=True)
            raise IssuerUnavailable(str(failure)) from None
        self._record(provider_id, has_failed=False)
        return answer

    def _record(self, provider_id: str, *, has_failed: bool) -> None:
        self._breakers[provider_id] = record_outcome(
            self._breakers[provider_id], now_ms=self._now_ms(), has_failed=has_failed
        )

    async def _try(self, request: OutboundRequest, read: Callable[[bytes], Answer]) -> Answer:
        answer = await self._http.post(request, self._limits)
        if answer.status != 200:
            raise UnreadableAnswer(f"status {answer.status}")
        if answer.is_cut:
            raise UnreadableAnswer("the body did not end in time and within its size")
        return read(answer.body)

    def _now_ms(self) -> int:
        return int(self._clock.monotonic_s() * 1000)


def asks_issuer(found: RangeCandidates, use_case: UseCase) -> bool:
    """Are the offers of this range its issuer's own? Only during the purchase, where that is switched on."""
    account_range = found.account_range
    return (
        account_range.real_time
        and use_case is UseCase.DURING_PURCHASE
        and account_range.allows(UseCase.DURING_PURCHASE)
    )
