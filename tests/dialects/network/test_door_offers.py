"""`POST /offers` in process: merchant rules, JSON rules, and the reasons why there is no offer."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.support.network_client import Party, encode_body
from tests.support.network_world import NetworkWorld
from tests.support.samples import UNSET, edit, load_error, load_sample

from parcela.domain.calendar import EVERY_15_DAYS
from parcela.domain.programs import (
    AccountRange,
    CodeRule,
    MarketPair,
    OfferGroup,
    Program,
    UseCase,
)

PAN = "sensitiveData.consumer.primaryAccountNumber"
IDS = {"acquirerId": "234353", "merchantId": "121234"}
EMPTY = "MissingMerchantParameters"
COMBINATION = "InvalidMerchantParameterCombinations"
TOGETHER = "InvalidMerchantParameters"
COUNTRY = "MissingCountryCode"


@pytest.mark.parametrize(
    ("merchant", "case"),
    [
        (UNSET, EMPTY),
        (None, EMPTY),
        ({}, EMPTY),
        ({"name": None, "country": None}, EMPTY),
        ({"country": "USA"}, EMPTY),
        ({"unknown": 1}, EMPTY),
        ({**IDS, "name": "Globex"}, COMBINATION),
        ({**IDS, "url": "globex.example"}, COMBINATION),
        ({"acquirerId": "234353", "name": "Globex"}, COMBINATION),
        ({"merchantId": "121234", "url": "globex.example", "mcc": "1711"}, COMBINATION),
        (IDS, TOGETHER),
        ({"acquirerId": "234353"}, TOGETHER),
        ({"acquirerId": "234353", "country": "USA"}, TOGETHER),
        ({"merchantId": "121234", "country": "USA", "name": "Globex"}, TOGETHER),
        ({"acquirerId": "234353", "mcc": "1711"}, TOGETHER),
        ({"name": "Globex"}, COUNTRY),
        ({"url": "globex.example"}, COUNTRY),
        ({"mcc": "1711"}, COUNTRY),
        ({"name": "Globex", "url": "globex.example", "mcc": "1711"}, COUNTRY),
    ],
)
def test_merchant_rules(shared_network: NetworkWorld, merchant: Any, case: str) -> None:
    body = edit(load_sample("offers-request"), {"merchant": merchant})
    before = shared_network.count_records()
    answer = shared_network.call(shared_network.partner, "POST /offers", body)
    assert (answer.status, answer.body) == (400, load_error("offers", case)["body"])
    assert shared_network.count_records() == before


@pytest.mark.parametrize(
    ("merchant", "total"),
    [
        ({**IDS, "country": "USA", "mcc": "1711"}, 2),
        ({"name": "Globex", "country": "USA", "mcc": "1711"}, 2),
        ({"url": "https://globex.example", "country": "USA", "mcc": 1711}, 2),
        ({"country": "USA", "mcc": "1711"}, 2),
        # Without a category code, offers with a rule on it are not eligible.
        ({"name": "Globex", "country": "USA"}, 0),
    ],
)
def test_merchants_that_may_ask(shared_network: NetworkWorld, merchant: Any, total: int) -> None:
    body = edit(load_sample("offers-request"), {"merchant": merchant})
    answer = shared_network.call(shared_network.partner, "POST /offers", body)
    assert (answer.status, answer.body["total"]) == (200, total)


def test_the_older_place_of_the_merchants_name_is_read(shared_network: NetworkWorld) -> None:
    edits: dict[str, Any] = {"merchant": {"mcc": "1711"}, "sensitiveData.merchant": {"name": "Globex"}}
    body = edit(load_sample("offers-request"), edits)
    refused = shared_network.call(shared_network.partner, "POST /offers", body)
    assert refused.body == load_error("offers", COUNTRY)["body"]
    body = edit(body, {"sensitiveData.merchant.name": "n" * 101})
    refused = shared_network.call(shared_network.partner, "POST /offers", body)
    assert refused.body == load_error("offers", "InvalidMerchantName")["body"]


def encode_edited(party: Party, replaced: str, by: str) -> bytes:
    text = encode_body(party, load_sample("offers-request")).decode()
    assert replaced in text
    return text.replace(replaced, by, 1).encode()


@pytest.mark.parametrize(
    ("replaced", "by"),
    [
        ('"amount": 400', '"amount": 1, "amount": 400'),
        ('"amount": 400', '"amount": NaN'),
        ('"amount": 400', '"amount": -Infinity'),
        ('"amount": 400', '"amount": 0400'),
        ('"amount": 400', '"amount": 400.'),
        ('"amount": 400', '"amount": .5'),
        ('"amount": 400', '"amount": +400'),
        ('"amount": 400', '"amount": 4' + "0" * 40),
        ('"Globex Decor"', '"\\ud800"'),
        ('"Globex Decor"', '"\\u0000"'),
        ('"Globex Decor"', "'Globex'"),
        ('"Globex Decor"', '"a\tb"'),
        ('"Globex Decor"', "[" * 33 + "]" * 33),
        ('"Globex Decor"', "1"),
        ('"Globex Decor"', '{"a": 1}'),
        ('"USD"', "840"),
        ('"USA"', "true"),
        ('"merchant": {', '"merchant": [], "x": {'),
        ('"transaction": {', '"transaction": "x", "x": {'),
        ('"234353"', "234353.5"),
        ('"234353"', "2e5"),
        ('"encryptedValue"', "\ufeff"),
    ],
)
def test_json_that_two_readers_could_read_differently(
    shared_network: NetworkWorld, replaced: str, by: str
) -> None:
    before = shared_network.count_records()
    body = encode_edited(shared_network.partner, replaced, by)
    answer = shared_network.call(shared_network.partner, "POST /offers", body)
    assert (answer.status, answer.body) == (400, load_error("offers", "MalformedJson")["body"])
    assert shared_network.count_records() == before


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf{}", b"[]", b"null", b'"x"', b"\xff", b"{}x", b"{},"])
def test_bodies_that_are_no_object(shared_network: NetworkWorld, prefix: bytes) -> None:
    answer = shared_network.call(shared_network.partner, "POST /offers", prefix)
    assert (answer.status, answer.body) == (400, load_error("offers", "MalformedJson")["body"])


@pytest.mark.parametrize(
    ("replaced", "by", "total"),
    [
        ('"amount": 400', '"amount": "400.00"', 2),
        ('"amount": 400', '"amount": 4e2', 2),
        ('"amount": 400', '"amount": 400.000000', 2),
        ('"amount": 400', '"unknown": {"deep": [1, {"a": null}]}, "amount": 400', 2),
        ('"Globex Decor"', '"\\ud83d\\ude00"', 2),
        ('"1711"', "1711", 2),
        ('"234353"', "234353", 2),
        ('"2023-10-26T00:00:00Z"', '"2023-10-26 00:00:00"', 2),
        ('"2023-10-26T00:00:00Z"', '"2023-10-26t00:00:00.123456789-04:00"', 2),
    ],
)
def test_spellings_that_are_read(shared_network: NetworkWorld, replaced: str, by: str, total: int) -> None:
    body = encode_edited(shared_network.partner, replaced, by)
    answer = shared_network.call(shared_network.partner, "POST /offers", body)
    assert (answer.status, answer.body["total"]) == (200, total)


MESSAGES = {
    "consumer.not.eligible": "Consumer is not eligible for Installments",
    "amount.not.qualify": "Purchase Amount does not qualify for Installments",
    "mcc.not.eligible": "Merchant Category Code is not eligible for Installments",
    "country.not.eligible": "Merchant Country is not eligible for Installments",
    "currency.not.eligible": "Transaction Currency is not eligible for Installments",
    "merchant.not.eligible": "Merchant is not eligible for Installments",
    "date.not.eligible": "Transaction Date is not eligible for Installments",
}


def expect_reasons(network: NetworkWorld, party: Party, edits: dict[str, Any], *reasons: str) -> None:
    before = network.count_records()
    answer = network.call(party, "POST /offers", edit(load_sample("offers-request"), edits))
    assert (answer.status, answer.body) == (
        200,
        {
            "total": 0,
            "offerTransactionId": answer.body["offerTransactionId"],
            "offers": [],
            "eligibilityMessages": [
                {"reasonCode": reason, "message": MESSAGES[reason]} for reason in reasons
            ],
        },
    )
    assert network.count_records() == before


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ({PAN: "4111111111111111"}, "consumer.not.eligible"),
        ({PAN: "1234567890128"}, "consumer.not.eligible"),
        ({PAN: "511092103206378900000000"}, "consumer.not.eligible"),
        ({"transaction.amount": 49.99}, "amount.not.qualify"),
        ({"transaction.amount": 600.01}, "amount.not.qualify"),
        ({"transaction.amount": 1000000000000000}, "amount.not.qualify"),
        ({"merchant.mcc": "7995"}, "mcc.not.eligible"),
        ({"merchant.mcc": UNSET}, "mcc.not.eligible"),
        ({"merchant.country": "PRI"}, "country.not.eligible"),
        ({"transaction.localDateTime": "2021-12-31T18:59:59-05:00"}, "date.not.eligible"),
        ({"transaction.localDateTime": "2026-01-01T00:00:00-05:00"}, "date.not.eligible"),
    ],
)
def test_one_reason(shared_network: NetworkWorld, edits: dict[str, Any], reason: str) -> None:
    expect_reasons(shared_network, shared_network.partner, edits, reason)


SAMPLE_OFFERS = ("21345693", "21351677")


def change_programs(network: NetworkWorld, **rules: Any) -> None:
    programs = [network.get_entry(Program.kind, offer_id) for offer_id in SAMPLE_OFFERS]
    network.change_catalogue(
        *[replace(program, rules=replace(program.rules, **rules)) for program in programs]
    )


def test_a_currency_beside_the_countrys_own(network: NetworkWorld) -> None:
    network.change_catalogue(MarketPair(country="USA", currency="EUR"))
    expect_reasons(network, network.partner, {"transaction.currency": "EUR"}, "currency.not.eligible")


def test_a_denied_merchant(network: NetworkWorld) -> None:
    change_programs(network, merchant_ids=CodeRule(deny=frozenset({"121234"})))
    expect_reasons(network, network.partner, {}, "merchant.not.eligible")
    expect_reasons(network, network.partner, {"merchant.merchantId": 121234}, "merchant.not.eligible")


def test_a_use_case_that_is_off(network: NetworkWorld) -> None:
    change_programs(network, use_cases=frozenset({UseCase.POST_PURCHASE}))
    expect_reasons(network, network.partner, {}, "consumer.not.eligible")
    asked = network.call(network.issuer, "POST /offers", load_sample("offers-request"))
    assert asked.body["total"] == 2


def test_a_range_that_is_off_for_the_use_case(network: NetworkWorld) -> None:
    held = network.get_entry(AccountRange.kind, "5110920000000000000")
    network.change_catalogue(replace(held, post_purchase=False))
    expect_reasons(network, network.issuer, {}, "consumer.not.eligible")
    asked = network.call(network.partner, "POST /offers", load_sample("offers-request"))
    assert asked.body["total"] == 2


def test_several_reasons_stand_in_their_order(network: NetworkWorld) -> None:
    first, second = (network.get_entry(Program.kind, offer_id) for offer_id in SAMPLE_OFFERS)
    third = replace(first, offer_id="31345693", rules=replace(first.rules, minimum=Decimal(401)))
    group = network.get_entry(OfferGroup.kind, "reference-samples")
    network.change_catalogue(
        replace(first, end=first.begin.replace(year=2022)),
        replace(second, rules=replace(second.rules, mccs=CodeRule(allow=frozenset({"5732"})))),
        third,
        replace(group, offer_ids=(*SAMPLE_OFFERS, "31345693")),
    )
    expect_reasons(
        network, network.partner, {}, "amount.not.qualify", "mcc.not.eligible", "date.not.eligible"
    )


def test_a_pan_list_restricts_the_offers_of_its_group(network: NetworkWorld) -> None:
    body = {"panListName": "Chosen", "sensitiveData": {"pans": [{"pan": "5110921032063789"}]}}
    made = network.call(network.issuer, "POST /consumers/pans/registrations", body)
    group = network.get_entry(OfferGroup.kind, "reference-samples")
    network.change_catalogue(replace(group, pan_list_ids=(made.body["panList"]["panListId"],)))

    def count_offers() -> int:
        answer = network.call(network.partner, "POST /offers", load_sample("offers-request"))
        total: int = answer.body["total"]
        return total

    assert count_offers() == 2
    expect_reasons(network, network.partner, {PAN: "5110921032063797"}, "consumer.not.eligible")
    body = {"panListId": made.body["panList"]["panListId"], "sensitiveData": body["sensitiveData"]}
    left = network.call(network.issuer, "POST /consumers/pans/deregistrations", body)
    assert left.body["successfulCount"] == "1"
    expect_reasons(network, network.partner, {}, "consumer.not.eligible")


def test_offers_every_15_days_are_shown_only_where_the_setting_says_so(network: NetworkWorld) -> None:
    held = network.get_entry(Program.kind, SAMPLE_OFFERS[0])
    network.change_catalogue(replace(held, terms=replace(held.terms, interval=EVERY_15_DAYS)))

    def list_frequencies() -> list[str]:
        answer = network.call(network.partner, "POST /offers", load_sample("offers-request"))
        return [offer["frequency"] for offer in answer.body["offers"]]

    assert list_frequencies() == ["WEEKLY"]
    network.configure(shows_15_days=True)
    assert list_frequencies() == ["15DAYS", "WEEKLY"]


def test_clear_data_is_refused_as_if_it_were_missing(network: NetworkWorld) -> None:
    body = str(load_sample("offers-request")).replace("'", '"').encode()
    refused = network.call(network.partner, "POST /offers", body)
    assert (refused.status, refused.body) == (400, load_error("offers", "EncryptedValueMissing")["body"])
    network.configure(allows_clear_data=True)
    assert network.call(network.partner, "POST /offers", body).body["total"] == 2


def test_the_plural_member_is_read_and_the_singular_counts(shared_network: NetworkWorld) -> None:
    text = encode_body(shared_network.partner, load_sample("offers-request"))
    plural = text.replace(b"encryptedValue", b"encryptedValues")
    assert shared_network.call(shared_network.partner, "POST /offers", plural).body["total"] == 2
    both = plural.replace(b'{"transaction"', b'{"encryptedValue": "....", "transaction"')
    answer = shared_network.call(shared_network.partner, "POST /offers", both)
    assert answer.body == load_error("offers", "DecryptionFailed")["body"]
    empty = plural.replace(b'{"transaction"', b'{"encryptedValue": "", "transaction"')
    answer = shared_network.call(shared_network.partner, "POST /offers", empty)
    assert answer.body == load_error("offers", "EncryptedValueMissing")["body"]
