"""A state machine over one account: everything a merchant can call, with a simple model beside it.

The model says what each call answers and where each payment stands; what time does by itself is read from the
events and checked against the bounds of the contract (`spec/payments.md` §§3.2, 4, 9.1 and 11.1).
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parcela.domain.refund_strategy import RefundStrategy
from tests.conftest import DemoTemplate
from tests.support.fresh_cards import add_fresh_card
from tests.support.identities import list_identity_faults, list_objects
from tests.support.payment_calls import CHALLENGED, DECLINED, NO_FUNDS, RETURN_URL, Page
from tests.support.payments_world import Answer, PaymentsWorld, open_payments_world
from tests.support.plan_buyers import MASTERCARD, PLAIN
from tests.support.refund_acts import check_books, find_now, list_balance
from tests.support.refund_model import ModelRow, RefundModel

CHALLENGED_PLAN = "5200828200000603"
CARDS = (MASTERCARD, MASTERCARD, MASTERCARD, PLAIN, DECLINED, NO_FUNDS, CHALLENGED, CHALLENGED_PLAN)
REFUSALS = {DECLINED: "generic_decline", NO_FUNDS: "insufficient_funds"}
PLAN_CARDS = (MASTERCARD, CHALLENGED_PLAN)
REFUNDABLE = ("completed", "partially_refunded")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIVES = {"pending": DAY, "requires_authentication": DAY, "authorized": 7 * DAY}
"""How long a status may last, where it ends by itself."""

LEGAL = {
    ("pending", "requires_authentication"),
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("requires_authentication", "completed"),
    ("requires_authentication", "authorized"),
    ("requires_authentication", "processing"),
    ("requires_authentication", "failed"),
    ("requires_authentication", "cancelled"),
    ("processing", "completed"),
    ("processing", "authorized"),
    ("processing", "failed"),
    ("authorized", "completed"),
    ("authorized", "cancelled"),
    ("completed", "partially_refunded"),
    ("completed", "refunded"),
    ("partially_refunded", "refunded"),
}
"""The table of §3.2 without the hosted page, whose refusals lead back."""

_FORM_TOKEN = re.compile('name="form_token" value="([A-Za-z0-9_-]{43})"')
_PAID = "installment.paid"
_CALLS = st.integers(0, 30)
_SHARES = st.sampled_from([None, Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(3, 2)])


@dataclass(kw_only=True)
class ModelPayment:
    """A payment as the model knows it. `since` is the account's time before and after it got its status."""

    payment_id: str
    amount: int
    status: str
    is_held: bool
    has_page: bool
    wants_plan: bool
    since: tuple[datetime, datetime]
    plan_id: str | None = None
    challenge_url: str | None = None
    refunds: RefundModel | None = None
    made: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)


class PaymentsBench:
    """What all machines of a search share: where databases come from, and what happened how often."""

    def __init__(self, template: DemoTemplate) -> None:
        self.template = template
        self.outcomes: Counter[str] = Counter()


