"""A shop's orders through every door, told with a moving clock (`spec/gateway.md` §§8–13).

What each step leaves behind is compared with `tests/golden/stories/shop_*.txt`; every number there was
checked by hand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.shop import (
    DECLINED,
    TIMED_OUT,
    UNKNOWN,
    ShopTale,
    apply_catalogue,
    end_leases,
    fetch,
    find_order,
    open_shop_world,
)
from tests.support.story_world import StoryWorld

SERIAL_CARD = "5123450000017101"
ALL = "1200.00"
USED = "is invalid. The payment plan offer has already been used."


@pytest.fixture
def world(database_url: str, demo_template: DemoTemplate) -> Iterator[StoryWorld]:
    """A deployment with the demo shop and the demo bank."""
    with open_shop_world(database_url, demo_template.home) as opened:
        yield opened


def check_books(world: StoryWorld) -> None:
    """`parcela ledger check` finds nothing, which includes all orders, offers and the acquirer's book."""
    assert "Whole: " in world.command("ledger", "check")


def list_charges(world: StoryWorld) -> list[tuple[Any, ...]]:
    """What stands at the acquirer: kind, state, amount, captured and given back in minor units."""
    return fetch(
        world,
        "SELECT kind, state, amount_minor, captured_minor, refunded_minor FROM simulated_card_message"
        " ORDER BY reference",
    )


