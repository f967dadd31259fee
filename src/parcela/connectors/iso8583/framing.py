"""Messages on a stream: each is preceded by its length."""

import asyncio
from enum import StrEnum

MAX_MESSAGE_BYTES = 16 * 1024


class LengthHeader(StrEnum):
    """Two or four bytes, big-endian, or four decimal digits; the length does not count itself."""

    BINARY_2 = "binary2"
    BINARY_4 = "binary4"
    ASCII_4 = "ascii4"

    @property
    def width(self) -> int:
        """Bytes of the header."""
        return 2 if self is LengthHeader.BINARY_2 else 4


class FramingError(Exception):
    """The stream holds no length where one belongs, or one that is not allowed: nothing after it is safe."""


async def read_frame(reader: asyncio.StreamReader, header: LengthHeader) -> bytes | None:
    """The next message; None where the stream ends between messages. Raises FramingError.

    A length of zero is a keep-alive of some networks, and is skipped.
    """
    while True:
        try:
            head = await reader.readexactly(header.width)
        except asyncio.IncompleteReadError as broken:
            if broken.partial:
                raise FramingError("the stream ends inside a length") from None
            return None
        length = _read_length(head, header)
        if length > MAX_MESSAGE_BYTES:
            raise FramingError(f"a message of {length} bytes is longer than {MAX_MESSAGE_BYTES}")
        if length == 0:
            continue
        try:
            return await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise FramingError("the stream ends inside a message") from None


def _read_length(head: bytes, header: LengthHeader) -> int:
    if header is not LengthHeader.ASCII_4:
        return int.from_bytes(head, "big")
    if not head.isdigit():
        raise FramingError("a length is not four digits")
    return int(head)


def frame(message: bytes, header: LengthHeader) -> bytes:
    """A message with its length before it."""
    assert 0 < len(message) <= MAX_MESSAGE_BYTES
    if header is LengthHeader.ASCII_4:
        # Four digits reach to 9,999 bytes.
        if len(message) > 9999:
            raise FramingError("a message is too long for four digits")
        return b"%04d" % len(message) + message
    return len(message).to_bytes(header.width, "big") + message
