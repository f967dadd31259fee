"""The sandbox's post office: what would be sent is kept as a Maildir, which mail programs can open."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from parcela.operations.mailing import DELIVERED_CODE, MailMessage, MailReply
from parcela.operations.outbound import OutboundFailure

_PARTS = ("tmp", "new", "cur")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """A message of the post office."""

    path: Path
    sent_at: datetime
    recipient: str
    subject: str
    text: str
    files: tuple[str, ...]


class PostOffice:
    """`Mailer` into a folder. A message that comes again replaces itself, for its file bears its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: MailMessage, *, timeout_s: float) -> MailReply:
        """Keep one message. Raises OutboundFailure (connect) when the folder cannot be written."""
        try:
            await asyncio.to_thread(self._keep, message)
        except OSError as fault:
            raise OutboundFailure(
                "connect", f"The sandbox's folder of mail cannot be written ({fault.strerror})"
            ) from None
        return MailReply(code=DELIVERED_CODE, text="kept in the sandbox's folder of mail")

    def _keep(self, message: MailMessage) -> None:
        for part in _PARTS:
            (self._folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message.message_id.strip("<>").partition("@")[0]
        written = self._folder / "tmp" / name
        # Mail of a folder ends its lines as the machine does.
        written.write_bytes(message.content.replace(b"\r\n", b"\n"))
        written.chmod(0o600)
        written.replace(self._folder / "new" / name)


def list_mail(folder: Path) -> list[KeptMail]:
    """What the post office has, the newest first."""
    found = [_read(path) for path in _list_files(folder)]
    return sorted(found, key=lambda mail: (mail.sent_at, mail.path.name), reverse=True)


def _list_files(folder: Path) -> Iterator[Path]:
    for part in ("new", "cur"):
        if (folder / part).is_dir():
            yield from (folder / part).iterdir()


def _read(path: Path) -> KeptMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage), "the policy makes these"
    body = message.get_body(("plain",))
    return KeptMail(
        path=path,
        sent_at=message["Date"].datetime,
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        text="" if body is None else body.get_content().replace("\r\n", "\n"),
        files=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )
