"""Taxed plans of payments: offers, what people read of them, refunds, early payments, who may have them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.domain.payments.test_refund_effects import NOW, STANDARD, make_payment
from tests.support.plan_situations import EURO, LENDER, TERMS, make_core, make_purchase, price_source
from tests.support.set_up import PROVIDER_ID, make_group, make_issuer, make_range
from tests.support.set_up import make_program as make_card_program

from parcela.domain.attachable_programs import check_attachable
from parcela.domain.calendar import MONTHLY
from parcela.domain.catalogue import VersionedEntry
from parcela.domain.catalogue_rules import check_catalogue
from parcela.domain.disclosures.records import Creditor
from parcela.domain.errors import InvalidInput
from parcela.domain.payments.accounts import PaymentsProgram, ProgramModel
from parcela.domain.payments.early_payments import EarlyKind, quote_early_payment
from parcela.domain.payments.plan_pricing import hash_offer, price_plan
from parcela.domain.payments.plans import PaymentOffer, PaymentPlan, PlanFee, PlanState, RowStatus
from parcela.domain.payments.records import Owner
from parcela.domain.payments.refund_effects import RefundGround, make_effect
from parcela.domain.programs import Entry
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.taxes import NO_TAXES, Taxes
from parcela.domain.terms import Fee, FeeKind, FeePlacement, PricingTerms, Rate
from parcela.store.documents import document_to_entry, entry_to_document
from parcela.words.disclosures.facts import print_facts
from parcela.words.plan_cards import find_ordinary_amount, name_taxes, print_plan
from parcela.words.words import Words

SPREAD, LAST_FIRST, NEXT_FIRST = RefundStrategy.SPREAD, RefundStrategy.LAST_FIRST, RefundStrategy.NEXT_FIRST
BOUGHT = date(2026, 7, 1)
IOF = Taxes(iof_percent=Decimal("0.38"), iof_daily_percent=Decimal("0.0082"))
VAT = Taxes(vat_percent=Decimal(16))
BOTH = replace(IOF, vat_percent=Decimal(16))
FEE = Fee(kind=FeeKind.FIXED, value=Decimal(12), placement=FeePlacement.SPREAD)
BRAZIL = replace(EURO, countries=("BRA",), currency="BRL", rate_regime="br_cet", rate_label="CET")
PLAIN_HASH = "sha256:fe14187b4228a0e425fb8249f64feae6cb112deb1cfbc325330a8988c1b3a0f3"
PLACES = {"BRL": ("BRA", BRAZIL), "EUR": ("DEU", EURO)}


def price(
    taxes: Taxes, *, rate: str = "0", fees: tuple[Fee, ...] = (), currency: str = "EUR", count: int = 6
) -> PaymentOffer:
    """A lender's plan of 1,200.00 in six from the first of July: 31, 62, 92, 123, 153 and 184 days."""
    terms = PricingTerms(
        count=count, interval=MONTHLY, rate=Rate(value=Decimal(rate)), fees=fees, taxes=taxes
    )
    core = make_core("core", count, terms=terms, provider_id=LENDER, currency=currency)
    country, market = PLACES[currency]
    purchase = make_purchase(1200_00, currency=currency, cardholder_country=country, merchant_country=country)
    return price_plan(price_source(core, name="lent", model=ProgramModel.LENDER), purchase, market)


def agree(offer: PaymentOffer, *, collected: int, strategy: RefundStrategy = SPREAD) -> PaymentPlan:
    """The plan of an offer with so many rows collected."""
    return PaymentPlan(
        plan_id="p",
        payment_id="pay_1",
        owner=Owner(1, 7, False),
        state=PlanState.ACTIVE,
        offer=offer,
        rows=tuple(
            replace(row, status=RowStatus.PAID if row.number <= collected else RowStatus.DUE)
            for row in offer.rows
        ),
        strategy=strategy,
        returns_collected_interest=False,
        refund_days=5,
        created_at=NOW,
    )


