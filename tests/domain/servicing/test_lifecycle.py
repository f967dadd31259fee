"""Every state with every act: where it leads, or the refusal."""

from itertools import product

import pytest

from parcela.domain.servicing.lifecycle import TRANSITIONS, Action, move_state
from parcela.domain.servicing.records import ServicingState
from parcela.domain.servicing.refusals import IllegalTransition

# One line for each state: the acts it admits and the state they lead to.
ADMITTED = {
    "created": {"open": "active"},
    "active": {
        "bill": "active",
        "pay": "active",
        "refund": "active",
        "dispute": "active",
        "complete": "completed",
        "cancel": "cancelled",
        "write_off": "defaulted",
        "reinstate": "active",
    },
    "completed": {
        "refund": "completed",
        "dispute": "completed",
        "reinstate": "completed",
        "reopen": "active",
    },
    "cancelled": {"reinstate": "cancelled", "reopen": "active"},
    "defaulted": {
        "refund": "defaulted",
        "recover_part": "defaulted",
        "recover": "recovered",
        "reinstate": "defaulted",
    },
    "recovered": {"refund": "recovered", "reinstate": "recovered", "reopen": "defaulted"},
}


@pytest.mark.parametrize(("state", "action"), list(product(ServicingState, Action)))
def test_each_state_admits_its_acts_and_refuses_all_others(state: ServicingState, action: Action) -> None:
    expected = ADMITTED[state.value].get(action.value)
    if expected is None:
        with pytest.raises(IllegalTransition) as refusal:
            move_state(state, action)
        admitted = ", ".join(ADMITTED[state.value]) or "nothing"
        assert str(refusal.value) == (
            f"a plan that is {state} does not admit {action}: expected one of {admitted}"
        )
    else:
        assert move_state(state, action) == expected


def test_final_states_lead_nowhere_else_but_by_a_refund_that_is_taken_back() -> None:
    for (state, action), after in TRANSITIONS.items():
        if state in (ServicingState.COMPLETED, ServicingState.CANCELLED, ServicingState.RECOVERED):
            assert after is state or action is Action.REOPEN
