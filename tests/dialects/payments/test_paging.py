"""Lists: pages, cursors and their refusals (`spec/payments.md` §14), over events as the objects of a list."""

import pytest
from tests.dialects.payments.probes import PATH, Probe
from tests.support.payments_world import PaymentsWorld

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Text
from parcela.dialects.payments.paging import render_page
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.store.payments.paging import Condition, Listing, list_page

LISTING = Listing(table="payments_event", id_column="object_id", columns="object_id")


async def list_probes(call: Call) -> Reply:
    conditions = [Condition("object_id LIKE {}", call.query["like"])] if "like" in call.query else []
    async with call.desk.engine.database.connection() as connection:
        page = await list_page(
            connection,
            call.moment.owner,
            LISTING,
            page=call.get_page(),
            conditions=conditions,
            read=lambda row: str(row["object_id"]),
        )
    return Reply(render_page(page, lambda name: {"id": name}))


LIST = Endpoint(
    method="GET",
    path=PATH,
    scope=Scope.PAYMENTS_READ,
    summary="List probes",
    handler=list_probes,
    answer={"type": "object"},
    query=Fields({"like": Member(Text(longest=20))}),
    is_list=True,
)


def open_list(world: PaymentsWorld, count: int) -> list[str]:
    """So many objects; their ids, the newest first."""
    world.set_endpoints(*Probe().list_endpoints(), LIST)
    made = [world.post(PATH, {"amount": 1}).body["id"] for _ in range(count)]
    return made[::-1]


def read(world: PaymentsWorld, query: str) -> tuple[list[str], dict[str, object]]:
    answer = world.get(f"{PATH}?{query}")
    assert (answer.status, answer.body["object"]) == (200, "list")
    return [item["id"] for item in answer.body["data"]], answer.body["page"]


def test_the_newest_come_first_and_the_cursor_goes_on(payments: PaymentsWorld) -> None:
    ids = open_list(payments, 5)
    first, page = read(payments, "limit=2")
    assert (first, page) == (ids[:2], {"has_more": True, "next_cursor": ids[1], "total_estimate": 5})
    second, page = read(payments, f"limit=2&starting_after={ids[1]}")
    assert (second, page["has_more"], page["next_cursor"]) == (ids[2:4], True, ids[3])
    last, page = read(payments, f"limit=2&starting_after={ids[3]}")
    assert (last, page) == (ids[4:], {"has_more": False, "next_cursor": None, "total_estimate": 5})
    nothing, page = read(payments, f"starting_after={ids[4]}")
    assert (nothing, page["has_more"], page["next_cursor"]) == ([], False, None)


def test_ending_before_gives_what_is_just_newer(payments: PaymentsWorld) -> None:
    ids = open_list(payments, 5)
    found, page = read(payments, f"limit=2&ending_before={ids[3]}")
    assert (found, page["has_more"], page["next_cursor"]) == (ids[1:3], True, ids[2])
    found, page = read(payments, f"limit=2&ending_before={ids[1]}")
    assert (found, page["has_more"]) == (ids[:1], False)


def test_rows_written_while_paging_shift_nothing(payments: PaymentsWorld) -> None:
    ids = open_list(payments, 4)
    first, page = read(payments, "limit=2")
    payments.post(PATH, {"amount": 1})
    second, _ = read(payments, f"limit=2&starting_after={page['next_cursor']}")
    assert first + second == ids


def test_a_filter_counts_for_pages_and_estimate(payments: PaymentsWorld) -> None:
    ids = open_list(payments, 3)
    found, page = read(payments, f"like=%25{ids[1][-6:]}")
    assert (found, page) == ([ids[1]], {"has_more": False, "next_cursor": None, "total_estimate": 1})


def test_25_are_listed_unless_asked_otherwise(payments: PaymentsWorld) -> None:
    ids = open_list(payments, 26)
    found, page = read(payments, "")
    assert (found, page["has_more"]) == (ids[:25], True)
    assert read(payments, "limit=100")[0] == ids


REFUSED = {
    "zero": ("limit=0", "parameter_invalid", "limit"),
    "too_many": ("limit=101", "parameter_invalid", "limit"),
    "minus": ("limit=-1", "parameter_invalid", "limit"),
    "word": ("limit=abc", "parameter_invalid", "limit"),
    "decimal": ("limit=2.0", "parameter_invalid", "limit"),
    "nul": ("limit=1%00", "parameter_invalid", "limit"),
    "empty": ("limit=", "parameter_invalid", "limit"),
    "huge": ("limit=" + "9" * 5000, "parameter_invalid", "limit"),
    "twice": ("limit=1&limit=1", "parameter_invalid", "limit"),
    "unknown_cursor": ("starting_after=pay_1", "parameter_invalid", "starting_after"),
    "unknown_before": ("ending_before=pay_1", "parameter_invalid", "ending_before"),
    "empty_cursor": ("starting_after=", "parameter_invalid", "starting_after"),
    "nul_cursor": ("starting_after=%00", "parameter_invalid", "starting_after"),
    "both": ("starting_after=pay_1&ending_before=pay_1", "cursor_conflict", "ending_before"),
    "offset": ("offset=3", "parameter_unknown", "offset"),
    "near": ("startingAfter=pay_1", "parameter_unknown", "startingAfter"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_page_that_cannot_be_is_refused(shared_payments: PaymentsWorld, name: str) -> None:
    open_list(shared_payments, 0)
    query, code, param = REFUSED[name]
    answer = shared_payments.get(f"{PATH}?{query}")
    assert (answer.status, answer.code, answer.error["param"]) == (400, code, param)


def test_another_accounts_cursor_is_as_unknown_as_none(payments: PaymentsWorld) -> None:
    (own,) = open_list(payments, 1)
    answers = [
        payments.get(f"{PATH}?starting_after={cursor}", key=payments.other_secret)
        for cursor in (own, "pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA")
    ]
    errors = [{**answer.error, "request_id": ""} for answer in answers]
    assert errors[0] == errors[1]
    assert payments.get(PATH, key=payments.other_secret).body["data"] == []
