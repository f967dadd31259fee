"""The demo world's merchants: kept over starts, mended where something is lost, added to an older world."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT_URL, DemoTemplate, RunWithEngine

from parcela.catalogue_files import read_yaml
from parcela.domain.card_brands import CardBrand
from parcela.domain.cards import Pan
from parcela.domain.merchants import Attachment, MerchantProfile, Privilege
from parcela.domain.programs import Entry, Issuer, OfferGroup
from parcela.operations import catalogue, clients, merchants, people
from parcela.operations.catalogue import Proposal
from parcela.operations.clients import ClientSwitches
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.sandbox.payments_setup import ACCOUNT_ID, OTHER_ACCOUNT_ID
from parcela.sandbox.setup import MERCHANT_ID, PROVIDER_ID, prepare_demo_world
from parcela.store.world import bump_version

USER = f"merchant.{MERCHANT_ID}"
FORGET_CALLERS = """
DELETE FROM payments_key;
DELETE FROM api_password;
DELETE FROM client WHERE role IN ('account', 'merchant');
"""


@pytest.fixture
def home(demo_template: DemoTemplate) -> Iterator[Path]:
    """A copy of the demo world's folder, to be changed."""
    with tempfile.TemporaryDirectory(prefix="parcela-merchants-") as folder:
        yield shutil.copytree(demo_template.home, Path(folder) / "home")


async def start_again(engine: Engine, home: Path) -> dict[str, Any]:
    """What the credentials file says of the gateway after another start."""
    await prepare_demo_world(engine, home, root_url=ROOT_URL)
    credentials: dict[str, Any] = json.loads((home / "sandbox" / "credentials.json").read_text())
    gateway: dict[str, Any] = credentials["gateway"]
    return gateway


def read_entries(file: str) -> list[Entry]:
    """The entries of one of the demo world's catalogue files."""
    text = files("parcela.sandbox").joinpath(file).read_text(encoding="utf-8")
    return catalogue.parse_catalogue(read_yaml(text.replace("{root}", ROOT_URL)))


async def count_passwords(engine: Engine) -> tuple[int, int]:
    """How many passwords the demo merchant has, and how many of them are live."""
    operator = await people.get_person(engine, "operator@sandbox.example")
    held = await merchants.list_api_passwords(engine, operator, MERCHANT_ID)
    return len(held), len([record for record in held if record.revoked_at is None])


def test_another_start_keeps_the_password_and_writes_nothing(
    run: RunWithEngine, demo_template: DemoTemplate, home: Path
) -> None:
    async def work(engine: Engine) -> None:
        version = (await engine.look()).snapshot.version
        assert await start_again(engine, home) == demo_template.credentials["gateway"]
        assert (await engine.look()).snapshot.version == version
        assert await count_passwords(engine) == (1, 1)

    run(work)


def test_a_lost_password_is_replaced(run: RunWithEngine, demo_template: DemoTemplate, home: Path) -> None:
    old = demo_template.credentials["gateway"]["password"]
    file = home / "sandbox" / "credentials.json"
    credentials = json.loads(file.read_text())
    del credentials["gateway"]
    file.write_text(json.dumps(credentials))

    async def work(engine: Engine) -> None:
        operator = await people.get_person(engine, "operator@sandbox.example")
        await merchants.issue_api_password(engine, operator, MERCHANT_ID)
        new = (await start_again(engine, home))["password"]
        assert await merchants.find_login_fault(engine, operator, user=USER, password=new) is None
        # Whoever has the lost one may not use it.
        fault = await merchants.find_login_fault(engine, operator, user=USER, password=old)
        assert fault == "wrong password"
        assert await count_passwords(engine) == (3, 1)

    run(work)


def test_a_merchant_that_is_switched_off_stays_so(
    run: RunWithEngine, demo_template: DemoTemplate, home: Path
) -> None:
    async def work(engine: Engine) -> None:
        operator = await people.get_person(engine, "operator@sandbox.example")
        client = (await engine.look()).snapshot.clients[MERCHANT_ID]
        switches = ClientSwitches(is_enabled=False)
        await clients.switch_client(engine, operator, client.client_id, switches)
        assert await start_again(engine, home) == demo_template.credentials["gateway"]
        assert merchants.find_caller(await engine.look(), MERCHANT_ID) is None
        assert await count_passwords(engine) == (1, 1)

    run(work)


