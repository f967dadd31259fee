"""Shop software that speaks to the gateway door, as `spec/gateway.md` §20 lists it.

Each sends its requests in its own manner, at its own version, and reads answers as carelessly as it does.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from tests.support.gateway_clients import (
    CARD,
    Account,
    WireAnswer,
    open_line,
    rest_path,
    write_basic,
    write_php_json,
)

Json = dict[str, Any]

_MAGENTO_WORDS = """
APPROVED UNSPECIFIED_FAILURE DECLINED TIMED_OUT EXPIRED_CARD INSUFFICIENT_FUNDS ACQUIRER_SYSTEM_ERROR
SYSTEM_ERROR NOT_SUPPORTED DECLINED_DO_NOT_CONTACT ABORTED BLOCKED CANCELLED
DEFERRED_TRANSACTION_RECEIVED REFERRED AUTHENTICATION_FAILED INVALID_CSC LOCK_FAILURE SUBMITTED
NOT_ENROLLED_3D_SECURE PENDING EXCEEDED_RETRY_LIMIT DUPLICATE_BATCH DECLINED_AVS DECLINED_CSC
DECLINED_AVS_CSC DECLINED_PAYMENT_PLAN APPROVED_PENDING_SETTLEMENT PARTIALLY_APPROVED UNKNOWN
"""
MAGENTO_CODES = frozenset(_MAGENTO_WORDS.split())
"""The codes that the Magento module has words for; it looks each one up unguarded."""

_GSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "=": "\\u003d", "'": "\\u0027"}


class JavaSample:
    """The official Java sample: a new connection for each call, credentials only when they are asked for."""

    version = 45

    def __init__(self, account: Account) -> None:
        self._account = account

    def call(self, method: str, tail: str, members: Json | None = None) -> WireAnswer:
        """A REST call; the second answer, which must come over the connection of the first."""
        body = None if members is None else _write_gson(members)
        headers = {"Connection": "Keep-Alive", "Accept-Encoding": "gzip,deflate"}
        if body is not None:
            headers["Content-Type"] = "text/plain; charset=UTF-8"
        elif method == "POST":
            headers["Content-Length"] = "0"
        path = rest_path(self._account, self.version, tail)
        with open_line(self._account) as line:
            challenge = line.send(method, path, headers, body)
            assert challenge.status == 401, challenge
            assert challenge.headers["www-authenticate"] == 'Basic realm="merchant"'
            port = line.local_port
            answer = line.send(method, path, {**headers, "Authorization": self._account.basic}, body)
            assert line.local_port == port
            return answer

    def call_nvp(self, fields: Mapping[str, str]) -> dict[str, str]:
        """An NVP call with the login first. Reads `result` unguarded."""
        login = {"apiUsername": self._account.user, "apiPassword": self._account.password}
        body = urlencode({**login, **fields, "merchant": self._account.merchant_id}).encode()
        headers = {"Content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
        with open_line(self._account) as line:
            answer = line.send("POST", f"/api/nvp/version/{self.version}", headers, body)
        pairs = dict(answer.pairs)
        assert (pairs["result"] == "ERROR") == (answer.status >= 400)
        return pairs

    @staticmethod
    def make_payment(operation: str, order_id: str, **order: str) -> Json:
        """A payment with a card that was typed in."""
        return {
            "apiOperation": operation,
            "order": {"amount": "5000", "currency": "USD", "id": order_id, **order},
            "sourceOfFunds": {
                "type": "CARD",
                "provided": {
                    "card": {"securityCode": "100", "number": CARD, "expiry": {"month": "1", "year": "39"}}
                },
            },
        }

    @staticmethod
    def make_follow_up(operation: str, order_id: str, **transaction: str) -> Json:
        """A capture, refund or void, which names the sample's preset order amount too."""
        order = {"amount": "5000", "currency": "USD", "id": order_id}
        return {"apiOperation": operation, "order": order, "transaction": transaction}

    @staticmethod
    def read_transaction(answer: WireAnswer) -> tuple[str, ...]:
        """Result, code, amount, currency, order id: unguarded."""
        members = answer.json
        order, response = members["order"], members["response"]
        facts = (members["result"], response["gatewayCode"])
        return (*facts, order["amount"], order["currency"], order["id"])

    @staticmethod
    def read_order(answer: WireAnswer) -> tuple[str, ...]:
        """The first transaction of an order, with its description: unguarded."""
        first = answer.json["transaction"][0]
        order = first["order"]
        facts = (first["result"], first["response"]["gatewayCode"])
        return (*facts, order["amount"], order["currency"], order["description"], order["id"])


