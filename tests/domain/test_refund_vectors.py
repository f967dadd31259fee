"""Published refunds, case by case: every key that a case states must come out exactly."""

import json
import operator
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.domain.test_schedule_vectors import read_program, read_rounding

from parcela.domain.allocation import AllocationOrder, OpenRow
from parcela.domain.currency import Currency, find_currency
from parcela.domain.money import Money, format_major, parse_major
from parcela.domain.refunds.models import follow_plan
from parcela.domain.refunds.records import (
    EventKind,
    LoanPlan,
    PlanEvent,
    Prepayment,
    RefundModel,
    RefundOutcome,
    RefundPolicy,
    RowPlan,
)
from parcela.domain.rounding import Rounding, RoundingMode
from parcela.domain.terms import Residual, RoundingRules

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent.parent / "golden" / "refunds.json").read_text("utf-8"))
}

# Cases whose convention the engine does not offer, by id.
UNSUPPORTED: tuple[str, ...] = ()

LOAN_CONVENTIONS = {
    "method": "ANNUITY",
    "day_count": "PERIODIC",
    "interest_rounding": {"mode": "HALF_EVEN", "to": "0.01"},
    "residual": "LAST",
}
ORDERS = {
    name: AllocationOrder[name.replace("REAMORTISE", "REAMORTIZE")]
    for name in (*AllocationOrder.__members__, "REAMORTISE_EVENLY")
}
PREPAYMENTS = {**Prepayment.__members__, "REDUCE_INSTALMENT": Prepayment.REDUCE_INSTALLMENT}


@pytest.mark.parametrize("case_id", sorted(set(CASES) - set(UNSUPPORTED)))
def test_published_refund_is_reproduced(case_id: str) -> None:
    computed, wanted = compare(case_id)
    assert computed == wanted


def test_unsupported_cases_are_exactly_the_named_ones() -> None:
    missed = [case_id for case_id in CASES if operator.ne(*compare(case_id))]
    assert tuple(missed) == UNSUPPORTED


def compare(case_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our figures under the keys that the case states, and those of the case."""
    case = CASES[case_id]
    wanted = case["expected"]
    inputs = case["inputs"]
    currency = find_currency(inputs["plan"]["currency"])
    assert currency is not None
    assert currency.exponent == inputs["plan"]["exponent"]
    policy = read_policy(inputs["policy"])
    events = [read_event(event, currency) for event in inputs["events"]]
    plan = read_plan(inputs["plan"], currency, model=policy.model, events=events)
    figures = list_figures(follow_plan(plan, events, policy=policy), currency)
    figures["instalments"] = [
        {key: figures["rows"][row["number"]][key] for key in row} for row in wanted["instalments"]
    ]
    return {key: figures[key] for key in wanted}, wanted


def list_figures(outcome: RefundOutcome, currency: Currency) -> dict[str, Any]:
    """Everything that a case may ask for, as printed."""

    def text(minor: int) -> str:
        return format_major(Money(minor, currency))

    balance = sum(row.principal_minor for row in outcome.rows)
    rows = {}
    for row in outcome.rows:
        balance -= row.principal_minor
        rows[row.number] = {
            "number": row.number,
            "due_date": row.due_date.isoformat(),
            "principal": text(row.principal_minor),
            "interest": text(row.interest_minor),
            "due": text(row.due_minor),
            "credited": text(row.credited_minor),
            "outstanding": text(row.outstanding_minor),
            "balance": text(balance),
        }
    return {
        "rows": rows,
        "outstanding_total": text(outcome.outstanding_minor),
        "cash_refund_to_payer": text(outcome.cash_back_minor),
        "interest_refund": text(outcome.interest_refund_minor),
        "plan_status": "CLOSED" if outcome.is_closed else "ACTIVE",
    }


def read_event(text: Mapping[str, Any], currency: Currency) -> PlanEvent:
    return PlanEvent(
        kind=EventKind[text["type"]],
        on=date.fromisoformat(text["date"]),
        amount_minor=parse_major(text["amount"], currency).minor,
        order=ORDERS[text.get("allocation", "NEXT_FIRST")],
        number=text.get("instalment"),
        refunds_interest=text.get("interest_refund", False),
    )


def read_policy(text: Mapping[str, Any]) -> RefundPolicy:
    if "instalment_rounding" in text:
        rounding = read_rounding(text["instalment_rounding"])
    else:
        rounding = Rounding(mode=RoundingMode[text.get("rounding", "HALF_UP")])
    return RefundPolicy(
        model=RefundModel[text["model"]],
        rounding=RoundingRules(installment=rounding, residual=Residual[text.get("residual", "FIRST")]),
        prepayment=PREPAYMENTS[text.get("strategy", "REDUCE_INSTALLMENT")],
    )


def read_plan(
    text: Mapping[str, Any], currency: Currency, *, model: RefundModel, events: list[PlanEvent]
) -> RowPlan | LoanPlan:
    if "instalments" in text:
        return RowPlan(
            rows=tuple(read_row(row, currency) for row in text["instalments"]), exponent=currency.exponent
        )
    if "schedule_inputs" in text:
        terms, _, _ = read_program({**text["schedule_inputs"], "count": text["remaining"]})
        return LoanPlan(
            principal=parse_major(text["outstanding_principal"], currency),
            terms=terms,
            started_on=max(event.on for event in events),
            first_number=text["first_number"],
        )
    # The conventions of these models: whole units for the level amount of daily interest, else cents.
    unit = "1" if model is RefundModel.PREPAY_DAILY_365 else "0.01"
    terms, principal, started_on = read_program(
        {**LOAN_CONVENTIONS, "instalment_rounding": {"mode": "HALF_EVEN", "to": unit}, **text}
    )
    return LoanPlan(principal=principal, terms=terms, started_on=started_on)


def read_row(text: Mapping[str, Any], currency: Currency) -> OpenRow:
    due = parse_major(text["amount"], currency).minor
    paid = parse_major(text["paid"], currency).minor if "paid" in text else 0
    return OpenRow(
        number=text["number"],
        due_date=date.fromisoformat(text["due_date"]),
        due_minor=due,
        credited_minor=due if text.get("collected") else paid,
    )
