"""Plans of merchants' payments in tests: captured money, its plan, and the issuer's notice of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from parcela.dialects.network.notifications import write_notification
from parcela.dialects.strict_json import parse_object
from parcela.domain.cards import Pan
from parcela.domain.currency import find_currency
from parcela.domain.merchant_pricing import price_custom_plan, price_offer
from parcela.domain.merchants import MerchantPlan, OfferRule, PlanTemplate
from parcela.domain.money import Money
from parcela.domain.orders import (
    AcquirerFacts,
    ChosenPlan,
    OrderTransaction,
    Outcome,
    TransactionKind,
)
from parcela.domain.plans import Plan
from parcela.domain.programs import Program
from parcela.domain.servicing.records import PlanNotice, ServicedPlan
from parcela.domain.terms import FirstDue
from parcela.issuer.read_notice import read_notice
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.merchant_plans import CapturedPayment, prepare_plan
from parcela.operations.merchants import MerchantCaller, find_caller
from parcela.operations.plan_opening import open_plan
from parcela.operations.plan_records import CheckedPlan
from parcela.operations.plans import write_new_plan
from parcela.store import plans
from parcela.store.database import Connection
from tests.support.servicing import CORRELATION_ID

CARD = "5123450000000008"
MERCHANT_ID = "TESTPARCELA01"
PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
ORDER_KEY = "0198c5a0-0000-7000-8000-00000000000a"


async def get_caller(engine: Engine, merchant_id: str = MERCHANT_ID) -> MerchantCaller:
    """The demo merchant."""
    found = find_caller(await engine.look(), merchant_id)
    assert found is not None
    return found


def get_program(caller: MerchantCaller, rule_id: str) -> tuple[OfferRule, Program, int]:
    """A rule of the merchant with its program and the program's version."""
    held = next(one for one in caller.setup.rules if one.rule.rule_id == rule_id)
    return held.rule, held.program, held.program_version


def check_offer(
    caller: MerchantCaller,
    rule_id: str,
    amount_minor: int = 60_000,
    *,
    first_due: FirstDue | None = None,
    **changes: Any,
) -> CheckedPlan:
    """An offer that a payment of so much was checked for; `changes` replace members of its rule."""
    rule, program, version = get_program(caller, rule_id)
    rule = replace(rule, **changes)
    if first_due is not None:
        program = replace(program, terms=replace(program.terms, first_due=first_due))
    price = price_offer(rule, program, to_money(program, amount_minor))
    chosen = ChosenPlan(
        offer_id="Q" * 20 + "01",
        program_id=program.offer_id,
        count=price.count,
        deferral_months=price.deferral_months,
        product_id=rule.product_id,
    )
    return CheckedPlan(chosen=chosen, price=price, program=program, program_version=version, rule=rule)


def check_custom(
    caller: MerchantCaller, amount_minor: int = 60_000, *, count: int, deferral_months: int
) -> CheckedPlan:
    """A custom plan without interest, in so many payments after so many months."""
    _, program, version = get_program(caller, "cart-6-usd")
    plan = MerchantPlan(
        merchant_id=MERCHANT_ID,
        plan_id="DEFERRED",
        name="Deferred",
        template=PlanTemplate.DEFERRAL_AND_FULL_PAYMENT,
        program_id=program.offer_id,
        payments=(count,),
        deferrals=(deferral_months,),
        first_day=datetime(2020, 1, 1, tzinfo=UTC).date(),
    )
    price = price_custom_plan(
        plan, program, to_money(program, amount_minor), count=count, deferral_months=deferral_months
    )
    chosen = ChosenPlan(offer_id=None, program_id="DEFERRED", count=count, deferral_months=deferral_months)
    return CheckedPlan(chosen=chosen, price=price, program=program, program_version=version, custom=plan)


def to_money(program: Program, amount_minor: int) -> Money:
    """An amount of the program's currency."""
    currency = find_currency(program.currency)
    assert currency is not None
    return Money(amount_minor, currency)


def make_transaction(at: datetime, checked: CheckedPlan, **members: Any) -> OrderTransaction:
    """A payment that was approved."""
    given: dict[str, Any] = {
        "order_key": ORDER_KEY,
        "transaction_id": "1",
        "number": 1,
        "kind": TransactionKind.PAYMENT,
        "amount_minor": checked.price.principal_minor,
        "currency": checked.price.currency.code,
        "created_at": at,
        "recorded_at": at,
        "outcome": Outcome.APPROVED,
        "status_after": None,
        "totals_after": None,
        "acquirer": AcquirerFacts(
            acquirer_id="PARCELA_SIM",
            merchant_id="100200300",
            terminal_id="PARC0001",
            batch=20300110,
            authorization_code="123456",
            stan="742",
            rrn="123456123456",
        ),
        **members,
    }
    return OrderTransaction(**given)


async def capture(engine: Engine, checked: CheckedPlan, *, digits: str = CARD, **members: Any) -> Plan:
    """Money captured with a plan; gives the plan as it is stored."""
    seen = await engine.look()
    caller = await get_caller(engine)
    payment = CapturedPayment(
        transaction=make_transaction(seen.now, checked), checked=checked, pan=Pan(digits), **members
    )
    new = prepare_plan(engine, seen, caller, payment)

    async def work(connection: Connection) -> Plan | None:
        await write_new_plan(connection, new)
        return await plans.find_plan(connection, MAIN_TENANT, plan_id=new.plan.plan_id)

    stored = await engine.database.run(work)
    assert stored == new.plan, "a plan is read as it was written"
    return stored


async def read_as_issuer(engine: Engine, plan: Plan, digits: str = CARD) -> PlanNotice:
    """The notice of a plan, written by the network and read by the demo bank's processor."""
    issuer = (await engine.look()).catalogue(MAIN_TENANT).find_issuer(plan.provider_id)
    assert issuer is not None
    body = msgspec.json.encode(write_notification(plan, issuer, sealed_member="encryptedValue"))
    sensitive = msgspec.json.encode({"consumer": {"primaryAccountNumber": int(digits)}})
    return read_notice(parse_object(body), parse_object(sensitive))


async def open_as_issuer(engine: Engine, plan: Plan) -> ServicedPlan:
    """The demo bank opens a plan that it was told of."""
    notice = await read_as_issuer(engine, plan)
    opened = await open_plan(engine, await engine.look(), notice, correlation_id=CORRELATION_ID)
    return opened.plan
