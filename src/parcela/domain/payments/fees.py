"""What a payment costs its merchant, and what a refund gives back of it (`spec/payments.md` §§8.1, 9.1)."""

from parcela.domain.payments.accounts import FeeSchedule, FeesOnRefund, PaymentsAccount
from parcela.domain.payments.records import FeeBreakdown
from parcela.domain.rounding import divide_half_up

_BASIS = 10_000
_STANDARD = FeeSchedule()

NO_FEES = FeeBreakdown(processing_minor=0, installment_minor=0)


def find_schedule(account: PaymentsAccount, *, program: str | None, currency: str) -> FeeSchedule:
    """The fee schedule of a payment: the most exact one of its account.

    Program and currency, then program alone, then currency alone, then neither. `program` is the name by
    which merchants know it, None without a plan. Where none fits, the standard one counts (§8.1).
    """
    wanted = (program, currency)
    fitting = [
        schedule
        for schedule in account.fees
        if schedule.program in (None, program) and schedule.currency in (None, currency)
    ]
    for names in (wanted, (program, None), (None, currency), (None, None)):
        for schedule in fitting:
            if (schedule.program, schedule.currency) == names:
                return schedule
    return _STANDARD


def price_fees(schedule: FeeSchedule, *, captured_minor: int, has_plan: bool) -> FeeBreakdown:
    """The fees of a captured amount, minor units, each rounded half up before its fixed part is added (§8.1).

    Without a plan there is no installment fee. 60000 cost 174 and 90 by the standard schedule.
    """
    assert captured_minor > 0, captured_minor
    installment_minor = 0
    if has_plan:
        share = divide_half_up(captured_minor * schedule.installment_basis_points, _BASIS)
        installment_minor = share + schedule.installment_fixed_minor
    share = divide_half_up(captured_minor * schedule.processing_basis_points, _BASIS)
    return FeeBreakdown(
        processing_minor=share + schedule.processing_fixed_minor, installment_minor=installment_minor
    )


def find_fees_back(
    schedule: FeeSchedule,
    fees: FeeBreakdown,
    *,
    captured_minor: int,
    refunded_before_minor: int,
    refund_minor: int,
    given_back_minor: int | None = None,
) -> FeeBreakdown:
    """What a refund gives back of a payment's fees, minor units (§9.1): of the installment fee alone.

    In all it is ⌊fee × refunded ÷ captured⌋; each refund gets the increase. `refunded_before_minor` counts
    the refunds that are pending or succeeded, `given_back_minor` what these gave back; left out, it follows
    from the amount, which is right as long as no earlier refund failed or was withdrawn.
    """
    if schedule.on_refund is FeesOnRefund.KEEP:
        return NO_FEES
    refunded_minor = refunded_before_minor + refund_minor
    assert 0 <= refunded_before_minor < refunded_minor <= captured_minor, (refunded_minor, captured_minor)
    fee_minor = fees.installment_minor
    before_minor = fee_minor * refunded_before_minor // captured_minor
    if given_back_minor is not None:
        before_minor = given_back_minor
    in_all_minor = fee_minor * refunded_minor // captured_minor
    return FeeBreakdown(processing_minor=0, installment_minor=max(0, in_all_minor - before_minor))
