"""A shopper's browser without script: keeps cookies, follows redirects, fills in the forms that it sees."""

import asyncio
import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette

from parcela.checkout.challenge import ChallengePage
from parcela.checkout.checkout import CheckoutPage
from tests.support.payment_calls import create
from tests.support.payments_world import PaymentsWorld

FORM = "application/x-www-form-urlencoded"
_FORM = re.compile('<form method="post"(?: action="([^"]*)")?.*?</form>', re.S)
_TOKEN = re.compile('name="form_token" value="([^"]*)"')
_OFFER = re.compile('<input type="radio" name="choice" value="([^"]*)"')


@dataclass(frozen=True)
class Seen:
    """An answer to the browser."""

    status: int
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The page's source, with entities read."""
        return html.unescape(self.raw.decode())

    @property
    def title(self) -> str:
        """The page's first heading."""
        found = re.search("<h1>(.*?)</h1>", self.text, re.S)
        assert found is not None, self.text
        return found[1]

    @property
    def words(self) -> str:
        """All that is to be read on the page, in one line."""
        body = re.sub("<title>.*?</title>", "", self.text, flags=re.S)
        return " ".join(re.sub("<[^>]*>", " ", body).split())

    @property
    def actions(self) -> list[str]:
        """The last parts of the addresses that its forms go to."""
        return [action.rpartition("/")[2] for action in _FORM.findall(self.text)]

    @property
    def choices(self) -> list[str]:
        """The ways to pay."""
        return _OFFER.findall(self.text)

    @property
    def form_token(self) -> str:
        """The token of its forms."""
        found = _TOKEN.search(self.text)
        assert found is not None, self.text
        return found[1]


class Shopper:
    """One browser on the hosted page of one payment."""

    def __init__(self, world: PaymentsWorld, url: str, *, accepts: str | None = None) -> None:
        self._world = world
        self._own_headers = {} if accepts is None else {"accept-language": accepts}
        routes = [*ChallengePage(world.desk).list_routes(), *CheckoutPage(world.desk).list_routes()]
        self._app = Starlette(routes=routes)
        self.path = url.removeprefix(world.desk.root_url)
        self.cookies: dict[str, str] = {}
        self.seen = self.look()

    def look(self, rest: str = "") -> Seen:
        """The page, or what hangs on it."""
        self.seen = self.get(self.path + rest)
        return self.seen

    def send(self, form: str, **fields: str) -> Seen:
        """Send a form of the page that is seen, and go where it leads to on this server."""
        self.seen = self.follow(self.post(form, form_token=self.seen.form_token, **fields))
        return self.seen

    def follow(self, seen: Seen) -> Seen:
        """Go where an answer leads to, unless that is the shop."""
        while seen.status == 303:
            location = seen.headers["location"].removeprefix(self._world.desk.root_url)
            if not location.startswith("/"):
                return seen
            seen = self.get(location)
        return seen

    def get(self, path: str) -> Seen:
        """GET."""
        return self.ask("GET", path)

    def post(self, form: str, *, headers: dict[str, str] | None = None, **fields: str) -> Seen:
        """POST exactly these fields; nothing is followed."""
        given = {"content-type": FORM, **(headers or {})}
        return self.ask("POST", f"{self.path}/{form}", urlencode(fields).encode(), given)

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Seen:
        """A request with the browser's cookies."""
        return self._world.run(self._ask(method, path, body, headers or {}))

    def post_at_once(self, *forms: str) -> list[Seen]:
        """Forms of the page that is seen, all at the same time."""
        body = urlencode({"form_token": self.seen.form_token}).encode()

        async def post() -> list[Seen]:
            asked = [self._ask("POST", f"{self.path}/{form}", body, {"content-type": FORM}) for form in forms]
            return list(await asyncio.gather(*asked))

        return self._world.run(post())

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Seen:
        raw_path, _, query = path.partition("?")
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        pairs = {**self._own_headers, **headers, **({"cookie": cookie} if cookie else {})}
        sent: list[dict[str, Any]] = []
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": raw_path,
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs.items()],
            "server": ("parcela.test", 80),
        }
        await self._app(scope, receive, send)
        answered = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        if "set-cookie" in answered:
            name, _, value = answered["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return Seen(sent[0]["status"], answered, b"".join(part.get("body", b"") for part in sent[1:]))


def open_shopper(
    world: PaymentsWorld, *, accepts: str | None = None, **members: Any
) -> tuple[dict[str, Any], Shopper]:
    """A payment of 600.00 EUR with plans, and a shopper on its page whose browser accepts languages."""
    payment = create(world, **{"installments": {"enabled": True}, **members})
    return payment, Shopper(world, payment["checkoutUrl"], accepts=accepts)


def type_card(shopper: Shopper, number: str, **fields: str) -> Seen:
    """Send a card that ends in twelve years."""
    card = {"number": number, "expiry": "12/39", "code": "123", "name": "Ana Silva"}
    return shopper.send("card", **{**card, **fields})
