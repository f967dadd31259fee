"""Installments after the purchase on a live server: card events, the issuer's client, the app, statements."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import OfficialClient, load_party

CARD = "2303770000057107"
GOLDEN = Path(__file__).parents[1] / "golden" / "post_purchase.txt"
FREQUENCIES = {"biweekly": "BIWEEKLY", "monthly": "MONTHLY"}


@dataclass
class Console:
    """Somebody at the admin door, and the story as it is told."""

    server: LiveServer
    token: str = ""
    lines: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    entries_told: int = 0

    def sign_in(self, email: str, password: str) -> None:
        self.token = self.call("POST", "/sessions", {"email": email, "password": password})["token"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a call that succeeds."""
        found = self.find(method, path, body)
        assert found is not None, f"nothing at {path}"
        return found

    def find(self, method: str, path: str, body: Any = None) -> Any:
        """The same, None for what is not there (yet)."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.server.root_url}/admin/v1{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=20)
        if answer.status_code == 404:
            return None
        assert answer.ok, answer.text
        return answer.json()

    def tell_card_event(self, event_type: str, amount: str, *, number: int) -> Any:
        """A message of purchase `number`, as the card network sends it."""
        at = datetime.now(UTC).replace(microsecond=0)
        body = {
            "event_type": event_type,
            "card_number": CARD,
            "amount": amount,
            "currency": "USD",
            "local_at": at.isoformat(),
            "transmitted_at": at.isoformat(),
            "event_id": f"{event_type}-{number}",
            "stan": f"{number:06d}",
            "rrn": f"{number:012d}",
            "authorization_code": f"{number:06d}",
            "transaction_link_id": f"link-{number}",
            "merchant_name": "Globex Decor",
            "merchant_country": "USA",
            "mcc": "1711",
            "merchant_id": "121234",
            "acquirer_id": "234353",
        }
        return self.call("POST", "/card-events", body)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """The first answer that holds."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = what()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"it never came; the server said:\n{self.server.read_log()[-3000:]}")

    def wait_for_plan(self, plan_id: str) -> Any:
        """The plan, as soon as its notification reached the processor."""
        return self.wait_for(lambda: self.find("GET", f"/serviced-plans/{plan_id}"))

    def tell(self, title: str, account_id: str) -> None:
        """What was posted since the last time, and the balances."""
        self.lines.append(f"# {title}")
        found = self.find("GET", f"/ledger/books/{account_id}/entries?after={self.entries_told}")
        for entry in found["items"] if found else []:
            self.entries_told = entry["number"]
            self.lines.append(f"  {self.hide_ids(entry['event_key'])}")
            for posting in entry["postings"]:
                debit, credit = posting["debit"]["code"], posting["credit"]["code"]
                self.lines.append(f"    Dr {debit:<22} Cr {credit:<22} {posting['amount']:>7}")
        account = self.call("GET", f"/accounts/{account_id}")
        told = [f"{name} {account[name]}" for name in ("balance", "receivables", "holds", "available")]
        self.lines.append(f"  {', '.join(told)}")

    def hide_ids(self, text: str) -> str:
        """The text with names in the place of ids."""
        for found, name in self.names.items():
            text = text.replace(found, name)
        return text


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A demo server with the bank's own processor beside it."""
    with run_live_server() as running:
        yield running


def make_plan_request(item: dict[str, Any], offer: dict[str, Any]) -> dict[str, Any]:
    """`POST /plans` of the issuer for a listed transaction, from the list's answer alone."""
    merchant = item["merchant"]
    return {
        "offerTransactionId": item["offer_transaction_id"],
        "offerId": offer["offer_id"],
        "providerId": offer["provider_id"],
        "merchant": {
            "name": merchant["name"],
            "country": merchant["country"],
            "mcc": merchant["mcc"],
            "acquirerId": merchant["acquirer_id"],
            "merchantId": merchant["merchant_id"],
        },
        "planInstallmentInformation": {
            "apr": float(offer["apr_percent"]),
            "currency": item["currency"],
            "frequency": FREQUENCIES[offer["interval"]],
            "tenure": offer["count"],
            "feeValue": float(offer["fee_value"]),
            "totalAmount": float(offer["total"]),
            "firstInstallmentAmount": float(offer["first_amount"]),
            "otherInstallmentAmount": float(offer["other_amount"]),
        },
        "schedulePayments": [
            {
                "installmentNumber": row["number"],
                "installmentAmount": float(row["amount"]),
                "dueDate": row["due_date"],
            }
            for row in offer["rows"]
        ],
        "transaction": {
            "amountType": "FINAL",
            "amount": float(item["amount"]),
            "currency": item["currency"],
            "stan": item["stan"],
            "rrn": item["rrn"],
            "authorizationCode": item["authorization_code"],
            "localDateTime": item["local_at"],
            "transmissionDateTime": item["transmitted_at"],
            "transactionLinkId": item["transaction_link_id"],
        },
        "sensitiveData": {"consumer": {"primaryAccountNumber": int(CARD)}},
    }


