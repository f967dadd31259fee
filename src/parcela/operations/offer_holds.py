"""Holding an offer for a payment, spending or releasing it, and the evidence that stays with the plan.

All run inside the transactions of a payment, which its caller commits.
"""

import hashlib
from datetime import datetime

from parcela.domain.merchant_offers import PlanAcceptance, SerialNumbers
from parcela.domain.order_refusals import PlanProviderBusy
from parcela.operations.plan_records import CheckedPlan, HoldVerdict
from parcela.store import merchant_offers, offer_budgets, plan_acceptances
from parcela.store.database import Connection
from parcela.store.merchant_offers import Hold
from parcela.store.offer_budgets import BudgetClaim


async def hold_offer(
    connection: Connection, tenant_id: int, checked: CheckedPlan, *, holder: str, at: datetime
) -> HoldVerdict:
    """Take the offer of a checked plan, and its amount of the rule's budget, for one payment.

    A custom plan is always held. Unless the verdict is HELD nothing was written. Raises PlanProviderBusy,
    with nothing written, when acceptance or serial numbers changed since the check.
    """
    offer = checked.offer
    if offer is None:
        return HoldVerdict.HELD
    currency, amount_minor = checked.price.currency.code, checked.price.principal_minor
    hold = Hold(holder=holder, at=at, amount_minor=amount_minor, currency=currency)
    if not await merchant_offers.hold_offer(connection, tenant_id, offer, hold):
        if await merchant_offers.is_taken(connection, tenant_id, offer.offer_id):
            return HoldVerdict.USED
        raise PlanProviderBusy("the offer was changed while it was being paid with")
    if checked.budget_minor is None:
        return HoldVerdict.HELD
    claim = BudgetClaim(
        rule_key=offer.priced_by.rule_key,
        offer_id=offer.offer_id,
        currency=currency,
        amount_minor=amount_minor,
        budget_minor=checked.budget_minor,
    )
    if await offer_budgets.take_budget(connection, tenant_id, claim):
        return HoldVerdict.HELD
    await release_offer(connection, tenant_id, offer.offer_id, holder=holder)
    return HoldVerdict.BUDGET_SPENT


async def spend_offer(connection: Connection, tenant_id: int, offer_id: str, *, holder: str) -> None:
    """The payment that holds the offer was approved: the offer is used, and its budget stays taken."""
    is_spent = await merchant_offers.spend_offer(connection, tenant_id, offer_id, holder=holder)
    assert is_spent, "only the payment that holds an offer spends it"


async def release_offer(connection: Connection, tenant_id: int, offer_id: str, *, holder: str) -> None:
    """The payment that holds the offer came to nothing: offer and budget are free again.

    Nothing happens when that payment does not hold it, so that it may be said twice.
    """
    released = await merchant_offers.release_offer(connection, tenant_id, offer_id, holder=holder)
    if released is not None and released.amount_minor:
        await offer_budgets.give_back_budget(
            connection,
            tenant_id,
            released.rule_key,
            currency=released.currency,
            amount_minor=released.amount_minor,
        )


async def add_serials(
    connection: Connection, tenant_id: int, offer_id: str, serials: tuple[SerialNumbers, ...]
) -> None:
    """Keep the serial numbers that came with a capture (`check_serials_at_capture` gives them)."""
    if serials:
        await merchant_offers.save_serials(connection, tenant_id, offer_id, serials)


async def keep_evidence(
    connection: Connection, tenant_id: int, *, plan_id: str, checked: CheckedPlan
) -> None:
    """Keep the payer's acceptance with the plan, which was written in this transaction; none, none kept."""
    acceptance = checked.acceptance
    if acceptance is None:
        return
    assert checked.offer_id is not None
    evidence = PlanAcceptance(
        plan_id=plan_id,
        offer_id=checked.offer_id,
        accepted_at=acceptance.accepted_at,
        display=acceptance.display,
        terms_version=acceptance.terms_version,
        terms_text=acceptance.terms_text,
        terms_hash=hashlib.sha256(acceptance.terms_text.encode()).digest(),
        acceptance_text=acceptance.acceptance_text,
        locale=acceptance.locale,
        amount_minor=acceptance.amount_minor,
        currency=acceptance.currency,
    )
    await plan_acceptances.insert_acceptance(connection, tenant_id, evidence)
