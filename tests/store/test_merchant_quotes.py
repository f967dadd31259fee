"""Quotes in the database: kept word for word, once, and only for the merchant that was shown them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
import pytest
from tests.conftest import RunWithEngine

from parcela.domain.merchant_offers import CartItem, PricedBy, Quote
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.store.merchant_quotes import QuoteRow, find_quote, insert_quotes

SILENT = Quote(
    quote_id="c8Qw2mZ7tRk5Vn1yLh4x",
    client_id=7,
    quoted_at=datetime(2026, 11, 21, 18, 0, 0, 123456, tzinfo=UTC),
    currency=None,
    amount_minor=None,
    items=(),
    card_prefix=None,
    offers=(PricedBy(rule_key="SHOP:r1", rule_version=3, program_id="p1", program_version=12),),
)
TELLING = replace(
    SILENT,
    quote_id="c8Qw2mZ7tRk5Vn1yLh4y",
    currency="KWD",
    amount_minor=2**53 + 1,
    items=(
        CartItem(sku='Käse "100 %" 🧀', quantity=Decimal("1.500"), unit_price=Decimal("0.001")),
        CartItem(sku=None, quantity=Decimal(2), unit_price=Decimal("99999999999.999")),
    ),
    card_prefix="051234",
    offers=(*SILENT.offers, replace(SILENT.offers[0], rule_key="SHOP:r2", rule_version=1)),
    locale="de_AT",
)


def test_quotes_are_read_as_they_were_written(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        rows = [QuoteRow(MAIN_TENANT, SILENT), QuoteRow(MAIN_TENANT, TELLING)]
        async with engine.database.connection() as connection:
            assert await insert_quotes(connection, rows) == [True, True]
            for quote in (SILENT, TELLING):
                assert quote == await find_quote(
                    connection, MAIN_TENANT, client_id=7, quote_id=quote.quote_id
                )

    run(work)


def test_decimals_keep_their_digits(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        async with engine.database.connection() as connection:
            await insert_quotes(connection, [QuoteRow(MAIN_TENANT, TELLING)])
            found = await find_quote(connection, MAIN_TENANT, client_id=7, quote_id=TELLING.quote_id)
        assert found is not None
        assert [str(item.quantity) for item in found.items] == ["1.500", "2"]

    run(work)


def test_an_id_is_given_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        rival = replace(SILENT, client_id=8, locale="fr")
        async with engine.database.connection() as connection:
            assert await insert_quotes(connection, [QuoteRow(MAIN_TENANT, SILENT)]) == [True]
            rows = [QuoteRow(MAIN_TENANT, rival), QuoteRow(MAIN_TENANT, TELLING)]
            assert await insert_quotes(connection, rows) == [False, True]
            kept = [
                await find_quote(connection, MAIN_TENANT, client_id=client_id, quote_id=SILENT.quote_id)
                for client_id in (7, 8)
            ]
        assert kept == [SILENT, None]

    run(work)


@pytest.mark.parametrize(
    "quote_id", ["", "c8Qw2mZ7tRk5Vn1yLh4", "C8Qw2mZ7tRk5Vn1yLh4x", "c8Qw2mZ7tRk5Vn1yLh4-"]
)
def test_an_id_that_is_none_is_not_written(run: RunWithEngine, quote_id: str) -> None:
    async def work(engine: Engine) -> None:
        async with engine.database.connection() as connection:
            with pytest.raises(asyncpg.CheckViolationError):
                await insert_quotes(connection, [QuoteRow(MAIN_TENANT, replace(SILENT, quote_id=quote_id))])
            assert await connection.fetchval("SELECT count(*) FROM merchant_quote") == 0

    run(work)
