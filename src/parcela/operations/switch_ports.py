"""What the switch needs from outside: the answers about plans, and a record of what nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from parcela.domain.matching import AuthorizationQuestion, PlanMatch

ReversalReason = Literal["late_approval", "no_answer", "undelivered"]
SettledState = Literal["reversed", "declined", "answered"]


class RecordsUnavailable(Exception):
    """The records cannot be reached now; the text says why, without any data of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredAuthorization:
    """An authorization whose outcome the acquirer was not told. `elements` repeat it, without the PAN."""

    digits: str = field(repr=False)
    plan_id: str | None
    elements: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """An authorization on record that no reversal has settled yet."""

    attempt_id: str
    reason: ReversalReason
    authorization: UnansweredAuthorization


class SwitchRecords(Protocol):
    """The records behind the switch. Every call but `now` may raise RecordsUnavailable."""

    def now(self) -> datetime:
        """The time in this world, for messages of our own."""

    async def find_plan(self, question: AuthorizationQuestion) -> PlanMatch:
        """The plan of an authorization, bound to it."""

    async def note_decline(self, authorization_id: str) -> None:
        """The issuer declined: the plan is free again."""

    async def note_unanswered(self, authorization: UnansweredAuthorization) -> str:
        """Nobody knows what the host decided; gives the id of the record."""

    async def note_reversal_due(self, attempt_id: str, reason: ReversalReason) -> None:
        """The host must be told that the authorization is void."""

    async def note_settled(self, attempt_id: str, state: SettledState, response_code: str | None) -> None:
        """The outcome is known now."""

    async def list_open(self) -> list[OpenAttempt]:
        """What an earlier run left open, the oldest first."""
