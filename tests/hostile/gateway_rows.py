"""Reading `input` of a hostile row for the gateway door: what to send, after what has to be there before."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.hostile import rows
from tests.hostile.gateway_calls import (
    CARD,
    Fields,
    Shop,
    flatten_body,
    make_order_id,
    make_payment,
    write_basic,
    write_nvp,
    write_rest,
    write_transaction,
)
from tests.hostile.rows import Row, expand
from tests.hostile.site import Site
from tests.support.gateway_samples import load_request
from tests.support.network_client import Answer, WireRequest
from tests.support.samples import UNSET, edit

_PERCENT = re.compile(r"(\d+)%")
_AUTHORIZED = Decimal("1200.00")


@dataclass(frozen=True)
class GatewayAttack:
    """Requests, at once or in turn; `secrets` must never come back."""

    requests: list[WireRequest]
    secrets: list[str] = field(default_factory=list)
    is_concurrent: bool = False


@dataclass
class Base:
    """A known-good request: its operation's address and its body, with what the places in them stand for."""

    method: str
    tail: str
    body: Fields | None
    places: dict[str, str] = field(default_factory=dict)


def build_attack(site: Site, row: Row) -> GatewayAttack:
    """The attack of a row. What it needs beforehand is made by well-formed requests."""
    given = row["input"]
    name = given.get("base", "gateway.pay")
    is_nvp = name.startswith("gateway.nvp.")
    base = BASES[name.removeprefix("gateway.nvp.").removeprefix("gateway.")](site)
    shop = site.shops[given.get("shop", site.shop.merchant_id)]
    prepare = PRECONDITIONS[given["precondition"]] if "precondition" in given else None
    if prepare is not None:
        prepare(site, base)
    if "order" in given or "transaction" in given:
        base.tail = f"order/{given.get('order', 'H-0')}/transaction/{given.get('transaction', '1')}"
        base.tail = expand(base.tail)
    write = _write_nvp if is_nvp else _write_rest
    request = write(site, shop, base, given)
    headers = [(name, expand(value)) for name, value in given.get("headers", {}).items()]
    request = replace(request, headers=[*request.headers, *headers])
    if "steps" in given:
        return GatewayAttack(_write_steps(site, base, given["steps"]))
    times = given.get("concurrency", given.get("repeat", 1))
    return GatewayAttack([request] * times, _list_secrets(site, base, given), "concurrency" in given)


# ---------------------------------------------------------------- requests that are known to be good


def ask_offers(site: Site, shop: Shop | None = None, **changes: Any) -> list[str]:
    """The ids of the cart offers of a fresh inquiry, in display order."""
    body = edit(load_request("options"), changes)
    asked = site.send(write_rest(shop or site.shop, "POST", "paymentOptionsInquiry", body))
    return sorted(asked.body["paymentTypes"]["card"]["paymentPlanOffer"])


def accept_offer(site: Site, offer_id: str, **changes: Any) -> Answer:
    """The payer's acceptance of an offer."""
    body = edit(load_request("update-accept"), {path.replace("__", "."): v for path, v in changes.items()})
    return site.send(write_rest(site.shop, "PUT", f"paymentPlanOffer/{offer_id}", body))


def pay(site: Site, operation: str = "PAY", **changes: Any) -> str:
    """The id of an order with an approved transaction 1."""
    order_id, body = make_order_id(), make_payment(operation, **changes)
    paid = site.send(write_transaction(site.shop, order_id, "1", body))
    assert (paid.status, paid.body["result"]) == (201, "SUCCESS"), paid.raw
    return order_id


def _make_payment_base(operation: str) -> Callable[[Site], Base]:
    return lambda _: Base("PUT", f"order/{make_order_id()}/transaction/1", make_payment(operation))


def _make_later_base(sample: str, before: str) -> Callable[[Site], Base]:
    return lambda site: Base(
        "PUT", f"order/{pay(site, before)}/transaction/2", edit(load_request(sample), {})
    )


