"""Rows of our own for the payments door, of the same kinds as the published ones."""

from collections.abc import Iterator
from typing import Any

from tests.hostile.payments_addresses import list_addresses
from tests.hostile.payments_frames import list_frames, list_places
from tests.hostile.payments_row_forms import raw, write_row
from tests.hostile.rows import Row

LONE_SURROGATE = raw('"\\ud800"')

# ---------------------------------------------------------------- amounts

AMOUNT_FORMS: dict[str, Any] = {
    "zero": 0,
    "one-below": -1,
    "negative": -60_000,
    "minus-zero": raw("-0"),
    "exponent": raw("1e3"),
    "exponent-whole": raw("6E4"),
    "exponent-huge": raw("1e400"),
    "exponent-tiny": raw("1e-400"),
    "decimal": raw("60000.0"),
    "fraction": raw("0.5"),
    "over": 10**12,
    "huge": 10**18,
    "over-64-bits": 2**63,
    "40-digits": 10**39,
    "true": True,
    "false": False,
    "text": "60000",
    "text-of-other-digits": "\u0666\u0660\u0660\u0660\u0660",
    "text-hex": "0xEA60",
    "empty": "",
    "array": [60_000],
    "object": {"value": 60_000},
}
NUMBER_FAULTS = {
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "leading-zero": "060000",
    "plus": "+60000",
    "hex": "0xEA60",
    "underscore": "60_000",
    "no-whole-part": ".5",
    "41-digits": "1" * 41,
    "exponent-out-of-range": "1e99999999999999999999",
    "other-digits": "\u0666\u0660",
}


def list_amounts() -> Iterator[Row]:
    for base in ("payment", "capture", "refund", "preview"):
        for name, value in AMOUNT_FORMS.items():
            yield write_row(
                f"{base}-amount-{name}", base, 400, "amount_invalid", param="amount", set={"amount": value}
            )
        for name, text in NUMBER_FAULTS.items():
            yield write_row(f"{base}-amount-{name}", base, 400, "invalid_json", set={"amount": raw(text)})
    yield write_row(
        "payment-amount-null", "payment", 400, "parameter_missing", param="amount", set={"amount": None}
    )
    yield write_row("payment-amount-absent", "payment", 400, "parameter_missing", unset=["amount"])
    yield write_row("refund-amount-one-more", "refund", 422, "amount_too_large", set={"amount": 60_001})
    yield write_row(
        "preview-amount-most", "preview", 422, "amount_too_large", set={"amount": 999_999_999_999}
    )
    yield write_row("capture-one-more", "capture", 422, "capture_amount_too_large", set={"amount": 60_001})


# ---------------------------------------------------------------- currencies, installments

CURRENCY_FORMS: dict[str, Any] = {
    "unknown": "XXQ",
    "four-letters": "EURO",
    "two-letters": "EU",
    "sign": "\u20ac",
    "full-width": "\uff25\uff35\uff32",
    "dotless-i": "\u0131DR",
    "blank-after": "EUR ",
    "newline": "EUR\n",
    "number": 978,
    "digits": "978",
    "true": True,
    "array": ["EUR"],
    "object": {},
    "crypto": "BTC",
    "long": "E*10000",
}

INSTALLMENT_FORMS: dict[str, list[Any]] = {
    "enabled": ["true", 1, 0, "yes", [], {}],
    "count": [0, 1, 61, -3, 3.5, raw("3.0"), raw("1e1"), 10**20, "3", "", True, [], {}],
    "interval": ["week", "day", "year", "MONTH", "months", "", 1, True, [], {}],
    "firstPaymentDate": [
        "2026-02-30",
        "2027-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-8-1",
        "20260801",
        "2026-W31-1",
        "2026-08-01T00:00:00Z",
        " 2030-01-01",
        "2030-01-01\n",
        "\u0662\u0660\u0663\u0660-\u0660\u0661-\u0660\u0661",
        "0000-01-01",
        "10000-01-01",
        "-2026-01-01",
        "9999-12-31",
        "today",
        "",
        1_767_225_600,
        True,
        [],
        {},
    ],
    "program": ["all", "ISSUER", "issuer ", "", 1, True, ["issuer"], {}],
    "required": ["true", 1, [], {}],
}
_WISH_CODES = {"interval": "interval_unsupported"}


