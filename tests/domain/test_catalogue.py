"""The catalogue's index: which programs stand behind a card, found in a logarithmic number of steps."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, log2

import pytest
from tests.support.set_up import (
    HIGH,
    LOW,
    OTHER_PROVIDER_ID,
    hold,
    index,
    make_group,
    make_issuer,
    make_program,
    make_range,
)

from parcela.domain.catalogue import Candidate, Catalogue, VersionedEntry, build_catalogue
from parcela.domain.programs import MarketPair, TokenRange


def find_offer_ids(catalogue: Catalogue, number: int) -> list[str] | None:
    found = catalogue.find_range(number)
    return None if found is None else [candidate.program.offer_id for candidate in found.candidates]


@pytest.mark.parametrize(
    ("number", "is_inside"),
    [
        (int(LOW), True),  # the low end
        (int(HIGH), True),  # the high end
        (int(LOW) - 1, False),  # just below
        (int(HIGH) + 1, False),  # just above
        (0, False),  # below every range
        (10**19 - 1, False),  # above every range
    ],
)
def test_both_ends_of_a_range_lie_inside(number: int, is_inside: bool) -> None:
    catalogue = index(make_range(), make_program(), make_group())
    assert find_offer_ids(catalogue, number) == (["10000001"] if is_inside else None)


def test_neighbouring_ranges_keep_their_own_programs() -> None:
    next_low = str(int(HIGH) + 1)
    catalogue = index(
        make_range(),
        make_range(low=next_low, high=next_low),
        make_program("10000001"),
        make_program("10000002"),
        make_group("a"),
        make_group("b", offer_ids=("10000002",), range_lows=(next_low,)),
    )
    assert find_offer_ids(catalogue, int(HIGH)) == ["10000001"]
    assert find_offer_ids(catalogue, int(next_low)) == ["10000002"]


@pytest.mark.parametrize(
    ("switched_off", "expected"),
    [
        ("account_range", None),  # the range is not found
        ("program", []),  # the range is, without the program
        ("offer_group", []),  # likewise
    ],
)
def test_what_is_switched_off_is_not_found(switched_off: str, expected: list[str] | None) -> None:
    entries = [make_range(), make_program(), make_group()]
    changed = [replace(e, enabled=False) if e.kind == switched_off else e for e in entries]
    assert find_offer_ids(index(*changed), int(LOW)) == expected


def test_groups_of_a_range_are_merged_by_program() -> None:
    catalogue = index(
        make_range(),
        make_program("10000001"),
        make_program("10000002"),
        make_group("a", offer_ids=("10000002", "10000001"), pan_list_ids=("1",)),
        make_group("b", offer_ids=("10000001",), pan_list_ids=("2", "3")),
        make_group("c", offer_ids=("10000002",)),
    )
    found = catalogue.find_range(int(LOW))
    assert found is not None
    assert found.candidates == (
        Candidate(make_program("10000001"), 1, frozenset({"1", "2", "3"}), False),
        Candidate(make_program("10000002"), 1, frozenset({"1"}), True),
    )
    assert found.has_pan_lists is True
    assert found.issuer == make_issuer()


def test_a_candidate_carries_the_version_that_is_in_force() -> None:
    entries = hold([make_issuer(), make_range(), make_group()])
    catalogue = build_catalogue([*entries, VersionedEntry(entry=make_program(), version=7)])
    found = catalogue.find_range(int(LOW))
    assert found is not None
    assert [candidate.version for candidate in found.candidates] == [7]


def test_tokens_market_pairs_issuers_and_ranges_are_found_by_what_they_are() -> None:
    token_range = TokenRange(low="2" + "0" * 18, high="2" + "9" * 18)
    catalogue = index(make_range(), token_range, MarketPair(country="CAN", currency="USD"))
    assert [catalogue.is_token(int(end)) for end in (token_range.low, token_range.high, LOW)] == [
        True,
        True,
        False,
    ]
    assert catalogue.has_market_pair("CAN", "USD") is True
    assert catalogue.has_market_pair("USA", "CAD") is False
    assert catalogue.find_issuer(make_issuer().provider_id) == make_issuer()
    assert catalogue.find_issuer(OTHER_PROVIDER_ID) is None
    assert catalogue.list_ranges(make_issuer().provider_id) == [make_range()]
    assert catalogue.list_ranges(OTHER_PROVIDER_ID) == []


class CountedLows(Sequence[int]):
    """Bounds that count how often they are looked at."""

    def __init__(self, lows: Sequence[int]) -> None:
        self.lows = lows
        self.looks = 0

    def __len__(self) -> int:
        return len(self.lows)

    def __getitem__(self, position: int) -> int:  # type: ignore[override]
        self.looks += 1
        return self.lows[position]


def test_a_look_up_among_2000_ranges_and_10000_programs_takes_a_dozen_steps() -> None:
    ranges = [make_range(low=f"5{n:04d}" + "0" * 14, high=f"5{n:04d}" + "9" * 14) for n in range(2000)]
    programs = [make_program(f"{10000000 + n}") for n in range(10_000)]
    groups = [
        make_group(
            f"g{n}",
            offer_ids=tuple(program.offer_id for program in programs[5 * n : 5 * n + 5]),
            range_lows=(ranges[n].low,),
        )
        for n in range(2000)
    ]
    catalogue = index(*ranges, *programs, *groups)
    assert find_offer_ids(catalogue, int(ranges[1234].low) + 5) == [f"{10006170 + n}" for n in range(5)]
    # The index is sorted tuples searched by halves: the same search, counted.
    intervals = catalogue._range_intervals
    assert list(intervals.lows) == sorted(int(account_range.low) for account_range in ranges)
    for number in (int(ranges[0].low), int(ranges[1234].high), int(ranges[1999].high)):
        counted = CountedLows(intervals.lows)
        assert bisect_right(counted, number) - 1 == intervals.find(number)
        assert counted.looks <= ceil(log2(2000 + 1))


def test_real_time_groups_are_the_issuers_own_to_price() -> None:
    catalogue = index(
        make_range(real_time=True),
        make_program("10000001"),
        make_program("10000002"),
        make_program("10000003"),
        make_group("standard", offer_ids=("10000001", "10000003")),
        make_group("own", offer_ids=("10000002", "10000003"), pan_list_ids=("1" * 18,), real_time=True),
    )
    found = catalogue.find_range(int(LOW))
    assert found is not None and not found.has_pan_lists
    assert [(one.program.offer_id, one.is_open) for one in found.candidates] == [
        ("10000001", True),
        ("10000003", True),
    ]
    assert [(one.program.offer_id, one.is_open) for one in found.real_time_candidates] == [
        ("10000002", False),
        ("10000003", False),
    ]
