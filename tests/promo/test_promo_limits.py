"""What one address may ask for a shop, and what is kept for others (`docs/promo.md`)."""

from datetime import UTC, datetime

from parcela.dialects.payments.rate_limits import TEST
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.promo.limits import PromoLimits, PromoVisit
from parcela.promo.refusals import PromoRefused

GREEDY = "192.0.2.1"
AT = datetime(2026, 7, 1, tzinfo=UTC)


def ask(limits: PromoLimits, address: str, *, now_s: float = 0.0, shop: int = 1) -> PromoRefused | None:
    """One request; gives its refusal."""
    visit = PromoVisit(shop_number=shop, allowance=TEST, address=address, now_s=now_s, real_now=AT)
    try:
        limits.count(visit)
    except PromoRefused as refusal:
        return refusal
    return None


def count_answers(limits: PromoLimits, address: str, times: int, *, now_s: float = 0.0) -> int:
    return [ask(limits, address, now_s=now_s) for _ in range(times)].count(None)


def test_a_greedy_address_leaves_half_of_the_burst_to_others() -> None:
    limits = PromoLimits(PaymentsSettings())
    assert count_answers(limits, GREEDY, 200) == 25
    assert count_answers(limits, "192.0.2.2", 200) == 12
    assert count_answers(limits, "192.0.2.3", 200) == 12
    # The last token of the shop, and then there is none for anybody.
    assert count_answers(limits, "192.0.2.4", 200) == 1
    refusal = ask(limits, "192.0.2.5")
    assert refusal is not None
    assert refusal.message == "More than 25 requests a second came for this shop."
    reset = str(int(AT.timestamp()) + 2)
    assert refusal.headers == {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset,
    }
    assert ask(limits, GREEDY, shop=2) is None


def test_an_address_that_asks_alone_has_the_whole_rate() -> None:
    limits = PromoLimits(PaymentsSettings())
    count_answers(limits, GREEDY, 200)
    # Ten seconds at full speed: a proxy's readers lose nothing.
    answered = [count_answers(limits, GREEDY, 20, now_s=quarter / 4) for quarter in range(1, 41)]
    assert sum(answered) == 10 * 25


def test_an_address_is_a_network_of_ipv6() -> None:
    limits = PromoLimits(PaymentsSettings())
    count_answers(limits, "2001:db8::1", 200)
    refusal = ask(limits, "2001:db8::ffff")
    assert refusal is not None
    assert refusal.message == "More than 6 requests a second came from this address for this shop."
    assert ask(limits, "2001:db8:0:1::1") is None


def test_workers_share_the_allowance_of_an_address() -> None:
    limits = PromoLimits(PaymentsSettings(workers=2))
    assert count_answers(limits, GREEDY, 200) == 12


def test_nothing_is_counted_where_limits_are_off() -> None:
    limits = PromoLimits(PaymentsSettings(has_rate_limits=False))
    assert count_answers(limits, GREEDY, 200) == 200
