"""The views find refunds that do not agree with their payment, their plan, or the agenda."""

import pytest
from tests.support.payments_world import PaymentsWorld
from tests.support.refund_acts import accept, pay_in_rows

BREAKS = [
    (
        "UPDATE payment_refund SET amount_minor = 1 RETURNING 1",
        "broken_payment_refund",
        "gave back 0 and holds 20000; its refunds make 0 and 1",
    ),
    (
        "UPDATE payment_refund SET currency = 'USD' RETURNING 1",
        "broken_payment_refund",
        "is of another account or currency than its refund {refund}",
    ),
    (
        "UPDATE payment_plan SET held_by = 0 RETURNING 1",
        "broken_plan_hold",
        "is held by 0, pending are 1",
    ),
    (
        "DELETE FROM payments_task WHERE kind = 'send_refund' RETURNING 1",
        "broken_refund_task",
        "is pending and nothing is planned for it",
    ),
]


@pytest.mark.parametrize(("sql", "view", "what"), BREAKS)
def test_views_find_what_is_broken(payments: PaymentsWorld, sql: str, view: str, what: str) -> None:
    made = accept(payments, pay_in_rows(payments), amount=20000)
    assert payments.fetch(f"SELECT what FROM {view}") == []
    assert len(payments.fetch(sql)) == 1
    assert payments.fetch(f"SELECT what FROM {view}") == [{"what": what.format(refund=made["id"])}]
