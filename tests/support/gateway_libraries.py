"""Libraries that speak to the gateway door, as `spec/gateway.md` §20 lists them, each in its own manner."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tests.support.gateway_clients import (
    CARD,
    Account,
    Line,
    WireAnswer,
    open_line,
    rest_path,
    write_php_json,
)

Json = dict[str, Any]


class ActiveMerchantGateway:
    """ActiveMerchant's `TnsGateway`: all groups in every request, empty ones too."""

    version = 52

    def __init__(self, account: Account) -> None:
        self._account = account

    def authorize(self, amount: str, order_id: str, *, code: str | None = "100") -> Json:
        """An authorization under transaction id 1."""
        address = {"street": "456 My Street", "street2": "Apt 1", "city": "Ottawa", "stateProvince": "ON"}
        address |= {"postcodeZip": "K1C2N6"}
        expiry = {"year": "39", "month": "01"}
        return self._commit(
            "authorize",
            (order_id, "1"),
            order={"amount": amount, "currency": "USD"},
            sourceOfFunds={
                "provided": {"card": {"expiry": expiry, "number": CARD, "securityCode": code}},
                "type": "CARD",
            },
            customer={"firstName": "Longbob", "lastName": "Longsen", "phone": "(555)555-5555"},
            billing={"address": {**address, "country": "CAN"}},
            device={"ipAddress": "203.0.113.7"},
            shipping={
                "address": {**address, "shipcountry": "CAN"},
                "firstName": "Jim",
                "lastName": "Smith",
            },
        )

    def follow_up(self, action: str, authorization: str, transaction_id: str, amount: str | None) -> Json:
        """A capture, refund or void of what an earlier `authorization` stands for."""
        order_id, reference = authorization.split("|")
        money = {"amount": amount, "currency": "USD", "reference": reference}
        transaction = money if amount is not None else {"targetTransactionId": reference}
        return self._commit(action, (order_id, transaction_id), transaction=transaction)

    def purchase(self, amount: str, order_id: str) -> Json:
        """An authorization, then its capture."""
        first = self.authorize(amount, order_id)
        return self.follow_up("capture", self.read_authorization(first), "second", amount)

    def verify_credentials(self) -> bool:
        """Reads a transaction that does not exist; only 401 means a wrong login."""
        path = rest_path(
            self._account, self.version, "order/21b9a1f6-9ad3-4f3e-b2d4-6a7f1d4b6c55/transaction/nonexistent"
        )
        with open_line(self._account) as line:
            return line.send("GET", path, self._headers()).status != 401

    @staticmethod
    def read_authorization(answer: Json) -> str:
        """The two ids by which the library finds the transaction again: unguarded."""
        return f"{answer['order']['id']}|{answer['transaction']['id']}"

    def _commit(self, action: str, ids: tuple[str, str], **groups: Json) -> Json:
        empty: Json = {"order": {}, "sourceOfFunds": {"provided": {"card": {}}}, "customer": {}}
        empty |= {"billing": {}, "device": {}, "shipping": {}, "transaction": {}}
        body = json.dumps({**empty, **groups, "apiOperation": action.upper()}, separators=(",", ":"))
        tail = "order/{}/transaction/{}".format(*ids)
        with open_line(self._account) as line:
            path = rest_path(self._account, self.version, tail)
            answer = line.send("PUT", path, self._headers(), body.encode())
        parsed: Json = answer.json
        return parsed

    def _headers(self) -> dict[str, str]:
        return {
            "Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
            "Accept": "*/*",
            "User-Agent": "Ruby",
            "Authorization": self._account.basic,
            "Content-Type": "application/json",
        }


class Omnipay:
    """Both omnipay-mpgs forks; `names_scheme` False leaves out the word Basic, as one of them does."""

    def __init__(self, account: Account, version: int, *, names_scheme: bool) -> None:
        self._account = account
        self._version = version
        self._login = account.basic
        if not names_scheme:
            self._login = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()

    def send(self, method: str, tail: str, members: Json | None = None) -> WireAnswer:
        """One call; without members there is no body."""
        body = None if members is None else write_php_json(members)
        headers = {"Authorization": self._login, "Content-Type": "application/json; charset=utf-8"}
        with open_line(self._account) as line:
            return line.send(method, rest_path(self._account, self._version, tail), headers, body)

    @staticmethod
    def make_purchase(amount: str) -> Json:
        """A payment; the month of the expiry is a number."""
        card = {"number": CARD, "securityCode": "100", "expiry": {"month": 1, "year": "39"}}
        return {
            "apiOperation": "PAY",
            "order": {"amount": amount, "currency": "AUD", "reference": "School fees 2026"},
            "sourceOfFunds": {"type": "CARD", "provided": {"card": card}},
        }


class NvpClient:
    """The C# and PHP clients of the name-value protocol: a body is parsed whatever the status."""

    def __init__(self, account: Account, version: int, *, is_dotnet: bool) -> None:
        self._account = account
        self._version = version
        self._is_dotnet = is_dotnet

    def call(self, fields: Mapping[str, str], *, password: str | None = None) -> list[tuple[str, str]]:
        """The pairs of an answer, in its order."""
        return self.send(fields, password=password).pairs

    def send(self, fields: Mapping[str, str], *, password: str | None = None) -> WireAnswer:
        """One call with its whole answer."""
        login = {
            "merchant": self._account.merchant_id,
            "apiUsername": self._account.user,
            "apiPassword": password or self._account.password,
        }
        path = f"/api/nvp/version/{self._version}"
        with open_line(self._account) as line:
            if self._is_dotnet:
                return self._send_as_dotnet(line, path, {**login, **fields})
            body = "&".join(
                f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in {**fields, **login}.items()
            )
            headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
            return line.send("POST", path, headers, body.encode())

    @staticmethod
    def _send_as_dotnet(line: Line, path: str, fields: Mapping[str, str]) -> WireAnswer:
        """Escapes in small letters, one `&` too many, and the body only when it is asked for."""
        pairs = (f"{_quote_small(name)}={_quote_small(value)}&" for name, value in fields.items())
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=iso-8859-1"}
        return line.send_when_asked("POST", path, headers, "".join(pairs).encode())


def _quote_small(text: str) -> str:
    """As .NET's `HttpUtility.UrlEncode` writes it."""
    escaped = "".join(
        character
        if character.isascii() and (character.isalnum() or character in "-_.!*()")
        else "+"
        if character == " "
        else "".join(f"%{byte:02x}" for byte in character.encode())
        for character in text
    )
    return escaped
