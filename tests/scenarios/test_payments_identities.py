"""The identities that stories and histories are held to find damage wherever it is done."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from tests.conftest import DemoTemplate
from tests.support.identities import list_identity_faults
from tests.support.payments_world import Answer, PaymentsWorld, open_payments_world
from tests.support.refund_acts import accept, find_today, pay_in_rows

Body = dict[str, Any]


@dataclass
class DoctoredWorld:
    """Answers as the world does, but for one member of the first object of one list."""

    world: PaymentsWorld
    path: str
    damage: Callable[[Body], None]

    def get(self, path: str, *, key: str | None = None) -> Answer:
        answer = self.world.get(path, key=key)
        if not path.startswith(self.path):
            return answer
        body = json.loads(json.dumps(answer.body))
        self.damage(body["data"][-1])
        return replace(answer, body=body)


@pytest.fixture(scope="module")
def traded(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A purchase in three, a refund of it that is pending, and all that settled."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        payment = pay_in_rows(world)
        assert world.post("/v1/test/clock/advance", {"by": "P7D"}).status == 200
        accept(world, payment, amount=20000)
        assert find_today(world) > payment["installments"]["schedule"][0]["dueDate"]
        yield world
    demo_template.server.drop_database(name)


def test_whole_books_have_no_faults(traded: PaymentsWorld) -> None:
    assert list_identity_faults(traded) == []


def add(*path: str | int, by: int = 1) -> Callable[[Body], None]:
    """Something that adds to a number."""

    def damage(body: Body) -> None:
        target: Any = body
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] += by

    return damage


DAMAGES = [
    # list, damage of its oldest object, what is found
    ("/v1/balance-transactions", add("net"), {"net"}),
    ("/v1/balance-transactions", add("fee"), {"net", "parts of the fee", "row in the balance"}),
    (
        "/v1/balance-transactions",
        add("gross", by=-120000),
        {"net", "sign", "gross", "lines", "row in the balance"},
    ),
    ("/v1/settlements", add("net"), {"net", "balances"}),
    ("/v1/settlements", add("gross"), {"net", "gross"}),
    ("/v1/settlements", add("lines", 0, "amount"), {"lines"}),
    ("/v1/settlements", add("lines", 0, "count"), {"lines"}),
    ("/v1/settlements", add("openingBalance"), {"balances", "opening balance"}),
    ("/v1/settlements", add("payoutAmount"), {"balances", "payouts"}),
    ("/v1/refunds", add("amount"), {"refunds"}),
    ("/v1/payments", add("amountRefunded"), {"refunds"}),
    ("/v1/payments", add("amountCaptured"), {"bounds", "row in the balance"}),
    ("/v1/payments", add("feeBreakdown", "totalFee"), {"row in the balance", "fees"}),
    ("/v1/payments", add("installments", "schedule", 1, "principal"), {"parts of a row", "sums"}),
    ("/v1/payments", add("installments", "remainingAmount"), {"what remains"}),
    ("/v1/payments", add("installments", "totalAmount"), {"sums"}),
]


@pytest.mark.parametrize(("path", "damage", "found"), DAMAGES, ids=range(len(DAMAGES)))
def test_damage_is_found(
    traded: PaymentsWorld, path: str, damage: Callable[[Body], None], found: set[str]
) -> None:
    doctored = cast(PaymentsWorld, DoctoredWorld(traded, path, damage))
    assert {fault.split(": ", 1)[1] for fault in list_identity_faults(doctored)} == found
