"""`parcela client`: callers of the APIs, their switches and their keys; operators only."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
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
    from parcela.domain.changes import Person
    from parcela.domain.clients import Client, ClientKey, KeyPurpose
    from parcela.operations.engine import Engine, World

app = make_group()
keys = make_group()
app.add_typer(keys, name="key", help="Keys of a client, and ours for it.")

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The client, as `client list` shows it.")]
GraceOption = Annotated[int, typer.Option(metavar="SECONDS", help="How long older keys stay usable.")]


@app.command("list")
def list_clients(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """The registered clients."""
    from parcela.operations import clients

    async def work(engine: Engine, person: Person) -> list[Client]:
        return clients.list_clients(await engine.look(), person)

    table = Table("code", "name", "role", "provider id", "state", box=None)
    for client in run_as(home, as_email, work):
        state = "suspended" if client.is_suspended else "enabled"
        state = state if client.is_enabled else "switched off"
        table.add_row(client.code, client.name, client.role, client.provider_id or "", state)
    make_console().print(table)


@app.command("add")
def add_client(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The client id in its consumer keys.")],
    as_email: AsOption,
    name: Annotated[str, typer.Option(help="Its name, for people.")],
    role: Annotated[str, typer.Option(help="partner or issuer.")] = "partner",
    provider: Annotated[
        str | None, typer.Option(metavar="PROVIDER_ID", help="The issuer that it speaks for.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Register a client; its keys come next (`parcela client key add`)."""
    from parcela.domain.clients import ClientRole
    from parcela.operations import clients

    if role not in tuple(ClientRole):
        raise CommandError(f"A client's role is {' or '.join(ClientRole)}, not {role!r}.")
    new = clients.NewClient(code=code, name=name, role=ClientRole(role), provider_id=provider)

    async def work(engine: Engine, person: Person) -> Client:
        return await clients.register_client(engine, person, new)

    client = run_as(home, as_email, work)
    say(f"Registered {client.code}. Add its keys with `parcela client key add {client.code} …`.")


