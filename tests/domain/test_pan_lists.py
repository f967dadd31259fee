"""PAN lists: which list a request means, and what becomes of each PAN, the first failure only (§8)."""

import pytest
from tests.support.set_up import (
    HIGH,
    LOW,
    OTHER_PROVIDER_ID,
    PROVIDER_ID,
    index,
    make_issuer,
    make_range,
)

from parcela.domain.errors import RangeDiffers, RangeNotValid
from parcela.domain.pan_lists import (
    PanFailure,
    PanList,
    check_pan_form,
    check_same_bounds,
    find_range_of_bounds,
    find_range_of_pans,
    judge_additions,
    judge_removals,
)
from parcela.domain.programs import AccountRange

IN_RANGE = ("5110921032063789", "5110920000000005", "5110929999999994")
ELSEWHERE = "5555552292032404"
BAD_CHECK_DIGIT = "5110921032063788"
SECOND = make_range(low="2303770000000000000", high="2303770000099999999")
FOREIGN = make_range(low="4000000000000000000", high="4000009999999999999", provider_id=OTHER_PROVIDER_ID)
CATALOGUE = index(make_issuer(provider_id=OTHER_PROVIDER_ID), make_range(), SECOND, FOREIGN)


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        ("5110921032063789", None),  # well formed
        ("79927398713", None),  # 11 digits, the fewest
        ("5110921032063789003", None),  # 19 digits, the most
        ("7992739871", PanFailure.MALFORMED),  # 10 digits
        ("51109210320637890030", PanFailure.MALFORMED),  # 20 digits
        ("23037", PanFailure.MALFORMED),  # the published example
        ("", PanFailure.MALFORMED),  # nothing
        ("5110 9210 3206 3789", PanFailure.MALFORMED),  # spaces
        ("5110921032063789\n", PanFailure.MALFORMED),  # a trailing newline
        ("٥١١٠٩٢١٠٣٢٠٦٣٧٨٩", PanFailure.MALFORMED),  # digits that are not ASCII
        (BAD_CHECK_DIGIT, PanFailure.LUHN),  # a wrong check digit
    ],
)
def test_form_comes_before_the_check_digit(sent: str, failure: PanFailure | None) -> None:
    checked = check_pan_form(sent)
    assert (checked.sent, checked.failure) == (sent, failure)
    assert (checked.pan is None) is (failure is PanFailure.MALFORMED)


def judge_adding(*sent: str, present: tuple[str, ...] = ()) -> list[PanFailure | None]:
    outcomes = judge_additions(list(map(check_pan_form, sent)), low=LOW, high=HIGH, present=present)
    assert [outcome.sent for outcome in outcomes] == list(sent)
    return [outcome.failure for outcome in outcomes]


def test_each_pan_is_judged_by_itself_and_told_its_first_failure() -> None:
    sent = (IN_RANGE[0], "23037", BAD_CHECK_DIGIT, ELSEWHERE, IN_RANGE[1], IN_RANGE[2])
    assert judge_adding(*sent, present=(IN_RANGE[1],)) == [
        None,
        PanFailure.MALFORMED,
        PanFailure.LUHN,
        PanFailure.OUT_OF_RANGE,
        PanFailure.ALREADY_PRESENT,
        None,
    ]


def test_the_second_of_two_equal_pans_is_present_already() -> None:
    assert judge_adding(IN_RANGE[0], IN_RANGE[1], IN_RANGE[0]) == [None, None, PanFailure.ALREADY_PRESENT]


def test_a_pan_that_failed_does_not_count_as_present() -> None:
    assert judge_adding(ELSEWHERE, ELSEWHERE) == [PanFailure.OUT_OF_RANGE] * 2


def test_pans_are_padded_before_they_are_compared_with_the_bounds() -> None:
    # 5110930000000004 padded is one above the range, 5110929999999994 padded lies below its end.
    assert judge_adding("5110930000000004", "5110929999999994") == [PanFailure.OUT_OF_RANGE, None]


def judge_removing(
    *sent: str, present: tuple[str, ...], elsewhere: tuple[str, ...]
) -> list[PanFailure | None]:
    outcomes = judge_removals(list(map(check_pan_form, sent)), present=present, elsewhere=elsewhere)
    assert [outcome.sent for outcome in outcomes] == list(sent)
    return [outcome.failure for outcome in outcomes]


