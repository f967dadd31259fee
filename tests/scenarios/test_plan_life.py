"""The life of a plan through every door: offered, accepted, told, posted, billed, paid, refunded, disputed.

What each step leaves behind is compared with `tests/golden/stories`; every number there was checked by hand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.card_messages import make_message, read
from tests.support.network_client import OfficialClient, load_party, open_token
from tests.support.story_text import Tale
from tests.support.story_world import OPERATOR, StoryWorld, open_story_world

CREDIT_CARD, DEBIT_CARD = "2303770000057107", "2303770005000011"
OFFER = "71390012"
AMOUNT = 1200
BALANCES_AT_THE_END = [
    "card_balance[card] 0.00",
    "purchases[card] 0.00",
    "installment_receivable[PLAN] 0.00",
    "cash[bank] 1258.42",
    "clearing[bank] 1200.00",
    "fee_income[bank] 10.00",
    "interest_income[bank] 48.42",
]
"""Before or after clearing: 115.56 + 5 x 105.56 + 615.06 were paid, 1200.00 + 10.00 + 48.42."""
SET_UP = """
parcela_catalogue: 1
account_ranges:
  - low: "2303770005000000000"
    high: "2303770005099999999"
    provider_id: 29694e7a-b4a8-11ec-b909-0242ac120002
    country: USA
    funding: debit
programs:
  - offer_id: "71390012"
    provider_id: 29694e7a-b4a8-11ec-b909-0242ac120002
    currency: USD
    terms:
      count: 12
      interval: monthly
      rate: "12"
      first_due: transaction_date
      fees:
        - {kind: fixed, value: "10"}
    rules: {minimum: "50", maximum: "5000"}
    begin: 2020-01-01T00:00:00Z
    end: 2099-12-31T23:59:59Z
offer_groups:
  - code: stories
    provider_id: 29694e7a-b4a8-11ec-b909-0242ac120002
    name: Twelve months with interest and a fee
    offer_ids: ["71390012"]
    range_lows: ["2303770000000000000", "2303770005000000000"]