def test_a_world_of_an_older_version_gets_what_it_lacks(run: RunWithEngine, home: Path) -> None:
    async def work(engine: Engine) -> None:
        maker = await people.get_person(engine, "operator@sandbox.example")
        checker = await people.get_person(engine, "second-operator@sandbox.example")
        held = (await engine.look()).catalogue(MAIN_TENANT).entries
        before = {key: one.entry for key, one in held.items()}
        accounts = {(entry.kind, entry.key) for entry in read_entries("payments.yaml")}
        kinds = ("merchant", "merchant_product", "offer_rule", "merchant_plan")
        newer = [key for key in before if key[0] in kinds or key in accounts]
        newer += [key for key in before if key[0] == "program" and not key[1].isdigit() and key not in newer]
        renamed = catalogue.parse_entry(
            Issuer.kind, {**catalogue.render_entry(before["issuer", PROVIDER_ID]), "name": "My Bank"}
        )
        # The older version knew none of these callers either.
        async with engine.database.transaction() as connection:
            await connection.execute(FORGET_CALLERS)
            await bump_version(connection)
        proposal = Proposal(summary="As it was", wanted=[renamed], removed=newer)
        proposed = await catalogue.propose(engine, maker, proposal)
        await catalogue.approve(engine, checker, proposed.change_set_id)
        await start_again(engine, home)
        seen = await engine.look()
        after = {key: one.entry for key, one in seen.catalogue(MAIN_TENANT).entries.items()}
        # What people changed stays as it is.
        assert after == {**before, ("issuer", PROVIDER_ID): renamed}
        assert merchants.find_caller(seen, MERCHANT_ID) is not None
        callers = {client.code for client in seen.snapshot.clients.values()}
        assert callers >= {MERCHANT_ID, ACCOUNT_ID, OTHER_ACCOUNT_ID}

    run(work)


def test_the_demo_merchant_has_offers_in_two_currencies_for_the_test_cards(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        held = (await engine.look()).catalogue(MAIN_TENANT)
        setup = held.find_merchant(MERCHANT_ID)
        assert setup is not None
        for attachment, count in ((Attachment.GENERIC, 4), (Attachment.ITEM, 4), (Attachment.CART, 6)):
            rules = setup.list_rules(attachment)
            assert len(rules) == count
            assert {found.program.currency for found in rules} == {"AUD", "USD"}
            assert {found.program.provider_id for found in rules} == {PROVIDER_ID}
            assert {found.rule.brands for found in rules} == {frozenset({CardBrand.MASTERCARD})}
        cart = setup.list_rules(Attachment.CART)
        assert {found.rule.minimum for found in cart} == {Decimal(300), Decimal(1000)}
        assert len([found for found in cart if found.rule.terms.acceptance_required]) == 4
        assert [found.plan.plan_id for found in setup.plans] == ["BANORTE_WITHOUT_INTEREST", "PLANAMEX"]
        for digits, is_ours in (
            ("5123450000000008", True),
            ("5111111111111118", True),
            ("2223000000000007", True),
            ("371449635398431", True),
            ("345678901234564", True),
            ("4508750015741019", False),
        ):
            found = held.find_range(Pan(digits).padded)
            assert (found is not None) is is_ours, digits
            # The network door shows nothing for them.
            assert found is None or found.candidates == ()
        groups = [one.entry for one in held.entries.values() if isinstance(one.entry, OfferGroup)]
        offered = {offer_id for group in groups for offer_id in group.offer_ids}
        assert not offered & {found.program.offer_id for found in setup.rules}

    run(work)


def test_the_other_demo_merchants_differ_in_what_tests_need(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        world = await engine.look()
        profiles: dict[str, MerchantProfile] = {}
        for merchant_id in (MERCHANT_ID, "TESTPARCELA02", "DEMOSHOP03"):
            caller = merchants.find_caller(world, merchant_id)
            assert caller is not None
            profiles[merchant_id] = caller.setup.profile
        told = [(one.is_simulated, one.has_plans, one.privileges) for one in profiles.values()]
        assert told == [
            (True, True, frozenset()),
            (True, False, frozenset({Privilege.EXCESSIVE_REFUNDS})),
            (False, True, frozenset()),
        ]

    run(work)
