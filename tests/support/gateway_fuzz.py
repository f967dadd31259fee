"""Good requests of the gateway door and what can be done to them, for fuzzing both protocols."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st

from tests.support.gateway_clients import CARD, flatten

Json = dict[str, Any]
Pairs = list[tuple[str, str]]

_FUNDS = {
    "type": "CARD",
    "provided": {"card": {"number": CARD, "expiry": {"month": "01", "year": "39"}, "securityCode": "100"}},
}
_ITEM = {"sku": "SKU-1", "quantity": "1", "unitPrice": "1200.00"}
_ORDER = {"amount": "1200.00", "currency": "USD", "item": [_ITEM, {**_ITEM, "sku": "SKU-2"}]}
_ACCEPTED = {
    "payerAcceptance": True,
    "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE",
}
_EXTRAS = {
    "billing": {"address": {"city": "Calder", "street2": None}},
    "3DSecureId": None,
    "correlationId": "c-1",
    "customer": {"email": "payer@shop.example"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A request that would be processed. `fields` names the parts of `tail`, as NVP has them.

    `is_first`: it is the first of its order; else it follows a payment.
    """

    method: str
    tail: str
    fields: tuple[str, ...]
    members: Json
    is_first: bool = True


_TRANSACTION = ("order/{order.id}/transaction/{transaction.id}", ("order.id", "transaction.id"))


def _transact(operation: str, **members: Any) -> Good:
    tail, fields = _TRANSACTION
    return Good(
        method="PUT",
        tail=tail,
        fields=fields,
        members={"apiOperation": operation, **members},
        is_first=operation in ("PAY", "AUTHORIZE", "VERIFY"),
    )


GOOD: tuple[Good, ...] = (
    _transact("PAY", order=_ORDER, sourceOfFunds=_FUNDS, **_EXTRAS),
    _transact("PAY", order=_ORDER, sourceOfFunds=_FUNDS, paymentPlan={"offerId": "{offer}"}),
    _transact("AUTHORIZE", order={**_ORDER, "itemAmount": "1200.00"}, sourceOfFunds=_FUNDS, **_EXTRAS),
    _transact("PAY", order={"amount": 12.5, "currency": "USD"}, session={"id": "{session}"}),
    _transact("VERIFY", order={"currency": "JPY"}, sourceOfFunds=_FUNDS),
    _transact("CAPTURE", transaction={"amount": "1.00", "currency": "USD"}),
    _transact("REFUND", transaction={"amount": "1.00", "currency": "USD"}, order={}, billing={}),
    _transact("VOID", transaction={"targetTransactionId": "1"}),
    Good(
        method="PUT",
        tail="paymentPlanOffer/{paymentPlanOffer.id}",
        fields=("paymentPlanOffer.id",),
        members={
            "apiOperation": "UPDATE_PAYMENT_PLAN_OFFER",
            "order": _ORDER,
            "paymentPlanOffer": _ACCEPTED,
            "sourceOfFunds": _FUNDS,
        },
    ),
    Good(
        method="POST",
        tail="paymentOptionsInquiry",
        fields=(),
        members={
            "apiOperation": "PAYMENT_OPTIONS_INQUIRY",
            "order": _ORDER,
            "paymentPlanProductId": "PL1",
            "payerLocale": "en_US",
            "sourceOfFunds": {"provided": {"card": {"prefix": CARD[:6]}}},
        },
    ),
    Good(
        method="POST",
        tail="itemPaymentPlanOffers",
        fields=(),
        members={
            "apiOperation": "ITEM_PAYMENT_PLAN_OFFERS",
            "currency": "USD",
            "item": [{"sku": "SKU-1", "unitPrice": "1200.00"}],
        },
    ),
    Good(
        method="POST",
        tail="shoppingOptionsInquiry",
        fields=(),
        members={"apiOperation": "SHOPPING_OPTIONS_INQUIRY", "merchantCurrency": "USD"},
    ),
    Good(
        method="PUT",
        tail="session/{session.id}",
        fields=("session.id",),
        members={"apiOperation": "UPDATE_SESSION", "order": _ORDER, "sourceOfFunds": _FUNDS},
    ),
    Good(
        method="POST",
        tail="session",
        fields=(),
        members={"apiOperation": "CREATE_SESSION", "session": {"authenticationLimit": 25}},
    ),
    Good(
        method="PUT",
        tail="paymentPlan/{paymentPlan.planId}",
        fields=("paymentPlan.planId",),
        members={
            "apiOperation": "PLAN_OFFERS_INQUIRY",
            "order": {"amount": "900.00", "currency": "BRL"},
            "paymentPlan": {"numberOfPayments": "6"},
            "sourceOfFunds": {"provided": {"card": {"number": "371449635398431"}}},
        },
    ),
)