def list_wishes() -> Iterator[Row]:
    for name, value in CURRENCY_FORMS.items():
        yield write_row(
            f"currency-{name}", "payment", 400, "currency_invalid", param="currency", set={"currency": value}
        )
    for base in ("payment", "confirm"):
        for member, values in INSTALLMENT_FORMS.items():
            code = _WISH_CODES.get(member, "parameter_invalid")
            for number, value in enumerate(values):
                path = f"installments.{member}"
                yield write_row(f"{base}-{member}-{number}", base, 400, code, param=path, set={path: value})
        past = {"installments.firstPaymentDate": "1999-01-01"}
        yield write_row(f"{base}-date-past", base, 400, "first_payment_date_past", set=past)
        for number, value in enumerate([True, "yes", 3, [], [{"enabled": True}]]):
            yield write_row(
                f"{base}-installments-{number}",
                base,
                400,
                "parameter_invalid",
                param="installments",
                set={"installments": value},
            )
        for name, near in {"counts": "count", "Count": "count", "offerId": None, "amounts": None}.items():
            yield write_row(
                f"{base}-installments-unknown-{name}",
                base,
                400,
                "parameter_unknown",
                param=f"installments.{name}",
                set={f"installments.{name}": 3},
            ) | ({"near": near} if near else {})
        for member, value in {
            "count": 3,
            "interval": "month",
            "firstPaymentDate": "2999-01-01",
            "program": "any",
            "required": True,
        }.items():
            for enabled in ({}, {"enabled": False}):
                name = f"{base}-{member}-without-enabled-{len(enabled)}"
                given = {"installments": {**enabled, member: value}}
                yield write_row(name, base, 400, "installments_not_enabled", set=given)
    yield write_row(
        "create-with-offer", "payment", 400, "parameter_unknown", set={"installments.offer": "offer_1"}
    )


# ---------------------------------------------------------------- metadata, texts, members

METADATA_FORMS: dict[str, Any] = {
    "41-pairs": {f"name{number}": "x" for number in range(41)},
    "name-of-41": {"n" * 41: "x"},
    "empty-name": {"": "x"},
    "value-of-501": {"a": "x" * 501},
    "value-number": {"a": 1},
    "value-true": {"a": True},
    "value-null": {"a": None},
    "value-array": {"a": ["x"]},
    "value-object": {"a": {"b": "c"}},
    "array": [["a", "b"]],
    "text": "a=b",
    "number": 1,
    "true": True,
    "card-number-as-name": {"4242424242424242": "x"},
}
TEXTS: dict[str, list[str]] = {
    "payment": [
        "description",
        "reference",
        "locale",
        "customer",
        "paymentMethod",
        "billingDetails.name",
        "billingDetails.email",
        "billingDetails.phone",
        "billingDetails.address.line1",
        "billingDetails.address.city",
        "billingDetails.address.postalCode",
        "billingDetails.address.country",
    ],
    "customer": ["name", "email", "reference"],
    "webhook": ["description"],
    "confirm": ["paymentMethod", "termsAcceptance.termsId", "termsAcceptance.language"],
    "refund": ["reason", "preview", "payment"],
}
BAD_TEXTS: dict[str, tuple[Any, str]] = {
    "nul": ("a\0b", "invalid_json"),
    "surrogate": (LONE_SURROGATE, "invalid_json"),
    "low-surrogate": (raw('"\\udc00\\ud800"'), "invalid_json"),
    "number": (1, "parameter_invalid"),
    "true": (True, "parameter_invalid"),
    "array": (["x"], "parameter_invalid"),
    "object": ({"a": 1}, "parameter_invalid"),
    "long": ("x*1001", "parameter_invalid"),
}
UNKNOWN = {
    "payment": [
        "amounts",
        "Amount",
        "return_url",
        "installment",
        "confirmed",
        "livemode",
        "isAdmin",
        "__proto__",
        "",
    ],
    "confirm": ["amount", "currency", "payment_method", "offer"],
    "capture": ["amout", "currency"],
    "cancel": ["amount", "reasons"],
    "refund": ["status", "currency", "chargeId"],
    "preview": ["preview", "reason"],
    "refund.update": ["amount", "status"],
    "webhook": ["secret", "urls", "status"],
    "webhook.update": ["secret", "id"],
    "webhook.roll": ["secret", "hours"],
    "method": ["number", "cvc", "livemode"],
    "customer": ["id", "emails"],
    "report": ["intervals", "rows"],
    "clock": ["until", "at"],
    "resend": ["endpoints", "url"],
}


