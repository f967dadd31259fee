"""Plans of merchants' payments: what the issuer is told, who may read them, how the demo bank opens them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support import merchant_plans as shop
from tests.support.merchant_plans import capture, check_custom, check_offer, get_caller, open_as_issuer
from tests.support.purchases import ask, get_client, make_command, save
from tests.support.servicing import check_books, do_due, list_events, move_to, read_balances

from parcela.domain.cards import Pan
from parcela.domain.errors import NotFound
from parcela.domain.merchants import AmountKind, Charge
from parcela.domain.offers import IssuerTerms
from parcela.domain.plans import Plan
from parcela.domain.terms import FirstDue
from parcela.operations import people
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.merchant_plans import CapturedPayment, prepare_plan
from parcela.operations.plan_views import view_plan
from parcela.operations.plans import read_plan
from parcela.operations.servicing import get_plan
from parcela.store.catalogue_entries import get_version

START = date(2030, 1, 10)
ALL_INTEREST = Charge(kind=AmountKind.PERCENT, value=Decimal(100))


def show(plan: Any) -> list[tuple[str, int, int, int, int]]:
    rows = getattr(plan, "installments", None) or plan.rows
    return [
        (
            row.due_date.isoformat(),
            row.amount_minor,
            row.principal_minor,
            row.interest_minor,
            row.fee_minor,
        )
        for row in rows
    ]


def test_a_captured_payment_makes_a_plan_with_letter_and_event(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        caller = await get_caller(engine)
        plan = await capture(engine, check_offer(caller, "cart-6-usd"))
        assert show(plan) == [
            ("2030-02-10", 10_353, 9_753, 600, 0),
            ("2030-03-10", 10_353, 9_851, 502, 0),
            ("2030-04-10", 10_353, 9_949, 404, 0),
            ("2030-05-10", 10_353, 10_049, 304, 0),
            ("2030-06-10", 10_353, 10_149, 204, 0),
            ("2030-07-10", 10_353, 10_249, 104, 0),
        ]
        assert (plan.client_id, plan.provider_id) == (caller.client.client_id, shop.PROVIDER_ID)
        assert (plan.offer.offer_id, plan.offer.interval) == ("standard-6-usd", "monthly")
        # The merchant added nothing: the program's own price, by the version that priced it.
        assert plan.offer.issuer_terms is None
        told = plan.request
        assert told.offer_transaction_id == str(plan.offer_transaction_id)
        assert told.merchant.name == "Parcela Demo Shop"
        assert (told.merchant.country, told.merchant.url) == ("USA", "https://shop.sandbox.example")
        assert told.merchant.mcc is not None and told.merchant.mcc.text == "5732"
        assert told.merchant.merchant_id is not None and told.merchant.merchant_id.text == "100200300"
        # Longer than the network's words allow, so it is not told.
        assert told.merchant.acquirer_id is None
        transaction = told.transaction
        assert (transaction.amount, transaction.currency) == (Decimal("600.00"), "USD")
        assert (transaction.amount_kind, transaction.local_text[:19]) == ("final", "2030-01-10T12:00:00")
        codes = (transaction.stan, transaction.rrn, transaction.authorization_code)
        assert [code.text for code in codes if code] == ["742", "123456123456", "123456"]
        assert await list_events(engine, plan.plan_id) == ["plan.created"]
        async with engine.database.connection() as connection:
            letter = await connection.fetchrow("SELECT kind, provider_id::text, status FROM letter")
            assert letter is not None
            assert tuple(letter) == ("network.plan_notification", shop.PROVIDER_ID, "parked")
        await check_books(engine)

    run(work)


def test_due_dates_count_from_the_merchants_own_date_of_the_capture(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        seen, caller = await engine.look(), await get_caller(engine)
        # At noon in London it is the next day in Auckland, 13 hours ahead in January.
        profile = replace(caller.setup.profile, time_zone="Pacific/Auckland")
        caller = replace(caller, setup=replace(caller.setup, profile=profile))
        checked = check_offer(caller, "cart-6-usd")
        transaction = shop.make_transaction(seen.now, checked)
        payment = CapturedPayment(transaction=transaction, checked=checked, pan=Pan(shop.CARD))
        plan = prepare_plan(engine, seen, caller, payment).plan
        assert plan.installments[0].due_date == date(2030, 2, 11)
        assert plan.request.transaction.local_text == "2030-01-11T01:00:00+13:00"

    run(work)


def test_a_capture_tells_the_trace_numbers_of_its_authorization(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        seen, caller = await engine.look(), await get_caller(engine)
        checked = check_offer(caller, "cart-6-usd")
        approved = shop.make_transaction(seen.now - timedelta(days=2), checked)
        facts = approved.acquirer
        assert facts is not None
        captured = shop.make_transaction(
            seen.now, checked, acquirer=replace(facts, stan="999", rrn="999999999999"), number=2
        )
        payment = CapturedPayment(
            transaction=captured, checked=checked, pan=Pan(shop.CARD), authorization=approved
        )
        told = prepare_plan(engine, seen, caller, payment).plan.request.transaction
        assert (told.stan and told.stan.text, told.rrn and told.rrn.text) == ("742", "123456123456")
        assert told.local_at.date() == START

    run(work)


# What a merchant adds to a program of six months at 11.99 %: rows, rate a period, and interest in all.
PRICES: list[tuple[str, dict[str, Any], list[tuple[str, int, int, int, int]], IssuerTerms | None]] = [
    (
        "fee",
        {"fee": Charge(kind=AmountKind.AMOUNT, value=Decimal(12)), "interest_discount": ALL_INTEREST},
        [("2030-02-10", 11_200, 10_000, 0, 1_200)]
        + [(f"2030-{month:02}-10", 10_000, 10_000, 0, 0) for month in range(3, 8)],
        IssuerTerms(fee_minor=1_200, is_fee_spread=False, in_advance=False),
    ),
    (
        "fully-discounted",
        {"interest_discount": ALL_INTEREST},
        [(f"2030-{month:02}-10", 10_000, 10_000, 0, 0) for month in range(2, 8)],
        IssuerTerms(fee_minor=0, is_fee_spread=False, in_advance=False),
    ),
    (
        "deferred",
        {"deferral_months": 3},
        [
            ("2030-05-10", 10_353, 9_753, 600, 0),
            ("2030-06-10", 10_353, 9_851, 502, 0),
            ("2030-07-10", 10_353, 9_949, 404, 0),
            ("2030-08-10", 10_353, 10_049, 304, 0),
            ("2030-09-10", 10_353, 10_149, 204, 0),
            ("2030-10-10", 10_353, 10_249, 104, 0),
        ],
        IssuerTerms(fee_minor=0, is_fee_spread=False, in_advance=False),
    ),
]


@pytest.mark.parametrize(
    ("changes", "rows", "terms"), [case[1:] for case in PRICES], ids=[case[0] for case in PRICES]
)
def test_the_demo_bank_opens_a_merchants_price_as_it_was_made(
    run: RunWithEngine, changes: dict[str, Any], rows: list[Any], terms: IssuerTerms | None
) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        plan = await capture(engine, check_offer(await get_caller(engine), "cart-6-usd", **changes))
        assert show(plan) == rows
        assert plan.offer.issuer_terms == terms
        opened = await open_as_issuer(engine, plan)
        assert show(opened) == rows
        assert (opened.state.value, opened.in_advance) == ("active", False)
        has_interest = any(row.interest_minor for row in plan.installments)
        assert (opened.rate == (0, 1)) is not has_interest
        await check_books(engine)

    run(work)


def test_the_apr_counts_the_fee_and_the_months_of_a_deferral(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        caller = await get_caller(engine)

        async def find_apr(**changes: Any) -> Decimal | None:
            plan = await capture(engine, check_offer(caller, "cart-6-usd", **changes))
            return plan.offer.apr_percent

        assert await find_apr() == Decimal("12.00")
        assert await find_apr(interest_discount=ALL_INTEREST) == Decimal("0.00")
        fee = Charge(kind=AmountKind.AMOUNT, value=Decimal(12))
        assert await find_apr(fee=fee, interest_discount=ALL_INTEREST) == Decimal("6.92")
        assert await find_apr(deferral_months=3) == Decimal("6.43")

    run(work)


def test_one_payment_after_three_months_is_billed_on_its_day(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        checked = check_custom(await get_caller(engine), count=1, deferral_months=3)
        plan = await capture(engine, checked)
        # Three months of deferral, and the month after which a payment of this program is due.
        assert show(plan) == [("2030-05-10", 60_000, 60_000, 0, 0)]
        opened = await open_as_issuer(engine, plan)
        assert show(opened) == show(plan)
        assert await read_balances(engine, opened.account_id) == {
            "installment_receivable": 60_000,
            "purchases": 60_000,
        }
        await move_to(engine, date(2030, 5, 9))
        assert (await do_due(engine)).billed == 0
        await move_to(engine, date(2030, 5, 10))
        assert (await do_due(engine)).billed == 1
        (row,) = (await get_plan(engine, plan.plan_id)).rows
        assert (row.state.value, row.billed_on) == ("billed", date(2030, 5, 10))
        assert await read_balances(engine, opened.account_id) == {
            "card_balance": 60_000,
            "purchases": 60_000,
        }
        await check_books(engine)

    run(work)


def test_a_first_payment_due_at_once_is_billed_when_the_bank_is_told(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        fee = Charge(kind=AmountKind.AMOUNT, value=Decimal(12))
        checked = check_offer(
            await get_caller(engine), "cart-3-usd", first_due=FirstDue.TRANSACTION_DATE, fee=fee
        )
        plan = await capture(engine, checked)
        assert show(plan) == [
            ("2030-01-10", 21_200, 20_000, 0, 1_200),
            ("2030-02-10", 20_000, 20_000, 0, 0),
            ("2030-03-10", 20_000, 20_000, 0, 0),
        ]
        opened = await open_as_issuer(engine, plan)
        assert (opened.in_advance, show(opened)) == (True, show(plan))
        assert [row.state.value for row in opened.rows] == ["billed", "scheduled", "scheduled"]
        assert await read_balances(engine, opened.account_id) == {
            "card_balance": 21_200,
            "fee_income": 1_200,
            "installment_receivable": 40_000,
            "purchases": 60_000,
        }
        # 12.00 for the 400.00 that are lent for one and two months.
        assert plan.offer.apr_percent == Decimal("24.66")
        await check_books(engine)

    run(work)


def test_the_issuers_client_reads_the_plans_of_its_merchants_and_nobody_elses_partner_does(
    run: RunWithEngine,
) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        plan = await capture(engine, check_offer(await get_caller(engine), "cart-6-usd"))
        issuer, partner = await get_client(engine, "issuer"), await get_client(engine, "partner")
        assert await read_plan(engine, issuer, plan.plan_id) == plan
        other = replace(issuer, client_id=issuer.client_id + 1000, provider_id=plan.plan_id)
        for stranger in (partner, other):
            with pytest.raises(NotFound):
                await read_plan(engine, stranger, plan.plan_id)
        operator = await people.get_person(engine, "operator@sandbox.example")
        view = await view_plan(engine, operator, plan.plan_id)
        assert (view.client_code, view.masked_card) == (shop.MERCHANT_ID, "512345******0008")

    run(work)


def test_a_partners_plan_stays_private_to_the_partner(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        plan: Plan = await save(engine, make_command(await ask(engine)))
        with pytest.raises(NotFound):
            await read_plan(engine, await get_client(engine, "issuer"), plan.plan_id)

    run(work)


def test_a_plan_of_an_issuer_that_left_waits_with_its_letter(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        seen, caller = await engine.look(), await get_caller(engine)
        checked = check_offer(caller, "cart-6-usd")
        checked = replace(checked, program=replace(checked.program, provider_id=shop.ORDER_KEY))
        transaction = shop.make_transaction(seen.now, checked)
        payment = CapturedPayment(transaction=transaction, checked=checked, pan=Pan(shop.CARD))
        letter = prepare_plan(engine, seen, caller, payment).letter
        assert letter is not None and letter.obstacle is not None
        assert letter.obstacle.code == "no_destination"

    run(work)


def test_the_version_that_priced_the_plan_is_kept(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await move_to(engine, START)
        caller = await get_caller(engine)
        plan = await capture(engine, check_offer(caller, "cart-6-usd"))
        assert plan.offer.program_version is not None
        async with engine.database.connection() as connection:
            entry = await get_version(
                connection, MAIN_TENANT, ("program", "standard-6-usd"), plan.offer.program_version
            )
        assert entry == shop.get_program(caller, "cart-6-usd")[1]

    run(work)
