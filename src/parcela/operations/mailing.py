"""Mail servers as a port: `connectors.mail` has SMTP and the sandbox's post office."""

from dataclasses import dataclass, field
from typing import Protocol

DELIVERED_CODE = 250
"""The reply of a server that took a message over (RFC 5321 §4.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """A message ready to be sent. `message_id` is the same at every try, so that doubles can be told."""

    message_id: str
    sender: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReply:
    """What the server said to the message: a code of RFC 5321 §4.2 and its text."""

    code: int
    text: str


class Mailer(Protocol):
    """Hands messages to a mail server."""

    async def send(self, message: MailMessage, *, timeout_s: float) -> MailReply:
        """Send one message to its one recipient.

        A refusal of sender, recipient or message is a reply. Raises `OutboundFailure` when it does not come
        to that: no connection, no encryption, no log-in, no answer in time.
        """