@app.command("enable")
def enable_client(code: CodeArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Switch the API on for a client."""
    _switch(home, as_email, code, is_enabled=True)
    say(f"The API is switched on for {code}.")


@app.command("disable")
def disable_client(code: CodeArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Switch the API off for a client."""
    _switch(home, as_email, code, is_enabled=False)
    say(f"The API is switched off for {code}.")


@app.command("suspend")
def suspend_client(code: CodeArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Suspend a client."""
    _switch(home, as_email, code, is_suspended=True)
    say(f"{code} is suspended.")


@app.command("resume")
def resume_client(code: CodeArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Take a suspended client back."""
    _switch(home, as_email, code, is_suspended=False)
    say(f"{code} is no longer suspended.")


def _switch(
    home: Path | None,
    as_email: str,
    code: str,
    *,
    is_enabled: bool | None = None,
    is_suspended: bool | None = None,
) -> None:
    from parcela.operations import clients

    switches = clients.ClientSwitches(is_enabled=is_enabled, is_suspended=is_suspended)

    async def work(engine: Engine, person: Person) -> None:
        client = _find_client(await engine.look(), person, code)
        await clients.switch_client(engine, person, client.client_id, switches)

    run_as(home, as_email, work)


@keys.command("list")
def list_keys(
    code: CodeArgument,
    pem: Annotated[bool, typer.Option("--pem", help="Show the public keys themselves.")] = False,
    as_email: ViewerOption = None,
    home: HomeOption = None,
) -> None:
    """The keys of a client and ours for it: public halves only."""
    from parcela.operations import clients

    async def work(engine: Engine, person: Person) -> list[tuple[ClientKey, bool]]:
        seen = await engine.look()
        client = _find_client(seen, person, code)
        found = clients.list_client_keys(seen, person, client.client_id)
        return [(key, key.is_live(seen.real_now)) for key in found]

    table = Table("id", "purpose", "name", "made", "ends", "", box=None)
    found = run_as(home, as_email, work)
    for key, is_live in found:
        ends = min((at for at in (key.expires_at, key.revoked_at) if at is not None), default=None)
        table.add_row(
            str(key.key_id),
            key.purpose,
            key.name,
            f"{key.created_at:%Y-%m-%d %H:%M}",
            "" if ends is None else f"{ends:%Y-%m-%d %H:%M}",
            "live" if is_live else "ended",
        )
    make_console().print(table)
    for key, _ in found if pem else ():
        typer.echo(f"\n{key.purpose} {key.name}\n{key.public_pem}", nl=False)


@keys.command("add")
def add_key(  # noqa: PLR0913 - each option of a command is a parameter
    code: CodeArgument,
    file: Annotated[Path, typer.Argument(help="The public key or certificate (PEM).")],
    *,
    as_email: AsOption,
    purpose: Annotated[str, typer.Option(help="signing or client_encryption.")] = "signing",
    name: Annotated[str | None, typer.Option(help="The key id in consumer keys (signing keys).")] = None,
    expires_at: Annotated[datetime | None, typer.Option(help="When it ends, in UTC.")] = None,
    home: HomeOption = None,
) -> None:
    """Add a client's own public key."""
    from datetime import UTC

    from parcela.operations import clients

    new = clients.NewKey(
        purpose=_read_purpose(purpose),
        pem=_read_file(file),
        name=name,
        expires_at=None if expires_at is None else expires_at.replace(tzinfo=UTC),
    )

    async def work(engine: Engine, person: Person) -> ClientKey:
        client = _find_client(await engine.look(), person, code)
        return await clients.add_client_key(engine, person, client.client_id, new)

    key = run_as(home, as_email, work)
    say(f"Added the {key.purpose} key {key.name} (id {key.key_id}).")


@keys.command("revoke")
def revoke_key(
    code: CodeArgument,
    key_id: Annotated[int, typer.Argument(metavar="KEY_ID")],
    as_email: AsOption,
    grace: GraceOption = 0,
    home: HomeOption = None,
) -> None:
    """End a key, at once or after a grace period."""
    from parcela.operations import clients

    async def work(engine: Engine, person: Person) -> ClientKey:
        client = _find_client(await engine.look(), person, code)
        return await clients.revoke_key(
            engine, person, client.client_id, key_id, grace=timedelta(seconds=grace)
        )

    key = run_as(home, as_email, work)
    say(f"The {key.purpose} key {key.name} ends at {key.revoked_at:%Y-%m-%d %H:%M:%S %Z}.")


@keys.command("rotate")
def rotate_key(
    code: CodeArgument,
    as_email: AsOption,
    purpose: Annotated[
        str, typer.Option(help="platform_decryption or platform_signing.")
    ] = "platform_decryption",
    grace: GraceOption = 86400,
    home: HomeOption = None,
) -> None:
    """Make a new key pair of ours for a client; the older ones end after the grace period."""
    from parcela.operations import clients

    rotation = clients.KeyRotation(purpose=_read_purpose(purpose), grace=timedelta(seconds=grace))

    async def work(engine: Engine, person: Person) -> ClientKey:
        client = _find_client(await engine.look(), person, code)
        return await clients.rotate_platform_key(engine, person, client.client_id, rotation)

    key = run_as(home, as_email, work)
    say(f"The new {key.purpose} key is {key.name}. Give the client its public half:")
    typer.echo(key.public_pem, nl=False)


def _find_client(seen: World, person: Person, code: str) -> Client:
    from parcela.domain.errors import NotFound
    from parcela.operations import clients

    for client in clients.list_clients(seen, person):
        if client.code == code:
            return client
    raise NotFound("client", code)


def _read_purpose(text: str) -> KeyPurpose:
    from parcela.domain.clients import KeyPurpose

    if text not in tuple(KeyPurpose):
        raise CommandError(f"A key's purpose is one of {', '.join(KeyPurpose)}, not {text!r}.")
    return KeyPurpose(text)


def _read_file(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not a PEM file.") from None
