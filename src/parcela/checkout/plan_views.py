"""What the cardholder's own page shows of a plan: everything in words (`docs/plan-page.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from parcela.checkout.shown_plans import find_foreign_language
from parcela.domain.disclosures.papers import PaperKind
from parcela.domain.disclosures.records import Creditor, FactKind
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.early_payments import EarlyBar, EarlyKind, EarlyPayment, EarlyQuote, EarlyState
from parcela.domain.payments.plan_texts import find_shown_label
from parcela.domain.payments.plans import PaymentPlan, PlanRow, PlanState, RowStatus
from parcela.domain.payments.refunds import Refund, RefundStatus
from parcela.operations.payments.plan_pages import PlanPage
from parcela.words.disclosures.facts import print_facts
from parcela.words.plan_cards import name_taxes
from parcela.words.words import Words

_RIGHTS = (FactKind.LATE_PAYMENT, FactKind.WITHDRAWAL, FactKind.COMPLAINTS)
_PAPERS = (PaperKind.AGREEMENT, PaperKind.RECEIPT)
_OVER = frozenset({PlanState.COMPLETED, PlanState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and what it is. `is_main`: it stands out."""

    label: str
    text: str
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to know before all else."""

    text: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The page of a plan as one request asked for it: in which language, and at which path."""

    page: PlanPage
    words: Words
    path: str

    @property
    def plan(self) -> PaymentPlan:
        """The plan."""
        return self.page.plan

    @property
    def creditor(self) -> Creditor:
        """Who lends, in this language."""
        catalogue = self.page.moment.world.catalogue(self.plan.owner.tenant_id)
        return find_creditor(catalogue, self.plan.offer, self.words.language)

    def write(self, amount_minor: int) -> str:
        """An amount of the plan."""
        return self.words.write_money(amount_minor, self.plan.offer.currency)

    def write_day(self, at: datetime) -> str:
        """The account's date of an instant."""
        return self.words.write_date(at.astimezone(self.page.moment.zone).date())


def describe_plan(view: PlanView) -> dict[str, object]:
    """Everything that the page says."""
    page, plan, say = view.page, view.plan, view.words.say
    open_rows = [row for row in plan.rows if row.is_open]
    return {
        **describe_head(view),
        "state": say(f"plan_page_state_{plan.state}", count=plan.remaining_count),
        "notes": _list_notes(view),
        "progress": _find_progress(plan),
        "facts": _list_facts(view, open_rows),
        "runs_from_card": _write_collection(view) if open_rows else None,
        "rows": [_print_row(view, row) for row in plan.rows],
        "total": view.write(sum(row.amount_minor for row in plan.rows)),
        "refunds": [_print_refund(view, refund) for refund in page.refunds],
        "early": None if plan.state in _OVER else _print_early(view),
        "papers": [{"kind": str(kind), "name": say(f"plan_page_{kind}")} for kind in _PAPERS],
        "has_calendar": plan.state is PlanState.ACTIVE and bool(open_rows),
        "lender": ", ".join(filter(None, (view.creditor.name, view.creditor.address))),
        "rights": _list_rights(view),
        "returns": plan.offer.refund_effect,
        "foreign": find_foreign_language(plan.offer.language, view.words),
        "terms": plan.offer.terms,
    }


def describe_quote(view: PlanView, quote: EarlyQuote) -> dict[str, object]:
    """What an early payment comes to, before it is confirmed."""
    say, row = view.words.say, quote.paid_row
    left_minor = view.plan.remaining_minor - sum(held.amount_minor for held in quote.before)
    parts = (("principal", row.principal_minor), ("interest", row.interest_minor), ("fee", row.fee_minor))
    facts = [
        Fact(label=say(f"plan_page_check_{name}"), text=view.write(part_minor))
        for name, part_minor in parts
        if part_minor or name == "principal"
    ]
    if row.tax_minor:
        taxes = name_taxes(view.plan.offer, view.words)
        facts.append(Fact(label=say("plan_page_check_tax", tax=taxes), text=view.write(row.tax_minor)))
    facts.append(Fact(label=say("plan_page_check_amount"), text=view.write(quote.amount_minor), is_main=True))
    if quote.saved_minor:
        facts.append(Fact(label=say("plan_page_check_saved"), text=view.write(quote.saved_minor)))
    facts.append(Fact(label=say("plan_page_check_left"), text=view.write(left_minor)))
    return {
        **describe_head(view),
        "title": say(f"plan_page_early_{quote.kind}"),
        "facts": facts,
        "runs_from_card": _write_collection(view),
        "day": say("plan_page_check_day", date=view.words.write_date(quote.on)),
        "button": say("plan_page_check_pay", amount=view.write(quote.amount_minor)),
        "kind": str(quote.kind),
        "page_path": view.path,
    }


def describe_head(view: PlanView) -> dict[str, object]:
    """The purchase, above every page of the plan."""
    return {
        "payment": view.page.payment,
        "path": view.path,
        "shop": view.page.moment.account.shown_name,
        "amount": view.write(view.page.payment.amount_minor),
    }


def _find_progress(plan: PaymentPlan) -> Mapping[str, int] | None:
    """How many payments are made of those that count; None where none does."""
    counting = [row for row in plan.rows if row.status is not RowStatus.CANCELLED]
    paid = sum(1 for row in counting if row.status is RowStatus.PAID)
    return {"paid": paid, "all": len(counting)} if counting else None


