"""What was shown of plans and what came of it, kept as one record for each showing (`disclosures.md` §6).

A record is written in the transaction of the step that it proves, and never altered. Its place in the chain
of its account comes a little later (`seal_evidence`), so that acceptances do not wait for each other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import rfc8785

from parcela import __version__
from parcela.domain.payments.ids import Prefix, name_plan
from parcela.domain.payments.plan_choices import PlanChoice, PlanList
from parcela.domain.payments.plan_pricing import hash_offer
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.showings import BY_MERCHANT, CREDIT_CHECK, Channel, Consent, Showing
from parcela.operations.engine import Engine
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.disclosing import disclose_offer
from parcela.operations.payments.events import new_id
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.papers import keep_agreement
from parcela.operations.payments.press import ShownDisclosure
from parcela.store.database import Connection
from parcela.store.payments import evidence, offers, papers
from parcela.store.payments.evidence import EvidenceRecord
from parcela.store.payments.offers import CreditCheck

MOST_EXACT = 2**53 - 1
"""Whole numbers above this are not exact in JSON (RFC 8785): they are written as text."""
MOST_OWNERS = 200

_Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A list as it was shown, from when on, and how."""

    plans: PlanList
    shown_at: datetime
    showing: Showing
    language: str


async def keep_evidence(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    plan: PaymentPlan,
    choice: PlanChoice,
) -> str:
    """Keep the showing that a plan was accepted from, in the transaction of its acceptance; gives its id.

    Raises PaymentRefused (plan_expired) for an offer that is no longer what was shown.
    """
    offer, showing = plan.offer, choice.showing
    found = await evidence.find_showing(connection, moment.owner, offer.offer_id)
    assert found is not None, "an offer is shown before it is accepted"
    position, listed = found
    if hash_offer(offer) != offer.offer_hash or offer not in listed.offers:
        raise PaymentRefused(
            Fault.PLAN_EXPIRED,
            "This offer is not the one that was shown. List the plans again and take one of the new offers.",
            param="installments.offer",
            resource=plan.payment_id,
        )
    shown = _Shown(
        plans=listed,
        shown_at=choice.shown_at or listed.shown_at,
        showing=showing,
        language=showing.language or offer.language,
    )
    await keep_agreement(connection, desk, moment, plan, language=shown.language)
    disclosure = disclose_offer(desk, moment, offer, language=shown.language)
    checks = await _list_checks(connection, moment, listed)
    record = {
        **_describe_showing(desk, shown, [disclose_offer(desk, moment, one) for one in listed.offers]),
        "disclosureId": (disclosure_id := new_id(desk, moment, Prefix.DISCLOSURE)),
        "payment": plan.payment_id,
        "plan": name_plan(plan.plan_id),
        "offer": offer.offer_id,
        "offerHash": offer.offer_hash,
        "regimes": _list_regimes(offer, disclosure),
        "facts": _describe_facts(offer, disclosure),
        "terms": _describe_terms(offer),
        "acceptedAt": _write(plan.created_at),
        "declinedAt": None,
        "consents": _list_consents(plan, showing, checks=checks),
        "merchantStatement": _describe_statement(plan, showing),
        "creditCheck": plan.assessment_id,
        "documents": await _list_documents(connection, moment, plan.payment_id, (offer,)),
    }
    kept = _make_record(disclosure_id, plan.payment_id, record, accepted_at=plan.created_at, plan=plan)
    await evidence.insert_record(connection, moment.owner, kept, list_position=position)
    await keep_declined(connection, desk, moment, plan.payment_id, showing=showing)
    return disclosure_id


