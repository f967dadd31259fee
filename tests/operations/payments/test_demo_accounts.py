"""The demo world's accounts: keys that later starts keep, and plans for the documented cards."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT_URL, DemoTemplate, RunWithEngine

from parcela.domain.card_brands import CardBrand
from parcela.domain.cards import Pan
from parcela.domain.clients import ClientRole
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.operations import clients, people
from parcela.operations.clients import ClientSwitches
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.payments import api_keys
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID
from parcela.sandbox.setup import PROVIDER_ID, prepare_demo_world

LENDER_ID = "5e1d4c52-6a0f-4d0e-9b1a-0242ac120003"


@pytest.fixture
def home(demo_template: DemoTemplate) -> Iterator[Path]:
    """A copy of the demo world's folder, to be changed."""
    with tempfile.TemporaryDirectory(prefix="parcela-accounts-") as folder:
        yield shutil.copytree(demo_template.home, Path(folder) / "home")


async def start_again(engine: Engine, home: Path) -> dict[str, Any]:
    """What the credentials file says of the payments door after another start."""
    await prepare_demo_world(engine, home, root_url=ROOT_URL)
    credentials: dict[str, Any] = json.loads((home / "sandbox" / "credentials.json").read_text())
    payments: dict[str, Any] = credentials["payments"]
    return payments


async def count_keys(engine: Engine) -> int:
    """How many keys the first account has."""
    operator = await people.get_person(engine, "operator@sandbox.example")
    return len(await api_keys.list_keys(engine, operator, ACCOUNT_ID))


def test_the_credentials_have_the_documented_members(demo_template: DemoTemplate) -> None:
    held = demo_template.credentials["payments"]
    secret = "[0-9A-Za-z]{43}"
    forms = {
        "account_id": ACCOUNT_ID,
        "secret_key": f"sk_test_{secret}",
        "restricted_key": f"rk_test_{secret}",
        "publishable_key": f"pk_test_{secret}",
        "other_secret_key": f"sk_test_{secret}",
        "webhook_secret": "whsec_[0-9A-Za-z+/]{43}=",
    }
    assert list(held) == list(forms)
    for name, form in forms.items():
        assert re.fullmatch(form, held[name]), name


def test_the_restricted_key_may_all_but_see_plans(run: RunWithEngine, demo_template: DemoTemplate) -> None:
    text = demo_template.credentials["payments"]["restricted_key"]

    async def work(engine: Engine) -> None:
        found = api_keys.find_account_key(engine, await engine.look(), text)
        assert found is not None
        assert (found[2].kind, found[2].scopes) == (
            KeyKind.RESTRICTED,
            frozenset(
                {
                    Scope.PAYMENTS_READ,
                    Scope.PAYMENTS_WRITE,
                    Scope.PAYMENT_METHODS_READ,
                    Scope.PAYMENT_METHODS_WRITE,
                    Scope.REFUNDS_READ,
                    Scope.REFUNDS_WRITE,
                }
            ),
        )

    run(work)


def test_another_start_keeps_the_keys_and_writes_nothing(
    run: RunWithEngine, demo_template: DemoTemplate, home: Path
) -> None:
    async def work(engine: Engine) -> None:
        version = (await engine.look()).snapshot.version
        assert await start_again(engine, home) == demo_template.credentials["payments"]
        assert (await engine.look()).snapshot.version == version
        assert await count_keys(engine) == 3

    run(work)


def test_a_lost_key_is_replaced_and_the_others_stay(
    run: RunWithEngine, demo_template: DemoTemplate, home: Path
) -> None:
    held = demo_template.credentials["payments"]
    file = home / "sandbox" / "credentials.json"
    credentials = json.loads(file.read_text())
    del credentials["payments"]["secret_key"]
    # A key of another kind does not stand in.
    credentials["payments"]["restricted_key"] = held["publishable_key"]
    file.write_text(json.dumps(credentials))

    async def work(engine: Engine) -> None:
        mended = await start_again(engine, home)
        kept = {name for name in held if mended[name] == held[name]}
        assert kept == set(held) - {"secret_key", "restricted_key"}
        for name in ("secret_key", "restricted_key"):
            assert api_keys.find_account_key(engine, await engine.look(), mended[name]) is not None
        assert await count_keys(engine) == 5

    run(work)


def test_a_revoked_key_is_replaced(run: RunWithEngine, demo_template: DemoTemplate, home: Path) -> None:
    held = demo_template.credentials["payments"]

    async def work(engine: Engine) -> None:
        operator = await people.get_person(engine, "operator@sandbox.example")
        found = api_keys.find_account_key(engine, await engine.look(), held["secret_key"])
        assert found is not None
        await api_keys.revoke_key(engine, operator, ACCOUNT_ID, found[2].key_id)
        mended = await start_again(engine, home)
        assert {name for name in held if mended[name] != held[name]} == {"secret_key"}

    run(work)


def test_an_account_that_is_switched_off_stays_so(
    run: RunWithEngine, demo_template: DemoTemplate, home: Path
) -> None:
    async def work(engine: Engine) -> None:
        operator = await people.get_person(engine, "operator@sandbox.example")
        client = (await engine.look()).snapshot.clients[ACCOUNT_ID]
        switches = ClientSwitches(is_enabled=False)
        await clients.switch_client(engine, operator, client.client_id, switches)
        assert await start_again(engine, home) == demo_template.credentials["payments"]
        assert (await engine.look()).snapshot.clients[ACCOUNT_ID].is_enabled is False
        assert await count_keys(engine) == 3

    run(work)


