"""Accounts, transactions, statements and due work by the command line."""

from pathlib import Path

from tests.cli.conftest import Run
from tests.support.servicing import CARD

from parcela.cli.options import CommandError
from parcela.domain.errors import NotAllowed, NotFound

OPERATOR = ("--as", "operator@sandbox.example")
HEADER = "event_id,event_type,card_number,amount,currency,local_at,rrn,merchant_name\n"
LINES = (
    f"a1,authorization,{CARD},400.00,USD,2030-01-10T09:30:00,123456123456,Globex Decor\n"
    f"c1,clearing,{CARD},400.00,USD,2030-01-11T09:30:00,123456123456,Globex Decor\n"
)


def find_account(parcela: Run) -> str:
    listed = parcela("account", "list", "--last-four", "7107").output.splitlines()
    assert len(listed) == 2
    return listed[1].split()[0]


def test_a_file_is_loaded_and_its_account_shown(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "transactions.csv"
    file.write_text(HEADER + LINES)
    assert parcela("transaction", "load", str(file), *OPERATOR).output == (
        "2 accepted (0 of them declined), 0 repeated.\n"
    )
    again = parcela("transaction", "load", "-", *OPERATOR, stdin=file.read_text())
    assert again.output == "0 accepted (0 of them declined), 2 repeated.\n"
    account_id = find_account(parcela)
    shown = parcela("account", "show", account_id).output
    assert shown.startswith(f"Account {account_id}, card 230377******7107, credit\n")
    assert [" ".join(line.split()) for line in shown.splitlines()[1:6]] == [
        "Owed now 400.00 USD",
        "Deposit 0.00 USD",
        "Installments to come 0.00 USD",
        "Held by authorizations 0.00 USD",
        "Available 9600.00 USD",
    ]
    (line,) = parcela("transaction", "list", account_id).output.splitlines()[1:]
    assert line.split()[3:] == ["Globex", "Decor", "cleared", "400.00", "0.00", "400.00", "0.00", "-"]
    paid = parcela("account", "pay", account_id, "400", *OPERATOR, "--event-id", "pay-1").output.splitlines()
    assert paid == [f"payment.received {account_id}", "Event pay-1"]
    repeated = parcela("account", "pay", account_id, "400", *OPERATOR, "--event-id", "pay-1").output
    assert repeated.startswith("Event pay-1 had its effect before:\n")
    assert CARD not in shown + line


def test_a_refused_line_is_told_with_its_number(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "transactions.csv"
    file.write_text(HEADER + LINES + f"x1,clearing,{CARD},1,XXQ,2030-01-11T09:30:00,,\n")
    done = parcela("transaction", "load", str(file), *OPERATOR)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "2 accepted (0 of them declined), 0 repeated.",
        "Line 4, event x1: currency: expected a currency of ISO 4217, got 'XXQ'",
        "1 refused: mend these lines and load the file again.",
    ]
    missing = parcela("transaction", "load", str(tmp_path / "none.csv"), *OPERATOR)
    assert isinstance(missing.exception, CommandError)
    maker = parcela("transaction", "load", str(file), "--as", "maker@sandbox.example")
    assert isinstance(maker.exception, CommandError)


def test_statements_close_when_the_clock_moves(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "transactions.csv"
    file.write_text(HEADER + LINES)
    parcela("transaction", "load", str(file), *OPERATOR)
    account_id = find_account(parcela)
    assert isinstance(parcela("account", "statement", account_id).exception, NotFound)
    assert parcela("due", "run").output == ("Billed 0 installments, marked 0 late, closed 0 statements.\n")
    parcela("clock", "advance", "2mo")
    assert parcela("due", "run").output == ("Billed 0 installments, marked 0 late, closed 2 statements.\n")
    lines = parcela("account", "statement", account_id, "1").output.splitlines()
    assert lines[0].startswith(f"Statement 1 of account {account_id}, ")
    assert [line.split()[1:] for line in lines[2:]] == [
        ["Opening", "balance", "0.00"],
        ["Purchase", "400.00"],
        ["Closing", "balance", "400.00"],
    ]


def test_checkers_look_and_do_not_act(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "transactions.csv"
    file.write_text(HEADER + LINES)
    parcela("transaction", "load", str(file), *OPERATOR)
    refused = parcela("account", "pay", find_account(parcela), "1", "--as", "checker@sandbox.example")
    assert isinstance(refused.exception, NotAllowed)
    assert isinstance(parcela("plan", "servicing", "x").exception, NotFound)
    assert isinstance(parcela("account", "payoff", "x", *OPERATOR).exception, NotFound)
