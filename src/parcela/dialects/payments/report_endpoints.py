"""`/v1/reports` (`spec/payments.md` §10)."""

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Choice, Currency, Day, ListOf, ObjectId
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.report_objects import ReportObject, render_report
from parcela.dialects.payments.routes import Endpoint
from parcela.dialects.payments.settlement_endpoints import METHOD_TYPE
from parcela.dialects.payments.wire_values import Document
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.report_files import COLUMNS
from parcela.domain.payments.reports import Report, ReportFormat
from parcela.domain.payments.settlement import BalanceKind
from parcela.operations.payments import reports
from parcela.operations.payments.reports import RECONCILIATION, ReportWish

_MEDIA_TYPES = {
    ReportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ReportFormat.JSON: "application/json",
}
_BODY = Fields(
    {
        "type": Member(Choice((RECONCILIATION,)), is_required=True),
        "interval": Member(
            Fields(
                {
                    "start": Member(Day(), "The first day, by the account's time zone", is_required=True),
                    "end": Member(Day(), "The day after the last one", is_required=True),
                }
            ),
            is_required=True,
        ),
        "columns": Member(
            ListOf(item=Choice(COLUMNS), fewest=1, most=len(COLUMNS), is_unique=True),
            "All columns if not given",
        ),
        "format": Member(Choice(tuple(ReportFormat)), "csv if not given"),
        "filter": Member(
            Fields(
                {
                    "payment_method_type": Member(METHOD_TYPE),
                    "type": Member(Choice(tuple(BalanceKind))),
                    "currency": Member(Currency()),
                    "settlement": Member(ObjectId("setl")),
                }
            ),
            "Only rows with these values, as the list of balance transactions has them",
        ),
    }
)


async def create_report(call: Call) -> Reply:
    """`POST /v1/reports`."""
    wish = ReportWish(
        type=call.body["type"],
        start=call.body["interval"]["start"],
        end=call.body["interval"]["end"],
        columns=call.body.get("columns", ()),
        format=ReportFormat(call.body.get("format", ReportFormat.CSV)),
        filter=call.body.get("filter", {}),
    )

    def render(made: Report) -> Document:
        return render_report(made, root_url=call.desk.root_url)

    report = await reports.create_report(call.desk, call.moment, wish, call.keeper(render))
    return Reply(document=render(report))


async def get_report(call: Call) -> Reply:
    """`GET /v1/reports/{id}`."""
    report = await reports.get_report(call.desk, call.moment, call.path["id"])
    return Reply(document=render_report(report, root_url=call.desk.root_url))


async def list_reports(call: Call) -> Reply:
    """`GET /v1/reports`."""
    page = await reports.list_reports(call.desk, call.moment, call.get_page())
    root_url = call.desk.root_url
    return Reply(document=render_page(page, lambda report: render_report(report, root_url=root_url)))


async def get_report_content(call: Call) -> Reply:
    """`GET /v1/reports/{id}/content`."""
    report, content = await reports.get_content(call.desk, call.moment, call.path["id"])
    name = f"{report.report_id}.{report.format}"
    return Reply(
        content=content,
        media_type=_MEDIA_TYPES[report.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/reports",
        scope=Scope.REPORTS_WRITE,
        summary="Have a report made",
        handler=create_report,
        answer=ReportObject,
        body=_BODY,
        status=201,
    ),
    Endpoint(
        method="GET",
        path="/v1/reports",
        scope=Scope.REPORTS_READ,
        summary="List reports",
        handler=list_reports,
        answer=ReportObject,
        is_list=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/reports/{id}",
        scope=Scope.REPORTS_READ,
        summary="Get a report",
        handler=get_report,
        answer=ReportObject,
    ),
    Endpoint(
        method="GET",
        path="/v1/reports/{id}/content",
        scope=Scope.REPORTS_READ,
        summary="Download a report",
        handler=get_report_content,
        answer=None,
        media_types=("text/csv", "application/json"),
    ),
)
