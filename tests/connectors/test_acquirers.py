"""Which acquirer a merchant has."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from parcela.connectors.acquirers import AcquirerRouter
from parcela.domain.card_brands import CardBrand
from parcela.domain.merchants import MerchantProfile
from parcela.domain.order_refusals import NoAcquirer
from parcela.domain.orders import AcquirerFacts, Outcome, TransactionKind
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest

MERCHANT = MerchantProfile(
    merchant_id="SHOP1",
    name="Shop",
    country="AUS",
    mcc="5732",
    currencies=("AUD",),
    brands=(CardBrand.MASTERCARD,),
    acquirer_id="PARCELA_SIM",
    acquirer_merchant_id="100200300",
    terminal_id="PARC0001",
)
REPLY = AcquirerReply(
    outcome=Outcome.APPROVED,
    facts=AcquirerFacts(acquirer_id="X", merchant_id="X", terminal_id="X", batch=0),
)


class NotingAcquirer:
    """Approves everything, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def has_acquirer(self, profile: MerchantProfile) -> bool:
        """Anybody's."""
        return True

    async def send(self, request: AcquirerRequest) -> AcquirerReply:
        """Approve."""
        self.asked.append("send")
        return REPLY

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """It was approved."""
        self.asked.append("find")
        return REPLY

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Done."""
        self.asked.append("reverse")


def make_request(profile: MerchantProfile) -> AcquirerRequest:
    """A payment of a merchant."""
    return AcquirerRequest(
        message_id="m1",
        kind=TransactionKind.PAYMENT,
        profile=profile,
        amount_minor=100,
        currency="AUD",
        requested_at=datetime(2026, 11, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("profile", "is_sandbox"),
    [
        (MERCHANT, True),
        (replace(MERCHANT, merchant_id="TESTSHOP1"), False),
        (replace(MERCHANT, is_test=True), False),
    ],
    ids=["sandbox", "test-by-name", "test-by-mark"],
)
def test_simulated_acquirer_serves(profile: MerchantProfile, *, is_sandbox: bool) -> None:
    acquirer = NotingAcquirer()
    router = AcquirerRouter(acquirer, is_sandbox=is_sandbox)

    async def ask() -> tuple[AcquirerReply, AcquirerReply | None]:
        reply = await router.send(make_request(profile))
        found = await router.find(profile, "m1")
        await router.reverse(profile, "m1")
        return reply, found

    assert router.has_acquirer(profile) is True
    assert asyncio.run(ask()) == (REPLY, REPLY)
    assert acquirer.asked == ["send", "find", "reverse"]


def test_other_merchants_have_no_acquirer_outside_a_sandbox() -> None:
    acquirer = NotingAcquirer()
    router = AcquirerRouter(acquirer, is_sandbox=False)

    async def ask() -> AcquirerReply | None:
        with pytest.raises(NoAcquirer):
            await router.send(make_request(MERCHANT))
        await router.reverse(MERCHANT, "m1")
        return await router.find(MERCHANT, "m1")

    assert router.has_acquirer(MERCHANT) is False
    assert asyncio.run(ask()) is None
    assert acquirer.asked == []
