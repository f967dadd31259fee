"""What a mail about a plan brings along: the page of the plan, and for a receipt the paper itself."""

from dataclasses import dataclass

import structlog

from parcela.domain.disclosures.papers import PaperForm, PaperKind, PaperRequest, PaperWay
from parcela.domain.mail import MailKind
from parcela.operations.mail_letters import LoadedMail
from parcela.operations.payments.agenda import find_account_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.papers import PaperSubject, find_plan_subject, give_paper
from parcela.operations.payments.payment_links import PaymentLinks
from parcela.operations.payments.press import Paper, PressUnavailable

log = structlog.get_logger("parcela.mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """The address of the plan's page, and the receipt in the forms that this machine can make."""

    plan_url: str | None = None
    papers: tuple[Paper, ...] = ()


async def find_enclosure(desk: PaymentsDesk, mail: LoadedMail, *, language: str) -> Enclosure:
    """What goes with a mail; nothing with one that speaks of no plan.

    A receipt is printed once and kept, so that each try brings the same file.
    """
    record = mail.record
    payment_id = record.facts.get("payment")
    if not isinstance(payment_id, str):
        return Enclosure()
    moment = await find_account_moment(desk.engine, desk.engine.recall(), record.owner, with_disabled=True)
    subject = None if moment is None else await find_plan_subject(desk, moment, payment_id)
    if moment is None or subject is None or subject.plan is None:
        return Enclosure()
    papers = []
    if record.kind is MailKind.RECEIPT:
        for form in (PaperForm.TEXT, PaperForm.PDF):
            paper = await _print_receipt(desk, moment, subject, form, language=language)
            papers += [paper] if paper is not None else []
    url = PaymentLinks(desk.root_url, desk.engine.vault).make_plan_url(subject.plan)
    return Enclosure(plan_url=url, papers=tuple(papers))


async def _print_receipt(
    desk: PaymentsDesk, moment: AccountMoment, subject: PaperSubject, form: PaperForm, *, language: str
) -> Paper | None:
    wanted = PaperRequest(kind=PaperKind.RECEIPT, form=form, language=language)
    try:
        return await give_paper(desk, moment, subject, wanted, way=PaperWay.MAIL)
    except PressUnavailable as reason:
        log.warning("mail without a file", form=str(form), reason=str(reason))
        return None
