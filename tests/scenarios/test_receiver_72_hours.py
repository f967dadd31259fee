"""Three simulated days of a receiver that answers in every way there is, to several letters at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tests.conftest import DemoTemplate, RunWithEngine
from tests.support.delivery_world import DeliveryWorld, open_delivery_world
from tests.support.network_client import load_party, open_token
from tests.support.purchases import CARD, CORRELATION_ID
from tests.support.receiver import Received, Reply

from parcela.domain.plans import Plan
from parcela.operations import deliveries
from parcela.operations.deliveries import AttemptRecord, LetterFilter
from parcela.operations.engine import Engine

TEN_MB = b"x" * 10_000_000
BIG_500 = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 10000000\r\n\r\n" + TEN_MB
BIG_201 = b"HTTP/1.1 201 Created\r\nContent-Length: 10000000\r\n\r\n" + TEN_MB
TRIES_IN_72_HOURS = 211

PARKING: dict[str, tuple[Reply, int]] = {
    "200": (200, 200),
    "204": (204, 204),
    "301": (301, 301),
    "400": (400, 400),
    "429": (429, 429),
    "404 with 10 MB": ("big", 404),
}


@dataclass(frozen=True)
class Fault:
    """A habit that is answered with another try, and how that try is recorded."""

    reply: Reply
    http_status: int | None = None
    failure_kind: str | None = None
    answer: str | None = None


SUCCESS_TEXT = '{"status": "SUCCESS", "message": "Notification received successfully"}'
QUICK = (
    Fault(500, http_status=500, answer=SUCCESS_TEXT),
    Fault("reset", failure_kind="reset"),
    Fault("garbage", failure_kind="protocol"),
)
HANG, DRIP = Fault("hang", failure_kind="timeout"), Fault("drip", failure_kind="timeout")
BIG = Fault(BIG_500, http_status=500, answer="x" * 2048)


def list_faults() -> list[Fault]:
    """The faults of 72 hours in turn; those that take a deadline to end come now and then."""
    turns = cycle(QUICK)
    rare = {3: HANG, 20: DRIP, 41: BIG}
    return [rare.get(number % 53) or next(turns) for number in range(TRIES_IN_72_HOURS)]


def list_offsets() -> Iterator[int]:
    """Seconds from the first try (`spec/network.md` §9): three tries a minute apart, after every hour."""
    yield from (0, 60, 120, 180)
    last = 180
    while True:
        yield from (last + 3600, last + 3660, last + 3720)
        last += 3720


def test_over_72_hours_each_letter_is_tried_when_it_should_be_with_one_content(
    run: RunWithEngine, demo_template: DemoTemplate
) -> None:
    async def main(engine: Engine) -> None:
        async with open_delivery_world(engine, demo_template.home) as world:
            await tell_story(world)

    run(main)


async def tell_story(world: DeliveryWorld) -> None:
    """Every habit has a letter of its own; the faults share one, and keep it from arriving."""
    plans = {habit: await world.buy() for habit in ("201", "201 with 10 MB", *PARKING, "faults")}
    faults = list_faults()
    left = [fault.reply for fault in faults]
    replies = {plans[habit].plan_id: reply for habit, (reply, _) in PARKING.items()}
    replies[plans["201"].plan_id] = 201
    replies[plans["201 with 10 MB"].plan_id] = BIG_201

    def answer(request: Received) -> Reply:
        return replies.get(request.json["planId"]) or left.pop(0)

    world.receiver.reply = answer
    async with world.work(poll_s=0.002):
        for plan in plans.values():
            await world.settle(plan, attempts=1)
        for number in range(2, TRIES_IN_72_HOURS + 1):
            await world.move_clock_to_next_try()
            await world.settle(plans["faults"], attempts=number)
        assert left == []
        before = [await world.view(plan) for plan in plans.values()]
        # Somebody mends the receiver, and has the parked letters sent again.
        replies.update(dict.fromkeys((plan.plan_id for plan in plans.values()), 201))
        done = await deliveries.replay_letters(
            world.engine, await world.operator(), LetterFilter(status="parked")
        )
        assert (done.count, done.is_complete) == (len(PARKING), True)
        for habit in PARKING:
            await world.settle(plans[habit], attempts=2)
        await world.move_clock_to_next_try()
        await world.settle(plans["faults"], attempts=TRIES_IN_72_HOURS + 1)
        await world.pass_some_looks()
    check_first_days(dict(zip(plans, before, strict=True)), faults)
    for habit, plan in plans.items():
        letter = (await world.view(plan)).letter
        assert (letter.status, letter.is_in_flight) == ("delivered", False), habit
    check_contents(world, plans)
    assert await world.list_faults() == []


def check_first_days(histories: dict[str, Any], faults: list[Fault]) -> None:
    """Attempts, times and decisions of every letter at the end of 72 hours."""
    history = histories["faults"]
    assert history.letter.status == "due"
    assert [describe(attempt) for attempt in history.attempts] == [
        ("failed", fault.http_status, fault.failure_kind, fault.answer, "retry") for fault in faults
    ]
    offsets = list(islice(list_offsets(), TRIES_IN_72_HOURS + 1))
    assert offsets[TRIES_IN_72_HOURS - 1] <= 72 * 3600 < offsets[TRIES_IN_72_HOURS]
    begin = history.attempts[0].scheduled_at
    planned = [(attempt.scheduled_at - begin).total_seconds() for attempt in history.attempts]
    # What a hanging or dripping try took of the clock moves none of those after it.
    assert [*planned, (history.letter.next_attempt_at - begin).total_seconds()] == offsets
    late = [(attempt.started_at - attempt.scheduled_at).total_seconds() for attempt in history.attempts]
    assert all(0 <= seconds < 5 for seconds in late)
    for habit, (_, status) in PARKING.items():
        letter, (attempt,) = histories[habit].letter, histories[habit].attempts
        assert (attempt.outcome, attempt.http_status, attempt.decision) == ("refused", status, "parked")
        assert (letter.status, letter.next_attempt_at) == ("parked", None), habit
        assert letter.parked_reason == f"the receiver answered {status}, which is not tried again by itself"
    unreadable = "the receiver's answer to the notification cannot be read"
    for habit, flag in (("201", None), ("201 with 10 MB", unreadable)):
        letter, (attempt,) = histories[habit].letter, histories[habit].attempts
        assert (letter.status, letter.flag, attempt.decision) == ("delivered", flag, "delivered"), habit


def describe(attempt: AttemptRecord) -> tuple[Any, ...]:
    """What is kept of a try that failed."""
    return (attempt.outcome, attempt.http_status, attempt.failure_kind, attempt.answer, attempt.decision)


def check_contents(world: DeliveryWorld, plans: dict[str, Plan]) -> None:
    """Every try brought the same content, sealed and signed afresh; nobody else was sent anything."""
    tries = {"201": 1, "201 with 10 MB": 1, "faults": TRIES_IN_72_HOURS + 1, **dict.fromkeys(PARKING, 2)}
    received = world.receiver.received
    assert len(received) == sum(tries.values())
    key = load_party(world.home, "issuer").decryption_key
    for habit, plan in plans.items():
        mine = [request for request in received if request.json["planId"] == plan.plan_id]
        assert len(mine) == tries[habit], habit
        assert {request.headers["correlation-id"] for request in mine} == {CORRELATION_ID}
        assert {request.target for request in mine} == {"/bank/notifications"}
        assert len({request.headers["authorization"] for request in mine}) == tries[habit]
        contents = [{**request.json, "encryptedValue": None} for request in mine]
        assert contents == [contents[0]] * tries[habit]
        seals = [request.json["encryptedValue"] for request in mine]
        assert len(set(seals)) == tries[habit]
        for seal in (seals[0], seals[-1]):
            assert open_token(seal, key) == {"consumer": {"primaryAccountNumber": int(CARD)}}
