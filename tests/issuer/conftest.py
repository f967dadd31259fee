"""The issuer's application over an engine of the test's own, called by the network of the same database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.conftest import ROOT_URL, DemoTemplate, use_engine
from tests.support.issuer_wire import CID, CORRELATION_ID, ask
from tests.support.network_client import Answer, Party, WireRequest, forge

from parcela.dialects.network.keyring import KeyRing
from parcela.issuer.app import IssuerSettings
from parcela.issuer.deployment import DatabaseKeys, create_processor_app
from parcela.issuer.keys import read_decryption_key
from parcela.issuer.service import AccountNotices
from parcela.operations.engine import Engine
from parcela.sandbox.keys import make_certificate
from parcela.sandbox.setup import PROVIDER_ID

_COUNTS = """
SELECT (SELECT count(*) FROM serviced_plan) AS plans, (SELECT count(*) FROM serviced_row) AS rows,
    (SELECT count(*) FROM card_account) AS accounts, (SELECT count(*) FROM ledger_entry) AS entries,
    (SELECT count(*) FROM event) AS events
"""


@dataclass(frozen=True)
class Processor:
    """The application on one engine, and the network that calls it."""

    engine: Engine
    app: Starlette
    network: Party

    async def send(self, request: WireRequest) -> Answer:
        """One request, in process."""
        return await ask(self.app, request)

    async def call(self, call: str, body: Any, **options: Any) -> Answer:
        """Forge (well, by default) and send."""
        headers = {"Correlation-Id": CORRELATION_ID, **options.pop("headers", {})}
        return await self.send(forge(self.network, call, body, headers=headers, **options))

    async def count(self) -> dict[str, int]:
        """How much there is of everything that a notification can make."""
        async with self.engine.database.connection() as connection:
            return dict(await connection.fetchrow(_COUNTS))


WithProcessors = Callable[..., Any]


@pytest.fixture
def with_processors(database_url: str, demo_template: DemoTemplate, tmp_path: Path) -> WithProcessors:
    """Run a coroutine function with as many processors on this test's database as it takes."""

    def run_with(work: Callable[..., Awaitable[Any]], *, count: int = 1, **settings: Any) -> Any:
        async def main() -> Any:
            async with open_processors(database_url, demo_template.home, tmp_path, count, settings) as opened:
                return await work(*opened)

        return asyncio.run(main())

    return run_with


@asynccontextmanager
async def open_processors(
    url: str, home: Path, folder: Path, count: int, settings: dict[str, Any]
) -> AsyncIterator[list[Processor]]:
    """Processors as `parcela serve --demo` has them, each with an engine of its own."""
    if count == 0:
        yield []
        return
    async with use_engine(url, home) as engine:
        network = await make_network(engine, home, folder)
        own_key = read_decryption_key(home / "sandbox" / "issuer-decryption.pem")
        cids = frozenset({CID})
        app = create_processor_app(
            engine,
            DatabaseKeys(engine, [own_key], cids=cids),
            AccountNotices(engine),
            settings=IssuerSettings(**{"public_url": ROOT_URL, "cids": cids, **settings}),
        )
        mounted = Starlette(routes=[Mount("/issuer", app)])
        async with open_processors(url, home, folder, count - 1, settings) as others:
            yield [Processor(engine, mounted, network), *others]


async def make_network(engine: Engine, home: Path, folder: Path) -> Party:
    """The platform's own keys for the sandbox bank, taken out of the database."""
    keys = KeyRing(engine).find_issuer_keys(await engine.look(), PROVIDER_ID)
    assert keys is not None
    signing_file, certificate_file = folder / "platform-signing.pem", folder / "issuer.crt"
    signing_file.write_bytes(
        keys.signing_key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    decryption_file = home / "sandbox" / "issuer-decryption.pem"
    certificate_file.write_bytes(make_certificate(read_decryption_key(decryption_file), name="Sandbox Bank"))
    return Party(
        home=folder,
        base_url=f"{ROOT_URL}/issuer",
        consumer_key=keys.signing_key.consumer_key,
        signing_file=signing_file,
        decryption_file=decryption_file,
        certificate_file=certificate_file,
    )
