"""Orders of merchants over HTTP: what operators see of them, and that every order id can be asked for."""

from typing import Any
from urllib.parse import quote

import pytest
from tests.support.admin_world import AdminWorld, Reply
from tests.support.merchant_orders import (
    SECOND_SHOP,
    SHOP,
    Ports,
    ScriptedAcquirer,
    draw_capture,
    draw_payment,
    draw_refund,
    draw_void,
    quote_offer,
    see,
)

from parcela.domain.orders import Outcome
from parcela.operations.orders.captures import capture
from parcela.operations.orders.payments import authorize, pay
from parcela.operations.orders.refunds import refund
from parcela.operations.orders.voids import void

CARD = "512345******0008"


def transact(admin: AdminWorld, act: Any, command: Any, ports: Ports, merchant_id: str = SHOP) -> Any:
    """One transaction of a merchant; gives its receipt."""
    world, caller = admin.run(see(admin.engine, merchant_id))
    return admin.run(act(admin.engine, world, caller, command, ports=ports))


def get_order(admin: AdminWorld, order_id: str, merchant_id: str = SHOP) -> Reply:
    return admin.call("operator", "GET", f"/merchant-orders/{merchant_id}/{quote(order_id, safe='')}")


def list_orders(admin: AdminWorld, query: str) -> Reply:
    return admin.call("operator", "GET", f"/merchant-orders?{query}")


def take_times(shown: dict[str, Any]) -> list[str]:
    """Take what differs from run to run out of an answer."""
    return [shown.pop(name) for name in ("created_at", "updated_at", "recorded_at") if name in shown]


def test_an_order_is_shown_with_its_transactions_and_what_its_plan_was_told(admin: AdminWorld) -> None:
    choice, ports = admin.run(quote_offer(admin.engine)), Ports()
    plan_id = transact(admin, pay, draw_payment(choice=choice), ports).order.plan_id
    transact(admin, refund, draw_refund("2", 30_000), ports)
    transact(admin, void, draw_void("3", "2"), ports)
    reply = get_order(admin, "O-1")
    shown = reply.json
    times = [take_times(one) for one in (shown["order"], *shown["transactions"], *shown["instructions"])]
    order = {
        "merchant_id": SHOP,
        "order_id": "O-1",
        "status": "captured",
        "currency": "USD",
        "amount": "1200.00",
        "authorized": "1200.00",
        "captured": "1200.00",
        "refunded": "0.00",
        "card": CARD,
        "chosen_plan": {
            "offer_id": choice.offer_id,
            "program_id": "standard-12-usd",
            "count": 12,
            "deferral_months": 0,
            "product_id": "PL1",
        },
        "plan_id": plan_id,
    }
    transaction = {
        "outcome": "approved",
        "currency": "USD",
        "authorization_code": "481216",
        "target_id": None,
        "plan_id": None,
        "is_voided": False,
    }
    payment = {
        **transaction,
        "number": 1,
        "transaction_id": "1",
        "kind": "payment",
        "amount": "1200.00",
        "acquirer_reference": "0000000001",
        "plan_id": plan_id,
    }
    refunded = {
        **transaction,
        "number": 2,
        "transaction_id": "2",
        "kind": "refund",
        "amount": "300.00",
        "acquirer_reference": "0000000002",
        "is_voided": True,
    }
    voided = {
        **transaction,
        "number": 3,
        "transaction_id": "3",
        "kind": "void_refund",
        "amount": "300.00",
        "acquirer_reference": "0000000003",
        "target_id": "2",
    }
    waits = {"plan_id": plan_id, "amount": "300.00", "currency": "USD", "state": "waiting", "reason": None}
    assert (reply.status, shown) == (
        200,
        {
            "order": order,
            "transactions": [payment, refunded, voided],
            # Nobody has opened the plan in the issuer's processor here.
            "instructions": [
                {**waits, "number": 1, "kind": "refund"},
                {**waits, "number": 2, "kind": "reinstate"},
            ],
        },
    )
    assert times[0] == [times[1][0], times[3][1]]
    assert "5123450000000008" not in reply.raw.decode()


def test_a_voided_captures_plan_keeps_its_instruction(admin: AdminWorld) -> None:
    choice, ports = admin.run(quote_offer(admin.engine)), Ports()
    transact(admin, authorize, draw_payment(choice=choice), ports)
    plan_id = transact(admin, capture, draw_capture("2", 120_000), ports).order.plan_id
    transact(admin, void, draw_void("3", "2"), ports)
    shown = get_order(admin, "O-1").json
    assert (shown["order"]["status"], shown["order"]["plan_id"]) == ("authorized", None)
    assert [one["plan_id"] for one in shown["transactions"]] == [None, plan_id, None]
    assert [(one["plan_id"], one["kind"], one["amount"]) for one in shown["instructions"]] == [
        (plan_id, "cancel", "1200.00")
    ]


def test_a_declined_payment_is_shown_with_its_outcome(admin: AdminWorld) -> None:
    transact(admin, pay, draw_payment(), Ports(acquirer=ScriptedAcquirer(Outcome.DECLINED)))
    shown = get_order(admin, "O-1").json
    assert [(one["kind"], one["outcome"]) for one in shown["transactions"]] == [("payment", "declined")]
    order = shown["order"]
    assert (order["status"], order["authorized"], order["chosen_plan"]) == ("failed", "0.00", None)
    assert shown["instructions"] == []


