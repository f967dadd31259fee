"""How many objects a list says that there are: exact up to 10,000, and never more than that."""

from tests.support.payments_world import PaymentsWorld

_COPY_PAYMENT = """
INSERT INTO payment OVERRIDING USER VALUE
SELECT (jsonb_populate_record(p, jsonb_build_object('payment_id', 'pay_copy_' || number))).*
FROM payment p, generate_series(1, $2::int) AS number WHERE p.payment_id = $1 RETURNING 1
"""


def test_an_estimate_is_exact_up_to_ten_thousand(payments: PaymentsWorld) -> None:
    made = payments.post("/v1/payments", {"amount": 1000, "confirm": False}).body
    cancelled = payments.post("/v1/payments", {"amount": 1000, "confirm": False}).body
    assert payments.post(f"/v1/payments/{cancelled['id']}/cancel", {}).status == 200

    def estimate(query: str = "") -> int:
        answer = payments.get(f"/v1/payments?limit=1{query}")
        assert answer.status == 200, answer.body
        return int(answer.body["page"]["total_estimate"])

    assert len(payments.fetch(_COPY_PAYMENT, made["id"], 9_998)) == 9_998
    assert (estimate(), estimate("&status=pending"), estimate("&status=cancelled")) == (10_000, 9_999, 1)
    payments.fetch(
        "UPDATE payment SET payment_id = 'pay_kept_' || position WHERE payment_id LIKE 'pay_copy_%'"
    )
    assert len(payments.fetch(_COPY_PAYMENT, made["id"], 5)) == 5
    assert (estimate(), estimate("&status=pending"), estimate("&status=cancelled")) == (10_000, 10_000, 1)
