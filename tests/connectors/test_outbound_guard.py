"""Where calls may go: public addresses outside a sandbox, and TLS as it should be everywhere."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession
from tests.support.raw_server import Authority, RawServer, answer_with, make_authority, serve_script

from parcela.connectors.addresses import AddressBlocked, CheckedResolver
from parcela.connectors.outbound_connection import PeerBlocked, StrictRequest, make_connector
from parcela.connectors.outbound_http import GuardedHttp, make_tls_context
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundLimits, OutboundRequest

LIMITS = OutboundLimits(connect_timeout_s=2, total_timeout_s=3, max_answer_bytes=2048)
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
PUBLIC = "93.184.216.34"


class Names:
    """A name server of a test: each lookup gets the next answer, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def post_to(url: str) -> OutboundRequest:
    return OutboundRequest(url=url, headers={}, body=b'{"a":1}')


async def post(http: GuardedHttp, url: str) -> OutboundAnswer | OutboundFailure:
    try:
        return await http.post(post_to(url), LIMITS)
    except OutboundFailure as failure:
        return failure


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        # one private address among public ones is enough, wherever it stands
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "2606:4700::1111", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%lo"],
        ["::1"],
    ],
)
def test_a_name_with_an_address_that_is_not_public_is_blocked(addresses: list[str]) -> None:
    async def main() -> tuple[OutboundAnswer | OutboundFailure, int]:
        http = GuardedHttp(is_sandbox=False, resolver=Names(addresses))
        async with serve_script(answer_with(CREATED)) as listener:
            found = await post(http, f"https://bank.example:{listener.port}/notifications")
            await http.close()
            return found, listener.connections

    failure, connections = asyncio.run(main())
    assert isinstance(failure, OutboundFailure)
    assert (failure.kind, connections) == ("blocked", 0)
    assert failure.detail.startswith("bank.example:")
    assert failure.detail.endswith(" stands for an address that is not public")


def test_a_name_is_looked_up_again_at_every_call() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"], ["::1"])

    async def main() -> list[str]:
        http = GuardedHttp(is_sandbox=False, resolver=names)
        kinds = []
        for _ in range(3):
            found = await post(http, "https://bank.example/notifications")
            assert isinstance(found, OutboundFailure)
            kinds.append(found.kind)
        await http.close()
        return kinds

    assert asyncio.run(main()) == ["blocked"] * 3
    assert names.asked == [("bank.example", 443)] * 3


def test_a_connection_is_made_to_what_was_checked_and_never_to_a_later_answer() -> None:
    """DNS rebinding: public when it is checked, loopback when it is asked once more."""
    names = Names([PUBLIC], ["127.0.0.1"])

    async def main() -> None:
        resolver = CheckedResolver(names, is_sandbox=False)
        await resolver.check("bank.example", 443)
        assert [found["host"] for found in await resolver.resolve("bank.example", 443)] == [PUBLIC]
        assert names.asked == [("bank.example", 443)]
        with pytest.raises(AddressBlocked):
            await resolver.check("bank.example", 443)
        # Nothing is left that a call under way could connect to.
        with pytest.raises(AddressBlocked):
            await resolver.resolve("bank.example", 443)

    asyncio.run(main())


def test_calls_at_one_time_share_a_lookup_and_one_that_gives_up_spares_the_others() -> None:
    asked = 0

    async def lookup(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return [PUBLIC]

    async def main() -> int:
        resolver = CheckedResolver(lookup, is_sandbox=False)
        calls = [asyncio.create_task(resolver.check("bank.example", 443)) for _ in range(4)]
        await asyncio.sleep(0.01)
        calls[0].cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert results[1:] == [None] * 3
        assert isinstance(results[0], asyncio.CancelledError)
        await resolver.check("bank.example", 443)
        return asked

    assert asyncio.run(main()) == 2


def test_nothing_is_written_on_a_connection_that_leads_to_a_private_address() -> None:
    """The last look, for the case that every other one was deceived."""

    async def main() -> tuple[int, list[bytes]]:
        resolver = CheckedResolver(Names(["127.0.0.1"]), is_sandbox=True)
        connector = make_connector(resolver, make_tls_context())
        async with (
            serve_script(answer_with(CREATED)) as listener,
            ClientSession(connector=connector, request_class=StrictRequest) as session,
        ):
            with pytest.raises(PeerBlocked):
                await session.post(f"http://bank.example:{listener.port}/notifications", data=b"{}")
            return listener.connections, listener.requests

    assert asyncio.run(main()) == (1, [])


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/notifications",
        "ftp://bank.example/notifications",
        "file:///etc/passwd",
        "gopher://bank.example/notifications",
        "//bank.example/notifications",
        "bank.example/notifications",
        "https:///notifications",
        "https://",
        "",
        "HTTPS:bank.example",
        # who is the host? readers disagree
        "https://user@bank.example/notifications",
        "https://bank.example@127.0.0.1/notifications",
        "https://bank.example\\@127.0.0.1/notifications",
        "https://127.0.0.1\\.bank.example/notifications",
        "https://bank.example#@127.0.0.1/notifications",
        "https://bank.example/notifications#a",
        # white space and line ends, which some readers drop
        " https://bank.example/notifications",
        "https://bank.example/notifications\n",
        "https://bank.example/noti\r\nHost: evil/notifications",
        "https://bank\t.example/notifications",
        "https://bank.example/notifi cations",
        "https://bänk.example/notifications",
        "https://①②⑦.⓪.⓪.①/notifications",
        "https://bank.example:0/notifications",
        "https://bank.example:99999/notifications",
        "https://bank.example:x/notifications",
        "https://[::1/notifications",
        "https://[v1.x]/notifications",
        # addresses, in every spelling
        "https://127.0.0.1/notifications",
        "https://127.1/notifications",
        "https://2130706433/notifications",
        "https://0/notifications",
        "https://0177.0.0.1/notifications",
        "https://169.254.169.254/notifications",
        "https://[::1]/notifications",
        "https://[::]/notifications",
        "https://[::ffff:127.0.0.1]/notifications",
        "https://[::ffff:169.254.169.254]/notifications",
        "https://[64:ff9b::7f00:1]/notifications",
        "https://[fe80::1%25lo]/notifications",
        "https://[fe80::1%lo]/notifications",
    ],
)
def test_a_url_that_leads_nowhere_public_is_blocked_unasked(url: str) -> None:
    names = Names([PUBLIC])

    async def main() -> OutboundAnswer | OutboundFailure:
        http = GuardedHttp(is_sandbox=False, resolver=names)
        found = await post(http, url)
        await http.close()
        return found

    failure = asyncio.run(main())
    assert isinstance(failure, OutboundFailure)
    assert (failure.kind, names.asked) == ("blocked", [])


