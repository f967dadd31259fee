"""Merchants' texts before shoppers: one line, no card number, nothing that turns the writing around."""

import pytest

from parcela.domain.payments.given_texts import clean_line


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Kiln, Söhne & 陶器 💳", "Kiln, Söhne & 陶器 💳"),
        ("order\r\nBcc: eve@pay.example\x07", "order Bcc: eve@pay.example"),
        ("Kiln 4242 4242 4242 4242", "Kiln 424242******4242"),
        ("20260801000007", "20260801000007"),  # passes Luhn, and is no card's
        ("\u202ekcabdrawkcab\u202c 1", "kcabdrawkcab 1"),
        ("نان\u200cوا \u200eB", "نان\u200cوا \u200eB"),
        ("a\u2028b\u00a0c", "a b c"),
    ],
    ids=["names", "line_ends", "card", "order_number", "turned", "joiners", "spaces"],
)
def test_a_text_is_shown_on_one_line_without_a_card_number(given: str, shown: str) -> None:
    assert clean_line(given) == shown