def _make_verification(_: Site) -> Base:
    body = make_payment("VERIFY", order__amount=UNSET, order__item=UNSET, order__itemAmount=UNSET)
    return Base("PUT", f"order/{make_order_id()}/transaction/1", body)


def _make_update(site: Site) -> Base:
    offer_id = ask_offers(site)[1]
    return Base("PUT", f"paymentPlanOffer/{offer_id}", load_request("update-accept"), {"offer": offer_id})


def _make_inquiry(sample: str, tail: str) -> Callable[[Site], Base]:
    return lambda _: Base("POST", tail, load_request(sample))


def open_session(site: Site, body: Fields | None = None) -> str:
    """The id of a new session that holds a body."""
    made = site.send(write_rest(site.shop, "POST", "session"))
    session_id: str = made.body["session"]["id"]
    if body is not None:
        kept = site.send(write_rest(site.shop, "PUT", f"session/{session_id}", body))
        assert kept.status == 200, kept.raw
    return session_id


def _make_session_payment(site: Site) -> Base:
    kept = make_payment(apiOperation=UNSET)
    session_id = open_session(site, kept)
    body = {"apiOperation": "PAY", "session": {"id": session_id}}
    return Base("PUT", f"order/{make_order_id()}/transaction/1", body, {"session": session_id})


def _make_session_update(site: Site) -> Base:
    body = {"order": {"amount": "10.00", "currency": "AUD"}}
    return Base("PUT", f"session/{open_session(site)}", body)


BASES: Mapping[str, Callable[[Site], Base]] = {
    "pay": _make_payment_base("PAY"),
    "authorize": _make_payment_base("AUTHORIZE"),
    "verify": _make_verification,
    "capture": _make_later_base("capture", "AUTHORIZE"),
    "refund": _make_later_base("refund", "PAY"),
    "void": _make_later_base("void", "PAY"),
    "update_offer": _make_update,
    "poi": _make_inquiry("options", "paymentOptionsInquiry"),
    "item": _make_inquiry("item", "itemPaymentPlanOffers"),
    "shopping": _make_inquiry("shopping", "shoppingOptionsInquiry"),
    "plan_offers": lambda _: Base("PUT", "paymentPlan/PLANAMEX", load_request("plan-offers")),
    "legacy": lambda _: Base(
        "PUT", f"order/{make_order_id()}/transaction/1", edit(load_request("legacy-pay"), {})
    ),
    "session.create": lambda _: Base("POST", "session", {}),
    "session.update": _make_session_update,
    "session.pay": _make_session_payment,
    "session.get": lambda site: Base("GET", f"session/{open_session(site)}", None),
    "order.get": lambda site: Base("GET", f"order/{pay(site)}", None),
    "transaction.get": lambda site: Base("GET", f"order/{pay(site)}/transaction/1", None),
}


# ---------------------------------------------------------------- what has to be there before


def _choose_offer(site: Site, base: Base, *, index: int = 1, accepted: bool = True, **changes: Any) -> None:
    offer_id = ask_offers(site)[index]
    if accepted:
        assert accept_offer(site, offer_id, **changes).body["result"] == "SUCCESS"
    base.body = edit(base.body or {}, {"paymentPlan.offerId": offer_id})
    base.places["offer"] = offer_id


def _use_offer(site: Site, base: Base) -> None:
    _choose_offer(site, base)
    pay(site, paymentPlan__offerId=base.places["offer"])
    base.tail = base.tail.replace("paymentPlanOffer/" + base.tail.rpartition("/")[2], "")
    if base.method == "PUT" and base.body and base.body.get("apiOperation") == "UPDATE_PAYMENT_PLAN_OFFER":
        base.tail = f"paymentPlanOffer/{base.places['offer']}"
        base.body = edit(base.body, {"paymentPlan": UNSET})


def _age_offer(site: Site, base: Base) -> None:
    _choose_offer(site, base, index=2, accepted=False)
    aged = (
        "UPDATE merchant_quote SET quoted_at = quoted_at - interval '25 hours' WHERE quote_id = left($1, 20)"
    )
    site.fetch(aged, base.places["offer"])


