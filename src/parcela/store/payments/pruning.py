"""Forgetting plan lists and credit checks of payments that are over, unless something needs them for good.

`aging_since` says since when a record only grows older. One that is looked at while its payment goes on is
looked at again as long after; one that is needed for good is never looked at again.
"""

from datetime import datetime

from parcela.store.database import Connection

MAX_PRUNED = 2000
"""So many records are looked at in one transaction."""

_GOES_ON = (
    "EXISTS (SELECT FROM payment p WHERE (p.tenant_id, p.payment_id) = (held.tenant_id, held.payment_id)"
    " AND p.status IN ('pending', 'requires_authentication', 'processing', 'authorized'))"
)
_LOOK = f"""
WITH old AS MATERIALIZED (
    SELECT tenant_id, position, {_GOES_ON} AS goes_on FROM payment_plan_list held
    WHERE aging_since < $1 ORDER BY aging_since LIMIT $3 FOR NO KEY UPDATE OF held SKIP LOCKED
)
UPDATE payment_plan_list l SET aging_since = CASE WHEN goes_on THEN $2::timestamptz END FROM old
WHERE (l.tenant_id, l.position) = (old.tenant_id, old.position) RETURNING l.tenant_id, l.position, goes_on
"""
# No paper of an offer is delivered from here to the end of the transaction.
_HOLD_OFFERS = """
SELECT FROM payment_offer o JOIN unnest($1::int[], $2::bigint[]) AS l (tenant_id, position)
    ON (o.tenant_id, o.list_position) = (l.tenant_id, l.position) FOR UPDATE OF o
"""
_DELETE_LISTS = """
WITH free AS MATERIALIZED (
    SELECT l.tenant_id, l.position FROM unnest($1::int[], $2::bigint[]) AS l (tenant_id, position)
    WHERE NOT EXISTS (SELECT FROM payment_plan_evidence e
            WHERE (e.tenant_id, e.list_position) = (l.tenant_id, l.position))
        AND NOT EXISTS (SELECT FROM payment_offer o JOIN payment_plan USING (tenant_id, offer_id)
            WHERE (o.tenant_id, o.list_position) = (l.tenant_id, l.position))
        AND NOT EXISTS (SELECT FROM payment_offer o JOIN paper_delivery USING (tenant_id, offer_id)
            WHERE (o.tenant_id, o.list_position) = (l.tenant_id, l.position))
), gone_offers AS (
    DELETE FROM payment_offer o USING free
    WHERE (o.tenant_id, o.list_position) = (free.tenant_id, free.position)
), gone AS (
    DELETE FROM payment_plan_list l USING free
    WHERE (l.tenant_id, l.position) = (free.tenant_id, free.position)
    RETURNING 1
)
SELECT count(*) FROM gone
"""
_PRUNE_CHECKS = f"""
WITH old AS MATERIALIZED (
    SELECT tenant_id, question_id, {_GOES_ON} AS goes_on, EXISTS (
        SELECT FROM payment_plan p
        WHERE (p.tenant_id, p.client_id, p.is_live, p.payment_id, p.assessment_id)
            = (held.tenant_id, held.client_id, held.is_live, held.payment_id, held.assessment_id)) AS has_plan
    FROM payment_credit_check held
    WHERE aging_since < $1 ORDER BY aging_since LIMIT $3 FOR UPDATE OF held SKIP LOCKED
), kept AS (
    UPDATE payment_credit_check c SET aging_since = CASE WHEN goes_on THEN $2::timestamptz END FROM old
    WHERE (c.tenant_id, c.question_id) = (old.tenant_id, old.question_id) AND (goes_on OR has_plan)
), gone AS (
    DELETE FROM payment_credit_check c USING old
    WHERE (c.tenant_id, c.question_id) = (old.tenant_id, old.question_id) AND NOT (goes_on OR has_plan)
    RETURNING 1
)
SELECT count(*) FROM gone
"""


async def delete_unneeded_lists(
    connection: Connection, *, before: datetime, now: datetime, limit: int = MAX_PRUNED
) -> int:
    """Forget plan lists that age since before an instant, with their offers; gives how many.

    What evidence, a plan or a delivered paper refers to stays, and what a payment may still come back to. At
    most `limit` lists are looked at, in the caller's transaction.
    """
    rows = await connection.fetch(_LOOK, before, now, limit)
    over = [row for row in rows if not row["goes_on"]]
    keys = [row["tenant_id"] for row in over], [row["position"] for row in over]
    await connection.execute(_HOLD_OFFERS, *keys)
    count: int = await connection.fetchval(_DELETE_LISTS, *keys)
    return count


async def delete_unneeded_checks(
    connection: Connection, *, before: datetime, now: datetime, limit: int = MAX_PRUNED
) -> int:
    """Forget credit checks that age since before an instant; gives how many.

    The approval that a plan was made with stays, and what a payment may still come back to. One statement.
    """
    count: int = await connection.fetchval(_PRUNE_CHECKS, before, now, limit)
    return count
