"""Handlers that look at the ledger, and the bodies of their answers; amounts in major units, as text."""

from datetime import datetime

from parcela.admin.read import read_whole_number
from parcela.admin.routes import Call
from parcela.admin.wire import Answer
from parcela.domain.ledger import LedgerAccount
from parcela.domain.money import format_minor
from parcela.operations import ledger


class BalanceAnswer(Answer, frozen=True):
    """A balance on the normal side of its kind; `owner` is null in a trial balance."""

    code: str
    owner: str | None
    currency: str
    amount: str


class BalanceList(Answer, frozen=True):
    """Balances by currency and kind."""

    items: list[BalanceAnswer]


class LedgerAccountAnswer(Answer, frozen=True):
    """An account by its kind and the id of its owner."""

    code: str
    owner: str


class PostingAnswer(Answer, frozen=True):
    """An amount from the credited to the debited account."""

    debit: LedgerAccountAnswer
    credit: LedgerAccountAnswer
    amount: str


class LedgerEntryAnswer(Answer, frozen=True):
    """An entry of a book; `hash` vouches for it and for every entry before it."""

    number: int
    event_key: str
    kind: str
    posted_at: datetime
    currency: str
    reverses: str | None
    postings: list[PostingAnswer]
    hash: str


class LedgerEntryList(Answer, frozen=True):
    """Entries of a book in their order."""

    items: list[LedgerEntryAnswer]


class BreakAnswer(Answer, frozen=True):
    """A record that is not as it must be, and the view that found it."""

    view: str
    key: str
    what: str


class CheckAnswer(Answer, frozen=True):
    """`breaks` is empty when all is well; at most a hundred of each view."""

    entries: int
    books: int
    breaks: list[BreakAnswer]


async def get_trial_balance(call: Call) -> BalanceList:
    """Every kind of account with the sum of its balances."""
    found = await ledger.list_trial_balance(call.engine, call.person)
    return BalanceList(
        items=[
            BalanceAnswer(
                code=line.code,
                owner=None,
                currency=line.currency,
                amount=format_minor(line.balance_minor, line.currency),
            )
            for line in found
        ]
    )


async def list_owner_balances(call: Call) -> BalanceList:
    """The balances of a card account, plan or provider."""
    found = await ledger.list_owner_balances(call.engine, call.person, call.params["owner"])
    return BalanceList(
        items=[
            BalanceAnswer(
                code=balance.account.code,
                owner=balance.account.owner,
                currency=balance.currency,
                amount=format_minor(balance.balance_minor, balance.currency),
            )
            for balance in found
        ]
    )


async def list_ledger_entries(call: Call) -> LedgerEntryList:
    """Entries of a book in their order, from the one after `after`."""
    after_number = read_whole_number("after", call.query.get("after", "0"))
    limit = read_whole_number("limit", call.query.get("limit", "100"))
    found = await ledger.list_book(
        call.engine, call.person, call.params["book"], after_number=after_number, limit=limit
    )
    return LedgerEntryList(items=[_entry_to_wire(posted) for posted in found])


async def check_ledger(call: Call) -> CheckAnswer:
    """Prove every record of the database."""
    breaks = await ledger.check_ledger(call.engine)
    size = await ledger.count_ledger(call.engine)
    return CheckAnswer(
        entries=size.entries,
        books=size.books,
        breaks=[BreakAnswer(view=found.view, key=found.key, what=found.what) for found in breaks],
    )


def _entry_to_wire(posted: ledger.PostedEntry) -> LedgerEntryAnswer:
    entry = posted.entry
    return LedgerEntryAnswer(
        number=posted.number,
        event_key=entry.event_key,
        kind=entry.kind,
        posted_at=entry.posted_at,
        currency=entry.currency,
        reverses=entry.reverses,
        postings=[
            PostingAnswer(
                debit=_account_to_wire(posting.debit),
                credit=_account_to_wire(posting.credit),
                amount=format_minor(posting.amount_minor, entry.currency),
            )
            for posting in entry.postings
        ],
        hash=posted.hash.hex(),
    )


def _account_to_wire(account: LedgerAccount) -> LedgerAccountAnswer:
    return LedgerAccountAnswer(code=account.code, owner=account.owner)
