"""What a card message asks, and the message with its plan id in the configured element."""

import re
from dataclasses import dataclass

from parcela.connectors.iso8583.fields import FieldSpec
from parcela.connectors.iso8583.messages import MalformedMessage, Message, place_element
from parcela.domain.currency_numbers import find_currency_by_number
from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion, OriginalMessage

PLAN_ID_LENGTH = 36
BINDING_TYPES = frozenset({"0100", "0101", "0120", "0121", "0220", "0221"})
"""Authorizations, advices and completions, with their repeats: they may be the first of their purchase."""
REVERSAL_TYPES = frozenset({"0400", "0401", "0420", "0421"})
"""Reversals speak of a purchase that came before."""
ENRICHED_TYPES = BINDING_TYPES | REVERSAL_TYPES

_MAC_ELEMENTS = ("64", "128")
_DIGITS = re.compile(r"[0-9]+")
_PAN = re.compile(r"[0-9]{11,19}")
_SUBELEMENT = re.compile(r"([0-9A-Za-z]{2})([0-9]{3})")
_LINK_SUBELEMENT = "001022"
_MAX_LINK_LENGTH = 22


class NotEnriched(Exception):
    """The message goes on as it came; `reason` is a word for counters and logs."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPlace:
    """Where the plan id goes: an element (46-48, 56-63, 105-127), or a sub-element of it with this tag."""

    element: int = 48
    tag: str | None = None


def read_question(message: Message) -> AuthorizationQuestion:
    """The question that a message asks. Raises NotEnriched when it lacks what a question needs."""
    digits, amount, number = message.get(2), message.get(4), message.get(49)
    if digits is None or not _PAN.fullmatch(digits):
        # Track data names the card too, but is for nobody's eyes between acquirer and issuer.
        raise NotEnriched("no_card_number")
    currency = None if number is None else find_currency_by_number(number)
    if amount is None or not _DIGITS.fullmatch(amount) or int(amount) == 0 or currency is None:
        raise NotEnriched("no_amount")
    return AuthorizationQuestion(
        digits=digits,
        amount_minor=int(amount),
        currency=currency.code,
        stan=_read_stan(message.get(11)),
        rrn=_read_rrn(message.get(37)),
        transaction_link_id=_read_link_id(message.get(105)),
        transmitted=message.get(7),
        acquirer_id=message.get(32),
        original=_read_original(message.get(90)),
        may_bind=message.message_type in BINDING_TYPES,
    )


def _read_stan(text: str | None) -> Identifier | None:
    """DE 11 is a number of six places: its leading zeros mean nothing."""
    if text is None or not _DIGITS.fullmatch(text) or int(text) == 0:
        return None
    return Identifier(text, is_number=True)


def _read_rrn(text: str | None) -> Identifier | None:
    """DE 37 is a text; zeros alone stand for none."""
    return None if text is None or not text.strip("0") else Identifier(text)


def _read_link_id(text: str | None) -> str | None:
    """DE 105: the id itself, or sub-element 001 with a length of 022 at its beginning."""
    if text is None:
        return None
    if text.startswith(_LINK_SUBELEMENT):
        text = text[len(_LINK_SUBELEMENT) :][:_MAX_LINK_LENGTH].strip()
    return text if text and len(text) <= _MAX_LINK_LENGTH else None


def _read_original(text: str | None) -> OriginalMessage | None:
    """DE 90: type (4), STAN (6), transmission date and time (10), acquirer, forwarder."""
    if text is None or len(text) < 20 or not _DIGITS.fullmatch(text[:20]):
        return None
    stan = _read_stan(text[4:10])
    if stan is None or not text[10:20].strip("0"):
        return None
    return OriginalMessage(message_type=text[:4], stan=stan, transmitted=text[10:20])


def add_plan_id(message: Message, plan_id: str, place: PlanPlace, spec: FieldSpec) -> bytes:
    """The message with the plan id in its place; nothing that stands there already is ever changed.

    Raises NotEnriched: `sealed` (a MAC covers the message), `already_there` (this very plan id), `taken`
    (another value), `no_room`.
    """
    assert len(plan_id) == PLAN_ID_LENGTH
    if any(element in message.elements for element in _MAC_ELEMENTS):
        raise NotEnriched("sealed")
    held = message.elements.get(str(place.element), "")
    text = plan_id if place.tag is None else held + f"{place.tag}{PLAN_ID_LENGTH:03d}{plan_id}"
    if place.tag is None and held:
        raise NotEnriched("already_there" if held == plan_id else "taken")
    if place.tag is not None:
        subelements = split_subelements(held)
        if subelements is None:
            raise NotEnriched("taken")
        if place.tag in subelements:
            raise NotEnriched("already_there" if subelements[place.tag] == plan_id else "taken")
    try:
        return place_element(message, place.element, text, spec)
    except MalformedMessage:
        raise NotEnriched("no_room") from None


def split_subelements(text: str) -> dict[str, str] | None:
    """Sub-elements by tag: two characters, a length of three digits, a value; None for other texts."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        head = _SUBELEMENT.match(text, position)
        if head is None or head.end() + int(head[2]) > len(text):
            return None
        found[head[1]] = text[head.end() : head.end() + int(head[2])]
        position = head.end() + int(head[2])
    return found


def find_plan_id(message: Message, place: PlanPlace) -> str | None:
    """The plan id that a message carries."""
    held = message.get(place.element) or ""
    if place.tag is not None:
        held = (split_subelements(held) or {}).get(place.tag, "")
    return held if len(held) == PLAN_ID_LENGTH else None
