"""Bodies, headers, addresses and queries that are none."""

from collections.abc import Iterable, Iterator

from tests.hostile.payments_row_forms import write_row
from tests.hostile.rows import Row

JSON_FORMS: dict[str, str] = {
    "empty": "",
    "blank": "  \n",
    "null": "null",
    "array": "[]",
    "number": "1",
    "text": '"amount"',
    "two": "{}{}",
    "garbage-after": '{"amount":1}x',
    "twice": '{"amount":1,"amount":2}',
    "twice-escaped": '{"amount":1,"\\u0061mount":2}',
    "twice-inside": '{"metadata":{"a":"b","a":"c"}}',
    "bom": '\\xef\\xbb\\xbf{"amount":1}',
    "utf-16": "utf-16",
    "latin-1": '{"description":"\\xe9"}',
    "overlong": '{"description":"\\xc0\\x80"}',
    "surrogate-bytes": '{"description":"\\xed\\xa0\\x80"}',
    "comma-after": '{"amount":1,}',
    "single-quotes": "{'amount':1}",
    "comment": '{"amount":1/*x*/}',
    "unquoted": "{amount:1}",
    "control-character": '{"description":"a\nb"}',
    "not-closed": '{"amount":1',
    "deep-array": '{"a":' + "[" * 1000,
    "deep-object": '{"a":' * 1000 + "1" + "}" * 1000,
    "33-deep": '{"metadata":' + '{"a":' * 33 + "1" + "}" * 34,
    "form": "amount=1&currency=EUR",
    "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "million-brackets": "[*1000000",
    "million-names": '{"a":*150000',
}
MEDIA_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/json; charset=utf-16",
    "application/vnd.api+json",
    "*/*",
    "",
]
IDEMPOTENCY_KEYS = ["", " ", "\t", "x*256", "x*10000", "caf\u00e9", "a\u00a0b", "a\tb"]
VERSIONS = [
    "",
    "2026-04-02",
    "2026-13-01",
    "1",
    "latest",
    "2026-04-01, 2026-04-01",
    "x*5000",
    "2026\u20112026",
]


def list_frames() -> Iterator[Row]:
    for base in ("payment", "refund", "webhook", "method"):
        for name, text in JSON_FORMS.items():
            yield write_row(f"{base}-json-{name}", base, 400, "invalid_json", raw=text)
    for number, media_type in enumerate(MEDIA_TYPES):
        yield write_row(
            f"media-type-{number}",
            "payment",
            415,
            "unsupported_media_type",
            headers={"Content-Type": media_type},
        )
    for coding in ("gzip", "br", "identity, gzip", "x"):
        yield write_row(
            f"coding-{coding}", "payment", 415, "unsupported_media_type", headers={"Content-Encoding": coding}
        )
    yield write_row(
        "body-too-large", "payment", 413, "body_too_large", raw='{"description":"' + "x*1048576" + '"}'
    )
    for number, key in enumerate(IDEMPOTENCY_KEYS):
        yield write_row(f"idempotency-{number}", "payment", 400, "idempotency_key_invalid", idem=key)
    for number, version in enumerate(version for version in VERSIONS if version.isascii()):
        for name in ("Parcela-Version", "Vinr-Version"):
            yield write_row(
                f"version-{name}-{number}", "payment", 400, "version_invalid", headers={name: version}
            )
    logins = [
        "",
        "Bearer",
        "Bearer ",
        "Basic c2s6",
        "Bearer sk_test_",
        "Bearer sk_test_x y",
        "Bearer pk",
        "Bearer sk_live_x",
    ]
    for number, login in enumerate(logins):
        code = ["invalid_api_key", "missing_api_key"]
        yield write_row(f"login-{number}", "payment", 401, code, auth=login)
    for number, login in enumerate(["Bearer pk_test_1", "Bearer pk_live_1", "Bearer pk_test_"]):
        for base in ("payment", "list", "refund", "webhook.update"):
            yield write_row(f"{base}-browser-key-{number}", base, 401, "key_type_not_allowed", auth=login)
    yield write_row("method-unknown-browser-key", "method", 401, "invalid_api_key", auth="Bearer pk_test_1")


# ---------------------------------------------------------------- ids, lists

