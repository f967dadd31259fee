"""The switch over real connections: what passes, what is added, and what happens when a side fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.card_messages import (
    ASCII,
    CARD,
    E_COMMERCE,
    IN_STORE,
    PLAN_ID,
    Acquirer,
    Line,
    MemoryRecords,
    approve,
    list_differences,
    make_message,
    read,
    run_line,
    wait_until,
)

from parcela.connectors.iso8583.messages import Message, make_response, read_message, write_message
from parcela.operations.switch_ports import OpenAttempt, UnansweredAuthorization

ENRICHED = ("0100", "0101", "0120", "0121", "0220", "0221", "0400", "0401", "0420", "0421")
PASSED_ON = ("0200", "0201", "0302", "0500", "0600")


def elements(members: dict[str, str]) -> dict[str, str]:
    return {f"e{name}": text for name, text in members.items()}


def on_line(work: Callable[[Line, Acquirer], Awaitable[None]], **given: Any) -> None:
    """Run with a switch and one acquirer; `plan_id` and the like are the records', the rest options."""

    async def main() -> None:
        records = MemoryRecords(
            **{
                name: given.pop(name)
                for name in ("plan_id", "delay_s", "is_away", "left_open")
                if name in given
            }
        )
        async with run_line(records, **given) as line:
            await work(line, await line.connect())

    asyncio.run(main())


def answer_with(code: str, *, after_s: float = 0.0) -> Callable[[Message], Awaitable[bytes | None]]:
    async def reply(message: Message) -> bytes | None:
        await asyncio.sleep(after_s)
        return write_message(make_response(message.elements, code, **{"38": "123456"}), ASCII)

    return reply


async def stay_silent(_: Message) -> bytes | None:
    return None


async def approve_reversals_only(message: Message) -> bytes | None:
    return await approve(message) if message.message_type.startswith("04") else None


@pytest.mark.parametrize(
    "entry", [E_COMMERCE, {**E_COMMERCE, "22": "102"}, IN_STORE, {**IN_STORE, "22": "051"}]
)
@pytest.mark.parametrize("message_type", ENRICHED)
def test_the_plan_id_is_added_and_nothing_else(message_type: str, entry: dict[str, str]) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        sent = make_message(message_type, **elements(entry))
        answer = await acquirer.ask(sent)
        (received,) = line.host.received
        assert list_differences(sent, received) == {"48": (None, PLAN_ID)}
        assert answer == await approve(read_message(received, ASCII))
        assert [question.may_bind for question in line.records.questions] == [message_type[1] != "4"]

    on_line(work, plan_id=PLAN_ID)


@pytest.mark.parametrize("message_type", [*ENRICHED, *PASSED_ON])
def test_messages_without_a_plan_and_their_answers_pass_byte_for_byte(message_type: str) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        sent = make_message(message_type, **elements(IN_STORE), e48="61005 held")
        answer = await acquirer.ask(sent)
        assert line.host.received == [sent]
        assert answer == await approve(read_message(sent, ASCII))

    on_line(work)


def test_a_stream_of_mixed_messages_keeps_its_order_and_each_gets_its_own_answer() -> None:
    async def shuffle(message: Message) -> bytes | None:
        # The host answers in another order than it was asked.
        await asyncio.sleep(int(message.elements["11"]) * 7 % 10 / 200)
        return await approve(message)

    async def work(line: Line, acquirer: Acquirer) -> None:
        types = ["0100", "0500", "0120", "0302", "0220", "0420"] * 20
        sent = [
            make_message(kind, stan, e2=f"23037700000{stan:05d}", e37=f"{stan:012d}")
            for stan, kind in enumerate(types, start=1)
        ]
        acquirer.send(*sent)
        answers = [await acquirer.receive() for _ in sent]
        received = line.host.received
        assert [read(raw)["11"] for raw in received] == [read(raw)["11"] for raw in sent]
        for before, after in zip(sent, received, strict=True):
            is_enriched = read(before)["t"] in ENRICHED
            assert list_differences(before, after) == ({"48": (None, PLAN_ID)} if is_enriched else {})
        expected = [await approve(read_message(raw, ASCII)) for raw in received]
        assert sorted(answer for answer in answers if answer) == sorted(raw for raw in expected if raw)
        assert len(line.records.questions) == 80

    on_line(work, reply=shuffle, plan_id=PLAN_ID, delay_s=0.002)


