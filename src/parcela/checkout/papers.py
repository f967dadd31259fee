"""Papers of the hosted page: the sheet of an offer before, agreement and receipt after it."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from parcela.checkout.pages import list_headers, say_notice
from parcela.checkout.views import PageView
from parcela.domain.disclosures.papers import PaperForm, PaperKind, PaperRequest, PaperWay
from parcela.domain.payments.checkout import CheckoutState
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.papers import PaperSubject, find_offer_subject, find_plan_subject, give_paper
from parcela.operations.payments.press import MEDIA_TYPES, Paper, PressUnavailable

PAPERS: Mapping[str, tuple[PaperKind, PaperForm]] = {
    f"{kind}.{form}": (kind, form) for kind in PaperKind for form in (PaperForm.HTML, PaperForm.PDF)
}
"""The last parts of their addresses."""

_MAX_OFFER_ID = 64


async def show_paper(desk: PaymentsDesk, page: PageView, request: Request, name: str) -> Response:
    """A paper in the page's language; `choice` names the offer of a sheet.

    404 for what was not shown to this browser or is not agreed yet, 503 where no PDF can be made.
    """
    kind, form = PAPERS[name]
    offer_id = request.query_params.get("choice", "")
    subject = await _find_subject(desk, page, kind, offer_id=offer_id)
    if subject is None:
        return say_notice(page.words, "missing", 404, back=page.path)
    wanted = PaperRequest(kind=kind, form=form, language=page.words.language)
    try:
        paper = await give_paper(desk, page.checkout.moment, subject, wanted, way=PaperWay.CHECKOUT)
    except PressUnavailable:
        return say_notice(page.words, "paper_unavailable", 503, back=page.path)
    return _answer(page, paper)


async def _find_subject(
    desk: PaymentsDesk, page: PageView, kind: PaperKind, *, offer_id: str
) -> PaperSubject | None:
    checkout = page.checkout
    if kind is not PaperKind.SHEET:
        is_agreed = checkout.state is CheckoutState.COMPLETED and checkout.view.plan is not None
        if not is_agreed:
            return None
        return await find_plan_subject(desk, checkout.moment, checkout.payment.payment_id)
    is_id = 0 < len(offer_id) <= _MAX_OFFER_ID and offer_id.isascii() and offer_id.isprintable()
    if checkout.method is None or not is_id:
        return None
    return await find_offer_subject(
        desk, checkout.moment, checkout.payment, checkout.method, offer_id=offer_id
    )


def _answer(page: PageView, paper: Paper) -> Response:
    headers = list_headers(page.checkout.payment) | {"Content-Security-Policy": paper.content_policy}
    if paper.form is PaperForm.PDF:
        headers["Content-Disposition"] = f'attachment; filename="{paper.kind}.pdf"'
    return Response(paper.content, media_type=MEDIA_TYPES[paper.form], headers=headers)
