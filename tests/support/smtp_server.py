"""A mail server over a real socket that answers as a script says: SMTP with STARTTLS and log-in."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class SmtpServer:
    """Keeps what it takes over. `replies` are those to the end of a message, the last one for ever.

    `breaks_off`: so many messages are taken and never answered, as by a server that is killed in between.
    """

    tls: ssl.SSLContext | None = None
    password: str | None = None
    recipient_reply: str = "250 fine"
    replies: list[str] = field(default_factory=lambda: ["250 taken"])
    breaks_off: int = 0
    port: int = 0
    envelopes: list[tuple[str, str, bool]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        """What came, read."""
        return [read_message(content) for content in self.contents]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipient, is_encrypted = "", "", False
        writer.write(b"220 mail.test\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            if verb == "EHLO":
                offers = ["AUTH PLAIN"] if self.password else []
                offers += ["STARTTLS"] if self.tls and not is_encrypted else []
                lines = ["mail.test", *offers]
                dashes = ["-"] * (len(lines) - 1) + [" "]
                reply = "\r\n".join(f"250{dash}{text}" for dash, text in zip(dashes, lines, strict=True))
            elif verb == "STARTTLS":
                assert self.tls is not None
                writer.write(b"220 go on\r\n")
                await writer.start_tls(self.tls)
                is_encrypted = True
                continue
            elif verb == "AUTH":
                told = base64.b64decode(rest.partition(" ")[2]).split(b"\0")[-1].decode()
                reply = "235 in" if told == self.password else "535 wrong password"
            elif verb == "MAIL":
                sender, reply = rest.partition("<")[2].partition(">")[0], "250 fine"
            elif verb == "RCPT":
                recipient, reply = rest.partition("<")[2].partition(">")[0], self.recipient_reply
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                self.contents.append(content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
                self.envelopes.append((sender, recipient, is_encrypted))
                if self.breaks_off:
                    self.breaks_off -= 1
                    return
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            elif verb == "QUIT":
                return
            else:
                reply = "250 fine"
            writer.write(f"{reply}\r\n".encode())


def read_message(content: bytes) -> EmailMessage:
    """A message as it came."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@asynccontextmanager
async def open_smtp_server(server: SmtpServer) -> AsyncIterator[SmtpServer]:
    """Let a server listen on loopback."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
