"""The cardholder's own page of a plan: how it stands, its papers, paying early (`docs/plan-page.md`).

Whoever has the address sees the plan; nothing else opens it. Forms are plain ones, as on the hosted page.
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from parcela.checkout.calendar_files import MEDIA_TYPE, render_calendar
from parcela.checkout.forms import FormUnreadable, read_form
from parcela.checkout.languages import choose_page_words, keep_language
from parcela.checkout.pages import is_foreign, list_headers, redirect, render_page, say_notice
from parcela.checkout.plan_views import PlanView, describe_plan, describe_quote
from parcela.dialects.http import BodyTooLarge
from parcela.domain.cards import mask_card_numbers
from parcela.domain.disclosures.papers import PaperForm, PaperKind, PaperRequest, PaperWay
from parcela.domain.payments.early_payments import EarlyKind
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plans import PlanState
from parcela.operations.engine import UNAVAILABLE_ERRORS
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.early_payments import (
    EarlyBarred,
    EarlyFormStale,
    EarlyFormUsed,
    make_form_token,
    pay_early,
)
from parcela.operations.payments.papers import find_plan_subject, give_paper
from parcela.operations.payments.payment_links import PLAN_PATH
from parcela.operations.payments.plan_pages import PlanPageMissing, find_plan_page
from parcela.operations.payments.plan_reading import read_evidence
from parcela.operations.payments.press import MEDIA_TYPES, PressUnavailable

CALENDAR = "plan.ics"
RECORD = "record.json"
_TOKEN = re.compile(r"[1-9][0-9]{0,4}\.[A-Za-z0-9_-]{43}")
_PAYING = {f"pay-{kind}": kind for kind in EarlyKind}
_PAPERS = {
    f"{kind}.{form}": (kind, form)
    for kind in (PaperKind.AGREEMENT, PaperKind.RECEIPT)
    for form in (PaperForm.HTML, PaperForm.PDF)
}


class CardholderPage:
    """Serves the page of every plan."""

    def __init__(self, desk: PaymentsDesk) -> None:
        self._desk = desk

    def list_routes(self) -> list[BaseRoute]:
        """Where the page is, and what hangs on it."""
        return [
            Route(f"{PLAN_PATH}/{{token}}", self.serve, methods=["GET"]),
            Route(f"{PLAN_PATH}/{{token}}/{{part}}", self.serve, methods=["GET", "POST"]),
        ]

    async def serve(self, request: Request) -> Response:
        """Any request for the page, or for a part of it."""
        words = choose_page_words(request, None)
        token, part = str(request.path_params["token"]), request.path_params.get("part")
        if _TOKEN.fullmatch(token) is None or part not in (None, CALENDAR, RECORD, *_PAPERS, *_PAYING):
            return say_notice(words, "plan_page_missing", 404)
        path = f"{PLAN_PATH}/{token}"
        has_number = mask_card_numbers(request.url.query) != request.url.query
        if has_number or not _takes(part, request.method):
            allow = "GET, POST" if part in _PAYING else "GET"
            return say_notice(words, "not_here", 405, back=path, allow=allow)
        try:
            page = await find_plan_page(self._desk, token)
            view = PlanView(page=page, words=choose_page_words(request, page.payment), path=path)
            response = await self._serve_part(request, view, part)
        except PlanPageMissing:
            return say_notice(words, "plan_page_missing", 404)
        except UNAVAILABLE_ERRORS:
            return say_notice(words, "unavailable", 503, back=path)
        keep_language(request, response, self._desk.root_url)
        return response

    async def _serve_part(self, request: Request, view: PlanView, part: str | None) -> Response:
        if part is None:
            return render_page("plan_page.html", view.words, **describe_plan(view))  # type: ignore[arg-type]
        if part == CALENDAR:
            return self._give_calendar(view)
        if part == RECORD:
            return await self._give_record(view)
        if part in _PAPERS:
            return await self._give_paper(view, *_PAPERS[part])
        if request.method == "POST":
            return await self._take(request, view, _PAYING[part])
        return self._show_quote(view, _PAYING[part])

    async def _give_record(self, view: PlanView) -> Response:
        """What was shown and agreed, byte for byte as it is kept (`disclosures.md` §6)."""
        body = await read_evidence(self._desk, view.page.moment, name_plan(view.plan.plan_id))
        headers = list_headers(view.page.payment)
        headers["Content-Disposition"] = f'attachment; filename="{RECORD}"'
        return Response(body, media_type="application/json", headers=headers)

    def _give_calendar(self, view: PlanView) -> Response:
        page = view.page
        if page.plan.state is not PlanState.ACTIVE:
            return say_notice(view.words, "plan_page_missing", 404, back=view.path)
        content = render_calendar(page.plan, shop=page.moment.account.shown_name, words=view.words)
        headers = list_headers(page.payment) | {"Content-Disposition": 'attachment; filename="plan.ics"'}
        return Response(content, media_type=MEDIA_TYPE, headers=headers)

    async def _give_paper(self, view: PlanView, kind: PaperKind, form: PaperForm) -> Response:
        moment, payment = view.page.moment, view.page.payment
        subject = await find_plan_subject(self._desk, moment, payment.payment_id)
        if subject is None or subject.plan is None or subject.plan.plan_id != view.plan.plan_id:
            return say_notice(view.words, "plan_page_missing", 404, back=view.path)
        wanted = PaperRequest(kind=kind, form=form, language=view.words.language)
        try:
            paper = await give_paper(self._desk, moment, subject, wanted, way=PaperWay.PLAN_PAGE)
        except PressUnavailable:
            return say_notice(view.words, "plan_page_paper_missing", 503, back=view.path)
        headers = list_headers(payment) | {"Content-Security-Policy": paper.content_policy}
        if form is PaperForm.PDF:
            headers["Content-Disposition"] = f'inline; filename="{kind}.pdf"'
        return Response(paper.content, media_type=MEDIA_TYPES[form], headers=headers)

    def _show_quote(self, view: PlanView, kind: EarlyKind) -> Response:
        """What an early payment comes to; the page itself where there is nothing to pay early."""
        early = view.page.early
        quote = early.find_quote(kind)
        if quote is None:
            return redirect(view.path, view.page.payment)
        form_token = make_form_token(self._desk, view.plan, early, quote)
        facts = describe_quote(view, quote)
        facts["path"] = f"{view.path}/pay-{kind}"
        return render_page("plan_check.html", view.words, form_token=form_token, **facts)  # type: ignore[arg-type]

    async def _take(self, request: Request, view: PlanView, kind: EarlyKind) -> Response:
        """Pay, once; the same form again leads to the page, which says what came of it."""
        words, payment = view.words, view.page.payment
        if is_foreign(request, self._desk.root_url):
            return say_notice(words, "foreign", 403, back=view.path)
        try:
            form_token = (await read_form(request))["form_token"]
            await pay_early(self._desk, view.page.moment, view.plan.plan_id, kind, form_token=form_token)
        except BodyTooLarge:
            return say_notice(words, "unreadable", 413, back=view.path)
        except (FormUnreadable, KeyError):
            return say_notice(words, "unreadable", 400, back=view.path)
        except EarlyFormStale:
            return say_notice(words, "plan_page_stale", 409, back=view.path)
        except (EarlyFormUsed, EarlyBarred):
            # Paid before, or something else happens to the plan: the page says what.
            pass
        return redirect(view.path, payment)


def _takes(part: str | None, method: str) -> bool:
    """A paper is not asked for by HEAD: it would be on record as delivered."""
    return part in _PAYING if method == "POST" else method == "GET" or part not in _PAPERS