class MagentoModule:
    """The Magento module: string amounts of two decimals, bodies on GET, errors read unguarded."""

    version = 58

    def __init__(self, account: Account) -> None:
        self._account = account

    def ask_options(self) -> WireAnswer:
        """The GET inquiry with an empty array for a body."""
        return self._send("GET", "paymentOptionsInquiry", [])

    def transact(self, order_id: str, transaction_id: str, members: Json) -> WireAnswer:
        """A transaction; like older curl, it waits for leave to send a body of over a kilobyte."""
        return self._send("PUT", f"order/{order_id}/transaction/{transaction_id}", members)

    def make_payment(self, operation: str, order_id: str, *, expiry: str = "01/39") -> Json:
        """A payment with articles, tax and shipping, but without the amount of the articles."""
        month, year = expiry.split("/")
        card = {"number": CARD, "securityCode": "100", "expiry": {"month": month, "year": year}}
        article = {
            "name": 'Wayfarer Messenger Bag – Größe "L"',
            "description": None,
            "sku": "24-MB05",
            "unitPrice": "100.00",
            "quantity": 1,
        }
        return {
            "apiOperation": operation,
            "partnerSolutionId": "MAGENTO_2.4.2_ONTAP_2.4.3",
            "order": {
                "amount": "112.25",
                "currency": "USD",
                "notificationUrl": "https://shop.example/tns/webhook/response",
                "reference": order_id,
                "item": [article, {**article, "sku": "24-WB04", "unitPrice": "0.00"}],
                "shippingAndHandlingAmount": 5,
                "taxAmount": 8.25,
                "discount": {"amount": "1.00"},
            },
            "sourceOfFunds": {"provided": {"card": card}, "type": "CARD"},
            "customer": {
                "email": "roni_cost@example.com",
                "firstName": "Veronica",
                "lastName": "Costello",
                "phone": None,
            },
            "billing": {"address": _make_address()},
            "shipping": {
                "address": _make_address(),
                "contact": {
                    "email": "roni_cost@example.com",
                    "firstName": "Veronica",
                    "lastName": "Costello",
                    "phone": "(555) 229-3326",
                },
            },
            "transaction": {"source": "INTERNET", "reference": f"{order_id}-5fbb71ba65a0c"},
        }

    def make_follow_up(self, operation: str, order_id: str, **transaction: str) -> Json:
        """A capture, refund or void."""
        return {
            "apiOperation": operation,
            "partnerSolutionId": "MAGENTO_2.4.2_ONTAP_2.4.3",
            "order": {
                "notificationUrl": "https://shop.example/tns/webhook/response",
                "reference": order_id,
            },
            "transaction": {"source": "INTERNET", "reference": f"{order_id}-5fbb71ba65a0d", **transaction},
        }

    def list_complaints(self, answer: WireAnswer) -> list[str]:
        """What the module tells the shop of an answer; nothing when it went well. Reads unguarded."""
        members = answer.json
        if "error" in members:
            return [f"{members['error']['cause']}: {members['error']['explanation']}"]
        code = members["response"]["gatewayCode"]
        assert code in MAGENTO_CODES, code
        return [] if members["result"] == "SUCCESS" else [members["result"], code]

    @staticmethod
    def read_card(answer: WireAnswer) -> tuple[str, ...]:
        """What the module keeps of the card: unguarded."""
        card = answer.json["sourceOfFunds"]["provided"]["card"]
        expiry = f"{card['expiry']['month']}/{card['expiry']['year']}"
        return (card["scheme"], f"XXXX-{card['number'][-4:]}", expiry)

    def _send(self, method: str, tail: str, members: Any) -> WireAnswer:
        body = write_php_json(members)
        headers = {
            "Authorization": self._account.basic,
            "Content-Type": "application/json;charset=UTF-8",
            "Accept": "*/*",
        }
        with open_line(self._account) as line:
            send = line.send_when_asked if len(body) > 1024 else line.send
            return send(method, rest_path(self._account, self.version, tail), headers, body)


