"""A shop in a story: it asks the gateway door over a socket, and its orders are told as text."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from parcela.app import build_gateway_ports
from parcela.operations.orders.sweep import keep_sweeping
from tests.support.gateway_clients import load_account
from tests.support.story_text import Tale
from tests.support.story_world import OPERATOR, StoryWorld, open_story_world

CARD = "5123450000000008"
APPROVED, DECLINED, TIMED_OUT, UNKNOWN = ("01", "39"), ("05", "39"), ("08", "28"), ("05", "37")
Json = dict[str, Any]

_SWEEP_S = 0.05


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    body: Json

    @property
    def outcome(self) -> tuple[int, str, str]:
        """Status, result, and the code of the outcome or the text of the error."""
        said = self.body.get("response", {}).get("gatewayCode") or self.body.get("error", {}).get(
            "explanation", ""
        )
        return self.status, self.body["result"], said


class Shop:
    """The demo shop's software: one cart of one article, bought with the demo bank's card."""

    def __init__(self, world: StoryWorld) -> None:
        account = load_account(world.home, world.root_url)
        self.merchant_id = account.merchant_id
        self._base = f"{world.root_url}/api/rest/version/100/merchant/{account.merchant_id}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (account.user, account.password)

    def ask(self, method: str, tail: str, body: Json | None = None) -> Answer:
        """One request."""
        answer = self._session.request(method, f"{self._base}/{tail}", json=body, timeout=40)
        return Answer(answer.status_code, json.loads(answer.text))

    def list_offers(self, amount: str = "1200.00", currency: str = "USD") -> Mapping[str, Json]:
        """The cart's offers for the card's first digits, by id, in display order."""
        asked = {"order": make_order(amount, currency), "sourceOfFunds": _make_funds(prefix=CARD[:6])}
        answer = self.ask("POST", "paymentOptionsInquiry", asked)
        assert answer.status == 200, answer.body
        offers: Mapping[str, Json] = answer.body["paymentTypes"]["card"].get("paymentPlanOffer", {})
        return dict(sorted(offers.items()))

    def find_offer(self, count: int, amount: str = "1200.00", currency: str = "USD") -> str:
        """The id of the one offer in so many payments."""
        found = self.list_offers(amount, currency).items()
        (offer_id,) = (offer_id for offer_id, offer in found if offer["numberOfPayments"] == count)
        return offer_id

    def accept(self, offer_id: str, *, card: str = CARD, amount: str = "1200.00") -> Answer:
        """The payer ticked the box."""
        said = {"payerAcceptance": True, "termsAndConditionsDisplay": "TERMS_AND_CONDITIONS_AND_ACCEPTANCE"}
        body = {
            "paymentPlanOffer": said,
            "order": make_order(amount),
            "sourceOfFunds": _make_funds(number=card),
        }
        return self.update(offer_id, body)

    def update(self, offer_id: str, body: Json) -> Answer:
        """UPDATE_PAYMENT_PLAN_OFFER."""
        body = {"apiOperation": "UPDATE_PAYMENT_PLAN_OFFER", **body}
        return self.ask("PUT", f"paymentPlanOffer/{offer_id}", body)

    def pay(
        self,
        order_id: str,
        transaction_id: str = "1",
        *,
        operation: str = "PAY",
        offer_id: str | None = None,
        **members: Any,
    ) -> Answer:
        """PAY or AUTHORIZE; `members` are those of `make_payment`."""
        body = {"apiOperation": operation, **make_payment(offer_id=offer_id, **members)}
        return self.transact(order_id, transaction_id, body)

    def move(self, operation: str, order_id: str, transaction_id: str, amount: str, **members: Any) -> Answer:
        """CAPTURE or REFUND."""
        money = {"amount": amount, "currency": members.pop("currency", "USD")}
        return self.transact(
            order_id, transaction_id, {"apiOperation": operation, "transaction": money, **members}
        )

    def void(self, order_id: str, transaction_id: str, target_id: str) -> Answer:
        """VOID."""
        target = {"targetTransactionId": target_id}
        return self.transact(order_id, transaction_id, {"apiOperation": "VOID", "transaction": target})

    def transact(self, order_id: str, transaction_id: str, body: Json) -> Answer:
        """Any transaction."""
        return self.ask("PUT", f"order/{order_id}/transaction/{transaction_id}", body)

    def retrieve(self, order_id: str) -> Answer:
        """RETRIEVE_ORDER."""
        return self.ask("GET", f"order/{order_id}")


def make_order(amount: str = "1200.00", currency: str = "USD", **line: str) -> Json:
    """The order group: one article for all of the money."""
    item = {"sku": "SKU-1", "quantity": "1", "unitPrice": amount, **line}
    return {"amount": amount, "currency": currency, "item": [item]}


def make_payment(
    *,
    offer_id: str | None = None,
    plan: Json | None = None,
    card: str = CARD,
    expiry: tuple[str, str] = APPROVED,
    amount: str = "1200.00",
    currency: str = "USD",
    **line: str,
) -> Json:
    """What a payment is made of, but for its operation; `plan` is the whole plan group."""
    chosen = plan if offer_id is None else {"offerId": offer_id}
    body = {
        "order": make_order(amount, currency, **line),
        "sourceOfFunds": _make_funds(number=card, expiry={"month": expiry[0], "year": expiry[1]}),
    }
    return body if chosen is None else {**body, "paymentPlan": chosen}


def _make_funds(**card: Any) -> Json:
    return {"provided": {"card": card}}


class ShopTale(Tale):
    """A tale in which the shop speaks too."""

    def __init__(self, world: StoryWorld) -> None:
        super().__init__(world)
        self.shop = Shop(world)
        self._answers: list[str] = []

    def say(self, what: str, answer: Answer) -> Answer:
        """Keep an answer for the next step of the tale."""
        self._answers.append(f"{what}: {describe_answer(answer)}")
        return answer

    def show_offers(self, offers: Mapping[str, Json]) -> None:
        """Tell a list of offers, and name them by their number of payments from now on."""
        for offer_id, offer in offers.items():
            self.name(offer_id, f"OFFER-{offer['numberOfPayments']}")
            self._answers.append(f"OFFER-{offer['numberOfPayments']}: {describe_offer(offer)}")

    def tell(self, what: str) -> None:
        """The step, with what the shop was answered before everything else."""
        answers, self._answers = self._answers, []
        place = len(self.lines) + (2 if self.lines else 1)
        super().tell(what)
        self.lines[place:place] = [f"  {self._hide_ids(line)}" for line in answers]

    def follow_order(self, order_id: str, *, last_four: str = "0008") -> str:
        """Tell of the plan of an order from now on, and of its card's account; the plan's id."""
        order_key, plan_id = find_order(self.world, order_id)
        self.name(order_key, order_id)
        self.world.settle()
        assert plan_id is not None, f"{order_id} has no plan"
        self.follow_plan(plan_id, f"PLAN-{order_id}")
        self.follow_card(last_four)
        return plan_id


def describe_answer(answer: Answer) -> str:
    """One line: the outcome, and how the order stands or why it was refused."""
    body = answer.body
    if "error" in body:
        error = body["error"]
        field = f" [{error['field']}, {error['validationType']}]" if "field" in error else ""
        return f"{answer.status} {body['result']}{field} {error['explanation']}"
    told = [str(answer.status), body["result"]]
    if "response" in body:
        told.append(body["response"]["gatewayCode"])
    if "paymentPlanOffer" in body:
        offer = body["paymentPlanOffer"]
        told += [offer["status"], *offer.get("requiredInformation", [])]
    if "transaction" in body:
        told += [body["transaction"]["type"], f"{body['transaction']['amount']:.2f},"]
        order = body["order"]
        sums = [f"{order[f'total{name}Amount']:.2f}" for name in ("Authorized", "Captured", "Refunded")]
        told.append(f"order {order['status']} {' / '.join(sums)}")
    return " ".join(told)


def describe_offer(offer: Json) -> str:
    """One line."""
    rest = offer.get("subsequentPaymentAmount")
    return (
        f"total {offer['totalAmount']:.2f}, first {offer['firstPaymentAmount']:.2f}"
        f"{f', then {rest:.2f}' if rest is not None else ''}, after {offer['deferralPeriod']} months, "
        f"rate {offer['interest']['rate']}, discount {offer['interest']['discountAmount']:.2f}, "
        f"fee {offer['feeAmount']:.2f}, award {offer.get('cashAward', {}).get('amount', 0):.2f}"
    )


def find_order(world: StoryWorld, order_id: str) -> tuple[str, str | None]:
    """The key of an order and its plan."""
    (row,) = fetch(
        world, "SELECT order_key::text, plan_id::text FROM merchant_order WHERE order_id = $1", order_id
    )
    return row[0], row[1]


def fetch(world: StoryWorld, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the database, for what no door shows."""

    async def find() -> list[tuple[Any, ...]]:
        async with world.engine.database.connection() as connection:
            return [tuple(row) for row in await connection.fetch(sql, *values)]

    return world.run(find())


def end_leases(world: StoryWorld) -> None:
    """As if the time had come to resolve what nobody knows."""
    fetch(
        world,
        "UPDATE merchant_transaction SET leased_until = now() - interval '1 second'"
        " WHERE outcome IS NULL OR reversal = 'due'",
    )


def apply_catalogue(world: StoryWorld, folder: Path, text: str) -> None:
    """A catalogue file, proposed and approved by two operators."""
    file = folder / "catalogue.yaml"
    file.write_text(f"parcela_catalogue: 1\n{text}")
    approve = ("--approve-as", "second-operator@sandbox.example")
    world.command("catalogue", "apply", str(file), "--as", OPERATOR, *approve)


@contextmanager
def open_shop_world(database_url: str, home: Path) -> Iterator[StoryWorld]:
    """A deployment whose bank is never away, with a sweeper of unknown outcomes."""
    with open_story_world(database_url, home) as world:
        world.front.outages_left = 0
        acquirer = build_gateway_ports(world.engine).acquirer
        sweeping = keep_sweeping(world.engine, acquirer, poll_s=_SWEEP_S)
        world.run(sweeping.__aenter__())
        try:
            yield world
        finally:
            world.run(sweeping.__aexit__(None, None, None))