def _list_notes(view: PlanView) -> list[Note]:
    """What came of the last early payment, a refund that holds the plan, a row that is overdue."""
    plan, say = view.plan, view.words.say
    notes = []
    if view.page.early.made:
        notes.append(_print_made(view, view.page.early.made[-1]))
    if plan.held_by and plan.state not in _OVER:
        notes.append(Note(text=say("plan_page_held")))
    if any(row.status is RowStatus.OVERDUE for row in plan.rows):
        notes.append(Note(text=say("plan_page_overdue"), is_bad=True))
    return notes


def _print_made(view: PlanView, early: EarlyPayment) -> Note:
    date = view.write_day(early.ended_at or early.asked_at)
    text = view.words.say(f"plan_page_early_{early.state}", amount=view.write(early.amount_minor), date=date)
    return Note(text=text, is_bad=early.state is EarlyState.REFUSED)


def _list_facts(view: PlanView, open_rows: list[PlanRow]) -> list[Fact]:
    page, plan, words = view.page, view.plan, view.words
    paid_minor = sum(row.amount_minor for row in plan.rows if row.status is RowStatus.PAID)
    facts = [
        Fact(label=words.say("plan_page_paid"), text=view.write(paid_minor)),
        Fact(label=words.say("plan_page_remaining"), text=view.write(plan.remaining_minor), is_main=True),
    ]
    if open_rows:
        upcoming = words.say(
            "plan_page_next_fact",
            amount=view.write(open_rows[0].amount_minor),
            date=words.write_date(open_rows[0].due_date),
        )
        facts.append(Fact(label=words.say("plan_page_next"), text=upcoming))
    facts.append(
        Fact(
            label=find_shown_label(plan.offer, words.language),
            text=words.write_rate(plan.offer.rate.percent, plan.offer.rate.method),
        )
    )
    if page.payment.reference:
        facts.append(Fact(label=words.say("order"), text=page.payment.reference))
    facts.append(Fact(label=words.say("receipt_payment"), text=page.payment.payment_id))
    return facts


def _write_collection(view: PlanView) -> str | None:
    """From which card the payments are collected."""
    method = view.page.method
    if method is None:
        return None
    card = view.words.say(
        "plan_page_card", brand=method.card.brand.shown_name, last_four=method.card.last_four
    )
    return view.words.say("plan_page_runs_from_card", card=card)


def _print_row(view: PlanView, row: PlanRow) -> Mapping[str, object]:
    return {
        "number": row.number,
        "date": view.words.write_date(row.due_date),
        "status": view.words.say(f"plan_page_row_{row.status}"),
        "amount": view.write(row.amount_minor),
    }


def _print_refund(view: PlanView, refund: Refund) -> list[str]:
    """A refund, what it does to the plan, and what goes back at once."""
    words, effect = view.words, refund.effect
    lines = [
        words.say(
            f"plan_page_refund_{refund.status}",
            amount=view.write(effect.amount_minor),
            start=words.write_date(refund.expected_from),
            end=words.write_date(refund.expected_by),
            date=view.write_day(refund.ended_at or refund.created_at),
        )
    ]
    if refund.status not in (RefundStatus.PENDING, RefundStatus.SUCCEEDED):
        return lines
    if effect.plan is not None and effect.plan.before:
        before, after = effect.plan.remaining_before_minor, effect.plan.remaining_after_minor
        lines.append(
            words.say("plan_page_refund_changes", before=view.write(before), after=view.write(after))
        )
    if back_minor := effect.cash_back_minor + effect.interest_back_minor:
        lines.append(words.say("plan_page_refund_cash", amount=view.write(back_minor)))
    return lines


def _print_early(view: PlanView) -> Mapping[str, object]:
    """The choices of paying early, or why there is none, with the lender's own words."""
    choices, say = view.page.early, view.words.say
    sentence = None
    if choices.bar is not None and choices.bar is not EarlyBar.NOT_RUNNING:
        sentence = say(f"plan_page_early_{choices.bar}", lender=view.creditor.name)
    return {
        "sentence": sentence,
        "wording": view.creditor.wording.get(FactKind.PREPAYMENT),
        "choices": [
            {
                "kind": str(quote.kind),
                "title": say(f"plan_page_early_{quote.kind}"),
                "amount": say("plan_page_early_amount", amount=view.write(quote.amount_minor)),
                "saves": say("plan_page_early_saves", amount=view.write(quote.saved_minor))
                if quote.kind is EarlyKind.REST and quote.saved_minor
                else None,
            }
            for quote in choices.quotes
        ],
    }


def _list_rights(view: PlanView) -> list[Fact]:
    """Late payment, withdrawal and complaints: by the law under which the plan was shown, else in general."""
    offer, words, creditor = view.plan.offer, view.words, view.creditor
    printed = {fact.kind: fact for fact in print_facts(offer, words, creditor)}
    rights = []
    for kind in _RIGHTS:
        known = printed.get(kind)
        if known is not None:
            rights.append(Fact(label=known.label, text=known.text))
        elif kind in creditor.wording:
            rights.append(Fact(label=words.say(f"fact_label_{kind}"), text=creditor.wording[kind]))
        elif offer.model is ProgramModel.LENDER or kind is FactKind.COMPLAINTS:
            neutral = words.say(f"fact_{kind}", creditor=creditor.name, label=offer.rate.label)
            rights.append(Fact(label=words.say(f"fact_label_{kind}"), text=neutral))
    return rights
