"""The merchant's part of the demo: a payment that the cardholder splits, a refund, and what is paid out."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from parcela.demo import sample, show
from parcela.demo.caller import Json, UnexpectedAnswerError
from parcela.demo.merchant import Merchant
from parcela.demo.server import DemoServer

_STATEMENT_TIMEOUT_S = 60


def take_a_split_payment(console: Console, server: DemoServer, home: Path) -> str:
    """As the merchant: the steps from 11 on; gives the payment's id."""
    merchant = Merchant(server.credentials)
    today = _find_today(merchant)
    payment_id, plan = offer_plans(console, merchant, today)
    payment = confirm(console, merchant, payment_id, plan)
    refund(console, merchant, payment)
    let_days_pass(console, merchant, payment_id)

    show.show_step(console, 15, "What the merchant gets")
    command = f"payments-account statement {merchant.account_id} --day {today}"
    console.print(f"   [cyan]parcela {command}[/]", soft_wrap=True)
    for line in _run_command(command, home).splitlines():
        console.print(f"   {line}", markup=False, soft_wrap=True)
    return payment_id


def offer_plans(console: Console, merchant: Merchant, today: date) -> tuple[str, tuple[str, Json]]:
    """A payment and its plans; gives the payment's id, and the card and plan that the shopper chose."""
    show.show_step(console, 11, "Another shop takes a payment, and lists plans for the card")
    wanted = sample.make_split_payment(today)
    answer = merchant.call("POST", "/payments", wanted, expected=201)
    payment_id: str = answer.body["id"]
    amount = show.format_euros(wanted["amount"])
    show.show_call(console, "POST /v1/payments", f"{amount}, {answer.body['status']}", answer)
    card = sample.make_payment_method()
    answer = merchant.call_from_browser("POST", "/payment-methods", card, expected=201)
    method_id: str = answer.body["id"]
    masked = show.mask_card(card["card"]["number"])
    show.show_call(console, "POST /v1/payment-methods", f"by the browser: card {masked}", answer)
    query = f"payment={payment_id}&paymentMethod={method_id}"
    answer = merchant.call("GET", f"/installments/plans?{query}")
    plans = answer.body["data"]
    show.show_call(console, "GET /v1/installments/plans", f"{len(plans)} plans", answer)
    show.show_payment_plans(console, plans)
    return payment_id, (method_id, plans[0])


def confirm(console: Console, merchant: Merchant, payment_id: str, chosen: tuple[str, Json]) -> Json:
    """Pay with the plan of which nothing may have changed since; gives the payment."""
    method_id, plan = chosen
    show.show_step(console, 12, f"The shopper takes {plan['count']} payments")
    body = {"paymentMethod": method_id, "installments": {"enabled": True, "offer": plan["offer"]}}
    answer = merchant.call("POST", f"/payments/{payment_id}/confirm", body)
    payment = answer.body
    show.show_call(console, "POST /v1/payments/{id}/confirm", f"offer {plan['offer']}", answer)
    console.print(f"   Payment   [bold]{payment['id']}[/], {payment['status']}")
    console.print(f"   Plan      [bold]{payment['installments']['plan']}[/]")
    fees = payment["feeBreakdown"]
    parts = (show.format_euros(fees[name]) for name in ("totalFee", "processingFee", "installmentFee"))
    console.print("   Fees      {} = {} for processing, {} for the plan".format(*parts))
    show.show_payment_rows(console, payment["installments"])
    return payment


def refund(console: Console, merchant: Merchant, payment: Json) -> None:
    """What a refund would do, and then exactly that."""
    show.show_step(console, 13, "A third of it comes back")
    part = {"payment": payment["id"], "amount": sample.SPLIT_REFUND_CENTS}
    answer = merchant.call("POST", "/refunds/preview", part)
    after = ", ".join(
        f"No. {row['number']} {show.format_euros(row['amount'])}" for row in answer.body["plan"]["after"]
    )
    show.show_call(console, "POST /v1/refunds/preview", f"leaves {after}", answer)
    answer = merchant.call("POST", "/refunds", {**part, "preview": answer.body["id"]}, expected=201)
    detail = f"{show.format_euros(answer.body['amount'])}, {answer.body['status']}"
    show.show_call(console, "POST /v1/refunds", detail, answer)


def let_days_pass(console: Console, merchant: Merchant, payment_id: str) -> None:
    """Move the account's own clock, and read the payment again."""
    show.show_step(console, 14, "Ten days pass on the account's clock")
    answer = merchant.call("POST", "/test/clock/advance", {"by": "P10D"})
    now = datetime.fromtimestamp(answer.body["now"], UTC)
    show.show_call(console, "POST /v1/test/clock/advance", f"it is {now:%Y-%m-%d} there", answer)
    for fired in answer.body["fired"]:
        console.print(f"   {fired['count']} x {fired['type']}")
    payment = merchant.call("GET", f"/payments/{payment_id}").body
    if payment["status"] != "partially_refunded":
        raise UnexpectedAnswerError(f"The payment {payment_id} is {payment['status']} after its refund.")
    refunded = show.format_euros(payment["amountRefunded"])
    console.print(f"   Payment   [bold]{payment['status']}[/], {refunded} of it")
    show.show_payment_rows(console, payment["installments"])


def _find_today(merchant: Merchant) -> date:
    """The date on the account's clock, which earlier demos in this home have moved; its zone is UTC."""
    return datetime.fromtimestamp(merchant.call("GET", "/test/clock").body["now"], UTC).date()


def _run_command(command: str, home: Path) -> str:
    """What a command of the command line prints. Raises UnexpectedAnswerError when it fails."""
    call = [sys.executable, "-c", "from parcela.cli.main import run; run()", *command.split()]
    done = subprocess.run(
        call,
        env={**os.environ, "PARCELA_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=_STATEMENT_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise UnexpectedAnswerError(f"`parcela {command}` failed: {done.stderr.strip()}")
    return done.stdout
