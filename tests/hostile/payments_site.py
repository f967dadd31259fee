"""The payments door under attack: requests of an account, and what must hold after each of them."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.site import CLOSED, Site
from tests.support.network_client import Answer, WireRequest
from tests.support.patience import stretch

from parcela.dialects.payments.codes import CODES

APPROVED, PLAN_CARD = "4242424242424242", "5200828200000108"
RETURN_URL = "https://shop.example/done"
_REQUEST_ID = re.compile("req_[0-7][0-9A-HJKMNP-TV-Z]{25}")
_ERROR_MEMBERS = {
    "code",
    "decline_code",
    "details",
    "doc_url",
    "message",
    "param",
    "request_id",
    "resource",
    "type",
}
_LEAKS = re.compile(rb"Traceback|site-packages|\.py\b|/home/|asyncpg|postgres|SELECT |INSERT |PRIVATE KEY")
# Set-up, and what the server's own work writes at any time.
_LEFT_OUT = {"payments_agenda", "payments_key"}
_ALSO = ["card", "plan", "simulated_card_message"]

Json = dict[str, Any]


@dataclass
class PaymentsSite:
    """A server's payments door, with the keys of two accounts."""

    site: Site
    keys: dict[str, str] = field(repr=False)
    _tables: list[str] = field(default_factory=list)
    _stock: dict[str, str] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        """The key that attacks come with, unless they say otherwise."""
        return self.keys["secret_key"]

    def write(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        *,
        key: str | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> WireRequest:
        """A request with a key; `headers` go beside, or in the place of those that it would have."""
        pairs = [("Authorization", f"Bearer {key or self.secret}")]
        if body is not None:
            pairs.append(("Content-Type", "application/json"))
        given = {name.lower() for name, _ in headers or []}
        pairs = [pair for pair in pairs if pair[0].lower() not in given]
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return WireRequest(method, path, [*pairs, *(headers or [])], raw)

    def ask(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Answer:
        """A request that is well made."""
        return self.site.send(self.write(method, path, body, key=key))

    def make(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """What a request that must succeed has made."""
        answer = self.ask(method, path, body, key=key)
        assert answer.status in (200, 201), answer.raw
        made: Json = answer.body
        return made

    def stock(self, name: str) -> str:
        """The id of an object that attacks are made on; kept until something may have changed it."""
        if name not in self._stock:
            self._stock[name] = self._make_stock(name)
        return self._stock[name]

    def forget_stock(self) -> None:
        """Attack new objects from now on."""
        self._stock.clear()

    def digest(self) -> dict[str, str]:
        """For every table that this door writes to: how many rows, and of which transactions."""
        if not self._tables:
            found = self.site.fetch(
                "SELECT DISTINCT columns.table_name AS name FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name)"
                " WHERE table_schema = 'public' AND column_name = 'is_live' AND table_type = 'BASE TABLE'"
            )
            self._tables = sorted({row["name"] for row in found} - _LEFT_OUT) + _ALSO
        parts = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) AS digest"
            f" FROM {table}"
            for table in self._tables
        )
        # Letters are tried again and again meanwhile.
        parts += " UNION ALL SELECT 'letter', count(*)::text FROM letter"
        return {row["name"]: row["digest"] for row in self.site.fetch(parts)}

    def count_refusals(self) -> int:
        """How many refused keys the audit holds."""
        return self.site.count_refusals("payments")

    def _make_stock(self, name: str) -> str:
        installments = {"enabled": True, "count": 3}
        match name:
            case "method":
                return self.keep_card(APPROVED)
            case "plan method":
                return self.keep_card(PLAN_CARD)
            case "intent":
                return self.pay(confirm=False, installments=installments)
            case "held":
                return self.pay(paymentMethod=self.keep_card(), captureMethod="manual")
            case "paid":
                return self.pay(paymentMethod=self.keep_card())
            case "foreign payment":
                return self.pay(key=self.keys["other_secret_key"], currency="USD")
            case "refund":
                refund = {"payment": self.pay(paymentMethod=self.keep_card()), "amount": 100}
                return str(self.make("POST", "/v1/refunds", refund)["id"])
            case "endpoint":
                endpoint = {"url": "https://shop.example/hooks", "enabledEvents": ["refund.failed"]}
                return str(self.make("POST", "/v1/webhook-endpoints", endpoint)["id"])
            case "event":
                return str(self.make("GET", "/v1/events?limit=1")["data"][0]["id"])
            case "customer":
                return str(self.make("POST", "/v1/customers", {"name": "Ana"})["id"])
        raise AssertionError(name)

    def keep_card(self, number: str = APPROVED) -> str:
        """A new payment method."""
        card = {"number": number, "expMonth": 12, "expYear": 2039, "cvc": "123"}
        body = {"type": "card", "card": card}
        return str(self.make("POST", "/v1/payment-methods", body, key=self.keys["publishable_key"])["id"])

    def pay(self, *, key: str | None = None, **members: Any) -> str:
        """A new payment of 600.00."""
        body = {"amount": 60_000, "returnUrl": RETURN_URL, **members}
        return str(self.make("POST", "/v1/payments", body, key=key)["id"])


@dataclass
class PaymentsWatch:
    """What was true before an attack, to be compared with what is true after it."""

    payments: PaymentsSite
    secrets: list[str]
    answers: list[Answer] = field(default_factory=list)
    elapsed_s: float = 0.0
    changed: list[str] = field(default_factory=list)
    _audited: int = 0
    _log_offset: int = 0
    _before: dict[str, str] = field(default_factory=dict)
    _started_s: float = 0.0

    def start(self) -> None:
        """Note what is true now."""
        self._audited = self.payments.count_refusals()
        self._log_offset = self.payments.site.server.log_file.stat().st_size
        self._before = self.payments.digest()
        self._started_s = time.monotonic()

    def stop(self) -> None:
        """Note what the attack took, and which tables it changed."""
        self.elapsed_s = time.monotonic() - self._started_s
        after = self.payments.digest()
        self.changed = [name for name, digest in after.items() if digest != self._before[name]]

    def check(self, *, may_take_s: float = 2.0) -> None:
        """The standing rules."""
        assert self.elapsed_s <= stretch(may_take_s)
        for answer in self.answers:
            check_form(answer)
        told = b"".join(answer.raw for answer in self.answers).decode("latin-1")
        told += self.payments.site.server.read_log(self._log_offset)
        assert "Traceback" not in told
        assert [secret for secret in self.secrets if secret in told] == []
        refused = sum(is_refused_key(answer) for answer in self.answers)
        assert self.payments.count_refusals() == self._audited + refused
        good = self.payments.ask("POST", "/v1/payments", {"amount": 60_000, "returnUrl": RETURN_URL})
        assert (good.status, good.body["status"]) == (201, "pending"), good.raw


@contextmanager
def watch_payments(payments: PaymentsSite, *, secrets: list[str]) -> Iterator[PaymentsWatch]:
    """Watch an attack; `secrets` and the accounts' keys may appear in no answer and no log line."""
    watched = PaymentsWatch(payments, [*secrets, *list_keys(payments)])
    watched.start()
    yield watched
    watched.stop()


def list_keys(payments: PaymentsSite) -> list[str]:
    """The texts of the keys."""
    return [text for name, text in payments.keys.items() if name.endswith("_key")]


def read_code(answer: Answer) -> str | None:
    """The code of a refusal."""
    if not isinstance(answer.body, dict) or "error" not in answer.body:
        return None
    return str(answer.body["error"]["code"])


def is_refused_key(answer: Answer) -> bool:
    """Was a key shown that opens nothing?"""
    return read_code(answer) in (
        "invalid_api_key",
        "expired_api_key",
        "key_type_not_allowed",
        "ip_not_allowed",
    )


def check_form(answer: Answer) -> None:
    """No fault of the server's, nothing of its insides, and errors in the form of §13."""
    assert answer.status < 500, answer.raw
    assert not _LEAKS.search(answer.raw), answer.raw
    if answer is CLOSED or answer.status < 400:
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["content-type"] == "application/json", answer.raw
    assert list(answer.body) == ["error"]
    error = answer.body["error"]
    assert set(error) == _ERROR_MEMBERS
    assert (answer.status, error["type"]) == CODES[error["code"]]
    assert error["doc_url"] == f"/docs/errors#{error['code']}"
    assert error["request_id"] == headers["request-id"]
    assert _REQUEST_ID.fullmatch(error["request_id"])
    assert 1 <= len(error["message"]) <= 1000
    assert error["param"] is None or len(error["param"]) <= 100


def load_keys(site: Site) -> dict[str, str]:
    """The demo accounts' keys."""
    held = json.loads((site.server.home / "sandbox" / "credentials.json").read_text())
    keys: dict[str, str] = held["payments"]
    return keys