class Written:
    """A piece of JSON text as it shall stand, lawful or not."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Written({self.text[:60]!r})"


_NUMBERS = [
    "-1",
    "-0",
    "0",
    "1e2",
    "1E400",
    "0.001",
    "12.500",
    "00",
    "NaN",
    "1" * 400,
    "9" * 14,
    "0." + "0" * 90,
]
_TEXTS = [
    "",
    " ",
    "0.00",
    "1,200.00",
    "١٢.٥٠",
    "12.50\u200b",
    "\u0001",
    "\r\nX-Injected: 1",
    "x" * 41,
    "é" * 1001,
    "y" * 70_000,
    "NULL' OR 1=1 --",
    "<script>",
    "%s%n{0}",
    "JPY",
    "true",
    "e\u0301",
    "5123450000000009",
    "\U0001f4b3" * 40,
]
_PIECES = [
    "null",
    "true",
    "[]",
    "{}",
    "[[[]]]",
    '[{"a":[null]}]',
    '"\\ud800"',
    '"\\u0000"',
    '{"a":1,"a":2}',
    '"a" "b"',
    "[" * 5000,
    '{"a":' * 200 + "1" + "}" * 200,
    "tru",
    "'x'",
    "{,}",
    *_NUMBERS,
]

values = st.one_of(
    st.sampled_from(_TEXTS),
    st.sampled_from(_PIECES).map(Written),
    st.text(max_size=60),
    st.integers(),
    st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.text(max_size=8), max_size=3),
    st.lists(st.none() | st.text(max_size=4) | st.integers(), max_size=4),
)
"""What stands in place of a field's value."""

names = st.one_of(
    st.sampled_from(["", "order", "amount", "constructor", "__proto__", "a.b", "item[0]", "sku", "token"]),
    st.text(max_size=12),
)


@st.composite
def json_bodies(draw: st.DrawFn, members: Json) -> bytes:
    """A body made from good members: some of them replaced, taken away, added or given twice, or its text
    cut, shuffled or encoded in another way.
    """
    changed = deepcopy(members)
    for _ in range(draw(st.integers(0, 3))):
        group, name = draw(st.sampled_from(_list_places(changed)))
        change = draw(st.sampled_from(["replace", "remove", "add", "wrap"]))
        if change == "replace":
            group[name] = draw(values)
        elif change == "remove":
            del group[name]
        elif change == "add" and isinstance(group, dict):
            group[draw(names)] = draw(values)
        elif change == "wrap":
            group[name] = draw(st.sampled_from([[group[name]], {"value": group[name]}]))
        if not _list_places(changed):
            break
    return draw(_spoil(write_json(changed).encode("utf-8", "surrogatepass")))


@st.composite
def nvp_bodies(draw: st.DrawFn, pairs: Pairs, login: Pairs) -> bytes:
    """A form made from good pairs, with the same mischief; the login is mostly left alone."""
    changed = list(pairs)
    for _ in range(draw(st.integers(0, 3))):
        if not changed:
            break
        index = draw(st.integers(0, len(changed) - 1))
        name, value = changed[index]
        change = draw(st.sampled_from(["value", "name", "remove", "twice", "add"]))
        if change == "value":
            text = draw(values)
            changed[index] = (name, text if isinstance(text, str) else write_json(text))
        elif change == "name":
            changed[index] = (draw(st.sampled_from(_rename(name))), value)
        elif change == "remove":
            del changed[index]
        else:
            added = name if change == "twice" else draw(names)
            changed.insert(draw(st.integers(0, len(changed))), (added, value))
    text = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in [*login, *changed])
    return draw(_spoil(text.encode()))


def write_json(value: Any) -> str:
    """JSON text with the written pieces as they stand."""
    if isinstance(value, Written):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{write_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def make_pairs(good: Good, places: dict[str, str]) -> Pairs:
    """The request by NVP, without its login."""
    return [*places.items(), *flatten(_write_texts(good.members)).items()]


def _write_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _write_texts(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_write_texts(inner) for inner in value]
    return value if isinstance(value, str | bool) else str(value)


def _list_places(value: Any) -> list[tuple[Any, Any]]:
    """Every group or array with every name or index in it."""
    found: list[tuple[Any, Any]] = []
    entries: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for name, inner in entries:
        found.append((value, name))
        found.extend(_list_places(inner))
    return found


def _rename(name: str) -> list[str]:
    return [
        f"{name}.x",
        f"{name}[0]",
        f"{name}[]",
        name.replace("[0]", "[7]"),
        name.replace("[0]", "[00]"),
        name.replace("[0]", "[99999]"),
        name.replace("[", "").replace("]", ""),
        name.replace(".", ".."),
        name.upper(),
        name.partition(".")[0],
        f".{name}",
        f"{name}.",
        "a." * 60 + "b",
        f"{name}\0",
        "",
    ]


def _quote(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


@st.composite
def _spoil(draw: st.DrawFn, raw: bytes) -> bytes:
    """Mostly left alone."""
    change: Callable[[bytes], bytes] | None = draw(
        st.sampled_from(
            [
                *[None] * 48,
                lambda body: body[: len(body) // 2],
                lambda body: body + body,
                lambda body: b"\xef\xbb\xbf" + body,
                lambda body: body.decode("utf-8", "replace").encode("utf-16"),
                lambda body: body.replace(b"a", b"\xff", 1),
                lambda body: body.replace(b"%", b"%%", 2),
                lambda body: body.replace(b"=", b"", 1),
                lambda body: b"\0" + body,
                lambda body: b"",
                lambda body: body + b" " * 262_144,
                lambda body: b"&" * 20_001 + body,
            ]
        )
    )
    if change is not None:
        return change(raw)
    if draw(st.integers(0, 40)) == 13:
        return draw(st.binary(max_size=200))
    return raw
