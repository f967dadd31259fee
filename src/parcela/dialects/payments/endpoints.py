"""All endpoints of this door, joined from their owners."""

from parcela.dialects.payments import (
    clock_endpoints,
    customer_endpoints,
    event_endpoints,
    payment_endpoints,
    payment_method_endpoints,
    plan_endpoints,
    refund_endpoints,
    report_endpoints,
    settlement_endpoints,
    webhook_endpoints,
)
from parcela.dialects.payments.routes import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *payment_endpoints.ENDPOINTS,
    *payment_method_endpoints.ENDPOINTS,
    *customer_endpoints.ENDPOINTS,
    *plan_endpoints.ENDPOINTS,
    *refund_endpoints.ENDPOINTS,
    *settlement_endpoints.ENDPOINTS,
    *report_endpoints.ENDPOINTS,
    *event_endpoints.ENDPOINTS,
    *webhook_endpoints.ENDPOINTS,
    *clock_endpoints.ENDPOINTS,
)
