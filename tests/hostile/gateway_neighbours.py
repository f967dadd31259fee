"""Rows of our own for the gateway door beside the published ones: fields, addresses, logins, NVP."""

from typing import Any

from tests.hostile.gateway_calls import CARD, PAN
from tests.hostile.gateway_row_forms import (
    ACCEPTANCE,
    AMOUNT,
    CODE,
    CURRENCY,
    NUMBER,
    OFFER,
    ROOT,
    UNSET_TOTAL,
)
from tests.hostile.gateway_row_forms import write_payment_row as _pay
from tests.hostile.gateway_row_forms import write_row as _row
from tests.hostile.rows import Row


def list_json_rows(rows: list[Row]) -> list[Row]:
    """The published rows of any door's JSON, on three operations of this one."""
    return [
        {**row, "id": f"{row['id']}-{base}", "input": {**row["input"], "base": f"gateway.{base}"}}
        for row in rows
        for base in ("pay", "poi", "session.update")
        # An inquiry with an empty body asks for everything the merchant has.
        if (row["id"], base) != ("J-001", "poi")
    ]


_AMOUNT_FORMS: dict[str, Any] = {
    "negative": "-1.00",
    "plus": "+1.00",
    "exponent": "1e2",
    "number-exponent": "<raw>1e2",
    "number-negative": "<raw>-1",
    "number-minus-zero": "<raw>-0.0",
    "number-tiny": "<raw>1e-400",
    "blank-after": "100.00 ",
    "newline": "100.00\n",
    "tab": "\t100.00",
    "no-break-space": "100.00\u00a0",
    "comma": "100,00",
    "grouped": "1,000.00",
    "underscore": "1_00.00",
    "no-digits-before": ".50",
    "no-digits-after": "5.",
    "two-dots": "1.0.0",
    "dot": ".",
    "hexadecimal": "0x64",
    "arabic-digits": "١٠٠",
    "superscript": "1²",
    "fraction": "½",
    "nan": "NaN",
    "infinity": "Infinity",
    "text": "one",
    "sql": "1;DROP TABLE plan",
    "15-digits": "9*15",
    "10000-digits": "9*10000",
    "false": False,
    "zero-number": "<raw>0",
    "zero-long": "0.00000000000",
}
AMOUNT_ROWS = [_pay(f"amount-{name}", {AMOUNT: value}, 400, AMOUNT) for name, value in _AMOUNT_FORMS.items()]
AMOUNT_ROWS += [
    _pay("amount-object", {AMOUNT: {"value": "1"}}, 400, f"{AMOUNT}.value"),
    _pay("amount-list", {AMOUNT: ["1.00"]}, 400, f"{AMOUNT}[0]"),
    _pay("amount-null", {AMOUNT: None}, 400, AMOUNT, validation="MISSING"),
    _pay("amount-empty", {AMOUNT: ""}, 400, AMOUNT, validation="MISSING"),
    _pay("amount-third-decimal", {AMOUNT: "1200.001"}, 400, AMOUNT),
    _pay("amount-yen-decimals", {AMOUNT: "12.00", CURRENCY: "JPY"}, 400, AMOUNT),
    _pay("amount-cent-beside-items", {AMOUNT: "1200.01"}, 400, AMOUNT),
    _pay("amount-nul", {AMOUNT: "1\0"}, 400),
    _pay("amount-number", {AMOUNT: "<raw>1200"}, 201, result="SUCCESS"),
    _pay("amount-number-zeros", {AMOUNT: "<raw>1200.00"}, 201, result="SUCCESS"),
    _pay("amount-leading-zeros", {AMOUNT: "000001200.00"}, 201, result="SUCCESS"),
    _pay(
        "amount-greatest",
        {AMOUNT: "99999999999.99"},
        201,
        result="SUCCESS",
        unset=UNSET_TOTAL,
    ),
]
_OTHER_AMOUNTS = (
    "order.netAmount",
    "order.itemAmount",
    "order.taxAmount",
    "order.shippingAndHandlingAmount",
    "order.gratuityAmount",
    "order.discount.amount",
    "order.item[0].unitPrice",
    "order.item[1].quantity",
    "order.item[0].unitTaxAmount",
    "order.item[0].unitDiscountAmount",
    "transaction.amount",
    "transaction.taxAmount",
)
AMOUNT_ROWS += [
    _pay(f"{path}-{name}", {path: _AMOUNT_FORMS[name]}, 400, path)
    for path in _OTHER_AMOUNTS
    for name in ("negative", "number-exponent", "arabic-digits", "15-digits", "nan")
]
AMOUNT_ROWS += [
    _row(f"{base}-{path}-{name}", base, 400, path, set={path: _AMOUNT_FORMS[name]})
    for base, path in (
        ("capture", "transaction.amount"),
        ("refund", "transaction.amount"),
        ("update_offer", AMOUNT),
        ("poi", AMOUNT),
        ("item", "item[0].unitPrice"),
        ("session.update", AMOUNT),
        ("plan_offers", AMOUNT),
    )
    for name in ("negative", "number-exponent", "superscript", "15-digits")
]
AMOUNT_ROWS += [
    _pay("quantity-zero", {"order.item[0].quantity": "0"}, 400, "order.item[0].quantity"),
    _pay("quantity-missing", {}, 400, "order.item[0].quantity", validation="MISSING")
    | {"input": {"base": "gateway.pay", "set": {"order.item[0].quantity": None}}},
    _pay("quantity-fraction", {"order.item[0].quantity": "0.5"}, 201, result="SUCCESS"),
    _pay(
        "price-missing", {"order.item[1].unitPrice": ""}, 400, "order.item[1].unitPrice", validation="MISSING"
    ),
    _pay("item-text", {"order.item": "x"}, 400, "order.item"),
    _pay("item-map", {"order.item": {"0": {"sku": "X"}}}, 400, "order.item"),
    _pay("item-of-texts", {"order.item": ["x"]}, 400, "order.item[0]"),
    _pay("item-nested", {"order.item": [[{"sku": "X"}]]}, 400, "order.item[0]"),
    _pay("items-1001", {"order.item": [{"quantity": "1", "unitPrice": "1.00"}] * 1001}, 400, "order.item"),
]