async def keep_declined(
    connection: Connection,
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment_id: str,
    *,
    showing: Showing = BY_MERCHANT,
) -> None:
    """Keep the lists of a payment from which nothing was taken, each in the language in which it was made.

    In the transaction of the payment's end, or of the plan that was taken from another list.
    """
    for position, listed in await evidence.list_open_showings(connection, moment.owner, payment_id):
        shown = _Shown(
            plans=listed,
            shown_at=listed.shown_at,
            showing=replace(showing, consents=()),
            language=listed.offers[0].language,
        )
        checks = await _list_checks(connection, moment, listed)
        # Each offer of a list is in the same language, which is that of this showing.
        disclosures = [disclose_offer(desk, moment, offer) for offer in listed.offers]
        disclosed = list(zip(listed.offers, disclosures, strict=True))
        record = {
            **_describe_showing(desk, shown, disclosures),
            "disclosureId": (disclosure_id := new_id(desk, moment, Prefix.DISCLOSURE)),
            "payment": payment_id,
            "plan": None,
            "regimes": [
                regime for offer, disclosure in disclosed for regime in _list_regimes(offer, disclosure)
            ],
            "facts": [
                {"offer": offer.offer_id, **_describe_facts(offer, disclosure)}
                for offer, disclosure in disclosed
            ],
            "terms": [{"offer": offer.offer_id, **_describe_terms(offer)} for offer in listed.offers],
            "acceptedAt": None,
            "declinedAt": _write(moment.now),
            "consents": [_describe_check(check) for check in reversed(checks)],
            "documents": await _list_documents(connection, moment, payment_id, listed.offers),
        }
        kept = _make_record(disclosure_id, payment_id, record, declined_at=moment.now)
        await evidence.insert_record(connection, moment.owner, kept, list_position=position)


async def seal_evidence(engine: Engine) -> int:
    """Put what waits into the chains of its accounts; gives how many records. Several may do so at once."""
    seen = await engine.look()
    async with engine.database.connection() as connection:
        owners = await evidence.list_owners_to_seal(connection, limit=MOST_OWNERS)
    count = 0
    for owner in owners:
        async with engine.database.transaction() as connection:
            count += await evidence.seal_records(connection, owner, at=seen.real_now)
    return count


def _make_record(
    disclosure_id: str,
    payment_id: str,
    record: _Json,
    *,
    plan: PaymentPlan | None = None,
    accepted_at: datetime | None = None,
    declined_at: datetime | None = None,
) -> EvidenceRecord:
    content = rfc8785.dumps(_make_exact(record))  # type: ignore[arg-type] # builtins all through
    return EvidenceRecord(
        disclosure_id=disclosure_id,
        payment_id=payment_id,
        plan_id=None if plan is None else plan.plan_id,
        body=content.decode(),
        hash=hashlib.sha256(content).digest(),
        accepted_at=accepted_at,
        declined_at=declined_at,
    )


def _describe_showing(desk: PaymentsDesk, shown: _Shown, disclosures: Sequence[ShownDisclosure]) -> _Json:
    """What both kinds of records say: every offer in its order, and those withheld with their reason.

    `disclosures` are those of the offers, in their own language.
    """
    plans, showing = shown.plans, shown.showing
    return {
        "offersShown": [
            desk.renderer.render_offer(offer, disclosure)
            for offer, disclosure in zip(plans.offers, disclosures, strict=True)
        ],
        "withheld": [
            {"code": str(reason.code), "message": reason.message, "program": reason.program}
            for reason in plans.unavailable
        ],
        "shownAt": _write(shown.shown_at),
        "channel": showing.channel,
        "language": shown.language,
        "browser": {"address": showing.address, "name": showing.browser},
        "livemode": plans.owner.is_live,
    }


def _describe_facts(offer: PaymentOffer, disclosure: ShownDisclosure) -> _Json:
    """The facts as numbers (minor units; rates in percent) and as they were printed, with their hash."""
    return {
        "numbers": {
            "count": offer.count,
            "firstAmount": offer.rows[0].amount_minor,
            "lastAmount": offer.rows[-1].amount_minor,
            "totalAmount": offer.total_minor,
            "costOfCredit": offer.cost_minor,
            "amountFinanced": offer.financed_minor,
            "creditAmount": offer.credit_minor,
            "interestRate": str(offer.interest_percent),
            "fees": [
                {"type": fee.kind, "amount": fee.amount_minor, "trigger": fee.trigger} for fee in offer.fees
            ],
            "schedule": [[row.due_date.isoformat(), row.amount_minor] for row in offer.rows],
            "currency": offer.currency,
        },
        "printed": [fact.members for fact in disclosure.facts],
        "hash": disclosure.hash,
    }


