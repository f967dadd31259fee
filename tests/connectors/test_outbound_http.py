"""Calls to servers of others: what every kind of receiver comes to, over real sockets."""

import asyncio
import contextlib
import gzip
import socket
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from tests.support.raw_server import RawServer, answer_with, serve_script

from parcela.connectors.outbound_http import GuardedHttp
from parcela.operations.outbound import OutboundAnswer, OutboundFailure, OutboundLimits, OutboundRequest

LIMITS = OutboundLimits(connect_timeout_s=2, total_timeout_s=3, max_answer_bytes=2048)
LONG_S = 20
"""Far less than what is played would last, and far more than a busy machine needs."""
SHORT = OutboundLimits(connect_timeout_s=0.3, total_timeout_s=0.4, max_answer_bytes=2048)
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Word: \xe4\r\n\r\n{}"

Script = Callable[..., Awaitable[None]]


def post_to(url: str) -> OutboundRequest:
    return OutboundRequest(url=url, headers={"Content-Type": "application/json"}, body=b'{"a":1}')


def run_calls(
    script: Script,
    *,
    limits: OutboundLimits = LIMITS,
    times: int = 1,
    pause_s: float = 0.0,
) -> tuple[RawServer, list[OutboundAnswer | OutboundFailure]]:
    """Call a scripted server some times over, and say what each call came to."""

    async def main() -> tuple[RawServer, list[OutboundAnswer | OutboundFailure]]:
        http = GuardedHttp(is_sandbox=True)
        found: list[OutboundAnswer | OutboundFailure] = []
        async with serve_script(script) as server:
            for _ in range(times):
                try:
                    url = f"http://127.0.0.1:{server.port}/a%2Fb/notifications?c=%20d"
                    found.append(await http.post(post_to(url), limits))
                except OutboundFailure as failure:
                    found.append(failure)
                await asyncio.sleep(pause_s)
            await http.close()
        return server, found

    return asyncio.run(main())


def expect_failure(script: Script, *, limits: OutboundLimits = LIMITS) -> OutboundFailure:
    _, [failure] = run_calls(script, limits=limits)
    assert isinstance(failure, OutboundFailure)
    return failure


def expect_answer(script: Script, *, limits: OutboundLimits = LIMITS) -> OutboundAnswer:
    _, [answer] = run_calls(script, limits=limits)
    assert isinstance(answer, OutboundAnswer)
    return answer


def test_a_request_goes_out_as_it_was_signed_and_its_answer_comes_back_whole() -> None:
    server, [answer] = run_calls(answer_with(CREATED))
    assert isinstance(answer, OutboundAnswer)
    assert (answer.status, answer.body, answer.is_cut) == (201, b"{}", False)
    assert dict(answer.headers) == {"Content-Length": "2", "X-Word": "ä"}
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%2Fb/notifications?c=%20d HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "User-Agent: Parcela/0.1.0",
        "Content-Type: application/json",
        "Content-Length: 7",
    }
    assert body == b'{"a":1}'


def test_a_connection_is_used_again() -> None:
    server, answers = run_calls(answer_with(CREATED), times=5)
    assert [answer.status for answer in answers if isinstance(answer, OutboundAnswer)] == [201] * 5
    assert server.connections == 1


def test_a_connection_that_the_other_side_closed_meanwhile_costs_nobody_a_failure() -> None:
    server, answers = run_calls(answer_with(CREATED, closes=True), times=5, pause_s=0.02)
    assert [answer.status for answer in answers if isinstance(answer, OutboundAnswer)] == [201] * 5
    assert (server.connections, len(server.requests)) == (5, 5)


def test_a_connection_closed_unseen_is_noticed_before_anything_is_written_on_it() -> None:
    """The end has arrived, but the loop was too busy to read it."""

    async def main() -> tuple[int, int]:
        http = GuardedHttp(is_sandbox=True)
        closing = asyncio.Event()

        async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await seen.read_request(reader)
            writer.write(CREATED)
            await closing.wait()

        async with serve_script(script) as server:
            url = f"http://127.0.0.1:{server.port}/notifications"
            await http.post(post_to(url), LIMITS)
            closing.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            # The server has sent its end by now; the client's next step comes before it reads.
            await http.post(post_to(url), LIMITS)
            await http.close()
            return server.connections, len(server.requests)

    assert asyncio.run(main()) == (2, 2)


def test_an_answer_out_of_turn_is_never_taken_for_the_next_one() -> None:
    spare = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    server, answers = run_calls(answer_with(CREATED + spare), times=2, pause_s=0.02)
    assert [answer.status for answer in answers if isinstance(answer, OutboundAnswer)] == [201, 201]
    assert server.connections == 2


