"""The book of a `CardBank` as text: postings of a step, balances, and the rows of all plans."""

from collections.abc import Iterable

from parcela.domain.ledger import LedgerAccount, LedgerCode, LedgerEntry, Posting
from parcela.domain.money import Money, format_major
from parcela.domain.servicing.records import Decision, ServicedPlan
from tests.support.card_bank import CardBank, currency_named


def show_posting(posting: Posting) -> str:
    """Debit <- credit, and the amount in minor units."""
    return f"{_name(posting.debit)} <- {_name(posting.credit)} {posting.amount_minor}"


def show_entries(decision: Decision) -> list[str]:
    """Each posting of a decision, after the key of its entry."""
    return [
        f"{entry.event_key}: {show_posting(posting)}"
        for entry in decision.entries
        for posting in entry.postings
    ]


def show_rows(plan: ServicedPlan) -> list[str]:
    """Each row: amount = principal + interest + fee, state, paid; in minor units."""
    return [
        f"{row.number} {row.amount_minor}={row.principal_minor}+{row.interest_minor}+{row.fee_minor} "
        f"{row.state} {row.paid_minor}"
        for row in plan.rows
    ]


def _name(account: LedgerAccount) -> str:
    return f"{account.code}[{account.owner}]"


class Story:
    """What happens to a bank, told step by step."""

    def __init__(self, bank: CardBank) -> None:
        self.bank = bank
        self.lines: list[str] = []
        self._entries_told = 0

    def tell(self, what: str) -> None:
        """Write what happened since the last step, and how everything stands."""
        bank = self.bank
        self.lines += [f"{bank.day}  {what}", *self._list_postings(), *self._list_balances()]
        for plan_id in sorted(bank.plans):
            self.lines += self._list_rows(bank.plans[plan_id])
        self.lines.append("")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(line.rstrip() for line in self.lines)

    def _major(self, minor: int) -> str:
        return format_major(Money(minor, currency_named(self.bank.currency)))

    def _list_postings(self) -> list[str]:
        entries: Iterable[LedgerEntry] = self.bank.entries[self._entries_told :]
        self._entries_told = len(self.bank.entries)
        lines = []
        for entry in entries:
            reverses = f"  reverses {entry.reverses}" if entry.reverses else ""
            lines.append(f"  {entry.event_key}{reverses}")
            lines += [
                f"    Dr {_name(posting.debit):<28} Cr {_name(posting.credit):<28} "
                f"{self._major(posting.amount_minor):>10}"
                for posting in entry.postings
            ]
        return lines

    def _list_balances(self) -> list[str]:
        order = list(LedgerCode)
        accounts = sorted(self.bank.balances, key=lambda account: (order.index(account.code), account.owner))
        shown = [
            f"{_name(account)} {self._major(self.bank.balance(account.code, account.owner))}"
            for account in accounts
            if self.bank.balances[account]
        ]
        return ["  balances  " + (", ".join(shown) or "all 0")]

    def _list_rows(self, plan: ServicedPlan) -> list[str]:
        held = "  held" if plan.is_held else ""
        lines = [
            f"  {plan.plan_id} {plan.state}  to pay {self._major(plan.outstanding_minor)}  "
            f"refunded {self._major(plan.refunded_minor)}  "
            f"uncleared {self._major(plan.uncleared_minor)}{held}"
        ]
        for row in plan.rows:
            parts = " + ".join(
                self._major(part) for part in (row.principal_minor, row.interest_minor, row.fee_minor)
            )
            paid = f"  paid {self._major(row.paid_minor)}" if row.paid_minor else ""
            lines.append(
                f"    {row.number:>2} {row.due_date} {self._major(row.amount_minor):>9} = {parts:<26} "
                f"{row.state}{paid}"
            )
        return lines
