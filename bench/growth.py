"""A book that has grown: thousands of ranges and programs, millions of PAN-list members, in bulk SQL."""

import asyncpg

from bench.scale import Scale
from bench.world import make_group, make_program, make_range
from parcela.operations.catalogue import parse_catalogue
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.store.documents import encode_document, entry_to_document

# Each batch is sorted by its blind index: the larger the batch, the fewer visits to each page of that index.
_BATCH = 2_500_000
_BULK_TIMEOUT_S = 600.0

# Blind indexes are random 32-byte values, as of real cards; ids ascend, as those of cards do.
_INSERT_CARDS = """
INSERT INTO card (tenant_id, card_id, pan_index, data_key_number, sealed_pan, first_six, last_four)
SELECT $1, lpad(to_hex(n), 32, '0')::uuid, sha256(n::text::bytea), 1, decode(repeat('00', 44), 'hex'),
    '230377', '0000'
FROM generate_series($2::bigint, $3::bigint) AS n ORDER BY 3
"""
_INSERT_MEMBERS = """
INSERT INTO pan_list_member (tenant_id, card_id, pan_list_id)
SELECT $1, lpad(to_hex(n), 32, '0')::uuid, $4 FROM generate_series($2::bigint, $3::bigint) AS n
"""


async def grow_catalogue(engine: Engine, scale: Scale) -> None:
    """Add ranges with their programs as approved versions."""
    each = scale.programs // scale.ranges
    terms = {"count": 6, "interval": "monthly", "rate": "9.9", "first_due": "transaction_date"}
    ranges, programs, groups = [], [], []
    for number in range(scale.ranges):
        low = f"5{number:08d}0000000000"
        offer_ids = [f"8{number * each + position:07d}" for position in range(each)]
        ranges.append(make_range(low, low[:9] + "9" * 10))
        programs += [make_program(offer_id, terms) for offer_id in offer_ids]
        groups.append(make_group(f"grown-{number}", low, offer_ids))
    document = {
        "parcela_catalogue": 1,
        "account_ranges": ranges,
        "programs": programs,
        "offer_groups": groups,
    }
    entries = parse_catalogue(document)
    async with engine.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO catalogue_entry (tenant_id, kind, key, version, is_current, document,"
            " change_set_id, proposed_by, approved_by, approved_at)"
            " SELECT $1, kind, key, 1, true, document::json, gen_random_uuid(), 'bench', 'bench-2', now()"
            " FROM unnest($2::text[], $3::text[], $4::text[]) AS new (kind, key, document)",
            MAIN_TENANT,
            [entry.kind for entry in entries],
            [entry.key for entry in entries],
            [encode_document(entry_to_document(entry)) for entry in entries],
            timeout=_BULK_TIMEOUT_S,
        )
        await connection.execute("UPDATE world SET version = version + 1")


async def grow_pan_list(url: str, pan_list_id: str, members: int) -> None:
    """Add members to a PAN list, each with a card of its own."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        # The rows refer to what stands there: checking 20 million foreign keys one by one would take longer.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SET work_mem = '256MB'")
        for first in range(1, members + 1, _BATCH):
            last = min(first + _BATCH - 1, members)
            await connection.execute(_INSERT_CARDS, MAIN_TENANT, first, last, timeout=_BULK_TIMEOUT_S)
            await connection.execute(
                _INSERT_MEMBERS, MAIN_TENANT, first, last, int(pan_list_id), timeout=_BULK_TIMEOUT_S
            )
        await connection.execute("VACUUM (ANALYZE) card", timeout=_BULK_TIMEOUT_S)
        await connection.execute("VACUUM (ANALYZE) pan_list_member", timeout=_BULK_TIMEOUT_S)
        await connection.execute("CHECKPOINT", timeout=_BULK_TIMEOUT_S)
    finally:
        await connection.close()
