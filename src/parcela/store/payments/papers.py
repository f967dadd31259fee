"""Papers that were delivered, and the record of each first delivery; append-only (`disclosures.md` §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parcela.domain.disclosures.papers import (
    PaperDelivery,
    PaperForm,
    PaperKind,
    PaperRequest,
    PaperWay,
)
from parcela.domain.payments.records import Owner
from parcela.store.database import Connection

_OWNED = "d.tenant_id = $1 AND d.client_id = $2 AND d.is_live = $3"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPaper:
    """A file that was delivered, and the ways by which it was."""

    template_version: str
    content: bytes = field(repr=False)
    ways: frozenset[PaperWay]


async def find_paper(
    connection: Connection,
    owner: Owner,
    *,
    offer_id: str,
    plan_id: str | None,
    wanted: PaperRequest,
) -> KeptPaper | None:
    """The first such file that was delivered of an offer; but for sheets, of the plan that was made of it."""
    row = await connection.fetchrow(
        "SELECT p.template_version, p.content, array_agg(d.way) AS ways FROM paper_delivery d"
        f" JOIN paper p USING (tenant_id, digest) WHERE {_OWNED} AND d.offer_id = $4"
        " AND (d.plan_id = $5::uuid OR p.kind = 'sheet') AND p.kind = $6 AND p.form = $7 AND p.language = $8"
        " GROUP BY p.tenant_id, p.digest ORDER BY min(d.position) LIMIT 1",
        *(owner.tenant_id, owner.client_id, owner.is_live),
        *(offer_id, plan_id, wanted.kind, wanted.form, wanted.language),
    )
    if row is None:
        return None
    ways = frozenset(PaperWay(way) for way in row["ways"])
    return KeptPaper(template_version=row["template_version"], content=row["content"], ways=ways)


async def insert_delivery(connection: Connection, delivery: PaperDelivery, content: bytes) -> None:
    """Keep a file and the record of its delivery; what is known already is left as it is."""
    owner = delivery.owner
    await connection.execute(
        "INSERT INTO paper (tenant_id, digest, kind, form, language, template_version, content)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        owner.tenant_id,
        delivery.digest,
        delivery.kind,
        delivery.form,
        delivery.language,
        delivery.template_version,
        content,
    )
    await connection.execute(
        "INSERT INTO paper_delivery (tenant_id, client_id, is_live, payment_id, offer_id, plan_id, digest,"
        " way, delivered_at) VALUES ($1, $2, $3, $4, $5, $6::uuid, $7, $8, $9) ON CONFLICT DO NOTHING",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        delivery.payment_id,
        delivery.offer_id,
        delivery.plan_id,
        delivery.digest,
        delivery.way,
        delivery.delivered_at,
    )


async def list_deliveries(connection: Connection, owner: Owner, payment_id: str) -> list[PaperDelivery]:
    """What was delivered for a payment, the first first."""
    rows = await connection.fetch(
        "SELECT d.payment_id, d.offer_id, d.plan_id::text AS plan_id, d.digest, d.way, d.delivered_at,"
        " p.kind, p.form, p.language, p.template_version FROM paper_delivery d"
        f" JOIN paper p USING (tenant_id, digest) WHERE {_OWNED} AND d.payment_id = $4 ORDER BY d.position",
        *(owner.tenant_id, owner.client_id, owner.is_live, payment_id),
    )
    return [_read_delivery(owner, row) for row in rows]


async def find_content(connection: Connection, owner: Owner, payment_id: str, digest: bytes) -> bytes | None:
    """A file that was delivered for a payment."""
    content: bytes | None = await connection.fetchval(
        f"SELECT p.content FROM paper_delivery d JOIN paper p USING (tenant_id, digest) WHERE {_OWNED}"
        " AND d.payment_id = $4 AND d.digest = $5 LIMIT 1",
        *(owner.tenant_id, owner.client_id, owner.is_live, payment_id, digest),
    )
    return content


async def delete_old_papers(connection: Connection, *, before: datetime) -> int:
    """Forget deliveries whose plan ended, or that were made without a plan, before an instant.

    Files of which nothing tells any more go with them. At most 1,000 deliveries; returns their number.
    """
    count: int = await connection.fetchval(
        "WITH gone AS (DELETE FROM paper_delivery WHERE (tenant_id, position) IN ("
        "  SELECT d.tenant_id, d.position FROM paper_delivery d WHERE d.delivered_at < $1 AND NOT EXISTS ("
        "   SELECT FROM payment_plan p WHERE p.tenant_id = d.tenant_id AND p.offer_id = d.offer_id"
        "   AND (p.ended_at IS NULL OR p.ended_at >= $1)) LIMIT 1000)"
        " RETURNING tenant_id, position, digest),"
        " files AS (DELETE FROM paper p USING gone"
        "  WHERE (p.tenant_id, p.digest) = (gone.tenant_id, gone.digest)"
        "  AND NOT EXISTS (SELECT FROM paper_delivery d"
        "   WHERE (d.tenant_id, d.digest) = (p.tenant_id, p.digest)"
        "   AND (d.tenant_id, d.position) NOT IN (SELECT tenant_id, position FROM gone)))"
        " SELECT count(*) FROM gone",
        before,
    )
    return count


def _read_delivery(owner: Owner, row: Mapping[str, Any]) -> PaperDelivery:
    return PaperDelivery(
        owner=owner,
        payment_id=row["payment_id"],
        offer_id=row["offer_id"],
        plan_id=row["plan_id"],
        kind=PaperKind(row["kind"]),
        form=PaperForm(row["form"]),
        language=row["language"],
        template_version=row["template_version"],
        digest=row["digest"],
        way=PaperWay(row["way"]),
        delivered_at=row["delivered_at"],
    )