def _choose_foreign_offer(site: Site, base: Base) -> None:
    in_dollars = {"order.currency": "USD"}
    offer_id = ask_offers(site, site.shops["DEMOSHOP03"], **in_dollars)[0]
    if "paymentPlanOffer" in base.tail:
        base.tail = f"paymentPlanOffer/{offer_id}"
    else:
        base.body = edit(base.body or {}, {"paymentPlan.offerId": offer_id})


def _choose_shown_offer(site: Site, base: Base) -> None:
    """A generic offer, which is for display only."""
    asked = site.send(write_rest(site.shop, "POST", "shoppingOptionsInquiry", {"merchantCurrency": "AUD"}))
    offer_id = min(asked.body["paymentPlanOffer"])
    if "paymentPlanOffer" in base.tail:
        base.tail = f"paymentPlanOffer/{offer_id}"
    else:
        base.body = edit(base.body or {}, {"paymentPlan.offerId": offer_id})


def _expire_session(site: Site, base: Base) -> None:
    _ = base
    site.fetch("UPDATE merchant_session SET expires_at = created_at - interval '1 second'")


def _void_first(site: Site, base: Base) -> None:
    order_id = base.tail.split("/")[1]
    body = {"apiOperation": "VOID", "transaction": {"targetTransactionId": "1"}}
    assert site.send(write_transaction(site.shop, order_id, "void", body)).status == 201


def _authorize_with_plan(site: Site, base: Base) -> None:
    holder = Base("PUT", "", {})
    _choose_offer(site, holder)
    order_id = pay(site, "AUTHORIZE", paymentPlan__offerId=holder.places["offer"])
    base.tail = f"order/{order_id}/transaction/2"


def _decline_first(site: Site, base: Base) -> None:
    order_id = make_order_id()
    body = make_payment(**{f"{CARD}.expiry.month": "05"})
    declined = site.send(write_transaction(site.shop, order_id, "1", body))
    assert declined.body["response"]["gatewayCode"] == "DECLINED"
    base.tail = f"order/{order_id}/transaction/2"


def _make_other_content(site: Site, base: Base) -> None:
    """The same ids stand for a payment of one cent less already."""
    order_id = base.tail.split("/")[1]
    changes = {"order__amount": "1199.99", "order__itemAmount": UNSET}
    first = site.send(write_transaction(site.shop, order_id, "1", make_payment(**changes)))
    assert first.status == 201


PRECONDITIONS: Mapping[str, Callable[[Site, Base], None]] = {
    "an accepted cart offer, its id in paymentPlan.offerId": _choose_offer,
    "a quoted cart offer that needs acceptance": lambda s, b: _choose_offer(s, b, accepted=False),
    "an accepted offer for the whole cart of 1,000 or more": lambda s, b: _choose_offer(s, b, index=2),
    "a used offer": _use_offer,
    "an expired offer": _age_offer,
    "an offer of another merchant": _choose_foreign_offer,
    "a generic offer": _choose_shown_offer,
    "an expired session": _expire_session,
    "its target voided": _void_first,
    "an authorization with a plan": _authorize_with_plan,
    "a declined order": _decline_first,
    "the same ids, other content": _make_other_content,
}


# ---------------------------------------------------------------- writing


def _list_logins(shop: Shop, given: Row) -> list[str] | None:
    """The values of `Authorization`: a pair of user and password, or the values themselves."""
    if "authorization" in given:
        good = write_basic(f"merchant.{shop.merchant_id}", shop.password)
        known = {"good": good, "good in lower case": good.replace("Basic", "basic")}
        return [known.get(value) or expand(value) for value in given["authorization"]]
    if "auth" not in given:
        return None
    user, password = (expand(part) for part in given["auth"])
    return [write_basic(user, shop.password if password == "good" else password)]


def _fill(site: Site, base: Base, value: Any) -> Any:
    """`c*N`, and what names something of this attack."""
    if value == "of another order":
        return "1-of-" + pay(site)
    return expand(value) if isinstance(value, str) else value


