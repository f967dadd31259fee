"""Deleting what has outlived its use, a slice at a time: one big DELETE would outrun a command's time,
at every try anew.
"""

from parcela.store.database import Connection

SLICE_ROWS = 20_000


async def delete_in_slices(
    connection: Connection, table: str, *, condition: str, bound: object, slice_rows: int = SLICE_ROWS
) -> None:
    """Delete the rows whose `condition` on `$1` holds; each slice is a transaction by itself.

    Rows that another worker is deleting are left to it.
    """
    statement = (
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("
        f"SELECT ctid FROM {table} WHERE {condition} LIMIT $2 FOR UPDATE SKIP LOCKED))"
    )
    deleted = slice_rows
    while deleted == slice_rows:
        status = await connection.execute(statement, bound, slice_rows)
        deleted = int(status.rpartition(" ")[2])
