"""`parcela merchant` and `rule`: merchants, who of them may call, and what they offer; operators only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as
from parcela.cli.options import (
    AsOption,
    CommandError,
    HomeOption,
    ViewerOption,
    make_console,
    make_group,
    say,
)

if TYPE_CHECKING:
    from parcela.domain.catalogue import VersionedEntry
    from parcela.domain.changes import Person
    from parcela.domain.clients import ApiPassword, Client
    from parcela.domain.merchants import OfferRule
    from parcela.operations.engine import Engine, World

app = make_group()
passwords = make_group()
rules = make_group()
app.add_typer(passwords, name="password", help="API passwords of a merchant; two may be live at once.")

MerchantArgument = Annotated[str, typer.Argument(metavar="ID", help="The merchant id.")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command("list")
def list_merchants(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The merchants of the catalogue, and which of them may call."""
    from parcela.domain.merchants import MerchantProfile
    from parcela.operations import catalogue, merchants

    async def work(engine: Engine, person: Person) -> tuple[list[VersionedEntry], dict[str, Client]]:
        seen = await engine.look()
        callers = {client.code: client for client in merchants.list_merchant_clients(seen, person)}
        return catalogue.list_held_entries(seen, person, MerchantProfile.kind), callers

    table = Table("merchant id", "name", "country", "currencies", "", "as a caller", box=None)
    entries, callers = run_as(home, as_email, work)
    for held in entries:
        profile = held.entry
        assert isinstance(profile, MerchantProfile)
        state = "test" if profile.is_simulated else ""
        table.add_row(
            profile.merchant_id,
            profile.name,
            profile.country,
            " ".join(profile.currencies),
            state if profile.enabled else "switched off",
            _describe_caller(callers.get(profile.merchant_id)),
        )
    make_console().print(table)


@app.command("show")
def show_merchant(
    merchant_id: MerchantArgument, as_email: ViewerOption = None, home: HomeOption = None
) -> None:
    """Everything that a merchant has set up, as a catalogue file."""
    from parcela.catalogue_files import write_yaml
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> str:
        seen = await engine.look()
        return write_yaml(catalogue.export_merchant(seen, person, merchant_id))

    typer.echo(run_as(home, as_email, work), nl=False)


@app.command("register")
def register_merchant(merchant_id: MerchantArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Let a merchant of the catalogue call; its first API password comes next."""
    from parcela.operations import merchants

    async def work(engine: Engine, person: Person) -> Client:
        return await merchants.register_merchant(engine, person, merchant_id)

    client = run_as(home, as_email, work)
    say(
        f"{client.code} may call. Make its first password with `parcela merchant password new {client.code}`."
    )


@app.command("login")
def try_login(
    merchant_id: MerchantArgument,
    password_stdin: StdinOption = False,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """Ask for a merchant's API password, and say whether the login succeeds and why not."""
    from parcela.operations import merchants

    password = _read_password(password_stdin)
    user = f"{merchants.USER_PREFIX}{merchant_id}"

    async def work(engine: Engine, person: Person) -> str | None:
        return await merchants.find_login_fault(engine, person, user=user, password=password)

    reason = run_as(home, as_email, work)
    if reason is not None:
        raise CommandError(f"The login {user} fails: {reason}.")
    say(f"The login {user} succeeds.")


@passwords.command("new")
def issue_password(merchant_id: MerchantArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Make an API password and print it, this once."""
    from parcela.operations import merchants

    async def work(engine: Engine, person: Person) -> tuple[str, ApiPassword]:
        return await merchants.issue_api_password(engine, person, merchant_id)

    password, record = run_as(home, as_email, work)
    say(f"API password {record.password_id} of {merchant_id}. Only a hash of it is kept: note it now.")
    say(f"  user      {merchants.USER_PREFIX}{merchant_id}")
    say(f"  password  {password}")


@passwords.command("list")
def list_passwords(
    merchant_id: MerchantArgument, as_email: ViewerOption = None, home: HomeOption = None
) -> None:
    """The API passwords of a merchant, revoked ones included; not the passwords themselves."""
    from parcela.operations import merchants

    async def work(engine: Engine, person: Person) -> list[ApiPassword]:
        return await merchants.list_api_passwords(engine, person, merchant_id)

    table = Table("id", "made", "by", "", box=None)
    for record in run_as(home, as_email, work):
        ended = record.revoked_at
        state = "live" if ended is None else f"revoked {ended:%Y-%m-%d %H:%M}"
        table.add_row(
            str(record.password_id), f"{record.created_at:%Y-%m-%d %H:%M}", record.created_by, state
        )
    make_console().print(table)


@passwords.command("revoke")
def revoke_password(
    merchant_id: MerchantArgument,
    password_id: Annotated[int, typer.Argument(metavar="PASSWORD_ID")],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """End an API password at once."""
    from parcela.operations import merchants

    async def work(engine: Engine, person: Person) -> ApiPassword:
        return await merchants.revoke_api_password(engine, person, merchant_id, password_id)

    record = run_as(home, as_email, work)
    say(f"The API password {record.password_id} of {merchant_id} is revoked.")


@rules.command("list")
def list_rules(merchant_id: MerchantArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The offer rules of a merchant in display order, those that are switched off included."""
    from parcela.domain.merchants import OfferRule
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> list[tuple[OfferRule, int]]:
        seen = await engine.look()
        _check_known(seen, person, merchant_id)
        held = catalogue.list_held_entries(seen, person, OfferRule.kind)
        return [
            (one.entry, one.version)
            for one in held
            if isinstance(one.entry, OfferRule) and one.entry.merchant_id == merchant_id
        ]

    table = Table("rule id", "version", "for", "program", "amounts", "from", "until", "", box=None)
    found = run_as(home, as_email, work)
    for rule, version in sorted(found, key=lambda pair: (pair[0].attachment, pair[0].display_order)):
        most = "any" if rule.maximum is None else f"{rule.maximum}"
        table.add_row(
            rule.rule_id,
            str(version),
            rule.attachment,
            rule.program_id,
            f"{rule.minimum} to {most}",
            f"{rule.first_day}",
            "" if rule.last_day is None else f"{rule.last_day}",
            _describe_rule(rule),
        )
    make_console().print(table)


def _check_known(seen: World, person: Person, merchant_id: str) -> None:
    from parcela.domain.merchants import MerchantProfile
    from parcela.operations import catalogue

    catalogue.get_held_entry(seen, person, (MerchantProfile.kind, merchant_id))


def _describe_rule(rule: OfferRule) -> str:
    if rule.withdrawn:
        return "withdrawn"
    return "" if rule.enabled else "switched off"


def _describe_caller(client: Client | None) -> str:
    if client is None:
        return "not registered"
    if not client.is_enabled:
        return "switched off"
    return "suspended" if client.is_suspended else "enabled"


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password: pipe it in with --password-stdin.")
    password: str = typer.prompt("API password", hide_input=True)
    return password
