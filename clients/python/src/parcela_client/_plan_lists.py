"""The plans that a shopper can choose from, with the reasons for what is missing."""

from typing import Any

from parcela_client._generated.objects import InstallmentPlan, UnavailableReason


class PlanList(list[InstallmentPlan]):
    """Plans in the order in which they must be shown; an empty list says why in `unavailable_reasons`."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__(InstallmentPlan.read(item) for item in members.get("data", []))
        self.unavailable_reasons = [
            UnavailableReason.read(item) for item in members.get("unavailableReasons", [])
        ]