def _write_rest(site: Site, shop: Shop, base: Base, given: Row) -> WireRequest:
    edits = {path: _fill(site, base, value) for path, value in given.get("set", {}).items()}
    if base.body is not None:
        base.body = edit(base.body, {**edits, **dict.fromkeys(given.get("unset", []), UNSET)})
    if given.get("bomb"):
        raw: bytes | None = rows.GZIP_BOMB
    elif "raw" in given:
        raw = _encode_raw(given["raw"])
    else:
        raw = None if base.body is None else rows.write_json(base.body).ljust(given.get("pad", 0))
    request = write_rest(
        shop,
        given.get("method", base.method),
        base.tail + ("?" + given["query"] if "query" in given else ""),
        raw,
        version=given.get("version", 100),
        authorization=_list_logins(shop, given),
    )
    if given.get("merchant") == "other":
        request = replace(request, url=request.url.replace(shop.merchant_id, "TESTPARCELA02"))
    return replace(request, url=given["path"]) if "path" in given else request


def _encode_raw(text: str) -> bytes:
    return str(make_payment()).encode("utf-16") if text == "utf-16" else rows.encode_raw(text)


def _write_nvp(site: Site, shop: Shop, base: Base, given: Row) -> WireRequest:
    fields = flatten_body(base.body or {})
    parts = base.tail.split("/")
    places = {"order": "order.id", "transaction": "transaction.id", "session": "session.id"}
    places |= {"paymentPlanOffer": "paymentPlanOffer.id", "paymentPlan": "paymentPlan.planId"}
    fields |= {places[name]: parts[n + 1] for n, name in enumerate(parts[:-1]) if name in places}
    edits = {name: _fill(site, base, value) for name, value in given.get("set", {}).items()}
    if edits.get("merchant") == "M2":
        edits["merchant"] = site.shops["TESTPARCELA02"].merchant_id
    fields |= {**edits, **dict.fromkeys(given.get("unset", []), UNSET)}
    if "auth" in given:
        fields["apiUsername"], fields["apiPassword"] = map(expand, given["auth"])
    more = _multiply(given.get("raw_append", "")).encode()
    request = write_nvp(
        shop, fields, version=given.get("version", 100), query=given.get("query", ""), more=more
    )
    request = replace(request, method=given.get("method", request.method))
    if "raw" in given:
        request = replace(request, body=rows.encode_raw(given["raw"]))
    return replace(request, url=given["path"]) if "path" in given else request


def _multiply(text: str) -> str:
    """`text × N` stands for N times the text."""
    part, cross, times = text.partition(" × ")
    return part * int(times) if cross else text


def _write_steps(site: Site, base: Base, steps: list[str]) -> list[WireRequest]:
    """Captures or refunds of percents of what was authorized, in turn."""
    assert base.body is not None
    order_id = base.tail.split("/")[1]
    requests = []
    for number, step in enumerate(steps, start=2):
        percent = _PERCENT.fullmatch(step)
        amount = str(_AUTHORIZED * int(percent[1]) / 100) if percent else step
        body = edit(base.body, {"transaction.amount": amount})
        requests.append(write_transaction(site.shop, order_id, str(number), body))
    return requests


def _list_secrets(site: Site, base: Base, given: Row) -> list[str]:
    """Card numbers of the request, the merchants' passwords, and what a row puts in a secret's place."""
    texts = [str(value) for path, value in given.get("set", {}).items() if path == f"{CARD}.number"]
    body: Any = base.body or {}
    for name in CARD.split("."):
        body = body.get(name) or {} if isinstance(body, dict) else {}
    if isinstance(body, dict):
        texts.append(str(body.get("number", "")))
    secrets = [text for text in texts if text.isascii() and text.isdigit() and len(text) >= 13]
    secrets += [shop.password for shop in site.shops.values()]
    return secrets + [part.partition("=")[2] for part in [given.get("query", "")] if "Password" in part]
