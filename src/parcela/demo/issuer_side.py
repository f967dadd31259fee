"""The other side of the demo: how the issuer was told of the plan, and what its account shows."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from parcela.demo.caller import UnexpectedAnswerError

Json = dict[str, Any]

_PATIENCE_S = 20.0
_LOOK_AGAIN_S = 0.1


class Operator:
    """Somebody who may look at everything, signed in at `/admin/v1`."""

    def __init__(self, credentials: Mapping[str, Any]) -> None:
        self._url: str = credentials["console"]["url"]
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._session.post(
            f"{self._url}/sessions", json=credentials["console"]["operator"], timeout=10
        )
        self._session.headers["Authorization"] = f"Bearer {self._read(answer, 201)['token']}"

    def wait_for_delivery(self, plan_id: str) -> Json:
        """The letter of a plan and its tries, once it is delivered. Raises UnexpectedAnswerError."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline_s:
            for letter in self._get("/deliveries")["items"]:
                if letter["subject_id"] == plan_id and letter["status"] == "delivered":
                    return self._get(f"/deliveries/{letter['letter_id']}")
            time.sleep(_LOOK_AGAIN_S)
        raise UnexpectedAnswerError(f"the issuer was not told of plan {plan_id} in {_PATIENCE_S:.0f} s")

    def read_order(self, merchant_id: str, order_id: str) -> Json:
        """An order of a merchant, with its transactions."""
        return self._get(f"/merchant-orders/{quote(merchant_id)}/{quote(order_id, safe='')}")

    def wait_for_refund(self, plan_id: str, refunded: str) -> Json:
        """The serviced plan with so much refunded, in major units. Raises UnexpectedAnswerError."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline_s:
            serviced = self.read_serviced_plan(plan_id)
            if serviced["refunded"] == refunded:
                return serviced
            time.sleep(_LOOK_AGAIN_S)
        raise UnexpectedAnswerError(f"the plan {plan_id} was not refunded in {_PATIENCE_S:.0f} s")

    def read_serviced_plan(self, plan_id: str) -> Json:
        """The plan as the issuer's processor services it."""
        return self._get(f"/serviced-plans/{plan_id}")

    def list_balances(self, owner: str) -> dict[str, str]:
        """Balances of a card account or plan in major units, by kind of account."""
        items = self._get(f"/ledger/owners/{owner}/balances")["items"]
        return {item["code"]: item["amount"] for item in items}

    def _get(self, path: str) -> Json:
        return self._read(self._session.get(f"{self._url}{path}", timeout=10), 200)

    @staticmethod
    def _read(answer: requests.Response, expected: int) -> Json:
        if answer.status_code != expected:
            raise UnexpectedAnswerError(f"{answer.request.method} {answer.url} answered {answer.status_code}")
        body: Json = answer.json()
        return body
