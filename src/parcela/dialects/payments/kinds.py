"""The kinds of values that members of requests have: what is read, what is refused, what OpenAPI says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from parcela.dialects.strict_json import JsonNumber
from parcela.domain.cards import mask_card_numbers
from parcela.domain.currency import find_currency
from parcela.domain.payments.refusals import Fault, PaymentRefused

Schema = dict[str, Any]

MAX_AMOUNT = 999_999_999_999
MAX_ID_CHARACTERS = 64
MAX_URL_CHARACTERS = 2048
MAX_PAIRS, MAX_NAME_CHARACTERS, MAX_VALUE_CHARACTERS = 40, 40, 500
_MAX_INSTANT = int((datetime(2200, 1, 1, tzinfo=UTC)).timestamp())
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NO_NUL = r"^[^\u0000]*$"
_CURRENCY = re.compile("[A-Za-z]{3}")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?|\[[0-9A-Fa-f:.]+\]")


class Kind(Protocol):
    """What a member may hold."""

    def read(self, value: object, path: str) -> Any:
        """The value as Python has it. Raises PaymentRefused naming the path."""

    def describe(self) -> Schema:
        """Its JSON Schema."""


def refuse_value(path: str, expected: str, *, fault: Fault = Fault.PARAMETER_INVALID) -> PaymentRefused:
    """A member whose value cannot be used. What came is not quoted: it may be a card number."""
    return PaymentRefused(fault, f"'{path}' must be {expected}.", param=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of so many characters; `pattern` is a regular expression that the whole of it follows."""

    longest: int
    shortest: int = 1
    pattern: str | None = None
    expected: str | None = None

    def read(self, value: object, path: str) -> str:
        """The text as it was sent."""
        is_text = isinstance(value, str) and not isinstance(value, JsonNumber)
        if not is_text or not self.shortest <= len(str(value)) <= self.longest:
            raise refuse_value(path, self.expected or self._name_bounds())
        text = str(value)
        if "\0" in text or (self.pattern is not None and re.fullmatch(self.pattern, text) is None):
            raise refuse_value(path, self.expected or "in the documented form")
        return text

    def describe(self) -> Schema:
        """Its JSON Schema."""
        schema: Schema = {"type": "string", "minLength": self.shortest, "maxLength": self.longest}
        return schema | {"pattern": _NO_NUL if self.pattern is None else f"^(?:{self.pattern})$"}

    def _name_bounds(self) -> str:
        return f"a text of {self.shortest} to {self.longest} characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A JSON integer: neither `3.0` nor `"3"` is one. In a query it is written in digits."""

    least: int
    most: int
    fault: Fault = Fault.PARAMETER_INVALID

    def read(self, value: object, path: str) -> int:
        """The number."""
        number = int(value) if isinstance(value, JsonNumber) and _DIGITS.fullmatch(value) else None
        if number is None or not self.least <= number <= self.most:
            expected = f"a whole number from {self.least} to {self.most}"
            raise refuse_value(path, expected, fault=self.fault)
        return number

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


