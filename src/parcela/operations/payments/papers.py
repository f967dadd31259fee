"""Papers for whoever pays: printed once, kept byte for byte, and each first delivery on record.

`disclosures.md` §§2.2 and 6. A paper says what was shown or agreed, as it was then: what became of the plan
since is on the plan's own page.
"""

from dataclasses import dataclass
from datetime import datetime

from parcela.domain.disclosures.papers import (
    MAX_PAPER_BYTES,
    PaperDelivery,
    PaperForm,
    PaperKind,
    PaperRequest,
    PaperWay,
)
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.given_texts import clean_line
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan
from parcela.domain.payments.records import Payment, PaymentMethod
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.press import Paper, PaperContent
from parcela.store.database import Connection
from parcela.store.payments import offers, papers, payment_methods, payments, plans


class PaperMissing(Exception):
    """There is no such paper: an agreement and a receipt need a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSubject:
    """What papers are about: an offer as it was shown for a payment, and the plan if it was accepted."""

    payment: Payment
    method: PaymentMethod
    offer: PaymentOffer
    shown_at: datetime
    plan: PaymentPlan | None = None


async def find_plan_subject(
    desk: PaymentsDesk, moment: AccountMoment, payment_id: str
) -> PaperSubject | None:
    """The plan of a payment as papers tell of it; None for a payment without a plan."""
    owner = moment.owner
    async with desk.engine.database.connection() as connection:
        payment = await payments.find_payment(connection, owner, payment_id)
        plan = await plans.find_plan_of_payment(connection, owner, payment_id)
        if payment is None or payment.payment_method_id is None or plan is None:
            return None
        shown = await offers.find_list_with_offer(connection, owner, plan.offer.offer_id)
        method = await payment_methods.find_payment_method(connection, owner, payment.payment_method_id)
    assert shown is not None and method is not None, "a plan was shown, and made with a card"
    return PaperSubject(payment=payment, method=method, offer=plan.offer, shown_at=shown.shown_at, plan=plan)


async def find_offer_subject(
    desk: PaymentsDesk, moment: AccountMoment, payment: Payment, method: PaymentMethod, *, offer_id: str
) -> PaperSubject | None:
    """An offer that was shown for this payment with this card, also one that has lapsed."""
    async with desk.engine.database.connection() as connection:
        found = await offers.find_shown_offer(
            connection,
            moment.owner,
            offer_id=offer_id,
            payment_id=payment.payment_id,
            payment_method_id=method.payment_method_id,
        )
    if found is None:
        return None
    shown, offer = found
    return PaperSubject(payment=payment, method=method, offer=offer, shown_at=shown.shown_at)


async def give_paper(
    desk: PaymentsDesk, moment: AccountMoment, subject: PaperSubject, wanted: PaperRequest, *, way: PaperWay
) -> Paper:
    """The paper as it was first delivered, else a new one; the delivery is on record before it goes out.

    Raises PaperMissing, PressUnavailable. Nothing that takes long is printed inside a transaction.
    """
    if wanted.kind is not PaperKind.SHEET and subject.plan is None:
        raise PaperMissing(f"{wanted.kind} of a payment without a plan")
    kept = await _find_kept(desk, moment, subject, wanted)
    if kept is None:
        content = describe_content(moment, subject, wanted)
        paper = await desk.press.print_paper(wanted.kind, wanted.form, content, language=wanted.language)
        assert len(paper.content) <= MAX_PAPER_BYTES, "terms are bounded, and so are rows"
    else:
        paper = Paper(
            kind=wanted.kind,
            form=wanted.form,
            language=wanted.language,
            template_version=kept.template_version,
            content=kept.content,
        )
        if way in kept.ways:
            return paper
    delivery = _describe_delivery(moment, subject, paper, way=way)
    async with desk.engine.database.transaction() as connection:
        await papers.insert_delivery(connection, delivery, paper.content)
    return paper


async def keep_agreement(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, plan: PaymentPlan, *, language: str
) -> None:
    """Make the agreement with the acceptance, in its transaction: its evidence names it.

    It is HTML, which costs a millisecond; whoever asks for it in this language gets these bytes.
    """
    owner = moment.owner
    shown = await offers.find_list_with_offer(connection, owner, plan.offer.offer_id)
    payment = await payments.find_payment(connection, owner, plan.payment_id)
    assert shown is not None and payment is not None, "a plan is of a payment, and was shown"
    method = await payment_methods.find_payment_method(connection, owner, shown.payment_method_id)
    assert method is not None, "plans are shown for a card"
    subject = PaperSubject(
        payment=payment, method=method, offer=plan.offer, shown_at=shown.shown_at, plan=plan
    )
    wanted = PaperRequest(kind=PaperKind.AGREEMENT, form=PaperForm.HTML, language=language)
    content = describe_content(moment, subject, wanted)
    paper = await desk.press.print_paper(wanted.kind, wanted.form, content, language=language)
    delivery = _describe_delivery(moment, subject, paper, way=PaperWay.RECORD)
    await papers.insert_delivery(connection, delivery, paper.content)


def describe_content(moment: AccountMoment, subject: PaperSubject, wanted: PaperRequest) -> PaperContent:
    """What is printed. The instant on it is that of the showing, the agreement or the charge."""
    payment, offer = subject.payment, subject.offer
    plan = None if wanted.kind is PaperKind.SHEET else subject.plan
    printed_at = subject.shown_at if plan is None else plan.created_at
    if wanted.kind is PaperKind.RECEIPT and payment.captured_at is not None:
        printed_at = payment.captured_at
    card = subject.method.card
    return PaperContent(
        offer=offer,
        rows=offer.rows,
        creditor=find_creditor(moment.world.catalogue(moment.owner.tenant_id), offer, wanted.language),
        shop=moment.account.shown_name,
        payment_id=payment.payment_id,
        reference=None if payment.reference is None else clean_line(payment.reference),
        card=f"{card.brand.shown_name} •••• {card.last_four}",
        zone=moment.zone,
        is_live=moment.is_live,
        printed_at=printed_at,
        plan_id=None if plan is None else name_plan(plan.plan_id),
        accepted_at=None if plan is None else plan.created_at,
    )


async def _find_kept(
    desk: PaymentsDesk, moment: AccountMoment, subject: PaperSubject, wanted: PaperRequest
) -> papers.KeptPaper | None:
    async with desk.engine.database.connection() as connection:
        return await papers.find_paper(
            connection,
            moment.owner,
            offer_id=subject.offer.offer_id,
            plan_id=None if subject.plan is None else subject.plan.plan_id,
            wanted=wanted,
        )


def _describe_delivery(
    moment: AccountMoment, subject: PaperSubject, paper: Paper, *, way: PaperWay
) -> PaperDelivery:
    return PaperDelivery(
        owner=moment.owner,
        payment_id=subject.payment.payment_id,
        offer_id=subject.offer.offer_id,
        plan_id=None if subject.plan is None else subject.plan.plan_id,
        kind=paper.kind,
        form=paper.form,
        language=paper.language,
        template_version=paper.template_version,
        digest=paper.digest,
        way=way,
        delivered_at=moment.now,
    )
