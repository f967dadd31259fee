"""What must hold before a change may be approved: every breach names the member and what was expected."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.support.set_up import (
    BEGIN,
    END,
    HIGH,
    LOW,
    OTHER_PROVIDER_ID,
    PROVIDER_ID,
    make_group,
    make_issuer,
    make_program,
    make_range,
)

from parcela.domain.calendar import MONTHLY
from parcela.domain.catalogue import VersionedEntry
from parcela.domain.catalogue_rules import check_catalogue, check_entry
from parcela.domain.errors import InvalidInput
from parcela.domain.programs import CodeRule, EligibilityRules, Entry, MarketPair, TokenRange
from parcela.domain.terms import Method, PricingTerms, StartRules

PAIR = MarketPair(country="CAN", currency="USD")
TOKENS = TokenRange(low="2" + "0" * 18, high="2" + "9" * 18)
ISSUER, RANGE, PROGRAM = f"issuer {PROVIDER_ID}", f"account_range {LOW}", "program 10000001"


@pytest.mark.parametrize("entry", [make_issuer(), make_range(), make_program(), make_group(), PAIR, TOKENS])
def test_a_lawful_entry_passes(entry: Entry) -> None:
    check_entry(entry)


def rules(**members: Any) -> dict[str, Any]:
    return {"rules": EligibilityRules(**members)}


CODES = frozenset


@pytest.mark.parametrize(
    ("entry", "change", "sentence"),
    [
        # An issuer's public name is a UUID in the one form that the database gives back.
        (
            make_issuer(),
            {"provider_id": "bank"},
            "issuer.provider_id: expected a UUID in lower case, got 'bank'",
        ),
        (
            make_issuer(),
            {"provider_id": PROVIDER_ID.upper()},
            f"issuer.provider_id: expected a UUID in lower case, got '{PROVIDER_ID.upper()}'",
        ),
        # A name is shown to cardholders.
        (make_issuer(), {"name": ""}, f"{ISSUER}.name: expected 1 to 100 characters"),
        (make_issuer(), {"name": "x" * 101}, f"{ISSUER}.name: expected 1 to 100 characters"),
        # The logo's address is written into every offer.
        (
            make_issuer(),
            {"logo_url": "http://x"},
            f"{ISSUER}.logo_url: expected a URL of 10 to 2000 characters",
        ),
        (
            make_issuer(),
            {"logo_url": "ftp://bank.example/x"},
            f"{ISSUER}.logo_url: expected an http or https URL, got 'ftp://bank.example/x'",
        ),
        (
            make_issuer(),
            {"logo_url": "http://[bank.example/x"},
            f"{ISSUER}.logo_url: expected an http or https URL, got 'http://[bank.example/x'",
        ),
        # Company id and ICA are digits of the wire.
        (make_issuer(), {"cid": "12345678901"}, f"{ISSUER}.cid: expected 1 to 10 digits, got '12345678901'"),
        (make_issuer(), {"cid": "١٢"}, f"{ISSUER}.cid: expected 1 to 10 digits, got '١٢'"),
        (make_issuer(), {"ica": ""}, f"{ISSUER}.ica: expected 1 to 11 digits, got ''"),
        (
            make_issuer(),
            {"country": "US"},
            f"{ISSUER}.country: expected an ISO 3166-1 alpha-3 code, got 'US'",
        ),
        (make_issuer(), {"disclosure": "x" * 501}, f"{ISSUER}.disclosure: expected at most 500 characters"),
        # Bounds have 19 digits, low to high.
        (make_range(), {"low": "5110"}, "account_range 5110.low: expected 19 digits, got '5110'"),
        (make_range(), {"high": HIGH + "9"}, f"{RANGE}.high: expected 19 digits, got '{HIGH}9'"),
        (make_range(), {"high": HIGH[:-1] + "٩"}, f"{RANGE}.high: expected 19 digits, got '{HIGH[:-1]}٩'"),
        (
            make_range(),
            {"high": "0" * 19},
            f"{RANGE}.high: expected a number not below low, got '{'0' * 19}'",
        ),
        (
            make_range(),
            {"country": "ZZZ"},
            f"{RANGE}.country: expected an ISO 3166-1 alpha-3 code, got 'ZZZ'",
        ),
        (
            TOKENS,
            {"high": "1" * 19},
            f"token_range {TOKENS.low}.high: expected a number not below low, got '{'1' * 19}'",
        ),
        # An offer id is 8 to 64 characters of the wire.
        (
            make_program(),
            {"offer_id": "1"},
            "program.offer_id: expected 8 to 64 letters, digits or hyphens, got '1'",
        ),
        (make_program(), {"currency": "XXQ"}, f"{PROGRAM}.currency: expected an ISO 4217 code, got 'XXQ'"),
        (
            make_program(),
            {"terms": PricingTerms(count=100, interval=MONTHLY)},
            f"{PROGRAM}.terms.count: expected 1 to 99, got 100",
        ),
        # Terms that contradict themselves are found before the first cardholder finds them.
        (
            make_program(),
            {
                "terms": PricingTerms(
                    count=1,
                    interval=MONTHLY,
                    method=Method.ANNUITY,
                    start=StartRules(down_payment_percent=Decimal(20)),
                )
            },
            f"{PROGRAM}.terms: expected a down payment is one of the installments: give a count of 2 or more",
        ),
        (
            make_program(),
            rules(minimum=Decimal(-1)),
            f"{PROGRAM}.rules.minimum: expected an amount from 0 to 1000000000000000, got '-1'",
        ),
        (
            make_program(),
            rules(minimum=Decimal("NaN")),
            f"{PROGRAM}.rules.minimum: expected an amount from 0 to 1000000000000000, got 'NaN'",
        ),
        (
            make_program(),
            rules(maximum=Decimal("Infinity")),
            f"{PROGRAM}.rules.maximum: expected an amount from 0 to 1000000000000000, got 'Infinity'",
        ),
        (
            make_program(),
            rules(minimum=Decimal(50), maximum=Decimal("49.99")),
            f"{PROGRAM}.rules.maximum: expected an amount not below the minimum, got '49.99'",
        ),
        (
            make_program(),
            rules(countries=CodeRule(allow=CODES({"USA", "XYZ"}))),
            f"{PROGRAM}.rules.countries: expected ISO 3166-1 alpha-3 codes, got 'XYZ'",
        ),
        (
            make_program(),
            rules(mccs=CodeRule(deny=CODES({"799"}))),
            f"{PROGRAM}.rules.mccs: expected codes of 4 digits, got '799'",
        ),
        (
            make_program(),
            rules(use_cases=CODES()),
            f"{PROGRAM}.rules.use_cases: expected at least one use case",
        ),
        # Begin and end are instants, in their order.
        (
            make_program(),
            {"begin": datetime(2020, 1, 1)},
            f"{PROGRAM}.begin: expected a date and time with an offset",
        ),
        (make_program(), {"begin": END, "end": BEGIN}, f"{PROGRAM}.end: expected an instant after begin"),
        (make_program(), {"end": BEGIN}, f"{PROGRAM}.end: expected an instant after begin"),
        (make_program(), {"disclosure": "x" * 501}, f"{PROGRAM}.disclosure: expected at most 500 characters"),
        (
            make_group(),
            {"code": "a b"},
            "offer_group.code: expected 1 to 64 letters, digits, . _ -, got 'a b'",
        ),
        (make_group(), {"name": ""}, "offer_group main.name: expected 1 to 100 characters"),
        (PAIR, {"country": "CA"}, "market_pair.country: expected an ISO 3166-1 alpha-3 code, got 'CA'"),
        (PAIR, {"currency": "usd"}, "market_pair.currency: expected an ISO 4217 code, got 'usd'"),
    ],
)
def test_a_breach_names_the_member_and_the_mend(entry: Any, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_entry(replace(entry, **change))
    assert str(refusal.value) == sentence


def check(*entries: Entry) -> None:
    check_catalogue({(e.kind, e.key): VersionedEntry(entry=e, version=1) for e in entries})


OTHER_ISSUER = make_issuer(provider_id=OTHER_PROVIDER_ID)
NEXT = make_range(low=str(int(HIGH) + 1), high=str(int(HIGH) + 10))


def test_a_catalogue_whose_references_lead_somewhere_passes() -> None:
    check(make_issuer(), make_range(), NEXT, make_program(), make_group(), PAIR, TOKENS)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        # Every entry of an issuer needs its issuer.
        (
            [make_range()],
            f"account_range {LOW}.provider_id: expected an existing issuer, got '{PROVIDER_ID}'",
        ),
        ([make_program()], f"program 10000001.provider_id: expected an existing issuer, got '{PROVIDER_ID}'"),
        ([make_group()], f"offer_group main.provider_id: expected an existing issuer, got '{PROVIDER_ID}'"),
        # A group needs its programs and ranges.
        (
            [make_issuer(), make_range(), make_group()],
            "offer_group main.offer_ids: expected an existing program, got '10000001'",
        ),
        (
            [make_issuer(), make_program(), make_group()],
            f"offer_group main.range_lows: expected an existing account_range, got '{LOW}'",
        ),
        # They must be its own issuer's.
        (
            [
                make_issuer(),
                OTHER_ISSUER,
                make_range(),
                make_program(provider_id=OTHER_PROVIDER_ID),
                make_group(),
            ],
            "offer_group main.offer_ids: expected entries of the group's own issuer, got '10000001'",
        ),
        (
            [
                make_issuer(),
                OTHER_ISSUER,
                make_range(provider_id=OTHER_PROVIDER_ID),
                make_program(),
                make_group(),
            ],
            f"offer_group main.range_lows: expected entries of the group's own issuer, got '{LOW}'",
        ),
        # A card belongs to one range.
        (
            [make_issuer(), make_range(), make_range(low=HIGH, high=str(int(HIGH) + 1))],
            f"account_range {HIGH}.low: expected a number above {HIGH}, the end of the account_range {LOW}",
        ),
        # Also where the ranges are of two issuers, or one is switched off.
        (
            [
                make_issuer(),
                OTHER_ISSUER,
                make_range(),
                make_range(low=HIGH, provider_id=OTHER_PROVIDER_ID, enabled=False),
            ],
            f"account_range {HIGH}.low: expected a number above {HIGH}, the end of the account_range {LOW}",
        ),
        # And a token to one token range.
        (
            [TOKENS, TokenRange(low=TOKENS.high, high=TOKENS.high)],
            f"token_range {TOKENS.high}.low: expected a number above {TOKENS.high}, "
            f"the end of the token_range {TOKENS.low}",
        ),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(entries: list[Entry], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(*entries)
    assert str(refusal.value) == sentence
