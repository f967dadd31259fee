"""Merchants' stories through the payments door with the account's own clock (`spec/payments.md`).

What each step leaves behind is compared with `tests/golden/stories/payments_*.txt`; every number there was
checked by hand. After each step all books agree, and the identities of §8.3 hold.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.payments_tale import PaymentsTale
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import BILLING, COBRAND, MASTERCARD, OUTSIDE, PLAIN, VISA, intend, list_plans
from tests.support.receiver import Received
from tests.support.refund_acts import add_card, set_program
from tests.support.webhook_world import open_webhook_world

from parcela.domain.payments.accounts import Cycle, SettlementTerms
from parcela.domain.refund_strategy import RefundStrategy

TODAY = "2030-01-07"


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the story's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


def set_account(world: PaymentsWorld, **terms: Any) -> None:
    """Other terms for the first account, by the catalogue."""
    account = world.get_entry("payments_account", world.credentials["account_id"])
    world.change_catalogue(replace(account, **terms))


def ask_to_fail(failure: str) -> dict[str, str]:
    """The documented metadata by which a refund in test mode fails."""
    return {"parcela_simulate_failure": failure}


# ---------------------------------------------------------------- purchases and refunds


def test_a_purchase_in_three_settles_in_full_at_once(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    tale.buy(MASTERCARD, starts=TODAY)
    tale.tell("600.00 in three payments, the first one today")
    tale.go("2030-01-08 00:00")
    tale.tell("The day is over")
    tale.go("2030-01-09 00:00")
    tale.tell("Two business days later it is paid out in full")
    tale.go("2030-02-07 05:59")
    tale.tell("The second payment falls due")
    tale.go("2030-02-07 06:00")
    tale.tell("... and is collected")
    tale.go("2030-03-08 00:00")
    tale.tell("The last payment completes the plan; the merchant's balance knows nothing of it")
    tale.check("payments_in_three")


def test_a_partial_refund_is_spread_and_its_negative_day_is_carried_over(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.go("2030-01-09 09:00")
    tale.tell("Bought in three on Monday, paid out on Wednesday")
    tale.refund(payment, 40001)
    tale.refund(payment, 20000, reason="requested_by_customer")
    tale.tell("On Wednesday one of three parts is returned; more than what is uncollected is refused")
    tale.go("2030-01-11 09:00")
    tale.buy(PLAIN, amount=10000, count=None)
    tale.tell("Wednesday settles below zero: nothing is paid out. On Friday 100.00 are sold")
    tale.go("2030-01-15 09:00")
    tale.buy(PLAIN, amount=20000, count=None)
    tale.tell("Friday's sale does not make up for it. On Tuesday 200.00 are sold")
    tale.go("2030-01-16 09:01")
    tale.tell("Five business days after it was made the refund is confirmed: the rows are lower")
    tale.go("2030-01-17 00:00")
    tale.tell("Tuesday's sale is paid out, less what was owed")
    tale.refund(payment, 20000)
    tale.go("2030-01-24 00:01")
    tale.tell("All that is uncollected is returned as well: the plan has nothing left to collect")
    tale.check("payments_refund_spread")


def test_a_full_refund_cancels_what_is_unpaid_and_gives_back_what_was_paid(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.go("2030-01-10 15:00")
    tale.tell("600.00 in three payments, the first one on Monday")
    tale.refund(payment)
    tale.tell("On Thursday everything is returned: 200.00 were collected and go back to the card")
    tale.go("2030-01-17 14:59")
    tale.tell("A week later all but a minute has passed")
    tale.go("2030-01-17 15:01")
    tale.tell("It is confirmed at the same time of the fifth business day")
    tale.refund(payment)
    tale.tell("There is nothing left to return")
    tale.check("payments_refund_full")


@pytest.mark.parametrize("strategy", [RefundStrategy.LAST_FIRST, RefundStrategy.NEXT_FIRST])
def test_a_program_says_which_rows_a_refund_takes(payments: PaymentsWorld, strategy: RefundStrategy) -> None:
    set_program(payments, strategy=strategy)
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.refund(payment, 20000)
    tale.refund(payment, 5000)
    tale.tell(f"600.00 in three payments; 200.00 and 50.00 are returned by the rule {strategy}")
    tale.go("2030-01-14 09:01")
    tale.tell("Both are confirmed")
    tale.go("2030-03-08 00:00")
    tale.tell("What is left is collected")
    tale.check(f"payments_{strategy}")


def test_interest_follows_what_a_refund_leaves(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, count=12)
    tale.tell("600.00 in twelve payments at 9 % a year")
    tale.go("2030-03-08 09:00")
    tale.tell("Two payments are collected")
    tale.refund(payment, 20000)
    tale.go("2030-03-15 09:01")
    tale.tell("200.00 are returned: ten equal payments of the rest")
    tale.refund(payment)
    tale.go("2030-03-22 09:02")
    tale.tell("The rest is returned: the issuer keeps the interest that it collected")
    tale.check("payments_priced")


def test_a_refund_that_fails_is_credited_back(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.refund(payment, 20000, metadata=ask_to_fail("destination_account_closed"))
    second = tale.refund(payment)
    tale.tell("200.00 are returned, and then all the rest")
    tale.go("2030-01-14 09:01")
    tale.tell(
        "The first refund fails: the second one is no longer all of the rest, nothing goes back in cash"
    )
    payments.post(f"/v1/refunds/{second['id']}", {"metadata": {"seen": "yes"}})
    tale.refund(payment)
    tale.go("2030-01-22 09:01")
    tale.tell("What was collected is returned in the end")
    tale.check("payments_refund_failed")


def test_a_technical_issue_is_tried_for_ten_days(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    made = tale.refund(payment, 20000, metadata=ask_to_fail("technical_issue"))
    tale.go("2030-01-07 10:01")
    tale.tell("200.00 are returned; the rail has a technical issue, the merchant has the money meanwhile")
    tale.go("2030-01-16 11:00")
    tale.tell("It is sent again every day")
    tale.go("2030-01-17 11:00")
    tale.tell("After ten days it has failed")
    other = tale.refund(payment, 20000, metadata=ask_to_fail("technical_issue"))
    tale.go("2030-01-18 11:30")
    payments.post(f"/v1/refunds/{other['id']}", {"metadata": {}})
    tale.tell("Another one has the same fate for a day; then the issue is gone")
    tale.go("2030-01-19 12:01")
    tale.tell("On the second try it goes out and is debited once more")
    tale.go("2030-01-25 12:01")
    tale.tell("... and is confirmed five business days after that")
    assert made["status"] == "pending"
    tale.check("payments_technical_issue")


def test_a_refund_is_withdrawn_within_sixty_minutes(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    first = tale.refund(payment, 20000)
    second = tale.refund(payment, 10000)
    tale.tell("Two returns are made")
    tale.go("2030-01-07 09:59")
    tale.ask("POST", f"/v1/refunds/{first['id']}/cancel", says="cancel RE-1")
    tale.tell("After 59 minutes the first one is withdrawn; the second stands on what is left of it")
    tale.go("2030-01-07 10:01")
    tale.ask("POST", f"/v1/refunds/{second['id']}/cancel", says="cancel RE-2")
    tale.tell("After 61 the second one is on its way")
    tale.go("2030-01-14 09:01")
    tale.tell("It is confirmed")
    tale.check("payments_refund_withdrawn")


def test_rows_wait_while_a_refund_is_pending(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.go("2030-02-05 12:00")
    tale.tell("600.00 in three payments, the second one on Thursday 7 February")
    tale.refund(payment, 20000)
    tale.go("2030-02-07 12:00")
    tale.tell("On Tuesday 200.00 are returned: on Thursday nothing is collected")
    tale.go("2030-02-12 12:01")
    tale.tell("The refund is confirmed")
    tale.go("2030-02-13 06:00")
    tale.tell("The row is collected the day after, at its new amount")
    tale.check("payments_refund_hold")


# ---------------------------------------------------------------- who lends, and when one pays


def lend(
    tale: PaymentsTale, name: str, *, amount: int = 60000, count: int = 3, **card: Any
) -> dict[str, Any]:
    """Confirm a payment with the lender's plan, as a payer by the part of the address before `@`."""
    program = {"enabled": True, "count": count, "program": "vinr_bnpl"}
    billing = BILLING | {"email": f"{name}@example.com"}
    payment = intend(tale.world, amount=amount, installments=program, billingDetails=billing)
    method = add_card(tale.world, OUTSIDE) if not card else card["method"]
    tale.note(f"the lender is asked for {amount} by {name}")
    body = {"paymentMethod": method}
    answer = tale.ask("POST", f"/v1/payments/{payment['id']}/confirm", body, says="confirm")
    return answer.body if answer.status == 200 else payment


