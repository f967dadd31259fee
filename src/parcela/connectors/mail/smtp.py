"""Mail by SMTP (RFC 5321): encrypted, bounded in time, one connection for each message."""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from parcela.operations.mailing import DELIVERED_CODE, MailMessage, MailReply
from parcela.operations.outbound import OutboundFailure

_GREETING = "[127.0.0.1]"
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server. `smtp` begins in clear and must offer STARTTLS, `smtps` is TLS from the start."""

    scheme: str
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def read_smtp_url(url: str) -> SmtpServer:
    """The server of an address that the settings have checked; user and password are percent-encoded."""
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.scheme in _PORTS, "the settings have checked the address"
    return SmtpServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


class SmtpMailer:
    """`Mailer` over SMTP. Certificates are verified against the machine's authorities."""

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls = tls or _make_tls_context()

    async def send(self, message: MailMessage, *, timeout_s: float) -> MailReply:
        """Send one message. Raises OutboundFailure, as the port says."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._send(message, timeout_s)
        except TimeoutError:
            raise OutboundFailure("timeout", f"{self._name} did not take the message in time") from None

    @property
    def _name(self) -> str:
        return f"{self._server.host}:{self._server.port}"

    async def _send(self, message: MailMessage, timeout_s: float) -> MailReply:
        client = self._make_client(timeout_s)
        try:
            await self._open(client)
            return await self._hand_over(client, message)
        finally:
            client.close()

    def _make_client(self, timeout_s: float) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "smtp",
            tls_context=self._tls,
            # The library would look up a name of this machine, which may take long and tells of it.
            local_hostname=_GREETING,
            timeout=timeout_s,
        )

    async def _open(self, client: SMTP) -> None:
        """Connect, encrypt and log in; failures here are for an operator to mend, so tries go on."""
        try:
            await client.connect()
            if self._server.user is not None:
                await client.login(self._server.user, self._server.password or "")
        except SMTPAuthenticationError as fault:
            raise OutboundFailure("protocol", f"{self._name} refuses the log-in ({fault.code})") from None
        except SMTPTimeoutError:
            raise OutboundFailure("timeout", f"{self._name} does not answer in time") from None
        except SMTPConnectError as fault:
            raise self._name_connect_fault(fault) from None
        except SMTPResponseException as fault:
            raise OutboundFailure("protocol", f"{self._name} answered {fault.code} to the greeting") from None
        except ssl.SSLError:
            raise OutboundFailure("tls", f"TLS with {self._name} failed") from None
        except (SMTPServerDisconnected, OSError) as fault:
            if isinstance(fault.__cause__, ssl.SSLError):
                raise OutboundFailure("tls", f"TLS with {self._name} failed") from None
            raise OutboundFailure("reset", f"{self._name} broke the connection off") from None
        except SMTPException:
            # What is left: the server lacks what was asked for, and nothing goes out in clear.
            raise OutboundFailure("tls", f"{self._name} offers no STARTTLS, or no log-in") from None

    def _name_connect_fault(self, fault: SMTPConnectError) -> OutboundFailure:
        if isinstance(fault.__cause__, ssl.SSLError):
            return OutboundFailure("tls", f"TLS with {self._name} failed")
        if isinstance(fault, SMTPResponseException):
            return OutboundFailure("protocol", f"{self._name} answered {fault.code} to the connection")
        return OutboundFailure("connect", f"No connection to {self._name}")

    async def _hand_over(self, client: SMTP, message: MailMessage) -> MailReply:
        """The message itself. After the last line only the reply tells: without it the try is repeated."""
        try:
            _, text = await client.sendmail(message.sender, [message.recipient], message.content)
        except SMTPRecipientsRefused as fault:
            refusal = fault.recipients[0]
            return MailReply(code=refusal.code, text=refusal.message)
        except SMTPResponseException as fault:
            return MailReply(code=fault.code, text=fault.message)
        except SMTPTimeoutError:
            raise OutboundFailure("timeout", f"{self._name} does not answer in time") from None
        except (SMTPException, OSError):
            raise OutboundFailure("reset", f"{self._name} broke off before it took the message") from None
        return MailReply(code=DELIVERED_CODE, text=text)


def _make_tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
