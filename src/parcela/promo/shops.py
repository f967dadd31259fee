"""Whose plans a page advertises: an account by its publishable key, or a gateway merchant by its id."""

from dataclasses import dataclass
from datetime import tzinfo
from http import HTTPStatus
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from parcela.dialects.payments.rate_limits import TEST, TIERS, Allowance
from parcela.domain.catalogue import Catalogue
from parcela.domain.money import Money
from parcela.domain.payments.accounts import RateTier
from parcela.domain.payments.keys import ApiKey, KeyKind
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_advertising import AdvertisedPurchase, list_advertised_offers
from parcela.operations.merchants import MerchantCaller, find_caller
from parcela.operations.payments.advertised_plans import Advertised, list_advertised_plans
from parcela.operations.payments.api_keys import find_account_key
from parcela.operations.payments.callers import open_moment
from parcela.operations.payments.moment import AccountMoment
from parcela.promo.queries import PromoQuery
from parcela.promo.refusals import PromoRefused
from parcela.words.words import DEFAULT_LANGUAGE, write_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop whose plans may be read. `counted_as` is whose requests these are, for the rate limit."""

    counted_as: int
    allowance: Allowance
    catalogue: Catalogue
    zone: tzinfo
    locale: str
    source: AccountMoment | MerchantCaller


async def find_shop(engine: Engine, world: World, query: PromoQuery, *, address: str) -> Shop:
    """The shop of a query. Raises PromoRefused."""
    if query.key is not None:
        return await _find_account(engine, world, query.key, address=address)
    assert query.merchant_id is not None, "a query names one of the two"
    return _find_merchant(world, query.merchant_id)


async def list_plans(engine: Engine, world: World, shop: Shop, query: PromoQuery) -> Advertised:
    """The plans that the shop may advertise for the purchase of a query."""
    locale = query.locale or shop.locale
    if isinstance(shop.source, AccountMoment):
        assert query.amount_minor is not None, "an account's query has an amount"
        amount = Money(query.amount_minor, query.currency)
        return list_advertised_plans(shop.source, amount, locale, write_amount=write_amount)
    purchase = AdvertisedPurchase(
        currency=query.currency,
        locale=locale,
        amount_minor=query.amount_minor,
        sku=query.sku,
        items=query.items,
    )
    return await list_advertised_offers(engine, world, shop.source, purchase)


async def _find_account(engine: Engine, world: World, text: str, *, address: str) -> Shop:
    found = find_account_key(engine, world, text)
    if found is None or found[2].kind is not KeyKind.PUBLISHABLE:
        raise PromoRefused(
            "invalid_key",
            "This publishable key is not known. It begins with pk_test_ or pk_live_.",
            param="key",
            status=HTTPStatus.UNAUTHORIZED,
        )
    client, account, key = found
    if key.has_ended(world.real_now):
        raise PromoRefused("expired_key", "This key has ended.", param="key", status=HTTPStatus.UNAUTHORIZED)
    if not _is_admitted(key, address):
        raise PromoRefused(
            "address_not_allowed",
            "This key may not be used from this address.",
            param="key",
            status=HTTPStatus.FORBIDDEN,
        )
    moment = await open_moment(engine, world, client, account, is_live=key.is_live)
    return Shop(
        counted_as=key.key_id,
        allowance=TIERS[account.rate_tier] if key.is_live else TEST,
        catalogue=world.catalogue(client.tenant_id),
        zone=moment.zone,
        locale=account.locale,
        source=moment,
    )


def _find_merchant(world: World, merchant_id: str) -> Shop:
    """A merchant that does not show its offers publicly is not told apart from one that is not there."""
    caller = find_caller(world, merchant_id)
    if caller is None or not caller.setup.profile.shows_offers_publicly:
        raise PromoRefused(
            "unknown_merchant",
            "There is no merchant with this id that shows its offers publicly.",
            param="merchant",
            status=HTTPStatus.NOT_FOUND,
        )
    profile = caller.setup.profile
    return Shop(
        # Keys of accounts have numbers above 0.
        counted_as=-caller.client.client_id,
        allowance=TEST if profile.is_simulated else TIERS[RateTier.STANDARD],
        catalogue=world.catalogue(caller.client.tenant_id),
        zone=ZoneInfo(profile.time_zone),
        locale=profile.locale or DEFAULT_LANGUAGE,
        source=caller,
    )


def _is_admitted(key: ApiKey, address: str) -> bool:
    try:
        return key.admits(ip_address(address))
    except ValueError:
        return not key.networks
