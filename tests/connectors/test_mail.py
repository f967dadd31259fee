"""Mail servers over real sockets: STARTTLS, TLS, log-in, refusals, silence; and the sandbox's folder."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.raw_server import Authority, RawServer, make_authority, serve_script
from tests.support.smtp_server import SmtpServer, open_smtp_server, read_message

from parcela.connectors.mail.post_office import PostOffice, list_mail
from parcela.connectors.mail.smtp import SmtpMailer, read_smtp_url
from parcela.connectors.mail.smtp import SmtpServer as Address
from parcela.delivery.mail_messages import Envelope, MailFile, build_message
from parcela.domain.mail import find_mailbox, mask_address
from parcela.operations.mailing import MailReply
from parcela.operations.outbound import OutboundFailure
from parcela.words.letters import WrittenMail

MAIL_ID = "0198b3a0-0000-7000-8000-000000000001"
WRITTEN = WrittenMail(language="de", subject="Ihr Beleg: 600,00 €", text="Grüße\n.\n", html="<p>Grüße</p>")
ENVELOPE = Envelope(
    mail_id=MAIL_ID,
    sender="receipts@pay.example",
    sender_name="Kiln, Söhne",
    recipient="ada@example.com",
    written_at=datetime(2026, 8, 1, 12, tzinfo=UTC),
)
FILE = MailFile(name="receipt.pdf", content=b"%PDF-1.7 \x00\xff")
MESSAGE = build_message(ENVELOPE, WRITTEN, [FILE])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls"))


def send(
    server: SmtpServer, *, authority: Authority, scheme: str = "smtp", times: int = 1, **server_facts: Any
) -> list[MailReply | OutboundFailure]:
    """What comes of sending the message so often."""

    async def work() -> list[MailReply | OutboundFailure]:
        async with open_smtp_server(server):
            address = Address(scheme=scheme, host="localhost", port=server.port, **server_facts)
            mailer = SmtpMailer(address, authority.trust())
            return [await _try(mailer) for _ in range(times)]

    return asyncio.run(work())


async def _try(mailer: SmtpMailer, *, timeout_s: float = 10.0) -> MailReply | OutboundFailure:
    try:
        return await mailer.send(MESSAGE, timeout_s=timeout_s)
    except OutboundFailure as failure:
        return failure


def test_a_message_goes_out_encrypted_after_a_log_in_and_arrives_byte_for_byte(authority: Authority) -> None:
    server = SmtpServer(tls=authority.server_context("localhost"), password="s:e/cret")
    address = read_smtp_url("smtp://user%40pay.example:s%3Ae%2Fcret@127.0.0.1:587")
    assert (address.user, address.port) == ("user@pay.example", 587)
    assert "cret" not in repr(address)
    sent = send(server, authority=authority, user=address.user, password=address.password)
    assert sent == [MailReply(code=250, text="taken")]
    assert server.envelopes == [("receipts@pay.example", "ada@example.com", True)]
    assert server.contents == [MESSAGE.content]
    [message] = server.messages
    assert message["From"] == '"Kiln, Söhne" <receipts@pay.example>'
    assert message["Subject"] == "Ihr Beleg: 600,00 €"
    assert message["Message-ID"] == f"<{MAIL_ID}@pay.example>"
    assert message["Date"].datetime == datetime(2026, 8, 1, 12, tzinfo=UTC)
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "de")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    assert (text.get_content(), html.get_content()) == ("Grüße\r\n.\r\n", "<p>Grüße</p>\r\n")
    [file] = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("receipt.pdf", "application/pdf")
    assert file.get_content() == FILE.content


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?Q?=0d=0aBcc:_eve=40pay.example?=",
        'The "Best", Shop; <eve@pay.example> of all the shops in this long street',
        "متجر الأفران " * 8,
        "",
    ],
    ids=["encoded_line_end", "quotes_that_fold", "arabic", "none"],
)
def test_a_name_is_nothing_but_a_name(name: str) -> None:
    written = replace(WRITTEN, subject=f"Beleg von {name}: 600,00 €")
    content = build_message(replace(ENVELOPE, sender_name=name), written).content
    message = read_message(content)
    assert message.keys()[:4] == ["From", "To", "Subject", "Date"]
    assert "Bcc" not in message
    assert message["Subject"] == written.subject
    [sender] = message["From"].addresses
    assert sender.addr_spec == "receipts@pay.example"
    # The library's reader sets encoded words apart where it should join them.
    assert sender.display_name.replace(" ", "") == name.replace(" ", "")
    assert max(len(line) for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


def test_the_same_mail_makes_the_same_bytes() -> None:
    assert build_message(ENVELOPE, WRITTEN, [FILE]) == MESSAGE


@pytest.mark.parametrize(
    ("recipient_reply", "reply"),
    [
        ("450 mailbox busy", MailReply(code=450, text="mailbox busy")),
        ("550 no such user", MailReply(code=550, text="no such user")),
    ],
    ids=["for_now", "for_good"],
)
def test_a_refused_recipient_is_a_reply(authority: Authority, recipient_reply: str, reply: MailReply) -> None:
    server = SmtpServer(tls=authority.server_context("localhost"), recipient_reply=recipient_reply)
    assert send(server, authority=authority) == [reply]
    assert server.contents == []


def test_a_refused_message_is_a_reply(authority: Authority) -> None:
    server = SmtpServer(
        tls=authority.server_context("localhost"), replies=["452 full", "554 spam", "250 taken"]
    )
    codes = [
        found.code for found in send(server, authority=authority, times=3) if isinstance(found, MailReply)
    ]
    assert codes == [452, 554, 250]


def fail(found: list[MailReply | OutboundFailure]) -> tuple[str, str]:
    [failure] = found
    assert isinstance(failure, OutboundFailure)
    return failure.kind, failure.detail.replace(failure.detail.partition(" ")[0], "HOST", 1)


def test_without_starttls_nothing_is_said(authority: Authority) -> None:
    server = SmtpServer(password="secret")
    kind, _ = fail(send(server, authority=authority, user="user", password="secret"))
    assert (kind, server.envelopes) == ("tls", [])


def test_a_certificate_of_another_name_is_refused(authority: Authority) -> None:
    server = SmtpServer(tls=authority.server_context("other.example"))
    kind, _ = fail(send(server, authority=authority))
    assert (kind, server.envelopes) == ("tls", [])


def test_a_wrong_password_is_for_an_operator_and_is_not_told(authority: Authority) -> None:
    server = SmtpServer(tls=authority.server_context("localhost"), password="right")
    failed = fail(send(server, authority=authority, user="user", password="wrong-secret"))
    assert failed == ("protocol", "HOST refuses the log-in (535)")


def test_a_server_that_ends_before_its_reply_leaves_the_try_open(authority: Authority) -> None:
    server = SmtpServer(tls=authority.server_context("localhost"), breaks_off=1)
    first, second = send(server, authority=authority, times=2)
    assert isinstance(first, OutboundFailure) and first.kind == "reset"
    assert second == MailReply(code=250, text="taken")
    assert server.contents == [MESSAGE.content, MESSAGE.content]  # a double, told by its Message-ID


def test_a_server_on_this_machine_may_be_spoken_to_in_clear(authority: Authority) -> None:
    server = SmtpServer()
    assert send(server, authority=authority, scheme="smtp+plain") == [MailReply(code=250, text="taken")]
    assert server.envelopes == [("receipts@pay.example", "ada@example.com", False)]


async def stay_silent(_: RawServer, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await reader.read()


async def talk_nonsense(_: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize(
    ("script", "kind", "timeout_s"),
    [(stay_silent, "timeout", 0.3), (talk_nonsense, "protocol", 30)],
    ids=["silence", "nonsense"],
)
def test_a_server_that_is_none_fails_the_try(
    script: Callable[[RawServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    kind: str,
    timeout_s: float,
) -> None:
    async def work() -> MailReply | OutboundFailure:
        async with serve_script(script) as server:
            mailer = SmtpMailer(Address(scheme="smtp", host="127.0.0.1", port=server.port))
            return await _try(mailer, timeout_s=timeout_s)

    found = asyncio.run(work())
    assert isinstance(found, OutboundFailure)
    assert found.kind == kind


def test_tls_from_the_start(authority: Authority) -> None:
    async def work() -> tuple[MailReply | OutboundFailure, SmtpServer]:
        server = SmtpServer()
        listening = await asyncio.start_server(
            server.serve, "127.0.0.1", 0, ssl=authority.server_context("localhost")
        )
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            mailer = SmtpMailer(Address(scheme="smtps", host="localhost", port=port), authority.trust())
            return await _try(mailer), server

    reply, server = asyncio.run(work())
    assert reply == MailReply(code=250, text="taken")
    assert server.contents == [MESSAGE.content]


def test_no_server_at_all_fails_the_try() -> None:
    found = asyncio.run(_try(SmtpMailer(Address(scheme="smtp", host="127.0.0.1", port=1))))
    assert isinstance(found, OutboundFailure)
    assert (found.kind, found.detail) == ("connect", "No connection to 127.0.0.1:1")


def test_the_post_office_keeps_a_message_once_for_its_owner_alone(tmp_path: Path) -> None:
    office, other = PostOffice(tmp_path / "mail"), replace(MESSAGE, message_id="<b@x.example>")

    async def work() -> list[MailReply]:
        return [await office.send(message, timeout_s=1) for message in (MESSAGE, MESSAGE, other)]

    assert {reply.code for reply in asyncio.run(work())} == {250}
    kept = list_mail(tmp_path / "mail")
    assert [(mail.path.name, mail.recipient, mail.subject, mail.text, mail.files) for mail in kept] == [
        (name, "ada@example.com", "Ihr Beleg: 600,00 €", "Grüße\n.\n", ("receipt.pdf",))
        for name in ("b", MAIL_ID)
    ]
    assert {stat.S_IMODE(mail.path.stat().st_mode) for mail in kept} == {0o600}
    assert list_mail(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada.b+c@Sub.Example.COM", "ada.b+c@sub.example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@example.com\r\nBcc: eve@example.com", None),  # a header of its own
        ("ada@example.com, eve@example.com", None),  # two
        ("<ada@example.com>", None),
        ('"a b"@example.com', None),  # quoted
        ("ada@[127.0.0.1]", None),  # a literal
        ("ada@localhost", None),
        ("ada@example..com", None),
        ("a..b@example.com", None),
        ("ädä@example.com", None),  # would need SMTPUTF8
        (f"{'a' * 65}@example.com", None),
        (f"a@{'b.' * 126}com", None),  # beyond 254 characters
        ("@example.com", None),
        ("ada", None),
        ("", None),
        (None, None),
    ],
)
def test_only_plain_addresses_are_written_to(address: str | None, mailbox: str | None) -> None:
    assert find_mailbox(address) == mailbox


def test_an_address_is_shown_by_its_first_character_and_its_domain() -> None:
    assert mask_address("ada@example.com") == "a***@example.com"
    assert "ada" not in repr(ENVELOPE) and "ada" not in repr(MESSAGE)


@pytest.mark.parametrize("field", ["sender_name", "subject"])
def test_a_line_end_in_a_header_is_refused(field: str) -> None:
    text = "Kiln\r\nBcc: eve@example.com"
    envelope = replace(ENVELOPE, sender_name=text) if field == "sender_name" else ENVELOPE
    written = replace(WRITTEN, subject=text) if field == "subject" else WRITTEN
    with pytest.raises(ValueError, match=r"linefeed|CR or LF|invalid"):
        build_message(envelope, written)
