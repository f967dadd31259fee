"""Rows of our own beside the published ones: other members, other values, the same classes of attack."""

from typing import Any

Row = dict[str, Any]

PAN = "sensitiveData.consumer.primaryAccountNumber"
PARAMETER, BODY = "invalid.request.parameter", "invalid.request.body.parameter"


def _expect(status: int, *codes: str, **more: Any) -> dict[str, Any]:
    expect: dict[str, Any] = {"status": [status], "shape": "mc_errors", **more}
    if codes:
        expect["code_any"] = list(codes)
    if status >= 400:
        expect["state"] = "unchanged"
    return expect


def _offers(name: str, set_: dict[str, Any], status: int, *codes: str) -> Row:
    given = {"base": "network.offers", "set": set_}
    return {"id": f"offers-{name}", "target": "network:POST /offers", "input": given} | {
        "expect": _expect(status, *codes)
    }


def _plans(name: str, set_: dict[str, Any], status: int = 400, *codes: str) -> Row:
    given = {"base": "network.plans", "set": set_}
    return {"id": f"plans-{name}", "target": "network:POST /plans", "input": given} | {
        "expect": _expect(status, *(codes or (PARAMETER,)))
    }


def _lists(name: str, given: dict[str, Any], status: int, *codes: str) -> Row:
    target = "network:POST /consumers/pans/registrations"
    return {"id": f"lists-{name}", "target": target, "input": {"base": "network.pans.register", **given}} | {
        "expect": _expect(status, *codes)
    }


def _token(name: str, jwe: dict[str, Any], *, group: str = "jwe-fail") -> Row:
    given = {"base": "network.offers", "jwe": jwe}
    return {"id": f"token-{name}", "target": "network:POST /offers", "input": given} | {
        "expect": _expect(400, PARAMETER, oracle_group=group)
    }


def _auth(name: str, auth: dict[str, Any], status: int, *codes: str, **more: Any) -> Row:
    given = {"base": "network.offers", "auth": auth}
    return {"id": f"auth-{name}", "target": "network:POST /offers", "input": given} | {
        "expect": _expect(status, *codes, **more)
    }


def _json(name: str, raw: str, status: int = 400, code: str = BODY) -> Row:
    return {"id": f"json-{name}", "target": "any:JSON body", "input": {"raw": raw}} | {
        "expect": _expect(status, code)
    }


_CARD = "consumer.primaryAccountNumber"
_AMOUNT, _CURRENCY = "transaction.amount", "transaction.currency"
_TIME = "transaction.localDateTime"