def refund(plan: PaymentPlan, amount_minor: int) -> list[tuple[int, int, int]]:
    """Principal, fee and tax of the rows still open, as a refund leaves them."""
    rows = tuple(row for row in plan.rows if row.is_open)
    ground = RefundGround(
        payment=make_payment(1200_00),
        plan=plan,
        rows=rows,
        schedule=STANDARD,
        refunded_minor=0,
        given_back_minor=0,
    )
    effect = make_effect(ground, amount_minor)
    assert effect.plan is not None
    return [(row.principal_minor, row.fee_minor, row.tax_minor) for row in effect.plan.after]


def test_an_offer_tells_each_tax_by_itself_and_in_its_rows() -> None:
    """Fee 2.00 a row. IOF of 200.00: 0.6342 %, 0.8884, 1.1344, 1.3886, 1.6346, 1.8888; VAT of 2.00: 0.32."""
    offer = price(BOTH, fees=(FEE,))
    iof = [127, 178, 227, 278, 327, 378]
    assert [(row.fee_minor, row.tax_minor) for row in offer.rows] == [(232 + one, 32 + one) for one in iof]
    assert offer.fees == (
        PlanFee(kind="plan_fee", amount_minor=1200, trigger="every_payment"),
        PlanFee(kind="iof", amount_minor=1515, trigger="every_payment"),
        PlanFee(kind="vat", amount_minor=192, trigger="every_payment"),
    )
    assert offer.cost_minor == sum(fee.amount_minor for fee in offer.fees) == 2907
    assert [row.original_minor for row in offer.rows] == [row.amount_minor for row in offer.rows]
    assert offer.core is not None
    assert (offer.core.fee_minor, offer.core.is_programs_own) == (2907, True)


def test_a_tax_on_the_first_row_alone_comes_with_it() -> None:
    offer = price(VAT, fees=(replace(FEE, placement=FeePlacement.FIRST),))
    assert offer.fees[1:] == (PlanFee(kind="vat", amount_minor=192, trigger="first_payment"),)


def test_an_offer_without_tax_is_hashed_as_before_there_were_taxes() -> None:
    """The hash of 600.00 in three rows, as it was found before rows had a tax."""
    plain = price_plan(price_source(make_core("core", 3)), make_purchase(), EURO)
    assert hash_offer(plain) == PLAIN_HASH
    row = replace(plain.rows[0], fee_minor=5, tax_minor=5)
    other = replace(row, tax_minor=0)
    hashes = {hash_offer(replace(plain, rows=(one, *plain.rows[1:]))) for one in (row, other)}
    assert len(hashes) == 2


def test_brazils_components_have_the_iof_with_its_share() -> None:
    """12.00 of 1,227.15 is 0.98 %, 15.15 of it 1.23 %, and the purchase what is left of 100 %."""
    offer = price(IOF, fees=(FEE,), currency="BRL")
    words = Words("pt-BR")
    facts = {fact.kind: fact.text for fact in print_facts(offer, words, Creditor(name="Banco"))}
    assert facts["components"] == (
        "compra: R$\u00a01.200,00 (97,79%); juros: R$\u00a00,00 (0,00%); tarifas: R$\u00a012,00 (0,98%); "
        "IOF: R$\u00a015,15 (1,23%); soma das parcelas: R$\u00a01.227,15 (100,00%)"
    )
    both = price(BOTH, fees=(FEE,), currency="BRL")
    facts = {fact.kind: fact.text for fact in print_facts(both, words, Creditor(name="Banco"))}
    assert facts["components"] == (
        "compra: R$\u00a01.200,00 (97,63%); juros: R$\u00a00,00 (0,00%); tarifas: R$\u00a012,00 (0,98%); "
        "IOF: R$\u00a015,15 (1,23%); IVA: R$\u00a01,92 (0,16%); soma das parcelas: R$\u00a01.229,07 (100,00%)"
    )


