"""Merchants by the command line: looking, letting in, rotating passwords, and testing a login."""

from pathlib import Path

import yaml
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate

from parcela.cli.options import CommandError
from parcela.domain.errors import Conflict, InvalidInput, NotFound

OPERATOR = ("--as", "operator@sandbox.example")
SECOND = ("--approve-as", "second-operator@sandbox.example")
MERCHANT = "TESTPARCELA01"


def rows_of(output: str) -> list[list[str]]:
    """The cells of a table, which two blanks or more part."""
    return [
        [cell for cell in line.strip().split("  ") if cell.strip()] for line in output.splitlines() if line
    ]


def test_merchants_are_listed_with_their_state(parcela: Run) -> None:
    listed = parcela("merchant", "list")
    lines = [[cell.strip() for cell in row] for row in rows_of(listed.output)][1:]
    assert lines == [
        ["DEMOSHOP03", "Parcela Third Shop", "USA", "USD", "enabled"],
        [MERCHANT, "Parcela Demo Shop", "USA", "AUD BRL EUR GBP JPY MXN USD", "test", "enabled"],
        ["TESTPARCELA02", "Parcela Second Shop", "USA", "AUD USD", "test", "enabled"],
    ]


def test_what_a_merchant_has_set_up_is_a_catalogue_file(parcela: Run, tmp_path: Path) -> None:
    shown = parcela("merchant", "show", MERCHANT)
    document = yaml.safe_load(shown.output)
    assert list(document) == [
        "parcela_catalogue",
        "merchants",
        "merchant_products",
        "offer_rules",
        "merchant_plans",
    ]
    assert [len(members) for members in list(document.values())[1:]] == [1, 1, 14, 2]
    file = tmp_path / "merchant.yaml"
    file.write_text(shown.output)
    assert parcela("catalogue", "diff", str(file)).output == "No differences.\n"
    assert isinstance(parcela("merchant", "show", "NOBODY").exception, NotFound)


def test_rules_are_listed_in_display_order(parcela: Run) -> None:
    listed = parcela("rule", "list", MERCHANT)
    names = [row[0] for row in rows_of(listed.output)][1:]
    assert names == [
        "cart-3-aud",
        "cart-3-usd",
        "cart-6-aud",
        "cart-6-usd",
        "cart-12-aud",
        "cart-12-usd",
        "generic-6-aud",
        "generic-6-usd",
        "generic-12-aud",
        "generic-12-usd",
        "item-6-aud",
        "item-6-usd",
        "item-12-aud",
        "item-12-usd",
    ]
    assert isinstance(parcela("rule", "list", "NOBODY").exception, NotFound)


def test_a_merchant_of_a_file_is_let_in_and_signs_in(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "parcela_catalogue: 1\nmerchants:\n- {merchant_id: SHOP, name: Shop, country: DEU, mcc: '5411',"
        " currencies: [EUR], brands: [mastercard], acquirer_id: ACQ, acquirer_merchant_id: '1',"
        " terminal_id: T1}\n"
    )
    early = parcela("merchant", "register", "SHOP", *OPERATOR)
    assert isinstance(early.exception, InvalidInput)
    assert parcela("catalogue", "apply", str(file), *OPERATOR, *SECOND).exit_code == 0
    assert "not registered" in parcela("merchant", "list").output
    registered = parcela("merchant", "register", "SHOP", *OPERATOR)
    told = "SHOP may call. Make its first password with `parcela merchant password new SHOP`.\n"
    assert registered.output == told
    issued = parcela("merchant", "password", "new", "SHOP", *OPERATOR).output.splitlines()
    assert issued[:2] == [
        "API password 2 of SHOP. Only a hash of it is kept: note it now.",
        "  user      merchant.SHOP",
    ]
    password = issued[2].split()[1]
    right = parcela("merchant", "login", "SHOP", "--password-stdin", stdin=f"{password}\n")
    assert (right.exit_code, right.output) == (0, "The login merchant.SHOP succeeds.\n")


def test_a_login_that_fails_says_why(parcela: Run, demo_template: DemoTemplate) -> None:
    password = demo_template.credentials["gateway"]["password"]

    def explain(merchant_id: str, typed: str) -> str:
        result = parcela("merchant", "login", merchant_id, "--password-stdin", stdin=f"{typed}\n")
        assert isinstance(result.exception, CommandError)
        return str(result.exception)

    assert explain(MERCHANT, "x") == f"The login merchant.{MERCHANT} fails: wrong password."
    assert explain("NOBODY", password) == "The login merchant.NOBODY fails: no such merchant."
    # An id that carries the prefix already is a common slip.
    assert explain(f"merchant.{MERCHANT}", password) == (
        f"The login merchant.merchant.{MERCHANT} fails: no such merchant."
    )
    parcela("client", "suspend", MERCHANT, *OPERATOR)
    assert explain(MERCHANT, password) == f"The login merchant.{MERCHANT} fails: the merchant is suspended."


def test_passwords_are_listed_without_themselves_and_revoked(
    parcela: Run, demo_template: DemoTemplate
) -> None:
    issued = parcela("merchant", "password", "new", MERCHANT, *OPERATOR).output
    listed = parcela("merchant", "password", "list", MERCHANT).output
    rows = rows_of(listed)[1:]
    assert [(row[0].strip(), row[-1].strip()) for row in rows] == [("1", "live"), ("2", "live")]
    assert issued.split()[-1] not in listed
    assert demo_template.credentials["gateway"]["password"] not in listed
    full = parcela("merchant", "password", "new", MERCHANT, *OPERATOR)
    assert isinstance(full.exception, Conflict)
    revoked = parcela("merchant", "password", "revoke", MERCHANT, "1", *OPERATOR)
    assert revoked.output == f"The API password 1 of {MERCHANT} is revoked.\n"
    rows = rows_of(parcela("merchant", "password", "list", MERCHANT).output)[1:]
    assert [row[-1].strip().split()[0] for row in rows] == ["revoked", "live"]


def test_a_password_is_not_asked_for_without_a_terminal(parcela: Run) -> None:
    result = parcela("merchant", "login", MERCHANT, stdin="x\n")
    assert isinstance(result.exception, CommandError)
    assert "--password-stdin" in str(result.exception)
