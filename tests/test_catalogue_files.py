"""Catalogue files: exact numbers, no surprises of YAML, and refusals that name the line."""

from decimal import Decimal
from typing import Any

import pytest

from parcela.catalogue_files import read_yaml, write_yaml
from parcela.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11.2", Decimal("11.2")),  # a rate stays exact
        ("1.10", Decimal("1.10")),  # with its zeros
        (".5", Decimal("0.5")),  # YAML's short form
        ("-0.25", Decimal("-0.25")),  # a negative one, for the rules to refuse
        ("50", 50),  # a whole number
        ("0", 0),  # zero
        ("0742", "0742"),  # no octal: a category code keeps its zero
        ("010", "010"),  # nor is this 8
        ("1:30", "1:30"),  # no sixty-fold numbers
        ("12_000", "12_000"),  # no underscores
        ("1.5e+3", "1.5e+3"),  # an exponent stays text
        (".inf", ".inf"),  # as does infinity
        ("2020-01-01", "2020-01-01"),  # a date stays text
        ("2020-01-01 10:00:00Z", "2020-01-01T10:00:00Z"),  # a date-time gets its T
        ("2020-01-01T10:00:00-05:00", "2020-01-01T10:00:00-05:00"),  # with its offset
        ("true", True),  # a switch
        ('"0001"', "0001"),  # quoted text
    ],
)
def test_values_keep_what_was_written(text: str, value: object) -> None:
    read = read_yaml(f"member: {text}")
    assert read == {"member": value}
    assert type(read["member"]) is type(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # A list that does not end.
        (
            "a: [",
            "catalogue file: expected YAML; expected the node content, but found '<stream end>' in line 1",
        ),
        # One of the two would not count.
        ("a: 1\nb: 2\na: 3", "catalogue file: expected YAML; the member 'a' stands twice in line 3"),
        # Not a name.
        ("? [1, 2]\n: 3", "catalogue file: expected YAML; the name of a member is a text in line 1"),
        # Nothing but plain data.
        (
            "a: !!python/object/apply:os.getcwd []",
            "catalogue file: expected YAML; could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object/apply:os.getcwd' in line 1",
        ),
        # Deeper than any program.
        ("[" * 5000, "catalogue file: expected YAML that is not nested without end"),
    ],
)
def test_a_slip_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_yaml(text)
    assert str(refusal.value) == sentence


def test_anchors_and_merges_work() -> None:
    document = read_yaml("a: &rules {minimum: 50}\nb: *rules\nc: {<<: *rules, maximum: 60}")
    assert document == {"a": {"minimum": 50}, "b": {"minimum": 50}, "c": {"minimum": 50, "maximum": 60}}


def test_what_is_written_reads_back_without_anchors() -> None:
    rules = {"minimum": "50", "mccs": {"deny": ["0742"]}}
    document: dict[str, Any] = {"b": rules, "a": rules, "text": "naïve – 値", "count": 6}
    text = write_yaml(document)
    assert read_yaml(text) == document
    assert "&" not in text
    assert [line.partition(":")[0] for line in text.splitlines() if line[0] != " "] == [
        "b",
        "a",
        "text",
        "count",
    ]
