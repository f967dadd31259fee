"""Identifiers: the snowflake layout, and equality of what clients send as text or as a number (§2.3)."""

import pytest

from parcela.domain.ids import (
    Identifier,
    compose_snowflake,
    identifiers_match,
    is_uuid,
    read_snowflake,
)


@pytest.mark.parametrize(
    ("milliseconds", "worker", "sequence", "number"),
    [
        (0, 0, 0, 0),  # the epoch
        (1, 0, 0, 4194304),  # a millisecond is 2^22
        (0, 1, 0, 4096),  # a worker is 2^12
        (0, 1023, 4095, 4194303),  # the last of a millisecond
        (420364625252, 5, 0, 1763137029152964608 - (1763137029152964608 % 4194304) + 5 * 4096),
    ],
)
def test_a_snowflake_is_time_worker_and_sequence(
    milliseconds: int, worker: int, sequence: int, number: int
) -> None:
    assert compose_snowflake(milliseconds=milliseconds, worker=worker, sequence=sequence) == number


@pytest.mark.parametrize(("worker", "sequence"), [(1024, 0), (0, 4096), (-1, 0), (0, -1)])
def test_a_part_beyond_its_bits_is_a_fault(worker: int, sequence: int) -> None:
    with pytest.raises(AssertionError):
        compose_snowflake(milliseconds=1, worker=worker, sequence=sequence)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1763137029152964608", 1763137029152964608),  # an id
        ("9223372036854775807", (1 << 63) - 1),  # the last that a column holds
        ("9223372036854775808", None),  # one more
        ("01763137029152964608", None),  # another spelling is another id
        ("1763137029152964608 ", None),  # a trailing space
        ("1763137029152964608\n", None),  # a trailing newline
        ("١٢٣", None),  # digits that are not ASCII
        ("-1", None),  # a sign
        ("", None),  # nothing
        ("9" * 40, None),  # the longest that the door lets in
    ],
)
def test_an_offer_transaction_id_has_one_spelling(text: str, number: int | None) -> None:
    assert read_snowflake(text) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("29694e7a-b4a8-11ec-b909-0242ac120002", True),  # as we write them
        ("29694E7A-b4a8-11ec-b909-0242ac120002", False),  # upper case
        ("29694e7ab4a811ecb9090242ac120002", False),  # without hyphens
        ("29694e7a-b4a8-11ec-b909-0242ac120002\n", False),  # a trailing newline
        ("g9694e7a-b4a8-11ec-b909-0242ac120002", False),  # no hex digit
    ],
)
def test_a_uuid_has_one_spelling(text: str, expected: bool) -> None:
    assert is_uuid(text) is expected


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (Identifier("1711"), Identifier("1711"), True),  # two equal texts
        (Identifier("742"), Identifier("0742"), False),  # two texts that differ
        (Identifier("742", is_number=True), Identifier("0742"), True),  # number and text, same integer
        (Identifier("0742"), Identifier("742", is_number=True), True),  # the other way round
        (Identifier("742", is_number=True), Identifier("742", is_number=True), True),  # two numbers
        (Identifier("742", is_number=True), Identifier("743"), False),  # other integer
        (Identifier("742", is_number=True), Identifier("A742"), False),  # not an integer
        (Identifier("742", is_number=True), Identifier("٧٤٢"), False),  # digits that are not ASCII
        (Identifier("742", is_number=True), Identifier("742 "), False),  # a space
        (Identifier("742", is_number=True), Identifier(""), False),  # an empty text
        (None, None, True),  # both absent
        (None, Identifier("742"), False),  # one absent
        (Identifier("742"), None, False),  # the other absent
    ],
)
def test_identifiers_match_by_value_where_one_is_a_number(
    first: Identifier | None, second: Identifier | None, is_same: bool
) -> None:
    assert identifiers_match(first, second) is is_same
