"""A plan whose terms were accepted at a merchant, with the evidence of it."""

import hashlib
from datetime import UTC, datetime

from parcela.domain.merchant_offers import PlanAcceptance, TermsDisplay
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.store.plan_acceptances import insert_acceptance
from tests.support.merchant_plans import capture, check_offer, get_caller

TERMS = "Monthly payments [/b] are billed to your card."
OFFER_ID = "Q" * 20 + "01"


async def make_accepted_plan(engine: Engine) -> PlanAcceptance:
    """A plan of the demo bank with the evidence that its terms were accepted."""
    plan = await capture(engine, check_offer(await get_caller(engine), "cart-6-usd"))
    accepted = PlanAcceptance(
        plan_id=plan.plan_id,
        offer_id=OFFER_ID,
        accepted_at=datetime(2030, 1, 10, 12, 0, 30, tzinfo=UTC),
        display=TermsDisplay.TERMS_AND_ACCEPTANCE,
        terms_version="1",
        terms_text=TERMS,
        terms_hash=hashlib.sha256(TERMS.encode()).digest(),
        acceptance_text="I accept.",
        locale="en_US",
        amount_minor=60_000,
        currency="USD",
    )
    async with engine.database.transaction() as connection:
        await insert_acceptance(connection, MAIN_TENANT, accepted)
    return accepted