def _list_regimes(offer: PaymentOffer, disclosure: ShownDisclosure) -> list[_Json]:
    """Of each country: its rule, the rate as it was shown, and with six decimals."""
    return [
        {
            "offer": offer.offer_id,
            "id": one.rule_id,
            "version": one.version,
            "country": one.country,
            "side": one.side,
            "method": one.method,
            "label": one.label,
            "shown": one.shown,
            "exact": one.exact,
            "second": one.second,
            "engine": __version__,
        }
        for one in disclosure.regimes
    ]


async def _list_documents(
    connection: Connection, moment: AccountMoment, payment_id: str, offered: Sequence[PaymentOffer]
) -> list[_Json]:
    """The papers of these offers that were made or delivered by now, the first first."""
    named = {offer.offer_id for offer in offered}
    return [
        {
            "kind": document.kind,
            "offer": document.offer_id,
            "plan": None if document.plan_id is None else name_plan(document.plan_id),
            "form": document.form,
            "language": document.language,
            "templateVersion": document.template_version,
            "sha256": document.digest.hex(),
            "way": document.way,
            "deliveredAt": _write(document.delivered_at),
        }
        for document in await papers.list_deliveries(connection, moment.owner, payment_id)
        if document.offer_id in named
    ]


async def _list_checks(
    connection: Connection, moment: AccountMoment, listed: PlanList
) -> Sequence[CreditCheck]:
    """What lenders were asked about offers of a list, which nobody is without the payer's consent."""
    checks = await offers.list_checks(
        connection,
        moment.owner,
        payment_id=listed.payment_id,
        payment_method_id=listed.payment_method_id,
    )
    named = {offer.offer_id for offer in listed.offers}
    return [check for check in checks if check.offer_id in named]


def _describe_check(check: CreditCheck) -> _Json:
    """The consent before a check: as our page asked for it, else as the merchant's word."""
    return {
        "to": CREDIT_CHECK,
        "question": check.consent_text,
        "language": check.consent_language,
        "answer": True,
        "at": _write(check.asked_at),
    }


def _describe_terms(offer: PaymentOffer) -> _Json:
    terms = offer.terms
    return {
        "id": terms.terms_id,
        "version": terms.version,
        "language": terms.language,
        "textHash": hashlib.sha256(terms.text.encode()).hexdigest(),
        "acceptanceText": terms.acceptance_text,
        "acceptanceRequired": terms.acceptance_required,
    }


def _list_consents(plan: PaymentPlan, showing: Showing, *, checks: Sequence[CreditCheck]) -> list[_Json]:
    """What was asked on our page, with the answers; of the merchant's own page what its call says.

    A credit check was agreed to when it was made, before the plan was, and in the language of that page.
    """
    consents: list[_Json] = [
        {
            "to": consent.to,
            "question": consent.question,
            "language": consent.language,
            "answer": consent.is_given,
            "at": _write(consent.answered_at),
        }
        for consent in showing.consents or _read_call(plan)
    ]
    if plan.assessment_id is not None:
        # A lender that was asked again may have named its answer anew: the first one is kept.
        asked = [check for check in checks if check.offer_id == plan.offer.offer_id]
        named = [check for check in asked if check.assessment_id == plan.assessment_id]
        consents += [_describe_check(check) for check in (named or asked)[-1:]]
    return consents


def _read_call(plan: PaymentPlan) -> tuple[Consent, ...]:
    """What a merchant's call says that its payer agreed to."""
    consents = [Consent(to="plan", question=None, is_given=True, answered_at=plan.created_at)]
    terms, acceptance = plan.offer.terms, plan.acceptance
    if acceptance is not None:
        consents.append(
            Consent(
                to="terms",
                question=terms.acceptance_text,
                language=terms.language,
                is_given=True,
                answered_at=acceptance.accepted_at,
            )
        )
    return tuple(consents)


def _describe_statement(plan: PaymentPlan, showing: Showing) -> _Json | None:
    """What the merchant says of the acceptance of terms: its word, not ours."""
    acceptance = plan.acceptance
    if acceptance is None or showing.channel is not Channel.API:
        return None
    return {
        "termsId": acceptance.terms_id,
        "version": acceptance.version,
        "language": acceptance.language,
        "acceptedAt": _write(acceptance.accepted_at),
    }


def _make_exact(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _make_exact(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_make_exact(member) for member in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MOST_EXACT:
        return str(value)
    return str(value) if isinstance(value, str) else value


def _write(at: datetime) -> int:
    return int(at.timestamp())
