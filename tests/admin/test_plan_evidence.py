"""The evidence that a plan's terms were accepted, by the set-up door."""

import hashlib

import pytest
from tests.support.admin_world import AdminWorld
from tests.support.merchant_plans import capture, check_offer, get_caller
from tests.support.plan_evidence import OFFER_ID, TERMS, make_accepted_plan


@pytest.mark.parametrize("who", ["maker", "checker", "operator"])
def test_the_evidence_is_for_the_plans_issuer_and_operators(admin: AdminWorld, who: str) -> None:
    accepted = admin.run(make_accepted_plan(admin.engine))
    reply = admin.call(who, "GET", f"/plans/{accepted.plan_id}/acceptance")
    assert (reply.status, reply.json) == (
        200,
        {
            "plan_id": accepted.plan_id,
            "offer_id": OFFER_ID,
            "accepted_at": "2030-01-10T12:00:30Z",
            "display": "terms_and_acceptance",
            "locale": "en_US",
            "terms_version": "1",
            "terms_text": TERMS,
            "terms_sha256": hashlib.sha256(TERMS.encode()).hexdigest(),
            "acceptance_text": "I accept.",
            "amount": "600.00",
            "currency": "USD",
        },
    )


def test_another_issuers_evidence_is_as_absent_as_that_of_a_plan_without(admin: AdminWorld) -> None:
    accepted = admin.run(make_accepted_plan(admin.engine))

    async def make_plain_plan() -> str:
        plan = await capture(admin.engine, check_offer(await get_caller(admin.engine), "cart-6-usd"))
        return plan.plan_id

    for who, plan_id in (
        ("other maker", accepted.plan_id),
        ("maker", admin.run(make_plain_plan())),
        ("maker", "no-plan"),
    ):
        reply = admin.call(who, "GET", f"/plans/{plan_id}/acceptance")
        assert (reply.status, reply.json["error"]["code"]) == (404, "not_found")
