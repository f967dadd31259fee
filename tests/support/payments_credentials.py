"""The payments account of a demo server, as a client is set up with it."""

import json
from dataclasses import dataclass, field

from tests.support.live_server import LiveServer


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsAccess:
    """Keys of a test account, and where its server is."""

    base_url: str
    secret_key: str = field(repr=False)
    publishable_key: str = field(repr=False)
    restricted_key: str = field(repr=False)


def load_access(live: LiveServer) -> PaymentsAccess:
    """What stands in the server's credentials."""
    payments = json.loads((live.home / "sandbox" / "credentials.json").read_text())["payments"]
    return PaymentsAccess(
        base_url=live.root_url,
        secret_key=payments["secret_key"],
        publishable_key=payments["publishable_key"],
        restricted_key=payments["restricted_key"],
    )
