"""Who lends is kept with an offer: read back in any language, and part of the offer's hash."""

from dataclasses import replace

import pytest
from tests.domain.payments.test_plan_pricing import END, price

from parcela.domain.catalogue import Catalogue, build_catalogue
from parcela.domain.disclosures.records import Creditor, WordingSlot
from parcela.domain.payments.accounts import Wording
from parcela.domain.payments.creditors import describe_creditor, find_creditor
from parcela.domain.payments.plan_pricing import hash_offer, is_same_plan, name_offer
from parcela.domain.payments.plans import PaymentOffer, ShownCreditor

NOTHING: Catalogue = build_catalogue([])
SHOWN = ShownCreditor(
    name="Bank",
    address="1 Main Street",
    wording=(
        Wording(slot=WordingSlot.WITHDRAWAL, language="pt", text="P"),
        Wording(slot=WordingSlot.WITHDRAWAL, language="pt-BR", text="B"),
        Wording(slot=WordingSlot.LATE_PAYMENT, language="pt", text="L"),
        Wording(slot=WordingSlot.LATE_PAYMENT, language="de", text="D"),
    ),
)


def show(creditor: ShownCreditor | None) -> PaymentOffer:
    """An offer as it was shown."""
    offer = replace(price(3), creditor=creditor)
    return name_offer(offer, "offer_1", expires_at=END, is_requested=False)


@pytest.mark.parametrize(
    ("language", "wording"),
    [
        ("pt-BR", {"withdrawal": "B", "late_payment": "L"}),
        ("pt", {"withdrawal": "P", "late_payment": "L"}),
        ("de", {"late_payment": "D"}),
        ("en", {}),
    ],
)
def test_a_kept_creditor_speaks_each_language_whatever_the_catalogue_has(
    language: str, wording: dict[str, str]
) -> None:
    expected = Creditor(name="Bank", address="1 Main Street", wording=wording)
    assert find_creditor(NOTHING, show(SHOWN), language) == expected


def test_a_creditor_that_left_the_catalogue_keeps_its_id_as_a_name() -> None:
    offer = show(None)
    assert describe_creditor(NOTHING, offer) == ShownCreditor(name=offer.provider_id)
    assert find_creditor(NOTHING, offer, "en") == Creditor(name=offer.provider_id)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(SHOWN, name="Bank 2"), id="name"),
        pytest.param(replace(SHOWN, address=None), id="address"),
        pytest.param(
            replace(SHOWN, wording=(*SHOWN.wording[:3], replace(SHOWN.wording[3], text="E"))),
            id="sentence-in-another-language",
        ),
    ],
)
def test_another_creditor_makes_another_plan_with_another_hash(changed: ShownCreditor) -> None:
    assert is_same_plan(show(SHOWN), show(SHOWN))
    assert not is_same_plan(show(SHOWN), show(changed))
    assert hash_offer(show(SHOWN)) != hash_offer(show(changed))


def test_an_offer_of_an_earlier_version_keeps_its_hash_and_is_the_same_plan() -> None:
    # As the version before this member was there worked it out.
    hashed = "sha256:ca89dc6bb90c476ad2f02ef9b87447ba3f57656e28dea3bcdf2619068a70088e"
    assert show(None).offer_hash == hashed
    assert is_same_plan(show(None), show(SHOWN)) and is_same_plan(show(SHOWN), show(None))
    other = replace(show(SHOWN), count=4)
    assert not is_same_plan(show(None), other)
