"""Endpoints of the test clock (`spec/payments.md` §16)."""

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.clock_objects import (
    AdvancedObject,
    ClockObject,
    render_advanced,
    render_clock,
)
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import Choice, Instant, Text
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.payments import test_clock
from parcela.operations.payments.handlers import HANDLERS
from parcela.operations.payments.test_clock import ClockStep

_PATH = "/v1/test/clock"
_ADVANCE = Fields(
    {
        "by": Member(Text(longest=40), "An ISO 8601 duration such as P3M or PT6H"),
        "to": Member(Instant(), "An instant that is not past"),
        "toNext": Member(Choice(("event",)), "Until something happens"),
    },
    also={"minProperties": 1, "maxProperties": 1},
)


async def _get(call: Call) -> Reply:
    return Reply(document=render_clock(await test_clock.get_clock(call.desk, call.moment)))


async def _advance(call: Call) -> Reply:
    if len(call.body) != 1:
        raise PaymentRefused(
            Fault.PARAMETER_INVALID if call.body else Fault.PARAMETER_MISSING,
            "Give one of 'by', 'to' and 'toNext'.",
            param="by",
        )
    step = ClockStep(by=call.body.get("by"), to=call.body.get("to"))
    advanced = await test_clock.advance_clock(
        call.desk, call.moment, step, HANDLERS, keeper=call.keeper(render_advanced)
    )
    return Reply(document=render_advanced(advanced))


async def _resume(call: Call, mark: str) -> Reply:
    return Reply(
        document=render_advanced(await test_clock.resume_advance(call.desk, call.moment, mark, HANDLERS))
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=_PATH,
        scope=Scope.TEST_WRITE,
        summary="Show the account's test clock",
        handler=_get,
        answer=ClockObject,
        is_test_only=True,
    ),
    Endpoint(
        method="POST",
        path=f"{_PATH}/advance",
        scope=Scope.TEST_WRITE,
        summary="Move the account's test clock on; what falls due on the way happens",
        handler=_advance,
        answer=AdvancedObject,
        body=_ADVANCE,
        is_test_only=True,
        recover=_resume,
        faults=(Fault.TEST_ONLY, Fault.CLOCK_BACKWARDS, Fault.SERVICE_UNAVAILABLE),
    ),
)