def list_members() -> Iterator[Row]:
    for base in ("payment", "refund.update", "customer", "refund"):
        for name, value in METADATA_FORMS.items():
            yield write_row(
                f"{base}-metadata-{name}", base, 400, "parameter_invalid", set={"metadata": value}
            )
    for base, members in TEXTS.items():
        for member in members:
            for name, (value, code) in BAD_TEXTS.items():
                yield write_row(f"{base}-{member}-{name}", base, 400, code, set={member: value})
    for base, names in UNKNOWN.items():
        for name in names:
            yield write_row(
                f"{base}-unknown-{name}",
                base,
                400,
                "parameter_unknown",
                set={name: "x"} if name else {},
                **({} if name else {"raw": '{"amount":1,"":1}'}),
            )
    for name, changes in {
        "right-to-left": {"description": "\u202etxt.exe\u202c", "reference": "\u05d0\u05d1"},
        "markup": {"description": "<script>alert(1)</script>", "metadata": {"<b>": "</script>"}},
        "formula": {"reference": "=1+1", "description": "@SUM(A1)"},
        "emoji": {"description": "\U0001f4b3" * 500},
        "lower-currency": {"currency": "eur"},
        "localhost": {"returnUrl": "http://localhost:3000/done"},
        "40-pairs": {"metadata": {f"n{number}": "v" * 500 for number in range(40)}},
        "most": {"amount": 999_999_999_999},
    }.items():
        yield write_row(f"payment-good-{name}", "payment", 201, set=changes)
    for base in ("capture", "cancel", "webhook.roll"):
        for number, value in enumerate(["[]", "null", '"x"', "1", "true", "{", "{}{}", "\\xff"]):
            yield write_row(f"{base}-body-{number}", base, 400, "invalid_json", raw=value)
    for member, values in {
        "captureMethod": ["auto", "MANUAL", 1, True, [], {}],
        "method": ["sepa", "", 1, []],
        "confirm": ["false", 0, [], {}],
        "expiresInMinutes": [29, 10_081, -1, "30", 30.5, True, 10**20],
        "authentication": ["redirect", True, [], {"mode": "popup"}, {"mode": 1}, {"url": "x"}],
        "billingDetails": ["Ana", [], 1, {"address": "x"}, {"name": 1}, {"names": "x"}],
        "billingDetails.email": [
            "x",
            "@",
            "a b@c",
            "a@b\n",
            "4242424242424242@shop.example",
            "a" * 260 + "@b",
        ],
        "billingDetails.address.country": ["D", "GERMANY", "1", "D\u00c9", 276],
        "locale": ["e", "en_US", "en-", "../../etc", "en\n", "x" * 36],
        "reference": ["4242424242424242", "order 4242 4242 4242 4242"],
        "customer": ["", "cust_" + "A" * 100],
    }.items():
        for number, value in enumerate(values):
            code = ["parameter_invalid", "parameter_unknown"]
            yield write_row(f"payment-{member}-{number}", "payment", 400, code, set={member: value})


