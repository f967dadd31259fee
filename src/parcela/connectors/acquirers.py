"""Which acquirer a merchant has.

The simulated one is the only one there is: it serves test merchants everywhere, and all merchants in a
sandbox. Elsewhere any other merchant has none, and its payments are refused before they begin. An account of
the payments door has its own test mode, so its live mode is served by no simulator.
"""

from parcela.connectors.simulated.payment_cards import is_payments_account
from parcela.domain.merchants import MerchantProfile
from parcela.domain.order_refusals import NoAcquirer, Relationship
from parcela.operations.acquiring import Acquirer, AcquirerReply, AcquirerRequest


class AcquirerRouter:
    """An `Acquirer` that hands each merchant's messages to its own."""

    def __init__(self, simulated: Acquirer, *, is_sandbox: bool) -> None:
        self._simulated = simulated
        self._is_sandbox = is_sandbox

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """Is there anybody to carry this merchant's messages?"""
        return profile.is_simulated or (self._is_sandbox and not is_payments_account(profile))

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """Carry out a card message. Raises NoAcquirer, AcquirerSilent."""
        if not self.has_acquirer(request.profile):
            raise NoAcquirer(Relationship.CURRENCY)
        return await self._simulated.send(request)

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """What became of a message; a merchant without an acquirer has sent none."""
        return await self._simulated.find(profile, message_id) if self.has_acquirer(profile) else None

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Void a message; a merchant without an acquirer has none to void."""
        if self.has_acquirer(profile):
            await self._simulated.reverse(profile, message_id)
