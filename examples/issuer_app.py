"""An issuer's own Starlette service that takes plan notifications in, with Parcela's small ASGI application.

    export NETWORK_KEY=network.pem DECRYPTION_KEY=decryption.pem
    export PUBLIC_URL=https://processor.bank.example CID=242666
    uvicorn --app-dir examples issuer_app:create_app --factory --port 8090

Plans are told to https://processor.bank.example/installments/notifications. `docs/issuer.md` says where the
two key files come from.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from parcela.domain.servicing.records import PlanNotice
from parcela.issuer.app import IssuerSettings, create_issuer_app
from parcela.issuer.keys import load_file_keys
from parcela.issuer.ports import NoticeDiffers, TryLater

_TABLE = """
CREATE TABLE IF NOT EXISTS plan (
    plan_id TEXT PRIMARY KEY, last_four TEXT NOT NULL, currency TEXT NOT NULL, total_minor INTEGER NOT NULL,
    rows INTEGER NOT NULL, content TEXT NOT NULL
)
"""


class PlanFile:
    """Keeps plans in an SQLite file. A real service would find the card account and open the plan on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with sqlite3.connect(path) as database:
            database.execute(_TABLE)

    async def take(self, notice: PlanNotice, correlation_id: str) -> bool:
        """Keep a plan once. The network is answered 201 after this returns, and tells the plan no more."""
        try:
            return await asyncio.to_thread(self._insert, notice)
        except sqlite3.OperationalError:
            # A locked or full disk: answered 503, and the network tries again.
            raise TryLater from None

    def list_plans(self) -> list[dict[str, object]]:
        """What was taken in."""
        with sqlite3.connect(self._path) as database:
            database.row_factory = sqlite3.Row
            columns = "plan_id, last_four, currency, total_minor, rows"
            return [dict(row) for row in database.execute(f"SELECT {columns} FROM plan ORDER BY plan_id")]

    def _insert(self, notice: PlanNotice) -> bool:
        # The card number itself is not stored: its last four digits are for people, and a hash of all that
        # was told shows whether a plan that comes again is still the same.
        content = sha256(f"{notice!r} {notice.digits}".encode()).hexdigest()
        row = (
            notice.plan_id,
            notice.digits[-4:],
            notice.currency,
            notice.total_minor,
            len(notice.rows),
            content,
        )
        with sqlite3.connect(self._path) as database:
            made = database.execute("INSERT INTO plan VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            if made.rowcount == 1:
                return True
            held = database.execute(
                "SELECT content FROM plan WHERE plan_id = ?", (notice.plan_id,)
            ).fetchone()
        if held[0] != content:
            raise NoticeDiffers(notice.plan_id, ["content"])
        return False


def create_app(environ: Mapping[str, str] = os.environ) -> Starlette:
    """The service: its own routes as ever, and one mount."""
    plans = PlanFile(Path(environ.get("PLAN_FILE", "plans.sqlite")))
    issuer = create_issuer_app(
        load_file_keys(
            network_keys=[environ["NETWORK_KEY"]], decryption_keys=[Path(environ["DECRYPTION_KEY"])]
        ),
        plans,
        settings=IssuerSettings(public_url=environ["PUBLIC_URL"], cids=frozenset({environ["CID"]})),
        now_s=time.time,
    )

    async def show_plans(_: Request) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(plans.list_plans))

    return Starlette(routes=[Route("/plans", show_plans), Mount("/installments", issuer)])