def test_searches_of_one_card_keep_the_order_of_its_messages() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        acquirer.send(*[make_message("0100", stan) for stan in range(1, 9)])
        for _ in range(8):
            await acquirer.receive()
        stans = [question.stan.text for question in line.records.questions if question.stan]
        assert stans == [f"{stan:06d}" for stan in range(1, 9)]

    on_line(work, delay_s=0.002)


def test_the_same_trace_number_of_two_acquirers_is_no_confusion() -> None:
    async def slow_for_the_first(message: Message) -> bytes | None:
        await asyncio.sleep(0.1 if message.elements["32"] == "111111" else 0)
        return await approve(message)

    async def work(line: Line, first: Acquirer) -> None:
        second = await line.connect()
        first.send(make_message(e32="111111"))
        await line.host.wait_for(1)
        second.send(make_message(e32="222222"))
        answers = await asyncio.gather(first.receive(), second.receive())
        assert [read(answer or b"")["32"] for answer in answers] == ["111111", "222222"]

    on_line(work, reply=slow_for_the_first)


def test_requests_that_no_answer_could_tell_apart_wait_for_each_other() -> None:
    async def work(line: Line, first: Acquirer) -> None:
        second = await line.connect()
        first.send(make_message(e4="000000010000"))
        await line.host.wait_for(1)
        second.send(make_message(e4="000000020000"))
        await asyncio.sleep(0.05)
        assert len(line.host.received) == 1
        answers = await asyncio.gather(first.receive(), second.receive())
        assert [read(answer or b"")["4"] for answer in answers] == ["000000010000", "000000020000"]

    on_line(work, reply=answer_with("00", after_s=0.2))


def test_a_repeat_while_the_first_is_under_way_is_answered_too() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        acquirer.send(make_message("0100"), make_message("0101"))
        answers = [await acquirer.receive(), await acquirer.receive()]
        assert [read(answer or b"")["t"] for answer in answers] == ["0110", "0110"]

    on_line(work, reply=answer_with("00", after_s=0.05))


@pytest.mark.parametrize(
    "trouble", [{"is_away": True}, {"delay_s": 30.0, "lookup_timeout_s": 0.05}], ids=["away", "hung"]
)
def test_no_authorization_waits_for_records_that_do_not_answer(trouble: dict[str, Any]) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        sent = [make_message(stan=stan, e2=f"23037700000{stan:05d}") for stan in range(1, 201)]
        started_s = asyncio.get_running_loop().time()
        acquirer.send(*sent)
        answers = [await acquirer.receive() for _ in sent]
        assert asyncio.get_running_loop().time() - started_s < 200 * 0.05  # one after the other
        assert line.host.received == sent
        assert [read(answer or b"")["39"] for answer in answers] == ["00"] * 200
        # Searches that hang do not pile up.
        assert len(line.records.questions) == (200 if line.records.is_away else 64)

    on_line(work, plan_id=PLAN_ID, **trouble)


def test_a_declined_purchase_frees_its_plan() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "51"
        await wait_until(lambda: line.records.declined == ["authorization"])

    on_line(work, reply=answer_with("51"), plan_id=PLAN_ID)


def test_sign_on_and_echo_are_answered_by_the_switch() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        for function in ("001", "301", "002"):
            request = write_message({"t": "0800", "7": "0803165543", "11": "000001", "70": function}, ASCII)
            assert read(await acquirer.ask(request)) == {
                "t": "0810",
                "7": "0803165543",
                "11": "000001",
                "39": "00",
                "70": function,
            }
        assert line.host.received == []
        assert line.host.network_messages == [{"t": "0800", "7": "0803170000", "11": "000001", "70": "001"}]
        await line.host.send(
            write_message({"t": "0800", "7": "0803165543", "11": "000077", "70": "301"}, ASCII)
        )
        await wait_until(lambda: len(line.host.network_messages) == 2)
        assert line.host.network_messages[1] == {
            "t": "0810",
            "7": "0803165543",
            "11": "000077",
            "39": "00",
            "70": "301",
        }

    on_line(work)


def test_a_message_with_an_unreadable_element_is_refused_and_the_next_one_served() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        # The length of DE 32 is no number; type, trace number and time stand before it.
        broken = make_message().replace(b"06234353", b"XX234353")
        assert read(await acquirer.ask(broken)) == {
            "t": "0110",
            **{name: read(make_message())[name] for name in ("2", "3", "4", "7", "11", "12", "13")},
            "39": "30",
        }
        assert read(await acquirer.ask(make_message()))["39"] == "00"
        assert len(line.host.received) == 1

    on_line(work)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x03abc",
        b"\xff\xff" + b"x" * 100,
        # DE 2 cannot be read, so nothing tells which message is meant.
        b"\x00\x1e" + b"0100" + b"4020000000000000" + b"XX00074200",
    ],
    ids=["http", "short", "huge", "no trace number"],
)
def test_what_is_no_message_ends_the_connection_and_only_that(garbage: bytes) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        other = await line.connect()
        acquirer.send_bytes(garbage)
        assert await acquirer.receive() is None
        assert read(await other.ask(make_message()))["39"] == "00"
        assert len(line.host.received) == 1

    on_line(work, idle_timeout_s=0.3)


