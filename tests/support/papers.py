"""A plan on paper: 600.00 in 6 payments of 103.53 (`disclosures.md` §4, golden value 24)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from parcela.domain.disclosures.records import Creditor, FactKind, OfferDisclosure, Side
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import CostRate, PaymentOffer, PlanRow, ShownTerms
from parcela.operations.payments.press import PaperContent

LANGUAGES = ("en", "de", "fr", "es-MX", "pt-BR", "ar", "ja")
SHOWN_AT = datetime(2026, 8, 20, 9, 30, tzinfo=UTC)
AGREED_AT = datetime(2026, 8, 20, 9, 41, tzinfo=UTC)
BANK = Creditor(
    name="Banco Ejemplo & Söhne",
    address="1 Bank Street, 10115 Berlin",
    wording={"late_payment": "A late payment costs €5.00."},
)
EU_FACTS = (
    FactKind.CREDITOR,
    FactKind.AMOUNT_FINANCED,
    FactKind.DURATION,
    FactKind.BORROWING_RATE,
    FactKind.TOTAL_OF_PAYMENTS,
    FactKind.LATE_PAYMENT,
    FactKind.WITHDRAWAL,
    FactKind.PREPAYMENT,
    FactKind.COMPLAINTS,
    FactKind.CREDIT_WARNING,
)


def make_disclosure(**members: Any) -> OfferDisclosure:
    """What German law says of the plan."""
    given: dict[str, Any] = {
        "country": "DEU",
        "side": Side.CARDHOLDER,
        "rule_id": "eu_ccd2",
        "rule_version": "1",
        "method": "eu_ccd2",
        "percent": Decimal("12.7"),
        "exact_percent": Decimal("12.686191"),
        "facts": EU_FACTS,
        **members,
    }
    return OfferDisclosure(**given)


def make_paper_offer(
    *, currency: str = "EUR", minor: int = 10353, count: int = 6, **members: Any
) -> PaymentOffer:
    """The offer; rows of `minor` on each 20th after the purchase."""
    rows = tuple(
        PlanRow(
            number=number,
            due_date=date(2026 + (7 + number) // 12, (7 + number) % 12 + 1, 20),
            principal_minor=minor - 353,
            interest_minor=353,
            original_minor=minor,
        )
        for number in range(1, count + 1)
    )
    given: dict[str, Any] = {
        "offer_id": "offer_01K1BA00000000000000000000",
        "program_name": "vinr_bnpl",
        "model": ProgramModel.LENDER,
        "provider_id": "LENDER",
        "program_id": "P6",
        "program_version": 1,
        "currency": currency,
        "count": count,
        "rows": rows,
        "financed_minor": (minor - 353) * count,
        "interest_percent": Decimal("12.00"),
        "period_rate": (1, 100),
        "in_advance": False,
        "rate": CostRate(
            label="APRC", percent=Decimal("12.7"), method="eu_ccd2", exact_percent=Decimal("12.686191")
        ),
        "controlled_by": "lender",
        "refund_effect": "A return lowers the payments still to come, spread evenly.",
        "terms": ShownTerms(
            terms_id="bnpl-eu",
            version="3",
            language="en",
            url="https://bank.example/terms",
            text="First line of the terms.\nSecond line <b>as given</b>.",
            acceptance_required=True,
            acceptance_text="I accept the terms & agree.",
        ),
        "priced_on": date(2026, 8, 20),
        "disclosures": (make_disclosure(),),
        "expires_at": datetime(2026, 8, 20, 10, 0, tzinfo=UTC),
        "offer_hash": "sha256:" + "0" * 64,
        **members,
    }
    return PaymentOffer(**given)


def make_content(
    offer: PaymentOffer | None = None, *, is_agreed: bool = False, **members: Any
) -> PaperContent:
    """The content of a sheet, or of the papers after it."""
    offer = offer or make_paper_offer()
    content = PaperContent(
        offer=offer,
        rows=offer.rows,
        creditor=BANK,
        shop="Tienda <Uno>",
        payment_id="pay_01K1BA00000000000000000000",
        reference="Order 7",
        card="Visa •••• 0104",
        zone=ZoneInfo("Europe/Berlin"),
        is_live=False,
        printed_at=AGREED_AT if is_agreed else SHOWN_AT,
        plan_id="plan_01K1BA00000000000000000000" if is_agreed else None,
        accepted_at=AGREED_AT if is_agreed else None,
    )
    return replace(content, **members)
