"""Which events go to an endpoint and under which names, and what of a large object is sent."""

import pytest

from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.webhooks import (
    check_enabled_events,
    find_topic,
    make_secret,
    shorten_object,
)


@pytest.mark.parametrize(
    ("enabled", "event", "topic"),
    [
        (["*"], "payment.completed", "payment.completed"),
        (["payment.completed"], "payment.completed", "payment.completed"),
        (["payment.completed"], "payment.failed", None),
        # An alias: the endpoint gets the event under the name that it asked for.
        (["payment.succeeded"], "payment.completed", "payment.succeeded"),
        (["refund.completed"], "refund.succeeded", "refund.completed"),
        (["refund.completed"], "payment.completed", None),
        # Both names, or all events: it is told once, under its own name.
        (["refund.completed", "refund.succeeded"], "refund.succeeded", "refund.succeeded"),
        (["refund.completed", "*"], "refund.succeeded", "refund.succeeded"),
    ],
)
def test_an_event_is_told_once_under_the_name_that_was_asked_for(
    enabled: list[str], event: str, topic: str | None
) -> None:
    assert find_topic(enabled, event) == topic


def test_names_of_events_are_kept_once_in_their_order() -> None:
    assert check_enabled_events(["refund.failed", "*", "refund.failed"]) == ("refund.failed", "*")


@pytest.mark.parametrize(
    ("names", "param"),
    [
        ([], "enabledEvents"),
        (["payment.completed", "payment.paid"], "enabledEvents[1]"),
        (["payment.*"], "enabledEvents[0]"),
        (["PAYMENT.COMPLETED"], "enabledEvents[0]"),
    ],
)
def test_what_is_no_name_of_an_event_is_refused(names: list[str], param: str) -> None:
    with pytest.raises(PaymentRefused) as refused:
        check_enabled_events(names)
    assert (refused.value.fault, refused.value.param) == (Fault.PARAMETER_INVALID, param)


def test_a_secret_is_32_bytes_in_base_64() -> None:
    assert make_secret(bytes(range(32))) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_an_object_that_fits_is_sent_whole() -> None:
    document = {"id": "pay_1", "status": "completed", "metadata": {"a": "b"}}
    assert shorten_object(document, max_bytes=100) == (document, [])


def test_of_a_large_object_the_largest_members_are_left_out() -> None:
    document = {
        "id": "pay_" + "1" * 500,
        "object": "payment",
        "metadata": {"note": "é" * 400},
        "schedule": ["x" * 300],
        "amount": 1,
    }
    kept, left_out = shorten_object(document, max_bytes=1000)
    # 'é' takes two bytes, so the metadata are larger than the schedule; the id stays however long it is.
    assert left_out == ["metadata"]
    assert kept == {key: value for key, value in document.items() if key != "metadata"}
    kept, left_out = shorten_object(document, max_bytes=10)
    assert (left_out, list(kept)) == (["metadata", "schedule", "amount"], ["id", "object"])
