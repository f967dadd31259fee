"""Any forms in any order: the page answers, a card is charged at most once, and nothing breaks."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dialects.payments.conftest import shared_payments
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import FORM, Shopper, open_shopper

__all__ = ["shared_payments"]

FORMS = ("card", "choice", "details", "pay", "other-plan", "other-card", "cancel", "return", "plan.ics", "x")
NUMBERS = (
    "5200828200000108",
    "4000005600000104",
    "4000005600000500",
    "5200828200000504",
    "4000000000009995",
    "5555555555554444",
    "4242424242424241",
)
Act = tuple[str, str, int, str]
MAIN = ""
"""The first form of the page that is seen."""
ACTS = st.tuples(
    st.one_of(st.just(MAIN), st.just(MAIN), st.sampled_from(FORMS)),
    st.sampled_from(NUMBERS),
    st.integers(0, 4),
    st.text(max_size=12),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=12), is_enabled=st.booleans(), count=st.sampled_from([None, 3, 9]))
def test_any_forms_in_any_order(
    shared_payments: PaymentsWorld, acts: Sequence[Act], is_enabled: bool, count: int | None
) -> None:
    wish = {"enabled": True} | ({} if count is None else {"count": count}) if is_enabled else {}
    payment, shopper = open_shopper(shared_payments, installments=wish)
    for act in acts:
        _do(shopper, act)
    shopper.look()
    assert (shopper.seen.status, "<script" in shopper.seen.text) == (200, False)
    after = shared_payments.get(f"/v1/payments/{payment['id']}").body
    rows = shared_payments.fetch(
        "SELECT count(*) FILTER (WHERE outcome = 'approved') AS approved, count(*) AS asked"
        " FROM simulated_card_message WHERE message_id LIKE $1",
        f"{payment['id']}:%",
    )
    assert rows[0]["approved"] == (1 if after["status"] == "completed" else 0)
    assert rows[0]["asked"] <= 5
    assert after["amountCaptured"] == (60000 if after["status"] == "completed" else 0)


def _do(shopper: Shopper, act: Act) -> None:
    """Send one form as the page has it, or as it has not."""
    form, number, choice, text = act
    seen = shopper.look()
    if form == MAIN:
        form = seen.actions[0] if seen.actions else "pay"
    token = seen.form_token if "form_token" in seen.text else text
    choices = [*seen.choices, text]
    sent = shopper.post(
        form,
        form_token=token,
        number=number,
        expiry="12/39",
        code="123",
        name="Ana Silva",
        choice=choices[min(choice, len(choices) - 1)],
        email="ana@example.com" if choice else text,
        phone=text,
        line1="Hauptstr. 1",
        postal_code="10115",
        city="Berlin",
        country="DE",
        consent="yes",
        differs="yes",
        terms="yes" if choice else text,
    )
    assert sent.status in (303, 400, 403, 404, 405, 422)
    assert FORM not in sent.headers.get("content-type", "")
    assert number not in sent.text
