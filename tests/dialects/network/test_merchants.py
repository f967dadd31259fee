"""Merchants have no part in this door: they have no keys, and nobody can sign in their name."""

import pytest
from tests.support.network_client import Party, forge
from tests.support.network_world import NetworkWorld

from parcela.sandbox.setup import MERCHANT_ID


@pytest.mark.parametrize("call", ["POST /offers", "POST /plans", "GET /plans/x"])
def test_a_merchant_is_as_unknown_as_anybody(shared_network: NetworkWorld, call: str) -> None:
    held = shared_network.partner
    key_name = held.consumer_key.partition("!")[2]
    before = shared_network.count_refusals()
    answers = []
    for code in (MERCHANT_ID, "NOBODY"):
        party = Party(
            held.home,
            held.base_url,
            f"{code}!{key_name}",
            held.signing_file,
            held.decryption_file,
            held.certificate_file,
        )
        answers.append(shared_network.send(forge(party, call, b"")))
    assert [answer.status for answer in answers] == [403, 403]
    errors = [answer.body["Errors"]["Error"][0] for answer in answers]
    # The rest of the description is the text that was signed, with nonce and time.
    told = [(error["ReasonCode"], error["Description"].split(" ")[:2]) for error in errors]
    assert told == [("AUTHENTICATION_FAILED", ["OAuth", "signatures"])] * 2
    assert shared_network.count_refusals() == before + 2
