"""Which offers a purchase gets: screened, priced, kept, and answered with reasons when there are none."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parcela.domain.calendar import Interval
from parcela.domain.catalogue import RangeCandidates
from parcela.domain.clients import Client, ClientRole
from parcela.domain.eligibility import Purchase, Refusal, Rule, list_reasons, screen_candidates
from parcela.domain.issuer_offers import IssuerOffer, rank_issuer_offers
from parcela.domain.offers import OfferQuote, PresentedOffer, is_cardable, price_offers
from parcela.domain.plans import Merchant, PresentedPurchase, Presentment
from parcela.domain.programs import UseCase
from parcela.operations.cards import FundingCard, resolve_funding_card
from parcela.operations.engine import Engine, World
from parcela.operations.realtime import AskIssuer, asks_issuer
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
    """The offers in their order, or the reasons why there are none.

    The offers are configured ones (`quotes`) or the issuer's own (`issuer_offers`), never both.
    `is_issuer_unavailable`: the issuer should have been asked for its own, and gave no answer.
    """

    offer_transaction_id: int
    quotes: Sequence[OfferQuote] = ()
    issuer_offers: Sequence[IssuerOffer] = ()
    reasons: Sequence[Rule] = ()
    is_issuer_unavailable: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """The offers that are to be kept, and the blind index of the card they are for."""

    pan_index: bytes
    offers: list[PresentedOffer]


def choose_use_case(client: Client) -> UseCase:
    """Partners offer during the purchase, issuers after it (`spec/network.md` §11)."""
    is_partner = client.role is ClientRole.PARTNER
    return UseCase.DURING_PURCHASE if is_partner else UseCase.POST_PURCHASE


async def present_offers(
    engine: Engine,
    world: World,
    client: Client,
    inquiry: OfferInquiry,
    *,
    ask_issuer: AskIssuer | None = None,
) -> OfferAnswer:
    """Answer an inquiry and keep what was shown. Raises UnknownToken.

    For a range that its issuer has marked real-time the issuer is asked, and the configured offers stand in
    when it gives no answer (`spec/network.md` §13).
    """
    funding = await resolve_funding_card(engine, world, tenant_id=client.tenant_id, digits=inquiry.digits)
    found = _find_range(world, client, funding, inquiry)
    use_case = choose_use_case(client)
    is_issuer_asked = found is not None and asks_issuer(found, use_case)
    if is_issuer_asked and ask_issuer is not None:
        assert found is not None and funding.pan is not None
        issuer_offers = await ask_issuer(found.issuer, funding.pan)
        if issuer_offers is not None:
            return await _show_issuer_offers(engine, world, client, inquiry, (funding, issuer_offers))
    quotes: list[OfferQuote] = []
    refusals: list[Refusal] = []
    if found is not None:
        member_of: frozenset[str] = frozenset()
        if found.has_pan_lists:
            member_of = await engine.list_lists_of_card(client.tenant_id, funding.pan_index)
        eligible, refusals = screen_candidates(
            found, inquiry.purchase, use_case=use_case, member_of=member_of
        )
        quotes, unpriced = price_offers(found, eligible, inquiry.purchase)
        refusals += unpriced
    shown = _Shown(funding.pan_index, [quote.presented for quote in quotes])
    return OfferAnswer(
        offer_transaction_id=await _keep(engine, world, client, inquiry, shown),
        quotes=quotes,
        reasons=[] if quotes else list_reasons(refusals),
        is_issuer_unavailable=is_issuer_asked,
    )


async def _show_issuer_offers(
    engine: Engine,
    world: World,
    client: Client,
    inquiry: OfferInquiry,
    answered: tuple[FundingCard, Sequence[IssuerOffer]],
) -> OfferAnswer:
    """Keep an issuer's own offers in their order. None is its word on the consumer."""
    funding, offers = answered
    ranked = rank_issuer_offers(offers)
    shown = _Shown(funding.pan_index, [offer.presented for offer in ranked])
    return OfferAnswer(
        offer_transaction_id=await _keep(engine, world, client, inquiry, shown),
        issuer_offers=ranked,
        reasons=[] if ranked else [Rule.CONSUMER],
    )


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


async def _keep(engine: Engine, world: World, client: Client, inquiry: OfferInquiry, shown: _Shown) -> int:
    """Write what was shown under a free id, and give the id; there is nothing to keep of no offers."""
    if not shown.offers:
        return engine.ids.next_offer_transaction_id()
    purchase = PresentedPurchase(
        pan_index=shown.pan_index,
        amount=inquiry.purchase.amount,
        currency=inquiry.purchase.currency,
        local_at=inquiry.purchase.local_at,
        merchant=inquiry.merchant,
    )
    while True:
        presentment = Presentment(
            offer_transaction_id=engine.ids.next_offer_transaction_id(),
            client_id=client.client_id,
            use_case=choose_use_case(client),
            presented_at=world.now,
            purchase=purchase,
            offers=tuple(shown.offers),
        )
        if await engine.insert_presentment(PresentmentRow(client.tenant_id, presentment)):
            return presentment.offer_transaction_id
