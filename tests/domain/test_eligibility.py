"""Eligibility: each rule alone, the first that stops wins, and the reasons in their order (§5.3)."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from tests.support.set_up import (
    BEGIN,
    END,
    LOW,
    index,
    make_group,
    make_program,
    make_purchase,
    make_range,
    offer_to_range,
)

from parcela.domain.cards import CardFunding
from parcela.domain.catalogue import Candidate
from parcela.domain.eligibility import (
    Refusal,
    Rule,
    find_stopping_rule,
    list_reasons,
    screen_candidates,
)
from parcela.domain.programs import CodeRule, UseCase

DURING, POST = UseCase.DURING_PURCHASE, UseCase.POST_PURCHASE


def codes(*, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> CodeRule:
    return CodeRule(allow=frozenset(allow), deny=frozenset(deny))


@pytest.mark.parametrize(
    ("rules", "purchase", "stopped_by"),
    [
        ({}, {}, None),  # no rule
        ({"minimum": Decimal("400.00")}, {}, None),  # the minimum itself is inside
        ({"minimum": Decimal("400.01")}, {}, Rule.AMOUNT),  # one cent short
        ({"maximum": Decimal("400")}, {}, None),  # the maximum itself is inside
        ({"maximum": Decimal("399.99")}, {}, Rule.AMOUNT),  # one cent over
        ({"minimum": Decimal("500")}, {"currency": "EUR"}, Rule.CURRENCY),  # bounds are in dollars
        ({"maximum": Decimal("1")}, {"currency": "JPY"}, Rule.CURRENCY),  # likewise above
        ({"mccs": codes(deny=("7995",))}, {}, None),  # another code is denied
        ({"mccs": codes(deny=("5411",))}, {}, Rule.MCC),  # this one is
        ({"mccs": codes(allow=("5411", "1711"))}, {}, None),  # this one is allowed
        ({"mccs": codes(allow=("1711",))}, {}, Rule.MCC),  # only another one is
        ({"mccs": codes(allow=("5411",), deny=("5411",))}, {}, Rule.MCC),  # denial wins
        ({"mccs": codes(deny=("7995",))}, {"mcc": None}, Rule.MCC),  # without mcc no MCC rule is met
        ({"mccs": codes(allow=("5411",))}, {"mcc": None}, Rule.MCC),  # nor an allow list
        ({}, {"mcc": None}, None),  # without MCC rule no mcc is needed
        ({"countries": codes(allow=("USA",))}, {}, None),  # the country is allowed
        ({"countries": codes(allow=("CAN",))}, {}, Rule.COUNTRY),  # only another one is
        ({"countries": codes(deny=("USA",))}, {}, Rule.COUNTRY),  # it is denied
        ({"merchant_ids": codes(deny=("121234",))}, {}, Rule.MERCHANT),  # the merchant is denied
        ({"merchant_ids": codes(allow=("121234",))}, {}, None),  # the merchant is allowed
        ({"merchant_ids": codes(allow=("121234",))}, {"merchant_id": None}, Rule.MERCHANT),  # unnamed
        ({"channels": frozenset({"web"})}, {"channel": "web"}, None),  # the channel is open
        ({"channels": frozenset({"web"})}, {"channel": "store"}, Rule.MERCHANT),  # another one is
        ({"channels": frozenset({"web"})}, {}, Rule.MERCHANT),  # no channel named
    ],
)
def test_each_rule_alone(rules: dict[str, Any], purchase: dict[str, Any], stopped_by: Rule | None) -> None:
    assert find_stopping_rule(make_program(rules=rules), make_purchase(**purchase)) is stopped_by


BROKEN: dict[Rule, dict[str, Any]] = {
    Rule.AMOUNT: {"minimum": Decimal(500)},
    Rule.MCC: {"mccs": codes(deny=("5411",))},
    Rule.COUNTRY: {"countries": codes(deny=("USA",))},
    Rule.MERCHANT: {"merchant_ids": codes(deny=("121234",))},
}


@pytest.mark.parametrize(
    ("broken", "first"),
    [
        ((Rule.AMOUNT, Rule.MCC, Rule.COUNTRY, Rule.MERCHANT), Rule.AMOUNT),  # all
        ((Rule.MCC, Rule.COUNTRY, Rule.MERCHANT), Rule.MCC),  # all but the amount
        ((Rule.COUNTRY, Rule.MERCHANT), Rule.COUNTRY),  # the last two
        ((Rule.MERCHANT,), Rule.MERCHANT),  # before the date, which every row breaks
        ((), Rule.DATE),  # the date alone
    ],
)
def test_the_first_broken_rule_is_the_one_that_is_told(broken: tuple[Rule, ...], first: Rule) -> None:
    rules = {name: value for rule in broken for name, value in BROKEN[rule].items()}
    late = make_purchase(local_at=END + timedelta(seconds=1))
    assert find_stopping_rule(make_program(rules=rules), late) is first


def test_another_currency_is_told_after_the_country_and_before_the_merchant() -> None:
    purchase = make_purchase(currency="EUR")
    merchant, country = BROKEN[Rule.MERCHANT], BROKEN[Rule.COUNTRY]
    assert find_stopping_rule(make_program(rules={**merchant, **country}), purchase) is Rule.COUNTRY
    assert find_stopping_rule(make_program(rules=merchant), purchase) is Rule.CURRENCY


NEW_YORK, TOKYO = timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("local_at", "is_inside"),
    [
        (BEGIN, True),  # the first instant
        (BEGIN - timedelta(microseconds=1), False),  # just before
        (END, True),  # the last instant
        (END + timedelta(microseconds=1), False),  # just after
        (datetime(2019, 12, 31, 19, tzinfo=NEW_YORK), True),  # the first instant, told in New York
        (datetime(2019, 12, 31, 18, 59, tzinfo=NEW_YORK), False),  # a minute before it
        (datetime(2020, 1, 1, 8, 59, tzinfo=TOKYO), False),  # already 2020 in Tokyo, not yet by instant
    ],
)
def test_begin_and_end_are_compared_with_the_purchases_own_time(local_at: datetime, is_inside: bool) -> None:
    found = find_stopping_rule(make_program(), make_purchase(local_at=local_at))
    assert found is (None if is_inside else Rule.DATE)


@pytest.mark.parametrize(
    ("rules", "range_members", "use_case", "is_shown"),
    [
        ({}, {}, DURING, True),  # nothing restricted
        ({}, {}, POST, True),  # nor after the purchase
        ({}, {"during_purchase": False}, DURING, False),  # switched off for the range
        ({}, {"during_purchase": False}, POST, True),  # the other use case is not
        ({}, {"post_purchase": False}, POST, False),  # likewise
        ({"use_cases": frozenset({POST})}, {}, DURING, False),  # the program is for the other use case
        ({"use_cases": frozenset({POST})}, {}, POST, True),  # for this one
        ({"fundings": frozenset({CardFunding.DEBIT})}, {}, DURING, False),  # a credit range
        ({"fundings": frozenset({CardFunding.DEBIT})}, {"funding": CardFunding.DEBIT}, DURING, True),
    ],
)
def test_card_kind_and_use_case_are_the_consumers_rule(
    rules: dict[str, Any], range_members: dict[str, Any], use_case: UseCase, is_shown: bool
) -> None:
    program = make_program(rules=rules)
    found = offer_to_range(program, **range_members)
    eligible, refusals = screen_candidates(found, make_purchase(), use_case=use_case, member_of=())
    assert [candidate.program for candidate in eligible] == ([program] if is_shown else [])
    assert refusals == ([] if is_shown else [Refusal(program, Rule.CONSUMER)])


def test_the_consumers_rule_is_asked_before_all_others() -> None:
    program = make_program(rules={"minimum": Decimal(500), "use_cases": frozenset({POST})})
    _, refusals = screen_candidates(offer_to_range(program), make_purchase(), use_case=DURING, member_of=())
    assert refusals == [Refusal(program, Rule.CONSUMER)]


@pytest.mark.parametrize(
    ("lists_of_groups", "member_of", "is_shown"),
    [
        ([()], (), True),  # one open group
        ([("1",)], (), False),  # one list, the card is not on it
        ([("1",)], ("1",), True),  # it is
        ([("1",)], ("2",), False),  # it is on another one
        ([("1", "2")], ("2",), True),  # one of two lists is enough
        ([("1",), ("2",)], ("2",), True),  # as it is in two groups
        ([("1",), ()], (), True),  # in an open and a restricted group: open
        ([(), ("1",)], (), True),  # in whichever order
    ],
)
def test_pan_lists_open_their_groups_programs_to_their_members(
    lists_of_groups: list[tuple[str, ...]], member_of: tuple[str, ...], is_shown: bool
) -> None:
    groups = [make_group(f"g{n}", pan_list_ids=lists) for n, lists in enumerate(lists_of_groups)]
    found = index(make_range(), make_program(), *groups).find_range(int(LOW))
    assert found is not None
    assert found.has_pan_lists is (() not in lists_of_groups)
    for use_case in UseCase:
        eligible, refusals = screen_candidates(found, make_purchase(), use_case=use_case, member_of=member_of)
        assert len(eligible) == is_shown
        assert [refusal.rule for refusal in refusals] == ([] if is_shown else [Rule.CONSUMER])


def test_eligible_programs_keep_their_order_beside_those_refused() -> None:
    programs = [make_program(f"1000000{n}", rules={"minimum": Decimal(100 * n)}) for n in range(8)]
    found = offer_to_range(*programs)
    eligible, refusals = screen_candidates(found, make_purchase(), use_case=DURING, member_of=())
    assert eligible == [Candidate(program, 1, frozenset(), True) for program in programs[:5]]
    assert refusals == [Refusal(program, Rule.AMOUNT) for program in programs[5:]]


def test_reasons_stand_once_each_in_the_order_of_the_rules() -> None:
    program = make_program()
    mixed = [Refusal(program, rule) for rule in (*reversed(Rule), Rule.MCC, Rule.AMOUNT)]
    assert list_reasons(mixed) == list(Rule)
    assert [rule.value for rule in Rule] == [
        "consumer",
        "amount",
        "mcc",
        "country",
        "currency",
        "merchant",
        "date",
    ]


def test_only_rules_that_stopped_a_program_are_told() -> None:
    program = make_program()
    assert list_reasons([Refusal(program, Rule.DATE), Refusal(program, Rule.AMOUNT)]) == [
        Rule.AMOUNT,
        Rule.DATE,
    ]


def test_without_any_program_the_consumer_alone_is_told() -> None:
    assert list_reasons([]) == [Rule.CONSUMER]


def test_a_purchase_in_utc_and_the_same_instant_elsewhere_get_the_same_answer() -> None:
    here = make_purchase(local_at=datetime(2025, 6, 1, 12, tzinfo=UTC))
    there = make_purchase(local_at=datetime(2025, 6, 1, 21, tzinfo=TOKYO))
    assert here.local_at == there.local_at
    assert find_stopping_rule(make_program(), here) is find_stopping_rule(make_program(), there) is None
