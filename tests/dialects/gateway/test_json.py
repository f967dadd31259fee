"""JSON as it is read and written (`spec/gateway.md` §3)."""

from decimal import Decimal

import pytest

from parcela.dialects.gateway.calls import AnswerTree
from parcela.dialects.gateway.errors import GatewayError
from parcela.dialects.gateway.json_codec import drop_nothings, read_json, write_json
from parcela.dialects.strict_json import JsonNumber

BROKEN: list[tuple[str, bytes, str]] = [
    ("a bare word", b'{"apiOperat":a}', "Unexpected character 'a' at [character 14 line 1]"),
    ("on the third line", b'{\n "a": 1,\n  b}', "Unexpected character 'b' at [character 3 line 3]"),
    ("nothing", b"", "Unexpected end of payload at [character 1 line 1]"),
    ("cut off", b'{"a": 1', "Unexpected end of payload at [character 8 line 1]"),
    ("after the end", b"{}x", "Unexpected character 'x' at [character 3 line 1]"),
    ("an array", b"[]", "The text is not a JSON object"),
    ("a number", b"5123450000000008", "The text is not a JSON object"),
    ("XML", b"<?xml version='1.0'?>", "Unexpected character '<' at [character 1 line 1]"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "Unexpected character '\ufeff' at [character 1 line 1]"),
    ("not UTF-8", b'{"a":"\xff"}', "The text is not UTF-8"),
    ("a name twice", b'{"amount":1,"amount":60000}', "A member name stands twice in one object"),
    ("a zero character", b'{"a":"\\u0000"}', "A string holds U+0000"),
    ("a lone surrogate", b'{"a":"\\ud800"}', "A string holds a lone surrogate"),
    ("not a number", b'{"a":NaN}', "NaN and Infinity are not JSON"),
    ("nested too deep", b'{"a":' * 33 + b"1" + b"}" * 33, "Nested deeper than 32"),
]


@pytest.mark.parametrize(("raw", "told"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_json_is_told_where_it_breaks(raw: bytes, told: str) -> None:
    with pytest.raises(GatewayError) as refusal:
        read_json(raw)
    assert refusal.value.status == 400
    assert refusal.value.explanation == f"Json encoded payload error: {told}"
    assert (refusal.value.field, refusal.value.validation) == (None, None)


def test_what_was_not_given_is_left_out() -> None:
    sent = {
        "billing": {},
        "shipping": {"address": {"city": "", "street": None}},
        "3DSecureId": None,
        "order": {"amount": JsonNumber("31.90"), "item": [], "custom": "x"},
        "item": [{}, {"sku": "A", "name": None}, None],
        "other": [None, {}, ""],
        "flag": False,
    }
    tree, nulls = drop_nothings(sent)
    assert tree == {
        "order": {"amount": "31.90", "custom": "x"},
        "item": [{}, {"sku": "A"}, {}],
        "flag": False,
    }
    assert nulls == {"3DSecureId", "shipping.address.street", "item[1].name", "item[2]", "other[0]"}


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Decimal("100.00"), "100.00"),
        (Decimal("0.00000000"), "0.00000000"),
        (Decimal("0.0000001"), "0.0000001"),
        (JsonNumber("1e3"), "1000"),
        # A million digits are not written for five characters that came.
        (JsonNumber("1e999999"), "1E+999999"),
    ],
    ids=["amount", "zero", "small", "own", "huge"],
)
def test_numbers_have_all_their_digits(number: Decimal | JsonNumber, written: str) -> None:
    assert write_json({"a": [number]}) == f'{{"a":[{written}]}}'.encode()  # type: ignore[list-item]


def test_answers_are_sorted_and_keep_their_decimals() -> None:
    answer: AnswerTree = {
        "result": "SUCCESS",
        "order": {"totalAmount": Decimal("100.00"), "amount": Decimal("1200"), "Amount": Decimal("0.000")},
        "absent": None,
        "list": [{"b": True, "a": 1}],
        "sent": JsonNumber("1.50"),
    }
    assert write_json(answer) == (
        b'{"list":[{"a":1,"b":true}],"order":{"Amount":0.000,"amount":1200,"totalAmount":100.00},'
        b'"result":"SUCCESS","sent":1.50}'
    )
