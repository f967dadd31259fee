"""From offer to plan: every mismatch of §7.3, alone and together, and what counts as a repeat (§7.2)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from tests.support.set_up import PROVIDER_ID

from parcela.domain.errors import OfferExpired, OfferMismatch, PlanExists
from parcela.domain.ids import Identifier
from parcela.domain.offers import PresentedOffer
from parcela.domain.plans import (
    AmountKind,
    CardTransaction,
    ClaimedRow,
    ClaimedTerms,
    Merchant,
    Plan,
    PlanRequest,
    PlanStatus,
    PresentedPurchase,
    Presentment,
    check_not_expired,
    check_repeat,
    hide_card,
    match_offer,
)
from parcela.domain.programs import UseCase

LOCAL_AT = datetime(2023, 10, 26, 12, tzinfo=UTC)
PRESENTED_AT = datetime(2023, 10, 26, 12, 0, 5, tzinfo=UTC)
MERCHANT = Merchant(
    name="Globex Decor",
    url="www.globexdecor.com",
    country="USA",
    mcc=Identifier("1711"),
    acquirer_id=Identifier("234353"),
    merchant_id=Identifier("0742"),
)
OFFER = PresentedOffer(
    offer_id="21345693",
    program_version=1,
    provider_id=PROVIDER_ID,
    currency="USD",
    count=3,
    interval="monthly",
    apr_percent=Decimal("0.00"),
    fee_value=Decimal(0),
    total_minor=20000,
    amounts_minor=(6666, 6667, 6667),
    due_dates=(date(2023, 11, 26), date(2023, 12, 26), date(2024, 1, 26)),
)
PRESENTMENT = Presentment(
    offer_transaction_id=1763137029152964608,
    client_id=1,
    use_case=UseCase.DURING_PURCHASE,
    presented_at=PRESENTED_AT,
    purchase=PresentedPurchase(
        pan_index=b"card", amount=Decimal(200), currency="USD", local_at=LOCAL_AT, merchant=MERCHANT
    ),
    offers=(OFFER, replace(OFFER, offer_id="21351677")),
)
REQUEST = PlanRequest(
    offer_transaction_id="1763137029152964608",
    offer_id="21345693",
    shown_offer_ids=("21345693", "21351677"),
    provider_id=PROVIDER_ID,
    merchant=MERCHANT,
    terms=ClaimedTerms(
        count=3,
        interval="monthly",
        apr_percent=Decimal(0),
        currency="USD",
        first_amount=Decimal("66.66"),
        other_amount=Decimal("66.67"),
        fee_value=Decimal(0),
        total_amount=Decimal(200),
    ),
    rows=(
        ClaimedRow(number=1, amount=Decimal("66.66"), due_date=date(2023, 11, 26)),
        ClaimedRow(number=2, amount=Decimal("66.67"), due_date=date(2023, 12, 26)),
        ClaimedRow(number=3, amount=Decimal("66.67"), due_date=date(2024, 1, 26)),
    ),
    transaction=CardTransaction(
        amount_kind=AmountKind.PURCHASE,
        amount=Decimal(200),
        currency="USD",
        local_at=LOCAL_AT,
        local_text="2023-10-26T12:00:00Z",
        transmitted_text="2023-10-26T12:00:00Z",
        stan=Identifier("742", is_number=True),
        rrn=Identifier("123456123456"),
        authorization_code=Identifier("123456"),
        transaction_link_id="1234567890",
    ),
    pan_index=b"card",
)
PLAN = Plan(
    plan_id="3d56f5a7-db48-41f0-875e-30920e8465f3",
    status=PlanStatus.CREATED,
    offer_transaction_id=1763137029152964608,
    client_id=1,
    provider_id=PROVIDER_ID,
    offer=OFFER,
    request=REQUEST,
    installments=(),
    created_at=PRESENTED_AT,
)

Edit = Callable[[PlanRequest], PlanRequest]


def terms(**members: Any) -> Edit:
    return lambda request: replace(request, terms=replace(request.terms, **members))


def merchant(**members: Any) -> Edit:
    return lambda request: replace(request, merchant=replace(request.merchant, **members))


def transaction(**members: Any) -> Edit:
    return lambda request: replace(request, transaction=replace(request.transaction, **members))


def request(**members: Any) -> Edit:
    return lambda asked: replace(asked, **members)


def row(position: int, **members: Any) -> Edit:
    def edit(asked: PlanRequest) -> PlanRequest:
        rows = list(asked.rows)
        rows[position] = replace(rows[position], **members)
        return replace(asked, rows=tuple(rows))

    return edit


MISMATCHES: list[tuple[Edit, str]] = [
    (transaction(amount=Decimal("200.01")), "transaction amount"),
    (transaction(local_at=LOCAL_AT + timedelta(seconds=1)), "transaction date"),
    (request(pan_index=b"other"), "pan"),
    (transaction(currency="EUR"), "transaction currency"),
    (request(shown_offer_ids=("21345693",)), "transaction offers"),
    (request(provider_id="218b9962-1355-44e4-8a16-f911363fd849"), "provider id"),
    (terms(apr_percent=Decimal("0.01")), "apr"),
    (terms(count=4), "tenure"),
    (terms(interval="weekly"), "frequency"),
    (terms(currency="CAD"), "plan currency"),
    (terms(first_amount=Decimal("66.67")), "first installment amount"),
    (terms(other_amount=Decimal("66.66")), "other installment amount"),
    (terms(total_amount=Decimal("200.01")), "total amount"),
    (terms(fee_value=Decimal(1)), "fee value"),
    (row(1, amount=Decimal("66.66")), "schedule payments"),
    (merchant(country="CAN"), "merchant country"),
    (merchant(mcc=Identifier("1712")), "merchant category code"),
    (merchant(acquirer_id=Identifier("234354")), "acquirer id"),
    (merchant(merchant_id=Identifier("743")), "merchant id"),
]


def list_mismatches(asked: PlanRequest, presentment: Presentment = PRESENTMENT) -> tuple[str, ...]:
    try:
        match_offer(presentment, asked)
    except OfferMismatch as mismatch:
        return mismatch.things
    return ()


def test_a_request_that_repeats_everything_gets_its_offer() -> None:
    assert match_offer(PRESENTMENT, REQUEST) is OFFER


@pytest.mark.parametrize(("edit", "thing"), MISMATCHES, ids=[thing for _, thing in MISMATCHES])
def test_each_member_that_differs_is_told(edit: Edit, thing: str) -> None:
    assert list_mismatches(edit(REQUEST)) == (thing,)


def test_all_mismatches_are_told_together_in_their_order() -> None:
    asked = REQUEST
    for edit, _ in MISMATCHES:
        asked = edit(asked)
    assert list_mismatches(asked) == tuple(thing for _, thing in MISMATCHES)


def test_with_an_unknown_offer_the_members_of_an_offer_are_not_compared() -> None:
    asked = request(offer_id="99999999")(REQUEST)
    for edit, _ in MISMATCHES:
        asked = edit(asked)
    assert list_mismatches(asked) == (
        "transaction amount",
        "transaction date",
        "pan",
        "transaction currency",
        "offer id",
        "transaction offers",
        "merchant country",
        "merchant category code",
        "acquirer id",
        "merchant id",
    )


@pytest.mark.parametrize(
    ("edit", "thing"),
    [
        (terms(apr_percent=None), "apr"),  # the offer has one
        (terms(currency=None), "plan currency"),
        (terms(first_amount=None), "first installment amount"),
        (terms(other_amount=None), "other installment amount"),
        (terms(total_amount=None), "total amount"),
        (merchant(country=None), "merchant country"),  # shown with, accepted without
        (merchant(mcc=None), "merchant category code"),
        (merchant(acquirer_id=None), "acquirer id"),
        (merchant(merchant_id=None), "merchant id"),
        (request(shown_offer_ids=()), "transaction offers"),  # sent, and empty
    ],
)
def test_a_member_on_one_side_only_is_a_mismatch(edit: Edit, thing: str) -> None:
    assert list_mismatches(edit(REQUEST)) == (thing,)


@pytest.mark.parametrize(
    ("member", "thing"),
    [
        ("country", "merchant country"),
        ("mcc", "merchant category code"),
        ("acquirer_id", "acquirer id"),
        ("merchant_id", "merchant id"),
    ],
)
def test_a_merchant_member_that_was_not_shown_is_a_mismatch(member: str, thing: str) -> None:
    bare = replace(MERCHANT, **{member: None})
    presentment = replace(PRESENTMENT, purchase=replace(PRESENTMENT.purchase, merchant=bare))
    assert list_mismatches(REQUEST, presentment) == (thing,)
    assert list_mismatches(merchant(**{member: None})(REQUEST), presentment) == ()


@pytest.mark.parametrize(
    "edit",
    [
        transaction(amount=Decimal("200.00")),  # the same decimal value
        terms(other_amount=Decimal("66.670")),  # likewise
        terms(apr_percent=Decimal("0.000")),  # likewise
        terms(fee_value=None),  # an absent fee value is 0
        transaction(local_at=LOCAL_AT.astimezone(timezone(timedelta(hours=-5)))),  # the same instant
        request(shown_offer_ids=("21351677", "21345693")),  # offers are a set
        request(shown_offer_ids=("21351677", "21345693", "21345693")),  # with repeats
        request(shown_offer_ids=None),  # an issuer's FINAL need not send them
        request(provider_id=PROVIDER_ID.upper()),  # a UUID in upper case
        request(rows=tuple(reversed(REQUEST.rows))),  # rows go by their number
        merchant(merchant_id=Identifier("742", is_number=True)),  # 742 is "0742"
        merchant(mcc=Identifier("1711", is_number=True)),  # 1711 is "1711"
        merchant(name="Another", url=None),  # name and url are not compared
        transaction(stan=None, rrn=None, authorization_code=None, transmitted_text=None),  # nor these
        transaction(transaction_link_id=None, amount_kind=AmountKind.FINAL),  # nor these
    ],
)
def test_what_is_equal_in_value_or_not_compared_is_accepted(edit: Edit) -> None:
    assert match_offer(PRESENTMENT, edit(REQUEST)) is OFFER


@pytest.mark.parametrize(
    "edit",
    [
        row(0, number=4),  # a number that the offer lacks
        row(1, number=1),  # a number twice
        row(2, due_date=date(2024, 1, 27)),  # a day later
        row(0, amount=Decimal("66.67")),  # another amount
        request(rows=REQUEST.rows[:2]),  # a row left out
        request(rows=(*REQUEST.rows, replace(REQUEST.rows[2], number=4))),  # a row too many
        request(rows=()),  # none
    ],
)
def test_rows_must_be_those_of_the_offer(edit: Edit) -> None:
    assert list_mismatches(edit(REQUEST)) == ("schedule payments",)


def test_an_offer_without_apr_is_matched_by_none_alone() -> None:
    presentment = replace(PRESENTMENT, offers=(replace(OFFER, apr_percent=None), PRESENTMENT.offers[1]))
    assert list_mismatches(REQUEST, presentment) == ("apr",)
    assert list_mismatches(terms(apr_percent=None)(REQUEST), presentment) == ()


@pytest.mark.parametrize(
    "edit",
    [
        request(),  # nothing
        transaction(stan=Identifier("0742")),  # 742 = "0742"
        transaction(rrn=Identifier("123456123456", is_number=True)),  # number and text
        merchant(merchant_id=Identifier("742", is_number=True)),  # likewise
        terms(other_amount=Decimal("66.670"), total_amount=Decimal("2E+2")),  # equal decimals
        row(1, amount=Decimal("66.670")),  # likewise
        request(rows=tuple(reversed(REQUEST.rows))),  # rows go by their number
        request(shown_offer_ids=("21351677", "21345693")),  # offers are a set
        request(provider_id=PROVIDER_ID.upper()),  # a UUID in upper case
        transaction(local_at=LOCAL_AT.astimezone(timezone(timedelta(hours=9)))),  # the same instant
    ],
)
def test_the_same_content_is_a_repeat(edit: Edit) -> None:
    asked = edit(REQUEST)
    check_repeat(PLAN, asked)
    assert match_offer(PRESENTMENT, asked) is OFFER


@pytest.mark.parametrize(
    "edit",
    [
        *[edit for edit, _ in MISMATCHES],
        request(offer_id="21351677"),  # another of the offers shown
        request(shown_offer_ids=None),  # not sent this time
        merchant(name="Globex"),  # content counts where comparison with the offer does not
        merchant(url=None),
        transaction(stan=Identifier("743", is_number=True)),
        transaction(stan=None),
        transaction(rrn=None),
        transaction(authorization_code=Identifier("123457")),
        transaction(transmitted_text=None),
        transaction(transaction_link_id="1234567891"),
        transaction(amount_kind=AmountKind.FINAL),
        terms(fee_value=None),
    ],
)
def test_any_other_content_is_refused(edit: Edit) -> None:
    with pytest.raises(PlanExists):
        check_repeat(PLAN, edit(REQUEST))


@pytest.mark.parametrize(
    ("age", "is_live"),
    [
        (timedelta(0), True),  # at once
        (timedelta(hours=24), True),  # at the very end
        (timedelta(hours=24, microseconds=1), False),  # just after
        (-timedelta(seconds=1), True),  # two workers' clocks that disagree
    ],
)
def test_an_offer_lives_for_its_time(age: timedelta, is_live: bool) -> None:
    def check() -> None:
        check_not_expired(PRESENTMENT, now=PRESENTED_AT + age, offer_life=timedelta(hours=24))

    if is_live:
        check()
    else:
        with pytest.raises(OfferExpired):
            check()


@pytest.mark.parametrize(
    ("link_id", "kept"),
    [
        ("5110921032063789", "511092******3789"),  # the plan's own card
        ("x5110921032063789y", "x511092******3789y"),  # inside another text
        ("4111111111111111", "4111111111111111"),  # other digits are for matching
        (None, None),
    ],
)
def test_the_plans_own_card_number_is_masked_in_the_link_id(link_id: str | None, kept: str | None) -> None:
    asked = transaction(transaction_link_id=link_id)(REQUEST)
    hidden = hide_card(asked, {"5110921032063789"})
    assert hidden == transaction(transaction_link_id=kept)(REQUEST)
