"""One site for all hostile inputs."""

from collections.abc import Iterator

import pytest
from tests.hostile.site import Site, open_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A live server, watched from inside."""
    with open_site() as opened:
        yield opened
