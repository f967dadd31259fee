"""The merchant voids a purchase that was never cleared and of which no authorization is on record."""

from datetime import datetime

from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.servicing.commands import Standing
from parcela.domain.servicing.effects import release_purchase
from parcela.domain.servicing.lifecycle import check_not_held
from parcela.domain.servicing.postings import EntryKind, write_entry
from parcela.domain.servicing.records import CardAccount, Decision, ServicedPlan
from parcela.domain.servicing.steps import begin, conclude, tell_plan


def decide_void(
    plan: ServicedPlan, account: CardAccount, *, event_id: str, standing: Standing, now: datetime
) -> Decision:
    """Take back what of the financed purchase waits for clearing: it never comes.

    Posted as the reversal of an authorization would be: when nothing was cleared, billed interest and fees
    are given back too. Raises `PlanHeld`, `IllegalTransition`.
    """
    check_not_held(plan)
    voided_minor = plan.uncleared_minor
    step, postings = release_purchase(
        begin(plan), account, voided_minor, strategy=RefundStrategy.SPREAD, standing=standing
    )
    entries = write_entry(
        account,
        EntryKind.TRANSACTION_REVERSED,
        f"plan:{plan.plan_id}:voided:{event_id}",
        postings=postings,
        now=now,
    )
    event = tell_plan("plan.voided", plan, event_id=event_id, amount_minor=voided_minor)
    return conclude([step], entries=entries, events=(event,))
