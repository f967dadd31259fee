"""Token buckets of keys (`spec/payments.md` §14)."""

from datetime import UTC, datetime

import pytest
from tests.dialects.payments.probes import PATH, Probe
from tests.support.payments_world import PaymentsWorld

from parcela.dialects.payments.rate_limits import TEST, TIERS, Allowance, RateLimits
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.domain.payments.accounts import RateTier
from parcela.settings import SettingsError, load_settings

ONE = f"{PATH}/pay_1"


def test_the_allowances_are_the_documented_ones() -> None:
    assert Allowance(25, 50) == TEST
    assert {RateTier.STANDARD: Allowance(100, 200), RateTier.SCALE: Allowance(500, 1000)} == TIERS


def test_a_burst_is_granted_and_then_one_for_each_fortieth_of_a_second() -> None:
    limits = RateLimits(PaymentsSettings())

    def take(now_s: float) -> bool:
        return limits.take(1, TEST, is_read=True, now_s=now_s)[0]

    assert [take(0.0) for _ in range(51)] == [True] * 50 + [False]
    assert [take(0.04), take(0.04)] == [True, False]
    # After two quiet seconds the whole burst is there, and no more.
    assert [take(10.0) for _ in range(51)] == [True] * 50 + [False]


def test_reads_and_writes_and_keys_are_counted_apart() -> None:
    limits = RateLimits(PaymentsSettings())
    for _ in range(50):
        limits.take(1, TEST, is_read=True, now_s=0.0)
    assert [
        limits.take(key_id, TEST, is_read=is_read, now_s=0.0)[0]
        for key_id, is_read in ((1, True), (1, False), (2, True))
    ] == [False, True, True]


def test_workers_share_an_allowance() -> None:
    limits = RateLimits(PaymentsSettings(workers=5))
    granted = [limits.take(1, TEST, is_read=True, now_s=0.0)[0] for _ in range(12)]
    assert granted == [True] * 10 + [False] * 2


def test_what_is_left_is_told() -> None:
    limits = RateLimits(PaymentsSettings())
    for _ in range(10):
        _, standing = limits.take(1, TEST, is_read=True, now_s=0.0)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    assert standing.list_headers(at) == {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "40",
        "X-RateLimit-Reset": str(int(at.timestamp()) + 1),
    }


def test_too_many_requests_are_told_to_wait(payments: PaymentsWorld) -> None:
    probe = Probe()
    payments.set_endpoints(*probe.list_endpoints())
    payments.configure(has_rate_limits=True)
    answers = payments.ask_all([("POST", PATH, {"amount": 1}, None)] * 80)
    refused = [answer for answer in answers if answer.status == 429]
    assert probe.entered == 80 - len(refused)
    assert {answer.code for answer in refused} == {"rate_limited"}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert {answer.headers["x-ratelimit-remaining"] for answer in refused} == {"0"}
    # Reads are counted apart, and so is another key.
    assert payments.get(ONE).status == 200
    assert payments.post(PATH, {"amount": 1}, key=payments.other_secret).status == 201


SWITCHES = {
    # What is said, and whether the demo world runs: are requests counted?
    ("auto", False): True,
    ("auto", True): False,
    ("on", True): True,
    ("off", False): False,
}


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_the_limits_are_off_in_the_demo_world_unless_asked_for(switch: tuple[str, bool]) -> None:
    said, demo = switch
    settings = load_settings({"PARCELA_PAYMENTS_RATE_LIMITS": said}, demo=demo)
    assert settings.has_payments_rate_limits is SWITCHES[switch]


def test_a_word_that_is_no_switch_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"must be one of auto, on, off, not 'maybe'\.$"):
        load_settings({"PARCELA_PAYMENTS_RATE_LIMITS": "maybe"})
