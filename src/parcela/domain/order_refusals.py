"""Refusals of a merchant's requests, in the core's own words; doors have their own texts for them.

DomainError
├── MerchantRefused         a request of a merchant cannot be carried out
│   ├── OperationNotAllowed the merchant may not do this
│   ├── PrivilegeMissing    only with a privilege that the merchant lacks
│   ├── NoAcquirer          currency or brand that the merchant's acquirer does not take
│   ├── OrderUnknown        no such order of this merchant
│   ├── TransactionUnknown  no such transaction of this order
│   ├── TargetUnknown       a void names a transaction that the order has not
│   ├── TransactionDiffers  the ids stand for another request
│   ├── OrderBusy           the same request is still under way
│   ├── AmountNotOpen       more than is open, or not the whole of a plan
│   ├── CurrencyDiffers     not the order's currency
│   ├── AlreadyPaid         the order has its authorization or payment
│   ├── NothingToVoid       no transaction, or none that can still be voided
│   └── NothingToCapture    the order has no authorization that is open
├── PlanConditionUnmet      a payment does not meet a condition of its plan (`spec/gateway.md` §11.3)
├── TermsNotAccepted        the terms must be accepted, and were not shown for it (`spec/gateway.md` §10)
├── AcceptanceMissing       serial numbers for an offer that needs an acceptance first
├── PlanProviderBusy        the plan provider asks to be asked again
├── SessionGone             a payment session that is unknown or expired (`spec/gateway.md` §14)
└── SessionOutdated         a payment session that was updated meanwhile
"""

from enum import StrEnum

from parcela.domain.errors import DomainError


class MerchantRefused(DomainError):
    """A request of a merchant cannot be carried out."""

    code = "merchant_refused"


class OperationNotAllowed(MerchantRefused):
    """The merchant may not do this."""

    code = "operation_not_allowed"

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(f"the operation {operation} is not switched on for this merchant")


class PrivilegeMissing(MerchantRefused):
    """Only a merchant with this privilege may do it."""

    code = "privilege_missing"

    def __init__(self, privilege: str) -> None:
        self.privilege = privilege
        super().__init__(f"the merchant lacks the privilege {privilege}")


class Relationship(StrEnum):
    """What an acquirer does not take."""

    CURRENCY = "currency"
    BRAND = "brand"


class NoAcquirer(MerchantRefused):
    """No acquirer of the merchant takes this currency or brand."""

    code = "no_acquirer"

    def __init__(self, missing: Relationship) -> None:
        self.missing = missing
        super().__init__(f"no acquirer of this merchant takes this {missing}")


class OrderUnknown(MerchantRefused):
    """The merchant has no such order."""

    code = "order_unknown"

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        super().__init__(f"there is no order {order_id!r}")


class TransactionUnknown(MerchantRefused):
    """The order has no such transaction."""

    code = "transaction_unknown"

    def __init__(self, order_id: str, transaction_id: str) -> None:
        self.order_id = order_id
        self.transaction_id = transaction_id
        super().__init__(f"order {order_id!r} has no transaction {transaction_id!r}")


class TargetUnknown(MerchantRefused):
    """The transaction that a void names is not one of the order."""

    code = "target_unknown"

    def __init__(self, transaction_id: str) -> None:
        self.transaction_id = transaction_id
        super().__init__(f"the order has no transaction {transaction_id!r}")


class TransactionDiffers(MerchantRefused):
    """These ids stand for a request with other content."""

    code = "transaction_differs"


class OrderBusy(MerchantRefused):
    """The same request is still under way after the longest wait."""

    code = "order_busy"


class AmountNotOpen(MerchantRefused):
    """More than is open of the order, or, with a plan, not the whole of it."""

    code = "amount_not_open"


class CurrencyDiffers(MerchantRefused):
    """The transaction's currency is not that of its order."""

    code = "currency_differs"


class AlreadyPaid(MerchantRefused):
    """The order has a successful authorization or payment."""

    code = "already_paid"


class NothingToVoid(MerchantRefused):
    """The target cannot be voided, or not any more."""

    code = "nothing_to_void"


class NothingToCapture(MerchantRefused):
    """There is no open authorization to capture, or no captured amount to give back."""

    code = "nothing_to_capture"


class PlanCondition(StrEnum):
    """The conditions of `spec/gateway.md` §11.3 in their order; each is reported as not met."""

    PLANS_ENABLED = "plans_enabled"
    KNOWN = "known"
    NOT_EXPIRED = "not_expired"
    NOT_USED = "not_used"
    CURRENCY = "currency"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    CARD = "card"
    ACCEPTED = "accepted"
    SAME_CARD = "same_card"
    SAME_AMOUNT = "same_amount"
    SAME_ITEMS = "same_items"
    SERIAL_NUMBERS = "serial_numbers"
    COUNT = "count"
    """Custom plans: the number of payments is not on the plan."""
    DEFERRALS = "deferrals"
    """Custom plans: the number of deferrals is not on the plan."""


class ItemMember(StrEnum):
    """Which member of an article differs."""

    SKU = "sku"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    SERIAL_NUMBER = "serial_number"


class PlanConditionUnmet(DomainError):
    """A payment, or an acceptance, does not meet a condition of its plan.

    For SAME_ITEMS and SERIAL_NUMBERS `item_index` (from 0) and `member` say which article. The door
    knows what was sent, so no value travels here.
    """

    code = "plan_condition_unmet"

    def __init__(
        self, condition: PlanCondition, *, item_index: int | None = None, member: ItemMember | None = None
    ) -> None:
        self.condition = condition
        self.item_index = item_index
        self.member = member
        super().__init__(f"the plan's condition {condition} is not met")


class TermsNotAccepted(DomainError):
    """The offer's terms must be accepted, and were not shown for acceptance."""

    code = "terms_not_accepted"


class AcceptanceMissing(DomainError):
    """Serial numbers for an offer that needs an acceptance and has none."""

    code = "acceptance_missing"


class PlanProviderBusy(DomainError):
    """The plan provider asks to be asked again."""

    code = "plan_provider_busy"


class SessionGone(DomainError):
    """There is no such payment session any more."""

    code = "session_gone"


class SessionOutdated(DomainError):
    """The session was updated since the version that the request names."""

    code = "session_outdated"
