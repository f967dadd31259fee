"""What is broken: the rows of every view whose name begins with `broken_`, which are empty when all is well.

An area joins the check by adding such a view. Its column `tenant_id` says whose record is broken, `what` in
words what is wrong with it; the other columns together are the record's key.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from parcela.store.database import SWEEP_TIMEOUT_S, Connection

MAX_BREAKS_PER_VIEW = 100

_decode_row = msgspec.json.Decoder(dict[str, str | None]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A record that is not as it must be: the view that found it, its tenant (if it has one) and its key."""

    view: str
    tenant_id: int | None
    key: str
    what: str


async def list_breaks(connection: Connection) -> list[Break]:
    """The breaks that all views find, at most a hundred of each; empty when every record is whole."""
    views = await connection.fetch(
        "SELECT format('%I', viewname) AS view FROM pg_views"
        " WHERE schemaname = current_schema() AND starts_with(viewname, 'broken_') ORDER BY viewname"
    )
    breaks = []
    for (view,) in views:
        rows = await connection.fetch(
            "SELECT (SELECT json_object_agg(key, value) FROM json_each_text(row_to_json(broken))) AS broken"
            f" FROM {view} AS broken LIMIT {MAX_BREAKS_PER_VIEW}",
            timeout=SWEEP_TIMEOUT_S,
        )
        breaks += [_read_break(view, _decode_row(row["broken"])) for row in rows]
    return breaks


def _read_break(view: str, columns: Mapping[str, str | None]) -> Break:
    key = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in columns.items()
        if name not in ("tenant_id", "what")
    )
    tenant_id = columns.get("tenant_id")
    return Break(
        view=view,
        tenant_id=None if tenant_id is None else int(tenant_id),
        key=key,
        what=columns.get("what") or "is broken",
    )
