"""Test cards of the payments door decide by number, whatever their expiry date means elsewhere."""

import asyncio
from datetime import UTC, datetime

import pytest

from parcela.connectors.acquirers import AcquirerRouter
from parcela.connectors.simulated.acquirer import SimulatedAcquirer, decide_card
from parcela.connectors.simulated.payment_cards import SimulatedAuthenticator
from parcela.domain.merchants import MerchantProfile
from parcela.domain.orders import Outcome
from parcela.operations.acquiring import PaymentCard
from parcela.operations.payments.authenticating import AuthenticationQuestion, FrictionlessAuthenticator

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def make_profile(merchant_id: str, *, is_test: bool) -> MerchantProfile:
    return MerchantProfile(
        merchant_id=merchant_id,
        name="Store",
        is_test=is_test,
        country="DEU",
        mcc="5812",
        currencies=(),
        brands=(),
        acquirer_id="1",
        acquirer_merchant_id="2",
        terminal_id="3",
    )


ACCOUNT = make_profile("ma_01K000000000000000000DEM01", is_test=True)


@pytest.mark.parametrize(
    ("number", "expiry", "outcome", "code"),
    [
        ("4242424242424242", "12/39", Outcome.APPROVED, "00"),
        ("4000000000000002", "12/39", Outcome.DECLINED, "57"),
        ("4000000000009995", "12/39", Outcome.DECLINED, "51"),
        ("4000000000003220", "12/39", Outcome.APPROVED, "00"),
        ("5555555555554444", "12/39", Outcome.APPROVED, "00"),
        # The gateway's documented expiry dates mean nothing here.
        ("4242424242424242", "05/39", Outcome.APPROVED, "00"),
        ("4242424242424242", "08/28", Outcome.APPROVED, "00"),
        ("4242424242424242", "06/26", Outcome.EXPIRED_CARD, "54"),
    ],
)
def test_numbers_decide(number: str, expiry: str, outcome: Outcome, code: str) -> None:
    month, year = expiry.split("/")
    card = PaymentCard(digits=number, expiry_month=month, expiry_year=year)
    behaviour = decide_card(card, ACCOUNT, NOW)
    assert (behaviour.outcome, behaviour.response_code, behaviour.is_silent) == (outcome, code, False)


@pytest.mark.parametrize(
    ("number", "is_live", "is_asked"),
    [
        ("4000000000003220", False, True),
        ("5200828200000603", False, True),
        ("4000000000003220", True, False),
        ("4242424242424242", False, False),
    ],
)
def test_documented_cards_are_challenged_in_test_mode(number: str, is_live: bool, is_asked: bool) -> None:
    question = AuthenticationQuestion(digits=number, amount_minor=1, currency="EUR", is_live=is_live)
    assert asyncio.run(SimulatedAuthenticator().needs_challenge(question)) is is_asked
    assert asyncio.run(FrictionlessAuthenticator().needs_challenge(question)) is False
    assert number not in repr(question)


@pytest.mark.parametrize(
    ("merchant_id", "is_test", "is_sandbox", "is_served"),
    [
        ("ma_01K000000000000000000DEM01", True, True, True),
        ("ma_01K000000000000000000DEM01", True, False, True),
        ("ma_01K000000000000000000DEM01", False, True, False),
        ("ma_01K000000000000000000DEM01", False, False, False),
        ("DEMOSHOP03", False, True, True),
        ("DEMOSHOP03", False, False, False),
    ],
)
def test_live_accounts_are_served_by_no_simulator(
    merchant_id: str, is_test: bool, is_sandbox: bool, is_served: bool
) -> None:
    # Nothing is sent, so the book is never asked.
    router = AcquirerRouter(SimulatedAcquirer(None), is_sandbox=is_sandbox)  # type: ignore[arg-type]
    assert router.has_acquirer(make_profile(merchant_id, is_test=is_test)) is is_served
