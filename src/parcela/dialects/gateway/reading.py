"""From bytes to an operation and its fields, the same over REST and NVP (`spec/gateway.md` §§1, 3, 15)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parcela.dialects.gateway.calls import Place, RequestTree, RequestValue
from parcela.dialects.gateway.errors import (
    GatewayError,
    refuse_invalid,
    refuse_missing,
    refuse_operation,
    refuse_session_gone,
)
from parcela.dialects.gateway.fields import convert_texts
from parcela.dialects.gateway.json_codec import drop_nothings, read_json
from parcela.dialects.gateway.kinds import identifier
from parcela.dialects.gateway.nvp import Pair, build_tree, split_pairs
from parcela.dialects.gateway.paths import RestTarget
from parcela.dialects.gateway.routes import PLACE_FIELDS, Operation

NOT_SERVED = frozenset(
    {
        "BALANCE_INQUIRY",
        "CREATE_CHECKOUT_SESSION",
        "DISBURSEMENT",
        "INITIATE_AUTHENTICATION",
        "INITIATE_BROWSER_PAYMENT",
        "INITIATE_CHECKOUT",
        "AUTHENTICATE_PAYER",
        "TOKENIZE",
        "UPDATE_AUTHORIZATION",
    }
)
"""Operations of the gateway that this door knows by name only."""

_MERCHANT = "merchant"
_ID = identifier(1, 40)
_SESSION_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_OFFER_ID = re.compile(r"[0-9A-Za-z_-]{1,60}")
_PLAIN_OFFER_ID = re.compile(r"[0-9A-Za-z]{1,60}")
_DASHES_FROM = 67
_PLACE_NAMES = {path: name.strip("{}") for name, path in PLACE_FIELDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A request as it came. `malformed` and `missing` are faults of fields that stand outside the tree."""

    operation: Operation
    place: Place
    fields: RequestTree = field(repr=False)
    correlation_id: str | None = None
    nulls: frozenset[str] = frozenset()
    malformed: Mapping[str, GatewayError] = field(default_factory=dict)
    missing: Sequence[str] = ()


def read_rest(target: RestTarget, *, query: bytes, body: bytes, is_get: bool) -> Reading:
    """A REST request whose address is known. Raises GatewayError for what is no tree of fields."""
    tree, nulls = _read_query(query) if is_get else _read_body(target, body)
    operation = _choose_operation(target, tree, is_get=is_get)
    if is_get:
        tree = convert_texts(operation.table, tree)
    malformed: dict[str, GatewayError] = {}
    tree.pop("apiOperation", None)
    for path in (_MERCHANT, *operation.place_fields):
        own = target.places[_PLACE_NAMES.get(path, "merchant_id")]
        fault = _find_place_fault(path, own, target.version) or _find_difference(tree, path, own)
        if fault is not None:
            malformed[path] = fault
    return Reading(
        operation=operation,
        place=Place(**target.places),
        correlation_id=_take_correlation_id(tree),
        fields=tree,
        nulls=nulls,
        malformed=malformed,
    )


def read_nvp(
    operations: Mapping[str, Operation], pairs: Sequence[Pair], *, version: int, merchant_id: str
) -> Reading:
    """An NVP request of an authenticated merchant. Raises GatewayError for what is no tree of fields."""
    tree, _ = drop_nothings(build_tree(pairs))
    name = tree.pop("apiOperation", None)
    operation = _find_operation(operations, name, version)
    tree = convert_texts(operation.table, tree)
    tree.pop("apiUsername", None)
    tree.pop("apiPassword", None)
    missing = [] if _take_text(tree, _MERCHANT) is not None else [_MERCHANT]
    places: dict[str, str] = {}
    malformed: dict[str, GatewayError] = {}
    for path in operation.place_fields:
        value = _take_text(tree, path)
        if value is None:
            missing.append(path)
            continue
        places[_PLACE_NAMES[path]] = value
        fault = _find_place_fault(path, value, version)
        if fault is not None:
            malformed[path] = fault
    return Reading(
        operation=operation,
        place=Place(merchant_id=merchant_id, **places),
        correlation_id=_take_correlation_id(tree),
        fields=tree,
        malformed=malformed,
        missing=missing,
    )


def _read_query(query: bytes) -> tuple[RequestTree, frozenset[str]]:
    return drop_nothings(build_tree(split_pairs(query)))


def _read_body(target: RestTarget, body: bytes) -> tuple[RequestTree, frozenset[str]]:
    if not body and any(operation.allows_empty_body for operation in target.operations):
        return {}, frozenset()
    return drop_nothings(read_json(body))


def _choose_operation(target: RestTarget, tree: RequestTree, *, is_get: bool) -> Operation:
    """The operation of an address that the request names, or the only one where none need be named."""
    name = tree.get("apiOperation")
    if name is None:
        only = target.operations[0]
        if len(target.operations) == 1 and (is_get or not only.needs_name):
            return only
        raise refuse_missing("apiOperation")
    for operation in target.operations:
        if operation.name == name:
            return operation
    raise _refuse_name(name)


def _find_operation(
    operations: Mapping[str, Operation], name: RequestValue | None, version: int
) -> Operation:
    if name is None:
        raise refuse_missing("apiOperation")
    found = operations.get(name) if isinstance(name, str) else None
    if found is None or not found.is_served_at(version):
        raise _refuse_name(name)
    return found


def _refuse_name(name: RequestValue) -> GatewayError:
    if not isinstance(name, str):
        return refuse_invalid("apiOperation", "{}", "Expected a text")
    return refuse_operation(name, is_known=name in NOT_SERVED)


def _find_place_fault(path: str, value: str, version: int) -> GatewayError | None:
    """What is wrong with an id of the address; `spec/gateway.md` §1 has their forms."""
    if path == _MERCHANT:
        return None
    if path == "session.id":
        return None if _SESSION_ID.fullmatch(value) else refuse_session_gone()
    if path == "paymentPlanOffer.id":
        form = _OFFER_ID if version >= _DASHES_FROM else _PLAIN_OFFER_ID
        if form.fullmatch(value):
            return None
        return refuse_invalid(path, value, "Expected 1 to 60 letters and digits")
    fault = _ID.find_fault(value)
    return None if fault is None else refuse_invalid(path, value, fault)


def _find_difference(tree: RequestTree, path: str, own: str) -> GatewayError | None:
    """A field that repeats a part of the address must say the same."""
    value = _take_text(tree, path)
    if value is None or value == own:
        return None
    return refuse_invalid(path, value, "It differs from that of the url path")


def _take_correlation_id(tree: RequestTree) -> str | None:
    return _take_text(tree, "correlationId")


def _take_text(tree: RequestTree, path: str) -> str | None:
    """Remove a text from a tree, and the groups that are empty without it. What is no text stays."""
    group, _, name = path.rpartition(".")
    holder = tree.get(group) if group else tree
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, str) or not isinstance(holder, dict):
        return None
    del holder[name]
    if group and not holder:
        del tree[group]
    return str(value)
