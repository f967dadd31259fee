"""Settings of webhooks: which addresses they may go to."""

import pytest

from parcela.settings import SettingsError, load_settings

PRODUCTION = {"PARCELA_ENVIRONMENT": "production", "PARCELA_PUBLIC_URL": "https://api.bank.example"}


def test_further_ports_are_read_from_a_list() -> None:
    assert load_settings({"PARCELA_PAYMENTS_WEBHOOK_PORTS": " 9443, 10443"}).webhook_ports == {9443, 10443}
    assert load_settings({}).webhook_ports == frozenset()


@pytest.mark.parametrize("text", ["0", "65536", "9443;1", "https", "-1", "٣"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"PARCELA_PAYMENTS_WEBHOOK_PORTS": text})
    assert str(refused.value) == (
        "PARCELA_PAYMENTS_WEBHOOK_PORTS must be ports with commas between them, such as 9443,10443, "
        f"not {text!r}."
    )


def test_private_addresses_are_for_the_sandbox() -> None:
    assert load_settings({}).payments_allow_private_webhooks is False
    allowing = {"PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS": "1"}
    assert load_settings(allowing).payments_allow_private_webhooks is True
    with pytest.raises(SettingsError) as refused:
        load_settings(PRODUCTION | allowing)
    assert str(refused.value) == (
        "PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS is for PARCELA_ENVIRONMENT=sandbox only."
    )
