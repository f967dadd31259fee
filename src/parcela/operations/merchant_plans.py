"""The core's plan of a merchant's payment, made when its money is captured (`spec/gateway.md` §12).

What was captured is its purchase; its due dates count from the merchant's local date of the capture.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from parcela.domain.cards import Pan
from parcela.domain.errors import DomainError
from parcela.domain.merchant_offers import OfferPrice
from parcela.domain.merchant_pricing import build_rows
from parcela.domain.merchants import MerchantProfile
from parcela.domain.money import Money
from parcela.domain.offers import INTERVALS, IssuerTerms, PresentedOffer
from parcela.domain.orders import OrderTransaction
from parcela.domain.plans import Installment
from parcela.domain.rates.deferred import find_deferred_apr
from parcela.domain.schedule import build_schedule
from parcela.domain.terms import FirstDue, PricingTerms
from parcela.operations.captured_plans import CapturedPurchase, describe_captured, prepare_captured_plan
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.plan_records import CheckedPlan
from parcela.store.new_plans import NewPlan

_INTERVAL_NAMES = {interval: name for name, interval in INTERVALS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPayment:
    """Money that was captured with a checked plan.

    `authorization` is the transaction that the issuer approved, where it was not the capture itself: its
    trace numbers are those that the issuer knows.
    """

    transaction: OrderTransaction
    checked: CheckedPlan
    pan: Pan
    authorization: OrderTransaction | None = None


def prepare_plan(engine: Engine, world: World, caller: MerchantCaller, payment: CapturedPayment) -> NewPlan:
    """The plan of a payment or capture, ready to be written in the transaction that records it."""
    transaction, checked = payment.transaction, payment.checked
    assert transaction.amount_minor == checked.price.principal_minor, "an order with a plan is captured whole"
    assert transaction.currency == checked.price.currency.code
    profile = caller.setup.profile
    local_at = _find_local_time(profile, transaction.created_at)
    rows = build_rows(checked.price, checked.program.terms, anchor=local_at.date())
    captured = CapturedPurchase(
        plan_id=engine.ids.new_uuid(),
        offer=_present(checked, rows, anchor=local_at.date()),
        rows=rows,
        offered=describe_captured(
            profile,
            (payment.authorization or transaction).acquirer,
            local_at=local_at,
            amount_minor=checked.price.principal_minor,
            currency=checked.price.currency.code,
        ),
        pan=payment.pan,
    )
    return prepare_captured_plan(engine, world, caller.client, captured)


def _find_local_time(profile: MerchantProfile, at: datetime) -> datetime:
    """An instant by the merchant's own clock, in whole seconds."""
    return at.astimezone(ZoneInfo(profile.time_zone)).replace(microsecond=0)


def _present(checked: CheckedPlan, rows: tuple[Installment, ...], *, anchor: date) -> PresentedOffer:
    """The offer in the network's words. What a merchant added to the program's price makes it a price of its
    own, of which an issuer must be told how the rows are parted.
    """
    price, program, terms = checked.price, checked.program, checked.program.terms
    is_own = _is_programs_price(price, terms, rows, anchor=anchor)
    fee_value = Decimal(price.fee_minor).scaleb(-price.currency.exponent)
    if is_own:
        fee_value = terms.fees[0].value if terms.fees else Decimal(0)
    starts_at_once = terms.first_due is FirstDue.TRANSACTION_DATE
    return PresentedOffer(
        offer_id=program.offer_id,
        program_version=checked.program_version,
        provider_id=checked.provider_id,
        currency=price.currency.code,
        count=price.count,
        interval=_INTERVAL_NAMES[terms.interval],
        apr_percent=find_deferred_apr(
            [row.amount_minor for row in rows],
            price.principal_minor,
            first_period=price.deferral_months + (0 if starts_at_once else 1),
            year_periods=terms.year_periods,
        ),
        fee_value=fee_value,
        total_minor=price.total_minor,
        amounts_minor=tuple(row.amount_minor for row in rows),
        due_dates=tuple(row.due_date for row in rows),
        issuer_terms=None if is_own else _describe_split(price, rows, anchor=anchor),
    )


def _is_programs_price(
    price: OfferPrice, terms: PricingTerms, rows: tuple[Installment, ...], *, anchor: date
) -> bool:
    """Would the program by itself have given these rows?"""
    try:
        schedule = build_schedule(terms, Money(price.principal_minor, price.currency), anchor=anchor)
    except DomainError:
        return False
    return [(row.amount_minor, row.due_date) for row in schedule.rows] == [
        (row.amount_minor, row.due_date) for row in rows
    ]


def _describe_split(price: OfferPrice, rows: tuple[Installment, ...], *, anchor: date) -> IssuerTerms:
    return IssuerTerms(
        fee_minor=price.fee_minor,
        is_fee_spread=any(row.fee_minor for row in rows[1:]),
        in_advance=rows[0].due_date == anchor,
    )
