"""The life of a merchant's offers, for doors and orders: acceptance, plan conditions, hold, evidence.

| function | does |
|---|---|
| `accept_offer` | UPDATE: acceptance and serial numbers (`spec/gateway.md` §10) |
| `check_plan_choice` | the plan conditions of a payment (§11.3); reads only |
| `name_chosen_plan` | the plan that a request asks for, unchecked |
| `hold_offer`, `spend_offer`, `release_offer` | the offer and its budget, inside the payment's transactions |
| `check_serials_at_capture`, `add_serials` | serial numbers that come with a capture |
| `checked_to_document`, `recall_plan` | a checked plan from an authorization to its capture |
| `keep_evidence` | the acceptance, kept with the plan |
"""

from parcela.operations.offer_holds import (
    add_serials,
    hold_offer,
    keep_evidence,
    release_offer,
    spend_offer,
)
from parcela.operations.offer_updates import accept_offer
from parcela.operations.plan_choices import (
    check_plan_choice,
    check_serials_at_capture,
    checked_to_document,
    name_chosen_plan,
    recall_plan,
)
from parcela.operations.plan_records import (
    AcceptanceResult,
    AcceptanceStatus,
    AcceptOffer,
    CheckedPlan,
    HoldVerdict,
    PlanChoice,
    PlannedPayment,
)

__all__ = [
    "AcceptOffer",
    "AcceptanceResult",
    "AcceptanceStatus",
    "CheckedPlan",
    "HoldVerdict",
    "PlanChoice",
    "PlannedPayment",
    "accept_offer",
    "add_serials",
    "check_plan_choice",
    "check_serials_at_capture",
    "checked_to_document",
    "hold_offer",
    "keep_evidence",
    "name_chosen_plan",
    "recall_plan",
    "release_offer",
    "spend_offer",
]