def test_a_purchase_becomes_installments_before_and_after_its_clearing(server: LiveServer) -> None:
    credentials = load_credentials(server)
    console = Console(server)
    console.sign_in(**credentials["operator"])
    account_id = accept_before_clearing(console)
    console.tell_card_event("clearing", "400.00", number=1)
    console.tell("The first purchase is cleared", account_id)
    second = console.tell_card_event("authorization", "300.00", number=2)["transaction_id"]
    console.names[second] = "PURCHASE-2"
    console.tell_card_event("clearing", "300.00", number=2)
    console.tell("The second purchase is authorized and cleared", account_id)

    close_statement(console, account_id)
    listed = console.call("GET", f"/accounts/{account_id}/offerable-transactions?statement=1")
    (item,) = listed["items"]
    assert (item["transaction_id"], item["state"], item["amount"]) == (second, "cleared", "300.00")
    shown = run_parcela(server, "account", "offerable", account_id)
    assert "71392362: 6 x biweekly, first 50.00, then 50.00, APR 0.00 %" in shown
    assert f"shown as {item['offer_transaction_id']}, until " in shown
    assert shown.count("The purchase has a plan already.") == 1

    # The issuer's own app accepts.
    console.sign_in(**credentials["issuer_maker"])
    choice = {"offer_transaction_id": item["offer_transaction_id"], "offer_id": "71392364"}
    plan_id = console.call("POST", f"/offerable-transactions/{second}/plan", choice)["plan_id"]
    console.sign_in(**credentials["operator"])
    plan = console.wait_for_plan(plan_id)
    assert (plan["transaction_id"], plan["uncleared"]) == (second, "0.00")
    console.names[plan_id] = "PLAN-2"
    # Its second row was due before it was accepted, a month after the purchase.
    console.wait_for(lambda: console.call("GET", f"/serviced-plans/{plan_id}")["rows"][1]["billed_on"])
    console.tell("Accepted after clearing", account_id)

    assert console.call("GET", "/ledger/check")["breaks"] == []
    assert "\n".join(console.lines) + "\n" == GOLDEN.read_text()


def accept_before_clearing(console: Console) -> str:
    """Near real time: the authorization is offerable as soon as it is answered, and the client accepts."""
    client = OfficialClient(load_party(console.server.home, "issuer"))
    first = console.tell_card_event("authorization", "400.00", number=1)["transaction_id"]
    (item,) = console.call("GET", "/offerable-transactions")["items"]
    assert (item["transaction_id"], item["amount"], item["reasons"]) == (first, "400.00", [])
    monthly, biweekly = item["offers"]
    assert (monthly["offer_id"], biweekly["offer_id"]) == ("71392364", "71392362")
    account_id: str = item["account_id"]
    console.names[first] = "PURCHASE-1"
    console.tell("The first purchase is authorized", account_id)

    made = client.call("POST", "/plans", make_plan_request(item, monthly))
    assert (made.status, made.body["status"]) == (201, "CREATED")
    plan_id = made.body["planId"]
    assert client.call("POST", "/plans", make_plan_request(item, monthly)).body["planId"] == plan_id
    refused = client.call("POST", "/plans", make_plan_request(item, biweekly))
    assert (refused.status, refused.body["Errors"]["Error"][0]["Details"]) == (400, "Duplicate plan.")
    assert console.wait_for_plan(plan_id)["transaction_id"] == first
    console.names[plan_id] = "PLAN-1"
    console.tell("Accepted before clearing", account_id)
    return account_id


def close_statement(console: Console, account_id: str) -> None:
    """A month passes: the scheduler bills the next row of the first plan and closes the statement."""
    run_parcela(console.server, "clock", "advance", "1mo")
    path = f"/accounts/{account_id}/statements/1"
    statement = console.wait_for(lambda: console.find("GET", path))
    console.wait_for(lambda: console.call("GET", f"/accounts/{account_id}")["balance"] == "376.70")
    console.lines.append("# The statement")
    console.lines += [
        f"  {console.hide_ids(line['description']):<60} {line['amount']:>8}" for line in statement["lines"]
    ]
    console.tell("A month later", account_id)


def load_credentials(server: LiveServer) -> Any:
    """E-mail address and password of the demo people."""
    return {
        name: {"email": found["email"], "password": found["password"]}
        for name, found in json.loads((server.home / "sandbox" / "credentials.json").read_text())[
            "console"
        ].items()
        if isinstance(found, dict)
    }


def run_parcela(server: LiveServer, *words: str) -> str:
    """A command on the server's home, while it runs."""
    command = [sys.executable, "-c", "from parcela.cli.main import run; run()", *words]
    done = subprocess.run(
        [*command, "--home", str(server.home)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
