"""An attempt at the acquirer, of whatever door: its lease, its call, and what came of it.

It is written before the call and concluded after it. Whoever loses the lease meanwhile loses the attempt.
"""

import asyncio
from dataclasses import dataclass

from parcela.domain.orders import AcquirerFacts, Outcome
from parcela.operations.acquiring import Acquirer, AcquirerReply, AcquirerRequest, AcquirerSilent

LEASE_S = 30
"""So long an attempt belongs to the process that began it; its calls take less."""
SEND_TIMEOUT_S = 15
REVERSE_TIMEOUT_S = 5


class Superseded(Exception):
    """The attempt was taken over, since it took too long: what was recorded then is its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What came of a card message; `reversal` is due while the acquirer may have done what nobody knows."""

    outcome: Outcome
    facts: AcquirerFacts | None = None
    reversal: str = "none"


async def send_message(acquirer: Acquirer, request: AcquirerRequest) -> Spoken:
    """Send a card message. What stays without an answer is reversed: then nothing has happened.

    When that fails as well the outcome is unknown until the sweep has had it reversed.
    """
    reply = await _send(acquirer, request)
    if reply is not None and reply.outcome is Outcome.UNKNOWN:
        return Spoken(outcome=Outcome.UNKNOWN, facts=reply.facts, reversal="due")
    if reply is not None and reply.outcome is not Outcome.TIMED_OUT:
        return Spoken(outcome=reply.outcome, facts=reply.facts)
    facts = None if reply is None else reply.facts
    try:
        async with asyncio.timeout(REVERSE_TIMEOUT_S):
            await acquirer.reverse(request.profile, request.message_id)
    except (AcquirerSilent, TimeoutError):
        return Spoken(outcome=Outcome.UNKNOWN, facts=facts, reversal="due")
    return Spoken(outcome=Outcome.TIMED_OUT, facts=facts, reversal="done")


async def _send(acquirer: Acquirer, request: AcquirerRequest) -> AcquirerReply | None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            return await acquirer.send(request)
    except (AcquirerSilent, TimeoutError):
        return None
