"""What merchants ask of their orders, and what they are told.

`digest` is the keyed fingerprint of the whole request: the same ids with the same digest are the same one.
All amounts are in minor units of `currency`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from parcela.domain.orders import MerchantOrder, OrderLine, OrderTransaction
from parcela.operations.acquiring import Acquirer, PaymentCard
from parcela.operations.plan_approval import PlanProvider
from parcela.operations.plan_records import PlanChoice


class PaymentPorts(Protocol):
    """Whom payments call."""

    @property
    def acquirer(self) -> Acquirer:
        """The bank that takes the payment."""

    @property
    def provider(self) -> PlanProvider:
        """Who grants plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCommand:
    """What every request about an order names. `transaction_details` are the merchant's own words."""

    order_id: str
    transaction_id: str
    digest: bytes
    transaction_details: Mapping[str, object] = field(default_factory=dict)
    api_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCommand(OrderCommand):
    """A request with a card. It is the order's first, or follows a failed one, and says what the order is.

    `session_key` names the session whose security code the attempt uses up.
    """

    currency: str
    card: PaymentCard
    order_details: Mapping[str, object] = field(default_factory=dict)
    session_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayCommand(CardCommand):
    """An authorization or a payment; `choice` is the plan to pay with, `lines` the articles named."""

    amount_minor: int
    choice: PlanChoice | None = None
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCommand(CardCommand):
    """A look whether a card is good; no money moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureCommand(OrderCommand):
    """Take authorized money. `lines` bring serial numbers that were still due."""

    amount_minor: int
    currency: str
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCommand(OrderCommand):
    """Give captured money back."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidCommand(OrderCommand):
    """Undo the transaction `target_id` of the same order."""

    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a merchant is told: the transaction, and its order as it was right after it.

    `is_repeat`: the request had been answered before, and this is the first answer again.
    """

    order: MerchantOrder
    transaction: OrderTransaction
    is_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as it stands with its transactions that have an outcome, oldest first."""

    order: MerchantOrder
    transactions: tuple[OrderTransaction, ...]
