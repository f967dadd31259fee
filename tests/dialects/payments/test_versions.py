"""Versions by date, and the headers of every answer (`spec/payments.md` §1)."""

import pytest
from tests.dialects.payments.probes import PATH, Probe
from tests.support.payments_world import PaymentsWorld

ONE = f"{PATH}/pay_1"


@pytest.fixture
def world(shared_payments: PaymentsWorld) -> PaymentsWorld:
    shared_payments.set_endpoints(*Probe().list_endpoints())
    return shared_payments


@pytest.mark.parametrize("name", [None, "Parcela-Version", "Vinr-Version"])
def test_the_version_is_told_on_every_answer(world: PaymentsWorld, name: str | None) -> None:
    answer = world.get(ONE, headers={} if name is None else {name: "2026-04-01"})
    assert (answer.status, answer.headers["parcela-version"]) == (200, "2026-04-01")


REFUSED = {
    "unknown": {"Parcela-Version": "2026-04-02"},
    "word": {"Vinr-Version": "latest"},
    "empty": {"Parcela-Version": ""},
    # Both given and different.
    "both": {"Parcela-Version": "2026-04-01", "Vinr-Version": "2025-01-01"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_version_is_refused(world: PaymentsWorld, name: str) -> None:
    answer = world.get(ONE, headers=REFUSED[name])
    assert (answer.status, answer.code) == (400, "version_invalid")
    assert answer.headers["parcela-version"] == "2026-04-01"


def test_both_headers_may_say_the_same(world: PaymentsWorld) -> None:
    headers = {"Parcela-Version": "2026-04-01", "Vinr-Version": "2026-04-01"}
    assert world.get(ONE, headers=headers).status == 200


@pytest.mark.parametrize("path", [ONE, "/v1/nothing"])
def test_every_answer_carries_the_headers(world: PaymentsWorld, path: str) -> None:
    for answer in (world.get(path), world.send("GET", path)):
        assert answer.headers["request-id"].startswith("req_")
        assert answer.headers["parcela-version"] == "2026-04-01"
        assert answer.headers["x-ratelimit-limit"] == "50"
        assert answer.headers["x-ratelimit-remaining"] == "50"
        assert int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000
