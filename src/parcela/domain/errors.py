"""The closed tree of refusals that the core can give; those of one module stand in that module.

DomainError
├── InvalidInput          a member of a set-up document is wrong: what was expected, what came
├── InvalidTerms          a program's pricing terms contradict themselves (`terms`)
├── InvalidMoney          an amount that its currency cannot hold (`money`)
├── CurrencyMismatch      two currencies mixed (`money`)
├── DateOutOfRange        a due date after the year 9999 (`calendar`)
├── NotPriceable          a program gives no lawful schedule for this purchase (`schedule`)
├── RateUndefined         no rate of the regime solves these flows (`rates`)
├── NotFound              no such record for this caller (foreign and unknown are the same)
├── NotAllowed            the caller may not do this
│   └── FourEyesRequired  the approver is the person who proposed
├── Conflict              the record's state does not admit this act
│   ├── IllegalTransition a serviced plan in this state (`servicing`)
│   └── PlanHeld          a dispute is open (`servicing`)
├── NoticeRefused         a noticed plan contradicts itself or cannot be opened (`servicing`)
├── AmountRefused         not the amount expected, or more than is left (`servicing`)
├── UnknownToken          a token PAN without an entry in the token map
├── PanListRefused        a PAN-list request cannot be carried out as a whole
│   ├── PanListNotFound
│   ├── RangeNotValid
│   └── RangeDiffers
└── PlanRefused           an offer cannot become a plan
    ├── PresentmentUnknown
    ├── PlanExists
    ├── OfferExpired
    └── OfferMismatch     members that differ from what was presented
"""

from collections.abc import Sequence


class DomainError(Exception):
    """A visitor's request cannot be granted; `code` is stable and doors map it to their own words."""

    code: str = "domain_error"


class InvalidInput(DomainError):
    """A value does not fit: names the member, what was expected and (when harmless) what came."""

    code = "invalid_input"

    def __init__(self, member: str, expected: str, *, came: str | None = None) -> None:
        self.member = member
        self.expected = expected
        self.came = came
        super().__init__(f"{member}: expected {expected}" + (f", got {came}" if came is not None else ""))


class NotFound(DomainError):
    """No such record for this caller; unknown and foreign are told the same."""

    code = "not_found"

    def __init__(self, kind: str, key: str) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"There is no {kind} {key!r}.")


class NotAllowed(DomainError):
    """The caller may not do this."""

    code = "not_allowed"


class FourEyesRequired(NotAllowed):
    """The person who proposed a change may not approve it."""

    code = "four_eyes_required"


class Conflict(DomainError):
    """The record's state does not admit this act."""

    code = "conflict"


class UnknownToken(DomainError):
    """A PAN inside a token range has no entry in the token map (`spec/network.md` §10)."""

    code = "unknown_token"


class PanListRefused(DomainError):
    """A PAN-list request cannot be carried out as a whole (`spec/network.md` §8.1)."""

    code = "pan_list_refused"


class PanListNotFound(PanListRefused):
    """The issuer has no list with this id."""

    code = "pan_list_not_found"

    def __init__(self, pan_list_id: str) -> None:
        self.pan_list_id = pan_list_id
        super().__init__(f"There is no PAN list {pan_list_id}.")


class RangeNotValid(PanListRefused):
    """A new list's bounds do not lie inside one account range of the issuer."""

    code = "range_not_valid"


class RangeDiffers(PanListRefused):
    """The bounds sent along are not those of the list."""

    code = "range_differs"


class PlanRefused(DomainError):
    """An offer cannot become a plan."""

    code = "plan_refused"


class PresentmentUnknown(PlanRefused):
    """No offers were presented to this caller under that transaction id."""

    code = "presentment_unknown"


class PlanExists(PlanRefused):
    """A plan with other content was already made of this presentment."""

    code = "plan_exists"


class OfferExpired(PlanRefused):
    """The presentment is older than the offer life."""

    code = "offer_expired"


class OfferMismatch(PlanRefused):
    """The request differs from the presented offer in `things`, in the order of `spec/network.md` §7.3."""

    code = "offer_mismatch"

    def __init__(self, things: Sequence[str]) -> None:
        self.things = tuple(things)
        super().__init__("differs from the presented offer: " + ", ".join(self.things))
