"""Reading the audit trail, and proving that nobody has touched it."""

from dataclasses import dataclass

from parcela.domain.changes import Person
from parcela.domain.errors import InvalidInput
from parcela.operations.clients import check_operator
from parcela.operations.engine import Engine
from parcela.store import audit
from parcela.store.audit import AuditEntry

__all__ = ["AuditEntry", "AuditProof", "list_audit", "verify_audit"]

MAX_LINES = 1000


async def list_audit(engine: Engine, person: Person, *, limit: int = 100) -> list[AuditEntry]:
    """The newest lines first. Raises NotAllowed, InvalidInput."""
    check_operator(person)
    if not 1 <= limit <= MAX_LINES:
        raise InvalidInput("limit", f"1 to {MAX_LINES}", came=str(limit))
    async with engine.database.connection() as connection:
        return await audit.list_audit_lines(connection, person.tenant_id, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProof:
    """What a look at the whole chain shows; `last` is number and hash of the newest line."""

    broken: list[int]
    last: tuple[int, bytes] | None


async def verify_audit(engine: Engine) -> AuditProof:
    """Recompute the chain: `broken` has the numbers of lines that were altered, dropped or reordered.

    Lines cut off the end show only against the last line of an earlier proof.
    """
    async with engine.database.connection() as connection:
        last = await audit.find_last_line(connection)
        return AuditProof(broken=await audit.list_broken_lines(connection), last=last)
