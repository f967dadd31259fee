"""What a merchant wants done to a plan after the purchase: give money back, take the plan back, undo that."""

from dataclasses import dataclass
from enum import StrEnum

from parcela.domain.refund_strategy import RefundStrategy


class InstructionKind(StrEnum):
    """REFUND gives an amount back, CANCEL voids the purchase, REINSTATE takes a refund back."""

    REFUND = "refund"
    CANCEL = "cancel"
    REINSTATE = "reinstate"


class InstructionState(StrEnum):
    """Where an instruction stands; `waiting` also while nobody services the plan here, or in a dispute."""

    WAITING = "waiting"
    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInstruction:
    """One instruction, in minor units of the plan's currency. It has its effect once for its `event_id`.

    `refund_event_id` is the event id of the refund that is taken back (REINSTATE only). `strategy` and
    `returns_charges` are those that were agreed with the plan; where nothing was agreed the issuer's count.
    """

    kind: InstructionKind
    plan_id: str
    amount_minor: int
    event_id: str
    refund_event_id: str | None = None
    strategy: RefundStrategy | None = None
    returns_charges: bool | None = None

    def __post_init__(self) -> None:
        assert (self.kind is InstructionKind.REINSTATE) == (self.refund_event_id is not None), (
            "what is taken back is one refund"
        )
