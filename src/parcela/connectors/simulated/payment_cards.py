"""Test cards of the payments door, by number (`spec/payments.md` §16): any future expiry, any code.

All numbers that are not named here are approved without a challenge.
"""

from parcela.connectors.simulated.documented_cards import EXPIRED_CARD, ORDINARY, Behaviour
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import Outcome
from parcela.domain.payments.ids import Prefix, is_id
from parcela.operations.payments.authenticating import AuthenticationQuestion

NOT_PERMITTED, INSUFFICIENT_FUNDS = "57", "51"

DOCUMENTED_NUMBERS: dict[str, Behaviour] = {
    "4242424242424242": ORDINARY,
    "4000000000000002": Behaviour(Outcome.DECLINED, NOT_PERMITTED),
    "4000000000009995": Behaviour(Outcome.DECLINED, INSUFFICIENT_FUNDS),
}
CHALLENGED_NUMBERS = frozenset({"4000000000003220", "5200828200000603"})


def is_payments_account(profile: MerchantProfile) -> bool:
    """Is the merchant an account of the payments door?"""
    return is_id(profile.merchant_id, Prefix.ACCOUNT)


def decide_payment_card(digits: str, *, is_expired: bool) -> Behaviour:
    """What the simulated bank says of a card of the payments door."""
    return EXPIRED_CARD if is_expired else DOCUMENTED_NUMBERS.get(digits, ORDINARY)


class SimulatedAuthenticator:
    """An `Authenticator` that asks for the documented cards in test mode."""

    async def needs_challenge(self, question: AuthenticationQuestion) -> bool:
        """By the number alone."""
        return not question.is_live and question.digits in CHALLENGED_NUMBERS