OFFER_ROWS = [
    _offers("pan-null", {PAN: None}, 400, _CARD),
    _offers("pan-spaces", {PAN: "5110 9210 3206 3789"}, 400, _CARD),
    _offers("pan-arabic-digits", {PAN: "٥١١٠٩٢١٠٣٢٠٦٣٧٨٩"}, 400, _CARD),
    _offers("pan-superscript", {PAN: "511092103206378²"}, 400, _CARD),
    _offers("pan-25-digits", {PAN: "5" * 25}, 400, _CARD),
    _offers("pan-negative", {PAN: "<raw>-5110921032063789"}, 400, _CARD),
    _offers("pan-fraction", {PAN: "<raw>5110921032063789.0"}, 400, _CARD),
    _offers("pan-object", {PAN: {"a": 1}}, 400, _CARD, BODY),
    _offers("pan-list", {PAN: ["5110921032063789"]}, 400, _CARD, BODY),
    _offers("pan-long-number", {PAN: "<raw>" + "5" * 41}, 400, PARAMETER),
    _offers("consumer-text", {"sensitiveData.consumer": "5110921032063789"}, 400, _CARD, BODY),
    _offers("consumer-null", {"sensitiveData.consumer": None}, 400, _CARD),
    _offers("amount-negative", {_AMOUNT: -0.01}, 400, _AMOUNT),
    _offers("amount-minus-zero", {_AMOUNT: "<raw>-0"}, 400, _AMOUNT),
    _offers("amount-tiny", {_AMOUNT: "<raw>1e-400"}, 400, _AMOUNT, BODY),
    _offers("amount-exponent-bomb", {_AMOUNT: "<raw>1e1000000000"}, 400, _AMOUNT, BODY),
    _offers("amount-exponent-9999", {_AMOUNT: "<raw>1e9999"}, 400, _AMOUNT, BODY),
    _offers("amount-many-decimals", {_AMOUNT: "<raw>400.0000000000000000000000000000001"}, 400, _AMOUNT),
    _offers("amount-third-decimal", {_AMOUNT: "400.005"}, 400, _AMOUNT),
    _offers("amount-comma", {_AMOUNT: "400,00"}, 400, _AMOUNT),
    _offers("amount-underscore", {_AMOUNT: "4_00"}, 400, _AMOUNT),
    _offers("amount-spaces", {_AMOUNT: " 400 "}, 400, _AMOUNT),
    _offers("amount-newline", {_AMOUNT: "400\n"}, 400, _AMOUNT),
    _offers("amount-wide-digits", {_AMOUNT: "４００"}, 400, _AMOUNT),
    _offers("amount-nan-text", {_AMOUNT: "NaN"}, 400, _AMOUNT),
    _offers("amount-bool", {_AMOUNT: True}, 400, _AMOUNT),
    _offers("amount-object", {_AMOUNT: {}}, 400, _AMOUNT, BODY),
    _offers(
        "amount-jpy-decimals", {_AMOUNT: 400.5, _CURRENCY: "JPY", "merchant.country": "JPN"}, 400, _AMOUNT
    ),
    _offers("amount-trailing-zeros", {_AMOUNT: "<raw>400.00000"}, 200),
    _offers("currency-lower", {_CURRENCY: "usd"}, 400, PARAMETER),
    _offers("currency-number", {_CURRENCY: "840"}, 400, PARAMETER),
    _offers("currency-test", {_CURRENCY: "XTS"}, 400, PARAMETER),
    _offers("currency-newline", {_CURRENCY: "USD\n"}, 400, _CURRENCY),
    _offers("currency-null", {_CURRENCY: None}, 400, _CURRENCY),
    _offers("currency-sql", {_CURRENCY: "';--"}, 400, _CURRENCY),
    _offers("time-empty", {_TIME: ""}, 400, PARAMETER),
    _offers("time-number", {_TIME: 1698278400}, 400, PARAMETER),
    _offers("time-date", {_TIME: "2023-10-26"}, 400, PARAMETER),
    _offers("time-week", {_TIME: "2023-W43-4T00:00:00Z"}, 400, PARAMETER),
    _offers("time-30-february", {_TIME: "2023-02-30T00:00:00Z"}, 400, PARAMETER),
    _offers("time-year-0", {_TIME: "0000-01-01T00:00:00Z"}, 400, PARAMETER),
    _offers("time-24-hours", {_TIME: "2023-10-26T24:00:00Z"}, 400, PARAMETER),
    _offers("time-year-1", {_TIME: "0001-01-01T00:00:00+14:00"}, 400, PARAMETER),
    _offers("time-year-9999", {_TIME: "9999-12-31T23:59:59-12:00"}, 400, PARAMETER),
    _offers("time-last-day", {_TIME: "9999-12-31T00:00:00Z"}, 200),
    _offers("time-newline", {_TIME: "2023-10-26T00:00:00Z\n"}, 400, PARAMETER),
    _offers("time-wide-digits", {_TIME: "２０２３-10-26T00:00:00Z"}, 400, PARAMETER),
    _offers("mcc-newline", {"merchant.mcc": "1711\n"}, 400, "merchant.mcc"),
    _offers("mcc-wide-digits", {"merchant.mcc": "１７１１"}, 400, "merchant.mcc"),
    _offers("mcc-negative", {"merchant.mcc": -171}, 400, BODY),
    _offers("country-lower", {"merchant.country": "usa"}, 400, PARAMETER),
    _offers("country-2", {"merchant.country": "US"}, 400, "merchant.country"),
    _offers("name-empty", {"merchant.name": ""}, 400, "merchant.name"),
    _offers("name-nul", {"merchant.name": "a\0b"}, 400, BODY),
    _offers("name-sql", {"merchant.name": "'; DROP TABLE plan; --"}, 200),
    _offers("name-template", {"merchant.name": "{{7*7}}${7*7}%s%n"}, 200),
    _offers("name-bidi", {"merchant.name": "\u202eevil"}, 200),
    _offers("name-100-astral", {"merchant.name": "😀" * 100}, 200),
    _offers("name-101", {"merchant.name": "n*101"}, 400, "merchant.name"),
    _offers("url-script", {"merchant.url": "javascript:alert(1)"}, 200),
    _offers("acquirer-7", {"merchant.acquirerId": "1234567"}, 400, "merchant.acquirerId"),
    _offers("merchant-array", {"merchant": []}, 400, BODY),
    _offers("transaction-text", {"transaction": "x"}, 400, BODY),
    _offers("proto", {"__proto__": {"admin": True}, "constructor": 1}, 200),
]

