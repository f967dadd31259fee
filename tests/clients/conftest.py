"""One server for all tests with real clients."""

from collections.abc import Iterator

import pytest
from tests.support.gateway_clients import Account, load_account
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import OfficialClient, load_party


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServer]:
    """A demo server with two workers, which also serves shop software of old gateway versions and sends
    webhooks to this machine.
    """
    settings = {
        "PARCELA_GATEWAY_LOWEST_VERSION": "22",
        "PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS": "true",
        # Its own tests have the limit of 800 ms; here the bank's answer is awaited on a busy machine too.
        "PARCELA_REALTIME_TIMEOUT_MS": "10000",
    }
    with run_live_server(workers=2, settings=settings) as server:
        yield server


@pytest.fixture(scope="session")
def partner(live: LiveServer) -> OfficialClient:
    """The sandbox partner."""
    return OfficialClient(load_party(live.home, "partner"))


@pytest.fixture(scope="session")
def issuer(live: LiveServer) -> OfficialClient:
    """The sandbox issuer."""
    return OfficialClient(load_party(live.home, "issuer"))


@pytest.fixture(scope="session")
def account(live: LiveServer) -> Account:
    """The sandbox merchant."""
    return load_account(live.home, live.root_url)
