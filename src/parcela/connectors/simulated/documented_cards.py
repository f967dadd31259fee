"""Card data that make the simulated acquirer decide otherwise than approve (`spec/gateway.md` §19)."""

from dataclasses import dataclass

from parcela.domain.card_brands import CardBrand, find_brand
from parcela.domain.orders import Outcome, SecurityCodeMatch

APPROVED, DECLINED, EXPIRED = "00", "05", "54"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The outcome, the response code of ISO 8583 (None: the bank cannot say), and whether an answer comes."""

    outcome: Outcome
    response_code: str | None
    is_silent: bool = False


ORDINARY = Behaviour(Outcome.APPROVED, APPROVED)
EXPIRED_CARD = Behaviour(Outcome.EXPIRED_CARD, EXPIRED)

DOCUMENTED_EXPIRIES: dict[str, Behaviour] = {
    "01/39": ORDINARY,
    "05/39": Behaviour(Outcome.DECLINED, DECLINED),
    "04/27": EXPIRED_CARD,
    # The bank approves and its answer is lost: there is something to reverse.
    "08/28": Behaviour(Outcome.APPROVED, APPROVED, is_silent=True),
    "01/37": Behaviour(Outcome.ACQUIRER_ERROR, "96"),
    "02/37": Behaviour(Outcome.FAILED, "06"),
    "05/37": Behaviour(Outcome.UNKNOWN, None),
}

_CODES = {"100": SecurityCodeMatch.MATCH, "102": SecurityCodeMatch.NO_MATCH}
_AMEX_CODES = {"1000": SecurityCodeMatch.MATCH, "1020": SecurityCodeMatch.NO_MATCH}


def find_documented(month: str, year: str) -> Behaviour | None:
    """What an expiry date asks for; a month without leading zero is the same month."""
    return DOCUMENTED_EXPIRIES.get(f"{month.zfill(2)}/{year}")


def match_security_code(digits: str, code: str | None) -> SecurityCodeMatch | None:
    """What a security code asks for; None where none was given. American Express has four digits."""
    if code is None:
        return None
    codes = _AMEX_CODES if find_brand(digits) is CardBrand.AMEX else _CODES
    return codes.get(code, SecurityCodeMatch.NOT_PROCESSED)
