"""Offers and plans as merchants see them (`spec/payments.md` §§6.3, 6.4 and 11.1)."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from parcela.dialects.payments.display_objects import DisplayObject, display_offer, display_plan
from parcela.dialects.payments.paging import PageObject
from parcela.dialects.payments.payment_objects import ScheduleRowObject, make_schedule_row
from parcela.dialects.payments.wire_values import (
    Document,
    WireObject,
    to_document,
    write_instant,
    write_instant_or_none,
)
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plan_choices import PlanList
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan, PlanRow
from parcela.domain.payments.records import ProgramFilter
from parcela.operations.payments.payment_links import PaymentLinks
from parcela.operations.payments.press import ShownDisclosure
from parcela.words.plan_cards import find_ordinary_amount

INTERVAL = "month"


class OfferedRowObject(WireObject):
    """One dated payment of an offer; amount = principal + interest + fee. `tax` is a part of the fee."""

    number: int
    due_date: str
    amount: int
    principal: int
    interest: int
    fee: int
    tax: int


class RateObject(WireObject):
    """The cost of credit in percent a year, under the country's name and by its method."""

    label: str
    value: str
    method: str


class PlanFeeObject(WireObject):
    """A fee of the cardholder's, and what causes it: `plan_fee`, or a tax by itself, `iof` or `vat`."""

    type: str
    amount: int
    trigger: str


class TermsObject(WireObject):
    """The terms exactly as they must be shown."""

    id: str
    version: str
    language: str
    url: str
    text: str
    acceptance_required: bool
    acceptance_text: str | None


class PlanReasonObject(WireObject):
    """Why there is no plan, or none of a program, in the payment's language."""

    code: str
    message: str
    program: str | UnsetType = UNSET


class OfferObject(WireObject):
    """A plan that the payment may have; it is shown complete and unaltered."""

    object: str
    offer: str
    count: int
    interval: str
    monthly_amount: int
    first_amount: int
    last_amount: int
    amount_financed: int
    total_amount: int
    cost_of_credit: int
    currency: str
    interest_rate: str
    rate: RateObject
    fees: tuple[PlanFeeObject, ...]
    first_payment_date: str
    schedule: tuple[OfferedRowObject, ...]
    program: str
    issuer_program: str
    controlled_by: str
    requested: bool
    approval: str
    refund_effect: str
    terms: TermsObject
    display: DisplayObject
    expires_at: int
    offer_hash: str


class OfferListObject(WireObject):
    """All plans of a payment with a payment method, in the order received, and why there are not more."""

    object: str
    data: tuple[OfferObject, ...]
    page: PageObject
    unavailable_reasons: tuple[PlanReasonObject, ...]


class OfferedPlanObject(WireObject):
    """An offer in short, as `plan.offered` tells it."""

    offer: str
    count: int
    interval: str
    monthly_amount: int
    total_amount: int
    cost_of_credit: int
    issuer_program: str
    requested: bool
    expires_at: int
    offer_hash: str


class PlanListObject(WireObject):
    """What was shown for a payment: the object of `plan.offered`."""

    id: str
    object: str
    payment: str
    payment_method: str
    plans: tuple[OfferedPlanObject, ...]
    unavailable_reasons: tuple[PlanReasonObject, ...]
    livemode: bool
    created: int


class AcceptedTermsObject(WireObject):
    """The terms of a plan, by name; `acceptedAt` is the merchant's statement, null where none was needed."""

    id: str
    version: str
    language: str
    url: str
    accepted_at: int | None


class PlanObject(WireObject):
    """An accepted plan. `held`: a refund is pending, so that nothing is collected. `cardholderUrl` is the
    cardholder's own page: whoever has the address sees the plan.
    """

    id: str
    object: str
    payment: str
    status: str
    count: int
    interval: str
    currency: str
    amount_financed: int
    total_amount: int
    cost_of_credit: int
    remaining_amount: int
    remaining_count: int
    interest_rate: str
    rate: RateObject
    fees: tuple[PlanFeeObject, ...]
    schedule: tuple[ScheduleRowObject, ...]
    program: str
    issuer_program: str
    controlled_by: str
    collection_source: str
    held: bool
    refund_effect: str
    terms: AcceptedTermsObject
    display: DisplayObject
    offer: str
    offer_hash: str
    disclosure: str | None
    cardholder_url: str
    activated_at: int | None
    ended_at: int | None
    livemode: bool
    created: int


