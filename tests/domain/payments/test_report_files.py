"""Reports as CSV and JSON."""

import csv
import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.payments.report_files import COLUMNS, close_json, write_csv, write_json

SHORT = ("gross", "reference", "description")


def make_row(reference: str | None, description: str | None = None) -> dict[str, str | int | None]:
    return {"gross": -20000, "reference": reference, "description": description}


def test_csv_has_a_header_crlf_and_quotes_where_they_are_needed() -> None:
    rows = [make_row("a,b", 'say "hi"'), make_row(None, "two\r\nlines"), make_row("")]
    assert write_csv(SHORT, rows, is_first=True) == (
        b'gross,reference,description\r\n-20000,"a,b","say ""hi"""\r\n-20000,,"two\r\nlines"\r\n-20000,,\r\n'
    )
    assert write_csv(SHORT, [make_row("x")], is_first=False) == b"-20000,x,\r\n"
    assert write_csv(SHORT, [], is_first=True) == b"gross,reference,description\r\n"


def test_texts_that_look_like_formulas_get_an_apostrophe_and_numbers_do_not() -> None:
    rows = [make_row(f"{start}1", f" {start}1") for start in "=+-@"]
    assert write_csv(SHORT, rows, is_first=False) == (
        b"-20000,'=1, =1\r\n-20000,'+1, +1\r\n-20000,'-1, -1\r\n-20000,'@1, @1\r\n"
    )


def test_json_is_an_array_of_objects_however_it_is_parted() -> None:
    rows = [make_row("=1"), make_row(None, "größer\n"), make_row("c")]
    whole = write_json(SHORT, rows, is_first=True) + close_json()
    parts = b"".join(
        (
            write_json(SHORT, rows[:1], is_first=True),
            write_json(SHORT, rows[1:], is_first=False),
            write_json(SHORT, [], is_first=False),
            close_json(),
        )
    )
    assert parts == whole
    assert json.loads(whole) == rows
    assert write_json(SHORT, [], is_first=True) + close_json() == b"[\n]\n"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=100)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_csv_is_read_back_as_it_was_written(texts: list[tuple[str, str]]) -> None:
    rows = [make_row(*pair) for pair in texts]
    content = write_csv(SHORT, rows, is_first=True).decode()
    read = list(csv.DictReader(io.StringIO(content, newline="")))
    unquoted = [
        {
            name: text.removeprefix("'") if text[:2] in ("'=", "'+", "'-", "'@") else text
            for name, text in row.items()
        }
        for row in read
    ]
    expected = [{name: str(value) for name, value in row.items()} for row in rows]
    assert [row["gross"] for row in read] == ["-20000"] * len(rows)
    for found, wanted in zip(unquoted, expected, strict=True):
        for name in ("reference", "description"):
            same = (
                wanted[name].removeprefix("'")
                if wanted[name][:2] in ("'=", "'+", "'-", "'@")
                else wanted[name]
            )
            assert found[name] == same


def test_the_columns_are_the_documented_ones() -> None:
    assert " ".join(COLUMNS) == (
        "balance_transaction_id type payment_id refund_id settlement_id payout_id created available_on"
        " currency gross processing_fee installment_fee fee net payment_method_type card_brand card_last4"
        " issuer_program resolved_count reference description"
    )