"""


@pytest.fixture
def world(database_url: str, demo_template: DemoTemplate, tmp_path: Path) -> Iterator[StoryWorld]:
    """A deployment whose bank offers twelve months at 12 % with a fee, also to debit cards."""
    with open_story_world(database_url, demo_template.home) as opened:
        file = tmp_path / "catalogue.yaml"
        file.write_text(SET_UP)
        approve = ("--approve-as", "second-operator@sandbox.example")
        opened.command("catalogue", "apply", str(file), "--as", OPERATOR, *approve)
        yield opened


def take_offer(
    client: OfficialClient, *, card: str = CREDIT_CARD, amount: int = AMOUNT, **members: Any
) -> str:
    """Ask for offers as a client does, and take the one of twelve months; the plan id."""
    merchant = {"name": "Globex Decor", "country": "USA", "mcc": "1711", "merchantId": "121234"}
    merchant["acquirerId"] = "234353"
    purchase = {"amount": amount, "currency": "USD", "localDateTime": "2030-01-10T12:00:00Z"}
    sensitive = {"consumer": {"primaryAccountNumber": card}}
    asked = client.call(
        "POST", "/offers", {"transaction": purchase, "merchant": merchant, "sensitiveData": sensitive}
    )
    assert asked.status == 200, asked.body
    (offer,) = (found for found in asked.body["offers"] if found["offerId"] == OFFER)
    terms = ("apr", "frequency", "tenure", "feeValue", "totalAmount")
    amounts = ("firstInstallmentAmount", "otherInstallmentAmount")
    plan = {
        "offerTransactionId": asked.body["offerTransactionId"],
        "merchant": merchant,
        "offerId": OFFER,
        "planInstallmentInformation": {
            "currency": "USD",
            **{name: offer[name] for name in (*terms, *amounts)},
        },
        "providerId": offer["provider"]["providerId"],
        "schedulePayments": offer["schedulePayments"],
        "transaction": {**purchase, "amountType": "PURCHASE", **members},
        "sensitiveData": sensitive,
    }
    if "amountType" not in members:
        plan["transactionOffers"] = [{"offerId": found["offerId"]} for found in asked.body["offers"]]
    made = client.call("POST", "/plans", plan)
    assert (made.status, made.body["status"]) == (201, "CREATED"), made.body
    plan_id: str = made.body["planId"]
    return plan_id


def tell_card_event(world: StoryWorld, kind: str, amount: str, *, number: int, **members: str) -> Any:
    """A card message about purchase `number`, through the set-up API."""
    body = {
        "event_type": kind,
        "event_id": f"{kind}-{number}",
        "card_number": CREDIT_CARD,
        "amount": amount,
        "currency": "USD",
        "local_at": "2030-01-10T12:00:00Z",
        "stan": f"{number:06d}",
        "rrn": f"{number:012d}",
        "merchant_name": "Globex Decor",
        "merchant_country": "USA",
        **members,
    }
    return world.call("POST", "/card-events", body)


def check_front(world: StoryWorld) -> None:
    """Three tries of one content, each sealed afresh: card number, plan and correlation id are the same."""
    received = world.front.received
    assert len(received) == 3
    assert len({correlation_id for correlation_id, _ in received}) == 1
    key = load_party(world.home, "issuer").decryption_key
    seals = [body["encryptedValue"] for _, body in received]
    assert len(set(seals)) == 3
    opened = [open_token(seal, key) for seal in seals]
    assert opened == [{"consumer": {"primaryAccountNumber": int(CREDIT_CARD)}}] * 3
    contents = [{**body, "encryptedValue": None} for _, body in received]
    assert contents == [contents[0]] * 3


def bill_six_and_pay_off(world: StoryWorld, tale: Tale, plan_id: str) -> list[str]:
    """Five bills are paid as they come, then all of the plan with the sixth; the balances then."""
    account_id = tale.account_id
    for number in range(1, 6):
        if number > 1:
            world.advance("1mo")
        (row,) = (row for row in get_rows(world, plan_id) if row["state"] == "billed")
        assert row["number"] == number
        paid = {"amount": row["amount"], "event_id": f"bill-{number}"}
        world.call("POST", f"/accounts/{account_id}/payments", paid)
        tale.tell(f"Bill {number} is paid")
    world.advance("1mo")
    tale.tell("Bill 6")
    world.advance("15d")
    payoff = world.call("GET", f"/serviced-plans/{plan_id}/payoff")
    parts = ("billed_unpaid", "principal", "interest", "fee", "waived", "total")
    tale.tell("Half a month later the cardholder asks what paying all of it costs")
    tale.note("payoff: " + ", ".join(f"{part} {payoff[part]}" for part in parts))
    status, message = world.refuse("POST", f"/serviced-plans/{plan_id}/payoff", {"amount": "1.00"})
    tale.note(f"1.00 is refused ({status}): {message}")
    named = ("--event-id", "payoff-1", "--as", OPERATOR)
    world.command("account", "payoff", plan_id, "--pay", payoff["total"], *named)
    tale.tell("All of it is paid")
    world.advance("1y")
    tale.tell("A year later nothing more was billed")
    return tale.list_balances()


def get_rows(world: StoryWorld, plan_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.call("GET", f"/serviced-plans/{plan_id}")["rows"]
    return rows


def check_ledger(world: StoryWorld) -> None:
    """`parcela ledger check` finds nothing."""
    assert "Whole: " in world.command("ledger", "check")


def accept_during_purchase(world: StoryWorld, tale: Tale) -> str:
    """Accepted, told at the third try, authorized over the switch meanwhile, cleared the next day."""
    plan_id = take_offer(world.partner)
    tale.follow_plan(plan_id)
    world.settle()
    tale.tell("The partner's cardholder takes twelve installments; the bank's receiver answers 503")
    message = make_message(e4="000000120000", e7="0110120030", e12="120000", e13="0110")
    approval = read(world.ask_acquirer(message))
    assert (approval["39"], len(approval["38"])) == ("00", 6)
    account_id = tale.follow_card("7107")
    (purchase,) = world.call("GET", f"/accounts/{account_id}/transactions")["items"]
    assert (purchase["plan_id"], purchase["authorization_code"]) == (plan_id, approval["38"])
    tale.tell("The purchase is authorized: the switch tells the bank the plan, which it does not know yet")
    world.advance_to_next_try()
    tale.tell("The receiver answers 503 again")
    world.advance_to_next_try()
    tale.tell("The receiver takes the plan: row 1 is billed, the hold is the plan's now")
    world.advance("1d")
    tell_card_event(world, "clearing", "1200.00", number=742, rrn="123456123456")
    tale.tell("The merchant's clearing comes")
    return plan_id


def test_accepted_during_the_purchase(world: StoryWorld) -> None:
    tale = Tale(world)
    plan_id = accept_during_purchase(world, tale)
    check_front(world)
    assert bill_six_and_pay_off(world, tale, plan_id) == BALANCES_AT_THE_END
    check_ledger(world)
    tale.check("during_purchase")


def load_transactions(world: StoryWorld, folder: Path, *lines: str) -> None:
    """`parcela transaction load` of a file as the card network sends it overnight."""
    columns = (
        "event_id,event_type,card_number,amount,currency,local_at,stan,rrn,authorization_code,merchant_name"
    )
    file = folder / "transactions.csv"
    file.write_text("\n".join([columns, *lines]) + "\n")
    world.command("transaction", "load", str(file), "--as", OPERATOR)


def test_accepted_after_clearing(world: StoryWorld, tmp_path: Path) -> None:
    tale = Tale(world)
    facts = "1200.00,USD,2030-01-10T12:00:00,742,123456123456,123456,Globex Decor"
    load_transactions(
        world, tmp_path, f"a-742,authorization,{CREDIT_CARD},{facts}", f"c-742,clearing,{CREDIT_CARD},{facts}"
    )
    tale.follow_card("7107")
    tale.tell("The card network's file brings the purchase: authorized and cleared, posted to the card")
    world.advance("1d")
    plan_id = take_offer(
        world.issuer,
        amountType="FINAL",
        stan="742",
        rrn="123456123456",
        authorizationCode="123456",
        transmissionDateTime="2030-01-10T12:00:05Z",
    )
    tale.follow_plan(plan_id)
    world.settle()
    tale.tell("The bank's own client accepts twelve installments; the receiver answers 503")
    world.advance_to_next_try()
    world.advance_to_next_try()
    tale.tell(
        "At the third try it takes the plan: the purchase comes off the card in full, then row 1 is billed"
    )
    check_front(world)
    assert bill_six_and_pay_off(world, tale, plan_id) == BALANCES_AT_THE_END
    check_ledger(world)
    tale.check("after_clearing")


def begin_plan(world: StoryWorld, tale: Tale) -> str:
    """Accepted, told, cleared, and the first row paid, all on one day."""
    world.front.outages_left = 0
    plan_id = take_offer(world.partner)
    tale.follow_plan(plan_id)
    world.settle()
    tell_card_event(world, "authorization", "1200.00", number=742)
    tell_card_event(world, "clearing", "1200.00", number=742)
    account_id = tale.follow_card("7107")
    world.call("POST", f"/accounts/{account_id}/payments", {"amount": "115.56", "event_id": "bill-1"})
    tale.tell("Accepted, authorized, cleared; bill 1 is paid")
    return plan_id


def test_a_debit_card_with_too_small_a_deposit(world: StoryWorld, tmp_path: Path) -> None:
    tale = Tale(world)
    world.front.outages_left = 0
    load_transactions(world, tmp_path, f"pay-1,payment,{DEBIT_CARD},500.00,USD,,,,,")
    account_id = tale.follow_card("0011")
    tale.tell("The cardholder pays 500.00 in, which opens the account")
    tale.follow_plan(take_offer(world.partner, card=DEBIT_CARD, amount=400))
    world.settle()
    tale.tell("A plan of 400.00: row 1 is billed and collected")
    for kind in ("authorization", "clearing"):
        tell_card_event(world, kind, "400.00", number=742, card_number=DEBIT_CARD)
    tale.follow_card("0011")
    tale.tell("Its purchase is authorized and cleared")
    for kind in ("authorization", "clearing"):
        tell_card_event(world, kind, "440.00", number=800, card_number=DEBIT_CARD, merchant_name="Initech")
    declined = tell_card_event(world, "authorization", "20.00", number=801, card_number=DEBIT_CARD)
    tale.follow_card("0011")
    tale.tell("A purchase without a plan takes the rest of the deposit")
    tale.note(f"20.00 more are answered {declined['response_code']}")
    world.advance("1mo")
    tale.tell("Row 2 is billed, the deposit does not cover it")
    world.advance("25d")
    tale.tell("25 days later it is late")
    tell_card_event(world, "refund", "30.00", number=800, card_number=DEBIT_CARD)
    tale.tell("Initech gives 30.00 back, to the deposit; today's attempt was made already")
    world.advance("1d")
    tale.tell("The next day's attempt collects row 2")
    world.advance("3d")
    tale.tell("Row 3 is billed and not covered")
    world.call("POST", f"/accounts/{account_id}/payments", {"amount": "400.00", "event_id": "pay-2"})
    tale.tell("The cardholder pays 400.00 in: row 3 is paid, the rest is deposited")
    world.advance("9mo")
    tale.tell("Nine months later every row was collected on its day, and the plan is complete")
    check_ledger(world)
    tale.check("debit_card")


def refund(world: StoryWorld, tale: Tale, plan_id: str, amount: str, strategy: str) -> None:
    """A refund through the set-up API does what its preview says."""
    path = f"/serviced-plans/{plan_id}"
    shown = world.call("GET", f"{path}/refund-preview?amount={amount}&strategy={strategy}")
    body = {"amount": amount, "strategy": strategy, "event_id": f"refund-{strategy}"}
    world.call("POST", f"{path}/refunds", body)
    assert get_rows(world, plan_id) == shown["rows"]
    tale.tell(f"{amount} come back, {strategy}, as its preview says")


def test_refunds_by_every_strategy_and_then_of_all(world: StoryWorld) -> None:
    tale = Tale(world)
    plan_id = begin_plan(world, tale)
    tell_card_event(world, "refund", "120.00", number=742, strategy="spread")
    tale.tell("The card network brings a refund of 120.00: eleven rows are priced anew")
    world.advance("1mo")
    tale.tell("Row 2 is billed at its new amount")
    refund(world, tale, plan_id, "150.00", "last_first")
    refund(world, tale, plan_id, "100.00", "next_first")
    path = f"/serviced-plans/{plan_id}"
    left = world.refuse("GET", f"{path}/refund-preview?amount=830.01")
    tale.note(f"830.01 would be refused ({left[0]}): {left[1]}")
    status, message = world.refuse("POST", f"{path}/refunds", {"amount": "830.01"})
    assert (status, message) == left
    tell_card_event(world, "refund", "830.00", number=742, event_id="refund-rest")
    tale.tell("The other 830.00 come back: the plan is cancelled, the rest is the cardholder's")
    world.advance("2mo")
    tale.tell("Nothing more is billed")
    check_ledger(world)
    tale.check("refunds")


def test_a_dispute_lost_and_another_won(world: StoryWorld) -> None:
    tale = Tale(world)
    plan_id = begin_plan(world, tale)
    world.advance("22d")
    world.call("POST", "/disputes", {"plan_id": plan_id, "event_id": "dispute-1"})
    tale.tell("The cardholder disputes the purchase: what was billed of it is credited")
    held = world.refuse("GET", f"/serviced-plans/{plan_id}/payoff")
    tale.note(f"a payoff is refused ({held[0]}): {held[1]}")
    world.advance("1mo")
    tale.tell("A month later row 2 was not billed")
    world.call("POST", "/disputes/dispute-1/resolution", {"in_favor_of": "merchant", "event_id": "end-1"})
    tale.tell("The merchant wins: the credit is taken back")
    world.advance("1d")
    tale.tell("The next day row 2 is billed")
    world.advance("8d")
    tale.tell("Row 3 is billed on its own day")
    world.call("POST", "/disputes", {"plan_id": plan_id, "event_id": "dispute-2"})
    tale.tell("A second dispute credits all three rows")
    world.call("POST", "/disputes/dispute-2/resolution", {"in_favor_of": "cardholder", "event_id": "end-2"})
    tale.tell("The cardholder wins: the plan is cancelled, interest and fee are given back")
    world.advance("2mo")
    tale.tell("Nothing more is billed")
    check_ledger(world)
    tale.check("disputes")


def test_reversed_over_the_switch_before_clearing(world: StoryWorld) -> None:
    tale = Tale(world)
    world.front.outages_left = 0
    plan_id = take_offer(world.partner)
    tale.follow_plan(plan_id)
    world.settle()
    moment = {"e4": "000000120000", "e12": "120000", "e13": "0110"}
    approval = read(world.ask_acquirer(make_message(e7="0110120030", **moment)))
    assert approval["39"] == "00"
    account_id = tale.follow_card("7107")
    tale.tell("Told first, then authorized over the switch: the hold is the plan's")
    world.call("POST", f"/accounts/{account_id}/payments", {"amount": "115.56", "event_id": "bill-1"})
    original = "0100" + "000742" + "0110120030" + "0" * 22
    reversal = make_message("0420", 801, e7="0110120100", e37="", e90=original, **moment)
    for _ in range(2):
        assert read(world.ask_acquirer(reversal))["39"] == "00"
    tale.tell("Bill 1 is paid; the acquirer takes the purchase back, and says so twice")
    world.advance("1mo")
    tale.tell("Nothing more is billed")
    check_ledger(world)
    tale.check("reversed")
