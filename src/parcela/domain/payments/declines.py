"""What a bank's answer means to a merchant (`spec/payments.md` §13): ISO 8583 response codes in words."""

from parcela.domain.orders import Outcome
from parcela.domain.payments.refusals import DeclineCode

_CODES = {
    "05": DeclineCode.DO_NOT_HONOR,
    "1A": DeclineCode.AUTHENTICATION_REQUIRED,
    "41": DeclineCode.LOST_CARD,
    "43": DeclineCode.STOLEN_CARD,
    "51": DeclineCode.INSUFFICIENT_FUNDS,
    "54": DeclineCode.EXPIRED_CARD,
    "65": DeclineCode.AUTHENTICATION_REQUIRED,
    "82": DeclineCode.INCORRECT_CVC,
    "91": DeclineCode.ISSUER_UNAVAILABLE,
    "N7": DeclineCode.INCORRECT_CVC,
}
_SENTENCES = {
    DeclineCode.INSUFFICIENT_FUNDS: "The card has insufficient funds.",
    DeclineCode.EXPIRED_CARD: "The card has expired.",
    DeclineCode.INCORRECT_CVC: "The security code is incorrect.",
    DeclineCode.ISSUER_UNAVAILABLE: "The card's issuer cannot be reached; try again later.",
    DeclineCode.AUTHENTICATION_REQUIRED: "The card's issuer asks for authentication.",
}
NOT_AUTHENTICATED = "The cardholder was not authenticated. Nothing was charged."
NO_ANSWER = "The bank gave no answer in time. Nothing was charged; try again."
_FAULTY = "The bank could not process the card. Nothing was charged; try again."


def find_decline(outcome: Outcome, response_code: str | None) -> DeclineCode | None:
    """Why the bank declined; None where it gave no decision on the card."""
    if outcome is Outcome.EXPIRED_CARD:
        return DeclineCode.EXPIRED_CARD
    if outcome is Outcome.DECLINED:
        return _CODES.get(response_code or "", DeclineCode.GENERIC_DECLINE)
    return None


def describe_decline(outcome: Outcome, decline: DeclineCode | None) -> str:
    """A sentence for people. Lost and stolen cards are told as any other decline."""
    if decline is not None:
        return _SENTENCES.get(decline, "The card was declined.")
    return NO_ANSWER if outcome is Outcome.TIMED_OUT else _FAULTY
