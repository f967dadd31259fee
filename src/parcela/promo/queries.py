"""The query of a promotion: whose plans, for which purchase, in which language, in which form.

Values never come back in a refusal: what was put into an address may be a secret or a card number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from parcela.domain.cards import mask_card_numbers
from parcela.domain.currency import Currency, find_currency
from parcela.domain.merchant_offers import CartItem
from parcela.domain.payments.keys import PREFIXES, KeyKind
from parcela.promo.refusals import PromoRefused

MAX_QUERY_BYTES = 4_000
MAX_AMOUNT = 999_999_999_999
MAX_ITEMS = 100
_NAMES = ("key", "merchant", "amount", "currency", "locale", "sku", "items", "format", "page")
_SECRET_PREFIXES = tuple(text for (kind, _), text in PREFIXES.items() if kind is not KeyKind.PUBLISHABLE)
_NUMBER = re.compile("[1-9][0-9]{0,11}")
_CODE = re.compile("[A-Za-z]{3}")
_LOCALE = re.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_MAX_SKU_CHARACTERS = 127
_LONGEST_AMOUNT = 12
_MAX_QUANTITY = 1_000_000


class Form(StrEnum):
    """How `/promo` answers."""

    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoQuery:
    """A read query. `amount_minor` is the purchase, with `sku` one article's price."""

    key: str | None = field(default=None, repr=False)
    merchant_id: str | None = None
    amount_minor: int | None = None
    currency: Currency
    locale: str | None = None
    sku: str | None = None
    items: tuple[CartItem, ...] = ()
    form: Form | None = None
    is_page: bool = False
    given: Mapping[str, str] = field(default_factory=dict, repr=False)

    def write_address(self, path: str, **changes: str) -> str:
        """The same query at another path."""
        kept = {name: value for name, value in self.given.items() if name not in ("format", "page")}
        return f"{path}?{urlencode({**kept, **changes})}"


def check_secrets(raw: bytes) -> Mapping[str, str]:
    """The members of a query that holds neither a secret key nor a card number. Raises PromoRefused."""
    if len(raw) > MAX_QUERY_BYTES:
        raise PromoRefused("query_too_long", f"The query is longer than {MAX_QUERY_BYTES} bytes.")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=len(_NAMES) * 2
        )
    except ValueError:
        raise PromoRefused("query_invalid", "The query is not UTF-8 in percent-encoding.") from None
    for name, value in pairs:
        if value.strip().startswith(_SECRET_PREFIXES):
            raise PromoRefused(
                "secret_key_in_address",
                "A secret key was put into an address. Pages take publishable keys, such as pk_test_…; "
                "revoke the secret one, for others may have read it.",
                param="key",
            )
        is_amount = name == "amount" and len(value) <= _LONGEST_AMOUNT
        if mask_card_numbers(name) != name or (mask_card_numbers(value) != value and not is_amount):
            raise PromoRefused("card_number_in_address", "A card number never belongs into an address.")
    return _gather(pairs)


def read_query(raw: bytes) -> PromoQuery:
    """The query of a promotion. Raises PromoRefused."""
    given = check_secrets(raw)
    if ("key" in given) == ("merchant" in given):
        raise PromoRefused(
            "shop_missing",
            "Say whose plans: either key=pk_… of an account, or merchant=… of a gateway merchant.",
            param="key",
        )
    currency = _read_currency(given)
    query = PromoQuery(
        key=given.get("key"),
        merchant_id=given.get("merchant"),
        amount_minor=_read_amount(given),
        currency=currency,
        locale=_read_locale(given),
        sku=_read_sku(given),
        items=_read_items(given.get("items"), currency),
        form=_read_form(given),
        is_page=_read_page(given),
        given=given,
    )
    _check_together(query)
    return query


