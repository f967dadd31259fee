"""Payments by the command line, and plans by the name that the payments door gives them."""

import hashlib
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate
from tests.support.payments_world import open_payments_world
from tests.support.refund_acts import PLAIN_CARD, accept, pay, pay_in_rows

from parcela.cli.options import CommandError
from parcela.domain.errors import InvalidInput, NotAllowed, NotFound
from parcela.domain.payments.ids import find_plan_id
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID

UNKNOWN_PLAN = "plan_00000000000000000000000000"


def strip(output: str) -> list[str]:
    """The words of each line that has any."""
    lines = (" ".join(line.split()) for line in output.splitlines())
    return [line for line in lines if line]


def test_payments_are_listed_newest_first_and_by_what_they_are(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        split = pay_in_rows(world)
        plain = pay(world, 1999, reference="order-7")
        open_payment = world.post(
            "/v1/payments", {"amount": 500, "confirm": False, "reference": "\x1b[31mred"}
        ).body
    listed = parcela("payment", "list", ACCOUNT_ID).output.splitlines()
    assert [line.split()[0] for line in listed] == ["payment", open_payment["id"], plain["id"], split["id"]]
    cells = [line.split()[3:] for line in listed[1:]]
    assert cells == [
        # What a merchant writes does not reach the terminal as a command.
        ["pending", "5.00", "0.00", "EUR", "-", "[31mred"],
        ["completed", "19.99", "0.00", "EUR", "-", "order-7"],
        ["completed", "600.00", "0.00", "EUR", "3", "x", "-"],
    ]
    assert "Reference [31mred" in strip(parcela("payment", "show", open_payment["id"]).output)
    by_status = parcela("payment", "list", ACCOUNT_ID, "--status", "pending").output
    assert [line.split()[0] for line in by_status.splitlines()] == ["payment", open_payment["id"]]
    by_reference = parcela("payment", "list", ACCOUNT_ID, "--reference", "order-7").output
    assert [line.split()[0] for line in by_reference.splitlines()] == ["payment", plain["id"]]
    for mode, words in (("live", (ACCOUNT_ID, "--live")), ("test", (OTHER_ACCOUNT_ID,))):
        found = parcela("payment", "list", *words).output
        assert found == f"No such payments of {words[0]} in {mode} mode.\n"


def test_a_payment_is_shown_with_its_plan_and_refunds(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        payment = pay_in_rows(world)
        made = accept(world, payment, amount=20000)
    shown = strip(parcela("payment", "show", payment["id"]).output)
    name = payment["installments"]["plan"]
    dates = [row["dueDate"] for row in payment["installments"]["schedule"]]
    assert [line for line in shown if not line.startswith(("Made", "re_"))] == [
        f"Payment {payment['id']}",
        f"Account {ACCOUNT_ID}, test mode",
        "Status completed",
        "Amount 600.00 EUR",
        "Captured 600.00",
        "On its way back 200.00",
        "Card mastercard … 0108, 12/2034",
        f"Plan {name}, active",
        f"{find_plan_id(name)} in the other dialects",
        "Program mastercard_installments, 3 x monthly, 0.00 %",
        "Held nothing is collected while a refund is on its way",
        "Fees 2.64 (processing + installment: 1.74 + 0.90)",
        f"Settlement {payment['settlement']}",
        "# due amount principal interest fee",
        f"1 {dates[0]} 200.00 200.00 0.00 0.00 paid",
        f"2 {dates[1]} 200.00 200.00 0.00 0.00 due",
        f"3 {dates[2]} 200.00 200.00 0.00 0.00 due",
        "refund made amount status why not",
    ]
    (refund,) = (line.split() for line in shown if line.startswith("re_"))
    assert [refund[0], *refund[3:]] == [made["id"], "200.00", "pending", "-"]


def test_a_payments_file_holds_its_record_and_the_plan_shows_it(
    parcela: Run, database_url: str, demo_template: DemoTemplate, tmp_path: Path
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        payment = pay_in_rows(world)
    file, name = tmp_path / "file.json", payment["installments"]["plan"]
    written = parcela("payment", "evidence", payment["id"], str(file)).output
    assert written.replace("\n", "") == f"Wrote 1 record and 1 paper of {payment['id']} to {file}."
    whole = json.loads(file.read_text())
    (record,) = whole["records"]
    digest = hashlib.sha256(record["body"].encode())
    assert record["sha256"] == digest.hexdigest()
    assert record["seal"] == hashlib.sha256(digest.digest()).hexdigest()
    body = json.loads(record["body"])
    shown = strip(parcela("plan", "acceptance", name).output)
    assert [line for line in shown if not line.startswith(("Shown", "Accepted", "Terms"))] == [
        f"Plan {name}",
        f"Payment {payment['id']}",
        f"Record {body['disclosureId']}",
        f"Offer {body['offer']}",
        "Rate APRC 0.0 %, eu_ccd2",
        "Asked plan: -",
        f"SHA-256 {record['sha256']}",
        f"Seal 1, {record['seal']}",
    ]
    nowhere = parcela("payment", "evidence", payment["id"], str(tmp_path / "none" / "file.json"))
    assert isinstance(nowhere.exception, CommandError)


def test_a_payment_without_a_plan_says_why(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        payment = pay(world, number=PLAIN_CARD, installments={"enabled": True, "count": 3})
    shown = strip(parcela("payment", "show", payment["id"]).output)
    reasons = payment["installments"]["unavailableReasons"]
    assert [line for line in shown if line.startswith("No plan")] == [
        f"No plan {reason['code']}: {reason['message']}" for reason in reasons
    ]
    assert [reason["code"] for reason in reasons] == ["issuer_not_participating", "card_not_eligible"]
    assert [line for line in shown if line.startswith(("Plan", "Program", "#"))] == []


def test_a_plan_of_a_payment_is_found_by_either_name(
    parcela: Run, database_url: str, demo_template: DemoTemplate
) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        name = pay_in_rows(world)["installments"]["plan"]
    plan_id = find_plan_id(name)
    assert plan_id is not None
    by_name, by_id = (parcela("plan", "show", one).output for one in (name, plan_id))
    assert by_name == by_id
    assert strip(by_name)[:2] == [f"Plan {plan_id}", f"At /v1 {name}"]
    for words in (("plan", "show"), ("plan", "acceptance"), ("plan", "servicing"), ("account", "payoff")):
        acting = ("--as", "operator@sandbox.example") if words[0] == "account" else ()
        refused = parcela(*words, UNKNOWN_PLAN, *acting)
        assert isinstance(refused.exception, NotFound)
        assert UNKNOWN_PLAN in str(refused.exception)


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (("show", "pay_nothing"), NotFound, "There is no payment 'pay_nothing'."),
        (("list", "ma_nobody"), NotFound, "There is no payments caller 'ma_nobody'."),
        (
            ("list", ACCOUNT_ID, "--status", "done"),
            CommandError,
            "A payment's status is pending, requires_authentication, processing, authorized, completed,"
            " partially_refunded, refunded, failed, cancelled, not 'done'.",
        ),
        (("list", ACCOUNT_ID, "--limit", "101"), InvalidInput, "limit: expected 1 to 100, got 101"),
        (
            ("list", ACCOUNT_ID, "--as", "maker@sandbox.example"),
            NotAllowed,
            "Only an operator may do this.",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(
    parcela: Run, words: tuple[str, ...], error: type[Exception], sentence: str
) -> None:
    refused = parcela("payment", *words)
    assert (type(refused.exception), str(refused.exception)) == (error, sentence)
