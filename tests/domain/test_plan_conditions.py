"""The conditions of a payment with a plan, each alone and in the order of `spec/gateway.md` §11.3."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.offer_records import (
    CASE,
    PHONE,
    PROFILE,
    PROGRAM,
    QUOTED_AT,
    ask_serials,
    make_card,
    make_custom_plan,
    make_line,
    make_offer,
    make_payment,
    make_quote,
    make_rule,
)

from parcela.domain.merchant_offers import (
    CartItem,
    MerchantOffer,
    OfferState,
    SerialNumbers,
    TermsDisplay,
)
from parcela.domain.merchants import CartRule, MerchantOperation, OfferRule, OfferTerms, SerialsDue
from parcela.domain.offer_acceptance import GivenAcceptance, accept_terms
from parcela.domain.order_refusals import ItemMember, PlanCondition, PlanConditionUnmet
from parcela.domain.orders import OrderLine
from parcela.domain.plan_conditions import PaymentFacts, check_custom_choice, check_payment
from parcela.domain.serial_numbers import list_missing, merge_serials, read_serials

LIFE = timedelta(hours=24)
NOW = QUOTED_AT + timedelta(hours=1)
FREE_TERMS = OfferTerms(text="Pay monthly.")
OTHER_CARD = "5123456789012346"


def accept(offer: MerchantOffer, *, rule: OfferRule | None = None, **members: Any) -> MerchantOffer:
    """The offer, accepted as quoted."""
    given: dict[str, Any] = {
        "display": TermsDisplay.TERMS_AND_ACCEPTANCE,
        "amount_minor": 120000,
        "currency": "USD",
        "card": make_card(),
        "lines": tuple(make_line(item) for item in offer.quote.items),
        "locale": None,
        **members,
    }
    word = GivenAcceptance(**given)
    return accept_terms(offer, rule or make_rule(), PROGRAM, word, profile=PROFILE, now=NOW)


def check(
    payment: PaymentFacts,
    *,
    offer: MerchantOffer | None = None,
    rule: OfferRule | None = None,
    now: Any = NOW,
) -> MerchantOffer:
    """Check a payment with an accepted offer."""
    offer = accept(make_offer()) if offer is None else offer
    return check_payment(offer, rule or make_rule(), PROGRAM, payment, now=now, offer_life=LIFE)


def find_unmet(payment: PaymentFacts, **members: Any) -> tuple[PlanCondition, int | None, str | None]:
    """The condition that a payment does not meet, with the article that it names."""
    with pytest.raises(PlanConditionUnmet) as caught:
        check(payment, **members)
    return caught.value.condition, caught.value.item_index, caught.value.member


def test_a_payment_as_accepted_meets_every_condition() -> None:
    offer = accept(make_offer())
    assert check(make_payment(make_line(CASE), make_line(PHONE)), offer=offer) == replace(
        offer, items=(PHONE, CASE)
    )
    assert check(make_payment(), offer=offer) == offer


@pytest.mark.parametrize(
    ("condition", "changed"),
    [
        (PlanCondition.NOT_EXPIRED, {"now": QUOTED_AT + LIFE + timedelta(microseconds=1)}),
        (PlanCondition.NOT_USED, {"state": OfferState.USED, "holder": "t"}),
        (PlanCondition.NOT_USED, {"holder": "t"}),
        (PlanCondition.CURRENCY, {"currency": "EUR"}),
        (PlanCondition.MINIMUM, {"amount_minor": 29999}),
        (PlanCondition.MAXIMUM, {"amount_minor": 500001}),
        (PlanCondition.CARD, {"card": make_card(is_admitted=False)}),
        # Of the right kind, but not the one that the inquiry named.
        (PlanCondition.CARD, {"card": make_card("5111111111111118")}),
        (PlanCondition.ACCEPTED, {"acceptance": None}),
        (PlanCondition.SAME_CARD, {"card": make_card(OTHER_CARD)}),
        (PlanCondition.SAME_AMOUNT, {"amount_minor": 120001}),
    ],
)
def test_each_condition_is_told(condition: PlanCondition, changed: dict[str, Any]) -> None:
    facts = {name: changed[name] for name in changed if name in PaymentFacts.__slots__}
    members = {name: changed[name] for name in changed if name in MerchantOffer.__slots__}
    offer = replace(accept(make_offer()), **members)
    unmet = find_unmet(make_payment(**facts), offer=offer, now=changed.get("now", NOW))
    assert unmet == (condition, None, None)


def test_conditions_are_told_in_their_order() -> None:
    """Everything is wrong; what is told first is mended first."""
    rule = make_rule(serials=ask_serials(SerialsDue.AT_PAYMENT))
    offer = make_offer(state=OfferState.USED, holder="t")
    payment = make_payment(
        make_line(PHONE, unit_price=Decimal(1)),
        currency="EUR",
        amount_minor=1,
        card=make_card(OTHER_CARD, is_admitted=False),
    )
    now = QUOTED_AT + timedelta(days=2)
    told = []
    for mended in (
        {"now": NOW},
        {"offer": make_offer()},
        {"payment": {"currency": "USD"}},
        {"payment": {"amount_minor": 120100}},
        {"payment": {"card": make_card(OTHER_CARD)}},
        {"offer": accept(make_offer(), rule=rule)},
        {"payment": {"card": make_card()}},
        {"payment": {"amount_minor": 120000}},
        {"payment": {"lines": (make_line(PHONE), make_line(CASE))}},
    ):
        told.append(find_unmet(payment, offer=offer, rule=rule, now=now)[0])
        now = mended.get("now", now)  # type: ignore[assignment]
        offer = mended.get("offer", offer)  # type: ignore[assignment]
        payment = replace(payment, **mended.get("payment", {}))  # type: ignore[arg-type]
    told.append(find_unmet(payment, offer=offer, rule=rule, now=now)[0])
    assert told == [
        PlanCondition.NOT_EXPIRED,
        PlanCondition.NOT_USED,
        PlanCondition.CURRENCY,
        PlanCondition.MINIMUM,
        PlanCondition.CARD,
        PlanCondition.ACCEPTED,
        PlanCondition.SAME_CARD,
        PlanCondition.SAME_AMOUNT,
        PlanCondition.SAME_ITEMS,
        PlanCondition.SERIAL_NUMBERS,
    ]


@pytest.mark.parametrize(
    ("amount_minor", "is_met"), [(29999, False), (30000, True), (500000, True), (500001, False)]
)
def test_both_bounds_of_the_amount_are_within(amount_minor: int, is_met: bool) -> None:
    rule = make_rule(terms=FREE_TERMS)
    offer = make_offer(quote=make_quote(amount_minor=None))
    if is_met:
        check(make_payment(amount_minor=amount_minor), offer=offer, rule=rule)
    else:
        condition, _, _ = find_unmet(make_payment(amount_minor=amount_minor), offer=offer, rule=rule)
        assert condition is (PlanCondition.MINIMUM if amount_minor < 30000 else PlanCondition.MAXIMUM)


def test_the_last_moment_of_an_offer_still_counts() -> None:
    check(make_payment(), now=QUOTED_AT + LIFE)


def test_what_the_inquiry_left_open_is_fixed_by_the_acceptance() -> None:
    rule = make_rule()
    open_offer = make_offer(quote=make_quote(amount_minor=None, items=(), card_prefix=None))
    lines = (make_line(PHONE),)
    offer = accept(open_offer, amount_minor=115000, lines=lines, card=make_card(OTHER_CARD))
    card = make_card(OTHER_CARD)
    check(make_payment(*lines, amount_minor=115000, card=card), offer=offer, rule=rule)
    wrong = make_payment(amount_minor=120000, card=card)
    assert find_unmet(wrong, offer=offer, rule=rule)[0] is PlanCondition.SAME_AMOUNT
    wrong = make_payment(make_line(CASE), amount_minor=115000, card=card)
    assert find_unmet(wrong, offer=offer, rule=rule) == (PlanCondition.SAME_ITEMS, 0, ItemMember.SKU)


@pytest.mark.parametrize(
    ("lines", "index", "member"),
    [
        ([make_line(PHONE), make_line(CASE, sku="CASE-02")], 1, ItemMember.SKU),
        ([make_line(PHONE), make_line(CASE, sku=None)], 1, ItemMember.SKU),
        ([make_line(CASE, quantity=Decimal(3)), make_line(PHONE)], 0, ItemMember.QUANTITY),
        ([make_line(CASE), make_line(PHONE, unit_price=Decimal("1150.01"))], 1, ItemMember.UNIT_PRICE),
        # Both differ: the quantity comes first.
        ([make_line(CASE, quantity=Decimal(1), unit_price=Decimal(1))], 0, ItemMember.QUANTITY),
        # Named twice: the second is one too many.
        ([make_line(PHONE), make_line(PHONE), make_line(CASE)], 1, ItemMember.SKU),
        # Left out: told where it would stand.
        ([make_line(CASE)], 1, ItemMember.SKU),
    ],
    ids=["sku", "no-sku", "quantity", "price", "both", "twice", "left-out"],
)
def test_articles_that_differ_are_told_by_position_and_member(
    lines: list[OrderLine], index: int, member: ItemMember
) -> None:
    assert find_unmet(make_payment(*lines)) == (PlanCondition.SAME_ITEMS, index, member)


def test_decimals_are_compared_by_value() -> None:
    check(
        make_payment(
            make_line(PHONE, quantity=Decimal("1.000"), unit_price=Decimal(1150)),
            make_line(CASE, quantity=Decimal("2.0"), unit_price=Decimal("25.0")),
        )
    )


@pytest.mark.parametrize(
    ("cart", "unmet_index"),
    [
        (CartRule(excluded=("CASE-*",)), 1),
        (CartRule(all_of=("TABLET-1",)), 0),
        (CartRule(any_of=("PHN-*", "TABLET-1")), None),
    ],
    ids=["excluded", "all-of", "any-of"],
)
def test_articles_that_the_inquiry_did_not_name_must_be_what_the_rule_is_for(
    cart: CartRule, unmet_index: int | None
) -> None:
    rule = make_rule(terms=FREE_TERMS, cart=cart)
    offer = make_offer(quote=make_quote(items=()))
    payment = make_payment(make_line(PHONE), make_line(CASE))
    if unmet_index is None:
        assert check(payment, offer=offer, rule=rule).items == (PHONE, CASE)
    else:
        unmet = find_unmet(payment, offer=offer, rule=rule)
        assert unmet == (PlanCondition.SAME_ITEMS, unmet_index, ItemMember.SKU)


@pytest.mark.parametrize(
    ("due", "captures_at_once", "is_due"),
    [
        (SerialsDue.NEVER, True, False),
        (SerialsDue.AT_PAYMENT, False, True),
        (SerialsDue.AT_PAYMENT, True, True),
        (SerialsDue.AT_CAPTURE, False, False),
        (SerialsDue.AT_CAPTURE, True, True),
    ],
)
def test_serial_numbers_are_due_at_payment_or_at_capture(
    due: SerialsDue, captures_at_once: bool, is_due: bool
) -> None:
    rule = make_rule(serials=ask_serials(due, "PHN-*"))
    payment = make_payment(make_line(CASE), make_line(PHONE), captures_at_once=captures_at_once)
    if not is_due:
        assert check(payment, rule=rule).serials == ()
        return
    unmet = find_unmet(payment, rule=rule)
    assert unmet == (PlanCondition.SERIAL_NUMBERS, 1, ItemMember.SERIAL_NUMBER)
    silent = find_unmet(make_payment(captures_at_once=captures_at_once), rule=rule)
    assert silent == (PlanCondition.SERIAL_NUMBERS, 0, ItemMember.SERIAL_NUMBER)
    brought = make_payment(make_line(CASE), make_line(PHONE, "SN-1"), captures_at_once=captures_at_once)
    assert check(brought, rule=rule).serials == (SerialNumbers(sku=PHONE.sku, index=0, numbers=("SN-1",)),)


def test_the_provider_may_ask_for_serial_numbers_that_the_rule_does_not() -> None:
    offer = replace(accept(make_offer()), serial_rule=ask_serials(SerialsDue.AT_PAYMENT))
    unmet = find_unmet(make_payment(), offer=offer)
    assert unmet == (PlanCondition.SERIAL_NUMBERS, 0, ItemMember.SERIAL_NUMBER)


@pytest.mark.parametrize(
    ("numbers", "is_taken"),
    [(("A", "B"), True), (("A",), False), (("A", "B", "C"), False), (("A", "A"), False)],
)
def test_there_is_one_serial_number_for_each_piece(numbers: tuple[str, ...], is_taken: bool) -> None:
    lines = [make_line(CASE, *numbers)]
    if is_taken:
        assert read_serials([PHONE, CASE], lines) == (SerialNumbers(sku=CASE.sku, index=1, numbers=numbers),)
        return
    with pytest.raises(PlanConditionUnmet) as caught:
        read_serials([PHONE, CASE], lines)
    assert (caught.value.condition, caught.value.item_index, caught.value.member) == (
        PlanCondition.SAME_ITEMS,
        0,
        ItemMember.SERIAL_NUMBER,
    )


def test_a_line_without_sku_means_the_row_with_its_index() -> None:
    lines = [make_line(PHONE, sku=None), make_line(CASE, "A", "B", sku=None)]
    assert read_serials([PHONE, CASE], lines) == (SerialNumbers(sku=CASE.sku, index=1, numbers=("A", "B")),)
    with pytest.raises(PlanConditionUnmet) as caught:
        read_serials([PHONE], lines)
    assert (caught.value.item_index, caught.value.member) == (1, ItemMember.SKU)


def test_rows_with_one_sku_are_told_apart_by_quantity_and_price() -> None:
    cheap = replace(CASE, unit_price=Decimal(20))
    lines = [make_line(cheap, "C", "D"), make_line(CASE, "A", "B")]
    assert read_serials([CASE, cheap], lines) == (
        SerialNumbers(sku=CASE.sku, index=0, numbers=("A", "B")),
        SerialNumbers(sku=CASE.sku, index=1, numbers=("C", "D")),
    )


def test_serial_numbers_follow_their_article_when_the_rows_change_places() -> None:
    kept = [SerialNumbers(sku=PHONE.sku, index=0, numbers=("SN-1",))]
    assert merge_serials([CASE, PHONE], kept, []) == (
        SerialNumbers(sku=PHONE.sku, index=1, numbers=("SN-1",)),
    )
    assert merge_serials([CASE, replace(PHONE, quantity=Decimal(2))], kept, []) == ()


def test_what_is_not_counted_in_pieces_needs_no_serial_number() -> None:
    cable = CartItem(sku="CABLE", quantity=Decimal("1.5"), unit_price=Decimal(2))
    assert list_missing([cable, PHONE], [], ask_serials(SerialsDue.AT_CAPTURE)) == (1,)


@pytest.mark.parametrize(
    ("count", "deferrals", "operation", "unmet"),
    [
        (6, None, MerchantOperation.PAY, None),
        (6, 3, MerchantOperation.PAY, None),
        (5, 3, MerchantOperation.PAY, PlanCondition.COUNT),
        (None, None, MerchantOperation.PAY, PlanCondition.COUNT),
        (6, 2, MerchantOperation.PAY, PlanCondition.DEFERRALS),
        (6, 3, MerchantOperation.AUTHORIZE, PlanCondition.KNOWN),
    ],
)
def test_a_custom_plan_has_its_own_numbers(
    count: int | None, deferrals: int | None, operation: MerchantOperation, unmet: PlanCondition | None
) -> None:
    plan = make_custom_plan(payments=(3, 6), deferrals=(1, 3), operations=frozenset({MerchantOperation.PAY}))
    if unmet is None:
        assert check_custom_choice(plan, count=count, deferrals=deferrals, operation=operation) == count
        return
    with pytest.raises(PlanConditionUnmet) as caught:
        check_custom_choice(plan, count=count, deferrals=deferrals, operation=operation)
    assert caught.value.condition is unmet


def test_the_only_number_of_payments_may_be_left_out() -> None:
    plan = make_custom_plan(payments=(1,), deferrals=(3,))
    operation = MerchantOperation.AUTHORIZE
    assert check_custom_choice(plan, count=None, deferrals=3, operation=operation) == 1


ROWS = st.lists(
    st.builds(
        CartItem,
        sku=st.sampled_from(["A", "B", None]),
        quantity=st.sampled_from([Decimal(1), Decimal("2.0"), Decimal(3)]),
        unit_price=st.sampled_from([Decimal(1), Decimal("1.50")]),
    ),
    min_size=1,
    max_size=6,
)


@given(rows=ROWS, order=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_same_articles_in_any_order_bring_every_serial_number(rows: list[CartItem], order: Any) -> None:
    shuffled = list(enumerate(rows))
    order.shuffle(shuffled)
    lines = tuple(
        make_line(row, *[f"{number}-{piece}" for piece in range(int(row.quantity))])
        for number, row in shuffled
    )
    rule = make_rule(terms=FREE_TERMS, serials=ask_serials(SerialsDue.AT_PAYMENT))
    offer = make_offer(quote=make_quote(items=tuple(rows)))
    checked = check(make_payment(*lines), offer=offer, rule=rule)
    assert [held.index for held in checked.serials] == list(range(len(rows)))
    brought = sorted(number for line in lines for number in line.serial_numbers)
    assert sorted(number for held in checked.serials for number in held.numbers) == brought
