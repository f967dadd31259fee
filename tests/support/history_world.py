"""A world for random histories: two workers on one database, fixed identifiers, and all records at a look."""

import asyncio
import hashlib
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from parcela.app import open_engine
from parcela.catalogue_files import read_yaml
from parcela.domain.ids import compose_snowflake
from parcela.operations import catalogue, people
from parcela.operations.catalogue import Proposal
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.settings import Settings
from parcela.store import ledger, world
from tests.support.servicing import PROVIDER_ID

T = TypeVar("T")
Row = dict[str, Any]

START = date(2030, 1, 31)
"""The last day of a month, so that monthly rows are clamped and come back."""
CREDIT_LOW, DEBIT_LOW = "2303770000000000000", "5110920000000000000"
LIST_BOUNDS = "2303770003300000000", "2303770003399999999"
CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
TERMS = (
    "{count: 6, interval: monthly, first_due: transaction_date}",
    "{count: 4, interval: monthly, rate: '14.9', fees: [{kind: percent, value: '1.5', placement: spread}]}",
    "{count: 3, interval: biweekly, first_due: transaction_date, fees: [{kind: fixed, value: '7'}]}",
    "{count: 5, interval: weekly, rate: '29.9', first_due: transaction_date}",
)

_QUERIES = {
    "plans": "SELECT plan_id::text, account_id::text, transaction_id::text, state, currency, amount_minor,"
    " total_minor, uncleared_minor, refunded_minor, written_off_minor, recovered_minor, is_held, resumes_on,"
    " opened_at::date AS opened_on, lock_version FROM serviced_plan ORDER BY plan_id",
    "rows": "SELECT plan_id::text, number, due_date, state, amount_minor, principal_minor, interest_minor,"
    " fee_minor, paid_minor, billed_on FROM serviced_row ORDER BY plan_id, number",
    "transactions": "SELECT transaction_id::text, account_id::text, state, plan_id::text, amount_minor,"
    " authorized_minor, cleared_minor, refunded_minor, is_disputed, response_code, lock_version"
    " FROM account_transaction ORDER BY transaction_id",
    "accounts": "SELECT account_id::text, provider_id::text, pan_index, currency, funding, credit_limit_minor"
    " FROM card_account JOIN card USING (tenant_id, card_id) ORDER BY account_id",
    "sums": "SELECT book::text, kind, debit_code::text, credit_code::text, currency,"
    " CASE WHEN credit_code = 'installment_receivable' THEN credit_owner::text END AS plan_id,"
    " sum(amount_minor)::bigint AS amount_minor"
    " FROM ledger_entry JOIN posting USING (tenant_id, book, number)"
    " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
    "events": "SELECT subject, type, count(*) FROM event GROUP BY 1, 2 ORDER BY 1, 2",
    "members": "SELECT pan_list_id::text, pan_index FROM pan_list_member JOIN card USING (tenant_id, card_id)"
    " ORDER BY 1, 2",
    "counts": "SELECT (SELECT count(*) FROM plan) AS plan, (SELECT count(*) FROM installment) AS installment,"
    " (SELECT count(*) FROM letter) AS letter, (SELECT count(*) FROM pan_list) AS pan_list,"
    " (SELECT count(*) FROM servicing_command) AS servicing_command, (SELECT count(*) FROM card) AS card,"
    " (SELECT count(*) FROM statement) AS statement, (SELECT count(*) FROM ledger_entry) AS ledger_entry,"
    " (SELECT count(*) FROM posting) AS posting, (SELECT count(*) FROM audit) AS audit,"
    " (SELECT coalesce(sum(delivered + parked + due), 0)::bigint FROM delivery_balance) AS counted_letters",
    # Owners of postings that are neither the book's account, nor its issuer, nor a plan of the account.
    "strangers": "SELECT book::text, owner::text FROM ledger_movement m"
    " WHERE NOT EXISTS (SELECT FROM card_account a"
    " WHERE (a.tenant_id, a.account_id) = (m.tenant_id, m.book) AND (m.owner IN (a.account_id, a.provider_id)"
    " OR EXISTS (SELECT FROM serviced_plan p WHERE (p.tenant_id, p.plan_id, p.account_id)"
    " = (m.tenant_id, m.owner, m.book))))",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the database holds, as of one instant; `broken` is what the views named `broken_…` found."""

    plans: dict[str, Row]
    rows: dict[str, list[Row]]
    transactions: dict[str, Row]
    accounts: dict[str, Row]
    sums: list[Row]
    events: dict[tuple[str, str], int]
    members: dict[str, set[bytes]]
    counts: Row
    strangers: list[Row]
    broken: list[tuple[str, str]]

    def list_plans_of(self, account_id: str) -> list[Row]:
        """The plans of an account."""
        return [plan for plan in self.plans.values() if plan["account_id"] == account_id]

    def sum_unpaid(self, plan_id: str) -> int:
        """What is billed and unpaid of a plan."""
        return sum(
            row["amount_minor"] - row["paid_minor"]
            for row in self.rows[plan_id]
            if row["state"] in ("billed", "late")
        )

    def list_scheduled(self, plan_id: str) -> list[Row]:
        """The rows of a plan that are not billed yet."""
        return [row for row in self.rows[plan_id] if row["state"] == "scheduled"]

    def find_refundable(self, transaction_id: str | None, plan_id: str | None) -> int:
        """The most that a merchant may still give back: of what was cleared, or only financed."""
        transaction = self.transactions.get(transaction_id or "")
        plan = self.plans.get(plan_id or "")
        cleared = transaction["cleared_minor"] - transaction["refunded_minor"] if transaction else 0
        financed = plan["amount_minor"] - plan["refunded_minor"] if plan else 0
        return max(0, cleared, financed)

    def balance(self, account_id: str, code: str) -> int:
        """Debits less credits of an account in its own book."""
        return sum(
            ((line["debit_code"] == code) - (line["credit_code"] == code)) * line["amount_minor"]
            for line in self.sums
            if line["book"] == account_id
        )


class FixedIds:
    """Identifiers that are the same in every run of one history; all workers of a world share them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new_uuid(self) -> str:
        """A UUID of version 7, each above the one before."""
        number = next(self._numbers)
        text = f"{0x0198C5A00000 + number:012x}70008{number:015x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def next_offer_transaction_id(self) -> int:
        """A snowflake."""
        milliseconds = 600_000_000_000 + next(self._numbers)
        return compose_snowflake(milliseconds=milliseconds, worker=1, sequence=0)

    def random_bytes(self, count: int) -> bytes:
        """Bytes that anybody can guess."""
        return hashlib.sha512(str(next(self._numbers)).encode()).digest()[:count]


class HistoryWorld:
    """One database with two workers, on an event loop of its own."""

    def __init__(self, database_url: str, home: Path) -> None:
        self._runner = asyncio.Runner()
        self._views = ""
        self.engines = [self.run(_open(database_url, home)) for _ in range(2)]
        ids = FixedIds()
        for place, opened in enumerate(self.engines):
            self.engines[place] = Engine(
                database=opened.database,
                vault=opened.vault,
                clock=opened.clock,
                ids=ids,
                policy=opened.policy,
            )
            self.run(self.engines[place].start())

    @property
    def engine(self) -> Engine:
        """The first worker."""
        return self.engines[0]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop of the workers."""
        return self._runner.run(work)

    def close(self) -> None:
        """End connections and loop."""
        for engine in self.engines:
            self.run(engine.database.close())
        self._runner.close()

    async def read_records(self) -> Records:
        """All records and what the views find, in one transaction."""
        async with (
            self.engine.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            if not self._views:
                names = await connection.fetch(
                    "SELECT viewname FROM pg_views WHERE starts_with(viewname, 'broken_') ORDER BY 1"
                )
                assert len(names) >= 18
                self._views = " UNION ALL ".join(
                    f"SELECT '{row['viewname']}', to_json(broken)::text FROM {row['viewname']} AS broken"
                    for row in names
                )
            found = {
                name: [dict(row) for row in await connection.fetch(query)] for name, query in _QUERIES.items()
            }
            broken = [(row[0], row[1]) for row in await connection.fetch(self._views)]
        rows: dict[str, list[Row]] = {}
        for row in found["rows"]:
            rows.setdefault(row["plan_id"], []).append(row)
        members: dict[str, set[bytes]] = {}
        for row in found["members"]:
            members.setdefault(row["pan_list_id"], set()).add(row["pan_index"])
        return Records(
            plans={row["plan_id"]: row for row in found["plans"]},
            rows=rows,
            transactions={row["transaction_id"]: row for row in found["transactions"]},
            accounts={row["account_id"]: row for row in found["accounts"]},
            sums=found["sums"],
            events={(row["subject"], row["type"]): row["count"] for row in found["events"]},
            members=members,
            counts=found["counts"][0],
            strangers=found["strangers"],
            broken=broken,
        )


async def post_again(world: HistoryWorld, database_url: str, home: Path) -> None:
    """39: all entries, posted in their order into another database, make the same books and balances."""
    query = (
        "SELECT book::text, last_number, last_hash FROM ledger_book ORDER BY 1",
        "SELECT owner::text, code::text, currency, balance_minor FROM ledger_balance ORDER BY 1, 2, 3",
    )
    other = await _open(database_url, home)
    try:
        async with world.engine.database.connection() as connection:
            books = [await connection.fetch(one) for one in query]
            entries = [
                posted.entry
                for book in books[0]
                for posted in await ledger.list_entries(connection, MAIN_TENANT, book["book"], limit=10_000)
            ]
        async with other.database.transaction() as connection:
            await ledger.insert_entries(connection, MAIN_TENANT, entries)
            assert [await connection.fetch(one) for one in query] == books
    finally:
        await other.database.close()


async def set_up(database_url: str, home: Path) -> None:
    """Put debit cards, programs in four currencies and the first day into a database with the demo world."""
    engine = await _open(database_url, home)
    try:
        operator = await people.get_person(engine, "operator@sandbox.example")
        second = await people.get_person(engine, "second-operator@sandbox.example")
        wanted = catalogue.parse_catalogue(read_yaml(_write_catalogue()))
        proposed = await catalogue.propose(engine, operator, Proposal(summary="history", wanted=wanted))
        await catalogue.approve(engine, second, proposed.change_set_id)
        seen = await engine.look()
        noon = datetime(START.year, START.month, START.day, 12, tzinfo=UTC)
        async with engine.database.connection() as connection:
            await world.move_clock(connection, noon - seen.now)
    finally:
        await engine.database.close()


async def _open(database_url: str, home: Path) -> Engine:
    return await open_engine(Settings(home=home, public_url="http://parcela.test"), database_url)


def _write_catalogue() -> str:
    lines = ["parcela_catalogue: 1", "account_ranges:"]
    lines += [f'  - {{low: "{DEBIT_LOW}", high: "5110929999999999999", provider_id: {PROVIDER_ID},']
    lines += ["     country: USA, funding: debit}", "programs:"]
    offer_ids: list[str] = []
    for currency, terms in itertools.product(CURRENCIES, TERMS):
        offer_ids.append(f"{90_200_000 + len(offer_ids)}")
        lines += [f'  - {{offer_id: "{offer_ids[-1]}", provider_id: {PROVIDER_ID}, currency: {currency},']
        lines += [f"     terms: {terms}, begin: 2020-01-01T00:00:00Z, end: 2099-12-31T23:59:59Z}}"]
    lines += ["offer_groups:", f"  - {{code: history, provider_id: {PROVIDER_ID}, name: History,"]
    quoted = ", ".join(f'"{offer_id}"' for offer_id in offer_ids)
    lines += [f'     offer_ids: [{quoted}], range_lows: ["{CREDIT_LOW}", "{DEBIT_LOW}"]}}']
    return "\n".join(lines)
