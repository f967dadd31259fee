"""What must be true after a siege: nothing lost, nothing doubled, books whole. It lists what is not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import asyncpg

from tests.support.buyers import CARDS
from tests.support.killing import make_environ, run_parcela
from tests.support.siege import Scene, Siege

TRIES_IN_FLIGHT = 4
"""What a worker has under way to one destination at most: so many are in doubt when it is killed."""

_PLANS = """
SELECT p.plan_id::text AS plan_id, p.offer_transaction_id::text AS offer_transaction_id, p.offer_id,
    count(l.letter_id) AS letters, min(l.status) AS status, min(l.correlation_id) AS correlation_id
FROM plan p LEFT JOIN letter l ON l.tenant_id = p.tenant_id AND l.subject_id = p.plan_id
GROUP BY p.tenant_id, p.plan_id
"""
_SERVICED = """
WITH today AS MATERIALIZED (
    SELECT (clock_timestamp() + clock_offset)::date AS today FROM world
), told AS MATERIALIZED (
    SELECT tenant_id, subject, count(*) FILTER (WHERE type = 'plan.noticed') AS noticed,
        count(*) FILTER (WHERE type = 'plan.opened') AS opened,
        count(*) FILTER (WHERE type = 'installment.billed') AS events
    FROM event GROUP BY tenant_id, subject
), opening AS MATERIALIZED (
    SELECT tenant_id, event_key, count(*) AS openings FROM ledger_entry
    WHERE kind = 'plan.opened' GROUP BY tenant_id, event_key
), rows AS MATERIALIZED (
    SELECT r.tenant_id, r.plan_id, count(*) FILTER (WHERE due_date <= today) AS due,
        count(*) FILTER (WHERE due_date <= today AND state IN ('billed', 'late')) AS billed,
        count(*) FILTER (WHERE due_date > today AND state <> 'scheduled') AS billed_early,
        count(e.event_key) AS entries
    FROM today CROSS JOIN serviced_row r LEFT JOIN ledger_entry e ON e.tenant_id = r.tenant_id
        AND e.event_key = 'plan:' || r.plan_id || ':row:' || r.number || ':billed'
    GROUP BY r.tenant_id, r.plan_id
)
SELECT s.plan_id::text AS plan_id, s.state, openings, noticed, opened,
    due, billed, billed_early, entries, events
