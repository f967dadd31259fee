"""The set-up that is measured: two account ranges of six offers each, one of them for a PAN list only."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from parcela.app import open_engine
from parcela.domain.cards import Pan
from parcela.operations import catalogue, people
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.sandbox.setup import PROVIDER_ID
from parcela.settings import Settings
from parcela.store import cards, pan_lists

OPEN_CARD = "2303771000000014"
LISTED_CARD = "2303772000000012"
_MAKER, _CHECKER = "operator@sandbox.example", "second-operator@sandbox.example"
_LISTED_LOW, _LISTED_HIGH = "2303772000000000000", "2303772099999999999"
_OPEN_LOW, _OPEN_HIGH = "2303771000000000000", "2303771099999999999"

Json = dict[str, Any]
Result = TypeVar("Result")

# Two of the six have interest, so that their APR has to be solved for.
_TERMS: tuple[Json, ...] = (
    {"count": 3, "interval": "monthly", "first_due": "transaction_date"},
    {"count": 4, "interval": "biweekly", "first_due": "transaction_date"},
    {"count": 6, "interval": "biweekly", "first_due": "transaction_date"},
    {"count": 6, "interval": "monthly", "rate": "9.9", "first_due": "transaction_date"},
    {
        "count": 12,
        "interval": "monthly",
        "first_due": "transaction_date",
        "fees": [{"kind": "fixed", "value": "10"}],
    },
    {"count": 12, "interval": "monthly", "rate": "14.9", "first_due": "transaction_date"},
)


def run_with_engine(home: Path, url: str, work: Callable[[Engine], Awaitable[Result]]) -> Result:
    """Run `work` with an engine on the database beside the server."""

    async def main() -> Result:
        engine = await open_engine(Settings(home=home), url)
        try:
            return await work(engine)
        finally:
            await engine.database.close()

    return asyncio.run(main())


async def set_up(engine: Engine) -> str:
    """Put the measured catalogue in force, with four eyes; gives the id of the PAN list."""
    pan_list_id = await _make_list(engine)
    document = {
        "parcela_catalogue": 1,
        "account_ranges": [make_range(_OPEN_LOW, _OPEN_HIGH), make_range(_LISTED_LOW, _LISTED_HIGH)],
        "programs": [make_program(f"9000000{number}", terms) for number, terms in enumerate(_TERMS)],
        "offer_groups": [
            make_group("bench-open", _OPEN_LOW),
            make_group("bench-listed", _LISTED_LOW) | {"pan_list_ids": [pan_list_id]},
        ],
    }
    maker = await people.get_person(engine, _MAKER)
    checker = await people.get_person(engine, _CHECKER)
    entries = catalogue.parse_catalogue(document)
    proposal = catalogue.Proposal(summary="What the benchmarks measure", wanted=entries)
    change_set = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, change_set.change_set_id)
    return pan_list_id


async def _make_list(engine: Engine) -> str:
    """A PAN list with the listed card on it."""
    async with engine.database.transaction() as connection:
        made = await pan_lists.insert_pan_list(
            connection,
            MAIN_TENANT,
            provider_id=PROVIDER_ID,
            name="Benchmark",
            low=_LISTED_LOW,
            high=_LISTED_HIGH,
        )
        card = engine.vault.seal_pan(MAIN_TENANT, engine.ids.new_uuid(), Pan(LISTED_CARD))
        card_ids = await cards.save_cards(connection, [card])
        await pan_lists.insert_members(connection, MAIN_TENANT, made.pan_list_id, list(card_ids.values()))
    return made.pan_list_id


def make_range(low: str, high: str) -> Json:
    """An account range of the sandbox issuer."""
    return {"low": low, "high": high, "provider_id": PROVIDER_ID, "country": "USA"}


def make_program(offer_id: str, terms: Json) -> Json:
    """A program of the sandbox issuer with the sandbox's rules."""
    return {
        "offer_id": offer_id,
        "provider_id": PROVIDER_ID,
        "currency": "USD",
        "terms": terms,
        "rules": {
            "minimum": "50",
            "maximum": "5000",
            "countries": {"allow": ["USA"]},
            "mccs": {"deny": ["7995"]},
        },
        "begin": "2020-01-01T00:00:00Z",
        "end": "2099-12-31T23:59:59Z",
    }


def make_group(code: str, range_low: str, offer_ids: list[str] | None = None) -> Json:
    """An offer group of one range."""
    return {
        "code": code,
        "provider_id": PROVIDER_ID,
        "name": code,
        "offer_ids": offer_ids or [f"9000000{number}" for number in range(len(_TERMS))],
        "range_lows": [range_low],
    }