def get_rows(world: StoryWorld, plan_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.call("GET", f"/serviced-plans/{plan_id}")["rows"]
    return rows


def buy_with_six(tale: ShopTale, order_id: str = "O-1") -> str:
    """Quoted, accepted and paid at once; the plan's id."""
    offer_id = tale.shop.find_offer(6)
    tale.name(offer_id, "OFFER-6")
    tale.say("UPDATE", tale.shop.accept(offer_id))
    tale.say("PAY", tale.shop.pay(order_id, offer_id=offer_id))
    plan_id = tale.follow_order(order_id)
    tale.tell("Six payments are accepted and paid with")
    return plan_id


# ---------------------------------------------------------------- the journey


def read_through_every_door(world: StoryWorld, plan_id: str) -> None:
    """The issuer's keys, the console and the command line show one plan."""
    answer = world.issuer.call("GET", f"/plans/{plan_id}", None)
    assert (answer.status, answer.body["planId"], answer.body["status"]) == (200, plan_id, "CREATED")
    terms = answer.body["planInstallmentInformation"]
    rows = [(row["installmentAmount"], row["dueDate"]) for row in answer.body["schedulePayments"]]
    shown = world.call("GET", f"/plans/{plan_id}")
    assert (shown["client_code"], shown["card"]) == ("TESTPARCELA01", "512345******0008")
    assert [(float(row["amount"]), row["due_date"]) for row in shown["installments"]] == rows
    assert (terms["tenure"], terms["apr"], terms["totalAmount"]) == (6, 11.99, sum(row[0] for row in rows))
    told = world.command("plan", "show", plan_id)
    assert "by client TESTPARCELA01" in told
    assert "512345******0008" in told
    assert all(due_date in told for _, due_date in rows)
    # Another partner of the network knows nothing of it.
    assert world.partner.call("GET", f"/plans/{plan_id}", None).status == 404


def test_the_journey_ends_with_bills_refunds_and_whole_books(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    generic = shop.ask("POST", "shoppingOptionsInquiry", {"merchantCurrency": "USD"})
    assert [offer["numberOfPayments"] for _, offer in sorted(generic.body["paymentPlanOffer"].items())] == [
        6,
        12,
    ]
    item = {"sku": "SKU-1", "unitPrice": ALL}
    items = shop.ask(
        "POST",
        "itemPaymentPlanOffers",
        {"apiOperation": "ITEM_PAYMENT_PLAN_OFFERS", "currency": "USD", "item": [item]},
    )
    assert len(items.body["item"][0]["paymentPlanOffer"]) == 2
    offers = shop.list_offers()
    tale.show_offers(offers)
    (offer_id,) = (found for found in offers if offers[found]["numberOfPayments"] == 6)
    tale.say("PAY without acceptance", shop.pay("O-1", offer_id=offer_id))
    tale.say("UPDATE", shop.accept(offer_id))
    tale.say("PAY", shop.pay("O-1", offer_id=offer_id))
    plan_id = tale.follow_order("O-1")
    tale.tell("The payer looks at three offers, accepts six payments and pays")
    assert [status for _, status in fetch_letters(world)] == ["delivered"]
    read_through_every_door(world, plan_id)
    for number in (1, 2, 3):
        world.advance("1mo")
        (row,) = (row for row in get_rows(world, plan_id) if row["state"] == "billed")
        assert row["number"] == number
        paid = {"amount": row["amount"], "event_id": f"bill-{number}"}
        world.call("POST", f"/accounts/{tale.account_id}/payments", paid)
        tale.tell(f"Bill {number} is paid")
    tale.say("REFUND", shop.move("REFUND", "O-1", "2", "400.00"))
    tale.tell("400.00 come back: the rows that are left are priced anew")
    tale.say("REFUND", shop.move("REFUND", "O-1", "3", "800.01"))
    tale.say("REFUND", shop.move("REFUND", "O-1", "4", "800.00"))
    tale.tell("The rest comes back, and not a cent more")
    world.advance("1y")
    tale.tell("A year later nothing more was billed")
    assert list_charges(world) == [
        ("payment", "approved", 120_000, 120_000, 120_000),
        ("refund", "approved", 40_000, 0, 0),
        ("refund", "approved", 80_000, 0, 0),
    ]
    check_books(world)
    tale.check("shop_journey")


def fetch_letters(world: StoryWorld) -> list[tuple[Any, ...]]:
    """Letters about plans: subject and status."""
    return fetch(world, "SELECT subject_id::text, status FROM letter")


# ---------------------------------------------------------------- serial numbers


def test_a_plan_begins_with_the_capture_once_serial_numbers_are_in(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    offer_id = shop.find_offer(6)
    tale.name(offer_id, "OFFER-6")
    tale.say("UPDATE", shop.accept(offer_id, card=SERIAL_CARD))
    tale.say("PAY", shop.pay("O-1", offer_id=offer_id, card=SERIAL_CARD))
    tale.say("AUTHORIZE", shop.pay("O-1", operation="AUTHORIZE", offer_id=offer_id, card=SERIAL_CARD))
    tale.tell("The bank asks for serial numbers at capture: PAY is too early, AUTHORIZE is not")
    assert find_order(world, "O-1")[1] is None
    world.advance("5d")
    tale.say("CAPTURE", shop.move("CAPTURE", "O-1", "2", ALL))
    tale.tell("Five days later the shop ships, but the serial number is missing: no plan")
    assert fetch(world, "SELECT count(*) FROM plan") == [(0,)]
    serial = {
        "order": {"item": [{"sku": "SKU-1", "quantity": "1", "unitPrice": ALL, "serialNumber": "SN-77"}]}
    }
    tale.say("UPDATE", shop.update(offer_id, serial))
    tale.say("CAPTURE of a part", shop.move("CAPTURE", "O-1", "2", "600.00"))
    tale.say("CAPTURE", shop.move("CAPTURE", "O-1", "2", ALL))
    plan_id = tale.follow_order("O-1", last_four="7101")
    tale.tell("With it the whole is captured, and the plan begins that day")
    assert get_rows(world, plan_id)[0]["due_date"] == "2030-02-15"
    check_books(world)
    tale.check("shop_serials")


# ---------------------------------------------------------------- voids


def test_a_payment_is_voided_within_a_day_and_not_after(world: StoryWorld) -> None:
    tale = ShopTale(world)
    buy_with_six(tale, "O-1")
    world.advance("23h")
    tale.say("VOID", tale.shop.void("O-1", "2", "1"))
    tale.tell("23 hours later it is voided: the plan is cancelled")
    tale.say("VOID again", tale.shop.void("O-1", "3", "1"))
    buy_with_six(tale, "O-2")
    world.advance("1d")
    tale.say("VOID", tale.shop.void("O-2", "2", "1"))
    tale.tell("After 24 hours there is nothing to void, and the plan goes on")
    world.advance("1mo")
    tale.tell("It is billed")
    check_books(world)
    tale.check("shop_void_payment")


def test_a_refund_taken_back_leaves_everything_as_before(world: StoryWorld) -> None:
    tale = ShopTale(world)
    plan_id = buy_with_six(tale)
    before = get_rows(world, plan_id)
    tale.say("REFUND", tale.shop.move("REFUND", "O-1", "2", "400.00"))
    tale.tell("400.00 come back")
    tale.say("VOID", tale.shop.void("O-1", "3", "2"))
    tale.tell("It was a mistake: the refund is voided")
    assert get_rows(world, plan_id) == before
    tale.say("REFUND", tale.shop.move("REFUND", "O-1", "4", ALL))
    tale.tell("All of it comes back: the plan is cancelled")
    tale.say("VOID", tale.shop.void("O-1", "5", "4"))
    tale.tell("A mistake as well")
    assert get_rows(world, plan_id) == before
    world.advance("1mo")
    tale.tell("The first row is billed as if nothing had been")
    check_books(world)
    tale.check("shop_void_refund")


def test_a_payment_is_voided_before_the_bank_hears_of_its_plan(world: StoryWorld) -> None:
    tale = ShopTale(world)
    world.front.outages_left = 1
    tale.say("PAY", tale.shop.pay("O-1", offer_id=tale.shop.find_offer(12)))
    tale.say("REFUND", tale.shop.move("REFUND", "O-1", "2", "200.00"))
    tale.say("VOID", tale.shop.void("O-1", "3", "2"))
    tale.say("VOID", tale.shop.void("O-1", "4", "1"))
    order_key, plan_id = find_order(world, "O-1")
    assert plan_id is not None
    tale.name(order_key, "O-1")
    tale.follow_plan(plan_id)
    world.settle()
    tale.tell("The bank is away while a payment is refunded in part, the refund voided, and the payment too")
    world.advance_to_next_try()
    wait_until(world, "SELECT count(*) FROM plan_instruction WHERE state = 'waiting'", 0)
    tale.follow_card("0008")
    tale.tell("It opens the plan, and carries everything out in its order")
    world.advance("2mo")
    tale.tell("Nothing is billed")
    check_books(world)
    tale.check("shop_void_untold")


def test_a_capture_is_voided_and_the_next_one_makes_a_plan_of_its_own(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    tale.say("AUTHORIZE", shop.pay("O-1", operation="AUTHORIZE", offer_id=shop.find_offer(12)))
    tale.say("CAPTURE", shop.move("CAPTURE", "O-1", "2", ALL))
    first = tale.follow_order("O-1")
    tale.name(first, "PLAN-FIRST")
    tale.tell("Captured: the plan begins")
    world.advance("20h")
    tale.say("VOID", shop.void("O-1", "3", "2"))
    tale.tell("The capture is voided: the plan is cancelled, the authorization stands")
    assert find_order(world, "O-1")[1] is None
    world.advance("3d")
    tale.say("CAPTURE", shop.move("CAPTURE", "O-1", "4", ALL))
    second = tale.follow_order("O-1")
    tale.name(second, "PLAN-SECOND")
    tale.tell("Three days later it is captured again, with a plan from that day on")
    tale.say("REFUND", shop.move("REFUND", "O-1", "5", "600.00"))
    tale.tell("Half of it comes back, to the second plan")
    check_books(world)
    tale.check("shop_void_capture")


def test_a_refund_is_taken_back_after_a_bill(world: StoryWorld) -> None:
    tale = ShopTale(world)
    buy_with_six(tale)
    world.advance("30d")
    tale.say("REFUND", tale.shop.move("REFUND", "O-1", "2", "600.00"))
    tale.tell("A day before the first bill half of it comes back")
    world.advance("23h")
    world.advance("30m")
    tale.tell("The first bill has come, over half")
    tale.say("VOID", tale.shop.void("O-1", "3", "2"))
    tale.tell("The refund is voided within its day: the rows to come bear it in equal shares")
    world.advance("6mo")
    tale.tell("Half a year later all is billed")
    check_books(world)
    tale.check("shop_void_refund_billed")


def test_a_voided_authorization_does_not_give_the_offer_back_and_a_declined_card_does(
    world: StoryWorld,
) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    offer_id = shop.find_offer(12)
    tale.name(offer_id, "OFFER-12")
    tale.say("AUTHORIZE", shop.pay("O-1", operation="AUTHORIZE", offer_id=offer_id))
    tale.say("VOID", shop.void("O-1", "2", "1"))
    tale.say("PAY", shop.pay("O-2", offer_id=offer_id))
    tale.tell("An authorization is voided; its offer cannot be used again")
    other_id = shop.find_offer(12)
    tale.name(other_id, "OFFER-12B")
    tale.say("PAY", shop.pay("O-2", offer_id=other_id, expiry=DECLINED))
    tale.say("PAY again", shop.pay("O-2", offer_id=other_id, expiry=DECLINED))
    second_card = "5123456789012346"
    tale.say("PAY with another card", shop.pay("O-2", "2", offer_id=other_id, card=second_card))
    tale.follow_order("O-2", last_four="2346")
    tale.tell("A card is declined; another card pays with the same offer under another transaction id")
    check_books(world)
    tale.check("shop_offer_use")


# ---------------------------------------------------------------- terms

DEFERRED = """
offer_rules:
  - merchant_id: TESTPARCELA01
    rule_id: cart-6-usd
    attachment: cart
    product_id: PL1
    program_id: standard-6-usd
    display_order: 20
    first_day: 2020-01-01
    brands: [mastercard]
    minimum: "300"
    deferral_months: 3
    qualifier: {text: Offer by Sandbox Bank, logo_url: "https://bank.example/logo.png"}
    terms: {text: Monthly payments are billed to your card.}
"""
SINGLE = """
programs:
  - offer_id: standard-1-usd
    provider_id: 29694e7a-b4a8-11ec-b909-0242ac120002
    currency: USD
    terms: {count: 1, interval: monthly}
    rules: {minimum: "100", maximum: "10000"}
    begin: 2020-01-01T00:00:00Z
    end: 2099-12-31T23:59:59Z
offer_rules:
  - merchant_id: TESTPARCELA01
    rule_id: cart-1-usd
    attachment: cart
    product_id: PL1
    program_id: standard-1-usd
    first_day: 2020-01-01
    brands: [mastercard]
    minimum: "300"
    deferral_months: 2
    fee: {kind: percent, value: "1"}
    qualifier: {text: Offer by Sandbox Bank, logo_url: "https://bank.example/logo.png"}
    terms: {text: One payment later.}
"""


@pytest.mark.parametrize(
    ("name", "count", "catalogue", "step"),
    [
        # Three months pass without a bill and without interest.
        ("deferred", 6, DEFERRED, "4mo"),
        # One payment, put off by two months, with a fee of one percent.
        ("single", 1, SINGLE, "3mo"),
        # The merchant bears the interest of twelve payments and gives 25.00 besides.
        ("discounted", 12, None, "1mo"),
        # A fixed fee of 12.00.
        ("fee", 3, None, "1mo"),
    ],
    ids=["deferred", "single", "discounted", "fee"],
)
def test_notices_rows_and_bills_follow_the_offer(
    world: StoryWorld, tmp_path: Path, name: str, count: int, catalogue: str | None, step: str
) -> None:
    if catalogue is not None:
        apply_catalogue(world, tmp_path, catalogue)
    tale = ShopTale(world)
    offers = tale.shop.list_offers()
    (offer_id,) = (found for found in offers if offers[found]["numberOfPayments"] == count)
    tale.show_offers({offer_id: offers[offer_id]})
    tale.say("UPDATE", tale.shop.accept(offer_id))
    tale.say("PAY", tale.shop.pay("O-1", offer_id=offer_id))
    tale.follow_order("O-1")
    tale.tell("The payer takes the offer")
    tell_notice(world, tale)
    world.advance(step)
    tale.tell("The first bill has come")
    world.advance("1y")
    tale.tell("A year later")
    check_books(world)
    tale.check(f"shop_{name}")


def tell_notice(world: StoryWorld, tale: ShopTale) -> None:
    """What the bank was told of the plan's terms and rows."""
    ((_, notice),) = world.front.received
    terms = sorted(notice["planInstallmentInformation"].items())
    tale.note("notice: " + ", ".join(f"{name} {value}" for name, value in terms))
    for row in notice["schedulePayments"]:
        tale.note(f"  {row['installmentNumber']} on {row['dueDate']}: {row['installmentAmount']}")


def test_a_custom_plan_of_a_mexican_card(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    plan: dict[str, Any] = {
        "planId": "BANORTE_WITHOUT_INTEREST",
        "numberOfPayments": 6,
        "numberOfDeferrals": 2,
    }
    pesos: dict[str, Any] = {"amount": "1000.00", "currency": "MXN"}
    tale.say("AUTHORIZE", shop.pay("O-1", operation="AUTHORIZE", plan=plan, **pesos))
    tale.say("PAY of 5", shop.pay("O-1", plan={**plan, "numberOfPayments": 5}, **pesos))
    tale.say("PAY", shop.pay("O-1", plan=plan, **pesos))
    tale.follow_order("O-1")
    tale.tell("Six payments without interest, the first one two months later than usual")
    tell_notice(world, tale)
    tale.say("REFUND", shop.move("REFUND", "O-1", "2", "100.00", currency="MXN"))
    tale.tell("100.00 come back")
    world.advance("3mo")
    tale.tell("The first bill")
    check_books(world)
    tale.check("shop_custom")


# ---------------------------------------------------------------- what changes after the quote


def test_an_offer_does_not_outlive_its_day(world: StoryWorld) -> None:
    tale = ShopTale(world)
    offer_id = tale.shop.find_offer(6)
    late_id = tale.shop.find_offer(12)
    tale.name(offer_id, "OFFER-6")
    tale.name(late_id, "OFFER-12")
    tale.say("UPDATE", tale.shop.accept(offer_id))
    tale.tell("Two offers are quoted, one is accepted")
    world.advance("25h")
    tale.say("UPDATE", tale.shop.accept(late_id))
    tale.say("PAY", tale.shop.pay("O-1", offer_id=offer_id))
    tale.say("PAY without a plan", tale.shop.pay("O-1"))
    tale.tell("The next day both have expired")
    check_books(world)
    tale.check("shop_expired")


WITHDRAWN = DEFERRED.replace("    deferral_months: 3\n", "    withdrawn: true\n")


def test_a_rule_is_withdrawn_between_quote_and_payment(world: StoryWorld, tmp_path: Path) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    accepted, quoted = shop.find_offer(6), shop.find_offer(6)
    tale.name(accepted, "OFFER-A")
    tale.name(quoted, "OFFER-B")
    tale.say("UPDATE", shop.accept(accepted))
    apply_catalogue(world, tmp_path, WITHDRAWN)
    tale.say("UPDATE", shop.accept(quoted))
    tale.say("PAY", shop.pay("O-1", offer_id=accepted))
    tale.say("PAY without a plan", shop.pay("O-1", "2"))
    tale.tell("The rule of two offers is withdrawn; one was accepted before")
    assert [offer["numberOfPayments"] for offer in shop.list_offers().values()] == [3, 12]
    # The refused plan never reached the card.
    assert list_charges(world) == [("payment", "approved", 120_000, 120_000, 0)]
    check_books(world)
    tale.check("shop_withdrawn")


DEARER = """
programs:
  - offer_id: standard-6-usd
    provider_id: 29694e7a-b4a8-11ec-b909-0242ac120002
    currency: USD
    terms: {count: 6, interval: monthly, rate: "23.99"}
    rules: {minimum: "100", maximum: "10000"}
    begin: 2020-01-01T00:00:00Z
    end: 2099-12-31T23:59:59Z
"""


def test_a_quoted_offer_keeps_its_price_when_the_program_changes(world: StoryWorld, tmp_path: Path) -> None:
    tale = ShopTale(world)
    offer_id = tale.shop.find_offer(6)
    quoted = tale.shop.list_offers()
    apply_catalogue(world, tmp_path, DEARER)
    dearer = tale.shop.list_offers()
    assert [offer["interest"]["rate"] for offer in quoted.values()] == [0, 11.99, 14]
    assert [offer["interest"]["rate"] for offer in dearer.values()] == [0, 23.99, 14]
    tale.show_offers({offer_id: list(quoted.values())[1]})
    tale.say("UPDATE", tale.shop.accept(offer_id))
    tale.say("AUTHORIZE", tale.shop.pay("O-1", operation="AUTHORIZE", offer_id=offer_id))
    tale.say("CAPTURE", tale.shop.move("CAPTURE", "O-1", "2", ALL))
    tale.follow_order("O-1")
    tale.tell("The program costs twice as much by now, but not for who has its offer")
    tell_notice(world, tale)
    check_books(world)
    tale.check("shop_repriced")


BUDGET = DEFERRED.replace("    deferral_months: 3\n", '    budget: "2000"\n')


def test_a_budget_is_spent_between_two_payers(world: StoryWorld, tmp_path: Path) -> None:
    apply_catalogue(world, tmp_path, BUDGET)
    tale = ShopTale(world)
    shop = tale.shop
    first, second = shop.find_offer(6), shop.find_offer(6)
    tale.say("PAY", shop.pay("O-1", offer_id=first))
    tale.say("PAY", shop.pay("O-2", offer_id=second))
    tale.follow_order("O-1")
    tale.tell("2000.00 may be financed: the second payer's 1200.00 are too much")
    less = shop.find_offer(6, "800.00")
    tale.say("PAY", shop.pay("O-3", offer_id=less, amount="800.00", expiry=DECLINED))
    tale.say("PAY", shop.pay("O-3", "2", offer_id=less, amount="800.00"))
    tale.follow_order("O-3")
    tale.tell("800.00 are not; a declined card gives its part back")
    assert fetch(world, "SELECT budget_minor, taken_minor FROM offer_budget") == [(200_000, 200_000)]
    assert fetch(world, "SELECT amount_minor FROM plan ORDER BY amount_minor") == [(80_000,), (120_000,)]
    check_books(world)
    tale.check("shop_budget")


# ---------------------------------------------------------------- what nobody knows


def test_a_payment_without_an_answer_is_reversed(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    offer_id = shop.find_offer(12)
    tale.name(offer_id, "OFFER-12")
    tale.say("PAY", shop.pay("O-1", offer_id=offer_id, expiry=TIMED_OUT))
    tale.say("PAY again", shop.pay("O-1", offer_id=offer_id, expiry=TIMED_OUT))
    tale.tell("The acquirer is silent: what it may have done is reversed")
    assert list_charges(world) == [("payment", "reversed", 120_000, 0, 0)]
    tale.say("PAY", shop.pay("O-1", "2", offer_id=offer_id))
    tale.follow_order("O-1")
    tale.tell("The offer is still good")
    check_books(world)
    tale.check("shop_timed_out")


def test_a_payment_of_unknown_outcome_is_resolved(world: StoryWorld) -> None:
    tale = ShopTale(world)
    shop = tale.shop
    offer_id = shop.find_offer(12)
    tale.name(offer_id, "OFFER-12")
    tale.say("PAY", shop.pay("O-1", offer_id=offer_id, expiry=UNKNOWN))
    tale.say("PAY of another order", shop.pay("O-2", offer_id=offer_id))
    tale.tell("Nobody can say what came of it: the offer is held meanwhile")
    assert shop.retrieve("O-1").body["status"] == "INITIATED"
    end_leases(world)
    wait_until(world, "SELECT count(*) FROM merchant_transaction WHERE reversal = 'due'", 0)
    assert shop.retrieve("O-1").body["status"] == "FAILED"
    assert list_charges(world) == [("payment", "reversed", 120_000, 0, 0)]
    tale.say("PAY again", shop.pay("O-1", offer_id=offer_id, expiry=UNKNOWN))
    tale.say("PAY", shop.pay("O-1", "2", offer_id=offer_id))
    tale.follow_order("O-1")
    tale.tell("The sweep has reversed it: the order failed, the offer is good again")
    check_books(world)
    tale.check("shop_unknown")


def wait_until(world: StoryWorld, sql: str, wanted: int) -> None:
    """Until a count is what it has to be."""
    for _ in range(1200):
        if fetch(world, sql) == [(wanted,)]:
            return
        world.run(world.engine.clock.sleep(0.05))
    raise AssertionError(f"{sql}: {fetch(world, sql)}")