def _gather(pairs: list[tuple[str, str]]) -> dict[str, str]:
    given = dict(pairs)
    if len(given) < len(pairs):
        raise PromoRefused("query_invalid", "A member of the query came twice.")
    if not given.keys() <= set(_NAMES):
        raise PromoRefused("query_invalid", f"The members of the query are {', '.join(_NAMES)}.")
    return {name: value for name, value in given.items() if value}


def _read_amount(given: Mapping[str, str]) -> int | None:
    text = given.get("amount")
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise PromoRefused(
            "amount_invalid",
            f"The amount is a whole number of minor units from 1 to {MAX_AMOUNT}, such as 60000 for 600.00.",
            param="amount",
        )
    return int(text)


def _read_currency(given: Mapping[str, str]) -> Currency:
    text = given.get("currency", "")
    currency = find_currency(text.upper()) if _CODE.fullmatch(text) else None
    if currency is None:
        raise PromoRefused(
            "currency_invalid",
            "The currency is the three letters of an ISO 4217 currency, such as EUR.",
            param="currency",
        )
    return currency


def _read_locale(given: Mapping[str, str]) -> str | None:
    text = given.get("locale")
    if text is not None and not _LOCALE.fullmatch(text):
        raise PromoRefused("locale_invalid", "The locale is a language, such as de or pt-BR.", param="locale")
    return text


def _read_sku(given: Mapping[str, str]) -> str | None:
    sku = given.get("sku")
    if sku is not None and (len(sku) > _MAX_SKU_CHARACTERS or not sku.isprintable()):
        raise PromoRefused("sku_invalid", "The SKU has 1 to 127 visible characters.", param="sku")
    return sku


def _read_items(text: str | None, currency: Currency) -> tuple[CartItem, ...]:
    """`SKU,quantity,unit price` of each line, parted by semicolons; prices in minor units."""
    if text is None:
        return ()
    lines = text.split(";")
    if len(lines) > MAX_ITEMS:
        raise _refuse_items()
    return tuple(_read_item(line, currency) for line in lines)


def _read_item(line: str, currency: Currency) -> CartItem:
    sku, _, rest = line.strip().partition(",") if line.count(",") == 2 else ("", "", "")
    quantity, _, price = rest.partition(",")
    is_readable = (
        0 < len(sku) <= _MAX_SKU_CHARACTERS
        and sku.isprintable()
        and _NUMBER.fullmatch(quantity)
        and int(quantity) <= _MAX_QUANTITY
        and _NUMBER.fullmatch(price)
    )
    if not is_readable:
        raise _refuse_items()
    unit_price = Decimal(int(price)).scaleb(-currency.exponent)
    return CartItem(sku=sku, quantity=Decimal(int(quantity)), unit_price=unit_price)


def _refuse_items() -> PromoRefused:
    return PromoRefused(
        "items_invalid",
        f"Items are SKU,quantity,unit price in minor units, parted by semicolons, at most {MAX_ITEMS}.",
        param="items",
    )


def _read_form(given: Mapping[str, str]) -> Form | None:
    text = given.get("format")
    if text is None:
        return None
    if text not in set(Form):
        raise PromoRefused("format_invalid", "The format is html or text.", param="format")
    return Form(text)


def _read_page(given: Mapping[str, str]) -> bool:
    text = given.get("page")
    if text not in (None, "1"):
        raise PromoRefused("page_invalid", "page=1 asks for a whole page.", param="page")
    return text is not None


def _check_together(query: PromoQuery) -> None:
    if query.key is not None and (query.sku is not None or query.items):
        raise PromoRefused(
            "sku_invalid", "Articles and carts are for gateway merchants: send merchant=…", param="sku"
        )
    if query.amount_minor is None and (query.key is not None or query.sku is not None or query.items):
        raise PromoRefused("amount_missing", "Send the amount in minor units.", param="amount")
    if query.sku is not None and query.items:
        raise PromoRefused("items_invalid", "Send either an article's SKU or the items of a cart.")
