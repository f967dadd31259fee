"""Settings of the mail server: what is lawful, and that no refusal repeats the password."""

import pytest

from parcela.payments_service import build_mailer
from parcela.settings import SettingsError, load_settings

FROM = {"PARCELA_MAIL_FROM": "receipts@pay.example.com"}
PRODUCTION = {"PARCELA_ENVIRONMENT": "production", "PARCELA_PUBLIC_URL": "https://api.bank.example"}
URL = (
    "PARCELA_SMTP_URL must be smtp://user:password@host:587 (STARTTLS) or smtps://user:password@"
    "host:465 (TLS); user and password may be left out, and are percent-encoded."
)
PLAIN = (
    "PARCELA_SMTP_URL: smtp+plain:// is for a mail server on this machine, or for "
    "PARCELA_ENVIRONMENT=sandbox."
)


@pytest.mark.parametrize(
    ("environ", "mailer"),
    [
        ({}, "PostOffice"),  # a sandbox keeps mail
        (PRODUCTION, None),  # elsewhere it waits
        ({**FROM, "PARCELA_SMTP_URL": "smtp://u:p@mail.example:587"}, "SmtpMailer"),
        ({**FROM, **PRODUCTION, "PARCELA_SMTP_URL": "smtps://mail.example"}, "SmtpMailer"),
        ({**FROM, **PRODUCTION, "PARCELA_SMTP_URL": "smtp+plain://localhost:25"}, "SmtpMailer"),
        ({**FROM, "PARCELA_SMTP_URL": "smtp+plain://mailhog:1025"}, "SmtpMailer"),
    ],
)
def test_who_takes_mail_over(environ: dict[str, str], mailer: str | None) -> None:
    built = build_mailer(load_settings(environ))
    assert (None if built is None else type(built).__name__) == mailer


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"PARCELA_SMTP_URL": "smtp://mail.example"},
            "PARCELA_MAIL_FROM must be set, the address that mail comes from.",
        ),
        ({**FROM, "PARCELA_SMTP_URL": "https://u:hidden@mail.example"}, URL),
        ({**FROM, "PARCELA_SMTP_URL": "smtp://u:hidden@mail.example:99999"}, URL),
        ({**FROM, "PARCELA_SMTP_URL": "smtp://u:hidden@mail.example?tls=no"}, URL),
        ({**FROM, "PARCELA_SMTP_URL": "smtp://"}, URL),
        ({**FROM, **PRODUCTION, "PARCELA_SMTP_URL": "smtp+plain://u:hidden@mail.example"}, PLAIN),
        (
            {"PARCELA_MAIL_FROM": "Pay <receipts@pay.example.com>"},
            "PARCELA_MAIL_FROM must be the bare address that mail comes from, such as "
            "receipts@pay.example.com, not 'Pay <receipts@pay.example.com>'.",
        ),
    ],
)
def test_a_wrong_mail_setting_is_told_without_its_password(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ)
    assert str(refusal.value) == sentence


def test_the_settings_do_not_show_the_password() -> None:
    settings = load_settings({**FROM, "PARCELA_SMTP_URL": "smtp://u:hidden@mail.example"})
    assert "hidden" not in repr(settings)
