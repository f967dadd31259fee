"""What was shown and accepted of a plan, as one text that is kept (`disclosures.md` §6)."""

import hashlib
import json
from datetime import datetime

from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plan_choices import PlanChoice, PlanList
from parcela.domain.payments.plans import PaymentPlan
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.payments import offers, plans

CHANNEL = "api"


async def keep_evidence(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan, choice: PlanChoice
) -> None:
    """Keep the showing that a plan was accepted from, in the transaction of its acceptance."""
    shown = await offers.find_list_with_offer(connection, moment.owner, plan.offer.offer_id)
    assert shown is not None, "an offer is shown before it is accepted"
    body = describe_evidence(desk, plan, shown, shown_at=choice.shown_at or shown.shown_at)
    digest = hashlib.sha256(body.encode()).digest()
    await plans.insert_evidence(connection, plan, body=body, digest=digest, accepted_at=plan.created_at)


def describe_evidence(desk: PaymentsDesk, plan: PaymentPlan, shown: PlanList, *, shown_at: datetime) -> str:
    """The record as canonical JSON. It holds no card number, no score and nothing of a credit bureau."""
    terms, rate, acceptance = plan.offer.terms, plan.offer.rate, plan.acceptance
    consents = [{"to": "plan", "answer": True, "at": _write(plan.created_at)}]
    if acceptance is not None:
        consents.append({"to": "terms", "answer": True, "at": _write(acceptance.accepted_at)})
    if plan.assessment_id is not None:
        consents.append({"to": "credit_check", "answer": True, "at": _write(plan.created_at)})
    record = {
        "payment": plan.payment_id,
        "plan": name_plan(plan.plan_id),
        "offer": plan.offer.offer_id,
        "offerHash": plan.offer.offer_hash,
        "offersShown": [desk.renderer.render_offer(offer) for offer in shown.offers],
        "withheld": [{"code": str(reason.code), "message": reason.message} for reason in shown.unavailable],
        "regimes": [
            {
                "method": rate.method,
                "label": rate.label,
                "shown": str(rate.percent),
                "exact": None if rate.exact_percent is None else str(rate.exact_percent),
            }
        ],
        "terms": {
            "id": terms.terms_id,
            "version": terms.version,
            "language": terms.language,
            "textHash": hashlib.sha256(terms.text.encode()).hexdigest(),
            "acceptanceText": terms.acceptance_text,
            "acceptanceRequired": terms.acceptance_required,
        },
        "shownAt": _write(shown_at),
        "acceptedAt": _write(plan.created_at),
        "channel": CHANNEL,
        "consents": consents,
        "creditCheck": plan.assessment_id,
    }
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _write(at: datetime) -> int:
    return int(at.timestamp())