def test_a_lender_decides_by_the_payer(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    for name, amount in (
        ("ada", 60000),
        ("bnpl-decline", 60000),
        ("bnpl-limit-59999", 60000),
        ("bnpl-limit-60000", 60000),
        ("bnpl-timeout", 60000),
        ("ada", 200001),
    ):
        lend(tale, name, amount=amount)
        tale.tell(f"{name} asks for {amount}")
    payment = lend(tale, "bnpl-refer")
    tale.tell("bnpl-refer is asked for a telephone number")
    billing = BILLING | {"phone": "+49 30 1234567", "email": "bnpl-refer@example.com"}
    body = {
        "type": "card",
        "card": {"number": OUTSIDE, "expMonth": 12, "expYear": 2034, "cvc": "123"},
        "billingDetails": billing,
    }
    made = payments.post("/v1/payment-methods", body, key=payments.publishable)
    path = f"/v1/payments/{payment['id']}/confirm"
    tale.ask("POST", path, {"paymentMethod": made.body["id"]}, says="confirm with the number")
    tale.tell("... and is approved with it")
    tale.check("payments_lender_decides")


def test_a_lender_gives_the_interest_back_with_a_full_refund(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = lend(tale, "ada", count=12)
    tale.tell("600.00 in twelve payments at 9.9 % a year")
    tale.go("2030-02-07 06:00")
    tale.tell("The first payment is collected")
    tale.refund(payment)
    tale.go("2030-02-14 06:01")
    tale.tell("Everything is returned, also the interest of the first payment")
    tale.check("payments_lender_refund")


def test_a_payer_who_is_late_is_asked_again(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    lend(tale, "bnpl-late")
    tale.tell("600.00 in three payments of a payer who is late")
    tale.go("2030-02-07 12:00")
    tale.tell("The first payment is refused")
    tale.go("2030-02-08 06:00")
    tale.tell("It is tried again the next day")
    tale.go("2030-03-09 00:00")
    tale.tell("The second one goes the same way; the merchant has had its money since January")
    tale.check("payments_lender_late")


def test_an_approval_is_good_for_its_time(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    wish = {"enabled": True, "count": 3, "program": "vinr_bnpl"}
    billing = BILLING | {"email": "bnpl-lapse@example.com"}
    payment = intend(payments, installments=wish, billingDetails=billing)
    method = add_card(payments, OUTSIDE)
    offers = list_plans(payments, payment, method).body["data"]
    tale.note(f"{[offer['count'] for offer in offers]} are listed, approval {offers[0]['approval']}")
    tale.tell("The lender's plans are listed")
    tale.go("2030-01-07 09:31")
    offered = {"enabled": True, "offer": offers[0]["offer"]}
    path = f"/v1/payments/{payment['id']}/confirm"
    tale.ask("POST", path, {"paymentMethod": method, "installments": offered}, says="confirm the old offer")
    tale.tell("After 31 minutes the offer has lapsed; nothing is charged")
    tale.ask("POST", path, {"paymentMethod": method}, says="confirm by number")
    tale.tell("A new offer is approved at once and taken within the minute that the approval lives")
    tale.check("payments_offer_lapsed")


def test_a_wished_first_date_counts_where_the_program_keeps_it(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    tale.buy(MASTERCARD, starts="2030-01-20")
    tale.tell("Mastercard keeps a wished first date")
    wish = {"enabled": True, "count": 3, "firstPaymentDate": "2030-01-20"}
    payment = intend(payments, installments=wish)
    method = add_card(payments, VISA)
    terms = list_plans(payments, payment, method).body["data"][0]["terms"]
    accepted = {"termsId": terms["id"], "version": terms["version"], "language": terms["language"]}
    path = f"/v1/payments/{payment['id']}/confirm"
    tale.ask("POST", path, {"paymentMethod": method}, says="confirm without the tick")
    now = payments.get("/v1/test/clock").body["now"]
    body = {"paymentMethod": method, "termsAcceptance": {**accepted, "acceptedAt": now}}
    tale.ask("POST", path, body, says="confirm with the tick")
    tale.tell("Visa's issuer sets the dates by itself, and wants a tick")
    tale.go("2030-01-20 06:00")
    tale.tell("On the wished day the first of the two collects")
    tale.check("payments_first_date")


def test_a_cobrand_replaces_the_networks_terms(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    payment = tale.buy(COBRAND, count=3, amount=100003)
    tale.tell("1,000.03 with the Acme card, three payments wished: its program has ten")
    tale.go("2030-02-07 12:00")
    tale.refund(payment, 10000)
    tale.go("2030-02-14 12:01")
    tale.tell("The first is collected, and 100.00 are returned")
    tale.check("payments_cobrand")


# ---------------------------------------------------------------- payments that come to nothing


def test_a_hold_that_nobody_captures_lapses(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    tale.buy(MASTERCARD, captureMethod="manual")
    other = tale.buy(PLAIN, amount=10000, count=None, captureMethod="manual")
    tale.tell("Two purchases are held, one with a plan")
    tale.go("2030-01-10 09:00")
    tale.ask("POST", f"/v1/payments/{other['id']}/capture", {"amount": 10001}, says="capture 10001")
    tale.ask("POST", f"/v1/payments/{other['id']}/capture", {"amount": 4000}, says="capture 4000")
    tale.tell("Of one a part is captured; the rest is released for good")
    tale.go("2030-01-14 08:59")
    tale.tell("Seven days later, but for a minute")
    tale.go("2030-01-14 09:01")
    tale.tell("The other hold has lapsed, and its plan with it")
    tale.check("payments_hold_lapsed")


def test_a_page_that_nobody_uses_expires(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments)
    body = {"amount": 60000, "returnUrl": "https://shop.example/done", "expiresInMinutes": 30}
    tale.ask("POST", "/v1/payments", body, says="create for 30 minutes")
    day = {name: value for name, value in body.items() if name != "expiresInMinutes"}
    tale.ask("POST", "/v1/payments", day, says="create for a day")
    tale.tell("Two payments wait for their shoppers")
    tale.go("2030-01-07 09:29")
    tale.tell("Half an hour later, but for a minute")
    tale.go("2030-01-07 09:31")
    tale.tell("The first page has expired")
    tale.go("2030-01-08 09:01")
    tale.tell("A day later the other one has as well")
    tale.check("payments_page_expired")


# ---------------------------------------------------------------- calendars


def test_rows_at_the_end_of_a_month_stay_there(payments: PaymentsWorld) -> None:
    tale = PaymentsTale(payments, start="2030-01-31 09:00")
    tale.buy(MASTERCARD, count=6)
    tale.buy(MASTERCARD, starts="2030-01-31")
    tale.tell("Bought on 31 January")
    tale.go("2030-05-01 00:00")
    tale.tell("Rows are collected on the last day of each month")
    tale.check("payments_month_end")


def test_days_are_the_accounts_when_its_clocks_change(payments: PaymentsWorld) -> None:
    set_account(payments, time_zone="Europe/Berlin")
    tale = PaymentsTale(payments, start="2030-02-28 23:59", zone="Europe/Berlin")
    payment = tale.buy(MASTERCARD, starts="2030-03-31")
    tale.tell("Bought a minute before midnight in Berlin; the first row is due on the day the clocks change")
    tale.go("2030-03-29 12:00")
    tale.refund(payment, 10000)
    tale.buy(PLAIN, amount=10000, count=None)
    tale.tell("Paid out on Monday. On the Friday before the change 100.00 are returned and 100.00 sold")
    tale.go("2030-03-31 23:59")
    tale.tell("The row falls due on Sunday, and is held")
    tale.go("2030-04-05 12:01")
    tale.tell("The refund is confirmed at noon by the new time")
    tale.go("2030-04-06 06:00")
    tale.tell("... and the row is collected at six by the new time")
    tale.check("payments_summer_time")


def test_a_midnight_that_clocks_leap_over_is_the_instant_after_it(payments: PaymentsWorld) -> None:
    set_account(payments, time_zone="Asia/Beirut")
    tale = PaymentsTale(payments, start="2030-03-30 12:00", zone="Asia/Beirut")
    tale.buy(MASTERCARD, starts="2030-03-31")
    tale.tell("Bought the day before the clocks leap from midnight to one")
    tale.go("2030-03-31 12:00")
    tale.tell("The day ended, and the next one began, at one")
    tale.check("payments_leaping_midnight")


@pytest.mark.parametrize(
    ("cycle", "anchor"), [(Cycle.WEEKLY, 5), (Cycle.MONTHLY, 31)], ids=["weekly", "monthly"]
)
def test_periods_are_those_of_the_account(payments: PaymentsWorld, cycle: Cycle, anchor: int) -> None:
    set_account(payments, settlement=SettlementTerms(cycle=cycle, anchor=anchor, delay_days=7))
    tale = PaymentsTale(payments)
    payment = tale.buy(MASTERCARD, starts=TODAY)
    tale.go("2030-01-11 23:59")
    tale.buy(PLAIN, amount=10000, count=None)
    tale.tell("A purchase in three on Monday, and another one on Friday night")
    tale.go("2030-01-12 00:00")
    tale.refund(payment, 20000)
    tale.tell("On Saturday a part is returned")
    tale.go("2030-02-01 09:00")
    tale.buy(PLAIN, amount=30000, count=None)
    tale.tell("1 February: another purchase")
    tale.go("2030-03-12 09:00")
    tale.tell("All is settled")
    tale.check(f"payments_{cycle}")


# ---------------------------------------------------------------- webhooks


def list_signers(request: Received, secrets: list[str]) -> list[int]:
    """Which of these secrets signed a request, by the documented algorithm (§11.3)."""
    headers = request.headers
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    given = headers["webhook-signature"].split(" ")
    made = [hmac.digest(b64decode(secret.removeprefix("whsec_")), text, "sha256") for secret in secrets]
    assert len(given) == sum(f"v1,{b64encode(one).decode()}" in given for one in made)
    return [number for number, one in enumerate(made, 1) if f"v1,{b64encode(one).decode()}" in given]


def test_an_event_is_tried_for_26_hours(database_url: str, demo_template: DemoTemplate) -> None:
    with open_webhook_world(database_url, demo_template.home) as world:
        tale = PaymentsTale(world.payments)
        endpoint = world.add_quiet_endpoint(events=["payment.completed"])
        secrets = [endpoint["secret"]]
        world.receiver.always(503)
        tale.buy(PLAIN, amount=10000, count=None)
        tale.tell("A sale is told to a receiver that is down")
        # Each wait counts from the start of the try before, which is made when the clock gets there.
        steps = [
            ("2030-01-07 09:00:30", "At once"),
            ("2030-01-07 09:02:00", "A minute later"),
            ("2030-01-07 09:06:30", "... not before five more"),
            ("2030-01-07 09:07:30", "Five minutes later"),
            ("2030-01-07 09:37:00", "... not before thirty; the secret is rolled, for two hours both count"),
            ("2030-01-07 09:38:00", "Half an hour later"),
            ("2030-01-07 11:37:30", "... not before two hours"),
            ("2030-01-07 11:38:30", "Two hours later, without the old secret"),
            ("2030-01-08 11:38:00", "... not before a day"),
            ("2030-01-08 11:39:00", "A day later, for the last time"),
            ("2030-02-08 12:00:00", "Then never again by itself"),
        ]
        for instant, what in steps:
            tale.go(instant)
            if "rolled" in what:
                path = f"/v1/webhook-endpoints/{endpoint['id']}/roll-secret"
                rolled = tale.ask("POST", path, {"overlapHours": 2}, says="roll the secret")
                secrets.append(rolled.body["secret"])
            world.deliver()
            tries = world.receiver.received
            signers = [list_signers(request, secrets) for request in tries]
            delivery = world.list_deliveries(endpoint)[0]
            tale.note(f"{len(tries)} tries, signed with secrets {signers}: {delivery['status']}")
            tale.tell(what)
        assert len({(one.body, one.headers["webhook-id"]) for one in tries}) == 1
        world.receiver.always(200)
        event = tries[0].headers["webhook-id"]
        tale.ask("POST", f"/v1/events/{event}/resend", says="resend the event")
        world.deliver()
        last = world.receiver.received[-1]
        assert (last.body, last.headers["webhook-id"]) == (tries[0].body, event)
        tale.note(f"{len(world.receiver.received)} tries: {world.list_deliveries(endpoint)[0]['status']}")
        tale.tell("It is sent again by hand, with the same id and the same body")
        assert world.list_faults() == []
        tale.check("payments_webhooks")
