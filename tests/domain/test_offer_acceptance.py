"""What an update makes of an offer: acceptance, its evidence, serial numbers (`spec/gateway.md` §10)."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.offer_records import (
    CARD,
    CASE,
    PHONE,
    PROFILE,
    PROGRAM,
    QUOTED_AT,
    ask_serials,
    make_card,
    make_line,
    make_offer,
    make_quote,
    make_rule,
)

from parcela.domain.merchant_offers import (
    Acceptance,
    MerchantOffer,
    OfferState,
    SerialNumbers,
    TermsDisplay,
)
from parcela.domain.merchants import LocalTexts, OfferRule, OfferTerms, SerialsDue
from parcela.domain.offer_acceptance import GivenAcceptance, GivenSerials, accept_terms, take_serials
from parcela.domain.order_refusals import (
    AcceptanceMissing,
    ItemMember,
    PlanCondition,
    PlanConditionUnmet,
    TermsNotAccepted,
)

NOW = QUOTED_AT + timedelta(hours=1)
OTHER_CARD = "5123456789012346"
BOTH = (make_line(PHONE), make_line(CASE))


def accept(
    offer: MerchantOffer, *, rule: OfferRule | None = None, now: datetime = NOW, **members: Any
) -> MerchantOffer:
    """Accept an offer as it was quoted, but for `members`."""
    given: dict[str, Any] = {
        "display": TermsDisplay.TERMS_AND_ACCEPTANCE,
        "amount_minor": 120000,
        "currency": "USD",
        "card": make_card(),
        "lines": BOTH,
        "locale": None,
        **members,
    }
    word = GivenAcceptance(**given)
    return accept_terms(offer, rule or make_rule(), PROGRAM, word, profile=PROFILE, now=now)


def bring(offer: MerchantOffer, *, rule: OfferRule | None = None, **members: Any) -> MerchantOffer:
    """Bring serial numbers."""
    given: dict[str, Any] = {"amount_minor": None, "currency": None, "card": None, "lines": (), **members}
    return take_serials(offer, rule or make_rule(), PROGRAM, GivenSerials(**given))


def test_an_acceptance_keeps_what_was_shown_and_for_what_it_was_given() -> None:
    offer = make_offer()
    accepted = accept(offer, lines=(make_line(CASE), make_line(PHONE)))
    assert accepted == replace(
        offer,
        state=OfferState.ACCEPTED,
        acceptance=Acceptance(
            accepted_at=NOW,
            display=TermsDisplay.TERMS_AND_ACCEPTANCE,
            terms_version="7",
            terms_text="Pay monthly.",
            acceptance_text="I accept.",
            locale="en_US",
            amount_minor=120000,
            currency="USD",
            # In the order of the request, by which missing serial numbers are told.
            items=(CASE, PHONE),
            pan_index=CARD.encode(),
        ),
        items=(CASE, PHONE),
    )


@pytest.mark.parametrize(
    ("quoted", "asked", "locale", "text"),
    [
        (None, None, "en_US", "Pay monthly."),
        ("de_AT", None, "de", "Monatlich zahlen."),
        ("de_AT", "en_US", "en_US", "Pay monthly."),
        (None, "de", "de", "Monatlich zahlen."),
        ("fr", None, "en_US", "Pay monthly."),
    ],
)
def test_the_evidence_is_in_the_language_of_the_quote(
    quoted: str | None, asked: str | None, locale: str, text: str
) -> None:
    rule = make_rule(
        translations=(
            LocalTexts(locale="de", terms_text="Monatlich zahlen.", acceptance_text="Ich stimme zu."),
        )
    )
    acceptance = accept(make_offer(quote=make_quote(locale=quoted)), rule=rule, locale=asked).acceptance
    assert acceptance is not None
    assert (acceptance.locale, acceptance.terms_text) == (locale, text)


@pytest.mark.parametrize("display", [TermsDisplay.NONE, TermsDisplay.TERMS_ONLY])
def test_terms_that_must_be_accepted_must_have_been_shown_for_it(display: TermsDisplay) -> None:
    with pytest.raises(TermsNotAccepted):
        # Told before the wrong currency.
        accept(make_offer(), display=display, currency="EUR")
    free = make_rule(terms=OfferTerms(text="Pay monthly."))
    acceptance = accept(make_offer(), rule=free, display=display).acceptance
    assert acceptance is not None
    assert acceptance.display is display


@pytest.mark.parametrize(
    ("condition", "index", "members"),
    [
        (PlanCondition.CURRENCY, None, {"currency": "EUR", "amount_minor": 1}),
        (PlanCondition.MINIMUM, None, {"amount_minor": 29999}),
        (PlanCondition.MAXIMUM, None, {"amount_minor": 500001}),
        (PlanCondition.CARD, None, {"card": make_card(is_admitted=False)}),
        (PlanCondition.CARD, None, {"card": make_card("5111111111111118")}),
        (PlanCondition.SAME_AMOUNT, None, {"amount_minor": 120001}),
        # The quote had articles: they must be repeated, all of them.
        (PlanCondition.SAME_ITEMS, None, {"lines": ()}),
        (PlanCondition.SAME_ITEMS, 1, {"lines": (make_line(PHONE),)}),
        (PlanCondition.SAME_ITEMS, 0, {"lines": (make_line(PHONE, quantity=Decimal(2)), make_line(CASE))}),
    ],
)
def test_an_acceptance_must_be_for_what_was_quoted(
    condition: PlanCondition, index: int | None, members: dict[str, Any]
) -> None:
    with pytest.raises(PlanConditionUnmet) as caught:
        accept(make_offer(), **members)
    assert (caught.value.condition, caught.value.item_index) == (condition, index)


def test_a_later_acceptance_replaces_the_earlier_one() -> None:
    first = accept(make_offer())
    second = accept(first, card=make_card(OTHER_CARD), now=NOW + timedelta(minutes=1))
    assert first.acceptance is not None
    assert second.acceptance == replace(
        first.acceptance, pan_index=OTHER_CARD.encode(), accepted_at=NOW + timedelta(minutes=1)
    )


def test_the_same_acceptance_again_leaves_the_offer_as_it_is() -> None:
    first = accept(make_offer())
    assert accept(first, now=NOW + timedelta(minutes=1)) == first


def test_serial_numbers_may_come_with_the_acceptance_or_after_it() -> None:
    rule = make_rule(serials=ask_serials(SerialsDue.AT_CAPTURE))
    accepted = accept(make_offer(), rule=rule, lines=(make_line(PHONE, "SN-1"), make_line(CASE)))
    phone = SerialNumbers(sku=PHONE.sku, index=0, numbers=("SN-1",))
    assert accepted.serials == (phone,)
    later = bring(accepted, rule=rule, lines=(make_line(CASE, "A", "B"),))
    cases = SerialNumbers(sku=CASE.sku, index=1, numbers=("A", "B"))
    assert later == replace(accepted, serials=(phone, cases))
    replaced = bring(later, rule=rule, lines=(make_line(PHONE, "SN-2"),))
    assert replaced.serials == (replace(phone, numbers=("SN-2",)), cases)


def test_serial_numbers_alone_need_the_acceptance_that_the_offer_needs() -> None:
    lines = (make_line(PHONE, "SN-1"),)
    with pytest.raises(AcceptanceMissing):
        bring(make_offer(), lines=lines)
    free = make_rule(terms=OfferTerms(text="Pay monthly."))
    taken = bring(make_offer(), rule=free, lines=lines)
    assert (taken.state, taken.acceptance, taken.items) == (OfferState.QUOTED, None, (PHONE, CASE))


@pytest.mark.parametrize(
    ("condition", "index", "member", "members"),
    [
        (PlanCondition.CURRENCY, None, None, {"currency": "EUR"}),
        (PlanCondition.SAME_AMOUNT, None, None, {"amount_minor": 115000}),
        (PlanCondition.SAME_CARD, None, None, {"card": make_card(OTHER_CARD)}),
        (PlanCondition.SAME_ITEMS, 0, ItemMember.SKU, {"lines": (make_line(PHONE, "S", sku="X"),)}),
        (
            PlanCondition.SAME_ITEMS,
            0,
            ItemMember.QUANTITY,
            {"lines": (make_line(PHONE, "S", "T", quantity=Decimal(2)),)},
        ),
        (PlanCondition.SAME_ITEMS, 0, ItemMember.SERIAL_NUMBER, {"lines": (make_line(CASE, "A"),)}),
    ],
    ids=["currency", "amount", "card", "sku", "quantity", "number-of-serials"],
)
def test_what_comes_with_serial_numbers_must_fit_the_offer(
    condition: PlanCondition, index: int | None, member: ItemMember | None, members: dict[str, Any]
) -> None:
    with pytest.raises(PlanConditionUnmet) as caught:
        bring(accept(make_offer()), **members)
    assert (caught.value.condition, caught.value.item_index, caught.value.member) == (
        condition,
        index,
        member,
    )
