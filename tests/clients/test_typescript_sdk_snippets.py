"""The published VINR snippets on Node against a running server: import line and ids changed, nothing else."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parcela_client import Parcela
from tests.support.live_server import LiveServer
from tests.support.payments_credentials import PaymentsAccess, load_access
from tests.support.typescript_sdk import ROOT, check_types, install_sdk, run_module

PLAN_CARD = "5200828200000108"
_PAGE = (ROOT / "tests" / "data" / "payments" / "vinr-snippets.md").read_text()
SNIPPETS = dict(re.findall(r"^## (.+?)\n\n```typescript\n(.*?)```", _PAGE, re.M | re.S))
IMPORT = "import { Vinr } from '@parcela/sdk';"
SET_UP = f"{IMPORT}\nconst vinr = new Vinr({{ secretKey: process.env.VINR_SECRET_KEY }});\n"
# The published date is past for a server of today.
PUBLISHED_DATE = "2026-06-01"


@pytest.fixture(scope="module")
def access(live: LiveServer) -> PaymentsAccess:
    return load_access(live)


@pytest.fixture(scope="module")
def client(access: PaymentsAccess) -> Parcela:
    return Parcela(secret_key=access.secret_key, base_url=access.base_url)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    install_sdk(tmp_path)
    return tmp_path


def make_card(access: PaymentsAccess) -> str:
    """A payment method as a browser makes it."""
    with Parcela(secret_key=access.publishable_key, base_url=access.base_url) as browser:
        card = {"number": PLAN_CARD, "exp_month": 12, "exp_year": 2039, "cvc": "123"}
        return browser.payment_methods.create(type="card", card=card).id  # type: ignore[arg-type]


def pay(client: Parcela, access: PaymentsAccess) -> str:
    """A purchase of 600.00 in three installments, completed."""
    payment = client.payments.create(
        amount=60000,
        currency="EUR",
        payment_method=make_card(access),
        return_url="https://yoursite.com/orders/complete",
        installments={"enabled": True, "count": 3},
    )
    assert payment.status == "completed"
    return payment.id


def write_module(*names: str, prints: str, **changes: str) -> str:
    """Snippets one after another; each change is of an id, and `prints` is the result to print."""
    source = "\n".join(SNIPPETS[name] for name in names)
    if "@vinr/sdk" in source:
        source = source.replace("import { Vinr } from '@vinr/sdk';", IMPORT)
    else:
        source = SET_UP + source
    for old, new in changes.items():
        source = source.replace(
            {"payment": "pay_3Nf8x2a", "card": "pm_4Rk9...", "date": PUBLISHED_DATE}[old], new
        )
    return f"{source}\nprocess.stdout.write(JSON.stringify({prints}) + '\\n');\n"


def run(project: Path, access: PaymentsAccess, source: str) -> Any:
    environment = {"VINR_SECRET_KEY": access.secret_key, "VINR_BASE_URL": access.base_url}
    return run_module(project, source, environment)


def choose_date(client: Parcela) -> str:
    """The account's day, as a first payment date."""
    return datetime.fromtimestamp(client.test_clock.retrieve().now, UTC).date().isoformat()


def test_a_page_is_offered(project: Path, access: PaymentsAccess) -> None:
    payment = run(project, access, write_module("offer at checkout", prints="payment"))
    assert (payment["status"], payment["amount"], payment["description"]) == (
        "pending",
        60000,
        "VINR Pro annual kit",
    )
    assert payment["installments"]["enabled"] is True
    assert payment["checkoutUrl"].startswith(f"{access.base_url}/checkout/")


def test_a_plan_can_be_asked_for(project: Path, access: PaymentsAccess, client: Parcela) -> None:
    date = choose_date(client)
    payment = run(project, access, write_module("specify a plan", prints="payment", date=date))
    asked = {name: payment["installments"][name] for name in ("enabled", "count", "interval")}
    assert asked == {"enabled": True, "count": 3, "interval": "month"}
    assert payment["installments"]["firstPaymentDate"] == date


def test_the_settlement_record_tells_the_plan(project: Path, access: PaymentsAccess, client: Parcela) -> None:
    source = write_module("settlement record", prints="payment.installments", payment=pay(client, access))
    told = run(project, access, source)
    published = ("enabled", "count", "interval", "resolvedCount", "issuerProgram")
    assert {name: told[name] for name in published} == {
        "enabled": True,
        "count": 3,
        "interval": "month",
        "resolvedCount": 3,
        "issuerProgram": "mastercard_installments",
    }
    assert [row["amount"] for row in told["schedule"]] == [20000, 20000, 20000]


def test_fees_are_174_and_90(project: Path, access: PaymentsAccess, client: Parcela) -> None:
    source = write_module("fee breakdown", prints="payment.feeBreakdown", payment=pay(client, access))
    told = run(project, access, source)
    assert told == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}


def test_a_full_refund_is_pending(project: Path, access: PaymentsAccess, client: Parcela) -> None:
    refund = run(project, access, write_module("full refund", prints="refund", payment=pay(client, access)))
    assert (refund["status"], refund["amount"], refund["reason"]) == (
        "pending",
        60000,
        "requested_by_customer",
    )


def test_a_partial_refund_is_of_its_amount(project: Path, access: PaymentsAccess, client: Parcela) -> None:
    payment_id = pay(client, access)
    refund = run(project, access, write_module("partial refund", prints="partial", payment=payment_id))
    assert (refund["status"], refund["amount"], refund["reason"]) == (
        "pending",
        20000,
        "product_not_received",
    )
    payment = client.payments.retrieve(payment_id)
    assert (payment.amount_refunded, payment.amount_refund_pending) == (0, 20000)


def test_a_checkout_is_restricted_to_one_model(project: Path, access: PaymentsAccess) -> None:
    payment = run(project, access, write_module("restrict the model", prints="payment"))
    assert (payment["installments"]["program"], payment["installments"]["count"]) == ("issuer", 6)


def test_a_plan_is_chosen_without_a_page(project: Path, access: PaymentsAccess) -> None:
    source = write_module(
        "step 1", "step 2", "step 3", prints="{ intent, plans, confirmed }", card=make_card(access)
    )
    told = run(project, access, source)
    assert (told["intent"]["status"], told["intent"]["checkoutUrl"]) == ("pending", None)
    first = {name: told["plans"][0][name] for name in ("count", "interval", "monthlyAmount")}
    assert first == {"count": 3, "interval": "month", "monthlyAmount": 20000}
    assert told["confirmed"]["id"] == told["intent"]["id"]
    assert (told["confirmed"]["status"], told["confirmed"]["installments"]["resolvedCount"]) == (
        "completed",
        3,
    )


def test_the_snippets_are_typed(project: Path) -> None:
    """The compiler takes each as it stands, given what the snippets before it declare."""
    declared = {
        "step 2": "const intent = { id: 'pay_1' };\n",
        "step 3": "const intent = { id: 'pay_1' };\nconst plans = [{ count: 3 }];\n",
    }
    sources = {
        name.replace(" ", "_"): write_module(name, prints="null").replace(
            SET_UP, SET_UP + declared.get(name, "")
        )
        for name in SNIPPETS
    }
    assert check_types(project, sources) == {name: [] for name in sources}


def test_the_page_of_snippets_is_whole() -> None:
    assert (len(SNIPPETS), _PAGE.count("```typescript")) == (10, 10)