def test_octets_after_the_answer_are_not_part_of_it() -> None:
    answer = expect_answer(answer_with(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}garbage"))
    assert (answer.status, answer.body, answer.is_cut) == (201, b"{}", False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers_and_are_not_followed(status: int) -> None:
    async def main() -> tuple[int, int, int]:
        http = GuardedHttp(is_sandbox=True)
        async with serve_script(answer_with(CREATED)) as elsewhere:
            octets = (
                f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{elsewhere.port}/notifications\r\n"
                "Content-Length: 0\r\nSet-Cookie: a=b\r\n\r\n"
            )
            async with serve_script(answer_with(octets.encode())) as server:
                url = f"http://127.0.0.1:{server.port}/notifications"
                answer = await http.post(post_to(url), LIMITS)
                await http.post(post_to(url), LIMITS)
                assert b"Cookie" not in server.requests[1]
            await http.close()
            return answer.status, elsewhere.connections, len(server.requests)

    assert asyncio.run(main()) == (status, 0, 2)


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert expect_answer(answer_with(CREATED)).status == 201


def test_a_refused_connection() -> None:
    async def main() -> OutboundFailure:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            http = GuardedHttp(is_sandbox=True)
            with pytest.raises(OutboundFailure) as caught:
                await http.post(post_to(f"http://127.0.0.1:{taken.getsockname()[1]}/notifications"), LIMITS)
            await http.close()
            return caught.value

    failure = asyncio.run(main())
    assert failure.kind == "connect"
    assert failure.detail.endswith(": ECONNREFUSED")


def test_a_name_that_does_not_resolve() -> None:
    async def main() -> OutboundFailure:
        http = GuardedHttp(is_sandbox=True)
        with pytest.raises(OutboundFailure) as caught:
            await http.post(post_to("http://no-such-name.invalid/notifications"), LIMITS)
        await http.close()
        return caught.value

    failure = asyncio.run(main())
    assert (failure.kind, failure.detail) == (
        "dns",
        "The name of no-such-name.invalid:80 does not resolve",
    )


def test_a_connection_that_is_not_accepted_in_time() -> None:
    """A full backlog: the system takes no more connections."""

    async def main() -> OutboundFailure:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            http = GuardedHttp(is_sandbox=True)
            with pytest.raises(OutboundFailure) as caught:
                await http.post(post_to(f"http://127.0.0.1:{full.getsockname()[1]}/notifications"), SHORT)
            await http.close()
            return caught.value

    failure = asyncio.run(main())
    assert failure.kind == "timeout"
    assert failure.detail.startswith("No connection to 127.0.0.1:")
    assert failure.detail.endswith(" within 0.3 s")


async def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an end."""
    wire = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


def say_and(octets: bytes, act: Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> Script:
    """Read a request, say something, and do something."""

    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await seen.read_request(reader)
        writer.write(octets)
        await writer.drain()
        await asyncio.sleep(0.02)
        await act(writer)

    return script


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


HEAD = b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize("act", [reset, close])
@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 201 Cre", HEAD[:-2]])
def test_an_end_before_the_head_is_a_reset(
    octets: bytes, act: Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]
) -> None:
    failure = expect_failure(say_and(octets, act))
    assert failure.kind == "reset"
    assert failure.detail.endswith(" closed the connection before it answered")


@pytest.mark.parametrize("act", [reset, close, hang])
def test_an_end_inside_the_body_cuts_the_answer(
    act: Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> None:
    answer = expect_answer(say_and(HEAD + b"12345", act), limits=SHORT)
    assert (answer.status, answer.body, answer.is_cut) == (201, b"12345", True)


def test_a_cut_answer_ends_its_connection() -> None:
    server, answers = run_calls(say_and(HEAD + b"12345", hang), limits=SHORT, times=2)
    assert [answer.is_cut for answer in answers if isinstance(answer, OutboundAnswer)] == [True, True]
    assert server.connections == 2


def test_an_answer_without_a_length_lasts_until_the_end() -> None:
    answer = expect_answer(say_and(b"HTTP/1.1 201 Created\r\n\r\n{}", close))
    assert (answer.body, answer.is_cut) == (b"{}", False)


def test_a_server_that_says_nothing() -> None:
    started = time.monotonic()
    failure = expect_failure(say_and(b"", hang), limits=SHORT)
    assert failure.kind == "timeout"
    assert failure.detail.endswith(" within 0.4 s")
    assert time.monotonic() - started < LONG_S


def drip(octets: bytes, every_s: float) -> Script:
    """An octet at a time, for ever."""

    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await seen.read_request(reader)
        for position in range(100_000):
            writer.write(octets[position : position + 1] or b"x")
            await writer.drain()
            await asyncio.sleep(every_s)

    return script


def test_the_deadline_is_of_the_whole_call_not_of_one_read() -> None:
    started = time.monotonic()
    failure = expect_failure(drip(b"HTTP/1.1 201 Created\r\nX-Slow: ", 0.05), limits=SHORT)
    assert failure.kind == "timeout"
    assert time.monotonic() - started < LONG_S


def test_a_body_that_drips_is_cut_at_the_deadline() -> None:
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = expect_answer(say_and(head + b"2\r\n{}\r\n", hang), limits=SHORT)
    assert (answer.status, answer.body, answer.is_cut) == (201, b"{}", True)


@pytest.mark.parametrize(
    "octets",
    [
        # one huge field; many small ones; one without an end; a huge reason
        b"HTTP/1.1 201 Created\r\nX-Huge: " + b"a" * 1_048_576 + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n" + b"X-Many: a\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 201 Created\r\n" + b"a" * 1_048_576,
        b"HTTP/1.1 201 " + b"a" * 1_048_576 + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n"
        + (b"X-Some: " + b"a" * 4000 + b"\r\n") * 255
        + b"\r\n",
    ],
    ids=["field", "fields", "name", "reason", "mebibyte"],
)
def test_a_head_beyond_its_bounds_is_no_answer(octets: bytes) -> None:
    failure = expect_failure(say_and(octets, hang))
    assert failure.kind == "protocol"
    assert "aaa" not in failure.detail


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
        b"<html>busy</html>\r\n\r\n",
        b"HTTP/9.9 201 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2x1 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nX-Nul: \0\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nno colon\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["tls", "html", "version", "status", "lengths", "both", "negative", "nul", "colon", "upgrade"],
)
def test_what_is_not_http_is_no_answer(octets: bytes) -> None:
    assert expect_failure(say_and(octets, hang)).kind == "protocol"


@pytest.mark.parametrize(
    ("octets", "body"),
    [
        (b"zz\r\n{}\r\n0\r\n\r\n", b""),
        (b"2\r\n{}\r\nFFFFFFFFFFFFFFFFFF\r\n", b"{}"),
        (b"2\r\n{}garbage\r\n", b"{}"),
    ],
    ids=["size", "overflow", "no end"],
)
def test_broken_chunks_cut_the_answer(octets: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = expect_answer(say_and(head + octets, close))
    assert (answer.status, answer.is_cut) == (201, True)
    assert answer.body in (b"", body)


def test_a_large_body_is_read_to_the_limit_and_no_further() -> None:
    sent = 0

    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await seen.read_request(reader)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 10485760\r\n\r\n")
        for _ in range(160):
            writer.write(b"a" * 65_536)
            sent += 65_536
            await writer.drain()

    answer = expect_answer(script)
    assert (answer.status, answer.body, answer.is_cut) == (201, b"a" * 2048, True)
    # The rest is what sockets and flow control hold.
    assert sent < 8_000_000


def test_a_body_of_exactly_the_limit_is_whole() -> None:
    octets = b"HTTP/1.1 201 Created\r\nContent-Length: 2048\r\n\r\n" + b"a" * 2048
    answer = expect_answer(answer_with(octets))
    assert (len(answer.body), answer.is_cut) == (2048, False)


def test_a_compressed_body_stays_compressed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)[:2000]
    head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    answer = expect_answer(answer_with(head + bomb))
    assert (answer.body, answer.is_cut) == (bomb, False)


def test_a_few_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert expect_answer(answer_with(interim * 8 + CREATED)).status == 201


def test_interim_answers_without_end_are_no_answer() -> None:
    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await seen.read_request(reader)
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    started = time.monotonic()
    assert expect_failure(script).kind == "protocol"
    assert time.monotonic() - started < LONG_S


def flood(start: bytes, more: bytes) -> Script:
    """Say something, and then the same thing for as long as anybody listens."""

    async def script(seen: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await seen.read_request(reader)
        writer.write(start)
        while True:
            writer.write(more * (4096 // len(more)))
            await writer.drain()

    return script


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 201 Created\r\n", b"X-Many: aaaaaaaaaa\r\n"),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Many: aaaaaaaaaa\r\n"),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["head", "trailers", "chunk extension", "chunks"],
)
def test_octets_without_end_do_not_pile_up(start: bytes, more: bytes) -> None:
    async def main() -> None:
        http = GuardedHttp(is_sandbox=True)
        async with serve_script(flood(start, more)) as server:
            url = f"http://127.0.0.1:{server.port}/notifications"
            tracemalloc.start()
            with contextlib.suppress(OutboundFailure):
                await http.post(post_to(url), SHORT)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            await http.close()
        assert peak < 3_000_000, f"{peak} bytes"

    asyncio.run(main())


def test_failures_name_host_and_port_and_nothing_else_of_the_url() -> None:
    failure = expect_failure(say_and(b"secret of theirs\r\n\r\n", hang))
    assert failure.detail.startswith("127.0.0.1:")
    assert failure.detail.endswith(" did not answer in HTTP within its limits")
    assert failure.__cause__ is None


def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    async def main() -> None:
        http = GuardedHttp(is_sandbox=True)
        async with serve_script(say_and(HEAD + b"1", hang)) as server:
            url = f"http://127.0.0.1:{server.port}/notifications"
            call = asyncio.create_task(http.post(post_to(url), LIMITS))
            await asyncio.sleep(0.1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await http.close()

    asyncio.run(main())
