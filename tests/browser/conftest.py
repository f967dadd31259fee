"""One server for all browser tests of a worker, one Chromium for each file; keep these tests in few files."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.conftest import DemoTemplate
from tests.support.browser_world import HostedServer, run_chromium, run_hosted_server


@pytest.fixture(scope="session")
def hosted(demo_template: DemoTemplate) -> Iterator[HostedServer]:
    """The doors and the pages over a copy of the demo world, from noon of 10 January 2030 on."""
    name = f"test_{secrets.token_hex(6)}"
    demo_template.server.create_database(name, template=demo_template.database)
    with run_hosted_server(demo_template.server.url_of(name), demo_template.home) as running:
        yield running
    demo_template.server.drop_database(name)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Make a context in it for each test, `with chromium.new_context() as context`, and close it.

    It ends with its file: while it lives, an event loop runs here, and no other test could run its own.
    """
    with run_chromium() as browser:
        yield browser
