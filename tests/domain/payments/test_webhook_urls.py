"""Addresses of webhooks: what is refused by form, before any name is asked for."""

import pytest

from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.domain.payments.webhook_urls import WebhookReach, check_webhook_url

STRICT = WebhookReach()
PRIVATE = WebhookReach(allows_private=True)

REFUSED = [
    # The hostile rows.
    "https://[::ffff:169.254.169.254]/n",
    "https://[2002:7f00:1::]/n",
    "https://[fd00:ec2::254]/n",
    "https://192.168.1.1/n",
    "https://224.0.0.1/n",
    "https://good.example@10.0.0.5/n",
    "https://good.example:22/n",
    "gopher://good.example/n",
    "file:///etc/passwd",
    "https://ⓖood.example/n",
    f"https://{'a' * 300}.example/n",
    # More of their kind: addresses.
    "https://127.0.0.1/n",
    "https://10.0.0.5/n",
    "https://169.254.169.254/n",
    "https://100.100.100.200/n",
    "https://0.0.0.0/n",
    "https://[::1]/n",
    "https://[::]/n",
    "https://[64:ff9b::7f00:1]/n",
    "https://[fe80::1%25eth0]/n",
    "https://[::ffff:127.0.0.1]/n",
    # Addresses that only some read as such.
    "https://127.1/n",
    "https://2130706433/n",
    "https://0x7f000001/n",
    "https://0x7f.0.0.1/n",
    "https://0177.0.0.1/n",
    "https://127.0.0.1./n",
    # Names.
    "https://localhost/n",
    "https://localhost./n",
    "https://api.localhost/n",
    "https://db.internal/n",
    "https://printer.local/n",
    "https://good/n",
    "https://-good.example/n",
    "https://good..example/n",
    f"https://{'a' * 64}.example/n",
    "https://good_host.example/n",
    # Forms.
    "http://good.example/n",
    "HTTPS://good.example/n",
    "https:good.example/n",
    "https:///n",
    "https://",
    "//good.example/n",
    "",
    "https://good.example:0/n",
    "https://good.example:/n",
    "https://good.example:99999/n",
    "https://good.example:8080/n",
    "https://user:secret@good.example/n",
    "https://good.example/n#part",
    "https://good.example\\@evil.example/n",
    "https://good.example/n\n",
    "https://good.example/\tn",
    " https://good.example/n",
    "https://good.example/é",
    "https://[good.example]/n",
    "https://good.example/" + "n" * 2048,
]


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_are_not_plainly_public_are_refused(url: str) -> None:
    with pytest.raises(PaymentRefused) as refused:
        check_webhook_url(url, STRICT, is_live=False)
    assert (refused.value.fault, refused.value.param) == (Fault.URL_INVALID, "url")


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example/n",
        "https://good.example",
        "https://good.example.:443/n",
        "https://hooks.good.example:8443/n?shop=1&x=%20",
        "https://xn--80ak6aa92e.com/n",
        "https://93.184.216.34/n",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/n",
    ],
)
def test_public_addresses_are_taken_as_they_are(url: str) -> None:
    assert check_webhook_url(url, STRICT, is_live=True) == url


def test_a_setting_opens_further_ports() -> None:
    reach = WebhookReach(ports=frozenset({9443}))
    assert (
        check_webhook_url("https://good.example:9443/n", reach, is_live=True) == "https://good.example:9443/n"
    )
    with pytest.raises(PaymentRefused) as refused:
        check_webhook_url("https://good.example:9444/n", reach, is_live=True)
    assert refused.value.message == "'url' must be an address with one of the ports 443, 8443, 9443."


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/n", "http://localhost:1/n", "https://10.0.0.5/n", "http://[::1]:80/n"]
)
def test_a_setting_opens_private_addresses_in_test_mode_alone(url: str) -> None:
    assert check_webhook_url(url, PRIVATE, is_live=False) == url
    with pytest.raises(PaymentRefused):
        check_webhook_url(url, PRIVATE, is_live=True)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://user@127.0.0.1/n", "ftp://127.0.0.1/n"])
def test_what_is_no_plain_address_is_refused_there_as_well(url: str) -> None:
    with pytest.raises(PaymentRefused):
        check_webhook_url(url, PRIVATE, is_live=False)
