"""What one offer costs: schedule with dates, APR and rank, in the pure core, without I/O."""

import time
from datetime import UTC, datetime
from decimal import Decimal

from bench.world import OPEN_CARD
from parcela.domain.cards import Pan
from parcela.domain.eligibility import Purchase
from parcela.domain.offers import price_offers
from parcela.operations.engine import MAIN_TENANT, Engine

_ROUNDS = 2_000


async def measure_pricing(engine: Engine) -> float:
    """Microseconds for one offer, over the six offers of the measured range and many amounts."""
    seen = await engine.look()
    found = seen.catalogue(MAIN_TENANT).find_range(Pan(OPEN_CARD).padded)
    assert found is not None
    count = 0
    started_s = time.perf_counter()
    for number in range(_ROUNDS):
        purchase = Purchase(
            amount=Decimal(15_000 + number) / 100,
            currency="USD",
            local_at=datetime(2026, 1 + number % 12, 1 + number % 28, 12, tzinfo=UTC),
            country="USA",
        )
        quotes, refusals = price_offers(found, found.candidates, purchase)
        assert (len(quotes), refusals) == (6, [])
        count += len(quotes)
    return (time.perf_counter() - started_s) / count * 1e6