TEXT_ROWS = [
    _pay("currency-lower", {CURRENCY: "aud"}, 400, CURRENCY),
    _pay("currency-number", {CURRENCY: "036"}, 400, CURRENCY),
    _pay("currency-unknown", {CURRENCY: "ZZZ"}, 400, CURRENCY),
    _pay("currency-not-set-up", {CURRENCY: "CHF"}, 400, CURRENCY),
    _pay("currency-newline", {CURRENCY: "AUD\n"}, 400, CURRENCY),
    _pay("currency-wide", {CURRENCY: "ＡＵＤ"}, 400, CURRENCY),
    _pay("currency-list", {CURRENCY: ["AUD"]}, 400, f"{CURRENCY}[0]"),
    _pay("card-check-digit", {NUMBER: "5123450000000009"}, 400, NUMBER),
    _pay("card-blanks", {NUMBER: "5123 4500 0000 0008"}, 400, NUMBER),
    _pay("card-wide-digits", {NUMBER: "５１２３４５０００００００００８"}, 400, NUMBER),
    _pay("card-number", {NUMBER: f"<raw>{PAN}"}, 201, result="SUCCESS"),
    _pay("card-fraction", {NUMBER: f"<raw>{PAN}.0"}, 400, NUMBER),
    _pay("card-20-digits", {NUMBER: f"{PAN}0000"}, 400, NUMBER),
    _pay("card-8-digits", {NUMBER: "51234500"}, 400, NUMBER),
    _pay("card-newline", {NUMBER: f"{PAN}\n"}, 400, NUMBER),
    _pay("card-object", {NUMBER: {"a": PAN}}, 400, f"{NUMBER}.a"),
    _pay("card-missing", {NUMBER: ""}, 400, NUMBER, validation="MISSING"),
    _pay("code-2", {CODE: "12"}, 400, CODE, text="Value 'xxx' is invalid. Expected 3 or 4 digits"),
    _pay("code-letters", {CODE: "12a"}, 400, CODE),
    _pay("code-wide-digits", {CODE: "１２３"}, 400, CODE),
    _pay("month-13", {f"{CARD}.expiry.month": "13"}, 400, f"{CARD}.expiry.month"),
    _pay("month-0", {f"{CARD}.expiry.month": "00"}, 400, f"{CARD}.expiry.month"),
    _pay("year-4", {f"{CARD}.expiry.year": "2039"}, 400, f"{CARD}.expiry.year"),
    _pay("year-superscript", {f"{CARD}.expiry.year": "3²"}, 400, f"{CARD}.expiry.year"),
    _pay("type-token", {"sourceOfFunds.type": "SCHEME_TOKEN"}, 400, "sourceOfFunds.type"),
    _pay(
        "token",
        {"sourceOfFunds.token": "9000000000000001"},
        400,
        "sourceOfFunds.token",
        validation="UNSUPPORTED",
    ),
    _pay("unknown-field", {"order.x": 1}, 400, "order.x", text="Unexpected parameter 'order.x'"),
    _pay("unknown-top", {"admin": True}, 400, "admin"),
    _pay("unknown-deep", {"order": {"a": {"b": {"c": [1]}}}}, 400, "order.a.b.c[0]"),
    _pay("unknown-case", {"order.Amount": "1.00"}, 400, "order.Amount"),
    _pay("unknown-proto", {"__proto__": {"admin": True}}, 400, "__proto__.admin"),
    _pay("unknown-long-name", {"x" * 5000: "1"}, 400, "x" * 100),
    _pay("unknown-card-as-name", {PAN: "1"}, 400, "512345xxxxxx0008"),
    _pay("unknown-20000", {}, 400)
    | {
        "input": {
            "base": "gateway.pay",
            "raw": '{"apiOperation":"PAY",' + ",".join(f'"a{n}":1' for n in range(20_000)) + "}",
        }
    },
    _pay("unknown-without-name", {}, 400, text="Unexpected parameter '.'")
    | {"input": {"base": "gateway.pay", "raw": '{"apiOperation":"PAY","":{"":"1"}}'}},
    _pay("unknown-nothing-at-all", {}, 400, text="Unexpected parameter ''")
    | {"input": {"base": "gateway.pay", "raw": '{"apiOperation":"PAY","":"1"}'}},
    _pay(
        "open-with-names-of-amounts",
        {"customer": {"amount": "x", "unitPrice": ["y"], "quantity": "z", "taxAmount": True}},
        201,
        result="SUCCESS",
    ),
    _pay("unknown-dotted-name", {}, 400)
    | {"input": {"base": "gateway.pay", "raw": '{"apiOperation":"PAY","order.amount":"1.00"}'}},
    _pay("group-as-text", {"order": "x"}, 400, "order"),
    _pay("group-as-list", {"transaction": [{"reference": "x"}]}, 400, "transaction"),
    _pay("session-as-text", {"session": "SESSION0"}, 400, "session"),
    _pay("operation-lower", {"apiOperation": "pay"}, 400, "apiOperation"),
    _pay("operation-number", {"apiOperation": 1}, 400, "apiOperation"),
    _pay("operation-list", {"apiOperation": ["PAY"]}, 400, "apiOperation"),
    _pay("operation-null", {"apiOperation": None}, 400, "apiOperation", validation="MISSING"),
    _pay("operation-of-another-address", {"apiOperation": "CREATE_SESSION"}, 400, "apiOperation"),
    _pay("operation-not-served", {"apiOperation": "UPDATE_AUTHORIZATION"}, 400, "apiOperation"),
    _pay("operation-markup", {"apiOperation": "<script>"}, 400, "apiOperation"),
    _pay("merchant-other-in-body", {"merchant": "TESTPARCELA02"}, 400, "merchant"),
    _pay("order-other-in-body", {"order.id": "another"}, 400, "order.id"),
    _pay("transaction-other-in-body", {"transaction.id": "another"}, 400, "transaction.id"),
    _pay("reference-201", {"order.reference": "r*201"}, 400, "order.reference"),
    _pay("reference-number", {"order.reference": 12345}, 201, result="SUCCESS"),
    _pay("reference-nul", {"order.reference": "a\0b"}, 400),
    _pay("reference-true", {"order.reference": True}, 400, "order.reference"),
    _pay("description-markup", {"order.description": "<img src=x onerror=alert(1)>"}, 201, result="SUCCESS"),
    _pay("description-sql", {"order.description": "'; DROP TABLE merchant_order; --"}, 201, result="SUCCESS"),
    _pay("description-template", {"order.description": "{{7*7}}${7*7}%s%n%x{0}"}, 201, result="SUCCESS"),
    _pay("description-crlf", {"order.description": "a\r\nSet-Cookie: a=b"}, 201, result="SUCCESS"),
    _pay("description-bidi", {"order.description": "\u202eevil\u0007"}, 201, result="SUCCESS"),
    _pay("description-astral", {"order.description": "😀" * 1000}, 201, result="SUCCESS"),
    _pay("description-1001", {"order.description": "😀" * 1001}, 400, "order.description"),
    _pay("notification-inside", {"order.notificationUrl": "http://169.254.169.254/latest"}, 201),
    _pay("notification-file", {"order.notificationUrl": "file:///etc/passwd"}, 201),
    _pay("notification-long", {"order.notificationUrl": "h*2001"}, 400, "order.notificationUrl"),
    _pay("open-32-KiB", {"customer.a": "a*32767"}, 201, result="SUCCESS"),
    _pay("open-over", {"customer.a": "a*32768"}, 400, "customer"),
    _pay("open-huge-exponents", {"customer.a": ["<raw>1e999999"] * 2000}, 201, max_rss_mib=32),
    _pay("open-exponent-bomb", {"customer.a": "<raw>1e999999999999999999999"}, 400),
    _pay("open-40-digits", {"customer.a": "<raw>" + "9" * 40}, 201, result="SUCCESS"),
    _pay("open-41-digits", {"customer.a": "<raw>" + "9" * 41}, 400),
    _pay("open-deep", {}, 400)
    | {
        "input": {
            "base": "gateway.pay",
            "raw": '{"apiOperation":"PAY","customer":' + '{"a":' * 40 + "1" + "}" * 41,
        }
    },
    _pay("open-brackets-100000", {}, 400)
    | {"input": {"base": "gateway.pay", "raw": '{"customer":' + "[" * 100_000}},
    _pay("open-surrogate", {}, 400) | {"input": {"base": "gateway.pay", "raw": '{"customer":{"\\ud800":1}}'}},
    _pay("correlation-markup", {"correlationId": "<b>\r\nX: y"}, 201, result="SUCCESS"),
    _pay("correlation-object", {"correlationId": {"a": 1}}, 400, "correlationId.a"),
    _pay("item-sku-128", {"order.item[0].sku": "s*128"}, 400, "order.item[0].sku"),
    _pay("offer-id-61", {OFFER: "o*61"}, 400, OFFER),
    _pay("offer-id-sql", {OFFER: "' OR 1=1--"}, 400, OFFER),
    _pay("offer-id-astral", {OFFER: "😀"}, 400, OFFER),
    _pay("offer-ids-differ", {OFFER: "A", "paymentPlan.offerID": "B"}, 400, OFFER),
    _pay("offer-and-plan", {OFFER: "A", "paymentPlan.planId": "B"}, 400, "paymentPlan.planId"),
    _pay("plan-unknown", {"paymentPlan": {"planId": "X", "numberOfPayments": 3}}, 400, "paymentPlan.planId"),
    _pay(
        "plan-count-100",
        {"paymentPlan": {"planId": "X", "numberOfPayments": 100}},
        400,
        "paymentPlan.numberOfPayments",
    ),
    _pay("frequency-object", {"transaction.frequency": {}}, 201, result="SUCCESS"),
]

