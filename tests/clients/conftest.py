"""One server for all tests with real clients."""

from collections.abc import Iterator

import pytest
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import OfficialClient, load_party


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServer]:
    """A demo server with two workers."""
    with run_live_server(workers=2) as server:
        yield server


@pytest.fixture(scope="session")
def partner(live: LiveServer) -> OfficialClient:
    """The sandbox partner."""
    return OfficialClient(load_party(live.home, "partner"))


@pytest.fixture(scope="session")
def issuer(live: LiveServer) -> OfficialClient:
    """The sandbox issuer."""
    return OfficialClient(load_party(live.home, "issuer"))
