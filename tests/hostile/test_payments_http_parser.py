"""What two HTTP parsers could read differently, sent to the payments door byte by byte."""

import re
from typing import Any

import pytest
from tests.hostile.payments_site import RETURN_URL, PaymentsSite, list_keys, load_keys, watch_payments
from tests.hostile.site import Site
from tests.hostile.test_http_parser import (
    ATTACKS,
    NEIGHBOURS,
    PUBLISHED,
    SLOW,
    TIMEOUT_S,
    Build,
    Front,
    read_statuses,
    talk,
)
from tests.support.patience import stretch

from parcela.dialects.payments.json_body import MAX_BODY_BYTES

PATH = "/v1/payments"
_LEAKS = re.compile(rb"Traceback|site-packages|\.py\b|asyncpg|SELECT ")
ROWS: list[tuple[str, Build, list[Any]]] = [
    *(
        (name, build, PUBLISHED[name.partition(" ")[0]]["expect"]["status"])
        for name, build in ATTACKS.items()
        if name not in SLOW
    ),
    *((name, build, allowed) for name, (build, allowed) in NEIGHBOURS.items()),
]


@pytest.fixture(scope="module")
def payments(site: Site) -> PaymentsSite:
    """The door of the shared server."""
    return PaymentsSite(site, load_keys(site))


@pytest.mark.parametrize(("name", "build", "allowed"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_read_in_two_ways_is_read_in_none(
    payments: PaymentsSite, name: str, build: Build, allowed: list[Any]
) -> None:
    good = payments.write("POST", PATH, {"amount": 60_000, "returnUrl": RETURN_URL})
    front = Front(payments.site, "payments", PATH, MAX_BODY_BYTES, good)
    octets = build(front)
    with watch_payments(payments, secrets=[]) as watched:
        received = talk(payments.site, octets, timeout_s=stretch(TIMEOUT_S))
    statuses = read_statuses(received)
    assert len(statuses) <= 1, received
    # Where the other doors answer their inquiry, this one makes the payment.
    status = statuses[0] if statuses else "close"
    assert (200 if status == 201 else status) in allowed, received
    assert not _LEAKS.search(received)
    assert [key for key in list_keys(payments) if key.encode() in received] == []
    if status != 201:
        assert watched.changed == []
    assert watched.elapsed_s <= stretch(TIMEOUT_S + 1)
    assert payments.ask("GET", f"{PATH}?limit=1").status == 200
