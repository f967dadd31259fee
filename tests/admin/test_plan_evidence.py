"""The evidence that a plan's terms were accepted, by the set-up door."""

import base64
import hashlib
from datetime import datetime

import pytest
from tests.conftest import DemoTemplate
from tests.support.admin_world import AdminWorld, open_admin_world
from tests.support.merchant_plans import capture, check_offer, get_caller
from tests.support.payments_world import open_payments_world
from tests.support.plan_evidence import OFFER_ID, TERMS, make_accepted_plan
from tests.support.refund_acts import pay_in_rows

from parcela.sandbox.payments_setup import ACCOUNT_ID


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


def test_a_payments_file_is_for_operators(database_url: str, demo_template: DemoTemplate) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        payment = pay_in_rows(world)
        (kept,) = world.fetch("SELECT * FROM payment_plan_evidence")
        (paper,) = world.fetch("SELECT * FROM paper")
    path = f"/payments/{payment['id']}/evidence"
    with open_admin_world(database_url, demo_template.home) as admin:
        reply = admin.call("operator", "GET", path)
        assert admin.call("maker", "GET", path).status == 403
        assert admin.call("operator", "GET", "/payments/pay_x/evidence").status == 404
    assert reply.status == 200
    whole = reply.json
    (record,) = whole.pop("records")
    accepted_at = record.pop("accepted_at")
    assert whole == {
        "payment_id": payment["id"],
        "account_id": ACCOUNT_ID,
        "live": False,
        "papers": [
            {
                "kind": "agreement",
                "form": "html",
                "language": "en",
                "template_version": paper["template_version"],
                "way": "record",
                "delivered_at": accepted_at,
                "sha256": paper["digest"].hex(),
                "content": base64.b64encode(paper["content"]).decode(),
            }
        ],
    }
    assert datetime.fromisoformat(accepted_at.replace("Z", "+00:00")) == kept["accepted_at"]
    assert record == {
        "disclosure_id": kept["disclosure_id"],
        "plan_id": str(kept["plan_id"]),
        "declined_at": None,
        "body": kept["body"],
        "sha256": kept["hash"].hex(),
        "seal_number": 1,
        "seal": hashlib.sha256(kept["hash"]).hexdigest(),
    }
