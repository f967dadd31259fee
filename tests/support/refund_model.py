"""What refunds do to a plan, worked out anew from `spec/payments.md` §9.1 with fractions, beside the product.

It knows one payment with its plan, and refunds in the order of their acceptance. Amounts are minor units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from parcela.domain.refund_strategy import RefundStrategy


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """A row of the plan; `is_open` until it is collected or asks for nothing."""

    number: int
    principal: int
    interest: int
    is_paid: bool = False

    @property
    def amount(self) -> int:
        return self.principal + self.interest

    @property
    def is_open(self) -> bool:
        return not self.is_paid and self.amount > 0


@dataclass(frozen=True, kw_only=True)
class ModelEffect:
    """What a refund of an amount does."""

    amount: int
    is_full: bool
    before: tuple[ModelRow, ...]
    after: tuple[ModelRow, ...]
    cash_back: int
    interest_back: int
    fee_back: int
    is_exact: bool = True
    """False where no lawful split exists and only the sums are said by the contract."""


@dataclass(kw_only=True)
class RefundModel:
    """A payment with a plan. `rate` is that of a period; `fee` the installment fee."""

    captured: int
    rows: list[ModelRow]
    rate: Fraction
    strategy: RefundStrategy
    fee: int
    returns_interest: bool = False
    pending: list[tuple[str, ModelEffect]] = field(default_factory=list)
    succeeded: list[ModelEffect] = field(default_factory=list)

    @property
    def standing(self) -> list[ModelEffect]:
        return [*self.succeeded, *(effect for _, effect in self.pending)]

    @property
    def full_amount(self) -> int:
        return self.captured - sum(effect.amount for effect in self.standing)

    @property
    def maximum(self) -> int:
        """Captured − refunds − principal of collected rows."""
        return max(0, self.full_amount - sum(row.principal for row in self.rows if row.is_paid))

    def is_refused(self, amount: int | None) -> bool:
        if amount is None:
            return self.full_amount == 0
        return amount > self.full_amount or (amount != self.full_amount and amount > self.maximum)

    def decide(self, amount: int | None) -> ModelEffect:
        """The effect of the next refund, on the rows as the pending ones will leave them."""
        rows = self.pending[-1][1].after if self.pending else tuple(self.rows)
        wanted = self.full_amount if amount is None else amount
        given = sum(effect.fee_back for effect in self.standing)
        in_all = self.fee * (self.captured - self.full_amount + wanted) // self.captured
        return self._make(rows, wanted, self.full_amount, fee_back=max(0, in_all - given))

    def accept(self, refund_id: str, effect: ModelEffect) -> None:
        self.pending.append((refund_id, effect))

    def drop(self, refund_id: str) -> None:
        """A refund failed or was withdrawn: later ones do what they do without it, fees stay as they were."""
        place = [held for held, _ in self.pending].index(refund_id)
        later = self.pending[place + 1 :]
        del self.pending[place:]
        for held, effect in later:
            rows = self.pending[-1][1].after if self.pending else tuple(self.rows)
            remade = self._make(rows, effect.amount, self.full_amount, fee_back=effect.fee_back)
            self.pending.append((held, remade))

    def succeed(self) -> None:
        """The first pending refund is confirmed."""
        _, effect = self.pending.pop(0)
        changed = {row.number: row for row in effect.after}
        self.rows = [changed.get(row.number, row) for row in self.rows]
        self.succeeded.append(effect)

    def collect(self) -> None:
        """The next open row is paid; nothing is while a refund is pending."""
        assert not self.pending
        place = next(place for place, row in enumerate(self.rows) if row.is_open)
        self.rows[place] = replace(self.rows[place], is_paid=True)

    def _make(self, rows: Sequence[ModelRow], amount: int, full: int, *, fee_back: int) -> ModelEffect:
        open_rows = tuple(row for row in rows if row.is_open)
        unpaid = sum(row.principal for row in open_rows)
        is_full = amount == full
        is_exact = True
        if is_full:
            parts = [(0, 0)] * len(open_rows)
        else:
            parts, is_exact = lower(
                [row.principal for row in open_rows], min(amount, unpaid), self.strategy, self.rate
            )
        returned = is_full and self.returns_interest
        return ModelEffect(
            amount=amount,
            is_full=is_full,
            before=open_rows,
            after=tuple(
                replace(row, principal=principal, interest=interest)
                for row, (principal, interest) in zip(open_rows, parts, strict=True)
            ),
            cash_back=max(0, amount - unpaid),
            interest_back=sum(row.interest for row in self.rows if row.is_paid) if returned else 0,
            fee_back=fee_back,
            is_exact=is_exact,
        )


def half_up(value: Fraction) -> int:
    """The nearest integer, a half upwards."""
    return (2 * value + 1).__floor__() // 2


def price(principal: int, count: int, rate: Fraction) -> tuple[list[tuple[int, int]], bool]:
    """Principal and interest of each row, and whether the contract gives a lawful split."""
    if rate:
        growth = (1 + rate) ** count
        payment = half_up(principal * rate * growth / (growth - 1))
        if payment * count >= principal:
            return _split(principal, [payment] * count, rate)
    return [(part, 0) for part in split_free(principal, count)], True


def split_free(principal: int, count: int) -> list[int]:
    """Without interest: other rows half up, the first one the rest; rounded down if that were negative."""
    other = half_up(Fraction(principal, count))
    if principal < other * (count - 1):
        other = principal // count
    return [principal - other * (count - 1), *[other] * (count - 1)]


def _split(principal: int, amounts: list[int], rate: Fraction) -> tuple[list[tuple[int, int]], bool]:
    left, charge = principal, sum(amounts) - principal
    parts = []
    for amount in amounts[:-1]:
        interest = min(half_up(left * rate), charge)
        parts.append((amount - interest, interest))
        left, charge = left - amount + interest, charge - interest
    parts.append((left, charge))
    return parts, all(part >= 0 for row in parts for part in row)


def lower(
    principals: list[int], amount: int, strategy: RefundStrategy, rate: Fraction
) -> tuple[list[tuple[int, int]], bool]:
    """New principal and interest of the open rows, and whether the contract says them exactly."""
    left = sum(principals) - amount
    if left == 0:
        return [(0, 0)] * len(principals), True
    if strategy is RefundStrategy.SPREAD:
        return price(left, len(principals), rate)
    is_reversed = strategy is RefundStrategy.LAST_FIRST
    lowered = []
    for principal in reversed(principals) if is_reversed else principals:
        lowered.append(principal - min(principal, amount))
        amount -= min(principal, amount)
    lowered = lowered[::-1] if is_reversed else lowered
    parts = []
    for principal in lowered:
        parts.append((principal, half_up(left * rate)))
        left -= principal
    return parts, True
