"""Endpoints of tests: they write an event, so that an effect can be counted without any resource."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from parcela.dialects.payments.calls import Call, Reply
from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import AMOUNT, Text
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.keys import Scope
from parcela.domain.payments.refusals import DeclineCode, Fault, PaymentRefused
from parcela.operations.payments.events import Happening, new_id, tell
from parcela.operations.payments.idempotency import Connection

BODY = Fields({"amount": Member(AMOUNT, is_required=True), "note": Member(Text(longest=100))})
PATH = "/v1/probes"
ANSWER: dict[str, Any] = {"type": "object", "required": ["id", "amount"]}


@dataclass
class Probe:
    """What the operation behind the endpoint does, and how often it was entered."""

    refusal: PaymentRefused | None = None
    fault: Exception | None = None
    gate: asyncio.Event | None = None
    keeps: bool = True
    binds: bool = False
    dies_after_binding: bool = False
    entered: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    recovered: list[str] = field(default_factory=list)
    found: Reply | None = None

    def list_endpoints(self) -> tuple[Endpoint, ...]:
        """POST and PATCH to write, GET to read."""
        post = Endpoint(
            method="POST",
            path=PATH,
            scope=Scope.PAYMENTS_WRITE,
            summary="Write a probe",
            handler=self.write,
            answer=ANSWER,
            body=BODY,
            status=201,
            recover=self.recover,
        )
        patch = Endpoint(
            method="PATCH",
            path=f"{PATH}/{{id}}",
            scope=Scope.PAYMENTS_WRITE,
            summary="Change a probe",
            handler=self.write,
            answer=ANSWER,
            body=BODY,
        )
        get = Endpoint(
            method="GET",
            path=f"{PATH}/{{id}}",
            scope=Scope.PAYMENTS_READ,
            summary="Read a probe",
            handler=self.read,
            answer=ANSWER,
        )
        return post, patch, get

    async def write(self, call: Call) -> Reply:
        """One event, and the answer kept with it."""
        gate = self.gate
        self.entered += 1
        self.arrived.set()
        if self.fault is not None:
            raise self.fault
        probe_id = new_id(call.desk, call.moment, Prefix.PAYMENT)
        document = {"id": probe_id, "amount": call.body["amount"]}
        keeper = call.keeper(lambda result: result)
        if self.binds:
            await self._run(call, keeper.bind, probe_id)
            if self.dies_after_binding:
                raise ConnectionError("the process ended here")
        if gate is not None:
            await gate.wait()

        async def work(connection: Connection) -> None:
            if self.refusal is not None and self.refusal.fault is not Fault.CARD_DECLINED:
                raise self.refusal
            happening = Happening(EventType.PAYMENT_CREATED, probe_id, document)
            await tell(connection, call.desk, call.moment, [happening])
            if self.refusal is not None:
                await keeper.keep_refusal(connection, self.refusal)
            elif self.keeps:
                await keeper.keep(connection, document)

        await call.desk.engine.database.run(work)
        if self.refusal is not None:
            raise self.refusal
        return Reply(document)

    async def read(self, call: Call) -> Reply:
        """What stands in the address."""
        return Reply({"id": call.path["id"], "amount": 1})

    async def recover(self, call: Call, object_id: str) -> Reply | None:
        """The answer that the object has by now."""
        self.recovered.append(object_id)
        return self.found

    @staticmethod
    async def _run(call: Call, work: Any, *values: Any) -> None:
        async def inside(connection: Connection) -> None:
            await work(connection, *values)

        await call.desk.engine.database.run(inside)


def decline() -> PaymentRefused:
    """A card that a bank declines."""
    return PaymentRefused(Fault.CARD_DECLINED, "The card was declined.", decline=DeclineCode.GENERIC_DECLINE)
