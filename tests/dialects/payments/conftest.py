"""The payments door in process, on a database of the module's or of the test's own."""

import secrets
from collections.abc import Iterator

import pytest
from tests.conftest import DemoTemplate
from tests.support.payments_world import PaymentsWorld, open_payments_world


@pytest.fixture(scope="module")
def shared_payments(demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """For tests that leave nothing behind that another one could see."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with open_payments_world(demo_template.server.url_of(name), demo_template.home) as opened:
        yield opened
    demo_template.server.drop_database(name)


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own."""
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened


@pytest.fixture
def twin_payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    """A world of the test's own, served by two engines."""
    with open_payments_world(database_url, demo_template.home, engines=2) as opened:
        yield opened