_INFORMATION = "planInstallmentInformation"
PLAN_ROWS = [
    _plans("first-cent", {f"{_INFORMATION}.firstInstallmentAmount": "offer+0.01"}),
    _plans("total-cent", {f"{_INFORMATION}.totalAmount": "offer-0.01"}),
    _plans("total-half", {f"{_INFORMATION}.totalAmount": "/2"}),
    _plans("other-double", {f"{_INFORMATION}.otherInstallmentAmount": "*2"}),
    _plans("apr", {f"{_INFORMATION}.apr": "offer+0.01"}),
    _plans("apr-negative", {f"{_INFORMATION}.apr": -1}),
    _plans("fee", {f"{_INFORMATION}.feeValue": "offer+1"}),
    _plans("tenure-float", {f"{_INFORMATION}.tenure": 6.5}),
    _plans("tenure-100", {f"{_INFORMATION}.tenure": 100}),
    _plans("tenure-huge", {f"{_INFORMATION}.tenure": "<raw>1e300"}),
    _plans("tenure-bool", {f"{_INFORMATION}.tenure": True}),
    _plans("frequency-lower", {f"{_INFORMATION}.frequency": "biweekly"}),
    _plans("amount", {"transaction.amount": "offer+0.01"}),
    _plans("amount-nan", {"transaction.amount": "<raw>NaN"}, 400, BODY),
    _plans("amount-1e400", {"transaction.amount": "<raw>1e400"}),
    _plans("date-day", {"transaction.localDateTime": "2023-10-27T00:00:00Z"}),
    _plans("row-date-back", {"schedulePayments[5].dueDate": "-1 day"}),
    _plans("row-amount", {"schedulePayments[3].installmentAmount": "offer+0.01"}),
    _plans("row-missing", {"schedulePayments": "without_last"}),
    _plans("rows-swapped", {"schedulePayments": "swapped_numbers"}),
    _plans("rows-none", {"schedulePayments": "no_rows"}),
    _plans("rows-100", {"schedulePayments": "100 rows"}),
    _plans("rows-text", {"schedulePayments": "x"}),
    _plans("row-null", {"schedulePayments[0]": None}),
    _plans("row-number-text", {"schedulePayments[0].installmentNumber": "one"}),
    _plans("row-number-huge", {"schedulePayments[0].installmentNumber": "<raw>1e300"}),
    _plans("row-date-wide-digits", {"schedulePayments[0].dueDate": "２023-10-26"}),
    _plans("offer-foreign", {"offerId": "71392364"}),
    _plans("offers-51", {"transactionOffers": [{"offerId": "21345693"}] * 51}),
    _plans("offers-null", {"transactionOffers": [None]}),
    _plans("id-guess", {"offerTransactionId": "1763137029152964608"}),
    _plans("id-2-64", {"offerTransactionId": "18446744073709551616"}),
    _plans("id-wide-digits", {"offerTransactionId": "１763137029152964608"}),
    _plans("id-sql", {"offerTransactionId": "1 OR 1=1--"}),
    _plans("provider-braces", {"providerId": "{9694e7a-b4a8-11ec-b909-0242ac120002}"}),
    _plans("stan-wide-digits", {"transaction.stan": "１２３"}),
    _plans("stan-newline", {"transaction.stan": "12345\n"}),
    _plans("rrn-negative", {"transaction.rrn": "<raw>-12345678901"}),
    _plans("code-exponent", {"transaction.authorizationCode": "<raw>1234e2"}),
    _plans("link-object", {"transaction.transactionLinkId": {}}),
    _plans("type-lower", {"transaction.amountType": "purchase"}),
    _plans("type-array", {"transaction.amountType": ["PURCHASE"]}),
    _plans("type-final", {"transaction.amountType": "FINAL"}, 201),
    _plans("pan-token-unknown", {PAN: "2303779900000026"}),
    _plans("pan-bool", {PAN: True}),
]

