"""What may happen to a serviced plan in which state, and where it leads (`spec/reliability.md` §6, 18)."""

from enum import StrEnum

from parcela.domain.servicing.records import ServicedPlan, ServicingState
from parcela.domain.servicing.refusals import IllegalTransition, PlanHeld


class Action(StrEnum):
    """What is done to a plan. RECOVER_PART leaves a part of the loss, RECOVER brings the last of it back.

    REINSTATE takes a merchant's refund back; REOPEN does where the refund had ended the plan.
    """

    OPEN = "open"
    BILL = "bill"
    PAY = "pay"
    REFUND = "refund"
    DISPUTE = "dispute"
    COMPLETE = "complete"
    CANCEL = "cancel"
    WRITE_OFF = "write_off"
    RECOVER_PART = "recover_part"
    RECOVER = "recover"
    REINSTATE = "reinstate"
    REOPEN = "reopen"


TRANSITIONS: dict[tuple[ServicingState, Action], ServicingState] = {
    (ServicingState.CREATED, Action.OPEN): ServicingState.ACTIVE,
    (ServicingState.ACTIVE, Action.BILL): ServicingState.ACTIVE,
    (ServicingState.ACTIVE, Action.PAY): ServicingState.ACTIVE,
    (ServicingState.ACTIVE, Action.REFUND): ServicingState.ACTIVE,
    (ServicingState.ACTIVE, Action.DISPUTE): ServicingState.ACTIVE,
    (ServicingState.ACTIVE, Action.COMPLETE): ServicingState.COMPLETED,
    (ServicingState.ACTIVE, Action.CANCEL): ServicingState.CANCELLED,
    (ServicingState.ACTIVE, Action.WRITE_OFF): ServicingState.DEFAULTED,
    (ServicingState.ACTIVE, Action.REINSTATE): ServicingState.ACTIVE,
    # A merchant may give money back, or lose a dispute, long after the last row was paid.
    (ServicingState.COMPLETED, Action.REFUND): ServicingState.COMPLETED,
    (ServicingState.COMPLETED, Action.DISPUTE): ServicingState.COMPLETED,
    (ServicingState.COMPLETED, Action.REINSTATE): ServicingState.COMPLETED,
    # Only a refund that is taken back asks again for what it had ended.
    (ServicingState.COMPLETED, Action.REOPEN): ServicingState.ACTIVE,
    (ServicingState.CANCELLED, Action.REINSTATE): ServicingState.CANCELLED,
    (ServicingState.CANCELLED, Action.REOPEN): ServicingState.ACTIVE,
    (ServicingState.DEFAULTED, Action.REFUND): ServicingState.DEFAULTED,
    (ServicingState.DEFAULTED, Action.RECOVER_PART): ServicingState.DEFAULTED,
    (ServicingState.DEFAULTED, Action.RECOVER): ServicingState.RECOVERED,
    (ServicingState.DEFAULTED, Action.REINSTATE): ServicingState.DEFAULTED,
    (ServicingState.RECOVERED, Action.REFUND): ServicingState.RECOVERED,
    (ServicingState.RECOVERED, Action.REINSTATE): ServicingState.RECOVERED,
    (ServicingState.RECOVERED, Action.REOPEN): ServicingState.DEFAULTED,
}


def move_state(state: ServicingState, action: Action) -> ServicingState:
    """The state after an act. Raises `IllegalTransition` for a pair that is not in the table."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        allowed = ", ".join(known for (before, known) in TRANSITIONS if before is state) or "nothing"
        raise IllegalTransition(
            f"a plan that is {state} does not admit {action}: expected one of {allowed}"
        ) from None


def check_not_held(plan: ServicedPlan) -> None:
    """Refuse an act on a plan whose dispute is open. Raises `PlanHeld`."""
    if plan.is_held:
        raise PlanHeld(f"plan {plan.plan_id} has an open dispute: resolve the dispute first")
