"""The check that the gateway is up (`spec/gateway.md` §1)."""

import os
import signal

from tests.support.gateway_world import GatewayWorld

from parcela.dialects.gateway.information import GATEWAY_VERSION, answer_information
from parcela.shutdown import ShutdownWatch


def test_information_needs_no_login(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.send("GET", "/api/rest/version/65/information", b"[]")
    assert answer.status == 200
    assert answer.body == {"gatewayVersion": GATEWAY_VERSION, "status": "OPERATING"}
    assert answer.headers["content-type"] == "application/json;charset=ISO-8859-1"
    assert answer.headers["cache-control"] == "max-age=10"
    assert len(answer.headers["x-request-id"]) == 36


def test_the_version_fits_the_field() -> None:
    assert 5 <= len(GATEWAY_VERSION) <= 32
    assert GATEWAY_VERSION.isascii()


def test_a_server_that_ends_says_so() -> None:
    response = answer_information(lambda: True)
    assert response.body == f'{{"gatewayVersion":"{GATEWAY_VERSION}","status":"SHUTDOWN"}}'.encode()


def test_the_end_is_noted_and_handed_on() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        watch = ShutdownWatch()
        with watch.watch():
            assert not watch.is_asked()
            os.kill(os.getpid(), signal.SIGTERM)
            assert watch.is_asked()
        os.kill(os.getpid(), signal.SIGTERM)
        assert came == [signal.SIGTERM, signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
