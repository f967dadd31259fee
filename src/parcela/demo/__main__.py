"""`python -m parcela.demo`: start a server, make a wallet's purchase, a shop's, one at the payments door and
one on the hosted page, say what happened, and keep serving.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parcela import __version__
from parcela.demo import sample, show
from parcela.demo.caller import Caller, Json, UnexpectedAnswerError
from parcela.demo.cardholder import pay_on_the_page
from parcela.demo.issuer_side import Operator
from parcela.demo.server import DemoServer, ServerDidNotStartError, find_free_port, run_server
from parcela.demo.shopping import shop_with_a_plan
from parcela.demo.splitting import take_a_split_payment
from parcela.settings import Settings, SettingsError, load_settings


def main(
    home: Annotated[Path | None, typer.Option(help="Folder of the embedded database and keys.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, or the next free one.")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="End after the purchases.")] = False,
) -> None:
    """Run the demo until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    console = show.make_console()
    try:
        run_demo(console, load_settings(os.environ, home=home, port=port), keeps_serving=not leave)
    except (SettingsError, ServerDidNotStartError, UnexpectedAnswerError) as error:
        console.print(f"[bold red]parcela:[/] {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopped.")


def run_demo(console: Console, settings: Settings, *, keeps_serving: bool) -> None:
    """The whole demo."""
    console.print(f"[bold]Parcela {__version__}[/]  four purchases in installments, from offers to books")
    port = find_free_port(settings.host, settings.port)
    if port != settings.port:
        console.print(f"Port {settings.port} is taken: this demo uses {port}.")
    with run_server(settings.home, host=settings.host, port=port) as server:
        console.print(f"The server is ready after {server.start_s:.1f} s: [bold]{server.local_url}[/]")
        console.print(f"Its database and keys are in {settings.home}", soft_wrap=True)
        console.print(
            "A wallet's requests are signed (OAuth 1.0a, RSA-SHA256), card numbers are sealed (JWE)."
        )
        plan_id = buy(console, server, settings.home)
        account_id = follow_plan(console, server, plan_id)
        register_cards(console, server, settings.home)
        shop_with_a_plan(console, server)
        payment_id = take_a_split_payment(console, server, settings.home)
        pages = pay_on_the_page(console, server, settings.mail_folder)
        show.show_pages(console, pages.checkout_url, pages.plan_url, local_url=server.local_url)
        commands = show.list_commands(plan_id=plan_id, account_id=account_id, payment_id=payment_id)
        show.show_links(console, local_url=server.local_url, home=settings.home, commands=commands)
        if keeps_serving:
            console.print("\nServing. Ctrl-C ends it.")
            server.process.wait()


def buy(console: Console, server: DemoServer, home: Path) -> str:
    """As the partner: ask for offers, choose the first, save the plan; gives the plan's id."""
    partner = Caller(server.credentials, home, role="partner")
    now = datetime.now(UTC)

    show.show_step(console, 1, "Which offers does this purchase get?")
    answer = partner.call("POST", "/offers", sample.make_offers_request(now))
    shown = answer.body
    purchase = f"{show.format_amount(sample.AMOUNT)} at {sample.MERCHANT['name']}"
    show.show_call(console, "POST /offers", f"{purchase}, card {show.mask_card(sample.CARD)}", answer)
    show.show_offers(console, shown["offers"], sample.AMOUNT)

    show.show_step(console, 2, "The cardholder chooses the first one")
    request = sample.make_plan_request(shown, shown["offers"][0], now)
    answer = partner.call("POST", "/plans", request, expected=201)
    plan_id: str = answer.body["planId"]
    show.show_call(console, "POST /plans", f"offer {request['offerId']} as it was shown", answer)
    console.print(f"   Plan      [bold]{plan_id}[/]")
    console.print(f"   Location  {answer.location}", soft_wrap=True)

    again = partner.call("POST", "/plans", request, expected=201)
    if again.body["planId"] != plan_id:
        raise UnexpectedAnswerError(f"POST /plans made a second plan, {again.body['planId']}.")
    show.show_call(console, "POST /plans", "sent again, as after a lost answer: the same plan", again)

    show.show_step(console, 3, "The plan, read back")
    answer = partner.call("GET", f"/plans/{plan_id}")
    show.show_call(console, "GET /plans/{planId}", f"status {answer.body['status']}", answer)
    show.show_schedule(console, answer.body)
    return plan_id


def follow_plan(console: Console, server: DemoServer, plan_id: str) -> str:
    """As an operator: the notification of the plan, and what the issuer posted; gives the account's id."""
    show.show_step(console, 4, "The issuer is told, and posts the first installment")
    operator = Operator(server.credentials)
    show.show_delivery(console, operator.wait_for_delivery(plan_id))
    serviced = operator.read_serviced_plan(plan_id)
    account_id: str = serviced["account_id"]
    balances = {**operator.list_balances(account_id), **operator.list_balances(plan_id)}
    show.show_books(console, serviced, balances)
    return account_id


def register_cards(console: Console, server: DemoServer, home: Path) -> None:
    """As the issuer: put cards on a list, and read which one failed from the sealed answer."""
    issuer = Caller(server.credentials, home, role="issuer")
    show.show_step(console, 5, "The issuer puts three cards on a list, one of them mistyped")
    answer = issuer.call("POST", "/consumers/pans/registrations", sample.make_pan_list_request())
    body = answer.body
    show.show_call(console, "POST /consumers/pans/registrations", _describe_list(body), answer)
    for failed in body["sensitiveData"]["pans"] if answer.was_sealed else ():
        reason = failed["error"]["description"]
        console.print(f"   Decrypted from the answer: {show.mask_card(failed['pan'])}: {reason}")


def _describe_list(body: Json) -> str:
    counts = f"{body['successfulCount']} added, {body['failureCount']} failed"
    return f"list {body['panList']['panListId']}\n   {counts}"


if __name__ == "__main__":
    typer.run(main)