class WooCommerceModule:
    """The WooCommerce module: float amounts, nulls, empty arrays for groups, sessions that browsers fill."""

    def __init__(self, account: Account, version: int) -> None:
        self._account = account
        self._version = version

    def call(self, method: str, tail: str, members: Json | None = None) -> Json:
        """A call of the shop. Every body is parsed, those of 4xx too."""
        answer = self.send(method, tail, members)
        parsed = answer.json
        assert isinstance(parsed, dict)
        if answer.status >= 400:
            assert parsed["error"]["cause"] and parsed["error"]["explanation"]
        return parsed

    def send(self, method: str, tail: str, members: Json | None = None) -> WireAnswer:
        """A call of the shop with its whole answer."""
        return self._send(method, tail, members, self._account.basic)

    def update_as_browser(self, session_id: str, members: Json) -> WireAnswer:
        """The page of the shop puts the card into the session; the session id is its password."""
        login = write_basic(self._account.user, session_id)
        return self._send("PUT", f"session/{session_id}", members, login)

    def make_payment(self, operation: str, amount: float, session: Json) -> Json:
        """A payment with the card of a session."""
        return {
            "apiOperation": operation,
            "3DSecureId": None,
            "partnerSolutionId": "WC_5.1.0_ONTAP_1.2.0",
            "order": {
                "amount": amount,
                "currency": "USD",
                "notificationUrl": "https://shop.example/?wc-api=mastercard_gateway",
            },
            "billing": {"address": {**_make_address(), "street2": None}},
            "customer": {"email": "wendy@example.com", "firstName": "Wendy", "lastName": "O'Hara"},
            "sourceOfFunds": {"type": "CARD"},
            "session": {"id": session["id"], "version": session["version"]},
            "shipping": [],
        }

    def make_follow_up(self, operation: str, **transaction: Any) -> Json:
        """A capture, refund or void."""
        order = {"notificationUrl": "https://shop.example/?wc-api=mastercard_gateway"}
        about = {"order": order} if operation != "VOID" else {}
        return {
            "apiOperation": operation,
            "partnerSolutionId": "WC_5.1.0_ONTAP_1.2.0",
            "transaction": transaction,
            **about,
        }

    def find_transaction(self, order_id: str, kinds: Sequence[str]) -> Json:
        """The order's successful transaction of one of these types: unguarded, one at least."""
        order = self.call("GET", f"order/{order_id}")
        return next(
            found
            for found in order["transaction"]
            if found["transaction"]["type"] in kinds and found["result"] == "SUCCESS"
        )

    def _send(self, method: str, tail: str, members: Json | None, login: str) -> WireAnswer:
        body = None if members is None else write_php_json(members)
        headers = {"Authorization": login, "Content-Type": "application/json;charset=UTF-8"}
        with open_line(self._account) as line:
            return line.send(method, rest_path(self._account, self._version, tail), headers, body)


def _write_gson(members: Json) -> bytes:
    text = json.dumps(members, indent=2, ensure_ascii=False)
    return "".join(_GSON_ESCAPES.get(character, character) for character in text).encode()


def _make_address() -> Json:
    return {
        "city": "Calder",
        "company": None,
        "country": "USA",
        "postcodeZip": "49628-7978",
        "stateProvince": "MI",
        "street": "6146 Honey Bluff Parkway",
        "street2": None,
    }
