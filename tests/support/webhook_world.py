"""Webhooks on their way: the payments door, a receiver over a real socket, and a delivery worker."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parcela.connectors.outbound_http import GuardedHttp
from parcela.delivery.worker import DeliveryWorker, Pace
from parcela.dialects.payments.webhooks import WEBHOOK, WebhookRenderer
from parcela.domain.payments.events import EventType
from parcela.domain.payments.webhook_urls import WebhookReach
from parcela.operations.outbound import OutboundHttp, OutboundLimits
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.moment import AccountMoment
from tests.support.delivery_world import wait_until
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.receiver import Received, Receiver, open_receiver

PRIVATE = WebhookReach(allows_private=True)
LIMITS = OutboundLimits(connect_timeout_s=2, total_timeout_s=2, max_answer_bytes=16 * 1024)
PACE = Pace(poll_s=0.005, held_s=0.02, ages_s=0.02, rest_s=0.05, drain_s=1.0)
_IS_QUIET = (
    "SELECT NOT EXISTS (SELECT FROM letter, world WHERE kind = 'payments.webhook' AND status = 'due'"
    " AND (flight_fence IS NOT NULL OR next_attempt_at <= clock_timestamp() + clock_offset))"
)


class WebhookWorld:
    """One database, one receiver, and a worker when it is asked for."""

    def __init__(self, payments: PaymentsWorld, receiver: Receiver) -> None:
        self.payments = payments
        self.receiver = receiver
        self.reach = PRIVATE
        self.guarded: OutboundHttp | None = None
        payments.set_desk(webhook_reach=PRIVATE)
        receiver.always(200)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.receiver.port}/hooks"

    def add_endpoint(self, *, events: list[str] | None = None, url: str | None = None) -> dict[str, Any]:
        """A new endpoint, by default one that the receiver answers for, with its secret."""
        body = {"url": url or self.url, "enabledEvents": events or ["*"]}
        added = self.payments.post("/v1/webhook-endpoints", body)
        assert added.status == 201, added.raw
        return added.body

    def add_quiet_endpoint(self, **wanted: Any) -> dict[str, Any]:
        """The same once it has its test event."""
        added = self.add_endpoint(**wanted)
        self.deliver()
        self.receiver.received.clear()
        return added

    def happen(
        self, *object_ids: str, type_: EventType = EventType.PAYMENT_COMPLETED, **members: Any
    ) -> None:
        """Events about these objects, each in a transaction of its own."""

        async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
            for object_id in object_ids:
                async with desk.engine.database.transaction() as connection:
                    happening = Happening(type_, object_id, {"id": object_id, **members})
                    await tell(connection, desk, moment, [happening])

        self.payments.as_account(work)

    def deliver(self) -> None:
        """Let a worker run until nothing is due any more."""

        async def work() -> None:
            worker, https = self._make_worker()
            running = asyncio.create_task(worker.run())
            try:
                await wait_until(self._is_quiet)
            finally:
                worker.stop()
                await running
                for http in https:
                    await http.close()

        self.payments.run(work())

    def advance(self, by: str) -> Mapping[str, Any]:
        """Move the account's clock on."""
        answer = self.payments.post("/v1/test/clock/advance", {"by": by})
        assert answer.status == 200, answer.raw
        return answer.body

    def list_deliveries(self, endpoint: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the endpoint's owner is shown, newest first."""
        answer = self.payments.get(f"/v1/webhook-endpoints/{endpoint['id']}/deliveries")
        assert answer.status == 200, answer.raw
        return list(answer.body["data"])

    def list_bodies(self) -> list[Any]:
        return [request.json for request in self.receiver.received]

    def list_objects(self) -> list[str]:
        return [body["data"]["object"]["id"] for body in self.list_bodies()]

    def list_faults(self) -> list[str]:
        """What the views of impossible states show."""
        rows = self.payments.fetch(
            "SELECT what FROM broken_delivery UNION ALL SELECT what FROM broken_webhook"
        )
        return [row["what"] for row in rows]

    async def _is_quiet(self) -> bool:
        async with self.payments.engine.database.connection() as connection:
            return bool(await connection.fetchval(_IS_QUIET))

    def _make_worker(self) -> tuple[DeliveryWorker, list[OutboundHttp]]:
        engine = self.payments.engine
        http, guarded = GuardedHttp(True), self.guarded or GuardedHttp(False)
        renderer = WebhookRenderer(engine, reach=self.reach, guarded=guarded, open_http=http)
        worker = DeliveryWorker(engine, http, {WEBHOOK: renderer}, limits=LIMITS, pace=PACE)
        return worker, [http, guarded]


def find_header(request: Received, name: str) -> str:
    return request.headers[name.lower()]


@contextmanager
def open_webhook_world(database_url: str, home: Path) -> Iterator[WebhookWorld]:
    """A world on a database of the test's own."""
    with open_payments_world(database_url, home) as payments:
        opening = open_receiver()
        receiver = payments.run(opening.__aenter__())
        try:
            yield WebhookWorld(payments, receiver)
        finally:
            payments.run(opening.__aexit__(None, None, None))
