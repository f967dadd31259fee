"""From the number that a client sent to the funding card behind it (`spec/network.md` §10)."""

from dataclasses import dataclass

from parcela.domain.cards import Pan
from parcela.domain.errors import UnknownToken
from parcela.operations.engine import Engine, World
from parcela.store import cards


@dataclass(frozen=True, slots=True)
class FundingCard:
    """A funding PAN and its blind index; `pan` is None for numbers longer than any card has."""

    pan: Pan | None
    pan_index: bytes


async def resolve_funding_card(engine: Engine, world: World, *, tenant_id: int, digits: str) -> FundingCard:
    """The funding card of a funding or token PAN. Raises UnknownToken."""
    if not 11 <= len(digits) <= 19:
        return FundingCard(None, engine.vault.index_pan(tenant_id, digits))
    pan = Pan(digits)
    pan_index = engine.vault.index_pan(tenant_id, digits)
    if not world.catalogue(tenant_id).is_token(pan.padded):
        return FundingCard(pan, pan_index)
    async with engine.database.connection() as connection:
        card = await cards.find_card_of_token(connection, tenant_id, pan_index)
    if card is None:
        raise UnknownToken
    return FundingCard(engine.vault.open_pan(card), card.pan_index)
