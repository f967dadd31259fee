"""Card messages: framing, elements as they came, and the plan id in its place."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.card_messages import (
    ASCII,
    CARD,
    E_COMMERCE,
    IN_STORE,
    PLAN_ID,
    list_differences,
    make_message,
    read,
)

from parcela.connectors.iso8583.enrichment import (
    NotEnriched,
    PlanPlace,
    add_plan_id,
    find_plan_id,
    read_question,
    split_subelements,
)
from parcela.connectors.iso8583.fields import BUILT_IN, FieldSpecError, load_field_spec
from parcela.connectors.iso8583.framing import FramingError, LengthHeader, frame, read_frame
from parcela.connectors.iso8583.messages import (
    MalformedMessage,
    make_response,
    name_response_type,
    place_element,
    read_message,
    write_message,
)
from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion, OriginalMessage

DE_48 = PlanPlace(element=48)
TAGGED = PlanPlace(element=48, tag="9P")


def read_stream(data: bytes, header: LengthHeader = LengthHeader.BINARY_2) -> list[bytes | None]:
    """All messages of a stream that ends."""

    async def work() -> list[bytes | None]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found: list[bytes | None] = []
        while not found or found[-1] is not None:
            found.append(await read_frame(reader, header))
        return found

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("header", "head"),
    [
        (LengthHeader.BINARY_2, b"\x00\x05"),
        (LengthHeader.BINARY_4, b"\x00\x00\x00\x05"),
        (LengthHeader.ASCII_4, b"0005"),
    ],
)
def test_messages_are_told_apart_by_their_length(header: LengthHeader, head: bytes) -> None:
    assert frame(b"first", header) == head + b"first"
    empty = b"0000" if header is LengthHeader.ASCII_4 else bytes(header.width)
    stream = frame(b"first", header) + empty + frame(b"second", header)
    assert read_stream(stream, header) == [b"first", b"second", None]


@pytest.mark.parametrize(
    ("stream", "header", "fault"),
    [
        (b"\x00", LengthHeader.BINARY_2, "inside a length"),
        (b"\x00\x05firs", LengthHeader.BINARY_2, "inside a message"),
        (b"\x40\x01", LengthHeader.BINARY_2, "16385 bytes is longer than 16384"),
        (b"\xff\xff\xff\xff", LengthHeader.BINARY_4, "longer than 16384"),
        (b"GET ", LengthHeader.ASCII_4, "not four digits"),
    ],
)
def test_a_stream_that_makes_no_sense_ends(stream: bytes, header: LengthHeader, fault: str) -> None:
    with pytest.raises(FramingError, match=fault):
        read_stream(stream, header)


def test_a_message_never_shows_what_it_holds() -> None:
    message = read_message(make_message(**{f"e{k}": v for k, v in IN_STORE.items()}), ASCII)
    assert CARD not in repr(message) and CARD not in str(message)
    assert CARD not in repr(read_question(message))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"0100",
        b"01x0" + b"0" * 16,
        b"0190" + b"0" * 16,
        b"0100" + b"F" * 15,
        b"0100\xff",
        b"0100" + b"G" * 16,
    ],
)
def test_bytes_without_a_type_and_a_bitmap_are_no_message(raw: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_message(raw, ASCII)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_are_a_message_or_malformed(raw: bytes) -> None:
    for head in (b"", b"0100", make_message()[:40]):
        try:
            message = read_message(head + raw, ASCII)
        except MalformedMessage as fault:
            assert fault.element in ASCII
        else:
            assert message.raw == head + raw


@pytest.mark.parametrize("cut", range(0, 160, 7))
def test_a_message_that_ends_early_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedMessage):
        read_message(make_message()[:cut], ASCII)


@pytest.mark.parametrize(
    ("request_type", "response_type"),
    [
        ("0100", "0110"),
        ("0101", "0110"),
        ("0121", "0130"),
        ("0220", "0230"),
        ("0421", "0430"),
        ("0400", "0410"),
    ],
)
def test_a_request_and_its_repeat_have_the_same_answer_type(request_type: str, response_type: str) -> None:
    assert name_response_type(request_type) == response_type


def test_an_answer_made_here_repeats_what_tells_messages_apart() -> None:
    answer = make_response(read(make_message()), "91")
    assert answer == {
        "t": "0110",
        "2": CARD,
        "3": "000000",
        "4": "000000015000",
        "7": "0803165543",
        "11": "000742",
        "12": "165543",
        "13": "0803",
        "32": "234353",
        "37": "123456123456",
        "39": "91",
        "42": "121234".ljust(15),
        "49": "840",
    }


@pytest.mark.parametrize("element", [46, 48, 62, 105, 127])
@pytest.mark.parametrize("spec_name", sorted(BUILT_IN))
def test_only_the_element_and_its_bit_change(element: int, spec_name: str) -> None:
    spec = BUILT_IN[spec_name]
    raw = write_message({"t": "0100", "2": CARD, "4": "000000015000", "11": "000742", **IN_STORE}, spec)
    enriched = add_plan_id(read_message(raw, spec), PLAN_ID, PlanPlace(element=element), spec)
    before, after = read_message(raw, spec).encoded, dict(read_message(enriched, spec).encoded)
    placed = after.pop(str(element))
    assert placed == {"len": b"036", "data": PLAN_ID.encode()}
    bitmaps = {"p", "1"}
    assert {name: after[name] for name in after if name not in bitmaps} == {
        name: before[name] for name in before if name not in bitmaps
    }
    # The message that the library itself writes is the same.
    assert enriched == write_message(dict(read_message(enriched, spec).elements), spec)


def test_odd_spellings_of_other_elements_stay_as_they_came() -> None:
    # Lower-case digits of the bitmap, a length with a blank, and bytes that are not ASCII.
    raw = b"0100" + b"402000000000c000" + b" 5" + b"12345" + b"000742" + b"840" + b"\xe9\xff "
    enriched = place_element(read_message(raw, ASCII), 48, "caf\xe9", ASCII)
    rest = b" 5" + b"12345" + b"000742" + b"004caf\xe9" + b"840" + b"\xe9\xff "
    assert enriched == b"0100" + b"402000000001c000" + rest


def test_a_plan_id_becomes_a_sub_element_after_those_that_stand_there() -> None:
    for held in ("", "610050000162002ab"):
        raw = make_message(e48=held)
        enriched = add_plan_id(read_message(raw, ASCII), PLAN_ID, TAGGED, ASCII)
        assert list_differences(raw, enriched) == {"48": (held or None, f"{held}9P036{PLAN_ID}")}
        assert find_plan_id(read_message(enriched, ASCII), TAGGED) == PLAN_ID


@pytest.mark.parametrize(
    ("place", "held", "reason"),
    [
        (DE_48, "61005000012", "taken"),
        (DE_48, " ", "taken"),
        (DE_48, PLAN_ID, "already_there"),
        (TAGGED, f"9P036{PLAN_ID}", "already_there"),
        (TAGGED, "9P003abc", "taken"),
        # What is not made of sub-elements is nobody's to append to.
        (TAGGED, "free text", "taken"),
        (TAGGED, "61010short", "taken"),
        (TAGGED, "61994" + "x" * 994, "no_room"),
        (TAGGED, "61960" + "x" * 960, "no_room"),
    ],
)
def test_what_stands_in_the_place_is_never_changed(place: PlanPlace, held: str, reason: str) -> None:
    message = read_message(make_message(e48=held), ASCII)
    with pytest.raises(NotEnriched, match=reason):
        add_plan_id(message, PLAN_ID, place, ASCII)


@pytest.mark.parametrize("element", ["64", "128"])
def test_a_message_under_a_mac_is_left_alone(element: str) -> None:
    message = read_message(make_message(**{f"e{element}": "0123456789ABCDEF"}), ASCII)
    with pytest.raises(NotEnriched, match="sealed"):
        add_plan_id(message, PLAN_ID, DE_48, ASCII)


def test_sub_elements_are_tag_length_and_value() -> None:
    assert split_subelements("") == {}
    assert split_subelements("61002ab9P000") == {"61": "ab", "9P": ""}
    assert split_subelements("61002a") is None
    assert split_subelements("6100") is None


def test_a_message_asks_with_all_that_it_says() -> None:
    original = "0100" + "000741" + "0803165542" + "0" * 22
    raw = make_message("0420", e105="0010220123456789abcdefghijkl", e90=original)
    assert read_question(read_message(raw, ASCII)) == AuthorizationQuestion(
        digits=CARD,
        amount_minor=15000,
        currency="USD",
        stan=Identifier("000742", is_number=True),
        rrn=Identifier("123456123456"),
        transaction_link_id="0123456789abcdefghijkl",
        transmitted="0803165543",
        acquirer_id="234353",
        original=OriginalMessage(
            message_type="0100", stan=Identifier("000741", is_number=True), transmitted="0803165542"
        ),
        may_bind=False,
    )


def test_zeros_and_blanks_say_nothing() -> None:
    raw = make_message(e11="000000", e37="000000000000", e105="  ", e90="0" * 42, e32="")
    question = read_question(read_message(raw, ASCII))
    assert (question.stan, question.rrn, question.transaction_link_id) == (None, None, None)
    assert (question.original, question.acquirer_id, question.may_bind) == (None, None, True)


def test_a_link_id_of_its_own_is_read_whole_and_a_longer_text_is_none() -> None:
    for text, link_id in (("1234567890", "1234567890"), ("x" * 23, None)):
        assert read_question(read_message(make_message(e105=text), ASCII)).transaction_link_id == link_id


@pytest.mark.parametrize(("number", "code"), [("840", "USD"), ("392", "JPY"), ("414", "KWD"), ("036", "AUD")])
def test_currencies_come_as_numbers(number: str, code: str) -> None:
    assert read_question(read_message(make_message(e49=number), ASCII)).currency == code


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"e2": ""}, "no_card_number"),
        ({"e2": "1234567890"}, "no_card_number"),
        ({"e2": "23037700000571O7"}, "no_card_number"),
        ({"e4": "000000000000"}, "no_amount"),
        ({"e4": ""}, "no_amount"),
        ({"e49": "000"}, "no_amount"),
        ({"e49": "USD"}, "no_amount"),
        ({"e49": ""}, "no_amount"),
    ],
)
def test_a_message_that_cannot_ask_goes_on_as_it_is(members: dict[str, str], reason: str) -> None:
    with pytest.raises(NotEnriched, match=reason):
        read_question(read_message(make_message(**members), ASCII))


def test_a_file_changes_single_elements(tmp_path: Path) -> None:
    file = tmp_path / "fields.json"
    file.write_text(json.dumps({"based_on": "ascii", "fields": {"48": {"len_type": 2, "max_len": 99}}}))
    spec = load_field_spec(str(file))
    raw = write_message({"t": "0100", "48": "ab", "49": "840"}, spec)
    assert raw == b"0100" + b"0000000000018000" + b"02ab" + b"840"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not a JSON file"),
        ("{}", "based_on"),
        ('{"based_on": "ascii", "fields": {"200": {}}}', "fields.200"),
        ('{"based_on": "ascii", "fields": {"48": {"size": 1}}}', "fields.48"),
        ('{"based_on": "ascii", "fields": {"48": {"data_enc": "klingon"}}}', "no encoding"),
        ('{"based_on": "ascii", "fields": {"48": {"len_type": 9}}}', "len_type 0 to 4"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "fields.json"
    file.write_text(content)
    with pytest.raises(FieldSpecError, match=words):
        load_field_spec(str(file))
    with pytest.raises(FieldSpecError, match="cannot be read"):
        load_field_spec(str(tmp_path / "absent.json"))


def test_the_sample_of_this_file_is_a_message() -> None:
    assert {name: read(make_message())[name] for name in E_COMMERCE} == E_COMMERCE