# ---------------------------------------------------------------- cards, reports, clocks, webhooks

CARD_FORMS: dict[str, list[Any]] = {
    "number": ["4242424242424241", "", "4242 4242 4242 4242", "4242-4242-4242-4242", "424242424242",
               4242424242424242,
               "\u0664\u0662" * 8, "4" * 20, "4242424242424242\n", True, [], {}, None],
    "expMonth": [0, 13, -1, "12", 12.5, True, None, [], 10**20],
    "expYear": [1999, 2100, 39, "2039", True, None, {}, -2039],
    "cvc": ["12", "12345", "", 123, "12a", "\u0661\u0662\u0663", None, True, [], "123\n"],
}  # fmt: skip
CLOCK_STEPS: dict[str, Any] = {
    "nothing": {},
    "both": {"by": "P1D", "toNext": "event"},
    "empty": {"by": ""},
    "minus": {"by": "-P1D"},
    "inner-minus": {"by": "P-1D"},
    "words": {"by": "one month"},
    "no-p": {"by": "1D"},
    "only-p": {"by": "P"},
    "only-pt": {"by": "PT"},
    "fraction": {"by": "P0.5M"},
    "no-number": {"by": "PD"},
    "order": {"by": "P1D1M"},
    "huge": {"by": "P99999999999999999999Y"},
    "too-far": {"by": "P10000Y"},
    "too-many-days": {"by": "P9999999999D"},
    "too-many-hours": {"by": "PT999999999999999H"},
    "long": {"by": "P*41"},
    "other-digits": {"by": "P\u0661M"},
    "newline": {"by": "P1D\n"},
    "number": {"by": 3600},
    "to-text": {"to": "2030-01-01"},
    "to-decimal": {"to": 1.5},
    "to-huge": {"to": 10**18},
    "to-negative": {"to": -1},
    "to-true": {"to": True},
    "next-other": {"toNext": "payment"},
    "next-array": {"toNext": ["event"]},
}
REPORT_FORMS: dict[str, dict[str, Any]] = {
    "reversed": {"interval": {"start": "2026-08-01", "end": "2026-07-01"}},
    "empty-interval": {"interval": {"start": "2026-08-01", "end": "2026-08-01"}},
    "no-end": {"interval": {"start": "2026-08-01"}},
    "interval-null": {"interval": None},
    "interval-text": {"interval": "2026-07"},
    "bad-day": {"interval": {"start": "2026-02-30", "end": "2026-03-01"}},
    "first-day": {"interval": {"start": "0001-01-01", "end": "2026-03-01"}},
    "last-day": {"interval": {"start": "2026-01-01", "end": "9999-12-31"}},
    "unknown-column": {"columns": ["gross", "secret"]},
    "column-twice": {"columns": ["gross", "gross"]},
    "no-columns": {"columns": []},
    "many-columns": {"columns": ["gross"] * 30},
    "columns-text": {"columns": "gross"},
    "column-number": {"columns": [1]},
    "format": {"format": "pdf"},
    "format-number": {"format": 1},
    "type": {"type": "payouts"},
    "filter-text": {"filter": "card"},
    "filter-unknown": {"filter": {"status": "x"}},
    "filter-word": {"filter": {"payment_method_type": "cash"}},
    "filter-currency": {"filter": {"currency": "EURO"}},
}
EVENT_LISTS: list[Any] = [None, [], "*", [1], [None], ["payment.done"], ["*", "x"], ["*"] * 60, {}, True]