FROM serviced_plan s
JOIN rows ON rows.tenant_id = s.tenant_id AND rows.plan_id = s.plan_id
LEFT JOIN told ON told.tenant_id = s.tenant_id AND told.subject = s.plan_id::text
LEFT JOIN opening ON opening.tenant_id = s.tenant_id AND opening.event_key = 'plan:' || s.plan_id || ':opened'
"""
_ENTRIES = "SELECT kind, count(*) AS count FROM ledger_entry GROUP BY kind"


async def list_problems(scene: Scene, siege: Siege) -> list[str]:
    """Everything that is not as it must be; empty when the siege was withstood."""
    connection = await asyncpg.connect(scene.database_url)
    try:
        plans = [dict(row) for row in await connection.fetch(_PLANS)]
        serviced = {row["plan_id"]: dict(row) for row in await connection.fetch(_SERVICED)}
        entries = {row["kind"]: row["count"] for row in await connection.fetch(_ENTRIES)}
        unknown = await connection.fetchval(
            "SELECT count(*) FROM delivery_attempt WHERE outcome = 'unknown'", timeout=60
        )
    finally:
        await connection.close()
    problems = [
        *_compare_plans(siege, plans),
        *_check_servicing(plans, serviced, entries),
        *_check_sightings(siege, plans),
        *_check_doubled(siege, unknown),
        *_search_logs(scene),
    ]
    environ = make_environ(database_url=scene.database_url, home=str(scene.home))
    code, output = await run_parcela(environ, "ledger", "check")
    return problems if code == 0 else [*problems, f"parcela ledger check ended with {code}: {output}"]


def count_doubled(siege: Siege) -> int:
    """Notifications that came although an earlier one of the same plan had been answered 201."""
    delivered: set[str] = set()
    doubled = 0
    for sighting in siege.seen:
        doubled += sighting.plan_id in delivered
        if sighting.status == 201:
            delivered.add(sighting.plan_id)
    return doubled


def _compare_plans(siege: Siege, plans: list[dict[str, Any]]) -> Iterator[str]:
    """What partners were told was saved is what was saved, once for each purchase."""
    told = {one.plan_id: (one.offer_transaction_id, one.offer_id) for one in siege.bought}
    held = {plan["plan_id"]: (plan["offer_transaction_id"], plan["offer_id"]) for plan in plans}
    if len(told) != siege.orders.purchases:
        yield f"{siege.orders.purchases} purchases were told of {len(told)} plans"
    yield from _show("plans are lost", told.keys() - held.keys())
    yield from _show("plans were never told", held.keys() - told.keys())
    yield from _show("plans are of another purchase", {key for key in told if told[key] != held.get(key)})
    yield from _show("plans have not one letter", {p["plan_id"] for p in plans if p["letters"] != 1})
    yield from _show("letters are left", {p["plan_id"] for p in plans if p["status"] != "delivered"})


def _check_servicing(
    plans: list[dict[str, Any]], serviced: Mapping[str, dict[str, Any]], entries: Mapping[str, int]
) -> Iterator[str]:
    """Each plan is open at the issuer's once, each due row billed once, and nothing else is posted."""
    ids = {plan["plan_id"] for plan in plans}
    yield from _show("plans are not serviced", ids - serviced.keys())
    yield from _show("serviced plans are nobody's", serviced.keys() - ids)
    opened_once = {"openings": 1, "noticed": 1, "opened": 1, "billed_early": 0, "state": "active"}
    for row in serviced.values():
        billed = {row[name] for name in ("due", "billed", "entries", "events")}
        if not opened_once.items() <= row.items() or len(billed) != 1 or row["due"] < 2:
            yield f"a plan is not opened once and billed twice or more often: {row}"
    wanted = {"plan.opened": len(ids), "installment.billed": sum(row["due"] for row in serviced.values())}
    if dict(entries) != wanted:
        yield f"the ledger has {dict(entries)}, not {wanted}"


def _check_sightings(siege: Siege, plans: list[dict[str, Any]]) -> Iterator[str]:
    """The issuer was told of every plan, of no other, and under one correlation id however often."""
    ids = {plan["plan_id"]: plan["correlation_id"] for plan in plans}
    answered = {sighting.plan_id for sighting in siege.seen if sighting.status == 201}
    yield from _show("plans were never answered 201", ids.keys() - answered)
    yield from _show("plans were told that nobody made", {s.plan_id for s in siege.seen} - ids.keys())
    others = {s.plan_id for s in siege.seen if s.correlation_id != ids.get(s.plan_id)}
    yield from _show("plans were told under another correlation id", others)
    statuses = Counter(sighting.status for sighting in siege.seen)
    if statuses.keys() - {201, 503, None}:
        yield f"the issuer answered {dict(statuses)}"


def _check_doubled(siege: Siege, unknown: int) -> Iterator[str]:
    """Only what was under way at the end of a sender may come again (`spec/reliability.md` G3.2)."""
    senders = 1 + sum(not kill.name.startswith("issuer") for kill in siege.kills)
    most = (senders + siege.orders.database_restarts * 2) * TRIES_IN_FLIGHT
    doubled = count_doubled(siege)
    if doubled > most:
        yield f"{doubled} notifications came again, at most {most} could"
    # A worker claims ahead of its slots: tries that it never began are unknown to us as well.
    if unknown == 0 < doubled:
        yield f"{doubled} notifications came again, and no try is known to be in doubt"


def _search_logs(scene: Scene) -> Iterator[str]:
    """No card number in any log, and no fault that nobody expected."""
    for file in sorted(scene.folder.glob("*.log")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if any(card in text for card in CARDS):
            yield f"{file.name} holds a card number"


def _show(what: str, found: Iterable[str]) -> Iterator[str]:
    keys = sorted(found)
    if keys:
        yield f"{len(keys)} {what}, such as {keys[0]}"
