"""The hostile inputs that the gateway door must meet, and more of the same kinds beside each."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.hostile import gateway_calls
from tests.hostile.gateway_calls import read_answer
from tests.hostile.gateway_journeys import JOURNEY_ROWS
from tests.hostile.gateway_neighbours import FORM_ROWS, list_json_rows
from tests.hostile.gateway_rows import GatewayAttack, build_attack
from tests.hostile.rows import Row
from tests.hostile.site import CLOSED, Site, watch
from tests.support.gateway_samples import FOLDER
from tests.support.network_client import Answer
from tests.support.samples import load_sample

GATEWAY = "gateway"
PUBLISHED: list[Row] = json.loads((FOLDER / "hostile_inputs.json").read_text(encoding="utf-8"))
ANY: list[Row] = [row for row in load_sample("hostile_inputs") if row["target"] == "any:JSON body"]
# This one is about time and has a test of its own below.
ELSEWHERE = {"G-012"}
ROWS = [
    *(row for row in PUBLISHED if row["id"] not in ELSEWHERE),
    *list_json_rows(ANY),
    *FORM_ROWS,
    *JOURNEY_ROWS,
]
# What the published rows say in words.
_MORE: dict[str, dict[str, Any]] = {
    "G-061": {"result": "FAILURE", "code": "EXPIRED_CARD"},
    "G-074": {"result": "SUCCESS", "equal": True},
    "G-076": {"state": "any"},
}


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(PUBLISHED) == 32
    assert len({row["id"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row(site: Site, row: Row) -> None:
    attack, expect = build_attack(site, row), {**row["expect"], **_MORE.get(row["id"], {})}
    peak_mib = site.measure_peak_mib()
    with watch(site, secrets=attack.secrets, door=GATEWAY) as watched:
        watched.answers += run_attack(site, attack)
    for answer in watched.answers:
        check_answer(expect, answer)
    check_together(expect, watched.answers)
    may_take_ms = expect.get("max_ms", 5000 if attack.is_concurrent else 2000)
    assert site.measure_peak_mib() - peak_mib <= expect.get("max_rss_mib", 64)
    check_state(expect, watched.records, watched.grown)
    watched.check(may_take_s=may_take_ms / 1000)


def run_attack(site: Site, attack: GatewayAttack) -> list[Answer]:
    if not attack.is_concurrent:
        return [site.send(request) for request in attack.requests]
    with ThreadPoolExecutor(len(attack.requests)) as threads:
        return list(threads.map(site.send, attack.requests))


def check_answer(expect: dict[str, Any], answer: Answer) -> None:
    allowed = [*expect["status"], *expect.get("expect_sequence", [])]
    assert ("close" if answer is CLOSED else answer.status) in allowed, answer.raw
    body = read_answer(answer)
    if answer.status >= 400:
        assert gateway_calls.has_error_shape(answer), answer.raw
        error = body["error"]
        for name, member in (("field", "field"), ("validation", "validationType"), ("text", "explanation")):
            if name in expect:
                assert error.get(member) == expect[name], answer.raw
    elif answer is not CLOSED:
        assert body["result"] == expect.get("result", body["result"]), answer.raw
        if "code" in expect:
            assert read_code(body) == expect["code"], answer.raw


def read_code(body: dict[str, Any]) -> str:
    code = body.get("response.gatewayCode") or body["response"]["gatewayCode"]
    return str(code)


def check_together(expect: dict[str, Any], answers: list[Answer]) -> None:
    if "expect_sequence" in expect:
        assert [answer.status for answer in answers] == expect["expect_sequence"]
    if expect.get("equal"):
        assert {answer.raw for answer in answers} == {answers[0].raw}


def check_state(expect: dict[str, Any], records: dict[str, int], grown: dict[str, int]) -> None:
    """What may be different now."""
    paid = {"merchant_order": 1, "merchant_transaction": 1, "simulated_card_message": 1}
    match expect.get("state", "any"):
        case "unchanged" | "not_accepted":
            assert (records, grown) == ({}, {})
        case "no_money":
            assert "plan" not in records
            assert grown == {name: paid[name] for name in grown}
        case "one_charge":
            assert grown == paid
        case "any":
            pass
        case other:
            raise AssertionError(other)
