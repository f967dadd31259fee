"""What tests of the payments door do again and again: keep cards, create payments, answer challenges."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette

from parcela.checkout.challenge import ChallengePage
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.handlers import HANDLERS
from parcela.operations.payments.moment import AccountMoment
from parcela.store.payments import agenda
from tests.support.payments_world import PaymentsWorld

APPROVED = "4242424242424242"
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"
CHALLENGED = "4000000000003220"
RETURN_URL = "https://shop.example/done"


def keep_card(world: PaymentsWorld, number: str = APPROVED, **members: Any) -> dict[str, Any]:
    """A payment method made in the browser."""
    card = {"number": number, "expMonth": 12, "expYear": 2039, "cvc": "123"}
    answer = world.post(
        "/v1/payment-methods", {"type": "card", "card": card, **members}, key=world.publishable
    )
    assert answer.status == 201, answer.body
    return answer.body


def create(world: PaymentsWorld, **members: Any) -> dict[str, Any]:
    """A payment of 600.00 EUR; `paymentMethod` pays it at once."""
    answer = world.post("/v1/payments", {"amount": 60000, "returnUrl": RETURN_URL, **members})
    assert answer.status == 201, answer.body
    return answer.body


def pay(world: PaymentsWorld, number: str = APPROVED, **members: Any) -> dict[str, Any]:
    """A payment with a card that was just kept."""
    return create(world, paymentMethod=keep_card(world, number)["id"], **members)


def list_events(world: PaymentsWorld, object_id: str) -> list[str]:
    """The types of an object's events, the oldest first."""
    rows = world.fetch("SELECT type FROM payments_event WHERE object_id = $1 ORDER BY position", object_id)
    return [row["type"] for row in rows]


def run_tasks(world: PaymentsWorld) -> int:
    """Carry out what is due on all accounts' clocks."""
    return world.run_due(HANDLERS)


def move_account(world: PaymentsWorld, by: timedelta) -> None:
    """Move the account's own clock, without carrying out what falls due."""

    async def move(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.transaction() as connection:
            offset = await agenda.lock_offset(connection, moment.owner)
            await agenda.set_offset(connection, moment.owner, offset + by)

    world.as_account(move)


class Page:
    """The challenge page, asked over ASGI."""

    def __init__(self, world: PaymentsWorld) -> None:
        self._world = world
        self._app = Starlette(routes=ChallengePage(world.desk).list_routes())

    def get(self, url: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and text."""
        return self._ask("GET", url, b"", {})

    def post(self, url: str, *, origin: str | None = None, **form: str) -> tuple[int, dict[str, str], str]:
        """The same for a form."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if origin is not None:
            headers["origin"] = origin
        return self._ask("POST", url, urlencode(form).encode(), headers)

    def _ask(
        self, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        path = url.removeprefix(self._world.desk.root_url)
        sent: list[dict[str, Any]] = []
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("parcela.test", 80),
        }
        self._world.run(self._app(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], answered, b"".join(part.get("body", b"") for part in sent[1:]).decode()
