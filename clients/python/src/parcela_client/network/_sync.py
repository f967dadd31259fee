"""The network API: offers, plans and PAN lists, signed and encrypted inside.

Made from `network/_async.py`; do not edit.

Members are those of the wire, fractions are `Decimal`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from parcela_client._calls import TIMEOUT_S, Retries
from parcela_client._clients import SyncClosing
from parcela_client._sending import Sender
from parcela_client.network import _calls as calls
from parcela_client.network._calls import Members
from parcela_client.network._party import Json, NetworkCall, Party, prepare_network, read_network

_RETRIES = Retries()


class Line:
    """Sends calls; every try is sealed and signed afresh."""

    def __init__(self, party: Party, sender: Sender) -> None:
        self._party = party
        self._sender = sender

    def send(self, call: NetworkCall) -> Json:
        """The members of the answer. Raises `ParcelaError`."""
        answer = self._sender.send(lambda: prepare_network(call, self._party))
        return read_network(answer, self._party)

    def close(self) -> None:
        """Hang up."""
        self._sender.close()


class Offers:
    """What a purchase can be paid with."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def find(self, *, transaction: Members, merchant: Members, card_number: str) -> Json:
        """The offers in the order to show them in; without any, `eligibilityMessages` say why."""
        call = calls.find_offers(transaction=transaction, merchant=merchant, card_number=card_number)
        return self._line.send(call)


class Plans:
    """Accepted offers."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def accept(
        self,
        shown: Members,
        chosen: Members,
        *,
        transaction: Members,
        card_number: str,
        merchant: Members | None = None,
    ) -> Json:
        """Make a plan of one of the offers that `offers.find` gave; the same again gives the same plan."""
        call = calls.accept_offer(
            shown, chosen, merchant=merchant, transaction=transaction, card_number=card_number
        )
        return self._line.send(call)

    def create(self, body: Members, *, card_number: str) -> Json:
        """Make a plan of members that you put together."""
        return self._line.send(calls.create_plan(body, card_number=card_number))

    def retrieve(self, plan_id: str, /) -> Json:
        """The plan; never a card number."""
        return self._line.send(calls.retrieve_plan(plan_id))


class PanLists:
    """Cards that an offer group is reserved for; issuers only."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def register(
        self,
        *,
        name: str | None = None,
        list_id: str | None = None,
        card_numbers: Sequence[str] = (),
        account_range: Members | None = None,
    ) -> Json:
        """Make a list (`name`) or add to one (`list_id`); numbers that failed are in `sensitiveData`."""
        call = calls.register_pans(
            name=name, list_id=list_id, card_numbers=card_numbers, account_range=account_range
        )
        return self._line.send(call)

    def deregister(self, list_id: str, card_numbers: Sequence[str]) -> Json:
        """Take numbers off a list; numbers that failed are in `sensitiveData`."""
        return self._line.send(calls.deregister_pans(list_id, card_numbers))


class Network(SyncClosing):
    """The network API of a partner or an issuer."""

    def __init__(self, party: Party, *, timeout_s: float = TIMEOUT_S, retries: Retries = _RETRIES) -> None:
        line = Line(party, Sender(retries, timeout_s=timeout_s))
        self._connection = line
        self._base_url = party.base_url
        self.offers = Offers(line)
        self.plans = Plans(line)
        self.pan_lists = PanLists(line)

    @classmethod
    def from_credentials(
        cls, source: str | Path | Mapping[str, Any], *, party: str = "partner", retries: Retries = _RETRIES
    ) -> Self:
        """With the keys of a credentials file (or its members), as `partner` or as `issuer`."""
        return cls(Party.from_credentials(source, party), retries=retries)

    def __repr__(self) -> str:
        return f"Network(base_url={self._base_url!r})"
