"""Orders of merchants by the command line."""

import pytest
from tests.cli.conftest import Run
from tests.conftest import RunWithEngine
from tests.support.merchant_orders import Ports, draw_payment, draw_refund, draw_void, quote_offer, see

from parcela.domain.errors import InvalidInput, NotAllowed, NotFound
from parcela.operations.engine import Engine
from parcela.operations.orders.payments import pay
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.voids import void

MERCHANT = "TESTPARCELA01"


@pytest.fixture
def plan_id(run: RunWithEngine) -> str:
    """The plan of the order `2026/7`, which was refunded in part; the order `O-2` has none."""

    async def work(engine: Engine) -> str:
        choice, ports = await quote_offer(engine), Ports()
        world, caller = await see(engine)
        paid = await pay(engine, world, caller, draw_payment("2026/7", choice=choice), ports=ports)
        back = draw_refund("2", 30_000, order_id="2026/7")
        await refund(engine, *(await see(engine)), back, ports=ports)
        await pay(engine, *(await see(engine)), draw_payment("O-2"), ports=ports)
        assert paid.order.plan_id is not None
        return paid.order.plan_id

    made: str = run(work)
    return made


def read_rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


def test_an_order_is_shown_with_its_transactions_and_instructions(parcela: Run, plan_id: str) -> None:
    shown = parcela("order", "show", MERCHANT, "2026/7")
    rows = read_rows(shown.output)
    facts = {row[0]: " ".join(row[1:]) for row in rows[:10]}
    offer_id = facts["Chosen"].split()[-1]
    made = facts.pop("Made")
    assert facts == {
        "Order": f"2026/7 of {MERCHANT}",
        "Status": "partially_refunded",
        "Amount": "1200.00 USD",
        "Authorized": "1200.00",
        "Captured": "1200.00",
        "Refunded": "300.00",
        "Card": "512345******0008",
        "Chosen": f"standard-12-usd: 12 payments, offer {offer_id}",
        "Plan": plan_id,
    }
    assert rows[12][:3] == ["1", *made.split()]
    told = ["0000000001", "481216", plan_id]
    assert rows[12][3:] == ["payment", "-", "approved", "1200.00", "USD", *told]
    assert [row[0] for row in rows[12:14]] == ["1", "2"]
    assert rows[13][3:] == ["refund", "-", "approved", "300.00", "USD", "0000000002", "481216", "-"]
    assert rows[16][:2] == [plan_id, "1"]
    assert rows[16][4:] == ["refund", "300.00", "USD", "waiting", "-"]


def test_orders_are_listed_the_newest_first(parcela: Run, plan_id: str) -> None:
    rows = read_rows(parcela("order", "list", MERCHANT).output)[1:]
    assert [[row[0], *row[3:]] for row in rows] == [
        ["O-2", "captured", "1200.00", "1200.00", "0.00", "USD", "512345******0008", "-"],
        [
            "2026/7",
            "partially_refunded",
            "1200.00",
            "1200.00",
            "300.00",
            "USD",
            "512345******0008",
            plan_id,
        ],
    ]
    newest = read_rows(parcela("order", "list", MERCHANT, "--limit", "1").output)[1:]
    assert [row[0] for row in newest] == ["O-2"]


def test_long_ids_are_shown_whole(parcela: Run, run: RunWithEngine) -> None:
    order_id, ids = "O" * 40, ("A" * 40, "B" * 40)

    async def work(engine: Engine) -> None:
        choice, ports = await quote_offer(engine), Ports()
        await pay(engine, *(await see(engine)), draw_payment(order_id, ids[0], choice=choice), ports=ports)
        await void(engine, *(await see(engine)), draw_void(ids[1], ids[0], order_id=order_id), ports=ports)

    run(work)
    listed = parcela("order", "list", MERCHANT).output
    assert listed.count("O") == 40
    shown = parcela("order", "show", MERCHANT, order_id).output
    transactions = shown.partition("outcome")[2].partition("for plan")[0]
    # The payment's id stands in its own row and in that of its void.
    assert (transactions.count("A"), transactions.count("B")) == (80, 40)
    assert "…" not in listed + shown


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("show", MERCHANT, "NONE"), NotFound),
        (("show", "NOBODY", "O-1"), NotFound),
        # A byte that is no UTF-8, as a shell hands it over.
        (("show", MERCHANT, "\udcff"), NotFound),
        (("list", "NOBODY"), NotFound),
        (("list", MERCHANT, "--limit", "0"), InvalidInput),
        (("list", MERCHANT, "--as", "maker@sandbox.example"), NotAllowed),
        (("show", MERCHANT, "NONE", "--as", "maker@sandbox.example"), NotAllowed),
    ],
    ids=[
        "no-order",
        "no-merchant",
        "no-text",
        "no-merchant-to-list",
        "no-lines",
        "issuer-lists",
        "issuer-looks",
    ],
)
def test_what_cannot_be_shown_is_told_so(parcela: Run, words: tuple[str, ...], refusal: type) -> None:
    assert type(parcela("order", *words).exception) is refusal