def test_removals_tell_another_list_from_none() -> None:
    failures = judge_removing(
        IN_RANGE[0],
        IN_RANGE[1],
        ELSEWHERE,
        BAD_CHECK_DIGIT,
        "23037",
        present=(IN_RANGE[0],),
        elsewhere=(IN_RANGE[1],),
    )
    assert failures == [
        None,
        PanFailure.NOT_LINKED,
        PanFailure.NOT_REGISTERED,
        PanFailure.LUHN,
        PanFailure.MALFORMED,
    ]


@pytest.mark.parametrize(
    ("elsewhere", "second"),
    [
        ((), PanFailure.NOT_REGISTERED),  # it stood in this list only
        ((IN_RANGE[0],), PanFailure.NOT_LINKED),  # it still stands in another one
    ],
)
def test_a_pan_is_removed_once(elsewhere: tuple[str, ...], second: PanFailure) -> None:
    failures = judge_removing(IN_RANGE[0], IN_RANGE[0], present=(IN_RANGE[0],), elsewhere=elsewhere)
    assert failures == [None, second]


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (LOW, HIGH, (make_range(), LOW, HIGH)),  # the whole range
        ("51109200041", "51109200041", (make_range(), "5110920004100000000", "5110920004199999999")),
        (
            "5110920004100000000",
            "5110920004100000000",
            (make_range(), "5110920004100000000", "5110920004100000000"),
        ),
        ("23037700000", "23037700000", (SECOND, "2303770000000000000", "2303770000099999999")),
    ],
)
def test_bounds_are_padded_and_lie_inside_one_range(
    low: str, high: str, found: tuple[AccountRange, str, str]
) -> None:
    assert find_range_of_bounds(CATALOGUE, PROVIDER_ID, low=low, high=high) == found


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (HIGH, LOW),  # the wrong way round
        (LOW, str(int(HIGH) + 1)),  # one beyond the end
        (str(int(LOW) - 1), HIGH),  # one before the start
        ("2303770000000000000", HIGH),  # from one range into another
        ("4000000000000000000", "4000009999999999999"),  # another issuer's range
        ("99999999999", "99999999999"),  # no range
    ],
)
def test_other_bounds_are_not_valid(low: str, high: str) -> None:
    with pytest.raises(RangeNotValid):
        find_range_of_bounds(CATALOGUE, PROVIDER_ID, low=low, high=high)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ([IN_RANGE[0]], make_range()),  # its range
        (["2303770000057107", IN_RANGE[0]], SECOND),  # the first one's
        ([ELSEWHERE, IN_RANGE[0]], make_range()),  # the first that has one
        ([BAD_CHECK_DIGIT, "2303770000057107"], SECOND),  # a failed PAN names no range
        (["23037", BAD_CHECK_DIGIT, ELSEWHERE], None),  # none of them
        (["4000000000000002"], None),  # another issuer's range
        ([], None),  # nothing sent
    ],
)
def test_the_first_sound_pan_in_a_range_of_the_issuer_names_it(
    sent: list[str], found: AccountRange | None
) -> None:
    assert find_range_of_pans(CATALOGUE, PROVIDER_ID, list(map(check_pan_form, sent))) == found


PAN_LIST = PanList(pan_list_id="282575947176083456", name="a", provider_id=PROVIDER_ID, low=LOW, high=HIGH)


@pytest.mark.parametrize(
    ("low", "high", "is_same"),
    [
        (LOW, HIGH, True),  # word for word
        ("511092000000", "511092999999", True),  # the same once padded
        (LOW, LOW, False),  # another end
        ("511092000001", HIGH, False),  # another start
    ],
)
def test_bounds_sent_along_must_be_the_lists_own(low: str, high: str, is_same: bool) -> None:
    if is_same:
        check_same_bounds(PAN_LIST, low=low, high=high)
        return
    with pytest.raises(RangeDiffers):
        check_same_bounds(PAN_LIST, low=low, high=high)


def test_what_is_shown_of_a_request_holds_no_card_number() -> None:
    checked = check_pan_form(IN_RANGE[0])
    outcome = judge_additions([checked], low=LOW, high=HIGH, present=())
    assert IN_RANGE[0] not in repr([checked, outcome])
