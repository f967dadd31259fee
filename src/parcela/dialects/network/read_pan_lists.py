"""Reading registrations and deregistrations: failing members are told together (`spec/network.md`
§§2.1, 8, 16.3).
"""

import re
from dataclasses import dataclass, field

from parcela.dialects.network.errors import PAN_LISTS, ErrorAnswer, WireError, refuse, refuse_body
from parcela.dialects.network.wire_values import Members, is_number
from parcela.dialects.strict_json import JsonValue
from parcela.domain.cards import mask_card_numbers
from parcela.domain.pan_lists import MAX_PANS
from parcela.operations.pan_lists import DeregisterPans, RegisterPans

_NAME = re.compile(r"[a-zA-Z0-9\s-]{1,64}", re.ASCII)
_LIST_ID = re.compile(r"[0-9]{18}")
_BOUND = re.compile(r"[0-9]{11,19}")


@dataclass(slots=True)
class _Reader:
    """Collects the failures of one request's members."""

    failures: list[WireError] = field(default_factory=list)

    def fail(self, member: str, description: str) -> None:
        self.failures.append(WireError(PAN_LISTS, f"invalid.data: {member}", description))

    def check(self) -> None:
        if self.failures:
            raise ErrorAnswer(400, self.failures)


def read_registration(body: Members, sensitive: Members | None) -> RegisterPans:
    """A new list, or more PANs for one; `sensitive` is None without encrypted PANs. Raises ErrorAnswer."""
    sent_pans = _read_pans(sensitive)
    if body.get("panListId") is not None:
        return _read_addition(body, sent_pans)
    return _read_new_list(body, sent_pans)


def _read_addition(body: Members, sent_pans: list[JsonValue] | None) -> RegisterPans:
    """PANs for a list that exists: its name is not read."""
    reader = _Reader()
    pan_list_id = _read_list_id(reader, body)
    bounds = _read_bounds(reader, body)
    if sent_pans:
        _check_count(reader, sent_pans)
    reader.check()
    if not sent_pans:
        raise refuse(PAN_LISTS, "invalid.pan", "To update pan list at least one pan should be present")
    return RegisterPans(name=None, pan_list_id=pan_list_id, bounds=bounds, pans=_read_each(sent_pans))


def _read_new_list(body: Members, sent_pans: list[JsonValue] | None) -> RegisterPans:
    reader = _Reader()
    name = _read_name(reader, body)
    bounds = _read_bounds(reader, body)
    if not sent_pans and body.get("accountRange") is None:
        reader.fail("Either encryptedValue or Account Range", "must not be null or empty")
    elif sent_pans is not None:
        _check_count(reader, sent_pans)
    reader.check()
    return RegisterPans(name=name, pan_list_id=None, bounds=bounds, pans=_read_each(sent_pans or []))


def read_deregistration(body: Members, sensitive: Members | None) -> DeregisterPans:
    """PANs to take off a list. Raises ErrorAnswer."""
    reader = _Reader()
    sent_pans = _read_pans(sensitive)
    pan_list_id = ""
    if body.get("panListId") is None:
        reader.fail("panListId", "must not be null")
    else:
        pan_list_id = _read_list_id(reader, body)
    if sent_pans is None:
        reader.fail("encryptedValue", "must not be null or empty")
    else:
        _check_count(reader, sent_pans)
    reader.check()
    return DeregisterPans(pan_list_id=pan_list_id, pans=_read_each(sent_pans or []))


def _read_name(reader: _Reader, body: Members) -> str:
    """The name of a new list. It is free text and stored in clear, so a card number in it is masked."""
    name = body.get("panListName")
    if name is None or name == "":
        reader.fail("panListName", "must not be null or empty")
    elif isinstance(name, str) and not is_number(name) and _NAME.fullmatch(name):
        return mask_card_numbers(name)
    else:
        reader.fail("panListName", r'must match "^[a-zA-Z0-9\s-]{1,64}$"')
    return ""


def _read_list_id(reader: _Reader, body: Members) -> str:
    value = body.get("panListId")
    if isinstance(value, str) and not is_number(value) and _LIST_ID.fullmatch(value):
        return value
    reader.fail("panListId", 'must match "^[0-9]{18}$"')
    return ""


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


def _check_count(reader: _Reader, pans: list[JsonValue]) -> None:
    if not 1 <= len(pans) <= MAX_PANS:
        reader.fail("sensitiveData.pans", f"size must be between 1 and {MAX_PANS}")


def _read_each(pans: list[JsonValue]) -> tuple[str, ...]:
    """The texts of the PANs; one of another JSON type fails by its form later, told as it was sent."""
    texts = []
    for member in pans:
        value = member.get("pan") if isinstance(member, dict) else None
        if value is not None and not isinstance(value, str):
            raise refuse_body(PAN_LISTS)
        texts.append("" if value is None else str(value))
    return tuple(texts)


def _read_bounds(reader: _Reader, body: Members) -> tuple[str, str] | None:
    value = body.get("accountRange")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise refuse_body(PAN_LISTS)
    bounds = []
    for name in ("accountRangeLow", "accountRangeHigh"):
        bound = value.get(name)
        if isinstance(bound, str) and _BOUND.fullmatch(bound):
            bounds.append(str(bound))
        else:
            reader.fail(f"accountRange.{name}", 'must match "^[0-9]{11,19}$"')
    return (bounds[0], bounds[1]) if len(bounds) == 2 else None
