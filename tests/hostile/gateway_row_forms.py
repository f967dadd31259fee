"""How rows of our own for the gateway door are written."""

from typing import Any

from tests.hostile.gateway_calls import CARD
from tests.hostile.rows import Row

ROOT = "/api/rest/version/100"
UNSET_TOTAL = ["order.itemAmount", "order.item"]
NUMBER, CODE = f"{CARD}.number", f"{CARD}.securityCode"
AMOUNT, CURRENCY = "order.amount", "order.currency"
OFFER, TERMS = "paymentPlan.offerId", "paymentPlanOffer.termsAndConditionsDisplay"
ACCEPTANCE = "paymentPlanOffer.payerAcceptance"
ACCEPTED = "an accepted cart offer, its id in paymentPlan.offerId"


def write_row(
    name: str, base: str, status: int, field: str | None = None, validation: str = "INVALID", **given: Any
) -> Row:
    """A row that expects a status; of a refusal with a field also that, and that nothing has changed."""
    expect: dict[str, Any] = {"status": [status], "shape": "gw_error"}
    if status >= 400:
        expect["state"] = "unchanged"
    if field is not None:
        expect |= {"field": field, "validation": validation}
    for key in ("text", "state", "result", "code", "equal", "max_rss_mib", "max_ms", "expect_sequence"):
        if key in given:
            expect[key] = given.pop(key)
    more = given.pop("also", [])
    return {
        "id": name,
        "target": "gateway",
        "input": {"base": f"gateway.{base}", **given},
        "expect": {**expect, "status": [status, *more]},
    }


def write_payment_row(
    name: str, changes: dict[str, Any], status: int, field: str | None = None, **given: Any
) -> Row:
    return write_row(f"pay-{name}", "pay", status, field, set=changes, **given)
