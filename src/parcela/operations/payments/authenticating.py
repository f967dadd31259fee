"""Who asks the cardholder for 3-D Secure, as a port (`spec/payments.md` §4).

Calls are made outside transactions. Whoever says nothing for 3 s has the payment refused, never charged.
"""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationQuestion:
    """A card that is about to be charged."""

    digits: str = field(repr=False)
    amount_minor: int
    currency: str
    is_live: bool


class Authenticator(Protocol):
    """The issuer's access control server, or what stands in front of it."""

    async def needs_challenge(self, question: AuthenticationQuestion) -> bool:
        """Must the cardholder say who they are?"""


class FrictionlessAuthenticator:
    """An `Authenticator` that never asks."""

    async def needs_challenge(self, question: AuthenticationQuestion) -> bool:
        """No."""
        return False
