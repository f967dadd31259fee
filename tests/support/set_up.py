"""A small set-up for pure tests: one issuer, one range, and programs that differ in what a test names."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from parcela.domain.calendar import MONTHLY
from parcela.domain.catalogue import (
    Candidate,
    Catalogue,
    RangeCandidates,
    VersionedEntry,
    build_catalogue,
)
from parcela.domain.eligibility import Purchase
from parcela.domain.programs import AccountRange, EligibilityRules, Entry, Issuer, OfferGroup, Program
from parcela.domain.terms import PricingTerms

PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
OTHER_PROVIDER_ID = "218b9962-1355-44e4-8a16-f911363fd849"
LOW, HIGH = "5110920000000000000", "5110929999999999999"
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def make_issuer(**members: Any) -> Issuer:
    """The issuer."""
    given: dict[str, Any] = {
        "provider_id": PROVIDER_ID,
        "name": "Test Bank",
        "logo_url": "https://bank.example/logo.png",
        "cid": "242666",
        "ica": "19246",
        "country": "USA",
        **members,
    }
    return Issuer(**given)


def make_range(**members: Any) -> AccountRange:
    """Its range."""
    given: dict[str, Any] = {
        "low": LOW,
        "high": HIGH,
        "provider_id": PROVIDER_ID,
        "country": "USA",
        **members,
    }
    return AccountRange(**given)


def make_program(offer_id: str = "10000001", **members: Any) -> Program:
    """A program in US dollars: 4 months, interest-free, open to every purchase, unless told otherwise."""
    rules = members.pop("rules", {})
    given: dict[str, Any] = {
        "offer_id": offer_id,
        "provider_id": PROVIDER_ID,
        "currency": "USD",
        "terms": PricingTerms(count=4, interval=MONTHLY),
        "rules": EligibilityRules(**rules),
        "begin": BEGIN,
        "end": END,
        **members,
    }
    return Program(**given)


def make_group(code: str = "main", **members: Any) -> OfferGroup:
    """A group that shows program 10000001 to the range."""
    given: dict[str, Any] = {
        "code": code,
        "provider_id": PROVIDER_ID,
        "name": "Offers",
        "offer_ids": ("10000001",),
        "range_lows": (LOW,),
        **members,
    }
    return OfferGroup(**given)


def make_purchase(amount: str = "400", **members: Any) -> Purchase:
    """A purchase in the USA, in dollars."""
    given: dict[str, Any] = {
        "amount": Decimal(amount),
        "currency": "USD",
        "local_at": datetime(2025, 1, 31, 12, tzinfo=UTC),
        "country": "USA",
        "mcc": "5411",
        "merchant_id": "121234",
        **members,
    }
    return Purchase(**given)


def hold(entries: Iterable[Entry], *, version: int = 1) -> list[VersionedEntry]:
    """Entries as approved ones."""
    return [VersionedEntry(entry=entry, version=version) for entry in entries]


def index(*entries: Entry) -> Catalogue:
    """A catalogue of the issuer and these entries."""
    return build_catalogue(hold([make_issuer(), *entries]))


def offer_to_range(*programs: Program, **range_members: Any) -> RangeCandidates:
    """The range with these programs, open to every card."""
    candidates = tuple(Candidate(program, 1, frozenset(), True) for program in programs)
    return RangeCandidates(make_range(**range_members), make_issuer(), candidates, False)
