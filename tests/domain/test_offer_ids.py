"""Ids of offers: letters and digits only, in order, and told from what is no id of ours."""

import pytest

from parcela.domain.offer_ids import RANDOM_BYTES, name_answer, name_offer, read_offer_id

ANSWER = name_answer("c", bytes(range(RANDOM_BYTES)))


def test_an_answer_is_a_letter_and_nineteen_random_characters() -> None:
    assert name_answer("c", bytes(RANDOM_BYTES)) == "c0000000000000000000"
    assert ANSWER == "cRAKQvOgGnHaKu9UFpCZ"
    assert name_answer("c", bytes(RANDOM_BYTES - 1) + b"\x3d") == "cz000000000000000000"


def test_ids_of_an_answer_sort_in_display_order() -> None:
    ids = [name_offer(ANSWER, number) for number in range(1, 100)]
    assert ids == sorted(ids)
    assert [read_offer_id(offer_id) for offer_id in ids] == [(ANSWER, number) for number in range(1, 100)]


@pytest.mark.parametrize(
    "offer_id",
    [
        "",
        "NOSUCHOFFER1",
        f"{ANSWER}00",
        f"{ANSWER}1",
        f"{ANSWER}001",
        f"{ANSWER.upper()}01",
        f"{ANSWER[:-1]}-01",
        f"{ANSWER}01\n",
        f"{ANSWER[:-1]}٣01",
        f"{ANSWER}0٣",
    ],
    ids=ascii,
)
def test_what_is_no_id_of_ours_is_told(offer_id: str) -> None:
    assert read_offer_id(offer_id) is None
