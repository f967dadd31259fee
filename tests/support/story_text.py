"""A story told as text: letters and their tries, postings, every balance, and the rows that changed."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from parcela.sandbox.setup import PROVIDER_ID
from tests.support.story_world import StoryWorld

GOLDEN_FOLDER = Path(__file__).parents[1] / "golden" / "stories"
REWRITE = "REWRITE_GOLDEN_STORIES"
"""Environment variable: `1` writes the golden texts anew. Check every number by hand before you keep them."""

_HASH = re.compile(r"\b[0-9a-f]{64}\b")
"""In event ids of the switch, which are made with a key of the world."""


class Tale:
    """What happens in a world, step by step, as the set-up API shows it. Ids are told by names."""

    def __init__(self, world: StoryWorld) -> None:
        self.world = world
        self.lines: list[str] = []
        self.account_id: str | None = None
        self.plan_ids: list[str] = []
        self._names: dict[str, str] = {PROVIDER_ID: "bank"}
        self._letters: dict[str, str] = {}
        self._rows: dict[tuple[str, int], str] = {}
        self._entries_told = 0

    def name(self, id_: str, name: str) -> None:
        """From now on an id is told by this name."""
        self._names[id_] = name

    def follow_plan(self, plan_id: str, name: str = "PLAN") -> None:
        """Tell of this plan, from the moment the processor knows it."""
        self.name(plan_id, name)
        self.plan_ids.append(plan_id)

    def follow_card(self, last_four: str) -> str:
        """Tell of the account of this card, which there is by now; its id."""
        (account,) = self.world.call("GET", f"/accounts?last_four={last_four}")["items"]
        account_id: str = account["account_id"]
        self.account_id = account_id
        self.name(account_id, "card")
        for transaction in self.world.call("GET", f"/accounts/{account_id}/transactions")["items"]:
            self._names.setdefault(transaction["transaction_id"], f"purchase-{transaction['stan']}")
        return account_id

    def note(self, text: str) -> None:
        """A line of its own."""
        self.lines.append(f"  {self._hide_ids(text)}")

    def tell(self, what: str) -> None:
        """Write what happened since the last step, and how everything stands."""
        self.lines += (
            ["", f"# {self.world.today}  {what}"] if self.lines else [f"# {self.world.today}  {what}"]
        )
        self._tell_letters()
        if self.account_id is not None:
            self._tell_entries(self.account_id)
            self._tell_balances(self.account_id)
        for plan_id in self.plan_ids:
            self._tell_plan(plan_id)

    def list_balances(self) -> list[str]:
        """The balance of every account of card, plans and bank that was ever posted to."""
        return [
            f"{self._name_account(balance)} {balance['amount']}"
            for owner in (self.account_id, *self.plan_ids, PROVIDER_ID)
            for balance in self._list(f"/ledger/owners/{owner}/balances")
        ]

    def check(self, name: str) -> None:
        """Compare with the golden text of this name."""
        file = GOLDEN_FOLDER / f"{name}.txt"
        text = "\n".join(line.rstrip() for line in self.lines) + "\n"
        if os.environ.get(REWRITE) == "1":
            file.write_text(text)
        assert text == file.read_text()

    def _hide_ids(self, text: str) -> str:
        for found, name in self._names.items():
            text = text.replace(found, name)
        return _HASH.sub("HASH", text)

    def _tell_letters(self) -> None:
        for letter in reversed(self.world.call("GET", "/deliveries")["items"]):
            history = self.world.call("GET", f"/deliveries/{letter['letter_id']}")
            told = describe_letter(history)
            if self._letters.get(letter["letter_id"]) != told:
                self._letters[letter["letter_id"]] = told
                self.lines += self._hide_ids(told).splitlines()

    def _tell_entries(self, account_id: str) -> None:
        path = f"/ledger/books/{account_id}/entries?limit=1000&after={self._entries_told}"
        for entry in self._list(path):
            self._entries_told = entry["number"]
            reverses = f"  reverses {entry['reverses']}" if entry["reverses"] else ""
            self.lines.append(self._hide_ids(f"  {entry['event_key']}{reverses}"))
            for posting in entry["postings"]:
                debit, credit = self._name_account(posting["debit"]), self._name_account(posting["credit"])
                self.lines.append(f"    Dr {debit:<30} Cr {credit:<30} {posting['amount']:>9}")

    def _tell_balances(self, account_id: str) -> None:
        told = self.list_balances()
        for place in range(0, len(told), 4):
            self.lines.append(
                f"  {'balances' if not place else '        '}  {', '.join(told[place : place + 4])}"
            )
        account = self.world.call("GET", f"/accounts/{account_id}")
        self.lines.append(f"  holds {account['holds']}, available {account['available']}")

    def _tell_plan(self, plan_id: str) -> None:
        answer = self.world.request("GET", f"/serviced-plans/{plan_id}")
        name = self._names[plan_id]
        if answer.status_code == 404:
            self.lines.append(f"  {name} is not known to the processor")
            return
        plan = answer.json()
        held = ", held" if plan["is_held"] else ""
        self.lines.append(
            f"  {name} {plan['state']}{held}: outstanding {plan['outstanding']}, "
            f"uncleared {plan['uncleared']}, refunded {plan['refunded']}"
        )
        for row in plan["rows"]:
            told = describe_row(row)
            if self._rows.get((plan_id, row["number"])) != told:
                self._rows[plan_id, row["number"]] = told
                self.lines.append(told)

    def _list(self, path: str) -> list[dict[str, Any]]:
        answer = self.world.request("GET", path)
        found: list[dict[str, Any]] = [] if answer.status_code == 404 else answer.json()["items"]
        return found

    def _name_account(self, account: dict[str, Any]) -> str:
        return f"{account['code']}[{self._hide_ids(account['owner'])}]"


def describe_letter(history: dict[str, Any]) -> str:
    """The letter and its tries, with seconds from the first one."""
    letter, tries = history["letter"], history["attempts"]
    lines = [f"  letter about {letter['subject_id']}: {letter['status']}"]
    if not tries:
        return lines[0]
    begin = datetime.fromisoformat(tries[0]["scheduled_at"])
    for attempt in tries:
        offset = datetime.fromisoformat(attempt["scheduled_at"]) - begin
        lines.append(
            f"    try {attempt['number']} at +{offset.total_seconds():g} s: {attempt['http_status']}, "
            f"{attempt['outcome']}, then {attempt['decision']}"
        )
    if letter["next_attempt_at"] is not None:
        offset = datetime.fromisoformat(letter["next_attempt_at"]) - begin
        lines.append(f"    next at +{offset.total_seconds():g} s")
    return "\n".join(lines)


def describe_row(row: dict[str, Any]) -> str:
    """One row of a plan."""
    parts = f"{row['principal']} + {row['interest']} + {row['fee']}"
    paid = f", paid {row['paid']}" if row["paid"] != "0.00" else ""
    billed = f", billed {row['billed_on']}" if row["billed_on"] else ""
    head = f"    {row['number']:>2}  {row['due_date']}  {row['amount']:>8}"
    return f"{head} = {parts:<22} {row['state']}{billed}{paid}"