@pytest.mark.parametrize(
    ("language", "title", "iof", "vat", "names"),
    [
        ("en", "6 × €203.59 to €206.10", "€15.15 IOF (tax), included in the payments",
         "€1.92 VAT, included in the payments", "IOF (tax); VAT"),
        ("de", "6 × 203,59\u00a0€ bis 206,10\u00a0€", "15,15\u00a0€ IOF (Steuer), in den Raten enthalten",
         "1,92\u00a0€ Mehrwertsteuer, in den Raten enthalten", "IOF (Steuer); Mehrwertsteuer"),
        ("fr", "6 × 203,59\u00a0€ à 206,10\u00a0€", "15,15\u00a0€ d’IOF (taxe), compris dans les paiements",
         "1,92\u00a0€ de TVA, compris dans les paiements", "IOF (taxe)\u202f; TVA"),
        ("es-MX", "6 × EUR\u00a0203.59 a EUR\u00a0206.10",
         "EUR\u00a015.15 de IOF (impuesto), incluidos en los pagos",
         "EUR\u00a01.92 de IVA, incluidos en los pagos", "IOF (impuesto); IVA"),
        ("pt-BR", "6 × €\u00a0203,59 a €\u00a0206,10", "€\u00a015,15 de IOF, incluídos nas parcelas",
         "€\u00a01,92 de IVA, incluídos nas parcelas", "IOF; IVA"),
        ("ar", None, None, None, "ضريبة IOF؛ ضريبة القيمة المضافة"),
        ("ja", "€203.59～€206.10 × 6回", "IOF（税）€15.15（各回のお支払いに含まれます）",
         "付加価値税（VAT）€1.92（各回のお支払いに含まれます）", "IOF（税）、付加価値税（VAT）"),
    ],
)  # fmt: skip
def test_a_card_names_taxes_and_the_span_of_its_payments(
    language: str, title: str | None, iof: str | None, vat: str | None, names: str
) -> None:
    offer, words = price(BOTH, fees=(FEE,)), Words(language)
    card = print_plan(offer, words, provider=None, zone=NOW.tzinfo)
    assert (find_ordinary_amount(offer), card.odd, name_taxes(offer, words)) == (20610, (), names)
    if title is not None:
        assert (card.title, *card.fees[1:]) == (title, iof, vat)


def test_of_three_taxed_payments_none_is_above_what_is_advertised() -> None:
    """400.00 each, and 0.38 % with 0.0082 % of it a day for 31, 62 and 92 days."""
    offer = price(IOF, count=3)
    assert [row.amount_minor for row in offer.rows] == [40254, 40355, 40454]
    card = print_plan(offer, Words("en"), provider=None, zone=NOW.tzinfo)
    assert (find_ordinary_amount(offer), card.title, card.odd) == (40454, "3 × €402.54 to €404.54", ())


def test_a_card_without_taxes_is_as_ever() -> None:
    offer = price(NO_TAXES, fees=(replace(FEE, placement=FeePlacement.FIRST),))
    card = print_plan(offer, Words("en"), provider=None, zone=NOW.tzinfo)
    assert (card.title, card.odd) == ("6 × €200.00", (("First payment", "€212.00"),))
    assert (card.fees, name_taxes(offer, Words("en"))) == (("€12.00 with the first payment",), "")


OPEN = [(20000, 378, 178), (20000, 427, 227), (20000, 478, 278), (20000, 527, 327), (20000, 578, 378)]
GONE = (0, 0, 0)


