"""Reading registrations and deregistrations; one failing rule answers (`spec/network.md` §§8, 16.3)."""

import re

from parcela.dialects.network.errors import PAN_LISTS, ErrorAnswer, WireError, refuse, refuse_body
from parcela.dialects.network.wire_values import Members, is_number
from parcela.dialects.strict_json import JsonValue
from parcela.domain.cards import mask_card_numbers
from parcela.domain.pan_lists import MAX_PANS
from parcela.operations.pan_lists import DeregisterPans, RegisterPans

_NAME = re.compile(r"[a-zA-Z0-9\s-]{1,64}", re.ASCII)
_LIST_ID = re.compile(r"[0-9]{18}")
_BOUND = re.compile(r"[0-9]{11,19}")


def read_registration(body: Members, sensitive: Members | None) -> RegisterPans:
    """A new list, or more PANs for one; `sensitive` is None without encrypted PANs. Raises ErrorAnswer."""
    name, pan_list_id = body.get("panListName"), body.get("panListId")
    sent_pans = _read_pans(sensitive)
    if pan_list_id is not None:
        _check_list_id(pan_list_id)
        if not sent_pans:
            raise refuse(PAN_LISTS, "invalid.pan", "To update pan list at least one pan should be present")
        bounds = _read_bounds(body)
        _check_count(sent_pans)
        return RegisterPans(
            name=None, pan_list_id=str(pan_list_id), bounds=bounds, pans=_read_each(sent_pans)
        )
    if name is None or name == "":
        raise _refuse_data("panListName", "must not be null or empty")
    if not isinstance(name, str) or is_number(name) or not _NAME.fullmatch(name):
        raise _refuse_data("panListName", r'must match "^[a-zA-Z0-9\s-]{1,64}$"')
    if not sent_pans and body.get("accountRange") is None:
        raise _refuse_data("Either encryptedValue or Account Range", "must not be null or empty")
    bounds = _read_bounds(body)
    # A name is free text and stored in clear, so a card number in it is masked.
    masked_name = mask_card_numbers(name)
    if sent_pans is None:
        return RegisterPans(name=masked_name, pan_list_id=None, bounds=bounds, pans=())
    _check_count(sent_pans)
    return RegisterPans(name=masked_name, pan_list_id=None, bounds=bounds, pans=_read_each(sent_pans))


def read_deregistration(body: Members, sensitive: Members | None) -> DeregisterPans:
    """PANs to take off a list. Raises ErrorAnswer."""
    pan_list_id = body.get("panListId")
    if pan_list_id is None:
        raise _refuse_data("panListId", "must not be null")
    _check_list_id(pan_list_id)
    sent_pans = _read_pans(sensitive)
    if sent_pans is None:
        raise _refuse_data("encryptedValue", "must not be null or empty")
    _check_count(sent_pans)
    return DeregisterPans(pan_list_id=str(pan_list_id), pans=_read_each(sent_pans))


def _refuse_data(member: str, description: str) -> ErrorAnswer:
    return refuse(PAN_LISTS, f"invalid.data: {member}", description)


def _check_list_id(value: JsonValue) -> None:
    if not isinstance(value, str) or is_number(value) or not _LIST_ID.fullmatch(value):
        raise _refuse_data("panListId", 'must match "^[0-9]{18}$"')


def _read_pans(sensitive: Members | None) -> list[JsonValue] | None:
    """The list of PANs inside the encrypted member; None when there is no such member."""
    if sensitive is None:
        return None
    pans = sensitive.get("pans")
    if pans is None:
        return []
    if not isinstance(pans, list):
        raise refuse_body(PAN_LISTS)
    return pans


def _check_count(pans: list[JsonValue]) -> None:
    if not 1 <= len(pans) <= MAX_PANS:
        raise _refuse_data("sensitiveData.pans", f"size must be between 1 and {MAX_PANS}")


def _read_each(pans: list[JsonValue]) -> tuple[str, ...]:
    """The texts of the PANs; one of another JSON type fails by its form later, told as it was sent."""
    texts = []
    for member in pans:
        value = member.get("pan") if isinstance(member, dict) else None
        if value is not None and not isinstance(value, str):
            raise refuse_body(PAN_LISTS)
        texts.append("" if value is None else str(value))
    return tuple(texts)


def _read_bounds(body: Members) -> tuple[str, str] | None:
    value = body.get("accountRange")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise refuse_body(PAN_LISTS)
    bounds = []
    failures = []
    for name in ("accountRangeLow", "accountRangeHigh"):
        bound = value.get(name)
        if isinstance(bound, str) and _BOUND.fullmatch(bound):
            bounds.append(str(bound))
        else:
            failures.append(
                WireError(PAN_LISTS, f"invalid.data: accountRange.{name}", 'must match "^[0-9]{11,19}$"')
            )
    if failures:
        raise ErrorAnswer(400, failures)
    return bounds[0], bounds[1]