LIST_ROWS = [
    _lists("name-newline", {"set": {"panListName": "name\n"}}, 200),
    _lists("name-65", {"set": {"panListName": "n*65"}}, 400, "invalid.data: panListName"),
    _lists("name-accent", {"set": {"panListName": "Noël"}}, 400, "invalid.data: panListName"),
    _lists("name-number", {"set": {"panListName": 135}}, 400, "invalid.data: panListName"),
    _lists(
        "pans-empty",
        {"set": {"sensitiveData.pans": []}},
        400,
        "invalid.data: sensitiveData.pans",
        "invalid.data: Either encryptedValue or Account Range",
    ),
    _lists("pans-text", {"set": {"sensitiveData.pans": "x"}}, 400, BODY),
    _lists("pan-object", {"set": {"sensitiveData.pans": [{"pan": {}}]}}, 400, BODY),
    _lists("pan-null", {"set": {"sensitiveData.pans": [{"pan": None}]}}, 200),
    _lists("pan-script", {"set": {"sensitiveData.pans": [{"pan": "<script>"}]}}, 200),
    _lists("pan-1000", {"set": {"sensitiveData.pans": [{"pan": "1*1000"}]}}, 200),
    _lists("id-short", {"set": {"panListId": "1"}}, 400, "invalid.data: panListId"),
    _lists("id-number", {"set": {"panListId": 289152609766342651}}, 400, "invalid.data: panListId"),
    _lists("id-unknown", {"set": {"panListId": "999999999999999999"}}, 400, PARAMETER),
    _lists("range-text", {"set": {"accountRange": "x"}}, 400, BODY),
    _lists(
        "range-foreign",
        {
            "set": {
                "accountRange": {
                    "accountRangeLow": "4000000000000000000",
                    "accountRangeHigh": "4999999999999999999",
                }
            }
        },
        400,
        "invalid.accountRange",
    ),
    _lists(
        "range-wide-digits",
        {
            "set": {
                "accountRange": {
                    "accountRangeLow": "２303770003300000000",
                    "accountRangeHigh": "2303770003399999999",
                }
            }
        },
        400,
        "invalid.data: accountRange.accountRangeLow",
    ),
]

TOKEN_ROWS = [
    *(
        _token(f"tamper-{how}", {"tamper": how})
        for how in (
            "iv0",
            "iv13",
            "iv64",
            "cek_len24",
            "tag_zero",
            "tag_short",
            "tag_empty",
            "wrapped_empty",
            "wrapped_zero",
            "wrapped_short",
            "wrapped_long",
            "flip_header",
            "flip_key",
            "flip_iv",
            "flip_text",
            "flip_tag",
            "empty_text",
            "not_base64",
            "header_not_json",
            "header_array",
            "header_twice",
            "spaces",
        )
    ),
    *(
        _token(f"alg-{alg}", {"header": {"alg": alg}})
        for alg in ("RSA1_5", "dir", "A256KW", "PBES2-HS256+A128KW", "RSA-OAEP-512", "rsa-oaep-256", "", 1)
    ),
    *(
        _token(f"enc-{enc}", {"header": {"enc": enc}})
        for enc in ("A128GCM", "A256CBC-HS512", "a256gcm", None, ["A256GCM"])
    ),
    _token("crit-empty", {"header": {"crit": []}}),
    _token("jwk", {"header": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}),
    _token("x5u", {"header": {"x5u": "http://127.0.0.1:9/x"}}),
    _token("cty-nested", {"header": {"cty": "JWE"}}),
    _token("kid-number", {"header": {"kid": 1}}),
    _token("kid-object", {"header": {"kid": {"$ne": ""}}}),
    _token("kid-path", {"header": {"kid": "../../keys/kek.json"}}, group="unknown-kid"),
    _token("kid-none-with-two-keys", {"header": {"kid": None}}, group="unknown-kid"),
    _token("kid-stranger", {"key": "stranger"}, group="unknown-kid"),
    _token("payload-empty", {"payload": ""}),
    _token("payload-text", {"payload": '"x"'}),
    _token("payload-null", {"payload": "null"}),
    _token("payload-duplicate", {"payload": '{"consumer":1,"consumer":{}}'}),
    _token("payload-bom", {"payload": "\ufeff{}"}),
    _token("token-dots", {"token": "." * 10_000}),
    _token("token-long", {"token": "A" * 60_000}),
    _token("token-non-ascii", {"token": "é.é.é.é.é"}),
    _token("token-number", {"token": 1}),
    _token("token-true", {"token": True}),
    _token("token-list", {"token": ["a.b.c.d.e"]}),
]

