"""The books behind the simulated issuer host: decided once, the same answer again, voided once."""

from typing import Any

import pytest
from tests.conftest import RunWithEngine
from tests.support.purchases import CARD

from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion, OriginalMessage
from parcela.operations.account_book import AccountBook
from parcela.operations.authorization_book import AuthorizationBook, HostAnswer, HostRequest
from parcela.operations.engine import Engine
from parcela.operations.simulated_book import RecordedBook

BOOKS = [AccountBook, RecordedBook]
STAN = Identifier("000742", is_number=True)


def make_request(**members: Any) -> HostRequest:
    """150 dollars at Globex Decor; members of the request or of its question."""
    own = {name: members.pop(name) for name in list(members) if name in HostRequest.__slots__}
    question: dict[str, Any] = {
        "digits": CARD,
        "amount_minor": 15000,
        "currency": "USD",
        "stan": STAN,
        "rrn": Identifier("123456123456"),
        "transmitted": "0803165543",
        "acquirer_id": "234353",
        **members,
    }
    elements = {"12": "165543", "13": "0803", "18": "1711", "22": "812", "32": "234353", "43": "Globex Decor"}
    return HostRequest(question=AuthorizationQuestion(**question), elements=elements, **own)


def make_reversal(**members: Any) -> HostRequest:
    """The reversal of that purchase, by its original data elements."""
    original = OriginalMessage(message_type="0100", stan=STAN, transmitted="0803165543")
    return make_request(
        stan=Identifier("000900", is_number=True), transmitted="0803170000", original=original, **members
    )


async def fetch(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    async with engine.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


@pytest.mark.parametrize("book_of", BOOKS)
def test_a_purchase_is_decided_once(run: RunWithEngine, book_of: Any) -> None:
    async def work(engine: Engine) -> None:
        book: AuthorizationBook = book_of(engine)
        first = await book.authorize(make_request())
        assert first.response_code == "00"
        assert first.authorization_code is not None and len(first.authorization_code) == 6
        # The repeat carries a plan id that the first message went without.
        assert await book.authorize(make_request(plan_id="3d56f5a7-db48-41f0-875e-30920e8465f3")) == first
        other = await book.authorize(
            make_request(stan=Identifier("743"), rrn=Identifier("9" * 12), transmitted="0803165600")
        )
        assert other.response_code == "00"

    run(work)


def test_the_trace_numbers_of_a_small_purchase_approve_no_larger_one(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        book = AccountBook(engine)
        assert (await book.authorize(make_request(amount_minor=100))).response_code == "00"
        before = await fetch(engine, "SELECT transaction_id, authorized_minor FROM account_transaction")
        assert await book.authorize(make_request(amount_minor=90000)) == HostAnswer(response_code="94")
        after = await fetch(engine, "SELECT transaction_id, authorized_minor FROM account_transaction")
        assert after == before and len(before) == 1

    run(work)


@pytest.mark.parametrize("book_of", BOOKS)
def test_a_documented_decline_is_a_decline_again(run: RunWithEngine, book_of: Any) -> None:
    async def work(engine: Engine) -> None:
        book: AuthorizationBook = book_of(engine)
        for _ in range(2):
            assert await book.authorize(make_request(forced_code="57")) == HostAnswer(response_code="57")

    run(work)


@pytest.mark.parametrize("book_of", BOOKS)
def test_a_reversal_voids_once_and_is_acknowledged_again(run: RunWithEngine, book_of: Any) -> None:
    async def work(engine: Engine) -> None:
        book: AuthorizationBook = book_of(engine)
        assert (await book.reverse(make_reversal())).response_code == "25"
        await book.authorize(make_request())
        assert (await book.reverse(make_reversal())).response_code == "00"
        assert (await book.reverse(make_reversal())).response_code == "00"
        assert await book.authorize(make_request()) == HostAnswer(response_code="94")
        unknown = make_request(
            stan=Identifier("1"), rrn=Identifier("8" * 12), transmitted="0803180000", amount_minor=999
        )
        assert (await book.reverse(unknown)).response_code == "25"

    run(work)


def test_a_partial_reversal_leaves_its_replacement_amount(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await RecordedBook(engine).authorize(make_request())
        await RecordedBook(engine).reverse(make_reversal(replacement_minor=4000))
        assert await fetch(engine, "SELECT state, amount_minor FROM simulated_authorization") == [
            ("approved", 4000)
        ]
        await AccountBook(engine).authorize(make_request())
        assert (
            await AccountBook(engine).reverse(make_reversal(replacement_minor=4000))
        ).response_code == "00"
        assert await fetch(engine, "SELECT state, authorized_minor FROM account_transaction") == [
            ("authorized", 4000)
        ]

    run(work)


def test_the_account_declines_what_is_above_its_limit(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        answer = await AccountBook(engine).authorize(make_request(amount_minor=10**11))
        assert answer == HostAnswer(response_code="51")
        unknown = await AccountBook(engine).authorize(make_request(digits="4508750015741019"))
        assert unknown == HostAnswer(response_code="14")

    run(work)


def test_a_financial_advice_clears_the_authorization(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        book = AccountBook(engine)
        await book.authorize(make_request())
        advice = make_request(
            stan=Identifier("000800", is_number=True), transmitted="0803170000", is_financial=True
        )
        for _ in range(2):
            assert await book.advise(advice) == HostAnswer(response_code="00")
        assert await fetch(engine, "SELECT state, cleared_minor FROM account_transaction") == [
            ("cleared", 15000)
        ]

    run(work)


@pytest.mark.parametrize("book_of", BOOKS)
def test_an_authorization_advice_is_taken_note_of(run: RunWithEngine, book_of: Any) -> None:
    async def work(engine: Engine) -> None:
        book: AuthorizationBook = book_of(engine)
        for _ in range(2):
            assert await book.advise(make_request()) == HostAnswer(response_code="00")
        table = "account_transaction" if book_of is AccountBook else "simulated_authorization"
        assert await fetch(engine, f"SELECT count(*) FROM {table}") == [(1,)]

    run(work)
