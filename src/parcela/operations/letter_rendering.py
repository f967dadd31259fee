"""What the delivery worker needs of the doors that own letters: how a kind is written, sent and judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from parcela.domain.delivery import DeliveryRules, Obstacle
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry, LaneKey
from parcela.operations.engine import World
from parcela.operations.outbound import OutboundAnswer, OutboundHttp, OutboundRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedLetter:
    """A letter sealed and signed for one try, and what of it may be kept.

    `shown_headers` and `shown_body` lack signature and sealed member; `secrets` are texts (such as the
    card number) that must not be kept either, should the receiver repeat them in its answer. `http` is set
    where a letter must not go the way of the others, because other addresses are allowed to it.
    """

    request: OutboundRequest
    shown_headers: Mapping[str, str]
    shown_body: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    http: OutboundHttp | None = None


class CannotRender(Exception):
    """A letter cannot be written now; `detail` is a plain sentence without secrets."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


Draft = Callable[[World], RenderedLetter]
"""Writes one letter for a try, sealed and signed afresh. Raises CannotRender."""


class LetterRenderer(Protocol):
    """One kind of letter."""

    @property
    def rules(self) -> DeliveryRules:
        """When a letter of this kind is delivered, tried again or parked."""

    def owns(self, key: LaneKey) -> bool:
        """Do letters of this kind go to the lane? A lane has letters of one kind only."""

    def find_obstacle(self, world: World, key: LaneKey) -> Obstacle | None:
        """Why nothing can be sent to a lane now; None when letters may go."""

    async def load(self, letters: Sequence[ClaimedLetter]) -> Mapping[str, Draft]:
        """Read what the letters speak of, in few queries; gives their drafts by letter id."""

    def find_flag(self, answer: OutboundAnswer) -> str | None:
        """What a person should look at in an answer that delivered; None when all is well."""

    async def note_parked(self, finished: FinishedTry) -> None:
        """A letter now waits for a person: do what else follows. It may be called again for the same try."""
