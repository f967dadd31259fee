"""A model of merchants' orders, written from `spec/gateway.md` (§7, §8.2, §11, §12), not from the code."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.merchant_orders import SECOND_SHOP, SHOP

ALL = 120_000
VOID_HOURS = OFFER_HOURS = 24
FIRST = frozenset({"authorization", "payment", "verification"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a merchant asks for; a void's amount is its target's."""

    kind: str
    amount_minor: int
    offer_id: str | None = None
    target_id: str | None = None


@dataclass
class ModelTransaction:
    """One transaction; `outcome` None while it is under way, `is_due` while its reversal is owed."""

    transaction_id: str
    kind: str
    amount_minor: int
    at_hours: int
    outcome: str | None
    offer_id: str | None = None
    target: "ModelTransaction | None" = None
    is_voided: bool = False
    is_due: bool = False

    @property
    def stands(self) -> bool:
        """Approved and not voided."""
        return self.outcome == "approved" and not self.is_voided


@dataclass
class ModelOrder:
    """One order."""

    order_id: str
    shop: str
    transactions: list[ModelTransaction] = field(default_factory=list)
    failed_as: str = "failed"
    offer_id: str | None = None
    plans: int = 0
    refused: int = 0

    @property
    def is_known(self) -> bool:
        """Something was written of it."""
        return bool(self.transactions)

    def sum_standing(self, *kinds: str) -> int:
        """What stands of these kinds."""
        return sum(one.amount_minor for one in self.transactions if one.kind in kinds and one.stands)

    @property
    def totals(self) -> tuple[int, int, int]:
        """Authorized, captured, given back."""
        return (
            self.sum_standing("authorization", "payment"),
            self.sum_standing("capture", "payment"),
            self.sum_standing("refund"),
        )

    @property
    def is_paid(self) -> bool:
        """Authorized or paid once, voided or not."""
        return any(
            one.kind in ("authorization", "payment") and one.outcome == "approved"
            for one in self.transactions
        )

    @property
    def under_way(self) -> ModelTransaction | None:
        """The transaction that nobody has ended."""
        return next((one for one in self.transactions if one.outcome is None), None)

    @property
    def owes(self) -> bool:
        """A transaction of unknown outcome is not taken back yet; only new payments may come meanwhile."""
        return any(one.is_due for one in self.transactions)

    @property
    def is_over(self) -> bool:
        """Nothing more can come of it, and that was tried twice."""
        return self.refused > 4 and self.status in ("cancelled", "excessively_refunded", "refunded")

    @property
    def has_plan(self) -> bool:
        """A plan stands behind its money, or stood behind its voided payment."""
        is_paid = any(one.kind == "payment" and one.outcome == "approved" for one in self.transactions)
        return self.offer_id is not None and (is_paid or self.sum_standing("capture") > 0)

    @property
    def status(self) -> str:
        """By what stands; of an unpaid order by its newest attempt."""
        if not self.is_paid:
            tried = [one for one in self.transactions if one.outcome != "locked"]
            last = tried[-1]
            if last.outcome is None or last.is_due:
                return "initiated"
            return "verified" if last.outcome == "approved" else "failed"
        authorized, captured, refunded = self.totals
        if refunded > captured:
            return "excessively_refunded"
        if refunded:
            return "refunded" if refunded == captured else "partially_refunded"
        if captured:
            return "captured" if captured == authorized else "partially_captured"
        return "authorized" if authorized else "cancelled"