ADDRESS_ROWS = [
    *(
        _row(f"version-{name}", "pay", 404, version=version)
        for name, version in {
            "64": "64",
            "101": "101",
            "leading-zero": "0100",
            "plus": "+100",
            "negative": "-100",
            "fraction": "100.0",
            "wide-digits": "%EF%BC%91%EF%BC%90%EF%BC%90",
            "huge": "9" * 4000,
            "nul": "100%00",
            "blank": "%20100",
            "hexadecimal": "0x64",
            "letters": "latest",
        }.items()
    ),
    _row("version-65", "pay", 201, version="65", result="SUCCESS"),
    _row("order-41", "pay", 400, "order.id", order="o*41"),
    _row("order-40", "pay", 201, order="o*40", result="SUCCESS"),
    _row("order-control", "pay", 400, "order.id", order="a%0Ab"),
    _row("order-nul", "pay", 400, "order.id", order="a%00b"),
    _row("order-c1-control", "pay", 400, "order.id", order="a%C2%85b"),
    _row("order-overlong-utf-8", "pay", 404, order="a%C0%AFb"),
    _row("order-half-escape", "pay", 404, order="a%2"),
    _row("order-bad-escape", "pay", 404, order="a%zz"),
    _row("order-empty", "pay", 404, order=""),
    _row("order-slash", "pay", 201, order="s%2Fs", result="SUCCESS"),
    _row("order-backslash", "pay", 201, order="s%5C..%5Cs", result="SUCCESS"),
    _row("order-dots", "pay", 201, order="%2e%2e", result="SUCCESS"),
    _row("order-markup", "pay", 201, order="%3Cscript%3E%27%22", result="SUCCESS"),
    _row("order-quote-sql", "pay", 201, order="%27%20OR%201=1--", result="SUCCESS"),
    _row("order-astral-40", "pay", 201, order="%F0%9F%98%80" * 40, result="SUCCESS"),
    _row("order-astral-41", "pay", 400, "order.id", order="%F0%9F%98%80" * 41),
    _row("order-semicolon", "pay", 201, order="o;jsessionid=1", result="SUCCESS"),
    _row("order-double-escape", "pay", 201, order="o%252F..", result="SUCCESS"),
    _row("order-bidi", "pay", 201, order="%E2%80%AEo", result="SUCCESS"),
    _row("transaction-41", "pay", 400, "transaction.id", order="T41", transaction="t*41"),
    _row("transaction-control", "pay", 400, "transaction.id", order="T42", transaction="%7F"),
    _row("transaction-empty", "pay", 404, order="T43", transaction=""),
    _row("address-of-another-merchant", "pay", 401, merchant="other"),
    _row(
        "address-merchant-lower",
        "session.create",
        401,
        path=f"{ROOT}/merchant/testparcela01/session",
    ),
    _row("address-merchant-twice", "pay", 404, path=f"{ROOT}/merchant/A/merchant/B/session"),
    _row("address-slashes", "pay", 404, path="/api//rest/version/100/merchant/A/order/B/transaction/C"),
    _row("address-more", "pay", 404, path=f"{ROOT}/merchant/A/order/B/transaction/C/D"),
    _row("address-dots", "pay", 404, path=f"{ROOT}/merchant/../../information"),
    _row("address-browser-checkout", "pay", 404, path=f"{ROOT}/merchant/A/checkoutSession"),
    _row("method-post", "pay", 405, method="POST"),
    _row("method-delete", "pay", 405, method="DELETE"),
    _row("method-get-of-update", "update_offer", 405, method="GET"),
    _row("method-override", "order.get", 405, method="POST", headers={"X-HTTP-Method-Override": "GET"}),
    _row("get-with-body", "order.get", 200, raw="[]"),
    _row("get-with-broken-body", "order.get", 200, raw="{"),
    _row("get-with-query", "order.get", 400, "x", query="x=1"),
    _row("get-unknown-order", "order.get", 400, order="UNKNOWN")
    | {
        "input": {
            "base": "gateway.order.get",
            "path": f"{ROOT}/merchant/TESTPARCELA01/order/UNKNOWN%3Cb%3E",
        }
    },
    _row(
        "get-session-of-nobody",
        "session.get",
        400,
        "session.id",
        path=f"{ROOT}/merchant/TESTPARCELA01/session/SESSION000000000000000000000000",
        text="Form Session not found or expired",
    ),
    _row("request-id-injection", "pay", 201, headers={"X-Request-Id": "evil", "Correlation-Id": "evil"}),
    _row("forwarded", "pay", 201, headers={"X-Forwarded-For": "' OR 1=1", "Forwarded": "for=evil"}),
    _row("content-type-form", "pay", 201, headers={"Content-Type": "multipart/form-data; boundary=x"}),
    _row("content-type-utf-16", "pay", 201, headers={"Content-Type": "application/json; charset=utf-16"}),
    _row("body-of-256-KiB", "pay", 201, pad=262_144, result="SUCCESS"),
    _row("body-of-a-byte-more", "pay", 413, pad=262_145),
    _row("get-with-a-huge-body", "order.get", 413, raw=" *300000"),
    _row("get-order-of-another-merchant", "order.get", 400, shop="TESTPARCELA02"),
    _row("get-transaction-of-another-merchant", "transaction.get", 400, shop="TESTPARCELA02"),
    _row("content-type-xml", "pay", 201, headers={"Accept": "text/xml"}, result="SUCCESS"),
    _row("gzip-claimed", "pay", 201, headers={"Content-Encoding": "gzip"}, also=[400, 415])
    | {"expect": {"status": [201, 400, 415], "shape": "any"}},
]

