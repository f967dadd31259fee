"""`parcela person`: who may sign in."""

from __future__ import annotations

import sys
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
    from parcela.domain.changes import Person
    from parcela.operations.engine import Engine

app = make_group()

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command("list")
def list_people(as_email: ViewerOption = None, home: HomeOption = None) -> None:
    """Everybody who may sign in."""
    from parcela.operations import people
    from parcela.operations.clients import check_operator

    async def work(engine: Engine, person: Person) -> list[Person]:
        check_operator(person)
        return await people.list_people(engine)

    table = Table("e-mail", "role", "provider id", box=None)
    for person in run_as(home, as_email, work):
        table.add_row(person.email, person.role, person.provider_id or "")
    make_console().print(table)


@app.command("add")
def add_person(
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="operator, issuer_maker or issuer_checker.")],
    as_email: Annotated[
        str | None,
        typer.Option("--as", metavar="EMAIL", help="The operator who acts; not needed for the first one."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="PROVIDER_ID", help="The issuer, for its people.")
    ] = None,
    password_stdin: StdinOption = False,
    home: HomeOption = None,
) -> None:
    """Register somebody who may sign in."""
    from parcela.domain.changes import Role
    from parcela.operations import people
    from parcela.operations.clients import check_operator

    if role not in tuple(Role):
        raise CommandError(f"A person's role is one of {', '.join(Role)}, not {role!r}.")
    password = _read_password(password_stdin)
    new = people.NewPerson(email=email, password=password, role=Role(role), provider_id=provider)

    async def work(engine: Engine) -> Person:
        actor = "command line"
        if as_email is not None:
            person = await people.get_person(engine, as_email)
            check_operator(person)
            actor = person.email
        elif new.role is not Role.OPERATOR or await people.list_people(engine):
            raise CommandError("Name the operator who registers people with --as EMAIL.")
        return await people.register_person(engine, actor, new)

    person = run_with_engine(home, work)
    say(f"Registered {person.email} as {person.role}.")


@app.command("password")
def set_password(
    email: EmailArgument, as_email: AsOption, password_stdin: StdinOption = False, home: HomeOption = None
) -> None:
    """Give somebody a new password, which also unlocks them and ends their sessions."""
    from parcela.operations import people
    from parcela.operations.clients import check_operator

    password = _read_password(password_stdin)

    async def work(engine: Engine, person: Person) -> None:
        if person.email != email.strip().lower():
            check_operator(person)
        await people.set_password(engine, person.email, email=email, password=password)

    run_as(home, as_email, work)
    say(f"{email} has a new password.")


@app.command("disable")
def disable_person(email: EmailArgument, as_email: AsOption, home: HomeOption = None) -> None:
    """Take somebody's access away, and end their sessions."""
    from parcela.operations import people
    from parcela.operations.clients import check_operator

    async def work(engine: Engine, person: Person) -> None:
        check_operator(person)
        await people.disable_person(engine, person.email, email=email)

    run_as(home, as_email, work)
    say(f"{email} can no longer sign in or act.")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password: pipe it in with --password-stdin.")
    text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return text
