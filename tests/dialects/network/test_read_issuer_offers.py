"""Reading an issuer's answer: every member's form, and every way to break it."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.support.samples import UNSET, edit

from parcela.dialects.network.read_issuer_offers import BrokenOffer, mentions, read_claim, read_offer_list
from parcela.dialects.strict_json import parse_object
from parcela.domain.issuer_offers import ClaimedPayment, ClaimedProvider, IssuerOfferClaim
from parcela.domain.terms import FeeKind, FeePlacement, FirstDue
from parcela.operations.realtime import UnreadableAnswer

OFFER: dict[str, Any] = {
    "offerId": "90000001",
    "offerType": "CARDED_EXTERNAL_REALTIME",
    "tenure": 2,
    "frequency": "BIWEEKLY",
    "totalAmount": 700,
    "otherInstallmentAmount": 350,
    "feeType": "PRCENTG",
}


def read(changes: dict[str, Any] | None = None) -> IssuerOfferClaim:
    text = json.dumps({"offers": [edit(OFFER, changes or {})]})
    return read_claim(read_offer_list(text.encode())[0])


def test_a_claim_may_say_very_little() -> None:
    assert read() == IssuerOfferClaim(
        offer_id="90000001",
        count=2,
        interval="biweekly",
        total_amount=Decimal(700),
        other_amount=Decimal(350),
        fee_kind=FeeKind.PERCENT,
    )


def test_a_claim_may_say_everything() -> None:
    claim = read(
        {
            "priority": 2,
            "offerDisplayText": "2 × 350",
            "currencySymbol": "$",
            "countryCode": "USA",
            "apr": 12.340,
            "interestRate": "0.0",
            "firstInstallmentSchedule": "DELAY_REPAYMENT",
            "firstInstallmentAmount": 350.00,
            "feeValue": 0.5,
            "feeDistribution": "FIRST_INSTALLMENT",
            "offerBeginDatetime": "2023-10-26T00:00:00Z",
            "offerEndDatetime": "2023-10-27T00:00:00+00:00",
            "provider": {
                "providerId": "nobody reads this",
                "cid": 244426,
                "providerName": "Bank",
                "providerLogoUrl": "https://bank.example/logo.png",
                "disclosure": "",
            },
            "schedulePayments": [
                {"installmentNumber": 2, "installmentAmount": 350, "dueDate": "2023-11-9"},
                {"installmentNumber": 1, "installmentAmount": 350, "dueDate": "2023-10-26"},
            ],
            "objectType": "unknown members are passed over",
        }
    )
    assert claim == IssuerOfferClaim(
        offer_id="90000001",
        count=2,
        interval="biweekly",
        total_amount=Decimal(700),
        other_amount=Decimal(350),
        first_amount=Decimal(350),
        payments=(
            ClaimedPayment(number=2, amount=Decimal(350), due_date=date(2023, 11, 9)),
            ClaimedPayment(number=1, amount=Decimal(350), due_date=date(2023, 10, 26)),
        ),
        first_due=FirstDue.AFTER_INTERVAL,
        apr_percent=Decimal("12.34"),
        interest_percent=Decimal(0),
        fee_kind=FeeKind.PERCENT,
        fee_value=Decimal("0.5"),
        fee_placement=FeePlacement.FIRST,
        begin=datetime(2023, 10, 26, tzinfo=UTC),
        end=datetime(2023, 10, 27, tzinfo=UTC),
        priority=2,
        display_text="2 × 350",
        symbol="$",
        country="USA",
        provider=ClaimedProvider(
            name="Bank", logo_url="https://bank.example/logo.png", cid="244426", disclosure=""
        ),
    )


@pytest.mark.parametrize(
    ("word", "placement"),
    [
        ("FRST_INSTL", FeePlacement.FIRST),
        ("FIRST_INSTALLMENT", FeePlacement.FIRST),
        ("SPREAD_ALL_INSTALLMENT", FeePlacement.SPREAD),
        ("SPREAD_ALL_INSTL", FeePlacement.SPREAD),
    ],
)
def test_fee_distributions_have_two_spellings_each(word: str, placement: FeePlacement) -> None:
    assert read({"feeDistribution": word}).fee_placement is placement


LONG = "a" * 501


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("offerId", UNSET),
        ("offerId", None),
        ("offerId", 90000001),
        ("offerId", "1234567"),
        ("offerId", "a" * 65),
        ("offerId", "1234567\n"),
        ("offerId", "12345678\u0085"),
        ("offerType", UNSET),
        ("offerType", "CARDED_OFFER"),
        ("offerType", ["CARDED_EXTERNAL_REALTIME"]),
        ("offerDisplayText", "ab"),
        ("offerDisplayText", LONG),
        ("offerDisplayText", 6),
        ("currencySymbol", ""),
        ("currencySymbol", "US"),
        ("currencySymbol", "\u0007"),
        ("countryCode", "US"),
        ("countryCode", "XXX"),
        ("apr", -1),
        ("apr", "1e3000"),
        ("apr", "0.12345678901"),
        ("apr", True),
        ("apr", {}),
        ("tenure", UNSET),
        ("tenure", 1),
        ("tenure", 100),
        ("tenure", 2.5),
        ("tenure", "1e9999"),
        ("frequency", UNSET),
        ("frequency", "MONTH"),
        ("frequency", "monthly"),
        ("frequency", 12),
        ("interestRate", -0.01),
        ("firstInstallmentSchedule", "LATER"),
        ("totalAmount", UNSET),
        ("totalAmount", 0),
        ("totalAmount", -700),
        ("totalAmount", 1e16),
        ("totalAmount", "seven"),
        ("otherInstallmentAmount", UNSET),
        ("otherInstallmentAmount", 0),
        ("firstInstallmentAmount", 0),
        ("firstInstallmentAmount", []),
        ("feeType", UNSET),
        ("feeType", "FREE"),
        ("feeValue", -1),
        ("feeDistribution", "LAST"),
        ("offerBeginDatetime", "2023-10-26"),
        ("offerEndDatetime", 20231026),
        ("offerEndDatetime", "2023-02-30T00:00:00Z"),
        ("priority", 0),
        ("priority", "first"),
        ("provider", "Bank"),
        ("provider.providerName", ""),
        ("provider.providerName", "a" * 101),
        ("provider.providerLogoUrl", "javascript:alert(1)"),
        ("provider.providerLogoUrl", "https://a.b c/logo"),
        ("provider.providerLogoUrl", "http://a"),
        ("provider.cid", 1.5),
        ("provider.cid", ""),
        ("provider.disclosure", LONG),
        ("schedulePayments", {}),
        ("schedulePayments", [1]),
        ("schedulePayments", [{"installmentNumber": 1, "installmentAmount": 700}]),
        ("schedulePayments", [{"installmentNumber": 0, "installmentAmount": 7, "dueDate": "2023-10-26"}]),
        ("schedulePayments", [{"installmentNumber": 1, "installmentAmount": 0, "dueDate": "2023-10-26"}]),
        ("schedulePayments", [{"installmentNumber": 1, "installmentAmount": 7, "dueDate": "26.10.2023"}]),
    ],
)
def test_a_member_of_another_form_breaks_the_offer(member: str, value: Any) -> None:
    with pytest.raises(BrokenOffer):
        read({member: value})


def test_no_fees_has_no_fee_value() -> None:
    assert read({"feeType": "NO_FEES", "feeValue": 0}).fee_value == 0
    with pytest.raises(BrokenOffer, match="feeValue"):
        read({"feeType": "NO_FEES", "feeValue": 1})


@pytest.mark.parametrize("value", [None, 1, "offer", [], True])
def test_an_offer_is_an_object(value: Any) -> None:
    with pytest.raises(BrokenOffer):
        read_claim(parse_object(json.dumps({"offer": value}))["offer"])


def test_fifty_offers_are_read_and_no_more() -> None:
    assert len(read_offer_list(json.dumps({"offers": [OFFER] * 50}).encode())) == 50
    with pytest.raises(UnreadableAnswer, match="more than 50"):
        read_offer_list(json.dumps({"offers": [OFFER] * 51}).encode())


@pytest.mark.parametrize(
    "member", ["offerId", "offerDisplayText", "provider.providerName", "provider.disclosure", "provider.cid"]
)
def test_a_card_number_in_any_text_is_noticed(member: str) -> None:
    assert mentions(read({member: "2303770009900018"}), "2303770009900018")
    assert not mentions(read({member: "2303770009900026"}), "2303770009900018")