class PaymentsMachine(RuleBasedStateMachine):
    """One account in a database of its own."""

    def __init__(self, bench: PaymentsBench) -> None:
        super().__init__()
        self.bench = bench
        self.payments: list[ModelPayment] = []
        self.position = 0
        self.secrets: list[str] = []
        self._stack = ExitStack()

    @initialize()
    def open_account(self) -> None:
        server, name = self.bench.template.server, f"test_{secrets.token_hex(6)}"
        server.create_database(name, template=self.bench.template.database)
        self._stack.callback(server.drop_database, name)
        self.world: PaymentsWorld = self._stack.enter_context(
            open_payments_world(server.url_of(name), self.bench.template.home)
        )
        body = {"url": "https://shop.example/hooks", "enabledEvents": ["*"]}
        added = self.world.post("/v1/webhook-endpoints", body)
        assert added.status == 201, added.raw
        self.endpoint_id, self.secrets = added.body["id"], [added.body["secret"]]

    def teardown(self) -> None:
        self._stack.close()

    # ------------------------------------------------------------ calls

    @rule(
        card=st.sampled_from(CARDS),
        mode=st.sampled_from(["now", "now", "now", "page", "intent"]),
        amount=st.integers(5_000, 90_000),
        is_held=st.sampled_from([False, False, True]),
        wants_plan=st.sampled_from([True, True, False]),
    )
    def create(self, card: str, mode: str, amount: int, is_held: bool, wants_plan: bool) -> None:
        body: dict[str, Any] = {"amount": amount, "returnUrl": RETURN_URL}
        if is_held:
            body["captureMethod"] = "manual"
        if wants_plan:
            body["installments"] = {"enabled": True, "count": 3, "program": "issuer"}
        if mode == "intent":
            body["confirm"] = False
        if mode == "now":
            body["paymentMethod"] = add_fresh_card(self.world, card)
        before = find_now(self.world)
        answer = self.world.post("/v1/payments", body)
        made = ModelPayment(
            payment_id=answer.body["id"] if answer.status == 201 else answer.error["resource"],
            amount=amount,
            status="pending",
            is_held=is_held,
            has_page=mode == "page",
            wants_plan=wants_plan,
            since=(before, find_now(self.world)),
        )
        self.payments.append(made)
        if mode == "now":
            self._submit(made, card, answer, before, success=201)
        else:
            assert (answer.status, answer.body["status"]) == (201, "pending")
            assert (answer.body["checkoutUrl"] is not None) is (mode == "page")
        self._count("create", mode)

    @precondition(lambda self: self.payments)
    @rule(which=_CALLS, card=st.sampled_from(CARDS))
    def confirm(self, which: int, card: str) -> None:
        payment = self._pick(which, "pending")
        # On a payment with a page a refusal leads back to the page, which is another story.
        method = add_fresh_card(self.world, PLAIN if payment.has_page else card)
        body = {"paymentMethod": method, "returnUrl": RETURN_URL}
        before = find_now(self.world)
        answer = self.world.post(f"/v1/payments/{payment.payment_id}/confirm", body)
        if payment.status != "pending":
            return self._refuse(answer, "confirm", "payment_not_confirmable")
        self._submit(payment, PLAIN if payment.has_page else card, answer, before, success=200)
        return self._count("confirm", payment.status)

    @precondition(lambda self: any(one.challenge_url for one in self.payments))
    @rule(which=_CALLS, what=st.sampled_from(["pass", "pass", "fail", "cancel"]))
    def answer_challenge(self, which: int, what: str) -> None:
        open_ones = [one for one in self.payments if one.challenge_url]
        payment = open_ones[which % len(open_ones)]
        url, payment.challenge_url = str(payment.challenge_url), None
        if payment.status != "requires_authentication":
            assert Page(self.world).get(url)[0] == 303
            return
        status, _, text = Page(self.world).get(url)
        match = _FORM_TOKEN.search(text)
        assert (status, match is not None) == (200, True)
        assert match is not None
        before = find_now(self.world)
        assert Page(self.world).post(url, answer=what, form_token=match[1])[0] == 303
        taken = "authorized" if payment.is_held else "completed"
        self._move(payment, {"pass": taken, "fail": "failed", "cancel": "cancelled"}[what], before)
        self._count("challenge", what)

    @precondition(lambda self: self.payments)
    @rule(which=_CALLS, share=_SHARES)
    def capture(self, which: int, share: Fraction | None) -> None:
        payment = self._pick(which, "authorized")
        amount = None if share is None else int(payment.amount * share)
        body = {} if amount is None else {"amount": amount}
        before = find_now(self.world)
        answer = self.world.post(f"/v1/payments/{payment.payment_id}/capture", body)
        if payment.status != "authorized":
            return self._refuse(answer, "capture", "payment_not_capturable")
        if amount is not None and amount > payment.amount:
            return self._refuse(answer, "capture", "capture_amount_too_large")
        if payment.plan_id and amount not in (None, payment.amount):
            return self._refuse(answer, "capture", "partial_capture_with_plan")
        assert (answer.status, answer.body["amountCaptured"]) == (200, amount or payment.amount), answer.raw
        self._move(payment, "completed", before)
        return self._count("capture", "whole" if amount in (None, payment.amount) else "part")

    @precondition(lambda self: len(self.payments) > 3)
    @rule(which=_CALLS)
    def cancel(self, which: int) -> None:
        payment = self._pick(which, *LIVES)
        before = find_now(self.world)
        answer = self.world.post(f"/v1/payments/{payment.payment_id}/cancel", {})
        if payment.status not in LIVES:
            return self._refuse(answer, "cancel", "payment_not_cancellable")
        assert (answer.status, answer.body["cancellationReason"]) == (200, "requested_by_merchant")
        self._move(payment, "cancelled", before)
        return self._count("cancel", "done")

    @precondition(lambda self: any(one.refunds for one in self.payments))
    @rule(which=_CALLS, share=_SHARES, fails=st.sampled_from([False, False, True]), is_promised=st.booleans())
    def refund(self, which: int, share: Fraction | None, fails: bool, is_promised: bool) -> None:
        captured = [one for one in self.payments if one.refunds]
        payment = captured[which % len(captured)]
        model = payment.refunds
        assert model is not None
        amount = None if share is None else max(1, int((model.maximum or model.full_amount) * share))
        wanted: dict[str, Any] = {"payment": payment.payment_id}
        wanted |= {} if amount is None else {"amount": amount}
        preview = self.world.post("/v1/refunds/preview", wanted)
        promise = {"preview": preview.body["id"]} if is_promised and preview.status == 200 else {}
        failure = {"metadata": {"parcela_simulate_failure": "destination_unreachable"}} if fails else {}
        before = find_now(self.world)
        answer = self.world.post("/v1/refunds", {**wanted, **promise, **failure})
        if payment.status not in REFUNDABLE:
            return self._refuse(answer, "refund", "payment_not_refundable")
        if model.is_refused(amount):
            assert preview.error["code"] == answer.code
            code = "payment_not_refundable" if amount is None else "amount_too_large"
            return self._refuse(answer, "refund", code)
        assert answer.status == 201, answer.raw
        effect = model.decide(amount)
        names = ("plan", "cashBack", "interestBack", "feesBack")
        assert answer.body["effect"] == {name: preview.body[name] for name in names}
        model.accept(answer.body["id"], effect)
        payment.made[answer.body["id"]] = (before, find_now(self.world))
        return self._count("refund", "full" if effect.is_full else "part")

    @precondition(lambda self: any(one.made for one in self.payments))
    @rule(which=_CALLS)
    def cancel_refund(self, which: int) -> None:
        made = [(one, refund_id) for one in self.payments for refund_id in one.made]
        payment, refund_id = made[which % len(made)]
        assert payment.refunds is not None
        is_pending = refund_id in [held for held, _ in payment.refunds.pending]
        is_young = find_now(self.world) < payment.made[refund_id][0] + HOUR
        answer = self.world.post(f"/v1/refunds/{refund_id}/cancel")
        if not (is_pending and is_young):
            return self._refuse(answer, "cancel refund", "refund_not_cancellable")
        assert (answer.status, answer.body["status"]) == (200, "cancelled")
        assert [kind for kind, _, _ in list_balance(self.world, refund_id)] == ["refund", "refund_reversal"]
        return self._count("cancel refund", "done")

    @rule(by=st.sampled_from(["P8D", "PT20M", "P1M", "P3D", "P1D", "PT6H"]))
    def advance(self, by: str) -> None:
        answer = self.world.post("/v1/test/clock/advance", {"by": by})
        assert answer.status == 200, answer.raw
        self._count("advance", by)

    @precondition(lambda self: len(self.secrets) < 3)
    @rule(hours=st.integers(0, 168))
    def roll_secret(self, hours: int) -> None:
        path = f"/v1/webhook-endpoints/{self.endpoint_id}/roll-secret"
        answer = self.world.post(path, {"overlapHours": hours})
        assert (answer.status, answer.body["secret"] in self.secrets) == (200, False)
        self.secrets.append(answer.body["secret"])
        self._count("roll secret", "done")

    # ------------------------------------------------------------ what holds after every step

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "world"):
            return
        events = self._list_events()
        self._follow_time(events)
        self._check_events(events)
        shown = {one["id"]: one for one in list_objects(self.world, "/v1/payments")}
        assert {one.payment_id: one.status for one in self.payments} == {
            payment_id: one["status"] for payment_id, one in shown.items()
        }
        for payment in self.payments:
            self._check_plan(payment, shown[payment.payment_id])
        check_books(self.world)
        assert list_identity_faults(self.world) == []

    def _follow_time(self, events: list[Mapping[str, Any]]) -> None:
        """What time did by itself, and whether it was the time for it."""
        now = find_now(self.world)
        for event in events:
            if event["position"] > self.position:
                self._follow(event)
                self.position = event["position"]
        for payment in self.payments:
            life = LIVES.get(payment.status)
            if life is not None and (payment.status != "pending" or payment.has_page):
                assert now < payment.since[1] + life, f"{payment.status} has outlived its time"
            pending = [] if payment.refunds is None else payment.refunds.pending
            for refund_id, _ in pending:
                assert now < payment.made[refund_id][1] + 8 * DAY, "a refund has outlived its time"

    def _follow(self, event: Mapping[str, Any]) -> None:
        for payment in self.payments:
            model = payment.refunds
            if event["object_id"] == payment.payment_id and event["type"] == "payment.cancelled":
                if payment.status != "cancelled":
                    reason = event["body"]["cancellationReason"]
                    lapsed = "authorization_expired" if payment.status == "authorized" else "expired"
                    assert reason == lapsed
                    assert event["created_at"] >= payment.since[0] + LIVES[payment.status]
                    payment.status = "cancelled"
                    self._count("time", lapsed)
            elif model is not None and event["object_id"] in [held for held, _ in model.pending]:
                self._follow_refund(payment, model, event)
            elif model is not None and (event["object_id"], event["type"]) == (payment.plan_id, _PAID):
                assert next(row.number for row in model.rows if row.is_open) == event["number"]
                model.collect()
                self._count("time", "collected")

    def _follow_refund(self, payment: ModelPayment, model: RefundModel, event: Mapping[str, Any]) -> None:
        refund_id, status = event["object_id"], event["body"]["status"]
        if event["type"] == "refund.succeeded":
            assert model.pending[0][0] == refund_id
            model.succeed()
            returned = sum(effect.amount for effect in model.succeeded)
            payment.status = "refunded" if returned == model.captured else "partially_refunded"
        elif status in ("failed", "cancelled"):
            model.drop(refund_id)
        if status in ("succeeded", "failed"):
            assert event["created_at"] >= payment.made[refund_id][0] + 5 * DAY
            self._count("time", f"refund {status}")

    def _check_events(self, events: list[Mapping[str, Any]]) -> None:
        """Statuses move as §3.2 says, and a purchase is told in the order of §11.1."""
        instants = [event["created_at"] for event in events]
        assert instants == sorted(instants)
        for payment in self.payments:
            own = [event for event in events if event["object_id"] == payment.payment_id]
            told = [event for event in own if event["type"] != "plan.offered"]
            assert told[0]["type"] == "payment.created"
            statuses = [event["body"]["status"] for event in told]
            moves = [pair for pair in pairwise(statuses) if pair[0] != pair[1]]
            assert set(moves) <= LEGAL, moves
            assert statuses[-1] == payment.status
            again = [
                late["type"]
                for early, late in pairwise(told)
                if early["body"]["status"] == late["body"]["status"]
            ]
            assert set(again) <= {"payment.expired", "payment.refunded"}
            of_plan = [event["type"] for event in events if event["payment"] == payment.payment_id]
            wanted = ["payment.created", "plan.offered", "plan.accepted"]
            places = [of_plan.index(one) for one in wanted if one in of_plan]
            assert places == sorted(places)
            submitted = [
                of_plan.index(one)
                for one in ("payment.requires_authentication", "payment.processing")
                if one in of_plan
            ]
            assert not submitted or max(places) < min(submitted)

    def _check_plan(self, payment: ModelPayment, shown: Mapping[str, Any]) -> None:
        model = payment.refunds
        if model is None:
            return
        rows = shown["installments"]["schedule"]
        assert [(row["principal"], row["interest"]) for row in rows] == [
            (row.principal, row.interest) for row in model.rows
        ]
        assert [row["status"] == "paid" for row in rows] == [row.is_paid for row in model.rows]

    # ------------------------------------------------------------ the model

    def _submit(
        self, payment: ModelPayment, card: str, answer: Answer, before: datetime, *, success: int
    ) -> None:
        """A card was sent: approved, challenged or declined, with a plan where the issuer has one."""
        if card in REFUSALS:
            assert (answer.status, answer.code) == (402, "card_declined")
            assert answer.error["decline_code"] == REFUSALS[card]
            return self._move(payment, "failed", before)
        assert answer.status == success, answer.raw
        has_plan = payment.wants_plan and card in PLAN_CARDS
        assert (answer.body["installments"]["resolvedCount"] == 3) is has_plan
        payment.plan_id = answer.body["installments"]["plan"]
        if card in (CHALLENGED, CHALLENGED_PLAN):
            payment.challenge_url = answer.body["authentication"]["redirectUrl"]
            return self._move(payment, "requires_authentication", before)
        return self._move(payment, "authorized" if payment.is_held else "completed", before)

    def _move(self, payment: ModelPayment, status: str, before: datetime) -> None:
        shown = self.world.get(f"/v1/payments/{payment.payment_id}").body
        assert shown["status"] == status
        payment.status, payment.since = status, (before, find_now(self.world))
        if status == "completed":
            rows = [
                ModelRow(number=row["number"], principal=row["principal"], interest=row["interest"])
                for row in shown["installments"]["schedule"]
            ]
            payment.refunds = RefundModel(
                captured=shown["amountCaptured"],
                rows=rows,
                rate=Fraction(0),
                strategy=RefundStrategy.SPREAD,
                fee=shown["feeBreakdown"]["installmentFee"],
            )

    def _refuse(self, answer: Answer, call: str, code: str) -> None:
        """Nothing changed, which the invariants show."""
        assert (answer.status, answer.code) == (422, code), answer.raw
        self._count(call, code)

    def _pick(self, which: int, *statuses: str) -> ModelPayment:
        """Mostly one in these statuses, for a call that is refused says little."""
        fitting = [one for one in self.payments if one.status in statuses]
        among = fitting if fitting and which % 4 else self.payments
        return among[which % len(among)]

    def _count(self, call: str, outcome: str) -> None:
        self.bench.outcomes[f"{call}: {outcome}"] += 1

    def _list_events(self) -> list[Mapping[str, Any]]:
        rows = self.world.fetch(
            "SELECT position, type, object_id, body, created_at FROM payments_event ORDER BY position"
        )
        for row in rows:
            body = row["body"] = json.loads(row["body"]) if isinstance(row["body"], str) else row["body"]
            row["payment"] = body["id"] if body["object"] == "payment" else body.get("payment")
            row["number"] = body.get("number")
        return list(rows)
