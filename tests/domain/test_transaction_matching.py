"""Which transaction a plan or a later message speaks of: identifiers, amounts, doubts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from parcela.domain.plans import Merchant
from parcela.domain.servicing.records import AccountTransaction, TransactionFacts, TransactionState
from parcela.domain.transaction_matching import (
    KnownTransaction,
    PurchaseTraits,
    find_transaction_of_message,
    find_transaction_of_plan,
)

AT = datetime(2030, 1, 10, 9, 30, tzinfo=UTC)
BARE = TransactionFacts(local_at=AT)
FACTS = TransactionFacts(local_at=AT, stan="742", rrn="123456123456", transaction_link_id="link")


def know(name: str, facts: TransactionFacts = FACTS, **members: object) -> KnownTransaction:
    transaction = AccountTransaction(
        transaction_id=name,
        account_id="account",
        state=TransactionState.AUTHORIZED,
        currency="USD",
        authorized_minor=40000,
        cleared_minor=0,
        refunded_minor=0,
        merchant=Merchant(),
        facts=facts,
        entry_mode=None,
        plan_id=None,
        is_disputed=False,
        created_at=AT,
    )
    return KnownTransaction(transaction=replace(transaction, **members), asked_minor=40000)  # type: ignore[arg-type]


def ask(
    facts: TransactionFacts = FACTS, *, plan_id: str | None = "plan", amount: int = 40000
) -> PurchaseTraits:
    return PurchaseTraits(plan_id=plan_id, amount_minor=amount, facts=facts)


NEAR, FAR = AT + timedelta(days=7), AT + timedelta(days=8)


@pytest.mark.parametrize(
    ("traits", "known", "found"),
    [
        (ask(), [know("a")], "a"),  # all equal
        (ask(BARE), [know("a")], "a"),  # amount alone, near in time
        (ask(replace(BARE, local_at=NEAR)), [know("a")], "a"),  # a week apart
        (ask(replace(BARE, local_at=FAR)), [know("a")], None),  # more than a week apart
        (ask(replace(FACTS, local_at=FAR)), [know("a")], "a"),  # an identifier counts more than time
        (ask(replace(FACTS, stan="000742")), [know("a")], "a"),  # zeros in front
        (ask(replace(FACTS, stan="743")), [know("a")], None),  # one identifier differs
        (ask(replace(FACTS, transaction_link_id="other")), [know("a")], None),  # another link
        (ask(amount=40001), [know("a")], None),  # another amount
        (ask(amount=40001), [know("a", cleared_minor=40001)], "a"),  # the amount that was cleared
        (ask(), [know("a", plan_id="other")], None),  # bound to another plan
        (ask(amount=1), [know("a", plan_id="plan")], "a"),  # carries the plan's id
        (ask(replace(BARE, stan="742")), [know("a", BARE), know("b")], "b"),  # most identifiers equal
        (ask(BARE), [know("a", BARE), know("b", BARE)], None),  # a doubt
        (ask(), [], None),  # nothing known
    ],
)
def test_a_plan_finds_its_purchase(
    traits: PurchaseTraits, known: list[KnownTransaction], found: str | None
) -> None:
    transaction = find_transaction_of_plan(traits, known)
    assert (transaction.transaction_id if transaction else None) == found


LATER = AT + timedelta(days=3)


@pytest.mark.parametrize(
    ("traits", "known", "found"),
    [
        (ask(BARE), [know("a"), know("b", plan_id="plan")], "b"),  # the plan id
        (ask(replace(BARE, transaction_link_id="link"), amount=1), [know("a")], "a"),  # the link id
        (ask(replace(BARE, rrn="123456123456"), amount=1), [know("a")], "a"),  # the RRN, in part
        (ask(replace(BARE, stan="742")), [know("a")], "a"),  # STAN and amount
        (ask(replace(BARE, stan="742"), amount=1), [know("a")], None),  # STAN alone is used again
        (ask(replace(FACTS, transaction_link_id="other")), [know("a")], None),  # another link
        (ask(BARE), [know("a")], None),  # an amount alone is no name
        (
            ask(replace(BARE, rrn="123456123456")),
            [know("a"), know("b", created_at=LATER)],
            "b",
        ),  # the newest of two
    ],
)
def test_a_message_finds_its_purchase(
    traits: PurchaseTraits, known: list[KnownTransaction], found: str | None
) -> None:
    transaction = find_transaction_of_message(traits, known)
    assert (transaction.transaction_id if transaction else None) == found
