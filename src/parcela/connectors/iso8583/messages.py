"""One card message: its bytes, its elements, and new messages made from it. It never shows its contents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import iso8583

from parcela.connectors.iso8583.fields import FieldSpec

_ECHOED = (2, 3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49, 70)
"""Elements that a response made here repeats from its request."""


class MalformedMessage(Exception):
    """Bytes that are no message of the specification.

    `readable` holds the elements before the fault; the text names the element, never a value.
    """

    def __init__(self, element: str, readable: Mapping[str, str]) -> None:
        self.element = element
        self.readable = readable
        super().__init__(f"element {element} cannot be read")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as received: `raw` is its bytes, `elements` its texts by number, `t` the type."""

    raw: bytes = field(repr=False)
    elements: Mapping[str, str] = field(repr=False)
    encoded: Mapping[str, Mapping[str, bytes]] = field(repr=False)

    @property
    def message_type(self) -> str:
        """Four digits: version, class, function, origin."""
        return self.elements["t"]

    @property
    def wants_answer(self) -> bool:
        """Requests and advices do; answers, notifications and their acknowledgements do not."""
        return self.message_type[2] in "02"

    @property
    def is_answer(self) -> bool:
        """Does it answer a request or an advice?"""
        return self.message_type[2] in "13"

    def get(self, number: int) -> str | None:
        """The text of an element without padding around it; None when it is absent or blank."""
        text = self.elements.get(str(number))
        return None if text is None else text.strip() or None


def read_message(raw: bytes, spec: FieldSpec) -> Message:
    """Read the bytes of one message. Raises MalformedMessage."""
    try:
        elements, encoded = iso8583.decode(raw, spec)
    except iso8583.DecodeError as error:
        raise MalformedMessage(error.field, error.doc_dec) from None
    except KeyError:
        # A third bitmap names elements that the specification does not have.
        raise MalformedMessage("1", {}) from None
    if not is_message_type(elements["t"]):
        raise MalformedMessage("t", {})
    return Message(raw, elements, encoded)


def is_message_type(text: str) -> bool:
    """Four digits with a function that ISO 8583:1987 knows."""
    return len(text) == 4 and text.isascii() and text.isdigit() and text[2] in "012345"


def write_message(elements: Mapping[str, Any], spec: FieldSpec) -> bytes:
    """The bytes of a message with these elements; `t` is its type. Raises MalformedMessage."""
    try:
        raw, _ = iso8583.encode(dict(elements), spec)
    except iso8583.EncodeError as error:
        raise MalformedMessage(error.field, {}) from None
    return bytes(raw)


def name_response_type(message_type: str) -> str:
    """The type that answers a request: `0100` and its repeat `0101` are both answered by `0110`."""
    return message_type[:2] + str(int(message_type[2]) + 1) + "0"


def make_response(elements: Mapping[str, str], response_code: str, **more: str) -> dict[str, str]:
    """The elements of an answer that is given here: those to repeat, and DE 39."""
    response = {str(number): elements[str(number)] for number in _ECHOED if str(number) in elements}
    return {**response, "t": name_response_type(elements["t"]), "39": response_code, **more}


def encode_element(number: int, text: str, spec: FieldSpec) -> bytes:
    """Length and data of one element as they stand in a message. Raises MalformedMessage."""
    try:
        _, encoded = iso8583.encode({"t": "0100", str(number): text}, spec)
    except iso8583.EncodeError as error:
        raise MalformedMessage(error.field, {}) from None
    return encoded[str(number)]["len"] + encoded[str(number)]["data"]


def place_element(message: Message, number: int, text: str, spec: FieldSpec) -> bytes:
    """The message with one element put in or replaced; every other byte but the bitmap's is as it came.

    Raises MalformedMessage when the element cannot hold the text.
    """
    placed = encode_element(number, text, spec)
    parts = []
    for name in _list_parts(message, number):
        if name == str(number):
            parts.append(placed)
        elif name == "p":
            first = number if number <= 64 else 1
            parts.append(_set_bit(message.encoded["p"]["data"], first, spec["p"]))
        elif name == "1":
            held = message.encoded.get("1", {}).get("data") or _make_empty_bitmap(spec["1"])
            parts.append(_set_bit(held, number - 64, spec["1"]) if number > 64 else held)
        else:
            parts.append(message.encoded[name]["len"] + message.encoded[name]["data"])
    return b"".join(parts)


def _list_parts(message: Message, number: int) -> list[str]:
    """The parts of a message in their order, with the new element among them."""
    numbers = {int(name) for name in message.encoded if name.isdigit() and name != "1"} | {number}
    has_second = "1" in message.encoded or number > 64
    head = [name for name in ("h", "t", "p") if name in message.encoded]
    return head + (["1"] if has_second else []) + [str(one) for one in sorted(numbers)]


def _set_bit(bitmap: bytes, bit: int, field_spec: Mapping[str, Any]) -> bytes:
    """A bitmap with one bit (1 to 64) set; hexadecimal digits stay as they came unless they change."""
    if field_spec["data_enc"] == "b":
        place = (bit - 1) // 8
        return bitmap[:place] + bytes([bitmap[place] | 0x80 >> (bit - 1) % 8]) + bitmap[place + 1 :]
    text = bitmap.decode(field_spec["data_enc"])
    place = (bit - 1) // 4
    digit = int(text[place], 16)
    changed = digit | 0x8 >> (bit - 1) % 4
    if changed == digit:
        return bitmap
    return (text[:place] + f"{changed:X}" + text[place + 1 :]).encode(field_spec["data_enc"])


def _make_empty_bitmap(field_spec: Mapping[str, Any]) -> bytes:
    return bytes(8) if field_spec["data_enc"] == "b" else ("0" * 16).encode(field_spec["data_enc"])
