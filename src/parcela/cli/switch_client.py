"""A card message made of a small JSON document, sent to a switch or a host, for whoever tries one out."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from parcela.cli.options import CommandError
from parcela.connectors.iso8583.framing import FramingError, frame, read_frame
from parcela.connectors.iso8583.messages import MalformedMessage, read_message, write_message
from parcela.connectors.iso8583.options import Address, SwitchOptions
from parcela.domain.cards import mask_digits
from parcela.domain.currency import find_currency
from parcela.domain.currency_numbers import get_currency_number
from parcela.domain.errors import DomainError
from parcela.domain.money import parse_major

_MEMBERS = {
    "processing_code": "3",
    "stan": "11",
    "mcc": "18",
    "entry_mode": "22",
    "acquirer_id": "32",
    "rrn": "37",
    "terminal_id": "41",
    "merchant_id": "42",
    "transaction_link_id": "105",
    "original": "90",
}
"""Optional members of the document, and the element that each of them is."""
_FIXED_TEXTS = {"41": 8, "42": 15}
_OWN = frozenset({"card", "amount", "currency", "type", "elements"})


def read_request(text: str) -> dict[str, str]:
    """The elements of the message that a document describes. Raises CommandError."""
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        raise CommandError(
            'The message must be a JSON object: {"card": "…", "amount": "150.00", "currency": "USD"}.'
        ) from None
    if not isinstance(document, dict) or not {"card", "amount", "currency"} <= set(document):
        raise CommandError("The message needs the members card, amount and currency.")
    if unknown := set(document) - _OWN - set(_MEMBERS):
        names = ", ".join(sorted(_OWN | set(_MEMBERS)))
        raise CommandError(f"{', '.join(sorted(unknown))}: no such member. The members are {names}.")
    currency = find_currency(str(document["currency"]))
    if currency is None:
        raise CommandError(f"{document['currency']} is no currency of ISO 4217.")
    try:
        amount = parse_major(str(document["amount"]), currency)
    except DomainError as refusal:
        raise CommandError(f"amount: {refusal}.") from None
    return {
        **_make_defaults(datetime.now(UTC)),
        "t": str(document.get("type", "0100")),
        "2": str(document["card"]),
        "4": f"{amount.minor:012d}",
        "49": get_currency_number(currency.code),
        **_read_members(document),
        **{str(number): str(value) for number, value in document.get("elements", {}).items()},
    }


def _make_defaults(now: datetime) -> dict[str, str]:
    """What every message needs, from the clock: an e-commerce purchase with trace numbers of this second."""
    return {
        "3": "000000",
        "7": f"{now:%m%d%H%M%S}",
        "11": f"{now:%H%M%S}",
        "12": f"{now:%H%M%S}",
        "13": f"{now:%m%d}",
        "22": "812",
        "37": f"{now:%y%j%H%M%S}"[1:].zfill(12),
    }


def _read_members(document: Mapping[str, object]) -> dict[str, str]:
    given = {_MEMBERS[name]: str(document[name]) for name in _MEMBERS if name in document}
    widths = {"11": 6, "37": 12}
    padded = {number: text.zfill(widths.get(number, 0)) for number, text in given.items()}
    return {number: text.ljust(_FIXED_TEXTS.get(number, 0)) for number, text in padded.items()}


def exchange(
    request: Mapping[str, str], options: SwitchOptions, address: Address, *, timeout_s: int
) -> Mapping[str, str]:
    """Send a message and read its answer. Raises CommandError."""
    try:
        raw = write_message(request, options.spec)
    except MalformedMessage as fault:
        raise CommandError(f"Element {fault.element} does not fit the field specification.") from None
    try:
        answer = asyncio.run(asyncio.wait_for(_ask(raw, options, address), timeout_s))
    except TimeoutError:
        raise CommandError(f"{address} did not answer within {timeout_s} seconds.") from None
    except OSError as error:
        raise CommandError(f"{address} cannot be reached ({error.strerror}).") from None
    except (FramingError, MalformedMessage) as fault:
        raise CommandError(f"{address} answered what cannot be read: {fault}.") from None
    return answer


async def _ask(raw: bytes, options: SwitchOptions, address: Address) -> Mapping[str, str]:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(frame(raw, options.header))
        answer = await read_frame(reader, options.header)
    finally:
        writer.close()
    if answer is None:
        raise FramingError("it hung up without an answer")
    return read_message(answer, options.spec).elements


def compare(request: Mapping[str, str], answer: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Element, text as sent and text as answered; the card number masked."""
    names = sorted({name for name in {*request, *answer} if name.isdigit() and name != "1"}, key=int)
    yield "type", request["t"], answer["t"]
    for name in names:
        sent, answered = request.get(name, ""), answer.get(name, "")
        if name == "2":
            sent, answered = mask_digits(sent), mask_digits(answered) if answered else ""
        yield name, sent, answered
