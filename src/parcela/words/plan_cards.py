"""A plan as people read it: the ten facts of a plan card, in words (`spec/payments.md` §15, rule 3)."""

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import PaymentOffer, ShownTerms
from parcela.words.words import Words


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
    interest: str
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
        rate_label=offer.rate.label,
        rate=words.write_percent(offer.rate.percent),
        interest=words.write_percent(offer.interest_percent),
        fees=tuple(
            words.say(f"fee_{fee.trigger}", amount=words.write_money(fee.amount_minor, currency))
            for fee in offer.fees
        ),
        first_due=words.write_date(rows[0].due_date),
        rows=tuple(
            PrintedRow(
                number=row.number,
                date=words.write_date(row.due_date),
                amount=words.write_money(row.amount_minor, currency),
            )
            for row in rows
        ),
        returns=offer.refund_effect,
        terms=offer.terms,
        ends_at=words.write_time(offer.expires_at.astimezone(zone)),
    )


def find_ordinary_amount(offer: PaymentOffer) -> int:
    """What most payments come to; of two payments the last."""
    inner = offer.rows[1:-1] or offer.rows[-1:]
    return Counter(row.amount_minor for row in inner).most_common(1)[0][0]
