"""A reader of a shop's promotion: the pages in process, asked over ASGI without a socket."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette

from parcela.dialects.payments.settings import PaymentsSettings
from parcela.promo.promo import PromoPages
from tests.support.payments_world import ROOT_URL, PaymentsWorld


@dataclass(frozen=True)
class Read:
    """An answer."""

    status: int
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode()

    @property
    def body(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return dict(json.loads(self.raw))


class PromoReader:
    """Asks the promotion pages of a world."""

    def __init__(self, world: PaymentsWorld, home: Path, *, has_rate_limits: bool = False) -> None:
        self.world = world
        self.address = "192.0.2.1"
        settings = PaymentsSettings(has_rate_limits=has_rate_limits)
        pages = PromoPages(world.engine, settings, root_url=ROOT_URL, home=home)
        self._app = Starlette(routes=pages.list_routes())

    def ask(self, path: str, *, headers: dict[str, str] | None = None, **query: str) -> Read:
        """GET with the account's publishable key, unless another shop is named."""
        if "merchant" not in query and "key" not in query:
            query["key"] = self.world.publishable
        return self.get(f"{path}?{urlencode(query)}", headers=headers)

    def get(self, target: str, *, headers: dict[str, str] | None = None) -> Read:
        """GET exactly this."""
        return self.world.run(self._get(target, headers or {}))

    async def _get(self, target: str, headers: dict[str, str]) -> Read:
        path, _, query = target.partition("?")
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "server": ("parcela.test", 80),
            "client": (self.address, 40_000),
        }
        await self._app(scope, receive, send)
        answered = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Read(sent[0]["status"], answered, b"".join(part.get("body", b"") for part in sent[1:]))
