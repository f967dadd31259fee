"""An issuer's own offers: which claims hold together, what is filled in, and how their rows are split."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.set_up import make_issuer, make_purchase

from parcela.domain.issuer_offers import (
    ClaimedPayment,
    IssuerOffer,
    IssuerOfferClaim,
    accept_claim,
    rank_issuer_offers,
    split_issuer_rows,
)
from parcela.domain.offers import IssuerTerms, NotPresentable, PresentedOffer
from parcela.domain.terms import FeeKind, FeePlacement, FirstDue

NOW = datetime(2025, 1, 31, 12, 0, 1, tzinfo=UTC)
DAY = timedelta(hours=24)


def make_claim(**members: Any) -> IssuerOfferClaim:
    """Four monthly rows over 400, interest-free."""
    given: dict[str, Any] = {
        "offer_id": "90000001",
        "count": 4,
        "interval": "monthly",
        "total_amount": Decimal(400),
        "other_amount": Decimal(100),
        **members,
    }
    return IssuerOfferClaim(**given)


def accept(purchase: dict[str, Any] | None = None, **members: Any) -> IssuerOffer:
    return accept_claim(
        make_claim(**members),
        make_purchase(**(purchase or {})),
        issuer=make_issuer(),
        now=NOW,
        offer_life=DAY,
    )


def pay(*amounts: str, first: date = date(2025, 1, 31), days: int = 30) -> tuple[ClaimedPayment, ...]:
    return tuple(
        ClaimedPayment(
            number=number, amount=Decimal(amount), due_date=first + timedelta(days=days * (number - 1))
        )
        for number, amount in enumerate(amounts, start=1)
    )


def test_what_a_claim_leaves_open_is_filled_in() -> None:
    offer = accept()
    assert offer.presented == PresentedOffer(
        offer_id="90000001",
        program_version=None,
        provider_id=make_issuer().provider_id,
        currency="USD",
        count=4,
        interval="monthly",
        apr_percent=None,
        fee_value=Decimal(0),
        total_minor=40000,
        amounts_minor=(10000, 10000, 10000, 10000),
        due_dates=(date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)),
        issuer_terms=IssuerTerms(fee_minor=0, is_fee_spread=False, in_advance=True),
    )
    assert (offer.begin, offer.end) == (NOW, NOW + DAY)


def test_the_first_amount_is_what_the_others_leave() -> None:
    offer = accept(total_amount=Decimal("401.01"), other_amount=Decimal("100.33"))
    assert offer.presented.amounts_minor == (10002, 10033, 10033, 10033)


def test_rows_begin_one_interval_later_where_the_claim_says_so() -> None:
    offer = accept(first_due=FirstDue.AFTER_INTERVAL, interval="biweekly")
    assert offer.presented.due_dates == (
        date(2025, 2, 14),
        date(2025, 2, 28),
        date(2025, 3, 14),
        date(2025, 3, 28),
    )
    assert offer.presented.issuer_terms == IssuerTerms(fee_minor=0, is_fee_spread=False, in_advance=False)


@pytest.mark.parametrize(
    ("first", "said", "in_advance"),
    [
        # Without a word on it the dates say whether row 1 is due at once.
        (date(2025, 1, 31), None, True),
        (date(2025, 2, 1), None, False),
        (date(2025, 2, 1), FirstDue.TRANSACTION_DATE, True),
        (date(2025, 1, 31), FirstDue.AFTER_INTERVAL, False),
    ],
)
def test_stated_rows_stay_as_they_are(first: date, said: FirstDue | None, in_advance: bool) -> None:
    offer = accept(payments=pay("100", "100", "100", "100", first=first), first_due=said)
    assert offer.presented.due_dates == tuple(first + timedelta(days=30 * number) for number in range(4))
    assert offer.presented.issuer_terms is not None
    assert offer.presented.issuer_terms.in_advance is in_advance


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"first_amount": Decimal("100.01")}, "the rows do not sum to the total"),
        ({"total_amount": Decimal(300)}, "a row is not positive"),
        ({"other_amount": Decimal("133.34")}, "a row is not positive"),
        ({"total_amount": Decimal("399.99")}, "the rows repay less than the purchase"),
        ({"total_amount": Decimal("400.001")}, "an amount is not one of USD"),
        ({"other_amount": Decimal("1e30")}, "an amount is not one of USD"),
        (
            {"payments": pay("100", "100", "100")},
            "the rows are not numbered from 1 to the tenure",
        ),
        (
            {"payments": (*pay("100", "100", "100"), pay("100")[0])},
            "the rows are not numbered from 1 to the tenure",
        ),
        (
            {"payments": pay("100", "100", "99.99", "100.01")},
            "the rows are not the first amount and the other amounts",
        ),
        (
            {"payments": pay("100", "100", "100", "99.99")},
            "the rows are not the first amount and the other amounts",
        ),
        (
            {"payments": pay("100", "100", "100", "100", first=date(2025, 1, 30))},
            "the due dates do not ascend from the purchase",
        ),
        (
            {"payments": pay("100", "100", "100", "100", days=0)},
            "the due dates do not ascend from the purchase",
        ),
        (
            {"begin": NOW, "end": NOW - timedelta(seconds=1)},
            "the offer ends before it begins",
        ),
        ({"end": NOW - timedelta(seconds=1)}, "the offer ends before it begins"),
    ],
)
def test_a_claim_that_does_not_hold_together_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotPresentable) as caught:
        accept(**members)
    assert str(caught.value) == reason


def test_dates_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(NotPresentable) as caught:
        accept({"local_at": datetime(9999, 11, 1, tzinfo=UTC)})
    assert str(caught.value) == "a due date lies beyond the calendar"


@pytest.mark.parametrize(
    ("members", "terms"),
    [
        # 400 and a fee of 8, in each of its forms
        ({"fee_kind": FeeKind.FIXED, "fee_value": Decimal(8)}, (800, False)),
        ({"fee_kind": FeeKind.PERCENT, "fee_value": Decimal(2)}, (800, False)),
        (
            {
                "fee_kind": FeeKind.FIXED,
                "fee_value": Decimal(8),
                "fee_placement": FeePlacement.SPREAD,
            },
            (800, True),
        ),
        # half a cent goes up
        ({"fee_kind": FeeKind.PERCENT, "fee_value": Decimal("0.00125")}, (1, False)),
        # no value, or more than there is above the principal: all of it counts as interest
        ({"fee_kind": FeeKind.FIXED}, (0, False)),
        ({"fee_kind": FeeKind.FIXED, "fee_value": Decimal("8.01")}, (0, False)),
        (
            {
                "fee_kind": FeeKind.PERCENT,
                "fee_value": Decimal(3),
                "fee_placement": FeePlacement.SPREAD,
            },
            (0, False),
        ),
    ],
)
def test_a_fee_that_fits_is_kept_for_the_split(members: dict[str, Any], terms: tuple[int, bool]) -> None:
    offer = accept(total_amount=Decimal(408), other_amount=Decimal(102), **members)
    assert offer.presented.issuer_terms == IssuerTerms(
        fee_minor=terms[0], is_fee_spread=terms[1], in_advance=True
    )


def split(offer: IssuerOffer) -> list[tuple[int, int, int, int]]:
    return [
        (row.amount_minor, row.principal_minor, row.interest_minor, row.fee_minor)
        for row in split_issuer_rows(offer.presented, 40000)
    ]


def test_a_fee_on_the_first_row_is_taken_out_of_it() -> None:
    offer = accept(
        total_amount=Decimal(410),
        other_amount=Decimal(100),
        fee_kind=FeeKind.FIXED,
        fee_value=Decimal(10),
    )
    assert split(offer) == [(11000, 10000, 0, 1000), *[(10000, 10000, 0, 0)] * 3]


def test_a_spread_fee_is_taken_out_of_every_row() -> None:
    offer = accept(
        total_amount=Decimal(401),
        other_amount=Decimal("100.25"),
        fee_kind=FeeKind.FIXED,
        fee_value=Decimal("1.01"),
        fee_placement=FeePlacement.SPREAD,
    )
    # A fee of more than the charge of 1: nothing fits, so the charge is interest.
    assert sum(fee for *_, fee in split(offer)) == 0
    offer = accept(
        total_amount=Decimal("401.01"),
        other_amount=Decimal("100.25"),
        fee_kind=FeeKind.FIXED,
        fee_value=Decimal("1.01"),
        fee_placement=FeePlacement.SPREAD,
    )
    assert split(offer) == [(10026, 10000, 0, 26), *[(10025, 10000, 0, 25)] * 3]


def test_what_is_above_the_principal_is_interest_at_one_rate() -> None:
    """3 % a month in arrears: 400 in four rows of 107.61, as `spec/network.md` §6.1 prices them."""
    offer = accept(
        total_amount=Decimal("430.44"), other_amount=Decimal("107.61"), first_due=FirstDue.AFTER_INTERVAL
    )
    assert split(offer) == [
        (10761, 9561, 1200, 0),
        (10761, 9848, 913, 0),
        (10761, 10143, 618, 0),
        (10761, 10448, 313, 0),
    ]


@given(
    count=st.integers(2, 99),
    amounts=st.tuples(st.integers(1, 1_000_000), st.integers(1, 1_000_000)),
    charge=st.integers(0, 500_000),
    fee=st.decimals(0, 10_000, places=2),
    placement=st.sampled_from([FeePlacement.FIRST, FeePlacement.SPREAD]),
    first_due=st.sampled_from([FirstDue.TRANSACTION_DATE, FirstDue.AFTER_INTERVAL]),
)
def test_parts_are_never_negative_and_sum_exactly(
    count: int,
    amounts: tuple[int, int],
    charge: int,
    fee: Decimal,
    placement: FeePlacement,
    first_due: FirstDue,
) -> None:
    first, other = amounts
    total = first + other * (count - 1)
    principal = max(1, total - charge)
    offer = accept(
        {"amount": str(Decimal(principal).scaleb(-2))},
        count=count,
        interval="weekly",
        total_amount=Decimal(total).scaleb(-2),
        other_amount=Decimal(other).scaleb(-2),
        fee_kind=FeeKind.FIXED,
        fee_value=fee,
        fee_placement=placement,
        first_due=first_due,
    )
    rows = split_issuer_rows(offer.presented, principal)
    assert [row.amount_minor for row in rows] == [first, *[other] * (count - 1)]
    for row in rows:
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor
        assert min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0
    assert sum(row.principal_minor for row in rows) == principal


def rank(*offers: IssuerOffer) -> list[str]:
    return [offer.presented.offer_id for offer in rank_issuer_offers(offers)]


def test_rank_is_by_later_row_total_and_offer_id() -> None:
    assert rank(
        accept(offer_id="90000003"),
        accept(offer_id="90000002"),
        accept(offer_id="90000009", count=5, other_amount=Decimal(80)),
        accept(offer_id="90000001", total_amount=Decimal(401)),
    ) == ["90000009", "90000002", "90000003", "90000001"]


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((3, 1, 2), ["b", "c", "a"]),
        # one without a priority, or two with the same: the issuer's order says nothing
        ((3, None, 2), ["a", "b", "c"]),
        ((2, 2, 1), ["a", "b", "c"]),
    ],
)
def test_an_order_that_the_issuer_gives_in_full_stays(
    priorities: tuple[int | None, ...], expected: list[str]
) -> None:
    offers = [
        accept(offer_id=name, priority=priority) for name, priority in zip("abc", priorities, strict=True)
    ]
    assert rank(*offers) == expected


def test_a_program_offer_has_no_issuer_terms_to_be_split_by() -> None:
    with pytest.raises(AssertionError):
        split_issuer_rows(replace(accept().presented, issuer_terms=None), 40000)
