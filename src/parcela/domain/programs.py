"""What an issuer sets up: ranges, programs and offer groups, as immutable catalogue entries.

`spec/network.md` §15. An entry is known by its natural key; a changed entry is a new version.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from parcela.domain.cards import CardFunding
from parcela.domain.merchants import MerchantEntry, MerchantPlan, MerchantProduct, MerchantProfile, OfferRule
from parcela.domain.payments.accounts import (
    PaymentsAccount,
    PaymentsEntry,
    PaymentsMarket,
    PaymentsProgram,
)
from parcela.domain.terms import PricingTerms


class UseCase(StrEnum):
    """When offers are shown: before the purchase is paid, or for a posted transaction."""

    DURING_PURCHASE = "during_purchase"
    POST_PURCHASE = "post_purchase"


ALL_USE_CASES = frozenset(UseCase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A lender that publishes offers; `provider_id` (UUID) is its public name."""

    kind: ClassVar[str] = "issuer"

    provider_id: str
    name: str
    logo_url: str
    cid: str
    ica: str
    country: str
    disclosure: str = ""
    notifications_enabled: bool = True
    notification_url: str | None = None
    realtime_url: str | None = None

    @property
    def key(self) -> str:
        """The natural key."""
        return self.provider_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRange:
    """PANs from `low` to `high`, both 19 digits; ranges never overlap."""

    kind: ClassVar[str] = "account_range"

    low: str
    high: str
    provider_id: str
    country: str
    funding: CardFunding = CardFunding.CREDIT
    during_purchase: bool = True
    post_purchase: bool = True
    real_time: bool = False
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key: the low end."""
        return self.low

    def allows(self, use_case: UseCase) -> bool:
        """Is the use case switched on for this range?"""
        return self.during_purchase if use_case is UseCase.DURING_PURCHASE else self.post_purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRule:
    """An allow list and a deny list of codes; an empty allow list allows all that is not denied."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    @property
    def is_set(self) -> bool:
        """Does the rule restrict anything?"""
        return bool(self.allow or self.deny)

    def admits(self, code: str | None) -> bool:
        """Does `code` pass? An absent code passes only a rule that is not set."""
        if code is None:
            return not self.is_set
        return code not in self.deny and (not self.allow or code in self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRules:
    """Conditions on a purchase. Amounts in major units of the program's currency."""

    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    countries: CodeRule = field(default_factory=CodeRule)
    mccs: CodeRule = field(default_factory=CodeRule)
    merchant_ids: CodeRule = field(default_factory=CodeRule)
    channels: frozenset[str] = frozenset()
    fundings: frozenset[CardFunding] = frozenset()
    use_cases: frozenset[UseCase] = ALL_USE_CASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A configured instalment offer: how it is priced and for which purchases it stands.

    `cid` and `disclosure` replace the issuer's own where an offer has its own (`spec/network.md` §5.3).
    """

    kind: ClassVar[str] = "program"

    offer_id: str
    provider_id: str
    currency: str
    terms: PricingTerms
    rules: EligibilityRules = field(default_factory=EligibilityRules)
    begin: datetime
    end: datetime
    cid: str | None = None
    disclosure: str | None = None
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key: the offer's own id."""
        return self.offer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferGroup:
    """Programs shown together to the cards of some ranges, or only to those on linked PAN lists.

    The programs of a real-time group are priced by the issuer's own service when the network asks it
    (`spec/network.md` §13); the network itself never shows them as configured offers.
    """

    kind: ClassVar[str] = "offer_group"

    code: str
    provider_id: str
    name: str
    offer_ids: tuple[str, ...] = ()
    range_lows: tuple[str, ...] = ()
    pan_list_ids: tuple[str, ...] = ()
    real_time: bool = False
    enabled: bool = True

    @property
    def key(self) -> str:
        """The natural key."""
        return self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRange:
    """Numbers that stand in for funding PANs (`spec/network.md` §10); 19 digits each."""

    kind: ClassVar[str] = "token_range"

    low: str
    high: str

    @property
    def key(self) -> str:
        """The natural key: the low end."""
        return self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPair:
    """A currency that merchants of a country may use besides its main one (`spec/network.md` §5.2)."""

    kind: ClassVar[str] = "market_pair"

    country: str
    currency: str

    @property
    def key(self) -> str:
        """The natural key."""
        return f"{self.country}-{self.currency}"


ENTRY_TYPES: dict[str, type] = {
    entry.kind: entry
    for entry in (
        Issuer,
        AccountRange,
        Program,
        OfferGroup,
        TokenRange,
        MarketPair,
        MerchantProfile,
        MerchantProduct,
        OfferRule,
        MerchantPlan,
        PaymentsAccount,
        PaymentsProgram,
        PaymentsMarket,
    )
}
Entry = Issuer | AccountRange | Program | OfferGroup | TokenRange | MarketPair | MerchantEntry | PaymentsEntry


def find_owner(entry: Entry) -> str | None:
    """The provider id of the issuer that an entry belongs to; None for what is not an issuer's."""
    return entry.provider_id if isinstance(entry, Issuer | AccountRange | Program | OfferGroup) else None
