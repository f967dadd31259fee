"""Reading a request's tree: values at paths such as `order.item[0].sku`, and merging a session beneath."""

from decimal import Decimal

from parcela.dialects.gateway.calls import RequestTree, RequestValue


def find_value(tree: RequestTree, path: str) -> RequestValue | None:
    """The value at a path such as `order.item[0].sku`; None when it was not given."""
    value: RequestValue | None = tree
    for part in path.split("."):
        name, _, index = part.removesuffix("]").partition("[")
        value = value.get(name) if isinstance(value, dict) else None
        if index:
            position = int(index)
            value = value[position] if isinstance(value, list) and position < len(value) else None
    return value


def find_text(tree: RequestTree, path: str) -> str | None:
    """A text, or the text of a number, at a path."""
    value = find_value(tree, path)
    return str(value) if isinstance(value, str) else None


def find_decimal(tree: RequestTree, path: str) -> Decimal | None:
    """An amount at a path, whose format is known to be right."""
    value = find_text(tree, path)
    return None if value is None else Decimal(value)


def find_integer(tree: RequestTree, path: str) -> int | None:
    """A whole number at a path, whose format is known to be right."""
    value = find_text(tree, path)
    return None if value is None else int(value)


def find_boolean(tree: RequestTree, path: str) -> bool | None:
    """A truth value at a path."""
    value = find_value(tree, path)
    return value if isinstance(value, bool) else None


def list_items(tree: RequestTree, path: str) -> list[RequestTree]:
    """The groups of an array at a path; none when it was not given."""
    value = find_value(tree, path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def merge_trees(kept: RequestTree, sent: RequestTree) -> RequestTree:
    """What was kept with what is sent on top, leaf by leaf; an array that is sent replaces the kept one."""
    merged = dict(kept)
    for name, value in sent.items():
        below = merged.get(name)
        is_group = isinstance(value, dict) and isinstance(below, dict)
        merged[name] = merge_trees(below, value) if is_group else value  # type: ignore[arg-type]
    return merged
