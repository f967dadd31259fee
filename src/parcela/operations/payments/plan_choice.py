"""From a wish to a plan that stands: the offer that is taken, and the issuer's or the lender's word on it.

`spec/payments.md` §§6.2, 6.4 and 7. Nothing here charges anybody.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.payment_decisions import decide_wish
from parcela.domain.payments.plan_choices import NOTHING_ASKED, PlanApproval, PlanAsked, PlanChoice, PlanList
from parcela.domain.payments.plan_pricing import is_same_plan
from parcela.domain.payments.plan_resolution import find_nearest
from parcela.domain.payments.plans import PaymentOffer, TermsAcceptance
from parcela.domain.payments.records import (
    BillingDetails,
    IgnoredField,
    InstallmentsRequest,
    Payment,
    PaymentMethod,
    ProgramFilter,
    UnavailableCode,
    UnavailableReason,
)
from parcela.domain.payments.refusals import Fault, PaymentRefused, refuse_missing
from parcela.domain.payments.showings import CREDIT_CHECK, Consent, Showing
from parcela.domain.payments.unavailability import explain
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.disclosing import disclose_offer
from parcela.operations.payments.lending import ANSWER_S, Assessment, CreditDecision, CreditQuestion
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.plan_issuers import PlanWord
from parcela.operations.payments.plan_offers import ask_about, find_plans, keep_shown, open_card
from parcela.store.documents import Document
from parcela.store.payments import offers
from parcela.store.payments.offers import CreditCheck

CONTROLLED = "controlled_by_issuer"
APPLICANT_MEMBERS = ("billingDetails.name", "billingDetails.email", "billingDetails.address")
"""What a lender needs to know of a payer (§7)."""


async def choose_plan(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    wish: InstallmentsRequest,
    asked: PlanAsked = NOTHING_ASKED,
) -> PlanChoice:
    """The offer that a request takes: the one it names, else what its wish comes to (§6.2); or none and why.

    Raises PaymentRefused, in this order: resource_missing, plan_expired (of an offer that is named);
    credit_declined, no_plan_available (the lender refused before); plan_changed (the plan is not what was
    listed last); no_plan_available (where one is required); terms_acceptance_required.
    """
    if not wish.is_enabled:
        return PlanChoice()
    if asked.offer_id is not None:
        found = await _find_named(desk, moment, payment, method, offer_id=asked.offer_id)
    else:
        found = await _resolve(desk, moment, payment, method, wish)
    shown, offer, was_listed = found
    if offer is None:
        assert shown.unavailable, "no list is empty without a reason"
        if wish.is_required:
            raise refuse_plan(shown.unavailable, payment)
        return PlanChoice(unavailable=shown.unavailable, shown_at=shown.shown_at)
    _check_acceptance(offer, asked.acceptance, shown=shown, moment=moment, was_listed=was_listed)
    return PlanChoice(
        offer=offer,
        unavailable=(),
        ignored=_list_ignored(offer, wish),
        acceptance=asked.acceptance,
        needs_answer=shown.needs_answer if offer.model is not ProgramModel.LENDER else None,
        card_id=method.card_id,
        shown_at=shown.shown_at,
    )


async def choose_none(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    wish: InstallmentsRequest,
) -> PlanChoice:
    """The shopper pays in full, though plans were listed, or since there were none: then that is told why.

    Raises PaymentRefused: no_plan_available where the shop wants a plan or nothing.
    """
    async with desk.engine.database.connection() as connection:
        shown = await offers.find_newest_list(
            connection,
            moment.owner,
            payment_id=payment.payment_id,
            payment_method_id=method.payment_method_id,
        )
    unavailable = () if shown is None or shown.offers else shown.unavailable
    if wish.is_required:
        raise refuse_plan(unavailable, payment)
    return PlanChoice(unavailable=unavailable)


async def approve_plan(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod, choice: PlanChoice
) -> PlanApproval:
    """Ask the issuer, or the lender about its payer: does the chosen plan stand?

    The same choice is the same question. Raises PaymentRefused: plan_expired, credit_information_required
    (`param` names the member), plan_declined, credit_declined, no_plan_available when nobody answers.
    """
    offer = choice.offer
    assert offer is not None, "a plan was chosen"
    if offer.expires_at <= moment.now:
        raise refuse_lapsed(offer, payment)
    applicant = find_applicant(payment, method)
    if offer.model is ProgramModel.LENDER:
        return await _assess(desk, moment, payment, method, choice=choice, applicant=applicant)
    if choice.needs_answer is not None and not has_member(applicant, choice.needs_answer):
        raise refuse_information(choice.needs_answer, payment)
    card = await open_card(desk, moment, method)
    question = ask_about(card, moment, amount_minor=payment.amount_minor, currency=payment.currency)
    question_id = f"{payment.payment_id}:{offer.offer_id}"
    try:
        asked = desk.plan_issuer.approve(question, offer, question_id=question_id)
        word = await asyncio.wait_for(asked, ANSWER_S)
    except TimeoutError:
        word = PlanWord.UNAVAILABLE
    if word is PlanWord.UNAVAILABLE:
        reason = explain(UnavailableCode.ISSUER_UNAVAILABLE, payment.locale, program=offer.program_name)
        raise refuse_plan((reason,), payment)
    if word is PlanWord.REFUSED:
        raise PaymentRefused(
            Fault.PLAN_DECLINED,
            "The card's issuer did not grant this plan. Nothing was charged: choose another plan, or none.",
            resource=payment.payment_id,
        )
    return PlanApproval()


def find_applicant(payment: Payment, method: PaymentMethod) -> BillingDetails:
    """Who pays: what the payment says, filled up with what the payment method says."""
    first, second = payment.billing or BillingDetails(), method.billing or BillingDetails()
    return BillingDetails(
        name=first.name or second.name,
        email=first.email or second.email,
        phone=first.phone or second.phone,
        address=first.address or second.address,
    )


def has_member(applicant: BillingDetails, name: str) -> bool:
    """Is a member such as `billingDetails.phone` given?"""
    return bool(getattr(applicant, name.rpartition(".")[2], None))


def refuse_lapsed(offer: PaymentOffer, payment: Payment) -> PaymentRefused:
    """The offer, or the lender's approval of it, has ended."""
    return PaymentRefused(
        Fault.PLAN_EXPIRED,
        "This offer has lapsed. List the plans again and take one of the new offers.",
        param="installments.offer",
        resource=payment.payment_id,
        details={"offer": offer.offer_id, "expiresAt": int(offer.expires_at.timestamp())},
    )


