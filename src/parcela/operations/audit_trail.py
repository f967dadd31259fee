"""Reading the audit trail, and proving that nobody has touched it."""

from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput
from parcela.operations.clients import check_operator
from parcela.operations.engine import Engine
from parcela.store import audit
from parcela.store.audit import AuditEntry

__all__ = ["AuditEntry", "list_audit", "list_broken_audit"]

MAX_LINES = 1000


async def list_audit(engine: Engine, person: Person, *, limit: int = 100) -> list[AuditEntry]:
    """The newest lines first. Raises NotAllowed, InvalidInput."""
    check_operator(person)
    if not 1 <= limit <= MAX_LINES:
        raise InvalidInput("limit", f"1 to {MAX_LINES}", came=str(limit))
    async with engine.database.connection() as connection:
        return await audit.list_audit_lines(connection, person.tenant_id, limit=limit)


async def list_broken_audit(engine: Engine) -> list[int]:
    """Numbers of lines that were altered, dropped or reordered; empty when the chain holds."""
    async with engine.database.connection() as connection:
        return await audit.list_broken_lines(connection)
