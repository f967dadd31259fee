"""What the settings decide for the issuer processor."""

from dataclasses import dataclass

from parcela.domain.refund_strategy import RefundStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingPolicy:
    """Rules of a deployment's card accounts.

    `late_after_days` counts from a row's due date. `credit_limit_major` is the limit of a credit account
    that is opened by itself, in major units of its currency. `opens_unknown_accounts` lets an
    authorization of a card without an account open one. `returns_charges` gives interest and fees that
    were billed back when a purchase is refunded whole.
    """

    late_after_days: int = 25
    credit_limit_major: int = 10_000
    refund_strategy: RefundStrategy = RefundStrategy.SPREAD
    opens_unknown_accounts: bool = False
    returns_charges: bool = False
