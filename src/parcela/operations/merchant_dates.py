"""A merchant's own calendar: which date it is where the merchant is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from parcela.domain.merchants import MerchantProfile


def find_local_date(profile: MerchantProfile, now: datetime) -> date:
    """The date in the merchant's time zone at an instant (`spec/gateway.md` §6.1)."""
    return now.astimezone(ZoneInfo(profile.time_zone)).date()
