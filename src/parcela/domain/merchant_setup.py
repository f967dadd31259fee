"""Everything that one merchant has set up, gathered from the catalogue once for each of its versions."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from parcela.domain.merchants import (
    Attachment,
    MerchantPlan,
    MerchantProduct,
    MerchantProfile,
    OfferRule,
)
from parcela.domain.programs import Program
from parcela.domain.versions import EntryKey, VersionedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInForce:
    """An enabled offer rule of an enabled product, with its program as it stands now."""

    rule: OfferRule
    version: int
    program: Program
    program_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInForce:
    """An enabled custom plan with its program."""

    plan: MerchantPlan
    version: int
    program: Program
    program_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSetup:
    """A merchant with its products, its offers in display order, and its custom plans."""

    profile: MerchantProfile
    version: int
    products: tuple[MerchantProduct, ...]
    rules: tuple[RuleInForce, ...]
    plans: tuple[PlanInForce, ...]

    def list_rules(self, attachment: Attachment) -> list[RuleInForce]:
        """The offers of one attachment, in display order."""
        return [held for held in self.rules if held.rule.attachment is attachment]

    def find_product(self, product_id: str) -> MerchantProduct | None:
        """An enabled product."""
        return next((product for product in self.products if product.product_id == product_id), None)

    def find_plan(self, plan_id: str) -> PlanInForce | None:
        """An enabled custom plan."""
        return next((held for held in self.plans if held.plan.plan_id == plan_id), None)


def gather_merchants(by_key: Mapping[EntryKey, VersionedEntry]) -> dict[str, MerchantSetup]:
    """The enabled merchants by their id."""
    products: dict[str, list[MerchantProduct]] = defaultdict(list)
    rules: dict[str, list[RuleInForce]] = defaultdict(list)
    plans: dict[str, list[PlanInForce]] = defaultdict(list)
    for held in by_key.values():
        entry = held.entry
        if isinstance(entry, MerchantProduct) and entry.enabled:
            products[entry.merchant_id].append(entry)
        elif isinstance(entry, OfferRule):
            rule = _gather_rule(entry, held.version, by_key)
            if rule is not None:
                rules[entry.merchant_id].append(rule)
        elif isinstance(entry, MerchantPlan):
            plan = _gather_plan(entry, held.version, by_key)
            if plan is not None:
                plans[entry.merchant_id].append(plan)
    return {
        held.entry.merchant_id: MerchantSetup(
            profile=held.entry,
            version=held.version,
            products=tuple(sorted(products[held.entry.merchant_id], key=lambda one: one.product_id)),
            rules=tuple(sorted(rules[held.entry.merchant_id], key=_order_rule)),
            plans=tuple(sorted(plans[held.entry.merchant_id], key=lambda one: one.plan.plan_id)),
        )
        for held in by_key.values()
        if isinstance(held.entry, MerchantProfile) and held.entry.enabled
    }


def _order_rule(held: RuleInForce) -> tuple[int, str]:
    return held.rule.display_order, held.rule.rule_id


def _gather_rule(
    rule: OfferRule, version: int, by_key: Mapping[EntryKey, VersionedEntry]
) -> RuleInForce | None:
    """None while the rule, its product or its program is switched off."""
    product = by_key[MerchantProduct.kind, f"{rule.merchant_id}:{rule.product_id}"].entry
    program = by_key[Program.kind, rule.program_id]
    assert isinstance(product, MerchantProduct) and isinstance(program.entry, Program)
    if not (rule.enabled and product.enabled and program.entry.enabled) or rule.withdrawn:
        return None
    return RuleInForce(
        rule=rule,
        version=version,
        program=program.entry,
        program_version=program.version,
    )


def _gather_plan(
    plan: MerchantPlan, version: int, by_key: Mapping[EntryKey, VersionedEntry]
) -> PlanInForce | None:
    program = by_key[Program.kind, plan.program_id]
    assert isinstance(program.entry, Program)
    if not (plan.enabled and program.entry.enabled):
        return None
    return PlanInForce(
        plan=plan,
        version=version,
        program=program.entry,
        program_version=program.version,
    )
