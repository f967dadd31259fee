"""What shoppers send: forms read into commands, with what is wrong said by field.

A card number or a security code that was typed is never given back to a page.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from parcela.dialects.http import ClientDisconnect, read_body
from parcela.domain.cards import mask_card_numbers
from parcela.domain.payments.records import Address, BillingDetails
from parcela.operations.payments.payment_methods import MethodCommand, TypedCard

MAX_FORM_BYTES = 8192
_MAX_FIELDS = 20
_MEDIA_TYPE = "application/x-www-form-urlencoded"
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_LONGEST = {"line1": 200, "city": 200, "postal_code": 20, "phone": 40, "name": 200, "email": 254}
_CENTURY = 2000
_JOINERS = {0x200C: None, 0x200D: None}
_WRONG_DETAILS = {name: f"wrong_{name}" for name in _LONGEST} | {"name": "wrong_full_name"}


class FormUnreadable(Exception):
    """The body is not a form of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """What is wrong with a form: a sentence's key for each field, and what may be shown again."""

    by_field: Mapping[str, str]
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises FormUnreadable, BodyTooLarge."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise FormUnreadable
    try:
        text = (await read_body(request, limit=MAX_FORM_BYTES)).decode("ascii")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except (ValueError, ClientDisconnect) as fault:
        raise FormUnreadable from fault
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in text for text in fields.values()):
        raise FormUnreadable
    return fields


def read_card(fields: Mapping[str, str]) -> MethodCommand | Mistakes:
    """The card that was typed."""
    digits = _join_digits(fields.get("number", ""))
    code = _join_digits(fields.get("code", ""))
    expiry = _read_expiry(fields.get("expiry", ""))
    name = _read_text(fields, "name")
    wrong = {
        "number": re.fullmatch("[0-9]{12,19}", digits) is None,
        "expiry": expiry is None,
        "code": re.fullmatch("[0-9]{3,4}", code) is None,
        "name": name is None,
    }
    if expiry is None or any(wrong.values()):
        by_field = {key: f"wrong_{key}" for key, is_wrong in wrong.items() if is_wrong}
        return Mistakes(by_field=by_field, kept=keep_harmless(fields))
    month, year = expiry
    card = TypedCard(digits=digits, expiry_month=month, expiry_year=year, security_code=code)
    return MethodCommand(card=card, billing=BillingDetails(name=name))


def keep_harmless(fields: Mapping[str, str]) -> dict[str, str]:
    """What of a card's form may be shown again: the name, if nothing like a number is in it."""
    name = _read_text(fields, "name")
    return {} if name is None else {"name": name}


def read_details(
    fields: Mapping[str, str], members: Sequence[str], *, needs_consent: bool
) -> BillingDetails | Mistakes:
    """What the shopper says about themselves; every one of `members` is wanted."""
    names = [member.rpartition(".")[2] for member in members]
    plain = [name for name in ("name", "email", "phone") if name in names]
    address = ["line1", "postal_code", "city"] if "address" in names else []
    given = {name: _read_text(fields, name) for name in (*plain, *address)}
    wrong = {name: _WRONG_DETAILS[name] for name, text in given.items() if text is None}
    email = given.get("email")
    if "email" in given and (email is None or _EMAIL.fullmatch(email) is None):
        wrong["email"] = "wrong_email"
    country = fields.get("country", "")
    if address and re.fullmatch("[A-Z]{2}", country) is None:
        wrong["country"] = "wrong_country"
    if needs_consent and fields.get("consent") != "yes":
        wrong["consent"] = "wrong_consent"
    if wrong:
        kept = {name: text for name, text in given.items() if text is not None}
        return Mistakes(by_field=wrong, kept=kept | ({} if "country" in wrong else {"country": country}))
    home = Address(
        line1=given.get("line1"),
        city=given.get("city"),
        postal_code=given.get("postal_code"),
        country=country,
    )
    return BillingDetails(
        name=given.get("name"),
        email=given.get("email"),
        phone=given.get("phone"),
        address=home if address else None,
    )


def _read_text(fields: Mapping[str, str], name: str) -> str | None:
    """A line of text as it may be kept; None for none, a long one, or one with a card number in it."""
    text = " ".join(_drop_marks(fields.get(name, "")).split())
    is_plain = text.translate(_JOINERS).isprintable() and 0 < len(text) <= _LONGEST[name]
    return text if is_plain and mask_card_numbers(text) == text else None


def _drop_marks(text: str) -> str:
    """Without the unseen marks that come along when people paste; what joins letters stays."""
    return "".join(
        character
        for character in text
        if unicodedata.category(character) != "Cf" or ord(character) in _JOINERS
    )


def _join_digits(text: str) -> str:
    """Digits of any script as ASCII, without the spaces and dashes between them."""
    text = unicodedata.normalize("NFKC", _drop_marks(text))
    joined = (character for character in text if not character.isspace() and character not in "-\u2010\u2011")
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character for character in joined
    )


def _read_expiry(text: str) -> tuple[int, int] | None:
    """Month and year of `09/31`, `9 / 2031` or `0931`."""
    digits = _join_digits(text)
    found = re.fullmatch("([0-9]{1,2})[/.]((?:20)?[0-9]{2})", digits) or re.fullmatch(
        "([0-9]{2})((?:20)?[0-9]{2})", digits
    )
    if found is None:
        return None
    month, year = int(found[1]), int(found[2])
    is_month = 1 <= month <= 12
    return (month, year % 100 + _CENTURY) if is_month else None
