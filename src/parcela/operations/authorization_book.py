"""What decides behind the simulated issuer host, as a port: authorizations, advices and reversals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from parcela.domain.matching import AuthorizationQuestion

APPROVED = "00"
UNABLE_TO_LOCATE = "25"
NO_ACTION_TAKEN = "21"
DUPLICATE = "94"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRequest:
    """A card message as an issuer's system reads it.

    `elements` are DE 12, 13, 18, 22, 32, 42 and 43 by number, where they came; the entry mode is DE 22.
    `forced_code` is the answer that a documented amount asks for. `is_financial` is of class 2 (02xx).
    `replacement_minor` is what a partial reversal leaves standing (DE 95), in minor units.
    """

    question: AuthorizationQuestion
    plan_id: str | None = None
    elements: Mapping[str, str] = field(default_factory=dict)
    forced_code: str | None = None
    is_financial: bool = False
    replacement_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswer:
    """DE 39, and DE 38 where the purchase is approved."""

    response_code: str
    authorization_code: str | None = None


class AuthorizationBook(Protocol):
    """The issuer's records of authorizations. The same request again has the same answer and no effect."""

    async def authorize(self, request: HostRequest) -> HostAnswer:
        """Decide on a purchase."""

    async def advise(self, request: HostRequest) -> HostAnswer:
        """Take note of a purchase that was decided or completed elsewhere."""

    async def reverse(self, request: HostRequest) -> HostAnswer:
        """Void a purchase; 25 when it is not on record."""
