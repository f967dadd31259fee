"""Refund effects: the golden values of payments §9.4, the plan bound, fees, sequences, and any history."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcela.domain.payments.accounts import FeeSchedule, FeesOnRefund, ProgramModel
from parcela.domain.payments.payment_decisions import decide_refunded
from parcela.domain.payments.plans import (
    CostRate,
    PaymentOffer,
    PaymentPlan,
    PlanRow,
    PlanState,
    RowStatus,
    ShownTerms,
)
from parcela.domain.payments.records import FeeBreakdown, Owner, Payment, PaymentStatus
from parcela.domain.payments.refund_decisions import add_pending, drop_pending
from parcela.domain.payments.refund_effects import (
    decide_effect,
    find_ground,
    hash_ground,
    make_effect,
    remake_effects,
)
from parcela.domain.payments.refunds import Refund, RefundEffect, RefundKind, RefundStatus
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.schedule.network import Annuity, PeriodicRate, find_payment, split_interest

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy.SPREAD, RefundStrategy.LAST_FIRST, RefundStrategy.NEXT_FIRST
OWNER = Owner(1, 7, False)
STANDARD = FeeSchedule()
NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
FREE, ONE_PERCENT = (0, 1), (1, 100)
TERMS = ShownTerms(
    terms_id="t", version="1", language="en", url="https://bank.example", text="…", acceptance_required=False,
    acceptance_text=None,
)  # fmt: skip


def make_payment(captured: int = 60000, *, fee: int = 90, has_plan: bool = True) -> Payment:
    return Payment(
        payment_id="pay_1",
        owner=OWNER,
        status=PaymentStatus.COMPLETED,
        amount_minor=captured,
        currency="EUR",
        captured_minor=captured,
        plan_id="p" if has_plan else None,
        fees=FeeBreakdown(processing_minor=174, installment_minor=fee),
        created_at=NOW,
        captured_at=NOW,
    )


def make_plan(
    rows: Sequence[PlanRow],
    *,
    strategy: RefundStrategy = SPREAD,
    rate: tuple[int, int] = FREE,
    returns_interest: bool = False,
) -> PaymentPlan:
    offer = PaymentOffer(
        offer_id="offer_1",
        program_name="mastercard_installments",
        model=ProgramModel.ISSUER,
        provider_id="1",
        program_id="1",
        program_version=1,
        currency="EUR",
        count=len(rows),
        rows=tuple(rows),
        financed_minor=sum(row.principal_minor for row in rows),
        interest_percent=Decimal(0),
        period_rate=rate,
        in_advance=False,
        rate=CostRate(label="APRC", percent=Decimal(0), method="eu_ccd2"),
        controlled_by="issuer",
        refund_effect="…",
        terms=TERMS,
        expires_at=NOW,
        offer_hash="sha256:0",
    )
    return PaymentPlan(
        plan_id="p",
        payment_id="pay_1",
        owner=OWNER,
        state=PlanState.ACTIVE,
        offer=offer,
        rows=tuple(rows),
        strategy=strategy,
        returns_collected_interest=returns_interest,
        refund_days=5,
        created_at=NOW,
    )


def make_rows(parts: Sequence[tuple[int, int]], *, collected: int) -> list[PlanRow]:
    return [
        PlanRow(
            number=number,
            due_date=date(2026, 8, 1) + timedelta(days=30 * (number - 1)),
            principal_minor=principal,
            interest_minor=interest,
            status=RowStatus.PAID if number <= collected else RowStatus.DUE,
            original_minor=principal + interest,
        )
        for number, (principal, interest) in enumerate(parts, 1)
    ]


def price_rows(principal: int, count: int, rate: tuple[int, int], *, collected: int) -> list[PlanRow]:
    annuity = Annuity(principal, PeriodicRate(*rate), count, in_advance=False)
    return make_rows(split_interest(annuity, find_payment(annuity)), collected=collected)


def make_refund(effect: RefundEffect, number: int, *, status: RefundStatus = RefundStatus.PENDING) -> Refund:
    return Refund(
        refund_id=f"re_{number}",
        owner=OWNER,
        payment_id="pay_1",
        currency="EUR",
        status=status,
        reason=None,
        effect=effect,
        expected_from=date(2026, 8, 27),
        expected_by=date(2026, 9, 10),
        created_at=NOW,
        sent_at=NOW if status is RefundStatus.SUCCEEDED else None,
        ended_at=None if status is RefundStatus.PENDING else NOW,
    )


def decide(
    payment: Payment,
    plan: PaymentPlan | None,
    amount: int | None,
    *,
    refunds: Sequence[Refund] = (),
    schedule: FeeSchedule = STANDARD,
) -> RefundEffect:
    return decide_effect(find_ground(payment, plan, refunds, schedule=schedule), amount)


def list_after(effect: RefundEffect) -> list[int]:
    assert effect.plan is not None
    return [row.amount_minor for row in effect.plan.after]


THREE_FREE = make_rows([(20000, 0)] * 3, collected=1)
FOUR_FREE = make_rows([(12510, 0)] * 4, collected=2)
SIX_AT_12 = price_rows(60000, 6, ONE_PERCENT, collected=2)

GOLDEN = [
    # rows, rate, refund, strategy, rows after, cash back
    (THREE_FREE, FREE, 20000, SPREAD, [10000, 10000], 0),
    (THREE_FREE, FREE, 20000, LAST_FIRST, [20000, 0], 0),
    (THREE_FREE, FREE, 20000, NEXT_FIRST, [0, 20000], 0),
    (THREE_FREE, FREE, 40000, SPREAD, [0, 0], 0),
    (THREE_FREE, FREE, 40000, LAST_FIRST, [0, 0], 0),
    (THREE_FREE, FREE, 40000, NEXT_FIRST, [0, 0], 0),
    (THREE_FREE, FREE, 60000, SPREAD, [0, 0], 20000),
    (THREE_FREE, FREE, None, LAST_FIRST, [0, 0], 20000),
    (FOUR_FREE, FREE, 14310, LAST_FIRST, [10710, 0], 0),
    (SIX_AT_12, ONE_PERCENT, 20000, SPREAD, [5227] * 4, 0),
    (SIX_AT_12, ONE_PERCENT, 20000, LAST_FIRST, [10153, 10153, 402, 0], 0),
    (SIX_AT_12, ONE_PERCENT, 20000, NEXT_FIRST, [204, 204, 10351, 10351], 0),
]


@pytest.mark.parametrize(("rows", "rate", "refund", "strategy", "after", "cash_back"), GOLDEN)
def test_golden_values_of_the_contract(
    rows: list[PlanRow],
    rate: tuple[int, int],
    refund: int | None,
    strategy: RefundStrategy,
    after: list[int],
    cash_back: int,
) -> None:
    payment = make_payment(sum(row.principal_minor for row in rows))
    effect = decide(payment, make_plan(rows, strategy=strategy, rate=rate), refund)
    assert (list_after(effect), effect.cash_back_minor) == (after, cash_back)
    assert effect.plan is not None
    assert [row.status is RowStatus.CANCELLED for row in effect.plan.after] == [due == 0 for due in after]


def test_a_partial_refund_is_bound_by_the_uncollected_balance() -> None:
    with pytest.raises(PaymentRefused) as caught:
        decide(make_payment(), make_plan(THREE_FREE), 40001)
    refusal = caught.value
    assert refusal.fault is Fault.AMOUNT_TOO_LARGE
    assert refusal.message == "The largest partial refund is 40000; the full remaining amount is 60000."
    assert refusal.details == {"maximum": 40000, "full_amount": 60000}
    assert (refusal.param, refusal.resource) == ("amount", "pay_1")


def test_interest_does_not_count_for_the_bound() -> None:
    ground = find_ground(make_payment(), make_plan(SIX_AT_12, rate=ONE_PERCENT), [], schedule=STANDARD)
    collected = sum(row.principal_minor for row in SIX_AT_12[:2])
    assert (ground.maximum_partial_minor, 60000 - collected) == (40396, 40396)


@pytest.mark.parametrize("status", [PaymentStatus.PENDING, PaymentStatus.AUTHORIZED, PaymentStatus.REFUNDED])
def test_only_captured_payments_with_something_left_are_refundable(status: PaymentStatus) -> None:
    with pytest.raises(PaymentRefused) as caught:
        decide(replace(make_payment(), status=status), make_plan(THREE_FREE), 1)
    assert caught.value.fault is Fault.PAYMENT_NOT_REFUNDABLE


def test_everything_left_is_refused_while_all_of_it_is_pending() -> None:
    payment, plan = make_payment(), make_plan(THREE_FREE)
    first = make_refund(decide(payment, plan, None), 1)
    payment = add_pending(payment, 60000)
    with pytest.raises(PaymentRefused) as caught:
        decide(payment, plan, None, refunds=[first])
    assert caught.value.fault is Fault.PAYMENT_NOT_REFUNDABLE
    with pytest.raises(PaymentRefused) as caught:
        decide(payment, plan, 1, refunds=[first])
    assert caught.value.details == {"maximum": 0, "full_amount": 0}


def test_a_payment_without_a_plan_goes_back_to_the_card() -> None:
    payment = make_payment(has_plan=False, fee=0)
    part = decide(payment, None, 25000)
    assert (part.kind, part.plan, part.cash_back_minor, part.strategy) == (
        RefundKind.PARTIAL,
        None,
        25000,
        None,
    )
    whole = decide(payment, None, None)
    assert (whole.kind, whole.cash_back_minor, whole.merchant_net_minor) == (RefundKind.FULL, 60000, -60000)


@pytest.mark.parametrize(
    ("returns_interest", "amount", "back"),
    [(True, None, 1102), (False, None, 0), (True, 10000, 0)],
)
def test_collected_interest_comes_back_only_with_a_full_refund(
    returns_interest: bool, amount: int | None, back: int
) -> None:
    # Two rows are collected, with 6.00 and 5.02 of interest.
    plan = make_plan(SIX_AT_12, rate=ONE_PERCENT, returns_interest=returns_interest)
    assert decide(make_payment(), plan, amount).interest_back_minor == back


@pytest.mark.parametrize(
    ("on_refund", "amount", "fees"),
    [
        (FeesOnRefund.PRORATA, 20000, 30),
        (FeesOnRefund.PRORATA, None, 90),
        (FeesOnRefund.PRORATA, 1, 0),
        (FeesOnRefund.KEEP, None, 0),
    ],
)
def test_the_installment_fee_comes_back_in_proportion(
    on_refund: FeesOnRefund, amount: int | None, fees: int
) -> None:
    schedule = FeeSchedule(on_refund=on_refund)
    effect = decide(make_payment(), make_plan(THREE_FREE), amount, schedule=schedule)
    assert effect.fees_back == FeeBreakdown(processing_minor=0, installment_minor=fees)
    assert effect.merchant_net_minor == -effect.amount_minor + fees


def test_a_second_pending_refund_starts_where_the_first_ends() -> None:
    payment, plan = make_payment(), make_plan(THREE_FREE)
    first = make_refund(decide(payment, plan, 20000), 1)
    second = decide(add_pending(payment, 20000), plan, 10000, refunds=[first])
    assert second.plan is not None
    assert [row.amount_minor for row in second.plan.before] == [10000, 10000]
    assert list_after(second) == [5000, 5000]


def test_later_effects_are_recomputed_when_an_earlier_refund_fails() -> None:
    payment, plan = make_payment(), make_plan(THREE_FREE)
    first = make_refund(decide(payment, plan, 20000), 1)
    payment = add_pending(payment, 20000)
    second = make_refund(decide(payment, plan, None, refunds=[first]), 2)
    assert (second.effect.amount_minor, second.effect.kind) == (40000, RefundKind.FULL)
    assert second.effect.cash_back_minor == 20000
    (remade,) = remake_effects(find_ground(payment, plan, [], schedule=STANDARD), [second])
    # 400.00 of 600.00 is a part by now: it empties the plan, and nothing goes back in cash.
    assert (remade.effect.kind, remade.effect.cash_back_minor) == (RefundKind.PARTIAL, 0)
    assert list_after(remade.effect) == [0, 0]
    assert remade.effect.plan is not None
    assert remade.effect.plan.before == plan.rows[1:]
    assert not remade.effect.plan.cancels
    assert remade.effect.fees_back == second.effect.fees_back


def test_what_exceeds_the_unpaid_principal_goes_back_in_cash() -> None:
    # Two rows collected; 100.00 and then all of the rest pending; the first one fails.
    payment, plan = make_payment(), make_plan(make_rows([(20000, 0)] * 3, collected=2))
    effect = make_effect(find_ground(payment, plan, [], schedule=STANDARD), 50000)
    assert (list_after(effect), effect.cash_back_minor, effect.kind) == ([0], 30000, RefundKind.PARTIAL)


def test_an_overdue_row_stays_overdue_at_its_new_amount() -> None:
    rows = make_rows([(20000, 0)] * 3, collected=1)
    rows[1] = replace(rows[1], status=RowStatus.OVERDUE)
    effect = decide(make_payment(), make_plan(rows), 20000)
    assert effect.plan is not None
    assert [row.status for row in effect.plan.after] == [RowStatus.OVERDUE, RowStatus.DUE]


OTHER_FEES = FeeBreakdown(processing_minor=174, installment_minor=91)


def collect_row_2(plan: PaymentPlan) -> PaymentPlan:
    first, second, third = plan.rows
    return replace(plan, rows=(first, replace(second, status=RowStatus.PAID), third))


CHANGES: dict[str, Callable[[Payment, PaymentPlan], tuple[Payment, PaymentPlan]]] = {
    "row collected": lambda payment, plan: (payment, collect_row_2(plan)),
    "fees": lambda payment, plan: (replace(payment, fees=OTHER_FEES), plan),
    "status": lambda payment, plan: (replace(payment, status=PaymentStatus.PARTIALLY_REFUNDED), plan),
    "strategy": lambda payment, plan: (payment, replace(plan, strategy=LAST_FIRST)),
    "interest back": lambda payment, plan: (payment, replace(plan, returns_collected_interest=True)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_hash_of_the_state_moves_with_everything_that_counts(change: str) -> None:
    payment, plan = make_payment(), make_plan(THREE_FREE)
    before = hash_ground(find_ground(payment, plan, [], schedule=STANDARD))
    assert before == hash_ground(find_ground(payment, plan, [], schedule=STANDARD))
    changed_payment, changed_plan = CHANGES[change](payment, plan)
    after = hash_ground(find_ground(changed_payment, changed_plan, [], schedule=STANDARD))
    assert after != before


def test_the_hash_of_the_state_moves_with_refunds_and_the_fee_rule() -> None:
    payment, plan = make_payment(), make_plan(THREE_FREE)
    pending = make_refund(decide(payment, plan, 1), 1)
    keep = FeeSchedule(on_refund=FeesOnRefund.KEEP)
    hashes = {
        hash_ground(find_ground(payment, plan, [], schedule=STANDARD)),
        hash_ground(find_ground(payment, plan, [pending], schedule=STANDARD)),
        hash_ground(find_ground(payment, plan, [], schedule=keep)),
    }
    assert len(hashes) == 3


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_history_keeps_its_sums(data: st.DataObject) -> None:
    """Refunds of any size come, succeed, fail and are withdrawn: every sum stays exact."""
    count = data.draw(st.integers(2, 8))
    rate = data.draw(st.sampled_from([FREE, ONE_PERCENT, (3, 200)]))
    captured = data.draw(st.integers(count * 100, 500_000))
    collected = data.draw(st.integers(0, count - 1))
    if rate == FREE:
        share = captured // count
        rows = make_rows(
            [(captured - share * (count - 1), 0)] + [(share, 0)] * (count - 1), collected=collected
        )
    else:
        rows = price_rows(captured, count, rate, collected=collected)
    strategy = data.draw(st.sampled_from(list(RefundStrategy)))
    plan = make_plan(rows, strategy=strategy, rate=rate)
    payment = make_payment(captured, fee=data.draw(st.integers(0, 1000)))
    refunds: list[Refund] = []
    for number in range(data.draw(st.integers(1, 6))):
        ground = find_ground(payment, plan, refunds, schedule=STANDARD)
        paid_minor = sum(row.principal_minor for row in plan.rows if row.status is RowStatus.PAID)
        unpaid_minor = max(0, captured - ground.refunded_minor - paid_minor)
        assert ground.maximum_partial_minor == unpaid_minor or any(
            refund.status is RefundStatus.FAILED for refund in refunds
        )
        if ground.full_minor == 0:
            break
        amount = data.draw(st.integers(1, ground.full_minor))
        if amount != ground.full_minor and amount > ground.maximum_partial_minor:
            with pytest.raises(PaymentRefused):
                decide_effect(ground, amount)
            amount = ground.full_minor
        effect = decide_effect(ground, amount)
        assert effect.plan is not None
        lowered = sum(row.principal_minor for row in effect.plan.before) - sum(
            row.principal_minor for row in effect.plan.after
        )
        assert lowered + effect.cash_back_minor == amount
        assert all(row.amount_minor >= 0 and row.principal_minor >= 0 for row in effect.plan.after)
        refunds.append(make_refund(effect, number))
        payment = add_pending(payment, amount)
        payment, plan, refunds = _end_one(data, payment, plan, refunds)
        standing = [r for r in refunds if r.status in (RefundStatus.PENDING, RefundStatus.SUCCEEDED)]
        assert sum(r.effect.amount_minor for r in standing) == (
            payment.refunded_minor + payment.refund_pending_minor
        )
        assert payment.refunded_minor + payment.refund_pending_minor <= captured
        given_back = sum(r.effect.fees_back.installment_minor for r in standing)
        assert payment.fees is not None
        assert 0 <= given_back <= payment.fees.installment_minor
        if payment.refunded_minor + payment.refund_pending_minor == captured:
            assert given_back == payment.fees.installment_minor


def _end_one(
    data: st.DataObject, payment: Payment, plan: PaymentPlan, refunds: list[Refund]
) -> tuple[Payment, PaymentPlan, list[Refund]]:
    """Maybe the first pending refund succeeds, or any pending one fails and later ones are remade."""
    pending = [place for place, refund in enumerate(refunds) if refund.status is RefundStatus.PENDING]
    what = data.draw(st.sampled_from(["wait", "succeed", "fail"]))
    if what == "succeed":
        place = pending[0]
        ended = replace(refunds[place], status=RefundStatus.SUCCEEDED, ended_at=NOW)
        assert ended.effect.plan is not None
        after = {row.number: row for row in ended.effect.plan.after}
        rows = tuple(after.get(row.number, row) for row in plan.rows)
        payment = decide_refunded(payment, ended.effect.amount_minor)
        return payment, replace(plan, rows=rows), [*refunds[:place], ended, *refunds[place + 1 :]]
    if what == "fail":
        place = data.draw(st.sampled_from(pending))
        ended = replace(refunds[place], status=RefundStatus.FAILED, ended_at=NOW)
        payment = drop_pending(payment, ended.effect.amount_minor)
        ground = find_ground(payment, plan, refunds[:place], schedule=STANDARD)
        later = remake_effects(ground, [r for r in refunds[place + 1 :] if r.status is RefundStatus.PENDING])
        return payment, plan, [*refunds[:place], ended, *later]
    return payment, plan, refunds


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.integers(1, 9000), min_size=1, max_size=5),
    strategy=st.sampled_from([LAST_FIRST, NEXT_FIRST, SPREAD]),
    rate=st.sampled_from([FREE, ONE_PERCENT]),
)
def test_any_split_of_a_refund_ends_in_the_same_sums(
    parts: list[int], strategy: RefundStrategy, rate: tuple[int, int]
) -> None:
    rows = THREE_FREE if rate == FREE else SIX_AT_12
    payment, plan = make_payment(), make_plan(rows, strategy=strategy, rate=rate)
    total = min(sum(parts), 40000)
    whole = decide(payment, plan, total)
    refunds: list[Refund] = []
    left = total
    for number, part in enumerate(parts):
        amount = min(part, left)
        if amount == 0:
            break
        left -= amount
        refunds.append(make_refund(decide(payment, plan, amount, refunds=refunds), number))
        payment = add_pending(payment, amount)
    last = refunds[-1].effect
    assert last.plan is not None and whole.plan is not None
    principal = {row.number: row.principal_minor for row in whole.plan.after}
    assert sum(row.principal_minor for row in last.plan.after) == sum(principal.values())
    assert sum(r.effect.fees_back.installment_minor for r in refunds) == whole.fees_back.installment_minor
    if all(len(r.effect.plan.after) == len(whole.plan.after) for r in refunds if r.effect.plan):
        assert list_after(last) == list_after(whole)