def refuse_information(member: str, payment: Payment) -> PaymentRefused:
    """One more thing must be known of the payer."""
    return PaymentRefused(
        Fault.CREDIT_INFORMATION_REQUIRED,
        f"The plan needs '{member}'. Nothing was charged: give it with the payment method, then try again.",
        param=member,
        resource=payment.payment_id,
    )


def refuse_credit(payment: Payment) -> PaymentRefused:
    """The lender says no, and nothing more."""
    return PaymentRefused(
        Fault.CREDIT_DECLINED,
        "The lender does not grant this plan. Nothing was charged: choose another way to pay.",
        resource=payment.payment_id,
    )


def refuse_plan(reasons: tuple[UnavailableReason, ...], payment: Payment) -> PaymentRefused:
    """There is no plan where one is wanted, so nothing is charged."""
    told = [
        {"code": str(reason.code), "message": reason.message}
        | ({} if reason.program is None else {"program": reason.program})
        for reason in reasons
    ]
    words = " ".join(reason.message for reason in reasons)
    return PaymentRefused(
        Fault.NO_PLAN_AVAILABLE,
        f"No installment plan is available, and nothing was charged. {words}".strip(),
        resource=payment.payment_id,
        details={"unavailableReasons": told},
    )


async def _find_named(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod, *, offer_id: str
) -> tuple[PlanList, PaymentOffer | None, bool]:
    async with desk.engine.database.connection() as connection:
        found = await offers.find_shown_offer(
            connection,
            moment.owner,
            offer_id=offer_id,
            payment_id=payment.payment_id,
            payment_method_id=method.payment_method_id,
        )
    if found is None:
        raise refuse_missing("offer of this payment and payment method", offer_id, param="installments.offer")
    shown, offer = found
    if offer.expires_at <= moment.now:
        raise refuse_lapsed(offer, payment)
    return shown, offer, True


