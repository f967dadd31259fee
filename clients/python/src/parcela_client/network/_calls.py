"""The calls of the network API as data, the same for both twins."""

from collections.abc import Mapping, Sequence
from typing import Any

from parcela_client.network._party import NetworkCall, make_plan_body, plan_path

Members = Mapping[str, Any]


def find_offers(*, transaction: Members, merchant: Members, card_number: str) -> NetworkCall:
    """`POST /offers`."""
    return NetworkCall(
        method="POST",
        path="/offers",
        body={"transaction": transaction, "merchant": merchant},
        sensitive=_hold_card(card_number),
    )


def accept_offer(
    shown: Members, chosen: Members, *, merchant: Members | None, transaction: Members, card_number: str
) -> NetworkCall:
    """`POST /plans` with the chosen offer as it was shown."""
    body = make_plan_body(shown, chosen, merchant=merchant, transaction=transaction)
    return NetworkCall(method="POST", path="/plans", body=body, sensitive=_hold_card(card_number))


def create_plan(body: Members, *, card_number: str) -> NetworkCall:
    """`POST /plans` with members of the caller's own making."""
    return NetworkCall(method="POST", path="/plans", body=body, sensitive=_hold_card(card_number))


def retrieve_plan(plan_id: str) -> NetworkCall:
    """`GET /plans/{id}`."""
    return NetworkCall(method="GET", path=plan_path(plan_id))


def register_pans(
    *,
    name: str | None,
    list_id: str | None,
    card_numbers: Sequence[str],
    account_range: Members | None,
) -> NetworkCall:
    """`POST /consumers/pans/registrations`."""
    named = {"panListName": name, "panListId": list_id, "accountRange": account_range}
    return NetworkCall(
        method="POST",
        path="/consumers/pans/registrations",
        body={member: value for member, value in named.items() if value is not None},
        sensitive=_hold_pans(card_numbers) if card_numbers else None,
    )


def deregister_pans(list_id: str, card_numbers: Sequence[str]) -> NetworkCall:
    """`POST /consumers/pans/deregistrations`."""
    return NetworkCall(
        method="POST",
        path="/consumers/pans/deregistrations",
        body={"panListId": list_id},
        sensitive=_hold_pans(card_numbers),
    )


def _hold_card(card_number: str) -> dict[str, Any]:
    return {"consumer": {"primaryAccountNumber": card_number}}


def _hold_pans(card_numbers: Sequence[str]) -> dict[str, Any]:
    return {"pans": [{"pan": number} for number in card_numbers]}
