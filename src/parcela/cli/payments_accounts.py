"""`parcela payments-account`: accounts of the payments door, who of them may call, and their API keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from parcela.cli.acting import run_as, run_with_engine
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
    from parcela.domain.clients import Client
    from parcela.domain.payments.keys import ApiKey, Scope
    from parcela.operations.engine import Engine

app = make_group()
keys = make_group()
app.add_typer(keys, name="key", help="API keys of an account; any number may be live.")

AccountArgument = Annotated[str, typer.Argument(metavar="ID", help="The account id, ma_….")]
KeyArgument = Annotated[int, typer.Argument(metavar="KEY_ID")]


@app.command("list")
def list_accounts(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The accounts of the catalogue, and which of them may call."""
    from parcela.domain.payments.accounts import PaymentsAccount
    from parcela.operations import catalogue
    from parcela.operations.payments import accounts

    async def work(engine: Engine, person: Person) -> tuple[list[VersionedEntry], dict[str, Client]]:
        seen = await engine.look()
        callers = {client.code: client for client in accounts.list_account_clients(seen, person)}
        return catalogue.list_held_entries(seen, person, PaymentsAccount.kind), callers

    table = Table("account id", "name", "country", "modes", "", "as a caller", box=None)
    entries, callers = run_as(home, as_email, work)
    for held in entries:
        account = held.entry
        assert isinstance(account, PaymentsAccount)
        table.add_row(
            account.account_id,
            account.name,
            account.country,
            "test live" if account.is_enabled_live else "test",
            "" if account.enabled else "switched off",
            _describe_caller(callers.get(account.account_id)),
        )
    make_console().print(table)


@app.command("show")
def show_account(account_id: AccountArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """One account, as in a catalogue file."""
    from parcela.catalogue_files import write_yaml
    from parcela.domain.payments.accounts import PaymentsAccount
    from parcela.operations import catalogue

    async def work(engine: Engine, person: Person) -> str:
        seen = await engine.look()
        held = catalogue.get_held_entry(seen, person, (PaymentsAccount.kind, account_id))
        return write_yaml(
            {
                "parcela_catalogue": catalogue.FORMAT,
                "payments_accounts": [catalogue.render_entry(held.entry)],
            }
        )

    typer.echo(run_as(home, as_email, work), nl=False)


@app.command("new-id")
def make_id(home: HomeOption = None) -> None:
    """Make an id for a new account, to be written into a catalogue file."""
    from parcela.operations.payments import accounts

    async def work(engine: Engine) -> str:
        return await accounts.make_account_id(engine)

    say(run_with_engine(home, work))


@app.command("register")
def register_account(account_id: AccountArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Let an account of the catalogue call; its first API key comes next."""
    from parcela.operations.payments import accounts

    async def work(engine: Engine, person: Person) -> Client:
        return await accounts.register_account(engine, person, account_id)

    client = run_as(home, as_email, work)
    command = f"parcela payments-account key issue {client.code}"
    say(f"{client.code} may call. Make its first key with `{command}`.")


@keys.command("list")
def list_keys(account_id: AccountArgument, as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The API keys of an account, those that have ended included; not their texts."""
    from parcela.operations.payments import api_keys

    async def work(engine: Engine, person: Person) -> tuple[list[ApiKey], datetime]:
        found = await api_keys.list_keys(engine, person, account_id)
        return found, (await engine.look()).real_now

    table = Table("id", "key", "scopes", "networks", "made", "by", "", box=None)
    found, now = run_as(home, as_email, work)
    for key in found:
        table.add_row(
            str(key.key_id),
            _describe_key(key),
            " ".join(sorted(key.scopes)) or "all of its kind",
            " ".join(key.networks) or "any",
            f"{key.created_at:%Y-%m-%d %H:%M}",
            key.created_by,
            _describe_end(key, now=now),
        )
    make_console().print(table)


@keys.command("issue")
def issue_key(  # noqa: PLR0913 - each option of a command is a parameter
    account_id: AccountArgument,
    *,
    as_email: AsOption,
    kind: Annotated[str, typer.Option(help="secret, restricted or publishable.")] = "secret",
    live: Annotated[bool, typer.Option("--live", help="For the live mode; otherwise for test.")] = False,
    scope: Annotated[list[str] | None, typer.Option(help="What a restricted key may do; repeat it.")] = None,
    network: Annotated[list[str] | None, typer.Option(help="Where callers may be (CIDR); repeat it.")] = None,
    expires_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, with an offset, as in ISO 8601.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make an API key and print it, this once."""
    from parcela.domain.payments.keys import KeyKind
    from parcela.operations.payments import api_keys

    if kind not in tuple(KeyKind):
        raise CommandError(f"A key's kind is {' or '.join(KeyKind)}, not {kind!r}.")
    new = api_keys.NewApiKey(
        kind=KeyKind(kind),
        is_live=live,
        scopes=_read_scopes(scope or []),
        networks=tuple(network or []),
        expires_at=None if expires_at is None else _read_time(expires_at),
    )

    async def work(engine: Engine, person: Person) -> tuple[str, ApiKey]:
        return await api_keys.issue_key(engine, person, account_id, new)

    text, key = run_as(home, as_email, work)
    say(f"API key {key.key_id} of {account_id}. Only a hash of it is kept: note it now.")
    say(f"  {text}")


@keys.command("grant")
def grant_scopes(
    account_id: AccountArgument,
    key_id: KeyArgument,
    scopes: Annotated[list[str], typer.Argument(metavar="SCOPE…", help="Such as installments:read.")],
    as_email: AsOption,
    home: HomeOption = None,
) -> None:
    """Give an API key more scopes."""
    from parcela.operations.payments import api_keys

    wanted = _read_scopes(scopes)

    async def work(engine: Engine, person: Person) -> ApiKey:
        return await api_keys.grant_scopes(engine, person, account_id, key_id, wanted)

    key = run_as(home, as_email, work)
    say(f"The API key {key.key_id} of {account_id} has now {' '.join(sorted(key.scopes))}.")


@keys.command("revoke")
def revoke_key(
    account_id: AccountArgument, key_id: KeyArgument, as_email: AsOption, home: HomeOption = None
) -> None:
    """End an API key at once."""
    from parcela.operations.payments import api_keys

    async def work(engine: Engine, person: Person) -> ApiKey:
        return await api_keys.revoke_key(engine, person, account_id, key_id)

    key = run_as(home, as_email, work)
    say(f"The API key {key.key_id} of {account_id} is revoked.")


def _read_scopes(names: list[str]) -> frozenset[Scope]:
    from parcela.domain.payments.keys import Scope

    for name in names:
        if name not in tuple(Scope):
            raise CommandError(f"There is no scope {name!r}. The scopes are {', '.join(Scope)}.")
    return frozenset(Scope(name) for name in names)


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no date and time such as 2027-01-31T00:00:00+00:00.") from None


def _describe_caller(client: Client | None) -> str:
    if client is None:
        return "not registered"
    if not client.is_enabled:
        return "switched off"
    return "suspended" if client.is_suspended else "enabled"


def _describe_key(key: ApiKey) -> str:
    from parcela.domain.payments.keys import PREFIXES

    return f"{PREFIXES[key.kind, key.is_live]}…{key.last_four}"


def _describe_end(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.expires_at is None:
        return "live"
    word = "expired" if key.has_ended(now) else "live until"
    return f"{word} {key.expires_at:%Y-%m-%d %H:%M}"
