"""Set-up entries in the version that a record was made by, which may have been replaced since."""

from parcela.domain.programs import Entry
from parcela.domain.versions import EntryKey
from parcela.operations.engine import Engine, World
from parcela.store import catalogue_entries


async def get_entry_version(
    engine: Engine, world: World, tenant_id: int, key: EntryKey, version: int
) -> Entry:
    """One version of an entry, from memory while it is in force, else from the database."""
    held = world.catalogue(tenant_id).entries.get(key)
    if held is not None and held.version == version:
        return held.entry
    async with engine.database.connection() as connection:
        return await catalogue_entries.get_version(connection, tenant_id, key, version)
