"""What becomes of a letter for each kind of answer, over real sockets, with the clock of the world moved."""

from datetime import timedelta

import structlog
from tests.delivery.conftest import Deliver
from tests.support.delivery_world import DeliveryWorld
from tests.support.purchases import CARD, CORRELATION_ID
from tests.support.receiver import Reply, make_answer

from parcela.domain.cards import mask_digits

HOUR = timedelta(hours=1)


def test_a_201_delivers_at_the_first_try(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        plan = await world.buy()
        async with world.work():
            history = await world.settle(attempts=1)
            await world.move_clock(2 * HOUR)
        letter, [attempt] = history.letter, history.attempts
        assert (letter.status, letter.subject_id, letter.attempts) == ("delivered", plan.plan_id, 1)
        assert (letter.flag, letter.next_attempt_at, letter.parked_reason) == (None, None, None)
        assert (attempt.outcome, attempt.http_status, attempt.decision) == ("delivered", 201, "delivered")
        assert letter.delivered_at == attempt.finished_at
        assert len(world.receiver.received) == 1
        assert await world.list_faults() == []

    deliver(work)


def test_any_other_answer_below_500_waits_for_a_person(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        async with world.work():
            for status in (200, 202, 204, 301, 307, 400, 401, 404, 410, 429):
                world.receiver.always(status)
                plan = await world.buy()
                letter = (history := await world.settle(plan, attempts=1)).letter
                [attempt] = history.attempts
                reason = f"the receiver answered {status}, which is not tried again by itself"
                assert (letter.status, letter.parked_code, letter.parked_reason) == (
                    "parked",
                    "refused",
                    reason,
                )
                assert (attempt.outcome, attempt.http_status) == ("refused", status)
                assert (attempt.decision, attempt.reason) == ("parked", reason)
            await world.move_clock(2 * HOUR)
            await world.pass_some_looks()
        # Nobody has followed the Location, and nobody has tried again.
        assert [request.target for request in world.receiver.received] == ["/bank/notifications"] * 10
        assert await world.list_faults() == []

    deliver(work)


def test_faults_are_tried_again_after_a_minute(deliver: Deliver) -> None:
    faults: dict[Reply, str | None] = {
        500: None,
        503: None,
        "hang": "timeout",
        "drip": "timeout",  # one byte at a time: the whole try has one deadline
        "reset": "reset",
        "garbage": "protocol",
        b"HTTP/1.1 201 Created\r\nX: " + b"x" * 1_048_576 + b"\r\n\r\n": "protocol",  # huge headers
    }

    async def work(world: DeliveryWorld) -> None:
        async with world.work():
            for reply, kind in faults.items():
                world.receiver.script(reply, 201)
                plan = await world.buy()
                first = await world.settle(plan, attempts=1)
                await world.move_clock_to_next_try()
                last = await world.settle(plan, attempts=2)
                [attempt] = first.attempts
                assert (attempt.outcome, attempt.failure_kind, attempt.decision) == ("failed", kind, "retry")
                assert first.letter.status == "due"
                assert attempt.next_attempt_at == first.letter.created_at + timedelta(seconds=60)
                assert last.letter.status == "delivered"
                assert [found.outcome for found in last.attempts] == ["failed", "delivered"]
        assert await world.list_faults() == []

    deliver(work)


def test_a_body_of_ten_megabytes_is_read_to_a_few_kilobytes(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always("big")
        await world.buy()
        async with world.work():
            history = await world.settle(attempts=1)
        [attempt] = history.attempts
        assert (attempt.outcome, attempt.http_status, attempt.answer) == ("refused", 404, "x" * 2048)

    deliver(work)


def test_a_refused_connection_is_tried_again(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        await world.point_issuer("http://127.0.0.1:1/notifications")
        await world.buy()
        async with world.work():
            history = await world.settle(attempts=1)
        [attempt] = history.attempts
        assert (attempt.outcome, attempt.failure_kind) == ("failed", "connect")

    deliver(work)


def test_a_201_delivers_whatever_it_says_but_a_person_is_asked_to_look(deliver: Deliver) -> None:
    unreadable = "the receiver's answer to the notification cannot be read"
    flags: dict[bytes, str | None] = {
        b'{"status":"SUCCESS","message":""}': None,
        # The published sample is a JSON string that holds the object.
        b'"{\\"status\\":\\"SUCCESS\\",\\"message\\":\\"ok\\"}"': None,
        b'{"status":"FAILURE","message":"no such account"}': "the receiver answered FAILURE: no such account",
        b'"{\\"status\\":\\"FAILURE\\"}"': "the receiver answered FAILURE",
        b"": unreadable,
        b"<html>": unreadable,
        b'{"status":1}': unreadable,
        b'"\xff"': unreadable,
        b'{"status":"FAILURE","message":"%s"}' % CARD.encode(): (
            f"the receiver answered FAILURE: {mask_digits(CARD)}"
        ),
    }

    async def work(world: DeliveryWorld) -> None:
        async with world.work():
            for body, flag in flags.items():
                world.receiver.always(make_answer(201, body))
                letter = (await world.settle(await world.buy(), attempts=1)).letter
                assert (letter.status, letter.flag) == ("delivered", flag), body
        assert len(await world.list_letters(is_flagged=True)) == 7
        assert await world.list_faults() == []

    deliver(work)


def test_a_201_whose_body_breaks_off_delivers_and_is_flagged(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always("cut")
        await world.buy()
        async with world.work():
            history = await world.settle(attempts=1)
        flag = "the receiver's answer to the notification cannot be read"
        assert (history.letter.status, history.letter.flag) == ("delivered", flag)

    deliver(work)


def test_72_hours_of_503_are_211_tries_on_the_minute_with_one_content(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.always(503)
        plan = await world.buy()
        offsets = [0, 60, 120, 180]
        while len(offsets) < 211:
            offsets += [offsets[-1] + 3600, offsets[-1] + 3660, offsets[-1] + 3720]
        assert offsets[-1] <= 72 * 3600 < offsets[-1] + 3600
        async with world.work(poll_s=0.002):
            for number in range(1, 211):
                await world.settle(attempts=number)
                await world.move_clock_to_next_try()
            await world.settle(attempts=211)
            world.receiver.always(201)
            await world.move_clock_to_next_try()
            history = await world.settle(attempts=212)
            await world.move_clock(2 * HOUR)
        begin = history.letter.created_at
        starts = [(attempt.started_at - begin).total_seconds() for attempt in history.attempts[:211]]
        assert all(0 <= start - offset < 1 for start, offset in zip(starts, offsets, strict=True))
        assert history.letter.status == "delivered"
        received = world.receiver.received
        assert len(received) == 212
        assert {request.headers["correlation-id"] for request in received} == {CORRELATION_ID}
        assert {request.json["planId"] for request in received} == {plan.plan_id}
        # Sealed and signed afresh each time.
        assert len({request.json["encryptedValue"] for request in received}) == 212
        assert len({request.headers["authorization"] for request in received}) == 212
        # What was sent is kept once, for it did not change but for the seal.
        assert [attempt.request_body is not None for attempt in history.attempts] == [True] + [False] * 211
        assert await world.list_faults() == []

    deliver(work)


def test_the_log_tells_of_a_letter_that_waits_for_a_person_and_of_a_first_failure(deliver: Deliver) -> None:
    async def work(world: DeliveryWorld) -> None:
        world.receiver.script(503, 503, 404)
        with structlog.testing.capture_logs() as lines:
            await world.buy()
            async with world.work():
                for attempts in (1, 2, 3):
                    letter = (await world.settle(attempts=attempts)).letter
                    if letter.status == "due":
                        await world.move_clock_to_next_try()
        told = [
            (line["event"], line["letter_id"], line["reason"])
            for line in lines
            if line["event"].startswith("letter ")
        ]
        assert told == [
            ("letter not delivered yet", letter.letter_id, "the receiver answered 503"),
            (
                "letter parked",
                letter.letter_id,
                "the receiver answered 404, which is not tried again by itself",
            ),
        ]

    deliver(work)