@pytest.mark.parametrize("host", ["0x7f.0x1", "0x7f000001", "localhost", "0x7f.1"])
def test_names_that_the_system_takes_for_loopback_are_blocked(host: str) -> None:
    async def main() -> OutboundAnswer | OutboundFailure:
        http = GuardedHttp(is_sandbox=False)
        found = await post(http, f"https://{host}/notifications")
        await http.close()
        return found

    failure = asyncio.run(main())
    assert isinstance(failure, OutboundFailure)
    assert failure.kind == "blocked"


@pytest.mark.parametrize(
    "fault", [OSError("no such name"), UnicodeError("label too long"), TimeoutError("resolver timed out")]
)
def test_a_name_without_an_answer(fault: Exception) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise fault

    async def main() -> OutboundAnswer | OutboundFailure:
        http = GuardedHttp(is_sandbox=False, resolver=lookup)
        found = await post(http, "https://bank.example/notifications")
        await http.close()
        return found

    failure = asyncio.run(main())
    assert isinstance(failure, OutboundFailure)
    assert failure.kind == "dns"


def test_a_name_server_that_hangs_costs_the_connect_timeout() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async def main() -> OutboundFailure:
        http = GuardedHttp(is_sandbox=False, resolver=lookup)
        limits = OutboundLimits(connect_timeout_s=0.1, total_timeout_s=5, max_answer_bytes=10)
        with pytest.raises(OutboundFailure) as caught:
            await http.post(post_to("https://bank.example/notifications"), limits)
        await http.close()
        return caught.value

    failure = asyncio.run(main())
    assert (failure.kind, failure.detail) == ("dns", "The name bank.example was not resolved in time")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return make_authority(folder)


def call_over_tls(
    authority: Authority, server_context: ssl.SSLContext, *, times: int = 1
) -> tuple[RawServer, list[OutboundAnswer | OutboundFailure]]:
    async def main() -> tuple[RawServer, list[OutboundAnswer | OutboundFailure]]:
        http = GuardedHttp(is_sandbox=True, resolver=Names(["127.0.0.1"]), ssl_context=authority.trust())
        async with serve_script(answer_with(CREATED), tls=server_context) as server:
            url = f"https://bank.example:{server.port}/notifications"
            found = [await post(http, url) for _ in range(times)]
            await http.close()
        return server, found

    return asyncio.run(main())


def test_over_tls_the_name_stays_although_the_address_was_chosen(authority: Authority) -> None:
    context = authority.server_context("bank.example")
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    server, answers = call_over_tls(authority, context, times=3)
    assert [answer.status for answer in answers if isinstance(answer, OutboundAnswer)] == [201] * 3
    assert (names, server.connections) == (["bank.example"], 1)
    assert f"Host: bank.example:{server.port}".encode() in server.requests[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": -1}, "the certificate is not accepted (code 10)"),
        ({"is_self_signed": True}, "the certificate is not accepted (code 18)"),
        ({"name": "other.example"}, "the certificate is not accepted (code 62)"),
        ({"newest": ssl.TLSVersion.TLSv1_1}, "the handshake was broken off"),
        ({"newest": ssl.TLSVersion.TLSv1}, "the handshake was broken off"),
    ],
    ids=["expired", "self-signed", "wrong host", "TLS 1.1", "TLS 1.0"],
)
def test_over_bad_tls_no_payload_is_sent(authority: Authority, change: dict[str, object], said: str) -> None:
    arguments: dict[str, object] = {"name": "bank.example", **change}
    context = authority.server_context(**arguments)  # type: ignore[arg-type]
    server, [failure] = call_over_tls(authority, context)
    assert isinstance(failure, OutboundFailure)
    assert (failure.kind, server.requests) == ("tls", [])
    assert failure.detail == f"TLS with bank.example:{server.port} failed: {said}"


def test_a_certificate_of_an_authority_that_nobody_knows_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    context = make_authority(tmp_path).server_context("bank.example")
    server, [failure] = call_over_tls(authority, context)
    assert isinstance(failure, OutboundFailure)
    assert (failure.kind, server.requests) == ("tls", [])


def test_a_server_that_speaks_no_tls(authority: Authority) -> None:
    async def main() -> OutboundAnswer | OutboundFailure:
        http = GuardedHttp(is_sandbox=True, resolver=Names(["127.0.0.1"]), ssl_context=authority.trust())

        async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n")
            await writer.drain()
            await asyncio.sleep(1)

        async with serve_script(script) as server:
            found = await post(http, f"https://bank.example:{server.port}/notifications")
            await http.close()
            return found

    failure = asyncio.run(main())
    assert isinstance(failure, OutboundFailure)
    assert failure.kind == "tls"


def test_the_default_tls_is_verified_and_new() -> None:
    context = make_tls_context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
