"""An account at an instant of its own clock: what every operation of this door starts from."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from parcela.domain.clients import Client
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.records import Owner
from parcela.operations.engine import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMoment:
    """An account in one mode, now.

    `now` is the world's clock, in test mode moved by the account's own offset (`spec/payments.md` §16). Days
    are those of the account's time zone.
    """

    world: World
    client: Client
    account: PaymentsAccount
    is_live: bool
    now: datetime

    @property
    def owner(self) -> Owner:
        """Whose the objects are."""
        return Owner(self.client.tenant_id, self.client.client_id, self.is_live)

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone."""
        return ZoneInfo(self.account.time_zone)

    @property
    def today(self) -> date:
        """The account's date."""
        return self.now.astimezone(self.zone).date()
