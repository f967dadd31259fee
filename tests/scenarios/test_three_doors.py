"""One plan, three doors: made at any of them, every reader who may see it reads the same facts.

The partner reads its own plans, the issuer's client those that payments made with its programs, a merchant
its orders, an account its payments; the bank's processor, operators and the command line read all of them.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from parcela.demo import sample
from parcela.demo.caller import Caller, Json, UnexpectedAnswerError
from parcela.demo.issuer_side import Operator
from parcela.demo.merchant import Merchant
from parcela.demo.server import DemoServer, find_free_port, run_server
from parcela.demo.shop import Shop
from parcela.domain.payments.ids import find_plan_id, name_plan

MADE_AT = ("network", "gateway", "payments")
OF_PAYMENTS = ("gateway", "payments")
ORDER = "three-doors-1"
DIFFERENT_ACCOUNT = "other_secret_key"


@dataclass(frozen=True)
class Facts:
    """What a plan is, whoever tells it; amounts in major units."""

    plan_id: str
    currency: str
    total: Decimal
    rows: tuple[tuple[int, str, Decimal], ...]


class World:
    """A server, everybody who may ask it about plans, and a plan that was made at each door."""

    def __init__(self, server: DemoServer, home: Path) -> None:
        self._credentials = server.credentials
        self._home = home
        self.partner = Caller(server.credentials, home, role="partner")
        self.issuer = Caller(server.credentials, home, role="issuer")
        self.shop = Shop(server.credentials)
        self.merchant = Merchant(server.credentials)
        self.operator = Operator(server.credentials)
        self.payment: Json = {}
        self.plans: Mapping[str, Facts] = {
            "network": self._buy_as_partner(),
            "gateway": self._buy_at_shop(),
            "payments": self._split_payment(),
        }
        for made in self.plans.values():
            self.operator.wait_for_delivery(made.plan_id)

    def _buy_as_partner(self) -> Facts:
        now = datetime.now(UTC)
        shown = self.partner.call("POST", "/offers", sample.make_offers_request(now)).body
        asked = sample.make_plan_request(shown, shown["offers"][0], now)
        made = self.partner.call("POST", "/plans", asked, expected=201).body
        return self.read_network(self.partner, made["planId"])

    def _buy_at_shop(self) -> Facts:
        cart = self.shop.call("POST", "/paymentOptionsInquiry", sample.make_cart_request()).body
        offers = cart["paymentTypes"]["card"]["paymentPlanOffer"]
        offer_id = next(one for one in sorted(offers) if offers[one]["interest"]["charged"])
        self.shop.call("PUT", f"/paymentPlanOffer/{offer_id}", sample.make_acceptance())
        path = f"/order/{ORDER}/transaction/1"
        self.shop.call("PUT", path, sample.make_payment(offer_id), expected=201)
        order = self.operator.read_order(self.shop.merchant_id, ORDER)["order"]
        return self.read_admin(order["plan_id"])

    def _split_payment(self) -> Facts:
        """Twelve payments with interest."""
        card = sample.make_payment_method()
        method = self.merchant.call_from_browser("POST", "/payment-methods", card, expected=201).body
        wanted = {
            "amount": 60000,
            "currency": "EUR",
            "paymentMethod": method["id"],
            "installments": {"enabled": True, "count": 12},
        }
        self.payment = self.merchant.call("POST", "/payments", wanted, expected=201).body
        return self.read_account(self.payment["installments"]["plan"])

    def read_network(self, caller: Caller, plan_id: str) -> Facts:
        """GET /plans/{planId} of the network door."""
        plan = caller.call("GET", f"/plans/{plan_id}").body
        information = plan["planInstallmentInformation"]
        rows = (
            (row["installmentNumber"], row["dueDate"], to_major(row["installmentAmount"]))
            for row in plan["schedulePayments"]
        )
        return Facts(
            plan["planId"], information["currency"], to_major(information["totalAmount"]), tuple(rows)
        )

    def read_account(self, name: str) -> Facts:
        """GET /v1/installments/plans/{id}."""
        plan = self.merchant.call("GET", f"/installments/plans/{name}").body
        plan_id = find_plan_id(plan["id"])
        assert plan_id is not None
        rows = ((row["number"], row["dueDate"], from_cents(row["amount"])) for row in plan["schedule"])
        return Facts(plan_id, plan["currency"], from_cents(plan["totalAmount"]), tuple(rows))

    def read_admin(self, plan_id: str) -> Facts:
        """GET /admin/v1/plans/{plan_id}."""
        plan = self.ask_admin(f"/plans/{plan_id}")
        rows = ((row["number"], row["due_date"], to_major(row["amount"])) for row in plan["installments"])
        return Facts(plan["plan_id"], plan["currency"], to_major(plan["total"]), tuple(rows))

    def read_processor(self, plan_id: str) -> Facts:
        """The plan as the demo bank services it, by the rows that it bills."""
        plan = self.operator.read_serviced_plan(plan_id)
        rows = tuple((row["number"], row["due_date"], to_major(row["amount"])) for row in plan["rows"])
        return Facts(plan["plan_id"], plan["currency"], sum((row[2] for row in rows), Decimal(0)), rows)

    def read_command(self, plan: str) -> Facts:
        """`parcela plan show`."""
        printed = self.run_command("plan", "show", plan)
        rows = re.findall(r"^ *(\d+) +(\d{4}-\d\d-\d\d) +([\d.,]+) ", printed, re.M)
        (plan_id,) = re.findall(r"^Plan +(\S+)", printed, re.M)
        ((currency, total),) = re.findall(r"^ +total ([A-Z]{3}) +([\d.,]+)", printed, re.M)
        return Facts(
            plan_id,
            currency,
            to_major(total),
            tuple((int(number), due_date, to_major(amount)) for number, due_date, amount in rows),
        )

    def ask_admin(self, path: str) -> Json:
        """GET at `/admin/v1`, as the operator."""
        console = self._credentials["console"]
        session = requests.post(f"{console['url']}/sessions", json=console["operator"], timeout=30).json()
        headers = {"Authorization": f"Bearer {session['token']}"}
        answer = requests.get(f"{console['url']}{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def ask_payments(self, path: str, *, key: str) -> tuple[int, Any]:
        """Status and error code of a GET with another key of the credentials file."""
        headers = {"X-Api-Key": self._credentials["payments"][key]}
        answer = requests.get(f"{self._credentials['base_url']}/v1{path}", headers=headers, timeout=30)
        return answer.status_code, answer.json()["error"]["code"]

    def run_command(self, *words: str) -> str:
        """What `parcela …` prints."""
        command = [sys.executable, "-c", "from parcela.cli.main import run; run()", *words]
        done = subprocess.run(
            [*command, "--home", str(self._home)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def to_major(amount: float | str) -> Decimal:
    """An amount of any door with its cents; thousands may be set apart."""
    return Decimal(str(amount).replace(",", "")).quantize(Decimal("0.01"))


def from_cents(cents: int) -> Decimal:
    return to_major(str(Decimal(cents) / 100))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One server for all of them: nothing here changes a plan."""
    with tempfile.TemporaryDirectory(prefix="parcela-doors-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        with run_server(home, host="127.0.0.1", port=find_free_port("127.0.0.1", 20_000)) as server:
            yield World(server, home)


def test_the_plans_are_what_was_bought(world: World) -> None:
    told = {door: (made.currency, made.total, len(made.rows)) for door, made in world.plans.items()}
    assert told == {
        "network": ("USD", Decimal("160.00"), 12),
        "gateway": ("USD", Decimal("1242.30"), 6),
        "payments": ("EUR", Decimal("629.64"), 12),
    }


@pytest.mark.parametrize("made_at", MADE_AT)
def test_operators_read_a_plan_of_every_door_the_same(world: World, made_at: str) -> None:
    made = world.plans[made_at]
    for name in (made.plan_id, name_plan(made.plan_id)):
        assert world.read_admin(name) == made
        assert world.read_command(name) == made
        assert world.read_processor(name) == made
    served = world.run_command("plan", "servicing", made.plan_id)
    assert re.findall(r"^ *(\d+) +(\S+) +\w+ +([\d.]+) ", served, re.M) == [
        (str(number), due_date, str(amount)) for number, due_date, amount in made.rows
    ]


@pytest.mark.parametrize("made_at", MADE_AT)
def test_a_plan_says_at_the_network_door_the_same_to_whom_it_concerns(world: World, made_at: str) -> None:
    made = world.plans[made_at]
    reader, stranger = (
        (world.issuer, world.partner) if made_at in OF_PAYMENTS else (world.partner, world.issuer)
    )
    assert world.read_network(reader, made.plan_id) == made
    with pytest.raises(UnexpectedAnswerError, match="answered 404"):
        world.read_network(stranger, made.plan_id)


@pytest.mark.parametrize("made_at", MADE_AT)
def test_a_merchant_reads_the_plan_of_its_own_order_and_of_nothing_else(world: World, made_at: str) -> None:
    made = world.plans[made_at]
    if made_at == "gateway":
        order = world.shop.call("GET", f"/order/{ORDER}", {}).body
        told = world.ask_admin(f"/plans/{made.plan_id}")
        assert order["paymentPlan"]["numberOfPayments"] == len(made.rows)
        assert (order["paymentPlan"]["planId"], order["currency"]) == (told["offer_id"], made.currency)
        assert to_major(order["totalCapturedAmount"]) == to_major(told["purchase_amount"])
        return
    for name in (made.plan_id, name_plan(made.plan_id), world.payment["id"]):
        with pytest.raises(UnexpectedAnswerError, match="Unable to find order"):
            world.shop.call("GET", f"/order/{name}", {})


@pytest.mark.parametrize("made_at", MADE_AT)
def test_an_account_reads_the_plan_of_its_own_payment_and_of_nothing_else(world: World, made_at: str) -> None:
    made = world.plans[made_at]
    path = f"/installments/plans/{name_plan(made.plan_id)}"
    if made_at == "payments":
        assert world.read_account(name_plan(made.plan_id)) == made
        installments = world.merchant.call("GET", f"/payments/{world.payment['id']}").body["installments"]
        rows = (
            (row["number"], row["dueDate"], from_cents(row["amount"])) for row in installments["schedule"]
        )
        assert tuple(rows) == made.rows
        assert from_cents(installments["totalAmount"]) == made.total
    else:
        assert world.ask_payments(path, key="secret_key") == (404, "resource_missing")
    assert world.ask_payments(path, key=DIFFERENT_ACCOUNT) == (404, "resource_missing")


def test_operators_find_the_order_and_the_payment_behind_a_plan(world: World) -> None:
    order = world.run_command("order", "show", world.shop.merchant_id, ORDER)
    payment = world.run_command("payment", "show", world.payment["id"])
    assert re.findall(r"^Plan +(\S+)", order, re.M) == [world.plans["gateway"].plan_id]
    of_payment = world.plans["payments"]
    assert re.findall(r"^Plan +(\S+), active *\n +(\S+) in", payment, re.M) == [
        (name_plan(of_payment.plan_id), of_payment.plan_id)
    ]
    rows = re.findall(r"^ *(\d+) +(\d{4}-\d\d-\d\d) +([\d.]+) ", payment, re.M)
    assert [(int(number), due_date, Decimal(amount)) for number, due_date, amount in rows] == [
        *of_payment.rows
    ]
