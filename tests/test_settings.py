"""Settings: every wrong value is one sentence that names the variable; production guesses nothing."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from parcela.settings import Settings, SettingsError, load_settings

PRODUCTION = {"PARCELA_ENVIRONMENT": "production", "PARCELA_PUBLIC_URL": "https://api.bank.example"}


def test_without_variables_it_is_a_sandbox_on_loopback() -> None:
    settings = load_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert (settings.is_sandbox, settings.root_url, settings.key_file) == (
        True,
        "http://127.0.0.1:8080",
        Path(".parcela/keys/kek.json"),
    )
    assert settings.offer_lives == (timedelta(hours=24), timedelta(hours=24))


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PARCELA_HOME", "/srv/parcela", Path("/srv/parcela")),  # a path
        ("PARCELA_PORT", "1", 1),  # the lowest port
        ("PARCELA_PORT", " 65535 ", 65535),  # the highest, with spaces around
        ("PARCELA_DEMO", "yes", True),  # the words for true
        ("PARCELA_DEMO", "TRUE", True),
        ("PARCELA_DEMO", "1", True),
        ("PARCELA_DEMO", "on", True),
        ("PARCELA_DEMO", "off", False),  # and for false
        ("PARCELA_DEMO", "", False),  # an empty variable is not set
        ("PARCELA_WORKERS", "", 1),  # likewise
        ("PARCELA_OAUTH_WINDOW_SECONDS", "300", 300),  # the widest window
        ("PARCELA_DATABASE_URL", "postgres://db/x", "postgres://db/x"),  # libpq's short form
        ("PARCELA_KEK_FILE", "/keys/kek.json", Path("/keys/kek.json")),  # a path
        ("PARCELA_LOG_FORMAT", "json", "json"),  # a word
        ("PARCELA_GATEWAY_LOWEST_VERSION", "22", 22),  # the oldest that any client asks for
        ("PARCELA_GATEWAY_LOWEST_VERSION", "100", 100),  # the newest
        ("PARCELA_GATEWAY_LITERAL_SPELLINGS", "off", False),
    ],
)
def test_a_variable_sets_its_field(variable: str, text: str, value: object) -> None:
    settings = load_settings({variable: text})
    assert getattr(settings, variable.removeprefix("PARCELA_").lower()) == value


URL = "must be the http or https address at which clients reach this server, such as https://api.example.com"


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("ENVIRONMENT", "prod", "PARCELA_ENVIRONMENT must be one of sandbox, mtf, production, not 'prod'."),
        (
            "GATEWAY_LOWEST_VERSION",
            "21",
            "PARCELA_GATEWAY_LOWEST_VERSION must lie between 22 and 100, not 21.",
        ),
        (
            "GATEWAY_LOWEST_VERSION",
            "101",
            "PARCELA_GATEWAY_LOWEST_VERSION must lie between 22 and 100, not 101.",
        ),
        ("GATEWAY_OFFER_HOURS", "0", "PARCELA_GATEWAY_OFFER_HOURS must lie between 1 and 10000, not 0."),
        (
            "GATEWAY_SESSION_MINUTES",
            "0",
            "PARCELA_GATEWAY_SESSION_MINUTES must lie between 1 and 10000, not 0.",
        ),
        ("GATEWAY_VOID_HOURS", "0", "PARCELA_GATEWAY_VOID_HOURS must lie between 1 and 10000, not 0."),
        ("PORT", "80a", "PARCELA_PORT must be a whole number, not '80a'."),
        ("PORT", "-1", "PARCELA_PORT must be a whole number, not '-1'."),
        ("PORT", "8.0", "PARCELA_PORT must be a whole number, not '8.0'."),
        ("PORT", "٨٠", "PARCELA_PORT must be a whole number, not '٨٠'."),
        ("PORT", "1" * 10, "PARCELA_PORT must be a whole number, not '1111111111'."),
        ("PORT", "0", "PARCELA_PORT must lie between 1 and 65535, not 0."),
        ("PORT", "65536", "PARCELA_PORT must lie between 1 and 65535, not 65536."),
        ("WORKERS", "0", "PARCELA_WORKERS must lie between 1 and 10000, not 0."),
        ("PRESENTMENT_DAYS", "0", "PARCELA_PRESENTMENT_DAYS must lie between 1 and 10000, not 0."),
        ("PRESENTMENT_DAYS", "10001", "PARCELA_PRESENTMENT_DAYS must lie between 1 and 10000, not 10001."),
        (
            "OFFER_HOURS_DURING_PURCHASE",
            "0",
            "PARCELA_OFFER_HOURS_DURING_PURCHASE must lie between 1 and 10000, not 0.",
        ),
        (
            "OFFER_HOURS_POST_PURCHASE",
            "721",  # 30 days and an hour, one more than presentments are kept
            "PARCELA_PRESENTMENT_DAYS must cover PARCELA_OFFER_HOURS_DURING_PURCHASE, "
            "PARCELA_OFFER_HOURS_POST_PURCHASE and PARCELA_GATEWAY_OFFER_HOURS: an offer that is forgotten "
            "cannot be taken.",
        ),
        (
            "GATEWAY_OFFER_HOURS",
            "721",
            "PARCELA_PRESENTMENT_DAYS must cover PARCELA_OFFER_HOURS_DURING_PURCHASE, "
            "PARCELA_OFFER_HOURS_POST_PURCHASE and PARCELA_GATEWAY_OFFER_HOURS: an offer that is forgotten "
            "cannot be taken.",
        ),
        (
            "OAUTH_WINDOW_SECONDS",
            "301",
            "PARCELA_OAUTH_WINDOW_SECONDS must lie between 1 and 300, not 301: "
            "nonces are kept for twice 300 seconds.",
        ),
        (
            "OAUTH_WINDOW_SECONDS",
            "0",
            "PARCELA_OAUTH_WINDOW_SECONDS must lie between 1 and 300, not 0: "
            "nonces are kept for twice 300 seconds.",
        ),
        ("DEMO", "maybe", "PARCELA_DEMO must be true or false, not 'maybe'."),
        (
            "NOTIFICATION_ENCRYPTED_MEMBER",
            "sealed",
            "PARCELA_NOTIFICATION_ENCRYPTED_MEMBER must be encryptedValue or encryptedValues, not 'sealed'.",
        ),
        ("LOG_FORMAT", "xml", "PARCELA_LOG_FORMAT must be text or json, not 'xml'."),
        ("DATABASE_URL", "mysql://db/x", "PARCELA_DATABASE_URL must begin with postgresql://."),
        ("PUBLIC_URL", "api.example.com", f"PARCELA_PUBLIC_URL {URL}, not 'api.example.com'."),
        ("PUBLIC_URL", "ftp://x.example", f"PARCELA_PUBLIC_URL {URL}, not 'ftp://x.example'."),
        ("PUBLIC_URL", "https://", f"PARCELA_PUBLIC_URL {URL}, not 'https://'."),
        ("PUBLIC_URL", "https://x.example?a=1", f"PARCELA_PUBLIC_URL {URL}, not 'https://x.example?a=1'."),
        ("PUBLIC_URL", "https://x.example#a", f"PARCELA_PUBLIC_URL {URL}, not 'https://x.example#a'."),
        ("PUBLIC_URL", "https://me@x.example", f"PARCELA_PUBLIC_URL {URL}, not 'https://me@x.example'."),
        ("PUBLIC_URL", "https://x:99999", f"PARCELA_PUBLIC_URL {URL}, not 'https://x:99999'."),
        ("PUBLIC_URL", "https://[::1", f"PARCELA_PUBLIC_URL {URL}, not 'https://[::1'."),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence(variable: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({f"PARCELA_{variable}": text})
    assert str(refusal.value) == sentence


def test_a_misspelt_variable_is_refused_with_the_list_of_all() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({"PARCELA_PROT": "8080"})
    names = ", ".join(f"PARCELA_{field.name.upper()}" for field in fields(Settings))
    assert str(refusal.value) == f"PARCELA_PROT is not a setting of Parcela. The settings are: {names}."


@pytest.mark.parametrize(
    ("public_url", "root_url"),
    [
        ("https://api.example.com", "https://api.example.com"),  # as it is
        ("https://api.example.com/", "https://api.example.com"),  # without the trailing slash
        ("https://api.example.com:8443/pay/", "https://api.example.com:8443/pay"),  # behind a prefix
    ],
)
def test_the_base_that_clients_sign_has_no_trailing_slash(public_url: str, root_url: str) -> None:
    assert load_settings({"PARCELA_PUBLIC_URL": public_url}).root_url == root_url


def test_the_command_line_wins_over_the_variables_and_is_checked_too() -> None:
    settings = load_settings({"PARCELA_PORT": "9000", "PARCELA_WORKERS": "2"}, port=9001, workers=None)
    assert (settings.port, settings.workers) == (9001, 2)
    with pytest.raises(SettingsError, match=r"^PARCELA_PORT must lie between 1 and 65535, not 70000\.$"):
        load_settings({}, port=70000)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        # Clients sign the public address: it is never guessed.
        (
            {"PARCELA_ENVIRONMENT": "mtf"},
            "PARCELA_PUBLIC_URL must be set to the https address that clients call and sign when "
            "PARCELA_ENVIRONMENT is mtf.",
        ),
        (
            {**PRODUCTION, "PARCELA_PUBLIC_URL": "http://api.bank.example"},
            "PARCELA_PUBLIC_URL must be set to the https address that clients call and sign when "
            "PARCELA_ENVIRONMENT is production.",
        ),
        # Nothing that weakens it may be on.
        (
            {**PRODUCTION, "PARCELA_DEMO": "true"},
            "The demo world is for PARCELA_ENVIRONMENT=sandbox, not production.",
        ),
        (
            {**PRODUCTION, "PARCELA_NETWORK_ALLOW_CLEAR_DATA": "true"},
            "PARCELA_NETWORK_ALLOW_CLEAR_DATA is for PARCELA_ENVIRONMENT=sandbox only.",
        ),
    ],
)
def test_outside_a_sandbox_the_rules_are_stricter(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ)
    assert str(refusal.value) == sentence


def test_a_complete_production_setting_passes() -> None:
    settings = load_settings(PRODUCTION)
    assert (settings.is_sandbox, settings.root_url) == (False, "https://api.bank.example")
