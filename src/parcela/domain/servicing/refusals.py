"""What the processor's decisions refuse; every message says what was expected and what came."""

from parcela.domain.errors import Conflict, DomainError


class IllegalTransition(Conflict):
    """The plan's state does not admit this act (`lifecycle.TRANSITIONS`)."""

    code = "illegal_transition"


class PlanHeld(Conflict):
    """A dispute is open: until it is resolved nothing is billed, paid early, refunded or written off."""

    code = "plan_held"


class NoticeRefused(DomainError):
    """A notification tells a plan whose figures contradict themselves, or one that cannot be opened."""

    code = "notice_refused"


class AmountRefused(DomainError):
    """An amount that is not the one expected, or above what is left; both in minor units."""

    code = "amount_refused"

    def __init__(self, purpose: str, *, expected: str, came_minor: int) -> None:
        self.came_minor = came_minor
        super().__init__(f"{purpose}: expected {expected}, got {came_minor} minor units")


MAX_EVENT_MINOR = 10**15
"""No single event moves more: sums of thousands of such amounts still fit the 63 bits of a balance."""


def check_amount(purpose: str, amount_minor: int, *, maximum_minor: int | None = None) -> None:
    """An amount is at least one minor unit and at most the maximum. Raises `AmountRefused`."""
    if maximum_minor is None:
        if amount_minor < 1:
            raise AmountRefused(purpose, expected="at least 1 minor unit", came_minor=amount_minor)
        maximum_minor = MAX_EVENT_MINOR
    if not 1 <= amount_minor <= maximum_minor:
        expected = f"1 to {maximum_minor} minor units" if maximum_minor else "nothing, for nothing is left"
        raise AmountRefused(purpose, expected=expected, came_minor=amount_minor)