_HEADER, _SBS, _FAILED = "INVALID_AUTH_HEADER", "INVALID_OAUTH_SBS", "AUTHENTICATION_FAILED"
AUTH_ROWS = [
    *(
        _auth(f"omit-{name}", {"omit": f"oauth_{name}"}, 400, _SBS)
        for name in ("nonce", "signature_method", "version")
    ),
    *(
        _auth(f"header-{name}", {"header": text}, 400, _HEADER)
        for name, text in {
            "empty": "",
            "scheme": "OAuth",
            "basic": "Basic YTpi",
            "comma": "OAuth ,",
            "unquoted": "OAuth oauth_nonce=a",
            "open": 'OAuth oauth_nonce="a',
            "latin": 'OAuth oauth_nonce="\xe9"',
            "many": "OAuth " + 'a="b",' * 500,
        }.items()
    ),
    *(
        _auth(f"hash-{how}", {"body_hash": how}, 400, "INVALID_BODY_HASH")
        for how in ("sha256_b64url", "sha256_hex", "sha1_b64", "empty_body")
    ),
    _auth("hash-empty", {"body_hash": "empty"}, 400, "INVALID_BODY_HASH", _HEADER, _SBS),
    _auth("hash-escaped", {"body_hash": "escaped"}, 200),
    *(
        _auth(f"timestamp-{stamp}", {"timestamp": stamp}, 400, _HEADER)
        for stamp in ("", "1.5", "1e9", "0x5", " 1", "%D9%A3", "9" * 13, "now", "+5")
    ),
    _auth("timestamp-late", {"timestamp": "now-301"}, 401, "INVALID_TIMESTAMP"),
    _auth("timestamp-early", {"timestamp": "now+305"}, 401, "INVALID_TIMESTAMP"),
    _auth("timestamp-zero", {"timestamp": "0"}, 401, "INVALID_TIMESTAMP"),
    _auth("timestamp-12-digits", {"timestamp": "9" * 12}, 401, "INVALID_TIMESTAMP"),
    _auth("timestamp-inside", {"timestamp": "now-290"}, 200),
    *(
        _auth(f"nonce-{name}", {"nonce": value}, 400, _HEADER)
        for name, value in {"7": "len7", "65": "len65", "accent": "%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9"}.items()
    ),
    _auth("nonce-8", {"nonce": "len8"}, 200),
    _auth("nonce-64", {"nonce": "len64"}, 200),
    _auth("nonce-sql", {"nonce": "%27%3BDROP%20TABLE"}, 200),
    *(
        _auth(f"version-{v}", {"members": {"oauth_version": v}}, 400, _HEADER)
        for v in ("", "1", "2.0", "1.0a")
    ),
    *(
        _auth(f"method-{m}", {"method": m}, 400, _HEADER)
        for m in ("", "PLAINTEXT", "HMAC-SHA256", "rsa-sha256", "RSA-SHA512", "none")
    ),
    _auth("method-pss", {"method": "RSA-PSS"}, 200),
    *(
        _auth(f"signature-{name}", {"signature": text}, 403, _FAILED)
        for name, text in {
            "zero": "AAAA",
            "junk": "!!!!",
            "long": "A" * 4000,
            "padded": "====",
            "nul": "%00",
        }.items()
    ),
    _auth("signature-http-method", {"sign_method": "GET"}, 403, _FAILED),
    _auth("signature-other-query", {"sign_url": "/offers?a=b"}, 403, _FAILED),
    _auth("key-stranger", {"key": "stranger"}, 403, _FAILED),
    _auth("key-of-another-client", {"key": "issuer"}, 403, _FAILED),
    *(
        _auth(f"consumer-{name}", {"members": {"oauth_consumer_key": text}}, status, code)
        for name, text, status, code in (
            ("unknown", "a!b", 403, _FAILED),
            ("no-key", "parcela-sandbox-partner", 403, _FAILED),
            ("empty", "", 400, _HEADER),
            ("long", "a!" + "b" * 200, 400, _HEADER),
            ("sql", "a%27%20OR%201=1!b", 403, _FAILED),
            ("path", "..%2F..%2Fkek!x", 403, _FAILED),
            ("nul", "a%00!b", 400, _HEADER),
            ("accent", "%C3%A9!b", 400, _HEADER),
        )
    ),
    _auth("duplicate-signature", {"duplicate": "oauth_signature"}, 400, _HEADER),
    _auth("duplicate-key", {"duplicate": "oauth_consumer_key"}, 400, _HEADER),
    _auth("unknown-member", {"members": {"oauth_token": ""}}, 200),
    _auth("two-good-headers", {"duplicate_header": "good,good"}, 400, _HEADER),
    _auth("replay-3", {"replay": 3}, 401, "INVALID_NONCE", expect_sequence=[200, 401, 401, 401]),
    _auth("header-15-kib", {"header": 'OAuth x="A*15000"'}, 400, _SBS),
    _auth("header-17-kib", {"header": 'OAuth x="A*17000"'}, 413, "REQUEST_TOO_LARGE"),
]

