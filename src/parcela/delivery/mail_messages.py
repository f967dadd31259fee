"""Messages as they go to a mail server (RFC 5322): text, HTML and files, the same bytes at every try."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP

from parcela.operations.mailing import MailMessage
from parcela.words.letters import WrittenMail

_SHORT = 24
_PLAIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9 '-]{0,60})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A PDF that goes with a mail."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who writes to whom, and when it was written. `sender` and `recipient` are bare addresses."""

    mail_id: str
    sender: str
    sender_name: str
    recipient: str = field(repr=False)
    written_at: datetime


def build_message(envelope: Envelope, written: WrittenMail, files: Sequence[MailFile] = ()) -> MailMessage:
    """A message. Its id and its boundaries come from the mail's id, so that a double can be told.

    Names come without line ends (ValueError otherwise).
    """
    message = EmailMessage(policy=SMTP)
    message_id = f"<{envelope.mail_id}@{envelope.sender.rpartition('@')[2]}>"
    message["Date"] = envelope.written_at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(written.text, cte="base64")
    message.add_alternative(written.html, subtype="html", cte="base64")
    for file in files:
        message.add_attachment(file.content, maintype="application", subtype="pdf", filename=file.name)
    # Set last: the library moves such headers into the first part.
    message["Content-Language"] = written.language
    _name_boundaries(message, envelope.mail_id)
    return MailMessage(
        message_id=message_id,
        sender=envelope.sender,
        recipient=envelope.recipient,
        content=_write_head(envelope, written.subject) + message.as_bytes(),
    )


def _write_head(envelope: Envelope, subject: str) -> bytes:
    """The headers with names in them. The library would read what looks encoded in a name, and write it
    out decoded, line ends too: so names are encoded here, whatever is in them.
    """
    name = _encode(envelope.sender_name, "From")
    gap = "" if len(name) < _SHORT else "\r\n"
    lines = [
        f"From: {name}{gap} <{envelope.sender}>",
        f"To: {envelope.recipient}",
        f"Subject: {_encode(subject, 'Subject')}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _encode(text: str, header: str) -> str:
    """A text as a header has it (RFC 2047): as it is if it is short and plain, else encoded and folded."""
    if "\r" in text or "\n" in text:
        raise ValueError(f"{header} holds CR or LF")
    if _PLAIN.fullmatch(text):
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _name_boundaries(message: EmailMessage, mail_id: str) -> None:
    """All content is base 64, where no such line can stand."""
    parts = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(parts, start=1):
        part.set_boundary(f"{mail_id}.{number}")
