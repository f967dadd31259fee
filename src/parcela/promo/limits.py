"""How many requests are answered for a shop, and of these for one client address (`docs/promo.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from parcela.dialects.http import find_network
from parcela.dialects.payments.rate_limits import Allowance, RateLimits
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.promo.refusals import PromoRefused

_ADDRESS_PARTS = 4
_RESERVE_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoVisit:
    """A request that is to be counted. `shop_number` is whose it is; `now_s` is monotonic."""

    shop_number: int
    allowance: Allowance
    address: str
    now_s: float
    real_now: datetime


class PromoLimits:
    """The counts of this worker, of shops and of addresses, each bounded in number.

    A quarter of a shop's allowance is any address's own. What is beyond comes from the half of the burst that
    is not kept for others: one address alone, such as a proxy's, has the whole rate; beside a greedy one the
    others are answered.
    """

    def __init__(self, settings: PaymentsSettings) -> None:
        self._shops = RateLimits(settings)
        self._addresses = RateLimits(settings)

    def count(self, visit: PromoVisit) -> None:
        """Count a request. Raises PromoRefused (429)."""
        shop, now_s = visit.allowance, visit.now_s
        own = Allowance(shop.per_second // _ADDRESS_PARTS, shop.burst // _ADDRESS_PARTS)
        place = (visit.shop_number, find_network(visit.address))
        is_own, address_standing = self._addresses.take(place, own, is_read=True, now_s=now_s)
        reserve = 0 if is_own else shop.burst // _RESERVE_PARTS
        is_granted, standing = self._shops.take(
            visit.shop_number, shop, is_read=True, now_s=now_s, reserve=reserve
        )
        if is_granted:
            return
        if standing.left >= 1 and not is_own:
            message = f"More than {own.per_second} requests a second came from this address for this shop."
            raise _refuse(message, address_standing.list_headers(visit.real_now))
        message = f"More than {shop.per_second} requests a second came for this shop."
        raise _refuse(message, standing.list_headers(visit.real_now))


def _refuse(message: str, headers: Mapping[str, str]) -> PromoRefused:
    status = HTTPStatus.TOO_MANY_REQUESTS
    return PromoRefused("rate_limited", message, status=status, headers=headers)
