"""A merchant's statement by the command line."""

from datetime import timedelta

from tests.cli.conftest import Run
from tests.conftest import DemoTemplate
from tests.support.merchant_days import NOON, at, debit, make_refund, pay
from tests.support.payments_world import open_payments_world

from parcela.cli.options import CommandError
from parcela.domain.errors import NotFound
from parcela.operations.payments.agenda import run_account
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.settlements import TASKS
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID

STATEMENT = ("payments-account", "statement")


async def earn(desk: PaymentsDesk, moment: AccountMoment) -> str:
    """The documented day, paid out."""
    day = at(moment, NOON)
    payment, booked = await pay(desk, day, 60000)
    await debit(desk, day, make_refund(desk, day, payment, 20000, fee_back_minor=30), payment)
    await run_account(desk, TASKS, moment.owner, until=NOON + timedelta(days=3))
    return booked.settlement_id


def test_a_statement_shows_lines_fees_and_payout(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        settlement_id = world.as_account(earn)
    shown = parcela(*STATEMENT, ACCOUNT_ID, "--day", "2026-07-01").output
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        f"{settlement_id} 2026-07-01 to 2026-07-01 EUR completed",
        "count amount",
        "payments 1 600.00",
        "processing fees 1 -1.74",
        "installment fees 1 -0.90",
        "refunds 1 -200.00",
        "fee credits 1 0.30",
        "net 397.66",
        "opening balance 0.00",
        "payout of 2026-07-03 -397.66",
        "closing balance 0.00",
    ]
    nothing = (
        "Nothing was booked in a period that holds 2026-07-02.\n"
        "The newest statement is of 2026-07-01: add --day 2026-07-01.\n"
    )
    assert parcela(*STATEMENT, ACCOUNT_ID, "--day", "2026-07-02").output == nothing
    for other in ((ACCOUNT_ID, "--live"), (OTHER_ACCOUNT_ID,)):
        found = parcela(*STATEMENT, *other, "--day", "2026-07-01").output
        assert found == "Nothing was booked in a period that holds 2026-07-01.\n"


def test_a_statement_of_nobody_or_of_no_day_is_refused(parcela: Run) -> None:
    assert isinstance(parcela(*STATEMENT, "ma_nobody").exception, NotFound)
    assert isinstance(parcela(*STATEMENT, ACCOUNT_ID, "--day", "1.7.2026").exception, CommandError)
