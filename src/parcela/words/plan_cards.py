"""A plan as people read it: the ten facts of a plan card, in words (`spec/payments.md` §15, rule 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plan_texts import find_shown_label
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan, PlanFee, PlanRow, ShownTerms
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
    return PlanCard(
        offer_id=offer.offer_id,
        count=offer.count,
        title=_print_title(offer, words),
        lender=provider,
        is_lent=offer.model is ProgramModel.LENDER,
        is_requested=offer.is_requested,
        odd=_print_odd(offer, words),
        total=words.write_money(offer.total_minor, currency),
        cost=words.write_money(offer.cost_minor, currency),
        rate_label=find_shown_label(offer, words.language),
        rate=words.write_rate(offer.rate.percent, offer.rate.method),
        # In Japan no other rate stands beside the real one (`disclosures.md` §2.1).
        interest=None if offer.rate.method == _LONE_RATE else words.write_percent(offer.interest_percent),
        fees=tuple(_print_fee(fee, currency, words) for fee in offer.fees),
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


def name_taxes(offer: PaymentOffer, words: Words) -> str:
    """The taxes in an offer's fees, by the names that people know; empty without any."""
    return words.say("fact_separator").join(words.say(f"tax_{fee.kind}") for fee in offer.fees if fee.is_tax)


def find_ordinary_amount(offer: PaymentOffer) -> int:
    """What the payments between the first and the last come to; of two payments the last.

    Where taxes make the payments after the first differ it is the highest of all, so that nobody is asked for
    more.
    """
    if _has_level_rows(offer):
        return (offer.rows[1:-1] or offer.rows[-1:])[0].amount_minor
    return max(row.amount_minor for row in offer.rows)


def _has_level_rows(offer: PaymentOffer) -> bool:
    """Can one amount stand for all but the ends? Where taxes make rows differ the last one is no end."""
    is_taxed = any(fee.is_tax for fee in offer.fees)
    inner = offer.rows[1:] if is_taxed else offer.rows[1:-1]
    return len({row.amount_minor for row in inner}) <= 1


def _print_title(offer: PaymentOffer, words: Words) -> str:
    """Count × amount; the lowest and the highest amount where the payments differ."""
    if _has_level_rows(offer):
        amount = words.write_money(find_ordinary_amount(offer), offer.currency)
        return words.say("plan_title", count=offer.count, amount=amount)
    amounts = [row.amount_minor for row in offer.rows]
    return words.say(
        "plan_title_between",
        count=offer.count,
        lowest=words.write_money(min(amounts), offer.currency),
        highest=words.write_money(max(amounts), offer.currency),
    )


def _print_odd(offer: PaymentOffer, words: Words) -> tuple[tuple[str, str], ...]:
    """A first and a last payment that differ from those between them; none where all differ."""
    if not _has_level_rows(offer):
        return ()
    ordinary = find_ordinary_amount(offer)
    ends = (("first_payment", offer.rows[0]), ("last_payment", offer.rows[-1]))
    return tuple(
        (words.say(name), words.write_money(row.amount_minor, offer.currency))
        for name, row in ends
        if row.amount_minor != ordinary
    )


def _print_fee(fee: PlanFee, currency: str, words: Words) -> str:
    key = f"fee_{fee.kind}" if fee.is_tax else f"fee_{fee.trigger}"
    return words.say(key, amount=words.write_money(fee.amount_minor, currency))