@pytest.mark.parametrize(
    ("digits", "in_euro", "in_dollars"),
    [
        pytest.param("5200828200000108", ["12-eur", "3-eur", "6-eur"], True, id="mastercard-all"),
        pytest.param("5200828200000207", ["12-eur", "6-eur"], False, id="mastercard-long"),
        pytest.param("5200828200000306", None, False, id="mastercard-without-range"),
        pytest.param("5200828200000405", ["3-eur", "6-eur"], True, id="mastercard-silent-issuer"),
        pytest.param("5200828200000504", ["3-eur", "6-eur"], True, id="mastercard-conditional"),
        pytest.param("5200828200000603", ["3-eur", "6-eur"], True, id="mastercard-challenge"),
        pytest.param("4000005600000104", ["3-eur", "6-eur"], True, id="visa"),
        pytest.param("4000005600000203", ["3-eur"], True, id="visa-three"),
        pytest.param("4000005600000302", ["3-eur", "6-eur"], True, id="visa-excluded-card"),
        pytest.param("4000005600000401", ["3-eur", "6-eur"], True, id="visa-lapse"),
        pytest.param("4000005600000500", ["3-eur", "6-eur"], True, id="visa-refused"),
        pytest.param("4000005600000609", ["retail-10-eur"], False, id="cobrand"),
        pytest.param("4242424242424242", None, False, id="no-plans"),
        pytest.param("4000000000003220", None, False, id="challenge-without-plans"),
    ],
)
def test_each_documented_card_has_its_programs(
    run: RunWithEngine, digits: str, in_euro: list[str] | None, in_dollars: bool
) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT)
        found = held.find_range(Pan(digits).padded)
        if in_euro is None:
            assert found is None
            return
        assert found is not None
        assert (found.account_range.country, found.account_range.post_purchase) == ("DEU", False)
        offered = [one.program for one in found.candidates]
        euro = [one.offer_id.partition("-")[2] for one in offered if one.currency == "EUR"]
        assert euro == in_euro
        assert any(one.currency == "USD" for one in offered) is in_dollars

    run(work)


def test_the_programs_price_as_the_documented_cards_say(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT)
        told = {}
        for program in held.list_payments_programs():
            cores = [held.entries["program", offer_id].entry for offer_id in program.program_ids]
            euro = [core for core in cores if core.currency == "EUR"]
            told[program.name] = [(core.terms.count, core.terms.rate.value) for core in euro]
            for core in cores:
                assert (core.rules.minimum, core.rules.maximum) == (Decimal(50), Decimal(5000))
                assert core.rules.mccs.deny == {"7995"}
        assert told == {
            "cobrand_acme_retail": [(10, Decimal(0))],
            "mastercard_installments": [(3, Decimal(0)), (6, Decimal(0)), (12, Decimal(9))],
            "vinr_bnpl": [(3, Decimal(0)), (4, Decimal(0)), (6, Decimal(0)), (12, Decimal("9.9"))],
            "visa_installments": [(3, Decimal(0)), (6, Decimal(0))],
        }

    run(work)


def test_the_programs_live_as_documented(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT)
        told = {
            program.name: (
                program.model,
                program.provider_id,
                program.terms.acceptance_required,
                program.keeps_wished_date,
                program.returns_collected_interest,
                program.denies("4242424242424242"),
            )
            for program in held.list_payments_programs()
        }
        assert told == {
            "cobrand_acme_retail": (ProgramModel.COBRAND, PROVIDER_ID, False, False, False, False),
            "mastercard_installments": (ProgramModel.ISSUER, PROVIDER_ID, False, True, False, False),
            "vinr_bnpl": (ProgramModel.LENDER, LENDER_ID, False, False, True, True),
            "visa_installments": (ProgramModel.ISSUER, PROVIDER_ID, True, False, False, False),
        }
        for program in held.list_payments_programs():
            assert [text.language for text in program.terms.texts] == ["en", "de"]
        lender = held.find_issuer(LENDER_ID)
        assert lender is not None
        assert (lender.name, lender.notifications_enabled) == ("Sandbox Lender", False)
        assert held.list_ranges(LENDER_ID) == []

    run(work)


def test_the_markets_are_the_documented_ones(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT)
        two = (CardBrand.VISA, CardBrand.MASTERCARD)
        told = {
            market.currency: (len(market.countries), market.brands, market.rate_regime, market.rate_label)
            for market in held.list_payments_markets()
        }
        assert told == {
            "EUR": (27, two, "eu_ccd2", "APRC"),
            "GBP": (1, two, "uk_conc", "APR"),
            "USD": (1, (*two, CardBrand.AMEX), "us_reg_z", "APR"),
            "BRL": (1, (*two, CardBrand.ELO), "br_cet", "CET"),
            "MXN": (1, two, "mx_cat", "CAT"),
        }

    run(work)


def test_the_accounts_are_shops_of_two_markets(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        seen = await engine.look()
        held = seen.catalogue(MAIN_TENANT)
        for account_id, country in ((ACCOUNT_ID, "DEU"), (OTHER_ACCOUNT_ID, "USA")):
            account = held.find_payments_account(account_id)
            assert account is not None
            assert (account.country, account.is_enabled_live) == (country, False)
            assert seen.snapshot.clients[account_id].role is ClientRole.ACCOUNT
        demo = held.find_payments_account(ACCOUNT_ID)
        assert demo is not None
        (fees,) = demo.fees
        assert (fees.processing_basis_points, fees.processing_fixed_minor) == (24, 30)
        assert (fees.installment_basis_points, fees.installment_fixed_minor) == (15, 0)
        assert (demo.mcc, demo.settlement.cycle, demo.settlement.delay_days) == ("5732", "daily", 2)

    run(work)
