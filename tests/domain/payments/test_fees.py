"""Fees of merchants and what refunds give back of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.payments.accounts import FeeSchedule, FeesOnRefund, PaymentsAccount
from parcela.domain.payments.fees import find_fees_back, find_schedule, price_fees
from parcela.domain.payments.records import FeeBreakdown

STANDARD = FeeSchedule()


def make_account(*fees: FeeSchedule) -> PaymentsAccount:
    return PaymentsAccount(
        account_id="ma_01K1B9Z6Q4T8V2X0M5R7S3W9YA",
        name="Shop",
        country="DEU",
        mcc="5732",
        owner_email="owner@shop.example",
        acquirer_id="sandbox",
        acquirer_merchant_id="1",
        terminal_id="1",
        fees=fees,
    )


def name_schedule(program: str | None, currency: str | None, fixed_minor: int) -> FeeSchedule:
    return FeeSchedule(program=program, currency=currency, processing_fixed_minor=fixed_minor)


@pytest.mark.parametrize(
    ("captured", "has_plan", "processing", "installment"),
    [
        # the documented figures: 174 + 90 = 264 on 600.00
        (60000, True, 174, 90),
        # no plan, no installment fee
        (60000, False, 174, 0),
        # 0.0024 of a minor unit and 0.0015
        (1, True, 30, 0),
        # halves are rounded up: 24 bp of 625 are 1.5, 15 bp of 1000 are 1.5
        (625, True, 32, 1),
        (1000, True, 32, 2),
        # the largest amount
        (999_999_999_999, True, 2_400_000_030, 1_500_000_000),
    ],
)
def test_fees_are_rounded_half_up_each(
    captured: int, has_plan: bool, processing: int, installment: int
) -> None:
    fees = price_fees(STANDARD, captured_minor=captured, has_plan=has_plan)
    assert fees == FeeBreakdown(processing_minor=processing, installment_minor=installment)
    assert fees.total_minor == processing + installment


def test_fixed_parts_are_added_after_rounding() -> None:
    schedule = FeeSchedule(
        processing_basis_points=0,
        processing_fixed_minor=7,
        installment_basis_points=10_000,
        installment_fixed_minor=5,
    )
    assert price_fees(schedule, captured_minor=100, has_plan=True) == FeeBreakdown(
        processing_minor=7, installment_minor=105
    )


BOTH = name_schedule("visa_installments", "EUR", 1)
PROGRAM = name_schedule("visa_installments", None, 2)
CURRENCY = name_schedule(None, "EUR", 3)
GENERAL = name_schedule(None, None, 4)


@pytest.mark.parametrize(
    ("program", "currency", "expected"),
    [
        ("visa_installments", "EUR", BOTH),
        ("visa_installments", "USD", PROGRAM),
        ("mastercard_installments", "EUR", CURRENCY),
        (None, "EUR", CURRENCY),
        ("mastercard_installments", "USD", GENERAL),
        (None, "USD", GENERAL),
    ],
)
def test_the_most_exact_schedule_counts(program: str | None, currency: str, expected: FeeSchedule) -> None:
    for fees in ((BOTH, PROGRAM, CURRENCY, GENERAL), (GENERAL, CURRENCY, PROGRAM, BOTH)):
        assert find_schedule(make_account(*fees), program=program, currency=currency) is expected


def test_an_account_without_a_fitting_schedule_pays_the_standard_one() -> None:
    assert find_schedule(make_account(BOTH), program=None, currency="EUR") == STANDARD


PURCHASE = FeeBreakdown(processing_minor=174, installment_minor=90)


@pytest.mark.parametrize(
    ("before", "refund", "back"),
    [
        # the sample of §9.2: 20000 of 60000
        (0, 20000, 30),
        (20000, 40000, 60),
        (0, 60000, 90),
        # 90 · 999 / 60000 = 1.4985
        (0, 999, 1),
        (999, 1, 0),
        # 90 · 1334 / 60000 = 2.001 after 90 · 1333 / 60000 = 1.9995
        (1333, 1, 1),
    ],
)
def test_a_refund_gives_back_the_increase_of_the_share(before: int, refund: int, back: int) -> None:
    given_back = find_fees_back(
        STANDARD, PURCHASE, captured_minor=60000, refunded_before_minor=before, refund_minor=refund
    )
    assert given_back == FeeBreakdown(processing_minor=0, installment_minor=back)


def test_a_schedule_may_keep_the_fees() -> None:
    schedule = FeeSchedule(on_refund=FeesOnRefund.KEEP)
    given_back = find_fees_back(
        schedule, PURCHASE, captured_minor=60000, refunded_before_minor=0, refund_minor=60000
    )
    assert given_back == FeeBreakdown(processing_minor=0, installment_minor=0)


REFUNDS = st.lists(st.integers(1, 5_000), min_size=1, max_size=8)


@settings(max_examples=100)
@given(refunds=REFUNDS, fee=st.integers(0, 2_000))
def test_any_split_of_refunds_gives_back_the_same_sum(refunds: list[int], fee: int) -> None:
    captured, refunded, given_back = sum(refunds), 0, 0
    fees = FeeBreakdown(processing_minor=99, installment_minor=fee)
    for refund in refunds:
        back = find_fees_back(
            STANDARD, fees, captured_minor=captured, refunded_before_minor=refunded, refund_minor=refund
        )
        assert back.processing_minor == 0
        refunded += refund
        given_back += back.installment_minor
        assert given_back == fee * refunded // captured
    assert given_back == fee


@settings(max_examples=100)
@given(refunds=REFUNDS, fee=st.integers(0, 50), failing=st.lists(st.integers(0, 7), max_size=4))
def test_a_full_return_gives_back_all_also_after_refunds_that_failed(
    refunds: list[int], fee: int, failing: list[int]
) -> None:
    captured = sum(refunds)
    fees = FeeBreakdown(processing_minor=0, installment_minor=fee)
    standing: list[tuple[int, int]] = []
    for index, refund in enumerate(refunds):
        standing.append(refund_some(refund, standing, fees, captured))
        if index in failing:
            standing.pop(index % len(standing))
    rest = captured - sum(amount for amount, _ in standing)
    if rest:
        standing.append(refund_some(rest, standing, fees, captured))
    assert sum(back for _, back in standing) == fee


def refund_some(
    amount: int, standing: list[tuple[int, int]], fees: FeeBreakdown, captured: int
) -> tuple[int, int]:
    back = find_fees_back(
        STANDARD,
        fees,
        captured_minor=captured,
        refunded_before_minor=sum(amount for amount, _ in standing),
        refund_minor=amount,
        given_back_minor=sum(back for _, back in standing),
    )
    assert back.installment_minor >= 0
    return amount, back.installment_minor
