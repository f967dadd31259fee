"""An issuer's book in memory: carries out servicing decisions and checks the books after each of them."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from parcela.domain.calendar import MONTHLY
from parcela.domain.cards import CardFunding
from parcela.domain.currency import Currency, find_currency
from parcela.domain.ledger import (
    CREDIT_NORMAL,
    NO_OVERDRAFT,
    LedgerAccount,
    LedgerCode,
    LedgerEntry,
)
from parcela.domain.money import Money
from parcela.domain.plans import AmountKind, Merchant
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.schedule import build_schedule
from parcela.domain.schedule.network import find_periodic_rate
from parcela.domain.servicing.billing import decide_billing, decide_collection, decide_late
from parcela.domain.servicing.commands import (
    Authorization,
    Clearing,
    Exposure,
    PostedPurchase,
    Refund,
    Resolution,
    Reversal,
    Standing,
    find_hold,
    find_standing,
)
from parcela.domain.servicing.disputes import decide_dispute_opening, decide_dispute_resolution
from parcela.domain.servicing.losses import decide_recovery, decide_write_off
from parcela.domain.servicing.opening import RowParts, SplitTerms, decide_opening
from parcela.domain.servicing.payments import (
    decide_credit_use,
    decide_next_row,
    decide_payment,
    decide_payoff,
    quote_payoff,
)
from parcela.domain.servicing.purchases import (
    ResponseCode,
    decide_authorization,
    decide_clearing,
    decide_reversal,
)
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    NoticedRow,
    PlanNotice,
    RowState,
    ServicedPlan,
    ServicingEvent,
    ServicingState,
    TransactionFacts,
)
from parcela.domain.servicing.refunds import decide_refund, preview_refund
from parcela.domain.terms import Fee, FeeKind, FeePlacement, FirstDue, PricingTerms, Rate

ACCOUNT, PROVIDER = "a1", "v1"
START = date(2026, 3, 5)
MERCHANT = Merchant(name="Globex Decor", country="USA")


def currency_named(code: str) -> Currency:
    """A currency that is known."""
    currency = find_currency(code)
    assert currency is not None
    return currency


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a test says of a plan's program; `fee` is spread over the rows or lies on the first one."""

    count: int = 6
    rate_percent: str = "0"
    fee: str = "0"
    is_fee_spread: bool = True
    is_delayed: bool = False