def test_more_acquirers_than_allowed_are_turned_away() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "00"
        assert await (await line.connect()).receive() is None

    on_line(work, max_sessions=1)


def test_an_acquirer_that_is_silent_for_too_long_is_let_go() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert await acquirer.receive() is None

    on_line(work, idle_timeout_s=0.05)


def test_without_a_host_the_answer_is_91_at_once_and_nothing_is_left_to_reverse() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        await line.host.stop()
        await wait_until(lambda: not line.switch.carrier.links.is_up)
        answer = read(await acquirer.ask(make_message()))
        assert (answer["t"], answer["39"], answer["11"]) == ("0110", "91", "000742")
        assert line.records.attempts == {}
        await line.host.start()
        await wait_until(lambda: line.switch.carrier.links.is_up)
        assert read(await acquirer.ask(make_message()))["39"] == "00"
        assert len(line.host.network_messages) == 2

    on_line(work)


REVERSAL = {
    "t": "0420",
    **{name: E_COMMERCE[name] for name in ("3", "7", "12", "13", "18", "32", "37", "42", "49")},
    "2": CARD,
    "4": "000000015000",
    "11": "000742",
    "39": "68",
    "48": PLAN_ID,
    "90": "0100" + "000742" + "0803165543" + "00000234353" + "00000000000",
}


def test_an_approval_that_comes_too_late_is_reversed_and_on_record() -> None:
    async def late(message: Message) -> bytes | None:
        await asyncio.sleep(0.4 if message.message_type == "0100" else 0)
        return await approve(message)

    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "91"
        _, reversal = await line.host.wait_for(2)
        assert read(reversal) == {**REVERSAL, "38": "000742"}
        attempt = await line.records.wait_for_state("attempt 1", "reversed")
        assert (attempt["reason"], attempt["code"]) == ("late_approval", "00")
        assert "2" not in attempt["authorization"].elements and CARD not in repr(attempt)
        # The acquirer never sees the late answer: its next answer is that of its next message.
        assert read(await acquirer.ask(make_message("0500", 800)))["11"] == "000800"

    on_line(work, reply=late, plan_id=PLAN_ID, host_timeout_s=0.15, late_window_s=30.0)


def test_an_authorization_that_is_never_answered_is_reversed_after_the_window() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "91"
        await line.records.wait_for_state("attempt 1", "unknown")
        _, reversal = await line.host.wait_for(2)
        assert read(reversal) == REVERSAL
        attempt = await line.records.wait_for_state("attempt 1", "reversed")
        assert attempt["reason"] == "no_answer"

    on_line(work, reply=approve_reversals_only, plan_id=PLAN_ID, host_timeout_s=0.1, late_window_s=0.1)


def test_a_reversal_is_sent_again_until_the_host_acknowledges_it() -> None:
    async def third_time(message: Message) -> bytes | None:
        if message.message_type == "0421" and len(seen) >= 2:
            return await approve(message)
        if message.message_type.startswith("04"):
            seen.append(message.message_type)
        return None

    seen: list[str] = []

    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "91"
        _, *reversals = await line.host.wait_for(4)
        assert [read(raw)["t"] for raw in reversals] == ["0420", "0421", "0421"]
        assert list_differences(reversals[1], reversals[2]) == {}
        await line.records.wait_for_state("attempt 1", "reversed")

    on_line(work, reply=third_time, plan_id=PLAN_ID, host_timeout_s=0.1, late_window_s=0.05)


def test_a_late_decline_is_no_reason_to_reverse() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message()))["39"] == "91"
        attempt = await line.records.wait_for_state("attempt 1", "declined")
        assert attempt["code"] == "05"
        assert len(line.host.received) == 1
        await wait_until(lambda: line.records.declined == ["authorization"])

    on_line(
        work, reply=answer_with("05", after_s=0.3), plan_id=PLAN_ID, host_timeout_s=0.1, late_window_s=30.0
    )


