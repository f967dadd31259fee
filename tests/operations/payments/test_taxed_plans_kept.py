"""A lender's taxed plan in the database: its rows, refunds, an early payment, and what the proofs find."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tests.conftest import DemoTemplate
from tests.plan_page.test_plan_page import Cardholder
from tests.support.early_acts import advance, begin, get_link, make_token, pay
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import get_payment
from tests.support.refund_acts import accept, check_books

from parcela.domain.payments.early_payments import EarlyKind
from parcela.domain.refund_strategy import RefundStrategy
from parcela.domain.taxes import Taxes
from parcela.domain.terms import Fee, FeeKind, FeePlacement

FEE = Fee(kind=FeeKind.FIXED, value=Decimal(3), placement=FeePlacement.SPREAD)
TAXES = Taxes(vat_percent=Decimal(20), iof_percent=Decimal(1))


@pytest.fixture(scope="module")
def taxed(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A lender whose three payments of 200.00 bear 1.00 of fee each, 0.20 of VAT on it and 2.00 of IOF."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as world:
        lent = world.get_entry("program", "lender-3-eur")
        world.change_catalogue(replace(lent, terms=replace(lent.terms, fees=(FEE,), taxes=TAXES)))
        yield world
    demo_template.server.drop_database(name)


def list_told(payment: dict[str, Any]) -> list[tuple[int, int, int, int, str]]:
    """The rows as the API tells them."""
    members = ("amount", "principal", "fee", "tax", "status")
    return [tuple(row[name] for name in members) for row in payment["installments"]["schedule"]]


def list_kept(world: PaymentsWorld, payment: dict[str, Any]) -> list[tuple[int, int]]:
    """Fee and tax of the rows that are kept."""
    rows = world.fetch(
        "SELECT fee_minor, tax_minor FROM payment_plan_row r JOIN payment_plan p USING (tenant_id, plan_id)"
        " WHERE p.payment_id = $1 ORDER BY number",
        payment["id"],
    )
    return [(row["fee_minor"], row["tax_minor"]) for row in rows]


def test_a_refund_moves_a_taxed_row_and_paid_ones_stay(taxed: PaymentsWorld) -> None:
    program = taxed.get_entry("payments_program", "vinr_bnpl")
    taxed.change_catalogue(replace(program, refund_strategy=RefundStrategy.LAST_FIRST))
    bought, _ = begin(taxed)
    assert list_told(get_payment(taxed, bought["id"])) == [(20320, 20000, 320, 220, "due")] * 3
    plan = taxed.get(f"/v1/installments/plans/{bought['installments']['plan']}").body
    assert [(fee["type"], fee["amount"]) for fee in plan["fees"]] == [
        ("plan_fee", 300),
        ("iof", 600),
        ("vat", 60),
    ]
    assert plan["display"]["fees"] == [
        "€3.00 in all, spread over the payments",
        "€6.00 IOF (tax), included in the payments",
        "€0.60 VAT, included in the payments",
    ]
    advance(taxed, days=32)
    accept(taxed, bought, amount=20000)
    advance(taxed, days=12)
    # Row 3 is emptied: 3.20, of which 2.20 is tax, are asked for with row 2.
    assert list_told(get_payment(taxed, bought["id"])) == [
        (20320, 20000, 320, 220, "paid"),
        (20640, 20000, 640, 440, "due"),
        (0, 0, 0, 0, "cancelled"),
    ]
    assert list_kept(taxed, bought) == [(320, 220), (640, 440), (0, 0)]
    with pytest.raises(asyncpg.PostgresError, match="has ended"):
        taxed.fetch("UPDATE payment_plan_row SET tax_minor = 0 WHERE number = 1 RETURNING 1")
    with pytest.raises(asyncpg.CheckViolationError):
        taxed.fetch("UPDATE payment_plan_row SET tax_minor = 641 WHERE number = 2 RETURNING 1")
    check_books(taxed)


def test_paying_the_rest_early_keeps_the_tax_that_was_paid(taxed: PaymentsWorld) -> None:
    bought, _ = begin(taxed, name="grace")
    check = Cardholder(taxed, get_link(taxed, bought)).look("/pay-rest")
    assert "Fees €9.60 of which IOF (tax); VAT €6.60" in check.words
    token = make_token(taxed, bought, EarlyKind.REST)
    made = pay(taxed, bought, EarlyKind.REST, form_token=token)
    assert (made.amount_minor, made.fee_minor, made.tax_minor) == (60960, 960, 660)
    assert list_kept(taxed, bought) == [(960, 660), (0, 0), (0, 0)]
    assert taxed.fetch("SELECT tax_minor FROM payment_early_payment") == [{"tax_minor": 660}]
    check_books(taxed)
