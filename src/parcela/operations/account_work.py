"""One card account under its lock: what decisions need to know of it, and writing what they decide.

Records, ledger entries, events and the answer to the command commit together. The order of locks is the
account, then its book; whoever holds the account changes its transactions and plans alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from parcela.domain.ledger import LedgerCode
from parcela.domain.servicing.commands import Exposure, Standing, find_hold, find_standing
from parcela.domain.servicing.payments import decide_credit_use
from parcela.domain.servicing.records import (
    AccountTransaction,
    CardAccount,
    Decision,
    ServicedPlan,
)
from parcela.domain.transaction_matching import KnownTransaction, PurchaseTraits
from parcela.operations.engine import Engine
from parcela.store import account_transactions, card_accounts, events, ledger, serviced_plans
from parcela.store.account_transactions import StoredTransaction
from parcela.store.database import Connection
from parcela.store.events import EventRow
from parcela.store.serviced_plans import NoticeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTransaction:
    """What is kept of a new card transaction beside the record: answer, amount asked, network identity."""

    response_code: str
    amount_minor: int
    identity: bytes


class AccountWork:
    """A locked account in one transaction. `plans` and the transactions read are as they stand now."""

    def __init__(
        self, engine: Engine, connection: Connection, tenant_id: int, account: CardAccount, *, now: datetime
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.tenant_id = tenant_id
        self.account = account
        self.now = now
        self.happened: list[EventRow] = []
        self.changed_plan_ids: set[str] = set()
        self._plans: dict[str, ServicedPlan] | None = None
        self._transactions: dict[str, AccountTransaction] = {}

    @classmethod
    async def lock(
        cls, engine: Engine, connection: Connection, tenant_id: int, account_id: str, *, now: datetime
    ) -> "AccountWork | None":
        """Lock an account; None if there is no such account."""
        account = await card_accounts.lock_account(connection, tenant_id, account_id)
        return None if account is None else cls(engine, connection, tenant_id, account, now=now)

    async def list_plans(self) -> list[ServicedPlan]:
        """The plans of the account, by plan id."""
        if self._plans is None:
            found = await serviced_plans.list_plans_of_account(
                self.connection, self.tenant_id, self.account.account_id
            )
            self._plans = {plan.plan_id: plan for plan in found}
        return list(self._plans.values())

    async def find_plan(self, plan_id: str | None) -> ServicedPlan | None:
        """A plan of this account."""
        await self.list_plans()
        assert self._plans is not None
        return None if plan_id is None else self._plans.get(plan_id)

    async def find_transaction(self, transaction_id: str | None) -> AccountTransaction | None:
        """A transaction of this account."""
        if transaction_id is None:
            return None
        if transaction_id not in self._transactions:
            stored = await account_transactions.find_transaction(
                self.connection, self.tenant_id, transaction_id
            )
            if stored is None or stored.transaction.account_id != self.account.account_id:
                return None
            self._transactions[transaction_id] = stored.transaction
        return self._transactions[transaction_id]

    async def list_meant(self, traits: PurchaseTraits) -> list[KnownTransaction]:
        """The purchases of the account that stand and that a plan or message with these traits may mean."""
        found = await account_transactions.list_meant_transactions(
            self.connection, self.tenant_id, self.account.account_id, traits
        )
        self._transactions.update({stored.transaction.transaction_id: stored.transaction for stored in found})
        return [
            KnownTransaction(transaction=stored.transaction, asked_minor=stored.amount_minor)
            for stored in found
        ]

    async def find_standing(self, *, but: str | None = None) -> Standing:
        """What the book says beside the plans; what a debit card's purchases hold is not its deposit.

        `but` names the purchase that is decided on, for which its own hold keeps the money.
        """
        balances = await self._read_balances()
        plans = await self.list_plans()
        holds_minor = 0
        if balances[LedgerCode.DEPOSIT]:
            holds_minor = await self._sum_holds(but=but)
        return find_standing(
            card_balance_minor=balances[LedgerCode.CARD_BALANCE],
            disputes_minor=balances[LedgerCode.DISPUTES],
            deposit_minor=max(0, balances[LedgerCode.DEPOSIT] - holds_minor),
            plans=plans,
        )

    async def find_exposure(self, *, but: str | None = None) -> Exposure:
        """What is used of limit or deposit, leaving one transaction's hold out."""
        balances = await self._read_balances()
        plans = await self.list_plans()
        return Exposure(
            balance_minor=balances[LedgerCode.CARD_BALANCE],
            receivables_minor=sum(plan.scheduled_principal_minor for plan in plans),
            holds_minor=await self._sum_holds(but=but),
            deposit_minor=balances[LedgerCode.DEPOSIT],
        )

    async def apply(
        self,
        decision: Decision,
        *,
        notice: NoticeFacts | None = None,
        new_transaction: NewTransaction | None = None,
    ) -> None:
        """Write a decision: transaction, plans, entries, events."""
        if decision.transaction is not None:
            await self._write_transaction(decision.transaction, new_transaction)
        await self.list_plans()
        assert self._plans is not None
        for plan in decision.plans:
            before = self._plans.get(plan.plan_id)
            if before is None:
                assert notice is not None, "a new plan comes with its notice"
                await serviced_plans.insert_plan(self.connection, self.tenant_id, plan, notice)
            else:
                await serviced_plans.update_plan(self.connection, self.tenant_id, before=before, after=plan)
            self._plans[plan.plan_id] = plan
            self.changed_plan_ids.add(plan.plan_id)
        are_new = await ledger.insert_entries(self.connection, self.tenant_id, decision.entries)
        assert all(are_new), "the guards above let each event be decided once"
        await self.tell([(event.type, event.subject, event.data) for event in decision.events])

    async def use_credit(self) -> None:
        """Let money that lies unused on the card pay billed rows, of whatever plan."""
        decision = decide_credit_use(await self.list_plans(), standing=await self.find_standing())
        if decision is not None:
            await self.apply(decision)

    async def tell(self, told: Sequence[tuple[str, str, Mapping[str, object]]]) -> None:
        """Write events: type, subject and data."""
        rows = [
            EventRow(event_id=self.engine.ids.new_uuid(), type=type_, subject=subject, data=dict(data))
            for type_, subject, data in told
        ]
        await events.insert_events(self.connection, self.tenant_id, rows, at=self.now)
        self.happened += rows

    async def _write_transaction(self, after: AccountTransaction, new: NewTransaction | None) -> None:
        before = await self.find_transaction(after.transaction_id)
        if before is None:
            assert new is not None, "a new transaction comes with its identity"
            stored = StoredTransaction(
                transaction=after, response_code=new.response_code, amount_minor=new.amount_minor
            )
            await account_transactions.insert_transaction(
                self.connection, self.tenant_id, stored, identity=new.identity
            )
        else:
            await account_transactions.update_transaction(
                self.connection, self.tenant_id, before=before, after=after
            )
        self._transactions[after.transaction_id] = after

    async def _read_balances(self) -> dict[LedgerCode, int]:
        found = await ledger.list_balances(self.connection, self.tenant_id, self.account.account_id)
        held = dict.fromkeys(LedgerCode, 0)
        held.update({balance.account.code: balance.balance_minor for balance in found})
        return held

    async def _sum_holds(self, *, but: str | None) -> int:
        found = await account_transactions.list_holding_transactions(
            self.connection, self.tenant_id, self.account.account_id
        )
        return sum_holds(found, self._plans or {}, but=but)


def sum_holds(
    transactions: Sequence[AccountTransaction], plans: Mapping[str, ServicedPlan], *, but: str | None = None
) -> int:
    """What approved purchases hold that are not cleared, and that no receivable counts already."""
    return sum(
        find_hold(transaction, plans.get(transaction.plan_id or ""))
        for transaction in transactions
        if transaction.transaction_id != but
    )
