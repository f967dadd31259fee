"""Field tables: which fields an operation takes, in which formats, which it needs (`spec/gateway.md` §6).

A table names leaves by dotted paths; `item[]` is an array. The checks tell one error a request, in the order
of §4.1: unexpected fields, then formats, then missing fields, each alphabetical by path.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from parcela.dialects.gateway.calls import RequestTree, RequestValue
from parcela.dialects.gateway.errors import (
    GatewayError,
    refuse_invalid,
    refuse_missing,
    refuse_unexpected,
)
from parcela.dialects.gateway.kinds import (
    AMOUNT,
    BOOLEAN,
    CARD_NUMBER,
    CURRENCY,
    MAX_AMOUNT_CHARACTERS,
    MONTH,
    OPEN,
    PAYMENT_AMOUNT,
    PREFIX,
    QUANTITY,
    SECURITY_CODE,
    YEAR,
    Kind,
    enum,
    identifier,
    integer,
    text,
)
from parcela.dialects.gateway.request_tree import (
    find_boolean,
    find_decimal,
    find_integer,
    find_text,
    find_value,
    list_items,
)
from parcela.domain.currency import find_currency

__all__ = [
    "AMOUNT",
    "BOOLEAN",
    "CARD_NUMBER",
    "CURRENCY",
    "MONTH",
    "OPEN",
    "PAYMENT_AMOUNT",
    "PREFIX",
    "QUANTITY",
    "SECURITY_CODE",
    "YEAR",
    "FieldTable",
    "Kind",
    "check_fields",
    "check_formats",
    "check_required",
    "convert_texts",
    "enum",
    "find_boolean",
    "find_decimal",
    "find_integer",
    "find_text",
    "find_value",
    "identifier",
    "integer",
    "list_items",
    "restrict_tree",
    "text",
]

_Fault: TypeAlias = tuple[str, GatewayError | None]

MAX_OPEN_CHARACTERS = 32 * 1024
_SESSION_KINDS = {"session.id": identifier(1, 64), "session.version": identifier(1, 64)}


@dataclass(slots=True, kw_only=True)
class Node:
    """A place in the tree of a table: a group with members, an array with items, or a leaf with a kind."""

    members: dict[str, "Node"] = field(default_factory=dict)
    items: "Node | None" = None
    kind: Kind | None = None
    most_items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTable:
    """The fields of an operation.

    `required` are paths of leaves, of leaves in arrays (`item[].sku`, for each item there is) or of arrays.
    `needs` names more of them by what a request holds. `amounts` are amounts with the field of their
    currency, whose decimals they may not exceed. `most_items` bounds arrays. `takes_session` adds
    `session.id` and `session.version`, and lets a session's fields stand in.
    """

    kinds: Mapping[str, Kind]
    required: Sequence[str] = ()
    takes_session: bool = False
    amounts: Mapping[str, str] = field(default_factory=dict)
    most_items: Mapping[str, int] = field(default_factory=dict)
    needs: Callable[[RequestTree], Sequence[str]] | None = None
    root: Node = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = {**_SESSION_KINDS, **self.kinds} if self.takes_session else self.kinds
        object.__setattr__(self, "root", _build_root(kinds, self.most_items))


def check_fields(table: FieldTable, tree: RequestTree) -> None:
    """Unexpected, then format, then missing. Raises GatewayError."""
    check_formats(table, tree)
    check_required(table, tree)


def check_formats(
    table: FieldTable, tree: RequestTree, elsewhere: Mapping[str, GatewayError] | None = None
) -> None:
    """No field that the table lacks, and every value in its format. Raises GatewayError.

    `elsewhere` are wrong formats of fields that no tree holds, such as those of the address.
    """
    unexpected: list[str] = []
    malformed = dict(elsewhere or {})
    for path, error in _list_faults(table.root, tree, ""):
        if error is None:
            unexpected.append(path)
        else:
            malformed[path] = error
    if unexpected:
        raise refuse_unexpected(min(unexpected))
    for path, currency_path in table.amounts.items():
        for place, error in _list_decimal_faults(tree, path, currency_path):
            malformed.setdefault(place, error)
    if malformed:
        raise malformed[min(malformed)]


def check_required(table: FieldTable, tree: RequestTree, elsewhere: Sequence[str] = ()) -> None:
    """Everything that is required is there. Raises GatewayError.

    `elsewhere` are missing fields that no tree would hold, such as those of the address.
    """
    wanted = (*table.required, *(table.needs(tree) if table.needs is not None else ()))
    missing = [place for path in wanted for place in _list_missing(tree, path.split("."), "")]
    missing.extend(elsewhere)
    if missing:
        raise refuse_missing(min(missing))


def convert_texts(table: FieldTable, tree: RequestTree) -> RequestTree:
    """A tree of texts alone, as NVP and queries have it, with the booleans of the table as booleans."""
    return {name: _convert(table.root.members.get(name), value) for name, value in tree.items()}


def restrict_tree(table: FieldTable, tree: RequestTree) -> RequestTree:
    """The fields of a tree that the table has: a session may hold more than an operation takes."""
    return _restrict(table.root, tree)


def _list_faults(node: Node, group: RequestTree, above: str) -> Iterator[_Fault]:
    """Path and error; None for an unexpected field, of which there may be thousands."""
    for name, value in group.items():
        path = f"{above}{name}"
        member = node.members.get(name)
        if member is None:
            yield _find_first_leaf(value, path), None
        else:
            yield from _list_value_faults(member, value, path)


def _list_value_faults(node: Node, value: RequestValue, path: str) -> Iterator[_Fault]:
    if node.kind is not None:
        if isinstance(value, dict | list) and not node.kind.is_open:
            yield _find_first_leaf(value, path), None
            return
        error = _find_leaf_error(node.kind, value, path)
        if error is not None:
            yield path, error
    elif node.items is not None:
        yield from _list_array_faults(node, value, path)
    elif isinstance(value, dict):
        yield from _list_faults(node, value, f"{path}.")
    else:
        yield path, refuse_invalid(path, _describe(value), "Expected a group of fields")


def _list_array_faults(node: Node, value: RequestValue, path: str) -> Iterator[_Fault]:
    assert node.items is not None
    if not isinstance(value, list):
        yield path, refuse_invalid(path, _describe(value), "Expected an array")
        return
    if node.most_items is not None and len(value) > node.most_items:
        yield path, refuse_invalid(path, str(len(value)), f"At most {node.most_items} are taken")
        return
    for index, item in enumerate(value):
        yield from _list_value_faults(node.items, item, f"{path}[{index}]")


def _find_leaf_error(kind: Kind, value: RequestValue, path: str) -> GatewayError | None:
    if kind.is_open:
        size = _measure(value)
        if size <= MAX_OPEN_CHARACTERS:
            return None
        reason = f"Length is {size} characters, but must be less than {MAX_OPEN_CHARACTERS + 1}"
        return refuse_invalid(path, "...", reason)
    assert not isinstance(value, dict | list)
    if isinstance(value, bool):
        return None if kind.is_boolean else refuse_invalid(path, _describe(value), kind.expected)
    fault = kind.expected if kind.is_boolean else kind.find_fault(value)
    return None if fault is None else refuse_invalid(path, value, fault)


def _list_decimal_faults(
    tree: RequestTree, path: str, currency_path: str
) -> Iterator[tuple[str, GatewayError]]:
    """Amounts with more decimals than their currency has; what is malformed is told elsewhere."""
    code = find_text(tree, currency_path)
    currency = None if code is None else find_currency(code)
    if currency is None:
        return
    for place, value in _list_leaves(tree, path.split("."), ""):
        if isinstance(value, str) and len(value.partition(".")[2]) > currency.exponent:
            reason = f"Too many decimal places specified for value [{value[:MAX_AMOUNT_CHARACTERS]}]"
            yield place, refuse_invalid(place, value, reason)


def _list_leaves(value: RequestValue, parts: Sequence[str], above: str) -> Iterator[tuple[str, RequestValue]]:
    """The values at a path, with their places; absent ones are left out."""
    if not parts:
        yield above.removesuffix("."), value
        return
    name = parts[0].removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return
    inner = value[name]
    if parts[0] == name:
        yield from _list_leaves(inner, parts[1:], f"{above}{name}.")
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _list_leaves(item, parts[1:], f"{above}{name}[{index}].")


def _list_missing(value: RequestValue, parts: Sequence[str], above: str) -> Iterator[str]:
    name = parts[0].removesuffix("[]")
    inner = value.get(name) if isinstance(value, dict) else None
    if parts[0] != name:
        if isinstance(inner, list):
            for index, item in enumerate(inner):
                yield from _list_missing(item, parts[1:], f"{above}{name}[{index}].")
    elif inner is None:
        # Nothing is missing in the items of an array that was not given.
        if not any(part.endswith("[]") for part in parts):
            yield above + ".".join(parts)
    elif len(parts) > 1:
        yield from _list_missing(inner, parts[1:], f"{above}{name}.")


def _find_first_leaf(value: RequestValue, path: str) -> str:
    """The first leaf below a place, by which an unexpected group is named."""
    while True:
        if isinstance(value, dict) and value:
            name = min(value)
            path, value = f"{path}.{name}", value[name]
        elif isinstance(value, list) and value:
            path, value = f"{path}[0]", value[0]
        else:
            return path


def _measure(value: RequestValue) -> int:
    if isinstance(value, dict):
        return sum(len(name) + _measure(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(map(_measure, value))
    return len(_describe(value))


def _describe(value: RequestValue) -> str:
    """A value for an error text; of groups and arrays only that they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "{}" if isinstance(value, dict) else "[]"


