"""Which request an answer belongs to, when trace numbers of several acquirers may be the same.

An answer fits a request when every element that it echoes is equal. Requests that no answer could tell
apart, and that are not one purchase sent again, are never outstanding together: the second one waits.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from parcela.connectors.iso8583.messages import Message, name_response_type

_ECHOED = ("7", "11", "12", "13", "32", "33", "37", "41", "42", "2", "3", "4", "49")
_TOLD_APART_BY = ("7", "32", "37", "41", "42")
"""Elements that ISO 8583 has every answer repeat: two requests that differ here cannot be confused."""


class Exchange:
    """A request on its way to the host, and the answer once it is there.

    `is_expired`: the acquirer was answered without the host. `is_told`: it learned the outcome afterwards,
    from the answer to a repeat.
    """

    def __init__(self, message: Message) -> None:
        self.message = message
        self.response_type = name_response_type(message.message_type)
        self.answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.is_expired = False
        self.is_told = False
        self.settled = asyncio.Event()

    @property
    def key(self) -> tuple[str, str]:
        """The least that an answer repeats: its type follows from the request's, and DE 11 is the same."""
        return self.response_type, self.message.elements.get("11", "")

    def fits(self, answer: Message) -> bool:
        """Is every element that the answer echoes equal to the request's?"""
        sent = self.message.elements
        return all(
            sent[name] == answer.elements[name]
            for name in _ECHOED
            if name in sent and name in answer.elements and not _is_changeable(name, answer)
        )

    def is_same_purchase(self, other: "Exchange") -> bool:
        """Is one of the two the other one sent again?"""
        return all(self.message.elements.get(name) == other.message.elements.get(name) for name in _ECHOED)

    def may_be_confused_with(self, other: "Exchange") -> bool:
        """Could an answer to one be taken for an answer to the other?"""
        if self.key != other.key or self.is_same_purchase(other):
            return False
        sent, held = self.message.elements, other.message.elements
        return all(sent.get(name) == held.get(name) for name in _TOLD_APART_BY)


def _is_changeable(name: str, answer: Message) -> bool:
    """A partial approval (DE 39 = 10) carries the amount that was approved."""
    return name == "4" and answer.elements.get("39") == "10"


class Exchanges:
    """The requests that are outstanding, and those that expired a while ago."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], list[Exchange]] = defaultdict(list)

    def __len__(self) -> int:
        return sum(len(held) for held in self._by_key.values())

    def find_conflict(self, exchange: Exchange) -> Exchange | None:
        """An outstanding request that must be settled before this one may be sent."""
        held = self._by_key.get(exchange.key, ())
        return next((other for other in held if exchange.may_be_confused_with(other)), None)

    def add(self, exchange: Exchange) -> None:
        """From now on answers may come."""
        self._by_key[exchange.key].append(exchange)

    def remove(self, exchange: Exchange) -> None:
        """No answer is waited for any more."""
        held = self._by_key.get(exchange.key, [])
        if exchange in held:
            held.remove(exchange)
        if not held:
            self._by_key.pop(exchange.key, None)
        exchange.settled.set()

    def find(self, answer: Message) -> Exchange | None:
        """The request that an answer belongs to: the oldest living one, else the oldest that expired.

        None when none fits, or when it fits several purchases: nobody may get another one's answer.
        """
        key = answer.message_type, answer.elements.get("11", "")
        fitting = [one for one in self._by_key.get(key, ()) if not one.answer.done() and one.fits(answer)]
        for is_expired in (False, True):
            candidates = [one for one in fitting if one.is_expired is is_expired]
            if candidates:
                is_clear = all(candidates[0].is_same_purchase(other) for other in candidates)
                return candidates[0] if is_clear else None
        return None

    def list_expired_twins(self, exchange: Exchange) -> Iterator[Exchange]:
        """Expired requests of the same purchase, which an answer to this one settles as well."""
        held = list(self._by_key.get(exchange.key, ()))
        return (one for one in held if one.is_expired and one.is_same_purchase(exchange))
