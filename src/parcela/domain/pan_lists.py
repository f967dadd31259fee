"""PAN lists: cards of one account range to which an offer group is restricted (`spec/network.md` §8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from parcela.domain.cards import Pan, pad_high, pad_low, passes_luhn
from parcela.domain.catalogue import Catalogue
from parcela.domain.errors import RangeDiffers, RangeNotValid
from parcela.domain.programs import AccountRange

MAX_PANS = 20
MIN_PAN_DIGITS = 11
MAX_PAN_DIGITS = 19


class PanFailure(StrEnum):
    """Why one PAN of a request was not taken."""

    MALFORMED = "malformed"
    LUHN = "luhn"
    OUT_OF_RANGE = "out_of_range"
    ALREADY_PRESENT = "already_present"
    NOT_LINKED = "not_linked"
    NOT_REGISTERED = "not_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanList:
    """A list and the 19-digit bounds within which its PANs must lie."""

    pan_list_id: str
    name: str
    provider_id: str
    low: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPan:
    """One PAN of a request as it was sent, and the failure that its own form already shows."""

    sent: str = field(repr=False)
    pan: Pan | None
    failure: PanFailure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanOutcome:
    """What became of one PAN of a request; `failure` is None when it was taken."""

    sent: str = field(repr=False)
    failure: PanFailure | None


def check_pan_form(sent: str) -> CheckedPan:
    """Form, then check digit; the first failure only (§8.1)."""
    if not (sent.isascii() and sent.isdigit() and MIN_PAN_DIGITS <= len(sent) <= MAX_PAN_DIGITS):
        return CheckedPan(sent=sent, pan=None, failure=PanFailure.MALFORMED)
    failure = None if passes_luhn(sent) else PanFailure.LUHN
    return CheckedPan(sent=sent, pan=Pan(sent), failure=failure)


def find_range_of_bounds(
    catalogue: Catalogue, provider_id: str, *, low: str, high: str
) -> tuple[AccountRange, str, str]:
    """The issuer's configured range that holds the requested bounds, and the bounds with 19 digits."""
    padded_low, padded_high = pad_low(low), pad_high(high)
    if padded_low <= padded_high:
        for account_range in catalogue.list_ranges(provider_id):
            if int(account_range.low) <= padded_low and padded_high <= int(account_range.high):
                return account_range, f"{padded_low:019d}", f"{padded_high:019d}"
    raise RangeNotValid


def find_range_of_pans(
    catalogue: Catalogue, provider_id: str, pans: Sequence[CheckedPan]
) -> AccountRange | None:
    """The first enabled range of the issuer in which one of the PANs lies, in their order."""
    for checked in pans:
        if checked.pan is None or checked.failure is not None:
            continue
        found = catalogue.find_range(checked.pan.padded)
        if found is not None and found.account_range.provider_id == provider_id:
            return found.account_range
    return None


def check_same_bounds(pan_list: PanList, *, low: str, high: str) -> None:
    """A range sent along when adding must equal the list's own."""
    if (f"{pad_low(low):019d}", f"{pad_high(high):019d}") != (pan_list.low, pan_list.high):
        raise RangeDiffers


def judge_additions(
    pans: Sequence[CheckedPan], *, low: str, high: str, present: Collection[str]
) -> list[PanOutcome]:
    """Take PANs one by one: form, Luhn, range, already present; the second of two equal ones fails.

    `present`: the digits of those already in the list.
    """
    taken: set[str] = set(present)
    outcomes = []
    for checked in pans:
        failure = checked.failure
        if failure is None and checked.pan is not None:
            if not int(low) <= checked.pan.padded <= int(high):
                failure = PanFailure.OUT_OF_RANGE
            elif checked.pan.digits in taken:
                failure = PanFailure.ALREADY_PRESENT
            else:
                taken.add(checked.pan.digits)
        outcomes.append(PanOutcome(sent=checked.sent, failure=failure))
    return outcomes


def judge_removals(
    pans: Sequence[CheckedPan], *, present: Collection[str], elsewhere: Collection[str]
) -> list[PanOutcome]:
    """Remove PANs one by one: form, Luhn, in another list of the issuer, in none.

    `present`: digits of those in this list; `elsewhere`: of those in another list of the issuer.
    """
    left: set[str] = set(present)
    outcomes = []
    for checked in pans:
        failure = checked.failure
        if failure is None and checked.pan is not None:
            digits = checked.pan.digits
            if digits in left:
                left.remove(digits)
            elif digits in elsewhere:
                failure = PanFailure.NOT_LINKED
            else:
                failure = PanFailure.NOT_REGISTERED
        outcomes.append(PanOutcome(sent=checked.sent, failure=failure))
    return outcomes