async def _resolve(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    wish: InstallmentsRequest,
) -> tuple[PlanList, PaymentOffer | None, bool]:
    """What a wish comes to now, held against what was listed last; and was there a list?"""
    async with desk.engine.database.connection() as connection:
        listed = await offers.find_newest_list(
            connection,
            moment.owner,
            payment_id=payment.payment_id,
            payment_method_id=method.payment_method_id,
        )
    wish = decide_wish(payment, wish)
    fresh = await find_plans(desk, moment, payment, method, wish)
    applicant = find_applicant(payment, method)
    was_listed = listed is not None
    before = None if listed is None else _pick(listed, wish, applicant, was_listed=True)
    now = _pick(fresh, wish, applicant, was_listed=was_listed)
    if now is None:
        _check_not_refused(fresh, payment)
    has_changed = before is not None and (now is None or not is_same_plan(before, now))
    shown = await keep_shown(desk, moment, fresh, wish, is_news=has_changed)
    if now is not None:
        now = next(one for one in shown.offers if is_same_plan(one, now))
    if before is not None and has_changed:
        plan = None if now is None else desk.renderer.render_offer(now, disclose_offer(desk, moment, now))
        raise _refuse_changed(payment, before, plan, shown)
    return shown if listed is None else replace(shown, shown_at=listed.shown_at), now, was_listed


def _check_not_refused(fresh: PlanList, payment: Payment) -> None:
    """A payer whom the lender refused is not charged at once: the plan was their choice (§6.2, 7)."""
    codes = {reason.code for reason in fresh.unavailable}
    if UnavailableCode.CREDIT_DECLINED in codes:
        raise refuse_credit(payment)
    if UnavailableCode.LENDER_UNAVAILABLE in codes:
        raise refuse_plan(fresh.unavailable, payment)


def _pick(
    shown: PlanList, wish: InstallmentsRequest, applicant: BillingDetails, *, was_listed: bool
) -> PaymentOffer | None:
    """The offer that a wish comes to.

    A lender's plan that nobody saw is not taken for a payer whom nobody asked: the payment stays one-shot
    unless the merchant asks for a lender, or gives what the lender must know.
    """
    may_lend = was_listed or wish.program is ProgramFilter.VINR_BNPL or not _list_missing(applicant)
    return find_nearest(
        [offer for offer in shown.offers if may_lend or offer.model is not ProgramModel.LENDER], wish.count
    )


def _refuse_changed(
    payment: Payment, before: PaymentOffer, plan: Document | None, shown: PlanList
) -> PaymentRefused:
    """`plan` is what there is now instead of the plan before, in the door's words."""
    return PaymentRefused(
        Fault.PLAN_CHANGED,
        f"The plan of {before.count} payments is no longer as it was listed. Show the new one, then confirm.",
        param="installments.count",
        resource=payment.payment_id,
        details={
            "plan": plan,
            "unavailableReasons": [
                {"code": str(reason.code), "message": reason.message} for reason in shown.unavailable
            ],
        },
    )


def _check_acceptance(
    offer: PaymentOffer,
    acceptance: TermsAcceptance | None,
    *,
    shown: PlanList,
    moment: AccountMoment,
    was_listed: bool,
) -> None:
    """Terms that need a tick need the payer's word on them, as they were shown and after that.

    `disclosures.md` §6. In test mode the instant may be by the real clock or by the account's own.
    """
    terms = offer.terms
    if not terms.acceptance_required:
        return
    wanted = (terms.terms_id, terms.version, terms.language)
    if acceptance is None or not was_listed:
        raise _refuse_terms(offer, "The terms of this plan must be shown, and then accepted.")
    if (acceptance.terms_id, acceptance.version, acceptance.language) != wanted:
        raise _refuse_terms(offer, "The terms that were accepted are not those that were shown.")
    shown_at = shown.shown_at.replace(microsecond=0)
    if not moment.is_live:
        shown_at -= max(moment.now - moment.world.real_now, timedelta(0))
    if acceptance.accepted_at < shown_at:
        raise _refuse_terms(offer, "The terms were accepted before they were shown.")