_USER = "merchant.TESTPARCELA01"
AUTH_ROWS = [
    *(
        _row(f"login-{name}", "pay", 401, auth=[user, password], text="Invalid credentials.")
        for name, (user, password) in {
            "wrong-password": (_USER, "x"),
            "empty-password": (_USER, ""),
            "long-password": (_USER, "x*8000"),
            "password-nul": (_USER, "a\0b"),
            "password-astral": (_USER, "😀"),
            "no-prefix": ("TESTPARCELA01", "good"),
            "prefix-only": ("merchant.", "good"),
            "prefix-upper": ("MERCHANT.TESTPARCELA01", "good"),
            "prefix-twice": ("merchant.merchant.TESTPARCELA01", "good"),
            "user-lower": ("merchant.testparcela01", "good"),
            "user-blank": (f"{_USER} ", "good"),
            "user-nul": (f"{_USER}\0", "good"),
            "user-newline": (f"{_USER}\n", "good"),
            "user-sql": ("merchant.' OR '1'='1", "good"),
            "user-markup": ("merchant.<script>", "good"),
            "user-long": ("merchant.a*5000", "good"),
            "user-wide": ("ｍerchant.TESTPARCELA01", "good"),
            "user-empty": ("", "good"),
            "user-card": (f"merchant.{PAN}", "good"),
            "user-of-another-door": ("merchant.sandbox-partner", "good"),
            "other-merchant": ("merchant.TESTPARCELA02", "good"),
        }.items()
    ),
    *(
        _row(f"authorization-{name}", "pay", 401, authorization=values, text="Invalid credentials.")
        for name, values in {
            "none": [],
            "empty": [""],
            "scheme-only": ["Basic"],
            "bearer": ["Bearer abc"],
            "oauth": ["OAuth oauth_consumer_key=x"],
            "not-base64": ["Basic !!!"],
            "no-colon": ["Basic bWVyY2hhbnQ="],
            "not-utf-8": ["Basic //46/w=="],
            "twice": ["good", "good"],
            "good-and-bad": ["good", "Basic eA=="],
            "long": ["Basic " + "A" * 12_000],
        }.items()
    ),
    _row("authorization-scheme-lower", "pay", 201, authorization=["good in lower case"], result="SUCCESS"),
    _row("login-is-a-session", "session.pay", 401, auth=[_USER, "SESSION000000000000000000000000"]),
    _row("login-before-body", "pay", 401, auth=[_USER, "x"], raw="{"),
    _row("nvp-login-wrong", "nvp.pay", 401, set={"apiPassword": "x"}, text="Invalid credentials."),
    _row("nvp-login-twice", "nvp.pay", 401, raw_append="&apiPassword=x", text="Invalid credentials."),
    _row("nvp-login-user-twice", "nvp.pay", 401, raw_append=f"&apiUsername={_USER}"),
    _row("nvp-login-none", "nvp.pay", 401, unset=["apiUsername", "apiPassword"]),
    _row(
        "nvp-login-by-basic", "nvp.pay", 401, unset=["apiPassword"], headers={"Authorization": "Basic eDp5"}
    ),
]

