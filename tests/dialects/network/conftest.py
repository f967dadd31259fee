"""The network door in process, on a database of the module's or of the test's own."""

import secrets
from collections.abc import Iterator

import pytest
from tests.conftest import DemoTemplate
from tests.support.network_world import NetworkWorld, open_network_world


@pytest.fixture(scope="module")
def shared_network(demo_template: DemoTemplate) -> Iterator[NetworkWorld]:
    """For tests that leave nothing behind that another one could see."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_network_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened
    demo_template.server.drop_database(name)


@pytest.fixture
def network(database_url: str, demo_template: DemoTemplate) -> Iterator[NetworkWorld]:
    """A world of the test's own."""
    with open_network_world(database_url, demo_template.home) as opened:
        yield opened


@pytest.fixture
def twin_network(database_url: str, demo_template: DemoTemplate) -> Iterator[NetworkWorld]:
    """A world of the test's own, served by two engines."""
    with open_network_world(database_url, demo_template.home, engines=2) as opened:
        yield opened