def _refuse_terms(offer: PaymentOffer, sentence: str) -> PaymentRefused:
    terms = offer.terms
    return PaymentRefused(
        Fault.TERMS_ACCEPTANCE_REQUIRED,
        f"{sentence} Send termsAcceptance with termsId '{terms.terms_id}', version '{terms.version}', "
        f"language '{terms.language}' and acceptedAt.",
        param="termsAcceptance",
        details={"termsId": terms.terms_id, "version": terms.version, "language": terms.language},
    )


def _list_ignored(offer: PaymentOffer, wish: InstallmentsRequest) -> tuple[IgnoredField, ...]:
    """A wished first date that the plan does not have."""
    wished = wish.first_payment_date
    if wished is None or offer.rows[0].due_date == wished:
        return ()
    return (IgnoredField(field="firstPaymentDate", reason=CONTROLLED),)


def _list_missing(applicant: BillingDetails) -> list[str]:
    return [name for name in APPLICANT_MEMBERS if not has_member(applicant, name)]


async def _assess(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    method: PaymentMethod,
    *,
    choice: PlanChoice,
    applicant: BillingDetails,
) -> PlanApproval:
    """A soft credit check of the payer, kept as evidence with the consent that our page asked for."""
    offer, consent = choice.offer, _find_consent(choice.showing)
    assert offer is not None, "a plan was chosen"
    missing = _list_missing(applicant)
    if missing:
        raise refuse_information(missing[0], payment)
    question = CreditQuestion(
        question_id=_name_question(desk, moment, payment, offer=offer, applicant=applicant),
        owner=moment.owner,
        applicant=applicant,
        amount_minor=offer.financed_minor,
        currency=offer.currency,
        count=offer.count,
        asked_at=moment.now,
    )
    try:
        found = await asyncio.wait_for(desk.lender.assess(question), ANSWER_S)
    except TimeoutError:
        found = Assessment(assessment_id="", decision=CreditDecision.UNAVAILABLE, sentence="")
    check = CreditCheck(
        question_id=question.question_id,
        owner=moment.owner,
        payment_id=payment.payment_id,
        payment_method_id=method.payment_method_id,
        offer_id=offer.offer_id,
        program_name=offer.program_name,
        assessment_id=found.assessment_id,
        decision=found.decision,
        limit_minor=found.limit_minor,
        expires_at=found.expires_at,
        asked_at=moment.now,
        consent_text=None if consent is None else consent.question,
        consent_language=None if consent is None else consent.language,
    )
    async with desk.engine.database.connection() as connection:
        await offers.insert_check(connection, check)
    return _read_assessment(found, offer, payment, now=moment.now)


def _find_consent(showing: Showing) -> Consent | None:
    """What our page asked before a lender is; None where nothing was asked now, or a merchant asked."""
    return next((consent for consent in showing.consents if consent.to == CREDIT_CHECK), None)


def _name_question(
    desk: PaymentsDesk,
    moment: AccountMoment,
    payment: Payment,
    *,
    offer: PaymentOffer,
    applicant: BillingDetails,
) -> str:
    """One question for each offer and payer; the payer enters as a keyed hash."""
    address = applicant.address
    told = (
        applicant.name,
        applicant.email,
        applicant.phone,
        *(() if address is None else (address.line1, address.city, address.postal_code, address.country)),
    )
    key = desk.engine.vault.fingerprint(moment.owner.tenant_id, repr(told).encode()).hex()[:24]
    return f"{payment.payment_id}:{offer.offer_id}:{key}"


def _read_assessment(
    found: Assessment, offer: PaymentOffer, payment: Payment, *, now: datetime
) -> PlanApproval:
    """The lender's decision. Raises PaymentRefused unless it is an approval that covers the plan."""
    if found.decision is CreditDecision.UNAVAILABLE:
        reason = explain(UnavailableCode.LENDER_UNAVAILABLE, payment.locale, program=offer.program_name)
        raise refuse_plan((reason,), payment)
    if found.decision is CreditDecision.REFER:
        raise refuse_information(found.missing or "billingDetails.phone", payment)
    is_covered = found.limit_minor is None or found.limit_minor >= offer.financed_minor
    if found.decision is CreditDecision.DECLINED or not is_covered:
        raise refuse_credit(payment)
    if found.expires_at is not None and found.expires_at <= now:
        raise refuse_lapsed(offer, payment)
    return PlanApproval(assessment_id=found.assessment_id, expires_at=found.expires_at)
