"""Budgets of offer rules: their bound in minor units, and whether there is room for a purchase."""

from decimal import ROUND_FLOOR

from parcela.domain.catalogue import Catalogue
from parcela.domain.currency import find_currency
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchants import OfferRule
from parcela.domain.programs import Program
from parcela.operations.engine import Engine
from parcela.store import offer_budgets


def find_budget(catalogue: Catalogue, rule: OfferRule, program: Program) -> int | None:
    """The budget that bounds purchases under a quoted rule now, in minor units of its program; None: none.

    The rule's newest version counts, as long as it is in the same currency.
    """
    held = catalogue.entries.get((OfferRule.kind, rule.key))
    if held is not None and isinstance(held.entry, OfferRule):
        current = catalogue.entries.get((Program.kind, held.entry.program_id))
        if current is not None and isinstance(current.entry, Program):
            rule = held.entry if current.entry.currency == program.currency else rule
    return _read_budget(rule, program)


async def has_room(
    engine: Engine, tenant_id: int, rule_key: str, *, price: OfferPrice, budget_minor: int
) -> bool:
    """Has a rule's budget room for an offer at this price? Another payment may take it first."""
    async with engine.database.connection() as connection:
        taken = await offer_budgets.list_taken(connection, tenant_id, [rule_key])
    return taken.get((rule_key, price.currency.code), 0) + price.principal_minor <= budget_minor


def _read_budget(rule: OfferRule, program: Program) -> int | None:
    if rule.budget is None:
        return None
    currency = find_currency(program.currency)
    assert currency is not None, "a program is in a currency of ISO 4217"
    return int(rule.budget.scaleb(currency.exponent).to_integral_value(ROUND_FLOOR))
