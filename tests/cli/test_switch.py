"""The switch by the command line: doubts, and messages that cannot be sent."""

import asyncio
import json

import pytest
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate, use_engine
from tests.support.purchases import CARD, ask, make_command, save

from parcela.cli.options import CommandError
from parcela.domain.ids import Identifier
from parcela.domain.matching import AuthorizationQuestion
from parcela.operations.matching import match_authorization

OPERATOR = ("--as", "operator@sandbox.example")


@pytest.fixture
def doubt(database_url: str, demo_template: DemoTemplate) -> tuple[str, str]:
    """An authorization that fits two plans, and one of them."""

    async def main() -> tuple[str, str]:
        async with use_engine(database_url, demo_template.home) as engine:
            plans = [await save(engine, make_command(await ask(engine))) for _ in range(2)]
            question = AuthorizationQuestion(
                digits=CARD, amount_minor=15000, currency="USD", stan=Identifier("742")
            )
            found = await match_authorization(engine, await engine.look(), question)
            assert found.authorization_id is not None
            return found.authorization_id, plans[0].plan_id

    return asyncio.run(main())


def test_a_doubt_is_listed_and_settled(parcela: Run, doubt: tuple[str, str]) -> None:
    authorization_id, plan_id = doubt
    listed = parcela("switch", "ambiguous").output
    assert authorization_id in listed and plan_id in listed
    assert "230377******7107" in listed and "150.00 USD" in listed
    resolved = parcela("switch", "resolve", authorization_id, "--plan", plan_id, *OPERATOR)
    assert resolved.output == f"{authorization_id}: plan {plan_id}.\n"
    assert authorization_id not in parcela("switch", "ambiguous").output


def test_a_doubt_can_come_to_no_plan(parcela: Run, doubt: tuple[str, str]) -> None:
    for words in ((), ("--plan", doubt[1], "--none")):
        refused = parcela("switch", "resolve", doubt[0], *words, *OPERATOR)
        assert str(refused.exception) == "Name the plan with --plan PLAN_ID, or say --none."
    resolved = parcela("switch", "resolve", doubt[0], "--none", *OPERATOR)
    assert resolved.output == f"{doubt[0]}: no plan belongs to it.\n"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("150", "needs the members card, amount and currency"),
        ("{", "must be a JSON object"),
        ({"card": CARD}, "needs the members card, amount and currency"),
        ({"card": CARD, "amount": "1", "currency": "USD", "pin": "1234"}, "pin: no such member"),
        ({"card": CARD, "amount": "1", "currency": "XXX"}, "XXX is no currency"),
        ({"card": CARD, "amount": "1.001", "currency": "USD"}, "USD has 2 decimals"),
        ({"card": CARD + "0000", "amount": "1", "currency": "USD"}, "Element 2 does not fit"),
        ({"card": CARD, "amount": 1, "currency": "USD"}, "127.0.0.1:1 cannot be reached"),
    ],
)
def test_a_message_that_cannot_be_sent_says_why(parcela: Run, message: object, words: str) -> None:
    text = message if isinstance(message, str) else json.dumps(message)
    refused = parcela("switch", "send", "--to", "127.0.0.1:1", stdin=text)
    assert isinstance(refused.exception, CommandError)
    assert words in str(refused.exception)
    assert CARD not in str(refused.exception)


def test_addresses_and_settings_are_checked_before_anything_starts(parcela: Run) -> None:
    refused = parcela("switch", "serve", "--listen", "8583")
    assert str(refused.exception) == "An address is HOST:PORT, such as 127.0.0.1:8583, not '8583'."
    refused = parcela("switch", "host", "--book", "red")
    assert str(refused.exception) == "A book is accounts or own, not 'red'."
    refused = parcela("switch", "serve", PARCELA_SWITCH_PLAN_ELEMENT="2")
    assert "PARCELA_SWITCH_PLAN_ELEMENT must be an element for private data" in str(refused.exception)
    refused = parcela("switch", "serve", PARCELA_SWITCH_FIELD_SPEC="absent.json")
    assert "PARCELA_SWITCH_FIELD_SPEC is ascii or ascii_binary, or a JSON file" in str(refused.exception)
