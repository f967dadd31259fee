"""How much was financed under offer rules that have a budget, in minor units.

A budget is taken inside the transaction that holds the offer, after the offer itself: the same order as when
it is given back, so that two payments never wait for each other in a ring.
"""

from collections.abc import Collection
from dataclasses import dataclass

from parcela.store.database import Connection

_TAKE = """
UPDATE offer_budget SET taken_minor = taken_minor + $4, budget_minor = $5
WHERE tenant_id = $1 AND rule_key = $2 AND currency = $3 AND taken_minor + $4 <= $5 RETURNING true
"""
_EXISTS = "SELECT true FROM offer_budget WHERE tenant_id = $1 AND rule_key = $2 AND currency = $3"
# What was financed while the rule had no budget counts too, even where it exceeds the budget.
_BEGIN = f"""
WITH earlier AS (
    UPDATE merchant_offer SET is_budgeted = true
    WHERE tenant_id = $1 AND rule_key = $2 AND currency = $3 AND holder IS NOT NULL AND offer_id <> $4
        AND NOT EXISTS ({_EXISTS})
    RETURNING financed_minor
), financed AS (SELECT coalesce(sum(financed_minor), 0)::bigint AS minor FROM earlier)
INSERT INTO offer_budget (tenant_id, rule_key, currency, budget_minor, taken_minor)
SELECT $1, $2, $3, greatest($5::bigint, minor), minor FROM financed WHERE NOT EXISTS ({_EXISTS})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetClaim:
    """An amount that a held offer wants of its rule's budget."""

    rule_key: str
    offer_id: str
    currency: str
    amount_minor: int
    budget_minor: int


async def take_budget(connection: Connection, tenant_id: int, claim: BudgetClaim) -> bool:
    """Take an amount of a budget for a held offer; False, and nothing taken, when too little is left."""
    key = (tenant_id, claim.rule_key, claim.currency)
    bounds = (claim.amount_minor, claim.budget_minor)
    taken = await connection.fetchval(_TAKE, *key, *bounds)
    if taken is None and await connection.fetchval(_EXISTS, *key) is None:
        # Whoever comes first begins the count; the others see it as soon as they get the lock.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"offer budget {key}"
        )
        await connection.execute(_BEGIN, *key, claim.offer_id, claim.budget_minor)
        taken = await connection.fetchval(_TAKE, *key, *bounds)
    if taken is None:
        return False
    await connection.execute(
        "UPDATE merchant_offer SET is_budgeted = true WHERE tenant_id = $1 AND offer_id = $2",
        tenant_id,
        claim.offer_id,
    )
    return True


async def give_back_budget(
    connection: Connection, tenant_id: int, rule_key: str, *, currency: str, amount_minor: int
) -> None:
    """Give back what a released offer had taken."""
    await connection.execute(
        "UPDATE offer_budget SET taken_minor = taken_minor - $4"
        " WHERE tenant_id = $1 AND rule_key = $2 AND currency = $3",
        tenant_id,
        rule_key,
        currency,
        amount_minor,
    )


async def list_taken(
    connection: Connection, tenant_id: int, rule_keys: Collection[str]
) -> dict[tuple[str, str], int]:
    """What was taken of the budgets of these rules, by rule and currency."""
    rows = await connection.fetch(
        "SELECT rule_key, currency, taken_minor FROM offer_budget"
        " WHERE tenant_id = $1 AND rule_key = ANY($2::text[])",
        tenant_id,
        list(rule_keys),
    )
    return {(row["rule_key"], row["currency"]): row["taken_minor"] for row in rows}