def test_a_repeat_that_is_approved_needs_no_reversal_of_the_first_try() -> None:
    async def answer_repeats(message: Message) -> bytes | None:
        return await approve(message) if message.message_type == "0101" else None

    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message("0100")))["39"] == "91"
        assert read(await acquirer.ask(make_message("0101")))["39"] == "00"
        attempt = await line.records.wait_for_state("attempt 1", "answered")
        assert attempt["code"] == "00"
        assert [read(raw)["t"] for raw in line.host.received] == ["0100", "0101"]

    on_line(work, reply=answer_repeats, plan_id=PLAN_ID, host_timeout_s=1.0, late_window_s=30.0)


@pytest.mark.parametrize("message_type", ["0120", "0220", "0420"])
def test_advices_that_are_not_answered_get_91_and_are_the_acquirers_to_repeat(message_type: str) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message(message_type)))["39"] == "91"
        await asyncio.sleep(0.2)
        assert len(line.host.received) == 1
        assert line.records.attempts == {}

    on_line(work, reply=stay_silent, host_timeout_s=0.05, late_window_s=0.05)


def test_an_approval_that_cannot_be_delivered_is_reversed() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        acquirer.send(make_message())
        await line.host.wait_for(1)
        acquirer.hang_up()
        _, reversal = await line.host.wait_for(2)
        assert read(reversal) == REVERSAL
        attempt = await line.records.wait_for_state("attempt 1", "reversed")
        assert attempt["reason"] == "undelivered"

    on_line(work, reply=answer_with("00", after_s=0.1), plan_id=PLAN_ID)


def test_what_an_earlier_run_left_open_is_reversed_at_the_start() -> None:
    kept = {name: text for name, text in read(make_message()).items() if name not in ("2", "22", "43")}
    left = OpenAttempt(
        attempt_id="old",
        reason="no_answer",
        authorization=UnansweredAuthorization(digits=CARD, plan_id=PLAN_ID, elements=kept),
    )

    async def work(line: Line, acquirer: Acquirer) -> None:
        await line.host.wait_for(1)
        assert read(line.host.received[0])["90"] == REVERSAL["90"]
        await line.records.wait_for_state("old", "reversed")

    on_line(work, left_open=[left], host_timeout_s=0.2)


def test_a_host_that_is_connected_but_hung_is_found_out_and_connected_again() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        line.host.is_hung = True
        line.host.reply = stay_silent
        assert read(await acquirer.ask(make_message("0500")))["39"] == "91"
        await wait_until(lambda: not line.switch.carrier.links.is_up)
        line.host.is_hung, line.host.reply = False, approve
        await wait_until(lambda: line.switch.carrier.links.is_up)
        assert read(await acquirer.ask(make_message("0500", 743)))["39"] == "00"
        assert line.host.connections >= 2

    on_line(work, host_timeout_s=1.0, echo_timeout_s=0.2)


def test_a_quiet_link_is_tested_with_an_echo() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        await wait_until(lambda: len(line.host.network_messages) >= 2)
        assert [message["70"] for message in line.host.network_messages[:2]] == ["001", "301"]

    on_line(work, echo_interval_s=0.05)


def test_an_answer_that_nobody_asked_for_goes_nowhere() -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        await line.host.send(write_message(make_response(read(make_message(stan=999)), "00"), ASCII))
        assert read(await acquirer.ask(make_message()))["11"] == "000742"

    on_line(work)


def test_an_answer_that_echoes_another_amount_is_no_answer() -> None:
    async def lie(message: Message) -> bytes | None:
        return await approve(read_message(make_message(e4="000000000001"), ASCII))

    async def work(line: Line, acquirer: Acquirer) -> None:
        assert read(await acquirer.ask(make_message("0500")))["39"] == "91"

    on_line(work, reply=lie, host_timeout_s=0.1)


def test_nothing_of_a_card_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    async def work(line: Line, acquirer: Acquirer) -> None:
        sent = make_message(**elements(IN_STORE))
        await acquirer.ask(sent.replace(b"06234353", b"XX234353"))
        await acquirer.ask(sent)
        line.host.reply = stay_silent
        await acquirer.ask(make_message(stan=743, **elements(IN_STORE)))
        await line.records.wait_for_state("attempt 1", "unknown")

    on_line(work, plan_id=PLAN_ID, host_timeout_s=0.1)
    captured = capfd.readouterr()
    logged = captured.out + captured.err
    assert "unreadable" in logged
    for secret in (CARD, IN_STORE["35"], IN_STORE["52"], IN_STORE["55"]):
        assert secret not in logged