@pytest.mark.parametrize(
    "order_id",
    [
        pytest.param("2026/11/7", id="slashes"),
        pytest.param("/", id="slash-alone"),
        pytest.param("O-1/", id="slash-at-the-end"),
        pytest.param("a b?c=d#e%2F&+;", id="marks-of-addresses"),
        # Three signs that Python does not call printable: joiner, no-break space, text direction.
        pytest.param("\U0001f468\u200d\U0001f469 \u00a0\u202eX", id="signs-without-a-shape"),
    ],
)
def test_every_order_id_can_be_asked_for(admin: AdminWorld, order_id: str) -> None:
    transact(admin, pay, draw_payment(order_id), Ports())
    transact(admin, pay, draw_payment("O-1"), Ports())
    reply = get_order(admin, order_id)
    assert (reply.status, reply.json["order"]["order_id"]) == (200, order_id)


@pytest.mark.parametrize(
    ("merchant_id", "order_id", "message"),
    [
        pytest.param("NOBODY", "O-1", "There is no merchant caller 'NOBODY'.", id="unknown-merchant"),
        pytest.param(SECOND_SHOP, "O-1", "There is no order 'O-1'.", id="another-merchants"),
        pytest.param(SHOP, "o-1", "There is no order 'o-1'.", id="other-case"),
        pytest.param(SHOP, "O-1\0", r"There is no order 'O-1\x00'.", id="zero-byte"),
        # A client that is no merchant.
        pytest.param("sandbox-partner", "O-1", "There is no merchant caller 'sandbox-partner'.", id="client"),
    ],
)
def test_what_is_unknown_is_not_found(
    shared_admin: AdminWorld, merchant_id: str, order_id: str, message: str
) -> None:
    transact(shared_admin, pay, draw_payment("O-1"), Ports())
    reply = get_order(shared_admin, order_id, merchant_id)
    assert (reply.status, reply.json) == (404, {"error": {"code": "not_found", "message": message}})


def test_orders_of_a_suspended_merchant_stay_visible(admin: AdminWorld) -> None:
    transact(admin, pay, draw_payment(), Ports())
    clients = admin.call("operator", "GET", "/merchant-callers").json["items"]
    (client_id,) = (one["client_id"] for one in clients if one["code"] == SHOP)
    admin.call("operator", "PATCH", f"/clients/{client_id}", {"is_suspended": True})
    assert get_order(admin, "O-1").status == 200
    assert len(list_orders(admin, f"merchant_id={SHOP}").json["items"]) == 1


def test_orders_of_a_merchant_are_listed_the_newest_first(admin: AdminWorld) -> None:
    for order_id in ("B", "C", "A"):
        transact(admin, pay, draw_payment(order_id), Ports())
    transact(admin, pay, draw_payment("D"), Ports(), SECOND_SHOP)
    # A later transaction does not make an order newer.
    transact(admin, refund, draw_refund("2", 100, order_id="B"), Ports())
    listed = list_orders(admin, f"merchant_id={SHOP}").json["items"]
    assert [one["order_id"] for one in listed] == ["A", "C", "B"]
    assert listed[2] == get_order(admin, "B").json["order"]
    assert [one["order_id"] for one in list_orders(admin, f"merchant_id={SHOP}&limit=2").json["items"]] == [
        "A",
        "C",
    ]
    assert [one["order_id"] for one in list_orders(admin, f"merchant_id={SECOND_SHOP}").json["items"]] == [
        "D"
    ]


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        (
            "",
            400,
            {
                "code": "invalid_input",
                "message": "merchant_id: expected the id of a merchant, which is missing",
                "member": "merchant_id",
            },
        ),
        (
            f"merchant_id={SHOP}&limit=0",
            400,
            {
                "code": "invalid_input",
                "message": "limit: expected 1 to 1000, got 0",
                "member": "limit",
            },
        ),
        (
            f"merchant_id={SHOP}&limit=1001",
            400,
            {
                "code": "invalid_input",
                "message": "limit: expected 1 to 1000, got 1001",
                "member": "limit",
            },
        ),
        (
            "merchant_id=NOBODY",
            404,
            {"code": "not_found", "message": "There is no merchant caller 'NOBODY'."},
        ),
    ],
    ids=["no-merchant", "limit-too-low", "limit-too-high", "unknown-merchant"],
)
def test_a_list_needs_a_merchant_and_a_limit_within_bounds(
    shared_admin: AdminWorld, query: str, status: int, error: dict[str, str]
) -> None:
    reply = list_orders(shared_admin, query)
    assert (reply.status, reply.json) == (status, {"error": error})


@pytest.mark.parametrize("path", ["/plans/a%00b", "/plans/a%2Fb", "/merchants/a%0Ab", "/merchant-orders/M/"])
def test_no_other_address_takes_any_text(shared_admin: AdminWorld, path: str) -> None:
    reply = shared_admin.call("operator", "GET", path)
    message = "There is nothing at this address: see /admin/v1/openapi.json."
    assert (reply.status, reply.json) == (404, {"error": {"code": "not_found", "message": message}})
