"""The fields that payment sessions keep: merged leaf by leaf, told masked (`spec/gateway.md` §14)."""

import re
from collections.abc import Mapping
from typing import cast

from parcela.dialects.gateway.calls import AnswerTree, AnswerValue, RequestTree, RequestValue
from parcela.dialects.gateway.request_tree import merge_trees
from parcela.dialects.gateway.wire_values import mask_card_number
from parcela.domain.card_brands import find_brand
from parcela.operations.merchant_sessions import SessionFields

_CARD_PATH = ("sourceOfFunds", "provided", "card")
_CODE = "securityCode"
_INTEGERS = frozenset({"numberOfPayments", "numberOfDeferrals"})
_SHORT_INTEGER = re.compile(r"[0-9]{1,9}")
"""In groups of any content a field of such a name may hold any text."""
_SESSION = "session"


def change_fields(kept: SessionFields, sent: RequestTree, nulls: frozenset[str]) -> SessionFields:
    """What a session keeps after an update: an array replaces the kept one, a null removes what it names."""
    own = {name: value for name, value in sent.items() if name != _SESSION}
    tree = merge_trees(read_fields(kept), own)
    for path in nulls:
        # Within an array nothing is removed: it came whole.
        if "[" not in path:
            _remove(tree, path.split("."))
    card = _find_group(tree, _CARD_PATH)
    code = None if card is None else card.get(_CODE)
    if code is not None:
        _remove(tree, [*_CARD_PATH, _CODE])
    return SessionFields(
        document=cast(Mapping[str, object], _plain(tree)),
        security_code=None if code is None else str(code),
    )


def read_fields(kept: SessionFields) -> RequestTree:
    """The kept fields as those of a request; every call gives a tree of its own."""
    tree = cast(RequestTree, _plain(cast(RequestValue, kept.document)))
    if kept.security_code is not None:
        group = tree
        for name in _CARD_PATH:
            group = cast(RequestTree, group.setdefault(name, {}))
        group[_CODE] = kept.security_code
    return tree


def write_fields(kept: SessionFields) -> AnswerTree:
    """The kept fields as they are told: the card masked and with its brand, amounts as texts."""
    answer = {name: _write(value, name) for name, value in kept.document.items()}
    card = _find_group(cast(RequestTree, answer), _CARD_PATH)
    if card is not None:
        _show_card(cast(AnswerTree, card))
    return answer


def _show_card(card: AnswerTree) -> None:
    digits = card.get("number")
    if isinstance(digits, str):
        brand = find_brand(digits)
        name = None if brand is None else brand.upper()
        card.update(number=mask_card_number(digits), brand=name, scheme=name)
    expiry = card.get("expiry")
    month = expiry.get("month") if isinstance(expiry, dict) else None
    if isinstance(expiry, dict) and isinstance(month, str):
        expiry["month"] = month.lstrip("0")


def _find_group(tree: RequestTree, path: tuple[str, ...]) -> RequestTree | None:
    group: RequestValue | None = tree
    for name in path:
        group = group.get(name) if isinstance(group, dict) else None
    return group if isinstance(group, dict) else None


def _remove(tree: RequestTree, path: list[str]) -> None:
    """Take a field or a group away, and the groups that are empty without it. The tree is changed."""
    name, *below = path
    inner = tree.get(name)
    if not below:
        tree.pop(name, None)
    elif isinstance(inner, dict):
        own = dict(inner)
        _remove(own, below)
        tree[name] = own
        if not own:
            del tree[name]


def _plain(value: RequestValue) -> RequestValue:
    """A copy in which numbers are texts: that is how they are told, and how they read as well."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def _write(value: object, name: str) -> AnswerValue:
    if isinstance(value, Mapping):
        return {inner: _write(held, inner) for inner, held in value.items()}
    if isinstance(value, list):
        return [_write(held, name) for held in value]
    if isinstance(value, str) and name in _INTEGERS and _SHORT_INTEGER.fullmatch(value):
        return int(value)
    assert isinstance(value, str | bool), "requests hold texts and truth values only"
    return value
