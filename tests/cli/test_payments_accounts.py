"""Accounts of the payments door by the command line: looking, letting in, and API keys."""

import re
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate

from parcela.cli.options import CommandError
from parcela.domain.errors import Conflict, InvalidInput, NotFound
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID

OPERATOR = ("--as", "operator@sandbox.example")
SECOND = ("--approve-as", "second-operator@sandbox.example")
GROUP = "payments-account"


def rows_of(output: str) -> list[list[str]]:
    """The cells of a table without its heads, which two blanks or more part."""
    lines = [line for line in output.splitlines() if line][1:]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_accounts_are_listed_with_their_state(parcela: Run) -> None:
    assert rows_of(parcela(GROUP, "list").output) == [
        [ACCOUNT_ID, "Parcela Demo Store", "DEU", "test", "enabled"],
        [OTHER_ACCOUNT_ID, "Parcela Second Store", "USA", "test", "enabled"],
    ]
    parcela("client", "suspend", OTHER_ACCOUNT_ID, *OPERATOR)
    assert [row[-1] for row in rows_of(parcela(GROUP, "list").output)] == ["enabled", "suspended"]


def test_an_account_is_shown_as_a_catalogue_file(parcela: Run, tmp_path: Path) -> None:
    shown = parcela(GROUP, "show", OTHER_ACCOUNT_ID)
    assert yaml.safe_load(shown.output) == {
        "parcela_catalogue": 1,
        "payments_accounts": [
            {
                "account_id": OTHER_ACCOUNT_ID,
                "name": "Parcela Second Store",
                "country": "USA",
                "mcc": "5942",
                "owner_email": "owner@second-store.sandbox.example",
                "acquirer_id": "PARCELA_SIM",
                "acquirer_merchant_id": "100200401",
                "terminal_id": "PARC0005",
                "sends_receipts": True,
            }
        ],
    }
    file = tmp_path / "account.yaml"
    file.write_text(shown.output)
    assert parcela("catalogue", "diff", str(file)).output == "No differences.\n"
    assert isinstance(parcela(GROUP, "show", "nobody").exception, NotFound)


def test_an_account_of_a_file_is_let_in_and_gets_a_key(parcela: Run, tmp_path: Path) -> None:
    account_id = parcela(GROUP, "new-id").output.strip()
    assert re.fullmatch("ma_[0-9A-HJKMNP-TV-Z]{26}", account_id)
    file = tmp_path / "store.yaml"
    file.write_text(
        f"parcela_catalogue: 1\npayments_accounts:\n- {{account_id: {account_id}, name: Store, country: DEU,"
        " mcc: '5411', owner_email: o@store.example, acquirer_id: ACQ, acquirer_merchant_id: '1',"
        " terminal_id: T1}\n"
    )
    early = parcela(GROUP, "register", account_id, *OPERATOR)
    assert isinstance(early.exception, InvalidInput)
    assert parcela("catalogue", "apply", str(file), *OPERATOR, *SECOND).exit_code == 0
    assert "not registered" in parcela(GROUP, "list").output
    registered = parcela(GROUP, "register", account_id, *OPERATOR)
    assert registered.output == (
        f"{account_id} may call. Make its first key with `parcela payments-account key issue {account_id}`.\n"
    )
    issued = parcela(GROUP, "key", "issue", account_id, *OPERATOR).output.splitlines()
    assert issued[0] == f"API key 5 of {account_id}. Only a hash of it is kept: note it now."
    assert re.fullmatch("  sk_test_[0-9A-Za-z]{43}", issued[1])


def test_keys_are_listed_without_their_texts(parcela: Run, demo_template: DemoTemplate) -> None:
    held = demo_template.credentials["payments"]
    output = parcela(GROUP, "key", "list", ACCOUNT_ID).output
    names = ("secret_key", "restricted_key", "publishable_key")
    assert [row[:2] for row in rows_of(output)] == [
        [str(number), f"{held[name][:8]}…{held[name][-4:]}"] for number, name in enumerate(names, start=1)
    ]
    assert [row[2] for row in rows_of(output)] == [
        "all of its kind",
        "payment_methods:read payment_methods:write payments:read payments:write refunds:read refunds:write",
        "payment_methods:write",
    ]
    assert [row[-1] for row in rows_of(output)] == ["live"] * 3
    for name in names:
        assert held[name] not in output


def test_a_key_is_widened_and_revoked(parcela: Run) -> None:
    options = ("--kind", "restricted", "--scope", "payments:read", "--scope", "events:read")
    more = ("--network", "203.0.113.0/24", "--expires-at", "2099-01-31T12:30:00+00:00")
    assert parcela(GROUP, "key", "issue", ACCOUNT_ID, *options, *more, *OPERATOR).exit_code == 0
    row = rows_of(parcela(GROUP, "key", "list", ACCOUNT_ID).output)[-1]
    assert (row[0], row[2:4], row[-1]) == (
        "5",
        ["events:read payments:read", "203.0.113.0/24"],
        "live until 2099-01-31 12:30",
    )
    granted = parcela(GROUP, "key", "grant", ACCOUNT_ID, "5", "installments:read", *OPERATOR)
    told = f"The API key 5 of {ACCOUNT_ID} has now events:read installments:read payments:read.\n"
    assert granted.output == told
    revoked = parcela(GROUP, "key", "revoke", ACCOUNT_ID, "5", *OPERATOR)
    assert revoked.output == f"The API key 5 of {ACCOUNT_ID} is revoked.\n"
    row = rows_of(parcela(GROUP, "key", "list", ACCOUNT_ID).output)[-1]
    assert re.fullmatch(r"revoked \d{4}-\d\d-\d\d \d\d:\d\d", row[-1])
    again = parcela(GROUP, "key", "revoke", ACCOUNT_ID, "5", *OPERATOR)
    assert isinstance(again.exception, Conflict)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param(
            ("--kind", "other"),
            "A key's kind is secret or restricted or publishable, not 'other'.",
            id="kind",
        ),
        pytest.param(("--expires-at", "soon"), "'soon' is no date and time such as", id="time"),
        pytest.param(("--kind", "restricted", "--scope", "all"), "There is no scope 'all'.", id="scope"),
        pytest.param(("--live",), "The live mode of the account", id="live"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(parcela: Run, options: tuple[str, ...], sentence: str) -> None:
    result = parcela(GROUP, "key", "issue", ACCOUNT_ID, *options, *OPERATOR)
    assert isinstance(result.exception, CommandError | Conflict)
    assert str(result.exception).startswith(sentence)
    assert len(rows_of(parcela(GROUP, "key", "list", ACCOUNT_ID).output)) == 3
