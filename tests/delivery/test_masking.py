"""What of an answer is kept, whatever a receiver repeats in it."""

import pytest

from parcela.delivery.masking import MAX_ANSWER_CHARACTERS, mask_answer

TOKEN = "aB3-_" * 8 + "xyz"
KEY = "aB3xY" * 8 + "xyz"
STARS = "*" * 43

# What an answer says, and what of it is kept: none of these is a secret of the letter itself.
REPEATED = {
    "page": (f'"https://pay.example/checkout/{TOKEN}"', f'"https://pay.example/checkout/{STARS}"'),
    "json": (
        f"pay.example\\/checkout\\/challenge\\/{TOKEN}",
        f"pay.example\\/checkout\\/challenge\\/{STARS}",
    ),
    "plan": (f"/plan/12.{TOKEN}?lang=de", f"/plan/***{STARS}?lang=de"),
    "query": (
        f"next=https%3A%2F%2Fpay.example%2Fplan%2F1.{TOKEN}",
        f"next=https%3A%2F%2Fpay.example%2Fplan%2F**{STARS}",
    ),
    "key": (f"sk_test_{KEY} rk_live_{KEY}", f"sk_test_{STARS} rk_live_{STARS}"),
    "secret": (f"whsec_{KEY}=", f"whsec_{STARS}*"),
    "card": ("PAN 5123450000000008", "PAN 512345******0008"),
    # A longer name, and what everybody may know.
    "digest": (f"/blob/{TOKEN}ab", f"/blob/{TOKEN}ab"),
    "public": (f"pk_test_{KEY}", f"pk_test_{KEY}"),
}


@pytest.mark.parametrize(("said", "kept"), REPEATED.values(), ids=REPEATED)
def test_what_opens_something_is_starred_in_any_answer(said: str, kept: str) -> None:
    assert mask_answer(said.encode(), ()) == kept


@pytest.mark.parametrize("seen", [1, 20, 42])
def test_a_secret_across_the_edge_of_what_is_kept_is_starred(seen: int) -> None:
    start = "." * (MAX_ANSWER_CHARACTERS - seen - 1)
    signature = "s/+" * 115
    body = f"{start}/{TOKEN} more".encode()
    assert mask_answer(body, ()) == f"{start}/" + "*" * seen
    assert mask_answer(f"{start}={signature} more".encode(), (signature,)) == f"{start}=" + "*" * seen


def test_a_token_of_the_letter_is_starred_wherever_it_stands() -> None:
    assert mask_answer(f"é token:{TOKEN}!".encode(), (TOKEN,)) == f"é token:{STARS}!"