def _convert(node: Node | None, value: RequestValue) -> RequestValue:
    if node is None:
        return value
    if isinstance(value, dict):
        return {name: _convert(node.members.get(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_convert(node.items, inner) for inner in value]
    if node.kind is not None and node.kind.is_boolean and value in ("true", "false"):
        return value == "true"
    return value


def _restrict(node: Node, group: RequestTree) -> RequestTree:
    kept: RequestTree = {}
    for name, value in group.items():
        member = node.members.get(name)
        if member is None:
            continue
        if member.items is not None and isinstance(value, list):
            items = member.items
            kept[name] = [_restrict(items, item) if isinstance(item, dict) else item for item in value]
        elif member.kind is None and isinstance(value, dict):
            inner = _restrict(member, value)
            if inner:
                kept[name] = inner
        else:
            kept[name] = value
    return kept


def _build_root(kinds: Mapping[str, Kind], most_items: Mapping[str, int]) -> Node:
    root = Node()
    for path, kind in kinds.items():
        node, walked = root, ""
        for part in path.split("."):
            name = part.removesuffix("[]")
            walked = f"{walked}.{name}".removeprefix(".")
            node = node.members.setdefault(name, Node())
            if part != name:
                node.most_items = most_items.get(walked)
                node.items = node.items or Node()
                node = node.items
        node.kind = kind
    return root