@dataclass
class Model:
    """Orders and offers, and the hour of the day they live in."""

    orders: dict[int, ModelOrder] = field(default_factory=dict)
    offers: dict[str, tuple[int, str]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    last_offer: str | None = None
    hours: int = 0
    sent: list[tuple[ModelOrder, str, Any, Any]] = field(default_factory=list)
    all_orders: list[ModelOrder] = field(default_factory=list)

    def get_order(self, number: int) -> ModelOrder:
        """An order; one that is over for good makes room for a new one, so that there is always something."""
        held = self.orders.get(number)
        if held is None or (held.is_known and held.is_over):
            shop = SECOND_SHOP if number == 3 else SHOP
            held = ModelOrder(order_id=f"O-{len(self.all_orders) + 1}", shop=shop)
            self.orders[number] = held
            self.all_orders.append(held)
        return held

    def quote(self, offer_id: str) -> str:
        """A new offer."""
        self.offers[offer_id] = (self.hours, "free")
        self.last_offer = offer_id
        return offer_id

    def list_offers(self) -> list[tuple[str, str]]:
        """Offers that were ever paid with, and how they stand."""
        return [(offer_id, self.offers[offer_id][1]) for offer_id in self.written]

    def list_plans(self) -> list[tuple[str, int]]:
        """How many plans each order made."""
        return [(one.order_id, one.plans) for one in self.all_orders if one.plans]

    # What is allowed

    def predict(self, order: ModelOrder, request: Request) -> str:
        """`sent` to the acquirer, `locked`, or the code of the refusal."""
        if request.kind in FIRST:
            return self._predict_first(order, request)
        if not order.is_known:
            return "order_unknown"
        target = None
        if request.kind == "void":
            found = [one for one in order.transactions if one.transaction_id == request.target_id]
            if not found:
                return "target_unknown"
            target = found[0]
            if target.kind not in ("authorization", "payment", "capture", "refund"):
                return "nothing_to_void"
        if order.under_way is not None or order.owes:
            return "locked"
        if request.kind == "capture":
            return self._predict_capture(order, request.amount_minor)
        if request.kind == "refund":
            return self._predict_refund(order, request.amount_minor)
        assert target is not None
        return "sent" if self._is_voidable(order, target) else "nothing_to_void"

    def _predict_first(self, order: ModelOrder, request: Request) -> str:
        if order.under_way is not None:
            return "locked"
        if order.is_paid:
            return "already_paid"
        if request.offer_id is not None:
            quoted_at, state = self.offers[request.offer_id]
            if state == "used":
                return "plan_condition_unmet: not_used"
            if self.hours - quoted_at >= OFFER_HOURS:
                return "plan_condition_unmet: not_expired"
            if state == "held":
                return "plan_condition_unmet: not_used"
        return "sent"

    def _predict_capture(self, order: ModelOrder, amount_minor: int) -> str:
        authorized, captured, _ = order.totals
        if not authorized or order.status == "excessively_refunded":
            return (
                "nothing_to_capture" if not authorized or amount_minor <= authorized - captured else _EXCESS
            )
        left = authorized - captured
        if amount_minor > left or (order.offer_id is not None and (captured or amount_minor != left)):
            return _EXCESS
        return "sent"

    def _predict_refund(self, order: ModelOrder, amount_minor: int) -> str:
        _, captured, refunded = order.totals
        if not captured:
            return "nothing_to_capture"
        if refunded + amount_minor > captured and order.shop != SECOND_SHOP:
            return "privilege_missing"
        return "sent"

    def _is_voidable(self, order: ModelOrder, target: ModelTransaction) -> bool:
        if not target.stands or self.hours - target.at_hours >= VOID_HOURS:
            return False
        _, captured, refunded = order.totals
        if target.kind == "authorization":
            return captured == 0
        return target.kind == "refund" or captured - target.amount_minor >= refunded

    # What happens

    def begin(self, order: ModelOrder, request: Request, transaction_id: str) -> ModelTransaction:
        """An attempt that reaches the acquirer."""
        target = next((one for one in order.transactions if one.transaction_id == request.target_id), None)
        begun = ModelTransaction(
            transaction_id=transaction_id,
            kind=request.kind,
            amount_minor=request.amount_minor,
            at_hours=self.hours,
            outcome=None,
            offer_id=request.offer_id,
            target=target,
        )
        order.transactions.append(begun)
        if request.kind in FIRST:
            order.offer_id = request.offer_id
            self._mark(request.offer_id, "held")
        return begun

    def conclude(self, order: ModelOrder, request: Request, transaction_id: str, outcome: str) -> None:
        """The end of a request."""
        if outcome == "locked":
            order.transactions.append(
                ModelTransaction(transaction_id, request.kind, request.amount_minor, self.hours, "locked")
            )
            if request.kind == "void":
                order.transactions[-1].kind = "void"
            return
        ended = self.begin(order, request, transaction_id)
        ended.outcome, ended.is_due = outcome, outcome == "unknown"
        if outcome == "approved":
            if ended.target is not None:
                ended.target.is_voided = True
            if request.kind in ("payment", "capture") and order.offer_id is not None:
                order.plans += 1
        if request.kind in FIRST and not ended.is_due:
            self._mark(request.offer_id, "used" if outcome == "approved" else "free")

    def resolve(self) -> int:
        """The sweep; gives how many transactions it resolves."""
        resolved = 0
        for order in self.all_orders:
            for one in order.transactions:
                if one.outcome is None or one.is_due:
                    one.outcome, one.is_due = "unknown", False
                    self._mark(one.offer_id, "free")
                    resolved += 1
        return resolved

    def _mark(self, offer_id: str | None, state: str) -> None:
        if offer_id is not None:
            self.offers[offer_id] = (self.offers[offer_id][0], state)
            self.written.add(offer_id)


_EXCESS = "amount_not_open"