NVP_ROWS = [
    _row("nvp-index-huge", "nvp.poi", 400, set={"order.item[99999999999999999999].sku": "X"}),
    _row("nvp-index-gap", "nvp.poi", 400, "order.item[7]", set={"order.item[7].sku": "X"}),
    _row("nvp-index-leading-zero", "nvp.poi", 400, "order.item[00].sku", set={"order.item[00].sku": "X"}),
    _row("nvp-index-empty", "nvp.poi", 400, "order.item[].sku", set={"order.item[].sku": "X"}),
    _row("nvp-index-letters", "nvp.poi", 400, "order.item[a].sku", set={"order.item[a].sku": "X"}),
    _row("nvp-index-wide-digits", "nvp.poi", 400, set={"order.item[１].sku": "X"}),
    _row("nvp-index-twice", "nvp.poi", 400, set={"order.item[0][1].sku": "X"}),
    _row("nvp-index-open", "nvp.poi", 400, set={"order.item[0.sku": "X"}),
    _row("nvp-value-and-group", "nvp.pay", 400, "order.amount.x", set={"order.amount.x": "1"}),
    _row("nvp-array-and-group", "nvp.poi", 400, "order.item.sku", set={"order.item.sku": "X"}),
    _row("nvp-array-and-value", "nvp.poi", 400, "order.item", set={"order.item": "X"}),
    _row("nvp-same-twice-escaped", "nvp.pay", 400, "order.amount", raw_append="&order%2Eamount=1.00"),
    _row("nvp-name-not-utf-8", "nvp.pay", 400, raw_append="&order.%FF=1"),
    _row("nvp-nul", "nvp.pay", 400, "order.reference", set={"order.reference": "a\0b"}),
    _row("nvp-name-empty", "nvp.pay", 400, raw_append="&=1"),
    _row("nvp-name-dots", "nvp.pay", 400, raw_append="&..=1"),
    _row("nvp-name-deep", "nvp.pay", 400, raw_append="&" + ".".join("a" * 40) + "=1"),
    _row("nvp-20001-parameters", "nvp.pay", 413, raw_append="&a=1 × 20001"),
    _row("nvp-20000-names", "nvp.pay", 400, raw_append="&" + "&".join(f"a{n}=1" for n in range(19_000))),
    _row("nvp-array-of-9000", "nvp.poi", 400, raw_append="&" + "&".join(f"b[{n}]=1" for n in range(9_000))),
    _row("nvp-ampersands", "nvp.pay", 413, raw_append="& × 200000"),
    _row("nvp-merchant-missing", "nvp.pay", 400, "merchant", validation="MISSING", unset=["merchant"]),
    _row("nvp-merchant-twice", "nvp.pay", 400, "merchant", raw_append="&merchant=TESTPARCELA02"),
    _row(
        "nvp-operation-missing", "nvp.pay", 400, "apiOperation", validation="MISSING", unset=["apiOperation"]
    ),
    _row("nvp-operation-unknown", "nvp.pay", 400, "apiOperation", set={"apiOperation": "STEAL"}),
    _row("nvp-order-missing", "nvp.pay", 400, "order.id", validation="MISSING", unset=["order.id"]),
    _row("nvp-order-control", "nvp.pay", 400, "order.id", set={"order.id": "a\nb"}),
    _row("nvp-order-41", "nvp.pay", 400, "order.id", set={"order.id": "o*41"}),
    _row("nvp-amount-negative", "nvp.pay", 400, AMOUNT, set={AMOUNT: "-1"}),
    _row("nvp-amount-plus-is-blank", "nvp.pay", 400, "order.taxAmount", raw_append="&order.taxAmount=+1"),
    _row("nvp-boolean-word", "nvp.update_offer", 400, ACCEPTANCE, set={ACCEPTANCE: "yes"}),
    _row("nvp-map-misprint", "nvp.update_offer", 400, set={"paymentPlanOffer{x}.payerAcceptance": "true"}),
    _row("nvp-json-body", "nvp.pay", 401, raw="{}"),
    _row("nvp-empty-body", "nvp.pay", 401, raw=""),
    _row("nvp-get", "nvp.pay", 405, method="GET"),
    _row("nvp-version-64", "nvp.pay", 404, version="64"),
    _row("nvp-version-none", "nvp.pay", 404, path="/api/nvp"),
    _row("nvp-query-ignored", "nvp.pay", 200, query="order.amount=1.00", result="SUCCESS"),
    _row("nvp-crlf-in-text", "nvp.pay", 200, set={"order.description": "a\r\nresult=SUCCESS&x=y"}),
    _row("nvp-huge-body", "nvp.pay", 413, raw_append="&order.custom=x × 20000"),
]


FORM_ROWS: list[Row] = [*AMOUNT_ROWS, *TEXT_ROWS, *ADDRESS_ROWS, *AUTH_ROWS, *NVP_ROWS]