@pytest.mark.parametrize(
    ("strategy", "amount_minor", "rows"),
    [
        # Nobody's row is emptied: fees and taxes stay where they are.
        pytest.param(SPREAD, 500_00, [(10000, fee, tax) for _, fee, tax in OPEN], id="spread"),
        # 5.27 and 5.78 go to row 4, which had 4.78, and 3.27 and 3.78 of tax with them.
        pytest.param(LAST_FIRST, 400_00, [*OPEN[:2], (20000, 1583, 983), GONE, GONE], id="last-first"),
        pytest.param(NEXT_FIRST, 200_00, [GONE, (20000, 805, 405), *OPEN[2:]], id="next-first"),
        # All principal is gone: the first row asks for all fees.
        pytest.param(SPREAD, 1000_00, [(0, 2388, 1388), *[GONE] * 4], id="all-principal"),
        # A full refund asks for nothing.
        pytest.param(SPREAD, 1200_00, [GONE] * 5, id="full"),
    ],
)
def test_a_refund_passes_tax_on_with_its_fee(
    strategy: RefundStrategy, amount_minor: int, rows: Sequence[tuple[int, int, int]]
) -> None:
    plan = agree(price(IOF, fees=(FEE,)), collected=1, strategy=strategy)
    assert [(row.principal_minor, row.fee_minor, row.tax_minor) for row in plan.rows[1:]] == OPEN
    assert refund(plan, amount_minor) == rows


def test_paying_the_rest_early_pays_the_tax_in_its_fees() -> None:
    """Fees to come are paid in full (`docs/plan-page.md`), and so is what is tax in them."""
    plan = agree(price(IOF, fees=(FEE,)), collected=1)
    quote = quote_early_payment(plan, EarlyKind.REST, on=date(2026, 8, 10), bought_on=BOUGHT)
    parts = [(row.principal_minor, row.fee_minor, row.tax_minor) for row in quote.after]
    assert parts == [(100000, 2388, 1388), *[GONE] * 4]
    upcoming = quote_early_payment(plan, EarlyKind.NEXT, on=date(2026, 8, 10), bought_on=BOUGHT)
    assert upcoming.after == (plan.rows[1],)


TAXED = make_card_program(terms=PricingTerms(count=4, interval=MONTHLY, taxes=IOF))


def make_lent(model: ProgramModel) -> PaymentsProgram:
    return PaymentsProgram(
        name="lent", model=model, provider_id=PROVIDER_ID, program_ids=(TAXED.offer_id,), terms=TERMS
    )


def check(*entries: Entry) -> None:
    check_catalogue({(one.kind, one.key): VersionedEntry(entry=one, version=1) for one in entries})


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        pytest.param(
            (make_range(), make_group()),
            "offer_group main.offer_ids: expected programs without taxes: the network's wire has no member "
            "for them, got '10000001'",
            id="network",
        ),
        pytest.param(
            (make_lent(ProgramModel.ISSUER),),
            "payments_program lent.program_ids: expected programs without taxes: the wire on which issuers "
            "are told of plans has no member for them, got '10000001'",
            id="issuer",
        ),
    ],
)
def test_what_goes_over_a_wire_without_taxes_has_none(entries: tuple[Entry, ...], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(make_issuer(), TAXED, *entries)
    assert str(refusal.value) == sentence
    # The same program without taxes, or a lender's with them, is in order.
    check(make_issuer(), replace(TAXED, terms=replace(TAXED.terms, taxes=NO_TAXES)), *entries)
    check(make_issuer(), TAXED, make_lent(ProgramModel.LENDER))


def test_a_merchant_offers_no_taxed_program() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_attachable(TAXED)
    assert str(refusal.value) == (
        "program 10000001.terms.taxes: expected none, for its wire has no member for them, to be offered by "
        "a merchant, got taxes"
    )


def test_a_catalogue_document_has_the_taxes_that_there_are() -> None:
    document = entry_to_document(TAXED)
    assert document["terms"]["taxes"] == {"iof_percent": "0.38", "iof_daily_percent": "0.0082"}
    assert document_to_entry("program", document) == TAXED
    assert "taxes" not in entry_to_document(make_card_program())["terms"]
    document["terms"]["taxes"] = {"vat": "16"}
    with pytest.raises(InvalidInput, match="only these members: iof_daily_percent, iof_percent, vat_percent"):
        document_to_entry("program", document)
