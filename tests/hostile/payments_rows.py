"""Reading `input` of a hostile row for the payments door: what to send, built on a known-good request."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tests.hostile import rows
from tests.hostile.payments_site import APPROVED, RETURN_URL, Json, PaymentsSite
from tests.hostile.rows import Row, expand
from tests.support.network_client import WireRequest
from tests.support.samples import UNSET, edit

_RAW = re.compile(r'"<raw>((?:[^"\\]|\\.)*)"')


@dataclass
class Base:
    """A known-good request."""

    method: str
    path: str
    body: Json | None = None
    key: str = "secret_key"


def build_request(payments: PaymentsSite, row: Row) -> WireRequest:
    """The request of a row. What it needs beforehand is made by well-formed requests."""
    given = row["input"]
    base = BASES[given.get("base", "psp.payment").removeprefix("psp.")](payments)
    if "id" in given:
        base.path = base.path.replace("ID", _fill_path(payments, given["id"]))
    if "query" in given:
        sign = "&" if "?" in base.path else "?"
        base.path += sign + _fill_path(payments, given["query"])
    if given.get("precondition") == "a refund of half is pending":
        base.body = {"payment": payments.pay(paymentMethod=payments.keep_card())}
        payments.make("POST", "/v1/refunds", {**base.body, "amount": 30_000})
    edits = {path: _fill(value) for path, value in given.get("set", {}).items()}
    if base.body is not None:
        edits |= dict.fromkeys(given.get("unset", []), UNSET)
        base.body = edit(base.body, edits)
    headers = [(name, _fill_header(payments, value)) for name, value in given.get("headers", {}).items()]
    if "idem" in given:
        headers.append(("Idempotency-Key", expand(given["idem"])))
    if "auth" in given:
        headers.append(("Authorization", _find_login(payments, given["auth"])))
    request = payments.write(
        given.get("method", base.method),
        base.path,
        _write_body(given, base),
        key=payments.keys[base.key],
        headers=headers,
    )
    return replace(request, url=given["path"]) if "path" in given else request


def list_secrets(row: Row) -> list[str]:
    """The card numbers of a row."""
    return sorted({APPROVED, *re.findall(r"(?<![0-9])[0-9]{16}(?![0-9])", json.dumps(row["input"]))})


def _write_body(given: Row, base: Base) -> bytes | None:
    if given.get("bomb"):
        return rows.GZIP_BOMB
    if "raw" in given:
        text = given["raw"]
        return json.dumps(base.body).encode("utf-16") if text == "utf-16" else rows.encode_raw(text)
    if base.body is None:
        return None
    text = json.dumps(base.body)
    return _RAW.sub(lambda found: json.loads(f'"{found[1]}"'), text).encode()


def _fill(value: Any) -> Any:
    if value == "remaining+1":
        return 60_001
    if value == "captured":
        return 60_000
    return expand(value) if isinstance(value, str) else value


def _fill_path(payments: PaymentsSite, text: str) -> str:
    return expand(text.replace("B's pay_", _of(payments, "foreign payment")))


def _of(payments: PaymentsSite, name: str) -> str:
    return quote(payments.stock(name))


def _fill_header(payments: PaymentsSite, value: str) -> str:
    return payments.keys["other_secret_key"] if value == "B" else expand(value)


def _find_login(payments: PaymentsSite, auth: str) -> str:
    keys = {"A": payments.secret, "rk_test_no_inst": payments.keys["restricted_key"]}
    return f"Bearer {keys[auth]}" if auth in keys else expand(auth)


# ---------------------------------------------------------------- requests that are known to be good

PAYMENT: Json = {
    "amount": 60_000,
    "currency": "EUR",
    "returnUrl": RETURN_URL,
    "installments": {"enabled": True, "count": 3},
}
CARD: Json = {"number": APPROVED, "expMonth": 12, "expYear": 2039, "cvc": "123"}
REPORT: Json = {"type": "reconciliation", "interval": {"start": "2026-07-01", "end": "2026-08-01"}}
_TERMS: Json = {"termsId": "mc-eu-01", "version": "3", "language": "en", "acceptedAt": 1_782_864_000}


def _post(path: str, body: Json, key: str = "secret_key") -> Callable[[PaymentsSite], Base]:
    return lambda _: Base("POST", path, edit(body, {}), key)


def _get(path: str) -> Callable[[PaymentsSite], Base]:
    return lambda _: Base("GET", path)


def _make_plans(payments: PaymentsSite) -> Base:
    intent, method = payments.stock("intent"), payments.stock("plan method")
    return Base("GET", f"/v1/installments/plans?payment={intent}&paymentMethod={method}")


def _make_confirm(payments: PaymentsSite) -> Base:
    body = {
        "paymentMethod": payments.stock("method"),
        "installments": {"enabled": True, "count": 3},
        "termsAcceptance": dict(_TERMS),
    }
    return Base("POST", f"/v1/payments/{payments.stock('intent')}/confirm", body)


def _make_on(kind: str, tail: str, body: Json, method: str = "POST") -> Callable[[PaymentsSite], Base]:
    """A call on an object of the stock."""
    return lambda payments: Base(method, tail.replace("ID", payments.stock(kind)), edit(body, {}))


def _make_refund(path: str) -> Callable[[PaymentsSite], Base]:
    return lambda payments: Base("POST", path, {"payment": payments.stock("paid")})


BASES: Mapping[str, Callable[[PaymentsSite], Base]] = {
    "payment": _post("/v1/payments", PAYMENT),
    "payment.get": _get("/v1/payments/ID"),
    "plans": _make_plans,
    "plans.bare": _get("/v1/installments/plans"),
    "list": _get("/v1/payments"),
    "confirm": _make_confirm,
    "capture": _make_on("held", "/v1/payments/ID/capture", {}),
    "cancel": _make_on("held", "/v1/payments/ID/cancel", {}),
    "refund": _make_refund("/v1/refunds"),
    "preview": _make_refund("/v1/refunds/preview"),
    "refund.update": _make_on("refund", "/v1/refunds/ID", {"metadata": {}}),
    "refund.cancel": _make_on("refund", "/v1/refunds/ID/cancel", {}),
    "webhook": _post("/v1/webhook-endpoints", {"url": "https://shop.example/n", "enabledEvents": ["*"]}),
    "webhook.update": _make_on("endpoint", "/v1/webhook-endpoints/ID", {}, "PATCH"),
    "webhook.roll": _make_on("endpoint", "/v1/webhook-endpoints/ID/roll-secret", {}),
    "method": _post("/v1/payment-methods", {"type": "card", "card": CARD}, "publishable_key"),
    "method.server": _post("/v1/payment-methods", {"type": "card", "card": CARD}),
    "customer": _post("/v1/customers", {"name": "Ana"}),
    "report": _post("/v1/reports", REPORT),
    "clock": _post("/v1/test/clock/advance", {}),
    "resend": _make_on("event", "/v1/events/ID/resend", {}),
    "events": _get("/v1/events"),
    "refunds": _get("/v1/refunds"),
    "settlements": _get("/v1/settlements"),
    "rows": _get("/v1/balance-transactions"),
    "reports": _get("/v1/reports"),
    "webhooks": _get("/v1/webhook-endpoints"),
}