AMOUNT = Integer(least=1, most=MAX_AMOUNT, fault=Fault.AMOUNT_INVALID)
"""Money in minor units of its currency."""


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 code in any case; read in upper case."""

    def read(self, value: object, path: str) -> str:
        """The code in upper case."""
        is_code = isinstance(value, str) and _CURRENCY.fullmatch(value) is not None
        code = str(value).upper()
        if not is_code or find_currency(code) is None:
            expected = "the three letters of an ISO 4217 currency, such as EUR"
            raise refuse_value(path, expected, fault=Fault.CURRENCY_INVALID)
        return code

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "string", "pattern": "^[A-Za-z]{3}$", "example": "EUR"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; an alias is read as the word that it stands for."""

    words: Sequence[str]
    aliases: Mapping[str, str] | None = None
    fault: Fault = Fault.PARAMETER_INVALID

    def read(self, value: object, path: str) -> str:
        """The word."""
        word = (self.aliases or {}).get(value, value) if isinstance(value, str) else None
        if word not in self.words or isinstance(word, JsonNumber):
            expected = f"one of {', '.join(self.words)}" if len(self.words) > 1 else f"'{self.words[0]}'"
            raise refuse_value(path, expected, fault=self.fault)
        return str(word)

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "string", "enum": [*self.words, *(self.aliases or {})]}


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""

    def read(self, value: object, path: str) -> bool:
        """The value."""
        if not isinstance(value, bool):
            raise refuse_value(path, "true or false")
        return value

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Day:
    """A date, `YYYY-MM-DD`."""

    def read(self, value: object, path: str) -> date:
        """The date."""
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise refuse_value(path, "a date such as 2026-08-01")

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant as whole Unix seconds."""

    def read(self, value: object, path: str) -> datetime:
        """The instant in UTC."""
        if isinstance(value, JsonNumber) and _DIGITS.fullmatch(value) and 0 <= int(value) <= _MAX_INSTANT:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(value))
        raise refuse_value(path, "Unix seconds, such as 1782864000")

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "integer", "minimum": 0, "maximum": _MAX_INSTANT}


@dataclass(frozen=True, slots=True)
class ObjectId:
    """The id of an object, such as `pay_…`: an opaque text. Whether there is one, the look-up says."""

    prefix: str

    def read(self, value: object, path: str) -> str:
        """The text."""
        is_text = isinstance(value, str) and not isinstance(value, JsonNumber)
        if not is_text or not 1 <= len(str(value)) <= MAX_ID_CHARACTERS or "\0" in str(value):
            raise refuse_value(path, f"an id such as {self.prefix}_01K1B9Z6Q4T8V2X0M5R7S3W9YA")
        return str(value)

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARACTERS, "pattern": _NO_NUL}


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute address with https, or with http where the mode or a setting admits it.

    Which hosts and schemes the mode admits is for `check_return_url` or the owner of the member to say.
    """

    def read(self, value: object, path: str) -> str:
        """The address as it was sent."""
        if isinstance(value, str) and not isinstance(value, JsonNumber) and is_plain_url(value):
            return value
        raise refuse_value(
            path, "an https address such as https://shop.example/done", fault=Fault.URL_INVALID
        )

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {
            "type": "string",
            "format": "uri",
            "maxLength": MAX_URL_CHARACTERS,
            "pattern": r"^https?://[!#-;=?-\[\]_a-z~]+$",
        }


@dataclass(frozen=True, slots=True)
class Metadata:
    """A merchant's own pairs of texts: at most 40, names of 40 and values of 500 characters (§2)."""

    def read(self, value: object, path: str) -> dict[str, str]:
        """The pairs."""
        if not isinstance(value, dict) or len(value) > MAX_PAIRS:
            raise refuse_value(path, f"an object of at most {MAX_PAIRS} texts")
        for name, text in value.items():
            if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
                raise refuse_value(path, f"given with names of 1 to {MAX_NAME_CHARACTERS} characters")
            is_text = isinstance(text, str) and not isinstance(text, JsonNumber)
            if not is_text or len(text) > MAX_VALUE_CHARACTERS:
                expected = f"a text of at most {MAX_VALUE_CHARACTERS} characters"
                raise refuse_value(f"{path}.{name}", expected)
        return dict(value)

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {
            "type": "object",
            "maxProperties": MAX_PAIRS,
            "propertyNames": {"minLength": 1, "maxLength": MAX_NAME_CHARACTERS},
            "additionalProperties": {"type": "string", "maxLength": MAX_VALUE_CHARACTERS},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """An array of values of one kind, from `fewest` to `most`; the schema says whether all must differ."""

    item: Kind
    most: int
    fewest: int = 0
    is_unique: bool = False

    def read(self, value: object, path: str) -> list[Any]:
        """The values."""
        if not isinstance(value, list) or not self.fewest <= len(value) <= self.most:
            raise refuse_value(path, f"an array of {self.fewest} to {self.most} values")
        return [self.item.read(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def describe(self) -> Schema:
        """Its JSON Schema."""
        return {
            "type": "array",
            "items": self.item.describe(),
            "minItems": self.fewest,
            "maxItems": self.most,
            **({"uniqueItems": True} if self.is_unique else {}),
        }


def is_plain_url(text: str) -> bool:
    """An absolute http or https address: printable ASCII, a lawful host and port, nobody's name in it.

    Nor a card number, for addresses are kept and told.
    """
    if not (text.isascii() and text.isprintable()) or len(text) > MAX_URL_CHARACTERS:
        return False
    if " " in text or "\\" in text or mask_card_numbers(text) != text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    is_host = _HOST.fullmatch(host) is not None and len(host) <= 253
    return parts.scheme in ("http", "https") and is_host and port != 0 and text[:4].islower()


def is_return_url(text: str, *, is_live: bool) -> bool:
    """May a shopper be sent there (§4): https, in test mode http to this machine as well?"""
    parts = urlsplit(text)
    return parts.scheme == "https" or (not is_live and parts.hostname in _LOCAL_HOSTS)