class InstallmentObject(WireObject):
    """One row of a plan with what remains of the plan: the object of `installment.*` events."""

    id: str
    object: str
    plan: str
    payment: str
    number: int
    count: int
    due_date: str
    amount: int
    principal: int
    interest: int
    fee: int
    tax: int
    currency: str
    status: str
    remaining_amount: int
    remaining_count: int
    livemode: bool
    created: int


def render_offer(offer: PaymentOffer, disclosure: ShownDisclosure) -> Document:
    """`installment_plan`."""
    return to_document(make_offer(offer, disclosure))


def render_offer_list(shown: PlanList, disclosures: Sequence[ShownDisclosure]) -> Document:
    """The answer to a listing; there is a disclosure for each offer."""
    return to_document(
        OfferListObject(
            object="list",
            data=tuple(
                make_offer(offer, disclosure)
                for offer, disclosure in zip(shown.offers, disclosures, strict=True)
            ),
            page=PageObject(has_more=False, next_cursor=None, total_estimate=len(shown.offers)),
            unavailable_reasons=_list_reasons(shown),
        )
    )


def render_plan_list(shown: PlanList) -> Document:
    """`plan_list`, the object of `plan.offered`, short enough for any number of plans."""
    return to_document(
        PlanListObject(
            id=shown.payment_id,
            object="plan_list",
            payment=shown.payment_id,
            payment_method=shown.payment_method_id,
            plans=tuple(
                OfferedPlanObject(
                    offer=offer.offer_id,
                    count=offer.count,
                    interval=INTERVAL,
                    monthly_amount=find_ordinary_amount(offer),
                    total_amount=offer.total_minor,
                    cost_of_credit=offer.cost_minor,
                    issuer_program=offer.program_name,
                    requested=offer.is_requested,
                    expires_at=write_instant(offer.expires_at),
                    offer_hash=offer.offer_hash,
                )
                for offer in shown.offers
            ),
            unavailable_reasons=_list_reasons(shown),
            livemode=shown.owner.is_live,
            created=write_instant(shown.shown_at),
        )
    )


def render_plan(plan: PaymentPlan, disclosure: ShownDisclosure, links: PaymentLinks) -> Document:
    """`plan`, the object of `plan.*` events, with the address of its cardholder's page."""
    offer, terms = plan.offer, plan.offer.terms
    total_minor = sum(row.amount_minor for row in plan.rows)
    return to_document(
        PlanObject(
            id=name_plan(plan.plan_id),
            object="plan",
            payment=plan.payment_id,
            status=plan.state,
            count=offer.count,
            interval=INTERVAL,
            currency=offer.currency,
            amount_financed=offer.financed_minor,
            total_amount=total_minor,
            cost_of_credit=sum(row.interest_minor + row.fee_minor for row in plan.rows),
            remaining_amount=plan.remaining_minor,
            remaining_count=plan.remaining_count,
            interest_rate=str(offer.interest_percent),
            rate=_make_rate(offer),
            fees=_list_fees(offer),
            schedule=tuple(make_schedule_row(row) for row in plan.rows),
            program=_name_model(offer.model),
            issuer_program=offer.program_name,
            controlled_by=offer.controlled_by,
            collection_source=plan.collection_source,
            held=plan.held_by > 0,
            refund_effect=offer.refund_effect,
            terms=AcceptedTermsObject(
                id=terms.terms_id,
                version=terms.version,
                language=terms.language,
                url=terms.url,
                accepted_at=None if plan.acceptance is None else write_instant(plan.acceptance.accepted_at),
            ),
            display=display_plan(plan, disclosure),
            offer=offer.offer_id,
            offer_hash=offer.offer_hash,
            disclosure=plan.disclosure_id,
            cardholder_url=links.make_plan_url(plan),
            activated_at=write_instant_or_none(plan.activated_at),
            ended_at=write_instant_or_none(plan.ended_at),
            livemode=plan.owner.is_live,
            created=write_instant(plan.created_at),
        )
    )


