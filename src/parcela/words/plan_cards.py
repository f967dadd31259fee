"""A plan as people read it: the ten facts of a plan card, in words (`spec/payments.md` §15, rule 3)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plan_texts import find_shown_label
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan, PlanRow, ShownTerms
from parcela.words.words import Words

_LONE_RATE = "jp_real_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """One payment of a plan."""

    number: int
    date: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """An offer in words. `odd` are a first and a last payment that differ, with their names."""

    offer_id: str
    count: int
    title: str
    lender: str | None
    is_lent: bool
    is_requested: bool
    odd: tuple[tuple[str, str], ...]
    total: str
    cost: str
    rate_label: str
    rate: str
    interest: str | None
    fees: tuple[str, ...]
    first_due: str
    rows: tuple[PrintedRow, ...]
    returns: str
    terms: ShownTerms
    ends_at: str


def print_plan(offer: PaymentOffer, words: Words, *, provider: str | None, zone: tzinfo) -> PlanCard:
    """The card of an offer; `provider` is the lender's name. The rows on it add up to the total on it."""
    currency, rows = offer.currency, offer.rows
    ordinary = find_ordinary_amount(offer)
    ends = (("first_payment", rows[0]), ("last_payment", rows[-1]))
    return PlanCard(
        offer_id=offer.offer_id,
        count=offer.count,
        title=words.say("plan_title", count=offer.count, amount=words.write_money(ordinary, currency)),
        lender=provider,
        is_lent=offer.model is ProgramModel.LENDER,
        is_requested=offer.is_requested,
        odd=tuple(
            (words.say(name), words.write_money(row.amount_minor, currency))
            for name, row in ends
            if row.amount_minor != ordinary
        ),
        total=words.write_money(offer.total_minor, currency),
        cost=words.write_money(offer.cost_minor, currency),
        rate_label=find_shown_label(offer, words.language),
        rate=words.write_rate(offer.rate.percent, offer.rate.method),
        # In Japan no other rate stands beside the real one (`disclosures.md` §2.1).
        interest=None if offer.rate.method == _LONE_RATE else words.write_percent(offer.interest_percent),
        fees=tuple(
            words.say(f"fee_{fee.trigger}", amount=words.write_money(fee.amount_minor, currency))
            for fee in offer.fees
        ),
        first_due=words.write_date(rows[0].due_date),
        rows=print_rows(rows, currency, words),
        returns=offer.refund_effect,
        terms=offer.terms,
        ends_at=words.write_time(offer.expires_at.astimezone(zone)),
    )


def print_accepted(plan: PaymentPlan, words: Words, *, provider: str | None, zone: tzinfo) -> PlanCard:
    """The card of a plan as it stands: what a refund changed in its rows is in its total and cost too."""
    currency, rows = plan.offer.currency, plan.rows
    return replace(
        print_plan(plan.offer, words, provider=provider, zone=zone),
        total=words.write_money(sum(row.amount_minor for row in rows), currency),
        cost=words.write_money(sum(row.interest_minor + row.fee_minor for row in rows), currency),
        rows=print_rows(rows, currency, words),
    )


def print_rows(rows: Sequence[PlanRow], currency: str, words: Words) -> tuple[PrintedRow, ...]:
    """Dated payments, one after the other."""
    return tuple(
        PrintedRow(
            number=row.number,
            date=words.write_date(row.due_date),
            amount=words.write_money(row.amount_minor, currency),
        )
        for row in rows
    )


def find_ordinary_amount(offer: PaymentOffer) -> int:
    """What most payments come to; of two payments the last."""
    inner = offer.rows[1:-1] or offer.rows[-1:]
    return Counter(row.amount_minor for row in inner).most_common(1)[0][0]
