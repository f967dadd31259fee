"""Name-value pairs (`spec/gateway.md` §15), and that they say the same as JSON."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.dialects.gateway.calls import AnswerTree
from parcela.dialects.gateway.errors import GatewayError
from parcela.dialects.gateway.json_codec import drop_nothings, read_json
from parcela.dialects.gateway.nvp import build_tree, find_only_value, flatten_tree, split_pairs, write_nvp

SAMPLES = Path(__file__).parents[2] / "data" / "gateway"

EXPECTED_NAME = "Expected names, and indexes such as [0], parted by dots"


def read(raw: bytes) -> dict[str, Any]:
    return dict(build_tree(split_pairs(raw)))


def test_groups_arrays_and_blanks() -> None:
    raw = b"order.item%5B1%5D.sku=B&order.item%5B0%5D.sku=A+1&&order.amount=1.00&flag&payer=%C3%A9%2B"
    assert read(raw) == {
        "order": {"item": [{"sku": "A 1"}, {"sku": "B"}], "amount": "1.00"},
        "flag": "",
        "payer": "é+",
    }


REFUSED: list[tuple[str, bytes, str, str]] = [
    (
        "a name twice",
        b"order.amount=1&order.amount=100",
        "order.amount",
        "Value 'order.amount' is invalid. The parameter is given twice",
    ),
    (
        "a value and a group",
        b"order=&order.amount=1",
        "order.amount",
        "Value 'order.amount' is invalid. The parameter is a value and a group at once",
    ),
    (
        "a group and a value",
        b"order.amount=1&order=x",
        "order",
        "Value 'order' is invalid. The parameter is given twice",
    ),
    (
        "a group and an array",
        b"item.sku=1&item[0].sku=2",
        "item[0].sku",
        "Value 'item[0].sku' is invalid. The parameter is given twice",
    ),
    (
        "a gap",
        b"item[0].sku=1&item[2].sku=2",
        "item[2]",
        "Value '2' is invalid. Expected indexes from 0 without gaps",
    ),
    (
        "no item 0",
        b"order.item[1].sku=2",
        "order.item[1]",
        "Value '1' is invalid. Expected indexes from 0 without gaps",
    ),
    (
        "a huge index",
        b"order.item[999999999].sku=X",
        "order.item[999999999].sku",
        f"Value 'order.item[999999999].sku' is invalid. {EXPECTED_NAME}",
    ),
    (
        "a negative index",
        b"order.item[-1].sku=X",
        "order.item[-1].sku",
        f"Value 'order.item[-1].sku' is invalid. {EXPECTED_NAME}",
    ),
    (
        "an index with a zero in front",
        b"item[00].sku=X",
        "item[00].sku",
        f"Value 'item[00].sku' is invalid. {EXPECTED_NAME}",
    ),
    (
        "an empty part",
        b"order..amount=1",
        "order..amount",
        f"Value 'order..amount' is invalid. {EXPECTED_NAME}",
    ),
    (
        "not UTF-8",
        b"order.reference=%FF%FE",
        "order.reference",
        "Value '\ufffd\ufffd' is invalid. Expected a text in UTF-8",
    ),
    (
        "a name that is not UTF-8",
        b"%FF=1",
        "\ufffd",
        "Value '\ufffd' is invalid. Expected a text in UTF-8",
    ),
    (
        "a zero character",
        b"order.reference=a%00",
        "order.reference",
        "Value '' is invalid. Control characters are not allowed",
    ),
    (
        "nested too deep",
        b".".join([b"a"] * 33) + b"=1",
        ".".join("a" * 33),
        "Value '1' is invalid. Nested deeper than 32",
    ),
]


@pytest.mark.parametrize(
    ("raw", "field", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_no_tree_is_refused(raw: bytes, field: str, told: str) -> None:
    with pytest.raises(GatewayError) as refusal:
        read(raw)
    assert (refusal.value.status, refusal.value.field, refusal.value.explanation) == (400, field, told)
    assert refusal.value.validation == "INVALID"


def test_a_secret_that_stands_twice_is_not_quoted() -> None:
    with pytest.raises(GatewayError) as refusal:
        read(b"sourceOfFunds.provided.card.securityCode=%FF123")
    assert refusal.value.explanation == "Value 'xxx' is invalid. Expected a text in UTF-8"


def test_many_parameters_are_refused_at_once() -> None:
    started = time.process_time()
    with pytest.raises(GatewayError) as refusal:
        split_pairs(b"a=1&" * 20_000 + b"a=1")
    assert refusal.value.status == 413
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"a=1", "1"), (b"a=1&a=1", None), (b"a=", None), (b"b=1", None), (b"a=%FF", None), (b"a=%C3%A9", "é")],
)
def test_credentials_stand_there_exactly_once(raw: bytes, value: str | None) -> None:
    assert find_only_value(split_pairs(raw), "a") == value


def test_answers_are_sorted_by_name_in_code_point_order() -> None:
    answer: AnswerTree = {
        "order": {
            "itemAmount": Decimal("1200.00"),
            "item": [{"sku": "A"}, {"sku": "B"}],
            "absent": None,
            "isOpen": False,
        },
        "Z": 1,
        "name": "a b&c=é*~",
    }
    assert write_nvp(answer) == (
        b"Z=1&name=a+b%26c%3D%C3%A9%2A~&order.isOpen=false&order.itemAmount=1200.00"
        b"&order.item%5B0%5D.sku=A&order.item%5B1%5D.sku=B"
    )


@pytest.mark.parametrize("name", ["options", "pay-offer", "shopping", "update-accept", "update-conditional"])
def test_an_answer_as_the_sample_has_it(name: str) -> None:
    """Written anew from what it says, a sample is the same to the letter."""
    raw = (SAMPLES / f"{name}.response.nvp").read_bytes().strip()
    assert write_nvp(read(raw)) == raw


NAMES = st.text("abcXYZ019_-é", min_size=1, max_size=4)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
        lambda inner: st.one_of(
            st.dictionaries(NAMES, inner, min_size=1, max_size=4),
            st.lists(st.dictionaries(NAMES, inner, min_size=1, max_size=3), min_size=1, max_size=4),
        ),
        max_leaves=12,
    ),
    max_size=5,
)


@given(TREES)
@settings(max_examples=100, deadline=None)
def test_json_and_pairs_of_one_content_are_one_tree(content: dict[str, Any]) -> None:
    from_json, _ = drop_nothings(read_json(json.dumps(content).encode()))
    from_pairs, _ = drop_nothings(read(write_nvp(content)))
    assert from_json == from_pairs == content
    assert flatten_tree(from_json) == flatten_tree(from_pairs)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        tree = read(raw)
    except GatewayError as refusal:
        assert refusal.status in (400, 413)
    else:
        assert isinstance(tree, dict)
