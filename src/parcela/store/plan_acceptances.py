"""The evidence that the terms of a plan were accepted: written with the plan, never altered."""

from parcela.domain.merchant_offers import PlanAcceptance, TermsDisplay
from parcela.store.database import Connection


async def insert_acceptance(connection: Connection, tenant_id: int, acceptance: PlanAcceptance) -> None:
    """Write the evidence of a plan that was written in the same transaction."""
    await connection.execute(
        "INSERT INTO plan_acceptance (tenant_id, plan_id, offer_id, accepted_at, display, terms_version,"
        " terms_text, terms_hash, acceptance_text, locale, amount_minor, currency)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant_id,
        acceptance.plan_id,
        acceptance.offer_id,
        acceptance.accepted_at,
        acceptance.display,
        acceptance.terms_version,
        acceptance.terms_text,
        acceptance.terms_hash,
        acceptance.acceptance_text,
        acceptance.locale,
        acceptance.amount_minor,
        acceptance.currency,
    )


async def find_acceptance(connection: Connection, tenant_id: int, plan_id: str) -> PlanAcceptance | None:
    """The evidence of a plan whose terms were accepted."""
    row = await connection.fetchrow(
        "SELECT plan_id::text AS plan_id, offer_id, accepted_at, display, terms_version, terms_text,"
        " terms_hash, acceptance_text, locale, amount_minor, currency"
        " FROM plan_acceptance WHERE tenant_id = $1 AND plan_id = $2::uuid",
        tenant_id,
        plan_id,
    )
    return None if row is None else PlanAcceptance(**{**row, "display": TermsDisplay(row["display"])})
