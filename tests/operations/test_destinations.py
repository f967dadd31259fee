"""Destinations of issuers: the rules of their URLs, and where their names may lead."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.set_up import make_issuer

from parcela.connectors.outbound_http import GuardedHttp
from parcela.domain.changes import Change
from parcela.domain.errors import InvalidInput
from parcela.operations.destinations import (
    NOTIFICATION_MEMBER,
    REALTIME_MEMBER,
    check_destination_form,
    check_destinations,
)
from parcela.operations.outbound import OutboundFailure, OutboundLimits, OutboundRequest

PUBLIC = "93.184.216.34"


def make_change(**members: str) -> Change:
    issuer = replace(make_issuer(), **members)
    return Change(
        kind="issuer",
        key=issuer.key,
        base_version=1,
        entry=issuer,
        provider_id=issuer.provider_id,
    )


@pytest.mark.parametrize(
    "url",
    [
        # schemes
        "http://bank.example/notifications",
        "ftp://bank.example/notifications",
        "file:///notifications",
        "javascript:alert(1)//notifications",
        "//bank.example/notifications",
        "bank.example/notifications",
        "https:/notifications",
        "https:///notifications",
        # names that are none, or not whole
        "https://localhost/notifications",
        "https://intranet/notifications",
        "https://bank..example/notifications",
        "https://-bank.example/notifications",
        "https://bank_1.example/notifications",
        "https://.example/notifications",
        "https://bank.example../notifications",
        f"https://{'a' * 64}.example/notifications",
        f"https://{'a.' * 130}example/notifications",
        "https://bänk.example/notifications",
        "https://bank.exämple/notifications",
        # addresses, in every spelling
        "https://127.0.0.1/notifications",
        "https://127.1/notifications",
        "https://2130706433/notifications",
        "https://0x7f000001/notifications",
        "https://0x7f.0x1/notifications",
        "https://0177.0.0.01/notifications",
        "https://127.0.0.1./notifications",
        "https://169.254.169.254/notifications",
        "https://[::1]/notifications",
        "https://[::ffff:127.0.0.1]/notifications",
        "https://[fe80::1%25eth0]/notifications",
        "https://①②⑦.⓪.⓪.①/notifications",
        "https://93.184.216.34/notifications",
        # parts that hide the host, or do not belong
        "https://user@bank.example/notifications",
        "https://user:word@bank.example/notifications",
        "https://bank.example@127.0.0.1/notifications",
        "https://bank.example/notifications?to=1",
        "https://bank.example/notifications?",
        "https://bank.example/notifications#a",
        "https://bank.example/notifications#",
        "https://bank.example:0/notifications",
        "https://bank.example:65536/notifications",
        "https://bank.example:port/notifications",
        "https://bank.example\\@127.0.0.1/notifications",
        "https://bank.example\\.evil.example/notifications",
        "https://bank.example/a b/notifications",
        "https://bank.example/a\r\nHost: evil.example/notifications",
        "https://bank.ex\tample/notifications",
        " https://bank.example/notifications",
        "https://bank.example/notifications\n",
        "https://bank.example/ä/notifications",
        # paths
        "https://bank.example",
        "https://bank.example/",
        "https://bank.example/notifications/",
        "https://bank.example/notification",
        "https://bank.example/card-offers/searches",
        "https://bank.example/;notifications?/notifications",
    ],
)
def test_outside_a_sandbox_a_destination_has_one_plain_form(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_destination_form(url, member=NOTIFICATION_MEMBER, is_sandbox=False)
    assert caught.value.member == NOTIFICATION_MEMBER


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example/notifications",
        "https://BANK.example:8443/parcela/v1/notifications",
        "https://bank.example./notifications",
        "https://xn--bnk-qla.example/notifications",
        "https://pay.bank.xn--p1ai/a%20b/notifications",
    ],
)
def test_a_plain_destination_is_taken(url: str) -> None:
    assert check_destination_form(url, member=NOTIFICATION_MEMBER, is_sandbox=False).scheme == "https"


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_real_time_searches_have_a_path_of_their_own(is_sandbox: bool) -> None:
    good = "https://bank.example/parcela/card-offers/searches"
    check_destination_form(good, member=REALTIME_MEMBER, is_sandbox=is_sandbox)
    with pytest.raises(InvalidInput) as caught:
        check_destination_form(
            "https://bank.example/notifications", member=REALTIME_MEMBER, is_sandbox=is_sandbox
        )
    assert str(caught.value) == (
        "issuer.realtime_url: expected a path that ends in /card-offers/searches, got '/notifications'"
    )


def test_in_a_sandbox_only_the_path_counts() -> None:
    url = "http://127.0.0.1:8080/notifications"
    assert check_destination_form(url, member=NOTIFICATION_MEMBER, is_sandbox=True).port == 8080


class Names:
    """A name server of a test: each lookup gets the next answer."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        return self.answers.pop(0)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        [],
    ],
)
@pytest.mark.parametrize(
    "members",
    [
        {"notification_url": "https://bank.example/notifications"},
        {"realtime_url": "https://bank.example/card-offers/searches"},
    ],
)
def test_every_address_of_a_name_must_be_public(members: dict[str, str], addresses: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(check_destinations([make_change(**members)], is_sandbox=False, lookup=Names(addresses)))
    [member] = members
    assert str(caught.value) == (
        f"issuer.{member}: expected a name whose every address is public, got 'bank.example'"
    )


def test_a_name_that_is_public_at_set_up_and_private_later_is_blocked_at_the_call() -> None:
    """DNS rebinding: one name server answers both looks."""
    url = "https://bank.example/notifications"
    names = Names([PUBLIC], ["127.0.0.1"])

    async def main() -> OutboundFailure:
        await check_destinations([make_change(notification_url=url)], is_sandbox=False, lookup=names)
        http = GuardedHttp(is_sandbox=False, resolver=names)
        limits = OutboundLimits(connect_timeout_s=1, total_timeout_s=1, max_answer_bytes=10)
        with pytest.raises(OutboundFailure) as caught:
            await http.post(OutboundRequest(url=url, headers={}, body=b"{}"), limits)
        await http.close()
        return caught.value

    assert asyncio.run(main()).kind == "blocked"
