"""`make demo` as a person runs it: the printed facts of its four purchases, and again where a port is taken.

Two starts serve all that is looked at: a start costs more than everything else here.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the embedded server's own user can enter, which pytest's folders do not allow."""
    with tempfile.TemporaryDirectory(prefix="parcela-demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home"


def run_demo(home: Path, port: int) -> str:
    command = [sys.executable, "-m", "parcela.demo", "--exit", "--home", str(home), "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PARCELA_")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_demo_tells_its_four_purchases_and_again_in_the_same_home_beside_a_taken_port(home: Path) -> None:
    first = run_demo(home, port := find_port())
    credentials = json.loads((home / "sandbox" / "credentials.json").read_text())
    assert credentials["base_url"] == f"http://127.0.0.1:{port}"
    assert not is_listening(port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port_taken = taken.getsockname()[1]
        second = run_demo(home, port_taken)
    used = int(re.findall(r"The server is ready after .* http://127\.0\.0\.1:(\d+)", second)[0])
    assert f"Port {port_taken} is taken: this demo uses {used}.\n" in second
    assert read_books(first) == {
        "Billed to the card": "22.50",
        "Principal of the installments to come": "137.50",
        "Purchase that the merchant has still to clear": "150.00",
    }
    assert read_books(second) == {
        "Billed to the card": "45.00",
        "Principal of the installments to come": "137.50",
        "Purchase that the merchant has still to clear": "300.00",
    }
    for printed, used_port in ((first, port), (second, used)):
        assert "\x1b" not in printed
        tables = [line for line in printed.splitlines() if "parcela" not in line and "http" not in line]
        assert [line for line in tables if len(line) > 80] == []
        check_wallet(printed, used_port)
        check_shop(printed)
        check_split_payment(printed)
        check_hosted_page(printed, used_port)
    assert find_shop_plan(first) != find_shop_plan(second)
    assert "operation=PAY" in (home / "server.log").read_text()


def check_wallet(printed: str, port: int) -> None:
    """Steps 1 to 5."""
    facts = (
        "12 x $12.50 monthly",
        "First payment $22.50",
        "15.36 %",
        "6 x $25.00 biweekly",
        "sent again, as after a lost answer: the same plan",
        f"POST http://127.0.0.1:{port}/issuer/notifications\n   201 after ",
        "plan active, billed: No. 1 on ",
        "2 added, 1 failed",
        "Decrypted from the answer: 2303 77** **** 6423: pan failed for Luhn check",
        f"curl http://127.0.0.1:{port}/healthz",
    )
    assert [fact for fact in facts if fact not in printed] == []
    assert printed.count("$12.50") == 12
    assert re.findall(r"Total +\$160\.00", printed) == ["Total         $160.00", "Total          $160.00"]
    (plan_id,) = set(re.findall(f"/installments/plans/({UUID})\n", printed))
    (account_id,) = set(re.findall(f"account statement ({UUID}) ", printed))
    assert f"parcela plan servicing {plan_id} " in printed
    assert set(re.findall(UUID, printed)) == {plan_id, account_id, find_shop_plan(printed)}


def read_books(printed: str) -> dict[str, str]:
    """What the account of the wallet's card holds; purchases of earlier demos are in it."""
    told = printed.partition("4. The issuer is told")[2].partition("5. The issuer puts")[0]
    return dict(re.findall(r"(\w[\w ]+\w) +\$([\d.]+)", told))


def find_shop_plan(printed: str) -> str:
    (plan_id,) = re.findall(f"Plan +({UUID})\n", printed.partition("9. The issuer has the plan")[2])
    return str(plan_id)


def check_shop(printed: str) -> None:
    """Steps 6 to 10."""
    article, _, rest = printed.partition("6. A shop")[2].partition("7. In the cart")
    cart, _, rest = rest.partition("8. The payer accepts")
    paid, _, rest = rest.partition("9. The issuer has the plan")
    plan, _, rest = rest.partition("10. Part of it comes back")
    refunded = rest.partition("11. Another shop")[0]
    assert list_offers(article) == [
        ["01", "$207.05", "5", "x", "$207.05", "11.99", "%", "$0.00", "$0.00", "$1,242.30"],
        ["02", "$100.00", "11", "x", "$100.00", "14.00", "%", "$0.00", "$92.88", "$1,200.00"],
    ]
    assert list_offers(cart) == [
        ["01", "$412.00", "2", "x", "$400.00", "0.00", "%", "$12.00", "$0.00", "$1,212.00"],
        ["02", "$207.05", "5", "x", "$207.05", "11.99", "%", "$0.00", "$0.00", "$1,242.30"],
        ["03", "$100.00", "11", "x", "$100.00", "14.00", "%", "$0.00", "$92.88", "$1,200.00"],
    ]
    (accepted,) = re.findall(r"PUT /paymentPlanOffer/(\w+)  ACCEPTED\n   200 after ", paid)
    assert f" {accepted} " in cart
    assert "PAY, card 5123 45** **** 0008\n   201 after " in paid
    assert "   Order     CAPTURED, captured $1,200.00, refunded $0.00\n" in paid
    assert re.findall(r"Total +(.+\S)", plan) == ["$1,242.30     $1,200.00       $42.30"]
    assert plan.count("$207.05") == 6
    assert "   Order     PARTIALLY_REFUNDED, captured $1,200.00, refunded $400.00\n" in refunded
    assert re.findall(r"Total +(.+\S)", refunded) == ["$828.18       $800.00       $28.18"]
    assert refunded.count("$138.03") == 6


def check_split_payment(printed: str) -> None:
    """Steps 11 to 15."""
    listed, _, rest = printed.partition("11. Another shop")[2].partition("12. The shopper takes 3")
    paid, _, rest = rest.partition("13. A third of it")
    refunded, _, rest = rest.partition("14. Ten days pass")
    later, _, rest = rest.partition("15. What the merchant gets")
    statement = rest.partition("16. A shopper pays")[0]
    assert "by the browser: card 5200 82** **** 0108\n   201 after " in listed
    assert re.findall(r"(\d+ x €[\d.]+) +([\d.]+ % APRC) +(€[\d.]+) +(€[\d.]+)", listed) == [
        ("3 x €200.00", "0.0 % APRC", "€0.00", "€600.00"),
        ("6 x €100.00", "0.0 % APRC", "€0.00", "€600.00"),
        ("12 x €52.08", "9.4 % APRC", "€24.96", "€624.96"),
    ]
    (payment_id,) = re.findall(r"Payment   (pay_\w+), completed\n", paid)
    assert "   Fees      €2.64 = €1.74 for processing, €0.90 for the plan\n" in paid
    assert list_payment_rows(paid) == [("€200.00", "paid"), ("€200.00", "due"), ("€200.00", "due")]
    assert "leaves No. 2 €100.00, No. 3 €100.00\n   200 after " in refunded
    assert "€200.00, pending\n   201 after " in refunded
    fired = re.findall(r"   1 x ([\w.]+)\n", later)
    assert {"refund.succeeded", "payment.refunded", "settlement.completed"} <= set(fired)
    assert "   Payment   partially_refunded, €200.00 of it\n" in later
    assert list_payment_rows(later) == [("€200.00", "paid"), ("€100.00", "due"), ("€100.00", "due")]
    lines = [" ".join(line.split()) for line in statement.splitlines()]
    assert [re.sub(r"of [\d-]+", "of DAY", line) for line in lines if re.search(r"\d\.\d\d$", line)] == [
        "payments 1 600.00",
        "processing fees 1 -1.74",
        "installment fees 1 -0.90",
        "refunds 1 -200.00",
        "fee credits 1 0.30",
        "net 397.66",
        "opening balance 0.00",
        "payout of DAY -397.66",
        "closing balance 0.00",
    ]
    assert f"parcela payment show {payment_id} " in printed


def check_hosted_page(printed: str, port: int) -> None:
    """Steps 16 to 18, and the pages to be opened."""
    page, _, rest = printed.partition("16. A shopper pays")[2].partition("17. What the shopper keeps")
    kept, _, rest = rest.partition("18. Five weeks later")
    later, _, links = rest.partition("Open in a browser")
    assert re.findall(r"(\d+ × €[\d.]+) +(€[\d.]+) +(€[\d.]+) +([\d.]+%) ", page) == [
        ("3 × €200.00", "€600.00", "€0.00", "0.0%"),
        ("4 × €150.00", "€600.00", "€0.00", "0.0%"),
        ("6 × €100.00", "€600.00", "€0.00", "0.0%"),
        ("12 × €52.72", "€632.64", "€32.64", "10.4%"),
    ]
    assert re.findall(r"   Page      ([\w ,]+)", page) == [
        "Choose how to pay",
        "About you",
        "Review and pay",
        "Thank you, your plan is agreed",
    ]
    assert list_files(page) == ["sheet.html"]
    assert list_files(kept) == ["agreement.html", "agreement.pdf", "receipt.pdf", "plan.ics"]
    assert "to ana@example.com: Your receipt from Parcela Demo Store: €632.64\n" in kept
    assert re.findall(r"with receipt-pay_\w{26}\.(\w+)\n", kept) == ["pdf"]
    assert re.findall(r"(Paid so far|Still to pay|Next payment) +(€\S+)", later) == [
        ("Paid so far", "€52.72"),
        ("Still to pay", "€579.92"),
        ("Next payment", "€52.72"),
    ]
    root = f"http://127.0.0.1:{port}"
    addresses = re.findall(rf"   {root}(/[a-z]+/)(\S+)", links.partition("API documents")[0])
    assert [(path, len(rest)) for path, rest in addresses] == [
        ("/checkout/", 43),
        ("/plan/", 45),
        ("/promo/", 4),
    ]


def list_files(printed: str) -> list[str]:
    """Names of files that the shopper was given."""
    return re.findall(r"   File      (\S+), \d+ kB\n", printed)


def list_payment_rows(printed: str) -> list[tuple[str, str]]:
    """Amount and state of each row of a split payment."""
    return re.findall(r"^ +\d+ +\d{4}-\d\d-\d\d +(€[\d.]+) +(\w+) *$", printed, re.M)


def list_offers(printed: str) -> list[list[str]]:
    """The rows of a table of offers; of each id its last two digits, which tell the order."""
    rows = [line.split() for line in printed.splitlines() if re.match(r" +\w{22} ", line)]
    return [[offer_id[-2:], *facts] for offer_id, *facts in rows]


def test_a_wrong_setting_ends_the_demo_with_one_sentence(home: Path) -> None:
    command = [sys.executable, "-m", "parcela.demo", "--exit", "--home", str(home), "--port", "99999"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert done.stdout == "parcela: PARCELA_PORT must lie between 1 and 65535, not 99999.\n"


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
