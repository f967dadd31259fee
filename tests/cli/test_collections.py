"""`parcela plan collections`: a file of what issuers collected, from end to end."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate
from tests.support.collection_acts import MAKER, get_plan_id, list_due_dates
from tests.support.payments_world import open_payments_world
from tests.support.plan_buyers import MASTERCARD, advance, buy, buy_lent, get_payment, list_statuses
from tests.support.refund_acts import check_books, find_now

from parcela.cli.options import CommandError
from parcela.domain.errors import InvalidInput, NotAllowed

HEADER = "plan,reference,reported_at,number,outcome,date,amount\n"


def test_a_file_of_many_plans_is_taken_in_once(
    parcela: Run,
    database_url: str,
    demo_template: DemoTemplate,
    tmp_path: Path,
) -> None:
    file = tmp_path / "collections.csv"
    with open_payments_world(database_url, demo_template.home) as world:
        one, two, lent = (buy(world, MASTERCARD, 3), buy(world, MASTERCARD, 3), buy_lent(world, "ada"))
        advance(world, days=40)
        at = f"{find_now(world):%Y-%m-%dT%H:%M:%SZ}"
        (first, *_), name = list_due_dates(one), two["installments"]["plan"]
        right = [
            f"{get_plan_id(one)},a-1,{at},1,missed,{first},",
            f"{name},a-1,{at},1,collected,{first},200.00",
            f"{name},a-1,{at},2,collected,{first},200",
            f"{get_plan_id(one)},a-2,{at},1,collected,{first},200.00",
            # The same plan by its other name: its lines keep their order.
            f"{one['installments']['plan']},a-3,{at},1,missed,{first},",
            f"{get_plan_id(one)},a-4,{at},1,collected,{first},200.00",
        ]
        wrong = [
            f"{name},a-3,{at},3,collected,{first},199.99",
            f"{get_plan_id(lent)},a-1,{at},1,collected,{first},200.00",
            f"{name},a-4,{at},3,collected,{first},200.00,more",
            f"{name},a-5,{at},3,collected,{first},200.00",
            f"{name},a-5,{at},x,collected,{first},200.00",
            f"{name},a-6,{at},3,lost,{first},",
            f"{name},a-7,{at},3,missed,soon,",
            f"{name},5200828200000108,{at},3,collected,{first},200.00",
            f"\x1b[31m,a-8,{at},3,collected,{first},200.00",
        ]
        file.write_text(HEADER + "\n".join([*right, "", *wrong]) + "\n")
        done = parcela("plan", "collections", str(file), "--as", MAKER)
        assert done.exit_code == 1
        assert done.output.splitlines() == [
            "5 reports accepted, 0 repeated.",
            "Line 9: Row 3: expected 200.00 EUR (20000), got 19999 minor units",
            f"Line 10: There is no plan of a payment '{get_plan_id(lent)}'.",
            "Line 11: line: expected as many cells as the header has columns",
            "Line 12: not taken in: line 13 of the same report is refused",
            "Line 13: number: expected the number of a row, got 'x'",
            "Line 14: outcome: expected collected or missed, got 'lost'",
            "Line 15: date: expected a date such as 2026-01-31, got 'soon'",
            "Line 16: reference: expected an id that is no card number; a letter between its digits helps",
            "Line 17: There is no plan of a payment '\\x1b[31m'.",
            "9 lines refused: mend the file and load it again.",
        ]
        assert list_statuses(get_payment(world, one["id"])) == ["paid", "due", "due"]
        assert list_statuses(get_payment(world, two["id"])) == ["paid", "paid", "due"]
        written = "SELECT count(*) AS events FROM payments_event"
        before = world.fetch(written)
        mended = f"{name},a-3,{at},3,collected,{first},200.00"
        again = parcela("plan", "collections", str(file), "--as", MAKER)
        assert again.output.splitlines()[0] == "0 reports accepted, 5 repeated."
        assert world.fetch(written) == before
        stdin = HEADER + "\n".join([*right, mended]) + "\n"
        whole = parcela("plan", "collections", "-", "--as", MAKER, stdin=stdin)
        assert (whole.output, whole.exit_code) == ("1 report accepted, 5 repeated.\n", 0)
        assert get_payment(world, two["id"])["installments"]["status"] == "completed"
        check_books(world)


@pytest.mark.parametrize(
    ("text", "who", "error", "sentence"),
    [
        (
            "",
            MAKER,
            InvalidInput,
            "header: expected the columns plan, reference, reported_at, number, outcome,",
        ),
        (
            "plan,reference\n",
            MAKER,
            InvalidInput,
            "header: expected the columns plan, reference, reported_at,",
        ),
        (f'{HEADER}"a', MAKER, InvalidInput, "line 2: expected a line of CSV in UTF-8"),
        (HEADER, "checker@sandbox.example", NotAllowed, "Only issuer makers and operators may act"),
    ],
    ids=["empty", "columns", "quote", "checker"],
)
def test_a_file_that_is_none_is_refused(
    parcela: Run, text: str, who: str, error: type[Exception], sentence: str
) -> None:
    refused = parcela("plan", "collections", "-", "--as", who, stdin=text)
    assert isinstance(refused.exception, error)
    assert str(refused.exception).startswith(sentence)


def test_a_missing_file_is_told(parcela: Run, tmp_path: Path) -> None:
    refused = parcela("plan", "collections", str(tmp_path / "none.csv"), "--as", MAKER)
    assert isinstance(refused.exception, CommandError)