@dataclass
class CardBank:
    """One card account with its transactions, plans and book. Days move by `move_to`."""

    funding: CardFunding = CardFunding.CREDIT
    currency: str = "USD"
    limit_minor: int | None = 1_000_000
    day: date = START
    plans: dict[str, ServicedPlan] = field(default_factory=dict)
    transactions: dict[str, AccountTransaction] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    events: list[ServicingEvent] = field(default_factory=list)
    balances: dict[LedgerAccount, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def account(self) -> CardAccount:
        """The card account."""
        is_debit = self.funding is CardFunding.DEBIT
        return CardAccount(
            account_id=ACCOUNT,
            card_id="c1",
            provider_id=PROVIDER,
            currency=self.currency,
            funding=self.funding,
            credit_limit_minor=None if is_debit else self.limit_minor,
            statement_day=1,
            opened_at=datetime.combine(START, time(8), UTC),
        )

    @property
    def now(self) -> datetime:
        """Noon of the day."""
        return datetime.combine(self.day, time(12), UTC)

    def balance(self, code: LedgerCode, owner: str | None = None) -> int:
        """A balance on its normal side, in minor units."""
        owners = {LedgerCode.INSTALLMENT_RECEIVABLE: "p1"}
        personal = {
            LedgerCode.CARD_BALANCE,
            LedgerCode.DEPOSIT,
            LedgerCode.PURCHASES,
            LedgerCode.REFUNDS,
            LedgerCode.DISPUTES,
        }
        named = owner or owners.get(code) or (ACCOUNT if code in personal else PROVIDER)
        signed = self.balances[LedgerAccount(code, named)]
        return -signed if code in CREDIT_NORMAL else signed

    def standing(self, *, but: str | None = None) -> Standing:
        """What the book says; the deposit is without the holds of other transactions."""
        return find_standing(
            card_balance_minor=self.balance(LedgerCode.CARD_BALANCE),
            disputes_minor=self.balance(LedgerCode.DISPUTES),
            deposit_minor=max(0, self.balance(LedgerCode.DEPOSIT) - self.holds(but=but)),
            plans=list(self.plans.values()),
        )

    def holds(self, *, but: str | None = None) -> int:
        """What authorizations hold that no plan finances."""
        return sum(
            find_hold(transaction, self.plans.get(transaction.plan_id or ""))
            for transaction in self.transactions.values()
            if transaction.transaction_id != but
        )

    # What happens.

    def notice(self, plan_id: str, amount_minor: int, terms: Terms) -> tuple[PlanNotice, SplitTerms]:
        """A plan bought today, priced by the network's arithmetic."""
        currency = currency_named(self.currency)
        fees: tuple[Fee, ...] = ()
        if Decimal(terms.fee):
            placement = FeePlacement.SPREAD if terms.is_fee_spread else FeePlacement.FIRST
            fees = (Fee(kind=FeeKind.FIXED, value=Decimal(terms.fee), placement=placement),)
        pricing = PricingTerms(
            count=terms.count,
            interval=MONTHLY,
            rate=Rate(value=Decimal(terms.rate_percent)),
            first_due=FirstDue.AFTER_INTERVAL if terms.is_delayed else FirstDue.TRANSACTION_DATE,
            fees=fees,
        )
        schedule = build_schedule(pricing, Money(amount_minor, currency), anchor=self.day)
        notice = PlanNotice(
            plan_id=plan_id,
            digits="5110921032063789",
            issuer_cid="242666",
            offer_id="24092019",
            merchant=MERCHANT,
            currency=self.currency,
            amount_kind=AmountKind.PURCHASE,
            amount_minor=amount_minor,
            total_minor=schedule.total_minor,
            interval="MONTHLY",
            apr_percent=None,
            fee_value=None,
            rows=tuple(
                NoticedRow(number=row.number, due_date=row.due_date, amount_minor=row.amount_minor)
                for row in schedule.rows
            ),
            transaction=TransactionFacts(local_at=self.now),
        )
        rate = find_periodic_rate(pricing)
        split = SplitTerms(
            rate=(rate.numerator, rate.denominator),
            in_advance=not terms.is_delayed,
            parts=tuple(
                RowParts(
                    principal_minor=row.principal_minor,
                    interest_minor=row.interest_minor,
                    fee_minor=row.fee_minor,
                )
                for row in schedule.rows
            ),
        )
        return notice, split

    def open(
        self,
        plan_id: str,
        amount_minor: int,
        terms: Terms = Terms(),
        *,
        transaction_id: str | None = None,
        is_split_known: bool = True,
    ) -> Decision:
        """A notification opens a plan."""
        notice, split = self.notice(plan_id, amount_minor, terms)
        purchase = None
        if transaction_id is not None:
            posted = [
                entry
                for entry in self.entries
                if entry.event_key.startswith(f"transaction:{transaction_id}:")
            ]
            purchase = PostedPurchase(transaction=self.transactions[transaction_id], entries=tuple(posted))
        return self.apply(
            decide_opening(
                notice,
                self.account,
                purchase=purchase,
                split=split if is_split_known else None,
                standing=self.standing(but=transaction_id),
                now=self.now,
            )
        )

    def authorize(
        self, transaction_id: str, amount_minor: int, *, plan_id: str | None = None
    ) -> ResponseCode:
        """An authorization; gives the answer."""
        command = Authorization(
            transaction_id=transaction_id,
            amount_minor=amount_minor,
            currency=self.currency,
            merchant=MERCHANT,
            facts=TransactionFacts(local_at=self.now),
            plan_id=plan_id,
        )
        exposure = Exposure(
            balance_minor=self.balance(LedgerCode.CARD_BALANCE),
            receivables_minor=sum(plan.scheduled_principal_minor for plan in self.plans.values()),
            holds_minor=self.holds(),
            deposit_minor=self.balance(LedgerCode.DEPOSIT),
        )
        decision, code = decide_authorization(
            self.account, command, exposure=exposure, plan=self.plans.get(plan_id or ""), now=self.now
        )
        self.apply(decision)
        return code

    def clear(
        self,
        transaction_id: str,
        amount_minor: int,
        *,
        event_id: str = "e1",
        plan_id: str | None = None,
        is_final: bool = True,
        strategy: RefundStrategy = RefundStrategy.SPREAD,
    ) -> Decision:
        """The merchant clears."""
        transaction = self.transactions[transaction_id]
        clearing = Clearing(
            event_id=event_id, amount_minor=amount_minor, is_final=is_final, strategy=strategy
        )
        return self.apply(
            decide_clearing(
                transaction,
                self.plans.get(plan_id or transaction.plan_id or ""),
                self.account,
                clearing,
                standing=self.standing(but=transaction_id),
                now=self.now,
            )
        )

    def reverse(
        self,
        transaction_id: str,
        amount_minor: int,
        *,
        event_id: str = "e1",
        strategy: RefundStrategy = RefundStrategy.SPREAD,
    ) -> Decision:
        """The merchant reverses an authorization."""
        transaction = self.transactions[transaction_id]
        return self.apply(
            decide_reversal(
                transaction,
                self.plans.get(transaction.plan_id or ""),
                self.account,
                Reversal(event_id=event_id, amount_minor=amount_minor, strategy=strategy),
                standing=self.standing(but=transaction_id),
                now=self.now,
            )
        )

    def refund(
        self,
        amount_minor: int,
        *,
        event_id: str = "e1",
        transaction_id: str | None = None,
        plan_id: str | None = "p1",
        strategy: RefundStrategy = RefundStrategy.SPREAD,
        returns_charges: bool = False,
    ) -> Decision:
        """The merchant gives money back. What was previewed for the plan has to be what happens."""
        plan = self.plans.get(plan_id or "")
        refund = Refund(
            event_id=event_id,
            amount_minor=amount_minor,
            strategy=strategy,
            returns_charges=returns_charges,
        )
        transaction = self.transactions.get(transaction_id or "")
        decision = decide_refund(
            transaction, plan, self.account, refund, standing=self.standing(), now=self.now
        )
        if plan is not None and plan.amount_minor > plan.refunded_minor:
            part_minor = min(amount_minor, plan.amount_minor - plan.refunded_minor)
            effect = preview_refund(plan, part_minor, strategy, returns_charges=returns_charges)
            assert decision.plans == (effect.plan,), "the preview is the result"
            charges_minor = effect.interest_back_minor + effect.fee_back_minor
            used_minor = effect.reduction_minor + effect.recovery_minor
            used_minor += effect.settled_minor + effect.cash_back_minor
            assert used_minor == part_minor + charges_minor, "every cent goes somewhere"
        return self.apply(decision)

    def bill(self) -> list[Decision]:
        """Bill what is due today on every plan."""
        done = []
        for plan in sorted(self.plans.values(), key=lambda plan: plan.plan_id):
            decision = decide_billing(
                plan, self.account, standing=self.standing(), today=self.day, now=self.now
            )
            if decision is not None:
                done.append(self.apply(decision))
        return done

    def mark_late(self, *, late_after_days: int = 25) -> list[Decision]:
        """Mark rows late on every plan."""
        done = []
        for plan in list(self.plans.values()):
            decision = decide_late(plan, today=self.day, late_after_days=late_after_days, now=self.now)
            if decision is not None:
                done.append(self.apply(decision))
        return done

    def collect(self, attempt_key: str | None = None) -> list[Decision]:
        """Try again to take billed rows from the deposit."""
        done = []
        for plan in sorted(self.plans.values(), key=lambda plan: plan.plan_id):
            decision = decide_collection(
                plan,
                self.account,
                deposit_minor=self.standing().deposit_minor,
                attempt_key=attempt_key or self.day.isoformat(),
                now=self.now,
            )
            if decision is not None:
                done.append(self.apply(decision))
        return done

    def pay(self, amount_minor: int, *, event_id: str = "m1") -> Decision:
        """The cardholder pays."""
        return self.apply(
            decide_payment(
                self.account,
                list(self.plans.values()),
                amount_minor,
                event_id=event_id,
                standing=self.standing(),
                now=self.now,
            )
        )

    def use_credit(self) -> Decision | None:
        """Let unused credit pay billed rows."""
        decision = decide_credit_use(list(self.plans.values()), standing=self.standing())
        return self.apply(decision) if decision is not None else None

    def deposit(self, amount_minor: int, *, event_id: str = "d1") -> Decision:
        """The holder of a debit card pays in; what nothing is owed for goes to the deposit."""
        return self.pay(amount_minor, event_id=event_id)

    def pay_next(self, plan_id: str = "p1", *, event_id: str = "n1") -> Decision:
        """The cardholder pays the next row early."""
        return self.apply(decide_next_row(self.plans[plan_id], self.account, event_id=event_id, now=self.now))

    def pay_off(
        self, plan_id: str = "p1", amount_minor: int | None = None, *, event_id: str = "o1"
    ) -> Decision:
        """The cardholder pays all."""
        plan = self.plans[plan_id]
        if amount_minor is None:
            amount_minor = quote_payoff(plan, today=self.day).total_minor
        return self.apply(
            decide_payoff(plan, self.account, amount_minor, event_id=event_id, today=self.day, now=self.now)
        )

    def dispute(
        self, *, plan_id: str | None = "p1", transaction_id: str | None = None, dispute_id: str = "x1"
    ) -> Decision:
        """The cardholder disputes."""
        return self.apply(
            decide_dispute_opening(
                self.transactions.get(transaction_id or ""),
                self.plans.get(plan_id or ""),
                self.account,
                dispute_id=dispute_id,
                now=self.now,
            )
        )

    def resolve(
        self,
        *,
        is_for_cardholder: bool,
        plan_id: str | None = "p1",
        transaction_id: str | None = None,
        dispute_id: str = "x1",
    ) -> Decision:
        """A dispute ends."""
        key = f"dispute:{dispute_id}:opened"
        opening = next((entry for entry in self.entries if entry.event_key == key), None)
        return self.apply(
            decide_dispute_resolution(
                self.transactions.get(transaction_id or ""),
                self.plans.get(plan_id or ""),
                self.account,
                Resolution(dispute_id=dispute_id, is_for_cardholder=is_for_cardholder, opening=opening),
                standing=self.standing(),
                now=self.now,
            )
        )

    def write_off(self, plan_id: str = "p1") -> Decision:
        """The issuer gives a plan up."""
        return self.apply(decide_write_off(self.plans[plan_id], self.account, now=self.now))

    def recover(self, amount_minor: int, plan_id: str = "p1", *, event_id: str = "r1") -> Decision:
        """Money comes back after all."""
        return self.apply(
            decide_recovery(self.plans[plan_id], self.account, amount_minor, event_id=event_id, now=self.now)
        )

    def move_to(self, day: date) -> None:
        """Another day."""
        assert day >= self.day
        self.day = day

    def wait(self, days: int) -> None:
        """Some days later."""
        self.move_to(self.day + timedelta(days=days))

    # What decisions do.

    def apply(self, decision: Decision) -> Decision:
        """Carry a decision out as a store would, and check all books."""
        for entry in decision.entries:
            self._post(entry)
        for plan in decision.plans:
            before = self.plans.get(plan.plan_id)
            self._check_change(before, plan)
            self.plans[plan.plan_id] = plan
        if decision.transaction is not None:
            after = decision.transaction
            known = self.transactions.get(after.transaction_id)
            assert after.lock_version == (known.lock_version + 1 if known else 1)
            self.transactions[after.transaction_id] = after
        self.events += decision.events
        self.check()
        return decision

    def _post(self, entry: LedgerEntry) -> None:
        keys = {known.event_key for known in self.entries}
        assert entry.event_key not in keys, f"{entry.event_key} is posted twice"
        assert (entry.book, entry.currency, entry.posted_at) == (ACCOUNT, self.currency, self.now)
        if entry.reverses is not None:
            assert entry.reverses in keys
            assert all(known.reverses != entry.reverses for known in self.entries)
        self.entries.append(entry)
        for posting in entry.postings:
            self.balances[posting.debit] += posting.amount_minor
            self.balances[posting.credit] -= posting.amount_minor
        for account in self.balances:
            if account.code in NO_OVERDRAFT:
                assert self.balance(account.code, account.owner) >= 0, f"{account} is overdrawn"
        assert self.balance(LedgerCode.REFUNDS) == 0

    @staticmethod
    def _check_change(before: ServicedPlan | None, after: ServicedPlan) -> None:
        assert after.lock_version == (before.lock_version + 1 if before else 1)
        if before is None:
            return
        final = {ServicingState.COMPLETED, ServicingState.CANCELLED, ServicingState.RECOVERED}
        assert before.state not in final or after.state is before.state
        for old, new in zip(before.rows, after.rows, strict=True):
            assert (old.number, old.due_date) == (new.number, new.due_date)
            assert new.paid_minor >= old.paid_minor
            if old.state in (RowState.PAID, RowState.CANCELLED):
                assert new == old, "rows that are done never change"
            if old.billed_on is not None:
                kept = replace(new, state=old.state, paid_minor=old.paid_minor)
                assert kept == old, "what was billed stays as it was billed"

    def check(self) -> None:
        """All that has to hold between records and book after every decision."""
        assert sum(self.balances.values()) == 0
        uncleared_minor = 0
        for plan in self.plans.values():
            check_plan(plan)
            receivable = self.balance(LedgerCode.INSTALLMENT_RECEIVABLE, plan.plan_id)
            assert receivable == plan.scheduled_principal_minor, f"{plan.plan_id}: {receivable}"
            uncleared_minor += plan.uncleared_minor
        assert self.balance(LedgerCode.PURCHASES) == uncleared_minor
        for transaction in self.transactions.values():
            assert transaction.authorized_minor >= 0


def check_plan(plan: ServicedPlan) -> None:
    """What has to hold for the record of a plan alone."""
    assert 0 <= plan.refunded_minor <= plan.amount_minor
    assert 0 <= plan.uncleared_minor <= plan.amount_minor
    assert 0 <= plan.recovered_minor <= plan.written_off_minor
    for row in plan.rows:
        assert row.amount_minor == row.principal_minor + row.interest_minor + row.fee_minor
        assert min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0
        assert 0 <= row.paid_minor <= row.amount_minor
        assert (row.state is RowState.PAID) == (row.paid_minor == row.amount_minor > 0)
        assert (row.state is RowState.CANCELLED) == (row.amount_minor == 0)
        assert row.state is not RowState.SCHEDULED or (row.paid_minor == 0 and row.billed_on is None)
        if row.state in (RowState.BILLED, RowState.LATE, RowState.PAID):
            assert row.billed_on is not None
    is_open = any(row.is_open for row in plan.rows)
    assert is_open == (plan.state is ServicingState.ACTIVE)
