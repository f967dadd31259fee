"""The issuer's application over card accounts: what a notification does, once, whoever repeats it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.issuer.conftest import Processor, WithProcessors
from tests.support.network_client import Oauth, forge
from tests.support.samples import edit, load_error, load_sample

from parcela.domain.clients import KeyPurpose
from parcela.operations import clients, people
from parcela.operations.servicing import get_plan

SAMPLE = load_sample("parcela-notification-request")
RECEIVED = load_sample("notification-response")
UNAUTHORIZED = load_error("notification", "PlanNotifUnauthorizedError")["body"]
FORBIDDEN = load_error("notification", "PlanNotifForbiddenError")["body"]
BAD = load_error("notification", "PlanNotifBadRequestError")["body"]


def test_a_notified_plan_is_opened_on_its_cards_account(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        answer = await processor.call("POST /notifications", SAMPLE)
        assert (answer.status, answer.body) == (201, RECEIVED)
        plan = await get_plan(processor.engine, SAMPLE["planId"])
        assert (plan.offer_id, plan.currency, plan.amount_minor, plan.interval) == (
            "21345693",
            "USD",
            40000,
            "biweekly",
        )
        assert [row.amount_minor for row in plan.rows] == [6665, *[6667] * 5]
        async with processor.engine.database.connection() as connection:
            noticed = await connection.fetchval("SELECT data::text FROM event WHERE type = 'plan.noticed'")
        assert "6ba7b810-9dad-11d1-80b4-00c04fd430c8" in noticed

    with_processors(work)


def test_repeats_at_once_through_several_processes_open_one_plan(with_processors: WithProcessors) -> None:
    async def work(*processors: Processor) -> None:
        calls = [
            processors[n % 2].call("POST /notifications", SAMPLE, headers={"Correlation-Id": None})
            for n in range(12)
        ]
        answers = await asyncio.gather(*calls)
        assert [(answer.status, answer.body) for answer in answers] == [(201, RECEIVED)] * 12
        counted = await processors[0].count()
        assert (counted["plans"], counted["rows"], counted["accounts"]) == (1, 6, 1)

    with_processors(work, count=2)


def test_other_content_under_a_known_plan_id_changes_nothing_and_waits_for_a_person(
    with_processors: WithProcessors,
) -> None:
    async def work(processor: Processor) -> None:
        await processor.call("POST /notifications", SAMPLE)
        before = await processor.count()
        for _ in range(2):
            answer = await processor.call("POST /notifications", edit(SAMPLE, {"offerId": "21351677"}))
            assert (answer.status, answer.body["status"]) == (201, "FAILURE")
        after = await processor.count()
        # One event tells a person, however often the difference comes.
        assert after == {**before, "events": before["events"] + 1}

    with_processors(work)


def test_another_spelling_of_the_same_amounts_is_the_same_plan(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        await processor.call("POST /notifications", SAMPLE)
        spelt = {"planInstallmentInformation.apr": "0.00", "transaction.amount": "400.00"}
        answer = await processor.call("POST /notifications", edit(SAMPLE, spelt))
        assert (answer.status, answer.body) == (201, RECEIVED)

    with_processors(work)


def test_a_request_replayed_to_another_process_is_refused(with_processors: WithProcessors) -> None:
    async def work(first: Processor, second: Processor) -> None:
        request = forge(first.network, "POST /notifications", SAMPLE)
        assert (await first.send(request)).status == 201
        for processor in (first, second):
            answer = await processor.send(request)
            assert (answer.status, answer.body) == (401, UNAUTHORIZED)

    with_processors(work, count=2)


CARDS: list[tuple[dict[str, Any], int, Any]] = [
    # Company ids of other issuers are refused before anything is decrypted.
    ({"issuerCid": "244425"}, 403, FORBIDDEN),
    ({"sensitiveData.consumer.primaryAccountNumber": 5110921032063788}, 400, BAD),
]


@pytest.mark.parametrize(("changes", "status", "body"), CARDS, ids=["another issuer", "fails Luhn"])
def test_a_refused_plan_leaves_nothing_behind(
    with_processors: WithProcessors, changes: dict[str, Any], status: int, body: Any
) -> None:
    async def work(processor: Processor) -> None:
        before = await processor.count()
        answer = await processor.call("POST /notifications", edit(SAMPLE, changes))
        assert (answer.status, answer.body) == (status, body)
        assert await processor.count() == before

    with_processors(work)


def test_a_card_of_another_issuer_of_the_deployment_is_forbidden(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        before = await processor.count()
        # The company id is taken in by this door, but in the catalogue it is nobody's who issued the card.
        answer = await processor.call("POST /notifications", edit(SAMPLE, {"issuerCid": "999"}))
        assert (answer.status, answer.body) == (403, FORBIDDEN)
        assert await processor.count() == before

    with_processors(work, cids=frozenset({"242666", "999"}))


def test_a_revoked_key_of_the_network_opens_nothing(with_processors: WithProcessors) -> None:
    async def work(first: Processor, second: Processor) -> None:
        assert (await second.call("POST /notifications", SAMPLE)).status == 201
        operator = await people.get_person(first.engine, "operator@sandbox.example")
        seen = await first.engine.look()
        client = seen.snapshot.clients["parcela-sandbox-issuer"]
        (key,) = seen.snapshot.list_live_keys(
            client.client_id, KeyPurpose.PLATFORM_SIGNING, now=seen.real_now
        )
        await clients.revoke_key(
            first.engine, operator, client.client_id, key.key_id, grace=timedelta(seconds=0)
        )
        # The second process has not heard of it until the request uses its nonce.
        other = edit(SAMPLE, {"planId": "00000000-0000-4000-8000-000000000001"})
        answer = await second.call("POST /notifications", other)
        assert (answer.status, answer.body) == (401, UNAUTHORIZED)
        assert (await second.count())["plans"] == 1

    with_processors(work, count=2)


def test_a_key_that_is_for_another_purpose_proves_nothing(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        # The issuer's own signing key is known to the database, but it is not the network's.
        own = "parcela-sandbox-issuer!" + processor.network.consumer_key.partition("!")[2]
        oauth = Oauth(members={"oauth_consumer_key": own})
        answer = await processor.call("POST /notifications", SAMPLE, oauth=oauth)
        assert (answer.status, answer.body) == (401, UNAUTHORIZED)

    with_processors(work)


def test_while_the_database_is_away_the_network_is_told_to_try_again(with_processors: WithProcessors) -> None:
    async def work(first: Processor, second: Processor) -> None:
        await first.engine.database.close()
        answer = await first.call("POST /notifications", SAMPLE)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert answer.body["Errors"]["Error"] == [
            {
                "Source": "CustomerService",
                "ReasonCode": "service.unavailable",
                "Description": "The service is temporarily unavailable.",
                "Recoverable": True,
                "Details": "",
            }
        ]
        answer = await second.call("POST /notifications", SAMPLE)
        assert (answer.status, answer.body) == (201, RECEIVED)

    with_processors(work, count=2)
