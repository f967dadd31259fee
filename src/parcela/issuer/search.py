"""Real-time offers of an issuer whose programs stand in an engine's catalogue (`spec/network.md` §13)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from parcela.dialects.network.errors import ErrorAnswer
from parcela.dialects.network.read_offers import read_offer_inquiry
from parcela.dialects.network.wire_values import Members
from parcela.dialects.network.write import write_offer
from parcela.dialects.network.write_offers import OFFER_TYPE
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.eligibility import screen_candidates
from parcela.domain.errors import UnknownToken
from parcela.domain.offers import OfferQuote, is_cardable, price_offers
from parcela.domain.programs import UseCase
from parcela.issuer.ports import BadRequest
from parcela.operations.cards import FundingCard, resolve_funding_card
from parcela.operations.engine import MAIN_TENANT, Engine, World
from parcela.operations.offers import OfferInquiry


class CatalogueOffers:
    """Prices the programs of the real-time groups of an issuer's real-time ranges; an `OfferSearch`."""

    def __init__(self, engine: Engine, *, cids: frozenset[str], shows_15_days: bool = False) -> None:
        self._engine = engine
        self._cids = cids
        self._shows_15_days = shows_15_days

    async def search(self, body: Members, sensitive: Members) -> Sequence[Mapping[str, object]]:
        """The offers in their order; none for other issuers' cards and ranges that are not real-time."""
        world = await self._engine.look()
        catalogue = world.catalogue(MAIN_TENANT)
        try:
            inquiry = read_offer_inquiry(body, sensitive, catalogue, shows_15_days=self._shows_15_days)
        except ErrorAnswer as refusal:
            raise BadRequest(", ".join(error.reason_code for error in refusal.errors)) from None
        quotes = await self._price(world, inquiry)
        return [
            {**write_offer(priority, quote), "offerType": OFFER_TYPE}
            for priority, quote in enumerate(quotes, start=1)
        ]

    async def _price(self, world: World, inquiry: OfferInquiry) -> list[OfferQuote]:
        # The network always asks with the funding PAN; in a shared deployment a token is one all the same.
        try:
            funding = await resolve_funding_card(
                self._engine, world, tenant_id=MAIN_TENANT, digits=inquiry.digits
            )
        except UnknownToken:
            return []
        found = self._find_range(world, funding, inquiry)
        if found is None:
            return []
        member_of: frozenset[str] = frozenset()
        if found.has_pan_lists:
            member_of = await self._engine.list_lists_of_card(MAIN_TENANT, funding.pan_index)
        eligible, _ = screen_candidates(
            found, inquiry.purchase, use_case=UseCase.DURING_PURCHASE, member_of=member_of
        )
        return price_offers(found, eligible, inquiry.purchase)[0]

    def _find_range(
        self, world: World, funding: FundingCard, inquiry: OfferInquiry
    ) -> RangeCandidates | None:
        """The card's real-time range, with the programs of its real-time groups in place of the others."""
        if funding.pan is None:
            return None
        found = world.catalogue(MAIN_TENANT).find_range(funding.pan.padded)
        if found is None or not found.account_range.real_time or found.issuer.cid not in self._cids:
            return None
        shown = tuple(
            candidate
            for candidate in found.real_time_candidates
            if is_cardable(candidate.program.terms)
            and candidate.program.terms.interval not in inquiry.hidden_intervals
        )
        has_pan_lists = any(not candidate.is_open for candidate in shown)
        return replace(found, candidates=shown, has_pan_lists=has_pan_lists)
