"""Strict JSON: what two readers could read differently is refused, exact numbers are kept."""

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcela.dialects.strict_json import JsonNumber, StrictJsonError, parse_object


def _nest(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_values_keep_their_kinds_and_numbers_their_text() -> None:
    value = parse_object(
        b' {"a":[1,-0.50,1e3],"b":"1","c":true,"d":null,"e":{"f":"\\u00e9\\ud83d\\ude00"}} \r\n'
    )

    assert value == {
        "a": ["1", "-0.50", "1e3"],
        "b": "1",
        "c": True,
        "d": None,
        "e": {"f": "é\N{GRINNING FACE}"},
    }
    assert [type(number) for number in value["a"]] == [JsonNumber] * 3  # type: ignore[union-attr]
    assert type(value["b"]) is str


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("66.670", Decimal("66.670")),
        ("1e400", Decimal("1e400")),
        ("1e1000000", Decimal("1e1000000")),
        ("-0", Decimal("-0")),
        ("0." + "1" * 39, Decimal("0." + "1" * 39)),
    ],
)
def test_a_number_is_an_exact_decimal(literal: str, expected: Decimal) -> None:
    number = parse_object(f'{{"n":{literal}}}')["n"]

    assert isinstance(number, JsonNumber)
    assert number.decimal.as_tuple() == expected.as_tuple()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{}x",
        b"{}{}",
        b"{} \x00",
        b"{}\xa0",
        b"null",
        b"true",
        b"1",
        b'"{}"',
        b"[]",
        b"[{}]",
        # Names that stand twice, in clear, escaped and deep inside.
        b'{"amount":1,"amount":60000}',
        b'{"amount":1,"\\u0061mount":60000}',
        b'{"a":[{"b":1,"b":1}]}',
        # Bytes that are not UTF-8: BOM, UTF-16, invalid, overlong, surrogate, beyond the last plane.
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        b'{"a":"\xff"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        # Characters that a database cannot keep.
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\ud800":1}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":[["\\u0000"]]}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        # Numbers that are not JSON, or too long.
        b'{"a":NaN}',
        b'{"a":nan}',
        b'{"a":-NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":0400.00}',
        b'{"a":+1}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":1_000}',
        b'{"a":0x10}',
        '{"a":\u0661\u0662}'.encode(),
        b'{"a":' + b"9" * 41 + b"}",
        b'{"a":0.' + b"1" * 40 + b"}",
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1e' + b"9" * 39 + b"}",
        b'{"a":1e-99999999999999999999}',
        # Other dialects of JSON.
        b"{'a':1}",
        b"{a:1}",
        b'{"a":1,}',
        b'{"a":1}//',
        b'{"a":\\u0031}',
        # Depth.
        _nest(33),
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
        b'{"a":' + b"[" * 60_000,
        b'{"a":' * 20_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_not_a_strict_object_is_refused(raw: bytes) -> None:
    with pytest.raises(StrictJsonError):
        parse_object(raw)


@pytest.mark.parametrize("raw", ['{"a":"\ud800"}', "\ufeff{}"], ids=["lone surrogate", "BOM"])
def test_text_is_held_to_the_same_rules_as_bytes(raw: str) -> None:
    with pytest.raises(StrictJsonError):
        parse_object(raw)


@pytest.mark.parametrize(
    "raw",
    [
        _nest(32),
        b'{"a":' + b"[" * 31 + b"]" * 31 + b"}",
        # Many brackets side by side are not deep.
        b'{"a":[' + b"[]," * 99 + b"[]]}",
        # An escaped backslash before `u0000` is no escape of U+0000.
        b'{"a":"\\\\u0000"}',
        b'{"a":"\\ufffe"}',
        '{"ключ":"значение"}'.encode(),
        b'{"a":' + b"9" * 40 + b"}",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_the_last_thing_allowed_is_read_as_json_reads_it(raw: bytes) -> None:
    assert parse_object(raw) == json.loads(raw, parse_int=str)


def test_a_refusal_does_not_quote_the_text() -> None:
    with pytest.raises(StrictJsonError) as caught:
        parse_object(b'{"pan":"5110921032063789"')

    assert str(caught.value) == "not JSON at character 25"
    assert caught.value.__suppress_context__


def test_hostile_texts_take_linear_time() -> None:
    texts = [
        b'{"a":"' + b"\\u0041" * 10_000 + b'"}',
        b'{"a":[' + b"{}," * 20_000 + b"{}]}",
        b"{" + b",".join(b'"%d":0' % n for n in range(7_000)) + b"}",
        b'{"a":' + b"9" * 65_000 + b"}",
    ]
    started = time.process_time()
    for text in texts:
        try:
            parse_object(text)
        except StrictJsonError as error:
            assert str(error) == "a number has more than 40 digits"
    assert time.process_time() - started < 2


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXT, _JSON, max_size=4), st.booleans())
def test_an_object_is_read_as_the_standard_library_reads_it(value: dict[str, object], as_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=as_ascii)

    assert parse_object(text.encode()) == json.loads(text, parse_int=str, parse_float=str)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = parse_object(raw)
    except StrictJsonError:
        return
    assert value == json.loads(raw, parse_int=str, parse_float=str)
