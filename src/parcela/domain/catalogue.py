"""The whole set-up of a tenant as one immutable value, and the index that finds a card's programs.

A look-up costs one binary search over the ranges, whatever the number of programs, ranges or PANs.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parcela.domain.cards import pad_high, pad_low
from parcela.domain.merchant_setup import MerchantSetup, gather_merchants
from parcela.domain.payments.accounts import PaymentsAccount, PaymentsMarket, PaymentsProgram
from parcela.domain.programs import (
    AccountRange,
    Issuer,
    MarketPair,
    OfferGroup,
    Program,
    TokenRange,
)
from parcela.domain.versions import EntryKey, VersionedEntry

__all__ = ["Candidate", "Catalogue", "EntryKey", "RangeCandidates", "VersionedEntry", "build_catalogue"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that stands behind a card's range, with the PAN lists that open it (none: open to all)."""

    program: Program
    version: int
    pan_list_ids: frozenset[str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class RangeCandidates:
    """An account range with its issuer and the programs of its offer groups.

    `real_time_candidates` stand in real-time groups: only the issuer's own service prices them.
    """

    account_range: AccountRange
    issuer: Issuer
    candidates: tuple[Candidate, ...]
    has_pan_lists: bool
    real_time_candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Intervals:
    """Disjoint closed intervals of 19-digit numbers, sorted."""

    lows: tuple[int, ...]
    highs: tuple[int, ...]

    def find(self, number: int) -> int | None:
        """The position of the interval that holds `number`."""
        position = bisect_right(self.lows, number) - 1
        return position if position >= 0 and number <= self.highs[position] else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every current entry by kind and key, and the indexes made from them."""

    entries: Mapping[EntryKey, VersionedEntry]
    _ranges: tuple[RangeCandidates, ...] = field(repr=False)
    _range_intervals: _Intervals = field(repr=False)
    _token_intervals: _Intervals = field(repr=False)
    _merchants: Mapping[str, MerchantSetup] = field(repr=False)
    _payments_programs: tuple[PaymentsProgram, ...] = field(repr=False)
    _payments_markets: tuple[PaymentsMarket, ...] = field(repr=False)

    def find_merchant(self, merchant_id: str) -> MerchantSetup | None:
        """The enabled merchant with this public name, with all that it has set up."""
        return self._merchants.get(merchant_id)

    def find_range(self, padded_pan: int) -> RangeCandidates | None:
        """The enabled account range that holds a padded PAN, with its programs."""
        position = self._range_intervals.find(padded_pan)
        return None if position is None else self._ranges[position]

    def is_token(self, padded_pan: int) -> bool:
        """Does the number lie inside a token range?"""
        return self._token_intervals.find(padded_pan) is not None

    def find_issuer(self, provider_id: str) -> Issuer | None:
        """The issuer with this provider id."""
        found = self.entries.get((Issuer.kind, provider_id))
        return found.entry if found is not None and isinstance(found.entry, Issuer) else None

    def list_ranges(self, provider_id: str) -> list[AccountRange]:
        """The issuer's enabled account ranges, by their low end."""
        return [
            found.account_range for found in self._ranges if found.account_range.provider_id == provider_id
        ]

    def list_ranges_of_prefix(self, prefix: str, provider_id: str) -> list[AccountRange]:
        """The issuer's enabled account ranges that hold a card beginning with `prefix`."""
        lowest, highest = pad_low(prefix), pad_high(prefix)
        position = max(bisect_right(self._range_intervals.lows, lowest) - 1, 0)
        found = []
        for held in self._ranges[position:]:
            if int(held.account_range.low) > highest:
                break
            if int(held.account_range.high) >= lowest and held.account_range.provider_id == provider_id:
                found.append(held.account_range)
        return found

    def find_payments_account(self, account_id: str) -> PaymentsAccount | None:
        """The enabled account of the payments door with this id."""
        account = self.find_known_payments_account(account_id)
        return account if account is not None and account.enabled else None

    def find_known_payments_account(self, account_id: str) -> PaymentsAccount | None:
        """The same, also one that is switched off."""
        found = self.entries.get((PaymentsAccount.kind, account_id))
        if found is None or not isinstance(found.entry, PaymentsAccount):
            return None
        return found.entry

    def list_payments_programs(self) -> tuple[PaymentsProgram, ...]:
        """The enabled programs of the payments door, by name."""
        return self._payments_programs

    def list_payments_markets(self) -> tuple[PaymentsMarket, ...]:
        """The markets of the payments door, by id."""
        return self._payments_markets

    def has_market_pair(self, country: str, currency: str) -> bool:
        """Did the operator add this country and currency pair?"""
        return (MarketPair.kind, f"{country}-{currency}") in self.entries


def build_catalogue(entries: Iterable[VersionedEntry]) -> Catalogue:
    """Index a validated set of entries."""
    by_key = {(held.entry.kind, held.entry.key): held for held in entries}
    groups_by_range: dict[str, list[OfferGroup]] = defaultdict(list)
    for held in by_key.values():
        if isinstance(held.entry, OfferGroup) and held.entry.enabled:
            for low in held.entry.range_lows:
                groups_by_range[low].append(held.entry)
    ranges = sorted(
        (
            _gather_range(held.entry, groups_by_range[held.entry.low], by_key)
            for held in by_key.values()
            if isinstance(held.entry, AccountRange) and held.entry.enabled
        ),
        key=lambda found: found.account_range.low,
    )
    token_ranges = sorted(
        (held.entry for held in by_key.values() if isinstance(held.entry, TokenRange)),
        key=lambda token_range: token_range.low,
    )
    return Catalogue(
        by_key,
        tuple(ranges),
        _intervals_of([found.account_range for found in ranges]),
        _intervals_of(token_ranges),
        gather_merchants(by_key),
        _list_payments_programs(by_key),
        _list_payments_markets(by_key),
    )


def _list_payments_programs(by_key: Mapping[EntryKey, VersionedEntry]) -> tuple[PaymentsProgram, ...]:
    found = (held.entry for held in by_key.values())
    programs = [entry for entry in found if isinstance(entry, PaymentsProgram) and entry.enabled]
    return tuple(sorted(programs, key=lambda program: program.name))


def _list_payments_markets(by_key: Mapping[EntryKey, VersionedEntry]) -> tuple[PaymentsMarket, ...]:
    markets = [held.entry for held in by_key.values() if isinstance(held.entry, PaymentsMarket)]
    return tuple(sorted(markets, key=lambda market: market.market_id))


def _intervals_of(ranges: Iterable[AccountRange | TokenRange]) -> _Intervals:
    kept = list(ranges)
    return _Intervals(tuple(int(kept_range.low) for kept_range in kept), tuple(int(r.high) for r in kept))


def _gather_range(
    account_range: AccountRange, groups: list[OfferGroup], by_key: Mapping[EntryKey, VersionedEntry]
) -> RangeCandidates:
    """Merge the groups of a range: a program in an open group is open, whatever its other groups say."""
    issuer = by_key[(Issuer.kind, account_range.provider_id)].entry
    assert isinstance(issuer, Issuer)
    candidates = _gather_candidates([group for group in groups if not group.real_time], by_key)
    return RangeCandidates(
        account_range,
        issuer,
        candidates,
        any(not candidate.is_open for candidate in candidates),
        _gather_candidates([group for group in groups if group.real_time], by_key),
    )


def _gather_candidates(
    groups: list[OfferGroup], by_key: Mapping[EntryKey, VersionedEntry]
) -> tuple[Candidate, ...]:
    lists_of: dict[str, set[str]] = {}
    open_offers: set[str] = set()
    for group in groups:
        for offer_id in group.offer_ids:
            lists_of.setdefault(offer_id, set()).update(group.pan_list_ids)
            if not group.pan_list_ids:
                open_offers.add(offer_id)
    candidates = []
    for offer_id, pan_list_ids in sorted(lists_of.items()):
        held = by_key[(Program.kind, offer_id)]
        if isinstance(held.entry, Program) and held.entry.enabled:
            is_open = offer_id in open_offers
            candidates.append(Candidate(held.entry, held.version, frozenset(pan_list_ids), is_open))
    return tuple(candidates)
