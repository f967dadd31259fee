"""Reconciliation reports as files: CSV by RFC 4180 with a header, or a JSON array (`spec/payments.md` §10).

Amounts are integers in minor units, `created` is in Unix seconds, `available_on` is `YYYY-MM-DD`.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence

COLUMNS = (
    "balance_transaction_id",
    "type",
    "payment_id",
    "refund_id",
    "settlement_id",
    "payout_id",
    "created",
    "available_on",
    "currency",
    "gross",
    "processing_fee",
    "installment_fee",
    "fee",
    "net",
    "payment_method_type",
    "card_brand",
    "card_last4",
    "issuer_program",
    "resolved_count",
    "reference",
    "description",
)
"""All columns, in their order."""

ReportRow = Mapping[str, str | int | None]
_FORMULA_STARTS = ("=", "+", "-", "@")


def write_csv(columns: Sequence[str], rows: Sequence[ReportRow], *, is_first: bool) -> bytes:
    """Lines of a CSV file, the first part with the header. What is unknown is empty.

    A text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if is_first:
        writer.writerow(columns)
    writer.writerows([_disarm(row[column]) for column in columns] for row in rows)
    return buffer.getvalue().encode()


def _disarm(value: str | int | None) -> str | int | None:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def write_json(columns: Sequence[str], rows: Sequence[ReportRow], *, is_first: bool) -> bytes:
    """Members of a JSON array, an object for each row on a line of its own; `close_json` ends it."""
    lines = [
        json.dumps({column: row[column] for column in columns}, ensure_ascii=False, separators=(",", ":"))
        for row in rows
    ]
    body = "".join(f",\n{line}" for line in lines)
    return (f"[{body[1:]}" if is_first else body).encode()


def close_json() -> bytes:
    """The end of a JSON array."""
    return b"\n]\n"
