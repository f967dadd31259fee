"""`parcela clock`, `sandbox` and `vault`: moving time, demo shortcuts, and the key file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parcela.cli.acting import run_with_engine
from parcela.cli.options import CommandError, HomeOption, make_group, say

if TYPE_CHECKING:
    from parcela.domain.changes import ChangeSet, Person, Role
    from parcela.domain.payments.webhooks import WebhookEndpoint
    from parcela.operations.engine import Engine, World

clock = make_group()
app = make_group()
vault = make_group()


@clock.command("show")
def show_clock(home: HomeOption = None) -> None:
    """The time in this world, and how far it is ahead of the real one."""

    async def work(engine: Engine) -> World:
        return await engine.look()

    seen = run_with_engine(home, work)
    say(f"{_show_time(seen.now)}, {seen.now - seen.real_now} ahead of the real time")


@clock.command("advance")
def advance_clock(
    step: Annotated[str, typer.Argument(help="How far: 10s, 5m, 2h, 3d, 1w, 3mo or 1y.")],
    home: HomeOption = None,
) -> None:
    """Move the clock of a sandbox on; it never runs backwards."""
    from parcela.operations.clock import advance_clock as advance

    async def work(engine: Engine) -> datetime:
        return await advance(engine, "command line", step)

    say(f"It is now {_show_time(run_with_engine(home, work))}.")


@app.command("notify")
def set_sandbox_destination(
    url: Annotated[str, typer.Argument(help="Where notifications go; its path ends in /notifications.")],
    home: HomeOption = None,
) -> None:
    """Point the sandbox issuer's notifications at a URL: proposed and approved in one step."""
    from parcela.domain.changes import Role
    from parcela.domain.programs import Issuer
    from parcela.operations import catalogue
    from parcela.sandbox.setup import PROVIDER_ID

    async def work(engine: Engine) -> ChangeSet:
        if not engine.policy.is_sandbox:
            raise CommandError(
                "This is no sandbox: two people set a destination with `parcela issuer destination`."
            )
        maker = await _find_demo_person(engine, Role.ISSUER_MAKER)
        checker = await _find_demo_person(engine, Role.ISSUER_CHECKER)
        held = catalogue.get_held_entry(await engine.look(), maker, (Issuer.kind, PROVIDER_ID))
        assert isinstance(held.entry, Issuer)
        wanted = replace(held.entry, notification_url=url, notifications_enabled=True)
        proposal = catalogue.Proposal(summary=f"Notifications go to {url}", wanted=[wanted])
        proposed = await catalogue.propose(engine, maker, proposal)
        return await catalogue.approve(engine, checker, proposed.change_set_id)

    done = run_with_engine(home, work)
    say(f"{done.proposed_by} proposed that the notifications of Sandbox Bank go to {url},")
    say(f"{done.decided_by} approved it (change set {done.change_set_id}): it is in force.")


@app.command("webhook")
def set_sandbox_webhook(
    url: Annotated[str, typer.Argument(help="Where the demo account's events go.")],
    home: HomeOption = None,
) -> None:
    """Send the demo account's events to a URL, signed with `webhook_secret` of credentials.json."""
    from parcela.cli.acting import read_settings
    from parcela.domain.payments.refusals import PaymentRefused
    from parcela.payments_service import build_payments_desk
    from parcela.sandbox.webhooks import point_webhooks

    settings = read_settings(home=home)
    file = settings.home / "sandbox" / "credentials.json"
    if not file.exists():
        raise CommandError(f"There is no {file}: start with `parcela serve --demo` first.")
    held = json.loads(file.read_text())["payments"]

    async def work(engine: Engine) -> WebhookEndpoint:
        desk = build_payments_desk(engine, settings)
        return await point_webhooks(desk, held["account_id"], url, secret=held["webhook_secret"])

    try:
        endpoint = run_with_engine(home, work)
    except PaymentRefused as refusal:
        hint = (
            "Plain http and private hosts need PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS=1, on the server too."
        )
        raise CommandError(f"{refusal.message} {hint}") from None
    say(f"All events of {held['account_id']} go to {url} (endpoint {endpoint.endpoint_id}).")
    say(f"Verify them with `webhook_secret` of {file}.")


@app.command("mail")
def show_mail(
    number: Annotated[int | None, typer.Argument(help="Which one to read, as the list counts them.")] = None,
    home: HomeOption = None,
) -> None:
    """The mails that this sandbox kept instead of sending them, the newest first."""
    from parcela.cli.acting import read_settings
    from parcela.connectors.mail.post_office import list_mail

    folder = read_settings(home=home).mail_folder
    kept = list_mail(folder)
    if number is None:
        for count, mail in enumerate(kept, start=1):
            say(f"{count:3}  {_show_time(mail.sent_at.astimezone(UTC))}  {mail.recipient}  {mail.subject}")
        say(f"{len(kept)} in {folder}. Read one with `parcela sandbox mail NUMBER`.")
        return
    if not 1 <= number <= len(kept):
        raise CommandError(f"There is no mail {number}: the list has {len(kept)}.")
    mail = kept[number - 1]
    say(f"To: {mail.recipient}\nSubject: {mail.subject}\n\n{mail.text}")
    for file in mail.files:
        say(f"Attached: {file}")
    say(f"The whole message is {mail.path}.")


@vault.command("new-key-file")
def make_key_file(path: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Write a new key-encryption key. Whoever loses it loses every stored card number."""
    from parcela.vault.kek import create_key_file

    if path.exists():
        raise CommandError(f"{path} exists already, and a key file is never replaced.")
    try:
        create_key_file(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror}).") from None
    say(f"Written to {path}, readable by you alone. Keep a copy in a safe place, and never in the database.")
    say(f"Use it with PARCELA_KEK_FILE={path}")


async def _find_demo_person(engine: Engine, role: Role) -> Person:
    from parcela.operations import people
    from parcela.sandbox.setup import PROVIDER_ID

    for person in await people.list_people(engine):
        if person.role is role and person.provider_id == PROVIDER_ID:
            return person
    raise CommandError("There is no demo world in this database: `parcela serve --demo` makes one.")


def _show_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
