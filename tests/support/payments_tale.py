"""A merchant's story told as text: what was asked, which events came of it, and every record that changed."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.identities import list_identity_faults, list_objects
from tests.support.payments_world import Answer, PaymentsWorld
from tests.support.refund_acts import add_card, check_books
from tests.support.story_text import GOLDEN_FOLDER, REWRITE

Record = Mapping[str, Any]
MONDAY = "2030-01-07 09:00"
_NAMES = {"pay": "PAY", "re": "RE", "setl": "SETL", "plan": "PLAN", "po": "PO", "we": "HOOK", "rpt": "REPORT"}


class PaymentsTale:
    """What happens to an account, step by step, as its own API shows it. Ids are told by names.

    Instants are those of the account's zone. What a call does is told to the minute, so calls that follow a
    move of the clock to a full minute have most of that minute.
    """

    def __init__(self, world: PaymentsWorld, *, start: str = MONDAY, zone: str = "UTC") -> None:
        self.world = world
        self.zone = ZoneInfo(zone)
        self.lines: list[str] = []
        self._names: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._last_event: str | None = None
        self._pending: list[str] = []
        self.go(start)
        self._read_events()
        self._pending.clear()

    def go(self, to: str) -> None:
        """Move the account's clock to an instant of its zone, `2030-01-31 06:00`; what falls due happens."""
        self._now = datetime.fromisoformat(to).replace(tzinfo=self.zone)
        answer = self.world.post("/v1/test/clock/advance", {"to": int(self._now.timestamp())})
        assert answer.status == 200, answer.raw

    def ask(self, method: str, path: str, body: Record | None = None, *, says: str | None = None) -> Answer:
        """A call of the story, told with its answer."""
        answer = self.world.ask(method, path, body)
        self.note(f"{says or f'{method} {path}'}: {self._describe(answer)}")
        return answer

    def buy(
        self,
        number: str,
        *,
        amount: int = 60000,
        count: int | None = 3,
        starts: str | None = None,
        email: str = "ada@shop.example",
        **members: Any,
    ) -> Record:
        """A payment that is made at once with a card, in `count` payments or (None) in one."""
        wish: dict[str, Any] = {} if count is None else {"installments": {"enabled": True, "count": count}}
        if starts is not None:
            wish["installments"]["firstPaymentDate"] = starts
        body = {"amount": amount, "paymentMethod": add_card(self.world, number, email=email), **wish}
        answer = self.ask("POST", "/v1/payments", {**body, **members}, says=f"pay {amount}")
        return answer.body

    def refund(self, payment: Record, amount: int | None = None, **members: Any) -> Record:
        """A refund that a preview promised to the letter, or a refusal that the preview told as well."""
        wanted = {"payment": payment["id"]} | ({} if amount is None else {"amount": amount})
        preview = self.world.post("/v1/refunds/preview", wanted)
        promise = {"preview": preview.body["id"]} if preview.status == 200 else {}
        says = f"refund {'all' if amount is None else amount}"
        answer = self.ask("POST", "/v1/refunds", {**wanted, **promise, **members}, says=says)
        if answer.status != 201:
            assert (preview.status, preview.code) == (answer.status, answer.code)
            return {}
        effect = {name: preview.body[name] for name in ("plan", "cashBack", "interestBack", "feesBack")}
        assert answer.body["effect"] == effect
        return answer.body

    def note(self, text: str) -> None:
        """A line of the next step."""
        self._pending.append(f"  {self._hide_ids(text)}")

    def tell(self, what: str) -> None:
        """Write what happened since the last step and what changed, and check every identity."""
        now = self._now.astimezone(self.zone)
        self.lines += [""] if self.lines else []
        self.lines.append(f"# {now:%Y-%m-%d %a %H:%M}  {what}")
        self._read_events()
        self._read_records()
        self.lines += self._pending
        self._pending = []
        check_books(self.world)
        assert list_identity_faults(self.world) == []

    def check(self, name: str) -> None:
        """Compare with the golden text of this name."""
        file: Path = GOLDEN_FOLDER / f"{name}.txt"
        text = "\n".join(line.rstrip() for line in self.lines) + "\n"
        if os.environ.get(REWRITE) == "1":
            file.write_text(text)
        assert text == file.read_text()

    def _describe(self, answer: Answer) -> str:
        if answer.status < 400:
            return f"{answer.status} {answer.body.get('status', '')}".rstrip()
        error = answer.error
        details = (
            f" {error['details']}" if error.get("details") and error["code"] == "amount_too_large" else ""
        )
        reason = f" {error['decline_code']}" if error.get("decline_code") else ""
        return f"{answer.status} {error['code']}{reason}{details}"

    def _read_events(self) -> None:
        """Events in their order. One of a move has the instant at which it fell due."""
        events = list_objects(self.world, "/v1/events")
        told = [event["id"] for event in events]
        fresh = events[told.index(self._last_event) + 1 :] if self._last_event else events
        for event in fresh:
            at = datetime.fromtimestamp(event["created"], UTC).astimezone(self.zone)
            subject = self._name(event["data"]["object"])
            self._pending.append(f"  {at:%m-%d %H:%M}  {event['type']:<32} {subject}".rstrip())
        if events:
            self._last_event = told[-1]

    def _read_records(self) -> None:
        for payment in list_objects(self.world, "/v1/payments"):
            self._tell_payment(payment)
        for refund in list_objects(self.world, "/v1/refunds"):
            self._tell_once(refund["id"], [self._write_refund(refund)])
        for row in list_objects(self.world, "/v1/balance-transactions"):
            self._tell_once(row["id"], [self._write_balance(row)])
        for settlement in list_objects(self.world, "/v1/settlements"):
            self._tell_once(settlement["id"], self._write_settlement(settlement))

    def _tell_once(self, key: str, lines: list[str]) -> None:
        text = "\n".join(lines)
        if self._told.get(key) != text:
            self._told[key] = text
            self._pending += lines

    def _tell_payment(self, payment: Record) -> None:
        fees = payment["feeBreakdown"]
        costs = f"{fees['processingFee']} + {fees['installmentFee']} = {fees['totalFee']}" if fees else "none"
        why = payment["cancellationReason"] or payment["declineCode"] or payment["failureMessage"] or ""
        self._tell_once(
            payment["id"],
            [
                f"  {self._name(payment)} {payment['status']}{f' ({why})' if why else ''}: "
                f"{payment['amount']} {payment['currency']}, captured {payment['amountCaptured']}, "
                f"refunded {payment['amountRefunded']}, pending {payment['amountRefundPending']}, "
                f"fees {costs}"
            ],
        )
        plan = payment["installments"]
        if not plan["enabled"]:
            return
        if plan["plan"] is None:
            codes = ", ".join(reason["code"] for reason in plan["unavailableReasons"])
            self._tell_once(f"{payment['id']} plan", [f"    no plan: {codes}"] if codes else [])
            return
        ignored = "".join(f", {one['field']} {one['reason']}" for one in plan["ignoredFields"])
        asked = "" if plan["count"] == plan["resolvedCount"] else f", asked for {plan['count']}"
        name = self._name({"object": "plan", "id": plan["plan"]})
        self._tell_once(
            plan["plan"],
            [
                f"    {name} {plan['status']}: {plan['resolvedCount']} by {plan['issuerProgram']}"
                f"{asked}{ignored}, total {plan['totalAmount']}, cost {plan['costOfCredit']}, "
                f"remaining {plan['remainingAmount']} in {plan['remainingCount']}"
            ],
        )
        for row in plan["schedule"]:
            parts = f"{row['principal']} + {row['interest']} + {row['fee']}"
            line = (
                f"    {row['number']:>3}  {row['dueDate']}  {row['amount']:>6} = {parts:<18} {row['status']}"
            )
            self._tell_once(f"{plan['plan']} {row['number']}", [line])

    def _write_refund(self, refund: Record) -> str:
        effect, why = refund["effect"], f" ({refund['failureReason']})" if refund["failureReason"] else ""
        rows = (
            "" if effect["plan"] is None else f", rows {[row['amount'] for row in effect['plan']['after']]}"
        )
        return (
            f"  {self._name(refund)} {refund['status']}{why}: {refund['kind']} {refund['amount']} of "
            f"{self._names[refund['payment']]}{rows}, cash back {effect['cashBack']}, "
            f"interest back {effect['interestBack']}, fees back {effect['feesBack']['totalFee']}, "
            f"seen {refund['expectedFrom']} to {refund['expectedBy']}"
        )

    def _write_balance(self, row: Record) -> str:
        where = (
            f"in {self._name({'object': 'settlement', 'id': row['settlement']})}" if row["settlement"] else ""
        )
        source = self._names.get(row["source"]) or self._name({"object": "payout", "id": row["source"]})
        return (
            f"  row {row['type']} {source}: {row['gross']} - {row['fee']} = {row['net']} {row['currency']}, "
            f"available {row['availableOn']} {where}".rstrip()
        ).removesuffix(" ")

    def _write_settlement(self, one: Record) -> list[str]:
        payout = self._name({"object": "payout", "id": one["payout"]}) if one["payout"] else "no payout"
        head = (
            f"  {self._name(one)} {one['status']}: {one['periodStart']} to {one['periodEnd']}, "
            f"available {one['availableOn']}, gross {one['gross']} - fees {one['fees']} = {one['net']} "
            f"{one['currency']}"
        )
        sums = (
            f"    {one['openingBalance']} + {one['net']} - {one['payoutAmount']} = {one['closingBalance']}, "
            f"{payout}"
        )
        return [
            head,
            sums,
            *(f"    {line['type']} {line['amount']} x{line['count']}" for line in one["lines"]),
        ]

    def _name(self, thing: Record) -> str:
        found = str(thing.get("id", ""))
        if thing.get("object") == "installment":
            return f"{self._name({'object': 'plan', 'id': thing['plan']})} row {thing['number']}"
        prefix = found.partition("_")[0]
        if found not in self._names and prefix in _NAMES:
            number = 1 + sum(1 for name in self._names.values() if name.startswith(f"{_NAMES[prefix]}-"))
            self._names[found] = f"{_NAMES[prefix]}-{number}"
        return self._names.get(found, str(thing.get("object", "")))

    def _hide_ids(self, text: str) -> str:
        for found, name in self._names.items():
            text = text.replace(found, name)
        return text
