"""The page for trying the tag in a sandbox: live examples with the lines to copy beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from parcela.promo.answers import write_html
from parcela.words.tables import TEXTS
from parcela.words.words import DEFAULT_LANGUAGE, Words

MERCHANT_ID = "TESTPARCELA01"
_AMOUNTS = {"amount": "60000", "currency": "EUR", "locale": "de"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoShop:
    """Whose tag is shown: the account of a publishable key, None where the sandbox has none."""

    root_url: str
    key: str | None


def write_demo(shop: DemoShop, given: Mapping[str, str]) -> bytes:
    """The page; amount, currency and language may be chosen."""
    chosen = {name: given.get(name) or default for name, default in _AMOUNTS.items()}
    return write_html(
        "demo.html",
        Words(DEFAULT_LANGUAGE),
        chosen=chosen,
        key=shop.key or "pk_test_…",
        root_url=shop.root_url,
        merchant_id=MERCHANT_ID,
        languages=list(TEXTS),
        examples=_list_examples(chosen["locale"]),
    )


def _list_examples(locale: str) -> list[tuple[str, Mapping[str, str]]]:
    """Tags of a gateway merchant, each with what it shows."""
    merchant = {"merchant": MERCHANT_ID, "currency": "USD", "locale": locale}
    return [
        ("The shop as a whole", merchant),
        ("One article", {**merchant, "sku": "SKU-1", "amount": "80000"}),
        ("A cart", {**merchant, "amount": "120000", "items": "SKU-1,1,80000;SKU-2,2,20000"}),
    ]
