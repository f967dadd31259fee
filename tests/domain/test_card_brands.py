"""The brand of a card by its first digits: ranges, lengths, and prefixes that leave several open."""

import pytest

from parcela.domain.card_brands import (
    CardBrand,
    find_brand,
    list_possible_brands,
    mask_branded_numbers,
)
from parcela.domain.cards import passes_luhn


@pytest.mark.parametrize(
    ("digits", "brand"),
    [
        pytest.param("5123450000000008", CardBrand.MASTERCARD, id="mastercard"),
        pytest.param("4508750015741019", CardBrand.VISA, id="visa"),
        pytest.param("371449635398431", CardBrand.AMEX, id="amex"),
        # Elo's prefixes lie inside those of Visa, Maestro and Discover.
        pytest.param("4011780000000000", CardBrand.ELO, id="elo-in-visa-first"),
        pytest.param("4011790000000000", CardBrand.ELO, id="elo-in-visa-last"),
        pytest.param("4011770000000000", CardBrand.VISA, id="visa-before-elo"),
        pytest.param("4011800000000000", CardBrand.VISA, id="visa-after-elo"),
        pytest.param("5066990000000000", CardBrand.ELO, id="elo-in-maestro-first"),
        pytest.param("5067780000000000", CardBrand.ELO, id="elo-in-maestro-last"),
        pytest.param("5066980000000000", CardBrand.MAESTRO, id="maestro-before-elo"),
        pytest.param("5067790000000000", CardBrand.MAESTRO, id="maestro-after-elo"),
        pytest.param("5099990000000000", CardBrand.ELO, id="elo-at-the-end-of-maestro"),
        pytest.param("5100000000000000", CardBrand.MASTERCARD, id="mastercard-after-elo"),
        pytest.param("6500340000000000", CardBrand.DISCOVER, id="discover-between-two-of-elo"),
        pytest.param("6500350000000000", CardBrand.ELO, id="elo-in-discover"),
        pytest.param("6362970000000000", CardBrand.ELO, id="elo-alone"),
        pytest.param("6362960000000000", None, id="nobodys"),
        # The length decides too, also where another brand's range lies around.
        pytest.param("401178000000000", None, id="elo-too-short"),
        pytest.param("4011780000000000000", None, id="elo-too-long"),
        pytest.param("1234560000000000", None, id="unknown"),
    ],
)
def test_the_brand_of_a_number(digits: str, brand: CardBrand | None) -> None:
    assert find_brand(digits) is brand


@pytest.mark.parametrize(
    ("prefix", "brands"),
    [
        pytest.param("401178", {CardBrand.ELO}, id="elo"),
        pytest.param("40117", {CardBrand.ELO, CardBrand.VISA}, id="elo-or-visa"),
        pytest.param("509", {CardBrand.ELO}, id="all-elo"),
        pytest.param("512345", {CardBrand.MASTERCARD}, id="mastercard"),
        pytest.param("636", {CardBrand.ELO}, id="elo-or-nobodys"),
        pytest.param("3", {CardBrand.AMEX, CardBrand.DINERS_CLUB, CardBrand.JCB}, id="three"),
        pytest.param("1", set(), id="nobodys"),
    ],
)
def test_the_brands_that_a_prefix_leaves_open(prefix: str, brands: set[CardBrand]) -> None:
    assert list_possible_brands(prefix) == brands


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("4242424242424242", "424242******4242", id="alone"),
        pytest.param("paid with 4242-4242-4242-4242.", "paid with 424242******4242.", id="in-fours"),
        pytest.param("x4000000000000002y", "x400000******0002y", id="between-letters"),
        pytest.param("order-1042-4242424242424242", "order-1042-424242******4242", id="behind-a-hyphen"),
        pytest.param("1763758800009", "1763758800009", id="milliseconds-that-pass-luhn"),
        pytest.param("a4242424242424242bcdef0123", "a4242424242424242bcdef0123", id="part-of-a-long-name"),
        pytest.param("4242424242424241", "4242424242424241", id="wrong-check-digit"),
    ],
)
def test_card_numbers_in_a_merchants_own_words(text: str, kept: str) -> None:
    assert mask_branded_numbers(text) == kept


def test_the_example_of_milliseconds_would_pass_for_a_number_without_its_brand() -> None:
    assert passes_luhn("1763758800009")