def list_others() -> Iterator[Row]:
    wrong = ["parameter_invalid", "parameter_missing", "parameter_unknown"]
    for member, values in CARD_FORMS.items():
        for number, value in enumerate(values):
            is_no_number = member == "number" and number in (0, 4)
            yield write_row(
                f"card-{member}-{number}",
                "method",
                [400, 422] if is_no_number else 400,
                [*wrong, "payment_method_unusable"],
                set={f"card.{member}": value},
            )
    for number, value in enumerate([None, "4242424242424242", [], 1, {}]):
        yield write_row(f"card-{number}", "method", 400, wrong, set={"card": value})
    for number, value in enumerate(["sepa", "", None, 1, ["card"]]):
        yield write_row(f"card-type-{number}", "method", 400, wrong, set={"type": value})
    yield write_row("card-and-token", "method", 400, wrong, set={"token": "pm_1"})
    yield write_row("card-from-server", "method.server", 403, "raw_pan_not_allowed")
    yield write_row(
        "card-from-server-with-token", "method.server", 403, "raw_pan_not_allowed", set={"token": "pm_1"}
    )
    yield write_row("token-unknown", "method.server", [404, 422], unset=["card"], set={"token": "pm_1"})
    yield write_row("customer-unknown", "method", [400, 404], set={"customer": "cust_1"})
    yield write_row("card-over", "method", [400, 422], set={"card.expMonth": 1, "card.expYear": 2020})
    for name, step in CLOCK_STEPS.items():
        yield write_row(f"clock-{name}", "clock", 400, wrong, set=step)
    yield write_row("clock-back", "clock", 422, "clock_backwards", set={"to": 1})
    for name, changes in REPORT_FORMS.items():
        yield write_row(f"report-{name}", "report", 400, [*wrong, "currency_invalid"], set=changes)
    for number, value in enumerate(EVENT_LISTS):
        yield write_row(f"webhook-events-{number}", "webhook", 400, wrong, set={"enabledEvents": value})
    yield write_row("webhook-events-twice", "webhook", 400, wrong, set={"enabled_events": ["*"]})
    for number, value in enumerate([-1, 169, "24", 1.5, True, []]):
        yield write_row(f"roll-{number}", "webhook.roll", 400, wrong, set={"overlapHours": value})
    for number, value in enumerate(["on", "", 1, True, "gone", []]):
        yield write_row(f"webhook-status-{number}", "webhook.update", 400, wrong, set={"status": value})
    for number, value in enumerate(["", 1, [], "we_" + "A" * 70]):
        yield write_row(f"resend-{number}", "resend", 400, wrong, set={"endpoint": value})
    yield write_row("resend-nowhere", "resend", 404, "resource_missing", set={"endpoint": "we_1"})
    for number, value in enumerate(["duplicated", "", 1, [], "expired"]):
        yield write_row(f"cancel-reason-{number}", "cancel", 400, wrong, set={"reason": value})
    for number, value in enumerate([None, "", 1, [], "A*65"]):
        yield write_row(f"refund-payment-{number}", "refund", 400, wrong, set={"payment": value})
    yield write_row("refund-of-nothing", "refund", 404, "resource_missing", set={"payment": "pay_1"})
    yield write_row("refund-preview-unknown", "refund", [404, 422], set={"preview": "rpv_1"})
    yield write_row("confirm-card-unknown", "confirm", [404, 422], set={"paymentMethod": "pm_1"})
    yield write_row("confirm-offer-unknown", "confirm", [404, 422], set={"installments.offer": "offer_1"})
    for number, value in enumerate(["yes", [], {}, {"termsId": "a"}, {**_terms(), "acceptedAt": "now"}]):
        yield write_row(f"terms-{number}", "confirm", 400, wrong, set={"termsAcceptance": value})


def _terms() -> dict[str, Any]:
    return {"termsId": "a", "version": "1", "language": "en", "acceptedAt": 1}


NEIGHBOURS: list[Row] = [
    {**row, "input": {**row["input"], **row.pop("given", {})}}
    for rows in (
        list_amounts(),
        list_wishes(),
        list_addresses(),
        list_members(),
        list_frames(),
        list_places(),
        list_others(),
    )
    for row in rows
]
