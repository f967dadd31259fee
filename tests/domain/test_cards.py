"""Card numbers: check digit, padding, and masks that hold in every way of showing them."""

import traceback

import pytest

from parcela.domain.cards import Pan, mask_card_numbers, mask_digits, pad_high, pad_low, passes_luhn

DIGITS = "5110921032063789"


@pytest.mark.parametrize(
    ("digits", "passes"),
    [
        ("5110921032063789", True),  # the reference samples' card
        ("2303770000057107", True),  # the sandbox card
        ("5123450000000008", True),  # the gateway's test card
        ("5110923494472279", False),  # a published sample that fails
        ("5110921032063788", False),  # one digit changed
        ("5110921032067389", False),  # two neighbours swapped
        ("0000000000000", True),  # zeros add up to nothing
        ("79927398713", True),  # the standard's own example
        ("79927398710", False),  # the same with another check digit
    ],
)
def test_the_check_digit_decides(digits: str, passes: bool) -> None:
    assert passes_luhn(digits) is passes


def test_exactly_one_check_digit_passes() -> None:
    assert [digit for digit in "0123456789" if passes_luhn("511092103206378" + digit)] == ["9"]


@pytest.mark.parametrize(
    ("digits", "low", "high"),
    [
        ("51109210320", 5110921032000000000, 5110921032099999999),  # 11 digits
        ("5110921032063789", 5110921032063789000, 5110921032063789999),  # 16 digits
        ("9999999999999999999", 9999999999999999999, 9999999999999999999),  # 19 digits
    ],
)
def test_shorter_numbers_are_padded_to_19_digits(digits: str, low: int, high: int) -> None:
    assert (pad_low(digits), pad_high(digits)) == (low, high)
    assert Pan(digits).padded == low


@pytest.mark.parametrize(
    ("digits", "masked"),
    [
        ("51109210320", "*******0320"),  # with 11 digits, six and four would hide one digit only
        ("511092103206", "********3206"),  # 12 digits
        ("5110921032063", "511092***2063"),  # 13 digits
        ("5110921032063789", "511092******3789"),  # 16 digits
        ("5110921032063789012", "511092*********9012"),  # 19 digits
    ],
)
def test_people_see_first_six_and_last_four(digits: str, masked: str) -> None:
    assert mask_digits(digits) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"card {DIGITS}.", "card 511092******3789."),  # inside a sentence
        (f"/a/{DIGITS}/b?c={DIGITS}", "/a/511092******3789/b?c=511092******3789"),  # twice
        (f"x{DIGITS}y", "x511092******3789y"),  # between letters
        (f"-{DIGITS}", "-511092******3789"),  # after a sign
        ("card 5110 9210 3206 3789.", "card 511092******3789."),  # in fours
        ("5110-9210-3206-3789", "511092******3789"),  # in fours, with hyphens
        ("5110 9210-3206 3789", "5110 9210-3206 3789"),  # two kinds of gap
        ("5110-9210-3206-3788", "5110-9210-3206-3788"),  # in fours, no card number
        ("00005110-9210-3206-3789-00000000000a", "00005110-9210-3206-3789-00000000000a"),  # a UUID of digits
        ("1763137029152964608", "1763137029152964608"),  # an id that fails Luhn stays
        ("5110921032063788", "5110921032063788"),  # no card number
        ("4111111111", "4111111111"),  # too short for a card
        ("0" * 20, "0" * 20),  # too long for one
        ("", ""),  # nothing
    ],
)
def test_texts_lose_their_card_numbers(text: str, masked: str) -> None:
    assert mask_card_numbers(text) == masked


@pytest.mark.parametrize(
    "digits",
    [
        "5110921032",  # 10 digits
        "51109210320637890123",  # 20 digits
        "5110 9210 3206 3789",  # spaces
        "5110921032063789\n",  # a trailing newline
        "٥١١٠٩٢١٠٣٢٠٦٣٧٨٩",  # digits that are not ASCII
        "",  # nothing
    ],
)
def test_what_is_no_card_number_is_refused_without_being_told(digits: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Pan(digits)
    assert str(refusal.value) == "a PAN has 11 to 19 ASCII digits"


def test_no_way_of_showing_a_pan_shows_its_digits() -> None:
    pan = Pan(DIGITS)
    shown = [repr(pan), str(pan), f"{pan}", f"{pan!r:>40}", repr([pan]), repr({"pan": pan})]
    assert shown[:3] == ["Pan(511092******3789)"] * 3
    assert [text for text in shown if DIGITS in text] == []


def test_an_error_about_a_pan_does_not_show_its_digits() -> None:
    try:
        raise KeyError(Pan(DIGITS))
    except KeyError as error:
        assert DIGITS not in "".join(traceback.format_exception(error))


def test_first_six_and_last_four() -> None:
    assert (Pan(DIGITS).first_six, Pan(DIGITS).last_four) == ("511092", "3789")