def render_row(plan: PaymentPlan, number: int) -> Document:
    """`installment`, the object of `installment.*` events."""
    row, name = plan.rows[number - 1], name_plan(plan.plan_id)
    return to_document(
        InstallmentObject(
            id=f"{name}_{number}",
            object="installment",
            plan=name,
            payment=plan.payment_id,
            number=number,
            count=plan.offer.count,
            due_date=row.due_date.isoformat(),
            amount=row.amount_minor,
            principal=row.principal_minor,
            interest=row.interest_minor,
            fee=row.fee_minor,
            tax=row.tax_minor,
            currency=plan.offer.currency,
            status=row.status,
            remaining_amount=plan.remaining_minor,
            remaining_count=plan.remaining_count,
            livemode=plan.owner.is_live,
            created=write_instant(plan.created_at),
        )
    )


def make_offer(offer: PaymentOffer, disclosure: ShownDisclosure) -> OfferObject:
    """An offer with all that the payer must see of it."""
    rows, terms = offer.rows, offer.terms
    return OfferObject(
        object="installment_plan",
        offer=offer.offer_id,
        count=offer.count,
        interval=INTERVAL,
        monthly_amount=find_ordinary_amount(offer),
        first_amount=rows[0].amount_minor,
        last_amount=rows[-1].amount_minor,
        amount_financed=offer.financed_minor,
        total_amount=offer.total_minor,
        cost_of_credit=offer.cost_minor,
        currency=offer.currency,
        interest_rate=str(offer.interest_percent),
        rate=_make_rate(offer),
        fees=_list_fees(offer),
        first_payment_date=rows[0].due_date.isoformat(),
        schedule=tuple(_make_offered_row(row) for row in rows),
        program=_name_model(offer.model),
        issuer_program=offer.program_name,
        controlled_by=offer.controlled_by,
        requested=offer.is_requested,
        approval=offer.approval,
        refund_effect=offer.refund_effect,
        terms=TermsObject(
            id=terms.terms_id,
            version=terms.version,
            language=terms.language,
            url=terms.url,
            text=terms.text,
            acceptance_required=terms.acceptance_required,
            acceptance_text=terms.acceptance_text,
        ),
        display=display_offer(offer, disclosure),
        expires_at=write_instant(offer.expires_at),
        offer_hash=offer.offer_hash,
    )


def _make_offered_row(row: PlanRow) -> OfferedRowObject:
    return OfferedRowObject(
        number=row.number,
        due_date=row.due_date.isoformat(),
        amount=row.amount_minor,
        principal=row.principal_minor,
        interest=row.interest_minor,
        fee=row.fee_minor,
        tax=row.tax_minor,
    )


def _make_rate(offer: PaymentOffer) -> RateObject:
    return RateObject(label=offer.rate.label, value=str(offer.rate.percent), method=offer.rate.method)


def _list_fees(offer: PaymentOffer) -> tuple[PlanFeeObject, ...]:
    return tuple(
        PlanFeeObject(type=fee.kind, amount=fee.amount_minor, trigger=fee.trigger) for fee in offer.fees
    )


def _list_reasons(shown: PlanList) -> tuple[PlanReasonObject, ...]:
    return tuple(
        PlanReasonObject(code=reason.code, message=reason.message, program=reason.program or UNSET)
        for reason in shown.unavailable
    )


def _name_model(model: ProgramModel) -> str:
    """Co-brand programs count as the issuer's (§6.5)."""
    return ProgramFilter.VINR_BNPL if model is ProgramModel.LENDER else ProgramFilter.ISSUER
