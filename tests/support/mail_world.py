"""Mail on its way: the payments door, a delivery worker that has mail alone, and whoever takes it over."""

import asyncio
from email.message import EmailMessage
from typing import Any

from parcela.connectors.outbound_http import GuardedHttp
from parcela.delivery.mail import MAIL, MailRenderer
from parcela.delivery.worker import DeliveryWorker
from parcela.operations.clock import advance_clock
from parcela.operations.mailing import DELIVERED_CODE, Mailer, MailMessage, MailReply
from parcela.operations.outbound import OutboundFailure
from tests.support.delivery_world import wait_until
from tests.support.payments_world import PaymentsWorld
from tests.support.smtp_server import read_message
from tests.support.webhook_world import LIMITS, PACE

SENDER = "receipts@pay.example"
_IS_QUIET = (
    "SELECT NOT EXISTS (SELECT FROM letter, world WHERE kind = 'payments.mail' AND status = 'due'"
    " AND (flight_fence IS NOT NULL OR next_attempt_at <= clock_timestamp() + clock_offset))"
)


class ScriptedMailer:
    """Takes messages over as a script says: a reply's code, or a failure; the last one for ever."""

    def __init__(self, *script: int | OutboundFailure) -> None:
        self.messages: list[MailMessage] = []
        self._script = list(script) or [DELIVERED_CODE]

    async def send(self, message: MailMessage, *, timeout_s: float) -> MailReply:
        self.messages.append(message)
        found = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(found, OutboundFailure):
            raise found
        return MailReply(code=found, text=f"said to {message.recipient.upper()}")

    @property
    def mails(self) -> list[EmailMessage]:
        """What came, read."""
        return [read_message(message.content) for message in self.messages]


def deliver_mail(world: PaymentsWorld, mailer: Mailer | None) -> None:
    """Let a worker run until no mail is due any more."""

    async def is_quiet() -> bool:
        async with world.engine.database.connection() as connection:
            return bool(await connection.fetchval(_IS_QUIET))

    async def work() -> None:
        http = GuardedHttp(True)
        renderer = MailRenderer(world.desk, mailer, sender=SENDER)
        worker = DeliveryWorker(world.engine, http, {MAIL: renderer}, limits=LIMITS, pace=PACE)
        running = asyncio.create_task(worker.run())
        try:
            await wait_until(is_quiet)
        finally:
            worker.stop()
            await running
            await http.close()

    world.run(work())


def move_world(world: PaymentsWorld, by: str) -> None:
    """Move the world's clock ahead, by which letters are tried."""

    world.run(advance_clock(world.engine, "test", by))


def list_mails(world: PaymentsWorld) -> list[dict[str, Any]]:
    """Kind, cause and facts of the mails, the oldest first."""
    return world.fetch("SELECT kind, cause, locale, facts::text AS facts FROM mail ORDER BY created_at, kind")


def list_letters(world: PaymentsWorld) -> list[tuple[str, int, str | None, str | None]]:
    """Status, tries and why it is parked, of each letter."""
    rows = world.fetch(
        "SELECT status, attempts, parked_code, parked_reason FROM letter WHERE kind = 'payments.mail'"
        " ORDER BY position"
    )
    return [(row["status"], row["attempts"], row["parked_code"], row["parked_reason"]) for row in rows]


def list_tries(world: PaymentsWorld) -> list[dict[str, Any]]:
    """What was kept of the tries of mail."""
    return world.fetch(
        "SELECT a.* FROM delivery_attempt a JOIN letter l USING (tenant_id, letter_id)"
        " WHERE l.kind = 'payments.mail' ORDER BY l.position, a.number"
    )


def read_text(message: EmailMessage) -> str:
    """The text part of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
