"""The ledger as operators see it over HTTP."""

from tests.support.admin_world import AdminWorld
from tests.support.ledger_entries import ACCOUNT, PLAN, PROVIDER, enter, move, open_a_plan

from parcela.domain.ledger import LedgerCode
from parcela.store.database import Connection
from parcela.store.ledger import insert_entries, list_entries

PAYMENT = enter("payment:1", move(4000, LedgerCode.CASH, LedgerCode.CARD_BALANCE))


def test_balances_entries_and_proof(admin: AdminWorld) -> None:
    async def post(connection: Connection) -> list[str]:
        await insert_entries(connection, 1, open_a_plan())
        return [posted.hash.hex() for posted in await list_entries(connection, 1, ACCOUNT)]

    hashes = admin.run(admin.engine.database.run(post))
    trial = admin.call("operator", "GET", "/ledger/balances")
    assert (trial.status, trial.json) == (
        200,
        {
            "items": [
                {"code": code, "owner": None, "currency": "USD", "amount": amount}
                for code, amount in (
                    ("card_balance", "101.50"),
                    ("clearing", "600.00"),
                    ("installment_receivable", "500.00"),
                    ("interest_income", "1.50"),
                    ("purchases", "0.00"),
                )
            ]
        },
    )
    assert admin.call("operator", "GET", f"/ledger/owners/{PLAN}/balances").json == {
        "items": [{"code": "installment_receivable", "owner": PLAN, "currency": "USD", "amount": "500.00"}]
    }
    page = admin.call("operator", "GET", f"/ledger/books/{ACCOUNT}/entries?after=2&limit=1")
    assert (page.status, page.json) == (
        200,
        {
            "items": [
                {
                    "number": 3,
                    "event_key": "plan:1:row:1:billed",
                    "kind": "test",
                    "posted_at": "2025-01-31T12:30:15.123456Z",
                    "currency": "USD",
                    "reverses": None,
                    "postings": [
                        {
                            "debit": {"code": "card_balance", "owner": ACCOUNT},
                            "credit": {"code": "installment_receivable", "owner": PLAN},
                            "amount": "100.00",
                        },
                        {
                            "debit": {"code": "card_balance", "owner": ACCOUNT},
                            "credit": {"code": "interest_income", "owner": PROVIDER},
                            "amount": "1.50",
                        },
                    ],
                    "hash": hashes[2],
                }
            ]
        },
    )


def test_the_proof_says_how_much_it_covers_and_what_is_broken(admin: AdminWorld) -> None:
    async def post(connection: Connection) -> None:
        await insert_entries(connection, 1, [PAYMENT])

    admin.run(admin.engine.database.run(post))
    whole = admin.call("operator", "GET", "/ledger/check")
    assert (whole.status, whole.json) == (200, {"entries": 1, "books": 1, "breaks": []})

    async def damage(connection: Connection) -> None:
        await connection.execute("UPDATE ledger_book SET last_number = 2")

    admin.run(admin.engine.database.run(damage))
    assert admin.call("operator", "GET", "/ledger/check").json["breaks"] == [
        {
            "view": "broken_ledger_number",
            "key": f"book {ACCOUNT}, number 1",
            "what": "is the last entry, its book says 2",
        }
    ]


def test_an_unknown_book_and_a_wrong_page_are_refused(admin: AdminWorld) -> None:
    unknown = admin.call("operator", "GET", f"/ledger/books/{ACCOUNT}/entries")
    assert (unknown.status, unknown.json) == (
        404,
        {"error": {"code": "not_found", "message": f"There is no book '{ACCOUNT}'."}},
    )
    for query, member in (("after=x", "after"), ("limit=0", "limit"), ("limit=1001", "limit")):
        refused = admin.call("operator", "GET", f"/ledger/books/{ACCOUNT}/entries?{query}")
        assert (refused.status, refused.json["error"]["member"]) == (400, member)
