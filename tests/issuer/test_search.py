"""`POST …/card-offers/searches`: the issuer's own programs, priced for the network's question."""

from typing import Any

import pytest
from tests.conftest import ROOT_URL
from tests.issuer.conftest import Processor, WithProcessors
from tests.support.network_client import forge
from tests.support.samples import UNSET, edit, load_error, load_sample

QUESTION = load_sample("parcela-realtime-request")
PAN = "sensitiveData.consumer.primaryAccountNumber"
BAD = load_error("notification", "PlanNotifBadRequestError")["body"]


def test_the_sandboxs_question_gets_the_banks_own_offer(
    with_processors: WithProcessors,
) -> None:
    expected = load_sample("parcela-realtime-response")
    # What the sample leaves to the network to fill in is told by the bank itself.
    expected["offers"][0] |= {
        "priority": 1,
        "countryCode": "USA",
        "feeValue": 0,
        "feeDistribution": "FRST_INSTL",
        "offerBeginDatetime": "2020-01-01T00:00:00Z",
        "offerEndDatetime": "2099-12-31T23:59:59Z",
    }
    expected["offers"][0]["provider"]["providerLogoUrl"] = f"{ROOT_URL}/static/sandbox-bank.png"

    async def work(processor: Processor) -> None:
        answer = await processor.call("POST /card-offers/searches", QUESTION)
        assert (answer.status, answer.body) == (200, expected)

    with_processors(work)


NONE: list[dict[str, Any]] = [
    {"transaction.amount": 49.99},
    {"merchant.mcc": "7995"},
    {PAN: 2303770000057107},  # a range that is not real-time
    {PAN: 2303779900000018},  # a token, whose card is in such a range
    {PAN: 2303779900000026},  # a token that nobody knows
    {PAN: 4508750015741019},  # nobody's range
]


@pytest.mark.parametrize("changes", NONE, ids=[str(row) for row in NONE])
def test_no_offer_is_an_answer(with_processors: WithProcessors, changes: dict[str, Any]) -> None:
    async def work(processor: Processor) -> None:
        answer = await processor.call("POST /card-offers/searches", edit(QUESTION, changes))
        assert (answer.status, answer.body) == (200, {"offers": []})

    with_processors(work)


def test_another_issuers_processor_offers_nothing(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        answer = await processor.call("POST /card-offers/searches", QUESTION)
        assert (answer.status, answer.body) == (200, {"offers": []})

    with_processors(work, cids=frozenset({"244426"}))


def test_a_question_that_cannot_be_read_is_refused(with_processors: WithProcessors) -> None:
    async def work(processor: Processor) -> None:
        for changes in (
            {"transaction": UNSET},
            {"transaction.amount": 0},
            {"merchant": UNSET},
            {"merchant.country": "ZZZ"},
            {PAN: 2303770009900019},
            {"sensitiveData": UNSET},
        ):
            answer = await processor.call("POST /card-offers/searches", edit(QUESTION, changes))
            assert (answer.status, answer.body) == (400, BAD), changes
        request = forge(processor.network, "POST /card-offers/searches", QUESTION)
        assert [(await processor.send(request)).status for _ in range(2)] == [200, 401]

    with_processors(work)
