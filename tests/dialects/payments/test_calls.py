"""The calls of the door with their scopes: no scope opens another one's (`spec/payments.md` §§1, 4)."""

from tests.support.payments_world import PaymentsWorld

from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations.payments.api_keys import NewApiKey

# Every call of the contract (§§4 to 16) with its scope, and its status when it went well.
CALLS = """\
POST /v1/payments payments:write 201
GET /v1/payments/{id} payments:read 200
GET /v1/payments payments:read 200
POST /v1/payments/{id}/confirm payments:write 200
POST /v1/payments/{id}/capture payments:write 200
POST /v1/payments/{id}/cancel payments:write 200
POST /v1/customers customers:write 201
GET /v1/customers/{id} customers:read 200
POST /v1/payment-methods payment_methods:write 201
GET /v1/payment-methods/{id} payment_methods:read 200
GET /v1/installments/plans installments:read 200
GET /v1/installments/plans/{id} installments:read 200
GET /v1/installments/plans/{id}/evidence installments:read 200
GET /v1/settlements settlements:read 200
GET /v1/settlements/{id} settlements:read 200
GET /v1/settlements/{id}/transactions settlements:read 200
GET /v1/balance-transactions settlements:read 200
POST /v1/refunds/preview refunds:read 200
POST /v1/refunds refunds:write 201
GET /v1/refunds/{id} refunds:read 200
GET /v1/refunds refunds:read 200
POST /v1/refunds/{id} refunds:write 200
POST /v1/refunds/{id}/cancel refunds:write 200
POST /v1/reports reports:write 201
GET /v1/reports reports:read 200
GET /v1/reports/{id} reports:read 200
GET /v1/reports/{id}/content reports:read 200
GET /v1/events events:read 200
GET /v1/events/{id} events:read 200
POST /v1/events/{id}/resend events:write 200
POST /v1/webhook-endpoints webhooks:write 201
GET /v1/webhook-endpoints webhooks:read 200
GET /v1/webhook-endpoints/{id} webhooks:read 200
PATCH /v1/webhook-endpoints/{id} webhooks:write 200
DELETE /v1/webhook-endpoints/{id} webhooks:write 200
POST /v1/webhook-endpoints/{id}/roll-secret webhooks:write 200
GET /v1/webhook-endpoints/{id}/deliveries webhooks:read 200
GET /v1/test/clock test:write 200
POST /v1/test/clock/advance test:write 200
"""


def test_calls_scopes_and_statuses_are_the_documented_ones() -> None:
    held = {f"{each.method} {each.path} {each.scope} {each.status}" for each in ENDPOINTS}
    assert held == set(CALLS.splitlines())


def test_each_scope_opens_its_calls_alone(shared_payments: PaymentsWorld) -> None:
    shared_payments.set_endpoints(*ENDPOINTS)
    keys = {}
    for scope in Scope:
        keys[scope], _ = shared_payments.issue_key(
            NewApiKey(kind=KeyKind.RESTRICTED, scopes=frozenset({scope}))
        )
    for each in ENDPOINTS:
        path = each.path.replace("{id}", "no_1")
        for scope, key in keys.items():
            answer = shared_payments.send(
                each.method, path, b"no object", headers=[("x-api-key", key), ("content-type", "text/plain")]
            )
            is_let_in = answer.status != 403
            assert is_let_in is (scope is each.scope), (each.name, scope, answer.body)