IDS: dict[str, str] = {
    "unknown": "pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA",
    "short": "pay_1",
    "no-prefix": "01K1B9Z6Q4T8V2X0M5R7S3W9YA",
    "other-prefix": "evt_01K1B9Z6Q4T8V2X0M5R7S3W9YA",
    "lower-case": "pay_01k1b9z6q4t8v2x0m5r7s3w9ya",
    "nul": "pay_%00",
    "slash": "pay_1%2Fcapture",
    "backslash": "pay_1%5C",
    "dots": "%2e%2e",
    "not-utf-8": "pay_%ff",
    "surrogate": "pay_%ed%a0%80",
    "percent": "pay_%25",
    "broken-percent": "pay_%zz",
    "sql": "pay_'%20OR%201=1--",
    "200": "pay_" + "A" * 196,
    "5000": "pay_" + "A" * 5000,
    "emoji": "%F0%9F%92%B3",
    "newline": "pay_1%0d%0aX:1",
}
ADDRESSES = [
    ("GET", "/v1/payments/ID"),
    ("POST", "/v1/payments/ID/confirm"),
    ("POST", "/v1/payments/ID/capture"),
    ("POST", "/v1/payments/ID/cancel"),
    ("GET", "/v1/payment-methods/ID"),
    ("GET", "/v1/customers/ID"),
    ("GET", "/v1/installments/plans/ID"),
    ("GET", "/v1/installments/plans/ID/evidence"),
    ("GET", "/v1/refunds/ID"),
    ("POST", "/v1/refunds/ID"),
    ("POST", "/v1/refunds/ID/cancel"),
    ("GET", "/v1/settlements/ID"),
    ("GET", "/v1/settlements/ID/transactions"),
    ("GET", "/v1/reports/ID"),
    ("GET", "/v1/reports/ID/content"),
    ("GET", "/v1/events/ID"),
    ("POST", "/v1/events/ID/resend"),
    ("GET", "/v1/webhook-endpoints/ID"),
    ("PATCH", "/v1/webhook-endpoints/ID"),
    ("DELETE", "/v1/webhook-endpoints/ID"),
    ("POST", "/v1/webhook-endpoints/ID/roll-secret"),
    ("GET", "/v1/webhook-endpoints/ID/deliveries"),
]
_BODIES = {
    "confirm": '{"paymentMethod":"pm_01K1B9Z6Q4T8V2X0M5R7S3W9YA"}',
    "refunds": '{"metadata":{}}',
}
LISTS = ["list", "refunds", "settlements", "rows", "reports", "events", "webhooks"]
PAGES: dict[str, tuple[int | list[int], str | list[str]]] = {
    "limit=0": (400, "parameter_invalid"),
    "limit=101": (400, "parameter_invalid"),
    "limit=-1": (400, "parameter_invalid"),
    "limit=": (400, "parameter_invalid"),
    "limit=1e1": (400, "parameter_invalid"),
    "limit=%D9%A1": (400, "parameter_invalid"),
    "limit=99999999999999999999": (400, "parameter_invalid"),
    "limit=1&limit=2": (400, "parameter_invalid"),
    "limit=%2B1": (400, "parameter_invalid"),
    "limits=1": (400, "parameter_unknown"),
    "page=2": (400, "parameter_unknown"),
    "starting_after=": (400, "parameter_invalid"),
    "starting_after=%00": (400, "parameter_invalid"),
    "starting_after=nothing": (400, "parameter_invalid"),
    "ending_before=A*65": (400, "parameter_invalid"),
    "starting_after=B's pay_": (400, "parameter_invalid"),
    "starting_after=a&ending_before=b": (400, "cursor_conflict"),
    "limit=%ff": (400, "parameter_invalid"),
    "limit=1;starting_after=x": (400, "parameter_invalid"),
}
FILTERS: dict[str, list[str]] = {
    "list": ["status=paid", "status=", "customer=", "created[gte]=x", "created[lt]=-1", "created[gte]=1e9",
             "created[lte]=1", "created[gte]=99999999999999", "created%5Bgte%5D=%00", "reference=%00",
             "reference=x*201", "issuerProgram=", "created=1", "status=pending&status=failed"],
    "refunds": ["status=done", "payment=", "reason=x"],
    "settlements": ["currency=EURO", "currency=", "created[gte]=2026-07-01", "status=x"],
    "rows": ["type=refunds", "source=", "settlement=A*65", "paymentMethodType=cash", "created[lt]=1.0"],
    "events": ["type=payment.done", "type=", "object=", "created[gte]=true"],
}  # fmt: skip


def list_places() -> Iterator[Row]:
    for method, path in ADDRESSES:
        resource = path.split("/")[2]
        text = (
            _BODIES.get(path.rpartition("/")[2])
            or (_BODIES.get(resource) if path.count("/") == 3 else None)
            or "{}"
        )
        body = {} if method in ("GET", "DELETE") else {"raw": text, "base": "psp.payment"}
        for name, given in IDS.items():
            yield write_row(
                f"id-{name}-{method}-{path[4:].replace('/', '-')}",
                "list",
                404,
                "resource_missing",
                method=method,
                path=path.replace("ID", given),
            ) | ({"given": body} if body else {})
    for base in LISTS:
        for query, (status, code) in PAGES.items():
            yield write_row(f"{base}?{query}", base, status, code, query=query)
    for base, queries in FILTERS.items():
        for query in queries:
            yield write_row(
                f"{base}?{query}",
                base,
                400,
                ["parameter_invalid", "parameter_unknown", "currency_invalid"],
                query=query,
            )
    for number, query in enumerate(
        [
            "",
            "payment=pay_1",
            "paymentMethod=pm_1",
            "payment=&paymentMethod=",
            "payment=pay_1&paymentMethod=pm_1&count=3",
        ]
    ):
        yield write_row(f"plans-{number}", "plans.bare", 400, query=query)
    yield write_row(
        "plans-of-nothing", "plans.bare", 404, "resource_missing", query="payment=pay_1&paymentMethod=pm_1"
    )


def list_json_rows(published: Iterable[Row]) -> list[Row]:
    """The published rows of any door's JSON, on operations of this one."""
    return [
        {**row, "id": f"{row['id']}-{base}", "input": {**row["input"], "base": f"psp.{base}"}}
        for row in published
        for base in ("payment", "refund", "method")
    ]
