"""The simulated lender's books: assessments, credits and collections."""

from dataclasses import dataclass
from datetime import datetime

from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAssessment:
    """What was decided of a question, and how this payer will pay."""

    question_id: str
    assessment_id: str
    decision: str
    limit_minor: int | None
    missing: str | None
    is_late_payer: bool
    amount_minor: int
    currency: str
    asked_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredit:
    """A credit as it begins."""

    plan_id: str
    assessment_id: str
    financed_minor: int
    outstanding_minor: int
    currency: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredit:
    """A credit; `is_late_payer` is its assessment's word."""

    state: str
    outstanding_minor: int
    is_late_payer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCollection:
    """One attempt at a row."""

    plan_id: str
    number: int
    attempt: int
    word: str
    amount_minor: int
    collected_at: datetime


async def keep_assessment(
    connection: Connection, tenant_id: int, assessment: StoredAssessment
) -> StoredAssessment:
    """Write an answer, or give the one that the same question got first."""
    await connection.execute(
        "INSERT INTO simulated_lender_assessment (tenant_id, question_id, assessment_id, decision,"
        " limit_minor, missing, is_late_payer, amount_minor, currency, asked_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (tenant_id, question_id) DO NOTHING",
        tenant_id,
        assessment.question_id,
        assessment.assessment_id,
        assessment.decision,
        assessment.limit_minor,
        assessment.missing,
        assessment.is_late_payer,
        assessment.amount_minor,
        assessment.currency,
        assessment.asked_at,
        assessment.expires_at,
    )
    row = await connection.fetchrow(
        "SELECT question_id, assessment_id, decision, limit_minor, missing, is_late_payer, amount_minor,"
        " currency, asked_at, expires_at FROM simulated_lender_assessment"
        " WHERE tenant_id = $1 AND question_id = $2",
        tenant_id,
        assessment.question_id,
    )
    assert row is not None, "it was kept, now or before"
    return StoredAssessment(**dict(row))


async def open_credit(connection: Connection, tenant_id: int, credit: NewCredit) -> None:
    """Begin a credit; one that was begun stays as it is."""
    await connection.execute(
        "INSERT INTO simulated_lender_credit (tenant_id, plan_id, assessment_id, state, financed_minor,"
        " outstanding_minor, currency, opened_at) VALUES ($1, $2, $3, 'open', $4, $5, $6, $7)"
        " ON CONFLICT (tenant_id, plan_id) DO NOTHING",
        tenant_id,
        credit.plan_id,
        credit.assessment_id,
        credit.financed_minor,
        credit.outstanding_minor,
        credit.currency,
        credit.opened_at,
    )


async def lock_credit(connection: Connection, tenant_id: int, plan_id: str) -> StoredCredit | None:
    """The credit of a plan, locked until the transaction ends."""
    row = await connection.fetchrow(
        "SELECT c.state, c.outstanding_minor, coalesce(a.is_late_payer, false) AS is_late_payer"
        " FROM simulated_lender_credit c LEFT JOIN simulated_lender_assessment a"
        " ON (a.tenant_id, a.assessment_id) = (c.tenant_id, c.assessment_id)"
        " WHERE c.tenant_id = $1 AND c.plan_id = $2 FOR UPDATE OF c",
        tenant_id,
        plan_id,
    )
    return None if row is None else StoredCredit(**dict(row))


async def update_outstanding(
    connection: Connection, tenant_id: int, plan_id: str, *, outstanding_minor: int
) -> None:
    """What an open credit still asks for."""
    await connection.execute(
        "UPDATE simulated_lender_credit SET outstanding_minor = $3"
        " WHERE tenant_id = $1 AND plan_id = $2 AND state = 'open'",
        tenant_id,
        plan_id,
        outstanding_minor,
    )


async def close_credit(connection: Connection, tenant_id: int, plan_id: str, *, at: datetime) -> None:
    """Nothing is owed any more; again is as good as once."""
    await connection.execute(
        "UPDATE simulated_lender_credit SET state = 'closed', outstanding_minor = 0, closed_at = $3"
        " WHERE tenant_id = $1 AND plan_id = $2 AND state = 'open'",
        tenant_id,
        plan_id,
        at,
    )


async def list_collections(
    connection: Connection, tenant_id: int, plan_id: str, *, number: int
) -> list[StoredCollection]:
    """All attempts at a row."""
    rows = await connection.fetch(
        "SELECT plan_id, number, attempt, word, amount_minor, collected_at FROM simulated_lender_collection"
        " WHERE tenant_id = $1 AND plan_id = $2 AND number = $3 ORDER BY attempt",
        tenant_id,
        plan_id,
        number,
    )
    return [StoredCollection(**dict(row)) for row in rows]


async def insert_collection(connection: Connection, tenant_id: int, collection: StoredCollection) -> None:
    """Write an attempt at a row; the credit is locked."""
    await connection.execute(
        "INSERT INTO simulated_lender_collection"
        " (tenant_id, plan_id, number, attempt, word, amount_minor, collected_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        collection.plan_id,
        collection.number,
        collection.attempt,
        collection.word,
        collection.amount_minor,
        collection.collected_at,
    )
