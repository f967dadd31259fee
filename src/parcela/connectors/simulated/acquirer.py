"""A simulated acquirer: decides by documented card data for test merchants, and keeps real records."""

from datetime import UTC, datetime

import structlog

from parcela.connectors.simulated.documented_cards import (
    EXPIRED_CARD,
    ORDINARY,
    Behaviour,
    find_documented,
    match_security_code,
)
from parcela.connectors.simulated.payment_cards import decide_payment_card, is_payments_account
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import Outcome, SecurityCodeMatch
from parcela.operations.acquirer_book import AcquirerBook, CardDecision
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest, AcquirerSilent, PaymentCard

log = structlog.get_logger("parcela.acquirer")


class SimulatedAcquirer:
    """An `Acquirer` (`operations/acquiring.py`) by the book."""

    def __init__(self, book: AcquirerBook) -> None:
        self._book = book

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """It serves every merchant."""
        return True

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """Decide, once for each message id. A documented silence follows a decision that is kept."""
        if request.card is None:
            return await self._book.follow(request)
        behaviour = decide_card(request.card, request.profile, request.requested_at)
        security_code = match_code(request.card, request.profile)
        reply = await self._book.keep(
            request,
            CardDecision(
                outcome=behaviour.outcome,
                response_code=behaviour.response_code,
                security_code=security_code,
            ),
        )
        if behaviour.is_silent and reply.outcome is Outcome.APPROVED:
            raise AcquirerSilent("the expiry date asks for no answer")
        log.debug("decided", message=request.message_id, kind=request.kind, outcome=reply.outcome)
        return reply

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """What became of a message; a reversed one is declined."""
        return await self._book.find(profile, message_id)

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Void a message, also one that has not come yet."""
        await self._book.reverse(profile, message_id)


def decide_card(card: PaymentCard, profile: MerchantProfile, now: datetime) -> Behaviour:
    """What the bank says of a card at `now`; documented expiry dates count for test merchants only.

    For accounts of the payments door documented numbers count.
    """
    if is_payments_account(profile):
        return decide_payment_card(card.digits, is_expired=is_expired(card, now))
    documented = find_documented(card.expiry_month, card.expiry_year) if profile.is_simulated else None
    if documented is not None:
        return documented
    return EXPIRED_CARD if is_expired(card, now) else ORDINARY


def is_expired(card: PaymentCard, now: datetime) -> bool:
    """A card is good until the last day of its month; its two-digit year is of this century."""
    today = now.astimezone(UTC)
    return (2000 + int(card.expiry_year), int(card.expiry_month)) < (today.year, today.month)


def match_code(card: PaymentCard, profile: MerchantProfile) -> SecurityCodeMatch | None:
    """What the bank says of the security code; None where none was given."""
    if profile.is_simulated:
        return match_security_code(card.digits, card.security_code)
    return None if card.security_code is None else SecurityCodeMatch.NOT_PROCESSED
