"""Which offers a purchase gets: screened, priced, kept, and answered with reasons when there are none."""

from dataclasses import dataclass, field, replace

from parcela.domain.calendar import Interval
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.clients import Client, ClientRole
from parcela.domain.eligibility import Purchase, Refusal, Rule, list_reasons, screen_candidates
from parcela.domain.offers import OfferQuote, is_cardable, price_offers
from parcela.domain.plans import Merchant, PresentedPurchase, Presentment
from parcela.domain.programs import UseCase
from parcela.operations.cards import FundingCard, resolve_funding_card
from parcela.operations.engine import Engine, World
from parcela.store.presentments import PresentmentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferInquiry:
    """A client's question: which offers does this purchase get? `digits` is a funding or token PAN."""

    digits: str = field(repr=False)
    purchase: Purchase
    merchant: Merchant
    hidden_intervals: frozenset[Interval] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswer:
    """The offers in their order, or the reasons why there are none."""

    offer_transaction_id: int
    quotes: list[OfferQuote]
    reasons: list[Rule]


def choose_use_case(client: Client) -> UseCase:
    """Partners offer during the purchase, issuers after it (`spec/network.md` §11)."""
    is_partner = client.role is ClientRole.PARTNER
    return UseCase.DURING_PURCHASE if is_partner else UseCase.POST_PURCHASE


async def present_offers(engine: Engine, world: World, client: Client, inquiry: OfferInquiry) -> OfferAnswer:
    """Answer an inquiry and keep what was shown. Raises UnknownToken."""
    funding = await resolve_funding_card(engine, world, tenant_id=client.tenant_id, digits=inquiry.digits)
    found = _find_range(world, client, funding, inquiry)
    quotes: list[OfferQuote] = []
    refusals: list[Refusal] = []
    use_case = choose_use_case(client)
    if found is not None:
        member_of: frozenset[str] = frozenset()
        if found.has_pan_lists:
            member_of = await engine.list_lists_of_card(client.tenant_id, funding.pan_index)
        eligible, refusals = screen_candidates(
            found, inquiry.purchase, use_case=use_case, member_of=member_of
        )
        quotes, unpriced = price_offers(found, eligible, inquiry.purchase)
        refusals += unpriced
    if not quotes:
        transaction_id = engine.ids.next_offer_transaction_id()
        return OfferAnswer(offer_transaction_id=transaction_id, quotes=[], reasons=list_reasons(refusals))
    purchase = PresentedPurchase(
        pan_index=funding.pan_index,
        amount=inquiry.purchase.amount,
        currency=inquiry.purchase.currency,
        local_at=inquiry.purchase.local_at,
        merchant=inquiry.merchant,
    )
    transaction_id = await _keep(engine, world, client, purchase, quotes)
    return OfferAnswer(offer_transaction_id=transaction_id, quotes=quotes, reasons=[])


def _find_range(
    world: World, client: Client, funding: FundingCard, inquiry: OfferInquiry
) -> RangeCandidates | None:
    """The card's range with the programs that this dialect can show; an issuer sees its own ranges only."""
    if funding.pan is None or len(funding.pan.digits) < 13:
        return None
    found = world.catalogue(client.tenant_id).find_range(funding.pan.padded)
    if found is None or (
        client.provider_id is not None and client.provider_id != found.account_range.provider_id
    ):
        return None
    shown = tuple(
        [
            candidate
            for candidate in found.candidates
            if is_cardable(candidate.program.terms)
            and candidate.program.terms.interval not in inquiry.hidden_intervals
        ]
    )
    return found if len(shown) == len(found.candidates) else replace(found, candidates=shown)


async def _keep(
    engine: Engine, world: World, client: Client, purchase: PresentedPurchase, quotes: list[OfferQuote]
) -> int:
    """Write the presentment under a free id."""
    while True:
        presentment = Presentment(
            offer_transaction_id=engine.ids.next_offer_transaction_id(),
            client_id=client.client_id,
            use_case=choose_use_case(client),
            presented_at=world.now,
            purchase=purchase,
            offers=tuple([quote.presented for quote in quotes]),
        )
        if await engine.insert_presentment(PresentmentRow(client.tenant_id, presentment)):
            return presentment.offer_transaction_id