JSON_ROWS = [
    _json("array", "[]"),
    _json("text", '"x"'),
    _json("null", "null"),
    _json("number", "1"),
    _json("comment", "{/* */}"),
    _json("trailing-comma", '{"a":1,}'),
    _json("single-quotes", "{'a':1}"),
    _json("deep", "[*30000"),
    _json("deep-object", '{"a":' * 5000),
    _json("deep-33", '{"a":' + "[" * 33 + "]" * 33 + "}"),
    _json("overlong", '{"a":"\\xc0\\xaf"}'),
    _json("surrogate-bytes", '{"a":"\\xed\\xa0\\x80"}'),
    _json("nul-escape", '{"a":"\\u0000"}'),
    _json("nul-byte", '{"a":1}\x00'),
    _json("newline-in-text", '{"a":"\n"}'),
    _json("long-number", '{"a":' + "1" * 60_000 + "}"),
    _json("long-exponent", '{"a":1e' + "9" * 5000 + "}"),
    _json("duplicate-deep", '{"a":{"b":1,"b":2}}'),
    _json("many-members", "{" + ",".join(f'"{n}":1' for n in range(5000)) + "}", 400, "x"),
    _json("65537-bytes", "{}" + " " * 65_535, 413, "REQUEST_TOO_LARGE"),
]
JSON_ROWS[-2]["expect"]["code_any"] = ["transaction", "encryptedValue"]

HEADER_ROWS: list[Row] = [
    {
        "id": f"headers-{name}",
        "target": "network:POST /offers",
        "input": {"base": "network.offers", "headers": headers},
        "expect": _expect(status, *codes),
    }
    for name, headers, status, codes in [
        ("type-form", {"Content-Type": "application/x-www-form-urlencoded"}, 415, ["invalid.content.type"]),
        ("type-suffix", {"Content-Type": "application/jsonx"}, 415, ["invalid.content.type"]),
        ("type-missing", {"Content-Type": None}, 415, ["invalid.content.type"]),
        ("type-charset", {"Content-Type": "application/json;charset=utf-16"}, 200, []),
        ("accept-missing", {"Accept": None}, 406, ["invalid.accept.header"]),
        ("accept-xml", {"Accept": "application/xml"}, 406, ["invalid.accept.header"]),
        ("accept-long", {"Accept": "text/html," * 1000}, 406, ["invalid.accept.header"]),
        ("language-empty", {"Accept-Language": ""}, 400, ["invalid.accept.language"]),
        ("language-english", {"Accept-Language": "english"}, 400, ["invalid.accept.language"]),
        ("encoding-br", {"Content-Encoding": "br"}, 415, ["invalid.content.type"]),
        ("encoding-twice", {"Content-Encoding": "gzip, gzip"}, 415, ["invalid.content.type"]),
        ("correlation-pan", {"Correlation-Id": "5110921032063789"}, 200, []),
        ("correlation-long", {"Correlation-Id": "c*129"}, 200, []),
        ("correlation-latin", {"Correlation-Id": "\xe9"}, 200, []),
        ("forwarded", {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, 200, []),
        ("override", {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/admin"}, 200, []),
        ("many", {f"X-{n}": "v" for n in range(300)}, 200, []),
    ]
]

NEIGHBOURS = [
    *OFFER_ROWS,
    *PLAN_ROWS,
    *LIST_ROWS,
    *TOKEN_ROWS,
    *AUTH_ROWS,
    *JSON_ROWS,
    *HEADER_ROWS,
]
