"""Which plan an authorization belongs to, and which authorization a later message speaks of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parcela.domain.ids import Identifier
from parcela.domain.matching import (
    CandidatePlan,
    KnownAuthorization,
    MatchDecision,
    MatchOutcome,
    OriginalMessage,
    PurchaseFacts,
    decide_match,
    find_same_purchase,
)

NOW = datetime(2025, 8, 3, 17, tzinfo=UTC)
WINDOW = timedelta(days=7)
CARD, OTHER_CARD = b"1" * 32, b"2" * 32
LINK = "abcdefghijklmnopqrstuv"


def number(text: str) -> Identifier:
    return Identifier(text, is_number=True)


def make_purchase(**members: Any) -> PurchaseFacts:
    given: dict[str, Any] = {"pan_index": CARD, "amount_minor": 15000, "currency": "USD", **members}
    return PurchaseFacts(**given)


def make_plan(plan_id: str = "plan 1", **members: Any) -> CandidatePlan:
    given: dict[str, Any] = {
        "plan_id": plan_id,
        "provider_id": "issuer",
        "pan_index": CARD,
        "amount_minor": 15000,
        "currency": "USD",
        "created_at": NOW - timedelta(minutes=1),
        **members,
    }
    return CandidatePlan(**given)


def decide(purchase: PurchaseFacts, *plans: CandidatePlan) -> MatchDecision:
    return decide_match(purchase, plans, now=NOW, window=WINDOW)


def name_plan(purchase: PurchaseFacts, *plans: CandidatePlan) -> str | None:
    found = decide(purchase, *plans).plan
    return None if found is None else found.plan_id


def test_card_amount_and_currency_are_enough() -> None:
    plan = make_plan()
    decision = MatchDecision(outcome=MatchOutcome.MATCHED, plan=plan, choices=(plan,))
    assert decide(make_purchase(), plan) == decision


def test_no_candidate_is_no_match() -> None:
    assert decide(make_purchase()) == MatchDecision(outcome=MatchOutcome.NONE)


@pytest.mark.parametrize(
    "members",
    [
        {"pan_index": OTHER_CARD},
        {"amount_minor": 15001},
        {"currency": "AUD"},
        # One second older than the window of seven days.
        {"created_at": NOW - timedelta(days=7, seconds=1)},
        # Each value that both sides have must be equal.
        {"stan": number("743")},
        {"rrn": Identifier("123456123457")},
        {"transaction_link_id": LINK.upper()},
        # One value that is equal does not outweigh another that is not.
        {"stan": number("742"), "rrn": Identifier("123456123457")},
    ],
)
def test_a_plan_that_differs_is_not_meant(members: dict[str, Any]) -> None:
    purchase = make_purchase(stan=number("000742"), rrn=Identifier("123456123456"), transaction_link_id=LINK)
    assert decide(purchase, make_plan(**members)) == MatchDecision(outcome=MatchOutcome.NONE)


def test_a_plan_at_the_very_end_of_the_window_fits() -> None:
    assert name_plan(make_purchase(), make_plan(created_at=NOW - timedelta(days=7))) == "plan 1"


@pytest.mark.parametrize(
    "sent", [number("742"), Identifier("742"), Identifier("000742"), number("000742")], ids=repr
)
def test_trace_numbers_are_equal_whatever_their_zeros_since_the_element_is_a_number(sent: Identifier) -> None:
    assert name_plan(make_purchase(stan=number("000742")), make_plan(stan=sent)) == "plan 1"


def test_reference_numbers_sent_as_texts_are_equal_as_texts_and_as_numbers_by_value() -> None:
    purchase = make_purchase(rrn=Identifier("012345612345"))
    assert name_plan(purchase, make_plan(rrn=Identifier("12345612345"))) is None
    assert name_plan(purchase, make_plan(rrn=number("12345612345"))) == "plan 1"


def test_an_empty_link_id_counts_as_absent() -> None:
    assert name_plan(make_purchase(transaction_link_id=LINK), make_plan(transaction_link_id="")) == "plan 1"


def test_of_several_plans_the_one_with_most_equal_values_is_meant() -> None:
    purchase = make_purchase(stan=number("742"), rrn=Identifier("123456123456"), transaction_link_id=LINK)
    plans = (
        make_plan("bare"),
        make_plan("one", stan=number("742")),
        make_plan("two", stan=number("742"), rrn=Identifier("123456123456")),
    )
    assert name_plan(purchase, *plans) == "two"
    assert name_plan(purchase, *reversed(plans)) == "two"


def test_several_plans_that_fit_equally_are_left_to_a_person() -> None:
    purchase = make_purchase(stan=number("742"))
    first, second = make_plan("a", stan=number("742")), make_plan("b", stan=Identifier("742"))
    decision = decide(purchase, make_plan("bare"), second, first)
    assert decision == MatchDecision(outcome=MatchOutcome.AMBIGUOUS, choices=(first, second))


def make_known(authorization_id: str = "known", **members: Any) -> KnownAuthorization:
    given: dict[str, Any] = {
        "authorization_id": authorization_id,
        "amount_minor": 15000,
        "currency": "USD",
        "stan": number("000742"),
        "rrn": Identifier("123456123456"),
        "transaction_link_id": LINK,
        "transmitted": "0803165543",
        "acquirer_id": "234353",
        **members,
    }
    return KnownAuthorization(**given)


ORIGINAL = OriginalMessage(message_type="0100", stan=number("000742"), transmitted="0803165543")


@pytest.mark.parametrize(
    "members",
    [
        # The message again, as 0101, with nothing but its trace number and time.
        {"stan": number("742"), "transmitted": "0803165543", "acquirer_id": "234353"},
        # A completion for less, with its own trace number and the purchase's RRN.
        {"amount_minor": 9000, "stan": number("800"), "rrn": Identifier("123456123456")},
        # An advice that only the link id ties to the purchase.
        {"stan": number("801"), "transaction_link_id": LINK, "rrn": Identifier("999999999999")},
        # A reversal that names its original.
        {"stan": number("802"), "transmitted": "0803170000", "original": ORIGINAL},
    ],
)
def test_later_messages_of_a_purchase_are_recognized(members: dict[str, Any]) -> None:
    known = make_known()
    assert find_same_purchase(make_purchase(**members), [make_known("other", **_other()), known]) == known


def _other() -> dict[str, Any]:
    return {
        "stan": number("111"),
        "rrn": Identifier("111111111111"),
        "transaction_link_id": LINK.upper(),
        "transmitted": "0801000000",
    }


@pytest.mark.parametrize(
    "members",
    [
        # Another purchase of the same amount: nothing but card and amount are the same.
        {"stan": number("743"), "rrn": Identifier("123456123457"), "transmitted": "0803165600"},
        # The trace number alone comes again.
        {"stan": number("742"), "transmitted": "0804165543"},
        # The same trace number and time at another acquirer.
        {"stan": number("742"), "transmitted": "0803165543", "acquirer_id": "999999"},
        {"rrn": Identifier("123456123456"), "acquirer_id": "999999"},
        # The same trace number, time and RRN, with another link id.
        {
            "stan": number("742"),
            "rrn": Identifier("123456123456"),
            "transmitted": "0803165543",
            "transaction_link_id": LINK.upper(),
        },
        # The original it names is another message.
        {"original": OriginalMessage(message_type="0100", stan=number("742"), transmitted="0803165544")},
        # A question without any number is no repeat of one that had them.
        {},
    ],
)
def test_other_purchases_are_not_taken_for_it(members: dict[str, Any]) -> None:
    assert find_same_purchase(make_purchase(**members), [make_known()]) is None


def test_a_question_without_a_time_is_the_same_when_all_of_it_is() -> None:
    bare = make_known(
        stan=number("742"), rrn=None, transaction_link_id=None, transmitted=None, acquirer_id=None
    )
    assert find_same_purchase(make_purchase(stan=Identifier("0742")), [bare]) == bare
    assert find_same_purchase(make_purchase(stan=Identifier("0742"), amount_minor=1), [bare]) is None
    assert find_same_purchase(make_purchase(), [bare]) is None
