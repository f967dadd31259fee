"""Entries are balanced by construction, and a reversal mirrors what it takes back."""

from datetime import UTC, datetime

import pytest

from parcela.domain.ledger import (
    CREDIT_NORMAL,
    NO_OVERDRAFT,
    PROVIDER_OWNED,
    LedgerAccount,
    LedgerCode,
    LedgerEntry,
    Posting,
    UnbalancedEntry,
    reverse_entry,
)

AT = datetime(2025, 1, 31, tzinfo=UTC)
CARD = LedgerAccount(LedgerCode.CARD_BALANCE, "account")
OTHER_CARD = LedgerAccount(LedgerCode.CARD_BALANCE, "other account")
PURCHASES = LedgerAccount(LedgerCode.PURCHASES, "account")
CLEARING = LedgerAccount(LedgerCode.CLEARING, "provider")


def enter(*postings: Posting) -> LedgerEntry:
    return LedgerEntry(
        event_key="transaction:1:posted",
        book="account",
        kind="purchase.posted",
        currency="USD",
        posted_at=AT,
        postings=postings,
    )


@pytest.mark.parametrize(
    ("postings", "message"),
    [
        ((), "entry transaction:1:posted posts nothing"),
        ((Posting(CARD, PURCHASES, 0),), "entry transaction:1:posted posts 0 minor units"),
        ((Posting(CARD, PURCHASES, -1),), "entry transaction:1:posted posts -1 minor units"),
        # One bad posting among good ones.
        (
            (Posting(CARD, PURCHASES, 1), Posting(CARD, CARD, 1)),
            "entry transaction:1:posted posts card_balance against itself",
        ),
    ],
    ids=["no posting", "zero", "below zero", "against itself"],
)
def test_an_entry_that_no_ledger_may_hold_cannot_be_made(postings: tuple[Posting, ...], message: str) -> None:
    with pytest.raises(UnbalancedEntry) as refused:
        enter(*postings)
    assert str(refused.value) == message


def test_accounts_of_one_kind_and_two_owners_are_two_accounts() -> None:
    assert enter(Posting(CARD, OTHER_CARD, 5)).postings == (Posting(CARD, OTHER_CARD, 5),)


def test_a_reversal_has_the_same_accounts_and_amounts_with_sides_exchanged() -> None:
    entry = enter(Posting(CARD, PURCHASES, 700), Posting(PURCHASES, CLEARING, 30))
    later = datetime(2025, 2, 1, tzinfo=UTC)
    assert reverse_entry(entry, event_key="plan:1:reversed", kind="reversed", posted_at=later) == LedgerEntry(
        event_key="plan:1:reversed",
        book="account",
        kind="reversed",
        currency="USD",
        posted_at=later,
        postings=(Posting(PURCHASES, CARD, 700), Posting(CLEARING, PURCHASES, 30)),
        reverses="transaction:1:posted",
    )


def test_every_kind_of_account_has_one_normal_side_and_one_kind_of_owner() -> None:
    assert {
        code.value: (code in CREDIT_NORMAL, code in PROVIDER_OWNED, code in NO_OVERDRAFT)
        for code in LedgerCode
    } == {
        # Code: normally in credit, of the provider, never below zero.
        "card_balance": (False, False, False),
        "deposit": (True, False, True),
        "purchases": (True, False, False),
        "installment_receivable": (False, False, True),
        "interest_income": (True, True, False),
        "fee_income": (True, True, False),
        "clearing": (True, True, False),
        "refunds": (True, False, False),
        "disputes": (False, False, False),
        "cash": (False, True, False),
        "credit_losses": (False, True, False),
        "merchant_balance": (True, False, False),
        "acquiring": (False, False, False),
        "processing_fees": (True, False, False),
        "installment_fees": (True, False, False),
        "payouts": (True, False, False),
    }
